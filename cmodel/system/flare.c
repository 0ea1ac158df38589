// SPDX-License-Identifier: Apache-2.0
#include "system/flare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "system/flare_map.h"

static const struct pm_setting settings[] = {
    {PM_SET_INTEGER("kvb", 0, 16, "0"), .help = "bits of stored keys and values, 2..16; 0: as calibrated"},
    {PM_SET_ONE_OF("preset", "default|literal", "default"), .golden = "literal",
     .help = "literal: no choice of this project's, all as the source has it"},
    {PM_SET_ONE_OF("wo-scale", "column|layer", "column"), .when = "preset=default",
     .help = "W_O: one scale an output, or one"},
    {PM_SET_ONE_OF("norm", "recip|pow2|none", "recip"), .when = "preset=default", .golden = "pow2|none",
     .help = "head normalisation"},
    {PM_SET_FLAG("round", "1"), .when = "preset=default", .help = "quantisers round; 0: truncate"},
    {PM_SET_ONE_OF("coding-x", "twos|sign", "sign"), .when = "preset=default", .help = "bit planes of x"},
    {PM_SET_ONE_OF("coding-q", "twos|sign", "twos"), .when = "preset=default", .help = "bit planes of q"},
    {PM_SET_ONE_OF("coding-o", "twos|sign", "sign"), .when = "preset=default", .help = "bit planes of o"},
    {PM_SET_ONE_OF("gpc", "split|scan|next", "split"), .when = "preset=default", .golden = "scan|next",
     .help = "how an access's wordlines are shared out"},
    {PM_SET_FLAG("eplanes", "1"), .when = "preset=default", .golden = "0",
     .help = "effective planes, in two's complement"},
    {PM_SET_ONE_OF("q", "8|9", "8"), .golden = "9", .help = "bits that eMSB-Q gives x, q, o and the output"},
    {PM_SET_ONE_OF("exponents", "carried|dropped", "carried"), .golden = "dropped",
     .help = "of eMSB-Q's groups; dropped: a layer's typical ones stand for all"},
    {PM_SET_FLAG("sparsity", "0"), .help = "zeros are counted by value, vector and slice, too"},
    {PM_SET_FLAG("noise", "0"), .help = "drawn MRAM cells; 0: nominal"},
    {PM_SET_ONE_OF("adc", "flash|3|4|5|6|7|8", "flash"), .when = "noise=0", .golden = "3|4|5|6|7|8",
     .help = "flash: eight wordlines an access; bits of converters that see all of them at once"},
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
    bool sparsity;
    bool settling; /* norm=none or exponents=dropped, for which no typical Z or exponents are known yet */
    int log2_z;    /* stands in for Z */
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

/* The source's forms of what this project chose otherwise: docs/sources.md says where each stands. */
static bool literal(const struct pm_settings *s) {
    return pm_settings_int(s, "preset") != 0;
}

static void configure(const struct pm_site *site, const struct pm_settings *s, struct layer *l) {
    const bool noise = pm_settings_int(s, "noise") != 0;
    l->cfg = literal(s)
                 ? (struct pm_attention_cfg){.coding_x = PM_TWOS,
                                             .coding_q = PM_TWOS,
                                             .coding_o = PM_TWOS,
                                             .gpc = PM_GPC_SCAN,
                                             .norm = PM_NORM_NONE}
                 : (struct pm_attention_cfg){.round = pm_settings_int(s, "round") != 0,
                                             .coding_x = (enum pm_coding)pm_settings_int(s, "coding-x"),
                                             .coding_q = (enum pm_coding)pm_settings_int(s, "coding-q"),
                                             .coding_o = (enum pm_coding)pm_settings_int(s, "coding-o"),
                                             .gpc = (enum pm_gpc_mode)pm_settings_int(s, "gpc"),
                                             .all_planes = pm_settings_int(s, "eplanes") == 0,
                                             .norm = (enum pm_norm)pm_settings_int(s, "norm")};
    l->cfg.mram = pm_array_mram(noise, site->seed);
    l->cfg.q = pm_settings_int(s, "q") != 0 ? 9 : 8;
    l->cfg.drop_exponents = pm_settings_int(s, "exponents") != 0;
    l->cfg.causal = l->node->attention.causal;
    l->cfg.adc = noise || pm_settings_int(s, "adc") == 0 ? 0 : (unsigned)pm_settings_int(s, "adc") + 2;
    l->sparsity = pm_settings_int(s, "sparsity") != 0;
    if (noise) {
        l->cfg.mram.tmr = pm_settings_real(s, "tmr");
        l->cfg.mram.sigma_r = pm_settings_real(s, "sigma-r");
        l->cfg.mram.read_noise = pm_settings_real(s, "read-noise");
        l->cfg.mram.sense_offset = pm_settings_real(s, "sense-offset");
    }
    l->settling = l->cfg.norm == PM_NORM_NONE || l->cfg.drop_exponents;
    pm_flare_map_configure(&l->map, l->node, &l->cfg);
}

static pm_status place(struct pm_site *site, const struct pm_node *node, const struct pm_settings *s,
                       void **layer, struct pm_error *e) {
    const struct pm_flare_map_options options = {(unsigned)pm_settings_int(s, "kvb"),
                                                 literal(s) || pm_settings_int(s, "wo-scale") != 0};
    struct pm_flare_calibration *calibration = site->own;
    if (node->width > PM_MAX_WIDTH || node->attention.heads > PM_MAX_HEADS ||
        pm_node_rows(node, site->graph->tokens) > PM_MAX_TOKENS)
        return pm_fail(e, PM_ERANGE, node->name,
                       "width %u, heads %u, tokens %u exceed the engine's %d, %d, %d", node->width,
                       node->attention.heads, pm_node_rows(node, site->graph->tokens), PM_MAX_WIDTH,
                       PM_MAX_HEADS, PM_MAX_TOKENS);
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

/* What settling sees, summed over as many. */
struct seen {
    double log2_z, x, q, l, o, y;
    uint64_t z_rows, tokens, rows;
};

struct state {
    struct pm_attention *engine;
    float *work;     /* [D] */
    int64_t *fixed;  /* [D] */
    int16_t *x, *y;  /* [N][D] */
    int8_t *x8, *y8; /* [N][D] the same, for a watch */
    int32_t *ex, *e; /* [N] */
    int32_t *s_o;    /* [N] */
    struct seen seen;
};

static void end(void *state) {
    struct state *t = state;
    pm_attention_free(t->engine);
    free(t->work);
    free(t->fixed);
    free(t->x);
    free(t->y);
    free(t->x8);
    free(t->y8);
    free(t->ex);
    free(t->e);
    free(t->s_o);
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
    t->x = malloc(n * d * sizeof *t->x);
    t->y = malloc(n * d * sizeof *t->y);
    t->x8 = malloc(n * d);
    t->y8 = malloc(n * d);
    t->ex = malloc(n * sizeof *t->ex);
    t->e = malloc(n * sizeof *t->e);
    t->s_o = malloc(n * sizeof *t->s_o);
    if (!t->work || !t->fixed || !t->x || !t->y || !t->x8 || !t->y8 || !t->ex || !t->e || !t->s_o)
        return PM_ENOMEM;
    if (l->settling && cfg.norm == PM_NORM_NONE)
        cfg.norm = PM_NORM_RECIP;
    cfg.drop_exponents = cfg.drop_exponents && !l->settling;
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
        to->of[PM_COUNT_LEVELS] += g->conversions * (l->cfg.adc ? 1u << l->cfg.adc : PM_K + 1);
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

/* Zeros of a vector that drives an array, in groups of as many as an access has wordlines: values, whole
 * groups, and a group's slices of a plane, which is of magnitudes where the coding has a sign. */
static void count_zeros(const int16_t *x, unsigned n, unsigned bits, bool magnitude, struct pm_counts *c) {
    for (unsigned g = 0; g < n; g += PM_K) {
        unsigned any = 0;
        for (unsigned i = g; i < n && i < g + PM_K; i++) {
            any |= magnitude && x[i] < 0 ? (unsigned)-x[i] : (unsigned)x[i];
            c->of[PM_COUNT_ZERO_VALUES] += x[i] == 0;
        }
        any &= (1u << bits) - 1;
        c->of[PM_COUNT_ZERO_VECTORS] += any == 0;
        c->of[PM_COUNT_ZERO_SLICES] += bits - (unsigned)__builtin_popcount(any);
    }
    c->of[PM_COUNT_VALUES] += n;
}

/* What every token's stages show, counted and handed on. */
struct probed {
    const struct layer *layer;
    struct state *state;
    const struct pm_run_of *run;
};

static void count_token(const struct probed *p, const struct pm_attention_stages *s) {
    const struct pm_attention_cfg *c = &p->layer->cfg;
    struct pm_counts *counts = p->run->counts;
    const unsigned n = p->run->operands.n, d_k = c->width / c->heads;
    const int16_t *x = p->state->x + (size_t)s->token * c->width;
    for (int k = 0; k < 3; k++)
        count_zeros(x, c->width, c->q, c->coding_x == PM_SIGN,
                    &counts[(const int[]){PM_GEMV_K, PM_GEMV_V, PM_GEMV_Q}[k]]);
    count_zeros(s->o8, c->width, c->q, c->coding_o == PM_SIGN, &counts[PM_GEMV_O]);
    for (unsigned h = 0; h < c->heads; h++) {
        count_zeros(s->q + h * d_k, d_k, c->q, c->coding_q == PM_SIGN, &counts[PM_GEMV_L]);
        for (unsigned first = 0; first < n; first += PM_MAX_KEYS) {
            const unsigned keys = n - first < PM_MAX_KEYS ? n - first : PM_MAX_KEYS;
            int16_t a[PM_MAX_KEYS];
            for (unsigned j = 0; j < keys; j++)
                a[j] = s->a[(size_t)h * s->stride + first + j];
            count_zeros(a, keys, 8, false, &counts[PM_GEMV_AV]);
        }
    }
}

static void see_token(const struct probed *p, const struct pm_attention_stages *s) {
    const struct pm_attention_cfg *c = &p->layer->cfg;
    struct seen *seen = &p->state->seen;
    const int ex = p->state->ex[s->token];
    seen->x += ex;
    seen->o += s->s_o;
    seen->tokens++;
    p->state->s_o[s->token] = s->s_o;
    for (unsigned h = 0; h < c->heads; h++) {
        seen->q += s->s_q[h];
        seen->l += -(s->ne[h] + c->e0[h] + ex + s->s_q[h]);
        seen->rows++;
        if (s->z[h] == 0)
            continue;
        seen->log2_z += log2(s->z[h]);
        seen->z_rows++;
    }
}

static void probe(void *ctx, const struct pm_attention_stages *s) {
    const struct probed *p = ctx;
    if (p->run->watch && p->run->watch->stage)
        p->run->watch->stage(p->run->watch->ctx, s);
    if (s->k) /* pass 1 */
        return;
    for (unsigned h = 0; p->run->counts && h < p->layer->cfg.heads; h++) {
        const int first = pm_histogram_info[PM_HISTOGRAM_EXPONENT].first;
        const int64_t bin = pm_clamp((int64_t)s->ne[h] - first, 0, PM_HISTOGRAM_BINS - 1);
        p->run->counts[PM_FLARE_WHOLE].bin[PM_HISTOGRAM_EXPONENT][bin]++;
    }
    if (p->run->counts && p->layer->sparsity)
        count_token(p, s);
    if (p->layer->settling)
        see_token(p, s);
}

/* The integers of 8 bits, as RTL has them. */
static pm_status show(const struct layer *l, struct state *t, const struct pm_run_of *r,
                      const struct pm_attention_cost *cost) {
    const struct pm_operands *o = &r->operands;
    for (size_t i = 0; i < (size_t)o->n * l->node->width; i++) {
        t->x8[i] = (int8_t)t->x[i];
        t->y8[i] = (int8_t)t->y[i];
    }
    return r->watch->done(r->watch->ctx, &(struct pm_flare_run){t->x8, t->ex, o->keep, o->n, r->first_vector,
                                                                t->y8, t->e, cost});
}

static pm_status run(const void *layer, void *state, const struct pm_run_of *r) {
    const struct layer *l = layer;
    struct state *t = state;
    const struct pm_operands *o = &r->operands;
    const size_t d = l->node->width;
    struct pm_attention_cost cost = {0};
    struct probed probed = {l, t, r};
    pm_flare_map_tokens(&l->map, l->cfg.q, o->n, o->x, t->work, t->fixed, t->x, t->ex);
    pm_status status = pm_attention_append(t->engine, o->past);
    if (status == PM_OK)
        status = pm_attention_run_wide(t->engine, t->x, t->ex, o->keep, o->n, r->first_vector, t->y, t->e,
                                       &cost, probe, &probed);
    if (status == PM_OK && r->watch)
        status = show(l, t, r, &cost);
    if (status != PM_OK)
        return status;
    if (r->counts)
        add_cost(r->counts, &cost, l);
    for (size_t k = 0; l->settling && k < o->n; k++)
        t->seen.y += t->e[k] - (t->s_o[k] + (int)l->cfg.mv - 4);
    for (size_t k = 0; k < o->n; k++) {
        /* Without 1/Z the scale is off by the layer's typical Z. */
        const double lsb = ldexp(1.0, t->e[k] - l->log2_z);
        for (size_t i = 0; i < d; i++)
            o->y[k * d + i] = (float)(t->y[k * d + i] * lsb) * l->map.out_scale[i];
    }
    return PM_OK;
}

static int mean(double sum, uint64_t n) {
    return n > 0 ? (int)lround(sum / (double)n) : 0;
}

static void settle(void *layer, const void *state) {
    struct layer *l = layer;
    const struct seen *seen = &((const struct state *)state)->seen;
    const bool none = l->cfg.norm == PM_NORM_NONE;
    if (!l->settling)
        return;
    l->settling = false;
    l->log2_z = none ? mean(seen->log2_z, seen->z_rows) : 0;
    /* It saw o after its normalisation, with 4 fraction bits. */
    l->cfg.typical =
        (struct pm_attention_exponents){.x = mean(seen->x, seen->tokens),
                                        .q = mean(seen->q, seen->rows),
                                        .l = mean(seen->l, seen->rows),
                                        .o = mean(seen->o, seen->tokens) + (none ? l->log2_z - 4 : 0),
                                        .y = mean(seen->y, seen->tokens)};
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
    {"flare.gpc=scan", NULL, PM_OF_IMAGES},
    {"flare.q=9", NULL, PM_OF_IMAGES},
    {"flare.exponents=dropped", NULL, PM_OF_IMAGES},
    {"flare.preset=literal", "literal", PM_OF_IMAGES | PM_AS_GROUP},
    {"flare.adc=7", NULL, PM_OF_IMAGES},
    {"flare.adc=5", NULL, PM_OF_IMAGES},
    {"flare.sparsity=1", NULL, PM_OF_IMAGES},
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
    .takes = PM_TAKES(PM_NODE_ATTENTION),
    .parts = parts,
    .draws = "noise=1",
    .settles = "norm=none or preset=literal or exponents=dropped",
    .place = place,
    .free = free_layer,
    .hold = hold,
    .free_own = free_own,
    .begin = begin,
    .end = end,
    .run = run,
    .settle = settle,
};
