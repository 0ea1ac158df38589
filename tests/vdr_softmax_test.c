// SPDX-License-Identifier: Apache-2.0
/* VDR-Softmax against exp() in double precision, and the RTL's form of it against the golden one. */
#include "vdr_softmax.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SCALES 2048

static double scale(int i) {
    return 0.5 + i / (2.0 * SCALES);
}

/* The numerators of all distances 0..255 from a row's maximum. */
static void all_distances(const struct pm_vdr_lut *lut, int32_t ne, bool round, uint8_t *a) {
    int8_t x[256];
    for (int i = 0; i < 256; i++)
        x[i] = (int8_t)(127 - i);
    pm_vdr_softmax(lut, x, NULL, 256, ne, round, a);
}

static void test_table(void **state) {
    (void)state;
    struct pm_vdr_lut lut;
    assert_int_equal(pm_vdr_lut_init(&lut, 0.5), PM_OK);
    assert_int_equal(lut.e[0].l, 22);
    assert_int_equal(lut.e[0].b, 87);
    assert_int_equal(lut.e[0].c, 2859);
    assert_int_equal(lut.e[7].l, 2839);
    assert_int_equal(lut.e[7].b, 11089);
    assert_int_equal(lut.e[7].c, 46843833);
    assert_int_equal(pm_vdr_lut_init(&lut, 0.49999), PM_EINVAL);
    assert_int_equal(pm_vdr_lut_init(&lut, 1.0), PM_EINVAL);
    assert_int_equal(pm_vdr_lut_init(&lut, NAN), PM_EINVAL);
    /* What the RTL's widths rest on, for a fine grid of scales and both ends. */
    for (int i = 0; i <= 1 << 20; i++) {
        assert_int_equal(pm_vdr_lut_init(&lut, i == 1 << 20 ? nextafter(1, 0) : 0.5 + i / 2097152.0), PM_OK);
        for (int e = 0; e < PM_VDR_ENTRIES; e++) {
            uint64_t l = (uint64_t)lut.e[e].l << (7 - e), b = (uint64_t)lut.e[e].b << (7 - e),
                     c = (uint64_t)lut.e[e].c << (14 - 2 * e);
            assert_true(l >= 1408 && l <= 2848 && b > 2 * l && b <= 11136 && c >= 11710464 && c <= 46843904);
            assert_true(4 * c > b * b);
            assert_true(2 * (c - l * (b - l)) <= c + c / 25); /* one step of q halves, within 4% */
        }
    }
}

/* Numerator over the row's largest against exp(), in the last bit of the output: |A - A_max * exp(-distance *
 * S)|. */
static double largest_error(double s0, int ne_lo, int ne_hi, bool round) {
    struct pm_vdr_lut lut;
    double worst = 0;
    assert_int_equal(pm_vdr_lut_init(&lut, s0), PM_OK);
    for (int ne = ne_lo; ne <= ne_hi; ne++) {
        uint8_t a[256];
        all_distances(&lut, ne, round, a);
        for (int i = 0; i < 256; i++)
            worst = fmax(worst, fabs(a[i] - a[0] * exp(-i * ldexp(s0, -ne))));
    }
    return worst;
}

static void test_error(void **state) {
    (void)state;
    for (int round = 0; round < 2; round++) {
        double half = largest_error(0.5, 0, 7, round), all = 0, beyond = 0, below = 0;
        for (int i = 0; i < SCALES; i++) {
            all = fmax(all, largest_error(scale(i), 0, 7, round));
            beyond = fmax(beyond, largest_error(scale(i), 8, 40, round));
            below = fmax(below, largest_error(scale(i), -40, -1, round));
        }
        print_message(
            "# %s: largest error %.3f LSB at S0=1/2, %.3f over all S0; %.3f for ne>7, %.3f for ne<0\n",
            round ? "round" : "trunc", half, all, beyond, below);
        assert_true(half > 0.95 && half < 1.1);
        assert_true(all > 2.9 && all < 3.1);
        assert_true(beyond > 2.5 && beyond < 3.2);
        assert_true(below > 2.5 && below < 3.1);
    }
}

static void test_every_row(void **state) {
    (void)state;
    for (int i = 0; i < SCALES; i += 7) {
        struct pm_vdr_lut lut;
        assert_int_equal(pm_vdr_lut_init(&lut, scale(i)), PM_OK);
        for (int ne = -40; ne <= 40; ne++) {
            for (int round = 0; round < 2; round++) {
                uint8_t a[256], limit[256];
                all_distances(&lut, ne, round, a);
                assert_in_range(a[0], 128, 255);
                for (int j = 1; j < 256; j++)
                    assert_true(a[j] <= a[j - 1]);
                /* Callers may limit ne to -8..15. */
                all_distances(&lut, ne < -8 ? -8 : ne > 15 ? 15 : ne, round, limit);
                assert_memory_equal(a, limit, 256);
            }
        }
        uint8_t far[256], near[256];
        all_distances(&lut, INT32_MIN, true, far);
        all_distances(&lut, INT32_MAX, true, near);
        assert_int_equal(far[1], 0);
        assert_int_equal(near[255], near[0]);
    }
}

/* What pm_vdr_exp computes: all entries at the scale of ne = 7, a saturated distance, a square. */
static uint8_t exp_as_square(const struct pm_vdr_lut *lut, unsigned below_max, int ne, bool round) {
    int shift = (int)pm_clamp(ne, -4, 15) + 4, e = (int)pm_clamp(ne, 0, 7);
    uint32_t shifted = below_max << 11 >> shift, l = lut->e[e].l << (7 - e), b = lut->e[e].b << (7 - e),
             c = lut->e[e].c << (14 - 2 * e);
    if (shifted >= 2048)
        return 0;
    uint32_t q = 16 * shifted / l, rem = 16 * shifted % l, arg = b - 2 * rem;
    if (q > 9)
        q = 9;
    uint32_t lead = (arg * arg + 4 * c - b * b) >> (pm_bl(c) - 7) >> q;
    return (uint8_t)pm_clamp((lead + round) >> 1, 0, 255);
}

static void test_as_square(void **state) {
    (void)state;
    for (int i = 0; i < SCALES; i++) {
        struct pm_vdr_lut lut;
        assert_int_equal(pm_vdr_lut_init(&lut, scale(i)), PM_OK);
        for (int ne = -9; ne <= 17; ne++) {
            for (int round = 0; round < 2; round++) {
                uint8_t a[256];
                all_distances(&lut, ne, round, a);
                for (unsigned j = 0; j < 256; j++)
                    assert_int_equal(a[j], exp_as_square(&lut, j, ne, round));
            }
        }
    }
}

static void test_rows(void **state) {
    (void)state;
    struct pm_vdr_lut lut;
    static int8_t x[4096];
    static uint8_t keep[4096], a[4096], all[256];
    uint32_t seed = 1;
    assert_int_equal(pm_vdr_lut_init(&lut, 0.6), PM_OK);
    for (size_t n = 1; n <= 4096; n = n < 40 ? n + 1 : n * 3 / 2 > 4096 && n < 4096 ? 4096 : n * 3 / 2) {
        for (int ne = -40; ne <= 40; ne++) {
            int max = -999;
            uint32_t sum = 0;
            for (size_t j = 0; j < n; j++) {
                seed = seed * 1664525 + 1013904223;
                x[j] = (int8_t)(seed >> 24);
                keep[j] = (uint8_t)(ne == 40 ? 0 : seed >> 13 & 1);
                if (keep[j] && x[j] > max)
                    max = x[j];
            }
            memset(a, 0x77, n);
            uint32_t z = pm_vdr_softmax(&lut, x, keep, n, ne, true, a);
            all_distances(&lut, ne, true, all);
            for (size_t j = 0; j < n; j++) {
                assert_int_equal(a[j], keep[j] ? all[max - x[j]] : 0);
                sum += a[j];
            }
            assert_int_equal(z, sum);
        }
        /* All equal: every numerator is the row's largest, and Z needs all its bits. */
        memset(x, 0x81, n);
        pm_vdr_lut_init(&lut, 0.594604); /* c close to a power of two from below */
        uint32_t z = pm_vdr_softmax(&lut, x, NULL, n, 3, true, a);
        assert_in_range(a[0], 128, 255);
        assert_int_equal(z, n * a[0]);
        assert_true(z < (uint32_t)1 << (8 + pm_clog2(n)));
        pm_vdr_lut_init(&lut, 0.6);
        if (n == 4096)
            break;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),     cmocka_unit_test(test_error), cmocka_unit_test(test_every_row),
        cmocka_unit_test(test_as_square), cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
