// SPDX-License-Identifier: Apache-2.0
#include "system/hyflex_heads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- units ---- */

pm_status pm_hyflex_step(const struct pm_hyflex_units *u, struct pm_hyflex_step *step) {
    return u->watch ? u->watch->done(u->watch->ctx, step) : PM_OK;
}

uint64_t pm_hyflex_count(const struct pm_hyflex_units *u, enum pm_hyflex_part part, size_t rows, size_t width,
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
    const uint64_t clocks =
        pm_hyflex_count(u, PM_HYFLEX_PART_QUANTISE, rows, width, PM_HYFLEX_SCALAR_QUANTISE);
    struct pm_hyflex_step s = {
        .kind = PM_HYFLEX_STEP_QUANTISE, .clocks = clocks, .quantise = {rows, width, x, q, amax}};
    return pm_hyflex_step(u, &s);
}

pm_status pm_hyflex_scale(const struct pm_hyflex_units *u, const struct pm_sfu_scale_job *job, uint16_t *y,
                          struct pm_scale *scale) {
    pm_sfu_scale(job, y, scale);
    const uint64_t divisions = job->recip ? job->rows * PM_SFU_SCALE_RECIP_CLOCKS : 0;
    uint64_t clocks =
        pm_hyflex_count(u, PM_HYFLEX_PART_SCALE, job->rows, job->width, PM_HYFLEX_SCALAR_PIPELINED);
    clocks += divisions;
    if (u->counts)
        u->counts[PM_HYFLEX_PART_SCALE].of[PM_COUNT_CLOCKS] += divisions;
    struct pm_hyflex_step s = {.kind = PM_HYFLEX_STEP_SCALE, .clocks = clocks, .scale = {job, y, scale}};
    return pm_hyflex_step(u, &s);
}

pm_status pm_hyflex_arithmetic(const struct pm_hyflex_units *u, enum pm_fp16_function f, size_t rows,
                               size_t width, const uint16_t *a, const uint16_t *b, const uint16_t *c,
                               uint16_t *y) {
    unsigned flags;
    for (size_t i = 0; i < rows * width; i++)
        y[i] = pm_fp16_apply(f, a[i], b ? b[i] : 0, c ? c[i] : 0, (struct pm_scale){32768, -15}, &flags);
    const uint64_t clocks =
        pm_hyflex_count(u, PM_HYFLEX_PART_ARITHMETIC, rows, width,
                        f == PM_FP16_DIV ? PM_HYFLEX_SCALAR_DIV : PM_HYFLEX_SCALAR_PIPELINED);
    struct pm_hyflex_step s = {
        .kind = PM_HYFLEX_STEP_FP16, .clocks = clocks, .fp16 = {f, rows * width, a, b, c, y}};
    return pm_hyflex_step(u, &s);
}

/* ---- numbers ---- */

uint16_t pm_hyflex_from_double(double x) {
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
        y[i] = pm_hyflex_from_double((double)x[i]);
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

pm_status pm_hyflex_refuse(const struct pm_node *node, struct pm_error *e, const char *what, unsigned has,
                           unsigned most) {
    return pm_fail(e, PM_ERANGE, node->name, "%s %u, a digital module of hyflex has room for %u", what, has,
                   most);
}

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
    struct pm_hyflex_heads *heads; /* NULL: none */
};

/* What the units have room for. */
static pm_status check(const struct pm_node *node, struct pm_error *e) {
    if (node->width > PM_SFU_MAX_ROW)
        return pm_hyflex_refuse(node, e, "rows of", node->width, PM_SFU_MAX_ROW);
    if (node->kind == PM_NODE_ACTIVATION && node->activation == PM_SIGNUM)
        return pm_fail(e, PM_EINVAL, node->name, "signs are no function of hyflex's digital module");
    return PM_OK;
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
            d->gamma[i] = pm_hyflex_from_double(1 / (255 * (double)node->patching.std));
            d->beta[i] = pm_hyflex_from_double(-(double)node->patching.mean / (double)node->patching.std);
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

pm_status pm_hyflex_digital_new(const struct pm_graph *g, const struct pm_node *node,
                                struct pm_hyflex_digital **digital, struct pm_error *e) {
    struct pm_hyflex_digital *d = calloc(1, sizeof *d);
    *digital = d;
    if (!d)
        return PM_ENOMEM;
    d->kind = node->kind;
    d->width = node->width;
    d->gamma = calloc(d->width, sizeof *d->gamma);
    d->beta = calloc(d->width, sizeof *d->beta);
    pm_status status = d->gamma && d->beta ? check(node, e) : PM_ENOMEM;
    if (status == PM_OK)
        set_constants(d, node);
    if (status == PM_OK && node->kind == PM_NODE_ROTARY)
        status = set_turns(d, g, node);
    if (status == PM_OK && node->kind == PM_NODE_HEADS)
        status = pm_hyflex_heads_new(g, node, &d->heads, e);
    return status;
}

void pm_hyflex_digital_free(struct pm_hyflex_digital *d) {
    if (!d)
        return;
    free(d->gamma);
    free(d->beta);
    free(d->turn);
    pm_hyflex_heads_free(d->heads);
    free(d);
}

pm_status pm_hyflex_cache_new(const struct pm_hyflex_digital *d, unsigned tokens,
                              struct pm_hyflex_cache **cache) {
    *cache = NULL;
    return d->heads ? pm_hyflex_heads_cache(d->heads, tokens, cache) : PM_OK;
}

static pm_status norm(const struct pm_hyflex_digital *d, const struct pm_hyflex_units *u, size_t n,
                      const uint16_t *x, uint16_t *y) {
    for (size_t t = 0; t < n; t++)
        pm_sfu_norm(d->norm, d->eps, x + t * d->width, d->gamma, d->beta, d->width, y + t * d->width);
    const uint64_t clocks = pm_hyflex_count(u, PM_HYFLEX_PART_NORM, n, d->width, PM_HYFLEX_SCALAR_NORM);
    struct pm_hyflex_step s = {.kind = PM_HYFLEX_STEP_NORM,
                               .clocks = clocks,
                               .norm = {n, d->width, d->eps, x, d->gamma, d->beta, y, d->norm}};
    return pm_hyflex_step(u, &s);
}

/* ReLU is the larger of x and +0, which `zeros` holds. */
static pm_status activate(const struct pm_hyflex_digital *d, const struct pm_hyflex_units *u, size_t n,
                          const uint16_t *x, const uint16_t *zeros, uint16_t *y) {
    if (d->activation == PM_RELU)
        return pm_hyflex_arithmetic(u, PM_FP16_MAX, n, d->width, x, zeros, NULL, y);
    const enum pm_sfu_act_kind kind = d->activation == PM_GELU   ? PM_SFU_GELU
                                      : d->activation == PM_SILU ? PM_SFU_SILU
                                                                 : PM_SFU_GELU_TANH;
    for (size_t i = 0; i < n * d->width; i++)
        y[i] = pm_sfu_act(kind, x[i]);
    const uint64_t clocks =
        pm_hyflex_count(u, PM_HYFLEX_PART_ACTIVATION, n, d->width, PM_HYFLEX_SCALAR_PIPELINED);
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
    const pm_status status = pm_hyflex_arithmetic(u, PM_FP16_I2F, n, d->width, pixel, NULL, NULL, x);
    return status == PM_OK ? pm_hyflex_arithmetic(u, PM_FP16_FMA, n, d->width, x, factor, add, y) : status;
}

/* 1/n of a number of rows, in every channel. */
static pm_status share_of(const struct pm_hyflex_digital *d, const struct pm_hyflex_units *u, uint16_t n,
                          uint16_t *share) {
    const uint16_t one = 0x3C00;
    uint16_t count16;
    pm_status status = pm_hyflex_arithmetic(u, PM_FP16_I2F, 1, 1, &n, NULL, NULL, &count16);
    if (status == PM_OK)
        status = pm_hyflex_arithmetic(u, PM_FP16_DIV, 1, 1, &one, &count16, NULL, share);
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
            status =
                pm_hyflex_arithmetic(u, PM_FP16_FMA, 1, d->width, x + (size_t)t * d->width, share, sum, y);
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
    const uint64_t clocks =
        pm_hyflex_count(u, PM_HYFLEX_PART_ARITHMETIC, o->n, d->width, PM_HYFLEX_SCALAR_PIPELINED);
    struct pm_hyflex_step s = {
        .kind = PM_HYFLEX_STEP_ROPE, .clocks = clocks, .rope = {o->n, d->width, d->head, turn, x, y}};
    return pm_hyflex_step(u, &s);
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
                                 : d->kind == PM_NODE_HEADS && k > 0 ? n * pm_hyflex_heads_kv(d->heads)
                                                                     : count,
                                 x[k]);
    }
    if (status == PM_OK)
        status = d->kind == PM_NODE_NORM         ? norm(d, u, n, x[0], y)
                 : d->kind == PM_NODE_ACTIVATION ? activate(d, u, n, x[0], x[1], y)
                 : d->kind == PM_NODE_ADD
                     ? pm_hyflex_arithmetic(u, PM_FP16_ADD, n, d->width, x[0], x[1], NULL, y)
                 : d->kind == PM_NODE_PATCHES ? patches(d, u, o->image, memory, y)
                 : d->kind == PM_NODE_PRODUCT
                     ? pm_hyflex_arithmetic(u, PM_FP16_MUL, n, d->width, x[0], x[1], NULL, y)
                 : d->kind == PM_NODE_ROTARY ? rotate(d, u, o, x[0], y)
                 : d->kind == PM_NODE_POOL   ? pool(d, u, o, x[0], x[1], x[2], y)
                                             : pm_hyflex_heads_run(d->heads, u, cache, o, x, y);
    if (status == PM_OK)
        pm_hyflex_to_float(y, count, o->y);
    free(memory);
    return status;
}
