// SPDX-License-Identifier: Apache-2.0
/* FLARE's attention in RTL. */
#include "attention_pair.h"
#include "system/flare.h"
#include "system/flare_tiles.h"
#include "twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENGINE, TILES };

/* The fused engine has one array of keys; of more only the rows in tiles are in RTL. */
static void params(const struct pm_node *node, const void *layer, unsigned tokens, char *text,
                   size_t length) {
    *text = '\0';
    if (tokens <= PM_MAX_KEYS)
        snprintf(text, length, "D=%u Heads=%u Kvb=%u MaxTokens=%u", node->width, node->attention.heads,
                 pm_flare_layer_config(layer)->kvb, tokens);
}

static void tile_params(const struct pm_node *node, const void *layer, unsigned tokens, char *text,
                        size_t length) {
    (void)node, (void)layer;
    snprintf(text, length, "%s", tokens > PM_MAX_KEYS ? "Lanes=16 MaxN=512" : "");
}

/* Either's. */
struct buffers {
    struct pm_attention_pair *pair;
    struct pm_flare_tiles *tiles;
};

static void close_buffers(void *buffers) {
    struct buffers *b = buffers;
    pm_attention_pair_free(b->pair);
    pm_flare_tiles_free(b->tiles);
    free(b);
}

static pm_status open_buffers(const struct pm_node *node, unsigned tokens, void **buffers) {
    struct buffers *b = calloc(1, sizeof *b);
    if (!b)
        return PM_ENOMEM;
    *buffers = b;
    if (tokens > PM_MAX_KEYS)
        b->tiles = pm_flare_tiles_new(node->width, node->attention.heads, tokens);
    else
        b->pair = pm_attention_pair_new(node->width, node->attention.heads, tokens);
    return b->tiles || b->pair ? PM_OK : PM_ENOMEM;
}

static void stage(void *layer, const void *stages) {
    const struct pm_twin_layer *l = layer;
    const struct buffers *b = l->buffers;
    if (b->tiles)
        pm_flare_tiles_record(b->tiles, stages);
    else
        pm_attention_pair_record(b->pair, stages);
}

static void compare(void *ctx, const char *tensor, size_t index, int64_t golden, int64_t rtl) {
    pm_twin_compare(ctx, tensor, index, golden, rtl);
}

/* Scales of every head, "0.5,0.75". */
static void list_scales(const struct pm_attention_cfg *c, char *s0, char *e0) {
    *s0 = *e0 = '\0';
    for (unsigned h = 0; h < c->heads; h++) {
        sprintf(s0 + strlen(s0), "%s%.17g", h ? "," : "", c->s0[h]);
        sprintf(e0 + strlen(e0), "%s%d", h ? "," : "", c->e0[h]);
    }
}

static void replay(const struct pm_twin_layer *l, const struct pm_attention_run *run) {
    static const char *const coding[] = {"twos", "sign"};
    const struct pm_attention_cfg *c = run->cfg;
    const size_t n = run->n, d = c->width;
    const struct pm_twin_tensor in[] = {
        {"x", PM_TWIN_INT8, run->x, n, d},       {"ex", PM_TWIN_INT32, run->ex, n, 0},
        {"wq", PM_TWIN_INT8, run->w->wq, d, d},  {"wk", PM_TWIN_INT8, run->w->wk, d, d},
        {"wv", PM_TWIN_INT8, run->w->wv, d, d},  {"wo", PM_TWIN_INT8, run->w->wo, d, d},
        {"bq", PM_TWIN_INT32, run->w->bq, d, 0}, {"bk", PM_TWIN_INT32, run->w->bk, d, 0},
        {"bv", PM_TWIN_INT32, run->w->bv, d, 0}, {"bo", PM_TWIN_INT32, run->w->bo, d, 0},
        {"mask", PM_TWIN_UINT8, run->keep, n, 0}};
    char s0[PM_MAX_HEADS * 32], e0[PM_MAX_HEADS * 16], rest[sizeof s0 + sizeof e0 + 256];
    if (c->mram.noise) {
        fprintf(stderr, "perimeter: the arrays were noisy, which no op replays\n");
        return;
    }
    list_scales(c, s0, e0);
    snprintf(rest, sizeof rest,
             "--set heads=%u --set s0=%s --set e0=%s --set mk=%u --set mv=%u --set kvb=%u --set round=%d "
             "--set coding-x=%s --set coding-q=%s --set coding-o=%s --set causal=%d",
             c->heads, s0, e0, c->mk, c->mv, c->kvb, c->round, coding[c->coding_x], coding[c->coding_q],
             coding[c->coding_o], c->causal);
    pm_twin_replay(l, "flare-attention", in, sizeof in / sizeof *in, rest);
}

static double per_vector(uint64_t first, uint64_t last, unsigned n) {
    return n > 1 ? (double)(last - first) / (n - 1) : 0; /* of one token there is no steady state */
}

static pm_status done_tiles(struct pm_twin_layer *l, const struct pm_flare_run *g) {
    uint64_t clocks = 0;
    const struct buffers *b = l->buffers;
    const pm_status status = pm_flare_tiles_check(b->tiles, pm_flare_layer_config(l->layer), g->keep, g->n,
                                                  (pm_vdr_tile_rtl_fn *)l->rtl[TILES], &clocks, compare, l);
    if (status != PM_OK)
        return status;
    l->result.runs++;
    l->result.clocks += clocks;
    return pm_twin_failed(l) ? PM_EDIFFER : PM_OK;
}

static pm_status done(void *layer, const void *golden) {
    struct pm_twin_layer *l = layer;
    const struct pm_flare_run *g = golden;
    const struct buffers *b = l->buffers;
    if (b->tiles)
        return done_tiles(l, g);
    const struct pm_attention_run run = {pm_flare_layer_config(l->layer),
                                         pm_flare_layer_weights(l->layer),
                                         pm_flare_layer_array(l->layer),
                                         g->x,
                                         g->ex,
                                         g->keep,
                                         g->n,
                                         g->n,
                                         g->first_vector};
    struct pm_attention_rtl_result measured;
    const pm_status status =
        pm_attention_pair_check(b->pair, &run, (pm_flare_attention_rtl_fn *)l->rtl[ENGINE],
                                &(struct pm_sim_opts){0}, g->y, g->e, g->cost, &measured, compare, l);
    if (status != PM_OK)
        return status;
    if (pm_twin_failed(l)) {
        replay(l, &run);
        return PM_EDIFFER;
    }
    struct pm_twin_result *r = &l->result;
    r->runs++;
    r->clocks += measured.clocks;
    r->elements_in += (uint64_t)measured.tokens_in * run.cfg->width;
    r->elements_out += (uint64_t)measured.tokens_out * run.cfg->width;
    pm_twin_count_pass(l, 0, per_vector(measured.first_write, measured.last_write, g->n),
                       (double)g->cost->bound_kv / g->n);
    pm_twin_count_pass(l, 1, per_vector(measured.first_y, measured.last_y, g->n),
                       (double)g->cost->bound_token / g->n);
    return PM_OK;
}

const struct pm_twin pm_twin_flare = {
    .system = "flare",
    .block = {[ENGINE] = {"flare_attention", "pm_flare_attention_rtl", params},
              [TILES] = {"vdr_tile", "pm_vdr_tile_rtl", tile_params}},
    .open = open_buffers,
    .close = close_buffers,
    .stage = stage,
    .done = done};
