// SPDX-License-Identifier: Apache-2.0
/* Head normalisation against division in double precision. */
#include "head_norm.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint64_t rng = 1;

static uint64_t next_random(void) {
    rng ^= rng >> 12;
    rng ^= rng << 25;
    rng ^= rng >> 27;
    return rng * 0x2545F4914F6CDD1Du;
}

/* rec[2] * 34 / 8192 - 1 and rec[1] * 34 / 8192 - 1: half an interval of 1/32 and the rounding of an 8-bit
 * entry. */
#define LOW  (-0.016358)
#define HIGH 0.016846

/* Checks the result against 16 * o / z and widens the range of its relative error. */
static void bounds(double *low, double *high, int64_t o, uint32_t z) {
    double exact = 16.0 * (double)o / z, y = pm_head_norm(o, z, PM_NORM_RECIP);
    /* The table's error, then the floor. */
    assert_true(y <= exact * (1 + (o > 0 ? HIGH : LOW)));
    assert_true(y > exact * (1 + (o > 0 ? LOW : HIGH)) - 1);
    if (fabs(exact) > 1e6) {
        *low = fmin(*low, y / exact - 1);
        *high = fmax(*high, y / exact - 1);
    }
}

static void test_quotient(void **state) {
    (void)state;
    double low = 0, high = 0;
    for (uint32_t z = 1; z < 1 << 17; z++) {
        int64_t limit = (int64_t)(z < 1 << 20 ? z : 1 << 20) << 26; /* below saturation */
        for (int i = 0; i < 4; i++)
            bounds(&low, &high, (int64_t)(next_random() >> 8) % limit * (i & 1 ? 1 : -1) >> i * 6, z);
        bounds(&low, &high, limit, z);
        bounds(&low, &high, -limit, z);
    }
    for (int i = 0; i < 1000000; i++) {
        uint32_t z = (uint32_t)(next_random() >> 32) >> i % 32 | 1;
        if (pm_bl(z) <= 28) /* the shift is not limited */
            bounds(&low, &high, ((int64_t)next_random() >> 10) % ((int64_t)z << 26), z);
    }
    print_message("# error of the quotient: %.5f to %.5f of it, besides the floor\n", low, high);
    assert_true(low < LOW + 1e-4);
    assert_true(high > HIGH - 1e-4);
}

static void test_table(void **state) {
    (void)state;
    /* z = 2^5 + i has exactly the entry i; o = 2^9 undoes the shift by 9. */
    for (unsigned i = 0; i < 32; i++)
        assert_int_equal(pm_head_norm(1 << 9, 32 + i, PM_NORM_RECIP), lround(256 * 32 / (32 + i + 0.5)));
    /* Fewer than five bits below the leading one are filled with zeros; more are ignored. */
    for (unsigned i = 0; i < 32; i++) {
        for (unsigned s = 0; s < 5; s++)
            if ((32 + i) % (1u << s) == 0)
                assert_int_equal(pm_head_norm(1 << 9, (32 + i) >> s, PM_NORM_RECIP),
                                 pm_head_norm(1 << 9, 32 + i, PM_NORM_RECIP) << s);
        assert_int_equal(pm_head_norm(1 << 14, (32 + i) * 32 + 31, PM_NORM_RECIP),
                         lround(8192 / (32 + i + 0.5)));
    }
}

static void test_corners(void **state) {
    (void)state;
    const int64_t big = (INT64_C(1) << 55) - 1;
    for (int m = 0; m < 2; m++) {
        enum pm_norm mode = m ? PM_NORM_POW2 : PM_NORM_RECIP;
        assert_int_equal(pm_head_norm(12345, 0, mode), 0);
        assert_int_equal(pm_head_norm(0, 77, mode), 0);
        assert_int_equal(pm_head_norm(big, 1, mode), INT32_MAX);
        assert_int_equal(pm_head_norm(-big, 1, mode), INT32_MIN);
    }
    /* The shift stops at 31: from 2^27 on the quotient is too large by z / 2^27, and defined. */
    assert_int_equal(pm_head_norm(INT64_C(1) << 31, UINT32_C(1) << 27, PM_NORM_RECIP), 252);
    assert_int_equal(pm_head_norm(INT64_C(1) << 31, UINT32_C(1) << 31, PM_NORM_RECIP), 252);
    assert_int_equal(pm_head_norm(-1, 5000, PM_NORM_RECIP), -1); /* floor */
    assert_int_equal(pm_head_norm(100, 1, PM_NORM_POW2), 1600);
    assert_int_equal(pm_head_norm(100, 3, PM_NORM_POW2), 800);
    assert_int_equal(pm_head_norm(-100, 16, PM_NORM_POW2), -100);
    assert_int_equal(pm_head_norm(-101, 63, PM_NORM_POW2), -51);
    assert_int_equal(pm_head_norm(-101, 0, PM_NORM_NONE), -101);
    assert_int_equal(pm_head_norm(big, 9, PM_NORM_NONE), INT32_MAX);
    assert_int_equal(pm_head_norm(-big, 9, PM_NORM_NONE), INT32_MIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quotient),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_corners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
