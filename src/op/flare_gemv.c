// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/flare_gemv/flare_gemv_rtl.h"

#include <stdlib.h>
#include <string.h>

static bool all_within(const struct pm_tensor *t, int64_t lo, int64_t hi) {
    for (size_t i = 0; i < t->count; i++) {
        int64_t v = pm_tensor_get(t, i);
        if (v < lo || v > hi)
            return false;
    }
    return true;
}

/* A uint8 file holds unsigned activations, an int8 file signed ones; wider files are unsigned only where a
 * value needs it. */
static bool x_signed(const struct pm_op_job *job) {
    switch (pm_op_file_dtype(job, "x")) {
    case PM_INT8:
        return true;
    case PM_UINT8:
        return false;
    default:
        return all_within(pm_op_in(job, "x"), INT8_MIN, INT8_MAX);
    }
}

static pm_status prepare(struct pm_op_job *job) {
    struct pm_value *wbits = pm_op_setting(job, "wbits");
    char why[32];
    if (wbits->n == 0) {
        enum pm_dtype d = pm_op_file_dtype(job, "w");
        bool narrow = d == PM_INT8 || (d != PM_INT16 && all_within(pm_op_in(job, "w"), INT8_MIN, INT8_MAX));
        *wbits = (struct pm_value){.n = 1, .at = {{.i = narrow ? 8 : 16}}};
    }
    pm_status status = PM_OK;
    if (!x_signed(job))
        status = pm_op_check(job, "x", 0, UINT8_MAX, "a value above 127 makes x unsigned");
    snprintf(job->note, sizeof job->note,
             "x %s; converter step: 1 cell; clipped: 0 (codes 0..%d hold every sum)",
             x_signed(job) ? "signed" : "unsigned", PM_K);
    snprintf(why, sizeof why, "wbits=%d", (int)wbits->at[0].i);
    int64_t half = (int64_t)1 << (wbits->at[0].i - 1);
    return status == PM_OK ? pm_op_check(job, "w", -half, half - 1, why) : status;
}

static struct pm_bitsift_cfg config(const struct pm_op_job *job) {
    return (struct pm_bitsift_cfg){.rows = (unsigned)job->dim['D'],
                                   .slice = 16,
                                   .bits = 8,
                                   .is_signed = x_signed(job),
                                   .coding = (enum pm_coding)pm_op_int(job, "coding"),
                                   .mode = (enum pm_gpc_mode)pm_op_int(job, "mode"),
                                   .eplanes = pm_op_int(job, "eplanes") != 0};
}

/* Columns first..first+n-1 of w[D][M], missing ones 0, into tile[D][width]. */
static void cut_tile(const int16_t *w, size_t rows, size_t outputs, size_t first, size_t width,
                     int16_t *tile) {
    size_t n = outputs - first < width ? outputs - first : width;
    memset(tile, 0, rows * width * sizeof *tile);
    for (size_t d = 0; d < rows; d++)
        memcpy(tile + d * width, w + d * outputs + first, n * sizeof *w);
}

static unsigned arrays(const struct pm_op_job *job) {
    return 1u << pm_op_int(job, "arrays");
}

/* Rows that the arrays share evenly: of the RTL a power of two of slices each. */
static unsigned whole_rows(const struct pm_op_job *job) {
    const unsigned n = arrays(job), each = (unsigned)((job->dim['D'] + n - 1) / n);
    return n * (n == 1 ? each : pm_op_fit_power(each, 16));
}

static pm_status multiply_tile(struct pm_op_job *job, const struct pm_bitsift_cfg *cfg, const int32_t *x,
                               const int16_t *tile, size_t first, unsigned width) {
    const unsigned wbits = (unsigned)pm_op_int(job, "wbits"), n = arrays(job), each = cfg->rows / n;
    const size_t outputs = job->dim['M'];
    int64_t *y = pm_op_out(job, "y");
    int32_t *accesses = pm_op_out(job, "accesses");
    struct pm_array_cfg exact = pm_array_sram();
    struct pm_array *array[PM_FLARE_ARRAYS] = {NULL};
    int32_t *value = calloc((size_t)width * wbits, sizeof *value);
    uint8_t *code = calloc((size_t)width * wbits, sizeof *code);
    pm_status status = value && code ? PM_OK : PM_ENOMEM;
    for (unsigned k = 0; k < n && status == PM_OK; k++) {
        array[k] = pm_array_new(&exact, k, each, width * wbits);
        if (array[k])
            pm_flare_program(array[k], tile + (size_t)k * each * width, each, width, wbits);
        else
            status = PM_ENOMEM;
    }
    for (size_t t = 0; t < job->dim['T'] && status == PM_OK; t++) {
        struct pm_gemv_cost cost = {0};
        pm_flare_split_gemv(cfg, (const struct pm_array *const *)array, n, x + t * cfg->rows, wbits,
                            (uint32_t)t, y + t * outputs + first, value, code, &cost);
        accesses[t] = (int32_t)cost.accesses;
    }
    for (unsigned k = 0; k < n; k++)
        pm_array_free(array[k]);
    free(value);
    free(code);
    return status;
}

static pm_status golden(struct pm_op_job *job) {
    enum { Most = 128 }; /* outputs of one array: a bound on memory only */
    struct pm_bitsift_cfg cfg = config(job);
    const size_t rows = job->dim['D'], outputs = job->dim['M'];
    cfg.rows = whole_rows(job);
    int32_t *x = pm_op_pad(pm_op_data(job, "x"), job->dim['T'], rows, cfg.rows);
    int16_t *tile = calloc((size_t)cfg.rows * Most, sizeof *tile);
    pm_status status = x && tile ? PM_OK : PM_ENOMEM;
    for (size_t first = 0; first < outputs && status == PM_OK; first += Most) {
        size_t width = outputs - first < Most ? outputs - first : Most;
        cut_tile(pm_op_data(job, "w"), rows, outputs, first, width, tile);
        status = multiply_tile(job, &cfg, x, tile, first, (unsigned)width);
    }
    free(x);
    free(tile);
    return status;
}

/* Outputs are independent: the model has WIDTH, and each group of them is a run of its own. */
#define WIDTH 16

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    const struct pm_bitsift_cfg cfg = config(job);
    snprintf(params, PM_OP_PARAMS, "Rows=%u Outputs=%d WBits=%u XBits=8 Slice=16 Scan=%d Arrays=%u",
             arrays(job) == 1 ? pm_op_fit_power(cfg.rows, 64) : whole_rows(job) / arrays(job), WIDTH,
             (unsigned)pm_op_int(job, "wbits"), cfg.mode == PM_GPC_SCAN, arrays(job));
}

static pm_status rtl(struct pm_op_job *job) {
    struct pm_bitsift_cfg cfg = config(job);
    const struct pm_array_cfg exact = pm_array_sram();
    const unsigned wbits = (unsigned)pm_op_int(job, "wbits");
    const size_t rows = job->dim['D'], outputs = job->dim['M'], vectors = job->dim['T'];
    int64_t *y = pm_op_out(job, "y");
    int32_t *accesses = pm_op_out(job, "accesses");
    cfg.rows = arrays(job) == 1 ? pm_op_fit_power(rows, 64) : whole_rows(job);
    int32_t *x = pm_op_pad(pm_op_data(job, "x"), vectors, rows, cfg.rows);
    int16_t *tile = calloc((size_t)cfg.rows * WIDTH, sizeof *tile);
    int64_t *part = calloc(vectors * WIDTH, sizeof *part);
    uint32_t *count = calloc(vectors, sizeof *count);
    pm_status status = x && tile && part && count ? PM_OK : PM_ENOMEM;
    for (size_t first = 0; first < outputs && status == PM_OK; first += WIDTH) {
        const struct pm_sim_opts opts = pm_op_sim(job, (unsigned)(first / WIDTH));
        cut_tile(pm_op_data(job, "w"), rows, outputs, first, WIDTH, tile);
        status = pm_op_driver(job, pm_flare_split_rtl)(&opts, &cfg, arrays(job), &exact, tile, WIDTH, wbits,
                                                       x, vectors, part, count, NULL);
        for (size_t t = 0; t < vectors && status == PM_OK; t++) {
            for (size_t m = first; m < outputs && m < first + WIDTH; m++)
                y[t * outputs + m] = part[t * WIDTH + m - first];
            /* Every group of outputs sees the same accesses. */
            if (first > 0 && accesses[t] != (int32_t)count[t])
                status = PM_EDIFFER;
            accesses[t] = (int32_t)count[t];
        }
    }
    free(x);
    free(tile);
    free(part);
    free(count);
    return status;
}

static const struct pm_setting settings[] = {
    {PM_SET_INTEGER("wbits", 2, 16, NULL),
     .help = "default 8, or 16 for an int16 file or where a value needs it"},
    {PM_SET_ONE_OF("coding", "twos|sign", "sign"), .help = "of signed x"}, /* enum pm_coding */
    {PM_SET_ONE_OF("mode", "split|scan|next", "split"), .golden = "next"}, /* enum pm_gpc_mode */
    {PM_SET_FLAG("eplanes", "1"), .help = "effective planes, with coding=twos"},
    {PM_SET_ONE_OF("arrays", "1|2|4|8|16", "1"), .help = "that the rows are split over"},
    {0},
};

static const struct pm_op op = {
    .name = "flare-gemv",
    .block = "flare_gemv",
    .summary = "y = x w through every access and conversion of an array",
    .limit = {{'D', PM_MAX_ROWS}},
    .in = {{.name = "x",
            .dims = "TD",
            .dtype = PM_INT32,
            .lo = -128,
            .hi = 255,
            .note = "uint8 files, or values above 127: unsigned"},
           {.name = "w", .dims = "DM", .dtype = PM_INT16, .note = "within wbits"}},
    .set = {.setting = settings},
    .out = {{.name = "y", .dims = "TM", .dtype = PM_INT64},
            {.name = "accesses", .dims = "T", .dtype = PM_INT32}},
    .driver = "pm_flare_split_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "signed",
                .dims = "T=3 D=64 M=5",
                .set = "wbits=8 mode=split",
                .in = "x:int8=1@-128..127 w=4@-128..127"},
               {.name = "unsigned",
                .dims = "T=3 D=100 M=20",
                .set = "wbits=8 mode=split",
                .in = "x:uint8=2@0..255 w=4@-128..127"},
               {.name = "arrays",
                .dims = "T=5 D=100 M=18",
                .set = "wbits=8 arrays=4",
                .in = "x:int8=1@-128..127 w=4@-128..127"},
               {.name = "scan",
                .dims = "T=3 D=100 M=3",
                .set = "mode=scan coding=twos wbits=5",
                .in = "x:int8=1@-128..127 w=4@-16..15"},
               {.name = "timing", .dims = "T=3 D=16 M=2", .set = "wbits=4", .in = "x=1@-8..7 w=1@-8..7"}},
    .timing = {.signals = "x_valid x_ready wl_valid wl_ready wl dwl wl_last cmp y_valid y_ready y",
               .clocks = 18},
};
PM_OP(op);
