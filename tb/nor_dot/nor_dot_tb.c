// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_nor_dot: queries over growing and whole rows of keys, random and extreme operands; sums,
 * strobes, cells and clocks against golden. */
#include "nor_dot_rtl.h"

#include "bench.h"

#include <stdlib.h>

static struct bench b;
static pm_nor_dot_rtl_fn *rtl_fn;

static void *need(size_t bytes) {
    void *p = calloc(bytes, 1);
    if (!p)
        abort();
    return p;
}

static int8_t byte(void) {
    static const int8_t edge[] = {-128, 127, 0, -1};
    return bench_random(&b) & 3 ? (int8_t)bench_random(&b) : edge[bench_random(&b) & 3];
}

/* A module's operands and results of `queries`, every other job a query's values. */
struct batch {
    const struct pm_nor_dot_cfg *cfg;
    size_t queries, stored;
    int8_t *k, *v, *q;
    uint16_t *a;
    int32_t *s;
    int64_t *y;
    struct pm_nor_dot_job *job;
};

static struct batch batch_new(const struct pm_nor_dot_cfg *c, size_t queries, size_t stored, bool causal,
                              bool extreme) {
    const size_t kv = stored * c->kv_heads * c->dim, width = (size_t)c->heads * c->dim,
                 row = c->heads * stored;
    struct batch t = {c,
                      queries,
                      stored,
                      need(kv),
                      need(kv),
                      need(queries * width),
                      need(queries * row * 2),
                      need(queries * row * 4),
                      need(queries * width * 8),
                      need(2 * queries * sizeof *t.job)};
    for (size_t i = 0; i < kv; i++) {
        t.k[i] = extreme ? -128 : byte();
        t.v[i] = extreme ? -128 : byte();
    }
    for (size_t i = 0; i < queries * width; i++)
        t.q[i] = extreme ? -128 : byte();
    for (size_t i = 0; i < queries * row; i++)
        t.a[i] = extreme || bench_random(&b) % 4 == 0 ? 4095 : (uint16_t)(bench_random(&b) & 4095);
    for (size_t i = 0; i < queries; i++) {
        const size_t n = causal ? stored - queries + 1 + i : stored;
        t.job[2 * i] = (struct pm_nor_dot_job){
            .kind = PM_NOR_DOT_SCORES, .n = n, .q = t.q + i * width, .s = t.s + i * row};
        t.job[2 * i + 1] = (struct pm_nor_dot_job){
            .kind = PM_NOR_DOT_VALUES, .n = n, .a = t.a + i * row, .y = t.y + i * width};
    }
    return t;
}

static void batch_free(struct batch *t) {
    free(t->k), free(t->v), free(t->q), free(t->a), free(t->s), free(t->y), free(t->job);
}

/* Compares all that came; returns how many integers. */
static uint64_t compare_sums(const struct batch *t, struct pm_nor_dot_cost *cost) {
    const size_t width = (size_t)t->cfg->heads * t->cfg->dim;
    int32_t *s = need(t->cfg->heads * t->stored * sizeof *s);
    int64_t *y = need(width * sizeof *y);
    uint64_t compared = 0;
    for (size_t i = 0; i < 2 * t->queries; i++) {
        const struct pm_nor_dot_job *j = &t->job[i];
        const bool scores = j->kind == PM_NOR_DOT_SCORES;
        const size_t results = scores ? t->cfg->heads * j->n : width;
        if (scores)
            pm_nor_dot_scores(t->cfg, j->q, t->k, j->n, s, cost);
        else
            pm_nor_dot_values(t->cfg, j->a, t->v, j->n, y, cost);
        for (size_t r = 0; r < results; r++)
            bench_eq(&b, scores ? "s" : "y", r, scores ? s[r] : y[r], scores ? j->s[r] : j->y[r]);
        compared += results;
    }
    free(s);
    free(y);
    return compared;
}

static void run(const struct pm_nor_dot_cfg *c, size_t queries, size_t stored, bool causal, bool extreme,
                uint64_t seed) {
    struct batch t = batch_new(c, queries, stored, causal, extreme);
    struct pm_nor_dot_cost golden = {0}, rtl = {0};
    const pm_status status =
        rtl_fn(&(struct pm_sim_opts){.seed = seed}, c, t.k, t.v, stored, t.job, 2 * queries, &rtl);
    const uint64_t compared = status == PM_OK ? compare_sums(&t, &golden) : 0;
    char name[160];
    snprintf(name, sizeof name, "%zu queries, %u heads of %u, %u of keys, %s%zu keys%s%s", queries, c->heads,
             c->dim, c->kv_heads, causal ? "up to " : "", stored, extreme ? ", extreme" : "",
             seed ? ", stalls" : "");
    bench_eq(&b, "products", 0, (int64_t)golden.products, (int64_t)rtl.products);
    bench_eq(&b, "NOR operations", 0, (int64_t)golden.nors, (int64_t)rtl.nors);
    bench_eq(&b, "fetches", 0, (int64_t)golden.fetches, (int64_t)rtl.fetches);
    bench_eq(&b, "cells written", 0, (int64_t)golden.writes, (int64_t)rtl.writes);
    bench_test(&b, name, compared + 4);
    if (seed == 0) {
        printf("# nor_dot: %s: %.2f products a clock of %u arrays, %.4f of it fetches\n", name,
               (double)rtl.products / (double)rtl.clocks, c->arrays,
               (double)rtl.fetches / (double)(5 * rtl.nors + rtl.fetches));
        bench_check(&b, "the formula's clocks", status == PM_OK && rtl.clocks == golden.clocks);
    }
    batch_free(&t);
}

static void refuses(const struct pm_nor_dot_cfg *c) {
    const struct pm_nor_dot_job job = {.kind = PM_NOR_DOT_SCORES, .n = 2};
    int8_t k = 0;
    bench_check(&b, "a query beyond what is stored is refused",
                rtl_fn(&(struct pm_sim_opts){0}, c, &k, &k, 1, &job, 1, NULL) == PM_ERANGE);
    bench_check(&b, "keys beyond the arrays' rows are refused",
                rtl_fn(&(struct pm_sim_opts){0}, c, &k, &k, 8193, &job, 1, NULL) == PM_ERANGE);
}

static void model(const char *name, unsigned dim, size_t most) {
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    struct pm_nor_dot_cfg c = {
        .heads = bench_parameter(&b, "Heads"), .cols = bench_parameter(&b, "Cols"), .dim = dim};
    c.arrays = c.heads * bench_parameter(&b, "Units");
    c.kv_heads = c.heads;
    rtl_fn = (pm_nor_dot_rtl_fn *)bench_function(rtl, "pm_nor_dot_rtl");
    run(&c, 3, most < 200 ? most : 200, false, false, 0);
    run(&c, 4, most < 200 ? most : 200, true, false, 0);
    run(&c, 2, 40, false, true, bench_random(&b) | 1);
    for (int i = 0; i < 6; i++) {
        c.dim = (unsigned)bench_range(&b, 1, dim);
        const size_t stored = (size_t)bench_range(&b, 3, most < 200 ? (int64_t)most : 200);
        c.kv_heads = bench_random(&b) & 1 ? 1 : c.heads;
        run(&c, 3, stored, bench_random(&b) & 1, false, i ? bench_random(&b) | 1 : 0);
    }
    if (most == PM_NOR_DOT_MAX_TERMS)
        run(&c, 1, most, false, true, 0);
    refuses(&c);
    pm_rtl_close(rtl);
}

int main(void) {
    bench_begin(&b, "nor_dot");
    model("u4h4", 64, 200);
    model("u3h2c288", 20, 90);
    model("u2h1c383", 33, 100);
    model("u1h3c600", 40, 120);
    model("u16h1c288", 9, PM_NOR_DOT_MAX_TERMS);
    return bench_end(&b);
}
