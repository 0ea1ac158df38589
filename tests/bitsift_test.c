// SPDX-License-Identifier: Apache-2.0
/* BitSift's golden model against a bit-by-bit oracle that shares none of its tricks. */
#include "bitsift.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t rng = 1;
static uint32_t random32(void) {
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (uint32_t)(rng >> 16);
}

/* The oracle: planes as arrays of bits, in the order of the accesses. */
struct oracle {
    unsigned planes, plane[32];
    bool neg[32];
    uint8_t v[32][PM_MAX_ROWS];
};

static void oracle_planes(struct oracle *o, const struct pm_bitsift_cfg *c, const int32_t *x) {
    o->planes = 0;
    unsigned top = c->bits - 1;
    const bool twos = c->is_signed && c->coding == PM_TWOS;
    if (twos && c->eplanes) {
        int e = -1;
        for (unsigned p = 0; p < c->bits; p++)
            for (unsigned r = 0; r < c->rows; r++)
                if ((x[r] >> p & 1) != (x[r] < 0))
                    e = (int)p;
        top = (unsigned)(e + 1);
    }
    for (unsigned half = 0; half < 2; half++)
        for (unsigned p = 0; p < c->bits; p++) {
            const bool neg = twos ? p == top : half == 1;
            if ((twos && (half == 1 || p > top)) || (!c->is_signed && half == 1))
                continue;
            bool any = false;
            for (unsigned r = 0; r < c->rows; r++) {
                const int32_t m = twos || !c->is_signed ? x[r]
                                  : half                ? (x[r] < 0 ? -x[r] : 0)
                                  : x[r] > 0            ? x[r]
                                                        : 0;
                o->v[o->planes][r] = m >> p & 1;
                any |= m >> p & 1;
            }
            if (!any)
                continue;
            o->plane[o->planes] = p;
            o->neg[o->planes++] = neg;
        }
}

/* Takes one access from v into mask, slice by slice as docs/numerics.md, "BitSift" says; returns SAWL. */
static unsigned oracle_access(const struct pm_bitsift_cfg *c, uint8_t *v, uint8_t *mask) {
    const unsigned slices = (c->rows + c->slice - 1) / c->slice;
    unsigned pop[PM_MAX_ROWS / 8] = {0}, k[PM_MAX_ROWS / 8] = {0}, full = slices, sum = 0;
    for (unsigned r = 0; r < c->rows; r++)
        pop[r / c->slice] += v[r];
    for (unsigned j = slices; j-- > 0;)
        if (pop[j] >= PM_K)
            full = j;
    if (c->mode == PM_GPC_SPLIT) {
        for (unsigned j = 0, before = 0; j < slices; before += pop[j++])
            k[j] = before >= PM_K ? 0 : PM_K - before < pop[j] ? PM_K - before : pop[j];
    } else if (full < slices) {
        k[full] = PM_K;
    } else {
        for (unsigned j = 0; j < slices; j++) {
            if (sum + pop[j] <= PM_K)
                sum += k[j] = pop[j];
            else if (c->mode == PM_GPC_NEXT)
                break;
        }
    }
    unsigned sawl = 0;
    for (unsigned r = 0; r < c->rows; r++) {
        mask[r] = v[r] && k[r / c->slice] > 0;
        k[r / c->slice] -= mask[r];
        v[r] = v[r] && !mask[r];
        sawl += mask[r];
    }
    return sawl;
}

static bool bit(const struct pm_access *a, unsigned r) {
    return a->mask[r / 64] >> (r % 64) & 1;
}

/* Walks one vector: every beat against the oracle, the invariants, and the sum of the planes. Returns the
 * accesses. */
static unsigned walk(const struct pm_bitsift_cfg *c, const int32_t *x) {
    static struct oracle o;
    static struct pm_bitsift b;
    static struct pm_access a;
    static uint8_t mask[PM_MAX_ROWS];
    static int64_t value[PM_MAX_ROWS];
    unsigned accesses = 0;
    assert_int_equal(pm_bitsift_check(c), PM_OK);
    oracle_planes(&o, c, x);
    pm_bitsift_begin(&b, c, x);
    memset(value, 0, sizeof value);
    memset(&a, 0xa5, sizeof a);
    for (unsigned i = 0; i < o.planes; i++) {
        unsigned left = 0, in_plane = 0, ones;
        for (unsigned r = 0; r < c->rows; r++)
            left += o.v[i][r];
        for (ones = left; left > 0; in_plane++) {
            const unsigned sawl = oracle_access(c, o.v[i], mask);
            left -= sawl;
            assert_true(pm_bitsift_next(&b, &a));
            unsigned pop = 0, differ = 0;
            for (unsigned r = 0; r < c->rows; r++) {
                const unsigned on = bit(&a, r);
                differ += on != mask[r];
                pop += on;
                value[r] += on ? (a.neg ? -1 : 1) * ((int64_t)1 << a.plane) : 0;
            }
            for (unsigned r = c->rows; r < (c->rows + 63) / 64 * 64; r++)
                assert_false(bit(&a, r));
            assert_int_equal(differ, 0);
            assert_in_range(pop, 1, PM_K);
            assert_int_equal(pop, sawl);
            assert_int_equal(a.sawl, pop);
            assert_int_equal(a.dummy + pop, PM_K);
            assert_int_equal(a.plane, o.plane[i]);
            assert_int_equal(a.neg, o.neg[i]);
            assert_int_equal(a.last_plane, left == 0);
            assert_int_equal(a.last_vector, left == 0 && i + 1 == o.planes);
        }
        if (c->mode == PM_GPC_SPLIT)
            assert_int_equal(in_plane, (ones + PM_K - 1) / PM_K);
        else
            assert_true(in_plane >= (ones + PM_K - 1) / PM_K);
        accesses += in_plane;
    }
    if (accesses == 0) {
        assert_true(pm_bitsift_next(&b, &a));
        assert_int_equal(a.sawl + a.dummy + a.plane + a.neg, 0);
        assert_true(a.last_plane && a.last_vector);
        for (unsigned w = 0; w < (c->rows + 63) / 64; w++)
            assert_int_equal(a.mask[w], 0);
    }
    assert_false(pm_bitsift_next(&b, &a));
    assert_false(pm_bitsift_next(&b, &a));
    for (unsigned r = 0; r < c->rows; r++)
        assert_int_equal(value[r], x[r]);
    return accesses;
}

/* One of the operand shapes at which coding and grants break. */
static void fill(const struct pm_bitsift_cfg *c, unsigned shape, int32_t *x) {
    const int32_t lo = c->is_signed ? -(1 << (c->bits - 1)) : 0, hi = lo + (1 << c->bits) - 1;
    const unsigned at = random32() % c->rows, shift = random32() % c->bits;
    for (unsigned r = 0; r < c->rows; r++) {
        const int32_t uniform = lo + (int32_t)(random32() % (1u << c->bits));
        switch (shape) {
        case 0:
            x[r] = 0;
            break;
        case 1:
            x[r] = c->is_signed ? -1 : hi;
            break;
        case 2:
            x[r] = lo;
            break;
        case 3:
            x[r] = hi;
            break;
        case 4:
            x[r] = r == at ? uniform : 0;
            break;
        case 5:
            x[r] = r & 1 ? lo : hi;
            break;
        case 6:
            x[r] = r == at ? lo : uniform >> (c->bits - 1);
            break;
        case 7:
            x[r] = uniform >> shift;
            break;
        default:
            x[r] = uniform;
            break;
        }
    }
}

static void test_every_configuration(void **state) {
    (void)state;
    static const unsigned rows[] = {1, 7, 8, 63, 64, 65, 96, 200, 1024, 4096},
                          bits[] = {1, 2, 3, 4, 8, 9, 15, 16};
    static int32_t x[PM_MAX_ROWS];
    unsigned vectors = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t j = 0; j < sizeof bits / sizeof *bits; j++)
            for (unsigned m = 0; m < 36; m++) {
                const struct pm_bitsift_cfg c = {.rows = rows[i],
                                                 .bits = bits[j],
                                                 .slice = 8u << m % 3,
                                                 .mode = (enum pm_gpc_mode)(m / 3 % 3),
                                                 .is_signed = m / 9 > 0,
                                                 .coding = m / 9 == 3 ? PM_SIGN : PM_TWOS,
                                                 .eplanes = m / 9 == 2};
                if (c.is_signed && c.bits < 2)
                    continue;
                /* Many rows are slow in the oracle: one vector where small arrays get all shapes. */
                const unsigned shapes = c.rows < 1000 ? 10 : (m * 8 + j) % (c.rows / 128) ? 0 : 1;
                for (unsigned s = 0; s < shapes; s++, vectors++) {
                    fill(&c, c.rows < 1000 ? s : random32() % 9, x);
                    walk(&c, x);
                }
            }
    printf("# %u vectors walked\n", vectors);
    assert_true(vectors > 19000);
}

/* Every value of every element width, in all codings: one row at a time beside a fixed neighbour. */
static void test_every_value(void **state) {
    (void)state;
    for (unsigned bits = 2; bits <= 10; bits++)
        for (int32_t v = -(1 << (bits - 1)); v < 1 << (bits - 1); v++)
            for (unsigned m = 0; m < 3; m++) {
                const struct pm_bitsift_cfg c = {.rows = 2,
                                                 .bits = bits,
                                                 .slice = 8,
                                                 .is_signed = true,
                                                 .coding = m == 2 ? PM_SIGN : PM_TWOS,
                                                 .eplanes = m == 1};
                walk(&c, (int32_t[]){v, 0});
                walk(&c, (int32_t[]){v, -1});
            }
}

/* Sets slice j of 8 rows to pop[j] ones. */
static void slices_of(int32_t *x, const unsigned *pop, unsigned slices) {
    for (unsigned r = 0; r < slices * 8; r++)
        x[r] = r % 8 < pop[r / 8];
}

static void expect_sawl(enum pm_gpc_mode mode, const unsigned *pop, unsigned slices, const unsigned *sawl,
                        unsigned n) {
    int32_t x[64];
    struct pm_bitsift b;
    struct pm_access a;
    const struct pm_bitsift_cfg c = {.rows = slices * 8, .bits = 1, .slice = 8, .mode = mode};
    slices_of(x, pop, slices);
    pm_bitsift_begin(&b, &c, x);
    for (unsigned i = 0; i < n; i++) {
        assert_true(pm_bitsift_next(&b, &a));
        assert_int_equal(a.sawl, sawl[i]);
    }
    assert_true(a.last_vector);
}

/* Worked by hand from the three rules. */
static void test_by_hand(void **state) {
    (void)state;
    const unsigned fit[] = {5, 6, 3};
    expect_sawl(PM_GPC_SPLIT, fit, 3, (unsigned[]){8, 6}, 2);
    expect_sawl(PM_GPC_SCAN, fit, 3, (unsigned[]){8, 6}, 2);    /* 5 + 3, and 6 waited */
    expect_sawl(PM_GPC_NEXT, fit, 3, (unsigned[]){5, 6, 3}, 3); /* 5 + 6 stops, 6 + 3 stops */
    const unsigned full[] = {3, 5, 8, 4};
    expect_sawl(PM_GPC_SPLIT, full, 4, (unsigned[]){8, 8, 4}, 3);
    expect_sawl(PM_GPC_SCAN, full, 4, (unsigned[]){8, 8, 4}, 3); /* slice 2 alone, then 3 + 5 */
    const unsigned five[] = {5, 5, 5, 5, 5, 5, 5, 5};
    expect_sawl(PM_GPC_SPLIT, five, 8, (unsigned[]){8, 8, 8, 8, 8}, 5);
    expect_sawl(PM_GPC_SCAN, five, 8, (unsigned[]){5, 5, 5, 5, 5, 5, 5, 5}, 8);
    expect_sawl(PM_GPC_NEXT, five, 8, (unsigned[]){5, 5, 5, 5, 5, 5, 5, 5}, 8);
}

static void test_full_slice_goes_first(void **state) {
    (void)state;
    int32_t x[32];
    struct pm_bitsift b;
    struct pm_access a;
    slices_of(x, (unsigned[]){3, 5, 8, 4}, 4);
    const struct pm_bitsift_cfg c = {.rows = 32, .bits = 1, .slice = 8, .mode = PM_GPC_SCAN};
    pm_bitsift_begin(&b, &c, x);
    const uint64_t expected[] = {0x00ff0000, 0x00001f07, 0x0f000000};
    for (unsigned i = 0; i < 3; i++) {
        assert_true(pm_bitsift_next(&b, &a));
        assert_int_equal(a.mask[0], expected[i]);
    }
}

/* The price of the literal rules over ceil(P/K) accesses, random planes of one density, D = 1024, L = 16. */
static void test_excess(void **state) {
    (void)state;
    static int32_t x[1024];
    double worst[3] = {0};
    int at[3] = {0};
    for (int percent = 2; percent <= 98; percent += 4) {
        unsigned accesses[3] = {0};
        for (unsigned n = 0; n < 200; n++) {
            for (unsigned r = 0; r < 1024; r++)
                x[r] = random32() % 100 < (unsigned)percent;
            for (unsigned m = 0; m < 3; m++) {
                const struct pm_bitsift_cfg c = {
                    .rows = 1024, .bits = 1, .slice = 16, .mode = (enum pm_gpc_mode)m};
                struct pm_bitsift b;
                struct pm_access a;
                pm_bitsift_begin(&b, &c, x);
                while (pm_bitsift_next(&b, &a))
                    accesses[m]++;
            }
        }
        for (unsigned m = 0; m < 3; m++) {
            const double excess = (double)accesses[m] / accesses[PM_GPC_SPLIT] - 1;
            if (excess > worst[m]) {
                worst[m] = excess;
                at[m] = percent;
            }
        }
    }
    printf("# excess over split, D=1024 L=16: scan up to %.1f%% (density %d%%), next up to %.1f%% (density "
           "%d%%)\n",
           100 * worst[PM_GPC_SCAN], at[PM_GPC_SCAN], 100 * worst[PM_GPC_NEXT], at[PM_GPC_NEXT]);
    assert_true(worst[PM_GPC_SCAN] > 0.13 && worst[PM_GPC_SCAN] < 0.145);
    assert_true(worst[PM_GPC_NEXT] > 0.27 && worst[PM_GPC_NEXT] < 0.29);
}

static void test_refuses(void **state) {
    (void)state;
    const struct pm_bitsift_cfg good = {.rows = 64, .bits = 8, .slice = 16, .is_signed = true};
    struct pm_bitsift_cfg c = good;
    assert_int_equal(pm_bitsift_check(&c), PM_OK);
    c.rows = 0;
    assert_int_equal(pm_bitsift_check(&c), PM_EINVAL);
    c.rows = PM_MAX_ROWS + 1;
    assert_int_equal(pm_bitsift_check(&c), PM_EINVAL);
    c = good, c.bits = 1;
    assert_int_equal(pm_bitsift_check(&c), PM_EINVAL);
    c.is_signed = false;
    assert_int_equal(pm_bitsift_check(&c), PM_OK);
    c.bits = 0;
    assert_int_equal(pm_bitsift_check(&c), PM_EINVAL);
    c.bits = 17;
    assert_int_equal(pm_bitsift_check(&c), PM_EINVAL);
    c = good, c.slice = 24;
    assert_int_equal(pm_bitsift_check(&c), PM_EINVAL);
    c = good, c.mode = (enum pm_gpc_mode)3;
    assert_int_equal(pm_bitsift_check(&c), PM_EINVAL);
    c = good, c.coding = (enum pm_coding)2;
    assert_int_equal(pm_bitsift_check(&c), PM_EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_configuration),
        cmocka_unit_test(test_every_value),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_full_slice_goes_first),
        cmocka_unit_test(test_excess),
        cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
