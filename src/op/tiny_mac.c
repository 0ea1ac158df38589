// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/tiny_mac/tiny_mac_rtl.h"

#include <stdlib.h>
#include <string.h>

static struct pm_tiny_cfg config(const struct pm_op_job *job) {
    return (struct pm_tiny_cfg){.xbits = (unsigned)pm_op_int(job, "xbits"),
                                .is_signed = pm_op_int(job, "signed") != 0,
                                .depthwise = pm_op_int(job, "depthwise") != 0};
}

static pm_status prepare(struct pm_op_job *job) {
    const size_t rows = job->dim['K'], inputs = config(job).depthwise ? rows * job->dim['M'] : rows;
    if (job->dim['X'] != inputs)
        return pm_op_fail(job, PM_ESHAPE, "x",
                          "a vector has %zu inputs, expected %zu (K=%zu M=%zu depthwise=%d)", job->dim['X'],
                          inputs, rows, job->dim['M'], config(job).depthwise);
    return pm_op_check_bits(job, "x", "xbits", "signed");
}

static pm_status golden(struct pm_op_job *job) {
    const struct pm_tiny_cfg c = config(job);
    return pm_tiny_gemv(&c, pm_op_data(job, "x"), pm_op_data(job, "w"), job->dim['T'], job->dim['K'],
                        job->dim['M'], pm_op_out(job, "y"));
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    snprintf(params, PM_OP_PARAMS, "Lanes=%d XBits=%u", PM_TINY_LANES, config(job).xbits);
}

struct rows {
    int32_t *x, *y;
    int8_t *w;
    bool *last;
};

/* Outputs out.. as rows of the lanes, T sums of K rows; lanes beyond the last output get zeros. */
static void fill(const struct pm_op_job *job, size_t out, const struct rows *r) {
    const size_t rows = job->dim['K'], outputs = job->dim['M'];
    const bool depthwise = config(job).depthwise;
    const int32_t *x = pm_op_data(job, "x");
    const int8_t *w = pm_op_data(job, "w");
    for (size_t t = 0, beat = 0; t < job->dim['T']; t++)
        for (size_t k = 0; k < rows; k++, beat++) {
            r->last[beat] = k + 1 == rows;
            for (size_t i = 0; i < PM_TINY_LANES; i++) {
                const size_t m = out + i, at = t * job->dim['X'] + (depthwise ? m * rows : 0) + k;
                r->x[beat * PM_TINY_LANES + i] = m < outputs ? x[at] : 0;
                r->w[beat * PM_TINY_LANES + i] = m < outputs ? w[k * outputs + m] : 0;
            }
        }
}

/* Each group of outputs is a run of its own. */
static pm_status rtl(struct pm_op_job *job) {
    const struct pm_tiny_cfg c = config(job);
    const size_t vectors = job->dim['T'], outputs = job->dim['M'], beats = vectors * job->dim['K'];
    const struct rows r = {malloc(beats * PM_TINY_LANES * sizeof *r.x),
                           malloc(vectors * PM_TINY_LANES * sizeof *r.y), malloc(beats * PM_TINY_LANES),
                           malloc(beats * sizeof *r.last)};
    int32_t *y = pm_op_out(job, "y");
    pm_status status = r.x && r.y && r.w && r.last ? PM_OK : PM_ENOMEM;
    for (size_t out = 0; out < outputs && status == PM_OK; out += PM_TINY_LANES) {
        const struct pm_sim_opts opts = pm_op_sim(job, (unsigned)(out / PM_TINY_LANES));
        fill(job, out, &r);
        status =
            pm_op_driver(job, pm_tiny_mac_rtl)(&opts, &c, PM_TINY_LANES, r.x, r.w, r.last, beats, r.y, NULL);
        for (size_t t = 0; t < vectors && status == PM_OK; t++)
            for (size_t i = 0; i < PM_TINY_LANES && out + i < outputs; i++)
                y[t * outputs + out + i] = r.y[t * PM_TINY_LANES + i];
    }
    free(r.x);
    free(r.y);
    free(r.w);
    free(r.last);
    return status;
}

static const struct pm_setting settings[] = {
    {PM_SET_INTEGER("xbits", 2, 16, "12"), .help = "bits of an input"},
    {PM_SET_FLAG("signed", "1")},
    {PM_SET_FLAG("depthwise", "0"), .help = "each output has its own inputs: X = K*M, output m's at m*K"},
    {0},
};

static const struct pm_op op = {
    .name = "tiny-gemv",
    .block = "tiny_mac",
    .summary = "y = x w of kernels of at most 15 rows, exactly",
    .limit = {{'K', PM_TINY_ROWS}},
    .in = {{.name = "x",
            .dims = "TX",
            .dtype = PM_INT32,
            .lo = INT16_MIN,
            .hi = UINT16_MAX,
            .note = "within xbits, signed; X = K"},
           {.name = "w", .dims = "KM", .dtype = PM_INT8}},
    .set = {.setting = settings},
    .out = {{.name = "y", .dims = "TM", .dtype = PM_INT32}},
    .driver = "pm_tiny_mac_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "matrix",
                .dims = "T=5 X=9 K=9 M=16",
                .set = "xbits=12 depthwise=0",
                .in = "x=1@0..2047",
                .stalls = 4},
               {.name = "depthwise",
                .dims = "T=3 X=99 K=9 M=11",
                .set = "xbits=12 depthwise=1 signed=1",
                .in = "x=1@-2048..2047",
                .stalls = 5},
               {.name = "timing",
                .dims = "T=3 X=3 K=3 M=1",
                .set = "xbits=12 depthwise=0",
                .in = "x=7,8,9,1,0,2,3,3,3 w=1,-1,2",
                .stalls = 2}},
    .timing = {.signals = "valid ready x w last y_valid y_ready y", .clocks = 16},
};
PM_OP(op);
