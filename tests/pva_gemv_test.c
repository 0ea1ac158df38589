// SPDX-License-Identifier: Apache-2.0
/* Place-value-aware accumulation against the definition, access by access, and the integer product. */
#include "pva_gemv.h"

#include "kernels/simd.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t rng = 1;

static int64_t next(int64_t lo, int64_t hi) {
    rng ^= rng >> 12;
    rng ^= rng << 25;
    rng ^= rng >> 27;
    return lo + (int64_t)((rng * 0x2545F4914F6CDD1Du >> 16) % (uint64_t)(hi - lo + 1));
}

enum { ROWS = 600, OUTPUTS = 70, VECTORS = 2 };

struct data {
    struct pm_pva_cfg cfg;
    unsigned rows, outputs;
    int16_t w[ROWS * OUTPUTS];
    int32_t x[VECTORS * ROWS];
};

static int lowest(const struct data *d) {
    return d->cfg.is_signed ? -(1 << (d->cfg.xbits - 1)) : 0;
}

/* kind 0: anything; 1: ends of the ranges; 2: small weights and sparse inputs, as after a ReLU. */
static void fill(struct data *d, unsigned kind) {
    const int half = 1 << (d->cfg.wbits - 1), lo = lowest(d), hi = lo + (1 << d->cfg.xbits) - 1;
    for (unsigned i = 0; i < d->rows * d->outputs; i++)
        d->w[i] = (int16_t)(kind == 1   ? (next(0, 1) ? -half : half - 1)
                            : kind == 2 ? next(-half, half - 1) / 4
                                        : next(-half, half - 1));
    for (unsigned i = 0; i < VECTORS * d->rows; i++)
        d->x[i] = (int32_t)(kind == 1   ? (next(0, 2) ? lo : hi)
                            : kind == 2 ? (next(0, 1) ? 0 : next(lo, hi) / 2)
                                        : next(lo, hi));
}

static void random_table(struct pm_pva_cfg *c) {
    for (unsigned s = 0; s < PM_PVA_MAX_PLACES; s++) {
        const unsigned k = (unsigned)next(0, 3), least = 8u << k;
        c->place[s] = (struct pm_pva_place){(uint16_t)next(least, next(0, 1) ? 3 * least : 512), (uint8_t)k};
    }
}

/* The oracle: the contract's sentences in its own order, a comparator at a time. */
static int comparators(long sum_q8, unsigned k) {
    int on = 0;
    for (long c = 0; c <= 30; c++)
        on += sum_q8 >= (2 * c + 1) << (7 + k);
    return on;
}

static int digit_of(int v, unsigned j) {
    static const int power[] = {1, 4, 16, 64};
    return v / power[j] % 4;
}

static int64_t by_definition(const struct data *d, const int32_t *x, unsigned m, uint64_t *accesses,
                             uint64_t *clips, double *bound) {
    const struct pm_pva_cfg *c = &d->cfg;
    const int half = 1 << (c->wbits - 1);
    int64_t y = 0;
    *accesses = 0;
    *bound = 0;
    for (unsigned tile = 0; tile < d->rows; tile += c->rows)
        for (unsigned i = 0; i < c->xbits; i++)
            for (unsigned j = 0; j < (c->wbits + 1) / 2; j++) {
                const unsigned s = i + 2 * j, n = c->place[s].n, k = c->place[s].k;
                const unsigned end = tile + c->rows < d->rows ? tile + c->rows : d->rows;
                for (unsigned first = tile; first < end; first += n, ++*accesses) {
                    long sum[2] = {0, 0};
                    for (unsigned r = first; r < first + n && r < end; r++) {
                        const int w = d->w[r * d->outputs + m];
                        const unsigned bits = (unsigned)x[r];
                        if (!(bits >> i & 1))
                            continue;
                        if (c->coding == PM_PVA_OFFSET) {
                            sum[0] += digit_of(w + half, j);
                        } else {
                            sum[0] += digit_of(w > 0 ? w : 0, j);
                            sum[1] += digit_of(w < 0 ? -w : 0, j);
                        }
                    }
                    for (int column = 0; column < (c->coding == PM_PVA_DIFF ? 2 : 1); column++) {
                        const int64_t part =
                            (int64_t)comparators(256 * sum[column], k) * (1 << k) * (INT64_C(1) << s);
                        const bool negative = (column == 1) != (c->is_signed && i == c->xbits - 1);
                        y += negative ? -part : part;
                        *clips += (256 * sum[column] + (128 << k)) / (256 << k) > 31;
                    }
                    *bound += ldexp(2 * ((1 << k) >> 1), (int)s);
                }
            }
    for (unsigned r = 0; c->coding == PM_PVA_OFFSET && r < d->rows; r++)
        y -= (int64_t)half * x[r];
    return y;
}

static int64_t dot(const struct data *d, const int32_t *x, unsigned m) {
    int64_t sum = 0;
    for (unsigned r = 0; r < d->rows; r++)
        sum += (int64_t)x[r] * d->w[r * d->outputs + m];
    return sum;
}

/* All paths and instruction sets give y, and the same cost. */
static void run_all(struct data *d, const int64_t *y, const struct pm_pva_cost *cost) {
    for (enum pm_path path = 0; path < PM_PATHS; path++)
        for (enum pm_isa isa = 0; isa < PM_ISAS; isa++) {
            struct pm_pva *p;
            struct pm_pva_cost got = {0};
            int64_t out[VECTORS * OUTPUTS];
            d->cfg.path = path;
            d->cfg.isa = isa;
            const pm_status status = pm_pva_new(&d->cfg, d->w, d->rows, d->outputs, 7, &p);
            if (status == PM_EINVAL && (path == PM_PATH_EXACT || pm_kernels(isa) == NULL))
                continue;
            assert_int_equal(status, PM_OK);
            assert_int_equal(pm_pva_gemm(p, d->x, d->rows, VECTORS, 0, out, &got), PM_OK);
            assert_memory_equal(out, y, VECTORS * d->outputs * sizeof *out);
            assert_memory_equal(&got, cost, sizeof got);
            assert_int_equal(pm_pva_gemv(p, d->x + d->rows, 1, out, NULL), PM_OK);
            assert_memory_equal(out, y + d->outputs, d->outputs * sizeof *out);
            pm_pva_free(p);
        }
    d->cfg.path = PM_PATH_BEST;
    d->cfg.isa = PM_ISA_BEST;
}

static void follows_the_definition(void **state) {
    (void)state;
    struct data *d = calloc(1, sizeof *d);
    uint64_t clipped = 0;
    bool unclipped_error = false;
    for (unsigned round = 0; round < 60; round++) {
        const unsigned xbits = (unsigned)next(2, round % 3 ? 9 : 16), wbits = (unsigned)next(2, 8);
        d->cfg = pm_pva_default(xbits, wbits);
        d->cfg.is_signed = next(0, 1);
        d->cfg.coding = round % 5 == 4 ? PM_PVA_OFFSET : PM_PVA_DIFF;
        d->cfg.rows = round % 2 ? 512 : 64 * (unsigned)next(1, 4);
        d->rows = (unsigned)next(1, round % 8 == 0 ? ROWS : 150);
        d->outputs = (unsigned)next(1, round % 8 == 1 ? OUTPUTS : 9);
        if (round % 3 == 1)
            random_table(&d->cfg);
        fill(d, round % 3);
        int64_t y[VECTORS * OUTPUTS];
        struct pm_pva_cost cost = {.vectors = VECTORS};
        for (unsigned v = 0; v < VECTORS; v++)
            for (unsigned m = 0; m < d->outputs; m++) {
                uint64_t accesses, clips = 0;
                double bound;
                const int32_t *x = d->x + v * d->rows;
                y[v * d->outputs + m] = by_definition(d, x, m, &accesses, &clips, &bound);
                const double error = fabs((double)(y[v * d->outputs + m] - dot(d, x, m)));
                if (clips == 0 && d->cfg.coding == PM_PVA_DIFF) {
                    assert_true(error <= bound);
                    unclipped_error = unclipped_error || error > 0;
                }
                cost.clips += clips;
                cost.accesses = VECTORS * accesses;
                /* AccW = Bx + 2J + 2 + clog2(Rows) a tile. */
                const int width = (int)xbits + 2 * (int)pm_pva_digits(wbits) + 2 + pm_clog2(d->cfg.rows);
                if (d->rows <= d->cfg.rows && d->cfg.coding == PM_PVA_DIFF)
                    assert_true(llabs(y[v * d->outputs + m]) < INT64_C(1) << (width - 1));
            }
        assert_int_equal(cost.accesses, VECTORS * pm_pva_accesses(&d->cfg, d->rows, false));
        cost.windows = VECTORS * pm_pva_accesses(&d->cfg, d->rows, true);
        cost.conversions = cost.accesses * d->outputs * (d->cfg.coding == PM_PVA_DIFF ? 2 : 1);
        clipped += cost.clips;
        run_all(d, y, &cost);
    }
    assert_true(clipped > 0 && unclipped_error);
    free(d);
}

static void exact_tables_give_the_product(void **state) {
    (void)state;
    struct data *d = calloc(1, sizeof *d);
    for (unsigned round = 0; round < 16; round++) {
        d->cfg = pm_pva_default(round % 4 ? 8 : 16, (unsigned)next(2, 8));
        d->cfg.is_signed = round & 1;
        d->cfg.coding = round & 2 ? PM_PVA_OFFSET : PM_PVA_DIFF;
        pm_pva_exact_table(&d->cfg);
        for (unsigned s = 0; s < PM_PVA_MAX_PLACES && round % 3; s++)
            d->cfg.place[s].n = (uint16_t)next(8, 10);
        d->rows = (unsigned)next(1, round == 1 ? ROWS : 60);
        d->outputs = (unsigned)next(1, 20);
        fill(d, round % 2);
        int64_t y[VECTORS * OUTPUTS];
        for (unsigned i = 0; i < VECTORS * d->outputs; i++)
            y[i] = dot(d, d->x + i / d->outputs * d->rows, i % d->outputs);
        const uint64_t accesses = VECTORS * pm_pva_accesses(&d->cfg, d->rows, false);
        run_all(d, y,
                &(struct pm_pva_cost){.vectors = VECTORS,
                                      .accesses = accesses,
                                      .windows = VECTORS * pm_pva_accesses(&d->cfg, d->rows, true),
                                      .conversions =
                                          accesses * d->outputs * (d->cfg.coding == PM_PVA_DIFF ? 2 : 1)});
    }
    /* One wordline more, and the sum of 11 full cells has no code. */
    d->cfg = pm_pva_default(8, 8);
    pm_pva_exact_table(&d->cfg);
    for (unsigned s = 0; s < PM_PVA_MAX_PLACES; s++)
        d->cfg.place[s].n = 11;
    d->rows = 11;
    d->outputs = 1;
    for (unsigned r = 0; r < 11; r++) {
        d->w[r] = 127;
        d->x[r] = 127;
    }
    struct pm_pva *p;
    struct pm_pva_cost cost = {0};
    int64_t y;
    assert_int_equal(pm_pva_new(&d->cfg, d->w, 11, 1, 0, &p), PM_OK);
    assert_int_equal(pm_pva_gemv(p, d->x, 0, &y, &cost), PM_OK);
    assert_int_equal(cost.clips, 7 * 3);
    assert_int_not_equal(y, 11 * 127 * 127);
    pm_pva_free(p);
    free(d);
}

/* What the tables are for: the accesses that they save. */
static void accesses_are_the_formula(void **state) {
    (void)state;
    const struct pm_pva_cfg c = pm_pva_default(8, 8), wide = pm_pva_default(12, 8),
                            narrow = pm_pva_default(4, 4);
    static const unsigned of[][3] = {{9, 32, 32}, {64, 74, 128}, {144, 180, 288}, {576, 666, 1152}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        assert_int_equal(pm_pva_accesses(&c, of[i][0], false), of[i][1]);
        assert_int_equal(pm_pva_accesses(&c, of[i][0], true), of[i][2]);
    }
    /* 1 - 592/1024 = 42.19 %. */
    assert_int_equal(pm_pva_accesses(&c, 512, false), 592);
    assert_int_equal(pm_pva_accesses(&c, 512, true), 1024);
    assert_int_equal(2 * pm_pva_accesses(&wide, 512, false), pm_pva_accesses(&wide, 512, true));
    assert_int_equal(8 * pm_pva_accesses(&narrow, 512, false), 7 * pm_pva_accesses(&narrow, 512, true));
    unsigned lo, hi;
    pm_pva_default_bounds(8, 8, &lo, &hi);
    assert_int_equal(lo, 2);
    assert_int_equal(hi, 10);
    pm_pva_default_bounds(2, 2, &lo, &hi);
    assert_int_equal(lo + hi, 0);
    /* ResNet-20 on 32 x 32 pixels: the first convolution, three stages of six, the last dense layer;
     * shortcuts without weights. */
    uint64_t default_table = 0, conventional = 0;
    for (unsigned stage = 0; stage < 3; stage++)
        for (unsigned layer = 0; layer < 6; layer++) {
            const unsigned in = 16u << (stage > 0 && layer == 0 ? stage - 1 : stage), side = 32u >> stage;
            default_table += side * side * pm_pva_accesses(&c, 9 * in, false);
            conventional += side * side * pm_pva_accesses(&c, 9 * in, true);
        }
    default_table += 1024 * pm_pva_accesses(&c, 27, false) + pm_pva_accesses(&c, 64, false);
    conventional += 1024 * pm_pva_accesses(&c, 27, true) + pm_pva_accesses(&c, 64, true);
    assert_int_equal(conventional, 3051648);
    assert_int_equal(default_table, 1853002);
}

static void converters_count_comparators(void **state) {
    (void)state;
    for (unsigned k = 0; k < 4; k++)
        for (int32_t a = -3000; a < 3000 + (64 << (8 + k)); a++) {
            uint64_t clips = 0;
            assert_int_equal(pm_pva_code(a, k, &clips), comparators(a, k));
            assert_int_equal(clips, a >= 63L << (7 + k));
        }
}

/* Noise on: the plain form and the fast one see the same array; it matters; without lines nothing is drawn.
 */
static void noisy_paths_agree(void **state) {
    (void)state;
    struct data *d = calloc(1, sizeof *d);
    for (unsigned variant = 0; variant < 8; variant++) {
        d->cfg = pm_pva_default(6, 8);
        d->cfg.rows = variant & 1 ? 64 : 512;
        d->cfg.rram = pm_rram_preset(0.1, 3);
        d->cfg.rram.read_noise = variant & 2 ? 0.2 : 0;
        d->cfg.rram.wire = variant & 4 ? 1e-5 : 0;
        d->cfg.rram.stuck_off = variant & 4 ? 0.01 : 0;
        d->rows = 70 + 60 * (variant & 1);
        d->outputs = 10 + 40 * (variant & 1);
        fill(d, 2);
        struct pm_pva *p;
        struct pm_pva_cost cost = {0};
        int64_t y[VECTORS * OUTPUTS], again[VECTORS * OUTPUTS];
        d->cfg.path = PM_PATH_PLAIN;
        assert_int_equal(pm_pva_new(&d->cfg, d->w, d->rows, d->outputs, 7, &p), PM_OK);
        assert_int_equal(pm_pva_gemm(p, d->x, d->rows, VECTORS, 0, y, &cost), PM_OK);
        pm_pva_free(p);
        run_all(d, y, &cost);
        unsigned moved = 0;
        for (unsigned i = 0; i < VECTORS * d->outputs; i++)
            moved += y[i] != dot(d, d->x + i / d->outputs * d->rows, i % d->outputs);
        assert_true(moved > d->outputs);
        /* Another vector's number, another read. */
        d->cfg.path = PM_PATH_BEST;
        assert_int_equal(pm_pva_new(&d->cfg, d->w, d->rows, d->outputs, 7, &p), PM_OK);
        assert_int_equal(pm_pva_gemm(p, d->x, d->rows, VECTORS, 1, again, NULL), PM_OK);
        assert_true((memcmp(y, again, VECTORS * d->outputs * sizeof *y) != 0) == ((variant & 2) != 0));
        pm_pva_free(p);
    }
    free(d);
}

static void refuses(void **state) {
    (void)state;
    const struct pm_pva_cfg good = pm_pva_default(8, 8);
    struct pm_pva_cfg c;
    int16_t w[2] = {127, -128};
    struct pm_pva *p;
    assert_int_equal(pm_pva_check(&good), PM_OK);
#define REFUSED(CHANGE) (c = good, CHANGE, assert_int_equal(pm_pva_check(&c), PM_EINVAL))
    REFUSED(c.xbits = 1);
    REFUSED(c.xbits = 17);
    REFUSED(c.wbits = 1);
    REFUSED(c.wbits = 9);
    REFUSED(c.rows = 0);
    REFUSED(c.rows = 96);
    REFUSED(c.rows = 576);
    REFUSED(c.place[13].n = 7);
    REFUSED(c.place[0].n = 15); /* k = 1 */
    REFUSED(c.place[3].n = 513);
    REFUSED((c.place[3] = (struct pm_pva_place){512, 4}));
    REFUSED(c.rram.mlc_sigma = 0.6);
    c = good;
    c.place[14].n = 0; /* there is no place 14 */
    assert_int_equal(pm_pva_check(&c), PM_OK);
    assert_int_equal(pm_pva_new(&good, w, 0, 1, 0, &p), PM_EINVAL);
    assert_int_equal(pm_pva_new(&good, w, 1, 0, 0, &p), PM_EINVAL);
    c.wbits = 7;
    assert_int_equal(pm_pva_new(&c, w, 2, 1, 0, &p), PM_ERANGE);
    assert_null(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_definition),   cmocka_unit_test(exact_tables_give_the_product),
        cmocka_unit_test(accesses_are_the_formula), cmocka_unit_test(converters_count_comparators),
        cmocka_unit_test(noisy_paths_agree),        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
