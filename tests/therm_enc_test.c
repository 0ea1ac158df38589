// SPDX-License-Identifier: Apache-2.0
/* Flash conversion against real-valued thresholds and a count of bits. */
#include "therm_enc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Every value around and between the thresholds: comparator k is on from (k + 1/2) LSB on. */
static void thresholds(void **state) {
    (void)state;
    for (int32_t a = -1000; a <= 3500; a++) {
        uint8_t therm = pm_flash(a);
        unsigned on = 0;
        for (int k = 0; k < PM_COMPARATORS; k++) {
            bool expected = a / 256.0 >= k + 0.5;
            assert_int_equal(therm >> k & 1, expected);
            on += expected;
        }
        assert_int_equal(pm_therm_enc(therm), on);
        assert_int_equal(pm_flash_code(a), on);
    }
}

/* A whole number of LSB is its own code; half an LSB less one step is still below. */
static void whole_counts(void **state) {
    (void)state;
    for (int32_t n = 0; n <= PM_COMPARATORS; n++) {
        assert_int_equal(pm_flash_code(256 * n), n);
        assert_int_equal(pm_flash_code(256 * n + 127), n);
        assert_int_equal(pm_flash_code(256 * n - 128), n);
        assert_int_equal(pm_therm_enc(pm_flash(256 * n)), n);
    }
}

static void extremes(void **state) {
    (void)state;
    static const int32_t low[] = {INT32_MIN, INT32_MIN + 1, -1, 0, 127},
                         high[] = {INT32_MAX, INT32_MAX - 127, 1920};
    for (size_t i = 0; i < sizeof low / sizeof *low; i++) {
        assert_int_equal(pm_therm_enc(pm_flash(low[i])), 0);
        assert_int_equal(pm_flash_code(low[i]), 0);
    }
    for (size_t i = 0; i < sizeof high / sizeof *high; i++) {
        assert_int_equal(pm_therm_enc(pm_flash(high[i])), PM_COMPARATORS);
        assert_int_equal(pm_flash_code(high[i]), PM_COMPARATORS);
    }
}

/* All patterns, bubbles included: the count, so that one wrong comparator moves the code by exactly one. */
static void bubbles(void **state) {
    (void)state;
    for (unsigned therm = 0; therm < 256; therm++) {
        unsigned on = 0;
        for (unsigned k = 0; k < PM_COMPARATORS; k++)
            on += therm / (1u << k) % 2;
        assert_int_equal(pm_therm_enc((uint8_t)therm), on);
        for (unsigned k = 0; k < PM_COMPARATORS; k++) {
            int moved = pm_therm_enc((uint8_t)(therm ^ 1u << k)) - (int)on;
            assert_int_equal(moved, therm >> k & 1 ? -1 : 1);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thresholds),
        cmocka_unit_test(whole_counts),
        cmocka_unit_test(extremes),
        cmocka_unit_test(bubbles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
