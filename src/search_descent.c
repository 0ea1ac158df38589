// SPDX-License-Identifier: Apache-2.0
/* The end of methods esch and ddpg of `perimeter search`: from the best policy tried, uniform ones too, one
 * or two layers at a time, never slower (docs/numerics.md, "Bit-width search"). */
#include "search_job.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* One or two layers with other bits. */
struct change {
    uint8_t layer[2], w[2], a[2]; /* twice the same where it is one */
    bool doubtful;                /* one tried with no fewer bits in any layer misses the target */
    unsigned steps;               /* between its bits and those that are */
    int64_t gain;                 /* of time */
};

static unsigned steps_between(const struct pm_search_job *c, const struct pm_policy_layer *l, unsigned w,
                              unsigned a) {
    return (unsigned)(abs((int)l->w - (int)w) / (int)c->s.chip.cell + abs((int)l->a - (int)a));
}

static int64_t time_of(const struct pm_search_job *c, const struct pm_policy_layer *l, unsigned w,
                       unsigned a) {
    int64_t t = 0, tiles;
    pm_xbar_cost(&c->s.chip, &l->shape, w, a, &t, &tiles);
    return t;
}

/* What may miss the target last; the fewest steps first, of these the largest gain; then in the order of
 * layers and bits. */
static int nearest_first(const void *a, const void *b) {
    const struct change *x = a, *y = b;
    if (x->doubtful != y->doubtful)
        return x->doubtful ? 1 : -1;
    if (x->steps != y->steps)
        return x->steps < y->steps ? -1 : 1;
    return x->gain != y->gain ? (x->gain < y->gain ? 1 : -1)
                              : memcmp(x, y, offsetof(struct change, doubtful));
}

/* All changes of single layers, which may be slower; NULL: out of memory. */
static struct change *single_changes(const struct pm_search_job *c, size_t *n) {
    const struct pm_policy *p = &c->s.policy;
    struct change *of = calloc((size_t)p->layers * c->weights * PM_SEARCH_INPUTS, sizeof *of);
    *n = 0;
    for (unsigned i = 1; of && i + 1 < p->layers; i++)
        for (unsigned k = 0; k < c->weights; k++)
            for (unsigned a = 2; a <= 8; a++) {
                const struct pm_policy_layer *l = &p->layer[i];
                const uint8_t layer = (uint8_t)i, w = (uint8_t)c->weight[k], bits = (uint8_t)a;
                const unsigned steps = steps_between(c, l, w, a);
                if (steps > 0)
                    of[(*n)++] = (struct change){.layer = {layer, layer},
                                                 .w = {w, w},
                                                 .a = {bits, bits},
                                                 .steps = steps,
                                                 .gain = time_of(c, l, l->w, l->a) - time_of(c, l, w, a)};
            }
    return of;
}

/* Those of one or two layers that save time. */
static struct change *faster_changes(const struct pm_search_job *c, size_t *n) {
    size_t singles;
    struct change *single = single_changes(c, &singles), *of = NULL;
    *n = 0;
    if (single)
        of = malloc((singles * singles / 2 + singles + 1) * sizeof *of);
    for (size_t i = 0; of && i < singles; i++) {
        if (single[i].gain > 0)
            of[(*n)++] = single[i];
        for (size_t j = i + 1; j < singles; j++) {
            const struct change *x = &single[i], *y = &single[j];
            if (x->layer[0] != y->layer[0] && x->gain + y->gain > 0)
                of[(*n)++] = (struct change){.layer = {x->layer[0], y->layer[0]},
                                             .w = {x->w[0], y->w[0]},
                                             .a = {x->a[0], y->a[0]},
                                             .steps = x->steps + y->steps,
                                             .gain = x->gain + y->gain};
        }
    }
    free(single);
    return of;
}

static void make(struct pm_search_job *c, const struct change *change, size_t of) {
    pm_search_set(c, of);
    for (unsigned k = 0; k < 2; k++) {
        c->s.policy.layer[change->layer[k]].w = change->w[k];
        c->s.policy.layer[change->layer[k]].a = change->a[k];
    }
}

/* What a policy that was tried says of s.policy: it is the same; it has no fewer bits in any layer and misses
 * the target nevertheless. */
static void compare(const struct pm_search_job *c, size_t number, bool *same, bool *doubtful) {
    const struct pm_policy *p = &c->s.policy;
    const uint8_t *bits = c->s.seen[number].bits;
    bool equal = true, above = pm_search_accuracy(c, number) < c->target;
    for (unsigned k = 0; k < p->layers && (equal || above); k++) {
        equal = equal && bits[2 * k] == p->layer[k].w && bits[2 * k + 1] == p->layer[k].a;
        above = above && bits[2 * k] >= p->layer[k].w && bits[2 * k + 1] >= p->layer[k].a;
    }
    *same = *same || equal;
    *doubtful = *doubtful || above;
}

/* Leaves out those that are tried policies, and tells which are doubtful, by the policies from `first` on. */
static void look_at(struct pm_search_job *c, struct change *of, size_t *n, size_t best, size_t first,
                    size_t end) {
    size_t left = 0;
    for (size_t i = 0; i < *n; i++) {
        bool same = false;
        make(c, &of[i], best);
        for (size_t number = first; number < end && !same; number++)
            if (c->s.seen[number].tried)
                compare(c, number, &same, &of[i].doubtful);
        of[left] = of[i];
        left += !same;
    }
    *n = left;
}

static const struct change *nearest(const struct change *of, size_t n) {
    const struct change *first = of;
    for (size_t i = 1; i < n; i++)
        if (nearest_first(&of[i], first) < 0)
            first = &of[i];
    return first;
}

/* Tries changes of the best policy until one is better, or says that none is. */
static pm_status move(struct pm_search_job *c, bool *moved) {
    size_t n, number;
    const size_t best = c->found;
    pm_status status = PM_OK;
    pm_search_set(c, best);
    struct change *of = faster_changes(c, &n);
    *moved = false;
    if (!of)
        return pm_fail(&c->s.run.error, PM_ENOMEM, "search", "out of memory");
    look_at(c, of, &n, best, 0, c->s.count);
    while (n > 0 && c->done < c->episodes && !*moved && status == PM_OK) {
        make(c, nearest(of, n), best);
        status = pm_search_see(&c->s, &number);
        if (status != PM_OK)
            break;
        pm_search_tried(c, number);
        look_at(c, of, &n, best, number, number + 1);
        *moved = c->found != best;
    }
    free(of);
    return status;
}

/* From the best policy that was tried, uniform ones too: one or two layers at a time, never slower. */
pm_status pm_search_descend(struct pm_search_job *c) {
    pm_status status = PM_OK;
    c->alone = c->found;
    if (pm_search_reward(c, c->uniform) > pm_search_reward(c, c->found)) {
        c->found = c->uniform;
        c->at = 0;
    }
    for (bool moved = true; moved && status == PM_OK && c->done < c->episodes;)
        status = move(c, &moved);
    return status;
}
