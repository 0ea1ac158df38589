// SPDX-License-Identifier: Apache-2.0
#include "system/hyflex.h"

#include <lapacke.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t rng = 1;
static unsigned next(unsigned n) {
    rng ^= rng >> 12;
    rng ^= rng << 25;
    rng ^= rng >> 27;
    return (unsigned)((rng * 0x2545F4914F6CDD1Du >> 33) % n);
}
static float real(void) {
    return (float)next(20001) / 10000 - 1;
}

enum { MAX = 96 };
static float weight[MAX * MAX], bias[MAX], x[8 * MAX], y[8 * MAX];

static struct pm_matrix matrix(unsigned in, unsigned out) {
    for (unsigned i = 0; i < in * out; i++)
        weight[i] = real();
    for (unsigned o = 0; o < out; o++)
        bias[o] = real();
    for (unsigned i = 0; i < 8 * in; i++)
        x[i] = 3 * real();
    return (struct pm_matrix){.in = in, .out = out, .weight = weight, .bias = bias};
}

static double norm2(const float *v, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)v[i] * v[i];
    return sum;
}

/* Rank r of factor f[n][k], or of f[k][n] where `rows`. */
static double element(const float *f, bool rows, unsigned n, unsigned k, unsigned i, unsigned r) {
    return rows ? f[(size_t)r * n + i] : f[(size_t)i * k + r];
}

/* The ranks of one factor: orthonormal, or orthogonal and falling in size where it holds the singular values,
 * which go to value[k]. */
static void check_factor(const float *f, bool rows, unsigned n, unsigned k, double *value) {
    for (unsigned r = 0; r < k; r++) {
        double size = 0;
        for (unsigned q = 0; q <= r; q++) {
            double dot = 0;
            for (unsigned i = 0; i < n; i++)
                dot += element(f, rows, n, k, i, r) * element(f, rows, n, k, i, q);
            if (value == NULL)
                assert_true(fabs(dot - (q == r)) < 1e-5);
            else
                assert_true(q == r || fabs(dot) < 1e-4);
            size = dot;
        }
        if (value != NULL) {
            value[r] = sqrt(size);
            assert_true(r == 0 || value[r] <= value[r - 1] * (1 + 1e-6));
        }
    }
}

/* What defines a truncated singular value decomposition, whichever factor holds the singular values: the
 * other's ranks are orthonormal, its own are orthogonal and fall in size, and the error has exactly the
 * energy that is left out. The singular values are those of single precision LAPACK. */
static void factors_are_the_truncated_decomposition(void **state) {
    (void)state;
    static const unsigned shapes[][2] = {{1, 1}, {5, 3}, {3, 5}, {64, 96}, {96, 64}, {40, 1}};
    static float a[MAX * MAX], b[MAX * MAX], rest[MAX * MAX], copy[MAX * MAX], single[MAX];
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const unsigned in = shapes[s][0], out = shapes[s][1], all = in < out ? in : out;
        const unsigned ks[] = {all, pm_rank_count(in, out)};
        const struct pm_matrix l = matrix(in, out);
        assert_int_equal(ks[1], (unsigned)fmax(1, floor((double)in * out / (in + out))));
        memcpy(copy, l.weight, (size_t)in * out * sizeof *copy);
        assert_int_equal(LAPACKE_sgesdd(LAPACK_ROW_MAJOR, 'N', (lapack_int)out, (lapack_int)in, copy,
                                        (lapack_int)in, single, NULL, MAX, NULL, MAX),
                         0);
        for (int n = 0; n < 4; n++) {
            const unsigned k = ks[n % 2];
            const bool first = n < 2;
            double value[MAX], kept = 0;
            assert_int_equal(pm_rank_factor(l.weight, in, out, k,
                                            first ? PM_RANK_SIGMA_FIRST : PM_RANK_SIGMA_SECOND, a, b),
                             PM_OK);
            check_factor(a, false, in, k, first ? value : NULL);
            check_factor(b, true, out, k, first ? NULL : value);
            for (unsigned r = 0; r < k; r++) {
                assert_true(fabs(value[r] - single[r]) < 1e-4 * single[0]);
                kept += value[r] * value[r];
            }
            for (unsigned i = 0; i < in; i++)
                for (unsigned o = 0; o < out; o++) {
                    double sum = 0;
                    for (unsigned r = 0; r < k; r++)
                        sum += (double)a[i * k + r] * b[r * out + o];
                    rest[i * out + o] = (float)(l.weight[o * in + i] - sum);
                }
            const double whole = norm2(l.weight, (size_t)in * out), error = norm2(rest, (size_t)in * out);
            assert_true(fabs(whole - kept - error) < 1e-5 * whole);
        }
    }
    assert_int_equal(pm_rank_factor(weight, 4, 3, 4, PM_RANK_SIGMA_FIRST, a, b), PM_EINVAL);
    assert_int_equal(pm_rank_factor(weight, 4, 3, 0, PM_RANK_SIGMA_FIRST, a, b), PM_EINVAL);
}

static void ranks_are_sorted(void **state) {
    (void)state;
    static const double gradient[] = {0.5, -3, 0.5, 0, 3, -7};
    static const unsigned by_gradient[] = {5, 1, 4, 0, 2, 3};
    unsigned order[6], again[100], other[100], drawn[100], seen[100] = {0};
    pm_rank_sort(PM_RANK_GRADIENT, gradient, 0, 0, 6, order);
    assert_memory_equal(order, by_gradient, sizeof order);
    pm_rank_sort(PM_RANK_VALUE, NULL, 0, 0, 6, order);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(order[i], i);
    pm_rank_sort(PM_RANK_RANDOM, NULL, 7, 3, 100, drawn);
    pm_rank_sort(PM_RANK_RANDOM, NULL, 7, 3, 100, again);
    assert_memory_equal(drawn, again, sizeof drawn);
    pm_rank_sort(PM_RANK_RANDOM, NULL, 8, 3, 100, other);
    assert_memory_not_equal(drawn, other, sizeof drawn);
    pm_rank_sort(PM_RANK_RANDOM, NULL, 7, 4, 100, other);
    assert_memory_not_equal(drawn, other, sizeof drawn);
    unsigned in_place = 0;
    for (unsigned i = 0; i < 100; i++) {
        seen[drawn[i]]++;
        in_place += drawn[i] == i;
    }
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(seen[i], 1);
    assert_true(in_place < 8); /* 1 is expected */
}

/* Oracle: 8-bit rounding and products of its own, in double. */
static void expected(const struct pm_matrix *l, size_t t, double *to) {
    double largest = 0;
    for (unsigned i = 0; i < l->in; i++)
        largest = fmax(largest, fabs(x[t * l->in + i]));
    const double sx = largest > 0 ? largest / 127 : 1;
    for (unsigned o = 0; o < l->out; o++) {
        double top = 0, sum = 0;
        for (unsigned i = 0; i < l->in; i++)
            top = fmax(top, fabs(l->weight[o * l->in + i]));
        const double sw = top > 0 ? top / 127 : 1;
        for (unsigned i = 0; i < l->in; i++)
            sum += rint((float)x[t * l->in + i] / (float)sx) * rint(l->weight[o * l->in + i] / (float)sw);
        to[o] = sum * sx * sw + l->bias[o];
    }
}

struct watched {
    uint64_t calls, values;
    pm_status status;
};

/* Nominal arrays with flip: every integer is the exact product. */
static pm_status exact_product(void *ctx, const void *step) {
    const struct pm_hyflex_run *run = ((const struct pm_hyflex_step *)step)->arrays;
    struct watched *w = ctx;
    const unsigned rows = pm_hyflex_rows(run->h), outputs = pm_hyflex_outputs(run->h);
    assert_int_equal(run->first_vector, 5);
    for (size_t t = 0; t < run->n; t++)
        for (unsigned o = 0; o < outputs; o++) {
            int64_t sum = 0;
            for (unsigned r = 0; r < rows; r++)
                sum += run->x[t * run->stride + r] * pm_hyflex_weights(run->h)[r * outputs + o];
            assert_int_equal(sum, run->y[t * outputs + o]);
            w->values++;
        }
    w->calls++;
    return w->status;
}

static struct pm_hyflex_linear_cfg layout(enum pm_hyflex_layout l) {
    return (struct pm_hyflex_linear_cfg){.layout = l, .array = pm_hyflex_default(), .mlc_cell = 2, .adc = {6, 7}};
}

static void whole_matrices_are_exact(void **state) {
    (void)state;
    static const unsigned shapes[][2] = {{1, 1}, {64, 96}, {96, 64}, {65, 17}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int mlc = 0; mlc < 2; mlc++) {
            const unsigned in = shapes[s][0], out = shapes[s][1];
            struct pm_matrix l = matrix(in, out);
            memset(x + in, 0, in * sizeof *x);           /* a vector of zeros */
            for (unsigned i = 0; i < in && out > 2; i++) /* an output without weights */
                weight[2 * in + i] = 0;
            const struct pm_hyflex_linear_cfg cfg = layout(mlc ? PM_HYFLEX_MLC : PM_HYFLEX_SLC);
            struct pm_hyflex_linear *h;
            struct pm_hyflex_linear_cost cost = {0};
            struct watched watched = {0};
            const struct pm_watch watch = {.done = exact_product, .ctx = &watched};
            uint32_t array_id = 3;
            assert_int_equal(pm_hyflex_linear_new(&cfg, &l, &array_id, &h), PM_OK);
            const unsigned tiles = (in + 63) / 64 * ((out + (mlc ? 31 : 15)) / (mlc ? 32 : 16));
            assert_int_equal(array_id, 3 + tiles);
            const struct pm_held held = pm_hyflex_linear_held(h);
            assert_int_equal(held.arrays, tiles);
            assert_int_equal(held.plain, (in + 63) / 64 * ((out + 15) / 16));
            assert_int_equal(pm_hyflex_linear_run(h, 8, x, 5, y, &cost, &watch), PM_OK);
            assert_int_equal(watched.calls, 1);
            assert_int_equal(watched.values, 8 * out);
            for (size_t t = 0; t < 8; t++) {
                double want[MAX];
                expected(&l, t, want);
                for (unsigned o = 0; o < out; o++)
                    assert_true(fabs(y[t * out + o] - want[o]) <= 1e-5 * (fabs(want[o]) + 1));
            }
            assert_int_equal(cost.cell[mlc].array_reads, 8 * 8 * tiles);
            assert_int_equal(cost.cell[mlc].conversions, 8 * 8 * tiles * 128);
            assert_int_equal(cost.cell[mlc].wrong, 0);
            assert_int_equal(cost.cell[!mlc].vectors, 0);
            assert_int_equal(cost.cycles, 8 * 8 * 128 * (mlc ? 9 : 8));
            watched.status = PM_EDIFFER;
            assert_int_equal(pm_hyflex_linear_run(h, 8, x, 5, y, NULL, &watch), PM_EDIFFER);
            pm_hyflex_linear_free(h);
        }
}

/* In nominal arrays the split changes nothing, and the result is the truncated matrix but for 8 bits. */
static void ranks_may_be_anywhere(void **state) {
    (void)state;
    const unsigned in = 64, out = 96, k = pm_rank_count(in, out);
    const struct pm_matrix l = matrix(in, out);
    static float a[MAX * MAX], b[MAX * MAX], first[8 * MAX];
    unsigned order[MAX];
    assert_int_equal(pm_rank_factor(l.weight, in, out, k, PM_RANK_SIGMA_FIRST, a, b), PM_OK);
    static const struct {
        unsigned percent, slc, calls;
    } splits[] = {{0, 0, 2}, {5, 1, 4}, {10, 3, 4}, {50, 19, 4}, {100, 38, 2}};
    assert_int_equal(k, 38);
    for (size_t s = 0; s < sizeof splits / sizeof *splits; s++) {
        struct pm_hyflex_linear_cfg cfg = layout(PM_HYFLEX_RANKS);
        struct pm_hyflex_linear *h;
        struct pm_hyflex_linear_cost cost = {0};
        struct watched watched = {0};
        const struct pm_watch watch = {.done = exact_product, .ctx = &watched};
        uint32_t array_id = 0;
        cfg.slc_percent = splits[s].percent;
        cfg.order = order;
        pm_rank_sort(PM_RANK_RANDOM, NULL, s, 0, k, order);
        assert_int_equal(pm_hyflex_linear_new(&cfg, &l, &array_id, &h), PM_OK);
        assert_int_equal(pm_hyflex_linear_run(h, 8, x, 5, y, &cost, &watch), PM_OK);
        assert_int_equal(watched.calls, splits[s].calls);
        /* 8 vectors, 8 planes; in = 64: one row tile; 7 or 9 clocks a conversion at 128 columns and one
         * converter */
        const unsigned up = (splits[s].slc + 15) / 16, down = splits[s].slc ? 6 : 0;
        assert_int_equal(cost.cell[0].array_reads, 8 * 8 * (up + down));
        const unsigned mlc = k - splits[s].slc;
        assert_int_equal(cost.cell[1].array_reads, 8 * 8 * ((mlc + 31) / 32 + (mlc ? 3 : 0)));
        const struct pm_held held = pm_hyflex_linear_held(h);
        assert_int_equal(held.arrays, up + down + (mlc + 31) / 32 + (mlc ? 3 : 0));
        assert_int_equal(held.plain, 6);
        assert_int_equal(cost.cycles, 2 * 8 * 8 * 128 * (mlc ? 9 : 8));
        if (s == 0)
            memcpy(first, y, 8 * out * sizeof *y);
        double error = 0, power = 0;
        for (size_t t = 0; t < 8; t++)
            for (unsigned o = 0; o < out; o++) {
                double want = l.bias[o];
                for (unsigned i = 0; i < in; i++)
                    for (unsigned r = 0; r < k; r++)
                        want += (double)x[t * in + i] * a[i * k + r] * b[r * out + o];
                error += (y[t * out + o] - want) * (y[t * out + o] - want);
                power += want * want;
                assert_true(fabsf(y[t * out + o] - first[t * out + o]) <=
                            1e-4f * (fabsf(first[t * out + o]) + 1));
            }
        assert_true(sqrt(error / power) < 0.02 && sqrt(error / power) > 1e-4);
        pm_hyflex_linear_free(h);
    }
}

/* More ranks in 1-bit cells that are exact, less error from 2-bit cells that are not. */
static void exact_cells_take_the_error_away(void **state) {
    (void)state;
    const struct pm_matrix l = matrix(64, 96);
    unsigned order[MAX];
    static float nominal[8 * MAX];
    double previous = INFINITY;
    pm_rank_sort(PM_RANK_VALUE, NULL, 0, 0, pm_rank_count(64, 96), order);
    for (int percent = 150; percent >= 0; percent -= 50) {
        struct pm_hyflex_linear_cfg cfg = layout(PM_HYFLEX_RANKS);
        struct pm_hyflex_linear *h;
        uint32_t array_id = 0;
        cfg.order = order;
        cfg.slc_percent = percent > 100 ? 100 : (unsigned)(100 - percent);
        cfg.array.rram.mlc_sigma = percent > 100 ? 0 : PM_RRAM_SIGMA_CELL;
        assert_int_equal(pm_hyflex_linear_new(&cfg, &l, &array_id, &h), PM_OK);
        assert_int_equal(pm_hyflex_linear_run(h, 8, x, 0, percent > 100 ? nominal : y, NULL, NULL),
                         PM_OK);
        pm_hyflex_linear_free(h);
        if (percent > 100)
            continue;
        double error = 0;
        for (size_t i = 0; i < 8 * 96; i++)
            error += (y[i] - nominal[i]) * (y[i] - nominal[i]);
        assert_true(error < previous);
        assert_true(percent == 0 ? error == 0 : error > 0);
        previous = error;
    }
}

static void bad_settings_are_refused(void **state) {
    (void)state;
    const struct pm_matrix l = matrix(4, 4);
    const unsigned order[2] = {0, 1};
    struct pm_hyflex_linear *h;
    uint32_t array_id = 0;
    struct pm_hyflex_linear_cfg cfg = layout(PM_HYFLEX_RANKS);
    assert_int_equal(pm_hyflex_linear_new(&cfg, &l, &array_id, &h), PM_EINVAL);
    cfg.order = order;
    cfg.slc_percent = 101;
    assert_int_equal(pm_hyflex_linear_new(&cfg, &l, &array_id, &h), PM_EINVAL);
    cfg.slc_percent = 50;
    cfg.adc[0] = 5;
    assert_int_equal(pm_hyflex_linear_new(&cfg, &l, &array_id, &h), PM_EINVAL);
    assert_null(h);
    cfg.adc[0] = 6;
    assert_int_equal(pm_hyflex_linear_new(&cfg, &l, &array_id, &h), PM_OK);
    pm_hyflex_linear_free(h);
    pm_hyflex_linear_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_are_the_truncated_decomposition),
        cmocka_unit_test(ranks_are_sorted),
        cmocka_unit_test(whole_matrices_are_exact),
        cmocka_unit_test(ranks_may_be_anywhere),
        cmocka_unit_test(exact_cells_take_the_error_away),
        cmocka_unit_test(bad_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
