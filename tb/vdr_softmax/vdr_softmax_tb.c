// SPDX-License-Identifier: Apache-2.0
#include "bench.h"
#include "vdr_softmax_rtl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LATENCY 5 /* clocks from a row's last beat being taken to its first numerators being taken */

static struct bench b;
static pm_status (*rtl_softmax)(const struct pm_sim_opts *, const struct pm_vdr_lut *, const int8_t *,
                                const int32_t *, const uint8_t *, size_t, size_t, bool, uint8_t *, uint32_t *,
                                uint64_t *);

struct rows {
    size_t rows, n;
    int8_t *x;
    uint8_t *keep;
    int32_t *ne;
};

static struct rows make(size_t rows, size_t n) {
    struct rows r = {rows, n, calloc(rows * n, 1), malloc(rows * n), calloc(rows, sizeof *r.ne)};
    memset(r.keep, 1, rows * n);
    return r;
}

/* Runs golden and RTL on the same rows and compares all of them; returns the clocks. */
static uint64_t compare(const char *name, struct rows *r, double s0, bool round, bool masked,
                        uint64_t stalls) {
    size_t total = r->rows * r->n;
    uint8_t *golden = malloc(total), *a = malloc(total);
    uint32_t *gz = malloc(r->rows * 4), *z = malloc(r->rows * 4);
    struct pm_vdr_lut lut;
    uint64_t clocks = 0;
    pm_vdr_lut_init(&lut, s0);
    memset(a, 0x5a, total);
    memset(z, 0x5a, r->rows * 4);
    struct pm_sim_opts opts = {.seed = stalls};
    pm_status st =
        rtl_softmax(&opts, &lut, r->x, r->ne, masked ? r->keep : NULL, r->rows, r->n, round, a, z, &clocks);
    if (st != PM_OK) {
        printf("# vdr_softmax %s: %s\n", name, pm_strerror(st));
        bench_check(&b, name, false);
    }
    for (size_t i = 0; i < r->rows; i++) {
        gz[i] = pm_vdr_softmax(&lut, r->x + i * r->n, masked ? r->keep + i * r->n : NULL, r->n, r->ne[i],
                               round, golden + i * r->n);
        bench_eq(&b, "z", i, gz[i], z[i]);
        for (size_t j = 0; j < r->n; j++)
            bench_eq(&b, "a", i * r->n + j, golden[i * r->n + j], a[i * r->n + j]);
    }
    free(golden);
    free(a);
    free(gz);
    free(z);
    free(r->x);
    free(r->keep);
    free(r->ne);
    return clocks;
}

static void random_rows(struct rows *r) {
    for (size_t i = 0; i < r->rows; i++) {
        int kind = (int)bench_range(&b, 0, 7), centre = (int)bench_range(&b, -128, 127);
        r->ne[i] = kind == 0 ? (int32_t)bench_range(&b, -300, 300) : (int32_t)bench_range(&b, -10, 18);
        for (size_t j = 0; j < r->n; j++) {
            int64_t x = bench_range(&b, -128, 127);
            if (kind > 4)
                x = pm_clamp(centre + x / (2 << kind), -128, 127);
            r->x[i * r->n + j] = (int8_t)x;
            r->keep[i * r->n + j] = kind == 1 ? 0 : kind < 4 ? 1 : bench_random(&b) % 4 != 0;
        }
    }
}

/* exp for the remainder that a quotient leaves, off by `error`: docs/numerics.md, "VDR-Softmax",
 * not the golden softmax. */
static int64_t numerator(const struct pm_vdr_entry *e, int q, int64_t rem, int64_t error, bool round) {
    const int64_t exp = (int64_t)e->c - rem * ((int64_t)e->b - rem) + error;
    const int t = pm_bl(e->c) - 8 + q;
    const int64_t y = (exp >> (t - 1)) + round;
    return y / 2 > 255 ? 255 : y / 2;
}

enum { BORDERS = 1200, BITS = 6 };

/* Whether at this distance the numerator would show exp off by 2^bit, or, from BITS on, a quotient that is
 * one too low or too high by less than `near`. */
static bool at_border(const struct pm_vdr_entry *e, int64_t distance, int bit, int near, bool round) {
    const int q = (int)(distance / e->l);
    const int64_t rem = distance % e->l, right = numerator(e, q, rem, 0, round);
    if (q > 8)
        return false;
    if (bit == BITS)
        return q > 0 && rem < near && numerator(e, q - 1, rem + e->l, 0, round) != right;
    if (bit > BITS)
        return q < 8 && e->l - rem <= near && numerator(e, q + 1, rem - e->l, 0, round) != right;
    return numerator(e, q, rem, 1 << bit, round) != right ||
           numerator(e, q, rem, -(1 << bit), round) != right;
}

/* Rows of one such distance, on half of their places: random tables and exponents until there is one. */
static void border(int bit, size_t n, const char *name) {
    const bool round = bench_random(&b) & 1;
    const int near = 1 << bench_range(&b, 0, 4);
    for (;;) {
        struct pm_vdr_lut lut;
        const double s0 = 0.5 + (double)bench_range(&b, 0, (1 << 30) - 1) / (1u << 31);
        /* The low bits count at full scale only, the larger quotients occur below it. */
        const int ne = bit < BITS || bench_random(&b) % 4 == 0 ? 7 : (int)bench_range(&b, 0, 6);
        pm_vdr_lut_init(&lut, s0);
        const int start = (int)bench_range(&b, 1, 255);
        for (int i = 0; i < 255; i++) {
            const int below = (start + i) % 255 + 1;
            if (!at_border(&lut.e[ne], (int64_t)below << PM_VDR_FRAC, bit, near, round))
                continue;
            struct rows r = make(1, n);
            const int max = (int)bench_range(&b, below - 128, 127);
            r.ne[0] = ne;
            for (size_t j = 0; j < n; j++)
                r.x[j] = (int8_t)(bench_random(&b) & 1 ? max - below : bench_range(&b, -128, max));
            r.x[bench_random(&b) % n] = (int8_t)max;
            compare(name, &r, s0, round, false, bench_stalls(&b));
            return;
        }
    }
}

int main(void) {
    static const double scales[] = {0.5, 0.5946, 0.70710678, 0.83, 0.9999999};
    static const struct {
        const char *name;
        size_t rows;
    } models[] = {{"l16", 700}, {"l4", 400}, {"l16n512", 120}};
    bench_begin(&b, "vdr_softmax");
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        struct pm_rtl *rtl = bench_model(&b, models[m].name);
        if (!rtl)
            continue;
        size_t max_n = bench_parameter(&b, "MaxN"), lanes = bench_parameter(&b, "Lanes");
        uint64_t expected = 0;
        char name[256];
        memcpy(&rtl_softmax, &(void (*)(void)){bench_function(rtl, "pm_vdr_softmax_rtl")},
               sizeof rtl_softmax);
        printf("# %s\n", b.params);

        /* Every distance 0..255 below every maximum of a row's first position, every ne, both roundings. */
        for (size_t k = 0; k < 5; k++) {
            size_t n = max_n < 64 ? max_n : 64, per_ne = 256 / (n - 1) + 1;
            struct rows r = make(40 * per_ne, n);
            for (size_t i = 0; i < r.rows; i++) {
                r.ne[i] = (int32_t)(i / per_ne) - 14;
                for (size_t j = 0; j < n; j++) {
                    size_t below = (i % per_ne) * (n - 1) + (j ? j : 1) - 1;
                    r.x[i * n + j] = (int8_t)(127 - (j && below < 256 ? (int)below : 0));
                }
            }
            expected += r.rows * (n + 1);
            compare("distances", &r, scales[k], k & 1, false, bench_stalls(&b));
        }
        snprintf(name, sizeof name, "every distance and ne (%s)", b.params);
        bench_test(&b, name, expected);

        /* One token, fully masked, all equal, extremes, one kept. */
        expected = 0;
        for (size_t n = 1; n <= max_n; n = n == 1           ? lanes - 1
                                           : n == lanes - 1 ? lanes
                                           : n == lanes     ? lanes + 1
                                                            : n * 3 - 2) {
            struct rows r = make(64, n);
            for (size_t i = 0; i < r.rows; i++) {
                r.ne[i] = (int32_t)bench_range(&b, -8, 15);
                size_t one = bench_random(&b) % n;
                for (size_t j = 0; j < n; j++) {
                    r.x[i * n + j] = i % 4 == 0               ? (int8_t)(i * 5)
                                     : i % 4 == 1             ? -128
                                     : (bench_random(&b) & 1) ? 127
                                                              : -128;
                    r.keep[i * n + j] = i % 3 == 0 ? 0 : i % 3 == 1 ? j == one : 1;
                }
            }
            expected += r.rows * (n + 1);
            compare("corners", &r, scales[n % 5], n & 1, true, bench_stalls(&b));
        }
        snprintf(name, sizeof name, "one token, masked, equal, extremes (%s)", b.params);
        bench_test(&b, name, expected);

        /* Distances at which little decides. */
        for (int k = 0; k < BORDERS; k++)
            border(k & 1 ? k / 2 % BITS : BITS + k / 2 % 2, max_n < 64 ? max_n : 64, "borders");
        snprintf(name, sizeof name, "distances beside a quotient's or a numerator's step (%s)", b.params);
        bench_test(&b, name, BORDERS * ((max_n < 64 ? max_n : 64) + 1));

        /* One beat of logits that differ by one at most: each pair decides the maximum somewhere. */
        {
            struct rows r = make(400, lanes);
            for (size_t i = 0; i < r.rows; i++) {
                const int64_t top = bench_range(&b, -127, 127);
                r.ne[i] = (int32_t)bench_range(&b, -8, 15);
                for (size_t j = 0; j < lanes; j++) {
                    r.x[i * lanes + j] = (int8_t)(top - bench_range(&b, 0, 1));
                    r.keep[i * lanes + j] = bench_random(&b) % 2;
                }
            }
            expected = r.rows * (lanes + 1);
            compare("neighbours", &r, 0.7, true, true, bench_stalls(&b));
        }
        snprintf(name, sizeof name, "logits that differ by one (%s)", b.params);
        bench_test(&b, name, expected);

        /* Random rows of random length, random stalls on both sides. */
        expected = 0;
        for (int k = 0; k < 12; k++) {
            size_t n = k < 2 ? max_n : (size_t)bench_range(&b, 1, (int64_t)max_n);
            struct rows r = make(models[m].rows, n);
            random_rows(&r);
            expected += r.rows * (n + 1);
            double s0 = 0.5 + (double)bench_range(&b, 0, 4095) / 8192;
            compare("random", &r, s0, bench_random(&b) & 1, true, bench_stalls(&b));
        }
        snprintf(name, sizeof name, "random rows and stalls (%s)", b.params);
        bench_test(&b, name, expected);

        /* Without stalls: a beat every clock, for every row length. */
        bool exact = true;
        expected = 0;
        for (size_t beats = 1; beats <= max_n / lanes; beats++) {
            struct rows r = make(20, beats * lanes);
            random_rows(&r);
            expected += 20 * (beats * lanes + 1);
            uint64_t clocks = compare("throughput", &r, 0.5, true, true, 0);
            uint64_t want = 20 * beats + beats - 1 + LATENCY;
            if (clocks != want)
                printf("# rows of %zu beats: %llu clocks, expected %llu\n", beats, (unsigned long long)clocks,
                       (unsigned long long)want);
            exact &= clocks == want;
        }
        snprintf(name, sizeof name, "rows without stalls (%s)", b.params);
        bench_test(&b, name, expected);
        snprintf(name, sizeof name, "one beat a clock and the latency, exactly (%s)", b.params);
        bench_check(&b, name, exact);

        struct rows r = make(1, max_n + 1);
        struct pm_vdr_lut lut;
        uint8_t a[4097];
        uint32_t z;
        pm_vdr_lut_init(&lut, 0.5);
        struct pm_sim_opts opts = {0};
        bench_check(&b, "a row that is too long is refused",
                    rtl_softmax(&opts, &lut, r.x, r.ne, NULL, 1, max_n + 1, true, a, &z, NULL) == PM_ESHAPE);
        free(r.x);
        free(r.keep);
        free(r.ne);
        pm_rtl_close(rtl);
    }
    return bench_end(&b);
}
