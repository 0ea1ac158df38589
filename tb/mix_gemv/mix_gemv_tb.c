// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_mix_gemv: dot products of any size, kernels on any engine, all on one, none on another; FP32
 * and as they are; stalls on all five streams; throughput. */
#include "mix_gemv_rtl.h"

#include "bench.h"

#include <stdlib.h>
#include <string.h>

static struct bench b;

/* Of any size; now and then a half of FP32's last place, which one bit below it decides about. */
static int64_t dot(void) {
    const unsigned bits = (unsigned)bench_range(&b, 0, 39);
    int64_t size = (int64_t)(bench_random(&b) & ((UINT64_C(1) << bits) - 1));
    if (bench_random(&b) % 4 == 0)
        size = INT64_C(1) << 38 | bench_range(&b, 0, (1 << 23) - 1) << 15 | 1 << 14 |
               ((1 << bench_range(&b, 0, 14)) & ((1 << 14) - 1));
    return bench_random(&b) & 1 ? -size : size;
}

static void model(const char *name, size_t layers, size_t vectors) {
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    const size_t kernels = bench_parameter(&b, "Kernels"), n = vectors * kernels;
    pm_mix_gemv_rtl_fn *f = (pm_mix_gemv_rtl_fn *)bench_function(rtl, "pm_mix_gemv_rtl");
    uint8_t *dest = calloc(kernels, 1), *flags = calloc(n, 1);
    int32_t *pw = calloc(kernels, sizeof *pw), *px = calloc(vectors, sizeof *px);
    int64_t *dpv = calloc(n, sizeof *dpv), *y = calloc(n, sizeof *y);
    if (!dest || !flags || !pw || !px || !dpv || !y)
        abort();
    struct pm_mix_back back = {.dest = dest, .pw = pw, .px = px, .dpv = dpv};
    uint64_t expected = 0;
    bool ran = true, in_time = true;
    for (size_t k = 0; k < layers; k++) {
        back.is_float = k % 3 != 0;
        /* Where FP32 ends at both sides, or anywhere. */
        const int64_t most = k % 2 ? 90 : 255;
        for (size_t m = 0; m < kernels; m++) {
            dest[m] = (uint8_t)(k % 4 == 3 ? k / 4 % 3 : (size_t)bench_range(&b, 0, 2));
            pw[m] = (int32_t)bench_range(&b, -most, most);
        }
        for (size_t t = 0; t < vectors; t++)
            px[t] = (int32_t)bench_range(&b, -most, most);
        for (size_t i = 0; i < n; i++)
            dpv[i] = dot();
        const struct pm_sim_opts opts = {.seed = bench_stalls(&b)};
        uint64_t clocks = 0;
        memset(y, 0x5a, n * sizeof *y);
        ran &= f(&opts, &back, kernels, vectors, y, flags, &clocks) == PM_OK;
        in_time &= opts.seed || clocks == n - 1;
        for (size_t i = 0; i < n; i++) {
            unsigned want = 0;
            const int64_t norm = pm_fp_norm(dpv[i], px[i / kernels] + pw[i % kernels], &want);
            bench_eq(&b, "y", i, back.is_float ? norm : dpv[i], y[i]);
            bench_eq(&b, "flags", i, back.is_float ? want : 0, flags[i]);
        }
        expected += 2 * n;
    }
    bench_check(&b, b.params, ran);
    bench_test(&b, "results", expected);
    bench_check(&b, "a result a clock", in_time);
    bench_check(&b, "refuses another shape",
                f(&(struct pm_sim_opts){0}, &back, kernels - 1, 1, y, NULL, NULL) == PM_ESHAPE);
    free(dest);
    free(flags);
    free(pw);
    free(px);
    free(dpv);
    free(y);
    pm_rtl_close(rtl);
}

int main(void) {
    bench_begin(&b, "mix_gemv");
    model("k64", 20, 60);
    model("k5", 40, 600);
    model("k2", 20, 600);
    return bench_end(&b);
}
