// SPDX-License-Identifier: Apache-2.0
/* An array whose wordlines are all on at once, against a count of every cell and rounding in double
 * precision. */
#include "flare_whole.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 600, OUTPUTS = 9, VECTORS = 5 };
static int16_t w[ROWS * OUTPUTS];
static int32_t x[ROWS * VECTORS];
static int64_t y[OUTPUTS * VECTORS];

static uint64_t seed = 1;
static int random_in(int lo, int hi) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return lo + (int)((seed >> 33) % (uint64_t)(hi - lo + 1));
}

/* Bit p of a value as the planes have it: of its own half in sign coding. */
static int plane_bit(const struct pm_bitsift_cfg *c, int32_t v, unsigned p, bool neg) {
    if (!c->is_signed || c->coding == PM_TWOS)
        return v >> p & 1;
    return (v < 0) == neg ? abs(v) >> p & 1 : 0;
}

static void expect(const struct pm_bitsift_cfg *c, unsigned outputs, unsigned wbits, unsigned adc,
                   const int32_t *in, int64_t *want, struct pm_gemv_cost *cost) {
    const double rows = c->rows, top = exp2(adc) > rows ? rows : exp2(adc) - 1;
    const bool sign = c->is_signed && c->coding == PM_SIGN;
    double sum[OUTPUTS] = {0};
    for (unsigned half = 0; half <= sign; half++)
        for (unsigned p = 0; p < c->bits; p++) {
            int any = 0;
            for (unsigned d = 0; d < c->rows; d++)
                any += plane_bit(c, in[d], p, half);
            const double plane = (half || (c->is_signed && !sign && p == c->bits - 1) ? -1 : 1) * exp2(p);
            cost->ones += (unsigned)any;
            if (any == 0)
                continue;
            cost->accesses++;
            for (unsigned m = 0; m < outputs; m++)
                for (unsigned b = 0; b < wbits; b++) {
                    int on = 0;
                    for (unsigned d = 0; d < c->rows; d++)
                        on += plane_bit(c, in[d], p, half) & w[d * outputs + m] >> b & 1;
                    const double code = floor(on * top / rows + 0.5);
                    cost->conversions++;
                    cost->conversion_errors += fabs(code * rows - on * top) > 1e-6;
                    sum[m] += plane * (b == wbits - 1 ? -1 : 1) * exp2(b) * code;
                }
        }
    for (unsigned m = 0; m < outputs; m++)
        want[m] = (int64_t)floor(sum[m] * rows / top + 0.5);
}

static void codes_are_the_nearest(void **state) {
    (void)state;
    static const struct {
        unsigned rows, outputs, wbits, adc, bits;
        bool is_signed;
        enum pm_coding coding;
    } cases[] = {
        {1, 1, 2, 1, 8, true, PM_TWOS},     {7, 3, 8, 3, 8, true, PM_SIGN},
        {64, 9, 8, 7, 8, true, PM_SIGN},    {64, 9, 8, 6, 8, true, PM_SIGN},
        {64, 9, 8, 5, 9, true, PM_TWOS},    {49, 4, 10, 4, 8, false, PM_TWOS},
        {65, 2, 16, 1, 9, true, PM_SIGN},   {300, 5, 8, 8, 8, true, PM_TWOS},
        {600, 2, 8, 12, 8, false, PM_TWOS}, {600, 3, 4, 10, 8, true, PM_SIGN},
        {511, 3, 8, 9, 16, true, PM_TWOS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct pm_bitsift_cfg c = {.rows = cases[i].rows,
                                         .slice = 16,
                                         .bits = cases[i].bits,
                                         .is_signed = cases[i].is_signed,
                                         .coding = cases[i].coding};
        const int half = 1 << (cases[i].bits - 1), lo = c.is_signed ? -half : 0,
                  hi = c.is_signed ? half - 1 : 2 * half - 1;
        const int weight = 1 << (cases[i].wbits - 1);
        const unsigned outputs = cases[i].outputs;
        struct pm_flare_whole *f;
        struct pm_gemv_cost cost = {0}, want_cost = {0};
        for (unsigned k = 0; k < c.rows * outputs; k++)
            w[k] = (int16_t)(i % 3 == 0 ? random_in(0, 1) - 1 : random_in(-weight, weight - 1));
        for (unsigned d = 0; d < c.rows; d++) /* columns of which more than 255 cells conduct */
            w[d * outputs] = -1;
        for (unsigned k = 0; k < c.rows * VECTORS; k++)
            x[k] = k < c.rows ? -c.is_signed : k < 2 * c.rows ? 0 : random_in(lo, hi); /* all ones; none */
        assert_int_equal(pm_flare_whole_new(c.rows, outputs, cases[i].wbits, cases[i].adc, &f), PM_OK);
        pm_flare_whole_program(f, w);
        pm_flare_whole_program(f, w); /* leaves nothing of what was there */
        assert_int_equal(pm_flare_whole_gemm(f, &c, x, VECTORS, y, &cost), PM_OK);
        for (unsigned v = 0; v < VECTORS; v++) {
            int64_t want[OUTPUTS], exact[OUTPUTS] = {0};
            expect(&c, outputs, cases[i].wbits, cases[i].adc, x + v * c.rows, want, &want_cost);
            assert_memory_equal(y + v * outputs, want, outputs * sizeof *want);
            for (unsigned d = 0; d < c.rows; d++)
                for (unsigned m = 0; m < outputs; m++)
                    exact[m] += x[v * c.rows + d] * w[d * outputs + m];
            if (1u << cases[i].adc > c.rows)
                assert_memory_equal(exact, want, outputs * sizeof *want);
        }
        assert_int_equal(cost.vectors, VECTORS);
        assert_int_equal(cost.accesses, want_cost.accesses);
        assert_int_equal(cost.ones, want_cost.ones);
        assert_int_equal(cost.conversions, want_cost.conversions);
        assert_int_equal(cost.conversion_errors, want_cost.conversion_errors);
        assert_true((cost.conversion_errors == 0) == (1u << cases[i].adc > c.rows));
        assert_int_equal(cost.windows, VECTORS * c.bits * ((c.rows + 7) / 8));
        pm_flare_whole_free(f);
    }
}

static void refuses(void **state) {
    (void)state;
    static const unsigned bad[][4] = {{0, 1, 8, 7},   {4097, 1, 8, 7}, {64, 0, 8, 7},  {64, 1, 1, 7},
                                      {64, 1, 17, 7}, {64, 1, 8, 0},   {64, 1, 8, 13}, {64, 16385, 8, 7}};
    struct pm_flare_whole *f;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(pm_flare_whole_new(bad[i][0], bad[i][1], bad[i][2], bad[i][3], &f), PM_EINVAL);
        assert_null(f);
    }
    pm_flare_whole_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_the_nearest),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
