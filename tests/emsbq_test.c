// SPDX-License-Identifier: Apache-2.0
/* eMSB-Q and the K and V parse against brute force in 128 bits: the definition, not the algorithm. */
#include "emsbq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

__extension__ typedef __int128 wide;

static uint64_t rng = 1;
static uint64_t next(void) {
    rng ^= rng >> 12;
    rng ^= rng << 25;
    rng ^= rng >> 27;
    return rng * 0x2545F4914F6CDD1Du;
}

/* Any magnitude, with many values at and beside powers of two. */
static int64_t number(unsigned bits) {
    unsigned b = (unsigned)(next() % (bits + 1));
    uint64_t mask = b >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << b) - 1;
    switch (next() % 4) {
    case 0:
        return (int64_t)(mask - (next() & 1 & mask));
    case 1:
        return (int64_t) ~(mask - (next() & 1 & mask));
    case 2:
        return (int64_t)(next() & mask);
    default:
        return (int64_t) ~(next() & mask);
    }
}

static wide floor_div(wide a, wide b) {
    return a / b - (a % b < 0);
}

static bool fits(wide v, unsigned q, bool is_signed) {
    return is_signed ? v >= -((wide)1 << (q - 1)) && v < (wide)1 << (q - 1) : v >= 0 && v < (wide)1 << q;
}

static wide limit(wide v, unsigned q, bool is_signed) {
    wide lo = is_signed ? -((wide)1 << (q - 1)) : 0, hi = ((wide)1 << (is_signed ? q - 1 : q)) - 1;
    return v < lo ? lo : v > hi ? hi : v;
}

/* Checks one group against "the smallest shift by which every kept element fits". */
static void check(const int64_t *x, const uint8_t *keep, size_t n, unsigned q, bool is_signed, bool round) {
    int s = -1;
    for (bool all = false; !all;) {
        s++;
        all = true;
        for (size_t i = 0; i < n; i++)
            all = all && ((keep && !keep[i]) || fits(floor_div(x[i], (wide)1 << s), q, is_signed));
    }
    struct pm_emsbq_cfg cfg = {q, is_signed, round};
    int16_t y[64];
    assert_int_equal(s, pm_emsbq(&cfg, x, keep, n, y));
    for (size_t i = 0; i < n; i++) {
        /* Rounding to nearest, halves up: floor((2x + 2^s) / 2^(s+1)). */
        wide v = s > 0 && round ? floor_div(2 * (wide)x[i] + ((wide)1 << s), (wide)1 << (s + 1))
                                : floor_div(x[i], (wide)1 << s);
        assert_int_equal((int64_t)limit(v, q, is_signed), y[i]);
        if (!keep || keep[i]) {
            wide lsb = (wide)1 << s, error = (wide)x[i] - y[i] * lsb;
            bool top = (int64_t)limit(v, q, is_signed) != (int64_t)v; /* saturated: at most one LSB below */
            assert_true(error < lsb && error >= (round ? -lsb / 2 : 0) &&
                        (!round || top || error <= lsb / 2));
        }
    }
}

static void shift_is_smallest(void **state) {
    (void)state;
    for (int round = 0; round < 20000; round++) {
        int64_t x[12];
        uint8_t keep[12];
        size_t n = 1 + next() % 12;
        unsigned bits = (unsigned)(next() % 64);
        bool is_signed = next() & 1;
        unsigned q = is_signed ? 2 + (unsigned)(next() % 15) : 1 + (unsigned)(next() % 15);
        for (size_t i = 0; i < n; i++) {
            x[i] = number(bits);
            if (!is_signed && x[i] < 0)
                x[i] = ~x[i];
            keep[i] = next() & 1;
        }
        check(x, NULL, n, q, is_signed, true);
        check(x, NULL, n, q, is_signed, false);
        check(x, keep, n, q, is_signed, next() & 1);
    }
}

/* Every q, at every power of two and its neighbours, alone and among small ones. */
static void boundaries(void **state) {
    (void)state;
    for (unsigned q = 1; q <= 16; q++) {
        for (unsigned b = 0; b < 64; b++) {
            for (int delta = -2; delta <= 2; delta++) {
                wide v = ((wide)1 << b) + delta;
                if (v < 0 || v > INT64_MAX)
                    continue;
                int64_t x[3] = {(int64_t)v, 0, 1}, minus[3] = {-(int64_t)v, -1, 0};
                for (int round = 0; round < 2; round++) {
                    if (q <= 15)
                        check(x, NULL, 3, q, false, round);
                    if (q >= 2) {
                        check(x, NULL, 3, q, true, round);
                        check(minus, NULL, 3, q, true, round);
                    }
                }
            }
        }
    }
    int64_t extremes[2] = {INT64_MIN, INT64_MAX};
    for (unsigned q = 2; q <= 16; q++) {
        check(extremes, NULL, 2, q, true, true);
        check(extremes, NULL, 2, q, true, false);
    }
}

static void effective_msb(void **state) {
    (void)state;
    int64_t zero[2] = {0, 0}, ones[2] = {-1, 0}, one[2] = {1, -1}, low[2] = {INT64_MIN, 0},
            high[2] = {0, INT64_MAX};
    uint8_t none[2] = {0, 0}, second[2] = {0, 1};
    assert_int_equal(-1, pm_emsb(zero, NULL, 2, true));
    assert_int_equal(-1, pm_emsb(ones, NULL, 2, true));
    assert_int_equal(0, pm_emsb(one, NULL, 2, true));
    assert_int_equal(62, pm_emsb(low, NULL, 2, true));
    assert_int_equal(62, pm_emsb(high, NULL, 2, true));
    assert_int_equal(62, pm_emsb(high, NULL, 2, false));
    assert_int_equal(-1, pm_emsb(low, none, 2, true));
    assert_int_equal(-1, pm_emsb(low, second, 2, true));
    /* The group that is rounded up into saturation, and the one that just is not. */
    struct pm_emsbq_cfg cfg = {8, true, true};
    int64_t carry[2] = {255, -256}, exact[2] = {254, -255};
    int16_t y[2];
    assert_int_equal(1, pm_emsbq(&cfg, carry, NULL, 2, y));
    assert_int_equal(127, y[0]);
    assert_int_equal(-128, y[1]);
    assert_int_equal(1, pm_emsbq(&cfg, exact, NULL, 2, y));
    assert_int_equal(127, y[0]);
    assert_int_equal(-127, y[1]);
    /* Not kept: saturates both ways. */
    int64_t outlier[3] = {1000000, -1000000, 3};
    uint8_t last[3] = {0, 0, 1};
    int16_t z[3];
    assert_int_equal(0, pm_emsbq(&cfg, outlier, last, 3, z));
    assert_int_equal(127, z[0]);
    assert_int_equal(-128, z[1]);
    assert_int_equal(3, z[2]);
}

static void check_parse(int64_t acc, int64_t m, unsigned bits, bool round) {
    int64_t n = m < -31 ? -31 : m > 31 ? 31 : m;
    wide v = n < 0 ? (wide)acc * ((wide)1 << -n)
                   : floor_div((wide)acc + (round && n > 0 ? (wide)1 << (n - 1) : 0), (wide)1 << n);
    assert_int_equal((int64_t)limit(v, bits, true), pm_msb_parse(acc, m, bits, round));
}

static void parse(void **state) {
    (void)state;
    const int64_t edges[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX, INT64_MAX - 1, 0,   1, -1, 2,
                             -2,        511,           512,       -512,          -513};
    const int64_t shifts[] = {INT64_MIN, -INT64_MAX, -1000, -32, -31, -30,  -1,       0,
                              1,         2,          30,    31,  32,  1000, INT64_MAX};
    for (unsigned bits = 2; bits <= 16; bits++) {
        for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
            for (size_t j = 0; j < sizeof shifts / sizeof *shifts; j++) {
                check_parse(edges[i], shifts[j], bits, true);
                check_parse(edges[i], shifts[j], bits, false);
            }
        }
    }
    for (int k = 0; k < 200000; k++)
        check_parse(number(63), (int64_t)(next() % 71) - 35, 2 + (unsigned)(next() % 15), next() & 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effective_msb),
        cmocka_unit_test(boundaries),
        cmocka_unit_test(shift_is_smallest),
        cmocka_unit_test(parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
