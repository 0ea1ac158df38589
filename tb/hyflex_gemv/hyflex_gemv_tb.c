// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_hyflex_gemv: every code, every result, wrong codes and clocks, on exact and on noisy arrays. */
#include "hyflex_gemv_rtl.h"

#include "bench.h"

#include <stdlib.h>
#include <string.h>

static struct bench b;
static pm_hyflex_gemv_rtl_fn *gemv_rtl;
static pm_hyflex_tile_rtl_fn *tile_rtl;

static void *need(size_t bytes) {
    void *p = calloc(1, bytes);
    if (!p)
        abort();
    return p;
}

enum fill { Random, Edges, AllOnes, AllLow, Ties };

static int8_t element(enum fill fill) {
    static const int8_t edge[] = {-128, 127, 0, -1, 1, 64};
    switch (fill) {
    case Edges:
        return edge[bench_random(&b) % 6];
    case AllOnes: /* offset binary 255: every column all ones */
        return 127;
    case AllLow:
        return -128;
    default:
        return (int8_t)bench_random(&b);
    }
}

/* Weights whose columns' sums lie at the flip's threshold and one to either side. */
static void tie_weights(int8_t *w, unsigned rows, unsigned outputs) {
    for (unsigned m = 0; m < outputs; m++)
        for (unsigned r = 0; r < rows; r++)
            w[r * outputs + m] = r < rows / 2 + m % 3 - 1 ? 127 : -128;
}

static const char *coding(const struct pm_hyflex_cfg *cfg) {
    return cfg->weights == PM_WEIGHTS_DIFFERENTIAL ? "differential" : cfg->flip ? "flip 1" : "flip 0";
}

/* One tile: codes and accumulators against the golden stages. */
static void compare_tile(const char *name, const struct pm_hyflex_cfg *cfg, unsigned rows, unsigned outputs,
                         enum fill wf, enum fill xf, size_t vectors, uint64_t seed) {
    const unsigned per = pm_hyflex_per(cfg);
    int8_t *w = need((size_t)rows * outputs), *x = need(vectors * rows);
    uint8_t *code = need(vectors * 8 * PM_HYFLEX_COLS);
    int32_t *acc = need(vectors * per * sizeof *acc), golden_code[8 * PM_HYFLEX_COLS], golden[32];
    for (size_t i = 0; i < (size_t)rows * outputs; i++)
        w[i] = element(wf);
    if (wf == Ties)
        tie_weights(w, rows, outputs);
    for (size_t i = 0; i < vectors * rows; i++)
        x[i] = xf == AllOnes ? -1 : element(xf);
    struct pm_hyflex *h;
    if (pm_hyflex_new(cfg, w, rows, outputs, 3, &h) != PM_OK)
        abort();
    const struct pm_hyflex_tile *t = pm_hyflex_tile(h, 0, 0);
    uint64_t wrong, clocks, golden_wrong = 0;
    const pm_status status =
        tile_rtl(&(struct pm_sim_opts){.seed = seed}, h, t, x, rows, vectors, 50, acc, code, &wrong, &clocks);
    for (size_t v = 0; status == PM_OK && v < vectors; v++) {
        uint64_t wordlines[8];
        golden_wrong +=
            pm_hyflex_tile_stages(h, t, x + v * rows, 50 + (uint32_t)v, wordlines, golden_code, golden);
        for (unsigned i = 0; i < 8 * PM_HYFLEX_COLS; i++)
            bench_eq(&b, "code", v * 8 * PM_HYFLEX_COLS + i, golden_code[i],
                     code[v * 8 * PM_HYFLEX_COLS + i]);
        for (unsigned m = 0; m < per; m++)
            bench_eq(&b, "acc", v * per + m, golden[m], acc[v * per + m]);
    }
    if (status == PM_OK)
        bench_eq(&b, "wrong codes", 0, (int64_t)golden_wrong, (int64_t)wrong);
    char full[200];
    snprintf(full, sizeof full, "%s: cell %u, adc %u, %s, %u converters, %ux%u%s (%llu wrong codes)", name,
             cfg->cell, cfg->adc, coding(cfg), cfg->sars, rows, outputs, seed ? ", stalls" : "",
             (unsigned long long)golden_wrong);
    bench_test(&b, full, (uint64_t)vectors * (8 * PM_HYFLEX_COLS + per) + 1);
    if (seed == 0) {
        /* First read, planes back to back, and the last conversion, sum, output register and its taking. */
        const uint64_t planes = vectors * 8, plane = pm_hyflex_plane_clocks(cfg);
        const uint64_t scan = pm_scan_clocks(PM_HYFLEX_COLS, cfg->adc, cfg->sars);
        const uint64_t least = cfg->read_clocks + (planes - 1) * plane + scan;
        printf("# hyflex_gemv: %llu vectors in %llu clocks, %.2f a plane\n", (unsigned long long)vectors,
               (unsigned long long)clocks, (double)clocks / (double)planes);
        bench_check(&b, "no bubble between planes and vectors", clocks >= least && clocks <= least + 16);
    }
    pm_hyflex_free(h);
    free(w);
    free(x);
    free(code);
    free(acc);
}

/* A tiled matrix: results, wrong codes and counts. */
static void compare_matrix(const char *name, const struct pm_hyflex_cfg *cfg, unsigned rows, unsigned outputs,
                           size_t vectors, uint64_t seed) {
    int8_t *w = need((size_t)rows * outputs), *x = need(vectors * rows);
    int32_t *y = need(vectors * outputs * sizeof *y), *golden = need(outputs * sizeof *golden);
    for (size_t i = 0; i < (size_t)rows * outputs; i++)
        w[i] = element(Random);
    for (size_t i = 0; i < vectors * rows; i++)
        x[i] = element(i % 7 ? Random : Edges);
    struct pm_hyflex *h;
    if (pm_hyflex_new(cfg, w, rows, outputs, 30, &h) != PM_OK)
        abort();
    struct pm_hyflex_cost cost = {0}, golden_cost = {0};
    const pm_status status = gemv_rtl(&(struct pm_sim_opts){.seed = seed}, h, x, vectors, 9, y, &cost);
    for (size_t v = 0; status == PM_OK && v < vectors; v++) {
        pm_hyflex_gemv(h, x + v * rows, 9 + (uint32_t)v, golden, &golden_cost);
        for (unsigned m = 0; m < outputs; m++)
            bench_eq(&b, "y", v * outputs + m, golden[m], y[v * outputs + m]);
    }
    if (status == PM_OK) {
        bench_eq(&b, "wrong codes", 0, (int64_t)golden_cost.wrong, (int64_t)cost.wrong);
        bench_eq(&b, "array_reads", 0, (int64_t)golden_cost.array_reads, (int64_t)cost.array_reads);
        bench_eq(&b, "conversions", 0, (int64_t)golden_cost.conversions, (int64_t)cost.conversions);
    }
    char full[200];
    snprintf(full, sizeof full, "%s: cell %u, adc %u, %s, %ux%u (%llu wrong codes)", name, cfg->cell,
             cfg->adc, coding(cfg), rows, outputs, (unsigned long long)golden_cost.wrong);
    bench_test(&b, full, (uint64_t)vectors * outputs + 3);
    pm_hyflex_free(h);
    free(w);
    free(x);
    free(y);
    free(golden);
}

static struct pm_hyflex_cfg config(unsigned cell, unsigned adc, bool flip, unsigned sars) {
    struct pm_hyflex_cfg cfg = pm_hyflex_default();
    cfg.cell = cell;
    cfg.adc = adc;
    cfg.flip = flip;
    cfg.sars = sars;
    return cfg;
}

static struct pm_hyflex_cfg noisy(unsigned cell, unsigned sars) {
    struct pm_hyflex_cfg cfg = config(cell, 5 + cell, true, sars);
    cfg.rram = pm_rram_preset(PM_RRAM_SIGMA_BIT, b.seed);
    cfg.rram.slc_sigma = 0.05;
    cfg.rram.read_noise = 0.03;
    cfg.rram.stuck_on = cfg.rram.stuck_off = 0.001;
    cfg.rram.replica = false;
    cfg.sar = (struct pm_sar_cfg){.cap_sigma = 0.02, .offset = 0.3, .noise = 0.2, .seed = b.seed};
    return cfg;
}

static struct pm_hyflex_cfg differential(struct pm_hyflex_cfg cfg) {
    cfg.weights = PM_WEIGHTS_DIFFERENTIAL;
    cfg.flip = false;
    return cfg;
}

static void corners(unsigned sars) {
    for (unsigned cell = 1; cell <= 2; cell++)
        for (unsigned adc = 6; adc <= 7; adc++)
            for (int form = 0; form <= 2; form++) {
                struct pm_hyflex_cfg cfg = config(cell, adc, form == 1, sars);
                if (form == 2)
                    cfg = differential(cfg);
                const unsigned per = pm_hyflex_per(&cfg);
                compare_tile("all rows on, all columns ones", &cfg, 64, per, AllOnes, AllOnes, 3, 0);
                compare_tile("-128 x -128", &cfg, 64, per, AllLow, AllLow, 2, 0);
                compare_tile("flip ties", &cfg, 64, per, Ties, Random, 3, bench_random(&b) | 1);
                compare_tile("63 rows", &cfg, 63, per - 1, Random, Random, 3, bench_stalls(&b));
                compare_tile("one row", &cfg, 1, 1, Edges, Edges, 3, bench_stalls(&b));
            }
}

static void model(const char *name, size_t vectors) {
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    const unsigned sars = bench_parameter(&b, "Sars");
    gemv_rtl = (pm_hyflex_gemv_rtl_fn *)bench_function(rtl, "pm_hyflex_gemv_rtl");
    tile_rtl = (pm_hyflex_tile_rtl_fn *)bench_function(rtl, "pm_hyflex_tile_rtl");
    if (sars == 8)
        corners(sars);
    for (unsigned cell = 1; cell <= 2; cell++) {
        struct pm_hyflex_cfg cfg = config(cell, 5 + cell, true, sars);
        compare_tile("random", &cfg, 64, 16 * cell, Random, Random, vectors, 0);
        compare_tile("random, flow", &cfg, 64, 16 * cell, Random, Edges, vectors, bench_random(&b) | 1);
        cfg.read_clocks = pm_scan_clocks(PM_HYFLEX_COLS, cfg.adc, sars) + 7;
        compare_tile("slow array", &cfg, 64, 16 * cell, Random, Random, vectors / 4 + 1, 0);
        cfg.read_clocks = 1;
        compare_tile("fast array", &cfg, 64, 16 * cell, Random, Random, vectors / 4 + 1, 0);
        cfg = noisy(cell, sars);
        compare_tile("noise", &cfg, 64, 16 * cell, Random, Random, vectors, 0);
        compare_tile("noise, flow", &cfg, 50, 16 * cell - 3, Random, Edges, vectors, bench_random(&b) | 1);
        cfg = differential(cfg);
        compare_tile("noise, flow", &cfg, 50, 8 * cell - 3, Random, Edges, vectors / 4 + 1,
                     bench_random(&b) | 1);
        cfg = differential(config(cell, 5 + cell, false, sars));
        compare_tile("random", &cfg, 64, 8 * cell, Random, Random, vectors / 4 + 1, 0);
    }
    if (sars == 8)
        for (unsigned cell = 1; cell <= 2; cell++) {
            struct pm_hyflex_cfg cfg = config(cell, 5 + cell, true, sars);
            compare_matrix("tiles", &cfg, 130, 40, 6, bench_random(&b) | 1);
            cfg.flip = false;
            compare_matrix("tiles, literal", &cfg, 64, 128, 6, 0);
            cfg = noisy(cell, sars);
            compare_matrix("tiles, noise", &cfg, 128, 64, 6, bench_random(&b) | 1);
            cfg = differential(config(cell, 5 + cell, false, sars));
            compare_matrix("tiles", &cfg, 130, 20, 4, bench_random(&b) | 1);
        }
    const struct pm_hyflex_cfg ideal = config(1, 0, true, sars);
    const int8_t one = 1;
    int32_t y;
    struct pm_hyflex *h;
    if (pm_hyflex_new(&ideal, &one, 1, 1, 0, &h) != PM_OK)
        abort();
    bench_check(&b, "an ideal converter has no RTL",
                gemv_rtl(&(struct pm_sim_opts){0}, h, &one, 1, 0, &y, NULL) == PM_EMODE);
    pm_hyflex_free(h);
    struct pm_hyflex_cfg disturbed = config(1, 6, true, sars);
    disturbed.noise = PM_HYFLEX_NOISE_WEIGHT;
    if (pm_hyflex_new(&disturbed, &one, 1, 1, 0, &h) != PM_OK)
        abort();
    bench_check(&b, "disturbed weights have no RTL",
                gemv_rtl(&(struct pm_sim_opts){0}, h, &one, 1, 0, &y, NULL) == PM_EMODE);
    pm_hyflex_free(h);
    pm_rtl_close(rtl);
}

int main(void) {
    bench_begin(&b, "hyflex_gemv");
    model("s1", 12);
    model("s4", 30);
    model("s8", 100);
    return bench_end(&b);
}
