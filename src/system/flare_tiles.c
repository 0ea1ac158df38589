// SPDX-License-Identifier: Apache-2.0
#include "system/flare_tiles.h"

#include <stdlib.h>
#include <string.h>

struct pm_flare_tiles {
    unsigned width, heads, max_tokens;
    int16_t *v;    /* [n][D] */
    int8_t *logit; /* [heads][max_tokens][n] */
    uint8_t *a;    /* the same */
    int32_t *ne;   /* [heads][max_tokens][tiles of n] */
    uint32_t *z;   /* [n][heads] */
    int32_t *o;    /* [n][D] */
};

void pm_flare_tiles_free(struct pm_flare_tiles *t) {
    if (!t)
        return;
    free(t->v);
    free(t->logit);
    free(t->a);
    free(t->ne);
    free(t->z);
    free(t->o);
    free(t);
}

static unsigned tiles_of(unsigned keys) {
    return (keys + PM_MAX_KEYS - 1) / PM_MAX_KEYS;
}

struct pm_flare_tiles *pm_flare_tiles_new(unsigned width, unsigned heads, unsigned max_tokens) {
    const size_t n = max_tokens, rows = heads * n;
    struct pm_flare_tiles *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    *t = (struct pm_flare_tiles){.width = width, .heads = heads, .max_tokens = max_tokens};
    t->v = calloc(n * width, sizeof *t->v);
    t->logit = calloc(rows * n, 1);
    t->a = calloc(rows * n, 1);
    t->ne = calloc(rows * tiles_of(max_tokens), sizeof *t->ne);
    t->z = calloc(rows, sizeof *t->z);
    t->o = calloc(n * width, sizeof *t->o);
    if (t->v && t->logit && t->a && t->ne && t->z && t->o)
        return t;
    pm_flare_tiles_free(t);
    return NULL;
}

void pm_flare_tiles_record(struct pm_flare_tiles *t, const struct pm_attention_stages *s) {
    const size_t at = (size_t)s->token * t->width, tiles = tiles_of(s->keys);
    if (s->k) {
        memcpy(t->v + at, s->v, t->width * sizeof *s->v);
        return;
    }
    memcpy(t->o + at, s->o, t->width * sizeof *s->o);
    memcpy(t->z + (size_t)s->token * t->heads, s->z, t->heads * sizeof *s->z);
    for (size_t h = 0; h < t->heads; h++) {
        const size_t row = h * t->max_tokens + s->token;
        for (unsigned j = 0; j < s->keys; j++)
            t->logit[row * s->keys + j] = (int8_t)s->logit[h * s->stride + j];
        memcpy(t->a + row * s->keys, s->a + h * s->stride, s->keys);
        memcpy(t->ne + row * tiles, s->ne + h * s->tiles, tiles * sizeof *s->ne);
    }
}

/* One run's, of a head. */
struct rows {
    uint8_t *keep, *a, *shift; /* [n][n] twice, [n][tiles] */
    int16_t *v;                /* [n][d_k] */
    int32_t *reference;        /* [n][tiles] */
    int64_t *z, *o;            /* [n], [n][d_k] */
};

static void rows_free(struct rows *r) {
    free(r->keep);
    free(r->a);
    free(r->shift);
    free(r->v);
    free(r->reference);
    free(r->z);
    free(r->o);
}

static bool rows_new(struct rows *r, size_t n, size_t d_k, size_t tiles) {
    *r = (struct rows){.keep = malloc(n * n),
                       .a = malloc(n * n),
                       .shift = malloc(n * tiles),
                       .v = malloc(n * d_k * sizeof *r->v),
                       .reference = malloc(n * tiles * sizeof *r->reference),
                       .z = malloc(n * sizeof *r->z),
                       .o = malloc(n * d_k * sizeof *r->o)};
    return r->keep && r->a && r->shift && r->v && r->reference && r->z && r->o;
}

static void compare_head(const struct pm_flare_tiles *t, const struct pm_attention_cfg *cfg, unsigned h,
                         size_t n, const struct rows *r, pm_pair_compare *compare, void *ctx) {
    const size_t d_k = t->width / t->heads;
    for (size_t i = 0; i < n; i++) {
        const uint32_t z = (uint32_t)pm_tile_whole(r->z[i]);
        const uint8_t *a = t->a + (h * t->max_tokens + i) * n;
        for (size_t j = 0; j < n; j++)
            compare(ctx, "a", (h * n + i) * n + j, a[j], r->a[i * n + j]);
        compare(ctx, "z", i * t->heads + h, t->z[i * t->heads + h], z);
        for (size_t k = 0; k < d_k; k++) {
            const size_t at = i * t->width + h * d_k + k;
            compare(ctx, "o", at, t->o[at], pm_head_norm(pm_tile_whole(r->o[i * d_k + k]), z, cfg->norm));
        }
    }
}

pm_status pm_flare_tiles_check(const struct pm_flare_tiles *t, const struct pm_attention_cfg *cfg,
                               const uint8_t *keep, unsigned n, pm_vdr_tile_rtl_fn *rtl, uint64_t *clocks,
                               pm_pair_compare *compare, void *ctx) {
    const size_t d_k = t->width / t->heads, tiles = tiles_of(n);
    const struct pm_tile_shape shape = {n, n, PM_MAX_KEYS, d_k};
    struct rows r;
    pm_status status = rows_new(&r, n, d_k, tiles) ? PM_OK : PM_ENOMEM;
    for (size_t i = 0; i < n && status == PM_OK; i++)
        for (size_t j = 0; j < n; j++)
            r.keep[i * n + j] = (!keep || keep[j]) && (!cfg->causal || j <= i);
    for (unsigned h = 0; h < t->heads && status == PM_OK; h++) {
        struct pm_vdr_lut lut;
        uint64_t head_clocks = 0;
        for (size_t i = 0; i < n; i++)
            memcpy(r.v + i * d_k, t->v + i * t->width + h * d_k, d_k * sizeof *r.v);
        status = pm_vdr_lut_init(&lut, cfg->s0[h]);
        if (status == PM_OK)
            status = rtl(&(struct pm_sim_opts){0}, &lut, &shape, t->logit + h * t->max_tokens * (size_t)n,
                         t->ne + h * t->max_tokens * tiles, r.keep, r.v, cfg->round, r.a, r.shift,
                         r.reference, r.z, r.o, &head_clocks);
        if (status == PM_OK)
            compare_head(t, cfg, h, n, &r, compare, ctx);
        *clocks += head_clocks;
    }
    rows_free(&r);
    return status;
}
