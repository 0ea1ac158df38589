// SPDX-License-Identifier: Apache-2.0
#include "system/int8.h"

#include "system/hyflex.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { IN = 1536, OUT = 7, N = 3 };
static float weight[OUT * IN], bias[OUT], x[N * IN], y[N * OUT], expected[N * OUT];

static uint32_t seed = 1;
static float uniform(void) {
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / (1 << 23) - 1;
}

/* Sums of 1536 products reach 1.47 * 2^24, where float holds even integers only: an odd one shows an inexact
 * sum. */
static void sums_are_exact(void **state) {
    (void)state;
    for (int i = 0; i < OUT * IN; i++)
        weight[i] = i % IN == 5 ? 126 : 127;
    for (int i = 0; i < N * IN; i++)
        x[i] = i % IN == 5 ? 1 : 127;
    struct pm_int8_linear *h =
        pm_int8_linear_new(&(struct pm_matrix){.in = IN, .out = OUT, .weight = weight, .bias = bias});
    assert_non_null(h);
    assert_int_equal(pm_int8_linear_run(h, N, x, y), PM_OK);
    const int32_t sum = 1535 * 127 * 127 + 126;
    assert_true(sum > 1 << 24 && (float)(sum - 1) != (float)(sum + 2));
    for (int i = 0; i < N * OUT; i++)
        assert_true(y[i] == (float)sum);
    pm_int8_linear_free(h);
}

/* Exact arrays of 1-bit cells are the reference: the same floats, bit by bit. */
static void equals_exact_arrays(void **state) {
    (void)state;
    static const unsigned shapes[][2] = {{1, 1}, {64, 7}, {65, 3}, {384, 5}, {1536, 2}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const unsigned in = shapes[s][0], out = shapes[s][1];
        for (unsigned i = 0; i < in * out; i++)
            weight[i] = s == 1 && i < in ? 0 : uniform(); /* an output without weights */
        for (unsigned i = 0; i < out; i++)
            bias[i] = uniform();
        for (unsigned i = 0; i < N * in; i++)
            x[i] = i < in ? 0 : 5 * uniform() * uniform(); /* a vector of zeros */
        const struct pm_matrix l = {.in = in, .out = out, .weight = weight, .bias = bias};
        struct pm_hyflex_linear_cfg cfg = {
            .layout = PM_HYFLEX_SLC, .array = pm_hyflex_default(), .mlc_cell = 2, .adc = {6, 7}};
        struct pm_hyflex_linear *arrays;
        uint32_t id = 0;
        assert_int_equal(pm_hyflex_linear_new(&cfg, &l, &id, &arrays), PM_OK);
        assert_int_equal(pm_hyflex_linear_run(arrays, N, x, 0, expected, NULL, NULL), PM_OK);
        struct pm_int8_linear *h = pm_int8_linear_new(&l);
        assert_non_null(h);
        assert_int_equal(pm_int8_linear_run(h, N, x, y), PM_OK);
        assert_memory_equal(y, expected, N * out * sizeof *y);
        assert_true(s == 0 || y[N * out - 1] != bias[out - 1]);
        pm_int8_linear_free(h);
        pm_hyflex_linear_free(arrays);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(sums_are_exact),
                                       cmocka_unit_test(equals_exact_arrays)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
