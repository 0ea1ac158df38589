// SPDX-License-Identifier: Apache-2.0
#include "hyflex_steps.h"

/* Without the RTL of the products by NOR these are golden's. */
#if __has_include("tb/nor_dot/nor_dot_rtl.h")
#include "tb/nor_dot/nor_dot_rtl.h"
#define HAS_NOR
#endif
#include "tb/sfu/sfu_rtl.h"
#include "tb/sfu_fp16/sfu_fp16_rtl.h"
#include "tb/sfu_scale/sfu_scale_rtl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A module in RTL has this many arrays for each head; results are the same with any number. */
#define NOR_UNITS 4
/* Most elements of a special function's row in RTL. */
#define SFU_ROW 512

/* ---- models ---- */

static bool digital(const void *layer) {
    return pm_hyflex_layer_lanes(layer) > 0;
}

static bool scales(const struct pm_node *node) {
    return node->kind == PM_NODE_MATRIX || node->kind == PM_NODE_HEADS;
}

static bool is_relu(const struct pm_node *node) {
    return node->kind == PM_NODE_ACTIVATION && node->activation == PM_RELU;
}

void pm_hyflex_fp16_params(const struct pm_node *node, const void *layer, unsigned tokens, char *text,
                           size_t length) {
    (void)tokens;
    const bool needed = digital(layer) && node->kind != PM_NODE_MATRIX && node->kind != PM_NODE_NORM &&
                        node->kind != PM_NODE_ROTARY && (node->kind != PM_NODE_ACTIVATION || is_relu(node));
    snprintf(text, length, "%s", needed ? "IntW=32" : "");
}

void pm_hyflex_scale_params(const struct pm_node *node, const void *layer, unsigned tokens, char *text,
                            size_t length) {
    (void)tokens;
    *text = '\0';
    if (digital(layer) && scales(node))
        snprintf(text, length, "Lanes=%u", pm_hyflex_layer_lanes(layer));
}

void pm_hyflex_sfu_params(const struct pm_node *node, const void *layer, unsigned tokens, char *text,
                          size_t length) {
    (void)tokens;
    const bool rotary = node->kind == PM_NODE_ROTARY;
    const unsigned functions =
        rotary ? 1u << PM_SFU_ROPE
               : 1u << PM_SFU_SOFTMAX | 1u << PM_SFU_NORM | 1u << PM_SFU_ACT | 1u << PM_SFU_QUANT;
    *text = '\0';
    if (digital(layer) && (scales(node) || rotary || node->kind == PM_NODE_NORM ||
                           (node->kind == PM_NODE_ACTIVATION && !is_relu(node))))
        snprintf(text, length, "Lanes=%u MaxN=%d Functions=%u", pm_hyflex_layer_lanes(layer), SFU_ROW,
                 functions);
}

void pm_hyflex_nor_params(const struct pm_node *node, const void *layer, unsigned tokens, char *text,
                          size_t length) {
    (void)layer, (void)tokens;
    *text = '\0';
#ifdef HAS_NOR
    if (node->kind == PM_NODE_HEADS)
        snprintf(text, length, "Units=%d Heads=%u Cols=%d", NOR_UNITS, node->heads, PM_NOR_DOT_COLS);
#else
    (void)node, (void)length;
#endif
}

/* ---- steps ---- */

static const struct pm_sim_opts no_stalls;

static void add_clocks(struct pm_twin_layer *l, uint64_t rtl, uint64_t golden) {
    l->result.digital.clocks += rtl;
    l->result.digital.golden_clocks += golden;
}

/* Codes that the RTL gave, n of them, against y, whose place they take. */
static void take_codes(struct pm_twin_layer *l, const char *block, const char *name, const int32_t *rtl,
                       size_t n, uint16_t *y) {
    for (size_t i = 0; i < n; i++) {
        pm_twin_compare_digital(l, block, name, i, y[i], rtl[i]);
        y[i] = (uint16_t)rtl[i];
    }
}

/* In 32 bits, as drivers take codes; NULL of NULL, or where there is no memory. */
static int32_t *widen(const uint16_t *x, size_t n) {
    int32_t *wide = x ? malloc(n * sizeof *wide) : NULL;
    for (size_t i = 0; wide && i < n; i++)
        wide[i] = x[i];
    return wide;
}

static pm_status fp16(struct pm_twin_layer *l, const struct pm_hyflex_step *s) {
    pm_sfu_fp16_rtl_fn *const rtl = (pm_sfu_fp16_rtl_fn *)l->rtl[PM_HYFLEX_FP16];
    const size_t n = s->fp16.n;
    int32_t *a = widen(s->fp16.a, n), *b = widen(s->fp16.b, n), *c = widen(s->fp16.c, n),
            *y = malloc(n * sizeof *y);
    uint8_t *flags = malloc(n);
    uint64_t clocks = 0;
    pm_status status = PM_ENOMEM;
    if (a && y && flags && (b || !s->fp16.b) && (c || !s->fp16.c))
        status = rtl(&no_stalls, s->fp16.f, a, b, c, (struct pm_scale){32768, -15}, n, y, flags, &clocks);
    if (status == PM_OK) { /* one lane */
        take_codes(l, "sfu_fp16", "y", y, n, s->fp16.y);
        add_clocks(l, clocks, n * (s->fp16.f == PM_FP16_DIV ? 19 : 1));
    }
    free(a);
    free(b);
    free(c);
    free(y);
    free(flags);
    return status;
}

static pm_status scale(struct pm_twin_layer *l, const struct pm_hyflex_step *s) {
    pm_sfu_scale_rtl_fn *const rtl = (pm_sfu_scale_rtl_fn *)l->rtl[PM_HYFLEX_SCALE];
    const struct pm_sfu_scale_job *j = s->scale.job;
    const size_t n = s->scale.y ? j->rows * j->width : 0, rows = s->scale.scale ? j->rows : 0;
    uint16_t *y = malloc(n * sizeof *y + 1);
    struct pm_scale *found = malloc(rows * sizeof *found + 1);
    uint64_t clocks = 0;
    const pm_status status =
        y && found ? rtl(&no_stalls, j, n ? y : NULL, rows ? found : NULL, &clocks) : PM_ENOMEM;
    for (size_t i = 0; i < n && status == PM_OK; i++) {
        pm_twin_compare_digital(l, "sfu_scale", "y", i, s->scale.y[i], y[i]);
        s->scale.y[i] = y[i];
    }
    for (size_t r = 0; r < rows && status == PM_OK; r++) {
        pm_twin_compare_digital(l, "sfu_scale", "m", r, s->scale.scale[r].m, found[r].m);
        pm_twin_compare_digital(l, "sfu_scale", "e", r, s->scale.scale[r].e, found[r].e);
        s->scale.scale[r] = found[r];
    }
    add_clocks(l, clocks, s->clocks);
    free(y);
    free(found);
    return status;
}

/* A special function of codes x, and what else `job` says; y and side are the caller's to free. */
static pm_status special(struct pm_twin_layer *l, struct pm_sfu_job *job, const uint16_t *x,
                         uint64_t golden) {
    pm_sfu_rtl_fn *const rtl = (pm_sfu_rtl_fn *)l->rtl[PM_HYFLEX_SFU];
    const size_t n = job->rows * job->n;
    int32_t *wide = widen(x, n);
    uint64_t clocks = 0;
    job->y = malloc(n * sizeof *job->y);
    job->side = malloc(job->rows * sizeof *job->side);
    if (wide)
        job->x = wide;
    const pm_status status = (wide || !x) && job->y && job->side ? rtl(&no_stalls, job, &clocks) : PM_ENOMEM;
    add_clocks(l, clocks, golden);
    free(wide);
    return status;
}

static pm_status quantise(struct pm_twin_layer *l, const struct pm_hyflex_step *s) {
    const size_t n = s->quantise.rows * s->quantise.width;
    struct pm_sfu_job job = {.f = PM_SFU_QUANT, .rows = s->quantise.rows, .n = s->quantise.width};
    const pm_status status = special(l, &job, s->quantise.x, s->clocks);
    for (size_t i = 0; i < n && status == PM_OK; i++) {
        pm_twin_compare_digital(l, "sfu", "q", i, s->quantise.q[i], job.y[i]);
        s->quantise.q[i] = (int8_t)job.y[i];
    }
    for (size_t r = 0; r < job.rows && status == PM_OK; r++) {
        pm_twin_compare_digital(l, "sfu", "amax", r, s->quantise.amax[r], job.side[r]);
        s->quantise.amax[r] = (uint16_t)job.side[r];
    }
    free(job.y);
    free(job.side);
    return status;
}

static pm_status norm(struct pm_twin_layer *l, const struct pm_hyflex_step *s) {
    const bool rms = s->norm.kind == PM_SFU_RMS;
    int32_t *gamma = widen(s->norm.gamma, s->norm.width),
            *beta = widen(rms ? NULL : s->norm.beta, s->norm.width);
    struct pm_sfu_job job = {.f = PM_SFU_NORM,
                             .kind = s->norm.kind,
                             .scale = s->norm.eps,
                             .rows = s->norm.rows,
                             .n = s->norm.width,
                             .gamma = gamma,
                             .beta = beta};
    const pm_status status = gamma && (rms || beta) ? special(l, &job, s->norm.x, s->clocks) : PM_ENOMEM;
    if (status == PM_OK)
        take_codes(l, "sfu", "norm", job.y, job.rows * job.n, s->norm.y);
    free(gamma);
    free(beta);
    free(job.y);
    free(job.side);
    return status;
}

/* In rows of any length. */
static pm_status activation(struct pm_twin_layer *l, const struct pm_hyflex_step *s) {
    struct pm_sfu_job job = {.f = PM_SFU_ACT,
                             .kind = s->activation.kind,
                             .rows = s->activation.n / l->node->width,
                             .n = l->node->width};
    const pm_status status = special(l, &job, s->activation.x, s->clocks);
    if (status == PM_OK)
        take_codes(l, "sfu", "activation", job.y, s->activation.n, s->activation.y);
    free(job.y);
    free(job.side);
    return status;
}

/* A row after the other, since each has its scale. */
static pm_status softmax(struct pm_twin_layer *l, const struct pm_hyflex_step *s) {
    const size_t n = s->softmax.width;
    pm_status status = PM_OK;
    for (size_t r = 0; r < s->softmax.rows && status == PM_OK; r++) {
        struct pm_sfu_job job = {.f = PM_SFU_SOFTMAX,
                                 .bits = PM_NOR_DOT_WEIGHT_BITS,
                                 .scale = s->softmax.scale[r],
                                 .rows = 1,
                                 .n = n,
                                 .x = s->softmax.a + r * n,
                                 .keep = s->softmax.keep};
        status = special(l, &job, NULL, s->clocks / s->softmax.rows);
        if (status == PM_OK) {
            take_codes(l, "sfu", "weights", job.y, n, s->softmax.weight + r * n);
            pm_twin_compare_digital(l, "sfu", "z", r, s->softmax.z[r], job.side[0]);
            s->softmax.z[r] = (uint32_t)job.side[0];
        }
        free(job.y);
        free(job.side);
    }
    return status;
}

/* The turns of a head, for each of its token's. */
static pm_status rope(struct pm_twin_layer *l, const struct pm_hyflex_step *s) {
    const size_t width = s->rope.width, all = s->rope.rows * width;
    int32_t *turn = malloc(all * sizeof *turn);
    for (size_t i = 0; turn && i < all; i++)
        turn[i] = s->rope.turn[i / width * s->rope.head + i % width % s->rope.head];
    struct pm_sfu_job job = {.f = PM_SFU_ROPE, .rows = s->rope.rows, .n = width, .b = turn};
    const pm_status status = turn ? special(l, &job, s->rope.x, s->clocks) : PM_ENOMEM;
    if (status == PM_OK)
        take_codes(l, "sfu", "turned", job.y, all, s->rope.y);
    free(turn);
    free(job.y);
    free(job.side);
    return status;
}

#ifdef HAS_NOR
/* Scores or values: `count` integers of each of the queries, which end up in y. */
static pm_status dot(struct pm_twin_layer *l, const struct pm_hyflex_step *s) {
    pm_nor_dot_rtl_fn *const rtl = (pm_nor_dot_rtl_fn *)l->rtl[PM_HYFLEX_NOR];
    const bool wide = s->kind == PM_HYFLEX_STEP_VALUES;
    const size_t queries = wide ? s->values.queries : s->scores.queries, n = wide ? s->values.n : s->scores.n;
    struct pm_nor_dot_cfg cfg = wide ? *s->values.cfg : *s->scores.cfg;
    const size_t width = (size_t)cfg.heads * cfg.dim, row = cfg.heads * n, each = wide ? width : row;
    int32_t *to = wide ? s->values.y : s->scores.s, *sum = wide ? NULL : malloc(queries * row * sizeof *sum);
    int64_t *y = wide ? malloc(queries * width * sizeof *y) : NULL;
    struct pm_nor_dot_job *job = calloc(queries, sizeof *job);
    struct pm_nor_dot_cost cost = {0};
    cfg.arrays = NOR_UNITS * cfg.heads;
    for (size_t t = 0; job && t < queries; t++)
        job[t] = wide ? (struct pm_nor_dot_job){.kind = PM_NOR_DOT_VALUES,
                                                .n = n,
                                                .a = s->values.weight + t * row,
                                                .y = y ? y + t * width : NULL}
                      : (struct pm_nor_dot_job){.kind = PM_NOR_DOT_SCORES,
                                                .n = n,
                                                .q = s->scores.q + t * width,
                                                .s = sum ? sum + t * row : NULL};
    pm_status status = PM_ENOMEM;
    if (job && (sum || y))
        status = rtl(&no_stalls, &cfg, wide ? s->values.k : s->scores.k, wide ? s->values.v : s->scores.v, n,
                     job, queries, &cost);
    for (size_t i = 0; i < queries * each && status == PM_OK; i++) {
        const int64_t found = wide ? y[i] : sum[i];
        pm_twin_compare_digital(l, "nor_dot", wide ? "y" : "s", i, to[i], found);
        to[i] = (int32_t)found;
    }
    const struct pm_nor_dot_plan plan =
        pm_nor_dot_plan(&cfg, wide ? PM_NOR_DOT_VALUES : PM_NOR_DOT_SCORES, n);
    add_clocks(l, cost.clocks, queries * pm_nor_dot_clocks(&plan));
    free(sum);
    free(y);
    free(job);
    return status;
}
#endif

pm_status pm_hyflex_step_rtl(struct pm_twin_layer *l, const struct pm_hyflex_step *step) {
    static pm_status (*const rtl[])(struct pm_twin_layer *, const struct pm_hyflex_step *) = {
        [PM_HYFLEX_STEP_QUANTISE] = quantise,
        [PM_HYFLEX_STEP_SCALE] = scale,
        [PM_HYFLEX_STEP_NORM] = norm,
        [PM_HYFLEX_STEP_SOFTMAX] = softmax,
        [PM_HYFLEX_STEP_ACTIVATION] = activation,
        [PM_HYFLEX_STEP_FP16] = fp16,
        [PM_HYFLEX_STEP_ROPE] = rope,
#ifdef HAS_NOR
        [PM_HYFLEX_STEP_SCORES] = dot,
        [PM_HYFLEX_STEP_VALUES] = dot,
#else
        [PM_HYFLEX_STEP_VALUES] = NULL,
#endif
    };
    if (!rtl[step->kind]) {
        l->result.digital.unseen++;
        return PM_OK;
    }
    const pm_status status = rtl[step->kind](l, step);
    return status == PM_OK && pm_twin_failed(l) ? PM_EDIFFER : status;
}
