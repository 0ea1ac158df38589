// SPDX-License-Identifier: Apache-2.0
#include "attention_pair.h"

#include <stdlib.h>
#include <string.h>

struct pm_attention_pair {
    unsigned width, heads, max_tokens;
    unsigned past; /* of the golden run that is recorded */
    struct pm_attention_trace golden, rtl;
    int8_t *y;
    int32_t *e;
};

static bool trace_new(struct pm_attention_trace *t, const struct pm_attention_pair *p) {
    size_t nd = (size_t)p->max_tokens * p->width, nh = (size_t)p->max_tokens * p->heads;
    *t = (struct pm_attention_trace){
        .k = calloc(nd, sizeof *t->k),
        .v = calloc(nd, sizeof *t->v),
        .q = calloc(nd, sizeof *t->q),
        .logit = calloc(nh * p->max_tokens, sizeof *t->logit),
        .a = calloc(nh * p->max_tokens, sizeof *t->a),
        .z = calloc(nh, sizeof *t->z),
        .o = calloc(nd, sizeof *t->o),
        .o8 = calloc(nd, sizeof *t->o8),
    };
    return t->k && t->v && t->q && t->logit && t->a && t->z && t->o && t->o8;
}

static void trace_free(struct pm_attention_trace *t) {
    void *all[] = {t->k, t->v, t->q, t->logit, t->a, t->z, t->o, t->o8};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

struct pm_attention_pair *pm_attention_pair_new(unsigned width, unsigned heads, unsigned max_tokens) {
    struct pm_attention_pair *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->width = width;
    p->heads = heads;
    p->max_tokens = max_tokens;
    p->y = malloc((size_t)max_tokens * width);
    p->e = calloc(max_tokens, sizeof *p->e);
    bool golden = trace_new(&p->golden, p), rtl = trace_new(&p->rtl, p);
    if (!p->y || !p->e || !golden || !rtl) {
        pm_attention_pair_free(p);
        return NULL;
    }
    return p;
}

void pm_attention_pair_free(struct pm_attention_pair *p) {
    if (!p)
        return;
    trace_free(&p->golden);
    trace_free(&p->rtl);
    free(p->y);
    free(p->e);
    free(p);
}

uint64_t pm_attention_pair_integers(unsigned width, unsigned heads, unsigned n) {
    uint64_t token = 6 * (uint64_t)width + 2 * (uint64_t)heads * n + heads + 1, flags = 3;
    return n * token + flags;
}

void pm_attention_pair_record(void *ctx, const struct pm_attention_stages *s) {
    struct pm_attention_pair *p = ctx;
    struct pm_attention_trace *t = &p->golden;
    const size_t token = p->past + s->token, d = p->width, at = token * d;
    if (s->k) {
        memcpy(t->k + at, s->k, d * sizeof *s->k);
        memcpy(t->v + at, s->v, d * sizeof *s->v);
        return;
    }
    memcpy(t->q + at, s->q, d * sizeof *s->q);
    memcpy(t->o + at, s->o, d * sizeof *s->o);
    memcpy(t->o8 + at, s->o8, d * sizeof *s->o8);
    for (unsigned h = 0; h < p->heads; h++) {
        const size_t row = token * p->heads + h, to = row * p->max_tokens;
        memset(t->logit + to, 0,
               p->max_tokens * sizeof *t->logit); /* as RTL has tokens that are not there yet */
        memset(t->a + to, 0, p->max_tokens);
        memcpy(t->logit + to, s->logit + h * s->stride, s->keys * sizeof *s->logit);
        memcpy(t->a + to, s->a + h * s->stride, s->keys);
        t->z[row] = s->z[h];
    }
}

/* Stages in the data's order, so that the first difference is where it began. A recorded row of logits is
 * max_tokens long, the RTL's n. */
static void compare_all(const struct pm_attention_pair *p, size_t n, const int8_t *y, const int32_t *e,
                        pm_pair_compare *compare, void *ctx) {
    const struct pm_attention_trace *g = &p->golden, *r = &p->rtl;
    size_t nd = n * p->width, nh = n * p->heads;
#define COMPARE(tensor, count, a, b) COMPARE_ROWS(tensor, 1, count, 0, a, b)
#define COMPARE_ROWS(tensor, rows, count, stride, a, b)                                                      \
    for (size_t row = 0; row < (rows); row++)                                                                \
        for (size_t i = 0; i < (count); i++)                                                                 \
    compare(ctx, tensor, row *(count) + i, (int64_t)(a)[row * (stride) + i], (int64_t)(b)[row * (count) + i])
    COMPARE("k", nd, g->k, r->k);
    COMPARE("v", nd, g->v, r->v);
    COMPARE("q", nd, g->q, r->q);
    COMPARE_ROWS("logit", nh, n, p->max_tokens, g->logit, r->logit);
    COMPARE_ROWS("a", nh, n, p->max_tokens, g->a, r->a);
    COMPARE("z", nh, g->z, r->z);
    COMPARE("o", nd, g->o, r->o);
    COMPARE("o8", nd, g->o8, r->o8);
    COMPARE("y", nd, y, p->y);
    COMPARE("e", n, e, p->e);
#undef COMPARE
#undef COMPARE_ROWS
}

pm_status pm_attention_pair_check(struct pm_attention_pair *p, const struct pm_attention_run *run,
                                  pm_flare_attention_rtl_fn *rtl, const struct pm_sim_opts *opts,
                                  const int8_t *y, const int32_t *e, const struct pm_attention_cost *cost,
                                  struct pm_attention_rtl_result *result, pm_pair_compare *compare,
                                  void *ctx) {
    const pm_status status =
        rtl(opts, run->cfg, run->w, p->max_tokens, run->array_id, run->x, run->ex, run->keep, run->n,
            run->prefill, run->first_vector, p->y, p->e, &p->rtl, result);
    if (status != PM_OK)
        return status;
    compare_all(p, run->n, y, e, compare, ctx);
    compare(ctx, "z_zero", 0, cost->zero_z != 0, result->z_zero);
    compare(ctx, "k_sat", 0, cost->saturated_k != 0, result->k_sat);
    compare(ctx, "v_sat", 0, cost->saturated_v != 0, result->v_sat);
    return PM_OK;
}

pm_status pm_attention_pair_run(struct pm_attention_pair *p, const struct pm_attention_run *run,
                                struct pm_attention *engine, pm_flare_attention_rtl_fn *rtl,
                                const struct pm_sim_opts *opts, int8_t *y, int32_t *e,
                                struct pm_attention_cost *cost, struct pm_attention_rtl_result *result,
                                pm_pair_compare *compare, void *ctx) {
    const size_t d = run->cfg->width;
    pm_status status = PM_OK;
    for (unsigned at = 0, end = run->prefill; at < run->n && status == PM_OK; at = end++) {
        p->past = at;
        status = pm_attention_append(engine, at);
        if (status == PM_OK)
            status = pm_attention_run(engine, run->x + at * d, run->ex + at, run->keep, end - at,
                                      run->first_vector + at, y + at * d, e + at, cost,
                                      pm_attention_pair_record, p);
    }
    p->past = 0;
    return status == PM_OK ? pm_attention_pair_check(p, run, rtl, opts, y, e, cost, result, compare, ctx)
                           : status;
}
