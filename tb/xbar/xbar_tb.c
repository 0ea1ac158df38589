// SPDX-License-Identifier: Apache-2.0
#include "bench.h"
#include "xbar_rtl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct bench b;
static __typeof__(&pm_xbar_rtl) rtl_xbar;

/* The clocks from the first vector being taken to the last result, without stalls: an access a clock, each
 * vector loaded in its predecessor's last, and the sum's register; a single access waits for the result
 * before. */
static uint64_t want_clocks(const struct pm_xbar_cfg *c, size_t vectors) {
    const uint64_t accesses = (uint64_t)c->abits * pm_xbar_slices(c);
    return accesses == 1 ? 2 * vectors : vectors * accesses + 1;
}

/* A matrix golden against RTL, each of its row tiles with the first outputs that the model has; returns how
 * many integers were compared. */
static uint64_t compare(const struct pm_xbar_cfg *cfg, size_t vectors, unsigned rows, unsigned outputs,
                        int kind, uint64_t stalls, bool *exact) {
    const int xtop = 1 << (cfg->is_signed ? cfg->abits - 1 : cfg->abits), xleast = cfg->is_signed ? -xtop : 0;
    const int wtop = 1 << (cfg->wbits - 1);
    int32_t *x = malloc(vectors * rows * sizeof *x);
    int16_t *w = malloc((size_t)rows * outputs * sizeof *w);
    int64_t *want = malloc(vectors * outputs * sizeof *want),
            *part = malloc(vectors * outputs * sizeof *part);
    int64_t *got = calloc(vectors * outputs, sizeof *got);
    struct pm_xbar_cost cost = {0};
    struct pm_xbar *matrix;
    uint64_t clips = 0;
    for (size_t i = 0; i < vectors * rows; i++)
        x[i] = (int32_t)(kind == 0 ? bench_range(&b, xleast, xtop - 1) : kind == 1 ? xleast : xtop - 1);
    for (size_t i = 0; i < (size_t)rows * outputs; i++)
        w[i] = (int16_t)(kind == 0 ? bench_range(&b, -wtop, wtop - 1) : i % 2 ? wtop - 1 : -wtop);
    const uint32_t first_vector = (uint32_t)bench_random(&b);
    pm_status status = pm_xbar_new(cfg, w, rows, outputs, 7, &matrix);
    for (unsigned t = 0; status == PM_OK && t < pm_xbar_row_tiles(matrix); t++) {
        const struct pm_sim_opts opts = {.seed = stalls};
        uint64_t clocks = 0;
        unsigned n = 0;
        status = rtl_xbar(&opts, matrix, t, 0, x + t * cfg->rows, rows, vectors, first_vector, part, &n,
                          &clips, &clocks);
        for (size_t i = 0; i < vectors * outputs && n == outputs; i++)
            got[i] += part[i];
        if (stalls ? clocks < want_clocks(cfg, vectors) : clocks != want_clocks(cfg, vectors)) {
            printf("# %zu vectors: %" PRIu64 " clocks, expected %" PRIu64 "\n", vectors, clocks,
                   want_clocks(cfg, vectors));
            *exact = false;
        }
    }
    if (status == PM_OK)
        status = pm_xbar_gemm(matrix, x, rows, vectors, first_vector, want, &cost);
    if (status != PM_OK) {
        printf("# xbar: %s\n", pm_strerror(status));
        bench_check(&b, "a run", false);
    }
    for (size_t i = 0; i < vectors * outputs; i++)
        bench_eq(&b, "y", i, want[i], got[i]);
    bench_eq(&b, "clips", 0, (int64_t)cost.clips, (int64_t)clips);
    pm_xbar_free(matrix);
    free(x);
    free(w);
    free(want);
    free(part);
    free(got);
    return vectors * outputs + 1;
}

int main(void) {
    static const char *const models[] = {"r16", "r17", "r64", "r256"};
    bench_begin(&b, "xbar");
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        struct pm_rtl *rtl = bench_model(&b, models[i]);
        if (!rtl)
            continue;
        const unsigned pins = bench_parameter(&b, "Rows"), outputs = bench_parameter(&b, "Outputs");
        const unsigned c = bench_parameter(&b, "C"), a = bench_parameter(&b, "A"),
                       w = bench_parameter(&b, "B");
        bool exact = true;
        uint64_t expected = 0;
        char name[256];
        memcpy(&rtl_xbar, &(void (*)(void)){bench_function(rtl, "pm_xbar_rtl")}, sizeof rtl_xbar);
        printf("# %s\n", b.params);

        /* Every precision there is, in the largest and in a smaller tile. */
        for (unsigned code = 0; code < c * a * w * 2; code++) {
            struct pm_xbar_cfg cfg = pm_xbar_default();
            cfg.cell = 1 + code % c;
            cfg.abits = 1 + code / c % a;
            cfg.wbits = 1 + code / c / a % w;
            cfg.is_signed = code / c / a / w;
            cfg.rows = pins < 16 ? 16 : pins;
            cfg.adc = code % 5 < 2 ? 0 : 2 + code % 7;
            if (pm_xbar_check(&cfg) != PM_OK || (pins > 64 && code % 8 != 3))
                continue;
            const bool whole = code % 2;
            expected += compare(&cfg, 3, whole ? pins : pins / 2 + 1, whole ? outputs : 1 + code % outputs, 0,
                                code % 3 ? bench_stalls(&b) : 0, &exact);
        }
        snprintf(name, sizeof name, "every precision (%s)", b.params);
        bench_test(&b, name, expected);

        /* The largest sums of both signs. */
        expected = 0;
        for (int kind = 1; kind <= 2; kind++)
            for (unsigned is_signed = 0; is_signed < 2; is_signed++) {
                struct pm_xbar_cfg cfg = pm_xbar_default();
                cfg.cell = c;
                cfg.abits = a;
                cfg.wbits = w;
                cfg.is_signed = is_signed;
                cfg.rows = pins;
                expected += compare(&cfg, 4, pins, outputs, kind, 0, &exact);
            }
        snprintf(name, sizeof name, "largest sums (%s)", b.params);
        bench_test(&b, name, expected);

        /* Matrices of several tiles, every other one of cells with errors. */
        expected = 0;
        for (int k = 0; k < 20; k++) {
            struct pm_xbar_cfg cfg = pm_xbar_default();
            const bool noisy = k % 2 && pins <= PM_RRAM_MAX_ROWS;
            cfg.cell = (unsigned)bench_range(&b, 1, noisy && c > 2 ? 2 : c);
            cfg.abits = (unsigned)bench_range(&b, 2, a);
            cfg.wbits = (unsigned)bench_range(&b, 2, w);
            cfg.is_signed = k / 2 % 2;
            cfg.rows = pins;
            cfg.cols = 2 * (unsigned)bench_range(&b, 1, 20);
            cfg.adc = k % 3 ? 0 : (unsigned)bench_range(&b, 2, 16);
            cfg.rram.seed = (uint64_t)k;
            if (noisy)
                cfg.rram.mlc_sigma = cfg.rram.slc_sigma = cfg.rram.read_noise = 0.05;
            expected += compare(&cfg, 20, (unsigned)bench_range(&b, 1, 2 * pins),
                                (unsigned)bench_range(&b, 1, outputs), 0, bench_random(&b) | 1, &exact);
        }
        snprintf(name, sizeof name, "random matrices, cells and stalls (%s)", b.params);
        bench_test(&b, name, expected);
        snprintf(name, sizeof name, "an access a clock, exactly (%s)", b.params);
        bench_check(&b, name, exact);

        struct pm_xbar_cfg narrow = pm_xbar_default();
        struct pm_xbar *matrix;
        const struct pm_sim_opts opts = {0};
        uint64_t clips = 0;
        int64_t y;
        unsigned n;
        narrow.abits = narrow.wbits = 2;
        narrow.cell = 1;
        bench_check(&b, "what does not fit is refused",
                    pm_xbar_new(&narrow, &(int16_t){1}, 1, 1, 0, &matrix) == PM_OK &&
                        rtl_xbar(&opts, matrix, 0, 0, &(int32_t){2}, 1, 1, 0, &y, &n, &clips, NULL) ==
                            PM_ERANGE &&
                        rtl_xbar(&opts, matrix, 0, 0, &(int32_t){1}, 1, 1, 0, &y, &n, &clips, NULL) == PM_OK);
        pm_xbar_free(matrix);
        pm_rtl_close(rtl);
    }
    return bench_end(&b);
}
