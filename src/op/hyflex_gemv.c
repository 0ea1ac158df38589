// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/hyflex_gemv/hyflex_gemv_rtl.h"

#include <inttypes.h>
#include <stdlib.h>

static struct pm_hyflex_cfg config(const struct pm_op_job *job) {
    static const unsigned converters[] = {6, 7, 0};
    struct pm_hyflex_cfg c = pm_hyflex_default();
    c.cell = 1 + (unsigned)pm_op_int(job, "cell");
    c.weights = (enum pm_weight_coding)pm_op_int(job, "weights");
    c.flip = c.weights == PM_WEIGHTS_OFFSET && pm_op_int(job, "flip") != 0;
    c.adc = converters[pm_op_int(job, "adc")];
    return c;
}

static pm_status prepare(struct pm_op_job *job) {
    struct pm_value *adc = pm_op_setting(job, "adc");
    if (adc->n == 0)
        *adc = (struct pm_value){.n = 1, .at = {{.i = pm_op_int(job, "cell")}}};
    return PM_OK;
}

static void add_note(struct pm_op_job *job, const struct pm_hyflex *h, uint64_t wrong) {
    unsigned rows = pm_hyflex_row_tiles(h), cols = pm_hyflex_col_tiles(h);
    uint64_t conversions = (uint64_t)job->dim['T'] * rows * cols * PM_HYFLEX_PLANES * PM_HYFLEX_COLS;
    snprintf(job->note, sizeof job->note,
             "%u x %u arrays; converter step: 1 cell state; wrong codes: %" PRIu64 " of %" PRIu64
             " conversions",
             rows, cols, wrong, conversions);
}

static pm_status golden(struct pm_op_job *job) {
    struct pm_hyflex_cfg cfg = config(job);
    struct pm_hyflex_cost cost = {0};
    struct pm_hyflex *matrix;
    size_t rows = job->dim['D'], outputs = job->dim['M'];
    const int8_t *x = pm_op_data(job, "x");
    int32_t *y = pm_op_out(job, "y");
    int64_t *wrong = pm_op_out(job, "clips");
    pm_status status =
        pm_hyflex_new(&cfg, pm_op_data(job, "w"), (unsigned)rows, (unsigned)outputs, 0, &matrix);
    if (status != PM_OK)
        return status;
    for (size_t t = 0; t < job->dim['T']; t++)
        pm_hyflex_gemv_plain(matrix, x + t * rows, (uint32_t)t, y + t * outputs, &cost);
    *wrong = (int64_t)cost.wrong;
    add_note(job, matrix, cost.wrong);
    pm_hyflex_free(matrix);
    return PM_OK;
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    snprintf(params, PM_OP_PARAMS, "Sars=%u", config(job).sars);
}

/* Each tile is a run of its own. */
static pm_status rtl(struct pm_op_job *job) {
    const struct pm_hyflex_cfg cfg = config(job);
    const size_t rows = job->dim['D'], outputs = job->dim['M'], vectors = job->dim['T'];
    const size_t per = pm_hyflex_per(&cfg);
    const int8_t *x = pm_op_data(job, "x");
    int32_t *y = pm_op_out(job, "y");
    int64_t *wrong = pm_op_out(job, "clips");
    struct pm_hyflex *matrix;
    pm_status status =
        pm_hyflex_new(&cfg, pm_op_data(job, "w"), (unsigned)rows, (unsigned)outputs, 0, &matrix);
    if (status != PM_OK)
        return status;
    const unsigned col_tiles = pm_hyflex_col_tiles(matrix), tiles = pm_hyflex_row_tiles(matrix) * col_tiles;
    int32_t *acc = calloc(vectors * per, sizeof *acc);
    status = acc ? PM_OK : PM_ENOMEM;
    for (unsigned i = 0; i < tiles && status == PM_OK; i++) {
        const struct pm_hyflex_tile *t = pm_hyflex_tile(matrix, i / col_tiles, i % col_tiles);
        const struct pm_sim_opts opts = pm_op_sim(job, i);
        uint64_t tile_wrong = 0;
        status = pm_op_driver(job, pm_hyflex_tile_rtl)(&opts, matrix, t, x + i / col_tiles * PM_HYFLEX_ROWS,
                                                       rows, vectors, 0, acc, NULL, &tile_wrong, NULL);
        for (size_t v = 0; v < vectors && status == PM_OK; v++)
            for (unsigned m = 0; m < t->outputs; m++)
                y[v * outputs + i % col_tiles * per + m] += acc[v * per + m];
        *wrong += (int64_t)tile_wrong;
    }
    add_note(job, matrix, (uint64_t)*wrong);
    free(acc);
    pm_hyflex_free(matrix);
    return status;
}

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("cell", "1|2", "1"), .help = "bits a cell"},
    {PM_SET_ONE_OF("weights", "offset|differential", "offset"),
     .help = "offset binary, or magnitudes in pairs of columns that are subtracted"},
    {PM_SET_FLAG("flip", "1"), .when = "weights=offset",
     .help = "column flip; 0: as the paper, full sums clip"},
    {PM_SET_ONE_OF("adc", "6|7|ideal", NULL), .help = "bits; default 6 for cell=1, 7 for cell=2",
     .golden = "ideal"},
    {0},
};

static const struct pm_op op = {
    .name = "hyflex-gemv",
    .block = "hyflex_gemv",
    .summary = "y = x w through arrays of 64 x 128 cells and flexible SAR converters",
    .limit = {{'D', PM_HYFLEX_MAX_DIM}, {'M', PM_HYFLEX_MAX_DIM}},
    .in = {{.name = "x", .dims = "TD", .dtype = PM_INT8}, {.name = "w", .dims = "DM", .dtype = PM_INT8}},
    .set = {.setting = settings},
    .out =
        {{.name = "y", .dims = "TM", .dtype = PM_INT32},
         {.name = "clips", .dims = "1", .dtype = PM_INT64, .note = "conversions whose code is not the sum"}},
    .driver = "pm_hyflex_tile_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "tiles", .dims = "T=2 D=70 M=20"},
               {.name = "two-bit", .dims = "T=2 D=70 M=20", .set = "cell=2"},
               {.name = "differential", .dims = "T=2 D=70 M=20", .set = "cell=2 weights=differential"},
               {.name = "clipping", .dims = "T=1 D=64 M=1", .set = "cell=1 flip=0", .in = "x=-1 w=-1"},
               {.name = "two-bit-clipping",
                .dims = "T=1 D=64 M=1",
                .set = "cell=2 flip=0 adc=6",
                .in = "x=-1 w=-1"},
               {.name = "timing", .dims = "T=1 D=64 M=4", .in = "x=1@-128..127 w=1@-128..127"}},
    .timing = {.signals = "x_valid x_ready wordlines read read_done hold column sample dac cmp",
               .clocks = 20},
};
PM_OP(op);
