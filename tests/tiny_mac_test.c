// SPDX-License-Identifier: Apache-2.0
/* Small kernels against sums in double precision, which hold them exactly. */
#include "tiny_mac.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { Outputs = 11, Vectors = 4 };

static void equals_the_product(void **state) {
    (void)state;
    int32_t x[Vectors * Outputs * PM_TINY_ROWS], y[Vectors * Outputs];
    int8_t w[PM_TINY_ROWS * Outputs];
    srand(1);
    for (unsigned xbits = 2; xbits <= 16; xbits++)
        for (unsigned rows = 1; rows <= PM_TINY_ROWS; rows++)
            for (unsigned k = 0; k < 8; k++) {
                const struct pm_tiny_cfg c = {xbits, k & 1, k & 2};
                const size_t inputs = c.depthwise ? rows * Outputs : rows;
                const int32_t lo = c.is_signed ? -(1 << (xbits - 1)) : 0, span = (1 << xbits) - 1;
                for (size_t i = 0; i < Vectors * inputs; i++)
                    x[i] = lo + (k & 4 ? (rand() & 1) * span : rand() % (span + 1));
                for (size_t i = 0; i < (size_t)rows * Outputs; i++)
                    w[i] = (int8_t)(k & 4 ? (rand() & 1 ? -128 : 127) : rand() % 256 - 128);
                assert_int_equal(pm_tiny_gemv(&c, x, w, Vectors, rows, Outputs, y), PM_OK);
                for (size_t t = 0; t < Vectors; t++)
                    for (size_t m = 0; m < Outputs; m++) {
                        double sum = 0;
                        for (size_t r = 0; r < rows; r++)
                            sum +=
                                (double)x[t * inputs + (c.depthwise ? m * rows + r : r)] * w[r * Outputs + m];
                        assert_true(y[t * Outputs + m] == sum);
                        assert_true(fabs(sum) < exp2(xbits + 11)); /* the RTL's accumulator */
                    }
            }
}

static void ranges_are_checked(void **state) {
    (void)state;
    int32_t y;
    struct pm_tiny_cfg c = {.xbits = 1};
    assert_int_equal(pm_tiny_gemv(&c, (int32_t[]){0}, (int8_t[]){0}, 1, 1, 1, &y), PM_EINVAL);
    c.xbits = 17;
    assert_int_equal(pm_tiny_gemv(&c, (int32_t[]){0}, (int8_t[]){0}, 1, 1, 1, &y), PM_EINVAL);
    c.xbits = 4;
    const int32_t x[16] = {15};
    const int8_t w[16] = {-128};
    assert_int_equal(pm_tiny_gemv(&c, x, w, 1, 0, 1, &y), PM_EINVAL);
    assert_int_equal(pm_tiny_gemv(&c, x, w, 1, 16, 1, &y), PM_EINVAL);
    assert_int_equal(pm_tiny_gemv(&c, x, w, 1, 15, 1, &y), PM_OK);
    assert_int_equal(y, -1920);
    assert_int_equal(pm_tiny_gemv(&c, (int32_t[]){16}, w, 1, 1, 1, &y), PM_ERANGE);
    assert_int_equal(pm_tiny_gemv(&c, (int32_t[]){-1}, w, 1, 1, 1, &y), PM_ERANGE);
    c.is_signed = true;
    assert_int_equal(pm_tiny_gemv(&c, (int32_t[]){8}, w, 1, 1, 1, &y), PM_ERANGE);
    assert_int_equal(pm_tiny_gemv(&c, (int32_t[]){-9}, w, 1, 1, 1, &y), PM_ERANGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_the_product),
                                       cmocka_unit_test(ranges_are_checked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
