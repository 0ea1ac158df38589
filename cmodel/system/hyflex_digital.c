// SPDX-License-Identifier: Apache-2.0
#include "system/hyflex_digital.h"

#include "system/hyflex_bound.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- units ---- */

pm_status pm_hyflex_step(const struct pm_hyflex_units *u, struct pm_hyflex_step *step) {
    return u->watch ? u->watch->done(u->watch->ctx, step) : PM_OK;
}

/* Clocks of a row's scalar part, one row after the other. */
enum { SCALAR_PIPELINED = 1, SCALAR_QUANTISE = 18, SCALAR_SOFTMAX = 18, SCALAR_DIV = 19, SCALAR_NORM = 55 };

static uint64_t count(const struct pm_hyflex_units *u, enum pm_hyflex_part part, size_t rows, size_t width,
                      unsigned scalar) {
    const uint64_t beats = (width + u->lanes - 1) / u->lanes,
                   clocks = rows * (beats > scalar ? beats : scalar);
    if (u->counts) {
        u->counts[part].of[PM_COUNT_SFU_ROWS] += rows;
        u->counts[part].of[PM_COUNT_CLOCKS] += clocks;
    }
    return clocks;
}

pm_status pm_hyflex_quantise(const struct pm_hyflex_units *u, size_t rows, size_t width, const uint16_t *x,
                             int8_t *q, uint16_t *amax) {
    for (size_t t = 0; t < rows; t++)
        amax[t] = pm_sfu_quant(x + t * width, width, q + t * width);
    const uint64_t clocks = count(u, PM_HYFLEX_PART_QUANTISE, rows, width, SCALAR_QUANTISE);
    struct pm_hyflex_step s = {
        .kind = PM_HYFLEX_STEP_QUANTISE, .clocks = clocks, .quantise = {rows, width, x, q, amax}};
    return pm_hyflex_step(u, &s);
}

pm_status pm_hyflex_scale(const struct pm_hyflex_units *u, const struct pm_sfu_scale_job *job, uint16_t *y,
                          struct pm_scale *scale) {
    pm_sfu_scale(job, y, scale);
    const uint64_t divisions = job->recip ? job->rows * PM_SFU_SCALE_RECIP_CLOCKS : 0;
    uint64_t clocks = count(u, PM_HYFLEX_PART_SCALE, job->rows, job->width, SCALAR_PIPELINED);
    clocks += divisions;
    if (u->counts)
        u->counts[PM_HYFLEX_PART_SCALE].of[PM_COUNT_CLOCKS] += divisions;
    struct pm_hyflex_step s = {.kind = PM_HYFLEX_STEP_SCALE, .clocks = clocks, .scale = {job, y, scale}};
    return pm_hyflex_step(u, &s);
}

/* y[rows][width] of a, b and c, which are as long. y is none of them. */
static pm_status arithmetic(const struct pm_hyflex_units *u, enum pm_fp16_function f, size_t rows,
                            size_t width, const uint16_t *a, const uint16_t *b, const uint16_t *c,
                            uint16_t *y) {
    unsigned flags;
    for (size_t i = 0; i < rows * width; i++)
        y[i] = pm_fp16_apply(f, a[i], b ? b[i] : 0, c ? c[i] : 0, (struct pm_scale){32768, -15}, &flags);
    const uint64_t clocks =
        count(u, PM_HYFLEX_PART_ARITHMETIC, rows, width, f == PM_FP16_DIV ? SCALAR_DIV : SCALAR_PIPELINED);
    struct pm_hyflex_step s = {
        .kind = PM_HYFLEX_STEP_FP16, .clocks = clocks, .fp16 = {f, rows * width, a, b, c, y}};
    return pm_hyflex_step(u, &s);
}

/* ---- numbers ---- */

static uint16_t from_double(double x) {
    int e;
    const double m = frexp(x, &e);
    if (isnan(x))
        return PM_FP16_NAN;
    if (isinf(x))
        return signbit(x) ? PM_FP16_SIGN | PM_FP16_INF : PM_FP16_INF;
    return pm_fp16_rn_signed(signbit(x), (int64_t)ldexp(fabs(m), 53), e - 53);
}

void pm_hyflex_from_float(const float *x, size_t n, uint16_t *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = from_double((double)x[i]);
}

void pm_hyflex_to_float(const uint16_t *x, size_t n, float *y) {
    for (size_t i = 0; i < n; i++) {
        const uint16_t size = x[i] & (uint16_t)~PM_FP16_SIGN;
        const float f = pm_fp16_is_nan(x[i])  ? NAN
                        : size == PM_FP16_INF ? INFINITY
                                              : (float)pm_fp16_fixed(size) * 0x1p-24f;
        y[i] = x[i] & PM_FP16_SIGN ? -f : f;
    }
}

/* ---- a node ---- */

struct pm_hyflex_digital {
    enum pm_node_kind kind;
    unsigned width;
    uint16_t *gamma, *beta; /* of a norm; of patches a pixel's factor and what is added */
    struct pm_scale eps;
    enum pm_activation activation;
    enum pm_pool pool;
    struct pm_patching patching;
    enum pm_sfu_norm_kind norm;
    uint16_t *turn; /* of rotary positions: [tokens][head], cosine and sine of a pair */
    unsigned head;
    bool causal;
    unsigned kv;        /* of heads: elements of a token's key or value */
    uint16_t *bound[2]; /* of causal heads' keys and values: [kv] */
    struct pm_nor_dot_cfg dot;
    struct pm_scale logit; /* log2(e) / (127^2 sqrt(d_head)) */
};

static pm_status refuse(const struct pm_node *node, struct pm_error *e, const char *what, unsigned has,
                        unsigned most) {
    return pm_fail(e, PM_ERANGE, node->name, "%s %u, a digital module of hyflex has room for %u", what, has,
                   most);
}

/* What the units have room for. */
static pm_status check(const struct pm_hyflex_digital *d, const struct pm_graph *g,
                       const struct pm_node *node, struct pm_error *e) {
    if (node->width > PM_SFU_MAX_ROW)
        return refuse(node, e, "rows of", node->width, PM_SFU_MAX_ROW);
    if (node->kind == PM_NODE_ACTIVATION && node->activation == PM_SIGNUM)
        return pm_fail(e, PM_EINVAL, node->name, "signs are no function of hyflex's digital module");
    if (node->kind != PM_NODE_HEADS)
        return PM_OK;
    if (g->tokens > PM_MAX_ROWS)
        return refuse(node, e, "tokens:", g->tokens, PM_MAX_ROWS);
    if (node->heads > d->dot.arrays)
        return refuse(node, e, "heads:", node->heads, d->dot.arrays);
    return pm_nor_dot_check(&d->dot, g->tokens) == PM_OK
               ? PM_OK
               : pm_fail(e, PM_ERANGE, node->name,
                         "keys and values of %u tokens, %u heads of %u, are beyond hyflex's NOR arrays",
                         g->tokens, d->dot.heads, d->dot.dim);
}

static void set_constants(struct pm_hyflex_digital *d, const struct pm_node *node) {
    if (node->kind == PM_NODE_NORM) {
        pm_hyflex_from_float(node->norm->weight, d->width, d->gamma);
        if (!node->norm->rms)
            pm_hyflex_from_float(node->norm->bias, d->width, d->beta);
        d->norm = node->norm->rms ? PM_SFU_RMS : PM_SFU_LAYER;
        d->eps = pm_scale_real((double)node->norm->eps);
    } else if (node->kind == PM_NODE_PATCHES) {
        d->patching = node->patching;
        for (unsigned i = 0; i < d->width; i++) {
            d->gamma[i] = from_double(1 / (255 * (double)node->patching.std));
            d->beta[i] = from_double(-(double)node->patching.mean / (double)node->patching.std);
        }
    } else if (node->kind == PM_NODE_ACTIVATION) {
        d->activation = node->activation;
    } else if (node->kind == PM_NODE_POOL) {
        d->pool = node->pool;
    }
}

static pm_status set_turns(struct pm_hyflex_digital *d, const struct pm_graph *g,
                           const struct pm_node *node) {
    d->head = node->rotary.head;
    d->turn = malloc((size_t)g->tokens * d->head * sizeof *d->turn);
    if (!d->turn)
        return PM_ENOMEM;
    pm_hyflex_from_float(node->rotary.turn, (size_t)g->tokens * d->head, d->turn);
    return PM_OK;
}

/* Of keys and values, which are stored before it is known what follows. */
static pm_status set_bounds(struct pm_hyflex_digital *d, const struct pm_graph *g, const struct pm_node *node,
                            struct pm_error *e) {
    double *bound = malloc(d->kv * sizeof *bound);
    pm_status status = bound ? PM_OK : PM_ENOMEM;
    for (int k = 0; k < 2 && status == PM_OK; k++) {
        d->bound[k] = malloc(d->kv * sizeof *d->bound[k]);
        status = d->bound[k] ? pm_hyflex_bound(g, node->in[1 + k], bound) : PM_ENOMEM;
        for (unsigned i = 0; status == PM_OK && i < d->kv; i++)
            d->bound[k][i] = from_double(fmin(bound[i], 65504));
    }
    free(bound);
    return status == PM_EINVAL ? pm_fail(e, status, node->name,
                                         "keys and values are no matrix' of a norm, whose size is known")
                               : status;
}

pm_status pm_hyflex_digital_new(const struct pm_graph *g, const struct pm_node *node,
                                struct pm_hyflex_digital **digital, struct pm_error *e) {
    struct pm_hyflex_digital *d = calloc(1, sizeof *d);
    *digital = d;
    if (!d)
        return PM_ENOMEM;
    d->kind = node->kind;
    d->width = node->width;
    if (node->kind == PM_NODE_HEADS) {
        d->dot = pm_nor_dot_default(node->heads, node->width / node->heads);
        d->dot.kv_heads = node->kv_heads ? node->kv_heads : node->heads;
        d->kv = d->dot.kv_heads * d->dot.dim;
        d->causal = node->causal;
        d->logit = pm_scale_real(1.4426950408889634 / (127 * 127 * sqrt(d->dot.dim)));
    }
    d->gamma = calloc(d->width, sizeof *d->gamma);
    d->beta = calloc(d->width, sizeof *d->beta);
    pm_status status = d->gamma && d->beta ? check(d, g, node, e) : PM_ENOMEM;
    if (status == PM_OK)
        set_constants(d, node);
    if (status == PM_OK && node->kind == PM_NODE_ROTARY)
        status = set_turns(d, g, node);
    if (status == PM_OK && d->causal)
        status = set_bounds(d, g, node, e);
    return status;
}

void pm_hyflex_digital_free(struct pm_hyflex_digital *d) {
    if (!d)
        return;
    free(d->gamma);
    free(d->beta);
    free(d->turn);
    free(d->bound[0]);
    free(d->bound[1]);
    free(d);
}

static pm_status norm(const struct pm_hyflex_digital *d, const struct pm_hyflex_units *u, size_t n,
                      const uint16_t *x, uint16_t *y) {
    for (size_t t = 0; t < n; t++)
        pm_sfu_norm(d->norm, d->eps, x + t * d->width, d->gamma, d->beta, d->width, y + t * d->width);
    const uint64_t clocks = count(u, PM_HYFLEX_PART_NORM, n, d->width, SCALAR_NORM);
    struct pm_hyflex_step s = {.kind = PM_HYFLEX_STEP_NORM,
                               .clocks = clocks,
                               .norm = {n, d->width, d->eps, x, d->gamma, d->beta, y, d->norm}};
    return pm_hyflex_step(u, &s);
}

/* ReLU is the larger of x and +0, which `zeros` holds. */
static pm_status activate(const struct pm_hyflex_digital *d, const struct pm_hyflex_units *u, size_t n,
                          const uint16_t *x, const uint16_t *zeros, uint16_t *y) {
    if (d->activation == PM_RELU)
        return arithmetic(u, PM_FP16_MAX, n, d->width, x, zeros, NULL, y);
    const enum pm_sfu_act_kind kind = d->activation == PM_GELU   ? PM_SFU_GELU
                                      : d->activation == PM_SILU ? PM_SFU_SILU
                                                                 : PM_SFU_GELU_TANH;
    for (size_t i = 0; i < n * d->width; i++)
        y[i] = pm_sfu_act(kind, x[i]);
    const uint64_t clocks = count(u, PM_HYFLEX_PART_ACTIVATION, n, d->width, SCALAR_PIPELINED);
    struct pm_hyflex_step s = {
        .kind = PM_HYFLEX_STEP_ACTIVATION, .clocks = clocks, .activation = {kind, n * d->width, x, y}};
    return pm_hyflex_step(u, &s);
}

/* A pixel of 0..255 as binary16, times its factor, plus what is added; work has room for five images. */
static pm_status patches(const struct pm_hyflex_digital *d, const struct pm_hyflex_units *u,
                         const uint8_t *image, uint16_t *work, uint16_t *y) {
    const struct pm_patching *p = &d->patching;
    const size_t side = p->image / p->patch, n = side * side, all = n * d->width;
    uint16_t *pixel = work, *x = pixel + all, *factor = x + all, *add = factor + all;
    for (size_t i = 0; i < all; i++) {
        const size_t patch = i / d->width, row = patch / side * p->patch + i % d->width / p->patch,
                     col = patch % side * p->patch + i % p->patch;
        pixel[i] = image[row * p->image + col];
        factor[i] = d->gamma[i % d->width];
        add[i] = d->beta[i % d->width];
    }
    const pm_status status = arithmetic(u, PM_FP16_I2F, n, d->width, pixel, NULL, NULL, x);
    return status == PM_OK ? arithmetic(u, PM_FP16_FMA, n, d->width, x, factor, add, y) : status;
}

/* 1/n of a number of rows, in every channel. */
static pm_status share_of(const struct pm_hyflex_digital *d, const struct pm_hyflex_units *u, uint16_t n,
                          uint16_t *share) {
    const uint16_t one = 0x3C00;
    uint16_t count16;
    pm_status status = arithmetic(u, PM_FP16_I2F, 1, 1, &n, NULL, NULL, &count16);
    if (status == PM_OK)
        status = arithmetic(u, PM_FP16_DIV, 1, 1, &one, &count16, NULL, share);
    for (unsigned i = 1; i < d->width; i++)
        share[i] = share[0];
    return status;
}

/* The mean: every kept row is multiplied by 1/count and added, in their order. */
static pm_status pool(const struct pm_hyflex_digital *d, const struct pm_hyflex_units *u,
                      const struct pm_operands *o, const uint16_t *x, uint16_t *share, uint16_t *sum,
                      uint16_t *y) {
    uint16_t kept = 0;
    if (d->pool == PM_POOL_FIRST) {
        memcpy(y, x, d->width * sizeof *y);
        return PM_OK;
    }
    for (unsigned t = 0; t < o->rows; t++)
        kept = (uint16_t)(kept + (o->keep == NULL || o->keep[t]));
    memset(sum, 0, d->width * sizeof *sum);
    pm_status status = share_of(d, u, kept, share);
    for (unsigned t = 0; t < o->rows && status == PM_OK; t++)
        if (o->keep == NULL || o->keep[t]) {
            status = arithmetic(u, PM_FP16_FMA, 1, d->width, x + (size_t)t * d->width, share, sum, y);
            memcpy(sum, y, d->width * sizeof *y);
        }
    return status;
}

/* Pairs turned by their tokens' places. */
static pm_status rotate(const struct pm_hyflex_digital *d, const struct pm_hyflex_units *u,
                        const struct pm_operands *o, const uint16_t *x, uint16_t *y) {
    const uint16_t *turn = d->turn + (size_t)o->past * d->head;
    for (size_t t = 0; t < o->n; t++)
        for (size_t i = 0; i < d->width; i += 2) {
            const uint16_t *pair = turn + t * d->head + i % d->head;
            const size_t at = t * d->width + i;
            pm_sfu_rope(x[at], x[at + 1], pair[0], pair[1], &y[at], &y[at + 1]);
        }
    const uint64_t clocks = count(u, PM_HYFLEX_PART_ARITHMETIC, o->n, d->width, SCALAR_PIPELINED);
    struct pm_hyflex_step s = {.kind = PM_HYFLEX_STEP_ROPE,
                               .clocks = clocks,
                               .rope = {o->n, d->width, d->head, turn, x, y}};
    return pm_hyflex_step(u, &s);
}

/* ---- attention ---- */

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
    const pm_status status = arithmetic(u, PM_FP16_MUL, h->n, h->width, q, h->spread, NULL, h->product);
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
    const uint64_t clocks = count(u, PM_HYFLEX_PART_SOFTMAX, rows, h->n, SCALAR_SOFTMAX);
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
static pm_status attend(const struct pm_hyflex_digital *d, struct heads *h, const struct pm_hyflex_units *u,
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

static pm_status attention(const struct pm_hyflex_digital *d, const struct pm_hyflex_units *u, size_t n,
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

pm_status pm_hyflex_cache_new(const struct pm_hyflex_digital *d, unsigned tokens,
                              struct pm_hyflex_cache **cache) {
    *cache = NULL;
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
static pm_status quantise_bounded(const struct pm_hyflex_digital *d, struct heads *h,
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
static void share_channels(const struct pm_hyflex_digital *d, struct heads *h, const uint16_t *bound) {
    const size_t share = h->heads / d->dot.kv_heads;
    for (size_t i = 0; i < h->width; i++)
        h->amax[i] = bound[i / h->dim / share * h->dim + i % h->dim];
}

/* n tokens behind o->past, each of which sees the keys up to its own. */
static pm_status attention_causal(const struct pm_hyflex_digital *d, const struct pm_hyflex_units *u,
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

/* ---- running ---- */

static size_t elements(const struct pm_hyflex_digital *d, const struct pm_operands *o) {
    return (size_t)(o->rows > o->n ? o->rows : o->n) * d->width;
}

pm_status pm_hyflex_digital_run(const struct pm_hyflex_digital *d, const struct pm_hyflex_units *u,
                                struct pm_hyflex_cache *cache, const struct pm_operands *o) {
    const size_t n = o->n, count = n * d->width, most = elements(d, o);
    const float *in[] = {o->x, o->more[0], o->more[1]};
    uint16_t *memory = calloc(5 * most, sizeof *memory), *x[3], *y = memory + 4 * most;
    pm_status status = memory ? PM_OK : PM_ENOMEM;
    for (int k = 0; k < 3 && memory; k++) {
        x[k] = memory + (size_t)k * most;
        if (in[k])
            pm_hyflex_from_float(in[k],
                                 d->kind == PM_NODE_POOL             ? most
                                 : d->kind == PM_NODE_HEADS && k > 0 ? n * d->kv
                                                                     : count,
                                 x[k]);
    }
    if (status == PM_OK)
        status = d->kind == PM_NODE_NORM         ? norm(d, u, n, x[0], y)
                 : d->kind == PM_NODE_ACTIVATION ? activate(d, u, n, x[0], x[1], y)
                 : d->kind == PM_NODE_ADD     ? arithmetic(u, PM_FP16_ADD, n, d->width, x[0], x[1], NULL, y)
                 : d->kind == PM_NODE_PATCHES ? patches(d, u, o->image, memory, y)
                 : d->kind == PM_NODE_PRODUCT ? arithmetic(u, PM_FP16_MUL, n, d->width, x[0], x[1], NULL, y)
                 : d->kind == PM_NODE_ROTARY  ? rotate(d, u, o, x[0], y)
                 : d->kind == PM_NODE_POOL    ? pool(d, u, o, x[0], x[1], x[2], y)
                 : d->causal                  ? attention_causal(d, u, o, cache, x, y)
                                              : attention(d, u, n, x, o->keep, y);
    if (status == PM_OK)
        pm_hyflex_to_float(y, count, o->y);
    free(memory);
    return status;
}
