// SPDX-License-Identifier: Apache-2.0
/* Every instruction set's inner loops against plain C: the Gaussians bit by bit, the noise that may be left
 * out, the float product bit by bit, bit-sliced sums. */
#include "kernels/simd.h"

#include "analog/random.h"
#include "kernels/gemm.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The lanes of the vectorised Gaussian, which random words reach only in its middle. */
#ifdef __x86_64__
#include "kernels/target.h"
PM_TARGET(PM_AVX2)
#define PM_WORDS 4
#define PM_TABLE kernels_under_test
#define PM_NAME  "test"
#include "kernels/kernels.inc"

static void check_words(const uint32_t word[8]) {
    vecu32 v;
    int32_t out[8];
    memcpy(&v, word, sizeof v);
    const vec32 g = gauss_lanes(v);
    memcpy(out, &g, sizeof out);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(out[i], pm_gauss(word[i]));
}

static void gaussians_of_every_octave(void **state) {
    (void)state;
    if (pm_kernels(PM_ISA_AVX2) == NULL)
        skip();
    uint32_t seed = 1;
    for (uint64_t base = 0; base < 32; base++)
        for (int64_t d = -3000; d < 3000; d += 4) {
            const uint32_t at = (uint32_t)((1ull << base) + (uint64_t)d), all = (uint32_t)0 - at;
            seed = seed * 1664525 + 1013904223;
            const uint32_t word[8] = {at, at + 1, at + 2, at + 3, all, ~at, seed, seed >> (base & 31)};
            check_words(word);
        }
}
PM_TARGET_END
#else
static void gaussians_of_every_octave(void **state) {
    (void)state;
    skip();
}
#endif

/* The tables that this CPU can run, and AVX-512's without AVX-512. */
static const struct pm_kernels *table(unsigned i) {
#ifdef __x86_64__
    extern const struct pm_kernels pm_kernels_emulated;
    if (i == PM_ISAS)
        return &pm_kernels_emulated;
#endif
    return i < PM_ISAS ? pm_kernels((enum pm_isa)i) : NULL;
}

#define FOR_EACH(k)                                                                                          \
    for (unsigned isa = PM_ISA_PORTABLE; isa <= PM_ISAS; isa++)                                              \
        for (const struct pm_kernels *k = table(isa); k != NULL; k = NULL)

static void draws_are_the_reference(void **state) {
    (void)state;
    enum { N = 1003 };
    const struct pm_draws d = {{0xfffffff0u, 7, 8, 9}, {10, 0xdeadbeef}};
    int32_t plain[N], out[N], value[N];
    for (uint32_t i = 0; i < N; i += 4) {
        uint32_t word[4];
        pm_philox((uint32_t[4]){d.ctr[0] + i / 4, 7, 8, 9}, d.key, word);
        for (uint32_t j = 0; j < 4 && i + j < N; j++)
            plain[i + j] = pm_gauss(word[j]);
    }
    FOR_EACH(k) {
        for (size_t n = 1; n <= N; n += n < 70 ? 1 : 311) {
            memset(out, 0x55, sizeof out);
            k->gauss(&d, n, out);
            assert_memory_equal(out, plain, n * sizeof *out);
            for (int64_t sigma = 1; sigma < (int64_t)1 << 42; sigma = sigma * 37 + 5) {
                const struct pm_noise e = {.draws = d, .sigma = sigma};
                for (size_t i = 0; i < n; i++)
                    value[i] = (int32_t)i - 500;
                k->noise(&e, n, value);
                for (size_t i = 0; i < n; i++)
                    assert_int_equal(value[i], (int32_t)i - 500 +
                                                   (int32_t)((sigma * plain[i] + ((int64_t)1 << 31)) >> 32));
            }
        }
    }
}

/* What is left out changes no code: small and large deviations, values anywhere, on the levels and next to
 * them. */
static void left_out_draws_change_nothing(void **state) {
    (void)state;
    enum { N = 1024, Period = 1 << 11 };
    uint64_t left = 0, drawn = 0, crossed = 0;
    FOR_EACH(k) {
        for (uint32_t round = 0; round < 600; round++) {
            const int64_t sigma = (int64_t)((0.02 + 0.5 * (round % 23) / 23) * Period * (1 << 16));
            struct pm_noise e = {
                .draws = {{0, round, 0, 0}, {1, 2}}, .sigma = sigma, .level = 517, .period = 0};
            int32_t before[N], all[N], some[N];
            for (int32_t i = 0; i < N; i++)
                before[i] = round % 3 == 0   ? 517 + Period * (i % 9) + i / 9 % 5 - 2
                            : round % 3 == 1 ? i * 37 % (9 * Period)
                                             : Period / 2 + 517 + (i % 7) * Period + i % 50;
            memcpy(all, before, sizeof all);
            memcpy(some, before, sizeof some);
            k->noise(&e, N, all);
            e.period = Period;
            k->noise(&e, N, some);
            for (unsigned i = 0; i < N; i++) {
                assert_int_equal((some[i] - 517) >> 11, (all[i] - 517) >> 11);
                left += some[i] != all[i];
                drawn += some[i] == all[i];
                crossed += (all[i] - 517) >> 11 != (before[i] - 517) >> 11;
            }
        }
    }
    print_message("# draws left out %lu, made %lu; values that crossed a level %lu\n", (unsigned long)left,
                  (unsigned long)drawn, (unsigned long)crossed);
    assert_true(crossed > 50000 && drawn > crossed);
    if (pm_kernels(PM_ISA_AVX2) != NULL)
        assert_true(left > 50000);
}

static uint64_t random64(void) {
    return (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
}

static void adds_in_slices(void **state) {
    (void)state;
    enum { Words = 16, Lanes = 64 * Words };
    static uint64_t v[8 * Words], acc[12 * Words];
    static int32_t lanes[Lanes], expect[Lanes];
    FOR_EACH(k) {
        memset(acc, 0, sizeof acc);
        memset(expect, 0, sizeof expect);
        for (unsigned round = 0; round < 8; round++) {
            for (unsigned i = 0; i < 8 * Words; i++)
                v[i] = round == 0 ? ~(uint64_t)0 : random64();
            for (unsigned l = 0; l < Lanes; l++)
                for (unsigned b = 0; b < 8; b++)
                    expect[l] += 2 * (int32_t)((v[b * Words + l / 64] >> (l % 64) & 1) << b);
            k->add(acc + Words, Words, 11, v, Words, 8, Words - 5); /* twice, but for the last words */
            k->add(acc + Words + Words - 5, Words, 11, v + Words - 5, Words, 8, 3);
            k->add(acc + Words + Words - 2, Words, 11, v + Words - 2, Words, 8, 2);
        }
        memset(lanes, 0, sizeof lanes);
        k->unpack(acc, Words, 12, Words, lanes);
        assert_memory_equal(lanes, expect, sizeof lanes);
    }
}

static void slices_of_bytes(void **state) {
    (void)state;
    enum { Words = 3, Stride = 5 };
    uint8_t bytes[64 * Words];
    FOR_EACH(k) {
        uint64_t plane[8 * Stride] = {0};
        for (unsigned l = 0; l < sizeof bytes; l++)
            bytes[l] = (uint8_t)(l < 4 ? 0xff : rand() >> 7);
        k->slice(bytes, Words, Stride, plane);
        for (unsigned l = 0; l < sizeof bytes; l++)
            for (unsigned p = 0; p < 8; p++)
                assert_int_equal(plane[p * Stride + l / 64] >> (l % 64) & 1, bytes[l] >> p & 1);
    }
}

/* Columns of random cells through a converter of `adc` bits, against a loop over rows and lanes. */
static void weights_in_slices(void **state) {
    (void)state;
    enum { Words = 16, Lanes = 64 * Words, Tiles = 8 };
    static uint64_t x[(PM_COLUMN_ROWS + 1) * PM_COLUMN_STRIDE], sum[18 * Words];
    static int32_t lanes[Lanes], expect[Lanes];
    static struct pm_column column[8];
    unsigned long clipped = 0;
    FOR_EACH(k) {
        for (unsigned cell = 1; cell <= 2; cell++)
            for (unsigned adc = 3; adc <= 8; adc++) {
                uint32_t most = 0, bound = 0;
                memset(expect, 0, sizeof expect);
                for (unsigned tile = 0; tile < Tiles; tile++) {
                    uint64_t clips = 0;
                    for (unsigned i = 0; i < PM_COLUMN_ROWS * PM_COLUMN_STRIDE; i++)
                        x[i] = tile == 0 ? ~(uint64_t)0 : random64();
                    for (unsigned c = 0; c < 8 / cell; c++) {
                        unsigned state_of[PM_COLUMN_ROWS], total = 0, n[2] = {0, 0};
                        const unsigned density = tile == 0 ? 9 : (unsigned)rand() % 10;
                        struct pm_column *col = &column[c];
                        for (unsigned r = 0; r < PM_COLUMN_ROWS; r++) {
                            state_of[r] = 0;
                            for (unsigned b = 0; b < cell; b++)
                                if ((unsigned)rand() % 9 < density) {
                                    state_of[r] |= 1u << b;
                                    col->row[b][n[b]++] = (uint16_t)(PM_COLUMN_STRIDE * r);
                                }
                            total += state_of[r];
                        }
                        for (unsigned b = 0; b < 2; b++) {
                            while (n[b] % PM_GROUP != 0)
                                col->row[b][n[b]++] = PM_COLUMN_STRIDE * PM_COLUMN_ROWS;
                            col->n[b] = (uint8_t)n[b];
                        }
                        col->saturates = total >> adc != 0;
                        col->bits = (uint8_t)(col->saturates ? (int)adc : pm_bl(total));
                        col->flip = rand() & 1;
                        const int32_t top = (1 << col->bits) - 1;
                        bound += (uint32_t)top << (cell * c);
                        for (unsigned l = 0; l < Lanes; l++) {
                            int32_t code = 0;
                            for (unsigned r = 0; r < PM_COLUMN_ROWS; r++)
                                if (x[r * PM_COLUMN_STRIDE + l / 64] >> (l % 64) & 1)
                                    code += (int32_t)state_of[r];
                            clips += code > top;
                            code = code > top ? top : code;
                            expect[l] += (col->flip ? top - code : code) * (1 << (cell * c));
                        }
                    }
                    assert_int_equal(k->weight(x, Words, column, 8 / cell, cell, &most, sum), clips);
                    assert_int_equal(most, bound);
                    clipped += clips;
                }
                memset(lanes, 0, sizeof lanes);
                k->unpack(sum, Words, (unsigned)pm_bl(most), Words, lanes);
                assert_memory_equal(lanes, expect, sizeof lanes);
            }
    }
    assert_true(clipped > 1000);
}

static void single_bits(void **state) {
    (void)state;
    enum { N = 300, Words = (N + 63) / 64 };
    const struct pm_draws d = {{0xfffffff8u, 7, 8, 9}, {10, 0xdeadbeef}};
    static const uint32_t thresholds[] = {0, 1, 8589935, 0x7fffffff, 0x80000000, 0xc0000000, UINT32_MAX};
    FOR_EACH(k) {
        for (size_t t = 0; t < sizeof thresholds / sizeof *thresholds; t++)
            for (size_t n = 1; n <= N; n++) {
                uint64_t plain[Words] = {0}, mask[Words], sum = 0;
                uint32_t word[4];
                memset(mask, 0x55, sizeof mask);
                for (uint32_t i = 0; i < n; i++) {
                    if (i % 4 == 0)
                        pm_philox((uint32_t[4]){d.ctr[0] + i / 4, 7, 8, 9}, d.key, word);
                    plain[i / 64] |= (uint64_t)(word[i % 4] < thresholds[t]) << i % 64;
                    sum += word[i % 4] < thresholds[t];
                }
                k->below(&d, thresholds[t], n, mask);
                assert_memory_equal(mask, plain, (n + 63) / 64 * sizeof *mask);
                assert_int_equal(k->ones(mask, (n + 63) / 64), sum);
            }
    }
}

/* What the paths' own tests hold against the reference on this CPU's tables, here on every table. */
static void tables_agree(void **state) {
    (void)state;
    enum { Pairs = 40, Blocks = 5, Words = 16, Depth = 6, Cols = 200, Padded = 256 };
    static int16_t x[PM_GEMM_ROWS * 2 * Pairs], panel[Pairs * 2 * PM_PANEL], bytes[64 * Blocks];
    static int16_t cell[PM_GROUP][Padded];
    static uint8_t bit[PM_GROUP][Padded];
    static int32_t tile[2][PM_GEMM_ROWS * PM_PANEL], offset[Padded];
    static uint64_t row[PM_GROUP][Words], count[2][Depth * Words];
    static uint16_t sum[2][Padded];
    const uint64_t *rows[PM_GROUP];
    const struct pm_kernels *plain = pm_kernels(PM_ISA_PORTABLE);
    FOR_EACH(k) {
        for (unsigned round = 0; round < 50; round++) {
            for (size_t i = 0; i < sizeof x / sizeof *x; i++)
                x[i] = round == 0 ? INT16_MIN : (int16_t)rand();
            for (size_t i = 0; i < sizeof panel / sizeof *panel; i++)
                panel[i] = round == 0 ? INT16_MAX : (int16_t)rand();
            for (unsigned n = 1; n <= k->gemm_rows; n++) {
                k->gemm(x, 2 * Pairs, n, panel, Pairs, tile[1]);
                for (unsigned r = 0; r < n; r++) {
                    plain->gemm(x + 2 * Pairs * r, 2 * Pairs, 1, panel, Pairs, tile[0]);
                    assert_memory_equal(tile[0], tile[1] + r * PM_PANEL, PM_PANEL * sizeof **tile);
                }
            }
            for (unsigned sign = 0; sign < 2; sign++) {
                uint32_t pos[2][8], neg[2][8];
                for (unsigned i = 0; i < 64 * Blocks; i++)
                    bytes[i] = (int16_t)(round == 0 ? -255 : rand() % 511 - 255);
                plain->pops(bytes, Blocks, sign, pos[0], neg[0]);
                k->pops(bytes, Blocks, sign, pos[1], neg[1]);
                assert_memory_equal(pos[0], pos[1], sizeof *pos);
                assert_memory_equal(neg[0], neg[1], sizeof *neg);
            }
            for (unsigned r = 0; r < PM_GROUP; r++) {
                rows[r] = row[r];
                for (unsigned w = 0; w < Words; w++)
                    row[r][w] = round == 0 ? UINT64_MAX : random64();
            }
            memset(count, 0, sizeof count);
            for (unsigned access = 0; access < 4; access++) {
                plain->access(rows, Words, Depth, count[0]);
                k->access(rows, Words, Depth, count[1]);
            }
            assert_memory_equal(count[0], count[1], sizeof *count);
            struct pm_drawn_access a = {.offset = offset,
                                        .shift = 3,
                                        .noise = {.draws = {{0, round, 1, 2}, {3, 4}},
                                                  .sigma = (int64_t)(round % 3 * 300) << PM_GAUSS_FRAC,
                                                  .level = 1 << 10,
                                                  .period = 1 << 11},
                                        .count = round % 2};
            for (unsigned r = 0; r < PM_GROUP; r++) {
                a.cell[r] = cell[r];
                a.bit[r] = bit[r];
                for (unsigned c = 0; c < Padded; c++) {
                    bit[r][c] = rand() & 1;
                    cell[r][c] = (int16_t)((bit[r][c] << 11) + rand() % 601 - 300);
                }
            }
            memset(sum, 0, sizeof sum);
            const uint64_t errors = plain->drawn(&a, Cols, sum[0]);
            assert_int_equal(k->drawn(&a, Cols, sum[1]), errors);
            assert_memory_equal(sum[0], sum[1], sizeof *sum);
            assert_true(!a.count || errors > 0);
        }
    }
}

/* Arrays of any size, on every table. */
static void lines_agree(void **state) {
    (void)state;
    enum { Rows = 200, Stride = 3 * PM_LINE_COLS };
    static const unsigned rows[] = {1, 63, 64, 65, Rows}, cols[] = {1, 127, 128, 130, Stride};
    static int32_t cell[(Rows + 1) * Stride], value[2][Stride];
    static uint8_t level[(Rows + 1) * Stride];
    static uint16_t count[2][Stride];
    static double source[Rows * Stride], load[Rows * Stride];
    const struct pm_kernels *plain = pm_kernels(PM_ISA_PORTABLE);
    FOR_EACH(k) {
        for (unsigned round = 0; round < 25; round++) {
            const unsigned r = rows[round % 5], n = cols[round / 5];
            const uint64_t mask[] = {random64(), random64(), random64(), random64()};
            const struct pm_lines l = {mask, r, Stride};
            const struct pm_noise noise = {.draws = {{5, round, 1, 2}, {3, 4}},
                                           .sigma = (int64_t)(round % 3) << (PM_GAUSS_FRAC + 12)};
            for (unsigned i = 0; i < r * Stride; i++) {
                level[i] = (uint8_t)(rand() & 3);
                cell[i] = (level[i] << 16) + rand() % 20001 - 10000;
                source[i] = (rand() % 1000) / 1000.0;
                load[i] = (rand() % 1000) / 1000.0;
            }
            memset(level + r * Stride, 0, Stride);
            memset(cell + r * Stride, 0, Stride * sizeof *cell);
            plain->cells(&l, cell, &noise, 8, n, value[0]);
            k->cells(&l, cell, &noise, 8, n, value[1]);
            assert_memory_equal(value[0], value[1], n * sizeof **value);
            plain->states(&l, level, n, count[0]);
            k->states(&l, level, n, count[1]);
            assert_memory_equal(count[0], count[1], n * sizeof **count);
            double current[2][PM_LINE_COLS];
            const unsigned some = n < PM_LINE_COLS ? n : PM_LINE_COLS;
            plain->ladders(&l, source, load, 0.01, some, current[0]);
            k->ladders(&l, source, load, 0.01, some, current[1]);
            assert_memory_equal(current[0], current[1], some * sizeof **current);
        }
    }
}

static float any_float(void) {
    return (float)(rand() % 20001 - 10000) / 7919;
}

/* Plain loops in the order that the header gives. */
static void product_of_row(const float *x, const float *w, unsigned depth, unsigned outputs, float *y) {
    for (unsigned m = 0; m < outputs; m++)
        for (unsigned from = 0; from < depth; from += PM_SGEMM_DEPTH) {
            float sum = 0;
            for (unsigned d = from; d < depth && d < from + PM_SGEMM_DEPTH; d++)
                sum += w[d * outputs + m] * x[d];
            y[m] += sum;
        }
}

static void float_products(void **state) {
    (void)state;
    enum { Rows = 27, Depth = 1000, Outputs = 35, Beyond = 3 };
    static float w[Depth * Outputs], turned[Outputs * Depth], packed[(Outputs + PM_PANEL) * Depth];
    static float x[Rows * Depth], expect[Rows][Outputs + Beyond], y[Rows][Outputs + Beyond];
    static const unsigned depths[] = {1, 2, 383, 384, 385, 1000}, outputs[] = {1, 15, 16, 17, 35};
    FOR_EACH(k) {
        for (unsigned i = 0; i < 30; i++) {
            const unsigned depth = depths[i % 6], out = outputs[i / 6], rows = i < 3 ? Rows : 1 + i % 14;
            for (unsigned e = 0; e < depth * out; e++)
                turned[e % out * depth + e / out] = w[e] = any_float();
            for (unsigned e = 0; e < Rows * Depth; e++)
                x[e] = any_float();
            for (unsigned r = 0; r < Rows; r++)
                for (unsigned m = 0; m < Outputs + Beyond; m++)
                    y[r][m] = expect[r][m] = any_float();
            for (unsigned r = 0; r < rows; r++)
                product_of_row(x + r * Depth, w, depth, out, expect[r]);
            if (i % 2 == 0)
                pm_sgemm_pack(w, out, 1, depth, out, packed);
            else
                pm_sgemm_pack(turned, 1, depth, depth, out, packed);
            pm_sgemm(k, x, Depth, rows, packed, depth, out, y[0], Outputs + Beyond);
            assert_memory_equal(y, expect, sizeof y);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaussians_of_every_octave),
        cmocka_unit_test(draws_are_the_reference),
        cmocka_unit_test(left_out_draws_change_nothing),
        cmocka_unit_test(adds_in_slices),
        cmocka_unit_test(slices_of_bytes),
        cmocka_unit_test(weights_in_slices),
        cmocka_unit_test(single_bits),
        cmocka_unit_test(tables_agree),
        cmocka_unit_test(lines_agree),
        cmocka_unit_test(float_products),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
