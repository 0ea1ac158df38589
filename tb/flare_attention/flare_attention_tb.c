// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_flare_attention: whole runs, every stage of every token against the golden model. */
#include "attention_pair.h"
#include "bench.h"

#include <stdlib.h>

struct size {
    unsigned width, heads, kvb, max_tokens;
    int max_shl;
};

enum corner {
    RANDOM,
    ALL_ZERO,
    ALL_ONES,
    MOST_NEGATIVE,
    OUTLIER,
    EQUAL_LOGITS,
    ONE_TOKEN,
    MASKED_ROW,
    SOME_MASKED,
    NE_HIGH,
    NE_LOW,
    EXTREME_EXPONENTS,
    TRUNCATED,
    TWOS_EVERYWHERE,
    NOISY,
    SMALL,
    ONE_ELEMENT,
    TINY,
    FULL,
    CAUSAL,
    CAUSAL_MASKED,
    DECODED,
    DECODED_ALONE,
    CORNERS
};
static const char *const corner_name[CORNERS] = {"random",
                                                 "all-zero vectors",
                                                 "all ones (-1)",
                                                 "-128 everywhere",
                                                 "single outliers",
                                                 "equal logits",
                                                 "one token",
                                                 "every key masked",
                                                 "some keys masked",
                                                 "ne above 7",
                                                 "ne below 0",
                                                 "extreme exponents",
                                                 "truncated",
                                                 "two's complement",
                                                 "noisy MRAM",
                                                 "small values, shifted left",
                                                 "one element a token",
                                                 "outputs of a few bits",
                                                 "as many tokens as fit",
                                                 "causal",
                                                 "causal, some keys masked",
                                                 "decoded token by token behind a first run",
                                                 "appended without causality"};

/* Those from SMALL to FULL take as many tokens as fit, and many runs where they are short. */
static unsigned repeats(enum corner corner, const struct size *s) {
    if (corner >= CAUSAL)
        return s->width == 16 ? 6 : 2;
    if (corner >= SMALL)
        return s->width == 16 ? corner == FULL ? 100 : 20 : 2;
    return corner == RANDOM ? 12 : corner == EQUAL_LOGITS || corner == EXTREME_EXPONENTS ? 6 : 2;
}

static void *must(void *p) {
    if (!p)
        abort();
    return p;
}

struct data {
    int8_t *x, *w[4], *y;
    int32_t *b[4], *ex, *e;
    uint8_t *keep;
    struct pm_attention_pair *pair;
};

static void fill(struct bench *b, const struct size *s, enum corner corner, struct data *t,
                 struct pm_attention_cfg *cfg, unsigned *n) {
    unsigned d = s->width;
    const bool full = corner == FULL || corner == SMALL || corner == ONE_ELEMENT || corner == TINY ||
                      corner == EQUAL_LOGITS || corner == ALL_ONES || corner == MOST_NEGATIVE;
    *n = corner == ONE_TOKEN ? 1 : full ? s->max_tokens : (unsigned)bench_range(b, 2, s->max_tokens);
    const int64_t most_w = corner == SMALL ? 1 << bench_range(b, 0, 4) : 127,
                  most_b = corner == SMALL               ? most_w
                           : corner == EXTREME_EXPONENTS ? INT32_MAX >> bench_range(b, 0, 15)
                                                         : 50000;
    const int64_t near_ex = bench_range(b, -8, 8); /* of all tokens of a run of small ones */
    const int64_t most_x = corner == SMALL ? 1 << bench_range(b, 0, 4) : 127;
    *cfg = (struct pm_attention_cfg){.width = d,
                                     .heads = s->heads,
                                     .kvb = s->kvb,
                                     .mk = (unsigned)bench_range(b, 6, 12),
                                     .mv = (unsigned)bench_range(b, 6, 12),
                                     .round = corner != TRUNCATED,
                                     .coding_x = bench_random(b) & 1 ? PM_SIGN : PM_TWOS,
                                     .coding_q = bench_random(b) & 1 ? PM_SIGN : PM_TWOS,
                                     .coding_o = bench_random(b) & 1 ? PM_SIGN : PM_TWOS,
                                     .causal = corner >= CAUSAL && corner <= DECODED,
                                     .mram = pm_array_mram(corner == NOISY, b->seed)};
    if (corner == ALL_ZERO) /* exponents below 0 at the output */
        cfg->mv = (unsigned)bench_range(b, 0, 3);
    if (corner == SMALL) {
        cfg->mk = (unsigned)bench_range(b, 0, 4);
        cfg->mv = (unsigned)bench_range(b, 0, 4);
    }
    if (corner == EXTREME_EXPONENTS) {
        cfg->mk = (unsigned)bench_range(b, 0, 31);
        cfg->mv = (unsigned)bench_range(b, 0, 31);
    }
    if (corner == TINY) { /* averages of small values: few planes, effective ones */
        cfg->mv = 0;
        cfg->coding_o = PM_TWOS;
    }
    if (corner == TWOS_EVERYWHERE)
        cfg->coding_x = cfg->coding_q = cfg->coding_o = PM_TWOS;
    if (corner == NOISY)
        cfg->mram.sigma_r = 0.06; /* errors in many conversions */
    for (unsigned h = 0; h < s->heads; h++) {
        cfg->s0[h] = 0.5 + (double)bench_range(b, 0, 4095) / 8192;
        cfg->e0[h] = (int32_t)bench_range(b, -24, corner == FULL ? 10 : -8);
        if (corner == EXTREME_EXPONENTS)
            cfg->e0[h] = bench_random(b) & 1 ? INT16_MIN : INT16_MAX;
        if (corner == NE_HIGH)
            cfg->e0[h] = -40;
        if (corner == NE_LOW)
            cfg->e0[h] = 30;
    }
    for (unsigned m = 0; m < 4; m++) {
        for (unsigned i = 0; i < d * d; i++)
            t->w[m][i] = (int8_t)(corner == MOST_NEGATIVE ? -128 : bench_range(b, -most_w - 1, most_w));
        for (unsigned i = 0; i < d; i++)
            t->b[m][i] = corner == ALL_ZERO ? 0 : (int32_t)bench_range(b, -most_b, most_b);
        /* W_Q, W_K: all elements alike. W_V: the identity, or one of its ones. */
        const unsigned one = (unsigned)bench_range(b, 0, 2 * d - 1);
        for (unsigned i = 0; corner == TINY && m < 3 && i < d * d; i++) {
            t->w[m][i] = m < 2 || (i / d == i % d && (one >= d || i % d == one));
            t->b[m][i % d] = 0;
        }
    }
    for (unsigned i = 0; i < s->max_tokens; i++) {
        t->ex[i] = (int32_t)bench_range(b, -s->max_shl, 8);
        if (corner == SMALL)
            t->ex[i] = (int32_t)(near_ex + bench_range(b, -1, 1));
        if (corner == TINY)
            t->ex[i] = 0;
        if (corner == EXTREME_EXPONENTS)
            t->ex[i] = (int32_t)bench_range(b, INT16_MIN, INT16_MAX);
        if (s->max_shl < 31 && t->ex[i] < -s->max_shl)
            t->ex[i] = -s->max_shl;
        const bool some = corner == SOME_MASKED || corner == CAUSAL_MASKED || corner == DECODED_ALONE;
        t->keep[i] = corner == MASKED_ROW ? 0 : some ? bench_random(b) & 1 : 1;
        unsigned outlier = (unsigned)bench_range(b, 0, d - 1);
        for (unsigned j = 0; j < d; j++) {
            int8_t *x = &t->x[(size_t)i * d + j];
            *x = (int8_t)bench_range(b, -most_x - 1, most_x);
            if (corner == ONE_ELEMENT && j != outlier)
                *x = 0;
            if (bench_random(b) & 1)
                *x = (int8_t)(*x >> 3);
            if (corner == ALL_ZERO)
                *x = 0;
            if (corner == TINY)
                *x = (int8_t)bench_range(b, near_ex < 0 ? -1 : -1 - near_ex, 1);
            if (corner == ALL_ONES)
                *x = -1;
            if (corner == MOST_NEGATIVE)
                *x = -128;
            if (corner == OUTLIER)
                *x = j == outlier ? 127 : 0;
            if (corner == EQUAL_LOGITS && i > 0)
                *x = t->x[j];
        }
        if (corner == EQUAL_LOGITS)
            t->ex[i] = t->ex[0];
    }
}

static void compare(void *ctx, const char *tensor, size_t index, int64_t golden, int64_t rtl) {
    bench_eq(ctx, tensor, index, golden, rtl);
}

/* One run in both engines, every integer compared. */
static bool run_once(struct bench *b, const struct size *s, pm_flare_attention_rtl_fn *rtl, struct data *t,
                     const struct pm_attention_cfg *cfg, unsigned n, unsigned prefill, uint64_t stalls,
                     struct pm_attention_cost *cost, struct pm_attention_rtl_result *result) {
    struct pm_attention_weights w = {t->w[0], t->w[1], t->w[2], t->w[3], t->b[0], t->b[1], t->b[2], t->b[3]};
    struct pm_attention_run run = {
        cfg, &w, 7, t->x, t->ex, t->keep, n, prefill, (uint32_t)bench_range(b, 0, 1000)};
    struct pm_attention *engine;
    *cost = (struct pm_attention_cost){0};
    pm_status status = pm_attention_new(cfg, &w, s->max_tokens, 7, &engine);
    if (status == PM_OK)
        status = pm_attention_pair_run(t->pair, &run, engine, rtl, &(struct pm_sim_opts){.seed = stalls},
                                       t->y, t->e, cost, result, compare, b);
    pm_attention_free(engine);
    for (int k = 0; status == PM_OK && k < PM_GEMV_KINDS; k++)
        bench_eq(b, "accesses", (size_t)k, (int64_t)cost->gemv[k].accesses, (int64_t)result->accesses[k]);
    if (status != PM_OK)
        printf("# %s\n", pm_strerror(status));
    return status == PM_OK;
}

static void run_corner(struct bench *b, const struct size *s, pm_flare_attention_rtl_fn *rtl,
                       enum corner corner, unsigned runs, struct data *t) {
    uint64_t expected = 0;
    for (unsigned i = 0; i < runs; i++) {
        struct pm_attention_cfg cfg;
        struct pm_attention_cost cost;
        struct pm_attention_rtl_result result;
        unsigned n;
        fill(b, s, corner, t, &cfg, &n);
        const unsigned prefill = corner >= DECODED ? (unsigned)bench_range(b, 1, n) : n;
        if (!run_once(b, s, rtl, t, &cfg, n, prefill, bench_stalls(b), &cost, &result)) {
            bench_check(b, corner_name[corner], false);
            return;
        }
        expected += pm_attention_pair_integers(s->width, s->heads, n) + PM_GEMV_KINDS;
    }
    char name[256];
    snprintf(name, sizeof name, "(%s) %s", b->params, corner_name[corner]);
    bench_test(b, name, expected);
}

/* Without stalls a full run's pace is the busiest array's: its accesses and at most 5% more, from output to
 * output. The first and the last token are not equally long behind the busiest array, hence the lower bound
 * below 1. */
static void check_pace(struct bench *b, const struct size *s, pm_flare_attention_rtl_fn *rtl,
                       struct data *t) {
    struct pm_attention_cfg cfg;
    struct pm_attention_cost cost;
    struct pm_attention_rtl_result r;
    unsigned n = s->max_tokens, drawn;
    fill(b, s, RANDOM, t, &cfg, &drawn);
    bool ok = run_once(b, s, rtl, t, &cfg, n, n, 0, &cost, &r);
    bench_test(b, "full run without stalls",
               pm_attention_pair_integers(s->width, s->heads, n) + PM_GEMV_KINDS);
    double kv = (double)(r.last_write - r.first_write) / (n - 1) / ((double)cost.bound_kv / n);
    double token = (double)(r.last_y - r.first_y) / (n - 1) / ((double)cost.bound_token / n);
    char name[256];
    snprintf(name, sizeof name,
             "(%s) clocks a token over the busiest array's accesses: pass 1 %.3f, pass 2 %.3f", b->params, kv,
             token);
    bench_check(b, name, ok && kv > 0.95 && kv < 1.05 && token > 0.95 && token < 1.05);
}

int main(void) {
    static const struct {
        const char *name;
        bool netlist; /* only where PERIMETER_MODELS names it */
    } models[] = {{"d64h4", false}, {"d36h3", false}, {"d16h2", false}, {"d4h2", true}};
    struct bench b;
    bench_begin(&b, "flare_attention");
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        if (models[i].netlist && !getenv("PERIMETER_MODELS"))
            continue;
        struct pm_rtl *model = bench_model(&b, models[i].name);
        if (!model)
            continue;
        const struct size size = {bench_parameter(&b, "D"), bench_parameter(&b, "Heads"),
                                  bench_parameter(&b, "Kvb"), bench_parameter(&b, "MaxTokens"),
                                  models[i].netlist ? (int)bench_parameter(&b, "MaxShl")
                                                    : 31 /* the default */},
                          *s = &size;
        size_t nd = (size_t)s->max_tokens * s->width;
        struct data t = {.x = must(malloc(nd)),
                         .y = must(malloc(nd)),
                         .ex = must(calloc(s->max_tokens, 4)),
                         .e = must(calloc(s->max_tokens, 4)),
                         .keep = must(malloc(s->max_tokens)),
                         .pair = must(pm_attention_pair_new(s->width, s->heads, s->max_tokens))};
        for (int m = 0; m < 4; m++) {
            t.w[m] = must(malloc((size_t)s->width * s->width));
            t.b[m] = must(calloc(s->width, 4));
        }
        pm_flare_attention_rtl_fn *rtl =
            (pm_flare_attention_rtl_fn *)bench_function(model, "pm_flare_attention_rtl");
        for (enum corner c = 0; c < CORNERS; c++)
            run_corner(&b, s, rtl, c, repeats(c, s), &t);
        check_pace(&b, s, rtl, &t);
        pm_rtl_close(model);
        for (int m = 0; m < 4; m++) {
            free(t.w[m]);
            free(t.b[m]);
        }
        void *all[] = {t.x, t.y, t.ex, t.e, t.keep};
        for (size_t k = 0; k < sizeof all / sizeof *all; k++)
            free(all[k]);
        pm_attention_pair_free(t.pair);
    }
    return bench_end(&b);
}
