// SPDX-License-Identifier: Apache-2.0
#include "xbar.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t rng = 1;
static int64_t draw(int64_t lo, int64_t hi) {
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return lo + (int64_t)(rng % (uint64_t)(hi - lo + 1));
}

static struct pm_xbar_cfg precision(unsigned code) {
    struct pm_xbar_cfg c = pm_xbar_default();
    c.wbits = 2 + code % 7;
    c.abits = 1 + code / 7 % 8;
    c.cell = 1 + code / 56 % 4;
    c.is_signed = code / 224 % 2;
    c.rows = 16;
    return c;
}

static void gemm(const struct pm_xbar_cfg *c, const int32_t *x, const int16_t *w, size_t n, unsigned k,
                 unsigned outputs, int64_t *y, struct pm_xbar_cost *cost) {
    struct pm_xbar *h;
    assert_int_equal(pm_xbar_new(c, w, k, outputs, 0, &h), PM_OK);
    assert_int_equal(pm_xbar_gemm(h, x, k, n, 0, y, cost), PM_OK);
    pm_xbar_free(h);
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
        struct pm_xbar_cfg c = precision(code);
        if (pm_xbar_check(&c) != PM_OK)
            continue;
        const int xtop = 1 << (c.is_signed ? c.abits - 1 : c.abits), wtop = 1 << (c.wbits - 1);
        int32_t x[T * K];
        int16_t w[K * M];
        int64_t y[T * M];
        struct pm_xbar_cost cost = {0};
        for (unsigned i = 0; i < T * K; i++)
            x[i] = (int32_t)draw(c.is_signed ? -xtop : 0, xtop - 1);
        for (unsigned i = 0; i < K * M; i++)
            w[i] = (int16_t)draw(-wtop, wtop - 1);
        for (int path = PM_PATH_BEST; path < PM_PATHS; path++) {
            c.path = (enum pm_path)path;
            gemm(&c, x, w, T, K, M, y, &cost);
            for (unsigned i = 0; i < T * M; i++) {
                int64_t want = 0;
                for (unsigned k = 0; k < K; k++)
                    want += (int64_t)x[i / M * K + k] * w[k * M + i % M];
                assert_int_equal(y[i], want);
            }
        }
        const unsigned tiles = (K + c.rows - 1) / c.rows, accesses = c.abits * pm_xbar_slices(&c);
        assert_int_equal(cost.clips, 0);
        assert_int_equal(cost.vectors, T * PM_PATHS);
        assert_int_equal(cost.reads, T * PM_PATHS * tiles * c.abits);
        assert_int_equal(cost.clocks, T * PM_PATHS * accesses);
        assert_int_equal(cost.conversions, T * PM_PATHS * tiles * accesses * M);
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
        uint64_t want_clips = 0;
        struct pm_xbar_cost cost = {0};
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
                    want += d * (double)(1 << (plane + low)) * (c.is_signed && plane == c.abits - 1 ? -1 : 1);
                    high = low;
                }
            }
        int64_t y;
        c.path = n % 4 ? PM_PATH_BEST : PM_PATH_PLAIN;
        gemm(&c, x, w, 1, K, 1, &y, &cost);
        assert_true((double)y == want);
        assert_int_equal(cost.clips, want_clips);
        clipped += cost.clips != 0;
    }
    assert_in_range(clipped, 60, 300);
}

/* A published network, each weight and input of eight bits. */
static int64_t layer_time(int64_t k, int64_t outputs, int64_t vectors, int64_t repeat, unsigned w, unsigned a,
                          enum pm_xbar_map map) {
    const struct pm_xbar_chip chip = {
        .cell = 4, .rows = 256, .cols = 256, .write = 560, .mvm = 14, .map = map};
    const struct pm_xbar_layer layer = {k, outputs, vectors, repeat};
    int64_t t, tiles;
    assert_int_equal(pm_xbar_cost(&chip, &layer, w, a, &t, &tiles), PM_OK);
    return t;
}

static void vgg_16_takes_its_time(void **state) {
    (void)state;
    static const struct {
        int64_t k, outputs, vectors;
    } layer[] = {{27, 64, 50176},   {576, 64, 50176},  {576, 128, 12544}, {1152, 128, 12544},
                 {1152, 256, 3136}, {2304, 256, 3136}, {2304, 256, 3136}, {2304, 512, 784},
                 {4608, 512, 784},  {4608, 512, 784},  {4608, 512, 196},  {4608, 512, 196},
                 {4608, 512, 196},  {25088, 4096, 1},  {4096, 4096, 1},   {4096, 1000, 1}};
    /* A policy that takes as long as the source's own, and of whose speedup other maps have as much; its bits
     * are one of many that do (docs/crossbars/consistent.tsv). */
    static const char w[] = "8444444844444888", a[] = "8627538422434628";
    int64_t at8[3] = {0}, mixed[3] = {0};
    for (unsigned i = 0; i < sizeof layer / sizeof *layer; i++)
        for (unsigned map = 0; map < 3; map++) {
            at8[map] += layer_time(layer[i].k, layer[i].outputs, layer[i].vectors, 1, 8, 8, map);
            mixed[map] += layer_time(layer[i].k, layer[i].outputs, layer[i].vectors, 1,
                                     (unsigned)(w[i] - '0'), (unsigned)(a[i] - '0'), map);
        }
    assert_int_equal(at8[PM_XBAR_DC], 123946368);
    assert_int_equal(mixed[PM_XBAR_DC], 49935648);
    const int thousandths[] = {[PM_XBAR_DC] = 2482, [PM_XBAR_OF] = 2173, [PM_XBAR_DR] = 2065};
    for (unsigned map = 0; map < 3; map++)
        assert_int_equal(lround(1000.0 * (double)at8[map] / (double)mixed[map]), thousandths[map]);
}

/* ViT-B/32: 12 layers of 768 with 12 heads, 50 tokens, 1,000 classes; the products of attention, written as
 * they come, too. */
static void vit_b_32_takes_its_time(void **state) {
    (void)state;
    const int64_t layer =
        layer_time(768, 2304, 50, 1, 8, 8, PM_XBAR_DC) + layer_time(768, 768, 50, 1, 8, 8, PM_XBAR_DC) +
        layer_time(768, 3072, 50, 1, 8, 8, PM_XBAR_DC) + layer_time(3072, 768, 50, 1, 8, 8, PM_XBAR_DC) +
        layer_time(64, 50, 50, 12, 8, 8, PM_XBAR_DC) + layer_time(50, 64, 50, 12, 8, 8, PM_XBAR_DC);
    assert_int_equal(12 * layer + layer_time(3072, 768, 49, 1, 8, 8, PM_XBAR_DC) +
                         layer_time(768, 1000, 1, 1, 8, 8, PM_XBAR_DC),
                     34610688);
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

/* Cells with errors: what the arrays themselves give, and every path and access alike. */
static void noisy_arrays(void **state) {
    (void)state;
    enum { K = 70, M = 5, T = 3 };
    for (unsigned cell = 1; cell <= 2; cell++) {
        struct pm_xbar_cfg c = pm_xbar_default();
        c.cell = cell;
        c.wbits = 5;
        c.abits = 3;
        c.rows = 32;
        c.cols = 8;
        c.adc = 5;
        c.rram.mlc_sigma = c.rram.slc_sigma = 0.1;
        c.rram.read_noise = 0.2;
        c.rram.seed = 3;
        const unsigned slices = pm_xbar_slices(&c), row_tiles = 3, col_tiles = (M * slices + 3) / 4;
        int32_t x[T * K];
        int16_t w[K * M];
        int64_t y[2][T * M], want[T * M] = {0};
        struct pm_xbar_cost cost[2] = {0};
        uint64_t clips = 0;
        for (unsigned i = 0; i < T * K; i++)
            x[i] = (int32_t)draw(-4, 3);
        for (unsigned i = 0; i < K * M; i++)
            w[i] = (int16_t)draw(-16, 15);
        gemm(&c, x, w, T, K, M, y[0], &cost[0]);
        c.path = PM_PATH_PLAIN;
        gemm(&c, x, w, T, K, M, y[1], &cost[1]);
        for (unsigned r = 0; r < row_tiles; r++)
            for (unsigned q = 0; q < col_tiles; q++) {
                const unsigned rows = K - r * 32 < 32 ? K - r * 32 : 32;
                struct pm_rram *a = pm_rram_new(&c.rram, r * col_tiles + q, rows, 8, cell);
                uint8_t cells[32 * 8] = {0};
                for (unsigned i = 0; i < rows * 4; i++) {
                    const unsigned pair = q * 4 + i % 4;
                    if (pair >= M * slices)
                        continue;
                    const int weight = w[(r * 32 + i / 4) * M + pair / slices];
                    cells[i / 4 * 8 + 2 * (i % 4) + (weight < 0)] =
                        (uint8_t)pm_xbar_level(&c, weight, pair % slices);
                }
                pm_rram_program(a, cells);
                for (unsigned t = 0; t < T; t++)
                    for (unsigned plane = 0; plane < 3; plane++) {
                        uint64_t lines = 0;
                        int32_t value[8];
                        for (unsigned i = 0; i < rows; i++)
                            lines |= (uint64_t)(x[t * K + r * 32 + i] >> plane & 1) << i;
                        pm_rram_read_plain(a, &lines, (struct pm_read_id){t, (uint16_t)plane, 0}, value);
                        for (unsigned p = 0; p < 4 && q * 4 + p < M * slices; p++) {
                            const unsigned pair = q * 4 + p;
                            const int64_t code = pm_xbar_code(&c, value[2 * p] - value[2 * p + 1], &clips);
                            want[t * M + pair / slices] += code * (plane == 2 ? -1 : 1) *
                                                           (1 << (plane + pm_xbar_shift(&c, pair % slices)));
                        }
                    }
                pm_rram_free(a);
            }
        for (unsigned i = 0; i < T * M; i++) {
            assert_int_equal(y[0][i], want[i]);
            assert_int_equal(y[1][i], want[i]);
        }
        assert_int_equal(cost[0].clips, clips);
        assert_int_equal(cost[1].clips, clips);
        assert_int_equal(cost[0].reads, T * 3 * row_tiles * col_tiles);
    }
}

static void what_is_refused(void **state) {
    (void)state;
    const struct pm_xbar_cfg good = pm_xbar_default();
    assert_int_equal(pm_xbar_check(&good), PM_OK);
    static const struct {
        size_t member;
        unsigned value;
    } bad[] = {{offsetof(struct pm_xbar_cfg, wbits), 1},      {offsetof(struct pm_xbar_cfg, wbits), 9},
               {offsetof(struct pm_xbar_cfg, abits), 1},      {offsetof(struct pm_xbar_cfg, abits), 9},
               {offsetof(struct pm_xbar_cfg, cell), 0},       {offsetof(struct pm_xbar_cfg, cell), 5},
               {offsetof(struct pm_xbar_cfg, rows), 15},      {offsetof(struct pm_xbar_cfg, rows), 1025},
               {offsetof(struct pm_xbar_cfg, cols), 0},       {offsetof(struct pm_xbar_cfg, cols), 255},
               {offsetof(struct pm_xbar_cfg, adc), 1},        {offsetof(struct pm_xbar_cfg, adc), 17},
               {offsetof(struct pm_xbar_cfg, path), PM_PATHS}};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct pm_xbar_cfg c = good;
        memcpy((char *)&c + bad[i].member, &bad[i].value, sizeof bad[i].value);
        assert_int_equal(pm_xbar_check(&c), PM_EINVAL);
    }
    struct pm_xbar_cfg c = good;
    struct pm_xbar *h;
    c.wbits = 4;
    assert_int_equal(pm_xbar_new(&c, &(int16_t){8}, 1, 1, 0, &h), PM_ERANGE);
    assert_null(h);
    c = good;
    c.adc = 4;
    c.path = PM_PATH_EXACT;
    assert_int_equal(pm_xbar_new(&c, &(int16_t){8}, 1, 1, 0, &h), PM_EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_recompose),      cmocka_unit_test(is_the_product),
        cmocka_unit_test(columns_are_converted), cmocka_unit_test(noisy_arrays),
        cmocka_unit_test(vgg_16_takes_its_time), cmocka_unit_test(vit_b_32_takes_its_time),
        cmocka_unit_test(maps_and_limits),       cmocka_unit_test(what_is_refused)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
