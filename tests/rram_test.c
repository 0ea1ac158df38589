// SPDX-License-Identifier: Apache-2.0
/* RRAM arrays of any size: the fast read and the plain one, brute force on the states, and a small array as
 * the corner of a large one. */
#include "analog/rram.h"

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
        for (unsigned cell = 1; cell <= 2; cell++) {
            const unsigned rows = sizes[i].rows, cols = sizes[i].cols;
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
    assert_null(pm_rram_new(&cfg, 0, 1, 1, 3));
    struct pm_rram *a = pm_rram_new(&cfg, 0, PM_RRAM_MAX_ROWS, 1, 2);
    assert_non_null(a);
    pm_rram_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nominal_reads_are_sums),
        cmocka_unit_test(fast_reads_are_the_plain_ones),
        cmocka_unit_test(a_corner_is_a_small_array),
        cmocka_unit_test(sizes_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
