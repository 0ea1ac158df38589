// SPDX-License-Identifier: Apache-2.0
#include "system/khwa.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/gemm.h"
#include "system/integer.h"

enum { ENGINE_MIXED = PM_KHWA_ENGINES };
enum { MODE_II, MODE_IF, MODE_FI, MODE_FF }; /* input, weight */
enum { TABLE_DEFAULT, TABLE_EXACT };

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("engine", "memristor|sram|tiny|mixed", "memristor"),
     .help = "mixed: by kernel, tiny below 16 rows, memristor up to theta, else SRAM"},
    {PM_SET_INTEGER("theta", 0, 65535, "65535"), .when = "engine=mixed",
     .help = "largest exponent (floating point) or bit length (integers) of a kernel for memristors"},
    {PM_SET_ONE_OF("mode", "ii|if|fi|ff", "ii"), .help = "inputs and weights as integers or floating point"},
    {PM_SET_ONE_OF("fmt", "bf16|fp16|e4m3", "bf16"), .when = "mode=if|fi|ff"}, /* enum pm_float */
    {PM_SET_INTEGER("xbits", 4, 15, "8"), .when = "mode=ii|if", .help = "of an integer input"},
    {PM_SET_INTEGER("bx", 4, 16, "12"), .when = "mode=fi|ff", .help = "of an aligned input"},
    {PM_SET_INTEGER("wbits", 4, 8, "8"), .help = "of a weight, integer or aligned"},
    {PM_SET_FLAG("rx", "0"), .when = "mode=fi|ff", .help = "aligned inputs are rounded"},
    {PM_SET_FLAG("rw", "1"), .when = "mode=if|ff", .help = "aligned weights are rounded"},
    {PM_SET_ONE_OF("align", "kernel|layer|input|product", "kernel"), .golden = "layer|input|product",
     .when = "mode=ff", .help = "what weights share an exponent in; input, product: each product is aligned"},
    {PM_SET_ONE_OF("table", "default|exact", "default"), .when = "engine=memristor|mixed",
     .help = "wordlines and step of an access, by its place"}, /* enum of the tables */
    {PM_SET_ONE_OF("coding", "diff|offset", "diff"), .golden = "offset", .when = "engine=memristor|mixed",
     .help = "of weights in cells"}, /* enum pm_pva_coding */
    {PM_SET_NUMBER("mlc-sigma", 0, 0.5, "0"), .when = "engine=memristor|mixed",
     .help = "programming error of a cell, relative"},
    {PM_SET_NUMBER("read-noise", 0, 16, "0"), .when = "engine=memristor|mixed",
     .help = "deviation of a cell's read noise, LSB"},
    {PM_SET_NUMBER("wire", 0, 0.01, "0"), .when = "engine=memristor|mixed",
     .help = "wire between neighbouring cells over R_on (IR drop)"},
    {0},
};
static const struct pm_setting_list list = {"khwa", settings};
PM_SETTING_LIST(list);

struct layer {
    unsigned in, out;
    struct pm_mix_cfg mix;
    struct pm_integer
        *integer;   /* of integer inputs whose range is known; else each vector has its own scale */
    float *w_scale; /* [out]; 1 of floating-point weights */
    const float *bias;
    int32_t *code;   /* [in][out], of the weights: where each product is aligned; else NULL */
    int32_t *power;  /* [out], of the weights: 0 where they are integers */
    uint8_t *engine; /* [out], enum pm_khwa_engine */
    unsigned count[PM_KHWA_ENGINES];
    int16_t *weight;       /* [in][out] */
    int16_t *packed;       /* the same, for pm_gemm; where int32 holds every sum */
    struct pm_pva *arrays; /* of the kernels in memristors, in order; NULL: none */
};

const struct pm_mix_cfg *pm_khwa_layer_config(const void *layer) {
    return &((const struct layer *)layer)->mix;
}

unsigned pm_khwa_layer_kernels(const void *layer, enum pm_khwa_engine engine) {
    return ((const struct layer *)layer)->count[engine];
}

static void free_layer(void *layer) {
    struct layer *l = layer;
    pm_integer_free(l->integer);
    free(l->code);
    free(l->power);
    free(l->w_scale);
    free(l->engine);
    free(l->weight);
    free(l->packed);
    pm_pva_free(l->arrays);
    free(l);
}

/* ---- placing ---- */

/* code[in][out]: the weights in floating point, or as integers at one scale. */
static void encode_weights(const struct layer *l, const struct pm_matrix *from, int32_t *code) {
    const float most = (float)((1 << (l->mix.bw - 1)) - 1);
    float largest = 0;
    for (size_t i = 0; i < (size_t)l->in * l->out; i++)
        largest = fmaxf(largest, fabsf(from->weight[i]));
    for (size_t o = 0; o < l->out; o++) {
        l->w_scale[o] = l->mix.w_float ? 1.0f
                        : l->integer   ? l->integer->w_scale[o]
                        : largest > 0  ? largest / most
                                       : 1.0f;
        for (size_t i = 0; i < l->in; i++) {
            const float w = from->weight[o * l->in + i];
            code[i * l->out + o] = l->mix.w_float ? (int32_t)pm_float_encode(l->mix.format, w)
                                   : l->integer   ? l->integer->weight[i * l->out + o]
                                                  : (int32_t)rintf(w / l->w_scale[o]);
        }
    }
}

/* Weights as the engines hold them, and whose each kernel is. */
static pm_status set_weights(struct layer *l, const struct pm_matrix *from, const struct pm_settings *s) {
    const int64_t engine = pm_settings_int(s, "engine");
    int32_t *code = malloc((size_t)l->in * l->out * sizeof *code);
    if (!code)
        return PM_ENOMEM;
    encode_weights(l, from, code);
    pm_mix_weights(&l->mix, code, l->in, l->out, l->weight, l->power, l->engine);
    for (size_t o = 0; o < l->out; o++) {
        l->engine[o] = engine == ENGINE_MIXED ? l->engine[o] : (uint8_t)engine;
        l->count[l->engine[o]]++;
    }
    if (l->mix.align >= PM_MIX_INPUT)
        l->code = code;
    else
        free(code);
    return PM_OK;
}

static struct pm_pva_cfg array_config(const struct layer *l, const struct pm_site *site,
                                      const struct pm_settings *s) {
    struct pm_pva_cfg c = pm_pva_default(l->mix.bx, l->mix.bw);
    c.is_signed = pm_mix_signed(&l->mix);
    c.coding = (enum pm_pva_coding)pm_settings_int(s, "coding");
    if (pm_settings_int(s, "table") == TABLE_EXACT)
        pm_pva_exact_table(&c);
    c.rram = pm_rram_preset(pm_settings_real(s, "mlc-sigma"), site->seed);
    c.rram.read_noise = pm_settings_real(s, "read-noise");
    c.rram.wire = pm_settings_real(s, "wire");
    return c;
}

/* The memristors' kernels into arrays. */
static pm_status program(struct layer *l, struct pm_site *site, const struct pm_settings *s) {
    const struct pm_pva_cfg cfg = array_config(l, site, s);
    const unsigned outputs = l->count[PM_KHWA_MEMRISTOR];
    if (outputs == 0)
        return PM_OK;
    int16_t *w = malloc((size_t)l->in * outputs * sizeof *w);
    if (!w)
        return PM_ENOMEM;
    size_t n = 0;
    for (size_t i = 0; i < l->in; i++)
        for (size_t o = 0; o < l->out; o++)
            if (l->engine[o] == PM_KHWA_MEMRISTOR)
                w[n++] = l->weight[i * l->out + o];
    const pm_status status = pm_pva_new(&cfg, w, l->in, outputs, site->next_array, &l->arrays);
    free(w);
    if (status == PM_OK)
        site->next_array += pm_pva_tiles(l->arrays);
    return status;
}

/* Every sum fits int32, every input int16. */
static bool is_narrow(const struct layer *l) {
    return l->mix.bx < 16 && (uint64_t)l->in << (l->mix.bx + l->mix.bw - 1) <= INT32_MAX;
}

/* Where calibration knows the range of integer inputs, its scales. */
static pm_status find_scales(struct layer *l, struct pm_site *site, const struct pm_node *node,
                             struct pm_error *e) {
    const struct pm_integer_cfg cfg = {l->mix.bx, l->mix.bw, false};
    const struct pm_calibration *c;
    struct pm_range known;
    if (l->mix.x_float)
        return PM_OK;
    const pm_status status = pm_site_calibration(site, &c, e);
    if (status != PM_OK || !pm_calibration_range(c, node->name, &known))
        return status;
    const pm_status made = pm_integer_new(site, node, &cfg, &l->integer, e);
    l->mix.is_signed = made != PM_OK || l->integer->low < 0;
    return made;
}

static pm_status prepare(struct layer *l, struct pm_site *site, const struct pm_node *node,
                         const struct pm_settings *s, struct pm_error *e) {
    l->power = calloc(l->out, sizeof *l->power);
    l->w_scale = malloc(l->out * sizeof *l->w_scale);
    l->engine = malloc(l->out);
    l->weight = malloc((size_t)l->in * l->out * sizeof *l->weight);
    pm_status status = l->power && l->w_scale && l->engine && l->weight ? PM_OK : PM_ENOMEM;
    if (status == PM_OK)
        status = find_scales(l, site, node, e);
    if (status == PM_OK)
        status = set_weights(l, node->matrix, s);
    if (status == PM_OK && is_narrow(l)) {
        l->packed = malloc(pm_gemm_packed(l->in, l->out) * sizeof *l->packed);
        status = l->packed ? PM_OK : PM_ENOMEM;
        if (l->packed)
            pm_gemm_pack(l->weight, l->in, l->out, l->packed);
    }
    return status == PM_OK && !l->code ? program(l, site, s) : status;
}

static pm_status place(struct pm_site *site, const struct pm_node *node, const struct pm_settings *s,
                       void **layer, struct pm_error *e) {
    const int64_t mode = pm_settings_int(s, "mode");
    const bool x_float = mode == MODE_FI || mode == MODE_FF, w_float = mode == MODE_IF || mode == MODE_FF;
    struct layer *l = *layer = calloc(1, sizeof *l);
    if (!l)
        return PM_ENOMEM;
    l->in = node->matrix->in;
    l->out = node->matrix->out;
    l->bias = node->matrix->bias;
    l->mix = (struct pm_mix_cfg){.x_float = x_float,
                                 .w_float = w_float,
                                 .format = (enum pm_float)pm_settings_int(s, "fmt"),
                                 .bx = (unsigned)pm_settings_int(s, x_float ? "bx" : "xbits"),
                                 .bw = (unsigned)pm_settings_int(s, "wbits"),
                                 .rx = pm_settings_int(s, "rx") != 0,
                                 .rw = pm_settings_int(s, "rw") != 0,
                                 .is_signed = true,
                                 .theta = (uint32_t)pm_settings_int(s, "theta"),
                                 .align = (enum pm_mix_align)pm_settings_int(s, "align")};
    return prepare(l, site, node, s, e);
}

static void hold(const void *layer, struct pm_held *held) {
    const struct layer *l = layer;
    const struct pm_pva_cfg table = pm_pva_default(l->mix.bx, l->mix.bw);
    *held = (struct pm_held){.accesses = l->code ? 0 : pm_pva_accesses(&table, l->in, false),
                             .arrays = l->arrays ? pm_pva_tiles(l->arrays) : 0,
                             .sram_bits = (uint64_t)l->in * l->count[PM_KHWA_SRAM] * l->mix.bw};
}

/* ---- running ---- */

struct buffers {
    int32_t *code;    /* [n][in], as they come: of the format, or integers */
    int32_t *x;       /* [n][in], aligned */
    int16_t *x16;     /* [n][pm_gemm_stride(in)] */
    int *power;       /* [n], of the inputs: 0 where they are integers */
    float *scale;     /* [n], of the inputs: 1 where they are floating point */
    int64_t *product; /* [n][out] */
    int64_t *arrays;  /* [n][kernels in memristors] */
};

/* A vector's codes, and them aligned. */
static int align_input(const struct layer *l, const float *from, int32_t *code, int16_t *q) {
    const struct pm_prealign_cfg cfg = {l->mix.format, l->mix.bx, l->mix.rx};
    for (size_t i = 0; i < l->in; i++)
        code[i] = (int32_t)pm_float_encode(l->mix.format, from[i]);
    const unsigned most = pm_exp_max(cfg.format, code, l->in, 1);
    pm_prealign(&cfg, code, l->in, 1, most, q);
    return pm_prealign_power(&cfg, most);
}

/* A vector of integers at its own scale, which is returned. */
static float quantise_input(const struct layer *l, const float *x, int16_t *q) {
    const float most = (float)((1 << (l->mix.bx - 1)) - 1);
    float largest = 0;
    for (size_t i = 0; i < l->in; i++)
        largest = fmaxf(largest, fabsf(x[i]));
    const float scale = largest / most > 0 ? largest / most : 1.0f;
    for (size_t i = 0; i < l->in; i++)
        q[i] = (int16_t)rintf(x[i] / scale);
    return scale;
}

static void take_inputs(const struct layer *l, const struct pm_operands *o, const struct buffers *b) {
    const size_t stride = pm_gemm_stride(l->in);
    if (l->integer)
        pm_integer_quantise(l->integer, o->n, o->x, stride, b->x16);
    for (size_t t = 0; t < o->n; t++) {
        const float *x = o->x + t * l->in;
        int16_t *q = b->x16 + t * stride;
        b->scale[t] = l->integer ? l->integer->x_scale : 1;
        if (l->mix.x_float)
            b->power[t] = align_input(l, x, b->code + t * l->in, q);
        else if (!l->integer)
            b->scale[t] = quantise_input(l, x, q);
        memset(q + l->in, 0, (stride - l->in) * sizeof *q);
        for (size_t i = 0; i < l->in; i++)
            b->x[t * l->in + i] = q[i];
    }
}

/* The integer product of all kernels, as SRAM and tiny-digital give it. */
static void multiply(const struct layer *l, size_t n, const struct buffers *b) {
    const size_t stride = pm_gemm_stride(l->in);
    if (l->packed) {
        pm_gemm(pm_kernels(PM_ISA_BEST), b->x16, stride, (unsigned)n, l->packed, l->in, l->out, b->product,
                NULL);
        return;
    }
    memset(b->product, 0, n * l->out * sizeof *b->product);
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < l->in; i++)
            for (size_t o = 0; o < l->out; o++)
                b->product[t * l->out + o] += (int64_t)b->x16[t * stride + i] * l->weight[i * l->out + o];
}

static pm_status read_arrays(const struct layer *l, const struct pm_run_of *r, const struct buffers *b,
                             struct pm_pva_cost *cost) {
    const size_t n = r->operands.n, outputs = l->count[PM_KHWA_MEMRISTOR];
    const pm_status status = pm_pva_gemm(l->arrays, b->x, l->in, n, r->first_vector, b->arrays, cost);
    double error = 0, exact = 0;
    for (size_t t = 0; t < n && status == PM_OK; t++)
        for (size_t o = 0, m = 0; o < l->out; o++) {
            int64_t *const y = &b->product[t * l->out + o];
            if (l->engine[o] != PM_KHWA_MEMRISTOR)
                continue;
            const double is = (double)*y, off = (double)b->arrays[t * outputs + m] - is;
            exact += is * is;
            error += off * off;
            *y = b->arrays[t * outputs + m++];
        }
    if (r->counts) {
        r->counts[PM_KHWA_MEMRISTOR].of[PM_COUNT_ERROR] += (uint64_t)(error / PM_COUNT_POWER + 0.5);
        r->counts[PM_KHWA_MEMRISTOR].of[PM_COUNT_EXACT] += (uint64_t)(exact / PM_COUNT_POWER + 0.5);
    }
    return status;
}

static pm_status tell(const struct layer *l, const struct pm_run_of *r, const struct buffers *b,
                      const struct pm_pva_cost *cost) {
    const struct pm_khwa_run run = {.mix = &l->mix,
                                    .in = l->in,
                                    .out = l->out,
                                    .n = r->operands.n,
                                    .first_vector = r->first_vector,
                                    .code = l->mix.x_float ? b->code : b->x,
                                    .x = b->x,
                                    .x_power = b->power,
                                    .w_power = l->power,
                                    .weight = l->weight,
                                    .engine = l->engine,
                                    .arrays = l->arrays,
                                    .product = b->product,
                                    .cost = cost};
    return r->watch->done(r->watch->ctx, &run);
}

static float from_pattern(uint32_t pattern) {
    float v;
    memcpy(&v, &pattern, sizeof v);
    return v;
}

/* Real values: by way of FP32 where there are powers of two; the bias. */
static void restore(const struct layer *l, size_t n, const struct buffers *b, float *y) {
    const bool floats = l->mix.x_float || l->mix.w_float;
    for (size_t t = 0; t < n; t++)
        for (size_t o = 0; o < l->out; o++) {
            const int64_t dpv = b->product[t * l->out + o];
            const float v =
                floats ? from_pattern(pm_fp_norm(dpv, b->power[t] + l->power[o], NULL)) : (float)dpv;
            y[t * l->out + o] = v * (l->w_scale[o] * b->scale[t]) + l->bias[o];
        }
}

/* Every product aligned for itself. */
static void align_products(const struct layer *l, size_t n, const struct buffers *b, float *y) {
    const enum pm_align_product how = l->mix.align == PM_MIX_INPUT ? PM_ALIGN_INPUT : PM_ALIGN_PRODUCT;
    for (size_t t = 0; t < n; t++)
        for (size_t o = 0; o < l->out; o++) {
            int p;
            const int64_t dpv = pm_align_dot(how, l->mix.format, l->mix.bx, l->mix.bw, b->code + t * l->in,
                                             l->code + o, l->in, l->out, &p);
            y[t * l->out + o] = from_pattern(pm_fp_norm(dpv, p, NULL)) + l->bias[o];
        }
}

static const char *const parts[] = {"memristor", "sram", "tiny", NULL};

/* Units of energy, a model: one a memristor access and column pair, SRAM plane, row pair and column, tiny
 * MAC. */
enum { UNIT = 1000 };

static void count(const struct layer *l, size_t n, const struct pm_pva_cost *cost, struct pm_counts *counts) {
    const uint64_t planes = l->mix.bx, vectors = n;
    struct pm_counts *memristor = &counts[PM_KHWA_MEMRISTOR], *sram = &counts[PM_KHWA_SRAM],
                     *tiny = &counts[PM_KHWA_TINY];
    if (l->arrays) {
        memristor->of[PM_COUNT_VECTORS] += vectors;
        memristor->of[PM_COUNT_ACCESSES] += cost->accesses;
        memristor->of[PM_COUNT_CONVENTIONAL] += cost->windows;
        memristor->of[PM_COUNT_CONVERSIONS] += cost->conversions;
        memristor->of[PM_COUNT_CLIPS] += cost->clips;
        memristor->of[PM_COUNT_CLOCKS] += cost->accesses;
        memristor->of[PM_COUNT_ENERGY] += UNIT * cost->accesses * l->count[PM_KHWA_MEMRISTOR];
    }
    if (l->count[PM_KHWA_SRAM] > 0) {
        sram->of[PM_COUNT_VECTORS] += vectors;
        sram->of[PM_COUNT_CLOCKS] += vectors * planes;
        sram->of[PM_COUNT_ENERGY] += UNIT * vectors * planes * ((l->in + 1) / 2) * l->count[PM_KHWA_SRAM];
    }
    if (l->count[PM_KHWA_TINY] > 0) {
        tiny->of[PM_COUNT_VECTORS] += vectors;
        tiny->of[PM_COUNT_CLOCKS] += vectors * l->in;
        tiny->of[PM_COUNT_ENERGY] += UNIT * vectors * l->in * l->count[PM_KHWA_TINY];
    }
}

static pm_status run(const void *layer, void *state, const struct pm_run_of *r) {
    (void)state;
    const struct layer *l = layer;
    const struct pm_operands *o = &r->operands;
    const size_t n = o->n;
    struct pm_pva_cost cost = {0};
    struct buffers b = {.code = malloc(n * l->in * sizeof *b.code),
                        .x = malloc(n * l->in * sizeof *b.x),
                        .x16 = malloc(n * pm_gemm_stride(l->in) * sizeof *b.x16),
                        .power = calloc(n, sizeof *b.power),
                        .scale = malloc(n * sizeof *b.scale),
                        .product = malloc(n * l->out * sizeof *b.product),
                        .arrays = malloc((n * l->count[PM_KHWA_MEMRISTOR] + 1) * sizeof *b.arrays)};
    pm_status status =
        b.code && b.x && b.x16 && b.power && b.scale && b.product && b.arrays ? PM_OK : PM_ENOMEM;
    if (status == PM_OK) {
        take_inputs(l, o, &b);
        if (l->code) {
            align_products(l, n, &b, o->y);
        } else {
            multiply(l, n, &b); /* of memristors, too, to tell their error */
            if (l->arrays)
                status = read_arrays(l, r, &b, &cost);
            if (status == PM_OK && r->watch)
                status = tell(l, r, &b, &cost);
            restore(l, n, &b, o->y);
        }
    }
    if (status == PM_OK && r->counts && !l->code)
        count(l, n, &cost, r->counts);
    free(b.code);
    free(b.x);
    free(b.x16);
    free(b.power);
    free(b.scale);
    free(b.product);
    free(b.arrays);
    return status;
}

/* What the source's captions compare, where the plan has khwa; arrays are left out where alignment alone is
 * asked about. */
static const struct pm_variant variants[] = {
    {"khwa.mode=ii khwa.table=exact", NULL, PM_OF_IMAGES},
    {"khwa.mode=ii khwa.xbits=4 khwa.wbits=4", NULL, PM_OF_IMAGES},
    {"khwa.mode=ii khwa.coding=offset", NULL, PM_OF_IMAGES},
    {"khwa.mode=ii khwa.mlc-sigma=0.1", NULL, PM_OF_IMAGES},
    {"khwa.mode=ii khwa.mlc-sigma=0.1 khwa.coding=offset", NULL, PM_OF_IMAGES},
    {"khwa.mode=if", NULL, PM_OF_IMAGES},
    {"khwa.mode=fi", NULL, PM_OF_IMAGES},
    {"khwa.mode=ff", NULL, PM_OF_IMAGES},
    {"khwa.mode=ii khwa.engine=sram", NULL, PM_OF_IMAGES},
    {"khwa.mode=ii khwa.engine=tiny", NULL, PM_OF_IMAGES},
    {"khwa.mode=ii khwa.engine=mixed khwa.theta=5", NULL, PM_OF_IMAGES},
    {"khwa.mode=ii khwa.engine=mixed khwa.theta=6", NULL, PM_OF_IMAGES},
    /* 2DQA's choice, by perimeter partition, between its two ends */
    {"khwa.mode=ii khwa.engine=mixed", NULL, PM_OF_IMAGES},
    {"plan=2dqa.json", NULL, PM_OF_IMAGES},
    {"khwa.mode=ff khwa.engine=sram", NULL, PM_OF_IMAGES | PM_OF_LAYERS},
    {"khwa.mode=ff khwa.engine=sram khwa.wbits=5", NULL, PM_OF_IMAGES | PM_OF_LAYERS},
    {"khwa.mode=ff khwa.engine=sram khwa.wbits=4", NULL, PM_OF_IMAGES | PM_OF_LAYERS},
    {"khwa.mode=ff khwa.engine=sram khwa.wbits=4 head=khwa,wbits=8", NULL, PM_OF_IMAGES | PM_OF_LAYERS},
    {"khwa.mode=ff khwa.engine=sram khwa.wbits=5 khwa.align=layer khwa.rw=0", NULL,
     PM_OF_IMAGES | PM_OF_LAYERS},
    {"khwa.mode=ff khwa.engine=sram khwa.wbits=4 khwa.align=layer khwa.rw=0", NULL,
     PM_OF_IMAGES | PM_OF_LAYERS},
    {"khwa.mode=ff khwa.engine=sram khwa.align=input", NULL, PM_OF_IMAGES | PM_OF_LAYERS},
    {"khwa.mode=ff khwa.engine=sram khwa.align=product", NULL, PM_OF_IMAGES | PM_OF_LAYERS},
    /* noisy cells must not break equality; floating point is aligned in front of the engines, mixed layers
     * are brought together behind them */
    {"khwa.mode=ii khwa.mlc-sigma=0.1 khwa.read-noise=0.1", NULL, PM_OF_RTL},
    {"khwa.mode=if khwa.engine=sram", NULL, PM_OF_RTL},
    {"khwa.mode=fi khwa.engine=tiny", NULL, PM_OF_RTL},
    {"khwa.mode=ff khwa.engine=mixed khwa.theta=125", NULL, PM_OF_RTL},
    {0},
};

const struct pm_system pm_system_khwa = {
    .name = "khwa",
    .summary =
        "a matrix in MLC memristor, lossless SRAM and tiny-digital, integers or floating point (Khwa 2025)",
    .title = "Khwa's engines",
    .settings = &list,
    .variants = variants,
    .takes = PM_TAKES(PM_NODE_MATRIX),
    .parts = parts,
    .draws = "mlc-sigma>0 or read-noise>0",
    .place = place,
    .free = free_layer,
    .hold = hold,
    .run = run,
};
