// SPDX-License-Identifier: Apache-2.0
/* A search of `perimeter search`, and its methods: each tries policies until its candidates are spent. */
#ifndef PM_SEARCH_JOB_H
#define PM_SEARCH_JOB_H

#include "search_seen.h"

#include <time.h>

enum pm_search_method { PM_SEARCH_EXHAUSTIVE, PM_SEARCH_ESCH, PM_SEARCH_DDPG, PM_SEARCH_SINGLE };
extern const char *const pm_search_methods[];

enum {
    PM_SEARCH_FREE_LAYERS = 3 /* that can all be tried */,
    PM_SEARCH_INPUTS = 7 /* bits of an input: 2..8 */
};

struct pm_search_job {
    struct pm_search s;
    enum pm_search_method method;
    double drop;                /* points of accuracy */
    unsigned episodes, descent; /* candidates in all, and the last of them, of the descent */
    uint64_t seed;
    const char *output;
    unsigned weight[7], weights;  /* bits that a weight may have */
    size_t eight, four;           /* numbers of the policy of 8/8, and of that of 4/4 */
    size_t uniform, alone, found; /* of the best of one number of bits, that the method tried, and in all */
    double target;                /* accuracy, % */
    time_t begun;
    unsigned done, all; /* candidates */
    unsigned at;        /* the candidate that was `found`; 0: that of one number of bits */
    pm_status status;   /* inside NLopt */
};

/** Of policy `number` of those seen: %, over the time of 8/8, and what methods seek to raise. */
double pm_search_accuracy(const struct pm_search_job *c, size_t number);
double pm_search_speedup(const struct pm_search_job *c, size_t number);
double pm_search_reward(const struct pm_search_job *c, size_t number);
double pm_search_reward_of(const struct pm_search_job *c, int64_t time, double accuracy);

/** Bits of an action in 0..1. */
unsigned pm_search_weight_bits(const struct pm_search_job *c, double action);
unsigned pm_search_input_bits(double action);

/** s.policy: the ends at 8/8; policy `number`; inner layers by a number, a digit each, and ends at 8/8. */
void pm_search_set_ends(struct pm_search_job *c);
void pm_search_set(struct pm_search_job *c, size_t number);
void pm_search_set_code(struct pm_search_job *c, uint32_t code);

/** Whether this process tells of progress: on a terminal. */
bool pm_search_tells(const struct pm_search_job *c);
/** Policy `number` was tried: a candidate, perhaps the best found. */
void pm_search_tried(struct pm_search_job *c, size_t number);

/* Methods. Errors of all: those of pm_search_see, PM_ENOMEM. */

/** From the fastest on, until what is left could not be better if every image were right. PM_EINVAL: more
 * than PM_SEARCH_FREE_LAYERS inner layers. */
pm_status pm_search_exhaust(struct pm_search_job *c);
/** Every layer alone, the ends too, at the least bits of weights, then of inputs: a line of what each costs.
 */
pm_status pm_search_single(struct pm_search_job *c);
/** NLopt's ESCH from the best uniform policy, and DDPG: all candidates but those of the descent. */
pm_status pm_search_evolve(struct pm_search_job *c);
pm_status pm_search_learn(struct pm_search_job *c);
/** From the best policy tried, uniform ones too: one or two layers at a time, never slower. */
pm_status pm_search_descend(struct pm_search_job *c);

#endif
