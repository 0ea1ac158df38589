#include "flare_attention.h"

#include "emsbq.h"
#include "kv_write.h"

#include <stdlib.h>
#include <string.h>

const char *const pm_gemv_name[PM_GEMV_KINDS] = {"k", "v", "q", "l", "av", "o"};

enum { MRAM_K, MRAM_V, MRAM_Q, MRAM_O, MRAM_COUNT };

#define WBITS 8 /* stored weights */
#define XBITS 8 /* activations */

struct pm_attention {
    struct pm_attention_cfg cfg;
    unsigned max_tokens, d_k;
    struct pm_vdr_lut lut[PM_MAX_HEADS];
    struct pm_array *mram[MRAM_COUNT];
    struct pm_array *k_array[PM_MAX_HEADS], *v_array[PM_MAX_HEADS];
    int32_t *bias[MRAM_COUNT];
    /* One token's way through the stages. */
    int32_t *x32;                  /* [max(D, N)] */
    int64_t *acc, *acc2;           /* [max(D, N)] */
    int16_t *k, *v, *q, *o8, *y16; /* [D] */
    int16_t *logit;                /* [heads][N] */
    uint8_t *a;                    /* [heads][N] */
    int32_t *o;                    /* [D] */
    int32_t *value;                /* [most columns of one array] */
    uint8_t *code;
};

pm_status pm_attention_check(const struct pm_attention_cfg *c) {
    if (c->width < 1 || c->width > PM_MAX_WIDTH || c->heads < 1 || c->heads > PM_MAX_HEADS ||
        c->width % c->heads != 0 || c->kvb < 2 || c->kvb > 16 || c->mk > 31 || c->mv > 31)
        return PM_EINVAL;
    for (unsigned h = 0; h < c->heads; h++)
        if (!(c->s0[h] >= 0.5 && c->s0[h] < 1.0) || c->e0[h] < INT16_MIN || c->e0[h] > INT16_MAX)
            return PM_EINVAL;
    return PM_OK;
}

static unsigned max_u(unsigned a, unsigned b) {
    return a > b ? a : b;
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
        g->mram[m] = pm_array_new(&g->cfg.mram, array_id + (uint32_t)m, d, d * WBITS);
        g->bias[m] = calloc(d, sizeof *g->bias[m]);
        if (!g->mram[m] || !g->bias[m]) {
            status = PM_ENOMEM;
            break;
        }
        pm_flare_program(g->mram[m], w16, d, d, WBITS);
        if (bias[m])
            memcpy(g->bias[m], bias[m], d * sizeof *bias[m]);
    }
    free(w16);
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
    unsigned d = cfg->width, n = max_tokens, most = max_u(d, n);
    g->cfg = *cfg;
    g->max_tokens = n;
    g->d_k = d / cfg->heads;
    pm_status status = program(g, w, array_id);
    struct pm_array_cfg sram = pm_array_sram();
    unsigned columns = max_u(d * WBITS, max_u(n, g->d_k) * cfg->kvb);
    for (unsigned h = 0; h < cfg->heads && status == PM_OK; h++) {
        status = pm_vdr_lut_init(&g->lut[h], cfg->s0[h]);
        g->k_array[h] = pm_array_new(&sram, 0, g->d_k, n * cfg->kvb);
        g->v_array[h] = pm_array_new(&sram, 0, n, g->d_k * cfg->kvb);
        if (!g->k_array[h] || !g->v_array[h])
            status = PM_ENOMEM;
    }
    g->x32 = calloc(most, sizeof *g->x32);
    g->acc = calloc(most, sizeof *g->acc);
    g->acc2 = calloc(most, sizeof *g->acc2);
    g->k = calloc(d, sizeof *g->k);
    g->v = calloc(d, sizeof *g->v);
    g->q = calloc(d, sizeof *g->q);
    g->o8 = calloc(d, sizeof *g->o8);
    g->y16 = calloc(d, sizeof *g->y16);
    g->o = calloc(d, sizeof *g->o);
    g->logit = calloc((size_t)cfg->heads * n, sizeof *g->logit);
    g->a = calloc((size_t)cfg->heads * n, sizeof *g->a);
    g->value = calloc(columns, sizeof *g->value);
    g->code = calloc(columns, sizeof *g->code);
    if (status == PM_OK && !(g->x32 && g->acc && g->acc2 && g->k && g->v && g->q && g->o8 && g->y16 && g->o &&
                             g->logit && g->a && g->value && g->code))
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
        pm_array_free(g->mram[m]);
        free(g->bias[m]);
    }
    for (unsigned h = 0; h < PM_MAX_HEADS; h++) {
        pm_array_free(g->k_array[h]);
        pm_array_free(g->v_array[h]);
    }
    void *buffers[] = {g->x32, g->acc, g->acc2,  g->k, g->v,     g->q,   g->o8,
                       g->y16, g->o,   g->logit, g->a, g->value, g->code};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        free(buffers[i]);
    free(g);
}

static struct pm_bitsift_cfg sift(unsigned rows, bool is_signed, enum pm_coding coding) {
    return (struct pm_bitsift_cfg){.rows = rows,
                                   .slice = 16,
                                   .bits = XBITS,
                                   .is_signed = is_signed,
                                   .coding = coding,
                                   .mode = PM_GPC_SPLIT,
                                   .eplanes = true};
}

/* One vector through one weight array, bias added at the accumulator's scale. */
static void project(struct pm_attention *g, int matrix, enum pm_gemv_kind kind, enum pm_coding coding,
                    uint32_t vector, int64_t bias_shift, struct pm_gemv_cost *cost) {
    struct pm_bitsift_cfg cfg = sift(g->cfg.width, true, coding);
    pm_flare_gemv(&cfg, g->mram[matrix], g->x32, WBITS, vector, g->acc, g->value, g->code, &cost[kind]);
    for (unsigned i = 0; i < g->cfg.width; i++)
        g->acc[i] += pm_shr(g->bias[matrix][i], bias_shift);
}

/* Quantises a group to 8 bits; counts the elements that rounding carried past the largest code. */
static int quantize(const struct pm_attention *g, const int64_t *x, const uint8_t *keep, unsigned n,
                    int16_t *y, uint64_t *saturated) {
    struct pm_emsbq_cfg cfg = {.q = 8, .is_signed = true, .round = g->cfg.round};
    int s = pm_emsbq(&cfg, x, keep, n, y);
    if (s > 0 && cfg.round)
        for (unsigned i = 0; i < n; i++)
            *saturated += (!keep || keep[i]) && y[i] == 127 && (x[i] >> s) == 127 && (x[i] >> (s - 1) & 1);
    return s;
}

/* acc[D] parsed into out[D]; counts the elements that the parse clamped. */
static void parse(const struct pm_attention *g, int64_t m, int16_t *out, uint64_t *saturated) {
    for (unsigned i = 0; i < g->cfg.width; i++) {
        int64_t r = g->cfg.round && m > 0 ? (int64_t)1 << (pm_clamp_shift(m) - 1) : 0;
        out[i] = pm_msb_parse(g->acc[i], m, g->cfg.kvb, g->cfg.round);
        *saturated += pm_shr(g->acc[i] + r, m) != out[i];
    }
}

static void load_x(struct pm_attention *g, const int8_t *x) {
    for (unsigned i = 0; i < g->cfg.width; i++)
        g->x32[i] = x[i];
}

static void pass_kv(struct pm_attention *g, const int8_t *x, int32_t ex, unsigned t, uint32_t vector,
                    struct pm_attention_cost *cost) {
    const struct pm_attention_cfg *c = &g->cfg;
    load_x(g, x);
    project(g, MRAM_K, PM_GEMV_K, c->coding_x, vector, ex, cost->gemv);
    parse(g, (int64_t)c->mk - ex, g->k, &cost->saturated_k);
    project(g, MRAM_V, PM_GEMV_V, c->coding_x, vector, ex, cost->gemv);
    parse(g, (int64_t)c->mv - ex, g->v, &cost->saturated_v);
    for (unsigned h = 0; h < c->heads; h++) {
        pm_k_write(g->k_array[h], g->k + h * g->d_k, g->d_k, c->kvb, t);
        pm_v_write(g->v_array[h], g->v + h * g->d_k, g->d_k, c->kvb, t);
    }
}

/* One head of one token: q -> logits -> A, Z -> A*V -> normalised o. Returns Z. */
static uint32_t head(struct pm_attention *g, unsigned h, unsigned n, const uint8_t *keep, int32_t ex, int s_q,
                     int32_t *ne, struct pm_attention_cost *cost, struct pm_gemv_cost *l,
                     struct pm_gemv_cost *av) {
    const struct pm_attention_cfg *c = &g->cfg;
    int16_t *q = g->q + h * g->d_k, *logit = g->logit + (size_t)h * g->max_tokens;
    uint8_t *a = g->a + (size_t)h * g->max_tokens;
    for (unsigned i = 0; i < g->d_k; i++)
        g->x32[i] = q[i];
    struct pm_bitsift_cfg l_cfg = sift(g->d_k, true, c->coding_q);
    pm_flare_gemv(&l_cfg, g->k_array[h], g->x32, c->kvb, 0, g->acc2, g->value, g->code, l);
    int s_l = quantize(g, g->acc2, keep, n, logit, &cost->saturated_q);
    *ne = -(c->e0[h] + ex + s_q + s_l);
    int8_t row[PM_MAX_TOKENS];
    for (unsigned j = 0; j < n; j++)
        row[j] = (int8_t)logit[j];
    uint32_t z = pm_vdr_softmax(&g->lut[h], row, keep, n, *ne, c->round, a);
    for (unsigned j = 0; j < g->max_tokens; j++)
        g->x32[j] = j < n ? a[j] : 0;
    struct pm_bitsift_cfg av_cfg = sift(g->max_tokens, false, PM_TWOS);
    pm_flare_gemv(&av_cfg, g->v_array[h], g->x32, c->kvb, 0, g->acc2, g->value, g->code, av);
    for (unsigned i = 0; i < g->d_k; i++)
        g->o[h * g->d_k + i] = pm_head_norm(g->acc2[i], z, c->norm);
    cost->zero_z += z == 0;
    return z;
}

static void add_cost(struct pm_gemv_cost *to, const struct pm_gemv_cost *from) {
    to->vectors += from->vectors;
    to->accesses += from->accesses;
    to->windows += from->windows;
    to->ones += from->ones;
    to->bits += from->bits;
    to->conversions += from->conversions;
    to->conversion_errors += from->conversion_errors;
    for (int i = 0; i <= PM_K; i++)
        to->sawl[i] += from->sawl[i];
}

void pm_attention_cost_add(struct pm_attention_cost *to, const struct pm_attention_cost *from) {
    for (int k = 0; k < PM_GEMV_KINDS; k++)
        add_cost(&to->gemv[k], &from->gemv[k]);
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
        add_cost(&run->gemv[PM_GEMV_L], &l[h]);
        add_cost(&run->gemv[PM_GEMV_AV], &av[h]);
    }
    run->bound_kv = run->gemv[PM_GEMV_K].accesses;
    run->bound_token = bound;
}

pm_status pm_attention_run(struct pm_attention *g, const int8_t *x, const int32_t *ex, const uint8_t *keep,
                           unsigned n, uint32_t first_vector, int8_t *y, int32_t *e,
                           struct pm_attention_cost *cost, pm_attention_probe *probe, void *ctx) {
    const struct pm_attention_cfg *c = &g->cfg;
    if (n < 1 || n > g->max_tokens)
        return PM_EINVAL;
    for (unsigned t = 0; t < n; t++)
        if (ex[t] < INT16_MIN || ex[t] > INT16_MAX)
            return PM_ERANGE;
    unsigned d = c->width;
    struct pm_attention_cost run = {.tokens = n};
    struct pm_gemv_cost l[PM_MAX_HEADS] = {0}, av[PM_MAX_HEADS] = {0};
    for (unsigned t = 0; t < n; t++) {
        pass_kv(g, x + (size_t)t * d, ex[t], t, first_vector + t, &run);
        if (probe)
            probe(ctx, &(struct pm_attention_stages){.token = t, .k = g->k, .v = g->v});
    }
    for (unsigned t = 0; t < n; t++) {
        int32_t s_q[PM_MAX_HEADS], ne[PM_MAX_HEADS];
        uint32_t z[PM_MAX_HEADS];
        load_x(g, x + (size_t)t * d);
        project(g, MRAM_Q, PM_GEMV_Q, c->coding_x, first_vector + t, ex[t], run.gemv);
        for (unsigned h = 0; h < c->heads; h++)
            s_q[h] = quantize(g, g->acc + h * g->d_k, NULL, g->d_k, g->q + h * g->d_k, &run.saturated_q);
        for (unsigned h = 0; h < c->heads; h++)
            z[h] = head(g, h, n, keep, ex[t], s_q[h], &ne[h], &run, &l[h], &av[h]);
        for (unsigned i = 0; i < d; i++)
            g->acc[i] = g->o[i];
        int s_o = quantize(g, g->acc, NULL, d, g->o8, &run.saturated_q);
        for (unsigned i = 0; i < d; i++)
            g->x32[i] = g->o8[i];
        int e_o = s_o + (int)c->mv - (c->norm == PM_NORM_NONE ? 0 : 4);
        project(g, MRAM_O, PM_GEMV_O, c->coding_o, first_vector + t, e_o, run.gemv);
        int s_out = quantize(g, g->acc, NULL, d, g->y16, &run.saturated_q);
        for (unsigned i = 0; i < d; i++)
            y[(size_t)t * d + i] = (int8_t)g->y16[i];
        e[t] = e_o + s_out;
        if (probe)
            probe(ctx, &(struct pm_attention_stages){.token = t,
                                                     .q = g->q,
                                                     .s_q = s_q,
                                                     .logit = g->logit,
                                                     .ne = ne,
                                                     .a = g->a,
                                                     .z = z,
                                                     .o = g->o,
                                                     .o8 = g->o8,
                                                     .s_o = s_o});
    }
    close_cost(&run, c->heads, l, av);
    if (cost)
        pm_attention_cost_add(cost, &run);
    return PM_OK;
}
