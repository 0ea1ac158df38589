// SPDX-License-Identifier: Apache-2.0
#include "system/nmc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/gemm.h"
#include "system/integer.h"

enum { MAC, XOR };

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("mode", "mac|xor", "mac"), .help = "8-bit integers, or signs of a binary layer"},
    {PM_SET_ONE_OF("order", "once|vwm|snake", "once"), .when = "mode=mac",
     .help = "of the accesses; vwm: literal"},
    {PM_SET_FLAG("skip", "1"), .when = "mode=mac", .help = "bit planes without ones cost nothing"},
    {PM_SET_FLAG("misreads", "0"), .help = "sense amplifiers err"},
    {PM_SET_INTEGER("advance", 0, PM_SENSE_MAX_ADVANCE, "0"), .when = "misreads=1",
     .help = "of BLPRE, ps, in steps of 10: the source has 0 and 300, between them a line is assumed"},
    {PM_SET_NUMBER("e-read", 0, 1e6, "1"), .help = "energy model: a row's read"},
    {PM_SET_NUMBER("e-sa", 0, 1e6, "1"), .help = "energy model: 576 sense amplifiers' changes"},
    {PM_SET_NUMBER("e-mul", 0, 1e6, "1"), .when = "mode=mac", .help = "energy model: 576 products' changes"},
    {PM_SET_NUMBER("e-xor", 0, 1e6, "0.716"), .when = "mode=xor",
     .help = "energy model: a row's XOR over a read"},
    {0},
};
static const struct pm_setting_list list = {"nmc", settings};
PM_SETTING_LIST(list);

unsigned pm_nmc_group_outputs(const struct pm_nmc_layer *l, unsigned group) {
    const unsigned left = l->out - group * PM_NMC_ROWS;
    return !l->is_xor ? 1 : left < PM_NMC_ROWS ? left : PM_NMC_ROWS;
}

static unsigned tile_rows(const struct pm_nmc_layer *l, unsigned tile) {
    const unsigned left = l->in - tile * PM_NMC_COLS;
    return left < PM_NMC_COLS ? left : PM_NMC_COLS;
}

static void free_layer(void *layer) {
    struct pm_nmc_layer *l = layer;
    free(l->macro);
    pm_integer_free(l->integer);
    free(l->scale);
    free(l->bias);
    free(l);
}

static pm_status configure(struct pm_nmc_layer *l, const struct pm_site *site, const struct pm_node *node,
                           const struct pm_settings *s, struct pm_error *e) {
    l->in = node->matrix->in;
    l->out = node->matrix->out;
    l->is_xor = pm_settings_int(s, "mode") == XOR;
    l->tiles = (l->in + PM_NMC_COLS - 1) / PM_NMC_COLS;
    l->groups = l->is_xor ? (l->out + PM_NMC_ROWS - 1) / PM_NMC_ROWS : l->out;
    l->cfg = (struct pm_nmc_cfg){.order = (enum pm_nmc_order)pm_settings_int(s, "order"),
                                 .skip = pm_settings_int(s, "skip") != 0};
    l->sense = (struct pm_sense_cfg){.misreads = pm_settings_int(s, "misreads") != 0,
                                     .advance = (unsigned)pm_settings_int(s, "advance"),
                                     .seed = site->seed};
    l->e_read = pm_settings_real(s, "e-read") * (l->is_xor ? pm_settings_real(s, "e-xor") : 1);
    l->e_toggle[0] = pm_settings_real(s, "e-sa") / PM_NMC_COLS;
    l->e_toggle[1] = pm_settings_real(s, "e-mul") / PM_NMC_COLS;
    if (pm_sense_check(&l->sense) != PM_OK)
        return pm_fail(e, PM_EINVAL, "nmc.advance", "%u ps is no multiple of %d", l->sense.advance,
                       PM_SENSE_STEP);
    if (l->in > PM_NMC_MAX_K)
        return pm_fail(e, PM_ERANGE, node->name, "%u inputs, at most %d are for this system", l->in,
                       PM_NMC_MAX_K);
    l->macro = calloc((size_t)l->tiles * l->groups, sizeof *l->macro);
    return l->macro ? PM_OK : PM_ENOMEM;
}

static pm_status place_mac(struct pm_nmc_layer *l, struct pm_site *site, const struct pm_node *node,
                           struct pm_error *e) {
    static const struct pm_integer_cfg bits = {.xbits = 8, .wbits = 8};
    const pm_status status = pm_integer_new(site, node, &bits, &l->integer, e);
    int8_t *w = status == PM_OK ? malloc((size_t)l->in * l->out) : NULL;
    if (!w)
        return status == PM_OK ? PM_ENOMEM : status;
    for (size_t i = 0; i < (size_t)l->in * l->out; i++)
        w[i] = (int8_t)l->integer->weight[i];
    l->cfg.is_signed = l->integer->low < 0;
    for (unsigned i = 0; i < l->tiles * l->groups; i++) {
        const unsigned tile = i / l->groups;
        pm_nmc_program_mac(&l->macro[i], site->next_array + i,
                           w + (size_t)tile * PM_NMC_COLS * l->out + i % l->groups, tile_rows(l, tile),
                           l->out);
    }
    free(w);
    return PM_OK;
}

/* Of a binary layer: an output's weights are its scale and the negative of it, their signs are the kernel. */
static pm_status place_xor(struct pm_nmc_layer *l, struct pm_site *site, const struct pm_node *node,
                           struct pm_error *e) {
    const struct pm_matrix *m = node->matrix;
    if (!m->binary)
        return pm_fail(e, PM_EINVAL, node->name,
                       "the layer is not binary; nmc.mode=xor is for those that are");
    uint8_t *w = malloc((size_t)l->in * l->out);
    l->scale = malloc(l->out * sizeof *l->scale);
    l->bias = malloc(l->out * sizeof *l->bias);
    const pm_status status = w && l->scale && l->bias ? PM_OK : PM_ENOMEM;
    for (size_t o = 0; o < l->out && status == PM_OK; o++) {
        l->scale[o] = fabsf(m->weight[o * l->in]);
        l->bias[o] = m->bias[o];
        for (size_t i = 0; i < l->in; i++)
            w[i * l->out + o] = m->weight[o * l->in + i] < 0;
    }
    for (unsigned i = 0; i < l->tiles * l->groups && status == PM_OK; i++) {
        const unsigned tile = i / l->groups, group = i % l->groups;
        pm_nmc_program_xor(&l->macro[i], site->next_array + i,
                           w + (size_t)tile * PM_NMC_COLS * l->out + group * PM_NMC_ROWS, tile_rows(l, tile),
                           pm_nmc_group_outputs(l, group), l->out);
    }
    free(w);
    return status;
}

static pm_status place(struct pm_site *site, const struct pm_node *node, const struct pm_settings *s,
                       void **layer, struct pm_error *e) {
    struct pm_nmc_layer *l = calloc(1, sizeof *l);
    if (!l)
        return PM_ENOMEM;
    *layer = l;
    pm_status status = configure(l, site, node, s, e);
    if (status == PM_OK)
        status = l->is_xor ? place_xor(l, site, node, e) : place_mac(l, site, node, e);
    if (status == PM_OK)
        site->next_array += l->tiles * l->groups;
    return status;
}

static void hold(const void *layer, struct pm_held *held) {
    const struct pm_nmc_layer *l = layer;
    held->arrays = (uint64_t)l->tiles * l->groups;
}

/* ---- runs ---- */

/* Inputs of n vectors, [n][tiles], from 8-bit integers or from signs. */
static void slice_integers(const struct pm_nmc_layer *l, size_t n, const int16_t *xq,
                           struct pm_nmc_input *in) {
    const size_t stride = pm_gemm_stride(l->in);
    for (size_t i = 0; i < n * l->tiles; i++) {
        const unsigned tile = (unsigned)(i % l->tiles), rows = tile_rows(l, tile);
        const int16_t *from = xq + i / l->tiles * stride + tile * PM_NMC_COLS;
        int32_t x[PM_NMC_COLS];
        for (unsigned c = 0; c < rows; c++)
            x[c] = from[c];
        pm_nmc_slice(x, rows, &in[i]);
    }
}

static void slice_signs(const struct pm_nmc_layer *l, size_t n, const float *x, struct pm_nmc_input *in) {
    memset(in, 0, n * l->tiles * sizeof *in);
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < l->in; i++)
            in[t * l->tiles + i / PM_NMC_COLS].plane[0][i % PM_NMC_COLS / 64] |=
                (uint64_t)(x[t * l->in + i] < 0) << i % PM_NMC_COLS % 64;
}

/* Sums of MACs, or signs' products, of all macros, access by access or by what is known of them. */
static void run_macros(const struct pm_nmc_layer *l, const struct pm_run_of *r, const struct pm_nmc_input *in,
                       int64_t *y, struct pm_nmc_counts *counts) {
    const struct pm_sense_cfg *sense = l->sense.misreads ? &l->sense : NULL;
    memset(y, 0, r->operands.n * l->out * sizeof *y);
    for (size_t t = 0; t < r->operands.n; t++)
        for (unsigned i = 0; i < l->tiles * l->groups; i++) {
            const unsigned tile = i / l->groups, group = i % l->groups;
            const struct pm_nmc_input *x = &in[t * l->tiles + tile];
            const uint32_t vector = r->first_vector + (uint32_t)t;
            int32_t part[PM_NMC_ROWS];
            if (l->is_xor)
                pm_nmc_xor_run(&l->macro[i], x, pm_nmc_group_outputs(l, group), vector, sense, part, counts);
            else
                part[0] = pm_nmc_mac_run(&l->macro[i], &l->cfg, x, vector, sense, counts);
            for (unsigned o = 0; o < pm_nmc_group_outputs(l, group); o++)
                y[t * l->out + (l->is_xor ? group * PM_NMC_ROWS : group) + o] += part[o];
        }
}

/* The same of exact MACs. */
static void run_exact(const struct pm_nmc_layer *l, const struct pm_run_of *r, const int16_t *xq,
                      const struct pm_nmc_input *in, int64_t *y, struct pm_nmc_counts *counts) {
    pm_integer_multiply(l->integer, r->operands.n, xq, y);
    for (size_t i = 0; i < r->operands.n * l->tiles; i++)
        for (unsigned group = 0; group < l->groups; group++)
            pm_nmc_mac_count(&l->macro[i % l->tiles * l->groups + group], &l->cfg, &in[i], counts);
}

/* The beats of a vector, its macros side by side. */
static uint64_t beats(const struct pm_nmc_layer *l, const struct pm_nmc_input *in) {
    unsigned most = l->is_xor ? pm_nmc_group_outputs(l, 0) : 1;
    for (unsigned tile = 0; tile < l->tiles && !l->is_xor; tile++) {
        const unsigned n = 8 * (unsigned)__builtin_popcount(pm_nmc_remaining(&l->cfg, &in[tile]));
        most = n > most ? n : most;
    }
    return most;
}

static void count(const struct pm_nmc_layer *l, const struct pm_run_of *r, const struct pm_nmc_input *in,
                  const struct pm_nmc_counts *c) {
    struct pm_counts *to = &r->counts[l->is_xor ? XOR : MAC];
    const size_t n = r->operands.n;
    to->of[PM_COUNT_VECTORS] += n;
    to->of[PM_COUNT_ACCESSES] += c->accesses;
    to->of[PM_COUNT_ROW_READS] += c->reads;
    to->of[PM_COUNT_TOGGLES] += c->t_sa + c->t_xor;
    to->of[PM_COUNT_PRODUCT_TOGGLES] += c->t_mul;
    to->of[PM_COUNT_ENERGY] += (uint64_t)llround(1000 * (l->e_read * (double)c->reads +
                                                         l->e_toggle[0] * (double)(c->t_sa + c->t_xor) +
                                                         l->e_toggle[1] * (double)c->t_mul));
    for (size_t t = 0; t < n; t++)
        to->of[PM_COUNT_CLOCKS] += beats(l, &in[t * l->tiles]);
    to->of[PM_COUNT_MOVED] += n * ((l->is_xor ? 1 : 8) * (uint64_t)l->in + 32 * (uint64_t)l->out);
}

static void restore_signs(const struct pm_nmc_layer *l, size_t n, const int64_t *product, float *y) {
    for (size_t i = 0; i < n * l->out; i++)
        y[i] = (float)product[i] * l->scale[i % l->out] + l->bias[i % l->out];
}

static pm_status run(const void *layer, void *state, const struct pm_run_of *r) {
    (void)state;
    const struct pm_nmc_layer *l = layer;
    const size_t n = r->operands.n, stride = pm_gemm_stride(l->in);
    struct pm_nmc_input *in = malloc(n * l->tiles * sizeof *in);
    int16_t *xq = malloc(l->is_xor ? 1 : n * stride * sizeof *xq);
    int64_t *y = malloc(n * l->out * sizeof *y);
    struct pm_nmc_counts counts = {0};
    pm_status status = in && xq && y ? PM_OK : PM_ENOMEM;
    if (status == PM_OK) {
        if (l->is_xor) {
            slice_signs(l, n, r->operands.x, in);
        } else {
            pm_integer_quantise(l->integer, n, r->operands.x, stride, xq);
            slice_integers(l, n, xq, in);
        }
        if (l->is_xor || l->sense.misreads)
            run_macros(l, r, in, y, &counts);
        else
            run_exact(l, r, xq, in, y, &counts);
        if (l->is_xor)
            restore_signs(l, n, y, r->operands.y);
        else
            pm_integer_restore(l->integer, n, y, r->operands.y);
        if (r->counts)
            count(l, r, in, &counts);
        if (r->watch)
            status =
                r->watch->done(r->watch->ctx, &(struct pm_nmc_run){l, n, r->first_vector, in, y, &counts});
    }
    free(in);
    free(xq);
    free(y);
    return status;
}

static const char *const parts[] = {[MAC] = "mac", [XOR] = "xor", NULL};

/* Of convolutional networks: conv1, conv2 ... */
static const struct pm_variant variants[] = {
    {"conv[1-9]*=nmc", NULL, PM_OF_IMAGES | PM_OF_RTL},
    {"conv[1-9]*=nmc,order=vwm", NULL, PM_OF_IMAGES},
    {"conv[1-9]*=nmc,order=snake", NULL, PM_OF_IMAGES},
    {"conv[1-9]*=nmc,misreads=1", NULL, PM_OF_IMAGES | PM_OF_RTL},
    {"conv[1-9]*=nmc,misreads=1,advance=100", NULL, PM_OF_IMAGES},
    /* of fashion-bnn, whose inner layers are binary */
    {"convs.0=nmc convs.[1-3]=nmc,mode=xor head=nmc", NULL, PM_OF_IMAGES | PM_OF_RTL},
    {"convs.0=nmc convs.[1-3]=nmc,mode=xor,misreads=1 head=nmc", NULL, PM_OF_IMAGES | PM_OF_RTL},
    {0},
};

const struct pm_system pm_system_nmc = {
    .name = "nmc",
    .summary = "a matrix in 6T-MRAM near-memory macros, by 8-bit MAC or 1-bit XOR",
    .title = "near-memory macros",
    .settings = &list,
    .variants = variants,
    .takes = PM_TAKES(PM_NODE_MATRIX),
    .parts = parts,
    .draws = "misreads=1",
    .place = place,
    .free = free_layer,
    .hold = hold,
    .run = run,
};
