// SPDX-License-Identifier: Apache-2.0
#include "flare_attention.h"

#include "emsbq.h"

#include <stdlib.h>
#include <string.h>

const char *const pm_gemv_name[PM_GEMV_KINDS] = {"k", "v", "q", "l", "av", "o"};

enum { MRAM_K, MRAM_V, MRAM_Q, MRAM_O, MRAM_COUNT };

#define WBITS 8 /* stored weights */
#define LBITS 8 /* logits and attention weights */

/* One array, read by one of both. */
struct matrix {
    struct pm_flare_matrix *sifted;
    struct pm_flare_whole *whole;
};

struct pm_attention {
    struct pm_attention_cfg cfg;
    unsigned max_tokens, d_k;
    unsigned bits; /* of x, q, o and y */
    struct pm_vdr_lut lut[PM_MAX_HEADS];
    struct matrix mram[MRAM_COUNT];
    struct matrix k_array, v_array; /* of the head and tile at hand, for `room` tokens */
    unsigned room;
    unsigned stored, past; /* tokens whose K and V there are; those that the next run follows */
    int32_t *bias[MRAM_COUNT];
    /* All tokens of one pass; n is max_tokens. */
    int32_t *x32;            /* [n][max(D, tile)] a matrix's input vectors */
    int64_t *acc;            /* [n][max(D, tile)] and its outputs */
    int16_t *k, *v, *q, *o8; /* [n][D], k and v of those before as well */
    int16_t *xy;             /* [n][D] x and then y, for who has them in 8 bits */
    int16_t *logit;          /* [n][heads][n] */
    uint8_t *a;              /* [n][heads][n] */
    int32_t *o;              /* [n][D] */
    int32_t *s_q, *ne;       /* [n][heads], [n][heads][tiles] */
    uint32_t *z;             /* [n][heads] */
    int32_t *s_o;            /* [n] */
    int16_t *cells;          /* [tile * d_k] K^T or V of one head */
    struct pm_tile_row *row; /* [n] of one head */
    uint8_t *shift;          /* [n] of its tile at hand */
    int64_t *sum;            /* [n][d_k] numerators times values of one head, running */
};

pm_status pm_attention_check(const struct pm_attention_cfg *c) {
    if (c->width < 1 || c->width > PM_MAX_WIDTH || c->heads < 1 || c->heads > PM_MAX_HEADS ||
        c->width % c->heads != 0 || c->kvb < 2 || c->kvb > 16 || c->mk > 31 || c->mv > 31 ||
        c->gpc > PM_GPC_NEXT || (c->q != 0 && c->q != 8 && c->q != 9) || (c->adc > 0 && c->mram.noise))
        return PM_EINVAL;
    for (unsigned h = 0; h < c->heads; h++)
        if (!(c->s0[h] >= 0.5 && c->s0[h] < 1.0) || c->e0[h] < INT16_MIN || c->e0[h] > INT16_MAX)
            return PM_EINVAL;
    return PM_OK;
}

static unsigned max_u(unsigned a, unsigned b) {
    return a > b ? a : b;
}

static pm_status matrix_new(const struct pm_attention *g, const struct pm_array_cfg *cell, uint32_t id,
                            unsigned rows, unsigned outputs, unsigned wbits, struct matrix *m) {
    return g->cfg.adc > 0
               ? pm_flare_whole_new(rows, outputs, wbits, g->cfg.adc, &m->whole)
               : pm_flare_matrix_new(cell, id, rows, outputs, wbits, g->cfg.path, PM_ISA_BEST, &m->sifted);
}

static void matrix_free(struct matrix *m) {
    pm_flare_matrix_free(m->sifted);
    pm_flare_whole_free(m->whole);
    *m = (struct matrix){0};
}

static void matrix_program(const struct matrix *m, const int16_t *w) {
    if (m->whole)
        pm_flare_whole_program(m->whole, w);
    else
        pm_flare_matrix_program(m->sifted, w);
}

/* n vectors in x32 through a matrix. */
static pm_status multiply(struct pm_attention *g, const struct matrix *m, const struct pm_bitsift_cfg *cfg,
                          unsigned n, uint32_t first_vector, struct pm_gemv_cost *cost) {
    if (m->sifted)
        return pm_flare_gemm(m->sifted, cfg, g->x32, n, first_vector, g->acc, cost);
    return pm_flare_whole_gemm(m->whole, cfg, g->x32, n, g->acc, cost);
}

static pm_status program(struct pm_attention *g, const struct pm_attention_weights *w, uint32_t array_id) {
    const int8_t *weights[MRAM_COUNT] = {w->wk, w->wv, w->wq, w->wo};
    const int32_t *bias[MRAM_COUNT] = {w->bk, w->bv, w->bq, w->bo};
    unsigned d = g->cfg.width;
    int16_t *w16 = malloc((size_t)d * d * sizeof *w16);
    if (!w16)
        return PM_ENOMEM;
    pm_status status = PM_OK;
    for (int m = 0; m < MRAM_COUNT && status == PM_OK; m++) {
        for (size_t i = 0; i < (size_t)d * d; i++)
            w16[i] = weights[m][i];
        g->bias[m] = calloc(d, sizeof *g->bias[m]);
        status = g->bias[m] ? matrix_new(g, &g->cfg.mram, array_id + (uint32_t)m, d, d, WBITS, &g->mram[m])
                            : PM_ENOMEM;
        if (status != PM_OK)
            break;
        matrix_program(&g->mram[m], w16);
        if (bias[m])
            memcpy(g->bias[m], bias[m], d * sizeof *bias[m]);
    }
    free(w16);
    return status;
}

static unsigned tiles_of(unsigned keys) {
    return (keys + PM_MAX_KEYS - 1) / PM_MAX_KEYS;
}

/* K and V arrays of n tokens: as many columns and rows. */
static pm_status hold(struct pm_attention *g, unsigned n) {
    const struct pm_array_cfg sram = pm_array_sram();
    const struct pm_attention_cfg *c = &g->cfg;
    if (n == g->room)
        return PM_OK;
    matrix_free(&g->k_array);
    matrix_free(&g->v_array);
    g->room = 0;
    pm_status status = matrix_new(g, &sram, 0, g->d_k, n, c->kvb, &g->k_array);
    if (status == PM_OK)
        status = matrix_new(g, &sram, 0, n, g->d_k, c->kvb, &g->v_array);
    if (status == PM_OK)
        g->room = n;
    return status;
}

pm_status pm_attention_new(const struct pm_attention_cfg *cfg, const struct pm_attention_weights *w,
                           unsigned max_tokens, uint32_t array_id, struct pm_attention **engine) {
    *engine = NULL;
    if (pm_attention_check(cfg) != PM_OK || max_tokens < 1 || max_tokens > PM_MAX_TOKENS)
        return PM_EINVAL;
    struct pm_attention *g = calloc(1, sizeof *g);
    if (!g)
        return PM_ENOMEM;
    const unsigned d = cfg->width;
    const unsigned tile = max_tokens < PM_MAX_KEYS ? max_tokens : PM_MAX_KEYS;
    const size_t n = max_tokens, nd = n * d, most = n * max_u(d, tile), nh = n * cfg->heads;
    g->cfg = *cfg;
    g->max_tokens = max_tokens;
    g->d_k = d / cfg->heads;
    g->bits = cfg->q ? cfg->q : 8;
    pm_status status = program(g, w, array_id);
    if (status == PM_OK)
        status = hold(g, tile);
    for (unsigned h = 0; h < cfg->heads && status == PM_OK; h++)
        status = pm_vdr_lut_init(&g->lut[h], cfg->s0[h]);
    g->x32 = calloc(most, sizeof *g->x32);
    g->acc = calloc(most, sizeof *g->acc);
    g->k = calloc(nd, sizeof *g->k);
    g->v = calloc(nd, sizeof *g->v);
    g->q = calloc(nd, sizeof *g->q);
    g->o8 = calloc(nd, sizeof *g->o8);
    g->xy = calloc(nd, sizeof *g->xy);
    g->o = calloc(nd, sizeof *g->o);
    g->logit = calloc(nh * n, sizeof *g->logit);
    g->a = calloc(nh * n, sizeof *g->a);
    g->s_q = calloc(nh, sizeof *g->s_q);
    g->ne = calloc(nh * tiles_of(max_tokens), sizeof *g->ne);
    g->z = calloc(nh, sizeof *g->z);
    g->s_o = calloc(n, sizeof *g->s_o);
    g->cells = calloc((size_t)tile * g->d_k, sizeof *g->cells);
    g->row = calloc(n, sizeof *g->row);
    g->shift = calloc(n, 1);
    g->sum = calloc(n * g->d_k, sizeof *g->sum);
    if (status == PM_OK &&
        !(g->x32 && g->acc && g->k && g->v && g->q && g->o8 && g->xy && g->o && g->logit && g->a && g->s_q &&
          g->ne && g->z && g->s_o && g->cells && g->row && g->shift && g->sum))
        status = PM_ENOMEM;
    if (status != PM_OK) {
        pm_attention_free(g);
        return status;
    }
    *engine = g;
    return PM_OK;
}

void pm_attention_free(struct pm_attention *g) {
    if (!g)
        return;
    for (int m = 0; m < MRAM_COUNT; m++) {
        matrix_free(&g->mram[m]);
        free(g->bias[m]);
    }
    matrix_free(&g->k_array);
    matrix_free(&g->v_array);
    void *buffers[] = {g->x32, g->acc, g->k,  g->v, g->q,   g->o8,    g->xy,  g->o,     g->logit,
                       g->a,   g->s_q, g->ne, g->z, g->s_o, g->cells, g->row, g->shift, g->sum};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        free(buffers[i]);
    free(g);
}

static struct pm_bitsift_cfg sift(const struct pm_attention *g, unsigned rows, unsigned bits, bool is_signed,
                                  enum pm_coding coding) {
    return (struct pm_bitsift_cfg){.rows = rows,
                                   .slice = 16,
                                   .bits = bits,
                                   .is_signed = is_signed,
                                   .coding = coding,
                                   .mode = g->cfg.gpc,
                                   .eplanes = !g->cfg.all_planes};
}

/* All tokens' vectors in x32 through one weight array. */
static pm_status project(struct pm_attention *g, int matrix, enum pm_coding coding, unsigned n,
                         uint32_t first_vector, struct pm_gemv_cost *cost) {
    const struct pm_bitsift_cfg cfg = sift(g, g->cfg.width, g->bits, true, coding);
    return multiply(g, &g->mram[matrix], &cfg, n, first_vector, cost);
}

/* The bias of a token's accumulators, at their scale. */
static void add_bias(const struct pm_attention *g, int matrix, int64_t bias_shift, int64_t *acc) {
    for (unsigned i = 0; i < g->cfg.width; i++)
        acc[i] += pm_shr(g->bias[matrix][i], bias_shift);
}

/* Quantises a group to `bits`; counts the elements that rounding carried past the largest code. */
static int quantize(const struct pm_attention *g, unsigned bits, const int64_t *x, const uint8_t *keep,
                    unsigned n, int16_t *y, uint64_t *saturated) {
    struct pm_emsbq_cfg cfg = {.q = bits, .is_signed = true, .round = g->cfg.round};
    const int16_t most = (int16_t)((1 << (bits - 1)) - 1);
    int s = pm_emsbq(&cfg, x, keep, n, y);
    if (s > 0 && cfg.round)
        for (unsigned i = 0; i < n; i++)
            *saturated += (!keep || keep[i]) && y[i] == most && (x[i] >> s) == most && (x[i] >> (s - 1) & 1);
    return s;
}

/* A group's exponent as it goes on: its own, or what stands for all. */
static int exponent(const struct pm_attention *g, int own, int typical) {
    return g->cfg.drop_exponents ? typical : own;
}

/* acc[D] parsed into out[D]; counts the elements that the parse clamped. */
static void parse(const struct pm_attention *g, const int64_t *acc, int64_t m, int16_t *out,
                  uint64_t *saturated) {
    const int64_t r = g->cfg.round && m > 0 ? (int64_t)1 << (pm_clamp_shift(m) - 1) : 0;
    for (unsigned i = 0; i < g->cfg.width; i++) {
        out[i] = pm_msb_parse(acc[i], m, g->cfg.kvb, g->cfg.round);
        *saturated += pm_shr(acc[i] + r, m) != out[i];
    }
}

/* Pass 1 through one of W_K and W_V, whose input is in x32. */
static pm_status pass_kv(struct pm_attention *g, int matrix, unsigned shift, const int32_t *ex, unsigned n,
                         uint32_t first_vector, int16_t *out, struct pm_gemv_cost *cost,
                         uint64_t *saturated) {
    const size_t d = g->cfg.width;
    const pm_status status = project(g, matrix, g->cfg.coding_x, n, first_vector, cost);
    for (unsigned t = 0; t < n && status == PM_OK; t++) {
        const int e = exponent(g, ex[t], g->cfg.typical.x);
        add_bias(g, matrix, e, g->acc + t * d);
        parse(g, g->acc + t * d, (int64_t)shift - e, out + t * d, saturated);
    }
    return status;
}

/* Which of the n keys from `first` on the run's token t sees: keep, and of a causal run none behind it. */
static const uint8_t *seen_by(const struct pm_attention *g, unsigned t, unsigned first, unsigned n,
                              const uint8_t *keep, uint8_t seen[PM_MAX_KEYS]) {
    if (!g->cfg.causal)
        return keep ? keep + first : NULL;
    for (unsigned j = 0; j < n; j++)
        seen[j] = first + j <= g->past + t && (!keep || keep[first + j]);
    return seen;
}

/* K^T or V of a head's tile into its array. */
static void program_keys(struct pm_attention *g, unsigned h, unsigned first, unsigned keys) {
    const int16_t *k = g->k + first * (size_t)g->cfg.width + h * g->d_k;
    for (unsigned t = 0; t < keys; t++)
        for (unsigned i = 0; i < g->d_k; i++)
            g->cells[(size_t)i * keys + t] = k[t * g->cfg.width + i];
    matrix_program(&g->k_array, g->cells);
}

static void program_values(struct pm_attention *g, unsigned h, unsigned first, unsigned keys) {
    const int16_t *v = g->v + first * (size_t)g->cfg.width + h * g->d_k;
    for (unsigned t = 0; t < keys; t++)
        memcpy(g->cells + (size_t)t * g->d_k, v + t * g->cfg.width, g->d_k * sizeof *g->cells);
    matrix_program(&g->v_array, g->cells);
}

/* One tile of a row of logits, which are in acc: 8 bits, numerators. Returns the shift of earlier sums. */
static unsigned weigh(struct pm_attention *g, unsigned h, unsigned t, unsigned first, unsigned keys,
                      const uint8_t *keep, int ex, struct pm_attention_cost *cost) {
    const struct pm_attention_cfg *c = &g->cfg;
    const size_t at = (size_t)t * c->heads + h;
    int16_t *logit = g->logit + at * g->max_tokens + first;
    uint8_t *a = g->a + at * g->max_tokens + first, mask[PM_MAX_KEYS];
    int32_t *ne = g->ne + at * tiles_of(g->max_tokens) + first / PM_MAX_KEYS;
    int8_t row[PM_MAX_KEYS];
    const uint8_t *seen = seen_by(g, t, first, keys, keep, mask);
    const int s_l = quantize(g, LBITS, g->acc + (size_t)t * keys, seen, keys, logit, &cost->saturated_q);
    *ne = -(c->e0[h] + exponent(g, ex, c->typical.x) + g->s_q[at] + exponent(g, s_l, c->typical.l));
    for (unsigned j = 0; j < keys; j++)
        row[j] = (int8_t)logit[j];
    const unsigned shift = pm_vdr_tile(&g->lut[h], &g->row[t], row, seen, keys, *ne, c->round, a);
    for (unsigned j = 0; j < keys; j++)
        g->x32[(size_t)t * keys + j] = a[j];
    return shift;
}

/* n tokens over a tile of a head's keys: q -> logits -> numerators -> numerators times values, added to the
 * sums so far. */
static pm_status attend(struct pm_attention *g, unsigned h, unsigned n, unsigned first, unsigned keys,
                        const uint8_t *keep, const int32_t *ex, struct pm_attention_cost *cost,
                        struct pm_gemv_cost *l, struct pm_gemv_cost *av) {
    const struct pm_bitsift_cfg l_cfg = sift(g, g->d_k, g->bits, true, g->cfg.coding_q);
    const struct pm_bitsift_cfg av_cfg = sift(g, keys, LBITS, false, PM_TWOS);
    pm_status status = hold(g, keys);
    if (status != PM_OK)
        return status;
    for (size_t t = 0; t < n; t++)
        for (unsigned i = 0; i < g->d_k; i++)
            g->x32[t * g->d_k + i] = g->q[t * g->cfg.width + h * g->d_k + i];
    program_keys(g, h, first, keys);
    status = multiply(g, &g->k_array, &l_cfg, n, 0, l);
    for (unsigned t = 0; t < n && status == PM_OK; t++)
        g->shift[t] = (uint8_t)weigh(g, h, t, first, keys, keep, ex[t], cost);
    if (status != PM_OK)
        return status;
    program_values(g, h, first, keys);
    status = multiply(g, &g->v_array, &av_cfg, n, 0, av);
    for (size_t t = 0; t < n && status == PM_OK; t++)
        pm_tile_rescale(g->sum + t * g->d_k, g->acc + t * g->d_k, g->d_k, g->shift[t]);
    return status;
}

/* One head of n tokens, tile by tile, to its normalised o. The rows of logits and weights are max_tokens
 * apart. */
static pm_status head(struct pm_attention *g, unsigned h, unsigned n, const uint8_t *keep, const int32_t *ex,
                      struct pm_attention_cost *cost, struct pm_gemv_cost *l, struct pm_gemv_cost *av) {
    const unsigned all = g->past + n;
    pm_status status = PM_OK;
    memset(g->row, 0, n * sizeof *g->row);
    memset(g->sum, 0, (size_t)n * g->d_k * sizeof *g->sum);
    for (unsigned first = 0; first < all && status == PM_OK; first += PM_MAX_KEYS)
        status = attend(g, h, n, first, all - first < PM_MAX_KEYS ? all - first : PM_MAX_KEYS, keep, ex, cost,
                        l, av);
    for (size_t t = 0; t < n && status == PM_OK; t++) {
        const uint32_t z = g->z[t * g->cfg.heads + h] = (uint32_t)pm_tile_whole(g->row[t].z);
        cost->zero_z += z == 0;
        for (unsigned i = 0; i < g->d_k; i++)
            g->o[t * g->cfg.width + h * g->d_k + i] =
                pm_head_norm(pm_tile_whole(g->sum[t * g->d_k + i]), z, g->cfg.norm);
    }
    return status;
}

void pm_attention_cost_add(struct pm_attention_cost *to, const struct pm_attention_cost *from) {
    for (int k = 0; k < PM_GEMV_KINDS; k++)
        pm_gemv_cost_add(&to->gemv[k], &from->gemv[k]);
    to->tokens += from->tokens;
    to->bound_kv += from->bound_kv;
    to->bound_token += from->bound_token;
    to->saturated_k += from->saturated_k;
    to->saturated_v += from->saturated_v;
    to->saturated_q += from->saturated_q;
    to->zero_z += from->zero_z;
}

/* Completes a run's counters with the heads' and with the bounds that its busiest arrays set. */
static void close_cost(struct pm_attention_cost *run, unsigned heads, const struct pm_gemv_cost *l,
                       const struct pm_gemv_cost *av) {
    uint64_t q = run->gemv[PM_GEMV_Q].accesses, o = run->gemv[PM_GEMV_O].accesses, bound = q > o ? q : o;
    for (unsigned h = 0; h < heads; h++) {
        bound = l[h].accesses > bound ? l[h].accesses : bound;
        bound = av[h].accesses > bound ? av[h].accesses : bound;
        pm_gemv_cost_add(&run->gemv[PM_GEMV_L], &l[h]);
        pm_gemv_cost_add(&run->gemv[PM_GEMV_AV], &av[h]);
    }
    run->bound_kv = run->gemv[PM_GEMV_K].accesses;
    run->bound_token = bound;
}

/* Pass 2 up to the heads' outputs. */
static pm_status pass_heads(struct pm_attention *g, const int32_t *ex, const uint8_t *keep, unsigned n,
                            uint32_t first_vector, struct pm_attention_cost *run, struct pm_gemv_cost *l,
                            struct pm_gemv_cost *av) {
    const size_t d = g->cfg.width;
    pm_status status = project(g, MRAM_Q, g->cfg.coding_x, n, first_vector, &run->gemv[PM_GEMV_Q]);
    for (unsigned t = 0; t < n && status == PM_OK; t++) {
        add_bias(g, MRAM_Q, exponent(g, ex[t], g->cfg.typical.x), g->acc + t * d);
        for (unsigned h = 0; h < g->cfg.heads; h++) {
            const size_t at = t * d + h * g->d_k;
            const int s = quantize(g, g->bits, g->acc + at, NULL, g->d_k, g->q + at, &run->saturated_q);
            g->s_q[t * g->cfg.heads + h] = exponent(g, s, g->cfg.typical.q);
        }
    }
    for (unsigned h = 0; h < g->cfg.heads && status == PM_OK; h++)
        status = head(g, h, n, keep, ex, run, &l[h], &av[h]);
    return status;
}

/* The heads' outputs through W_O. */
static pm_status pass_out(struct pm_attention *g, unsigned n, uint32_t first_vector, int16_t *y, int32_t *e,
                          struct pm_attention_cost *run) {
    const struct pm_attention_cfg *c = &g->cfg;
    const unsigned d = c->width;
    for (size_t t = 0; t < n; t++) {
        for (size_t i = 0; i < d; i++)
            g->acc[i] = g->o[t * d + i];
        const int s = quantize(g, g->bits, g->acc, NULL, d, g->o8 + t * d, &run->saturated_q);
        g->s_o[t] = exponent(g, s, c->typical.o);
        for (size_t i = 0; i < d; i++)
            g->x32[t * d + i] = g->o8[t * d + i];
    }
    const pm_status status = project(g, MRAM_O, c->coding_o, n, first_vector, &run->gemv[PM_GEMV_O]);
    for (size_t t = 0; t < n && status == PM_OK; t++) {
        const int e_o = g->s_o[t] + (int)c->mv - (c->norm == PM_NORM_NONE ? 0 : 4);
        add_bias(g, MRAM_O, e_o, g->acc + t * d);
        const int s = quantize(g, g->bits, g->acc + t * d, NULL, d, y + t * d, &run->saturated_q);
        e[t] = e_o + exponent(g, s, c->typical.y);
    }
    return status;
}

pm_status pm_attention_append(struct pm_attention *g, unsigned held) {
    if (held > g->stored)
        return PM_EINVAL;
    g->past = held;
    return PM_OK;
}

pm_status pm_attention_run(struct pm_attention *g, const int8_t *x, const int32_t *ex, const uint8_t *keep,
                           unsigned n, uint32_t first_vector, int8_t *y, int32_t *e,
                           struct pm_attention_cost *cost, pm_attention_probe *probe, void *ctx) {
    const size_t elements = (size_t)n * g->cfg.width;
    if (n < 1 || n > g->max_tokens - g->past || g->bits != 8)
        return PM_EINVAL;
    for (size_t i = 0; i < elements; i++)
        g->xy[i] = x[i];
    const pm_status status =
        pm_attention_run_wide(g, g->xy, ex, keep, n, first_vector, g->xy, e, cost, probe, ctx);
    for (size_t i = 0; i < elements && status == PM_OK; i++)
        y[i] = (int8_t)g->xy[i];
    return status;
}

pm_status pm_attention_run_wide(struct pm_attention *g, const int16_t *x, const int32_t *ex,
                                const uint8_t *keep, unsigned n, uint32_t first_vector, int16_t *y,
                                int32_t *e, struct pm_attention_cost *cost, pm_attention_probe *probe,
                                void *ctx) {
    const struct pm_attention_cfg *c = &g->cfg;
    if (n < 1 || n > g->max_tokens - g->past)
        return PM_EINVAL;
    for (unsigned t = 0; t < n; t++)
        if (ex[t] < INT16_MIN || ex[t] > INT16_MAX)
            return PM_ERANGE;
    const size_t d = c->width, row = (size_t)c->heads * g->max_tokens;
    int16_t *k = g->k + g->past * d, *v = g->v + g->past * d;
    struct pm_attention_cost run = {.tokens = n};
    struct pm_gemv_cost l[PM_MAX_HEADS] = {0}, av[PM_MAX_HEADS] = {0};
    for (size_t i = 0; i < n * d; i++)
        g->x32[i] = x[i];
    pm_status status =
        pass_kv(g, MRAM_K, c->mk, ex, n, first_vector, k, &run.gemv[PM_GEMV_K], &run.saturated_k);
    if (status == PM_OK)
        status = pass_kv(g, MRAM_V, c->mv, ex, n, first_vector, v, &run.gemv[PM_GEMV_V], &run.saturated_v);
    for (unsigned t = 0; probe && t < n && status == PM_OK; t++)
        probe(ctx, &(struct pm_attention_stages){.token = t, .k = k + t * d, .v = v + t * d});
    if (status == PM_OK)
        status = pass_heads(g, ex, keep, n, first_vector, &run, l, av);
    if (status == PM_OK)
        status = pass_out(g, n, first_vector, y, e, &run);
    for (unsigned t = 0; probe && t < n && status == PM_OK; t++)
        probe(ctx, &(struct pm_attention_stages){.token = t,
                                                 .q = g->q + t * d,
                                                 .s_q = g->s_q + t * c->heads,
                                                 .logit = g->logit + t * row,
                                                 .ne = g->ne + t * c->heads * tiles_of(g->max_tokens),
                                                 .tiles = tiles_of(g->max_tokens),
                                                 .a = g->a + t * row,
                                                 .stride = g->max_tokens,
                                                 .keys = g->past + n,
                                                 .z = g->z + t * c->heads,
                                                 .o = g->o + t * d,
                                                 .o8 = g->o8 + t * d,
                                                 .s_o = g->s_o[t]});
    g->stored = status == PM_OK ? g->past + n : 0;
    g->past = 0;
    if (status != PM_OK)
        return status;
    close_cost(&run, c->heads, l, av);
    if (cost)
        pm_attention_cost_add(cost, &run);
    return PM_OK;
}
