// SPDX-License-Identifier: Apache-2.0
/* Mean accesses of a vector in the golden model, sign coding: accesses ROWS BITS SLICE SCAN [X.npy ...]
 * Of 1000 Gaussian vectors, a standard deviation being a quarter of the largest element; then of each file's
 * rows, if they are ROWS elements long. A line with a number each. For flow/synth.py. */
#include "analog/random.h"
#include "bitsift.h"
#include "io/npy.h"

#include <stdio.h>
#include <stdlib.h>

enum { Vectors = 1000 };

static size_t walk(const struct pm_bitsift_cfg *cfg, const int32_t *x) {
    struct pm_bitsift b;
    struct pm_access a;
    size_t accesses = 0;
    pm_bitsift_begin(&b, cfg, x);
    while (pm_bitsift_next(&b, &a))
        accesses += a.sawl > 0;
    return accesses;
}

int main(int argc, char **argv) {
    struct pm_bitsift_cfg cfg = {.is_signed = true, .coding = PM_SIGN};
    if (argc > 4)
        cfg = (struct pm_bitsift_cfg){.rows = (unsigned)strtoul(argv[1], NULL, 10),
                                      .bits = (unsigned)strtoul(argv[2], NULL, 10),
                                      .slice = (unsigned)strtoul(argv[3], NULL, 10),
                                      .is_signed = true,
                                      .coding = PM_SIGN,
                                      .mode = *argv[4] == '1' ? PM_GPC_SCAN : PM_GPC_SPLIT};
    if (pm_bitsift_check(&cfg) != PM_OK) {
        fprintf(stderr,
                "accesses: usage: accesses ROWS BITS SLICE SCAN [X.npy ...], within pm_bitsift_check\n");
        return 2;
    }
    static int32_t x[PM_MAX_ROWS];
    const int32_t top = (1 << (cfg.bits - 1)) - 1;
    size_t sum = 0;
    for (uint32_t v = 0; v < Vectors; v++) {
        pm_gauss_fill((const uint32_t[4]){0, v}, (const uint32_t[2]){1}, cfg.rows, x);
        for (unsigned r = 0; r < cfg.rows; r++) {
            const int32_t y = (int32_t)((int64_t)x[r] * top / (4 << PM_GAUSS_FRAC));
            x[r] = y > top ? top : y < -top ? -top : y;
        }
        sum += walk(&cfg, x);
    }
    printf("%.1f\n", (double)sum / Vectors);
    for (int f = 5; f < argc; f++) {
        struct pm_tensor t;
        struct pm_error e;
        if (pm_npy_read(argv[f], &t, &e) != PM_OK) {
            fprintf(stderr, "accesses: %s\n", e.text);
            return 2;
        }
        const size_t length = t.shape[t.rank - 1], n = t.count / length;
        sum = 0;
        if (length == cfg.rows && cfg.bits == 8) {
            for (size_t v = 0; v < n; v++) {
                for (size_t r = 0; r < length; r++)
                    x[r] = (int32_t)pm_tensor_get(&t, v * length + r);
                sum += walk(&cfg, x);
            }
            printf("%.1f\n", (double)sum / (double)n);
        }
        pm_tensor_free(&t);
    }
    return 0;
}
