// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/vdr_softmax/vdr_softmax_rtl.h"

static pm_status table(struct pm_op_job *job, struct pm_vdr_lut *lut) {
    return pm_vdr_lut_init(lut, pm_op_setting(job, "s0")->at[0].r);
}

static pm_status golden(struct pm_op_job *job) {
    struct pm_vdr_lut lut;
    const int8_t *x = pm_op_data(job, "x");
    const int32_t *ne = pm_op_data(job, "ne");
    const uint8_t *mask = pm_op_data(job, "mask");
    uint8_t *a = pm_op_out(job, "a");
    int32_t *z = pm_op_out(job, "z");
    size_t n = job->dim['N'];
    pm_status status = table(job, &lut);
    for (size_t t = 0; t < job->dim['T'] && status == PM_OK; t++)
        z[t] = (int32_t)pm_vdr_softmax(&lut, x + t * n, mask ? mask + t * n : NULL, n, ne[t],
                                       pm_op_int(job, "round") != 0, a + t * n);
    return status;
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    static const unsigned sizes[] = {64, 512, PM_MAX_ROWS, 0};
    snprintf(params, PM_OP_PARAMS, "Lanes=16 MaxN=%u", pm_op_fit(job->dim['N'], sizes));
}

static pm_status rtl(struct pm_op_job *job) {
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    struct pm_vdr_lut lut;
    int32_t *z = pm_op_out(job, "z");
    pm_status status = table(job, &lut);
    return status != PM_OK ? status
                           : pm_op_driver(job, pm_vdr_softmax_rtl)(
                                 &opts, &lut, pm_op_data(job, "x"), pm_op_data(job, "ne"),
                                 pm_op_data(job, "mask"), job->dim['T'], job->dim['N'],
                                 pm_op_int(job, "round") != 0, pm_op_out(job, "a"), (uint32_t *)z, NULL);
}

static const struct pm_setting settings[] = {
    {PM_SET_NUMBER("s0", 0.5, 1, "0.5"), .below = true},
    {PM_SET_FLAG("round", "1")},
    {0},
};

static const struct pm_op op = {
    .name = "vdr-softmax",
    .block = "vdr_softmax",
    .summary = "integer softmax numerators of rows of logits, and their sums",
    .limit = {{'N', PM_MAX_ROWS}},
    .in = {{.name = "x", .dims = "TN", .dtype = PM_INT8},
           {.name = "ne", .dims = "T", .dtype = PM_INT32, .note = "row scale S = s0 * 2^-ne"},
           {.name = "mask",
            .dims = "TN",
            .dtype = PM_UINT8,
            .lo = 0,
            .hi = 1,
            .optional = true,
            .note = "1: kept"}},
    .set = {.setting = settings},
    .out = {{.name = "a", .dims = "TN", .dtype = PM_UINT8}, {.name = "z", .dims = "T", .dtype = PM_INT32}},
    .driver = "pm_vdr_softmax_rtl",
    .model = model,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "masked", .dims = "T=4 N=40", .set = "s0=0.7", .in = "ne=5@-14..25"},
               {.name = "edges", .dims = "T=4 N=40", .set = "round=0", .in = "ne=-100,0,5,1000000 mask="},
               {.name = "timing", .dims = "T=3 N=16", .in = "x=1@-20..20 ne=0,1,0 mask="}},
    .timing = {.signals = "x_valid x_ready x x_last ne a_valid a_ready a a_last z", .clocks = 16},
};
PM_OP(op);
