// SPDX-License-Identifier: Apache-2.0
#include "system/hyflex_heads.h"

#include "system/hyflex_bound.h"

#include <math.h>
#include <stdlib.h>

struct pm_hyflex_heads {
    bool causal;
    unsigned kv;        /* elements of a token's key or value */
    uint16_t *bound[2]; /* of causal heads' keys and values: [kv] */
    struct pm_nor_dot_cfg dot;
    struct pm_scale logit; /* log2(e) / (127^2 sqrt(d_head)) */
};

/* What the units have room for. */
static pm_status check(const struct pm_hyflex_heads *d, const struct pm_graph *g, const struct pm_node *node,
                       struct pm_error *e) {
    if (g->tokens > PM_MAX_ROWS)
        return pm_hyflex_refuse(node, e, "tokens:", g->tokens, PM_MAX_ROWS);
    if (node->heads > d->dot.arrays)
        return pm_hyflex_refuse(node, e, "heads:", node->heads, d->dot.arrays);
    return pm_nor_dot_check(&d->dot, g->tokens) == PM_OK
               ? PM_OK
               : pm_fail(e, PM_ERANGE, node->name,
                         "keys and values of %u tokens, %u heads of %u, are beyond hyflex's NOR arrays",
                         g->tokens, d->dot.heads, d->dot.dim);
}

/* Of keys and values, which are stored before it is known what follows. */
static pm_status set_bounds(struct pm_hyflex_heads *d, const struct pm_graph *g, const struct pm_node *node,
                            struct pm_error *e) {
    double *bound = malloc(d->kv * sizeof *bound);
    pm_status status = bound ? PM_OK : PM_ENOMEM;
    for (int k = 0; k < 2 && status == PM_OK; k++) {
        d->bound[k] = malloc(d->kv * sizeof *d->bound[k]);
        status = d->bound[k] ? pm_hyflex_bound(g, node->in[1 + k], bound) : PM_ENOMEM;
        for (unsigned i = 0; status == PM_OK && i < d->kv; i++)
            d->bound[k][i] = pm_hyflex_from_double(fmin(bound[i], 65504));
    }
    free(bound);
    return status == PM_EINVAL ? pm_fail(e, status, node->name,
                                         "keys and values are no matrix' of a norm, whose size is known")
                               : status;
}

pm_status pm_hyflex_heads_new(const struct pm_graph *g, const struct pm_node *node,
                              struct pm_hyflex_heads **heads, struct pm_error *e) {
    struct pm_hyflex_heads *d = *heads = calloc(1, sizeof *d);
    if (!d)
        return PM_ENOMEM;
    d->dot = pm_nor_dot_default(node->heads, node->width / node->heads);
    d->dot.kv_heads = node->kv_heads ? node->kv_heads : node->heads;
    d->kv = d->dot.kv_heads * d->dot.dim;
    d->causal = node->causal;
    d->logit = pm_scale_real(1.4426950408889634 / (127 * 127 * sqrt(d->dot.dim)));
    const pm_status status = check(d, g, node, e);
    return status == PM_OK && d->causal ? set_bounds(d, g, node, e) : status;
}

void pm_hyflex_heads_free(struct pm_hyflex_heads *d) {
    if (!d)
        return;
    free(d->bound[0]);
    free(d->bound[1]);
    free(d);
}

unsigned pm_hyflex_heads_kv(const struct pm_hyflex_heads *d) {
    return d->kv;
}

/* ---- a run ---- */

/* Queries that are gone through together: memory alone depends on it. */
#define QUERIES 64

/* One run's, of n tokens. */
struct heads {
    const struct pm_nor_dot_cfg *dot;
    size_t n, heads, dim, width;                      /* width = heads dim */
    uint16_t *column, *spread, *product, *amax, *top; /* [width][n], [n][width] twice, [width], [n][heads] */
    int8_t *column8, *q, *k, *v;                      /* [width][n], [n][width] */
    int32_t *s, *sum;                                 /* [QUERIES][heads][n], [QUERIES][width] */
    int64_t *wide;                                    /* [width] */
    uint16_t *weight;                                 /* as s */
    uint32_t *z, *code;                               /* [QUERIES][heads], [width] or as z */
    struct pm_scale *scale, *channel;                 /* [QUERIES][heads], [width] */
};

static void heads_free(struct heads *h) {
    free(h->column);
    free(h->column8);
    free(h->s);
    free(h->wide);
    free(h->z);
    free(h->scale);
}

static pm_status heads_new(struct heads *h, const struct pm_nor_dot_cfg *c, size_t n) {
    const size_t width = (size_t)c->heads * c->dim, all = n * width, rows = QUERIES * (size_t)c->heads;
    *h = (struct heads){.dot = c, .n = n, .heads = c->heads, .dim = c->dim, .width = width};
    h->column = malloc((3 * all + width + n * c->heads + rows * n) * sizeof *h->column);
    h->column8 = malloc(4 * all);
    h->s = malloc((rows * n + QUERIES * width) * sizeof *h->s);
    h->wide = malloc(width * sizeof *h->wide);
    h->z = malloc((2 * rows + width) * sizeof *h->z);
    h->scale = malloc((rows + width) * sizeof *h->scale);
    if (!h->column || !h->column8 || !h->s || !h->wide || !h->z || !h->scale)
        return PM_ENOMEM;
    h->spread = h->column + all;
    h->product = h->spread + all;
    h->amax = h->product + all;
    h->top = h->amax + width;
    h->weight = h->top + n * c->heads;
    h->q = h->column8 + all;
    h->k = h->q + all;
    h->v = h->k + all;
    h->sum = h->s + rows * n;
    h->code = h->z + rows;
    h->channel = h->scale + rows;
    return PM_OK;
}

/* Keys or values x[n][width] to int8, each channel over the kept tokens at its own scale; of others 0. */
static pm_status quantise_channels(struct heads *h, const struct pm_hyflex_units *u, const uint16_t *x,
                                   const uint8_t *keep, int8_t *q) {
    for (size_t t = 0; t < h->n; t++)
        for (size_t i = 0; i < h->width; i++)
            h->column[i * h->n + t] = keep == NULL || keep[t] ? x[t * h->width + i] : 0;
    const pm_status status = pm_hyflex_quantise(u, h->width, h->n, h->column, h->column8, h->amax);
    for (size_t t = 0; t < h->n; t++)
        for (size_t i = 0; i < h->width; i++)
            q[t * h->width + i] = h->column8[i * h->n + t];
    return status;
}

/* Queries take the scales of the keys' channels before they are rounded, each head's row at its own. */
static pm_status quantise_queries(struct heads *h, const struct pm_hyflex_units *u, const uint16_t *q) {
    for (size_t i = 0; i < h->n * h->width; i++)
        h->spread[i] = h->amax[i % h->width];
    const pm_status status =
        pm_hyflex_arithmetic(u, PM_FP16_MUL, h->n, h->width, q, h->spread, NULL, h->product);
    return status == PM_OK ? pm_hyflex_quantise(u, h->n * h->heads, h->dim, h->product, h->q, h->top)
                           : status;
}

static void add_nor(const struct pm_hyflex_units *u, const struct pm_nor_dot_cost *c) {
    if (!u->counts)
        return;
    struct pm_counts *nor = &u->counts[PM_HYFLEX_PART_NOR];
    nor->of[PM_COUNT_NORS] += c->nors;
    nor->of[PM_COUNT_CELL_WRITES] += c->writes;
    nor->of[PM_COUNT_CLOCKS] += c->clocks;
}

static pm_status softmax(struct heads *h, const struct pm_hyflex_units *u, size_t rows, const uint8_t *keep) {
    for (size_t i = 0; i < rows; i++)
        pm_sfu_softmax(PM_NOR_DOT_WEIGHT_BITS, h->s + i * h->n, keep, h->scale[i], h->n, h->weight + i * h->n,
                       &h->z[i], NULL);
    const uint64_t clocks = pm_hyflex_count(u, PM_HYFLEX_PART_SOFTMAX, rows, h->n, PM_HYFLEX_SCALAR_SOFTMAX);
    struct pm_hyflex_step s = {.kind = PM_HYFLEX_STEP_SOFTMAX,
                               .clocks = clocks,
                               .softmax = {rows, h->n, h->s, keep, h->scale, h->weight, h->z}};
    return pm_hyflex_step(u, &s);
}

static pm_status scores(struct heads *h, const struct pm_hyflex_units *u, size_t queries, const int8_t *q,
                        struct pm_nor_dot_cost *cost) {
    pm_status status = PM_OK;
    for (size_t t = 0; t < queries && status == PM_OK; t++)
        status = pm_nor_dot_scores(h->dot, q + t * h->width, h->k, h->n, h->s + t * h->heads * h->n, cost);
    struct pm_hyflex_step s = {.kind = PM_HYFLEX_STEP_SCORES,
                               .scores = {h->dot, queries, h->n, q, h->k, h->v, h->s}};
    return status == PM_OK ? pm_hyflex_step(u, &s) : status;
}

static pm_status values(struct heads *h, const struct pm_hyflex_units *u, size_t queries,
                        struct pm_nor_dot_cost *cost) {
    pm_status status = PM_OK;
    for (size_t t = 0; t < queries && status == PM_OK; t++) {
        status = pm_nor_dot_values(h->dot, h->weight + t * h->heads * h->n, h->v, h->n, h->wide, cost);
        for (size_t i = 0; i < h->width; i++)
            h->sum[t * h->width + i] = (int32_t)h->wide[i];
    }
    struct pm_hyflex_step s = {.kind = PM_HYFLEX_STEP_VALUES,
                               .values = {h->dot, queries, h->n, h->weight, h->k, h->v, h->sum}};
    return status == PM_OK ? pm_hyflex_step(u, &s) : status;
}

/* Scales of the largest codes of n rows, times one. */
static pm_status scale_codes(struct heads *h, const struct pm_hyflex_units *u, size_t n,
                             const uint16_t *codes, const struct pm_scale *factor, bool for_scores,
                             struct pm_scale *scale) {
    const struct pm_sfu_scale_job job = {
        .scores = for_scores, .rows = n, .width = 1, .sets = 1, .row = h->code, .column = factor};
    for (size_t i = 0; i < n; i++)
        h->code[i] = codes[i];
    return pm_hyflex_scale(u, &job, NULL, scale);
}

/* Queries `first` and on; y is theirs. */
static pm_status attend(const struct pm_hyflex_heads *d, struct heads *h, const struct pm_hyflex_units *u,
                        size_t first, size_t queries, const uint8_t *keep, uint16_t *y) {
    const size_t rows = queries * h->heads;
    struct pm_nor_dot_cost cost = {0};
    const struct pm_sfu_scale_job job = {.recip = true,
                                         .rows = rows,
                                         .width = h->dim,
                                         .sets = h->heads,
                                         .row = h->z,
                                         .a = h->sum,
                                         .column = h->channel};
    for (size_t t = 0; t < queries; t++)
        pm_nor_dot_store(h->dot, &cost);
    pm_status status = scale_codes(h, u, rows, h->top + first * h->heads, &d->logit, true, h->scale);
    if (status == PM_OK)
        status = scores(h, u, queries, h->q + first * h->width, &cost);
    if (status == PM_OK)
        status = softmax(h, u, rows, keep);
    if (status == PM_OK)
        status = values(h, u, queries, &cost);
    add_nor(u, &cost);
    return status == PM_OK ? pm_hyflex_scale(u, &job, y, NULL) : status;
}

static pm_status attention(const struct pm_hyflex_heads *d, const struct pm_hyflex_units *u, size_t n,
                           uint16_t *const x[3], const uint8_t *keep, uint16_t *y) {
    static const struct pm_scale by_127 = {33026, -22};
    struct heads h;
    pm_status status = heads_new(&h, &d->dot, n);
    if (status == PM_OK)
        status = quantise_channels(&h, u, x[1], keep, h.k);
    if (status == PM_OK)
        status = quantise_queries(&h, u, x[0]);
    if (status == PM_OK)
        status = quantise_channels(&h, u, x[2], keep, h.v);
    if (status == PM_OK)
        status = scale_codes(&h, u, h.width, h.amax, &by_127, false, h.channel);
    for (size_t t = 0; t < n && status == PM_OK; t += QUERIES)
        status = attend(d, &h, u, t, n - t < QUERIES ? n - t : QUERIES, keep, y + t * h.width);
    heads_free(&h);
    return status;
}

/* ---- causal attention ---- */

struct pm_hyflex_cache {
    int8_t *k, *v; /* [tokens][kv] */
};

pm_status pm_hyflex_heads_cache(const struct pm_hyflex_heads *d, unsigned tokens,
                                struct pm_hyflex_cache **cache) {
    if (!d->causal)
        return PM_OK;
    struct pm_hyflex_cache *c = *cache = calloc(1, sizeof *c);
    if (!c)
        return PM_ENOMEM;
    c->k = malloc((size_t)tokens * d->kv);
    c->v = malloc((size_t)tokens * d->kv);
    return c->k && c->v ? PM_OK : PM_ENOMEM;
}

void pm_hyflex_cache_free(struct pm_hyflex_cache *cache) {
    if (!cache)
        return;
    free(cache->k);
    free(cache->v);
    free(cache);
}

/* At most `bound` in magnitude; no number is 0. */
static uint16_t within(uint16_t x, uint16_t bound) {
    const uint16_t sign = x & PM_FP16_SIGN, size = x & (uint16_t)~PM_FP16_SIGN;
    return pm_fp16_is_nan(x) ? 0 : size > bound ? sign | bound : x;
}

/* Keys or values x[n][kv] to int8, each channel at the scale of its bound: a row of the quantisation ends
 * with that, which is its largest. */
static pm_status quantise_bounded(const struct pm_hyflex_heads *d, struct heads *h,
                                  const struct pm_hyflex_units *u, const uint16_t *bound, const uint16_t *x,
                                  int8_t *q) {
    const size_t n = h->n, row = n + 1;
    for (size_t i = 0; i < d->kv; i++) {
        for (size_t t = 0; t < n; t++)
            h->column[i * row + t] = within(x[t * d->kv + i], bound[i]);
        h->column[i * row + n] = bound[i];
    }
    const pm_status status = pm_hyflex_quantise(u, d->kv, row, h->column, h->column8, h->amax);
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < d->kv; i++)
            q[t * d->kv + i] = h->column8[i * row + t];
    return status;
}

/* Each head's channels are those of its keys and values. */
static void share_channels(const struct pm_hyflex_heads *d, struct heads *h, const uint16_t *bound) {
    const size_t share = h->heads / d->dot.kv_heads;
    for (size_t i = 0; i < h->width; i++)
        h->amax[i] = bound[i / h->dim / share * h->dim + i % h->dim];
}

/* n tokens behind o->past, each of which sees the keys up to its own. */
static pm_status attention_causal(const struct pm_hyflex_heads *d, const struct pm_hyflex_units *u,
                                  const struct pm_operands *o, struct pm_hyflex_cache *cache,
                                  uint16_t *const x[3], uint16_t *y) {
    static const struct pm_scale by_127 = {33026, -22};
    const size_t past = o->past, n = o->n;
    struct heads h;
    pm_status status = heads_new(&h, &d->dot, past + n + 1);
    h.n = n;
    if (status == PM_OK)
        status = quantise_bounded(d, &h, u, d->bound[0], x[1], cache->k + past * d->kv);
    if (status == PM_OK)
        status = quantise_bounded(d, &h, u, d->bound[1], x[2], cache->v + past * d->kv);
    if (status == PM_OK) {
        share_channels(d, &h, d->bound[0]);
        status = quantise_queries(&h, u, x[0]);
    }
    if (status == PM_OK) {
        share_channels(d, &h, d->bound[1]);
        status = scale_codes(&h, u, h.width, h.amax, &by_127, false, h.channel);
    }
    h.k = cache->k;
    h.v = cache->v;
    for (size_t t = 0; t < n && status == PM_OK; t++) {
        h.n = past + t + 1;
        status = attend(d, &h, u, t, 1, o->keep, y + t * h.width);
    }
    heads_free(&h);
    return status;
}

pm_status pm_hyflex_heads_run(const struct pm_hyflex_heads *d, const struct pm_hyflex_units *u,
                              struct pm_hyflex_cache *cache, const struct pm_operands *o,
                              uint16_t *const x[3], uint16_t *y) {
    return d->causal ? attention_causal(d, u, o, cache, x, y) : attention(d, u, o->n, x, o->keep, y);
}
