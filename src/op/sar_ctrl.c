// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/sar_ctrl/sar_ctrl_rtl.h"

static unsigned bits(const struct pm_op_job *job) {
    return pm_op_int(job, "bits") == 0 ? 6 : 7;
}

static pm_status golden(struct pm_op_job *job) {
    return pm_sar_codes(pm_op_data(job, "vin_q8"), job->dim['n'], bits(job), pm_op_out(job, "code"));
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    (void)job;
    snprintf(params, PM_OP_PARAMS, "Lanes=16");
}

static pm_status rtl(struct pm_op_job *job) {
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    return pm_op_driver(job, pm_sar_ctrl_rtl)(&opts, pm_op_data(job, "vin_q8"), job->dim['n'], bits(job),
                                              pm_op_out(job, "code"), NULL);
}

static const struct pm_op op = {
    .name = "sar-ctrl",
    .block = "sar_ctrl",
    .summary = "successive approximation, 6 or 7 bits at run time",
    .in = {{.name = "vin_q8", .dims = "n", .dtype = PM_INT32, .note = "1/256 LSB"}},
    .set = {.setting = (const struct pm_setting[]){{PM_SET_ONE_OF("bits", "6|7", "7")}, {0}}},
    .out = {{.name = "code", .dims = "n", .dtype = PM_UINT8}},
    .driver = "pm_sar_ctrl_rtl",
    .model = model,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "7-bit", .dims = "n=100", .in = "vin_q8=1@-1000..40000"},
               {.name = "6-bit", .dims = "n=100", .set = "bits=6", .in = "vin_q8=1@-1000..40000"},
               {.name = "timing", .dims = "n=3", .in = "vin_q8=1000,20000,30000"}},
    .timing = {.signals = "start mode6 busy dac cmp c7_en valid code", .clocks = 20},
};
PM_OP(op);
