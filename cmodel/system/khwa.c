// SPDX-License-Identifier: Apache-2.0
#include "system/khwa.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/gemm.h"
#include "prealign.h"
#include "system/integer.h"

enum { ENGINE_MIXED = PM_KHWA_ENGINES };
enum { MODE_II, MODE_IF, MODE_FI, MODE_FF }; /* input, weight */
enum { ALIGN_KERNEL, ALIGN_LAYER, ALIGN_INPUT, ALIGN_PRODUCT };
enum { TABLE_DEFAULT, TABLE_EXACT };
enum { TINY_ROWS = 16 }; /* kernels of fewer rows are tiny-digital's */

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("engine", "memristor|sram|tiny|mixed", "memristor"),
     .help = "mixed: by kernel, tiny below 16 rows, memristor up to theta, else SRAM"},
    {PM_SET_INTEGER("theta", 0, 65535, "65535"), .when = "engine=mixed",
     .help =
         "largest exponent (of a floating-point kernel) or bit length (of an integer one) for memristors"},
    {PM_SET_ONE_OF("mode", "ii|if|fi|ff", "ii"), .help = "inputs and weights as integers or floating point"},
    {PM_SET_ONE_OF("fmt", "bf16|fp16|e4m3", "bf16"), .when = "mode=if|fi|ff"}, /* enum pm_float */
    {PM_SET_INTEGER("xbits", 2, 15, "8"), .when = "mode=ii|if", .help = "of an integer input"},
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
    unsigned in, out, xbits;
    bool input_floats, weight_floats;
    int64_t align;
    struct pm_prealign_cfg x_cfg, w_cfg; /* of what is floating point */
    struct pm_integer *integer;          /* scales of what is not; NULL: nothing is */
    const float *bias;
    int32_t *code;   /* [in][out], of the weights: where each product is aligned; else NULL */
    int *power;      /* [out], of the weights: 0 where they are integers */
    uint8_t *engine; /* [out], enum pm_khwa_engine */
    unsigned count[PM_KHWA_ENGINES];
    int16_t *weight;       /* [in][out] */
    int16_t *packed;       /* the same, for pm_gemm; where int32 holds every sum */
    struct pm_pva *arrays; /* of the kernels in memristors, in order; NULL: none */
};

const struct pm_pva *pm_khwa_layer_arrays(const void *layer) {
    return ((const struct layer *)layer)->arrays;
}

static void free_layer(void *layer) {
    struct layer *l = layer;
    pm_integer_free(l->integer);
    free(l->code);
    free(l->power);
    free(l->engine);
    free(l->weight);
    free(l->packed);
    pm_pva_free(l->arrays);
    free(l);
}

/* ---- placing ---- */

/* Weights from floating point: code[in][out], aligned by kernel or by layer. exponent[out]: what routes. */
static pm_status align_weights(struct layer *l, const struct pm_matrix *from, unsigned *exponent) {
    const enum pm_float f = l->w_cfg.format;
    const size_t n = (size_t)l->in * l->out;
    l->code = malloc(n * sizeof *l->code);
    if (!l->code)
        return PM_ENOMEM;
    for (size_t o = 0; o < l->out; o++)
        for (size_t i = 0; i < l->in; i++)
            l->code[i * l->out + o] = (int32_t)pm_float_encode(f, from->weight[o * l->in + i]);
    const unsigned whole = pm_exp_max(f, l->code, n, 1);
    for (size_t o = 0; o < l->out; o++) {
        exponent[o] = l->align == ALIGN_LAYER ? whole : pm_exp_max(f, l->code + o, l->in, l->out);
        pm_prealign(&l->w_cfg, l->code + o, l->in, l->out, exponent[o], l->weight + o);
        l->power[o] = pm_prealign_power(&l->w_cfg, exponent[o]);
    }
    if (l->align < ALIGN_INPUT) {
        free(l->code);
        l->code = NULL;
    }
    return PM_OK;
}

/* Integer weights; what routes is the bit length of a kernel's largest. */
static void copy_weights(struct layer *l, unsigned *exponent) {
    memcpy(l->weight, l->integer->weight, (size_t)l->in * l->out * sizeof *l->weight);
    for (size_t o = 0; o < l->out; o++) {
        unsigned largest = 0;
        for (size_t i = 0; i < l->in; i++) {
            const unsigned w = (unsigned)abs(l->weight[i * l->out + o]);
            largest = w > largest ? w : largest;
        }
        exponent[o] = (unsigned)pm_bl(largest);
    }
}

static void route(struct layer *l, const struct pm_settings *s, const unsigned *exponent) {
    const int64_t engine = pm_settings_int(s, "engine"), theta = pm_settings_int(s, "theta");
    for (unsigned o = 0; o < l->out; o++) {
        l->engine[o] = (uint8_t)(engine != ENGINE_MIXED ? engine
                                 : l->in < TINY_ROWS    ? PM_KHWA_TINY
                                 : exponent[o] <= theta ? PM_KHWA_MEMRISTOR
                                                        : PM_KHWA_SRAM);
        l->count[l->engine[o]]++;
    }
}

static struct pm_pva_cfg array_config(const struct layer *l, const struct pm_site *site,
                                      const struct pm_settings *s) {
    struct pm_pva_cfg c = pm_pva_default(l->xbits, (unsigned)pm_settings_int(s, "wbits"));
    c.is_signed = l->input_floats || l->integer->low < 0;
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
    return l->xbits < 16 && (uint64_t)l->in << (l->xbits + l->w_cfg.bits - 1) <= INT32_MAX;
}

static pm_status prepare(struct layer *l, struct pm_site *site, const struct pm_node *node,
                         const struct pm_settings *s, struct pm_error *e) {
    const struct pm_integer_cfg integer = {(unsigned)pm_settings_int(s, "xbits"), l->w_cfg.bits, false};
    unsigned *exponent = calloc(l->out, sizeof *exponent);
    l->power = calloc(l->out, sizeof *l->power);
    l->engine = malloc(l->out);
    l->weight = malloc((size_t)l->in * l->out * sizeof *l->weight);
    pm_status status = exponent && l->power && l->engine && l->weight ? PM_OK : PM_ENOMEM;
    if (status == PM_OK && !(l->input_floats && l->weight_floats))
        status = pm_integer_new(site, node, &integer, &l->integer, e);
    if (status == PM_OK && l->weight_floats)
        status = align_weights(l, node->matrix, exponent);
    else if (status == PM_OK)
        copy_weights(l, exponent);
    if (status == PM_OK && is_narrow(l)) {
        l->packed = malloc(pm_gemm_packed(l->in, l->out) * sizeof *l->packed);
        status = l->packed ? PM_OK : PM_ENOMEM;
        if (l->packed)
            pm_gemm_pack(l->weight, l->in, l->out, l->packed);
    }
    if (status == PM_OK) {
        route(l, s, exponent);
        if (!l->code)
            status = program(l, site, s);
    }
    free(exponent);
    return status;
}

static pm_status place(struct pm_site *site, const struct pm_node *node, const struct pm_settings *s,
                       void **layer, struct pm_error *e) {
    const int64_t mode = pm_settings_int(s, "mode");
    const enum pm_float f = (enum pm_float)pm_settings_int(s, "fmt");
    struct layer *l = *layer = calloc(1, sizeof *l);
    if (!l)
        return PM_ENOMEM;
    l->in = node->matrix->in;
    l->out = node->matrix->out;
    l->bias = node->matrix->bias;
    l->input_floats = mode == MODE_FI || mode == MODE_FF;
    l->weight_floats = mode == MODE_IF || mode == MODE_FF;
    l->align = pm_settings_int(s, "align");
    l->x_cfg = (struct pm_prealign_cfg){f, (unsigned)pm_settings_int(s, "bx"), pm_settings_int(s, "rx") != 0};
    l->w_cfg =
        (struct pm_prealign_cfg){f, (unsigned)pm_settings_int(s, "wbits"), pm_settings_int(s, "rw") != 0};
    l->xbits = l->input_floats ? l->x_cfg.bits : (unsigned)pm_settings_int(s, "xbits");
    if (pm_settings_int(s, "engine") == PM_KHWA_TINY && l->in >= TINY_ROWS)
        return pm_fail(e, PM_EINVAL, node->name, "%u rows; tiny-digital takes kernels of at most %d", l->in,
                       TINY_ROWS - 1);
    return prepare(l, site, node, s, e);
}

static void hold(const void *layer, struct pm_held *held) {
    const struct layer *l = layer;
    *held = (struct pm_held){.arrays = l->arrays ? pm_pva_tiles(l->arrays) : 0};
}

/* ---- running ---- */

struct buffers {
    int32_t *x;       /* [n][in] */
    int16_t *x16;     /* [n][pm_gemm_stride(in)] */
    int *power;       /* [n], of the inputs: 0 where they are integers */
    int64_t *product; /* [n][out] */
    int64_t *arrays;  /* [n][kernels in memristors] */
};

static void take_inputs(const struct layer *l, const struct pm_operands *o, const struct buffers *b) {
    const size_t stride = pm_gemm_stride(l->in);
    if (!l->input_floats) {
        pm_integer_quantise(l->integer, o->n, o->x, stride, b->x16);
    } else {
        for (size_t t = 0; t < o->n; t++) {
            int32_t *code = b->x + t * l->in;
            for (size_t i = 0; i < l->in; i++)
                code[i] = (int32_t)pm_float_encode(l->x_cfg.format, o->x[t * l->in + i]);
            const unsigned most = pm_exp_max(l->x_cfg.format, code, l->in, 1);
            pm_prealign(&l->x_cfg, code, l->in, 1, most, b->x16 + t * stride);
            memset(b->x16 + t * stride + l->in, 0, (stride - l->in) * sizeof *b->x16);
            b->power[t] = pm_prealign_power(&l->x_cfg, most);
        }
    }
    for (size_t t = 0; t < o->n && !l->code; t++)
        for (size_t i = 0; i < l->in; i++)
            b->x[t * l->in + i] = b->x16[t * stride + i];
}

/* The integer product of all kernels, as SRAM and tiny-digital give it. */
static void multiply(const struct layer *l, size_t n, const struct buffers *b) {
    const size_t stride = pm_gemm_stride(l->in);
    if (l->packed) {
        pm_gemm(pm_kernels(PM_ISA_BEST), b->x16, (unsigned)n, l->packed, l->in, l->out, b->product, NULL);
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
    pm_status status = pm_pva_gemm(l->arrays, b->x, l->in, n, r->first_vector, b->arrays, cost);
    if (status == PM_OK && r->watch) {
        const struct pm_khwa_run run = {l->arrays, b->x, n, r->first_vector, b->arrays, cost};
        status = r->watch->done(r->watch->ctx, &run);
    }
    for (size_t t = 0; t < n && status == PM_OK; t++)
        for (size_t o = 0, m = 0; o < l->out; o++)
            if (l->engine[o] == PM_KHWA_MEMRISTOR)
                b->product[t * l->out + o] = b->arrays[t * outputs + m++];
    return status;
}

static float from_pattern(uint32_t pattern) {
    float v;
    memcpy(&v, &pattern, sizeof v);
    return v;
}

/* FP32 of the dot products, at what scale of integers is left, and the bias. */
static void restore(const struct layer *l, size_t n, const struct buffers *b, float *y) {
    for (size_t t = 0; t < n; t++)
        for (size_t o = 0; o < l->out; o++) {
            const float scale =
                (l->input_floats ? 1 : l->integer->x_scale) * (l->weight_floats ? 1 : l->integer->w_scale[o]);
            const int p = b->power[t] + l->power[o];
            y[t * l->out + o] =
                from_pattern(pm_fp_norm(b->product[t * l->out + o], p, NULL)) * scale + l->bias[o];
        }
}

/* Every product aligned for itself. */
static void align_products(const struct layer *l, size_t n, const struct buffers *b, float *y) {
    const enum pm_align_product how = l->align == ALIGN_INPUT ? PM_ALIGN_INPUT : PM_ALIGN_PRODUCT;
    for (size_t t = 0; t < n; t++)
        for (size_t o = 0; o < l->out; o++) {
            int p;
            const int64_t dpv = pm_align_dot(how, l->w_cfg.format, l->x_cfg.bits, l->w_cfg.bits,
                                             b->x + t * l->in, l->code + o, l->in, l->out, &p);
            y[t * l->out + o] = from_pattern(pm_fp_norm(dpv, p, NULL)) + l->bias[o];
        }
}

static const char *const parts[] = {"memristor", "sram", "tiny", NULL};

/* Units of energy, a model: one a memristor access and column pair, SRAM plane, row pair and column, tiny
 * MAC. */
static void count(const struct layer *l, size_t n, const struct pm_pva_cost *cost, struct pm_counts *counts) {
    const uint64_t planes = l->xbits, vectors = n;
    struct pm_counts *memristor = &counts[PM_KHWA_MEMRISTOR], *sram = &counts[PM_KHWA_SRAM],
                     *tiny = &counts[PM_KHWA_TINY];
    if (l->arrays) {
        memristor->of[PM_COUNT_VECTORS] += vectors;
        memristor->of[PM_COUNT_ACCESSES] += cost->accesses;
        memristor->of[PM_COUNT_CONVENTIONAL] += cost->windows;
        memristor->of[PM_COUNT_CONVERSIONS] += cost->conversions;
        memristor->of[PM_COUNT_CLIPS] += cost->clips;
        memristor->of[PM_COUNT_CLOCKS] += cost->accesses;
        memristor->of[PM_COUNT_UNITS] += cost->accesses * l->count[PM_KHWA_MEMRISTOR];
    }
    if (l->count[PM_KHWA_SRAM] > 0) {
        sram->of[PM_COUNT_VECTORS] += vectors;
        sram->of[PM_COUNT_CLOCKS] += vectors * planes;
        sram->of[PM_COUNT_UNITS] += vectors * planes * ((l->in + 1) / 2) * l->count[PM_KHWA_SRAM];
    }
    if (l->count[PM_KHWA_TINY] > 0) {
        tiny->of[PM_COUNT_VECTORS] += vectors;
        tiny->of[PM_COUNT_CLOCKS] += vectors * l->in;
        tiny->of[PM_COUNT_UNITS] += vectors * l->in * l->count[PM_KHWA_TINY];
    }
}

static pm_status run(const void *layer, void *state, const struct pm_run_of *r) {
    (void)state;
    const struct layer *l = layer;
    const struct pm_operands *o = &r->operands;
    const size_t n = o->n;
    struct pm_pva_cost cost = {0};
    struct buffers b = {.x = malloc(n * l->in * sizeof *b.x),
                        .x16 = malloc(n * pm_gemm_stride(l->in) * sizeof *b.x16),
                        .power = calloc(n, sizeof *b.power),
                        .product = malloc(n * l->out * sizeof *b.product),
                        .arrays = malloc((n * l->count[PM_KHWA_MEMRISTOR] + 1) * sizeof *b.arrays)};
    pm_status status = b.x && b.x16 && b.power && b.product && b.arrays ? PM_OK : PM_ENOMEM;
    if (status == PM_OK) {
        take_inputs(l, o, &b);
        if (l->code) {
            align_products(l, n, &b, o->y);
        } else {
            if (l->count[PM_KHWA_MEMRISTOR] < l->out)
                multiply(l, n, &b);
            if (l->arrays)
                status = read_arrays(l, r, &b, &cost);
            if (l->input_floats || l->weight_floats)
                restore(l, n, &b, o->y);
            else
                pm_integer_restore(l->integer, n, b.product, o->y);
        }
    }
    if (status == PM_OK && r->counts && !l->code)
        count(l, n, &cost, r->counts);
    free(b.x);
    free(b.x16);
    free(b.power);
    free(b.product);
    free(b.arrays);
    return status;
}

const struct pm_system pm_system_khwa = {
    .name = "khwa",
    .summary =
        "a matrix in MLC memristor, lossless SRAM and tiny-digital, integers or floating point (Khwa 2025)",
    .title = "Khwa's engines",
    .settings = &list,
    .takes = PM_NODE_MATRIX,
    .parts = parts,
    .draws = "mlc-sigma>0 or read-noise>0",
    .place = place,
    .free = free_layer,
    .hold = hold,
    .run = run,
};
