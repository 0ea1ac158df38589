// SPDX-License-Identifier: Apache-2.0
#include "mix_gemv.h"

#include "dcim.h"
#include "pva_gemv.h"
#include "tiny_mac.h"

#include <stdlib.h>

pm_status pm_mix_check(const struct pm_mix_cfg *c) {
    const bool bits = c->bx >= 4 && c->bx <= 16 && c->bw >= 4 && c->bw <= 8;
    const bool align = c->align == PM_MIX_KERNEL || (c->align <= PM_MIX_PRODUCT && c->x_float && c->w_float);
    return bits && align && c->format < PM_FLOATS ? PM_OK : PM_EINVAL;
}

unsigned pm_mix_measure(const struct pm_mix_cfg *c, const int32_t *w, size_t rows, size_t stride) {
    uint32_t most = 0;
    if (c->w_float)
        return pm_exp_max(c->format, w, rows, stride);
    for (size_t k = 0; k < rows; k++) {
        const uint32_t size = (uint32_t)abs(w[k * stride]);
        most = size > most ? size : most;
    }
    return (unsigned)pm_bl(most);
}

enum pm_mix_engine pm_mix_route(const struct pm_mix_cfg *c, size_t rows, unsigned measure) {
    return rows <= PM_TINY_ROWS ? PM_MIX_TINY : measure <= c->theta ? PM_MIX_MEMRISTOR : PM_MIX_SRAM;
}

bool pm_mix_signed(const struct pm_mix_cfg *c) {
    return c->x_float || c->is_signed;
}

void pm_mix_weights(const struct pm_mix_cfg *c, const int32_t *w, size_t rows, size_t outputs, int16_t *q,
                    int32_t *power, uint8_t *dest) {
    const struct pm_prealign_cfg p = {.format = c->format, .bits = c->bw, .round = c->rw};
    const unsigned layer = c->align == PM_MIX_LAYER ? pm_exp_max(c->format, w, rows * outputs, 1) : 0;
    for (size_t m = 0; m < outputs; m++) {
        const unsigned measure = layer ? layer : pm_mix_measure(c, w + m, rows, outputs);
        dest[m] = (uint8_t)pm_mix_route(c, rows, measure);
        power[m] = c->w_float ? pm_prealign_power(&p, measure) : 0;
        if (c->w_float)
            pm_prealign(&p, w + m, rows, outputs, measure, q + m);
        else
            for (size_t k = 0; k < rows; k++)
                q[k * outputs + m] = (int16_t)w[k * outputs + m];
    }
}

int pm_mix_inputs(const struct pm_mix_cfg *c, const int32_t *x, size_t rows, int32_t *q) {
    const struct pm_prealign_cfg p = {.format = c->format, .bits = c->bx, .round = c->rx};
    const unsigned emax = c->x_float ? pm_exp_max(c->format, x, rows, 1) : 0;
    for (size_t k = 0; k < rows; k++) {
        int16_t aligned = 0;
        if (c->x_float)
            pm_prealign(&p, x + k, 1, 1, emax, &aligned);
        q[k] = c->x_float ? aligned : x[k];
    }
    return c->x_float ? pm_prealign_power(&p, emax) : 0;
}

/* Every value within its bits or its format. */
static bool all_within(const int32_t *v, size_t n, int64_t lo, int64_t hi) {
    for (size_t i = 0; i < n; i++)
        if (v[i] < lo || v[i] > hi)
            return false;
    return true;
}
static bool values_fit(const struct pm_mix_cfg *c, const int32_t *x, size_t inputs, const int32_t *w,
                       size_t weights) {
    const int64_t codes = (int64_t)pm_float_codes(c->format) - 1, half_x = INT64_C(1) << (c->bx - 1),
                  half_w = INT64_C(1) << (c->bw - 1);
    return (c->x_float ? all_within(x, inputs, 0, codes)
                       : all_within(x, inputs, c->is_signed ? -half_x : 0,
                                    (c->is_signed ? half_x : 2 * half_x) - 1)) &&
           (c->w_float ? all_within(w, weights, 0, codes) : all_within(w, weights, -half_w, half_w - 1));
}

/* The kernels of one engine: w[rows][n] of those columns of q[rows][outputs], which[n]. */
struct part {
    int16_t *w;
    int8_t *narrow; /* the same */
    size_t *which, n;
    int64_t *y; /* [vectors][n] */
};

static void take_part(const int16_t *q, const uint8_t *dest, enum pm_mix_engine engine, size_t rows,
                      size_t outputs, struct part *p) {
    p->n = 0;
    for (size_t m = 0; m < outputs; m++)
        if (dest[m] == engine)
            p->which[p->n++] = m;
    for (size_t k = 0; k < rows; k++)
        for (size_t i = 0; i < p->n; i++) {
            p->w[k * p->n + i] = q[k * outputs + p->which[i]];
            p->narrow[k * p->n + i] = (int8_t)p->w[k * p->n + i];
        }
}

static pm_status memristor(const struct pm_mix_cfg *c, const int32_t *x, size_t vectors, size_t rows,
                           const struct part *p) {
    struct pm_pva_cfg cfg = pm_pva_default(c->bx, c->bw);
    struct pm_pva *matrix;
    cfg.is_signed = pm_mix_signed(c);
    if (c->exact)
        pm_pva_exact_table(&cfg);
    pm_status status = pm_pva_new(&cfg, p->w, (unsigned)rows, (unsigned)p->n, 0, &matrix);
    if (status != PM_OK)
        return status;
    status = pm_pva_gemm(matrix, x, rows, vectors, 0, p->y, NULL);
    pm_pva_free(matrix);
    return status;
}

static pm_status sram(const struct pm_mix_cfg *c, const int32_t *x, size_t vectors, size_t rows,
                      const struct part *p) {
    const struct pm_dcim_cfg cfg = {.xbits = c->bx, .is_signed = pm_mix_signed(c), .share = 2};
    return pm_dcim_gemv(&cfg, x, p->narrow, vectors, rows, p->n, p->y);
}

static pm_status tiny(const struct pm_mix_cfg *c, const int32_t *x, size_t vectors, size_t rows,
                      const struct part *p) {
    const struct pm_tiny_cfg cfg = {.xbits = c->bx, .is_signed = pm_mix_signed(c)};
    int32_t *y = malloc(vectors * p->n * sizeof *y);
    const pm_status status = y ? pm_tiny_gemv(&cfg, x, p->narrow, vectors, rows, p->n, y) : PM_ENOMEM;
    for (size_t i = 0; i < vectors * p->n && status == PM_OK; i++)
        p->y[i] = y[i];
    free(y);
    return status;
}

/* Dot products of aligned operands through the engines. */
static pm_status multiply(const struct pm_mix_cfg *c, const int32_t *x, const int16_t *q, const uint8_t *dest,
                          size_t vectors, size_t rows, size_t outputs, int64_t *y) {
    static pm_status (*const engine[])(const struct pm_mix_cfg *, const int32_t *, size_t, size_t,
                                       const struct part *) = {memristor, sram, tiny};
    struct part p = {malloc(rows * outputs * sizeof *p.w), malloc(rows * outputs),
                     malloc(outputs * sizeof *p.which), 0, malloc(vectors * outputs * sizeof *p.y)};
    pm_status status = p.w && p.narrow && p.which && p.y ? PM_OK : PM_ENOMEM;
    for (unsigned e = 0; e < 3 && status == PM_OK; e++) {
        take_part(q, dest, e, rows, outputs, &p);
        if (p.n > 0)
            status = engine[e](c, x, vectors, rows, &p);
        for (size_t t = 0; t < vectors && status == PM_OK; t++)
            for (size_t i = 0; i < p.n; i++)
                y[t * outputs + p.which[i]] = p.y[t * p.n + i];
    }
    free(p.w);
    free(p.narrow);
    free(p.which);
    free(p.y);
    return status;
}

pm_status pm_mix_gemv(const struct pm_mix_cfg *c, const int32_t *x, const int32_t *w, size_t vectors,
                      size_t rows, size_t outputs, int64_t *y, uint8_t *dest) {
    if (pm_mix_check(c) != PM_OK || rows < 1 || rows > PM_PVA_MAX_DIM)
        return PM_EINVAL;
    if (!values_fit(c, x, vectors * rows, w, rows * outputs))
        return PM_ERANGE;
    const bool by_product = c->align == PM_MIX_INPUT || c->align == PM_MIX_PRODUCT;
    const enum pm_align_product how = c->align == PM_MIX_INPUT ? PM_ALIGN_INPUT : PM_ALIGN_PRODUCT;
    int32_t *qx = malloc(vectors * rows * sizeof *qx), *px = malloc(vectors * sizeof *px),
            *pw = malloc(outputs * sizeof *pw);
    int16_t *qw = malloc(rows * outputs * sizeof *qw);
    pm_status status = qx && px && pw && qw ? PM_OK : PM_ENOMEM;
    if (status == PM_OK) {
        pm_mix_weights(c, w, rows, outputs, qw, pw, dest);
        for (size_t t = 0; t < vectors; t++)
            px[t] = pm_mix_inputs(c, x + t * rows, rows, qx + t * rows);
        if (!by_product)
            status = multiply(c, qx, qw, dest, vectors, rows, outputs, y);
    }
    for (size_t t = 0; t < vectors && status == PM_OK; t++)
        for (size_t m = 0; m < outputs; m++) {
            int64_t *at = &y[t * outputs + m];
            int p = px[t] + pw[m];
            if (by_product)
                *at = pm_align_dot(how, c->format, c->bx, c->bw, x + t * rows, w + m, rows, outputs, &p);
            if (c->x_float || c->w_float)
                *at = pm_fp_norm(*at, p, NULL);
        }
    free(qx);
    free(px);
    free(pw);
    free(qw);
    return status;
}
