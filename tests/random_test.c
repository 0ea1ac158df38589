// SPDX-License-Identifier: Apache-2.0
/* Philox against its published vectors, the Gaussian table against erfc, draws against their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "analog/random.h"

static const int32_t table[] = {
#include "analog/gauss_table.inc"
};
#define NODES (sizeof table / sizeof *table)
#define SIGMA 65536.0

static double upper_tail(double x) {
    return erfc(x / sqrt(2)) / 2;
}

/* x with upper_tail(x) = p, 0 < p <= 1/2, by bisection. */
static double quantile(double p) {
    double lo = 0, hi = 10;
    for (int i = 0; i < 80; i++) {
        const double mid = (lo + hi) / 2;
        if (upper_tail(mid) > p)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

/* Random123's kat_vectors, philox4x32 10. */
static void philox_known_answers(void **state) {
    (void)state;
    static const uint32_t kat[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e,
         0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb,
         0x5001e420, 0x24126ea1},
    };
    for (int i = 0; i < 3; i++) {
        uint32_t out[4];
        pm_philox(kat[i], kat[i] + 4, out);
        assert_memory_equal(out, kat[i] + 6, sizeof out);
    }
}

static void table_is_rounded_quantile(void **state) {
    (void)state;
    assert_int_equal(NODES, 1025);
    assert_int_equal(table[0], PM_GAUSS_MAX);
    for (size_t k = 0; k < NODES; k++) {
        const double p = k == NODES - 1 ? 0.5 : ldexp((double)(32 + k % 32), (int)(k / 32) - 38);
        const double x = SIGMA * quantile(p);
        assert_true(fabs(table[k] - x) <= 0.5 + 1e-6);
    }
}

/* Every octave boundary, every node's neighbours and random words, against the exact quantile. */
static void draw_is_near_quantile(void **state) {
    (void)state;
    const uint32_t key[2] = {1, 2};
    double worst = 0;
    size_t n = 0;
    for (uint32_t i = 0; i < 60000; i++) {
        uint32_t w;
        if (i < 3 * 1024) {
            const uint64_t node = ((32 + (uint64_t)(i / 3) % 32) << (i / 96)) >> 6;
            w = (uint32_t)(node + i % 3) - 1;
        } else {
            uint32_t r[4];
            pm_philox((const uint32_t[4]){i, 0, 0, 0}, key, r);
            w = r[0] >> (r[1] % 32); /* as many words in every octave */
        }
        w &= 0x7fffffff;
        const double x = quantile(ldexp(2.0 * w + 1, -33));
        const double error = pm_gauss(w) / SIGMA - x;
        assert_int_equal(pm_gauss(w | 0x80000000), -pm_gauss(w));
        worst = fmax(worst, fabs(error));
        n++;
    }
    print_message("# largest |draw - quantile| over %zu words: %.2e sigma\n", n, worst);
    assert_true(worst < 1e-4);
    assert_true(worst > 1e-5); /* linear interpolation is seen to be at work */
}

/* How many of the 2^31 positive words draw x sigma or more; exact, because the draw falls with the word. */
static uint32_t words_above(double x) {
    uint32_t lo = 0, hi = 0x80000000;
    while (lo < hi) {
        const uint32_t mid = lo + (hi - lo) / 2;
        if (pm_gauss(mid) >= x * SIGMA)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* P(n >= x) of the generator itself, not of a sample: two-sided to 6 sigma. */
static void tails_match_erfc(void **state) {
    (void)state;
    int32_t last = PM_GAUSS_MAX; /* every word of the far tail, then one in 1009: words_above may bisect */
    for (uint32_t w = 0; w < 0x80000000; w += w < 1u << 16 ? 1 : 1009) {
        const int32_t x = pm_gauss(w);
        assert_true(x <= last && x >= 0);
        last = x;
    }
    for (double x = 0.25; x <= 6; x += 0.25) {
        const double p = ldexp(words_above(x), -32), want = upper_tail(x);
        /* 1e-4 sigma of quantile error move the tail by its hazard rate x + 1/x, one word is 2^-32 */
        const double bound = want * 1e-4 * (x + 1 / x) + ldexp(1, -32);
        assert_true(fabs(p - want) <= bound);
        if (floor(x) == x)
            print_message("# P(draw >= %.0f sigma) %.6e, erfc %.6e\n", x, p, want);
    }
}

/* Moments of 2^22 draws in sequence: 5 standard errors, both sides. */
static void sampled_moments(void **state) {
    (void)state;
    const size_t n = 1u << 22;
    const uint32_t key[2] = {0x12345678, 0x9abcdef0}, ctr[4] = {0, 7, 8, 9};
    int32_t *x = malloc(n * sizeof *x);
    assert_non_null(x);
    pm_gauss_fill(ctr, key, n, x);
    double m1 = 0, m2 = 0, m3 = 0, m4 = 0, lag[3] = {0};
    size_t above[5] = {0};
    for (size_t i = 0; i < n; i++) {
        const double g = x[i] / SIGMA;
        m1 += g;
        m2 += g * g;
        m3 += g * g * g;
        m4 += g * g * g * g;
        for (int k = 0; k < 3; k++) /* neighbours in a block, across blocks, far apart */
            lag[k] += g * x[(i + (const size_t[]){1, 4, 4096}[k]) % n] / SIGMA;
        for (int t = 1; t < 5; t++)
            above[t] += fabs(g) >= t;
    }
    const double root = sqrt((double)n);
    assert_true(fabs(m1 / root) < 5);
    assert_true(fabs((m2 / (double)n - 1) * root) < 5 * sqrt(2));
    assert_true(fabs(m3 / root) < 5 * sqrt(15));
    assert_true(fabs((m4 / (double)n - 3) * root) < 5 * sqrt(96));
    for (int k = 0; k < 3; k++)
        assert_true(fabs(lag[k] / root) < 5);
    for (int t = 1; t < 5; t++) {
        const double p = 2 * upper_tail(t), want = p * (double)n;
        assert_true(fabs((double)above[t] - want) < 5 * sqrt(want * (1 - p)));
    }
    free(x);
}

/* A draw depends on its counter and key only. */
static void draws_do_not_depend_on_order(void **state) {
    (void)state;
    enum { N = 1003 };
    const uint32_t key[2] = {3, 4}, ctr[4] = {100, 5, 6, 7};
    int32_t all[N], part[N];
    pm_gauss_fill(ctr, key, N, all);
    for (int i = N - 1; i >= 0; i--) { /* backwards, one word at a time */
        uint32_t r[4];
        pm_philox((const uint32_t[4]){ctr[0] + (uint32_t)i / 4, ctr[1], ctr[2], ctr[3]}, key, r);
        assert_int_equal(pm_gauss(r[i % 4]), all[i]);
    }
    for (size_t first = 0; first < N; first += 124) { /* pieces that start at a block */
        const size_t n = N - first < 124 ? N - first : 124;
        const uint32_t c[4] = {ctr[0] + (uint32_t)first / 4, ctr[1], ctr[2], ctr[3]};
        pm_gauss_fill(c, key, n, part);
        assert_memory_equal(part, all + first, n * sizeof *part);
    }
    for (int word = 0; word < 6; word++) { /* each counter word and each key word matters */
        uint32_t c[4] = {ctr[0], ctr[1], ctr[2], ctr[3]}, k[2] = {key[0], key[1]};
        *(word < 4 ? &c[word] : &k[word - 4]) ^= 0x80000000;
        pm_gauss_fill(c, k, N, part);
        size_t same = 0;
        for (int i = 0; i < N; i++)
            same += part[i] == all[i];
        assert_true(same < 5);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_known_answers),  cmocka_unit_test(table_is_rounded_quantile),
        cmocka_unit_test(draw_is_near_quantile), cmocka_unit_test(tails_match_erfc),
        cmocka_unit_test(sampled_moments),       cmocka_unit_test(draws_do_not_depend_on_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
