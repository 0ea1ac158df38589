// SPDX-License-Identifier: Apache-2.0
#include "search_job.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

const char *const pm_search_methods[] = {"exhaustive", "esch", "ddpg", "single"};

double pm_search_accuracy(const struct pm_search_job *c, size_t number) {
    return 100.0 * c->s.seen[number].correct / c->s.images;
}

double pm_search_speedup(const struct pm_search_job *c, size_t number) {
    return (double)c->s.seen[c->eight].time / (double)c->s.seen[number].time;
}

double pm_search_reward_of(const struct pm_search_job *c, int64_t time, double acc) {
    const double r = (double)time / (double)c->s.seen[c->eight].time;
    return acc < c->target ? -10 * (c->target - acc) : 100 * (1 / r - 1) + 0.1 * (acc - c->target);
}

double pm_search_reward(const struct pm_search_job *c, size_t number) {
    return pm_search_reward_of(c, c->s.seen[number].time, pm_search_accuracy(c, number));
}

unsigned pm_search_weight_bits(const struct pm_search_job *c, double action) {
    const unsigned k = (unsigned)(c->weights * fabs(action));
    return c->weight[k < c->weights ? k : c->weights - 1];
}

unsigned pm_search_input_bits(double action) {
    return (unsigned)rint(7 * action + 1.5);
}

void pm_search_set_ends(struct pm_search_job *c) {
    struct pm_policy *p = &c->s.policy;
    p->layer[0].w = p->layer[0].a = 8;
    p->layer[p->layers - 1].w = p->layer[p->layers - 1].a = 8;
}

bool pm_search_tells(const struct pm_search_job *c) {
    return c->s.rank == 0 && isatty(STDERR_FILENO);
}

/* Policy `number` was tried: told on a terminal. */
void pm_search_tried(struct pm_search_job *c, size_t number) {
    if (c->done == 0 || pm_search_reward(c, number) > pm_search_reward(c, c->found)) {
        c->found = number;
        c->at = c->done + 1;
    }
    c->s.seen[number].tried = true;
    c->done++;
    if (!pm_search_tells(c))
        return;
    const double spent = difftime(time(NULL), c->begun);
    fprintf(stderr, "\r\033[K%s: %u of %u, %zu policies, %.0f s left", pm_search_methods[c->method], c->done,
            c->all, c->s.count, spent / c->done * (c->all - c->done));
    fflush(stderr);
}

void pm_search_set(struct pm_search_job *c, size_t number) {
    for (unsigned i = 0; i < c->s.policy.layers; i++) {
        c->s.policy.layer[i].w = c->s.seen[number].bits[2 * i];
        c->s.policy.layer[i].a = c->s.seen[number].bits[2 * i + 1];
    }
}

/* Policy `code` of the inner layers, a digit each. */
void pm_search_set_code(struct pm_search_job *c, uint32_t code) {
    struct pm_policy *p = &c->s.policy;
    const unsigned per_layer = c->weights * PM_SEARCH_INPUTS;
    for (unsigned i = 1; i + 1 < p->layers; i++, code /= per_layer) {
        p->layer[i].w = c->weight[code % c->weights];
        p->layer[i].a = 2 + code % per_layer / c->weights;
    }
    pm_search_set_ends(c);
}
