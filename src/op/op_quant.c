// SPDX-License-Identifier: Apache-2.0
/* Ops of quantisation and softmax: emsbq, msb-parse, vdr-softmax, head-norm. */
#include "op/op_list.h"

#include "tb/emsbq/emsbq_rtl.h"
#include "tb/head_norm/head_norm_rtl.h"
#include "tb/vdr_softmax/vdr_softmax_rtl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The width of a model's elements that all of x fits. */
static unsigned element_bits(const int64_t *x, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (x[i] < INT32_MIN || x[i] > INT32_MAX)
            return 64;
    return 32;
}

/* emsbq */

static struct pm_emsbq_cfg emsbq_cfg(const struct pm_op_job *job) {
    return (struct pm_emsbq_cfg){.q = (unsigned)pm_op_int(job, "q"),
                                 .is_signed = pm_op_int(job, "signed") != 0,
                                 .round = pm_op_int(job, "round") != 0};
}

static pm_status emsbq_prepare(struct pm_op_job *job) {
    int64_t q = pm_op_int(job, "q");
    bool is_signed = pm_op_int(job, "signed") != 0;
    if (is_signed ? q < 2 : q > 15)
        return pm_op_fail(job, PM_ERANGE, "q", "%d is outside %s", (int)q,
                          is_signed ? "2..16 (signed=1)" : "1..15 (signed=0)");
    if (job->rtl && job->dim['n'] > PM_MAX_ROWS)
        return pm_op_fail(job, PM_EMODE, "--engine", "the RTL takes groups of at most %d elements, x has %zu",
                          PM_MAX_ROWS, job->dim['n']);
    return is_signed ? PM_OK : pm_op_check(job, "x", 0, INT64_MAX, "signed=0");
}

static pm_status emsbq_golden(struct pm_op_job *job, struct pm_tensor *out) {
    struct pm_emsbq_cfg cfg = emsbq_cfg(job);
    const int64_t *x = pm_op_data(job, "x");
    int16_t *y = out[pm_op_out(job, "y")].data;
    int32_t *s = out[pm_op_out(job, "s")].data;
    size_t n = job->dim['n'];
    for (size_t t = 0; t < job->dim['T']; t++)
        s[t] = pm_emsbq(&cfg, x + t * n, NULL, n, y + t * n);
    return PM_OK;
}

static pm_status emsbq_rtl(struct pm_op_job *job, struct pm_tensor *out) {
    static const size_t sizes[] = {16, 64, 512, PM_MAX_ROWS};
    struct pm_emsbq_cfg cfg = emsbq_cfg(job);
    const int64_t *x = pm_op_data(job, "x");
    size_t n = job->dim['n'], count = job->dim['T'] * n, k = 0;
    bool wide = element_bits(x, count) == 64;
    for (size_t i = 0; i < count && !cfg.is_signed; i++)
        wide |= x[i] > INT32_MAX;
    while (sizes[k] < n)
        k++;
    char params[64], path[PM_OP_PATH];
    snprintf(params, sizeof params, "N=%zu W=%d Q=%u", sizes[k], wide ? 64 : 32, cfg.q);
    struct pm_rtl *model;
    void (*f)(void);
    pm_status status = pm_op_model(job, params, "pm_emsbq_rtl", &model, &f);
    if (status != PM_OK)
        return status;
    struct pm_sim_opts opts = pm_op_sim(job, 0, path);
    status =
        ((__typeof__(&pm_emsbq_rtl))f)(&opts, &cfg, x, NULL, job->dim['T'], n, out[pm_op_out(job, "y")].data,
                                       out[pm_op_out(job, "s")].data, NULL);
    pm_rtl_close(model);
    return status;
}

const struct pm_op pm_op_emsbq = {
    .name = "emsbq",
    .block = "emsbq",
    .summary = "quantise each row by the position of its effective MSB; value = y * 2^s",
    .in = {{.name = "x", .dims = "Tn", .dtype = PM_INT64, .lo = INT64_MIN, .hi = INT64_MAX}},
    .set = {{.name = "q",
             .kind = PM_SET_INT,
             .fallback = "8",
             .lo = 1,
             .hi = 16,
             .help = "output bits: signed 2..16, unsigned 1..15"},
            {.name = "signed", .kind = PM_SET_CHOICE, .fallback = "1", .choices = "0|1"},
            {.name = "round",
             .kind = PM_SET_CHOICE,
             .fallback = "1",
             .choices = "0|1",
             .help = "0: truncate, as the paper"}},
    .out = {{.name = "y", .dims = "Tn", .dtype = PM_INT16}, {.name = "s", .dims = "T", .dtype = PM_INT32}},
    .prepare = emsbq_prepare,
    .golden = emsbq_golden,
    .rtl = emsbq_rtl,
};

/* msb-parse */

static pm_status msb_parse_golden(struct pm_op_job *job, struct pm_tensor *out) {
    const int64_t *x = pm_op_data(job, "x");
    const int32_t *shift = pm_op_data(job, "shift");
    int16_t *y = out[0].data;
    unsigned bits = (unsigned)pm_op_int(job, "bits");
    bool round = pm_op_int(job, "round") != 0;
    size_t n = job->dim['n'];
    for (size_t t = 0; t < job->dim['T']; t++)
        for (size_t i = 0; i < n; i++)
            y[t * n + i] = pm_msb_parse(x[t * n + i], shift[t], bits, round);
    return PM_OK;
}

/* Elements are independent: each row is cut into groups of the model's N, the last one padded. */
static pm_status msb_parse_rtl(struct pm_op_job *job, struct pm_tensor *out) {
    enum { N = 64 };
    const int64_t *x = pm_op_data(job, "x");
    const int32_t *shift = pm_op_data(job, "shift");
    int16_t *y = out[0].data;
    size_t n = job->dim['n'], tokens = job->dim['T'], parts = (n + N - 1) / N, groups = tokens * parts;
    char params[64], path[PM_OP_PATH];
    snprintf(params, sizeof params, "N=%d W=%u Bits=%d", N, element_bits(x, tokens * n),
             (int)pm_op_int(job, "bits"));
    struct pm_rtl *model;
    void (*f)(void);
    pm_status status = pm_op_model(job, params, "pm_msb_parse_rtl", &model, &f);
    if (status != PM_OK)
        return status;
    int64_t *gx = calloc(groups, N * sizeof *gx);
    int32_t *gs = calloc(groups, sizeof *gs);
    int16_t *gy = calloc(groups, N * sizeof *gy);
    status = gx && gs && gy ? PM_OK : PM_ENOMEM;
    for (size_t t = 0; t < tokens && status == PM_OK; t++)
        for (size_t p = 0; p < parts; p++) {
            size_t here = p + 1 < parts ? N : n - p * N;
            memcpy(gx + (t * parts + p) * N, x + t * n + p * N, here * sizeof *gx);
            gs[t * parts + p] = shift[t];
        }
    if (status == PM_OK) {
        struct pm_sim_opts opts = pm_op_sim(job, 0, path);
        status =
            ((__typeof__(&pm_msb_parse_rtl))f)(&opts, gx, gs, groups, N, pm_op_int(job, "round") != 0, gy);
    }
    for (size_t t = 0; t < tokens && status == PM_OK; t++)
        for (size_t i = 0; i < n; i++)
            y[t * n + i] = gy[(t * parts + i / N) * N + i % N];
    free(gx);
    free(gs);
    free(gy);
    pm_rtl_close(model);
    return status;
}

const struct pm_op pm_op_msb_parse = {
    .name = "msb-parse",
    .block = "emsbq",
    .summary = "parse accumulators into K and V elements: sat((x + r) >> shift, bits)",
    .in = {{.name = "x", .dims = "Tn", .dtype = PM_INT64, .lo = INT64_MIN, .hi = INT64_MAX},
           {.name = "shift",
            .dims = "T",
            .dtype = PM_INT32,
            .lo = INT32_MIN,
            .hi = INT32_MAX,
            .note = "negative: to the left"}},
    .set = {{.name = "bits", .kind = PM_SET_INT, .fallback = "10", .lo = 2, .hi = 16},
            {.name = "round", .kind = PM_SET_CHOICE, .fallback = "1", .choices = "0|1"}},
    .out = {{.name = "y", .dims = "Tn", .dtype = PM_INT16}},
    .golden = msb_parse_golden,
    .rtl = msb_parse_rtl,
};

/* vdr-softmax */

static pm_status vdr_golden(struct pm_op_job *job, struct pm_tensor *out) {
    struct pm_vdr_lut lut;
    const int8_t *x = pm_op_data(job, "x");
    const int32_t *ne = pm_op_data(job, "ne");
    const uint8_t *mask = pm_op_data(job, "mask");
    uint8_t *a = out[pm_op_out(job, "a")].data;
    int32_t *z = out[pm_op_out(job, "z")].data;
    size_t n = job->dim['N'];
    pm_status status = pm_vdr_lut_init(&lut, pm_op_setting(job, "s0")->r[0]);
    for (size_t t = 0; t < job->dim['T'] && status == PM_OK; t++)
        z[t] = (int32_t)pm_vdr_softmax(&lut, x + t * n, mask ? mask + t * n : NULL, n, ne[t],
                                       pm_op_int(job, "round") != 0, a + t * n);
    return status;
}

static pm_status vdr_rtl(struct pm_op_job *job, struct pm_tensor *out) {
    struct pm_vdr_lut lut;
    size_t n = job->dim['N'], rows = job->dim['T'];
    int32_t *z = out[pm_op_out(job, "z")].data;
    pm_status status = pm_vdr_lut_init(&lut, pm_op_setting(job, "s0")->r[0]);
    if (status != PM_OK)
        return status;
    char params[64], path[PM_OP_PATH];
    snprintf(params, sizeof params, "Lanes=16 MaxN=%d", n <= 64 ? 64 : n <= 512 ? 512 : PM_MAX_ROWS);
    struct pm_rtl *model;
    void (*f)(void);
    status = pm_op_model(job, params, "pm_vdr_softmax_rtl", &model, &f);
    if (status != PM_OK)
        return status;
    uint32_t *sums = calloc(rows, sizeof *sums);
    status = sums ? PM_OK : PM_ENOMEM;
    if (status == PM_OK) {
        struct pm_sim_opts opts = pm_op_sim(job, 0, path);
        status = ((__typeof__(&pm_vdr_softmax_rtl))f)(
            &opts, &lut, pm_op_data(job, "x"), pm_op_data(job, "ne"), pm_op_data(job, "mask"), rows, n,
            pm_op_int(job, "round") != 0, out[pm_op_out(job, "a")].data, sums, NULL);
    }
    for (size_t t = 0; t < rows && status == PM_OK; t++)
        z[t] = (int32_t)sums[t];
    free(sums);
    pm_rtl_close(model);
    return status;
}

const struct pm_op pm_op_vdr_softmax = {
    .name = "vdr-softmax",
    .block = "vdr_softmax",
    .summary = "integer softmax numerators of rows of logits, and their sums",
    .limit = {{'N', PM_MAX_ROWS}},
    .in = {{.name = "x", .dims = "TN", .dtype = PM_INT8, .lo = INT8_MIN, .hi = INT8_MAX},
           {.name = "ne",
            .dims = "T",
            .dtype = PM_INT32,
            .lo = INT32_MIN,
            .hi = INT32_MAX,
            .note = "row scale S = s0 * 2^-ne"},
           {.name = "mask",
            .dims = "TN",
            .dtype = PM_UINT8,
            .lo = 0,
            .hi = 1,
            .optional = true,
            .note = "1: kept"}},
    .set = {{.name = "s0", .kind = PM_SET_REAL, .fallback = "0.5", .lo = 0.5, .hi = 1},
            {.name = "round", .kind = PM_SET_CHOICE, .fallback = "1", .choices = "0|1"}},
    .out = {{.name = "a", .dims = "TN", .dtype = PM_UINT8}, {.name = "z", .dims = "T", .dtype = PM_INT32}},
    .golden = vdr_golden,
    .rtl = vdr_rtl,
};

/* head-norm */

static pm_status head_norm_prepare(struct pm_op_job *job) {
    if (job->rtl && pm_op_int(job, "mode") != 0)
        return pm_op_fail(job, PM_EMODE, "mode", "only recip has RTL; none and pow2 need --engine golden");
    return PM_OK;
}

static pm_status head_norm_golden(struct pm_op_job *job, struct pm_tensor *out) {
    static const enum pm_norm modes[] = {PM_NORM_RECIP, PM_NORM_POW2, PM_NORM_NONE};
    const int32_t *o = pm_op_data(job, "o"), *z = pm_op_data(job, "z");
    int32_t *y = out[0].data;
    size_t n = job->dim['n'];
    for (size_t t = 0; t < job->dim['T']; t++)
        for (size_t i = 0; i < n; i++)
            y[t * n + i] = pm_head_norm(o[t * n + i], (uint32_t)z[t], modes[pm_op_int(job, "mode")]);
    return PM_OK;
}

static pm_status head_norm_rtl(struct pm_op_job *job, struct pm_tensor *out) {
    const int32_t *o = pm_op_data(job, "o"), *z = pm_op_data(job, "z");
    size_t rows = job->dim['T'], n = job->dim['n'];
    struct pm_rtl *model;
    void (*f)(void);
    char path[PM_OP_PATH];
    pm_status status = pm_op_model(job, "Lanes=16 OW=32 ZW=31", "pm_head_norm_rtl", &model, &f);
    if (status != PM_OK)
        return status;
    int64_t *wide = calloc(rows * n, sizeof *wide);
    uint32_t *sums = calloc(rows, sizeof *sums);
    status = wide && sums ? PM_OK : PM_ENOMEM;
    for (size_t i = 0; i < rows * n && status == PM_OK; i++)
        wide[i] = o[i];
    for (size_t t = 0; t < rows && status == PM_OK; t++)
        sums[t] = (uint32_t)z[t];
    if (status == PM_OK) {
        struct pm_sim_opts opts = pm_op_sim(job, 0, path);
        status = ((__typeof__(&pm_head_norm_rtl))f)(&opts, wide, sums, rows, n, out[0].data, NULL, NULL);
    }
    free(wide);
    free(sums);
    pm_rtl_close(model);
    return status;
}

const struct pm_op pm_op_head_norm = {
    .name = "head-norm",
    .block = "head_norm",
    .summary = "a head's output over its softmax sum z, with 4 fraction bits, without a divider",
    .in = {{.name = "o", .dims = "Tn", .dtype = PM_INT32, .lo = INT32_MIN, .hi = INT32_MAX},
           {.name = "z", .dims = "T", .dtype = PM_INT32, .lo = 0, .hi = INT32_MAX}},
    .set = {{.name = "mode",
             .kind = PM_SET_CHOICE,
             .fallback = "recip",
             .choices = "recip|pow2|none",
             .help = "pow2 and none: golden only"}},
    .out = {{.name = "y", .dims = "Tn", .dtype = PM_INT32}},
    .prepare = head_norm_prepare,
    .golden = head_norm_golden,
    .rtl = head_norm_rtl,
};
