// SPDX-License-Identifier: Apache-2.0
/* Methods of `perimeter search` that are no agent: all policies, each layer alone, evolution. */
#include "search_job.h"

#include <nlopt.h>
#include <stdio.h>
#include <stdlib.h>

struct coded {
    int64_t time;
    uint32_t code;
};

static int sooner_first(const void *a, const void *b) {
    const struct coded *x = a, *y = b;
    return x->time != y->time ? (x->time > y->time) - (x->time < y->time)
                              : (x->code > y->code) - (x->code < y->code);
}

/* From the fastest on, until what is left could not be better if every image were right: the best of all. */
pm_status pm_search_exhaust(struct pm_search_job *c) {
    const unsigned inner = c->s.policy.layers - 2;
    pm_status status = PM_OK;
    if (inner > PM_SEARCH_FREE_LAYERS)
        return pm_fail(&c->s.run.error, PM_EINVAL, "--method",
                       "exhaustive is for at most %d free layers, here are %u", PM_SEARCH_FREE_LAYERS, inner);
    c->all = 1;
    for (unsigned i = 0; i < inner; i++)
        c->all *= c->weights * PM_SEARCH_INPUTS;
    struct coded *of = malloc(c->all * sizeof *of);
    if (!of)
        return pm_fail(&c->s.run.error, PM_ENOMEM, "search", "out of memory");
    for (unsigned i = 0; i < c->all; i++) {
        pm_search_set_code(c, i);
        of[i] = (struct coded){pm_policy_time(&c->s.policy, &c->s.chip), i};
    }
    qsort(of, c->all, sizeof *of, sooner_first);
    for (unsigned i = 0; i < c->all && status == PM_OK; i++) {
        size_t number;
        if (c->done > 0 && pm_search_reward_of(c, of[i].time, 100) <= pm_search_reward(c, c->found))
            break;
        pm_search_set_code(c, of[i].code);
        status = pm_search_see(&c->s, &number);
        if (status == PM_OK)
            pm_search_tried(c, number);
    }
    free(of);
    return status;
}

/* Every layer alone, the ends too, at the least bits of weights, then of inputs: a line of what each costs.
 */
pm_status pm_search_single(struct pm_search_job *c) {
    struct pm_policy *p = &c->s.policy;
    const unsigned least = c->s.seen[c->four].bits[2];
    pm_status status = PM_OK;
    c->all = 2 * p->layers;
    if (c->s.rank == 0)
        printf("layer             w=%u: speedup, points  a=%u: speedup, points\n", least, least);
    for (unsigned i = 0; i < p->layers && status == PM_OK; i++) {
        size_t number[2];
        for (unsigned k = 0; k < 2 && status == PM_OK; k++) {
            for (unsigned j = 0; j < p->layers; j++)
                p->layer[j].w = p->layer[j].a = 8;
            *(k == 0 ? &p->layer[i].w : &p->layer[i].a) = least;
            status = pm_search_see(&c->s, &number[k]);
            if (status == PM_OK)
                pm_search_tried(c, number[k]);
        }
        if (status == PM_OK && c->s.rank == 0)
            printf("%-16s %9.4f %+7.2f %13.4f %+7.2f\n", p->layer[i].name, pm_search_speedup(c, number[0]),
                   pm_search_accuracy(c, number[0]) - pm_search_accuracy(c, c->eight),
                   pm_search_speedup(c, number[1]),
                   pm_search_accuracy(c, number[1]) - pm_search_accuracy(c, c->eight));
    }
    return status;
}

static double of_point(unsigned n, const double *x, double *slope, void *data) {
    struct pm_search_job *c = data;
    struct pm_policy *p = &c->s.policy;
    size_t number;
    (void)slope;
    if (c->status != PM_OK)
        return 0;
    for (unsigned i = 0; i < n / 2; i++) {
        p->layer[1 + i].w = pm_search_weight_bits(c, x[2 * i]);
        p->layer[1 + i].a = pm_search_input_bits(x[2 * i + 1]);
    }
    pm_search_set_ends(c);
    c->status = pm_search_see(&c->s, &number);
    if (c->status != PM_OK)
        return 0;
    pm_search_tried(c, number);
    return pm_search_reward(c, number);
}

/* The best uniform policy as a point. */
static void begin_at(const struct pm_search_job *c, double *x) {
    const uint8_t *bits = c->s.seen[c->uniform].bits + 2;
    for (unsigned i = 0; i < c->s.policy.layers - 2; i++) {
        unsigned k = 0;
        while (c->weight[k] != bits[2 * i])
            k++;
        x[2 * i] = (k + 0.5) / c->weights;
        x[2 * i + 1] = (bits[2 * i + 1] - 1.5) / 7;
    }
}

pm_status pm_search_evolve(struct pm_search_job *c) {
    const unsigned n = 2 * (c->s.policy.layers - 2);
    double *x = malloc(n * sizeof *x), best;
    nlopt_opt opt = nlopt_create(NLOPT_GN_ESCH, n);
    c->status = PM_OK;
    if (x && opt) {
        begin_at(c, x);
        nlopt_srand((unsigned long)c->seed);
        nlopt_set_lower_bounds1(opt, 0);
        nlopt_set_upper_bounds1(opt, 1);
        nlopt_set_maxeval(opt, (int)(c->episodes - c->descent));
        nlopt_set_max_objective(opt, of_point, c);
        nlopt_optimize(opt, x, &best);
    } else {
        c->status = pm_fail(&c->s.run.error, PM_ENOMEM, "search", "out of memory");
    }
    nlopt_destroy(opt);
    free(x);
    return c->status;
}
