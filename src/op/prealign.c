// SPDX-License-Identifier: Apache-2.0
/* Ops prealign, and fp-norm of its last module. */
#include "op.h"

#include "tb/prealign/prealign_rtl.h"

#include <stdlib.h>

#define LANES     16
#define MAX_RTL_K 4096 /* elements of the largest model's buffers */
#define DPV_LIMIT (((int64_t)1 << 39) - 1)
#define BY_ROW    0 /* settings' group */

static struct pm_prealign_cfg config(const struct pm_op_job *job) {
    return (struct pm_prealign_cfg){.format = (enum pm_float)pm_op_int(job, "fmt"),
                                    .bits = (unsigned)pm_op_int(job, "bits"),
                                    .round = pm_op_int(job, "round") != 0};
}

static pm_status prepare(struct pm_op_job *job) {
    static const char *const why[] = {"fmt=bf16", "fmt=fp16", "fmt=e4m3"};
    const enum pm_float f = config(job).format;
    if (job->rtl && job->dim['K'] > MAX_RTL_K)
        return pm_op_fail(job, PM_EMODE, "--engine",
                          "the RTL takes vectors of at most %d elements, u has %zu", MAX_RTL_K,
                          job->dim['K']);
    return pm_op_check(job, "u", 0, pm_float_codes(f) - 1, why[f]);
}

static pm_status golden(struct pm_op_job *job) {
    const struct pm_prealign_cfg c = config(job);
    const int32_t *u = pm_op_data(job, "u");
    int16_t *q = pm_op_out(job, "q");
    int32_t *emax = pm_op_out(job, "emax");
    uint8_t *flags = pm_op_out(job, "flags");
    const size_t k = job->dim['K'], vectors = job->dim['T'];
    const unsigned most = pm_exp_max(c.format, u, vectors * k, 1);
    for (size_t t = 0; t < vectors; t++) {
        const unsigned e = pm_op_int(job, "group") == BY_ROW ? pm_exp_max(c.format, u + t * k, k, 1) : most;
        emax[t] = (int32_t)e;
        flags[t] = (uint8_t)pm_prealign(&c, u + t * k, k, 1, e, q + t * k);
    }
    return PM_OK;
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    const struct pm_prealign_cfg c = config(job);
    const struct pm_float_format f = pm_float_format(c.format);
    snprintf(params, PM_OP_PARAMS, "E=%u M=%u B=%u Lanes=%d MaxK=%u", f.e, f.m, c.bits, LANES,
             pm_op_fit_power(job->dim['K'], 64));
}

static pm_status rtl(struct pm_op_job *job) {
    const struct pm_prealign_cfg c = config(job);
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    return pm_op_driver(job, pm_prealign_rtl)(&opts, &c, pm_op_data(job, "u"), NULL, job->dim['T'],
                                              job->dim['K'], pm_op_out(job, "q"), pm_op_out(job, "emax"),
                                              pm_op_out(job, "flags"), NULL);
}

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("fmt", "bf16|fp16|e4m3", "bf16")}, /* enum pm_float */
    {PM_SET_INTEGER("bits", 4, 16, "12"), .help = "of q"},
    {PM_SET_FLAG("round", "0"), .help = "half away from zero; 0: truncate"},
    {PM_SET_ONE_OF("group", "row|all", "row"), .golden = "all", .help = "what shares an exponent"},
    {0},
};

static const struct pm_op op = {
    .name = "prealign",
    .block = "prealign",
    .summary = "floating-point codes to integers at a row's largest exponent; value = q * 2^(emax - bias - "
               "(bits-2))",
    .in = {{.name = "u", .dims = "TK", .dtype = PM_INT32, .lo = 0, .hi = 65535, .note = "codes of fmt"}},
    .set = {.setting = settings},
    .out = {{.name = "q", .dims = "TK", .dtype = PM_INT16},
            {.name = "emax", .dims = "T", .dtype = PM_INT32},
            {.name = "flags", .dims = "T", .dtype = PM_UINT8, .note = "1: inexact, 2: special"}},
    .driver = "pm_prealign_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "bf16", .dims = "T=3 K=40", .set = "fmt=bf16 bits=12", .in = "u=1@16000..16700"},
               {.name = "fp16", .dims = "T=3 K=20", .set = "fmt=fp16 bits=8 round=1"},
               {.name = "e4m3", .dims = "T=3 K=20", .set = "fmt=e4m3 bits=8", .in = "u=1@0..255"},
               {.name = "timing", .dims = "T=3 K=32", .in = "u=1@16000..16700"}},
    .timing = {.signals = "u_valid u_ready u u_last q_valid q_ready q emax q_last", .clocks = 14},
};
PM_OP(op);

/* fp-norm */

static pm_status norm_golden(struct pm_op_job *job) {
    const int64_t *dpv = pm_op_data(job, "dpv");
    const int32_t *p = pm_op_data(job, "p");
    int32_t *y = pm_op_out(job, "y");
    uint8_t *flags = pm_op_out(job, "flags");
    for (size_t i = 0; i < job->dim['n']; i++) {
        unsigned f;
        y[i] = (int32_t)pm_fp_norm(dpv[i], p[i], &f);
        flags[i] = (uint8_t)f;
    }
    return PM_OK;
}

static void norm_model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    (void)job;
    snprintf(params, PM_OP_PARAMS, "E=8 M=7 B=12 Lanes=%d MaxK=64 DpvW=40 PW=10", LANES);
}

static pm_status norm_rtl(struct pm_op_job *job) {
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    return pm_op_driver(job, pm_fp_norm_rtl)(&opts, pm_op_data(job, "dpv"), pm_op_data(job, "p"),
                                             job->dim['n'], pm_op_out(job, "y"), pm_op_out(job, "flags"),
                                             NULL);
}

static const struct pm_op fp_norm = {
    .name = "fp-norm",
    .block = "prealign",
    .summary = "dpv * 2^p as FP32, nearest even; +0 below 2^-126, an infinity from 2^128 on",
    .in = {{.name = "dpv", .dims = "n", .dtype = PM_INT64, .lo = -DPV_LIMIT, .hi = DPV_LIMIT},
           {.name = "p", .dims = "n", .dtype = PM_INT32, .lo = -512, .hi = 511}},
    .set = {.setting = pm_no_settings},
    .out = {{.name = "y", .dims = "n", .dtype = PM_INT32, .note = "FP32's pattern"},
            {.name = "flags", .dims = "n", .dtype = PM_UINT8, .note = "1: underflow, 2: overflow"}},
    .driver = "pm_fp_norm_rtl",
    .model = norm_model,
    .golden = norm_golden,
    .rtl = norm_rtl,
    .sample = {{.name = "ends", .dims = "n=64", .in = "p=2@-170..130"}, {.name = "any", .dims = "n=100"}},
};
PM_OP(fp_norm);
