// SPDX-License-Identifier: Apache-2.0
/* Tiled attention rows: one tile against the untiled form, tiles against their definition by search and in
 * double precision, sums against exp(). */
#include "vdr_tile.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { Longest = 8192, Tile = 512, Values = 8 };

static double uniform(void) {
    return (rand() + 0.5) / ((double)RAND_MAX + 1);
}

static double normal(void) {
    return sqrt(-2 * log(uniform())) * cos(2 * acos(-1) * uniform());
}

static void one_tile_is_the_untiled_row(void **state) {
    (void)state;
    srand(1);
    for (int i = 0; i < 200; i++) {
        struct pm_vdr_lut lut;
        assert_int_equal(pm_vdr_lut_init(&lut, 0.5 + i / 400.0), PM_OK);
        for (int ne = -40; ne <= 40; ne++) {
            int8_t x[256];
            uint8_t keep[256], a[256], plain[256];
            const bool round = rand() & 1, all = rand() & 1;
            for (int j = 0; j < 256; j++) {
                x[j] = (int8_t)(127 - j);
                keep[j] = all || rand() % 3 == 0;
            }
            struct pm_tile_row row = {0};
            assert_int_equal(pm_vdr_tile(&lut, &row, x, keep, 256, ne, round, a), 0);
            const uint32_t z = pm_vdr_softmax(&lut, x, keep, 256, ne, round, plain);
            assert_memory_equal(a, plain, 256);
            assert_int_equal(row.z, z << PM_TILE_FRAC);
        }
    }
}

/* docs/numerics.md, "Rows in tiles", with real numbers and a search instead of its integers. */
static unsigned searched(const struct pm_vdr_lut *lut, double *reference, double max) {
    for (unsigned q = 0; q <= PM_TILE_FAR; q++) {
        const double up = *reference + floor((q * (double)lut->e[7].l + 8) / 16);
        if (up >= max) {
            *reference = up;
            return q;
        }
    }
    *reference = max;
    return PM_TILE_WIPE;
}

static unsigned numerator(const struct pm_vdr_lut *lut, int e, double distance, bool round) {
    const double up = exp2(7 - e), l = lut->e[e].l * up, b = lut->e[e].b * up, c = lut->e[e].c * up * up;
    const double d = 16 * fmin(distance, 2047), q = floor(d / l), rem = d - q * l;
    if (q > 15)
        return 0;
    const double t = floor(log2(c)) + 1 - 8 + q;
    return (unsigned)fmin(255, floor((c - rem * (b - rem)) / exp2(t) + (round ? 0.5 : 0)));
}

static void tiles_are_their_definition(void **state) {
    (void)state;
    srand(2);
    unsigned moved = 0, wiped = 0, masked = 0;
    for (int i = 0; i < 3000; i++) {
        struct pm_vdr_lut lut;
        assert_int_equal(pm_vdr_lut_init(&lut, 0.5 + uniform() / 2), PM_OK);
        struct pm_tile_row row = {0};
        double reference = 0, z = 0;
        bool some = false;
        const bool round = rand() & 1;
        const int low = rand() % 30 - 12;
        for (int tile = 0; tile < 8; tile++) {
            int8_t x[20];
            uint8_t keep[20], a[20];
            const size_t n = 1 + (size_t)rand() % 20;
            const int ne = low + rand() % 4, bits = rand() % 8, one_in = rand() % 5;
            double max = -INFINITY, sum = 0;
            for (size_t j = 0; j < n; j++) {
                x[j] = (int8_t)((rand() % 256 - 128) >> bits);
                keep[j] = one_in != 0 && rand() % one_in == 0;
                if (keep[j])
                    max = fmax(max, x[j]);
            }
            const double unit = exp2(7 - fmax(ne, -8));
            unsigned shift = 0;
            if (max > -INFINITY) {
                const double top = floor(max * exp2(7 - fmin(15, fmax(ne, -8))));
                shift = some ? searched(&lut, &reference, top) : 0;
                if (!some)
                    reference = top;
                some = true;
                moved += shift > 0 && shift <= PM_TILE_FAR;
                wiped += shift == PM_TILE_WIPE;
                assert_true(reference >= top);
                assert_int_equal(pm_vdr_tile(&lut, &row, x, keep, n, ne, round, a), shift);
                for (size_t j = 0; j < n; j++) {
                    const double below =
                        ne > 7 ? floor((max - x[j]) * exp2(7 - fmin(15, ne))) : (max - x[j]) * unit;
                    const int e = ne < 0 ? 0 : ne > 7 ? 7 : ne;
                    assert_int_equal(a[j], keep[j] ? numerator(&lut, e, below + reference - top, round) : 0);
                    sum += a[j];
                }
            } else {
                masked++;
                assert_int_equal(pm_vdr_tile(&lut, &row, x, keep, n, ne, round, a), 0);
                for (size_t j = 0; j < n; j++)
                    assert_int_equal(a[j], 0);
            }
            z = floor(z / exp2(shift) + (shift ? 0.5 : 0)) + 256 * sum;
            assert_true(row.z == z && row.some == some && (!some || row.reference == reference));
        }
    }
    assert_true(moved > 1000 && wiped > 200 && masked > 1000);
}

static void sums_move_half_up(void **state) {
    (void)state;
    srand(3);
    for (int i = 0; i < 100000; i++) {
        const unsigned shift = (unsigned)rand() % (PM_TILE_FAR + 2);
        const int64_t part = (rand() & 1 ? -1 : 1) * (int64_t)rand();
        int64_t sum = (int64_t)ldexp(uniform() - 0.5, 1 + rand() % 39);
        const double want = floor(ldexp((double)sum, -(int)shift) + (shift ? 0.5 : 0)) + 256.0 * (double)part;
        pm_tile_rescale(&sum, &part, 1, shift > PM_TILE_FAR ? PM_TILE_WIPE : shift);
        assert_true(shift > PM_TILE_FAR ? sum == 256 * part : (double)sum == want);
    }
}

/* A row of n logits of deviation sd, values of mean `mean`: relative square of the error of the attention's
 * output, in tiles of 512 and whole, against exp() of the same int8 logits; `rising` sorts the logits by
 * size. */
struct errors {
    double tiled, whole;
};

static int exponent(const double *logit, size_t n, double s0) {
    double largest = 0;
    for (size_t j = 0; j < n; j++)
        largest = fmax(largest, fabs(logit[j]));
    return (int)floor(log2(127 * s0 / largest));
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void quantised(const double *logit, size_t n, double s0, int ne, int8_t *x, double *exact) {
    const double s = ldexp(s0, -ne);
    for (size_t j = 0; j < n; j++) {
        x[j] = (int8_t)lrint(logit[j] / s);
        exact[j] = exp(x[j] * s);
    }
}

static struct errors errors(size_t n, double sd, double mean, bool rising, double s0, bool round) {
    static double logit[Longest], exact[Longest];
    static int8_t x[Longest];
    static uint8_t a[Longest];
    static int64_t v[Longest][Values];
    struct pm_vdr_lut lut;
    struct errors e = {0};
    assert_int_equal(pm_vdr_lut_init(&lut, s0), PM_OK);
    for (size_t j = 0; j < n; j++) {
        logit[j] = sd * normal();
        for (size_t m = 0; m < Values; m++)
            v[j][m] = lrint(100 * (mean + normal()));
    }
    if (rising)
        qsort(logit, n, sizeof *logit, by_size);
    for (int tiled = 0; tiled < 2; tiled++) {
        struct pm_tile_row row = {0};
        int64_t sum[Values] = {0};
        double want[Values] = {0}, total = 0;
        const size_t step = tiled ? Tile : n;
        for (size_t at = 0; at < n; at += step) {
            int64_t part[Values] = {0};
            const int ne = exponent(logit + at, step, s0);
            quantised(logit + at, step, s0, ne, x + at, exact + at);
            const unsigned shift = pm_vdr_tile(&lut, &row, x + at, NULL, step, ne, round, a + at);
            for (size_t j = at; j < at + step; j++) {
                total += exact[j];
                for (size_t m = 0; m < Values; m++) {
                    part[m] += a[j] * v[j][m];
                    want[m] += exact[j] * (double)v[j][m];
                }
            }
            pm_tile_rescale(sum, part, Values, shift);
        }
        double square = 0, size = 0;
        for (size_t m = 0; m < Values; m++) {
            square += pow((double)sum[m] / row.z - want[m] / total, 2);
            size += pow(want[m] / total, 2);
        }
        *(tiled ? &e.tiled : &e.whole) = square / size;
    }
    return e;
}

static void errors_of_long_rows(void **state) {
    (void)state;
    static const struct {
        size_t n;
        double sd, mean;
        bool rising;
        double tiled, whole; /* relative rms error, measured */
    } rows[] = {
        {1024, 1, 0, false, .0253, .0227}, {1024, 3, 0, false, .0529, .0598},
        {1024, 3, 1, true, .0218, .0162},  {8192, 1, 0, false, .0422, .0290},
        {8192, 3, 0, false, .1214, .1365}, {8192, 3, 1, true, .0190, .0282},
    };
    srand(4);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double tiled = 0, whole = 0;
        for (int k = 0; k < 20; k++) {
            const struct errors e =
                errors(rows[i].n, rows[i].sd, rows[i].mean, rows[i].rising, 0.5 + k / 40.0, true);
            tiled += e.tiled / 20;
            whole += e.whole / 20;
        }
        tiled = sqrt(tiled);
        whole = sqrt(whole);
        print_message("# N=%zu, deviation %.0f, values of mean %.0f%s: %.4f in tiles, %.4f whole\n",
                      rows[i].n, rows[i].sd, rows[i].mean, rows[i].rising ? ", rising" : "", tiled, whole);
        assert_true(fabs(tiled - rows[i].tiled) < .001 && fabs(whole - rows[i].whole) < .001);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_tile_is_the_untiled_row),
        cmocka_unit_test(tiles_are_their_definition),
        cmocka_unit_test(sums_move_half_up),
        cmocka_unit_test(errors_of_long_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
