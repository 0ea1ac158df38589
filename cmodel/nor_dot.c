// SPDX-License-Identifier: Apache-2.0
#include "nor_dot.h"

#include <string.h>

#define STORED_BITS 8 /* of an element of k or v */

struct pm_nor_dot_cfg pm_nor_dot_default(unsigned heads, unsigned dim) {
    return (struct pm_nor_dot_cfg){
        .arrays = PM_NOR_DOT_ARRAYS, .cols = PM_NOR_DOT_COLS, .heads = heads, .kv_heads = heads, .dim = dim};
}

static unsigned ceil_div(size_t a, unsigned b) {
    return (unsigned)((a + b - 1) / b);
}

struct pm_nor_dot_plan pm_nor_dot_plan(const struct pm_nor_dot_cfg *c, enum pm_nor_dot_kind kind, size_t n) {
    const bool scores = kind == PM_NOR_DOT_SCORES;
    const struct pm_nor_layout l =
        pm_nor_layout(c->cols, scores ? STORED_BITS : PM_NOR_DOT_WEIGHT_BITS, STORED_BITS);
    struct pm_nor_dot_plan p = {
        .units = c->arrays / c->heads, .mults = l.mults, .words = c->cols / (STORED_BITS * l.mults)};
    p.steps = ceil_div(scores ? c->dim : n, p.mults);
    p.rounds = ceil_div(scores ? n : c->dim, p.units);
    p.fetches = ceil_div(p.steps, p.words);
    return p;
}

uint64_t pm_nor_dot_clocks(const struct pm_nor_dot_plan *p) {
    return p->rounds * (PM_NOR_CLOCKS * (uint64_t)p->steps + p->fetches);
}

unsigned pm_nor_dot_rows(const struct pm_nor_dot_cfg *c, size_t n) {
    const struct pm_nor_dot_plan k = pm_nor_dot_plan(c, PM_NOR_DOT_SCORES, n),
                                 v = pm_nor_dot_plan(c, PM_NOR_DOT_VALUES, n);
    return k.rounds * k.fetches + v.rounds * v.fetches;
}

pm_status pm_nor_dot_check(const struct pm_nor_dot_cfg *c, size_t n) {
    if (c->heads < 1 || c->heads > c->arrays || c->kv_heads < 1 || c->heads % c->kv_heads != 0 ||
        c->cols < PM_NOR_DOT_MIN_COLS || c->dim < 1 || c->dim > PM_NOR_DOT_MAX_TERMS)
        return PM_EINVAL;
    if (n < 1 || n > PM_NOR_DOT_MAX_TERMS || pm_nor_dot_rows(c, n) >= PM_NOR_DOT_ROWS)
        return PM_ERANGE;
    return PM_OK;
}

static void add_cost(const struct pm_nor_dot_cfg *c, enum pm_nor_dot_kind kind, size_t n,
                     struct pm_nor_dot_cost *cost) {
    if (cost == NULL)
        return;
    const struct pm_nor_dot_plan p = pm_nor_dot_plan(c, kind, n);
    const bool scores = kind == PM_NOR_DOT_SCORES;
    const uint64_t items = (scores ? n : c->dim) * (uint64_t)c->heads;
    const unsigned partial = STORED_BITS * (scores ? STORED_BITS : PM_NOR_DOT_WEIGHT_BITS);
    cost->products += items * (scores ? c->dim : n);
    cost->nors += items * p.steps;
    cost->fetches += items * p.fetches;
    cost->writes += items * p.steps * p.mults * partial * 4; /* a, b, preset, NOR */
    cost->clocks += pm_nor_dot_clocks(&p);
}

/* Of one head's row of keys or values. */
static size_t kv_offset(const struct pm_nor_dot_cfg *c, size_t token, unsigned head) {
    return (token * c->kv_heads + head / (c->heads / c->kv_heads)) * c->dim;
}

/* A product by NOR is exact (nor_pim.h), so sums of them are the integers'. */
pm_status pm_nor_dot_scores(const struct pm_nor_dot_cfg *c, const int8_t *q, const int8_t *k, size_t n,
                            int32_t *s, struct pm_nor_dot_cost *cost) {
    const pm_status status = pm_nor_dot_check(c, n);
    if (status != PM_OK)
        return status;
    for (unsigned h = 0; h < c->heads; h++)
        for (size_t j = 0; j < n; j++) {
            const int8_t *a = q + (size_t)h * c->dim, *b = k + kv_offset(c, j, h);
            int32_t sum = 0;
            for (unsigned i = 0; i < c->dim; i++)
                sum += a[i] * b[i];
            s[h * n + j] = sum;
        }
    add_cost(c, PM_NOR_DOT_SCORES, n, cost);
    return PM_OK;
}

pm_status pm_nor_dot_values(const struct pm_nor_dot_cfg *c, const uint16_t *a, const int8_t *v, size_t n,
                            int64_t *y, struct pm_nor_dot_cost *cost) {
    const pm_status status = pm_nor_dot_check(c, n);
    if (status != PM_OK)
        return status;
    for (size_t i = 0; i < c->heads * n; i++)
        if (a[i] >> PM_NOR_DOT_WEIGHT_BITS)
            return PM_ERANGE;
    memset(y, 0, (size_t)c->heads * c->dim * sizeof *y);
    for (unsigned h = 0; h < c->heads; h++)
        for (size_t j = 0; j < n; j++) {
            const int32_t weight = a[h * n + j];
            const int8_t *b = v + kv_offset(c, j, h);
            for (unsigned i = 0; i < c->dim; i++)
                y[(size_t)h * c->dim + i] += weight * b[i];
        }
    add_cost(c, PM_NOR_DOT_VALUES, n, cost);
    return PM_OK;
}

void pm_nor_dot_store(const struct pm_nor_dot_cfg *c, struct pm_nor_dot_cost *cost) {
    const struct pm_nor_dot_plan k = pm_nor_dot_plan(c, PM_NOR_DOT_SCORES, 1),
                                 v = pm_nor_dot_plan(c, PM_NOR_DOT_VALUES, 1);
    cost->writes += 2 * STORED_BITS * (uint64_t)c->heads * c->dim;
    cost->clocks += k.fetches + v.rounds;
}
