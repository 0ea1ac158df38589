// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_pva_gemv: tables of all kinds, matrices of all heights, ideal and drawn cells, stalls and a
 * slow array; accesses and clocks from both sides. */
#include "pva_gemv_rtl.h"

#include "bench.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Clocks that no throughput hides: plan, wordlines, codes, differences, sums. */
enum { LATENCY = 5, MOST = 8 };

static struct bench b;

static void *need(size_t bytes) {
    void *p = calloc(1, bytes);
    if (!p)
        abort();
    return p;
}

struct work {
    struct pm_pva_cfg cfg;
    unsigned rows, outputs;
    size_t vectors;
    int16_t *w;
    int32_t *x;
    int64_t *golden, *y;
};

/* Any legal places, some of them with all rows at once. */
static void random_table(struct pm_pva_cfg *c) {
    for (unsigned s = 0; s < PM_PVA_MAX_PLACES; s++) {
        const unsigned k = (unsigned)bench_range(&b, 0, 3), least = 8u << k;
        c->place[s].k = (uint8_t)k;
        c->place[s].n = (uint16_t)bench_range(&b, least, bench_random(&b) & 1 ? 3 * least : 512);
    }
}

static void fill(struct work *k, unsigned kind) {
    const int half = 1 << (k->cfg.wbits - 1), lo = k->cfg.is_signed ? -(1 << (k->cfg.xbits - 1)) : 0;
    const int hi = lo + (1 << k->cfg.xbits) - 1;
    for (size_t i = 0; i < (size_t)k->rows * k->outputs; i++)
        k->w[i] = (int16_t)(kind == 0   ? (bench_random(&b) & 1 ? -half : half - 1)
                            : kind == 1 ? bench_range(&b, -half, half - 1) / 4
                                        : bench_range(&b, -half, half - 1));
    for (size_t i = 0; i < k->vectors * k->rows; i++)
        k->x[i] = (int32_t)(kind == 0 && i < k->rows ? hi
                            : kind == 1              ? (bench_random(&b) & 1 ? 0 : bench_range(&b, lo, hi))
                                                     : bench_range(&b, lo, hi));
    /* One row and bit that differs from all others. */
    for (size_t v = k->vectors / 2; v < k->vectors && kind == 2; v++) {
        memset(k->x + v * k->rows, 0, k->rows * sizeof *k->x);
        const int bit = 1 << bench_range(&b, 0, k->cfg.xbits - 1);
        k->x[v * k->rows + (size_t)bench_range(&b, 0, k->rows - 1)] =
            k->cfg.is_signed && bit == -lo ? lo : bit;
    }
}

/* Golden against RTL; clocks of it, where nothing stalls. */
static void compare(pm_pva_gemv_rtl_fn *run, struct work *k, uint64_t seed, const char *text) {
    struct pm_pva *p;
    struct pm_pva_cost cost = {0};
    uint64_t clips = 0, clocks = 0;
    const pm_status made = pm_pva_new(&k->cfg, k->w, k->rows, k->outputs, 5, &p);
    if (made != PM_OK)
        abort();
    if (pm_pva_gemm(p, k->x, k->rows, k->vectors, 3, k->golden, &cost) != PM_OK)
        abort();
    const struct pm_sim_opts opts = {.seed = seed};
    const pm_status status = run(&opts, p, 0, 0, k->x, k->rows, k->vectors, 3, k->y, &clips, &clocks);
    if (status != PM_OK) {
        printf("# %s: %s\n", text, pm_strerror(status));
        b.differ++;
    }
    for (size_t i = 0; i < k->vectors * k->outputs && status == PM_OK; i++)
        bench_eq(&b, "y", i, k->golden[i], k->y[i]);
    bench_eq(&b, "clips", 0, (int64_t)cost.clips, (int64_t)clips);
    if (seed == 0) {
        const uint64_t accesses = k->vectors * pm_pva_accesses(&k->cfg, k->rows, false);
        bench_eq(&b, "accesses", 0, (int64_t)accesses, (int64_t)cost.accesses);
        bench_eq(&b, "clocks", 0, (int64_t)(accesses + LATENCY), (int64_t)clocks);
        if (clocks > accesses + MOST)
            b.differ++;
    }
    pm_pva_free(p);
}

static void model(const char *name, unsigned rounds) {
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    pm_pva_gemv_rtl_fn *run = (pm_pva_gemv_rtl_fn *)bench_function(rtl, "pm_pva_gemv_rtl");
    const unsigned pins = bench_parameter(&b, "Rows"), outputs = bench_parameter(&b, "Outputs");
    const unsigned xbits = bench_parameter(&b, "XBits"), digits = bench_parameter(&b, "Digits");
    struct work k = {.vectors = 6};
    k.w = need((size_t)pins * outputs * sizeof *k.w);
    k.x = need(k.vectors * pins * sizeof *k.x);
    k.golden = need(k.vectors * outputs * sizeof *k.golden);
    k.y = need(k.vectors * outputs * sizeof *k.y);
    uint64_t expected = 0;
    for (unsigned i = 0; i < rounds; i++) {
        const unsigned wbits = 2 * digits - (digits > 1 && i % 5 == 4);
        k.cfg = pm_pva_default(xbits, wbits);
        k.cfg.rows = pins;
        k.cfg.is_signed = i & 1;
        if (i % 4 == 1)
            pm_pva_exact_table(&k.cfg);
        else if (i % 4 >= 2)
            random_table(&k.cfg);
        if (i % 3 == 2) {
            k.cfg.rram = pm_rram_preset(0.1, b.seed);
            k.cfg.rram.read_noise = 0.1;
        }
        k.rows = i < 3 ? pins : (unsigned)bench_range(&b, 1, pins);
        k.outputs = i < 3 ? outputs : (unsigned)bench_range(&b, 1, outputs);
        fill(&k, i / 2 % 3);
        compare(run, &k, i % 3 ? bench_random(&b) | 1 : 0, name);
        expected += k.vectors * k.outputs + (i % 3 ? 1 : 3);
    }
    char text[256];
    snprintf(text, sizeof text, "%s tables, heights, drawn cells, stalls; %d clocks beyond the accesses",
             b.params, LATENCY);
    bench_test(&b, text, expected);
    /* What does not fit. */
    struct pm_pva *p;
    k.cfg = pm_pva_default(xbits == 16 ? 2 : xbits + 1, 2 * digits);
    memset(k.w, 0, sizeof *k.w);
    if (pm_pva_new(&k.cfg, k.w, 1, 1, 0, &p) != PM_OK)
        abort();
    bench_check(&b, "refuses another width",
                run(&(struct pm_sim_opts){0}, p, 0, 0, k.x, 1, 1, 0, k.y, NULL, NULL) == PM_ESHAPE);
    pm_pva_free(p);
    k.cfg = pm_pva_default(xbits, 2 * digits);
    k.cfg.coding = PM_PVA_OFFSET;
    if (pm_pva_new(&k.cfg, k.w, 1, 1, 0, &p) != PM_OK)
        abort();
    bench_check(&b, "refuses offset coding",
                run(&(struct pm_sim_opts){0}, p, 0, 0, k.x, 1, 1, 0, k.y, NULL, NULL) == PM_EMODE);
    pm_pva_free(p);
    free(k.w);
    free(k.x);
    free(k.golden);
    free(k.y);
    pm_rtl_close(rtl);
}

int main(void) {
    bench_begin(&b, "pva_gemv");
    model("r512", 6);
    model("x12", 9);
    model("small", 60);
    model("least", 60);
    return bench_end(&b);
}
