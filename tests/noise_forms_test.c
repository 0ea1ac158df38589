// SPDX-License-Identifier: Apache-2.0
/* What programming errors of the same sigma do to a product, by what is disturbed and how weights are stored:
 * weights (HyFlexPIM's equation 5); cells of offset-binary weights with column flip, of two's complement
 * whose top slice is signed, of differential pairs. Each form against a cell-by-cell oracle and its closed
 * form, to both sides. flow/plot.py noise draws what is printed here. */
#include "analog/random.h"
#include "hyflex_gemv.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum form { WEIGHT, OFFSET, SIGNED, DIFFERENTIAL, FORMS };
static const char *const names[] = {"weight", "offset", "signed", "differential"};

enum { ROWS = 1024, OUTPUTS = 16, VECTORS = 8, TILE = PM_HYFLEX_ROWS, MAX_COLUMNS = 16, SEED = 5 };
#define OFF (1 / 150.0) /* g_off over g_on */

static int8_t w[ROWS * OUTPUTS], x[VECTORS * ROWS];

/* Gaussians, each output and each vector rounded to int8 at its own scale, as a network's are. */
static int fill(void **state) {
    (void)state;
    int32_t g[ROWS];
    for (uint32_t i = 0; i < OUTPUTS + VECTORS; i++) {
        int32_t top = 0;
        pm_gauss_fill((uint32_t[4]){14u << 28, i, 0, 0}, (uint32_t[2]){SEED, 0}, ROWS, g);
        for (unsigned d = 0; d < ROWS; d++)
            top = abs(g[d]) > top ? abs(g[d]) : top;
        for (unsigned d = 0; d < ROWS; d++) {
            const int8_t q = (int8_t)lrint(127.0 * g[d] / top);
            if (i < OUTPUTS)
                w[d * OUTPUTS + i] = q;
            else
                x[(i - OUTPUTS) * ROWS + d] = q;
        }
    }
    return 0;
}

/* The columns of one weight: what each counts for, and the state of its cell. */
struct slices {
    unsigned n;
    double place[MAX_COLUMNS];
    unsigned state[MAX_COLUMNS];
};

static void slice(struct slices *s, double place, int state) {
    s->place[s->n] = place;
    s->state[s->n++] = state > 0 ? (unsigned)state : 0;
}

static struct slices slices_of(enum form form, unsigned cell, int weight) {
    struct slices s = {0};
    const unsigned slices = 8 / cell, top = (1u << cell) - 1;
    for (unsigned c = 0; c < slices; c++) {
        const double place = 1u << (cell * c);
        if (form == OFFSET)
            slice(&s, place, (int)((unsigned)(weight + 128) >> (cell * c) & top));
        else if (form == SIGNED && c + 1 < slices)
            slice(&s, place, (int)((unsigned)weight >> (cell * c) & top));
        else {
            const int magnitude = abs(weight) >> (cell * c) & (int)top;
            const int digit = form == SIGNED ? weight >> (cell * c) : weight < 0 ? -magnitude : magnitude;
            slice(&s, place, digit);
            slice(&s, -place, -digit);
        }
    }
    return s;
}

struct measured {
    double stored[ROWS * OUTPUTS];   /* weights as the cells hold them */
    double variance[ROWS * OUTPUTS]; /* of their errors, in closed form */
};

/* One cell as it was drawn, in steps of a state: conductances of the documented draws. */
static double drawn(unsigned cell, double sigma, uint32_t array, uint32_t row, uint32_t column,
                    unsigned state) {
    int32_t n[4];
    const double top = (1u << cell) - 1, nominal = OFF + state / top * (1 - OFF);
    pm_gauss_fill((uint32_t[4]){4u << 28 | column / 4, row, 0, array}, (uint32_t[2]){SEED, 0}, 4, n);
    const double g = fmax(0, nominal * (1 + sigma * n[column % 4] / 65536.0));
    return (g - OFF) / (1 - OFF) * top;
}

/* The rows of one array, `read` one at a time, against the oracle. The array has its first output's columns
 * first; flip[] may be NULL. */
static void measure_array(enum form form, unsigned cell, double sigma, const struct pm_rram *array,
                          uint32_t id, const uint8_t *flip, unsigned row, unsigned from, unsigned outputs,
                          struct measured *to) {
    const double top = (1u << cell) - 1;
    int32_t value[256];
    for (unsigned r = 0; r < TILE; r++) {
        pm_rram_read(array, &(uint64_t){(uint64_t)1 << r}, (struct pm_read_id){0}, value);
        for (unsigned m = 0; m < outputs; m++) {
            const size_t i = (size_t)(row + r) * OUTPUTS + from + m;
            const struct slices s = slices_of(form, cell, w[i]);
            double stored = form == OFFSET ? -128 : 0, oracle = stored, slack = 0;
            to->variance[i] = 0;
            for (unsigned c = 0; c < s.n; c++) {
                const unsigned column = m * s.n + c;
                const bool complement = flip != NULL && flip[column];
                const unsigned state = complement ? (unsigned)top - s.state[c] : s.state[c];
                const double seen = value[column] / 256.0, want = drawn(cell, sigma, id, r, column, state);
                stored += s.place[c] * (complement ? top - seen : seen);
                oracle += s.place[c] * (complement ? top - want : want);
                slack += fabs(s.place[c]) * (0.5 / 256 + 1e-4);
                to->variance[i] += pow(s.place[c] * sigma * (state + top * OFF / (1 - OFF)), 2);
            }
            assert_true(fabs(stored - oracle) <= slack);
            to->stored[i] = stored;
        }
    }
}

static struct pm_hyflex_cfg config(enum form form, unsigned cell, double sigma) {
    struct pm_hyflex_cfg cfg = pm_hyflex_default();
    cfg.cell = cell;
    cfg.adc = 5 + cell;
    cfg.rram = pm_rram_preset(sigma, SEED);
    cfg.rram.slc_sigma = sigma;
    cfg.noise = form == WEIGHT ? PM_HYFLEX_NOISE_WEIGHT : PM_HYFLEX_NOISE_CELL;
    if (form == DIFFERENTIAL) {
        cfg.weights = PM_WEIGHTS_DIFFERENTIAL;
        cfg.flip = false;
    }
    return cfg;
}

static void measure_matrix(enum form form, unsigned cell, double sigma, const struct pm_hyflex *h,
                           struct measured *to) {
    const unsigned per = pm_hyflex_per(pm_hyflex_config(h)), col_tiles = pm_hyflex_col_tiles(h);
    for (unsigned i = 0; i < pm_hyflex_row_tiles(h) * col_tiles; i++) {
        const struct pm_hyflex_tile *t = pm_hyflex_tile(h, i / col_tiles, i % col_tiles);
        measure_array(form, cell, sigma, t->array, i, t->flip, i / col_tiles * TILE, i % col_tiles * per,
                      t->outputs, to);
    }
}

/* Two's complement in arrays of its own: no system has it. */
static void measure_signed(unsigned cell, double sigma, struct measured *to) {
    const unsigned columns = slices_of(SIGNED, cell, 0).n;
    struct pm_rram_cfg cfg = pm_rram_preset(sigma, SEED);
    cfg.slc_sigma = sigma;
    uint8_t state[TILE * 9 * OUTPUTS];
    for (unsigned row = 0; row < ROWS; row += TILE) {
        for (unsigned r = 0; r < TILE; r++)
            for (unsigned m = 0; m < OUTPUTS; m++) {
                const struct slices s = slices_of(SIGNED, cell, w[(row + r) * OUTPUTS + m]);
                for (unsigned c = 0; c < columns; c++)
                    state[(r * OUTPUTS + m) * columns + c] = (uint8_t)s.state[c];
            }
        struct pm_rram *array = pm_rram_new(&cfg, row, TILE, OUTPUTS * columns, cell);
        assert_non_null(array);
        pm_rram_program(array, state);
        measure_array(SIGNED, cell, sigma, array, row, NULL, row, 0, OUTPUTS, to);
        pm_rram_free(array);
    }
}

/* Each weight from one product with a one: rounded, since products are. */
static void measure_weights(double sigma, const struct pm_hyflex *h, struct measured *to) {
    int8_t one[ROWS] = {0};
    for (unsigned d = 0; d < ROWS; d++) {
        int32_t n[OUTPUTS], y[OUTPUTS];
        one[d] = 127;
        one[d > 0 ? d - 1 : ROWS - 1] = 0;
        pm_hyflex_gemv(h, one, 0, y, NULL);
        pm_gauss_fill((uint32_t[4]){7u << 28, d, 0, 0}, (uint32_t[2]){SEED, 0}, OUTPUTS, n);
        for (unsigned m = 0; m < OUTPUTS; m++) {
            const size_t i = d * OUTPUTS + m;
            to->stored[i] = w[i] * (1 + sigma * n[m] / 65536.0);
            to->variance[i] = pow(w[i] * sigma, 2);
            assert_true(fabs(y[m] - 127 * to->stored[i]) <= 0.51);
        }
    }
}

static double dot(unsigned v, const double *weights, unsigned m) {
    double sum = 0;
    for (unsigned d = 0; d < ROWS; d++)
        sum += x[v * ROWS + d] * (weights != NULL ? weights[d * OUTPUTS + m] : w[d * OUTPUTS + m]);
    return sum;
}

/* Errors of products, relative to their root mean square: as the cells hold the weights, in closed form, and
 * as the system gives them, conversions included. */
struct errors {
    double stored, closed, given;
};

static struct errors errors_of(const struct measured *of, const struct pm_hyflex *h) {
    struct errors e = {0};
    double power = 0;
    for (unsigned v = 0; v < VECTORS; v++) {
        int32_t y[OUTPUTS];
        if (h != NULL)
            pm_hyflex_gemv(h, x + v * ROWS, v, y, NULL);
        for (unsigned m = 0; m < OUTPUTS; m++) {
            const double exact = dot(v, NULL, m);
            power += exact * exact;
            e.stored += pow(dot(v, of->stored, m) - exact, 2);
            e.given += h != NULL ? pow(y[m] - exact, 2) : 0;
            for (unsigned d = 0; d < ROWS; d++)
                e.closed += pow(x[v * ROWS + d], 2) * of->variance[d * OUTPUTS + m];
        }
    }
    return (struct errors){sqrt(e.stored / power), sqrt(e.closed / power), sqrt(e.given / power)};
}

/* Variance of all weights' errors over its closed form: 1, but for the draw. */
static double variance_ratio(const struct measured *of) {
    double square = 0, closed = 0;
    for (size_t i = 0; i < ROWS * OUTPUTS; i++) {
        square += pow(of->stored[i] - w[i], 2);
        closed += of->variance[i];
    }
    return square / closed;
}

static struct errors measure(enum form form, unsigned cell, double sigma) {
    struct measured *of = malloc(sizeof *of);
    struct pm_hyflex *h = NULL;
    assert_non_null(of);
    if (form != SIGNED) {
        const struct pm_hyflex_cfg cfg = config(form, cell, sigma);
        assert_int_equal(pm_hyflex_new(&cfg, w, ROWS, OUTPUTS, 0, &h), PM_OK);
    }
    if (form == WEIGHT)
        measure_weights(sigma, h, of);
    else if (form == SIGNED)
        measure_signed(cell, sigma, of);
    else
        measure_matrix(form, cell, sigma, h, of);
    const struct errors e = errors_of(of, h);
    const double ratio = variance_ratio(of);
    print_message("# noise %s cell %u sigma %.3f: stored %.4f closed %.4f given %.4f variance %.3f\n",
                  names[form], cell, sigma, e.stored, e.closed, e.given, ratio);
    /* 16,384 weights, most of the variance in one or two cells each: 1.4 % a standard deviation. A column's
     * cells and the 8 vectors see the same draws: 128 sums, of which 16 columns are independent. */
    assert_true(fabs(ratio - 1) < 0.07);
    assert_true(fabs(e.stored / e.closed - 1) < 0.25);
    pm_hyflex_free(h);
    free(of);
    return e;
}

static void forms_have_their_errors(void **state) {
    (void)state;
    static const double sigma[] = {0.025, 0.05, 0.1, 0.132, 0.174};
    for (unsigned cell = 1; cell <= 2; cell++)
        for (size_t s = 0; s < sizeof sigma / sizeof *sigma; s++) {
            struct errors e[FORMS];
            for (enum form form = 0; form < FORMS; form++)
                e[form] = measure(form, cell, sigma[s]);
            /* Equation 5 has sigma itself, whatever the weights. */
            assert_true(fabs(e[WEIGHT].closed - sigma[s]) < 0.05 * sigma[s]);
            assert_true(fabs(e[WEIGHT].given - e[WEIGHT].stored) < 1e-4);
            /* The order that the page names. */
            assert_true(e[DIFFERENTIAL].closed < e[WEIGHT].closed && e[WEIGHT].closed < e[SIGNED].closed);
            assert_true(cell == 1 || e[SIGNED].closed < e[OFFSET].closed);
            assert_true(e[OFFSET].closed > 2.5 * e[WEIGHT].closed && e[OFFSET].closed < 4 * e[WEIGHT].closed);
            assert_true(e[DIFFERENTIAL].given <= e[OFFSET].given);
        }
}

/* Without errors both codings are the product, in every cell and with every path. */
static void codings_are_exact(void **state) {
    (void)state;
    for (unsigned cell = 1; cell <= 2; cell++)
        for (enum pm_path path = 0; path < PM_PATHS; path++) {
            struct pm_hyflex_cfg cfg = config(DIFFERENTIAL, cell, 0);
            struct pm_hyflex *h;
            struct pm_hyflex_cost cost = {0};
            int32_t y[VECTORS * OUTPUTS];
            cfg.path = path;
            assert_int_equal(pm_hyflex_new(&cfg, w, ROWS, OUTPUTS, 0, &h), PM_OK);
            assert_int_equal(pm_hyflex_col_tiles(h), cell == 1 ? 2 : 1);
            assert_int_equal(pm_hyflex_gemm(h, x, ROWS, VECTORS, 0, y, &cost), PM_OK);
            for (unsigned v = 0; v < VECTORS; v++)
                for (unsigned m = 0; m < OUTPUTS; m++)
                    assert_true(fabs(y[v * OUTPUTS + m] - dot(v, NULL, m)) < 0.5);
            assert_int_equal(cost.wrong, 0);
            assert_int_equal(cost.array_reads, VECTORS * 8 * 16 * (cell == 1 ? 2 : 1));
            pm_hyflex_free(h);
        }
}

/* Where a pair's column holds more than its converter: one short at most in 1-bit cells at 6 bits, 65 in
 * 2-bit cells at 7, on one side alone; with one bit more, nothing is. Full columns and all wordlines, on
 * either side. */
static void pairs_clip_within_their_bound(void **state) {
    (void)state;
    for (unsigned cell = 1; cell <= 2; cell++)
        for (int sign = -1; sign <= 1; sign += 2)
            for (unsigned rows = 60; rows <= TILE; rows++) {
                int8_t full[TILE], ones[TILE];
                memset(full, sign * 127, sizeof full);
                memset(ones, 1, sizeof ones); /* plane 0 alone */
                struct pm_hyflex_cfg cfg = config(DIFFERENTIAL, cell, 0);
                struct pm_hyflex *h;
                struct pm_hyflex_cost cost = {0};
                int32_t y, plain;
                assert_int_equal(pm_hyflex_new(&cfg, full, rows, 1, 0, &h), PM_OK);
                pm_hyflex_gemv(h, ones, 0, &y, &cost);
                pm_hyflex_gemv_plain(h, ones, 0, &plain, NULL);
                assert_int_equal(y, plain);
                /* 127 is 1111111b, or 3 3 3 1. */
                const int top = cell == 1 ? 63 : 127, state_sum = (int)rows * (cell == 1 ? 1 : 3);
                const int lost = state_sum > top ? state_sum - top : 0;
                assert_true(lost <= (cell == 1 ? 1 : 65));
                assert_int_equal(sign * y, 127 * (int)rows - lost * (cell == 1 ? 127 : 21));
                assert_int_equal(cost.wrong, lost ? (cell == 1 ? 7 : 3) : 0);
                pm_hyflex_free(h);
            }
    struct pm_hyflex_cfg cfg = config(DIFFERENTIAL, 1, 0);
    struct pm_hyflex *h;
    int8_t full[TILE], ones[TILE];
    int32_t y;
    memset(full, -128, sizeof full);
    memset(ones, -128, sizeof ones);
    cfg.adc = 7;
    assert_int_equal(pm_hyflex_new(&cfg, full, TILE, 1, 0, &h), PM_OK);
    pm_hyflex_gemv(h, ones, 0, &y, NULL);
    assert_int_equal(y, 64 * 128 * 128);
    pm_hyflex_free(h);
}

/* Every path gives the integers of the plain one, with and without errors; and what would be ignored is
 * refused. */
static void paths_equal_plain(void **state) {
    (void)state;
    static const enum form forms[] = {WEIGHT, DIFFERENTIAL};
    for (int f = 0; f < 2; f++)
        for (unsigned cell = 1; cell <= 2; cell++) {
            struct pm_hyflex_cfg cfg = config(forms[f], cell, 0.3);
            struct pm_hyflex *h;
            int32_t plain[VECTORS * OUTPUTS], y[VECTORS * OUTPUTS];
            struct pm_hyflex_cost plain_cost = {0}, cost = {0};
            cfg.path = PM_PATH_PLAIN;
            assert_int_equal(pm_hyflex_new(&cfg, w, ROWS, OUTPUTS, 3, &h), PM_OK);
            assert_int_equal(pm_hyflex_gemm(h, x, ROWS, VECTORS, 7, plain, &plain_cost), PM_OK);
            pm_hyflex_free(h);
            cfg.path = PM_PATH_BEST;
            assert_int_equal(pm_hyflex_new(&cfg, w, ROWS, OUTPUTS, 3, &h), PM_OK);
            assert_int_equal(pm_hyflex_gemm(h, x, ROWS, VECTORS, 7, y, &cost), PM_OK);
            pm_hyflex_free(h);
            assert_memory_equal(y, plain, sizeof y);
            assert_memory_equal(&cost, &plain_cost, sizeof cost);
            assert_true(forms[f] == WEIGHT ? cost.wrong == 0 : cost.wrong > 100);
            cfg.path = PM_PATH_EXACT;
            assert_int_equal(pm_hyflex_new(&cfg, w, ROWS, OUTPUTS, 3, &h), PM_EINVAL);
        }
    /* The extreme of all: nothing overflows. */
    static int8_t low[PM_HYFLEX_MAX_DIM];
    struct pm_hyflex_cfg cfg = config(WEIGHT, 2, 0.5);
    struct pm_hyflex *h;
    int32_t y, plain;
    memset(low, -128, sizeof low);
    assert_int_equal(pm_hyflex_new(&cfg, low, PM_HYFLEX_MAX_DIM, 1, 0, &h), PM_OK);
    pm_hyflex_gemv(h, low, 0, &y, NULL);
    pm_hyflex_gemv_plain(h, low, 0, &plain, NULL);
    assert_int_equal(y, plain);
    assert_true(y > 0.99 * (1 << 30) && y < 1.01 * (1 << 30));
    pm_hyflex_free(h);
}

static void what_would_be_ignored_is_refused(void **state) {
    (void)state;
    struct pm_hyflex_cfg c = config(DIFFERENTIAL, 1, 0);
    assert_int_equal(pm_hyflex_check(&c), PM_OK);
    c.flip = true;
    assert_int_equal(pm_hyflex_check(&c), PM_EINVAL);
    c.flip = false;
    c.weights = (enum pm_weight_coding)2;
    assert_int_equal(pm_hyflex_check(&c), PM_EINVAL);
    const struct pm_hyflex_cfg weight = config(WEIGHT, 2, 0.1);
    assert_int_equal(pm_hyflex_check(&weight), PM_OK);
    c = weight, c.rram.read_noise = 0.1;
    assert_int_equal(pm_hyflex_check(&c), PM_EINVAL);
    c = weight, c.rram.wire = 1e-5;
    assert_int_equal(pm_hyflex_check(&c), PM_EINVAL);
    c = weight, c.rram.stuck_on = 0.1;
    assert_int_equal(pm_hyflex_check(&c), PM_EINVAL);
    c = weight, c.rram.replica = false;
    assert_int_equal(pm_hyflex_check(&c), PM_EINVAL);
    c = weight, c.sar.offset = 1;
    assert_int_equal(pm_hyflex_check(&c), PM_EINVAL);
    c = weight, c.weights = PM_WEIGHTS_DIFFERENTIAL, c.flip = false;
    assert_int_equal(pm_hyflex_check(&c), PM_EINVAL);
    c = weight, c.noise = (enum pm_hyflex_noise)2;
    assert_int_equal(pm_hyflex_check(&c), PM_EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_have_their_errors),          cmocka_unit_test(codings_are_exact),
        cmocka_unit_test(pairs_clip_within_their_bound),    cmocka_unit_test(paths_equal_plain),
        cmocka_unit_test(what_would_be_ignored_is_refused),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
