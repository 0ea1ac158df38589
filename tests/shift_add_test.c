// SPDX-License-Identifier: Apache-2.0
/* Shift-add against products of weights that are decoded from their bits. */
#include "shift_add.h"
#include "therm_enc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* One active row: the part is the stored weight, for every weight of every width. */
static void every_weight(void **state) {
    (void)state;
    for (unsigned wbits = 2; wbits <= 16; wbits++)
        for (int32_t w = -(1 << (wbits - 1)); w < 1 << (wbits - 1); w++) {
            uint8_t code[16];
            for (unsigned b = 0; b < wbits; b++)
                code[b] = (uint8_t)((uint32_t)w >> b & 1);
            assert_int_equal(pm_shift_add(code, wbits, 0, false), w);
            assert_int_equal(pm_shift_add(code, wbits, 0, true), -w);
            assert_int_equal(pm_shift_add(code, wbits, 15, false), (int64_t)w * 32768);
        }
}

/* Random codes against real arithmetic. */
static void random_codes(void **state) {
    (void)state;
    srand(1);
    for (int i = 0; i < 200000; i++) {
        unsigned wbits = 2 + (unsigned)rand() % 15, plane = (unsigned)rand() % 16;
        bool neg = rand() & 1;
        uint8_t code[16];
        double sum = 0;
        for (unsigned b = 0; b < wbits; b++) {
            code[b] = (uint8_t)(rand() % (PM_COMPARATORS + 1));
            sum += code[b] * (b == wbits - 1 ? -exp2(b) : exp2(b));
        }
        sum *= neg ? -exp2(plane) : exp2(plane);
        assert_true((double)pm_shift_add(code, wbits, plane, neg) == sum);
    }
}

/* All codes at their ends: the range that the part's WB+4 bits must hold. */
static void range(void **state) {
    (void)state;
    for (unsigned wbits = 2; wbits <= 16; wbits++) {
        uint8_t low[16] = {0}, high[16];
        low[wbits - 1] = PM_COMPARATORS;
        for (unsigned b = 0; b < 16; b++)
            high[b] = b + 1 < wbits ? PM_COMPARATORS : 0;
        assert_int_equal(pm_shift_add(low, wbits, 0, false), -((int64_t)PM_COMPARATORS << (wbits - 1)));
        assert_int_equal(pm_shift_add(high, wbits, 0, false), (int64_t)PM_COMPARATORS * ((1 << (wbits - 1)) - 1));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_weight),
        cmocka_unit_test(random_codes),
        cmocka_unit_test(range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
