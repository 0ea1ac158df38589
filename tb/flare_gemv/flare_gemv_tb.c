// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_flare_gemv: corners, codings, noisy arrays, stalls; throughput from both sides. */
#include "flare_gemv_rtl.h"

#include "bench.h"

#include <stdlib.h>
#include <string.h>

/* From a vector taken to its first access done, and from its last access done to its result: clocks that no
 * throughput hides. */
enum { LATENCY_SPLIT = 6 + 3, LATENCY_SCAN = 5 + 3 };

static struct bench b;
static pm_flare_split_rtl_fn *gemv_rtl;
static pm_flare_gemv_pace_fn *set_pace;

struct shape {
    unsigned rows, outputs, wbits, slice;
    bool scan;
    unsigned arrays;
};

enum fill {
    FILL_ZERO,
    FILL_LOW,
    FILL_HIGH,
    FILL_MINUS_ONE,
    FILL_ONE_HOT,
    FILL_SMALL,
    FILL_SPARSE,
    FILL_RANDOM
};

static void *need(size_t bytes) {
    void *p = calloc(1, bytes);
    if (!p)
        abort();
    return p;
}

static void fill(enum fill how, bool is_signed, int32_t *x, unsigned rows) {
    int32_t low = is_signed ? -128 : 0, high = is_signed ? 127 : 255;
    unsigned hot = (unsigned)bench_range(&b, 0, rows - 1);
    for (unsigned d = 0; d < rows; d++) {
        int32_t random = (int32_t)bench_range(&b, low, high);
        switch (how) {
        case FILL_ZERO:
            x[d] = 0;
            break;
        case FILL_LOW:
            x[d] = low;
            break;
        case FILL_HIGH:
            x[d] = high;
            break;
        case FILL_MINUS_ONE: /* every plane full, or one */
            x[d] = is_signed ? -1 : 1;
            break;
        case FILL_ONE_HOT:
            x[d] = d == hot ? random : 0;
            break;
        case FILL_SMALL: /* effective planes fire */
            x[d] = is_signed ? random / 32 : random / 64;
            break;
        case FILL_SPARSE:
            x[d] = bench_random(&b) % 8 ? 0 : random;
            break;
        default:
            x[d] = random;
        }
    }
}

enum { LONE = 256 };

/* Zeros but for one row, in which one bit differs from the others: that a row counts at all shows only where
 * no other row hides it. All rows and bits of 16 rows, some of more. */
static void fill_lone(bool is_signed, size_t v, int32_t *x, unsigned rows) {
    const uint8_t power = (uint8_t)(1u << (v / rows + v % rows) % 8),
                  bits = v >= LONE / 2 ? (uint8_t)~power : power;
    memset(x, 0, rows * sizeof *x);
    x[v % rows] = is_signed ? (int8_t)bits : bits;
}

/* The first outputs hold the ends of the range in every row, then one in one row each; the others are random.
 */
static void weights(const struct shape *s, int16_t *w) {
    int32_t half = 1 << (s->wbits - 1);
    for (unsigned d = 0; d < s->rows; d++)
        for (unsigned m = 0; m < s->outputs; m++)
            w[(size_t)d * s->outputs + m] = (int16_t)(m == 0   ? -half
                                                      : m == 1 ? half - 1
                                                      : m == 2 ? -(int)(d == m)
                                                               : bench_range(&b, -half, half - 1));
}

struct work {
    struct pm_bitsift_cfg cfg;
    const int16_t *w;
    int32_t *x;
    int64_t *golden, *y;
    uint32_t *golden_accesses, *accesses;
    uint64_t errors; /* conversions */
};

/* Golden, and its accesses. */
static void run_golden(const struct shape *s, struct work *k, const struct pm_array_cfg *cell,
                       size_t vectors) {
    const unsigned cols = s->outputs * s->wbits, each = s->rows / s->arrays;
    struct pm_array *a[PM_FLARE_ARRAYS];
    int32_t *value = need(cols * sizeof *value);
    uint8_t *code = need(cols);
    for (unsigned i = 0; i < s->arrays; i++) {
        a[i] = pm_array_new(cell, i, each, cols);
        pm_flare_program(a[i], k->w + (size_t)i * each * s->outputs, each, s->outputs, s->wbits);
    }
    struct pm_gemv_cost cost = {0};
    for (size_t v = 0; v < vectors; v++) {
        uint64_t before = cost.accesses;
        const int32_t *x = &k->x[v * s->rows];
        int64_t *y = &k->golden[v * s->outputs];
        if (s->arrays == 1)
            pm_flare_gemv(&k->cfg, a[0], x, s->wbits, (uint32_t)v, y, value, code, &cost);
        else
            pm_flare_split_gemv(&k->cfg, (const struct pm_array *const *)a, s->arrays, x, s->wbits,
                                (uint32_t)v, y, value, code, &cost);
        k->golden_accesses[v] = (uint32_t)(cost.accesses - before);
    }
    k->errors = cost.conversion_errors;
    free(value);
    free(code);
    for (unsigned i = 0; i < s->arrays; i++)
        pm_array_free(a[i]);
}

static void compare(const struct shape *s, struct work *k, const char *name, struct pm_array_cfg cell,
                    size_t vectors, uint64_t seed) {
    run_golden(s, k, &cell, vectors);
    memset(k->y, 0x5a, vectors * s->outputs * sizeof *k->y);
    memset(k->accesses, 0x5a, vectors * sizeof *k->accesses);
    struct pm_sim_opts opts = {.seed = seed};
    pm_status status = gemv_rtl(&opts, &k->cfg, s->arrays, &cell, k->w, s->outputs, s->wbits, k->x, vectors,
                                k->y, k->accesses, NULL);
    if (status != PM_OK)
        printf("# %s: %s\n", name, pm_strerror(status));
    for (size_t i = 0; status == PM_OK && i < vectors * s->outputs; i++)
        bench_eq(&b, "y", i, k->golden[i], k->y[i]);
    for (size_t v = 0; status == PM_OK && v < vectors; v++)
        bench_eq(&b, "accesses", v, k->golden_accesses[v], k->accesses[v]);
}

/* Accesses of several arrays wait in a flop. */
static uint64_t latency(const struct shape *s) {
    return (s->scan ? LATENCY_SCAN : LATENCY_SPLIT) + (s->arrays > 1 ? 1u : 0u);
}

/* Without stalls: an access a clock, a clock for each vector without accesses, and the latency. */
static void throughput(const struct shape *s, struct work *k, size_t vectors) {
    uint64_t clocks = 0, expected = latency(s);
    for (size_t v = 0; v < vectors; v++) {
        fill(FILL_RANDOM, k->cfg.is_signed, &k->x[v * s->rows], s->rows);
        k->accesses[v] = 0;
    }
    struct pm_array_cfg cell = pm_array_sram();
    pm_status status = gemv_rtl(&(struct pm_sim_opts){0}, &k->cfg, s->arrays, &cell, k->w, s->outputs,
                                s->wbits, k->x, vectors, k->y, k->accesses, &clocks);
    for (size_t v = 0; v < vectors; v++)
        expected += k->accesses[v] ? k->accesses[v] : 1;
    expected -= 1; /* first to last */
    printf("# flare_gemv: %zu vectors, %llu clocks, %llu expected\n", vectors, (unsigned long long)clocks,
           (unsigned long long)expected);
    bench_check(&b, "an access a clock, no bubble between vectors",
                status == PM_OK && clocks == expected && expected > 4 * vectors);
}

/* Vectors of one full plane, the next one just in time to follow its last access: the gaps are hidden. */
static void paced(const struct shape *s, struct work *k) {
    const size_t vectors = 64, each = s->rows / s->arrays / PM_K;
    const uint64_t expected = vectors * each + latency(s) - 1;
    uint64_t clocks = 0;
    for (size_t i = 0; i < vectors * s->rows; i++)
        k->x[i] = 1;
    struct pm_array_cfg cell = pm_array_sram();
    set_pace((unsigned)each);
    pm_status status = gemv_rtl(&(struct pm_sim_opts){0}, &k->cfg, s->arrays, &cell, k->w, s->outputs,
                                s->wbits, k->x, vectors, k->y, k->accesses, &clocks);
    set_pace(1);
    bench_check(&b, "vectors with gaps between them, accesses without",
                status == PM_OK && clocks == expected);
}

enum { TOKENS = 49, WIDTH = 64 };
static const int8_t tokens[TOKENS * WIDTH] = {
#include "tokens.inc"
};

/* Tokens of the trained network: clocks a token against the accesses of the array with most ones of each
 * plane. */
static void network(const struct shape *s, struct work *k) {
    char name[256];
    uint64_t clocks = 0, bound = 0;
    for (size_t i = 0; i < TOKENS * WIDTH; i++)
        k->x[i] = tokens[i];
    struct pm_array_cfg cell = pm_array_sram();
    run_golden(s, k, &cell, TOKENS);
    pm_status status = gemv_rtl(&(struct pm_sim_opts){0}, &k->cfg, s->arrays, &cell, k->w, s->outputs,
                                s->wbits, k->x, TOKENS, k->y, k->accesses, &clocks);
    for (size_t i = 0; status == PM_OK && i < TOKENS * s->outputs; i++)
        bench_eq(&b, "y", i, k->golden[i], k->y[i]);
    for (size_t v = 0; status == PM_OK && v < TOKENS; v++) {
        bench_eq(&b, "accesses", v, k->golden_accesses[v], k->accesses[v]);
        bound += k->golden_accesses[v];
    }
    snprintf(name, sizeof name, "%s: tokens of the network", b.params);
    bench_test(&b, name, TOKENS * (s->outputs + 1));
    printf("# flare_gemv: %u arrays: %.2f clocks a token, %.2f accesses\n", s->arrays,
           (double)clocks / TOKENS, (double)bound / TOKENS);
    bench_check(&b, "the network's tokens take the bound's clocks, within 5 %",
                status == PM_OK && clocks >= bound && (double)clocks <= 1.05 * (double)bound);
}

static void model(const char *model_name, size_t vectors) {
    char name[256];
    struct pm_rtl *rtl = bench_model(&b, model_name);
    if (!rtl)
        return;
    const struct shape s = {bench_parameter(&b, "Rows") * bench_parameter(&b, "Arrays"),
                            bench_parameter(&b, "Outputs"),
                            bench_parameter(&b, "WBits"),
                            bench_parameter(&b, "Slice"),
                            bench_parameter(&b, "Scan") != 0,
                            bench_parameter(&b, "Arrays")};
    gemv_rtl = (pm_flare_split_rtl_fn *)bench_function(rtl, "pm_flare_split_rtl");
    set_pace = (pm_flare_gemv_pace_fn *)bench_function(rtl, "pm_flare_gemv_pace");
    int16_t *w = need((size_t)s.rows * s.outputs * sizeof *w);
    weights(&s, w);
    struct work k = {.w = w,
                     .x = need(vectors * s.rows * sizeof(int32_t)),
                     .golden = need(vectors * s.outputs * sizeof(int64_t)),
                     .y = need(vectors * s.outputs * sizeof(int64_t)),
                     .golden_accesses = need(vectors * sizeof(uint32_t)),
                     .accesses = need(vectors * sizeof(uint32_t))};
    static const struct {
        const char *name;
        bool is_signed, eplanes;
        enum pm_coding coding;
    } modes[] = {{"twos", true, false, PM_TWOS},
                 {"twos, effective planes", true, true, PM_TWOS},
                 {"sign", true, false, PM_SIGN},
                 {"unsigned", false, false, PM_TWOS}};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        k.cfg = (struct pm_bitsift_cfg){.rows = s.rows,
                                        .slice = s.slice,
                                        .bits = 8,
                                        .is_signed = modes[i].is_signed,
                                        .coding = modes[i].coding,
                                        .mode = s.scan ? PM_GPC_SCAN : PM_GPC_SPLIT,
                                        .eplanes = modes[i].eplanes};
        /* Corners first, each after each other kind; then random ones. */
        for (size_t v = 0; v < vectors; v++) {
            enum fill how =
                v < 64 ? (enum fill)(v & 1 ? v / 2 / 4 % 8 : v / 2 % 8) : (enum fill)bench_range(&b, 0, 7);
            fill(how, modes[i].is_signed, &k.x[v * s.rows], s.rows);
        }
        uint64_t each = vectors * (s.outputs + 1);
        compare(&s, &k, "no stalls", pm_array_sram(), vectors, 0);
        compare(&s, &k, "stalls", pm_array_mram(false, 0), vectors, bench_random(&b) | 1);
        snprintf(name, sizeof name, "%s, %s: exact arrays", b.params, modes[i].name);
        bench_test(&b, name, 2 * each);
        struct pm_array_cfg noisy = pm_array_mram(true, b.seed);
        noisy.sigma_r = 0.08;
        noisy.read_noise = 0.05;
        compare(&s, &k, "noisy", noisy, vectors, bench_random(&b) | 1);
        snprintf(name, sizeof name, "%s, %s: a noisy array, stalls", b.params, modes[i].name);
        bench_test(&b, name, each);
        bench_check(&b, "the noise changed codes", k.errors > vectors);
        throughput(&s, &k, vectors < 200 ? vectors : 200);
        if (s.rows == WIDTH && modes[i].coding == PM_SIGN)
            network(&s, &k);
        paced(&s, &k);
        if (vectors < LONE)
            continue;
        for (size_t v = 0; v < LONE; v++)
            fill_lone(modes[i].is_signed, v, &k.x[v * s.rows], s.rows);
        compare(&s, &k, "one row", pm_array_sram(), LONE, 0);
        snprintf(name, sizeof name, "%s, %s: one row", b.params, modes[i].name);
        bench_test(&b, name, LONE * (s.outputs + 1));
    }
    struct pm_bitsift_cfg other = k.cfg;
    struct pm_array_cfg cell = pm_array_sram();
    other.slice = s.slice == 16 ? 8 : 16;
    bench_check(&b, "refuses another slice",
                gemv_rtl(&(struct pm_sim_opts){0}, &other, s.arrays, &cell, w, s.outputs, s.wbits, k.x, 1,
                         k.y, NULL, NULL) == PM_ESHAPE);
    other = k.cfg;
    other.mode = PM_GPC_NEXT;
    bench_check(&b, "refuses a golden-only mode",
                gemv_rtl(&(struct pm_sim_opts){0}, &other, s.arrays, &cell, w, s.outputs, s.wbits, k.x, 1,
                         k.y, NULL, NULL) == PM_EMODE);
    free(w);
    free(k.x);
    free(k.golden);
    free(k.y);
    free(k.golden_accesses);
    free(k.accesses);
    pm_rtl_close(rtl);
}

int main(void) {
    bench_begin(&b, "flare_gemv");
    model("weights", 500);
    model("values", 1000);
    model("keys", 1000);
    model("r512", 120);
    model("scan", 500);
    model("a2", 500);
    model("a4", 500);
    model("a8", 500);
    return bench_end(&b);
}
