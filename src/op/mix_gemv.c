// SPDX-License-Identifier: Apache-2.0
/* Ops mix-gemv, and partition, which decides what mix-gemv's layers are. */
#include "op.h"

#include "mix_rtl.h"
#include "partition.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN_K 4096 /* elements of the largest model of pm_prealign */

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
    const struct pm_mix_cfg c = config(job);
    pm_mix_params(PM_MIX_BACK, &c, job->dim['K'], params, PM_OP_PARAMS);
}

/* Waveforms: the back end's runs come first. */
struct runs {
    struct pm_op_job *job;
    unsigned others;
};

static struct pm_sim_opts sim(void *ctx, enum pm_mix_block block, unsigned run) {
    struct runs *r = ctx;
    return pm_op_sim(r->job, block == PM_MIX_BACK ? run : r->others++);
}

/* The model of another block than the op's, whose driver the layer gets. */
static pm_status open_block(struct pm_op_job *job, struct pm_mix_rtl *l, enum pm_mix_block block,
                            struct pm_rtl **model) {
    const struct pm_mix_model *m = &pm_mix_model[block];
    char params[PM_OP_PARAMS];
    pm_mix_params(block, l->cfg, l->rows, params, sizeof params);
    const pm_status status =
        pm_rtl_open(m->block, params, job->wave != NULL, model, job->error.text, sizeof job->error.text);
    if (status != PM_OK)
        return status;
    l->driver[block] = pm_rtl_function(*model, m->driver);
    return l->driver[block]
               ? PM_OK
               : pm_op_fail(job, PM_EBUILD, m->block, "the simulation model has no function %s", m->driver);
}

/* The memristors' kernels in arrays. */
static pm_status program(const struct pm_mix_rtl *l, struct pm_pva **arrays) {
    struct pm_pva_cfg cfg = pm_pva_default(l->cfg->bx, l->cfg->bw);
    int16_t *w = malloc(l->rows * l->outputs * sizeof *w);
    size_t n = 0;
    cfg.is_signed = pm_mix_signed(l->cfg);
    if (l->cfg->exact)
        pm_pva_exact_table(&cfg);
    for (size_t i = 0; w && i < l->rows * l->outputs; i++)
        if (l->dest[i % l->outputs] == PM_MIX_MEMRISTOR)
            w[n++] = l->w[i];
    const pm_status status = !w ? PM_ENOMEM
                             : n == 0
                                 ? PM_OK
                                 : pm_pva_new(&cfg, w, (unsigned)l->rows, (unsigned)(n / l->rows), 0, arrays);
    free(w);
    return status;
}

static pm_status compute(struct pm_op_job *job, struct pm_mix_rtl *l) {
    struct pm_rtl *model[PM_MIX_BLOCKS] = {NULL};
    struct pm_pva *arrays = NULL;
    pm_status status = program(l, &arrays);
    l->arrays = arrays;
    for (unsigned b = 0; b < PM_MIX_BACK && status == PM_OK; b++)
        if (b == PM_MIX_ALIGN ? l->cfg->x_float : memchr(l->dest, (int)b, l->outputs) != NULL)
            status = open_block(job, l, b, &model[b]);
    l->driver[PM_MIX_BACK] = job->driver;
    if (status == PM_OK)
        status = pm_mix_rtl(l);
    for (unsigned b = 0; b < PM_MIX_BLOCKS; b++)
        pm_rtl_close(model[b]);
    pm_pva_free(arrays);
    return status;
}

static pm_status rtl(struct pm_op_job *job) {
    const size_t vectors = job->dim['T'], rows = job->dim['K'], outputs = job->dim['M'];
    const struct pm_mix_cfg c = config(job);
    struct runs runs = {job, (unsigned)((outputs + PM_MIX_KERNELS - 1) / PM_MIX_KERNELS)};
    uint8_t *const dest = pm_op_out(job, "dest");
    int16_t *w = malloc(rows * outputs * sizeof *w);
    int32_t *pw = malloc(outputs * sizeof *pw);
    struct pm_mix_rtl l = {.cfg = &c,
                           .vectors = vectors,
                           .rows = rows,
                           .outputs = outputs,
                           .x = pm_op_data(job, "x"),
                           .w = w,
                           .pw = pw,
                           .dest = dest,
                           .sim = sim,
                           .ctx = &runs,
                           .q = malloc(vectors * rows * sizeof *l.q),
                           .px = malloc(vectors * sizeof *l.px),
                           .dpv = malloc(vectors * outputs * sizeof *l.dpv),
                           .y = pm_op_out(job, "y"),
                           .flags = malloc(vectors * outputs)};
    pm_status status = w && pw && l.q && l.px && l.dpv && l.flags ? PM_OK : PM_ENOMEM;
    if (status == PM_OK) {
        pm_mix_weights(&c, pm_op_data(job, "w"), rows, outputs, w, pw, dest);
        status = compute(job, &l);
    }
    free(w);
    free(pw);
    free(l.q);
    free(l.px);
    free(l.dpv);
    free(l.flags);
    return status;
}

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("mode", "ii|if|fi|ff", "ff"), .help = "inputs and weights: integers, floating point"},
    {PM_SET_ONE_OF("fmt", "bf16|fp16|e4m3", "bf16"), .when = "mode=if|fi|ff"}, /* enum pm_float */
    {PM_SET_INTEGER("bx", 4, 16, "12"), .help = "bits of an input, aligned or integer"},
    {PM_SET_INTEGER("bw", 4, 8, "8"), .help = "of a weight"},
    {PM_SET_FLAG("rx", "0"), .when = "mode=fi|ff", .help = "aligned inputs are rounded; 0: truncated"},
    {PM_SET_FLAG("rw", "1"), .when = "mode=if|ff", .help = "aligned weights"},
    {PM_SET_FLAG("signed", "1"), .when = "mode=ii|if", .help = "of integer inputs"},
    {PM_SET_INTEGER("theta", 0, 65535, "65535"),
     .help = "kernels whose weights' exponent (integers: bit length) is larger go to SRAM"},
    {PM_SET_ONE_OF("align", "kernel|layer|input|product", "kernel"), .golden = "layer|input|product",
     .help = "of floating-point weights; all but kernel with mode=ff"},
    {PM_SET_ONE_OF("adc", "exact|default", "exact"), .when = "align=kernel|layer",
     .help = "the memristor's table of accesses"},
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
