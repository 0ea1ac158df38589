// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/sfu_fp16/sfu_fp16_rtl.h"

#define SETTING(job) ((enum pm_fp16_function)pm_op_int(job, "f"))

static pm_status prepare(struct pm_op_job *job) {
    static const char *const input[] = {"a", "b", "c"};
    static const char *const name[] = {"add", "sub", "mul", "fma", "div", "sqrt", "max", "i2f"};
    if (pm_op_need(job, "f") != PM_OK)
        return PM_EINVAL;
    const enum pm_fp16_function f = SETTING(job);
    const unsigned n = pm_fp16_operands(f);
    for (unsigned k = 1; k < 3; k++)
        if ((pm_op_in(job, input[k]) != NULL) != (k < n))
            return pm_op_fail(job, PM_EINVAL, input[k], "f=%s has %u operand%s", name[f], n,
                              n > 1 ? "s" : "");
    return f == PM_FP16_I2F ? pm_op_need_scale(job) : pm_op_check(job, "a", 0, 65535, "binary16");
}

static struct pm_scale scale(const struct pm_op_job *job) {
    return SETTING(job) == PM_FP16_I2F ? pm_op_scale(job) : (struct pm_scale){0};
}

static pm_status golden(struct pm_op_job *job) {
    const int32_t *a = pm_op_data(job, "a"), *b = pm_op_data(job, "b"), *c = pm_op_data(job, "c");
    int32_t *y = pm_op_out(job, "y");
    uint8_t *flags = pm_op_out(job, "flags");
    for (size_t i = 0; i < job->dim['n']; i++) {
        unsigned f;
        y[i] =
            pm_fp16_apply(SETTING(job), a[i], b ? (uint16_t)b[i] : 0, c ? (uint16_t)c[i] : 0, scale(job), &f);
        flags[i] = (uint8_t)f;
    }
    return PM_OK;
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    (void)job;
    snprintf(params, PM_OP_PARAMS, "IntW=32");
}

static pm_status rtl(struct pm_op_job *job) {
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    return pm_op_driver(job, pm_sfu_fp16_rtl)(&opts, SETTING(job), pm_op_data(job, "a"), pm_op_data(job, "b"),
                                              pm_op_data(job, "c"), scale(job), job->dim['n'],
                                              pm_op_out(job, "y"), pm_op_out(job, "flags"), NULL);
}

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("f", "add|sub|mul|fma|div|sqrt|max|i2f", NULL),
     .help = "needed"}, /* enum pm_fp16_function */
    {PM_SET_INTEGER("m", 0, 65535, NULL), .when = "f=i2f",
     .help = "needed: a's scale is m 2^e; 0 or 32768.."},
    {PM_SET_INTEGER("e", -200, 200, NULL), .when = "f=i2f", .help = "needed"},
    {0},
};

static const struct pm_op op = {
    .name = "sfu-fp16",
    .block = "sfu_fp16",
    .summary = "binary16, correctly rounded",
    .in = {{.name = "a", .dims = "n", .dtype = PM_INT32, .note = "codes 0..65535; i2f: any integer"},
           {.name = "b",
            .dims = "n",
            .dtype = PM_INT32,
            .lo = 0,
            .hi = 65535,
            .optional = true,
            .note = "add, sub, mul, fma, div, max"},
           {.name = "c",
            .dims = "n",
            .dtype = PM_INT32,
            .lo = 0,
            .hi = 65535,
            .optional = true,
            .note = "fma"}},
    .set = {.setting = settings},
    .out = {{.name = "y", .dims = "n", .dtype = PM_INT32},
            {.name = "flags",
             .dims = "n",
             .dtype = PM_UINT8,
             .note = "1: NaN; 2: infinite though no operand was"}},
    .driver = "pm_sfu_fp16_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "products", .dims = "n=6", .set = "f=mul", .in = "a=1@0..65535 b=2@0..65535 c="},
               {.name = "scaled", .dims = "n=6", .set = "f=i2f m=40000 e=-20", .in = "a=1@-9000..9000 b= c="},
               {.name = "roots", .dims = "n=6", .set = "f=sqrt", .in = "a=1@0..65535 b= c="},
               {.name = "timing",
                .dims = "n=4",
                .set = "f=fma",
                .in = "a=1@14000..17000 b=2@14000..17000 c=3@14000..17000"}},
    .timing = {.signals = "x_valid x_ready a b c y_valid y_ready y", .clocks = 12},
};
PM_OP(op);
