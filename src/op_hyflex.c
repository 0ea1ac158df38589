/* Ops of HyFlexPIM: sar-ctrl, hyflex-gemv, nor-mul. */
#include "op_list.h"

#include "../tb/sar_ctrl/sar_ctrl_rtl.h"
#include "hyflex_gemv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* sar-ctrl */

static unsigned sar_bits(const struct pm_op_job *job) {
    return pm_op_int(job, "bits") == 0 ? 6 : 7;
}

static pm_status sar_golden(struct pm_op_job *job, struct pm_tensor *out) {
    return pm_sar_codes(pm_op_data(job, "vin_q8"), job->dim['n'], sar_bits(job), out[0].data);
}

static pm_status sar_rtl(struct pm_op_job *job, struct pm_tensor *out) {
    struct pm_rtl *model;
    void (*f)(void);
    char path[PM_OP_PATH];
    pm_status status = pm_op_model(job, "Lanes=16", "pm_sar_ctrl_rtl", &model, &f);
    if (status != PM_OK)
        return status;
    struct pm_sim_opts opts = pm_op_sim(job, 0, path);
    status = ((pm_sar_ctrl_rtl_fn *)f)(&opts, pm_op_data(job, "vin_q8"), job->dim['n'], sar_bits(job),
                                       out[0].data, NULL);
    pm_rtl_close(model);
    return status;
}

const struct pm_op pm_op_sar_ctrl = {
    .name = "sar-ctrl",
    .block = "sar_ctrl",
    .summary = "successive approximation, 6 or 7 bits at run time",
    .in = {{.name = "vin_q8",
            .dims = "n",
            .dtype = PM_INT32,
            .lo = INT32_MIN,
            .hi = INT32_MAX,
            .note = "1/256 LSB"}},
    .set = {{.name = "bits", .kind = PM_SET_CHOICE, .fallback = "7", .choices = "6|7"}},
    .out = {{.name = "code", .dims = "n", .dtype = PM_UINT8}},
    .golden = sar_golden,
    .rtl = sar_rtl,
};

/* hyflex-gemv */

static struct pm_hyflex_cfg hyflex_cfg(const struct pm_op_job *job) {
    static const unsigned converters[] = {6, 7, 0};
    struct pm_hyflex_cfg c = pm_hyflex_default();
    c.cell = 1 + (unsigned)pm_op_int(job, "cell");
    c.flip = pm_op_int(job, "flip") != 0;
    c.adc = converters[pm_op_int(job, "adc")];
    return c;
}

static pm_status hyflex_prepare(struct pm_op_job *job) {
    struct pm_value *adc = pm_op_setting(job, "adc");
    if (adc->n == 0)
        *adc = (struct pm_value){.n = 1, .i = {pm_op_int(job, "cell")}};
    if (job->rtl && adc->i[0] == 2)
        return pm_op_fail(job, PM_EMODE, "adc", "ideal has no RTL; it needs --engine golden");
    return PM_OK;
}

static pm_status hyflex_golden(struct pm_op_job *job, struct pm_tensor *out) {
    struct pm_hyflex_cfg cfg = hyflex_cfg(job);
    struct pm_hyflex_cost cost = {0};
    struct pm_hyflex *matrix;
    size_t rows = job->dim['D'], outputs = job->dim['M'];
    const int8_t *x = pm_op_data(job, "x");
    int32_t *y = out[pm_op_out(job, "y")].data;
    int64_t *clips = out[pm_op_out(job, "clips")].data;
    pm_status status =
        pm_hyflex_new(&cfg, pm_op_data(job, "w"), (unsigned)rows, (unsigned)outputs, 0, &matrix);
    if (status != PM_OK)
        return status;
    for (size_t t = 0; t < job->dim['T']; t++)
        pm_hyflex_gemv_plain(matrix, x + t * rows, (uint32_t)t, y + t * outputs, &cost);
    *clips = (int64_t)cost.clips;
    snprintf(job->note, sizeof job->note,
             "%u x %u arrays; converter step: 1 cell state; clipped: %" PRIu64 " of %" PRIu64 " conversions",
             pm_hyflex_row_tiles(matrix), pm_hyflex_col_tiles(matrix), cost.clips, cost.conversions);
    pm_hyflex_free(matrix);
    return PM_OK;
}

const struct pm_op pm_op_hyflex_gemv = {
    .name = "hyflex-gemv",
    .block = "hyflex_gemv",
    .summary = "y = x w through arrays of 64 x 128 cells and flexible SAR converters",
    .limit = {{'D', PM_HYFLEX_MAX_DIM}, {'M', PM_HYFLEX_MAX_DIM}},
    .in = {{.name = "x", .dims = "TD", .dtype = PM_INT8, .lo = INT8_MIN, .hi = INT8_MAX},
           {.name = "w", .dims = "DM", .dtype = PM_INT8, .lo = INT8_MIN, .hi = INT8_MAX}},
    .set = {{.name = "cell", .kind = PM_SET_CHOICE, .fallback = "1", .choices = "1|2", .help = "bits a cell"},
            {.name = "flip",
             .kind = PM_SET_CHOICE,
             .fallback = "1",
             .choices = "0|1",
             .help = "column flip; 0: as the paper, full sums clip"},
            {.name = "adc",
             .kind = PM_SET_CHOICE,
             .choices = "6|7|ideal",
             .help = "bits; default 6 for cell=1, 7 for cell=2; ideal: golden only"}},
    .out = {{.name = "y", .dims = "TM", .dtype = PM_INT32},
            {.name = "clips", .dims = "1", .dtype = PM_INT64}},
    .prepare = hyflex_prepare,
    .golden = hyflex_golden,
    //.rtl = hyflex_rtl,
};
