// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_nor_pim: every int8 x int8 product in all four signednesses, edges and random operands of other
 * widths. */
#include "nor_pim_rtl.h"

#include "bench.h"

#include <stdlib.h>

static struct bench b;
static pm_nor_pim_rtl_fn *rtl_fn;

static void *need(size_t bytes) {
    void *p = malloc(bytes);
    if (!p)
        abort();
    return p;
}

static int32_t low(unsigned bits, bool is_signed) {
    return is_signed ? -(1 << (bits - 1)) : 0;
}
static int32_t high(unsigned bits, bool is_signed) {
    return is_signed ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
}

static int32_t operand(unsigned bits, bool is_signed) {
    const int32_t edge[] = {low(bits, is_signed), high(bits, is_signed), 0, 1};
    return bench_random(&b) & 3 ? (int32_t)bench_range(&b, low(bits, is_signed), high(bits, is_signed))
                                : edge[bench_random(&b) & 3];
}

static void compare(const struct pm_nor_cfg *cfg, unsigned cols, const int32_t *x, const int32_t *w, size_t n,
                    uint64_t seed) {
    int32_t *golden = need(n * sizeof *golden), *rtl = need(n * sizeof *rtl);
    uint64_t clocks;
    const struct pm_nor_layout l = pm_nor_layout(cols, cfg->abits, cfg->bbits);
    const pm_status gs = pm_nor_muls(cfg, x, w, n, golden, NULL);
    const pm_status rs = rtl_fn(&(struct pm_sim_opts){.seed = seed}, cfg, cols, x, w, n, rtl, &clocks);
    for (size_t i = 0; gs == PM_OK && rs == PM_OK && i < n; i++)
        bench_eq(&b, "y", i, golden[i], rtl[i]);
    char name[128];
    snprintf(name, sizeof name, "%u%s x %u%s bits, %u columns%s", cfg->abits, cfg->asigned ? " signed" : "",
             cfg->bbits, cfg->bsigned ? " signed" : "", cols, seed ? ", stalls" : "");
    bench_test(&b, name, n);
    if (seed == 0) {
        printf("# nor_pim: %s: %u side by side, %u rows, %.1f%% of columns, %.2f clocks a product\n", name,
               l.mults, l.rows, 100 * l.utilisation, (double)clocks / (double)n);
        bench_check(&b, "five clocks a row, no bubble", rs == PM_OK && clocks == pm_nor_cycles(&l, n));
    }
    free(golden);
    free(rtl);
}

/* All 65,536 pairs. */
static void every_pair(unsigned cols) {
    int32_t *x = need(65536 * sizeof *x), *w = need(65536 * sizeof *w);
    for (int s = 0; s < 4; s++) {
        const struct pm_nor_cfg cfg = {.abits = 8, .bbits = 8, .asigned = s & 1, .bsigned = s & 2};
        for (int i = 0; i < 65536; i++) {
            x[i] = (i >> 8) + low(8, cfg.asigned);
            w[i] = (i & 255) + low(8, cfg.bsigned);
        }
        compare(&cfg, cols, x, w, 65536, 0);
    }
    free(x);
    free(w);
}

static void widths(unsigned abits, unsigned bbits, unsigned cols, size_t n) {
    int32_t *x = need(n * sizeof *x), *w = need(n * sizeof *w);
    for (int s = 0; s < 4; s++) {
        const struct pm_nor_cfg cfg = {.abits = abits, .bbits = bbits, .asigned = s & 1, .bsigned = s & 2};
        for (size_t i = 0; i < n; i++) {
            x[i] = operand(abits, cfg.asigned);
            w[i] = operand(bbits, cfg.bsigned);
            if (abits + bbits == 32 && s == 0) /* beyond int32 is an error, not a product */
                w[i] = x[i] > INT32_MAX / 65535 ? (int32_t)(INT32_MAX / x[i]) : w[i];
        }
        compare(&cfg, cols, x, w, n, 0);
        compare(&cfg, cols, x, w, n - 1, bench_random(&b) | 1);
    }
    free(x);
    free(w);
}

static void model(const char *name, size_t n) {
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    const unsigned abits = bench_parameter(&b, "ABits"), bbits = bench_parameter(&b, "BBits"),
                   cols = bench_parameter(&b, "Cols");
    rtl_fn = (pm_nor_pim_rtl_fn *)bench_function(rtl, "pm_nor_pim_rtl");
    if (abits == 8 && bbits == 8)
        every_pair(cols);
    widths(abits, bbits, cols, n);
    const struct pm_nor_cfg cfg = {.abits = abits, .bbits = bbits};
    const int32_t big = 1 << abits, one = 1;
    int32_t y;
    bench_check(&b, "an operand beyond its width is refused",
                rtl_fn(&(struct pm_sim_opts){0}, &cfg, cols, &big, &one, 1, &y, NULL) == PM_ERANGE);
    pm_rtl_close(rtl);
}

int main(void) {
    bench_begin(&b, "nor_pim");
    model("a8b8", 2000);
    model("a12b8", 4000);
    model("a4b5", 4000);
    model("a16b16", 2000);
    return bench_end(&b);
}
