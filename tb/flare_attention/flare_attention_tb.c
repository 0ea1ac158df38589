/* Bench of pm_flare_attention: whole runs, every stage of every token against the golden model. */
#include "bench.h"
#include "flare_attention_rtl.h"

#include <stdlib.h>
#include <string.h>

struct size {
    const char *params;
    unsigned width, heads, kvb, max_tokens;
    int max_shl;
};

/* The network's engine, and a small odd one: d_k = 12, no power of two, exponents of both signs. */
static const struct size sizes[] = {
    {"D=64 Heads=4 Kvb=10 MaxTokens=64 MaxShl=0", 64, 4, 10, 64, 0},
    {"D=36 Heads=3 Kvb=7 MaxTokens=32 MaxShl=31", 36, 3, 7, 32, 31},
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
    TRUNCATED,
    TWOS_EVERYWHERE,
    NOISY,
    CORNERS
};
static const char *const corner_name[CORNERS] = {
    "random",        "all-zero vectors", "all ones (-1)",    "-128 everywhere",  "single outliers",
    "equal logits",  "one token",        "every key masked", "some keys masked", "ne above 7",
    "ne below 0",    "truncated",        "two's complement", "noisy MRAM"};

static void *must(void *p) {
    if (!p)
        abort();
    return p;
}

struct data {
    int8_t *x, *w[4], *y[2];
    int32_t *b[4], *ex, *e[2];
    uint8_t *keep;
    struct pm_attention_trace trace[2];
};

static struct pm_attention_trace new_trace(const struct size *s) {
    size_t nd = (size_t)s->max_tokens * s->width, nh = (size_t)s->max_tokens * s->heads;
    return (struct pm_attention_trace){
        .k = must(calloc(nd, 2)),
        .v = must(calloc(nd, 2)),
        .q = must(calloc(nd, 2)),
        .logit = must(calloc(nh * s->max_tokens, 2)),
        .a = must(calloc(nh * s->max_tokens, 1)),
        .z = must(calloc(nh, 4)),
        .o = must(calloc(nd, 4)),
        .o8 = must(calloc(nd, 2)),
    };
}

static void free_trace(struct pm_attention_trace *t) {
    void *all[] = {t->k, t->v, t->q, t->logit, t->a, t->z, t->o, t->o8};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

struct recorder {
    const struct size *size;
    unsigned n;
    struct pm_attention_trace *to;
};

/* The golden model's stages into a trace of the RTL's shape. */
static void record(void *ctx, const struct pm_attention_stages *s) {
    const struct recorder *r = ctx;
    unsigned d = r->size->width, heads = r->size->heads;
    size_t at = (size_t)s->token * d;
    if (s->k) {
        memcpy(r->to->k + at, s->k, d * sizeof *s->k);
        memcpy(r->to->v + at, s->v, d * sizeof *s->v);
        return;
    }
    memcpy(r->to->q + at, s->q, d * sizeof *s->q);
    memcpy(r->to->o + at, s->o, d * sizeof *s->o);
    memcpy(r->to->o8 + at, s->o8, d * sizeof *s->o8);
    for (unsigned h = 0; h < heads; h++) {
        size_t row = (size_t)s->token * heads + h;
        memcpy(r->to->logit + row * r->n, s->logit + (size_t)h * r->size->max_tokens, r->n * sizeof *s->logit);
        memcpy(r->to->a + row * r->n, s->a + (size_t)h * r->size->max_tokens, r->n);
        r->to->z[row] = s->z[h];
    }
}

static void fill(struct bench *b, const struct size *s, enum corner corner, struct data *t,
                 struct pm_attention_cfg *cfg, unsigned *n) {
    unsigned d = s->width;
    *n = corner == ONE_TOKEN ? 1 : (unsigned)bench_range(b, 2, s->max_tokens);
    *cfg = (struct pm_attention_cfg){.width = d,
                                     .heads = s->heads,
                                     .kvb = s->kvb,
                                     .mk = (unsigned)bench_range(b, 6, 12),
                                     .mv = (unsigned)bench_range(b, 6, 12),
                                     .round = corner != TRUNCATED,
                                     .coding_x = bench_random(b) & 1 ? PM_SIGN : PM_TWOS,
                                     .coding_q = bench_random(b) & 1 ? PM_SIGN : PM_TWOS,
                                     .coding_o = bench_random(b) & 1 ? PM_SIGN : PM_TWOS,
                                     .mram = pm_array_mram(corner == NOISY, b->seed)};
    if (corner == TWOS_EVERYWHERE)
        cfg->coding_x = cfg->coding_q = cfg->coding_o = PM_TWOS;
    if (corner == NOISY)
        cfg->mram.sigma_r = 0.06; /* errors in many conversions */
    for (unsigned h = 0; h < s->heads; h++) {
        cfg->s0[h] = 0.5 + (double)bench_range(b, 0, 4095) / 8192;
        cfg->e0[h] = (int32_t)bench_range(b, -24, -8);
        if (corner == NE_HIGH)
            cfg->e0[h] = -40;
        if (corner == NE_LOW)
            cfg->e0[h] = 30;
    }
    for (unsigned m = 0; m < 4; m++) {
        for (unsigned i = 0; i < d * d; i++)
            t->w[m][i] = (int8_t)(corner == MOST_NEGATIVE ? -128 : bench_range(b, -128, 127));
        for (unsigned i = 0; i < d; i++)
            t->b[m][i] = corner == ALL_ZERO ? 0 : (int32_t)bench_range(b, -50000, 50000);
    }
    for (unsigned i = 0; i < s->max_tokens; i++) {
        t->ex[i] = (int32_t)bench_range(b, -s->max_shl, 8);
        t->keep[i] = corner == MASKED_ROW ? 0 : corner == SOME_MASKED ? bench_random(b) & 1 : 1;
        unsigned outlier = (unsigned)bench_range(b, 0, d - 1);
        for (unsigned j = 0; j < d; j++) {
            int8_t *x = &t->x[(size_t)i * d + j];
            *x = (int8_t)bench_range(b, -128, 127);
            if (bench_random(b) & 1)
                *x = (int8_t)(*x >> 3);
            if (corner == ALL_ZERO)
                *x = 0;
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

static void compare(struct bench *b, const struct size *s, unsigned n, const struct data *t) {
    const struct pm_attention_trace *g = &t->trace[0], *r = &t->trace[1];
    size_t nd = (size_t)n * s->width, nh = (size_t)n * s->heads;
    for (size_t i = 0; i < nd; i++) {
        bench_eq(b, "k", i, g->k[i], r->k[i]);
        bench_eq(b, "v", i, g->v[i], r->v[i]);
        bench_eq(b, "q", i, g->q[i], r->q[i]);
        bench_eq(b, "o", i, g->o[i], r->o[i]);
        bench_eq(b, "o8", i, g->o8[i], r->o8[i]);
        bench_eq(b, "y", i, t->y[0][i], t->y[1][i]);
    }
    for (size_t i = 0; i < nh * n; i++) {
        bench_eq(b, "logit", i, g->logit[i], r->logit[i]);
        bench_eq(b, "a", i, g->a[i], r->a[i]);
    }
    for (size_t i = 0; i < nh; i++)
        bench_eq(b, "z", i, g->z[i], r->z[i]);
    for (size_t i = 0; i < n; i++)
        bench_eq(b, "e", i, t->e[0][i], t->e[1][i]);
}

static void run_corner(struct bench *b, const struct size *s, pm_flare_attention_rtl_fn *rtl, enum corner corner,
                       unsigned repeats, struct data *t) {
    uint64_t expected = 0;
    for (unsigned i = 0; i < repeats; i++) {
        struct pm_attention_cfg cfg;
        unsigned n;
        fill(b, s, corner, t, &cfg, &n);
        struct pm_attention_weights w = {t->w[0], t->w[1], t->w[2], t->w[3], t->b[0], t->b[1], t->b[2], t->b[3]};
        uint32_t first = (uint32_t)bench_range(b, 0, 1000);
        struct pm_attention *engine;
        struct pm_attention_cost cost = {0};
        struct pm_attention_rtl_result result;
        struct recorder recorder = {s, n, &t->trace[0]};
        struct pm_sim_opts opts = {.seed = bench_stalls(b)};
        pm_status golden = pm_attention_new(&cfg, &w, s->max_tokens, 7, &engine);
        if (golden == PM_OK)
            golden = pm_attention_run(engine, t->x, t->ex, t->keep, n, first, t->y[0], t->e[0], &cost, record,
                                      &recorder);
        pm_attention_free(engine);
        pm_status status = rtl(&opts, &cfg, &w, s->max_tokens, 7, t->x, t->ex, t->keep, n, first, t->y[1], t->e[1],
                               &t->trace[1], &result);
        if (golden != PM_OK || status != PM_OK) {
            printf("# golden: %s, rtl: %s\n", pm_strerror(golden), pm_strerror(status));
            bench_check(b, corner_name[corner], false);
            return;
        }
        compare(b, s, n, t);
        expected += (uint64_t)n * (6 * s->width + 2 * s->heads * n + s->heads + 1);
        bench_eq(b, "z_zero", 0, cost.zero_z != 0, result.z_zero);
        bench_eq(b, "k_sat", 0, cost.saturated_k != 0, result.k_sat);
        bench_eq(b, "v_sat", 0, cost.saturated_v != 0, result.v_sat);
        expected += 3;
    }
    char name[128];
    snprintf(name, sizeof name, "(%s) %s", s->params, corner_name[corner]);
    bench_test(b, name, expected);
}

/* Without stalls a full run's pace is the busiest array's: between its accesses and 5% more, from output to output. */
static void check_pace(struct bench *b, const struct size *s, pm_flare_attention_rtl_fn *rtl, struct data *t) {
    struct pm_attention_cfg cfg;
    unsigned n;
    fill(b, s, RANDOM, t, &cfg, &n);
    n = s->max_tokens;
    struct pm_attention_weights w = {t->w[0], t->w[1], t->w[2], t->w[3], t->b[0], t->b[1], t->b[2], t->b[3]};
    struct pm_attention *engine;
    struct pm_attention_cost cost = {0};
    struct pm_attention_rtl_result r;
    bool ok = pm_attention_new(&cfg, &w, s->max_tokens, 7, &engine) == PM_OK &&
              pm_attention_run(engine, t->x, t->ex, NULL, n, 0, t->y[0], t->e[0], &cost, NULL, NULL) == PM_OK;
    pm_attention_free(engine);
    ok = ok && rtl(&(struct pm_sim_opts){0}, &cfg, &w, s->max_tokens, 7, t->x, t->ex, NULL, n, 0, t->y[1], t->e[1],
                   NULL, &r) == PM_OK;
    double kv = (double)(r.last_write - r.first_write) / (n - 1) / ((double)cost.bound_kv / n);
    double token = (double)(r.last_y - r.first_y) / (n - 1) / ((double)cost.bound_token / n);
    char name[160];
    snprintf(name, sizeof name, "(%s) clocks a token over the busiest array's accesses: pass 1 %.3f, pass 2 %.3f",
             s->params, kv, token);
    bench_check(b, name, ok && kv > 0.95 && kv < 1.05 && token > 0.95 && token < 1.08);
}

int main(void) {
    struct bench b;
    bench_begin(&b, "flare_attention");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const struct size *s = &sizes[i];
        size_t nd = (size_t)s->max_tokens * s->width;
        struct data t = {.x = must(malloc(nd)), .ex = must(calloc(s->max_tokens, 4)),
                         .keep = must(malloc(s->max_tokens))};
        for (int k = 0; k < 2; k++) {
            t.y[k] = must(malloc(nd));
            t.e[k] = must(calloc(s->max_tokens, 4));
            t.trace[k] = new_trace(s);
        }
        for (int m = 0; m < 4; m++) {
            t.w[m] = must(malloc((size_t)s->width * s->width));
            t.b[m] = must(calloc(s->width, 4));
        }
        struct pm_rtl *model = bench_model(&b, s->params);
        pm_flare_attention_rtl_fn *rtl = (pm_flare_attention_rtl_fn *)bench_function(model, "pm_flare_attention_rtl");
        for (enum corner c = 0; c < CORNERS; c++)
            run_corner(&b, s, rtl, c, c == RANDOM ? 12 : 2, &t);
        check_pace(&b, s, rtl, &t);
        pm_rtl_close(model);
        for (int k = 0; k < 2; k++) {
            free(t.y[k]);
            free(t.e[k]);
            free_trace(&t.trace[k]);
        }
        for (int m = 0; m < 4; m++) {
            free(t.w[m]);
            free(t.b[m]);
        }
        free(t.x);
        free(t.ex);
        free(t.keep);
    }
    return bench_end(&b);
}
