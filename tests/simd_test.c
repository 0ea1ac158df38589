/* Every instruction set's inner loops against plain C: the Gaussians bit by bit, the noise that may be left
 * out, the float product bit by bit, bit-sliced sums. */
#include "simd/simd.h"

#include "analog/random.h"
#include "gemm.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The lanes of the vectorised Gaussian, which random words reach only in its middle. */
#ifdef __x86_64__
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt")
#include <immintrin.h>
#define PM_WORDS 4
#define PM_TABLE kernels_under_test
#define PM_NAME  "test"
#include "../cmodel/simd/kernels.inc"

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
#pragma GCC pop_options
#else
static void gaussians_of_every_octave(void **state) {
    (void)state;
    skip();
}
#endif

#define FOR_EACH(k)                                                                                          \
    for (enum pm_isa isa = PM_ISA_PORTABLE; isa < PM_ISAS; isa++)                                            \
        for (const struct pm_kernels *k = pm_kernels(isa); k != NULL; k = NULL)

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

static void sums_in_slices(void **state) {
    (void)state;
    enum { Rows = 24, Words = 16, Lanes = 64 * Words };
    static uint64_t x[(Rows + 1) * Words], count[8 * Words], acc[12 * Words];
    static int32_t lanes[Lanes], expect[Lanes];
    uint8_t list[Rows];
    FOR_EACH(k) {
        memset(acc, 0, sizeof acc);
        memset(expect, 0, sizeof expect);
        for (unsigned round = 0; round < 12; round++) {
            for (unsigned i = 0; i < Rows * Words; i++)
                x[i] = round == 0 ? ~(uint64_t)0
                                  : (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
            for (unsigned i = 0; i < Rows; i++)
                list[i] = (uint8_t)(round < 2 ? i : (unsigned)rand() % (Rows + 1));
            k->column(x, Words, list, Rows, count);
            memset(lanes, 0, sizeof lanes);
            k->unpack(count, Words, 8, Words, lanes);
            for (unsigned l = 0; l < Lanes; l++) {
                int32_t ones = 0;
                for (unsigned i = 0; i < Rows; i++)
                    ones += (int32_t)(x[list[i] * Words + l / 64] >> (l % 64) & 1);
                assert_int_equal(lanes[l], ones);
                expect[l] += 2 * ones;
            }
            k->add(acc + Words, Words, 11, count, Words, 8,
                   Words - 5); /* twice the counts, but for the last words */
            k->add(acc + Words + Words - 5, Words, 11, count + Words - 5, Words, 8, 5);
        }
        memset(lanes, 0, sizeof lanes);
        k->unpack(acc, Words, 12, Words, lanes);
        assert_memory_equal(lanes, expect, sizeof lanes);
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
        cmocka_unit_test(sums_in_slices),
        cmocka_unit_test(float_products),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
