// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_flare_apb: whole runs by the driver through the registers, golden against RTL. What the
 * engine's stages hold is the engine's bench to compare. */
#include "bench.h"
#include "flare_apb_rtl.h"

#include <stdlib.h>

struct size {
    unsigned width, heads, kvb, max_tokens;
    int max_shl;
};

enum corner { ENCODER, MASKED, CAUSAL, DECODED, CLAMPED, ALL_MASKED, CORNERS };
static const char *const corner_name[CORNERS] = {
    "an encoder's run",       "some keys masked",        "causal",
    "decoded token by token", "clamped keys and values", "every key masked"};

/* The second of each pair is the RTL's. */
struct data {
    int8_t *x, *w[4], *y[2];
    int32_t *b[4], *ex, *e[2];
    uint8_t *keep;
    int16_t *k[2], *v[2];
};

struct seen {
    int16_t *k, *v;
    size_t width;
};

static void *must(void *p) {
    if (!p)
        abort();
    return p;
}

static void probe(void *ctx, const struct pm_attention_stages *stages) {
    const struct seen *seen = ctx;
    for (size_t i = 0; stages->k && i < seen->width; i++) {
        seen->k[stages->token * seen->width + i] = stages->k[i];
        seen->v[stages->token * seen->width + i] = stages->v[i];
    }
}

static struct pm_attention_cfg fill(struct bench *b, const struct size *s, enum corner corner,
                                    struct data *t) {
    const unsigned d = s->width;
    const unsigned least = corner == CLAMPED ? 0 : 6, most = corner == CLAMPED ? 3 : 10;
    struct pm_attention_cfg cfg = {.width = d,
                                   .heads = s->heads,
                                   .kvb = s->kvb,
                                   .mk = (unsigned)bench_range(b, least, most),
                                   .mv = (unsigned)bench_range(b, least, most),
                                   .round = bench_random(b) & 1,
                                   .coding_x = bench_random(b) & 1 ? PM_SIGN : PM_TWOS,
                                   .coding_q = bench_random(b) & 1 ? PM_SIGN : PM_TWOS,
                                   .coding_o = bench_random(b) & 1 ? PM_SIGN : PM_TWOS,
                                   .causal = corner == CAUSAL || corner == DECODED,
                                   .norm = PM_NORM_RECIP,
                                   .mram = pm_array_mram(false, 0)};
    for (unsigned h = 0; h < s->heads; h++) {
        cfg.s0[h] = 0.5 + (double)bench_range(b, 0, 4095) / 8192;
        cfg.e0[h] = (int32_t)bench_range(b, -24, -8);
    }
    for (unsigned m = 0; m < 4; m++) {
        for (unsigned i = 0; i < d * d; i++)
            t->w[m][i] = (int8_t)bench_range(b, -128, 127);
        for (unsigned i = 0; i < d; i++)
            t->b[m][i] = (int32_t)bench_range(b, -50000, 50000);
    }
    for (unsigned i = 0; i < s->max_tokens; i++) {
        t->ex[i] = (int32_t)bench_range(b, s->max_shl < 8 ? -s->max_shl : -8, 8);
        t->keep[i] = corner == ALL_MASKED ? 0 : corner == MASKED ? bench_random(b) & 1 : 1;
        for (unsigned j = 0; j < d; j++)
            t->x[(size_t)i * d + j] = (int8_t)bench_range(b, -128, 127);
    }
    return cfg;
}

static pm_status golden(const struct pm_attention_cfg *cfg, const struct pm_attention_weights *w,
                        const struct size *s, struct data *t, unsigned n, unsigned prefill,
                        struct pm_attention_cost *cost) {
    struct pm_attention *engine;
    pm_status status = pm_attention_new(cfg, w, s->max_tokens, 0, &engine);
    if (status != PM_OK)
        return status;
    for (unsigned at = 0, end = prefill; at < n && status == PM_OK; at = end++) {
        const size_t first = (size_t)at * s->width;
        struct seen seen = {t->k[0] + first, t->v[0] + first, s->width};
        status = pm_attention_append(engine, at);
        if (status == PM_OK)
            status = pm_attention_run(engine, t->x + first, t->ex + at, t->keep, end - at, at,
                                      t->y[0] + first, t->e[0] + at, cost, probe, &seen);
    }
    pm_attention_free(engine);
    return status;
}

static void run_corner(struct bench *b, const struct size *s, pm_flare_attention_rtl_fn *rtl,
                       enum corner corner, struct data *t) {
    enum { RUNS = 4 };
    uint64_t expected = 0;
    for (unsigned i = 0; i < RUNS; i++) {
        const struct pm_attention_cfg cfg = fill(b, s, corner, t);
        const struct pm_attention_weights w = {t->w[0], t->w[1], t->w[2], t->w[3],
                                               t->b[0], t->b[1], t->b[2], t->b[3]};
        const unsigned n = i == 0 ? s->max_tokens : (unsigned)bench_range(b, 1, s->max_tokens),
                       prefill = corner == DECODED ? (unsigned)bench_range(b, 1, n) : n;
        const size_t nd = (size_t)n * s->width;
        struct pm_attention_cost cost = {0};
        struct pm_attention_rtl_result result;
        const struct pm_attention_trace trace = {.k = t->k[1], .v = t->v[1]};
        pm_status status = golden(&cfg, &w, s, t, n, prefill, &cost);
        if (status == PM_OK)
            status = rtl(&(struct pm_sim_opts){.seed = i == 0 ? 0 : bench_stalls(b)}, &cfg, &w, s->max_tokens,
                         0, t->x, t->ex, t->keep, n, prefill, 0, t->y[1], t->e[1], &trace, &result);
        if (status != PM_OK) {
            printf("# %s\n", pm_strerror(status));
            bench_check(b, corner_name[corner], false);
            return;
        }
        for (size_t j = 0; j < nd; j++) {
            bench_eq(b, "k", j, t->k[0][j], trace.k[j]);
            bench_eq(b, "v", j, t->v[0][j], trace.v[j]);
            bench_eq(b, "y", j, t->y[0][j], t->y[1][j]);
        }
        for (size_t j = 0; j < n; j++)
            bench_eq(b, "e", j, t->e[0][j], t->e[1][j]);
        bench_eq(b, "z_zero", 0, cost.zero_z != 0, result.z_zero);
        bench_eq(b, "k_sat", 0, cost.saturated_k != 0, result.k_sat);
        bench_eq(b, "v_sat", 0, cost.saturated_v != 0, result.v_sat);
        for (int k = 0; k < PM_GEMV_KINDS; k++)
            bench_eq(b, "accesses", (size_t)k, (int64_t)cost.gemv[k].accesses, (int64_t)result.accesses[k]);
        expected += 3 * nd + n + 3 + PM_GEMV_KINDS;
    }
    char name[256];
    snprintf(name, sizeof name, "(%s) %s", b->params, corner_name[corner]);
    bench_test(b, name, expected);
}

int main(void) {
    static const char *const models[] = {"d4h1", "d16h2"};
    struct bench b;
    bench_begin(&b, "flare_apb");
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        struct pm_rtl *model = bench_model(&b, models[i]);
        if (!model)
            continue;
        const struct size s = {bench_parameter(&b, "D"), bench_parameter(&b, "Heads"),
                               bench_parameter(&b, "Kvb"), bench_parameter(&b, "MaxTokens"), i == 0 ? 7 : 31};
        const size_t d = s.width, nd = s.max_tokens * d;
        struct data t = {
            .x = must(malloc(nd)), .ex = must(calloc(s.max_tokens, 4)), .keep = must(malloc(s.max_tokens))};
        for (int k = 0; k < 2; k++) {
            t.y[k] = must(malloc(nd));
            t.e[k] = must(calloc(s.max_tokens, 4));
            t.k[k] = must(calloc(nd, sizeof **t.k));
            t.v[k] = must(calloc(nd, sizeof **t.v));
        }
        for (int m = 0; m < 4; m++) {
            t.w[m] = must(malloc(d * d));
            t.b[m] = must(calloc(d, 4));
        }
        pm_flare_attention_rtl_fn *rtl =
            (pm_flare_attention_rtl_fn *)bench_function(model, "pm_flare_apb_rtl");
        for (enum corner c = 0; c < CORNERS; c++)
            run_corner(&b, &s, rtl, c, &t);
        pm_rtl_close(model);
        for (int m = 0; m < 4; m++) {
            free(t.w[m]);
            free(t.b[m]);
        }
        for (int k = 0; k < 2; k++) {
            void *pair[] = {t.y[k], t.e[k], t.k[k], t.v[k]};
            for (size_t j = 0; j < sizeof pair / sizeof *pair; j++)
                free(pair[j]);
        }
        free(t.x);
        free(t.ex);
        free(t.keep);
    }
    return bench_end(&b);
}
