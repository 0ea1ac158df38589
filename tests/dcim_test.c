// SPDX-License-Identifier: Apache-2.0
/* Digital SRAM-CIM against a plain integer product. */
#include "dcim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { Rows = 301, Outputs = 5, Vectors = 3 };

static void equals_the_product(void **state) {
    (void)state;
    static int32_t x[Vectors * Rows];
    static int8_t w[Rows * Outputs];
    srand(1);
    for (unsigned xbits = 1; xbits <= 16; xbits++)
        for (unsigned is_signed = 0; is_signed <= (xbits > 1); is_signed++)
            for (unsigned share = 1; share <= 3; share++)
                for (unsigned ends = 0; ends < 2; ends++) {
                    const size_t rows = ends ? Rows : 1 + (size_t)rand() % Rows;
                    const struct pm_dcim_cfg c = {xbits, is_signed, share};
                    const int32_t lo = is_signed ? -(1 << (xbits - 1)) : 0, span = (1 << xbits) - 1;
                    for (size_t i = 0; i < Vectors * rows; i++)
                        x[i] = lo + (ends ? (rand() & 1) * span : rand() % (span + 1));
                    for (size_t i = 0; i < rows * Outputs; i++)
                        w[i] = (int8_t)(ends ? (rand() & 1 ? -128 : 127) : rand() % 256 - 128);
                    int64_t y[Vectors * Outputs];
                    assert_int_equal(pm_dcim_gemv(&c, x, w, Vectors, rows, Outputs, y), PM_OK);
                    for (size_t t = 0; t < Vectors; t++)
                        for (size_t m = 0; m < Outputs; m++) {
                            int64_t sum = 0;
                            for (size_t r = 0; r < rows; r++)
                                sum += (int64_t)x[t * rows + r] * w[r * Outputs + m];
                            assert_true(y[t * Outputs + m] == sum);
                        }
                }
}

/* Every choice of bits and of corner weights. */
static void multiplexers(void **state) {
    (void)state;
    const int8_t corner[] = {-128, -1, 0, 1, 127};
    for (unsigned share = 1; share <= 3; share++)
        for (unsigned c = 0; c < 125; c++)
            for (unsigned bits = 0; bits < 1u << share; bits++) {
                const int8_t w[] = {corner[c % 5], 99, corner[c / 5 % 5], 99, corner[c / 25]};
                int32_t sum = 0;
                for (unsigned g = 0; g < share; g++)
                    sum += (int32_t)(bits >> g & 1) * w[2 * g];
                assert_int_equal(pm_dcim_mux(bits, w, 2, share), sum);
            }
}

static void ranges_are_checked(void **state) {
    (void)state;
    const struct pm_dcim_cfg bad[] = {{0, false, 2},  {1, true, 2}, {17, true, 2},
                                      {17, false, 2}, {8, true, 0}, {8, true, 4}};
    int64_t y;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(pm_dcim_check(&bad[i]), PM_EINVAL);
        assert_int_equal(pm_dcim_gemv(&bad[i], (int32_t[]){0}, (int8_t[]){1}, 1, 1, 1, &y), PM_EINVAL);
    }
    const struct pm_dcim_cfg s = {4, true, 2}, u = {1, false, 1};
    assert_int_equal(pm_dcim_gemv(&s, (int32_t[]){-8}, (int8_t[]){-128}, 1, 1, 1, &y), PM_OK);
    assert_true(y == 1024);
    assert_int_equal(pm_dcim_gemv(&s, (int32_t[]){8}, (int8_t[]){1}, 1, 1, 1, &y), PM_ERANGE);
    assert_int_equal(pm_dcim_gemv(&s, (int32_t[]){-9}, (int8_t[]){1}, 1, 1, 1, &y), PM_ERANGE);
    assert_int_equal(pm_dcim_gemv(&u, (int32_t[]){1}, (int8_t[]){-7}, 1, 1, 1, &y), PM_OK);
    assert_true(y == -7);
    assert_int_equal(pm_dcim_gemv(&u, (int32_t[]){-1}, (int8_t[]){1}, 1, 1, 1, &y), PM_ERANGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_product),
        cmocka_unit_test(multiplexers),
        cmocka_unit_test(ranges_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
