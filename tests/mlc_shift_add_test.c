// SPDX-License-Identifier: Apache-2.0
#include "mlc_shift_add.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Codes of an array of `rows` rows and one weight, from the cells themselves. */
static int32_t array_dot(const int8_t *x, const int8_t *w, unsigned rows, unsigned cell, bool allow_flip) {
    const unsigned slices = pm_mlc_slices(cell), top = (1u << cell) - 1;
    int32_t acc = 12345; /* plane 0 begins anew */
    for (unsigned i = 0; i < 8; i++) {
        int32_t code[8] = {0};
        uint8_t flip[8] = {0};
        unsigned pop = 0;
        for (unsigned r = 0; r < rows; r++)
            pop += (uint8_t)x[r] >> i & 1;
        for (unsigned c = 0; c < slices; c++) {
            unsigned sum = 0;
            for (unsigned r = 0; r < rows; r++)
                sum += (unsigned)(w[r] + 128) >> (cell * c) & top;
            flip[c] = allow_flip && pm_mlc_flip(sum, cell);
            for (unsigned r = 0; r < rows; r++) {
                const unsigned u = (unsigned)(w[r] + 128) >> (cell * c) & top;
                if ((uint8_t)x[r] >> i & 1)
                    code[c] += (int32_t)(flip[c] ? top - u : u);
            }
            if (allow_flip)
                assert_true(code[c] <= 32 * (int32_t)top);
        }
        pm_mlc_shift_add(code, flip, cell, pop, i, 1, &acc);
    }
    return acc;
}

/* The same of differential weights: magnitudes in the columns of a pair, by sign. */
static int32_t pair_dot(const int8_t *x, const int8_t *w, unsigned rows, unsigned cell) {
    const unsigned slices = pm_mlc_slices(cell), top = (1u << cell) - 1;
    int32_t acc = 12345;
    assert_int_equal(pm_mlc_columns(cell, PM_WEIGHTS_DIFFERENTIAL), 2 * slices);
    for (unsigned i = 0; i < 8; i++) {
        int32_t code[16] = {0};
        for (unsigned r = 0; r < rows; r++)
            for (unsigned c = 0; c < slices && ((uint8_t)x[r] >> i & 1); c++)
                code[2 * c + (w[r] < 0)] += (int32_t)((unsigned)abs(w[r]) >> (cell * c) & top);
        pm_mlc_shift_add_pairs(code, cell, i, 1, &acc);
    }
    return acc;
}

/* Every product of two int8, all cells and both codings: with the proofs, which show t = sum of the active
 * rows' weights and y = its sum over planes, this closes the dot product. */
static void every_product(void **state) {
    (void)state;
    for (unsigned cell = 1; cell <= 4; cell++)
        for (int x = -128; x < 128; x++)
            for (int w = -128; w < 128; w++) {
                const int8_t x8 = (int8_t)x, w8 = (int8_t)w;
                assert_int_equal(array_dot(&x8, &w8, 1, cell, true), x * w);
                assert_int_equal(pair_dot(&x8, &w8, 1, cell), x * w);
            }
}

static void full_arrays(void **state) {
    (void)state;
    uint32_t rng = 7;
    for (unsigned n = 0; n < 300; n++) {
        int8_t x[64], w[64];
        int32_t want = 0;
        const unsigned rows = n < 64 ? n + 1 : 64;
        for (unsigned r = 0; r < 64; r++) {
            rng = rng * 1664525 + 1013904223;
            x[r] = n % 3 == 0 ? -128 : (int8_t)(rng >> 24);
            w[r] = n % 5 == 0 ? -128 : n % 5 == 1 ? 127 : (int8_t)(rng >> 16);
        }
        for (unsigned r = 0; r < rows; r++)
            want += x[r] * w[r];
        for (unsigned cell = 1; cell <= 4; cell++) {
            for (int flip = 0; flip <= 1; flip++)
                assert_int_equal(array_dot(x, w, rows, cell, flip), want);
            assert_int_equal(pair_dot(x, w, rows, cell), want);
        }
    }
}

/* Largest |acc| for any codes and any 0..64 active wordlines: 23 bits, or 24 for 7-bit codes of one-bit
 * cells. */
static void accumulator_widths(void **state) {
    (void)state;
    for (unsigned cell = 1; cell <= 2; cell++)
        for (int32_t top = 63; top <= 127; top += 64) {
            int32_t low = 0, high = 0;
            for (unsigned pop = 0; pop <= 64; pop++) {
                int32_t least = -(int32_t)(pop << 7), most = least;
                for (unsigned c = 0; c < pm_mlc_slices(cell); c++) {
                    const int32_t a = pm_mlc_value(0, cell, false, pop),
                                  b = pm_mlc_value(top, cell, false, pop),
                                  d = pm_mlc_value(0, cell, true, pop),
                                  e = pm_mlc_value(top, cell, true, pop);
                    const int32_t min = a < e ? a : e, max = b > d ? b : d;
                    least += min * (1 << (cell * c));
                    most += max * (1 << (cell * c));
                }
                low = least < low ? least : low;
                high = most > high ? most : high;
            }
            const int32_t largest = 127 * high - 128 * low > 128 * high - 127 * low ? 127 * high - 128 * low
                                                                                    : 128 * high - 127 * low;
            assert_true(largest < 1 << 23);
            assert_int_equal(largest < 1 << 22, !(cell == 1 && top == 127));
            /* Pairs: all positive columns full in planes 0 to 6, all negative ones in plane 7, and the
             * mirror. */
            int32_t code[2][16], acc[2] = {0};
            for (unsigned c = 0; c < 2 * pm_mlc_slices(cell); c++)
                code[c % 2][c] = top, code[1 - c % 2][c] = 0;
            for (unsigned i = 0; i < 8; i++)
                for (unsigned side = 0; side < 2; side++)
                    pm_mlc_shift_add_pairs(code[side ^ (i == 7)], cell, i, 1, &acc[side]);
            assert_int_equal(acc[0], 255 * top * 255 / ((1 << cell) - 1));
            assert_int_equal(acc[1], -acc[0]);
            assert_true(acc[0] < 1 << 23);
            assert_int_equal(acc[0] < 1 << 22, !(cell == 1 && top == 127));
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_product),
        cmocka_unit_test(full_arrays),
        cmocka_unit_test(accumulator_widths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
