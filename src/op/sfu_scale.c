// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/sfu_scale/sfu_scale_rtl.h"

#include <stdlib.h>

enum { ROW_CODE, ROW_SUM };

/* Column scales so that products, too, have an e within -200..200. */
#define MOST_E 150

static pm_status prepare(struct pm_op_job *job) {
    const int32_t *m = pm_op_data(job, "m");
    const int64_t *row = pm_op_data(job, "row");
    for (size_t i = 0; i < job->dim['N']; i++)
        if (m[i] != 0 && m[i] < 32768)
            return pm_op_fail(job, PM_ERANGE, "m", "[%zu]: %d is neither 0 nor 32768..65535", i, m[i]);
    for (size_t t = 0; pm_op_int(job, "row") == ROW_CODE && t < job->dim['T']; t++)
        if (row[t] > 65535 || (row[t] & PM_FP16_INF) == PM_FP16_INF)
            return pm_op_fail(job, PM_ERANGE, "row", "[%zu]: %lld is no finite code of binary16", t,
                              (long long)row[t]);
    return PM_OK;
}

/* A job's tensors as the functions take them. */
struct tensors {
    struct pm_sfu_scale_job job;
    uint32_t *row;
    struct pm_scale *column, *scale;
    uint16_t *bias, *onto, *y;
};

static uint16_t *codes(const struct pm_op_job *job, const char *name) {
    const struct pm_tensor *t = pm_op_in(job, name);
    const int32_t *x = pm_op_data(job, name);
    uint16_t *y = t ? malloc(t->count * sizeof *y) : NULL;
    for (size_t i = 0; y && i < t->count; i++)
        y[i] = (uint16_t)x[i];
    return y;
}

static void release(struct tensors *x) {
    free(x->row);
    free(x->column);
    free(x->scale);
    free(x->bias);
    free(x->onto);
    free(x->y);
}

static pm_status gather(const struct pm_op_job *job, struct tensors *x) {
    const size_t rows = job->dim['T'], n = job->dim['N'];
    const int64_t *row = pm_op_data(job, "row");
    const int32_t *m = pm_op_data(job, "m"), *e = pm_op_data(job, "e");
    x->row = malloc(rows * sizeof *x->row);
    x->column = malloc(n * sizeof *x->column);
    x->scale = malloc(rows * sizeof *x->scale);
    x->y = malloc(rows * n * sizeof *x->y);
    x->bias = codes(job, "bias");
    x->onto = codes(job, "onto");
    if (!x->row || !x->column || !x->scale || !x->y || (pm_op_in(job, "bias") && !x->bias) ||
        (pm_op_in(job, "onto") && !x->onto))
        return PM_ENOMEM;
    for (size_t t = 0; t < rows; t++)
        x->row[t] = (uint32_t)row[t];
    for (size_t i = 0; i < n; i++)
        x->column[i] = (struct pm_scale){(uint32_t)m[i], m[i] ? e[i] : 0};
    x->job = (struct pm_sfu_scale_job){.recip = pm_op_int(job, "row") == ROW_SUM,
                                       .scores = pm_op_int(job, "scores") != 0,
                                       .rows = rows,
                                       .width = n,
                                       .sets = 1,
                                       .row = x->row,
                                       .a = pm_op_data(job, "a"),
                                       .column = x->column,
                                       .bias = x->bias,
                                       .onto = x->onto};
    return PM_OK;
}

static void put(const struct pm_op_job *job, const struct tensors *x) {
    int32_t *y = pm_op_out(job, "y"), *m = pm_op_out(job, "sm"), *e = pm_op_out(job, "se");
    for (size_t i = 0; i < x->job.rows * x->job.width; i++)
        y[i] = x->y[i];
    for (size_t t = 0; t < x->job.rows; t++) {
        m[t] = (int32_t)x->scale[t].m;
        e[t] = x->scale[t].e;
    }
}

static pm_status golden(struct pm_op_job *job) {
    struct tensors x = {0};
    const pm_status status = gather(job, &x);
    if (status == PM_OK) {
        pm_sfu_scale(&x.job, x.y, x.scale);
        put(job, &x);
    }
    release(&x);
    return status;
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    (void)job;
    snprintf(params, PM_OP_PARAMS, "Lanes=8");
}

static pm_status rtl(struct pm_op_job *job) {
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    struct tensors x = {0};
    pm_status status = gather(job, &x);
    if (status == PM_OK)
        status = pm_op_driver(job, pm_sfu_scale_rtl)(&opts, &x.job, x.y, x.scale, NULL);
    if (status == PM_OK)
        put(job, &x);
    release(&x);
    return status;
}

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("row", "code|sum", "code"),
     .help = "rows: codes of binary16, or sums whose reciprocals are taken"},
    {PM_SET_FLAG("scores", "0"), .help = "scales are for scores: at most 65535 * 2^-19"},
    {0},
};

static const struct pm_op op = {
    .name = "sfu-scale",
    .block = "sfu_scale",
    .summary = "rows of integer sums times scales to binary16, plus bias and residual",
    .limit = {{'N', 8192}},
    .in = {{.name = "row",
            .dims = "T",
            .dtype = PM_INT64,
            .lo = 0,
            .hi = UINT32_MAX,
            .note = "codes 0..65535, finite; or sums"},
           {.name = "a", .dims = "TN", .dtype = PM_INT32},
           {.name = "m",
            .dims = "N",
            .dtype = PM_INT32,
            .lo = 0,
            .hi = 65535,
            .note = "columns' scales m 2^e: 0 or 32768.."},
           {.name = "e", .dims = "N", .dtype = PM_INT32, .lo = -MOST_E, .hi = MOST_E},
           {.name = "bias",
            .dims = "N",
            .dtype = PM_INT32,
            .lo = 0,
            .hi = 65535,
            .optional = true,
            .note = "codes, added first"},
           {.name = "onto",
            .dims = "TN",
            .dtype = PM_INT32,
            .lo = 0,
            .hi = 65535,
            .optional = true,
            .note = "codes, added then"}},
    .set = {.setting = settings},
    .out = {{.name = "y", .dims = "TN", .dtype = PM_INT32, .note = "codes"},
            {.name = "sm", .dims = "T", .dtype = PM_INT32, .note = "scale of the first column: m"},
            {.name = "se", .dims = "T", .dtype = PM_INT32, .note = "its e"}},
    .driver = "pm_sfu_scale_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "sums",
                .dims = "T=3 N=20",
                .set = "",
                .in = "row=1@1..31743 a=2@-200000..200000 m=3@32768..65535 e=4@-40..-30 bias=5@0..20000 "
                      "onto=6@32768..50000"},
               {.name = "reciprocals",
                .dims = "T=4 N=16",
                .set = "row=sum",
                .in = "row=1@1..200000 a=2@-9000000..9000000 m=3@32768..65535 e=4@-30..-28 bias= onto="},
               {.name = "timing",
                .dims = "T=2 N=16",
                .set = "row=sum",
                .in = "row=1@1..200000 a=2@-9000000..9000000 m=3@32768..65535 e=4@-30..-28 bias= onto="}},
    .timing = {.signals = "x_valid x_ready first row y_valid y_ready y", .clocks = 48},
};
PM_OP(op);
