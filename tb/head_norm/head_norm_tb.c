// SPDX-License-Identifier: Apache-2.0
#include "bench.h"
#include "head_norm_rtl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LATENCY 3 /* clocks from a beat being taken to its outputs being taken */

static struct bench b;
static pm_status (*rtl_norm)(const struct pm_sim_opts *, const int64_t *, const uint32_t *, size_t, size_t,
                             int32_t *, bool *, uint64_t *);

/* Runs golden and RTL on the same vectors and compares all of them; returns the clocks. */
static uint64_t compare(const char *name, const int64_t *o, const uint32_t *z, size_t rows, size_t n,
                        uint64_t stalls) {
    int32_t *y = malloc(rows * n * sizeof *y);
    bool flag = false, zero = false;
    uint64_t clocks = 0;
    struct pm_sim_opts opts = {.seed = stalls};
    memset(y, 0x5a, rows * n * sizeof *y);
    pm_status st = rtl_norm(&opts, o, z, rows, n, y, &flag, &clocks);
    if (st != PM_OK) {
        printf("# head_norm %s: %s\n", name, pm_strerror(st));
        bench_check(&b, name, false);
    }
    for (size_t r = 0; r < rows; r++) {
        zero |= z[r] == 0;
        for (size_t i = 0; i < n; i++)
            bench_eq(&b, "y", r * n + i, pm_head_norm(o[r * n + i], z[r], PM_NORM_RECIP), y[r * n + i]);
    }
    bench_eq(&b, "z_zero", 0, zero, flag);
    free(y);
    return clocks;
}

int main(void) {
    static const char *const models[] = {"l1", "l1z31", "l4"};
    bench_begin(&b, "head_norm");
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        struct pm_rtl *rtl = bench_model(&b, models[m]);
        if (!rtl)
            continue;
        size_t lanes = bench_parameter(&b, "Lanes");
        int ow = (int)bench_parameter(&b, "OW"), zw = (int)bench_parameter(&b, "ZW");
        int64_t top = ((int64_t)1 << (ow - 1)) - 1;
        uint64_t expected = 0;
        char name[256];
        memcpy(&rtl_norm, &(void (*)(void)){bench_function(rtl, "pm_head_norm_rtl")}, sizeof rtl_norm);
        printf("# %s\n", b.params);

        /* Edges of o crossed with every leading one and every table entry of Z, and Z = 0. */
        const int64_t edges[] = {0, 1, -1, 15, -16, 255, top, -top - 1, top - 1, top / 3, -top / 3};
        const size_t n_edges = sizeof edges / sizeof edges[0], rows = (size_t)zw * 34 + 1;
        int64_t *o = malloc(rows * n_edges * sizeof *o);
        uint32_t *z = malloc(rows * sizeof *z);
        for (size_t r = 0; r < rows; r++) {
            unsigned k = (unsigned)(r / 34), i = (unsigned)(r % 34);
            uint64_t low = ((uint64_t)1 << k) - 1, lead = (uint64_t)1 << k;
            uint64_t v = i < 32 ? lead | ((uint64_t)i << k >> 5) : i == 32 ? lead | low : lead;
            z[r] = r == rows - 1 ? 0 : (uint32_t)v;
            memcpy(o + r * n_edges, edges, sizeof edges);
        }
        for (int pass = 0; pass < 3; pass++) {
            size_t some = rows - (pass == 1); /* without Z = 0 the flag stays clear */
            compare("edges", o, z, some, n_edges, pass ? bench_random(&b) | 1 : 0);
            expected += some * n_edges + 1;
        }
        free(o);
        free(z);
        snprintf(name, sizeof name, "edges of o, leading ones and entries of Z (%s)", b.params);
        bench_test(&b, name, expected);

        /* Random vectors of random length, magnitude and sum, random stalls on both sides. */
        expected = 0;
        bool exact = true;
        for (int k = 0; k < 30; k++) {
            size_t n = (size_t)bench_range(&b, 1, 64), vectors = 20000 / n;
            bool stall = k % 3 != 0;
            o = malloc(vectors * n * sizeof *o);
            z = malloc(vectors * sizeof *z);
            for (size_t r = 0; r < vectors; r++) {
                int shift = (int)bench_range(&b, 0, ow - 1);
                z[r] = (uint32_t)(bench_random(&b) >> (64 - zw) >> bench_range(&b, 0, zw - 1));
                for (size_t i = 0; i < n; i++)
                    o[r * n + i] = (int64_t)bench_random(&b) >> (64 - ow) >> shift;
            }
            uint64_t clocks = compare("random", o, z, vectors, n, stall ? bench_random(&b) | 1 : 0);
            uint64_t want = vectors * ((n + lanes - 1) / lanes) + LATENCY;
            if (!stall && clocks != want)
                printf("# %zu vectors of %zu: %" PRIu64 " clocks, expected %" PRIu64 "\n", vectors, n, clocks,
                       want);
            exact &= stall ? clocks > want : clocks == want;
            expected += vectors * n + 1;
            free(o);
            free(z);
        }
        snprintf(name, sizeof name, "random vectors and stalls (%s)", b.params);
        bench_test(&b, name, expected);
        snprintf(name, sizeof name, "one beat a clock and the latency, exactly (%s)", b.params);
        bench_check(&b, name, exact);

        struct pm_sim_opts opts = {0};
        int32_t y;
        bench_check(&b, "what does not fit the ports is refused",
                    rtl_norm(&opts, &(int64_t){top + 1}, &(uint32_t){1}, 1, 1, &y, NULL, NULL) == PM_ERANGE &&
                        rtl_norm(&opts, &(int64_t){0}, &(uint32_t){1u << zw}, 1, 1, &y, NULL, NULL) ==
                            PM_ERANGE);
        pm_rtl_close(rtl);
    }
    return bench_end(&b);
}
