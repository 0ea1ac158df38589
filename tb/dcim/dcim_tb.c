// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_dcim: random matrices and extreme ones, both signednesses, with and without stalls; throughput
 * and latency. */
#include "dcim_rtl.h"

#include "bench.h"

#include <stdlib.h>
#include <string.h>

static struct bench b;

enum { RANDOM, LOW, HIGH, ENDS, SPARSE, KINDS };

static int64_t value(unsigned kind, int64_t lo, int64_t hi) {
    switch (kind) {
    case LOW:
        return lo;
    case HIGH:
        return hi;
    case ENDS:
        return bench_random(&b) & 1 ? lo : hi;
    case SPARSE:
        return bench_random(&b) % 8 ? 0 : bench_range(&b, lo, hi);
    default:
        return bench_range(&b, lo, hi);
    }
}

static void model(const char *name, size_t matrices, size_t vectors) {
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    const unsigned rows = bench_parameter(&b, "Rows"), outputs = bench_parameter(&b, "Outputs"),
                   xbits = bench_parameter(&b, "XBits"), share = bench_parameter(&b, "G");
    pm_dcim_rtl_fn *f = (pm_dcim_rtl_fn *)bench_function(rtl, "pm_dcim_rtl");
    int32_t *x = calloc(vectors * rows, sizeof *x);
    int8_t *w = calloc((size_t)rows * outputs, sizeof *w);
    int64_t *golden = calloc(vectors * outputs, sizeof *golden), *y = calloc(vectors * outputs, sizeof *y);
    if (!x || !w || !golden || !y)
        abort();
    struct pm_dcim_cfg c = {xbits, false, share};
    bool in_time = true, ran = true;
    for (size_t k = 0; k < matrices; k++) {
        c.is_signed = xbits > 1 && k & 1;
        const int32_t half = 1 << (xbits - 1), lo = c.is_signed ? -half : 0, hi = lo + 2 * half - 1;
        for (unsigned i = 0, kind = (unsigned)(k / 2 % KINDS); i < rows * outputs; i++)
            w[i] = (int8_t)value(kind, -128, 127);
        for (size_t t = 0; t < vectors; t++)
            for (unsigned r = 0, kind = (unsigned)bench_range(&b, 0, KINDS - 1); r < rows; r++)
                x[t * rows + r] = (int32_t)value(kind, lo, hi);
        const struct pm_sim_opts opts = {.seed = k % 3 == 0 ? 0 : bench_random(&b) | 1};
        uint64_t clocks = 0;
        unsigned latency = 0;
        memset(y, 0x5a, vectors * outputs * sizeof *y);
        ran &= pm_dcim_gemv(&c, x, w, vectors, rows, outputs, golden) == PM_OK &&
               f(&opts, &c, rows, outputs, x, w, vectors, y, &clocks, &latency) == PM_OK;
        for (size_t i = 0; i < vectors * outputs; i++)
            bench_eq(&b, "y", i, golden[i], y[i]);
        if (!opts.seed)
            in_time &= clocks == (vectors - 1) * xbits + latency + 1;
    }
    bench_check(&b, b.params, ran);
    bench_test(&b, "products", matrices * vectors * outputs);
    bench_check(&b, "a vector takes its planes' clocks, its result the registers of the tree beside them",
                in_time);
    bench_check(&b, "refuses another shape",
                f(&(struct pm_sim_opts){0}, &c, rows + 1, outputs, x, w, 1, y, NULL, NULL) == PM_ESHAPE);
    free(x);
    free(w);
    free(golden);
    free(y);
    pm_rtl_close(rtl);
}

int main(void) {
    bench_begin(&b, "dcim");
    model("r128", 10, 300);
    model("r7", 20, 1000);
    model("r9", 20, 3000);
    model("r1", 20, 500);
    return bench_end(&b);
}
