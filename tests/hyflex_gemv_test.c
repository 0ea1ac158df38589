// SPDX-License-Identifier: Apache-2.0
#include "crossbar.h"
#include "hyflex_gemv.h"
#include "kernels/simd.h"

#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t rng = 1;
static const uint64_t all = UINT64_MAX; /* wordlines */

static unsigned next(unsigned n) {
    rng ^= rng >> 12;
    rng ^= rng << 25;
    rng ^= rng >> 27;
    return (unsigned)((rng * 0x2545F4914F6CDD1Du >> 33) % n);
}

static int8_t random_weight(int kind) {
    static const int8_t edge[] = {-128, 127, 0, -1, 1};
    return kind == 0 ? edge[next(5)] : (int8_t)((int)next(256) - 128);
}

/* Independent oracle: the dot product, in the mathematics' own order. */
static int32_t dot(const int8_t *x, const int8_t *w, unsigned rows, unsigned outputs, unsigned m) {
    int64_t sum = 0;
    for (unsigned d = 0; d < rows; d++)
        sum += (int64_t)x[d] * w[(size_t)d * outputs + m];
    return (int32_t)sum;
}

struct shape {
    unsigned rows, outputs;
};
static const struct shape shapes[] = {{1, 1},   {1, 16},   {64, 16},  {64, 32},  {63, 17},
                                      {65, 31}, {128, 64}, {192, 33}, {200, 40}, {7, 100}};

static void exact_settings_give_the_dot_product(void **state) {
    (void)state;
    static const struct {
        unsigned cell, adc;
        bool flip;
    } exact[] = {{1, 6, true}, {1, 7, true}, {1, 0, true},   {1, 7, false}, {1, 0, false},
                 {2, 7, true}, {2, 0, true}, {2, 0, false},  {3, 8, true},  {3, 9, false},
                 {3, 0, true}, {4, 9, true}, {4, 10, false}, {4, 0, true}};
    for (size_t e = 0; e < sizeof exact / sizeof *exact; e++)
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
            for (int kind = 0; kind < 2; kind++) {
                const unsigned rows = shapes[s].rows, outputs = shapes[s].outputs;
                struct pm_hyflex_cfg cfg = pm_hyflex_default();
                cfg.cell = exact[e].cell;
                cfg.adc = exact[e].adc;
                cfg.flip = exact[e].flip;
                int8_t w[200 * 100], x[200];
                int32_t y[100], plain[100];
                for (unsigned i = 0; i < rows * outputs; i++)
                    w[i] = random_weight(kind);
                struct pm_hyflex *h;
                assert_int_equal(pm_hyflex_new(&cfg, w, rows, outputs, 0, &h), PM_OK);
                struct pm_hyflex_cost cost = {0}, plain_cost = {0};
                for (uint32_t v = 0; v < 3; v++) {
                    for (unsigned d = 0; d < rows; d++)
                        x[d] = v == 0 ? -128 : random_weight(kind);
                    pm_hyflex_gemv(h, x, v, y, &cost);
                    pm_hyflex_gemv_plain(h, x, v, plain, &plain_cost);
                    for (unsigned m = 0; m < outputs; m++) {
                        assert_int_equal(plain[m], dot(x, w, rows, outputs, m));
                        assert_int_equal(y[m], plain[m]);
                    }
                }
                assert_int_equal(cost.wrong, 0);
                assert_memory_equal(&cost, &plain_cost, sizeof cost);
                const unsigned per = 128 / ((8 + cfg.cell - 1) / cfg.cell);
                const uint64_t tiles = (rows + 63) / 64 * ((outputs + per - 1) / per);
                assert_int_equal(cost.array_reads, 3 * 8 * tiles);
                assert_int_equal(cost.conversions, 3 * 8 * 128 * tiles);
                pm_hyflex_free(h);
            }
}

/* Literal mode: a column sum of 64 or more clips at 63, of 128 or more at 127; nothing else does. */
static void literal_mode_clips_where_sums_exceed_the_code(void **state) {
    (void)state;
    for (unsigned cell = 1; cell <= 2; cell++)
        for (unsigned rows = 60; rows <= 64; rows++) {
            struct pm_hyflex_cfg cfg = pm_hyflex_default();
            cfg.cell = cell;
            cfg.adc = 5 + cell;
            cfg.flip = false;
            int8_t w[64], x[64];
            memset(w, 127, sizeof w); /* all columns are ones */
            memset(x, -1, sizeof x);  /* all planes are ones */
            struct pm_hyflex *h;
            struct pm_hyflex_cost cost = {0};
            int32_t y;
            assert_int_equal(pm_hyflex_new(&cfg, w, rows, 1, 0, &h), PM_OK);
            pm_hyflex_gemv(h, x, 0, &y, &cost);
            const unsigned sum = rows * ((1u << cell) - 1), top = (1u << cfg.adc) - 1;
            assert_int_equal(cost.wrong, sum > top ? 8 * 8 / cell : 0);
            /* The result is -1 times what the clipped columns say of the weights. */
            const int clipped = (int)(sum > top ? top : sum);
            const int t = (cell == 1 ? 255 : 85) * clipped - 128 * (int)rows;
            assert_int_equal(y, -t);
            pm_hyflex_free(h);
        }
}

/* 2-bit cells at 6 bits clip above 63 even with flip. */
static void flip_at_six_bits_is_exact_for_slc_only(void **state) {
    (void)state;
    struct pm_hyflex_cfg cfg = pm_hyflex_default();
    cfg.cell = 2;
    int8_t w[64], x[64];
    /* Lowest slice 1,1,1,..,2,2: sum 64 + 16 = 80 <= 96 is not flipped. */
    for (int d = 0; d < 64; d++)
        w[d] = (int8_t)((d < 16 ? 2 : 1) - 128);
    memset(x, 1, sizeof x);
    struct pm_hyflex *h;
    struct pm_hyflex_cost cost = {0};
    int32_t y;
    assert_int_equal(pm_hyflex_new(&cfg, w, 64, 1, 0, &h), PM_OK);
    pm_hyflex_gemv(h, x, 0, &y, &cost);
    assert_int_equal(cost.wrong, 1);
    assert_int_equal(y, 63 - 128 * 64);
    pm_hyflex_free(h);
}

/* Flip ties: a column that is exactly half full is stored as it is. */
static void flip_decides_above_half(void **state) {
    (void)state;
    struct pm_hyflex_cfg cfg = pm_hyflex_default();
    for (unsigned ones = 31; ones <= 33; ones++) {
        int8_t w[64];
        for (unsigned d = 0; d < 64; d++)
            w[d] = d < ones ? -127 : -128;
        struct pm_hyflex *h;
        assert_int_equal(pm_hyflex_new(&cfg, w, 64, 1, 0, &h), PM_OK);
        assert_int_equal(pm_hyflex_tile(h, 0, 0)->flip[0], ones > 32);
        uint16_t count[128];
        pm_rram_count(pm_hyflex_tile(h, 0, 0)->array, &all, count);
        assert_int_equal(count[0], ones > 32 ? 64 - ones : ones);
        pm_hyflex_free(h);
    }
}

static struct pm_hyflex_cfg noisy(unsigned variant) {
    struct pm_hyflex_cfg cfg = pm_hyflex_default();
    cfg.cell = 1 + variant % 2;
    cfg.adc = 5 + cfg.cell;
    cfg.flip = variant / 2 % 2;
    cfg.sars = 1u << variant % 4;
    cfg.rram = pm_rram_preset(PM_RRAM_SIGMA_CELL, 11);
    cfg.rram.slc_sigma = 0.05;
    if (variant & 4) {
        cfg.rram.read_noise = 0.02;
        cfg.rram.replica = false;
        cfg.rram.stuck_on = 0.001;
        cfg.rram.stuck_off = 0.002;
        cfg.rram.wire = 2e-5;
    }
    if (variant & 8) {
        cfg.rram.drift = 0.005;
        cfg.rram.time = 1e6;
        cfg.sar = (struct pm_sar_cfg){.cap_sigma = 0.02, .offset = 0.3, .noise = 0.1, .seed = 12};
    }
    return cfg;
}

/* The fast path and the plain one draw and round alike; and noise did change something. */
static void fast_path_equals_plain(void **state) {
    (void)state;
    for (unsigned variant = 0; variant < 16; variant++) {
        const struct pm_hyflex_cfg cfg = noisy(variant);
        const unsigned rows = 70, outputs = 37;
        int8_t w[70 * 37], x[70];
        int32_t y[37], plain[37];
        unsigned moved = 0;
        for (unsigned i = 0; i < rows * outputs; i++)
            w[i] = random_weight(1);
        struct pm_hyflex *h;
        assert_int_equal(pm_hyflex_new(&cfg, w, rows, outputs, 9, &h), PM_OK);
        struct pm_hyflex_cost cost = {0}, plain_cost = {0};
        for (uint32_t v = 0; v < 20; v++) {
            for (unsigned d = 0; d < rows; d++)
                x[d] = random_weight(v % 2);
            pm_hyflex_gemv(h, x, v, y, &cost);
            pm_hyflex_gemv_plain(h, x, v, plain, &plain_cost);
            assert_memory_equal(y, plain, sizeof y);
            for (unsigned m = 0; m < outputs; m++)
                moved += y[m] != dot(x, w, rows, outputs, m);
        }
        assert_memory_equal(&cost, &plain_cost, sizeof cost);
        assert_true(moved > 20 && cost.wrong > 20);
        pm_hyflex_free(h);
    }
}

/* Every path and instruction set, with many vectors and one: integers, wrong codes and the other costs of the
 * plain form. */
static void check_paths(struct pm_hyflex_cfg cfg, const int8_t *w, struct shape shape, const int8_t *x,
                        unsigned n, bool exact) {
    const unsigned rows = shape.rows, outputs = shape.outputs;
    const size_t size = (size_t)n * outputs * sizeof(int32_t);
    int32_t *plain = malloc(size), *y = malloc(size);
    assert_true(plain != NULL && y != NULL);
    struct pm_hyflex *h;
    struct pm_hyflex_cost plain_cost = {0};
    cfg.path = PM_PATH_PLAIN;
    assert_int_equal(pm_hyflex_new(&cfg, w, rows, outputs, 5, &h), PM_OK);
    assert_int_equal(pm_hyflex_gemm(h, x, rows, n, 3, plain, &plain_cost), PM_OK);
    pm_hyflex_free(h);
    for (cfg.path = PM_PATH_BEST; cfg.path < PM_PATHS; cfg.path++)
        for (cfg.isa = PM_ISA_BEST; cfg.isa < PM_ISAS; cfg.isa++) {
            const pm_status status = pm_hyflex_new(&cfg, w, rows, outputs, 5, &h);
            if (pm_kernels(cfg.isa) == NULL || (cfg.path == PM_PATH_EXACT && !exact)) {
                assert_int_equal(status, PM_EINVAL);
                continue;
            }
            assert_int_equal(status, PM_OK);
            struct pm_hyflex_cost cost = {0}, one_cost = {0};
            assert_int_equal(pm_hyflex_gemm(h, x, rows, n, 3, y, &cost), PM_OK);
            assert_memory_equal(y, plain, size);
            assert_memory_equal(&cost, &plain_cost, sizeof cost);
            for (unsigned v = 0; v < 3; v++)
                pm_hyflex_gemv(h, x + (size_t)v * rows, 3 + v, y + (size_t)v * outputs, &one_cost);
            assert_memory_equal(y, plain, 3 * outputs * sizeof *y);
            assert_int_equal(one_cost.vectors, 3);
            assert_int_equal(one_cost.cycles * n, plain_cost.cycles * 3);
            pm_hyflex_free(h);
        }
    free(plain);
    free(y);
}

static void paths_equal_plain(void **state) {
    (void)state;
    static const struct shape some[] = {{64, 9}, {130, 20}, {70, 40}};
    static const unsigned vectors[] = {260, 70, 16};
    int8_t *w = malloc(70 * 40), *x = malloc(260 * 64);
    assert_true(w != NULL && x != NULL);
    uint64_t wrong = 0;
    for (unsigned kind = 0; kind < 3; kind++)
        for (unsigned setting = 0; setting < 12; setting++) {
            struct pm_hyflex_cfg cfg = pm_hyflex_default();
            cfg.cell = 1 + setting % 2;
            cfg.flip = setting / 2 % 2 == 0;
            cfg.adc = setting / 4 == 0 ? 0 : 5 + setting / 4;
            const struct shape s = some[(kind + setting) % 3];
            const unsigned n = vectors[(kind + setting) % 3];
            for (unsigned i = 0; i < s.rows * s.outputs; i++) /* 2: whole columns alike, and full sums */
                w[i] = kind == 2 ? (i % s.outputs % 2 ? 127 : -128) : random_weight((int)kind);
            for (unsigned i = 0; i < s.rows * n; i++)
                x[i] = kind == 2 && i % 3 ? -1 : random_weight((int)kind);
            const unsigned largest = 64 * ((1u << cfg.cell) - 1) / (cfg.flip ? 2 : 1);
            check_paths(cfg, w, s, x, n, cfg.adc == 0 || largest < 1u << cfg.adc);
            struct pm_hyflex *h;
            struct pm_hyflex_cost cost = {0};
            int32_t *y = malloc(n * s.outputs * sizeof *y);
            assert_non_null(y);
            assert_int_equal(pm_hyflex_new(&cfg, w, s.rows, s.outputs, 5, &h), PM_OK);
            assert_int_equal(pm_hyflex_gemm(h, x, s.rows, n, 3, y, &cost), PM_OK);
            wrong += cost.wrong;
            pm_hyflex_free(h);
            free(y);
            if (setting >= 4)
                continue;
            cfg.adc = 7; /* drawn cells, and converters that are not ideal */
            cfg.rram = pm_rram_preset(0.1, 7);
            cfg.rram.slc_sigma = 0.1;
            cfg.rram.read_noise = kind == 0 ? 0 : 0.1 * kind * kind;
            cfg.sar.noise = kind == 2 ? 0.5 : 0;
            check_paths(cfg, w, s, x, n < 17 ? n : 17, false);
        }
    assert_true(wrong > 1000);
    free(w);
    free(x);
}

/* Column c goes to converter c mod sars, each with its own offset. */
static void columns_have_their_converters(void **state) {
    (void)state;
    struct pm_hyflex_cfg cfg = pm_hyflex_default();
    cfg.sars = 8;
    cfg.sar = (struct pm_sar_cfg){.offset = 2, .seed = 3};
    int8_t w[64 * 16], x[64];
    for (size_t i = 0; i < sizeof w; i++)
        w[i] = random_weight(1);
    memset(x, -1, sizeof x);
    struct pm_hyflex *h;
    assert_int_equal(pm_hyflex_new(&cfg, w, 64, 16, 0, &h), PM_OK);
    const struct pm_hyflex_tile *t = pm_hyflex_tile(h, 0, 0);
    uint64_t wordlines[8];
    int32_t code[8 * PM_HYFLEX_COLS], acc[16];
    uint16_t count[PM_HYFLEX_COLS];
    pm_hyflex_tile_stages(h, t, x, 0, wordlines, code, acc);
    pm_rram_count(t->array, &all, count);
    bool differ = false;
    for (unsigned c = 0; c < PM_HYFLEX_COLS; c++) {
        const struct pm_read_id id = {.access = (uint16_t)c};
        assert_int_equal(code[c], pm_sar_convert(&t->sar[c % 8], 6, 256 * count[c], id));
        differ = differ || code[c] != (int32_t)pm_sar_convert(&t->sar[0], 6, 256 * count[c], id);
    }
    assert_true(differ);
    pm_hyflex_free(h);
}

/* A zero plane and noise: no active cell, no noise, no error. */
static void no_active_row_reads_zero(void **state) {
    (void)state;
    struct pm_hyflex_cfg cfg = noisy(5);
    cfg.rram.read_noise = 3;
    int8_t w[64] = {5}, x[64] = {0};
    struct pm_hyflex *h;
    int32_t y;
    struct pm_hyflex_cost cost = {0};
    assert_int_equal(pm_hyflex_new(&cfg, w, 64, 1, 0, &h), PM_OK);
    pm_hyflex_gemv(h, x, 0, &y, &cost);
    assert_int_equal(y, 0);
    assert_int_equal(cost.wrong, 0);
    pm_hyflex_free(h);
}

/* HyFlexPIM's cell error rate: 2-bit cells of sigma 0.132, uniform levels, read one at a time: 4.04%. */
static void cell_error_rate_is_the_papers(void **state) {
    (void)state;
    const struct pm_rram_cfg cfg = pm_rram_preset(PM_RRAM_SIGMA_CELL, 3);
    uint8_t levels[PM_HYFLEX_ROWS * PM_HYFLEX_COLS];
    unsigned errors = 0, cells = 0, low = 0;
    for (size_t i = 0; i < sizeof levels; i++)
        levels[i] = (uint8_t)(i % 4);
    for (uint32_t id = 0; id < 20; id++) {
        struct pm_rram *a = pm_rram_new(&cfg, id, PM_HYFLEX_ROWS, PM_HYFLEX_COLS, 2);
        pm_rram_program(a, levels);
        for (unsigned r = 0; r < PM_HYFLEX_ROWS; r++) {
            int32_t value[PM_HYFLEX_COLS];
            pm_rram_read(a, &(uint64_t){(uint64_t)1 << r}, (struct pm_read_id){0}, value);
            for (unsigned c = 0; c < PM_HYFLEX_COLS; c++, cells++) {
                const int code = (value[c] + 128) >> 8, level = levels[r * PM_HYFLEX_COLS + c];
                errors += (code < 0 ? 0 : code > 3 ? 3 : code) != level;
                low += level == 0 && code != 0;
            }
        }
        pm_rram_free(a);
    }
    const double rate = (double)errors / cells;
    assert_true(rate > 0.0385 && rate < 0.0425); /* 163,840 cells: standard deviation 0.05% */
    assert_int_equal(low, 0);
}

/* Without a replica column each active row adds g_off: (2^m - 1) / 149 of an LSB. */
static void replica_removes_the_off_current(void **state) {
    (void)state;
    for (unsigned cell = 1; cell <= 2; cell++) {
        struct pm_rram_cfg cfg = pm_rram_preset(0, 0);
        cfg.replica = false;
        struct pm_rram *a = pm_rram_new(&cfg, 0, PM_HYFLEX_ROWS, PM_HYFLEX_COLS, cell);
        int32_t value[PM_HYFLEX_COLS];
        pm_rram_read(a, &all, (struct pm_read_id){0}, value);
        assert_int_equal(value[0], (int)floor(256 * 64 * ((1 << cell) - 1) / 149.0 + 0.5));
        pm_rram_free(a);
    }
}

/* Column read noise grows with the square root of the active rows. */
static void read_noise_has_its_size(void **state) {
    (void)state;
    struct pm_rram_cfg cfg = pm_rram_preset(0, 4);
    cfg.read_noise = 0.5;
    struct pm_rram *a = pm_rram_new(&cfg, 0, PM_HYFLEX_ROWS, PM_HYFLEX_COLS, 1);
    for (unsigned lines = 4; lines <= 64; lines *= 4) {
        double square = 0;
        for (uint32_t v = 0; v < 100; v++) {
            int32_t value[PM_HYFLEX_COLS];
            const uint64_t on = lines == 64 ? UINT64_MAX : ((uint64_t)1 << lines) - 1;
            pm_rram_read(a, &on, (struct pm_read_id){.vector = v}, value);
            for (unsigned c = 0; c < PM_HYFLEX_COLS; c++)
                square += value[c] / 256.0 * value[c] / 256.0;
        }
        const double sd = sqrt(square / (100 * PM_HYFLEX_COLS)), want = 0.5 * sqrt(lines);
        assert_true(sd > 0.97 * want && sd < 1.03 * want); /* 12,800 draws: 0.6% */
    }
    pm_rram_free(a);
}

/* 64 active rows of ones under programming errors and read noise: conversions that err, as the fast path
 * counts them, against the closed form, five standard errors to both sides. */
static void noise_errs_as_often_as_it_should(void **state) {
    (void)state;
    enum { Rows = 64, Outputs = 256, Vectors = 64 };
    static int8_t w[Rows * Outputs], x[Rows * Vectors];
    static int32_t y[Vectors * Outputs];
    memset(w, 127, sizeof w);
    memset(x, -1, sizeof x); /* all planes read all rows */
    for (unsigned programmed = 0; programmed < 2; programmed++)
        for (unsigned sigmas = 2; sigmas <= 4 - programmed; sigmas++) {
            struct pm_hyflex_cfg cfg = pm_hyflex_default();
            struct pm_hyflex_cost cost = {0};
            const double sd = 0.5 / sigmas;
            cfg.flip = false;
            cfg.adc = 7; /* holds 64 and what is above */
            cfg.rram.read_noise = programmed ? 0 : sd / 8;
            cfg.rram.slc_sigma = programmed ? sd / 8 * 149 / 150 : 0; /* of g_on; an LSB is g_on - g_off */
            for (unsigned id = 0; id < (programmed ? 16 : 1); id++) {
                struct pm_hyflex *h;
                assert_int_equal(pm_hyflex_new(&cfg, w, Rows, Outputs, 100 * id, &h), PM_OK);
                assert_int_equal(pm_hyflex_gemm(h, x, Rows, programmed ? 1 : Vectors, 0, y, &cost), PM_OK);
                pm_hyflex_free(h);
            }
            /* Cells programmed once err in all planes alike: a column is one draw. */
            const double each = programmed ? 8 : 1, n = (double)cost.conversions / each;
            const double p =
                (erfc((0.5 - 1.0 / 512) / sd / sqrt(2)) + erfc((0.5 + 1.0 / 512) / sd / sqrt(2))) / 2;
            const double got = (double)cost.wrong / each;
            print_message("# %s, %u sigmas: %.0f errors of %.0f, closed form %.1f\n",
                          programmed ? "programming" : "read noise", sigmas, got, n, p * n);
            assert_true(p * n > 50 && fabs(got - p * n) < 5 * sqrt(p * n * (1 - p)));
        }
}

static void stuck_cells_and_drift(void **state) {
    (void)state;
    struct pm_rram_cfg cfg = pm_rram_preset(0, 4);
    cfg.stuck_on = 0.01;
    cfg.stuck_off = 0.03;
    struct pm_rram *a = pm_rram_new(&cfg, 0, PM_HYFLEX_ROWS, PM_HYFLEX_COLS, 1);
    uint8_t ones[PM_HYFLEX_ROWS * PM_HYFLEX_COLS];
    memset(ones, 1, sizeof ones);
    int on = 0, off = 0;
    for (unsigned r = 0; r < PM_HYFLEX_ROWS; r++) {
        int32_t value[PM_HYFLEX_COLS];
        pm_rram_read(a, &(uint64_t){(uint64_t)1 << r}, (struct pm_read_id){0}, value);
        for (unsigned c = 0; c < PM_HYFLEX_COLS; c++)
            on += value[c] == 256;
    }
    pm_rram_program(a, ones);
    for (unsigned r = 0; r < PM_HYFLEX_ROWS; r++) {
        int32_t value[PM_HYFLEX_COLS];
        pm_rram_read(a, &(uint64_t){(uint64_t)1 << r}, (struct pm_read_id){0}, value);
        for (unsigned c = 0; c < PM_HYFLEX_COLS; c++)
            off += value[c] == 0;
    }
    pm_rram_free(a);
    assert_in_range(on, 50, 115);   /* 82 of 8192 */
    assert_in_range(off, 195, 300); /* 246 */
    cfg = pm_rram_preset(0, 4);
    cfg.drift = 0.1;
    cfg.time = 1000; /* 10^-0.3 = 0.501 */
    a = pm_rram_new(&cfg, 0, PM_HYFLEX_ROWS, PM_HYFLEX_COLS, 1);
    pm_rram_program(a, ones);
    int32_t value[PM_HYFLEX_COLS];
    pm_rram_read(a, &all, (struct pm_read_id){0}, value);
    /* 64 cells, each rounded to 2^-16 LSB: up to an eighth of 1/256 LSB in all. */
    const double want = 64 * 256 * pow(10, -0.3);
    assert_true(fabs(value[0] - want) < 0.5 + 0.125);
    pm_rram_free(a);
}

static void plane_clocks_follow_the_slower_part(void **state) {
    (void)state;
    struct pm_hyflex_cfg cfg = pm_hyflex_default();
    assert_int_equal(pm_hyflex_plane_clocks(&cfg), 1024);
    cfg.adc = 7;
    assert_int_equal(pm_hyflex_plane_clocks(&cfg), 1152);
    cfg.sars = 8;
    assert_int_equal(pm_hyflex_plane_clocks(&cfg), 144);
    cfg.read_clocks = 200;
    assert_int_equal(pm_hyflex_plane_clocks(&cfg), 200);
}

/* Wire resistance: against the exact network the model, which treats wordlines and bitlines one after the
 * other, is off by a small part of what the wires take. One active row with one conducting column: a series
 * circuit. */
static void wires_take_their_share(void **state) {
    (void)state;
    enum { R = PM_HYFLEX_ROWS, C = PM_HYFLEX_COLS };
    struct pm_rram_cfg cfg = pm_rram_preset(0, 0);
    cfg.on_off = 1e6;
    cfg.wire = 0.005;
    uint8_t cells[R * C] = {0};
    int32_t value[C], plain[C];
    cells[40 * C + 50] = 1;
    struct pm_rram *a = pm_rram_new(&cfg, 0, PM_HYFLEX_ROWS, PM_HYFLEX_COLS, 1);
    pm_rram_program(a, cells);
    pm_rram_read(a, &(uint64_t){(uint64_t)1 << 40}, (struct pm_read_id){0}, value);
    assert_int_equal(value[50], (int)floor(256 / (1 + 0.005 * (41 + 51)) + 0.5));
    pm_rram_free(a);

    cfg.on_off = 150;
    cfg.wire = 1e-5;
    double *g = malloc(R * PM_CROSSBAR_COLS * sizeof *g), current[PM_CROSSBAR_COLS];
    for (unsigned r = 0; r < R; r++)
        for (unsigned c = 0; c <= C; c++) {
            const unsigned on = c < C && next(2);
            if (c < C)
                cells[r * C + c] = (uint8_t)on;
            g[r * PM_CROSSBAR_COLS + c] = on ? 1 : 1 / 150.0;
        }
    a = pm_rram_new(&cfg, 0, PM_HYFLEX_ROWS, PM_HYFLEX_COLS, 1);
    pm_rram_program(a, cells);
    uint64_t wordlines = 0;
    for (unsigned r = 0; r < R; r++)
        wordlines |= (uint64_t)next(2) << r;
    assert_true(pm_crossbar_solve(cfg.wire, g, wordlines, current));
    pm_rram_read(a, &wordlines, (struct pm_read_id){0}, value);
    pm_rram_read_plain(a, &wordlines, (struct pm_read_id){0}, plain);
    assert_memory_equal(value, plain, sizeof value);
    double taken = 0, error = 0;
    for (unsigned c = 0; c < C; c++) {
        double sum = 0;
        for (unsigned r = 0; r < R; r++)
            sum += wordlines >> r & 1 ? cells[r * C + c] : 0;
        const double exact = (current[c] - current[C]) / (1 - 1 / 150.0);
        taken += sum - exact;
        error += fabs(value[c] / 256.0 - exact);
    }
    print_message("# wires at 1e-5 R_on take %.3f LSB of a column; the model is off by %.4f\n", taken / C,
                  error / C);
    assert_true(taken / C > 0.3 && taken / C < 1.5);
    assert_true(error < 0.05 * taken);
    pm_rram_free(a);
    free(g);
}

static void bad_settings_are_refused(void **state) {
    (void)state;
    const int8_t w[1] = {1};
    struct pm_hyflex *h;
    struct pm_hyflex_cfg c = pm_hyflex_default();
    c.cell = 5;
    assert_int_equal(pm_hyflex_new(&c, w, 1, 1, 0, &h), PM_EINVAL);
    c = pm_hyflex_default();
    c.adc = 5;
    assert_int_equal(pm_hyflex_check(&c), PM_EINVAL);
    c.adc = 11;
    assert_int_equal(pm_hyflex_check(&c), PM_EINVAL);
    c = pm_hyflex_default();
    c.rram.pulses = 0;
    assert_int_equal(pm_hyflex_check(&c), PM_EINVAL);
    c = pm_hyflex_default();
    c.rram.verify = 0.6;
    assert_int_equal(pm_hyflex_check(&c), PM_EINVAL);
    c = pm_hyflex_default();
    c.sars = 3;
    assert_int_equal(pm_hyflex_check(&c), PM_EINVAL);
    c = pm_hyflex_default();
    c.read_clocks = 0;
    assert_int_equal(pm_hyflex_check(&c), PM_EINVAL);
    c = pm_hyflex_default();
    c.rram.wire = 0.02;
    assert_int_equal(pm_hyflex_check(&c), PM_EINVAL);
    c = pm_hyflex_default();
    c.rram.on_off = 1;
    assert_int_equal(pm_hyflex_check(&c), PM_EINVAL);
    c = pm_hyflex_default();
    c.adc = 0;
    c.sar.noise = 0.1;
    assert_int_equal(pm_hyflex_check(&c), PM_EINVAL);
    c = pm_hyflex_default();
    assert_int_equal(pm_hyflex_new(&c, w, 0, 1, 0, &h), PM_EINVAL);
    assert_int_equal(pm_hyflex_new(&c, w, 1, 0, 0, &h), PM_EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_settings_give_the_dot_product),
        cmocka_unit_test(literal_mode_clips_where_sums_exceed_the_code),
        cmocka_unit_test(flip_at_six_bits_is_exact_for_slc_only),
        cmocka_unit_test(flip_decides_above_half),
        cmocka_unit_test(fast_path_equals_plain),
        cmocka_unit_test(paths_equal_plain),
        cmocka_unit_test(columns_have_their_converters),
        cmocka_unit_test(no_active_row_reads_zero),
        cmocka_unit_test(cell_error_rate_is_the_papers),
        cmocka_unit_test(replica_removes_the_off_current),
        cmocka_unit_test(read_noise_has_its_size),
        cmocka_unit_test(noise_errs_as_often_as_it_should),
        cmocka_unit_test(stuck_cells_and_drift),
        cmocka_unit_test(plane_clocks_follow_the_slower_part),
        cmocka_unit_test(wires_take_their_share),
        cmocka_unit_test(bad_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
