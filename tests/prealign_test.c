// SPDX-License-Identifier: Apache-2.0
/* Pre-alignment and FP32 normalisation against double precision, in which every step is exact. */
#include "prealign.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static uint64_t rng = 1;

static uint64_t next_random(void) {
    rng ^= rng >> 12;
    rng ^= rng << 25;
    rng ^= rng >> 27;
    return rng * 0x2545F4914F6CDD1Du;
}

static const struct oracle { int e, m, bias; } formats[] = {{8, 7, 127}, {5, 10, 15}, {4, 3, 7}};

/* A code's value, and its exponent, by the definition of the format. */
static double value(const struct oracle *f, uint32_t code, int *exponent) {
    const int field = (int)(code >> f->m) & ((1 << f->e) - 1);
    double v = ldexp(code & ((1u << f->m) - 1), -f->m) + 1;
    *exponent = field;
    if (field == 0) {
        v -= 1;
        *exponent = 1;
    } else if (field == (1 << f->e) - 1) {
        v = 2 - ldexp(1, -f->m);
        *exponent = field - 1;
    }
    v = ldexp(v, *exponent - f->bias);
    return code >> (f->e + f->m) ? -v : v;
}

static void check(enum pm_float format, unsigned bits, bool rounds, uint32_t code, int emax) {
    const struct oracle *f = &formats[format];
    int e;
    const double v = value(f, code, &e), steps = ldexp(fabs(v), -(emax - f->bias - ((int)bits - 2)));
    const double whole = floor(rounds ? steps + 0.5 : steps), top = ldexp(1, (int)bits - 1) - 1;
    const struct pm_prealign_cfg cfg = {format, bits, rounds};
    const int32_t u = (int32_t)code;
    int16_t q;
    const unsigned flags = pm_prealign(&cfg, &u, 1, 1, (unsigned)emax, &q);
    assert_true(e <= emax);
    assert_true((double)q == copysign(fmin(whole, top), v));
    assert_int_equal(flags & PM_PREALIGN_INEXACT, steps != floor(steps) ? PM_PREALIGN_INEXACT : 0);
    assert_int_equal((flags & PM_PREALIGN_SPECIAL) != 0,
                     (code >> f->m & ((1u << f->e) - 1)) == (1u << f->e) - 1);
    assert_int_equal(pm_prealign_power(&cfg, (unsigned)emax), emax - f->bias - ((int)bits - 2));
}

/* Every code at every largest exponent near its own, at all further ones now and then. */
static void aligns_every_code(void **state) {
    (void)state;
    for (enum pm_float f = 0; f < PM_FLOATS; f++)
        for (uint32_t code = 0; code < pm_float_codes(f); code++) {
            int e;
            value(&formats[f], code, &e);
            const int last = (1 << formats[f].e) - 2;
            for (int emax = e; emax <= last; emax++) {
                if (emax > e + 20 && emax < last && next_random() % 64 != 0)
                    continue;
                const unsigned bits = 4 + (unsigned)(next_random() % 13);
                check(f, bits, false, code, emax);
                check(f, bits, true, code, emax);
            }
        }
}

/* Numbers at, beside and half way between codes: the nearest one by distance. */
static void encodes_the_nearest_code(void **state) {
    (void)state;
    for (enum pm_float f = 0; f < PM_FLOATS; f++) {
        const struct oracle *o = &formats[f];
        const uint32_t half = pm_float_codes(f) / 2, top = (((1u << o->e) - 1) << o->m) - 1;
        for (uint32_t code = 0; code <= top; code++) {
            int e;
            const double v = value(o, code, &e), above = code < top ? value(o, code + 1, &e) : 2 * v;
            const float middle = (float)((v + above) / 2);
            assert_int_equal(pm_float_encode(f, (float)v), code);
            assert_int_equal(pm_float_encode(f, -(float)v), code | half);
            if (code == top || middle == 0)
                continue;
            assert_int_equal(pm_float_encode(f, middle), code + (code & 1));
            assert_int_equal(pm_float_encode(f, nextafterf(middle, 0)), code);
            assert_int_equal(pm_float_encode(f, -nextafterf(middle, INFINITY)), (code + 1) | half);
        }
        assert_int_equal(pm_float_encode(f, FLT_MAX), top);
        assert_int_equal(pm_float_encode(f, -INFINITY), top | half);
    }
}

static void group_has_the_largest_exponent(void **state) {
    (void)state;
    for (enum pm_float f = 0; f < PM_FLOATS; f++)
        for (int i = 0; i < 2000; i++) {
            int32_t u[2 * 37];
            int most = 1;
            const size_t n = 1 + next_random() % 37;
            for (size_t k = 0; k < 2 * n; k++)
                u[k] = (int32_t)(next_random() % pm_float_codes(f) & (i % 3 ? ~0u : 7u));
            for (size_t k = 0; k < n; k++) {
                int e;
                value(&formats[f], (uint32_t)u[2 * k], &e);
                most = e > most ? e : most;
            }
            assert_int_equal(pm_exp_max(f, u, n, 2), most);
        }
}

/* The header's promises, on what is likely to break them. */
static void invariants_hold(void **state) {
    (void)state;
    for (int i = 0; i < 300000; i++) {
        const enum pm_float f = (enum pm_float)(next_random() % PM_FLOATS);
        const struct pm_prealign_cfg c = {f, 4 + (unsigned)(next_random() % 13), next_random() & 1};
        const uint32_t half = pm_float_codes(f) / 2;
        const int32_t base = (int32_t)(next_random() % half);
        const int32_t pair[2] = {
            base, (int32_t)(next_random() & 1 ? next_random() % half : (uint64_t)(base + 1) % half)};
        const unsigned emax = pm_exp_max(f, pair, 2, 1);
        int16_t q[2], other[2];
        const int32_t negated[2] = {pair[0] + (int32_t)half, pair[1] + (int32_t)half};
        pm_prealign(&c, pair, 2, 1, emax, q);
        pm_prealign(&c, negated, 2, 1, emax, other);
        assert_int_equal(other[0], -q[0]);
        assert_int_equal(other[1], -q[1]);
        if (pair[0] <= pair[1])
            assert_true(q[0] <= q[1]);
        assert_true(q[0] < 1 << (c.bits - 1) && q[1] < 1 << (c.bits - 1));
        if (emax > 1)
            assert_true(q[0] >= 1 << (c.bits - 2) || q[1] >= 1 << (c.bits - 2));
    }
}

/* |error of a dot product| <= sum(2|qx|dw + 2|qw|dx + dx*dw) / 4 steps, and it comes near. */
static void dot_products_are_bounded(void **state) {
    (void)state;
    double nearest = 0;
    for (int i = 0; i < 20000; i++) {
        enum { N = 9 };
        const enum pm_float f = (enum pm_float)(i % PM_FLOATS);
        const struct pm_prealign_cfg cx = {f, 4 + (unsigned)(next_random() % 13), next_random() & 1};
        const struct pm_prealign_cfg cw = {f, 4 + (unsigned)(next_random() % 5), next_random() & 1};
        const int top_x = (1 << (cx.bits - 1)) - 1, top_w = (1 << (cw.bits - 1)) - 1;
        int32_t x[N], w[N];
        int16_t qx[N], qw[N];
        for (int k = 0; k < N; k++) {
            /* Of a few exponents, so that something is left after alignment. */
            const uint32_t exponents = (uint32_t)(next_random() % 4 + 3) << formats[f].m;
            x[k] = (int32_t)(exponents + next_random() % (1u << formats[f].m));
            w[k] = (int32_t)((uint32_t)(next_random() % 4 + 3) << formats[f].m |
                             next_random() % (1u << formats[f].m));
        }
        const unsigned ex = pm_exp_max(f, x, N, 1), ew = pm_exp_max(f, w, N, 1);
        pm_prealign(&cx, x, N, 1, ex, qx);
        pm_prealign(&cw, w, N, 1, ew, qw);
        double exact = 0, bound = 0;
        int64_t dpv = 0;
        for (int k = 0; k < N; k++) {
            int e;
            const double dx = !cx.round || qx[k] == top_x ? 2 : 1, dw = !cw.round || qw[k] == top_w ? 2 : 1;
            exact += value(&formats[f], (uint32_t)x[k], &e) * value(&formats[f], (uint32_t)w[k], &e);
            bound += (2.0 * qx[k] * dw + 2.0 * qw[k] * dx + dx * dw) / 4;
            dpv += qx[k] * qw[k];
        }
        const int p = pm_prealign_power(&cx, ex) + pm_prealign_power(&cw, ew);
        const double error = fabs(ldexp(exact, -p) - (double)dpv);
        assert_true(error <= bound);
        nearest = fmax(nearest, error / bound);
    }
    assert_true(nearest > 0.75);
}

/* The C library's rounding: a conversion of an integer to float is one rounding to 24 bits, nearest even. */
static void norm(int64_t dpv, int p) {
    const double y = ldexp((double)(float)dpv, p);
    const bool under = y != 0 && fabs(y) < 0x1p-126, over = fabs(y) >= 0x1p128;
    const float expected = under || dpv == 0 ? 0.0f : over ? copysignf(INFINITY, (float)y) : (float)y;
    uint32_t pattern;
    unsigned flags = 99;
    memcpy(&pattern, &expected, sizeof pattern);
    assert_int_equal(pm_fp_norm(dpv, p, &flags), pattern);
    assert_int_equal(flags, (under ? PM_FP_UNDERFLOW : 0) | (over ? PM_FP_OVERFLOW : 0));
    assert_int_equal(pm_fp_norm(dpv, p, NULL), pattern);
}

static void norm_rounds_as_the_library(void **state) {
    (void)state;
    const int64_t most = ((int64_t)1 << 39) - 1;
    for (int sign = -1; sign <= 1; sign += 2)
        for (int top = 0; top < 39; top++)
            for (int bit = -1; bit < top; bit++)
                for (int d = -2; d <= 2; d++)
                    for (int p = -512; p < 512; p += p == -512 ? 512 - 200 : p > 150 ? 361 : 1) {
                        const int64_t v = ((int64_t)1 << top) + (bit < 0 ? 0 : (int64_t)1 << bit) + d;
                        const int64_t full = ((int64_t)2 << top) - 1 - (bit < 0 ? 0 : (int64_t)1 << bit) + d;
                        if (p % 8 != 0 && (top + p < -130 || top + p > -120) &&
                            (top + p < 120 || top + p > 130))
                            continue;
                        norm(sign * v, p);
                        if (full <= most)
                            norm(sign * full, p);
                    }
    for (int i = 0; i < 2000000; i++) {
        const uint64_t r = next_random();
        norm((int64_t)(next_random() >> 25 >> (r & 31)) * (r >> 63 ? 1 : -1), (int)(r >> 32 & 1023) - 512);
    }
    norm(most, 511);
    norm(-most, -512);
}

/* Each product truncated at the group's largest, in double. */
static void literal_alignments(void **state) {
    (void)state;
    for (int i = 0; i < 100000; i++) {
        enum { MOST = 12 };
        const enum pm_float f = (enum pm_float)(next_random() % PM_FLOATS);
        const struct oracle *o = &formats[f];
        const int bx = 4 + (int)(next_random() % 13), bw = 4 + (int)(next_random() % 5);
        const size_t n = 1 + next_random() % MOST;
        const uint32_t mask = i % 4 == 0 ? pm_float_codes(f) - 1 : (8u << o->m) - 1;
        int32_t x[MOST], w[2 * MOST];
        int most = 2, p[2];
        for (size_t k = 0; k < n; k++) {
            int ex, ew;
            x[k] = next_random() % 4 == 0 ? 0 : (int32_t)(next_random() & mask);
            w[2 * k] = (int32_t)(next_random() & mask);
            w[2 * k + 1] = -1;
            if (value(o, (uint32_t)x[k], &ex) != 0 && value(o, (uint32_t)w[2 * k], &ew) != 0 &&
                ex + ew > most)
                most = ex + ew;
        }
        double input = 0, product = 0;
        const int power = most - 2 * o->bias - (bx - 2) - (bw - 2);
        for (size_t k = 0; k < n; k++) {
            int ex, ew;
            const double a = value(o, (uint32_t)x[k], &ex), b = value(o, (uint32_t)w[2 * k], &ew);
            product += trunc(ldexp(a * b, -power));
            /* x at what the largest sum leaves it beside this weight's own exponent. */
            input += trunc(ldexp(a, o->bias - most + ew + bx - 2)) * trunc(ldexp(b, o->bias - ew + bw - 2));
        }
        assert_true((double)pm_align_dot(PM_ALIGN_PRODUCT, f, (unsigned)bx, (unsigned)bw, x, w, n, 2,
                                         &p[0]) == product);
        assert_true((double)pm_align_dot(PM_ALIGN_INPUT, f, (unsigned)bx, (unsigned)bw, x, w, n, 2, &p[1]) ==
                    input);
        assert_int_equal(p[0], power);
        assert_int_equal(p[1], power);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aligns_every_code),
        cmocka_unit_test(encodes_the_nearest_code),
        cmocka_unit_test(group_has_the_largest_exponent),
        cmocka_unit_test(invariants_hold),
        cmocka_unit_test(dot_products_are_bounded),
        cmocka_unit_test(norm_rounds_as_the_library),
        cmocka_unit_test(literal_alignments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
