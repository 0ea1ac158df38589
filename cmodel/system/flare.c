// SPDX-License-Identifier: Apache-2.0
#include "system/flare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "system/flare_map.h"

static const struct pm_setting settings[] = {
    {PM_SET_INTEGER("kvb", 0, 16, "0"), .help = "bits of stored keys and values, 2..16; 0: as calibrated"},
    {PM_SET_ONE_OF("wo-scale", "column|layer", "column"), .help = "W_O: one scale an output, or one"},
    {PM_SET_ONE_OF("norm", "recip|pow2|none", "recip"), .golden = "pow2|none", .help = "head normalisation"},
    {PM_SET_FLAG("round", "1"), .help = "quantisers round; 0: truncate"},
    {PM_SET_ONE_OF("coding-x", "twos|sign", "sign"), .help = "bit planes of x"},
    {PM_SET_ONE_OF("coding-q", "twos|sign", "twos"), .help = "bit planes of q"},
    {PM_SET_ONE_OF("coding-o", "twos|sign", "sign"), .help = "bit planes of o"},
    {PM_SET_FLAG("noise", "0"), .help = "drawn MRAM cells; 0: nominal"},
    {PM_SET_NUMBER("tmr", 0.01, 1e6, "1.5"), .when = "noise=1", .help = "MRAM: tunnel magnetoresistance"},
    {PM_SET_NUMBER("sigma-r", 0, 0.15, "0.017"), .when = "noise=1",
     .help = "MRAM: deviation of a cell's resistance"},
    {PM_SET_NUMBER("read-noise", 0, 16, "0"), .when = "noise=1",
     .help = "deviation of a cell's read noise, LSB"},
    {PM_SET_NUMBER("sense-offset", 0, 16, "0"), .when = "noise=1",
     .help = "deviation of a comparator's offset, LSB"},
    {0},
};
static const struct pm_setting_list list = {"flare", settings};
PM_SETTING_LIST(list);

struct layer {
    const struct pm_node *node;
    struct pm_flare_map map;
    struct pm_attention_cfg cfg;
    uint32_t array;
    bool settling; /* norm=none, for which no typical Z is known yet */
    int log2_z;    /* stands in for it */
};

const struct pm_attention_cfg *pm_flare_layer_config(const void *layer) {
    return &((const struct layer *)layer)->cfg;
}

const struct pm_attention_weights *pm_flare_layer_weights(const void *layer) {
    return &((const struct layer *)layer)->map.w;
}

uint32_t pm_flare_layer_array(const void *layer) {
    return ((const struct layer *)layer)->array;
}

static void free_own(void *own) {
    pm_flare_calibration_free(own);
}

static void free_layer(void *layer) {
    struct layer *l = layer;
    pm_flare_map_free(&l->map);
    free(l);
}

static void configure(const struct pm_site *site, const struct pm_settings *s, struct layer *l) {
    const bool noise = pm_settings_int(s, "noise") != 0;
    l->cfg = (struct pm_attention_cfg){
        .round = pm_settings_int(s, "round") != 0,
        .coding_x = (enum pm_coding)pm_settings_int(s, "coding-x"),
        .coding_q = (enum pm_coding)pm_settings_int(s, "coding-q"),
        .coding_o = (enum pm_coding)pm_settings_int(s, "coding-o"),
        .norm = (enum pm_norm)pm_settings_int(s, "norm"),
        .mram = pm_array_mram(noise, site->seed),
    };
    if (noise) {
        l->cfg.mram.tmr = pm_settings_real(s, "tmr");
        l->cfg.mram.sigma_r = pm_settings_real(s, "sigma-r");
        l->cfg.mram.read_noise = pm_settings_real(s, "read-noise");
        l->cfg.mram.sense_offset = pm_settings_real(s, "sense-offset");
    }
    l->settling = l->cfg.norm == PM_NORM_NONE;
    pm_flare_map_configure(&l->map, l->node, &l->cfg);
}

static pm_status place(struct pm_site *site, const struct pm_node *node, const struct pm_settings *s,
                       void **layer, struct pm_error *e) {
    const struct pm_flare_map_options options = {(unsigned)pm_settings_int(s, "kvb"),
                                                 pm_settings_int(s, "wo-scale") != 0};
    struct pm_flare_calibration *calibration = site->own;
    if (node->width > PM_MAX_WIDTH || node->attention.heads > PM_MAX_HEADS ||
        site->graph->tokens > PM_MAX_TOKENS)
        return pm_fail(e, PM_ERANGE, node->name,
                       "width %u, heads %u, tokens %u exceed the engine's %d, %d, %d", node->width,
                       node->attention.heads, site->graph->tokens, PM_MAX_WIDTH, PM_MAX_HEADS, PM_MAX_TOKENS);
    if (options.kvb == 1)
        return pm_fail(e, PM_ERANGE, "flare.kvb", "1 is neither 0 nor in 2..16");
    if (!calibration) {
        const pm_status status = pm_flare_calibration_load(site->folder, site->graph, &calibration, e);
        if (status != PM_OK)
            return status;
        site->own = calibration;
    }
    struct layer *l = calloc(1, sizeof *l);
    if (!l)
        return PM_ENOMEM;
    l->node = node;
    l->array = 4 * node->layer; /* four weight arrays each */
    *layer = l;
    const pm_status status = pm_flare_map_new(node, calibration, &options, &l->map);
    if (status == PM_ERANGE)
        return pm_fail(e, status, site->folder,
                       "calibration.json: %s: a bias does not fit 32 bits at \"sx\" %g", node->name,
                       calibration->layer[node->layer].sx);
    if (status == PM_OK)
        configure(site, s, l);
    return status;
}

/* ---- a thread ---- */

struct state {
    struct pm_attention *engine;
    float *work;     /* [D] */
    int64_t *fixed;  /* [D] */
    int16_t *narrow; /* [D] */
    int8_t *x, *y;   /* [N][D] */
    int32_t *ex, *e; /* [N] */
    double log2_z;   /* summed over rows whose Z is not 0 */
    uint64_t rows;
};

static void end(void *state) {
    struct state *t = state;
    pm_attention_free(t->engine);
    free(t->work);
    free(t->fixed);
    free(t->narrow);
    free(t->x);
    free(t->y);
    free(t->ex);
    free(t->e);
    free(t);
}

static pm_status begin(const void *layer, unsigned tokens, void **state) {
    const struct layer *l = layer;
    const size_t d = l->node->width, n = tokens;
    struct pm_attention_cfg cfg = l->cfg;
    struct state *t = calloc(1, sizeof *t);
    if (!t)
        return PM_ENOMEM;
    *state = t;
    t->work = malloc(d * sizeof *t->work);
    t->fixed = malloc(d * sizeof *t->fixed);
    t->narrow = malloc(d * sizeof *t->narrow);
    t->x = malloc(n * d);
    t->y = malloc(n * d);
    t->ex = malloc(n * sizeof *t->ex);
    t->e = malloc(n * sizeof *t->e);
    if (!t->work || !t->fixed || !t->narrow || !t->x || !t->y || !t->ex || !t->e)
        return PM_ENOMEM;
    if (l->settling)
        cfg.norm = PM_NORM_RECIP;
    return pm_attention_new(&cfg, &l->map.w, tokens, l->array, &t->engine);
}

static void add_cost(struct pm_counts *counts, const struct pm_attention_cost *c, const struct layer *l) {
    const uint64_t d = l->node->width;
    for (int k = 0; k < PM_GEMV_KINDS; k++) {
        const struct pm_gemv_cost *g = &c->gemv[k];
        struct pm_counts *to = &counts[k];
        to->of[PM_COUNT_VECTORS] += g->vectors;
        to->of[PM_COUNT_ACCESSES] += g->accesses;
        to->of[PM_COUNT_WINDOWS] += g->windows;
        to->of[PM_COUNT_CONVERSIONS] += g->conversions;
        to->of[PM_COUNT_WRONG] += g->conversion_errors;
        to->of[PM_COUNT_BITS] += g->bits;
        to->of[PM_COUNT_ONES] += g->ones;
        for (int i = 1; i <= PM_K; i++)
            to->bin[PM_HISTOGRAM_LINES][i - 1] += g->sawl[i];
    }
    counts[PM_GEMV_K].of[PM_COUNT_WRITES] += c->tokens * d;
    counts[PM_GEMV_V].of[PM_COUNT_WRITES] += c->tokens * d;
    counts[PM_GEMV_K].of[PM_COUNT_CLIPPED] += c->saturated_k;
    counts[PM_GEMV_V].of[PM_COUNT_CLIPPED] += c->saturated_v;
    counts[PM_FLARE_WHOLE].of[PM_COUNT_VECTORS] += c->tokens;
    counts[PM_FLARE_WHOLE].of[PM_COUNT_CLOCKS] += c->bound_kv + c->bound_token;
    counts[PM_FLARE_WHOLE].of[PM_COUNT_ROUNDED] += c->saturated_q;
    counts[PM_FLARE_WHOLE].of[PM_COUNT_ZERO_SUMS] += c->zero_z;
    counts[PM_FLARE_WHOLE].of[PM_COUNT_MOVED] += 8 * 3 * c->tokens * d; /* x twice, y once */
}

/* What every token's stages show, counted and handed on. */
struct probed {
    const struct layer *layer;
    struct state *state;
    const struct pm_run_of *run;
};

static void probe(void *ctx, const struct pm_attention_stages *s) {
    const struct probed *p = ctx;
    const unsigned heads = p->layer->node->attention.heads;
    if (p->run->watch && p->run->watch->stage)
        p->run->watch->stage(p->run->watch->ctx, s);
    if (s->k) /* pass 1 */
        return;
    for (unsigned h = 0; h < heads; h++) {
        const int first = pm_histogram_info[PM_HISTOGRAM_EXPONENT].first;
        const int64_t bin = pm_clamp((int64_t)s->ne[h] - first, 0, PM_HISTOGRAM_BINS - 1);
        if (p->run->counts)
            p->run->counts[PM_FLARE_WHOLE].bin[PM_HISTOGRAM_EXPONENT][bin]++;
        if (!p->layer->settling || s->z[h] == 0)
            continue;
        p->state->log2_z += log2(s->z[h]);
        p->state->rows++;
    }
}

static pm_status run(const void *layer, void *state, const struct pm_run_of *r) {
    const struct layer *l = layer;
    struct state *t = state;
    const struct pm_operands *o = &r->operands;
    const size_t d = l->node->width;
    struct pm_attention_cost cost = {0};
    struct probed probed = {l, t, r};
    pm_flare_map_tokens(&l->map, o->n, o->x, t->work, t->fixed, t->narrow, t->x, t->ex);
    pm_status status = pm_attention_run(t->engine, t->x, t->ex, o->keep, o->n, r->first_vector, t->y, t->e,
                                        &cost, probe, &probed);
    if (status == PM_OK && r->watch)
        status = r->watch->done(r->watch->ctx, &(struct pm_flare_run){t->x, t->ex, o->keep, o->n,
                                                                      r->first_vector, t->y, t->e, &cost});
    if (status != PM_OK)
        return status;
    if (r->counts)
        add_cost(r->counts, &cost, l);
    for (size_t k = 0; k < o->n; k++) {
        /* Without 1/Z the scale is off by the layer's typical Z. */
        const double lsb = ldexp(1.0, t->e[k] - l->log2_z);
        for (size_t i = 0; i < d; i++)
            o->y[k * d + i] = (float)(t->y[k * d + i] * lsb) * l->map.out_scale[i];
    }
    return PM_OK;
}

static void settle(void *layer, const void *state) {
    struct layer *l = layer;
    const struct state *t = state;
    if (l->settling && t->rows > 0)
        l->log2_z = (int)lround(t->log2_z / (double)t->rows);
    l->settling = false;
}

/* K, V, Q and O in MRAM, each head's K and V in SRAM. */
static void hold(const void *layer, struct pm_held *held) {
    held->arrays = 4 + 2 * ((const struct layer *)layer)->cfg.heads;
}

static const char *const parts[] = {"k", "v", "q", "l", "av", "o", "whole", NULL};

static const struct pm_variant variants[] = {
    {"flare.coding-x=twos flare.coding-q=twos flare.coding-o=twos", NULL, PM_OF_PAIRS},
    {"flare.coding-x=sign flare.coding-q=sign flare.coding-o=sign", NULL, PM_OF_PAIRS},
    {"flare.round=0", NULL, PM_OF_PAIRS},
    {"flare.norm=pow2", NULL, PM_OF_IMAGES | PM_OF_PAIRS},
    {"flare.norm=none", NULL, PM_OF_IMAGES | PM_OF_PAIRS},
    {"flare.round=0", NULL, PM_OF_IMAGES},
    {"flare.noise=1", NULL, PM_OF_IMAGES},
    {"flare.noise=1 flare.sigma-r=0.051", NULL, PM_OF_IMAGES},
    {"flare.kvb=8", NULL, PM_OF_PAIRS},
    {"flare.wo-scale=layer", NULL, PM_OF_PAIRS},
    {0},
};

const struct pm_system pm_system_flare = {
    .name = "flare",
    .summary = "an attention as a whole, in MRAM and SRAM arrays (FLARE)",
    .title = "FLARE",
    .settings = &list,
    .variants = variants,
    .takes = PM_NODE_ATTENTION,
    .parts = parts,
    .draws = "noise=1",
    .settles = "norm=none",
    .place = place,
    .free = free_layer,
    .hold = hold,
    .free_own = free_own,
    .begin = begin,
    .end = end,
    .run = run,
    .settle = settle,
};
