// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_wake: random networks, with and without a cap, that one layer dominates or that have none in
 * SRAM; every clock. */
#include "wake_rtl.h"

#include "bench.h"

#include <stdlib.h>
#include <string.h>

static struct bench b;

static void model(const char *name, size_t networks) {
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    const unsigned most = bench_parameter(&b, "MaxLayers"), width = bench_parameter(&b, "BitsW"),
                   run_width = bench_parameter(&b, "RunW");
    pm_wake_rtl_fn *f = (pm_wake_rtl_fn *)bench_function(rtl, "pm_wake_rtl");
    int64_t *bits = calloc(most, sizeof *bits), *run = calloc(most, sizeof *run),
            *golden = calloc(most, sizeof *golden), *end = calloc(2 * (size_t)most, sizeof *end);
    if (!bits || !run || !golden || !end)
        abort();
    uint64_t expected = 0;
    bool ran = true;
    const int64_t full = ((int64_t)1 << width) - 1,
                  long_run = run_width < 10 ? ((int64_t)1 << run_width) - 1 : 900;
    for (size_t k = 0; k < networks; k++) {
        const size_t layers = k % 5 == 0 ? most : (size_t)bench_range(&b, 1, most);
        struct pm_wake_cfg c = {.pwr = k % 3 ? bench_range(&b, 0, 30) : 0,
                                .bus = (int64_t)1 << bench_range(&b, 0, 10)};
        /* As many beats as a bench has time for. */
        const int64_t limit = 600 * c.bus < full ? 600 * c.bus : full;
        c.cap = k % 4 ? bench_range(&b, 1, limit) : 0;
        for (size_t l = 0; l < layers; l++) {
            bits[l] = bench_range(&b, 0, 3) ? bench_range(&b, 0, c.cap ? c.cap : limit)
                                            : c.cap * bench_range(&b, 0, 1);
            if (bench_range(&b, 0, 3) == 0) /* whole beats */
                bits[l] -= bits[l] % c.bus;
            run[l] = bench_range(&b, 0, 1) ? bench_range(&b, 1, 4) : bench_range(&b, 1, long_run);
        }
        /* Two layers that just fit beside each other, or just do not. */
        if (c.cap > 0 && layers > 2 && bench_range(&b, 0, 1)) {
            bits[2] = bench_range(&b, 0, limit / 8);
            bits[1] = bench_range(&b, 0, limit / 2);
            bits[0] = bench_range(&b, 0, limit / 8);
            c.cap = bits[1] + bits[2] - bench_range(&b, 0, 1);
            for (size_t l = 0; l < layers; l++)
                c.cap = bits[l] > c.cap ? bits[l] : c.cap;
        }
        const struct pm_sim_opts opts = {.seed = bench_stalls(&b)};
        memset(end, 0x5a, 2 * (size_t)most * sizeof *end);
        ran &= pm_wake(&c, bits, run, layers, golden, NULL) == PM_OK &&
               f(&opts, &c, bits, run, layers, end) == PM_OK;
        for (size_t l = 0; l < 2 * layers; l++)
            bench_eq(&b, "end", l, golden[l % layers], end[l]);
        expected += 2 * layers;
    }
    bench_check(&b, b.params, ran);
    bench_test(&b, "ends", expected);
    const struct pm_wake_cfg c = {.bus = 1};
    bench_check(&b, "refuses a larger table",
                f(&(struct pm_sim_opts){0}, &c, bits, run, most + 1, end) == PM_ESHAPE);
    free(bits);
    free(run);
    free(golden);
    free(end);
    pm_rtl_close(rtl);
}

int main(void) {
    bench_begin(&b, "wake");
    model("l64", 40);
    model("l3", 400);
    model("l8", 200);
    return bench_end(&b);
}
