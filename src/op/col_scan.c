// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/col_scan/col_scan_rtl.h"

static struct pm_col_scan_run config(const struct pm_op_job *job) {
    return (struct pm_col_scan_run){.cols = (unsigned)job->dim['C'],
                                    .sars = 1u << pm_op_int(job, "sars"),
                                    .bits = 6 + (unsigned)pm_op_int(job, "bits"),
                                    .read_clocks = 3};
}

static pm_status prepare(struct pm_op_job *job) {
    const struct pm_col_scan_run r = config(job);
    if (r.cols < 16 || r.cols % r.sars != 0)
        return pm_op_fail(job, PM_ESHAPE, "value", "C=%u is not a multiple of sars=%u, at least 16", r.cols,
                          r.sars);
    return PM_OK;
}

static pm_status golden(struct pm_op_job *job) {
    const struct pm_tensor *value = pm_op_in(job, "value");
    return pm_sar_codes(value->data, value->count, config(job).bits, pm_op_out(job, "code"));
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    const struct pm_col_scan_run r = config(job);
    snprintf(params, PM_OP_PARAMS, "Cols=%u Sars=%u", r.cols, r.sars);
}

static pm_status rtl(struct pm_op_job *job) {
    const struct pm_col_scan_run r = config(job);
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    return pm_op_driver(job, pm_col_scan_rtl)(&opts, &r, pm_op_data(job, "value"), job->dim['P'],
                                              pm_op_out(job, "code"), NULL);
}

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("bits", "6|7", "7")},
    {PM_SET_ONE_OF("sars", "1|2|4|8", "8"), .help = "converters"},
    {0},
};

static const struct pm_op op = {
    .name = "col-scan",
    .block = "col_scan",
    .summary = "planes of column values through the column multiplexer and SAR converters, read overlapped",
    .limit = {{'C', 1024}},
    .in = {{.name = "value", .dims = "PC", .dtype = PM_INT32, .note = "1/256 LSB"}},
    .set = {.setting = settings},
    .out = {{.name = "code", .dims = "PC", .dtype = PM_UINT8}},
    .driver = "pm_col_scan_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "planes", .dims = "P=5 C=32", .set = "sars=4", .in = "value=1@-1000..40000"},
               {.name = "timing", .dims = "P=3 C=16", .set = "bits=6", .in = "value=1@0..16128"}},
    .timing = {.signals = "plane_valid plane_ready tag read read_done hold track_bank scan_bank start column "
                          "code_valid code code_column code_tag",
               .clocks = 26},
};
PM_OP(op);
