// SPDX-License-Identifier: Apache-2.0
#include "op.h"

enum function { ADD, SUB, MUL, FMA, DIV, SQRT, MAX, I2F };

static unsigned operands(enum function f) {
    return f == FMA ? 3 : f == SQRT || f == I2F ? 1 : 2;
}

static pm_status prepare(struct pm_op_job *job) {
    static const char *const input[] = {"a", "b", "c"};
    static const char *const name[] = {"add", "sub", "mul", "fma", "div", "sqrt", "max", "i2f"};
    if (pm_op_need(job, "f") != PM_OK)
        return PM_EINVAL;
    const enum function f = (enum function)pm_op_int(job, "f");
    const unsigned n = operands(f);
    for (unsigned k = 1; k < 3; k++)
        if ((pm_op_in(job, input[k]) != NULL) != (k < n))
            return pm_op_fail(job, PM_EINVAL, input[k], "f=%s has %u operand%s", name[f], n,
                              n > 1 ? "s" : "");
    return f == I2F ? pm_op_need_scale(job) : pm_op_check(job, "a", 0, 65535, "binary16");
}

static uint16_t apply(enum function f, uint16_t a, uint16_t b, uint16_t c) {
    switch (f) {
    case ADD:
        return pm_fp16_add(a, b);
    case SUB:
        return pm_fp16_sub(a, b);
    case MUL:
        return pm_fp16_mul(a, b);
    case FMA:
        return pm_fp16_fma(a, b, c);
    case DIV:
        return pm_fp16_div(a, b);
    case SQRT:
        return pm_fp16_sqrt(a);
    default:
        return pm_fp16_max(a, b);
    }
}

static pm_status golden(struct pm_op_job *job) {
    const enum function f = (enum function)pm_op_int(job, "f");
    const int32_t *a = pm_op_data(job, "a"), *b = pm_op_data(job, "b"), *c = pm_op_data(job, "c");
    int32_t *y = pm_op_out(job, "y");
    uint8_t *flags = pm_op_out(job, "flags");
    for (size_t i = 0; i < job->dim['n']; i++) {
        bool infinite = false; /* an operand */
        if (f == I2F) {
            y[i] = pm_fp16_i2f(a[i], pm_op_scale(job));
        } else {
            const uint16_t code[3] = {(uint16_t)a[i], b ? (uint16_t)b[i] : 0, c ? (uint16_t)c[i] : 0};
            y[i] = apply(f, code[0], code[1], code[2]);
            infinite = pm_fp16_is_inf(code[0]) || pm_fp16_is_inf(code[1]) || pm_fp16_is_inf(code[2]);
        }
        flags[i] = pm_fp16_is_nan((uint16_t)y[i]) ? 1 : pm_fp16_is_inf((uint16_t)y[i]) && !infinite ? 2 : 0;
    }
    return PM_OK;
}

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("f", "add|sub|mul|fma|div|sqrt|max|i2f", NULL), .help = "needed"}, /* enum function */
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
    .prepare = prepare,
    .golden = golden,
    .sample =
        {{.name = "products", .dims = "n=6", .set = "f=mul", .in = "a=1@0..65535 b=2@0..65535 c="},
         {.name = "scaled", .dims = "n=6", .set = "f=i2f m=40000 e=-20", .in = "a=1@-9000..9000 b= c="}},
};
PM_OP(op);
