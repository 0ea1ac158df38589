// SPDX-License-Identifier: Apache-2.0
/* Array models: exact counts, programming statistics, read noise against a cell-by-cell simulation, and how
 * often a conversion errs against the closed form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analog/array.h"
#include "analog/random.h"
#include "kernels/simd.h"
#include "therm_enc.h"

#define ON_SIGMA(sigma_r)  (256 * (sigma_r) / 0.6) /* of a value, TMR 150%: g_off = 0.4 g_on */
#define OFF_SIGMA(sigma_r) (0.4 * ON_SIGMA(sigma_r))

static const struct pm_read_id no_id = {0, 0, 0};

static uint32_t draw(uint32_t *state) {
    uint32_t r[4];
    pm_philox((const uint32_t[4]){(*state)++, 0, 0, 0}, (const uint32_t[2]){0x7e57, 0xa44a}, r);
    return r[0];
}

static void fill(struct pm_array *a, bool bit) {
    for (unsigned r = 0; r < pm_array_rows(a); r++)
        for (unsigned c = 0; c < pm_array_cols(a); c++)
            pm_array_write(a, r, c, bit);
}

/* Mean and standard deviation of n values within z standard errors of what is expected, both sides. A value
 * is rounded from a grid 4 or 8 times as fine, halves upwards: that adds 1/16 or 1/8 to the mean. */
#define ROUND_UP_MIN (1.0 / 16)
#define ROUND_UP_MAX (1.0 / 8)
static void check_moments(const double *x, size_t n, double mean, double sd, double z) {
    double m = 0, v = 0;
    for (size_t i = 0; i < n; i++)
        m += x[i];
    m /= (double)n;
    for (size_t i = 0; i < n; i++)
        v += (x[i] - m) * (x[i] - m);
    const double got = sqrt(v / (double)(n - 1));
    const double error = z * sd / sqrt((double)n);
    if (m < mean + ROUND_UP_MIN - error || m > mean + ROUND_UP_MAX + error ||
        fabs(got - sd) > z * sd / sqrt(2.0 * (double)n))
        fail_msg("mean %.4f, expected %.4f; sd %.4f, expected %.4f; n %zu", m, mean, got, sd, n);
}

static void refuse(struct pm_array_cfg c, unsigned rows, unsigned cols) {
    struct pm_array *a = pm_array_new(&c, 0, rows, cols);
    assert_null(a);
}

static void hostile_configurations_are_refused(void **state) {
    (void)state;
    const struct pm_array_cfg ok = pm_array_mram(true, 1);
    const double bad[] = {NAN, INFINITY, -INFINITY, -1e-9, -1, 1e300};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (int field = 0; field < 4; field++)
            for (int noise = 0; noise < 2; noise++) {
                struct pm_array_cfg c = ok;
                c.noise = noise;
                *(field == 0   ? &c.tmr
                  : field == 1 ? &c.sigma_r
                  : field == 2 ? &c.read_noise
                               : &c.sense_offset) = bad[i];
                refuse(c, 8, 8);
            }
    struct pm_array_cfg c = ok;
    c.tmr = 0;
    refuse(c, 8, 8);
    c.tmr = 0.02; /* no swing: a cell of 50 LSB */
    c.sigma_r = 0.15;
    refuse(c, 8, 8);
    c = ok;
    c.cell = (enum pm_cell)7;
    refuse(c, 8, 8);
    c = ok;
    c.cell = PM_CELL_SRAM; /* would ignore its deviations */
    refuse(c, 8, 8);
    c = pm_array_sram();
    c.noise = true;
    refuse(c, 8, 8);
    c = ok;
    c.lines = 0;
    refuse(c, 8, 8);
    c.lines = PM_ARRAY_MAX_LINES + 1;
    refuse(c, 8, 8);
    refuse(ok, 0, 8);
    refuse(ok, 8, 0);
    refuse(ok, PM_ARRAY_MAX_ROWS + 1, 8);
    refuse(ok, 8, PM_ARRAY_MAX_COLS + 1);
    refuse(ok, UINT32_MAX, UINT32_MAX);
    struct pm_array *a = pm_array_new(&ok, 0, 8, 8);
    assert_non_null(a);
    assert_true(pm_array_noisy(a));
    pm_array_free(a);
    pm_array_free(NULL);
}

/* Reads of nominal and SRAM arrays and counts of every array are exact, for any mask and any shape. */
static void counts_are_exact(void **state) {
    (void)state;
    static const unsigned rows[] = {1, 7, 63, 64, 65, 128, 300, 777}, cols[] = {1, 3, 64, 100, 515};
    static int32_t value[520];
    static uint8_t count[520];
    uint32_t seed = 1;
    size_t compared = 0;
    for (size_t shape = 0; shape < 8 * 5 * 3; shape++) {
        const unsigned d = rows[shape % 8], m = cols[shape / 8 % 5];
        struct pm_array_cfg cfg = shape / 40 == 0 ? pm_array_sram() : pm_array_mram(shape / 40 == 2, 5);
        struct pm_array *a = pm_array_new(&cfg, 1, d, m);
        assert_non_null(a);
        assert_int_equal(pm_array_rows(a), d);
        assert_int_equal(pm_array_cols(a), m);
        assert_int_equal(pm_array_noisy(a), shape / 40 == 2);
        uint8_t *stored = calloc((size_t)d * m, 1);
        assert_non_null(stored);
        for (unsigned pass = 0; pass < 2; pass++) /* the second pass programs cells again */
            for (size_t i = 0; i < (size_t)d * m; i++) {
                stored[i] = draw(&seed) >> 30 != 0;
                pm_array_write(a, (unsigned)(i / m), (unsigned)(i % m), stored[i]);
            }
        for (unsigned t = 0; t < 24; t++) {
            uint64_t mask[PM_ARRAY_MAX_ROWS / 64] = {0};
            const unsigned ones = t < 10 ? t : t < 20 ? draw(&seed) % (d + 1) : d;
            for (unsigned k = 0; k < ones; k++) {
                const unsigned r = t < 20 ? draw(&seed) % d : k;
                mask[r / 64] |= (uint64_t)1 << r % 64;
            }
            uint64_t beyond[PM_ARRAY_MAX_ROWS / 64]; /* bits past the last row mean nothing */
            memcpy(beyond, mask, sizeof mask);
            if (d % 64 != 0)
                beyond[d / 64] |= ~(uint64_t)0 << d % 64;
            memset(value, 0x5a, sizeof value);
            memset(count, 0x5a, sizeof count);
            pm_array_count(a, beyond, count);
            if (!pm_array_noisy(a))
                pm_array_read(a, beyond, t % PM_GROUP, no_id, value);
            for (unsigned c = 0; c < m; c++) {
                int32_t want = 0;
                for (unsigned r = 0; r < d; r++)
                    want += (mask[r / 64] >> r % 64 & 1) != 0 && stored[(size_t)r * m + c] != 0;
                assert_int_equal(count[c], want & 255);
                if (!pm_array_noisy(a))
                    assert_int_equal(value[c], 256 * want);
                compared++;
            }
            assert_int_equal(count[m], 0x5a);
            assert_int_equal(value[m], 0x5a5a5a5a);
        }
        free(stored);
        pm_array_free(a);
    }
    assert_int_equal(compared, 3 * 8 * 24 * (1 + 3 + 64 + 100 + 515));
}

/* A programmed cell: mean and deviation of ones, zeros and dummies; draws differ by row, column, array and
 * seed. */
static void programming_statistics(void **state) {
    (void)state;
    enum { ROWS = 16, COLS = 4096, N = ROWS * COLS };
    const double rounding = 1.0 / 12; /* of a value to 1/256 LSB */
    static int32_t value[COLS];
    double *x = malloc(N * sizeof *x), *y = malloc(N * sizeof *y);
    assert_non_null(x);
    assert_non_null(y);
    for (int s = 0; s < 3; s++) {
        struct pm_array_cfg cfg = pm_array_mram(true, 11);
        cfg.sigma_r = (const double[]){0.017, 0.05, 0.15}[s];
        struct pm_array *a = pm_array_new(&cfg, 3, ROWS, COLS);
        assert_non_null(a);
        for (int bit = 0; bit < 2; bit++) {
            fill(a, bit);
            const double sd = bit ? ON_SIGMA(cfg.sigma_r) : OFF_SIGMA(cfg.sigma_r);
            for (unsigned r = 0; r < ROWS; r++) {
                const uint64_t mask = (uint64_t)1 << r;
                pm_array_read(a, &mask, 0, no_id, value);
                for (unsigned c = 0; c < COLS; c++)
                    (bit ? x : y)[r * COLS + c] = value[c];
            }
            check_moments(bit ? x : y, N, bit ? 256 : 0, sqrt(sd * sd + rounding), 5);
        }
        double same = 0, next = 0; /* one deviation a device, whatever it stores; another for its neighbour */
        for (size_t i = 0; i < N; i++) {
            same += (x[i] - 256) * y[i];
            next += (x[i] - 256) * (x[(i + 1) % N] - 256);
        }
        const double var = ON_SIGMA(cfg.sigma_r) * ON_SIGMA(cfg.sigma_r);
        assert_true(fabs(same / N / (0.4 * var) - 1) < 0.03);
        assert_true(fabs(next / N / var) < 5 / sqrt(N));
        for (unsigned dummy = 1; dummy < PM_GROUP; dummy++) {
            const uint64_t none = 0;
            pm_array_read(a, &none, dummy, no_id, value);
            for (unsigned c = 0; c < COLS; c++)
                x[c] = value[c];
            const double sd = OFF_SIGMA(cfg.sigma_r) * sqrt(dummy);
            check_moments(x, COLS, 0, sqrt(sd * sd + rounding), 5);
        }
        const uint64_t none = 0;
        pm_array_read(a, &none, 0, no_id, value);
        for (unsigned c = 0; c < COLS; c++)
            assert_int_equal(value[c], 0);
        pm_array_free(a);
    }
    free(x);
    free(y);
}

/* A read is the sum of its cells, to the rounding of each to 1/256 LSB, however many lines are on. */
static void reads_sum_their_cells(void **state) {
    (void)state;
    enum { ROWS = 100, COLS = 70 };
    const struct pm_array_cfg cfg = pm_array_mram(true, 21);
    struct pm_array *a = pm_array_new(&cfg, 9, ROWS, COLS);
    assert_non_null(a);
    uint32_t seed = 77;
    for (unsigned i = 0; i < ROWS * COLS; i++)
        pm_array_write(a, i / COLS, i % COLS, draw(&seed) & 1);
    static int32_t cell[ROWS + PM_GROUP][COLS], value[COLS];
    for (unsigned r = 0; r < ROWS; r++) {
        uint64_t mask[2] = {0, 0};
        mask[r / 64] = (uint64_t)1 << r % 64;
        pm_array_read(a, mask, 0, no_id, cell[r]);
    }
    for (unsigned t = 0; t < 300; t++) {
        uint64_t mask[2] = {0, 0};
        const unsigned lines = t < 200 ? t % 9 : draw(&seed) % ROWS, dummy = draw(&seed) % PM_GROUP;
        for (unsigned k = 0; k < lines; k++) {
            const unsigned r = draw(&seed) % ROWS;
            mask[r / 64] |= (uint64_t)1 << r % 64;
        }
        const uint64_t none[2] = {0, 0};
        static int32_t dummies[COLS];
        pm_array_read(a, none, dummy, no_id, dummies);
        pm_array_read(a, mask, dummy, no_id, value);
        for (unsigned c = 0; c < COLS; c++) {
            int32_t sum = dummies[c], n = 2;
            for (unsigned r = 0; r < ROWS; r++)
                if (mask[r / 64] >> r % 64 & 1) {
                    sum += cell[r][c];
                    n++;
                }
            assert_true(abs(value[c] - sum) <= (n + 1) / 2);
        }
    }
    pm_array_free(a);
}

/* K at run time: there are K - 1 dummy rows, the same devices in arrays of any K. */
static void dummies_follow_the_active_wordlines(void **state) {
    (void)state;
    enum { ROWS = 20, COLS = 70 };
    static const unsigned lines[] = {1, 3, 8, 16, PM_ARRAY_MAX_LINES};
    static int32_t value[COLS], most[PM_ARRAY_MAX_LINES][COLS];
    const uint64_t mask = 0x5a5;
    for (size_t i = sizeof lines / sizeof *lines; i-- > 0;) {
        struct pm_array_cfg cfg = pm_array_mram(true, 21);
        cfg.lines = lines[i];
        cfg.sigma_r = 0.1;
        struct pm_array *a = pm_array_new(&cfg, 9, ROWS, COLS);
        assert_non_null(a);
        assert_int_equal(pm_array_lines(a), lines[i]);
        for (unsigned dummy = 0; dummy < PM_ARRAY_MAX_LINES; dummy++) {
            const unsigned on = dummy < lines[i] ? dummy : lines[i] - 1;
            pm_array_read(a, &mask, dummy, no_id, value);
            if (lines[i] == PM_ARRAY_MAX_LINES)
                memcpy(most[dummy], value, sizeof value);
            assert_memory_equal(value, most[on], sizeof value);
            assert_true(dummy == 0 || memcmp(most[dummy], most[dummy - 1], sizeof value) != 0);
        }
        pm_array_free(a);
    }
}

/* What is drawn depends on (seed, id, row, column) alone: not on the order of writes, nor on earlier
 * contents. */
static void programming_does_not_depend_on_order(void **state) {
    (void)state;
    enum { ROWS = 20, COLS = 130 };
    const struct pm_array_cfg cfg = pm_array_mram(true, 0x123456789abcdef),
                              other = pm_array_mram(true, 0x023456789abcdef);
    struct pm_array *a = pm_array_new(&cfg, 4, ROWS, COLS), *b = pm_array_new(&cfg, 4, ROWS, COLS);
    struct pm_array *id = pm_array_new(&cfg, 5, ROWS, COLS), *key = pm_array_new(&other, 4, ROWS, COLS);
    struct pm_array *wide = pm_array_new(&cfg, 4, 2 * ROWS, 2 * COLS);
    assert_true(a != NULL && b != NULL && id != NULL && key != NULL && wide != NULL);
    fill(b, true);
    for (unsigned i = 0; i < ROWS * COLS; i++) {
        const unsigned j = ROWS * COLS - 1 - i;
        struct pm_array *forward[] = {a, id, key, wide};
        for (int k = 0; k < 4; k++)
            pm_array_write(forward[k], i / COLS, i % COLS, i % 3 == 0);
        pm_array_write(b, j / COLS, j % COLS, j % 3 == 0);
    }
    static int32_t va[COLS], vb[COLS], vi[COLS], vk[COLS], vw[2 * COLS];
    unsigned same_id = 0, same_key = 0;
    for (unsigned r = 0; r + PM_GROUP <= ROWS; r++) {
        const uint64_t mask = (uint64_t)255 << r;
        pm_array_read(a, &mask, 7, no_id, va);
        pm_array_read(b, &mask, 7, no_id, vb);
        pm_array_read(id, &mask, 7, no_id, vi);
        pm_array_read(key, &mask, 7, no_id, vk);
        pm_array_read(wide, &mask, 7, no_id, vw);
        assert_memory_equal(va, vb, sizeof va);
        assert_memory_equal(va, vw, sizeof va);
        for (unsigned c = 0; c < COLS; c++) {
            same_id += va[c] == vi[c];
            same_key += va[c] == vk[c];
        }
    }
    assert_true(same_id < 13 * COLS / 10 &&
                same_key < 13 * COLS / 10); /* of 13 * COLS; by chance about 1 in 80 */
    pm_array_free(a);
    pm_array_free(b);
    pm_array_free(id);
    pm_array_free(key);
    pm_array_free(wide);
}

/* One draw a column and access has the distribution of a draw for each active cell. */
static void read_noise_equals_cell_by_cell(void **state) {
    (void)state;
    enum { COLS = 512, READS = 64, N = COLS * READS };
    struct pm_array_cfg cfg = pm_array_mram(true, 31);
    cfg.sigma_r = 0;
    cfg.read_noise = 0.05;
    struct pm_array *a = pm_array_new(&cfg, 6, 16, COLS);
    assert_non_null(a);
    fill(a, true);
    double *x = malloc(N * sizeof *x), *y = malloc(N * sizeof *y);
    assert_non_null(x);
    assert_non_null(y);
    static int32_t value[COLS], again[COLS];
    static const unsigned cases[][2] = {{1, 0}, {3, 0}, {3, 5}, {8, 0}, {1, 7}, {12, 0}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const unsigned ones = cases[k][0], lines = ones + cases[k][1];
        const uint64_t mask = ((uint64_t)1 << ones) - 1;
        double lag = 0;
        for (uint32_t t = 0; t < READS; t++) {
            const struct pm_read_id read = {t / 16, (uint16_t)(t / 4 % 4), (uint16_t)(t % 4)};
            pm_array_read(a, &mask, cases[k][1], read, value);
            pm_array_read(a, &mask, cases[k][1], read, again);
            assert_memory_equal(value, again, sizeof value);
            for (uint32_t c = 0; c < COLS; c++) {
                const size_t i = t * COLS + c;
                int32_t n[16];
                pm_gauss_fill((const uint32_t[4]){c * 4, t, (uint32_t)k, 99}, (const uint32_t[2]){1, 1},
                              lines, n);
                double sum = 256.0 * ones; /* the simulation, cell by cell */
                for (unsigned l = 0; l < lines; l++)
                    sum += 256 * cfg.read_noise * n[l] / (1 << PM_GAUSS_FRAC);
                x[i] = value[c];
                y[i] = floor(sum + ROUND_UP_MIN + 0.5);
                if (t > 0)
                    lag += (x[i] - 256.0 * ones) * (x[i - COLS] - 256.0 * ones);
            }
        }
        const double sd = sqrt(256 * 256 * cfg.read_noise * cfg.read_noise * lines + 1.0 / 12);
        check_moments(x, N, 256.0 * ones, sd, 5);
        check_moments(y, N, 256.0 * ones, sd, 5);
        assert_true(fabs(lag / (sd * sd)) < 5 * sqrt(N)); /* accesses, planes and vectors are independent */
        double p[2] = {0, 0};                             /* and the shape: beyond 1.5 sigma */
        for (size_t i = 0; i < N; i++) {
            p[0] += fabs(x[i] - 256.0 * ones) > 1.5 * sd;
            p[1] += fabs(y[i] - 256.0 * ones) > 1.5 * sd;
        }
        assert_true(fabs(p[0] - p[1]) < 5 * sqrt(p[0] + p[1]) && p[0] > 0.1 * N && p[0] < 0.17 * N);
    }
    free(x);
    free(y);
    pm_array_free(a);
}

/* Beyond 1 to 5 sigma of read noise, both sides: one draw a column and access, as reads add it, against a
 * draw for each of 8 active cells and against the Gaussian; five standard errors. */
static void read_noise_has_its_tails(void **state) {
    (void)state;
    enum { LINES = 8, N = 1 << 14, READS = 1 << 13, CELL_BY_CELL = READS / 8 };
    static int32_t value[N], n[N], sum[N];
    const double sd = 1 << 11; /* of a column, in its fixed-point steps */
    const struct pm_kernels *k = pm_kernels(PM_ISA_BEST);
    double column[2][6] = {{0}}, cells[2][6] = {{0}};
    for (uint32_t t = 0; t < READS; t++) {
        const struct pm_noise e = {.draws = {{0, t, 0, 0}, {5, 6}}, .sigma = (int64_t)sd << PM_GAUSS_FRAC};
        memset(value, 0, sizeof value);
        k->noise(&e, N, value);
        for (int c = 0; c < N; c++) /* few are beyond 3 sigma: the loops go no further */
            for (int z = 1; z <= 5 && abs(value[c]) >= z * (int)sd; z++)
                column[value[c] < 0][z]++;
        if (t >= CELL_BY_CELL)
            continue;
        memset(sum, 0, sizeof sum);
        for (uint32_t l = 0; l < LINES; l++) {
            k->gauss(&(struct pm_draws){{0, t, l, 1}, {7, 8}}, N, n);
            for (int c = 0; c < N; c++)
                sum[c] += n[c];
        }
        for (int c = 0; c < N; c++)
            for (int z = 1; z <= 5 && abs(sum[c]) >= z * sqrt(LINES) * (1 << PM_GAUSS_FRAC); z++)
                cells[sum[c] < 0][z]++;
    }
    for (int z = 1; z <= 5; z++)
        for (int side = 0; side < 2; side++) {
            /* a deviation is rounded: half a step nearer suffices */
            const double p = erfc((z - 0.5 / sd) / sqrt(2)) / 2, q = erfc(z / sqrt(2)) / 2;
            const double want = p * N * READS, few = q * N * CELL_BY_CELL;
            print_message(
                "# beyond %d sigma: %.0f of %d x %d, cell by cell %.0f of an eighth, Gaussian %.1f\n", z,
                column[side][z], N, READS, cells[side][z], want);
            assert_true(fabs(column[side][z] - want) < 5 * sqrt(want));
            assert_true(z == 5 || fabs(cells[side][z] - few) < 5 * sqrt(few));
        }
}

/* Noise draws of different arrays, seeds and each part of the read's identity differ. */
static void read_noise_is_keyed(void **state) {
    (void)state;
    enum { COLS = 1000 };
    struct pm_array_cfg cfg = pm_array_mram(true, 31), other = cfg;
    cfg.read_noise = 1;
    other.seed ^= (uint64_t)1 << 63;
    other.read_noise = 1;
    cfg.sigma_r = other.sigma_r = 0;
    const struct pm_array_cfg *cfgs[] = {&cfg, &cfg, &other};
    const struct pm_read_id ids[] = {{0, 0, 0}, {1, 0, 0},   {0, 1, 0},
                                     {0, 0, 1}, {0, 256, 0}, {1u << 31, 0, 0}};
    static int32_t value[8][COLS];
    const uint64_t mask = 255;
    for (uint32_t k = 0; k < 8; k++) {
        struct pm_array *a = pm_array_new(k < 3 ? cfgs[k] : &cfg, k == 1, 8, COLS);
        assert_non_null(a);
        pm_array_read(a, &mask, 0, ids[k < 3 ? 0 : k - 2], value[k]);
        pm_array_free(a);
    }
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < i; j++) {
            double r = 0;
            for (int c = 0; c < COLS; c++)
                r += (double)value[i][c] * value[j][c] / (8 * 65536.0);
            assert_true(fabs(r) < 5 * sqrt(COLS));
        }
}

static void sense_offset_is_fixed_per_column(void **state) {
    (void)state;
    enum { COLS = 20000 };
    struct pm_array_cfg cfg = pm_array_mram(true, 41);
    cfg.sigma_r = 0;
    cfg.sense_offset = 0.1;
    struct pm_array *a = pm_array_new(&cfg, 6, 16, COLS);
    assert_non_null(a);
    fill(a, true);
    int32_t *v = malloc(COLS * sizeof *v), *w = malloc(COLS * sizeof *w);
    double *x = malloc(COLS * sizeof *x);
    assert_true(v != NULL && w != NULL && x != NULL);
    const uint64_t five = 31, nine = 511;
    pm_array_read(a, &five, 3, no_id, v);
    pm_array_read(a, &nine, 0, (struct pm_read_id){5, 6, 7}, w);
    for (int c = 0; c < COLS; c++) {
        assert_int_equal(w[c] - v[c], 4 * 256);
        x[c] = v[c];
    }
    check_moments(x, COLS, 5 * 256, sqrt(25.6 * 25.6 + 1.0 / 12), 5);
    free(v);
    free(w);
    free(x);
    pm_array_free(a);
}

/* Cell, dummy cell, read noise and offset at equal coordinates are four different draws. */
static void kinds_of_draws_are_independent(void **state) {
    (void)state;
    enum { COLS = 4000 };
    static int32_t value[4][COLS];
    for (int kind = 0; kind < 4; kind++) {
        struct pm_array_cfg cfg = pm_array_mram(true, 61);
        cfg.sigma_r = kind < 2 ? 0.1 : 0;
        cfg.read_noise = kind == 2 ? 0.1 : 0;
        cfg.sense_offset = kind == 3 ? 0.1 : 0;
        struct pm_array *a = pm_array_new(&cfg, 6, 8, COLS);
        assert_non_null(a);
        const uint64_t mask = kind == 0 || kind == 2;
        pm_array_read(a, &mask, kind == 1, no_id, value[kind]);
        pm_array_free(a);
    }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++) {
            double ii = 0, ij = 0, jj = 0;
            for (int c = 0; c < COLS; c++) {
                ii += (double)value[i][c] * value[i][c];
                ij += (double)value[i][c] * value[j][c];
                jj += (double)value[j][c] * value[j][c];
            }
            assert_true(ii > COLS && jj > COLS);
            assert_true(fabs(ij) < 5 * sqrt(ii / COLS * jj));
        }
}

static double upper_tail(double x) {
    return erfc(x / sqrt(2)) / 2;
}

/* FLARE: 8 is the last number of wordlines with six sigmas. */
static void six_sigma_margin(void **state) {
    (void)state;
    const struct pm_array_cfg mram = pm_array_mram(true, 0), nominal = pm_array_mram(false, 0),
                              sram = pm_array_sram();
    assert_true(fabs(pm_array_margin_sigma(&mram, 8) - 6.24) < 0.005);
    assert_true(fabs(pm_array_margin_sigma(&mram, 9) - 5.88) < 0.005);
    for (unsigned k = 1; k < 32; k++)
        assert_true(fabs(pm_array_margin_sigma(&mram, k) - 0.3 / (sqrt(k) * 0.017)) < 1e-12);
    assert_true(isinf(pm_array_margin_sigma(&nominal, 8)) && isinf(pm_array_margin_sigma(&sram, 8)));
    assert_true(pm_array_code_error(&nominal, 8, 8, 8) == 0 && pm_array_code_error(&sram, 8, 3, 8) == 0);
    assert_true(isnan(pm_array_code_error(&mram, 8, 9, 16)) && isnan(pm_array_code_error(&mram, 12, 9, 8)));
    /* The last code errs downwards only; rounding cells to 1/2048 and the value to 1/256 LSB moves thresholds
     * down by half of each. */
    const double one = pm_array_code_error(&mram, 8, 8, 8), sd = sqrt(8) * 0.017 / 0.6;
    const double step = 1.0 / 512 + 1.0 / 4096;
    assert_true(fabs(one / upper_tail((0.5 + step) / sd) - 1) < 1e-9);
    const double two = pm_array_code_error(&mram, 8, 8, 9);
    assert_true(fabs((two - one) / upper_tail((0.5 - step) / sd) - 1) < 1e-9);
}

/* Whatever the TMR, six sigma end at eight lines exactly where sigma(R)/R is within 1/36 .. 1/(12 sqrt(8)) of
 * the swing. */
static void six_sigma_end_at_eight(void **state) {
    (void)state;
    static const double tmr[] = {0.5, 1, 1.5, 2, 2.5, 3, 5, 1e6};
    for (size_t i = 0; i < sizeof tmr / sizeof *tmr; i++)
        for (int k = -1; k <= 1; k += 2) {
            const double swing = tmr[i] / (1 + tmr[i]), least = swing / 36 * (1 + k * 1e-9),
                         most = swing / (12 * sqrt(8)) * (1 + k * 1e-9);
            struct pm_array_cfg c = pm_array_mram(true, 0);
            c.tmr = tmr[i];
            c.sigma_r = least;
            assert_true(pm_array_margin_sigma(&c, 8) > 6 && (pm_array_margin_sigma(&c, 9) < 6) == (k > 0));
            c.sigma_r = most;
            assert_true((pm_array_margin_sigma(&c, 8) > 6) == (k < 0) && pm_array_margin_sigma(&c, 9) < 6);
        }
}

/* Wrong codes among fresh columns with `lines` active cells of which `ones` store 1, for two converters at
 * once, against the closed form: 5 standard errors, both sides. */
static void check_errors(double sigma_r, unsigned lines, unsigned ones, const unsigned comparators[2],
                         unsigned arrays) {
    enum { COLS = 1 << 16 };
    static int32_t value[COLS];
    struct pm_array_cfg cfg = pm_array_mram(true, 1000 * lines + ones), paper = pm_array_mram(true, 0);
    cfg.sigma_r = sigma_r;
    size_t errors[2] = {0, 0};
    for (uint32_t id = 0; id < arrays; id++) {
        struct pm_array *a = pm_array_new(&cfg, id, lines, COLS);
        assert_non_null(a);
        for (unsigned i = 0; i < ones * COLS; i++)
            pm_array_write(a, i / COLS, i % COLS, true);
        const uint64_t mask = ((uint64_t)1 << lines) - 1;
        pm_array_read(a, &mask, 0, no_id, value);
        for (unsigned c = 0; c < COLS; c++)
            for (int k = 0; k < 2; k++) {
                int32_t code = value[c] + 128 < 0 ? 0 : (value[c] + 128) / 256;
                if (code > (int32_t)comparators[k])
                    code = (int32_t)comparators[k];
                if (comparators[k] == PM_GROUP)
                    assert_int_equal(code, pm_therm_enc(pm_flash(value[c])));
                errors[k] += code != (int32_t)ones;
            }
        pm_array_free(a);
    }
    for (int k = 0; k < (comparators[0] == comparators[1] ? 1 : 2); k++) {
        const double n = (double)arrays * COLS, p = pm_array_code_error(&cfg, lines, ones, comparators[k]);
        print_message(
            "# sawl %u ones %u comparators %u: sigma %.3f measured %.3e closed %.3e; sigma 0.017 margin "
            "%.2f closed %.2e\n",
            lines, ones, comparators[k], sigma_r, (double)errors[k] / n, p,
            pm_array_margin_sigma(&paper, lines), pm_array_code_error(&paper, lines, ones, comparators[k]));
        if (p * n < 50 || fabs((double)errors[k] - p * n) > 5 * sqrt(p * n * (1 - p)))
            fail_msg("lines %u ones %u comparators %u: %zu errors, expected %.1f", lines, ones,
                     comparators[k], errors[k], p * n);
    }
}

/* Limits of 4 to 12 wordlines, all cells on, sigma 5%: a converter with as many comparators as lines, and one
 * that has codes above; then every code of the eight-line array. */
static void code_errors_match_the_closed_form(void **state) {
    (void)state;
    for (unsigned k = 4; k <= 12; k++)
        check_errors(0.05, k, k, (const unsigned[]){k, 16}, k < 6 ? 5 : 2);
    for (unsigned ones = 0; ones <= PM_GROUP; ones++)
        check_errors(0.12, PM_GROUP, ones, (const unsigned[]){PM_GROUP, PM_GROUP}, 1);
}

/* The integers that every machine and build must draw: FNV-1a over reads of one array with everything on. */
static void bits_are_the_same_everywhere(void **state) {
    (void)state;
    enum { ROWS = 24, COLS = 333 };
    struct pm_array_cfg cfg = pm_array_mram(true, 0x0123456789abcdef);
    cfg.read_noise = 0.02;
    cfg.sense_offset = 0.03;
    struct pm_array *a = pm_array_new(&cfg, 77, ROWS, COLS);
    assert_non_null(a);
    for (unsigned i = 0; i < ROWS * COLS; i++)
        pm_array_write(a, i / COLS, i % COLS, i * i % 7 < 3);
    static int32_t value[COLS];
    uint64_t hash = 0xcbf29ce484222325;
    for (unsigned t = 0; t < 40; t++) {
        const uint64_t mask = (uint64_t)0xff << t % 17 & 0xffffff;
        pm_array_read(a, &mask, t % PM_GROUP, (struct pm_read_id){t, (uint16_t)(t % 3), (uint16_t)(t % 5)},
                      value);
        for (unsigned c = 0; c < COLS; c++)
            hash = (hash ^ (uint32_t)value[c]) * 0x100000001b3;
    }
    pm_array_free(a);
    assert_true(hash == 0x6ab223ee18a54048);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_configurations_are_refused),
        cmocka_unit_test(counts_are_exact),
        cmocka_unit_test(programming_statistics),
        cmocka_unit_test(reads_sum_their_cells),
        cmocka_unit_test(dummies_follow_the_active_wordlines),
        cmocka_unit_test(programming_does_not_depend_on_order),
        cmocka_unit_test(read_noise_equals_cell_by_cell),
        cmocka_unit_test(read_noise_has_its_tails),
        cmocka_unit_test(read_noise_is_keyed),
        cmocka_unit_test(sense_offset_is_fixed_per_column),
        cmocka_unit_test(kinds_of_draws_are_independent),
        cmocka_unit_test(six_sigma_margin),
        cmocka_unit_test(six_sigma_end_at_eight),
        cmocka_unit_test(code_errors_match_the_closed_form),
        cmocka_unit_test(bits_are_the_same_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
