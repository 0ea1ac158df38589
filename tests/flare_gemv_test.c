// SPDX-License-Identifier: Apache-2.0
/* The whole path against a plain matrix product, the fast form against the plain one, costs against brute
 * force. */
#include "flare_gemv.h"
#include "kernels/simd.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct shape {
    unsigned rows, outputs, wbits, bits;
    bool is_signed;
    enum pm_coding coding;
    enum pm_gpc_mode mode;
    bool eplanes;
};

static void *need(size_t bytes) {
    void *p = calloc(1, bytes);
    assert_non_null(p);
    return p;
}

static int32_t low_end(const struct shape *s) {
    return s->is_signed ? -(1 << (s->bits - 1)) : 0;
}
static int32_t high_end(const struct shape *s) {
    return s->is_signed ? (1 << (s->bits - 1)) - 1 : (1 << s->bits) - 1;
}

/* Ones in the planes of one element, as coded (without effective planes). */
static unsigned ones_of(const struct shape *s, int32_t x) {
    uint32_t u =
        s->is_signed && s->coding == PM_SIGN ? (uint32_t)abs(x) : (uint32_t)x & ((1u << s->bits) - 1);
    return (unsigned)__builtin_popcount(u);
}

/* ceil(P/K) summed over the planes: what split mode needs. */
static uint64_t split_accesses(const struct shape *s, const int32_t *x) {
    uint64_t accesses = 0;
    for (unsigned half = 0; half < 2; half++)
        for (unsigned p = 0; p < s->bits; p++) {
            unsigned ones = 0;
            for (unsigned d = 0; d < s->rows; d++) {
                uint32_t u = (uint32_t)x[d];
                if (s->is_signed && s->coding == PM_SIGN)
                    u = half ? (x[d] < 0 ? (uint32_t)-x[d] : 0) : (x[d] > 0 ? (uint32_t)x[d] : 0);
                else if (half)
                    u = 0;
                ones += u >> p & 1;
            }
            accesses += (ones + PM_K - 1) / PM_K;
        }
    return accesses;
}

enum fill { FILL_ZERO, FILL_LOW, FILL_HIGH, FILL_ONE, FILL_SPARSE, FILL_RANDOM, FILLS };

static void fill_vector(const struct shape *s, enum fill how, int32_t *x) {
    for (unsigned d = 0; d < s->rows; d++) {
        int32_t random = low_end(s) + rand() % (high_end(s) - low_end(s) + 1);
        static const int32_t one[2] = {1, -1};
        x[d] = how == FILL_ZERO     ? 0
               : how == FILL_LOW    ? low_end(s)
               : how == FILL_HIGH   ? high_end(s)
               : how == FILL_ONE    ? one[s->is_signed]
               : how == FILL_SPARSE ? (rand() % 8 ? 0 : random)
                                    : random;
    }
}

/* Every path and instruction set against the plain form: y[vectors][outputs] and costs. */
static void check_paths(const struct shape *s, const struct pm_bitsift_cfg *cfg,
                        const struct pm_array_cfg *cell, unsigned array_rows, const int16_t *w,
                        const int32_t *x, unsigned vectors, const int64_t *y,
                        const struct pm_gemv_cost *cost) {
    const size_t size = (size_t)vectors * s->outputs * sizeof(int64_t);
    int64_t *fast = need(size);
    unsigned checked = 0;
    for (enum pm_path path = PM_PATH_BEST; path <= PM_PATH_EXACT; path++)
        for (enum pm_isa isa = PM_ISA_BEST; isa < PM_ISAS; isa++) {
            struct pm_flare_matrix *f;
            const pm_status status =
                pm_flare_matrix_new(cell, 0, array_rows, s->outputs, s->wbits, path, isa, &f);
            if (pm_kernels(isa) == NULL || (path == PM_PATH_EXACT && cell->noise)) {
                assert_int_equal(status, PM_EINVAL);
                continue;
            }
            assert_int_equal(status, PM_OK);
            pm_flare_matrix_program(f, w);
            struct pm_gemv_cost fast_cost = {0};
            assert_int_equal(pm_flare_gemm(f, cfg, x, vectors, 0, fast, &fast_cost), PM_OK);
            assert_memory_equal(fast, y, size);
            assert_memory_equal(&fast_cost, cost, sizeof fast_cost);
            memset(fast, 0x55, size); /* in two calls, without costs */
            assert_int_equal(pm_flare_gemm(f, cfg, x, 1, 0, fast, NULL), PM_OK);
            assert_int_equal(pm_flare_gemm(f, cfg, x + s->rows, vectors - 1, 1, fast + s->outputs, NULL),
                             PM_OK);
            assert_memory_equal(fast, y, size);
            pm_flare_matrix_free(f);
            checked++;
        }
    assert_true(checked >= 6);
    free(fast);
}

static void check_shape(const struct shape *s, struct pm_array_cfg cell, unsigned spare_rows) {
    unsigned cols = s->outputs * s->wbits;
    struct pm_array *a = pm_array_new(&cell, 0, s->rows + spare_rows, cols);
    assert_non_null(a);
    int16_t *w = need((size_t)s->rows * s->outputs * sizeof *w);
    int32_t half = 1 << (s->wbits - 1);
    for (size_t i = 0; i < (size_t)s->rows * s->outputs; i++) {
        /* The first two outputs hold the ends of the range. */
        size_t m = i % s->outputs;
        w[i] = (int16_t)(m == 0 ? -half : m == 1 ? half - 1 : rand() % (2 * half) - half);
    }
    int16_t *all = need((size_t)(s->rows + spare_rows) * s->outputs * sizeof *all);
    memcpy(all, w, (size_t)s->rows * s->outputs * sizeof *w);
    pm_flare_program(a, all, s->rows + spare_rows, s->outputs, s->wbits);
    struct pm_bitsift_cfg cfg = {s->rows, 16, s->bits, s->is_signed, s->coding, s->mode, s->eplanes};
    assert_int_equal(pm_bitsift_check(&cfg), PM_OK);
    enum { Rounds = 3, Vectors = Rounds * FILLS };
    int32_t *xs = need(Vectors * s->rows * sizeof *xs), *x = xs, *value = need(cols * sizeof *value);
    uint8_t *code = need(cols);
    int64_t *ys = need(Vectors * s->outputs * sizeof *ys), *y = ys, *y2 = need(s->outputs * sizeof *y2);
    struct pm_gemv_cost cost = {0}, plain = {0};
    uint64_t ones = 0, accesses = 0, errors = 0;
    for (uint32_t v = 0; v < Vectors; v++, x += s->rows, y += s->outputs) {
        fill_vector(s, v % FILLS, x);
        pm_flare_gemv(&cfg, a, x, s->wbits, v, y, value, code, &cost);
        pm_flare_gemv_plain(&cfg, a, x, s->wbits, v, y2, value, code, &plain);
        accesses += split_accesses(s, x);
        for (unsigned d = 0; d < s->rows; d++)
            ones += ones_of(s, x[d]);
        for (unsigned m = 0; m < s->outputs; m++) {
            int64_t exact = 0;
            for (unsigned d = 0; d < s->rows; d++)
                exact += (int64_t)x[d] * w[(size_t)d * s->outputs + m];
            assert_int_equal(y[m], y2[m]);
            if (!cell.noise)
                assert_int_equal(y[m], exact);
            errors += y[m] != exact;
        }
        /* Without a cost record the result is the same. */
        pm_flare_gemv(&cfg, a, x, s->wbits, v, y2, value, code, NULL);
        assert_memory_equal(y, y2, s->outputs * sizeof *y);
    }
    assert_memory_equal(&cost, &plain, sizeof cost);
    check_paths(s, &cfg, &cell, s->rows + spare_rows, all, xs, Vectors, ys, &plain);
    assert_int_equal(cost.vectors, Rounds * FILLS);
    assert_int_equal(cost.bits, (uint64_t)Rounds * FILLS * s->rows * s->bits);
    assert_int_equal(cost.windows, (uint64_t)Rounds * FILLS * s->bits * ((s->rows + 7) / 8));
    assert_int_equal(cost.conversions, cost.accesses * cols);
    uint64_t by_sawl = 0, weighted = 0;
    assert_int_equal(cost.sawl[0], 0);
    for (unsigned k = 1; k <= PM_K; k++) {
        by_sawl += cost.sawl[k];
        weighted += k * cost.sawl[k];
    }
    assert_int_equal(by_sawl, cost.accesses);
    assert_int_equal(weighted, cost.ones);
    if (!s->eplanes) {
        assert_int_equal(cost.ones, ones);
        if (s->mode == PM_GPC_SPLIT)
            assert_int_equal(cost.accesses, accesses);
        else
            assert_true(cost.accesses >= accesses);
    } else {
        assert_true(cost.ones <= ones && cost.accesses <= accesses);
    }
    if (!cell.noise)
        assert_int_equal(cost.conversion_errors, 0);
    else /* a wrong output needs a wrong conversion */
        assert_true(errors > 0 && cost.conversion_errors > 0 && cost.conversion_errors < cost.conversions);
    free(w);
    free(all);
    free(xs);
    free(value);
    free(code);
    free(ys);
    free(y2);
    pm_array_free(a);
}

static const struct shape shapes[] = {
    {64, 64, 8, 8, true, PM_TWOS, PM_GPC_SPLIT, false},  {64, 64, 8, 8, true, PM_SIGN, PM_GPC_SPLIT, false},
    {64, 64, 8, 8, true, PM_TWOS, PM_GPC_SPLIT, true},   {64, 7, 10, 8, false, PM_TWOS, PM_GPC_SPLIT, false},
    {16, 32, 10, 8, true, PM_SIGN, PM_GPC_SPLIT, false}, {512, 9, 8, 8, true, PM_TWOS, PM_GPC_SPLIT, true},
    {100, 5, 3, 8, true, PM_SIGN, PM_GPC_SPLIT, false},  {64, 6, 2, 2, true, PM_TWOS, PM_GPC_SPLIT, false},
    {64, 4, 16, 16, true, PM_TWOS, PM_GPC_SPLIT, false}, {64, 4, 16, 16, false, PM_TWOS, PM_GPC_SPLIT, false},
    {256, 8, 8, 8, true, PM_TWOS, PM_GPC_SCAN, false},   {256, 8, 8, 8, true, PM_SIGN, PM_GPC_NEXT, false},
    {4096, 3, 8, 8, true, PM_TWOS, PM_GPC_SPLIT, false}, {4096, 2, 16, 16, true, PM_SIGN, PM_GPC_SCAN, false},
    {4096, 2, 11, 9, true, PM_TWOS, PM_GPC_SPLIT, true}, {64, 9, 12, 9, true, PM_SIGN, PM_GPC_SPLIT, false},
};

static void exact_arrays(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        check_shape(&shapes[i], pm_array_mram(false, 0), 0);
        check_shape(&shapes[i], pm_array_sram(), shapes[i].rows < 1000 ? 70 : 0);
    }
}

/* Noise far above FLARE's, so that conversions fail often. */
static void noisy_arrays(void **state) {
    (void)state;
    for (size_t i = 0; i < 10; i++) {
        struct pm_array_cfg cell = pm_array_mram(true, 3 + i);
        cell.sigma_r = 0.1;
        cell.read_noise = i & 1 ? 0.1 : 0;
        cell.sense_offset = i & 2 ? 0.2 : 0;
        check_shape(&shapes[i], cell, 0);
    }
}

/* A read's noise depends on the vector's number and on nothing that was read before. */
static void reads_are_numbered(void **state) {
    (void)state;
    enum { Rows = 64, Outputs = 16, Cols = Outputs * 8 };
    struct pm_array_cfg cell = pm_array_mram(true, 9);
    cell.read_noise = 0.2;
    struct pm_array *a = pm_array_new(&cell, 0, Rows, Cols);
    assert_non_null(a);
    int16_t w[Rows * Outputs];
    for (size_t i = 0; i < Rows * Outputs; i++)
        w[i] = (int16_t)(rand() % 256 - 128);
    pm_flare_program(a, w, Rows, Outputs, 8);
    struct pm_bitsift_cfg cfg = {.rows = Rows, .slice = 16, .bits = 8, .is_signed = true};
    int32_t x[Rows], value[Cols];
    uint8_t code[Cols];
    int64_t first[Outputs], other[Outputs], again[Outputs];
    for (unsigned d = 0; d < Rows; d++)
        x[d] = rand() % 256 - 128;
    pm_flare_gemv(&cfg, a, x, 8, 5, first, value, code, NULL);
    pm_flare_gemv(&cfg, a, x, 8, 6, other, value, code, NULL);
    pm_flare_gemv(&cfg, a, x, 8, 5, again, value, code, NULL);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
    pm_array_free(a);
}

/* Conversions of 8 active cells, `ones` of which store 1, under read noise alone: errors that the fast path
 * counts against the closed form, five standard errors to both sides. */
static void noise_errs_as_often_as_it_should(void **state) {
    (void)state;
    enum { Rows = 512, Outputs = 64, Vectors = 128, Conversions = Vectors * Rows / PM_K * Outputs * 8 };
    const struct pm_bitsift_cfg cfg = {.rows = Rows, .slice = Rows, .bits = 2};
    int16_t *w = need(sizeof(int16_t) * Rows * Outputs);
    int32_t *x = need(sizeof(int32_t) * Rows * Vectors);
    int64_t *y = need(sizeof(int64_t) * Outputs * Vectors);
    for (size_t i = 0; i < (size_t)Rows * Vectors; i++)
        x[i] = 1;
    for (unsigned ones = 0; ones <= PM_K; ones += 4)
        for (unsigned sigmas = 2; sigmas <= 4; sigmas++) {
            struct pm_array_cfg cell = pm_array_mram(true, ones + sigmas);
            struct pm_flare_matrix *f;
            struct pm_gemv_cost cost = {0};
            cell.sigma_r = 0;
            cell.read_noise = 0.5 / sqrt(PM_K) / sigmas;
            for (unsigned d = 0; d < Rows; d++)
                for (unsigned m = 0; m < Outputs; m++)
                    w[d * Outputs + m] = d % PM_K < ones ? -1 : 0;
            assert_int_equal(pm_flare_matrix_new(&cell, 0, Rows, Outputs, 8, PM_PATH_ARRAY, PM_ISA_BEST, &f),
                             PM_OK);
            pm_flare_matrix_program(f, w);
            assert_int_equal(pm_flare_gemm(f, &cfg, x, Vectors, 0, y, &cost), PM_OK);
            assert_int_equal(cost.conversions, Conversions);
            const double p = pm_array_code_error(&cell, PM_K, ones, PM_K), want = p * Conversions;
            print_message("# %u of 8 cells, %u sigmas: %lu errors of %u, closed form %.1f\n", ones, sigmas,
                          (unsigned long)cost.conversion_errors, (unsigned)Conversions, want);
            assert_true(want > 50);
            assert_true(fabs((double)cost.conversion_errors - want) < 5 * sqrt(want * (1 - p)));
            pm_flare_matrix_free(f);
        }
    free(w);
    free(x);
    free(y);
}

/* FLARE's example: 512 tokens of 1024 elements in 8 bits through one matrix by fixed windows of eight rows
 * are 524,288 accesses; at 10 ns each that is 5.24 ms, where the source has 0.5, and 503 ms for four matrices
 * in 24 layers, where it has about 100. */
static void the_sources_example(void **state) {
    (void)state;
    enum { Tokens = 512, Rows = 1024, Matrices = 4, Layers = 24 };
    const struct pm_bitsift_cfg cfg = {
        .rows = Rows, .slice = 16, .bits = 8, .is_signed = true, .coding = PM_SIGN, .eplanes = true};
    const struct pm_array_cfg cell = pm_array_mram(false, 0);
    struct pm_flare_matrix *f;
    struct pm_gemv_cost cost = {0};
    int16_t *w = need(sizeof(int16_t) * Rows);
    int32_t *x = need(sizeof(int32_t) * Rows * Tokens);
    int64_t *y = need(sizeof(int64_t) * Tokens);
    const double ns = 10;
    for (size_t i = 0; i < (size_t)Rows * Tokens; i++)
        x[i] = (int32_t)(i * 2654435761u % 255) - 127;
    for (unsigned d = 0; d < Rows; d++)
        w[d] = (int16_t)((int)(d * 97 % 256) - 128);
    assert_int_equal(pm_flare_matrix_new(&cell, 0, Rows, 1, 8, PM_PATH_BEST, PM_ISA_BEST, &f), PM_OK);
    pm_flare_matrix_program(f, w);
    assert_int_equal(pm_flare_gemm(f, &cfg, x, Tokens, 0, y, &cost), PM_OK);
    assert_int_equal(cost.windows, 524288);
    assert_true(fabs((double)cost.windows * ns * 1e-6 - 5.24288) < 1e-9);
    assert_true(fabs((double)cost.windows * ns * 1e-6 * Matrices * Layers - 503.3) < 0.05);
    /* BitSift's own, of numbers that are as likely one as the other: half of the magnitudes' bits are 1. */
    print_message("# %lu accesses, boost %.2f\n", (unsigned long)cost.accesses,
                  (double)cost.windows / (double)cost.accesses);
    assert_true(cost.accesses > cost.windows * 7 / 16 && cost.accesses < cost.windows / 2);
    pm_flare_matrix_free(f);
    free(w);
    free(x);
    free(y);
}

/* Accesses of rows split over arrays that go from plane to plane together: of each plane those of the array
 * with the most ones. */
static uint64_t together(const struct shape *s, unsigned arrays, const int32_t *x) {
    const unsigned each = s->rows / arrays;
    uint64_t sum = 0;
    for (unsigned half = 0; half < 2; half++)
        for (unsigned p = 0; p < s->bits; p++) {
            unsigned most = 0;
            for (unsigned k = 0; k < arrays; k++) {
                unsigned ones = 0;
                for (unsigned d = k * each; d < (k + 1) * each; d++) {
                    uint32_t u = (uint32_t)x[d];
                    if (s->is_signed && s->coding == PM_SIGN)
                        u = half ? (x[d] < 0 ? (uint32_t)-x[d] : 0) : (x[d] > 0 ? (uint32_t)x[d] : 0);
                    else if (half)
                        u = 0;
                    ones += u >> p & 1;
                }
                most = (ones + PM_K - 1) / PM_K > most ? (ones + PM_K - 1) / PM_K : most;
            }
            sum += most;
        }
    return sum;
}

/* The integers of one array, in fewer accesses; the same reads as that array's where there is one. */
static void split_rows(void **state) {
    static const struct shape shapes[] = {{64, 5, 8, 8, true, PM_SIGN, PM_GPC_SPLIT, false},
                                          {64, 3, 10, 8, false, PM_TWOS, PM_GPC_SPLIT, false},
                                          {128, 4, 4, 8, true, PM_TWOS, PM_GPC_SPLIT, false},
                                          {64, 4, 8, 8, true, PM_TWOS, PM_GPC_SPLIT, true},
                                          {96, 2, 2, 4, true, PM_SIGN, PM_GPC_SCAN, false}};
    (void)state;
    srand(7);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (unsigned arrays = 1; arrays <= PM_FLARE_ARRAYS; arrays *= 2) {
            const struct shape *s = &shapes[i];
            const struct pm_array_cfg cell = pm_array_sram();
            const unsigned each = s->rows / arrays, cols = s->outputs * s->wbits;
            struct pm_bitsift_cfg cfg = {s->rows, 8, s->bits, s->is_signed, s->coding, s->mode, s->eplanes};
            if (s->rows % arrays != 0)
                continue;
            int16_t *w = need(s->rows * s->outputs * sizeof *w);
            int32_t *x = need(s->rows * sizeof *x), *value = need(cols * sizeof *value);
            int64_t *y = need(s->outputs * sizeof *y);
            uint8_t *code = need(cols);
            struct pm_array *a[PM_FLARE_ARRAYS];
            for (unsigned d = 0; d < s->rows * s->outputs; d++)
                w[d] = (int16_t)(rand() % (1 << s->wbits) - (1 << (s->wbits - 1)));
            for (unsigned k = 0; k < arrays; k++) {
                assert_non_null(a[k] = pm_array_new(&cell, k, each, cols));
                pm_flare_program(a[k], w + k * each * s->outputs, each, s->outputs, s->wbits);
            }
            for (unsigned v = 0; v < 40; v++) {
                struct pm_gemv_cost cost = {0};
                uint64_t ones = 0, sawl = 0, reads = 0;
                for (unsigned d = 0; d < s->rows; d++) {
                    x[d] =
                        v % 3 == 0 && rand() % 4 ? 0 : low_end(s) + rand() % (high_end(s) - low_end(s) + 1);
                    if (v == 39)
                        x[d] = 0;
                    ones += ones_of(s, x[d]);
                }
                pm_flare_split_gemv(&cfg, (const struct pm_array *const *)a, arrays, x, s->wbits, v, y, value,
                                    code, &cost);
                for (unsigned m = 0; m < s->outputs; m++) {
                    int64_t sum = 0;
                    for (unsigned d = 0; d < s->rows; d++)
                        sum += (int64_t)x[d] * w[d * s->outputs + m];
                    assert_int_equal(y[m], sum);
                }
                for (unsigned n = 1; n <= PM_K; n++) {
                    reads += cost.sawl[n];
                    sawl += n * cost.sawl[n];
                }
                assert_int_equal(sawl, cost.ones);
                assert_int_equal(cost.conversions, reads * cols);
                assert_true(cost.accesses <= reads && reads <= cost.accesses * arrays);
                if (!s->eplanes)
                    assert_int_equal(cost.ones, ones);
                if (s->mode == PM_GPC_SPLIT && !s->eplanes)
                    assert_int_equal(cost.accesses, together(s, arrays, x));
                if (arrays == 1) {
                    struct pm_gemv_cost one = {0};
                    int64_t *again = need(s->outputs * sizeof *again);
                    pm_flare_gemv(&cfg, a[0], x, s->wbits, v, again, value, code, &one);
                    assert_memory_equal(y, again, s->outputs * sizeof *y);
                    assert_memory_equal(&one, &cost, sizeof one);
                    free(again);
                }
            }
            for (unsigned k = 0; k < arrays; k++)
                pm_array_free(a[k]);
            free(w);
            free(x);
            free(y);
            free(value);
            free(code);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(split_rows),         cmocka_unit_test(the_sources_example),
        cmocka_unit_test(exact_arrays),       cmocka_unit_test(noisy_arrays),
        cmocka_unit_test(reads_are_numbered), cmocka_unit_test(noise_errs_as_often_as_it_should),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
