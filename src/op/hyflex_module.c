// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/hyflex_module/hyflex_module_rtl.h"

#define LEAST_ARRAYS 8   /* of a model */
#define MOST_ARRAYS  512 /* of the source's module */

static struct pm_hyflex_cfg config(const struct pm_op_job *job) {
    struct pm_hyflex_cfg c = pm_hyflex_default();
    c.cell = 1 + (unsigned)pm_op_int(job, "cell");
    c.adc = pm_hyflex_full_adc(c.cell);
    c.sars = 8;
    return c;
}

static unsigned arrays(const struct pm_op_job *job) {
    const struct pm_hyflex_cfg c = config(job);
    const size_t rows = (job->dim['D'] + PM_HYFLEX_ROWS - 1) / PM_HYFLEX_ROWS, per = pm_hyflex_per(&c);
    return (unsigned)(rows * ((job->dim['M'] + per - 1) / per));
}

static pm_status prepare(struct pm_op_job *job) {
    if (arrays(job) > MOST_ARRAYS)
        return pm_op_fail(job, PM_ESHAPE, "w", "[%zu,%zu] takes %u arrays, a module has %d", job->dim['D'],
                          job->dim['M'], arrays(job), MOST_ARRAYS);
    return PM_OK;
}

static struct pm_requant requant(const struct pm_op_job *job) {
    return (struct pm_requant){(uint32_t)pm_op_int(job, "m"), (unsigned)pm_op_int(job, "s")};
}

static pm_status program(const struct pm_op_job *job, struct pm_hyflex **h) {
    const struct pm_hyflex_cfg c = config(job);
    return pm_hyflex_new(&c, pm_op_data(job, "w"), (unsigned)job->dim['D'], (unsigned)job->dim['M'], 0, h);
}

static pm_status golden(struct pm_op_job *job) {
    const size_t rows = job->dim['D'], outputs = job->dim['M'];
    const int8_t *x = pm_op_data(job, "x");
    int32_t *y = pm_op_out(job, "y");
    int8_t *q = pm_op_out(job, "q");
    struct pm_hyflex *h;
    const pm_status status = program(job, &h);
    if (status != PM_OK)
        return status;
    for (size_t t = 0; t < job->dim['T']; t++)
        pm_hyflex_stage(h, requant(job), x + t * rows, (uint32_t)t, y + t * outputs, q + t * outputs, NULL);
    pm_hyflex_free(h);
    return PM_OK;
}

static unsigned model_arrays(const struct pm_op_job *job) {
    return pm_op_fit_power(arrays(job), LEAST_ARRAYS);
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    snprintf(params, PM_OP_PARAMS, "Arrays=%u Sars=%u", model_arrays(job), config(job).sars);
}

static pm_status rtl(struct pm_op_job *job) {
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    struct pm_hyflex_chain_out out = {.y = pm_op_out(job, "y"), .q = pm_op_out(job, "q")};
    struct pm_hyflex *h;
    pm_status status = program(job, &h);
    if (status != PM_OK)
        return status;
    const struct pm_hyflex_stage_of stage = {.h = h, .requant = requant(job)};
    status = pm_op_driver(job, pm_hyflex_chain_rtl)(&opts, &stage, 1, model_arrays(job), pm_op_data(job, "x"),
                                                    job->dim['D'], job->dim['T'], 0, &out);
    pm_hyflex_free(h);
    return status;
}

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("cell", "1|2", "1"), .help = "bits a cell"},
    {PM_SET_INTEGER("m", 0, 65535, "1"), .help = "q = y m 2^-s, rounded, in eight bits"},
    {PM_SET_INTEGER("s", 0, PM_REQUANT_MAX_SHIFT, "0")},
    {0},
};

static const struct pm_op op = {
    .name = "hyflex-module",
    .block = "hyflex_module",
    .summary = "y = x w in a module's arrays, row tiles added, columns joined, and requantised",
    .limit = {{'D', PM_HYFLEX_MAX_DIM}, {'M', PM_HYFLEX_MAX_DIM}},
    .in = {{.name = "x", .dims = "TD", .dtype = PM_INT8}, {.name = "w", .dims = "DM", .dtype = PM_INT8}},
    .set = {.setting = settings},
    .out = {{.name = "y", .dims = "TM", .dtype = PM_INT32}, {.name = "q", .dims = "TM", .dtype = PM_INT8}},
    .driver = "pm_hyflex_chain_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "tiles", .dims = "T=2 D=130 M=20", .set = "m=300 s=20"},
               {.name = "two-bit", .dims = "T=2 D=130 M=40", .set = "cell=2 m=300 s=20"},
               {.name = "timing", .dims = "T=1 D=70 M=4", .in = "x=1@-128..127 w=1@-128..127"}},
    .timing = {.signals = "x_valid x_ready read hold y_valid y_ready y q", .clocks = 20},
};
PM_OP(op);
