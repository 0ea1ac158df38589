// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/therm_enc/therm_enc_rtl.h"
#include "therm_enc.h"

static pm_status golden(struct pm_op_job *job) {
    const struct pm_tensor *a = pm_op_in(job, "a");
    uint8_t *code = pm_op_out(job, "code");
    for (size_t i = 0; i < a->count; i++)
        code[i] = pm_therm_enc(pm_flash((int32_t)pm_tensor_get(a, i)));
    return PM_OK;
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    (void)job;
    snprintf(params, PM_OP_PARAMS, "Columns=64");
}

static pm_status rtl(struct pm_op_job *job) {
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    const struct pm_tensor *a = pm_op_in(job, "a");
    return pm_op_driver(job, pm_therm_enc_rtl)(&opts, a->data, a->count, pm_op_out(job, "code"));
}

static const struct pm_op op = {
    .name = "therm-enc",
    .block = "therm_enc",
    .summary = "flash conversion of column values to codes 0..8",
    .in = {{.name = "a", .dims = "TM", .dtype = PM_INT32, .note = "1/256 LSB"}},
    .set = {.setting = pm_no_settings},
    .out = {{.name = "code", .dims = "TM", .dtype = PM_UINT8}},
    .driver = "pm_therm_enc_rtl",
    .model = model,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "columns", .dims = "T=5 M=33", .in = "a=1@-300..2400"},
               {.name = "edges", .dims = "T=1 M=64"},
               {.name = "timing", .dims = "T=5 M=3", .in = "a=1@-300..2400"}},
    .timing = {.signals = "cmp code", .clocks = 6},
};
PM_OP(op);
