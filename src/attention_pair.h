// SPDX-License-Identifier: Apache-2.0
/* One attention run in both engines, compared stage by stage. */
#ifndef PM_ATTENTION_PAIR_H
#define PM_ATTENTION_PAIR_H

#include "tb/flare_attention/flare_attention_rtl.h"

/** Called for every integer of every stage. */
typedef void pm_pair_compare(void *ctx, const char *tensor, size_t index, int64_t golden, int64_t rtl);

/** Buffers for runs of up to max_tokens tokens of one shape. */
struct pm_attention_pair;

/** NULL when out of memory. */
struct pm_attention_pair *pm_attention_pair_new(unsigned width, unsigned heads, unsigned max_tokens);
void pm_attention_pair_free(struct pm_attention_pair *pair);

/** Integers that one run of n tokens compares. */
uint64_t pm_attention_pair_integers(unsigned width, unsigned heads, unsigned n);

struct pm_attention_run {
    const struct pm_attention_cfg *cfg;
    const struct pm_attention_weights *w;
    uint32_t array_id;
    const int8_t *x;
    const int32_t *ex;
    const uint8_t *keep;
    unsigned n;
    unsigned
        prefill; /**< tokens of the first run, behind which each is appended by a run of its own; n: none */
    uint32_t first_vector;
};

/** A pm_attention_probe of the golden run that comes next to be checked; ctx is the pair. */
void pm_attention_pair_record(void *pair, const struct pm_attention_stages *stages);

/** Runs `run` on the RTL and hands every pair of integers to `compare`: k, v, q, logit, a, z, o, o8, y, e,
 * and the sticky flags. The golden run, which was recorded, was of an engine for the pair's max_tokens and
 * gave y[n][D], e[n] and *cost. */
pm_status pm_attention_pair_check(struct pm_attention_pair *pair, const struct pm_attention_run *run,
                                  pm_flare_attention_rtl_fn *rtl, const struct pm_sim_opts *opts,
                                  const int8_t *y, const int32_t *e, const struct pm_attention_cost *cost,
                                  struct pm_attention_rtl_result *result, pm_pair_compare *compare,
                                  void *ctx);

/** Both: golden on `engine` (programmed with run's cfg, weights, array_id and the pair's max_tokens), then
 * the check. y[n][D] and e[n] receive the golden outputs, *cost and *result what the engines measured. */
pm_status pm_attention_pair_run(struct pm_attention_pair *pair, const struct pm_attention_run *run,
                                struct pm_attention *engine, pm_flare_attention_rtl_fn *rtl,
                                const struct pm_sim_opts *opts, int8_t *y, int32_t *e,
                                struct pm_attention_cost *cost, struct pm_attention_rtl_result *result,
                                pm_pair_compare *compare, void *ctx);

#endif
