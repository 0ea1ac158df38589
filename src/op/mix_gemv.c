// SPDX-License-Identifier: Apache-2.0
/* Ops mix-gemv, and partition, which decides what mix-gemv's layers are. */
#include "op.h"

#include "partition.h"
#include "pva_gemv.h"
#include "tb/dcim/dcim_rtl.h"
#include "tb/mix_gemv/mix_gemv_rtl.h"
#include "tb/prealign/prealign_rtl.h"
#include "tb/pva_gemv/pva_gemv_rtl.h"
#include "tb/tiny_mac/tiny_mac_rtl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define KERNELS   64   /* of a back end's run */
#define PVA_WIDTH 16   /* outputs of a memristor run */
#define PVA_LEAST 128  /* rows of its smallest model */
#define ALIGN_K   4096 /* elements of the largest model of pm_prealign */

static struct pm_mix_cfg config(const struct pm_op_job *job) {
    const int64_t mode = pm_op_int(job, "mode"); /* ii, if, fi, ff */
    return (struct pm_mix_cfg){.x_float = mode >= 2,
                               .w_float = mode % 2 == 1,
                               .format = (enum pm_float)pm_op_int(job, "fmt"),
                               .bx = (unsigned)pm_op_int(job, "bx"),
                               .bw = (unsigned)pm_op_int(job, "bw"),
                               .rx = pm_op_int(job, "rx") != 0,
                               .rw = pm_op_int(job, "rw") != 0,
                               .is_signed = pm_op_int(job, "signed") != 0,
                               .theta = (uint32_t)pm_op_int(job, "theta"),
                               .align = (enum pm_mix_align)pm_op_int(job, "align"),
                               .exact = pm_op_int(job, "adc") == 0};
}

static pm_status prepare(struct pm_op_job *job) {
    const struct pm_mix_cfg c = config(job);
    const int64_t half = INT64_C(1) << (c.bw - 1), codes = (int64_t)pm_float_codes(c.format) - 1;
    static const char *const format[] = {"fmt=bf16", "fmt=fp16", "fmt=e4m3"};
    char why[32];
    if (pm_mix_check(&c) != PM_OK)
        return pm_op_fail(job, PM_EINVAL, "align", "only mode=ff has another than kernel");
    if (job->rtl && c.x_float && job->dim['K'] > ALIGN_K)
        return pm_op_fail(job, PM_EMODE, "--engine",
                          "the RTL aligns vectors of at most %d elements, x has %zu", ALIGN_K, job->dim['K']);
    snprintf(why, sizeof why, "bw=%u", c.bw);
    const pm_status status = c.x_float ? pm_op_check(job, "x", 0, codes, format[c.format])
                                       : pm_op_check_bits(job, "x", "bx", "signed");
    if (status != PM_OK)
        return status;
    return c.w_float ? pm_op_check(job, "w", 0, codes, format[c.format])
                     : pm_op_check(job, "w", -half, half - 1, why);
}

static pm_status golden(struct pm_op_job *job) {
    const struct pm_mix_cfg c = config(job);
    return pm_mix_gemv(&c, pm_op_data(job, "x"), pm_op_data(job, "w"), job->dim['T'], job->dim['K'],
                       job->dim['M'], pm_op_out(job, "y"), pm_op_out(job, "dest"));
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    (void)job;
    snprintf(params, PM_OP_PARAMS, "Kernels=%d PW=10", KERNELS);
}

/* A layer in RTL, block by block: inputs are aligned, each engine multiplies its kernels, the back end brings
 * them together. */
struct layer {
    struct pm_op_job *job;
    struct pm_mix_cfg c;
    size_t vectors, rows, outputs;
    int32_t *x;              /* [vectors][rows], aligned */
    int32_t *px;             /* [vectors] */
    int16_t *w;              /* [rows][outputs], aligned */
    int32_t *pw;             /* [outputs] */
    uint8_t *dest;           /* [outputs] */
    int64_t *dpv;            /* [vectors][outputs] */
    size_t *kernel, kernels; /* of the engine at work */
    int16_t *part;           /* [rows][kernels] */
    unsigned run;            /* numbers waveforms, after those of the back end */
};

/* The function of another block's model, which *model then is. */
static pm_status open_block(struct layer *l, const char *block, const char *params, const char *driver,
                            struct pm_rtl **model, void (**function)(void)) {
    pm_status status = pm_rtl_open(block, params, l->job->wave != NULL, model, l->job->error.text,
                                   sizeof l->job->error.text);
    if (status != PM_OK)
        return status;
    *function = pm_rtl_function(*model, driver);
    if (*function)
        return PM_OK;
    pm_rtl_close(*model);
    return pm_op_fail(l->job, PM_EBUILD, block, "the simulation model has no function %s", driver);
}

static pm_status align(struct layer *l) {
    const struct pm_float_format f = pm_float_format(l->c.format);
    const struct pm_prealign_cfg cfg = {.format = l->c.format, .bits = l->c.bx, .round = l->c.rx};
    const struct pm_sim_opts opts = pm_op_sim(l->job, l->run++);
    const size_t n = l->vectors * l->rows;
    char params[PM_OP_PARAMS];
    struct pm_rtl *model;
    void (*driver)(void);
    int16_t *q = malloc(n * sizeof *q);
    uint8_t *flags = malloc(l->vectors);
    snprintf(params, sizeof params, "E=%u M=%u B=%u Lanes=16 MaxK=%u", f.e, f.m, l->c.bx,
             pm_op_fit_power(l->rows, 64));
    pm_status status =
        q && flags ? open_block(l, "prealign", params, "pm_prealign_rtl", &model, &driver) : PM_ENOMEM;
    if (status == PM_OK) {
        status = ((pm_prealign_rtl_fn *)driver)(&opts, &cfg, pm_op_data(l->job, "x"), NULL, l->vectors,
                                                l->rows, q, l->px, flags, NULL);
        pm_rtl_close(model);
    }
    for (size_t i = 0; i < n && status == PM_OK; i++)
        l->x[i] = q[i];
    for (size_t t = 0; t < l->vectors && status == PM_OK; t++)
        l->px[t] = pm_prealign_power(&cfg, (unsigned)l->px[t]);
    free(q);
    free(flags);
    return status;
}

static void add(struct layer *l, size_t vector, size_t kernel, int64_t y) {
    l->dpv[vector * l->outputs + l->kernel[kernel]] += y;
}

/* Tile by tile, some outputs at a time. */
static pm_status read_arrays(struct layer *l, const struct pm_pva *matrix, pm_pva_gemv_rtl_fn *driver,
                             int64_t *y) {
    pm_status status = PM_OK;
    for (unsigned tile = 0; tile < pm_pva_tiles(matrix); tile++)
        for (size_t first = 0; first < l->kernels && status == PM_OK; first += PVA_WIDTH) {
            const struct pm_sim_opts opts = pm_op_sim(l->job, l->run++);
            const size_t width = l->kernels - first < PVA_WIDTH ? l->kernels - first : PVA_WIDTH;
            status = driver(&opts, matrix, tile, (unsigned)first, l->x + (size_t)tile * PM_PVA_ROWS, l->rows,
                            l->vectors, 0, y, NULL, NULL);
            for (size_t i = 0; i < l->vectors * width && status == PM_OK; i++)
                add(l, i / width, first + i % width, y[i]);
        }
    return status;
}

static pm_status memristor(struct layer *l) {
    struct pm_pva_cfg cfg = pm_pva_default(l->c.bx, l->c.bw);
    cfg.is_signed = pm_mix_signed(&l->c);
    if (l->c.exact)
        pm_pva_exact_table(&cfg);
    char params[PM_OP_PARAMS];
    struct pm_pva *matrix = NULL;
    struct pm_rtl *model;
    void (*driver)(void);
    int64_t *y = malloc(l->vectors * PVA_WIDTH * sizeof *y);
    const size_t height = l->rows < PM_PVA_ROWS ? l->rows : PM_PVA_ROWS;
    snprintf(params, sizeof params, "Rows=%u Outputs=%d XBits=%u Digits=%u",
             pm_op_fit_power(height, PVA_LEAST), PVA_WIDTH, l->c.bx, pm_pva_digits(l->c.bw));
    pm_status status =
        y ? pm_pva_new(&cfg, l->part, (unsigned)l->rows, (unsigned)l->kernels, 0, &matrix) : PM_ENOMEM;
    if (status == PM_OK)
        status = open_block(l, "pva_gemv", params, "pm_pva_gemv_rtl", &model, &driver);
    if (status == PM_OK) {
        status = read_arrays(l, matrix, (pm_pva_gemv_rtl_fn *)driver, y);
        pm_rtl_close(model);
    }
    pm_pva_free(matrix);
    free(y);
    return status;
}

static pm_status sram(struct layer *l) {
    const struct pm_dcim_cfg cfg = {.xbits = l->c.bx, .is_signed = pm_mix_signed(&l->c), .share = 2};
    char params[PM_OP_PARAMS];
    struct pm_rtl *model;
    void (*driver)(void);
    int32_t *x = malloc(l->vectors * PM_DCIM_ROWS * sizeof *x);
    int64_t *y = malloc(l->vectors * PM_DCIM_OUTPUTS * sizeof *y);
    int8_t w[PM_DCIM_ROWS * PM_DCIM_OUTPUTS];
    snprintf(params, sizeof params, "Rows=%d Outputs=%d XBits=%u G=2 Every=2", PM_DCIM_ROWS, PM_DCIM_OUTPUTS,
             l->c.bx);
    pm_status status = x && y ? open_block(l, "dcim", params, "pm_dcim_rtl", &model, &driver) : PM_ENOMEM;
    if (status == PM_OK) {
        for (size_t row = 0; row < l->rows && status == PM_OK; row += PM_DCIM_ROWS)
            for (size_t out = 0; out < l->kernels && status == PM_OK; out += PM_DCIM_OUTPUTS) {
                const struct pm_sim_opts opts = pm_op_sim(l->job, l->run++);
                for (size_t i = 0; i < l->vectors * PM_DCIM_ROWS; i++) {
                    const size_t r = row + i % PM_DCIM_ROWS;
                    x[i] = r < l->rows ? l->x[i / PM_DCIM_ROWS * l->rows + r] : 0;
                }
                for (size_t i = 0; i < sizeof w; i++) {
                    const size_t r = row + i / PM_DCIM_OUTPUTS, m = out + i % PM_DCIM_OUTPUTS;
                    w[i] = (int8_t)(r < l->rows && m < l->kernels ? l->part[r * l->kernels + m] : 0);
                }
                status = ((pm_dcim_rtl_fn *)driver)(&opts, &cfg, PM_DCIM_ROWS, PM_DCIM_OUTPUTS, x, w,
                                                    l->vectors, y, NULL, NULL);
                for (size_t i = 0; i < l->vectors * PM_DCIM_OUTPUTS && status == PM_OK; i++)
                    if (out + i % PM_DCIM_OUTPUTS < l->kernels)
                        add(l, i / PM_DCIM_OUTPUTS, out + i % PM_DCIM_OUTPUTS, y[i]);
            }
        pm_rtl_close(model);
    }
    free(x);
    free(y);
    return status;
}

static pm_status tiny(struct layer *l) {
    const struct pm_tiny_cfg cfg = {.xbits = l->c.bx, .is_signed = pm_mix_signed(&l->c)};
    const size_t beats = l->vectors * l->rows;
    char params[PM_OP_PARAMS];
    struct pm_rtl *model;
    void (*driver)(void);
    int32_t *x = malloc(beats * PM_TINY_LANES * sizeof *x),
            *y = malloc(l->vectors * PM_TINY_LANES * sizeof *y);
    int8_t *w = malloc(beats * PM_TINY_LANES);
    bool *last = malloc(beats * sizeof *last);
    snprintf(params, sizeof params, "Lanes=%d XBits=%u", PM_TINY_LANES, l->c.bx);
    pm_status status = x && y && w && last
                           ? open_block(l, "tiny_mac", params, "pm_tiny_mac_rtl", &model, &driver)
                           : PM_ENOMEM;
    if (status == PM_OK) {
        for (size_t out = 0; out < l->kernels && status == PM_OK; out += PM_TINY_LANES) {
            const struct pm_sim_opts opts = pm_op_sim(l->job, l->run++);
            for (size_t i = 0; i < beats * PM_TINY_LANES; i++) {
                const size_t beat = i / PM_TINY_LANES, m = out + i % PM_TINY_LANES, k = beat % l->rows;
                x[i] = l->x[beat];
                w[i] = (int8_t)(m < l->kernels ? l->part[k * l->kernels + m] : 0);
                last[beat] = k + 1 == l->rows;
            }
            status = ((pm_tiny_mac_rtl_fn *)driver)(&opts, &cfg, PM_TINY_LANES, x, w, last, beats, y, NULL);
            for (size_t i = 0; i < l->vectors * PM_TINY_LANES && status == PM_OK; i++)
                if (out + i % PM_TINY_LANES < l->kernels)
                    add(l, i / PM_TINY_LANES, out + i % PM_TINY_LANES, y[i]);
        }
        pm_rtl_close(model);
    }
    free(x);
    free(y);
    free(w);
    free(last);
    return status;
}

/* The kernels of an engine, as columns side by side. */
static void take_part(struct layer *l, enum pm_mix_engine engine) {
    l->kernels = 0;
    for (size_t m = 0; m < l->outputs; m++)
        if (l->dest[m] == engine)
            l->kernel[l->kernels++] = m;
    for (size_t i = 0; i < l->rows * l->kernels; i++)
        l->part[i] = l->w[i / l->kernels * l->outputs + l->kernel[i % l->kernels]];
}

/* Kernels first.. of all vectors through the back end; kernels that it has too many are SRAM's, and 0. */
static pm_status finish(struct layer *l, size_t first, int64_t *dpv, int64_t *y) {
    const struct pm_sim_opts opts = pm_op_sim(l->job, (unsigned)(first / KERNELS));
    uint8_t dest[KERNELS];
    int32_t pw[KERNELS];
    int64_t *out = pm_op_out(l->job, "y");
    for (size_t m = 0; m < KERNELS; m++) {
        const bool there = first + m < l->outputs;
        dest[m] = there ? l->dest[first + m] : PM_MIX_SRAM;
        pw[m] = there ? l->pw[first + m] : 0;
        for (size_t t = 0; t < l->vectors; t++)
            dpv[t * KERNELS + m] = there ? l->dpv[t * l->outputs + first + m] : 0;
    }
    const struct pm_mix_back back = {l->c.x_float || l->c.w_float, dest, pw, l->px, dpv};
    const pm_status status =
        pm_op_driver(l->job, pm_mix_gemv_rtl)(&opts, &back, KERNELS, l->vectors, y, NULL, NULL);
    for (size_t t = 0; t < l->vectors && status == PM_OK; t++)
        for (size_t m = 0; m < KERNELS && first + m < l->outputs; m++)
            out[t * l->outputs + first + m] = y[t * KERNELS + m];
    return status;
}

static pm_status compute(struct layer *l) {
    static pm_status (*const engine[])(struct layer *) = {memristor, sram, tiny};
    pm_status status = PM_OK;
    pm_mix_weights(&l->c, pm_op_data(l->job, "w"), l->rows, l->outputs, l->w, l->pw, l->dest);
    if (l->c.x_float)
        status = align(l);
    else
        memcpy(l->x, pm_op_data(l->job, "x"), l->vectors * l->rows * sizeof *l->x);
    for (unsigned e = 0; e < 3 && status == PM_OK; e++) {
        take_part(l, e);
        if (l->kernels > 0)
            status = engine[e](l);
    }
    int64_t *dpv = malloc(l->vectors * KERNELS * sizeof *dpv), *y = malloc(l->vectors * KERNELS * sizeof *y);
    if (!dpv || !y)
        status = PM_ENOMEM;
    for (size_t first = 0; first < l->outputs && status == PM_OK; first += KERNELS)
        status = finish(l, first, dpv, y);
    free(dpv);
    free(y);
    return status;
}

static pm_status rtl(struct pm_op_job *job) {
    const size_t vectors = job->dim['T'], rows = job->dim['K'], outputs = job->dim['M'];
    struct layer l = {.job = job,
                      .c = config(job),
                      .vectors = vectors,
                      .rows = rows,
                      .outputs = outputs,
                      .x = malloc(vectors * rows * sizeof *l.x),
                      .px = calloc(vectors, sizeof *l.px),
                      .w = malloc(rows * outputs * sizeof *l.w),
                      .pw = malloc(outputs * sizeof *l.pw),
                      .dest = pm_op_out(job, "dest"),
                      .dpv = calloc(vectors * outputs, sizeof *l.dpv),
                      .kernel = malloc(outputs * sizeof *l.kernel),
                      .part = malloc(rows * outputs * sizeof *l.part),
                      .run = (unsigned)((outputs + KERNELS - 1) / KERNELS)};
    const pm_status status =
        l.x && l.px && l.w && l.pw && l.dpv && l.kernel && l.part ? compute(&l) : PM_ENOMEM;
    free(l.x);
    free(l.px);
    free(l.w);
    free(l.pw);
    free(l.dpv);
    free(l.kernel);
    free(l.part);
    return status;
}

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("mode", "ii|if|fi|ff", "ff"), .help = "inputs and weights: integers, floating point"},
    {PM_SET_ONE_OF("fmt", "bf16|fp16|e4m3", "bf16")}, /* enum pm_float */
    {PM_SET_INTEGER("bx", 4, 16, "12"), .help = "bits of an input, aligned or integer"},
    {PM_SET_INTEGER("bw", 4, 8, "8"), .help = "of a weight"},
    {PM_SET_FLAG("rx", "0"), .help = "aligned inputs are rounded; 0: truncated"},
    {PM_SET_FLAG("rw", "1"), .help = "aligned weights"},
    {PM_SET_FLAG("signed", "1"), .help = "of integer inputs"},
    {PM_SET_INTEGER("theta", 0, 65535, "65535"),
     .help = "kernels whose weights' exponent (integers: bit length) is larger go to SRAM"},
    {PM_SET_ONE_OF("align", "kernel|layer|input|product", "kernel"), .golden = "layer|input|product",
     .help = "of floating-point weights; all but kernel with mode=ff"},
    {PM_SET_ONE_OF("adc", "exact|default", "exact"), .help = "the memristor's table of accesses"},
    {0},
};

static const struct pm_op mix = {
    .name = "mix-gemv",
    .block = "mix_gemv",
    .summary = "a layer whose kernels go to memristor, SRAM or tiny digital, with integers or floating point",
    .limit = {{'K', PM_PVA_MAX_DIM}, {'M', PM_PVA_MAX_OUTPUTS}},
    .in = {{.name = "x",
            .dims = "TK",
            .dtype = PM_INT32,
            .lo = INT16_MIN,
            .hi = UINT16_MAX,
            .note = "codes of fmt, or within bx"},
           {.name = "w",
            .dims = "KM",
            .dtype = PM_INT32,
            .lo = INT16_MIN,
            .hi = UINT16_MAX,
            .note = "codes of fmt, or within bw"}},
    .set = {.setting = settings},
    .out =
        {{.name = "y", .dims = "TM", .dtype = PM_INT64, .note = "FP32's pattern; mode=ii: the dot product"},
         {.name = "dest", .dims = "M", .dtype = PM_UINT8, .note = "0 memristor, 1 SRAM, 2 tiny digital"}},
    .driver = "pm_mix_gemv_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample =
        {{.name = "float",
          .dims = "T=2 K=40 M=6",
          .set = "mode=ff fmt=bf16 bx=12 bw=8 theta=126 adc=exact align=kernel",
          .in = "x=1@15800..16700 w=16000,16700,48800,16300,49500,15000,15900,48000,100,48900,16600,47700"},
         {.name = "integer",
          .dims = "T=2 K=40 M=6",
          .set = "mode=ii bx=12 bw=8 theta=6 adc=default signed=1 align=kernel",
          .in = "x=1@-2048..2047 w=3,-100,5,17,-20,120,60,-9,31"},
         {.name = "small",
          .dims = "T=3 K=9 M=3",
          .set = "mode=if bx=12 bw=8 signed=1 align=kernel",
          .in = "x=1@-2048..2047 w=2@15000..16500"},
         {.name = "timing",
          .dims = "T=2 K=3 M=2",
          .set = "mode=ff bx=12 bw=8 align=kernel",
          .in = "x=1@16000..16500 w=2@16000..16500"}},
    .timing = {.signals = "valid ready dpv px_valid px_ready px y_valid y_ready y", .clocks = 14},
};
PM_OP(mix);

/* partition */

static pm_status partition_golden(struct pm_op_job *job) {
    const struct pm_partition p = {.layers = job->dim['L'],
                                   .choices = job->dim['C'],
                                   .s = pm_op_data(job, "s"),
                                   .e = pm_op_data(job, "e"),
                                   .bits = pm_op_data(job, "bits"),
                                   .budget = pm_op_int(job, "budget"),
                                   .cap = pm_op_int(job, "cap")};
    struct pm_partition_move *move;
    size_t moves;
    pm_status status = pm_partition(&p, pm_op_out(job, "cfg"), &move, &moves);
    if (status == PM_EINVAL)
        return pm_op_fail(job, status, "s", "the first configuration of every layer must lose nothing");
    if (status == PM_ERANGE)
        return pm_op_fail(job, status, "partition", "no configuration within budget and cap");
    if (status != PM_OK)
        return status;
    status = pm_op_allocate(job, "moves", moves);
    int32_t *out = status == PM_OK ? pm_op_out(job, "moves") : NULL;
    for (size_t i = 0; out && i < moves; i++) {
        out[2 * i] = (int32_t)move[i].layer;
        out[2 * i + 1] = (int32_t)move[i].choice;
    }
    free(move);
    return status;
}

static const struct pm_setting partition_settings[] = {
    {PM_SET_INTEGER("budget", 0, INT32_MAX, "0"), .help = "of correct answers that may be lost"},
    {PM_SET_INTEGER("cap", 0, (INT64_C(1) << 53), "1048576"), .help = "bits of SRAM"},
    {0},
};

static const struct pm_op partition = {
    .name = "partition",
    .block = "mix_gemv",
    .summary = "which configuration each layer gets, of those whose loss, energy and SRAM bits are known: "
               "the greedy choice",
    .limit = {{'C', 256}},
    .in = {{.name = "s", .dims = "LC", .dtype = PM_INT32, .note = "correct answers lost; s[:,0] = 0"},
           {.name = "e", .dims = "LC", .dtype = PM_INT32, .note = "energy"},
           {.name = "bits", .dims = "LC", .dtype = PM_INT64, .lo = 0, .hi = INT64_MAX, .note = "in SRAM"}},
    .set = {.setting = partition_settings},
    .out = {{.name = "cfg", .dims = "L", .dtype = PM_UINT8},
            {.name = "moves", .dims = "*2", .dtype = PM_INT32, .note = "layer, configuration"}},
    .golden = partition_golden,
    .sample = {{.name = "layers",
                .dims = "L=5 C=4",
                .set = "budget=6 cap=1000",
                .in = "s=0,1,-2,4,0,0,3,9 e=100,40,70,10 bits=512,0,128,256"}},
};
PM_OP(partition);
