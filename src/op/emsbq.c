// SPDX-License-Identifier: Apache-2.0
/* Ops emsbq, and msb-parse of its second module. */
#include "op.h"

#include "tb/emsbq/emsbq_rtl.h"

#include <stdlib.h>
#include <string.h>

/* The width of a model's elements that all of x fits. */
static unsigned element_bits(const struct pm_op_job *job) {
    const struct pm_tensor *x = pm_op_in(job, "x");
    for (size_t i = 0; i < x->count; i++)
        if (pm_tensor_get(x, i) < INT32_MIN || pm_tensor_get(x, i) > INT32_MAX)
            return 64;
    return 32;
}

/* emsbq */

static struct pm_emsbq_cfg config(const struct pm_op_job *job) {
    return (struct pm_emsbq_cfg){.q = (unsigned)pm_op_int(job, "q"),
                                 .is_signed = pm_op_int(job, "signed") != 0,
                                 .round = pm_op_int(job, "round") != 0};
}

static pm_status prepare(struct pm_op_job *job) {
    const struct pm_emsbq_cfg c = config(job);
    if (c.is_signed ? c.q < 2 : c.q > 15)
        return pm_op_fail(job, PM_ERANGE, "q", "%u is outside %s", c.q,
                          c.is_signed ? "2..16 (signed=1)" : "1..15 (signed=0)");
    if (job->rtl && job->dim['n'] > PM_MAX_ROWS)
        return pm_op_fail(job, PM_EMODE, "--engine", "the RTL takes groups of at most %d elements, x has %zu",
                          PM_MAX_ROWS, job->dim['n']);
    return c.is_signed ? PM_OK : pm_op_check(job, "x", 0, INT64_MAX, "signed=0");
}

static pm_status golden(struct pm_op_job *job) {
    const struct pm_emsbq_cfg cfg = config(job);
    const int64_t *x = pm_op_data(job, "x");
    int16_t *y = pm_op_out(job, "y");
    int32_t *s = pm_op_out(job, "s");
    size_t n = job->dim['n'];
    for (size_t t = 0; t < job->dim['T']; t++)
        s[t] = pm_emsbq(&cfg, x + t * n, NULL, n, y + t * n);
    return PM_OK;
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    static const unsigned sizes[] = {16, 64, 512, PM_MAX_ROWS, 0};
    const struct pm_emsbq_cfg c = config(job);
    snprintf(params, PM_OP_PARAMS, "N=%u W=%u Q=%u", pm_op_fit(job->dim['n'], sizes), element_bits(job), c.q);
}

static pm_status rtl(struct pm_op_job *job) {
    const struct pm_emsbq_cfg cfg = config(job);
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    return pm_op_driver(job, pm_emsbq_rtl)(&opts, &cfg, pm_op_data(job, "x"), NULL, job->dim['T'],
                                           job->dim['n'], pm_op_out(job, "y"), pm_op_out(job, "s"), NULL);
}

static const struct pm_setting settings[] = {
    {PM_SET_INTEGER("q", 1, 16, "8"), .help = "output bits: signed 2..16, unsigned 1..15"},
    {PM_SET_FLAG("signed", "1")},
    {PM_SET_FLAG("round", "1"), .help = "0: truncate, as the paper"},
    {0},
};

static const struct pm_op emsbq = {
    .name = "emsbq",
    .block = "emsbq",
    .summary = "quantise each row by the position of its effective MSB; value = y * 2^s",
    .in = {{.name = "x", .dims = "Tn", .dtype = PM_INT64}},
    .set = {.setting = settings},
    .out = {{.name = "y", .dims = "Tn", .dtype = PM_INT16}, {.name = "s", .dims = "T", .dtype = PM_INT32}},
    .driver = "pm_emsbq_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "signed", .dims = "T=4 n=50", .set = "q=8 signed=1", .in = "x=1@-99999..99999"},
               {.name = "truncated",
                .dims = "T=4 n=50",
                .set = "q=8 signed=1 round=0",
                .in = "x=1@-2147483648..2147483647"},
               {.name = "unsigned", .dims = "T=3 n=100", .set = "q=8 signed=0", .in = "x=2@0..255"},
               {.name = "64-bit", .dims = "T=2 n=3", .set = "q=8 signed=1"},
               {.name = "timing", .dims = "T=4 n=16", .in = "x=1@-20000..20000"}},
    .timing = {.signals = "x_valid x_ready x y_valid y_ready y s", .clocks = 10},
};
PM_OP(emsbq);

/* msb-parse */

#define GROUP 64 /* elements of the model's group */

static pm_status parse_golden(struct pm_op_job *job) {
    const int64_t *x = pm_op_data(job, "x");
    const int32_t *shift = pm_op_data(job, "shift");
    int16_t *y = pm_op_out(job, "y");
    unsigned bits = (unsigned)pm_op_int(job, "bits");
    bool round = pm_op_int(job, "round") != 0;
    size_t n = job->dim['n'];
    for (size_t t = 0; t < job->dim['T']; t++)
        for (size_t i = 0; i < n; i++)
            y[t * n + i] = pm_msb_parse(x[t * n + i], shift[t], bits, round);
    return PM_OK;
}

static void parse_model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    snprintf(params, PM_OP_PARAMS, "N=%d W=%u Bits=%d", GROUP, element_bits(job),
             (int)pm_op_int(job, "bits"));
}

/* Elements are independent: each row is cut into groups of the model's, the last one padded. */
static pm_status parse_rtl(struct pm_op_job *job) {
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    const int64_t *x = pm_op_data(job, "x");
    const int32_t *shift = pm_op_data(job, "shift");
    int16_t *y = pm_op_out(job, "y");
    size_t n = job->dim['n'], tokens = job->dim['T'], parts = (n + GROUP - 1) / GROUP;
    size_t groups = tokens * parts;
    int64_t *gx = calloc(groups, GROUP * sizeof *gx);
    int32_t *gs = calloc(groups, sizeof *gs);
    int16_t *gy = calloc(groups, GROUP * sizeof *gy);
    pm_status status = gx && gs && gy ? PM_OK : PM_ENOMEM;
    for (size_t t = 0; t < tokens && status == PM_OK; t++)
        for (size_t p = 0; p < parts; p++) {
            size_t here = p + 1 < parts ? GROUP : n - p * GROUP;
            memcpy(gx + (t * parts + p) * GROUP, x + t * n + p * GROUP, here * sizeof *gx);
            gs[t * parts + p] = shift[t];
        }
    if (status == PM_OK)
        status = pm_op_driver(job, pm_msb_parse_rtl)(&opts, gx, gs, groups, GROUP,
                                                     pm_op_int(job, "round") != 0, gy);
    for (size_t t = 0; t < tokens && status == PM_OK; t++)
        for (size_t i = 0; i < n; i++)
            y[t * n + i] = gy[(t * parts + i / GROUP) * GROUP + i % GROUP];
    free(gx);
    free(gs);
    free(gy);
    return status;
}

static const struct pm_setting parse_settings[] = {
    {PM_SET_INTEGER("bits", 2, 16, "10")},
    {PM_SET_FLAG("round", "1")},
    {0},
};

static const struct pm_op msb_parse = {
    .name = "msb-parse",
    .block = "emsbq",
    .summary = "parse accumulators into K and V elements: sat((x + r) >> shift, bits)",
    .in = {{.name = "x", .dims = "Tn", .dtype = PM_INT64},
           {.name = "shift", .dims = "T", .dtype = PM_INT32, .note = "negative: to the left"}},
    .set = {.setting = parse_settings},
    .out = {{.name = "y", .dims = "Tn", .dtype = PM_INT16}},
    .driver = "pm_msb_parse_rtl",
    .model = parse_model,
    .golden = parse_golden,
    .rtl = parse_rtl,
    .sample = {{.name = "shifts",
                .dims = "T=4 n=50",
                .set = "bits=10",
                .in = "x=1@-2147483648..2147483647 shift=2@-8..31"},
               {.name = "long",
                .dims = "T=4 n=130",
                .set = "bits=10 round=0",
                .in = "x=1@-99999..99999 shift:int8=-40,-1,7,40"}},
};
PM_OP(msb_parse);
