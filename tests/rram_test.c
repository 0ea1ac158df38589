// SPDX-License-Identifier: Apache-2.0
/* RRAM arrays of any size: the fast read and the plain one, brute force on the states, and a small array as
 * the corner of a large one. */
#include "analog/rram.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_ROWS = PM_RRAM_MAX_ROWS, MAX_COLS = 600, WORDS = MAX_ROWS / 64 };

static const struct {
    unsigned rows, cols;
} sizes[] = {{1, 1},    {7, 3},    {8, 576},  {63, 127},  {64, 128},      {65, 129},
             {64, 600}, {128, 64}, {200, 31}, {256, 256}, {MAX_ROWS, 130}};

static unsigned most_rows(unsigned cell) {
    return cell == 3 ? 256 : cell == 4 ? 128 : MAX_ROWS;
}

static uint64_t rng = 1;

static uint64_t next(void) {
    rng ^= rng >> 12;
    rng ^= rng << 25;
    rng ^= rng >> 27;
    return rng * 0x2545F4914F6CDD1Du;
}

/* Any rows, beyond the array too; all of them in a quarter of the cases. */
static void draw_wordlines(uint64_t wordlines[WORDS]) {
    const bool all = next() % 4 == 0;
    for (unsigned w = 0; w < WORDS; w++)
        wordlines[w] = all ? UINT64_MAX : next();
}

static bool is_on(const uint64_t *wordlines, unsigned row) {
    return wordlines[row / 64] >> row % 64 & 1;
}

static uint8_t *draw_states(unsigned rows, unsigned cols, unsigned cell) {
    uint8_t *state = malloc((size_t)rows * cols);
    for (size_t i = 0; i < (size_t)rows * cols; i++)
        state[i] = (uint8_t)(next() >> 60 & ((1u << cell) - 1));
    return state;
}

/* Nominal cells: 256 times the sum of the states, in columns that nothing beyond the last one disturbs. */
static void nominal_reads_are_sums(void **state) {
    (void)state;
    const struct pm_rram_cfg cfg = pm_rram_preset(0, 1);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (unsigned cell = 1; cell <= 4; cell++) {
            const unsigned rows = sizes[i].rows, cols = sizes[i].cols;
            if (rows > most_rows(cell))
                continue;
            struct pm_rram *a = pm_rram_new(&cfg, 3, rows, cols, cell);
            uint8_t *states = draw_states(rows, cols, cell);
            static int32_t value[MAX_COLS + 1];
            static uint16_t count[MAX_COLS + 1];
            pm_rram_program(a, states);
            for (unsigned t = 0; t < 20; t++) {
                uint64_t wordlines[WORDS];
                draw_wordlines(wordlines);
                value[cols] = -7;
                count[cols] = 77;
                pm_rram_read(a, wordlines, (struct pm_read_id){t, 0, 0}, value);
                pm_rram_count(a, wordlines, count);
                for (unsigned c = 0; c < cols; c++) {
                    int32_t sum = 0;
                    for (unsigned r = 0; r < rows; r++)
                        sum += is_on(wordlines, r) ? states[r * cols + c] : 0;
                    assert_int_equal(value[c], 256 * sum);
                    assert_int_equal(count[c], sum);
                }
                assert_int_equal(value[cols], -7);
                assert_int_equal(count[cols], 77);
            }
            free(states);
            pm_rram_free(a);
        }
}

static struct pm_rram_cfg drawn(bool wires) {
    struct pm_rram_cfg cfg = pm_rram_preset(0.132, 5);
    cfg.slc_sigma = 0.05;
    cfg.read_noise = 0.1;
    cfg.stuck_on = cfg.stuck_off = 0.01;
    cfg.drift = 0.01;
    cfg.time = 100;
    cfg.replica = !wires;
    cfg.wire = wires ? 1e-5 : 0;
    return cfg;
}

/* What the fast reads return, bit by bit; a rounded read where it has to be right. */
static void fast_reads_are_the_plain_ones(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (unsigned k = 0; k < 4; k++) {
            const unsigned rows = sizes[i].rows, cols = sizes[i].cols, cell = 1 + k % 2;
            const struct pm_rram_cfg cfg = drawn(k / 2);
            struct pm_rram *a = pm_rram_new(&cfg, 3, rows, cols, cell);
            uint8_t *states = draw_states(rows, cols, cell);
            static int32_t value[MAX_COLS], rounded[MAX_COLS], plain[MAX_COLS];
            pm_rram_program(a, states);
            for (uint32_t t = 0; t < 10; t++) {
                const struct pm_read_id id = {t, (uint16_t)(t % 8), 0};
                uint64_t wordlines[WORDS];
                draw_wordlines(wordlines);
                pm_rram_read_plain(a, wordlines, id, plain);
                pm_rram_read(a, wordlines, id, value);
                pm_rram_read_rounded(a, wordlines, id, rounded);
                assert_memory_equal(value, plain, cols * sizeof *value);
                for (unsigned c = 0; c < cols; c++)
                    assert_int_equal((rounded[c] + 128) >> 8, (plain[c] + 128) >> 8);
                const unsigned first = (unsigned)(next() % cols), n = 1 + (unsigned)(next() % (cols - first));
                rounded[n < MAX_COLS ? n : 0] = -7;
                pm_rram_read_columns(a, wordlines, id, first, n, rounded);
                assert_memory_equal(rounded, plain + first, n * sizeof *rounded);
                assert_true(n == MAX_COLS || rounded[n] == -7);
            }
            free(states);
            pm_rram_free(a);
        }
}

/* A cell's draws do not depend on the array's size: the corner of a large array is a small one. */
static void a_corner_is_a_small_array(void **state) {
    (void)state;
    enum { ROWS = 70, COLS = 140, LARGE_ROWS = 300, LARGE_COLS = 300 };
    const struct pm_rram_cfg cfg = drawn(false);
    struct pm_rram *small = pm_rram_new(&cfg, 9, ROWS, COLS, 2),
                   *large = pm_rram_new(&cfg, 9, LARGE_ROWS, LARGE_COLS, 2);
    uint8_t *states = draw_states(LARGE_ROWS, LARGE_COLS, 2), *corner = malloc(ROWS * COLS);
    for (unsigned r = 0; r < ROWS; r++)
        memcpy(corner + r * COLS, states + r * LARGE_COLS, COLS);
    pm_rram_program(small, corner);
    pm_rram_program(large, states);
    for (uint32_t t = 0; t < 50; t++) {
        uint64_t wordlines[WORDS] = {next(), next() & 63};
        int32_t value[COLS], wide[LARGE_COLS];
        pm_rram_read(small, wordlines, (struct pm_read_id){t, 1, 0}, value);
        pm_rram_read(large, wordlines, (struct pm_read_id){t, 1, 0}, wide);
        assert_memory_equal(value, wide, sizeof value);
    }
    free(states);
    free(corner);
    pm_rram_free(small);
    pm_rram_free(large);
}

static void sizes_out_of_range_are_refused(void **state) {
    (void)state;
    const struct pm_rram_cfg cfg = pm_rram_preset(0, 1);
    assert_null(pm_rram_new(&cfg, 0, 0, 1, 1));
    assert_null(pm_rram_new(&cfg, 0, 1, 0, 1));
    assert_null(pm_rram_new(&cfg, 0, PM_RRAM_MAX_ROWS + 1, 1, 1));
    assert_null(pm_rram_new(&cfg, 0, 1, PM_ARRAY_MAX_COLS + 1, 1));
    assert_null(pm_rram_new(&cfg, 0, 1, 1, 0));
    assert_null(pm_rram_new(&cfg, 0, 1, 1, 5));
    for (unsigned cell = 1; cell <= 4; cell++) {
        assert_null(pm_rram_new(&cfg, 0, most_rows(cell) + 1, 1, cell));
        struct pm_rram *a = pm_rram_new(&cfg, 0, most_rows(cell), 1, cell);
        assert_non_null(a);
        assert_int_equal(pm_rram_pulses(a), most_rows(cell));
        pm_rram_free(a);
    }
}

/* Rows of one state each, read alone: the deviation of column's values from the state, in LSB. */
struct spread {
    double error_rate, square, most, pulses;
};

static struct spread spread_of(const struct pm_rram_cfg *cfg, unsigned cell, unsigned state) {
    enum { R = 64, C = 512 };
    static uint8_t states[R * C];
    static int32_t value[C];
    struct spread s = {0};
    struct pm_rram *a = pm_rram_new(cfg, 7, R, C, cell);
    const int top = (1 << cell) - 1;
    memset(states, (int)state, sizeof states);
    pm_rram_program(a, states);
    for (unsigned r = 0; r < R; r++) {
        pm_rram_read(a, &(uint64_t){(uint64_t)1 << r}, (struct pm_read_id){0}, value);
        for (unsigned c = 0; c < C; c++) {
            const double off = value[c] / 256.0 - state;
            const int code = (value[c] + 128) >> 8;
            s.error_rate += (code < 0 ? 0 : code > top ? top : code) != (int)state;
            s.square += off * off;
            s.most = fmax(s.most, fabs(off));
        }
    }
    s.error_rate /= R * C;
    s.square /= R * C;
    s.pulses = (double)pm_rram_pulses(a) / (R * C);
    pm_rram_free(a);
    return s;
}

/* Standard deviation of one pulse, in LSB of the cell, as the conductance is proportional to what it should
 * be. */
static double one_pulse(double sigma, unsigned cell, unsigned state) {
    const double top = (1u << cell) - 1, off = 1 / 150.0;
    return sigma * (state + top * off / (1 - off));
}

/* Cells of 2, 3 and 4 bits at the same error of a pulse: how often one is nearer to another state, all states
 * alike. 4.04 % of 2 bits; the source has 7 times as many of more. */
static void more_bits_err_more_often(void **state) {
    (void)state;
    const struct pm_rram_cfg cfg = pm_rram_preset(PM_RRAM_SIGMA_CELL, 3);
    double rate[5] = {0};
    for (unsigned cell = 2; cell <= 4; cell++) {
        const unsigned levels = 1u << cell;
        double closed = 0;
        for (unsigned s = 0; s < levels; s++) {
            const double tail = erfc(0.5 / one_pulse(cfg.mlc_sigma, cell, s) / sqrt(2));
            closed += (s == 0 || s == levels - 1 ? tail / 2 : tail) / levels;
            rate[cell] += spread_of(&cfg, cell, s).error_rate / levels;
        }
        print_message(
            "# cells of %u bits at sigma %.3f: %.4f are nearer to another state, closed form %.4f\n", cell,
            cfg.mlc_sigma, rate[cell], closed);
        assert_true(fabs(rate[cell] - closed) < 0.003); /* 131,072 and more cells: 0.0014 at most */
    }
    assert_true(rate[3] > 5 * rate[2] && rate[3] < 7 * rate[2] && rate[4] > 10 * rate[2]);
}

/* Write-and-verify: pulses are a geometric distribution that ends at the most, the error a Gaussian cut at
 * what is allowed, but for the cells that ran out of pulses. Against closed forms, to both sides. */
static void verified_cells_are_within_their_bound(void **state) {
    (void)state;
    static const struct {
        double sigma, verify;
        unsigned cell, state, pulses;
    } cases[] = {{0.132, 0.25, 2, 3, 1000}, {0.132, 0.25, 2, 3, 2},  {0.132, 0.25, 2, 1, 16},
                 {0.2, 0.1, 1, 1, 1000},    {0.132, 0.25, 4, 15, 8}, {0.132, 0.5, 3, 5, 1},
                 {0, 0.1, 2, 3, 16}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pm_rram_cfg cfg = pm_rram_preset(cases[i].sigma, 9);
        cfg.slc_sigma = cases[i].sigma;
        cfg.verify = cases[i].verify;
        cfg.pulses = cases[i].pulses;
        const struct spread s = spread_of(&cfg, cases[i].cell, cases[i].state);
        if (cases[i].sigma <= 0) {
            assert_true(s.square <= 0 && s.pulses <= 1);
            continue;
        }
        const double sd = one_pulse(cases[i].sigma, cases[i].cell, cases[i].state), t = cases[i].verify / sd;
        const double p = erf(t / sqrt(2)), missed = pow(1 - p, cases[i].pulses);
        const double inside = 1 - 2 * t * exp(-t * t / 2) / sqrt(2 * acos(-1)) / p, all = 1;
        const double square = sd * sd * ((1 - missed) * inside + missed * (all - p * inside) / (1 - p));
        const double pulses = (1 - missed) / p;
        print_message(
            "# verify %.2f LSB, at most %u pulses, %u bits, state %u, sigma %.3f: %.3f pulses a cell, closed "
            "form %.3f; error %.4f LSB rms, closed form %.4f\n",
            cases[i].verify, cases[i].pulses, cases[i].cell, cases[i].state, cases[i].sigma, s.pulses, pulses,
            sqrt(s.square), sqrt(square));
        assert_true(fabs(s.pulses - pulses) < 0.03 * pulses); /* 32,768 cells: 0.6 % */
        assert_true(fabs(s.square - square) < 0.05 * square);
        assert_true(cases[i].pulses < 100 || s.most <= cases[i].verify + 1.0 / 512 + 1e-4);
    }
    /* A stuck cell takes all its pulses, and stays what it is. */
    struct pm_rram_cfg cfg = pm_rram_preset(0, 9);
    cfg.stuck_on = 1;
    cfg.verify = 0.1;
    cfg.pulses = 5;
    assert_true(fabs(spread_of(&cfg, 2, 0).pulses - 5) < 1e-9 && spread_of(&cfg, 2, 3).pulses <= 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nominal_reads_are_sums),    cmocka_unit_test(fast_reads_are_the_plain_ones),
        cmocka_unit_test(a_corner_is_a_small_array), cmocka_unit_test(sizes_out_of_range_are_refused),
        cmocka_unit_test(more_bits_err_more_often),  cmocka_unit_test(verified_cells_are_within_their_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
