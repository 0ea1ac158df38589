// SPDX-License-Identifier: Apache-2.0
/* Ops of HyFlexPIM: sar-ctrl, hyflex-gemv, nor-mul. */
#include "op/op_list.h"

#include "tb/hyflex_gemv/hyflex_gemv_rtl.h"
#include "tb/nor_pim/nor_pim_rtl.h"
#include "tb/sar_ctrl/sar_ctrl_rtl.h"

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

static void hyflex_note(struct pm_op_job *job, const struct pm_hyflex *h, uint64_t clips) {
    unsigned rows = pm_hyflex_row_tiles(h), cols = pm_hyflex_col_tiles(h);
    uint64_t conversions = (uint64_t)job->dim['T'] * rows * cols * PM_HYFLEX_PLANES * PM_HYFLEX_COLS;
    snprintf(job->note, sizeof job->note,
             "%u x %u arrays; converter step: 1 cell state; clipped: %" PRIu64 " of %" PRIu64 " conversions",
             rows, cols, clips, conversions);
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
    hyflex_note(job, matrix, cost.clips);
    pm_hyflex_free(matrix);
    return PM_OK;
}

/* Each tile is a run of its own. */
static pm_status hyflex_rtl(struct pm_op_job *job, struct pm_tensor *out) {
    struct pm_hyflex_cfg cfg = hyflex_cfg(job);
    struct pm_hyflex *matrix;
    size_t rows = job->dim['D'], outputs = job->dim['M'], vectors = job->dim['T'];
    const int8_t *x = pm_op_data(job, "x");
    int32_t *y = out[pm_op_out(job, "y")].data;
    int64_t *clips = out[pm_op_out(job, "clips")].data;
    struct pm_rtl *model;
    void (*f)(void);
    char params[32], path[PM_OP_PATH];
    snprintf(params, sizeof params, "Sars=%u", cfg.sars);
    pm_status status = pm_op_model(job, params, "pm_hyflex_tile_rtl", &model, &f);
    if (status != PM_OK)
        return status;
    status = pm_hyflex_new(&cfg, pm_op_data(job, "w"), (unsigned)rows, (unsigned)outputs, 0, &matrix);
    size_t per = PM_HYFLEX_COLS / pm_mlc_slices(cfg.cell);
    int32_t *acc = status == PM_OK ? calloc(vectors * per, sizeof *acc) : NULL;
    if (status == PM_OK && !acc)
        status = PM_ENOMEM;
    unsigned col_tiles = status == PM_OK ? pm_hyflex_col_tiles(matrix) : 0;
    unsigned tiles = status == PM_OK ? pm_hyflex_row_tiles(matrix) * col_tiles : 0;
    for (unsigned i = 0; i < tiles && status == PM_OK; i++) {
        const struct pm_hyflex_tile *t = pm_hyflex_tile(matrix, i / col_tiles, i % col_tiles);
        struct pm_sim_opts opts = pm_op_sim(job, i, path);
        uint64_t tile_clips = 0;
        status = ((pm_hyflex_tile_rtl_fn *)f)(&opts, matrix, t, x + i / col_tiles * PM_HYFLEX_ROWS, rows,
                                              vectors, 0, acc, NULL, &tile_clips, NULL);
        for (size_t v = 0; v < vectors && status == PM_OK; v++)
            for (unsigned m = 0; m < t->outputs; m++)
                y[v * outputs + i % col_tiles * per + m] += acc[v * per + m];
        *clips += (int64_t)tile_clips;
    }
    if (status == PM_OK)
        hyflex_note(job, matrix, (uint64_t)*clips);
    free(acc);
    pm_hyflex_free(matrix);
    pm_rtl_close(model);
    return status;
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
    .rtl = hyflex_rtl,
};

/* nor-mul */

static struct pm_nor_cfg nor_cfg(const struct pm_op_job *job) {
    return (struct pm_nor_cfg){.abits = (unsigned)pm_op_int(job, "abits"),
                               .bbits = (unsigned)pm_op_int(job, "bbits"),
                               .asigned = pm_op_int(job, "asigned") != 0,
                               .bsigned = pm_op_int(job, "bsigned") != 0};
}

static pm_status nor_operand(struct pm_op_job *job, const char *name, unsigned bits, bool is_signed) {
    char why[48];
    snprintf(why, sizeof why, "%sbits=%u %ssigned=%d", name, bits, name, is_signed);
    return is_signed ? pm_op_check(job, name, -(1 << (bits - 1)), (1 << (bits - 1)) - 1, why)
                     : pm_op_check(job, name, 0, (1 << bits) - 1, why);
}

static pm_status nor_prepare(struct pm_op_job *job) {
    struct pm_nor_cfg c = nor_cfg(job);
    const int32_t *a = pm_op_data(job, "a"), *b = pm_op_data(job, "b");
    pm_status status = nor_operand(job, "a", c.abits, c.asigned);
    if (status == PM_OK)
        status = nor_operand(job, "b", c.bbits, c.bsigned);
    /* Unsigned 16 x 16 bits only. */
    for (size_t i = 0; i < job->dim['n'] && status == PM_OK; i++)
        if ((int64_t)a[i] * b[i] > INT32_MAX)
            status = pm_op_fail(job, PM_ERANGE, "y", "a[%zu] * b[%zu] = %" PRId64 " is beyond int32", i, i,
                                (int64_t)a[i] * b[i]);
    return status;
}

static pm_status nor_golden(struct pm_op_job *job, struct pm_tensor *out) {
    struct pm_nor_cfg c = nor_cfg(job);
    return pm_nor_muls(&c, pm_op_data(job, "a"), pm_op_data(job, "b"), job->dim['n'], out[0].data, NULL);
}

static pm_status nor_rtl(struct pm_op_job *job, struct pm_tensor *out) {
    enum { COLUMNS = 192 }; /* one 8 x 8 multiplication a row */
    struct pm_nor_cfg c = nor_cfg(job);
    struct pm_rtl *model;
    void (*f)(void);
    char params[64], path[PM_OP_PATH];
    snprintf(params, sizeof params, "ABits=%u BBits=%u Cols=%d", c.abits, c.bbits, COLUMNS);
    pm_status status = pm_op_model(job, params, "pm_nor_pim_rtl", &model, &f);
    if (status != PM_OK)
        return status;
    struct pm_sim_opts opts = pm_op_sim(job, 0, path);
    status = ((pm_nor_pim_rtl_fn *)f)(&opts, &c, COLUMNS, pm_op_data(job, "a"), pm_op_data(job, "b"),
                                      job->dim['n'], out[0].data, NULL);
    pm_rtl_close(model);
    return status;
}

#define OPERAND(NAME)                                                                                        \
    {                                                                                                        \
        .name = NAME, .dims = "n", .dtype = PM_INT32, .lo = -32768, .hi = 65535,                             \
        .note = "within " NAME "bits, " NAME "signed"                                                        \
    }

const struct pm_op pm_op_nor_mul = {
    .name = "nor-mul",
    .block = "nor_pim",
    .summary = "products by NOR in a digital RRAM array",
    .in = {OPERAND("a"), OPERAND("b")},
    .set =
        {{.name = "abits", .kind = PM_SET_INT, .fallback = "8", .lo = PM_NOR_MIN_BITS, .hi = PM_NOR_MAX_BITS},
         {.name = "bbits", .kind = PM_SET_INT, .fallback = "8", .lo = PM_NOR_MIN_BITS, .hi = PM_NOR_MAX_BITS},
         {.name = "asigned", .kind = PM_SET_CHOICE, .fallback = "1", .choices = "0|1"},
         {.name = "bsigned", .kind = PM_SET_CHOICE, .fallback = "1", .choices = "0|1"}},
    .out = {{.name = "y", .dims = "n", .dtype = PM_INT32}},
    .prepare = nor_prepare,
    .golden = nor_golden,
    .rtl = nor_rtl,
};
