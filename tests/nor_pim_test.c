// SPDX-License-Identifier: Apache-2.0
#include "nor_pim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int64_t low(unsigned bits, bool is_signed) {
    return is_signed ? -((int64_t)1 << (bits - 1)) : 0;
}
static int64_t high(unsigned bits, bool is_signed) {
    return is_signed ? ((int64_t)1 << (bits - 1)) - 1 : ((int64_t)1 << bits) - 1;
}

static void every_product_of_small_widths(void **state) {
    (void)state;
    for (unsigned ab = 4; ab <= 8; ab += 2)
        for (unsigned bb = 4; bb <= 7; bb++)
            for (int s = 0; s < 4; s++)
                for (int64_t a = low(ab, s & 1); a <= high(ab, s & 1); a++)
                    for (int64_t b = low(bb, s & 2); b <= high(bb, s & 2); b++)
                        assert_true(pm_nor_mul((int32_t)a, (int32_t)b, ab, bb, s & 1, s & 2) == a * b);
}

/* All widths: edges crossed with edges. */
static void edges_of_all_widths(void **state) {
    (void)state;
    for (unsigned ab = 4; ab <= 16; ab++)
        for (unsigned bb = 4; bb <= 16; bb++)
            for (int s = 0; s < 4; s++) {
                const bool as = s & 1, bs = s & 2;
                const int64_t a[] = {low(ab, as), high(ab, as), 0, 1, high(ab, as) / 3};
                const int64_t b[] = {low(bb, bs), high(bb, bs), 0, 1, high(bb, bs) / 3};
                for (size_t i = 0; i < 5; i++)
                    for (size_t j = 0; j < 5; j++)
                        assert_true(pm_nor_mul((int32_t)a[i], (int32_t)b[j], ab, bb, as, bs) == a[i] * b[j]);
            }
}

static void ranges_are_checked(void **state) {
    (void)state;
    int32_t y[2];
    size_t at;
    struct pm_nor_cfg c = {.abits = 12, .bbits = 8, .bsigned = true};
    assert_int_equal(pm_nor_muls(&c, (int32_t[]){4095, 5}, (int32_t[]){-128, 127}, 2, y, &at), PM_OK);
    assert_int_equal(y[0], -524160);
    assert_int_equal(y[1], 635);
    assert_int_equal(pm_nor_muls(&c, (int32_t[]){0, 4096}, (int32_t[]){0, 0}, 2, y, &at), PM_ERANGE);
    assert_int_equal(at, 1);
    assert_int_equal(pm_nor_muls(&c, (int32_t[]){-1}, (int32_t[]){0}, 1, y, &at), PM_ERANGE);
    assert_int_equal(pm_nor_muls(&c, (int32_t[]){0}, (int32_t[]){128}, 1, y, &at), PM_ERANGE);
    c = (struct pm_nor_cfg){.abits = 16, .bbits = 16};
    assert_int_equal(pm_nor_muls(&c, (int32_t[]){32768}, (int32_t[]){65535}, 1, y, &at), PM_OK);
    assert_int_equal(y[0], 2147450880);
    assert_int_equal(pm_nor_muls(&c, (int32_t[]){65535}, (int32_t[]){32769}, 1, y, &at), PM_ERANGE);
    assert_true(pm_nor_mul(65535, 65535, 16, 16, false, false) == 4294836225);
    c.asigned = true;
    assert_int_equal(pm_nor_muls(&c, (int32_t[]){-32768}, (int32_t[]){65535}, 1, y, &at), PM_OK);
    c.abits = 17;
    assert_int_equal(pm_nor_muls(&c, (int32_t[]){0}, (int32_t[]){0}, 1, y, &at), PM_EINVAL);
    c.abits = 3;
    assert_int_equal(pm_nor_check(&c), PM_EINVAL);
}

static void layouts(void **state) {
    (void)state;
    struct pm_nor_layout l = pm_nor_layout(192, 8, 8);
    assert_int_equal(l.products, 64);
    assert_int_equal(l.mults, 1);
    assert_int_equal(l.rows, 1);
    assert_true(l.utilisation == 1);
    assert_int_equal(pm_nor_cycles(&l, 3), 15);
    l = pm_nor_layout(128, 12, 8);
    assert_int_equal(l.products, 96);
    assert_int_equal(l.lanes, 42);
    assert_int_equal(l.rows, 3);
    assert_true(l.utilisation == 288.0 / 384);
    l = pm_nor_layout(1024, 12, 8);
    assert_int_equal(l.mults, 3);
    assert_int_equal(pm_nor_cycles(&l, 7), 15);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_product_of_small_widths),
        cmocka_unit_test(edges_of_all_widths),
        cmocka_unit_test(ranges_are_checked),
        cmocka_unit_test(layouts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
