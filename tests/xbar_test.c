// SPDX-License-Identifier: Apache-2.0
#include "xbar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t rng = 1;
static int64_t draw(int64_t lo, int64_t hi) {
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return lo + (int64_t)(rng % (uint64_t)(hi - lo + 1));
}

static struct pm_xbar_cfg precision(unsigned code) {
    return (struct pm_xbar_cfg){.wbits = 2 + code % 7,
                                .abits = 1 + code / 7 % 8,
                                .cell = 1 + code / 56 % 4,
                                .is_signed = code / 224 % 2,
                                .rows = 16};
}
#define PRECISIONS 448

/* Slices recompose |w|, whatever the precision; each holds no more than its bits. */
static void slices_recompose(void **state) {
    (void)state;
    for (unsigned code = 0; code < PRECISIONS; code++) {
        const struct pm_xbar_cfg c = precision(code);
        for (int w = -(1 << (c.wbits - 1)); w < 1 << (c.wbits - 1); w++) {
            unsigned sum = 0, above = c.wbits;
            for (unsigned s = 0; s < pm_xbar_slices(&c); s++) {
                const unsigned shift = pm_xbar_shift(&c, s), level = pm_xbar_level(&c, w, s);
                assert_true(level < 1u << (above - shift) && above - shift <= c.cell && above > shift);
                sum += level << shift;
                above = shift;
            }
            assert_int_equal(above, 0);
            assert_int_equal(sum, abs(w));
        }
    }
}

/* With ideal converters: the integer product, over several tiles, every precision. */
static void is_the_product(void **state) {
    (void)state;
    enum { K = 37, M = 3, T = 2 };
    for (unsigned code = 0; code < PRECISIONS; code++) {
        const struct pm_xbar_cfg c = precision(code);
        if (pm_xbar_check(&c) != PM_OK)
            continue;
        const int xtop = 1 << (c.is_signed ? c.abits - 1 : c.abits), wtop = 1 << (c.wbits - 1);
        int32_t x[T * K];
        int16_t w[K * M];
        int64_t y[T * M];
        uint64_t clips = 0;
        for (unsigned i = 0; i < T * K; i++)
            x[i] = (int32_t)draw(c.is_signed ? -xtop : 0, xtop - 1);
        for (unsigned i = 0; i < K * M; i++)
            w[i] = (int16_t)draw(-wtop, wtop - 1);
        pm_xbar_gemv(&c, x, w, T, K, M, y, &clips);
        for (unsigned i = 0; i < T * M; i++) {
            int64_t want = 0;
            for (unsigned k = 0; k < K; k++)
                want += (int64_t)x[i / M * K + k] * w[k * M + i % M];
            assert_int_equal(y[i], want);
        }
        assert_int_equal(clips, 0);
    }
}

/* Real converters against the columns G+ and G- themselves. */
static void columns_are_converted(void **state) {
    (void)state;
    enum { K = 50 };
    unsigned clipped = 0;
    for (unsigned n = 0; n < 400; n++) {
        struct pm_xbar_cfg c = precision((unsigned)draw(0, PRECISIONS - 1));
        c.adc = (unsigned)draw(2, 16);
        if (pm_xbar_check(&c) != PM_OK)
            continue;
        const int xtop = 1 << (c.is_signed ? c.abits - 1 : c.abits), wtop = 1 << (c.wbits - 1);
        int32_t x[K];
        int16_t w[K];
        for (unsigned i = 0; i < K; i++) {
            x[i] = (int32_t)draw(c.is_signed ? -xtop : 0, xtop - 1);
            w[i] = n % 2 ? (int16_t)(wtop - 1) : (int16_t)draw(-wtop, wtop - 1);
        }
        double want = 0, limit = (double)((1 << (c.adc - 1)) - 1);
        uint64_t clips = 0, want_clips = 0;
        for (unsigned r = 0; r < K; r += c.rows)
            for (unsigned plane = 0; plane < c.abits; plane++) {
                unsigned high = c.wbits;
                while (high > 0) {
                    const unsigned low = high > c.cell ? high - c.cell : 0;
                    double plus = 0, minus = 0;
                    for (unsigned k = r; k < K && k < r + c.rows; k++) {
                        const int magnitude = abs(w[k]) % (1 << high) >> low;
                        if ((x[k] & (1 << plane)) && w[k] > 0)
                            plus += magnitude;
                        if ((x[k] & (1 << plane)) && w[k] < 0)
                            minus += magnitude;
                    }
                    double d = plus - minus;
                    want_clips += d > limit || d < -limit;
                    d = d > limit ? limit : d < -limit ? -limit : d;
                    want += d * (double)(1 << (plane + low)) *
                            (c.is_signed && plane == c.abits - 1 ? -1 : 1);
                    high = low;
                }
            }
        int64_t y;
        pm_xbar_gemv(&c, x, w, 1, K, 1, &y, &clips);
        assert_true((double)y == want);
        assert_int_equal(clips, want_clips);
        clipped += clips != 0;
    }
    assert_in_range(clipped, 60, 300);
}

/* A published network, each weight and input of eight bits. */
static int64_t layer_time(int64_t k, int64_t outputs, int64_t vectors, int64_t repeat, unsigned w, unsigned a,
                          enum pm_xbar_map map) {
    const struct pm_xbar_chip chip = {.cell = 4, .rows = 256, .cols = 256, .write = 560, .mvm = 14, .map = map};
    const struct pm_xbar_layer layer = {k, outputs, vectors, repeat};
    int64_t t, tiles;
    assert_int_equal(pm_xbar_cost(&chip, &layer, w, a, &t, &tiles), PM_OK);
    return t;
}

static void vgg_16_takes_its_time(void **state) {
    (void)state;
    static const struct {
        int64_t k, outputs, vectors;
    } layer[] = {{27, 64, 50176},    {576, 64, 50176},   {576, 128, 12544},  {1152, 128, 12544},
                 {1152, 256, 3136},  {2304, 256, 3136},  {2304, 256, 3136},  {2304, 512, 784},
                 {4608, 512, 784},   {4608, 512, 784},   {4608, 512, 196},   {4608, 512, 196},
                 {4608, 512, 196},   {25088, 4096, 1},   {4096, 4096, 1},    {4096, 1000, 1}};
    int64_t sum = 0;
    for (unsigned i = 0; i < sizeof layer / sizeof *layer; i++)
        sum += layer_time(layer[i].k, layer[i].outputs, layer[i].vectors, 1, 8, 8, PM_XBAR_DC);
    assert_int_equal(sum, 123946368);
}

static void maps_and_limits(void **state) {
    (void)state;
    const int64_t once = 560 + 8 * 14;
    assert_int_equal(layer_time(256, 64, 1, 1, 8, 8, PM_XBAR_DC), once);
    assert_int_equal(layer_time(256, 65, 1, 1, 8, 8, PM_XBAR_DC), 2 * once);
    assert_int_equal(layer_time(256, 127, 1, 1, 8, 8, PM_XBAR_OF), once);
    assert_int_equal(layer_time(256, 128, 1, 1, 8, 8, PM_XBAR_OF), 2 * once);
    assert_int_equal(layer_time(256, 128, 1, 3, 8, 8, PM_XBAR_DR), 6 * once);
    const struct pm_xbar_chip chip = {.cell = 4, .rows = 256, .cols = 256, .write = 560, .mvm = 14};
    const struct pm_xbar_layer huge[] = {{1, INT64_MAX, 1, 1}, {1, 1, INT64_MAX, 1}, {1, 1, 1, INT64_MAX}};
    for (unsigned i = 0; i < 3; i++) {
        int64_t t, tiles;
        assert_int_equal(pm_xbar_cost(&chip, &huge[i], 8, 8, &t, &tiles), PM_ERANGE);
    }
}

static void what_is_refused(void **state) {
    (void)state;
    static const struct pm_xbar_cfg bad[] = {
        {.wbits = 1, .abits = 8, .cell = 4, .rows = 256},  {.wbits = 9, .abits = 8, .cell = 4, .rows = 256},
        {.wbits = 8, .abits = 0, .cell = 4, .rows = 256},  {.wbits = 8, .abits = 9, .cell = 4, .rows = 256},
        {.wbits = 8, .abits = 8, .cell = 0, .rows = 256},  {.wbits = 8, .abits = 8, .cell = 5, .rows = 256},
        {.wbits = 8, .abits = 8, .cell = 4, .rows = 15},   {.wbits = 8, .abits = 8, .cell = 4, .rows = 1025},
        {.wbits = 8, .abits = 8, .cell = 4, .rows = 256, .adc = 1},
        {.wbits = 8, .abits = 8, .cell = 4, .rows = 256, .adc = 17},
        {.wbits = 8, .abits = 1, .cell = 4, .rows = 256, .is_signed = true}};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(pm_xbar_check(&bad[i]), PM_EINVAL);
    const struct pm_xbar_cfg good = pm_xbar_default();
    assert_int_equal(pm_xbar_check(&good), PM_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(slices_recompose),
                                       cmocka_unit_test(is_the_product),
                                       cmocka_unit_test(columns_are_converted),
                                       cmocka_unit_test(vgg_16_takes_its_time),
                                       cmocka_unit_test(maps_and_limits),
                                       cmocka_unit_test(what_is_refused)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
