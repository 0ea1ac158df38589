// SPDX-License-Identifier: Apache-2.0
/* K and V as written into the arrays: golden against RTL, every shift, over several elaborations. */
#include "kv_write_rtl.h"

#include "bench.h"
#include "emsbq.h"

#include <stdlib.h>

__extension__ typedef __int128 wide;
typedef pm_status kv_write_fn(const struct pm_sim_opts *, const struct pm_kv_write_cfg *, const int64_t *,
                              const int64_t *, const int32_t *, unsigned, unsigned, unsigned, int16_t *,
                              int16_t *, uint8_t *, uint8_t *, unsigned *, uint64_t *);

struct config {
    unsigned d, w, kvb, max_tokens, exp_w;
};

enum { PASSES = 6, RUNS = 24 };

struct data {
    int64_t *k_acc, *v_acc;
    int32_t *ex;
    int16_t *k, *v;
    uint8_t k_sat[PASSES], v_sat[PASSES];
    unsigned flagged[PASSES];
};

/* Any value of up to `bits` effective bits, often at a power of two or beside it. */
static int64_t number(struct bench *b, unsigned bits) {
    uint64_t mask = bits == 0 ? 0 : ~(uint64_t)0 >> (64 - bits), r = bench_random(b);
    uint64_t v = r & 1 ? mask - (r >> 1 & 1 & mask) : bench_random(b) & mask;
    return (int64_t)(r >> 2 & 1 ? ~v : v);
}

/* An element as stored, and whether it saturated: docs/numerics.md, "eMSB-Q",
 * not the golden parse. */
static bool saturates(int64_t x, int64_t m, unsigned bits, bool round) {
    int n = (int)pm_clamp(m, -31, 31);
    wide v = n <= 0 ? (wide)x * ((int64_t)1 << -n) : ((wide)x + (round ? (wide)1 << (n - 1) : 0)) >> n;
    return v != (int16_t)v || v < -(1 << (bits - 1)) || v >= 1 << (bits - 1);
}

/* Exponents: near the register, so that M - ex has both signs, or anywhere. Gentle: nothing saturates. Least:
 * zeros and minus ones, of which a left shift by Kvb - 1 fits and a longer one saturates. */
enum kind { Any, Gentle, Least };
static void fill(struct bench *b, struct data *d, const struct config *c, unsigned tokens, unsigned m,
                 enum kind kind) {
    const bool gentle = kind == Gentle;
    int64_t lo = -((int64_t)1 << (c->exp_w - 1)), hi = -lo - 1;
    for (size_t t = 0; t < (size_t)PASSES * tokens; t++) {
        int64_t ex = bench_random(b) % 4 ? (int64_t)m + bench_range(b, -34, 34) : bench_range(b, lo, hi);
        if (bench_random(b) % 8 == 0)
            ex = bench_random(b) & 1 ? lo : hi;
        if (kind == Least)
            ex = (int64_t)m + c->kvb - 1 + (bench_random(b) % 4 == 0 ? bench_range(b, -1, 1) : 0);
        d->ex[t] = (int32_t)pm_clamp(gentle ? (int64_t)m - 8 : ex, lo, hi);
        unsigned bits = (unsigned)bench_range(b, 0, gentle ? (c->kvb < c->w ? c->kvb : c->w) - 2 : c->w - 1);
        if (kind == Least)
            bits = 0;
        for (size_t i = 0; i < c->d; i++) {
            d->k_acc[t * c->d + i] = number(b, bits);
            d->v_acc[t * c->d + i] = number(b, bits);
        }
    }
}

static void compare(struct bench *b, struct data *d, const struct config *c,
                    const struct pm_kv_write_cfg *cfg, unsigned tokens) {
    for (size_t p = 0; p < PASSES; p++) {
        bool k_sat = false, v_sat = false;
        for (size_t t = p * tokens; t < (p + 1) * tokens; t++) {
            int64_t mk = (int64_t)cfg->mk - d->ex[t], mv = (int64_t)cfg->mv - d->ex[t];
            for (size_t i = t * c->d; i < (t + 1) * c->d; i++) {
                bench_eq(b, "k", i, pm_msb_parse(d->k_acc[i], mk, c->kvb, cfg->round), d->k[i]);
                bench_eq(b, "v", i, pm_msb_parse(d->v_acc[i], mv, c->kvb, cfg->round), d->v[i]);
                const bool flagged = t < p * tokens + d->flagged[p];
                k_sat = k_sat || (flagged && saturates(d->k_acc[i], mk, c->kvb, cfg->round));
                v_sat = v_sat || (flagged && saturates(d->v_acc[i], mv, c->kvb, cfg->round));
            }
        }
        bench_eq(b, "k_sat", p, k_sat, d->k_sat[p]);
        bench_eq(b, "v_sat", p, v_sat, d->v_sat[p]);
    }
}

static void model(struct bench *b, const char *model_name) {
    char name[256];
    struct pm_rtl *rtl = bench_model(b, model_name);
    if (!rtl)
        return;
    const char *tag = b->params;
    const struct config parameters = {bench_parameter(b, "D"), bench_parameter(b, "W"),
                                      bench_parameter(b, "Kvb"), bench_parameter(b, "MaxTokens"),
                                      bench_parameter(b, "ExpW")},
                        *c = &parameters;
    kv_write_fn *run = (kv_write_fn *)bench_function(rtl, "pm_kv_write_rtl");
    size_t room = (size_t)PASSES * c->max_tokens;
    struct data d = {.k_acc = malloc(room * c->d * sizeof *d.k_acc),
                     .v_acc = malloc(room * c->d * sizeof *d.v_acc),
                     .ex = malloc(room * sizeof *d.ex),
                     .k = malloc(room * c->d * sizeof *d.k),
                     .v = malloc(room * c->d * sizeof *d.v)};
    uint64_t expected = 0, flagged = 0, flags = 0, early = 0, chained = 0;
    for (unsigned r = 0; r < RUNS; r++) {
        /* Full arrays, where the next pass must wait for its clear, and shorter sequences. */
        unsigned tokens = r & 1 ? c->max_tokens : (unsigned)bench_range(b, 1, c->max_tokens - 1);
        /* Narrow exponents reach few left shifts: none from a large M. */
        int64_t most = bench_random(b) % 4 == 0 ? 31 : c->exp_w < 4 ? 1 : 5;
        struct pm_kv_write_cfg cfg = {(unsigned)bench_range(b, 0, most), (unsigned)bench_range(b, 0, most),
                                      c->kvb, bench_random(b) & 1, 1};
        const enum kind kind = r % 4 == 2 ? Gentle : r % 8 / 2 == 2 ? Least : Any;
        if (kind != Any)
            cfg.mk = cfg.mv = (unsigned)(kind == Gentle ? bench_range(b, 8, 31) : bench_range(b, 0, 2));
        if (r % 3 == 2) {
            cfg.chain = (unsigned)bench_range(b, 1, c->max_tokens < PASSES ? c->max_tokens : PASSES);
            tokens = c->max_tokens / cfg.chain;
        }
        chained += cfg.chain > 1;
        fill(b, &d, c, tokens, cfg.mk, kind);
        struct pm_sim_opts opts = {.seed = bench_stalls(b)};
        pm_status status = run(&opts, &cfg, d.k_acc, d.v_acc, d.ex, PASSES, tokens, c->d, d.k, d.v, d.k_sat,
                               d.v_sat, d.flagged, NULL);
        if (status != PM_OK) {
            printf("# %s: %s (stalls %llu)\n", tag, pm_strerror(status), (unsigned long long)opts.seed);
            b->differ++;
            break;
        }
        compare(b, &d, c, &cfg, tokens);
        expected += (uint64_t)PASSES * (2 * (uint64_t)tokens * c->d + 2);
        for (unsigned p = 0; p < PASSES; p++) {
            flagged += d.k_sat[p];
            early += d.flagged[p] < tokens;
        }
        flags += PASSES;
    }
    snprintf(name, sizeof name, "%s: K, V and sticky flags", tag);
    bench_test(b, name, expected);
    snprintf(name, sizeof name, "%s: some passes saturate, some do not", tag);
    bench_check(b, name, flagged > flags / 8 && flagged < flags - flags / 8);

    snprintf(name, sizeof name, "%s: some clears overtake tokens, some do not", tag);
    bench_check(b, name, early > flags / 8 && early < flags - flags / 8);

    snprintf(name, sizeof name, "%s: some passes append", tag);
    bench_check(b, name, chained > 0);

    struct pm_kv_write_cfg cfg = {8, 8, c->kvb, true, 1};
    uint64_t clocks = 0;
    fill(b, &d, c, c->max_tokens, 8, Gentle);
    pm_status status = run(&(struct pm_sim_opts){0}, &cfg, d.k_acc, d.v_acc, d.ex, 1, c->max_tokens, c->d,
                           d.k, d.v, d.k_sat, d.v_sat, d.flagged, &clocks);
    snprintf(name, sizeof name, "%s: one token a clock, two clocks of latency", tag);
    bench_check(b, name, status == PM_OK && clocks == c->max_tokens + 2);
    free(d.k_acc);
    free(d.v_acc);
    free(d.ex);
    free(d.k);
    free(d.v);
    pm_rtl_close(rtl);
}

int main(void) {
    struct bench b;
    bench_begin(&b, "kv_write");
    model(&b, "d64w26");
    model(&b, "d32w64");
    model(&b, "d7");
    model(&b, "d5");
    return bench_end(&b);
}
