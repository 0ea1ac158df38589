// SPDX-License-Identifier: Apache-2.0
/* Ops of FLARE's array path: bitsift, therm-enc, flare-gemv. */
#include "op/op_list.h"

#include "tb/bitsift/bitsift_rtl.h"
#include "tb/flare_gemv/flare_gemv_rtl.h"
#include "tb/therm_enc/therm_enc_rtl.h"
#include "therm_enc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const enum pm_coding codings[] = {PM_TWOS, PM_SIGN};
static const enum pm_gpc_mode modes[] = {PM_GPC_SPLIT, PM_GPC_SCAN, PM_GPC_NEXT};

static pm_status check_mode(struct pm_op_job *job) {
    if (job->rtl && modes[pm_op_int(job, "mode")] == PM_GPC_NEXT)
        return pm_op_fail(job, PM_EMODE, "mode", "next has no RTL; it needs --engine golden");
    return PM_OK;
}

/* The rows of the smallest standard model that holds `rows`: a power of two from 64. */
static unsigned model_rows(size_t rows) {
    unsigned n = 64;
    while (n < rows)
        n *= 2;
    return n;
}

/* x[vectors][rows] with zeros up to `to` elements a vector, which cost no access. NULL: out of memory. */
static int32_t *pad_rows(const int32_t *x, size_t vectors, size_t rows, size_t to) {
    int32_t *padded = calloc(vectors * to, sizeof *padded);
    for (size_t t = 0; t < vectors && padded; t++)
        memcpy(padded + t * to, x + t * rows, rows * sizeof *x);
    return padded;
}

/* bitsift */

static struct pm_bitsift_cfg bitsift_cfg(const struct pm_op_job *job) {
    return (struct pm_bitsift_cfg){.rows = (unsigned)job->dim['D'],
                                   .slice = 8u << pm_op_int(job, "slice"),
                                   .bits = (unsigned)pm_op_int(job, "bits"),
                                   .is_signed = pm_op_int(job, "signed") != 0,
                                   .coding = codings[pm_op_int(job, "coding")],
                                   .mode = modes[pm_op_int(job, "mode")],
                                   .eplanes = pm_op_int(job, "eplanes") != 0};
}

static pm_status bitsift_prepare(struct pm_op_job *job) {
    struct pm_bitsift_cfg cfg = bitsift_cfg(job);
    char why[64];
    if (cfg.is_signed && cfg.bits < 2)
        return pm_op_fail(job, PM_ERANGE, "bits", "%u is outside 2..16 (signed=1)", cfg.bits);
    pm_status status = check_mode(job);
    if (status != PM_OK)
        return status;
    snprintf(why, sizeof why, "bits=%u signed=%d", cfg.bits, cfg.is_signed);
    return cfg.is_signed ? pm_op_check(job, "x", -(1 << (cfg.bits - 1)), (1 << (cfg.bits - 1)) - 1, why)
                         : pm_op_check(job, "x", 0, (1 << cfg.bits) - 1, why);
}

/* The number that names an access's plane: planes of the negative half of sign coding follow the others. */
static uint8_t plane_number(const struct pm_bitsift_cfg *cfg, unsigned plane, bool neg) {
    bool second_half = neg && cfg->is_signed && cfg->coding == PM_SIGN;
    return (uint8_t)(plane + (second_half ? cfg->bits : 0));
}

static pm_status bitsift_golden(struct pm_op_job *job, struct pm_tensor *out) {
    struct pm_bitsift_cfg cfg = bitsift_cfg(job);
    const int32_t *x = pm_op_data(job, "x");
    size_t rows = job->dim['D'], tokens = job->dim['T'], total = 0, at = 0;
    int32_t *accesses = out[pm_op_out(job, "accesses")].data;
    struct pm_bitsift walk;
    struct pm_access a;
    /* Once to count, once to store. */
    for (size_t t = 0; t < tokens; t++) {
        pm_bitsift_begin(&walk, &cfg, x + t * rows);
        while (pm_bitsift_next(&walk, &a))
            accesses[t] += a.sawl > 0;
        total += (size_t)accesses[t];
    }
    pm_status status = pm_op_allocate(job, out, "masks", total);
    if (status == PM_OK)
        status = pm_op_allocate(job, out, "dummy", total);
    if (status == PM_OK)
        status = pm_op_allocate(job, out, "plane", total);
    if (status != PM_OK)
        return status;
    uint8_t *masks = out[pm_op_out(job, "masks")].data, *dummy = out[pm_op_out(job, "dummy")].data;
    uint8_t *plane = out[pm_op_out(job, "plane")].data;
    for (size_t t = 0; t < tokens; t++) {
        pm_bitsift_begin(&walk, &cfg, x + t * rows);
        while (pm_bitsift_next(&walk, &a)) {
            if (a.sawl == 0)
                continue;
            for (size_t d = 0; d < rows; d++)
                masks[at * rows + d] = a.mask[d / 64] >> d % 64 & 1;
            dummy[at] = (uint8_t)a.dummy;
            plane[at++] = plane_number(&cfg, a.plane, a.neg);
        }
    }
    return PM_OK;
}

/* Accesses as they come from the RTL, the number of which is not known before. */
struct collected {
    size_t rows, vectors, n, room;
    int32_t *accesses;
    uint8_t *masks, *dummy, *plane;
    const struct pm_bitsift_cfg *cfg;
    pm_status status;
};

static bool grow(struct collected *c) {
    size_t room = c->room ? 2 * c->room : 256;
    uint8_t *masks = realloc(c->masks, room * c->rows);
    c->masks = masks ? masks : c->masks;
    uint8_t *dummy = realloc(c->dummy, room);
    c->dummy = dummy ? dummy : c->dummy;
    uint8_t *plane = realloc(c->plane, room);
    c->plane = plane ? plane : c->plane;
    if (masks && dummy && plane)
        c->room = room;
    return c->n < c->room;
}

static void collect(void *ctx, size_t vector, const struct pm_access *a) {
    struct collected *c = ctx;
    if (a->sawl == 0 || c->status != PM_OK)
        return;
    if (c->n == c->room && !grow(c)) {
        c->status = PM_ENOMEM;
        return;
    }
    unsigned on = 0;
    for (size_t d = 0; d < c->rows; d++)
        on += c->masks[c->n * c->rows + d] = a->mask[d / 64] >> d % 64 & 1;
    /* A wordline of the padding is on. */
    if (on != a->sawl)
        c->status = PM_EDIFFER;
    c->dummy[c->n] = (uint8_t)a->dummy;
    c->plane[c->n++] = plane_number(c->cfg, a->plane, a->neg);
    c->accesses[vector]++;
}

static pm_status bitsift_rtl(struct pm_op_job *job, struct pm_tensor *out) {
    const struct pm_bitsift_cfg cfg = bitsift_cfg(job);
    struct pm_bitsift_cfg model_cfg = cfg;
    size_t rows = job->dim['D'], vectors = job->dim['T'];
    model_cfg.rows = model_rows(rows);
    /* One-bit elements: the second plane is empty. */
    model_cfg.bits = cfg.bits < 2 ? 2 : cfg.bits;
    char params[96], path[PM_OP_PATH];
    snprintf(params, sizeof params, "Rows=%u Bits=%u Slice=%u Scan=%d", model_cfg.rows, model_cfg.bits,
             model_cfg.slice, model_cfg.mode == PM_GPC_SCAN);
    struct pm_rtl *model;
    void (*f)(void);
    pm_status status = pm_op_model(job, params, "pm_bitsift_rtl", &model, &f);
    if (status != PM_OK)
        return status;
    struct collected c = {
        .rows = rows, .vectors = vectors, .accesses = out[pm_op_out(job, "accesses")].data, .cfg = &cfg};
    int32_t *x = pad_rows(pm_op_data(job, "x"), vectors, rows, model_cfg.rows);
    status = x ? PM_OK : PM_ENOMEM;
    if (status == PM_OK) {
        struct pm_sim_opts opts = pm_op_sim(job, 0, path);
        status = ((pm_bitsift_rtl_fn *)f)(&opts, &model_cfg, x, vectors, collect, &c, NULL);
    }
    if (status == PM_OK)
        status = c.status;
    static const char *const names[] = {"masks", "dummy", "plane"};
    for (int k = 0; k < 3 && status == PM_OK; k++)
        status = pm_op_allocate(job, out, names[k], c.n);
    if (status == PM_OK && c.n > 0) {
        memcpy(out[pm_op_out(job, "masks")].data, c.masks, c.n * rows);
        memcpy(out[pm_op_out(job, "dummy")].data, c.dummy, c.n);
        memcpy(out[pm_op_out(job, "plane")].data, c.plane, c.n);
    }
    free(x);
    free(c.masks);
    free(c.dummy);
    free(c.plane);
    pm_rtl_close(model);
    return status;
}

const struct pm_op pm_op_bitsift = {
    .name = "bitsift",
    .block = "bitsift",
    .summary = "the wordlines of every array access of every vector",
    .limit = {{'D', PM_MAX_ROWS}},
    .in = {{.name = "x",
            .dims = "TD",
            .dtype = PM_INT32,
            .lo = -32768,
            .hi = 65535,
            .note = "within bits and signed"}},
    .set = {{.name = "coding",
             .kind = PM_SET_CHOICE,
             .fallback = "sign",
             .choices = "twos|sign",
             .help = "of signed elements"},
            {.name = "bits",
             .kind = PM_SET_INT,
             .fallback = "8",
             .lo = 1,
             .hi = 16,
             .help = "of x; signed from 2"},
            {.name = "signed", .kind = PM_SET_CHOICE, .fallback = "1", .choices = "0|1"},
            {.name = "slice",
             .kind = PM_SET_CHOICE,
             .fallback = "16",
             .choices = "8|16|32",
             .help = "rows of an LPC slice"},
            {.name = "mode",
             .kind = PM_SET_CHOICE,
             .fallback = "split",
             .choices = "split|scan|next",
             .help = "next: golden only"},
            {.name = "eplanes",
             .kind = PM_SET_CHOICE,
             .fallback = "1",
             .choices = "0|1",
             .help = "effective planes, with coding=twos"}},
    .out = {{.name = "accesses", .dims = "T", .dtype = PM_INT32},
            {.name = "masks", .dims = "*D", .dtype = PM_UINT8},
            {.name = "dummy", .dims = "*", .dtype = PM_UINT8},
            {.name = "plane", .dims = "*", .dtype = PM_UINT8}},
    .prepare = bitsift_prepare,
    .golden = bitsift_golden,
    .rtl = bitsift_rtl,
};

/* therm-enc */

static pm_status therm_golden(struct pm_op_job *job, struct pm_tensor *out) {
    const int32_t *a = pm_op_data(job, "a");
    uint8_t *code = out[0].data;
    for (size_t i = 0; i < out[0].count; i++)
        code[i] = pm_therm_enc(pm_flash(a[i]));
    return PM_OK;
}

static pm_status therm_rtl(struct pm_op_job *job, struct pm_tensor *out) {
    struct pm_rtl *model;
    void (*f)(void);
    char path[PM_OP_PATH];
    pm_status status = pm_op_model(job, "Columns=64", "pm_therm_enc_rtl", &model, &f);
    if (status != PM_OK)
        return status;
    struct pm_sim_opts opts = pm_op_sim(job, 0, path);
    status = ((pm_therm_enc_rtl_fn *)f)(&opts, pm_op_data(job, "a"), out[0].count, out[0].data);
    pm_rtl_close(model);
    return status;
}

const struct pm_op pm_op_therm_enc = {
    .name = "therm-enc",
    .block = "therm_enc",
    .summary = "flash conversion of column values to codes 0..8",
    .in = {{.name = "a",
            .dims = "TM",
            .dtype = PM_INT32,
            .lo = INT32_MIN,
            .hi = INT32_MAX,
            .note = "1/256 LSB"}},
    .out = {{.name = "code", .dims = "TM", .dtype = PM_UINT8}},
    .golden = therm_golden,
    .rtl = therm_rtl,
};

/* flare-gemv */

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

static pm_status gemv_prepare(struct pm_op_job *job) {
    struct pm_value *wbits = pm_op_setting(job, "wbits");
    char why[32];
    if (wbits->n == 0) {
        enum pm_dtype d = pm_op_file_dtype(job, "w");
        bool narrow = d == PM_INT8 || (d != PM_INT16 && all_within(pm_op_in(job, "w"), INT8_MIN, INT8_MAX));
        *wbits = (struct pm_value){.n = 1, .i = {narrow ? 8 : 16}};
    }
    pm_status status = check_mode(job);
    if (status == PM_OK && !x_signed(job))
        status = pm_op_check(job, "x", 0, UINT8_MAX, "a value above 127 makes x unsigned");
    snprintf(job->note, sizeof job->note,
             "x %s; converter step: 1 cell; clipped: 0 (codes 0..%d hold every sum)",
             x_signed(job) ? "signed" : "unsigned", PM_K);
    snprintf(why, sizeof why, "wbits=%d", (int)wbits->i[0]);
    int64_t half = (int64_t)1 << (wbits->i[0] - 1);
    return status == PM_OK ? pm_op_check(job, "w", -half, half - 1, why) : status;
}

static struct pm_bitsift_cfg gemv_cfg(const struct pm_op_job *job) {
    return (struct pm_bitsift_cfg){.rows = (unsigned)job->dim['D'],
                                   .slice = 16,
                                   .bits = 8,
                                   .is_signed = x_signed(job),
                                   .coding = codings[pm_op_int(job, "coding")],
                                   .mode = modes[pm_op_int(job, "mode")],
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

static pm_status gemv_tile(struct pm_op_job *job, const struct pm_bitsift_cfg *cfg, const int16_t *tile,
                           size_t first, unsigned width, struct pm_tensor *out) {
    unsigned wbits = (unsigned)pm_op_int(job, "wbits");
    size_t rows = job->dim['D'], outputs = job->dim['M'];
    const int32_t *x = pm_op_data(job, "x");
    int64_t *y = out[pm_op_out(job, "y")].data;
    int32_t *accesses = out[pm_op_out(job, "accesses")].data;
    struct pm_array_cfg exact = pm_array_sram();
    struct pm_array *array = pm_array_new(&exact, 0, (unsigned)rows, width * wbits);
    int32_t *value = calloc((size_t)width * wbits, sizeof *value);
    uint8_t *code = calloc((size_t)width * wbits, sizeof *code);
    pm_status status = array && value && code ? PM_OK : PM_ENOMEM;
    if (status == PM_OK)
        pm_flare_program(array, tile, (unsigned)rows, width, wbits);
    for (size_t t = 0; t < job->dim['T'] && status == PM_OK; t++) {
        struct pm_gemv_cost cost = {0};
        pm_flare_gemv(cfg, array, x + t * rows, wbits, (uint32_t)t, y + t * outputs + first, value, code,
                      &cost);
        accesses[t] = (int32_t)cost.accesses;
    }
    pm_array_free(array);
    free(value);
    free(code);
    return status;
}

static pm_status gemv_golden(struct pm_op_job *job, struct pm_tensor *out) {
    enum { WIDTH = 128 }; /* outputs of one array: a bound on memory only */
    struct pm_bitsift_cfg cfg = gemv_cfg(job);
    size_t rows = job->dim['D'], outputs = job->dim['M'];
    int16_t *tile = malloc(rows * WIDTH * sizeof *tile);
    pm_status status = tile ? PM_OK : PM_ENOMEM;
    for (size_t first = 0; first < outputs && status == PM_OK; first += WIDTH) {
        size_t width = outputs - first < WIDTH ? outputs - first : WIDTH;
        cut_tile(pm_op_data(job, "w"), rows, outputs, first, width, tile);
        status = gemv_tile(job, &cfg, tile, first, (unsigned)width, out);
    }
    free(tile);
    return status;
}

/* Outputs are independent: the model has 16, and each group of 16 is a run of its own. */
static pm_status gemv_rtl(struct pm_op_job *job, struct pm_tensor *out) {
    enum { WIDTH = 16 };
    struct pm_bitsift_cfg cfg = gemv_cfg(job);
    struct pm_array_cfg exact = pm_array_sram();
    unsigned wbits = (unsigned)pm_op_int(job, "wbits");
    size_t rows = job->dim['D'], outputs = job->dim['M'], vectors = job->dim['T'];
    int64_t *y = out[pm_op_out(job, "y")].data;
    int32_t *accesses = out[pm_op_out(job, "accesses")].data;
    cfg.rows = model_rows(rows);
    char params[96], path[PM_OP_PATH];
    snprintf(params, sizeof params, "Rows=%u Outputs=%d WBits=%u XBits=8 Slice=16 Scan=%d", cfg.rows, WIDTH,
             wbits, cfg.mode == PM_GPC_SCAN);
    struct pm_rtl *model;
    void (*f)(void);
    pm_status status = pm_op_model(job, params, "pm_flare_gemv_rtl", &model, &f);
    if (status != PM_OK)
        return status;
    int32_t *x = pad_rows(pm_op_data(job, "x"), vectors, rows, cfg.rows);
    int16_t *tile = calloc((size_t)cfg.rows * WIDTH, sizeof *tile);
    int64_t *part = calloc(vectors * WIDTH, sizeof *part);
    uint32_t *count = calloc(vectors, sizeof *count);
    status = x && tile && part && count ? PM_OK : PM_ENOMEM;
    for (size_t first = 0; first < outputs && status == PM_OK; first += WIDTH) {
        struct pm_sim_opts opts = pm_op_sim(job, (unsigned)(first / WIDTH), path);
        cut_tile(pm_op_data(job, "w"), rows, outputs, first, WIDTH, tile);
        status = ((pm_flare_gemv_rtl_fn *)f)(&opts, &cfg, &exact, tile, WIDTH, wbits, x, vectors, part, count,
                                             NULL);
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
    pm_rtl_close(model);
    return status;
}

const struct pm_op pm_op_flare_gemv = {
    .name = "flare-gemv",
    .block = "flare_gemv",
    .summary = "y = x w through every access and conversion of an array",
    .limit = {{'D', PM_MAX_ROWS}},
    .in = {{.name = "x",
            .dims = "TD",
            .dtype = PM_INT32,
            .lo = INT8_MIN,
            .hi = UINT8_MAX,
            .note = "uint8 files, or values above 127: unsigned"},
           {.name = "w",
            .dims = "DM",
            .dtype = PM_INT16,
            .lo = INT16_MIN,
            .hi = INT16_MAX,
            .note = "within wbits"}},
    .set = {{.name = "wbits",
             .kind = PM_SET_INT,
             .lo = 2,
             .hi = 16,
             .help = "default 8, or 16 for an int16 file or where a value needs it"},
            {.name = "coding",
             .kind = PM_SET_CHOICE,
             .fallback = "sign",
             .choices = "twos|sign",
             .help = "of signed x"},
            {.name = "mode",
             .kind = PM_SET_CHOICE,
             .fallback = "split",
             .choices = "split|scan|next",
             .help = "next: golden only"},
            {.name = "eplanes",
             .kind = PM_SET_CHOICE,
             .fallback = "1",
             .choices = "0|1",
             .help = "effective planes, with coding=twos"}},
    .out = {{.name = "y", .dims = "TM", .dtype = PM_INT64},
            {.name = "accesses", .dims = "T", .dtype = PM_INT32}},
    .prepare = gemv_prepare,
    .golden = gemv_golden,
    .rtl = gemv_rtl,
};
