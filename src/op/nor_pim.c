// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/nor_pim/nor_pim_rtl.h"

#include <inttypes.h>

#define COLUMNS 192 /* one 8 x 8 multiplication a row */

static struct pm_nor_cfg config(const struct pm_op_job *job) {
    return (struct pm_nor_cfg){.abits = (unsigned)pm_op_int(job, "abits"),
                               .bbits = (unsigned)pm_op_int(job, "bbits"),
                               .asigned = pm_op_int(job, "asigned") != 0,
                               .bsigned = pm_op_int(job, "bsigned") != 0};
}

static pm_status prepare(struct pm_op_job *job) {
    const int32_t *a = pm_op_data(job, "a"), *b = pm_op_data(job, "b");
    pm_status status = pm_op_check_bits(job, "a", "abits", "asigned");
    if (status == PM_OK)
        status = pm_op_check_bits(job, "b", "bbits", "bsigned");
    /* Unsigned 16 x 16 bits only. */
    for (size_t i = 0; i < job->dim['n'] && status == PM_OK; i++)
        if ((int64_t)a[i] * b[i] > INT32_MAX)
            status = pm_op_fail(job, PM_ERANGE, "y", "a[%zu] * b[%zu] = %" PRId64 " is beyond int32", i, i,
                                (int64_t)a[i] * b[i]);
    return status;
}

static pm_status golden(struct pm_op_job *job) {
    const struct pm_nor_cfg c = config(job);
    return pm_nor_muls(&c, pm_op_data(job, "a"), pm_op_data(job, "b"), job->dim['n'], pm_op_out(job, "y"),
                       NULL);
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    const struct pm_nor_cfg c = config(job);
    snprintf(params, PM_OP_PARAMS, "ABits=%u BBits=%u Cols=%d", c.abits, c.bbits, COLUMNS);
}

static pm_status rtl(struct pm_op_job *job) {
    const struct pm_nor_cfg c = config(job);
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    return pm_op_driver(job, pm_nor_pim_rtl)(&opts, &c, COLUMNS, pm_op_data(job, "a"), pm_op_data(job, "b"),
                                             job->dim['n'], pm_op_out(job, "y"), NULL);
}

#define OPERAND(NAME)                                                                                        \
    {                                                                                                        \
        .name = NAME, .dims = "n", .dtype = PM_INT32, .lo = -32768, .hi = 65535,                             \
        .note = "within " NAME "bits, " NAME "signed"                                                        \
    }

static const struct pm_setting settings[] = {
    {PM_SET_INTEGER("abits", PM_NOR_MIN_BITS, PM_NOR_MAX_BITS, "8")},
    {PM_SET_INTEGER("bbits", PM_NOR_MIN_BITS, PM_NOR_MAX_BITS, "8")},
    {PM_SET_FLAG("asigned", "1")},
    {PM_SET_FLAG("bsigned", "1")},
    {0},
};

static const struct pm_op nor_mul = {
    .name = "nor-mul",
    .block = "nor_pim",
    .summary = "products by NOR in a digital RRAM array",
    .in = {OPERAND("a"), OPERAND("b")},
    .set = {.setting = settings},
    .out = {{.name = "y", .dims = "n", .dtype = PM_INT32}},
    .driver = "pm_nor_pim_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "int8",
                .dims = "n=50",
                .set = "abits=8 bbits=8 asigned=1 bsigned=1",
                .in = "a=1@-128..127 b=2@-128..127"},
               {.name = "unsigned",
                .dims = "n=50",
                .set = "abits=12 asigned=0 bbits=8 bsigned=1",
                .in = "a=1@0..4095 b=2@-128..127"},
               {.name = "timing", .dims = "n=3", .in = "a=5,-7,100 b=9,11,-3"}},
    .timing = {.signals = "valid ready a b strobes row result p_valid p_ready p", .clocks = 16},
};
PM_OP(nor_mul);
