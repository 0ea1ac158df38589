// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_tiny_mac: kernels of every length, random and extreme, both signednesses, with and without
 * stalls; throughput. */
#include "tiny_mac_rtl.h"

#include "bench.h"

#include <stdlib.h>
#include <string.h>

static struct bench b;

/* A row a lane: random values, or the ends of the range. */
static void fill(const struct pm_tiny_cfg *c, unsigned lanes, bool ends, int32_t *x, int8_t *w) {
    const int32_t half = 1 << (c->xbits - 1), lo = c->is_signed ? -half : 0, hi = lo + 2 * half - 1;
    for (unsigned i = 0; i < lanes; i++) {
        x[i] = (int32_t)(ends ? (bench_random(&b) & 1 ? lo : hi) : bench_range(&b, lo, hi));
        w[i] = (int8_t)(ends ? (bench_random(&b) & 1 ? -128 : 127) : bench_range(&b, -128, 127));
    }
}

static void model(const char *name, size_t runs, size_t sums) {
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    const unsigned lanes = bench_parameter(&b, "Lanes");
    struct pm_tiny_cfg c = {.xbits = bench_parameter(&b, "XBits"), .depthwise = true};
    pm_tiny_mac_rtl_fn *f = (pm_tiny_mac_rtl_fn *)bench_function(rtl, "pm_tiny_mac_rtl");
    const size_t most = sums * PM_TINY_ROWS;
    int32_t *x = calloc(most * lanes, sizeof *x), *y = calloc(sums * lanes, sizeof *y);
    int8_t *w = calloc(most * lanes, sizeof *w);
    bool *last = calloc(most, sizeof *last), ran = true, in_time = true;
    unsigned *rows = calloc(sums, sizeof *rows);
    if (!x || !y || !w || !last || !rows)
        abort();
    for (size_t k = 0; k < runs; k++) {
        size_t beats = 0;
        c.is_signed = k & 1;
        memset(last, 0, most * sizeof *last);
        for (size_t s = 0; s < sums; s++) {
            const bool ends = bench_random(&b) % 3 == 0;
            rows[s] = ends ? PM_TINY_ROWS : (unsigned)bench_range(&b, 1, PM_TINY_ROWS);
            for (unsigned r = 0; r < rows[s]; r++, beats++)
                fill(&c, lanes, ends, x + beats * lanes, w + beats * lanes);
            last[beats - 1] = true;
        }
        const struct pm_sim_opts opts = {.seed = k % 3 == 0 ? 0 : bench_random(&b) | 1};
        uint64_t clocks = 0;
        memset(y, 0x5a, sums * lanes * sizeof *y);
        ran &= f(&opts, &c, lanes, x, w, last, beats, y, &clocks) == PM_OK;
        in_time &= opts.seed || clocks == beats - 1 + 2;
        for (size_t s = 0, beat = 0; s < sums; beat += rows[s++])
            for (unsigned i = 0; i < lanes; i++) {
                int32_t own[PM_TINY_ROWS], sum;
                int8_t weight[PM_TINY_ROWS];
                for (unsigned r = 0; r < rows[s]; r++) {
                    own[r] = x[(beat + r) * lanes + i];
                    weight[r] = w[(beat + r) * lanes + i];
                }
                ran &= pm_tiny_gemv(&c, own, weight, 1, rows[s], 1, &sum) == PM_OK;
                bench_eq(&b, "y", s * lanes + i, sum, y[s * lanes + i]);
            }
    }
    bench_check(&b, b.params, ran);
    bench_test(&b, "sums", runs * sums * lanes);
    bench_check(&b, "a row a clock, a sum two clocks after its last", in_time);
    bench_check(&b, "refuses another shape",
                f(&(struct pm_sim_opts){0}, &c, lanes + 1, x, w, last, 1, y, NULL) == PM_ESHAPE);
    free(x);
    free(y);
    free(w);
    free(last);
    free(rows);
    pm_rtl_close(rtl);
}

int main(void) {
    bench_begin(&b, "tiny_mac");
    model("l8", 6, 1500);
    model("l1", 10, 2000);
    model("l3", 10, 2000);
    return bench_end(&b);
}
