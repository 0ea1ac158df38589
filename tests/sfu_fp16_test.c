// SPDX-License-Identifier: Apache-2.0
/* Against MPFR: 11 bits, its exponents limited to binary16's, subnormals by mpfr_subnormalize. */
#include "sfu_fp16.h"

#include <mpfr.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t rng = 1;
static uint32_t draw(void) {
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (uint32_t)(rng >> 16);
}

static void to_mpfr(mpfr_t r, uint16_t x) {
    if (pm_fp16_is_nan(x)) {
        mpfr_set_nan(r);
        return;
    }
    if (pm_fp16_is_inf(x)) {
        mpfr_set_inf(r, x & PM_FP16_SIGN ? -1 : 1);
        return;
    }
    const unsigned exponent = x >> 10 & 31, mantissa = x & 1023;
    mpfr_set_ui_2exp(r, exponent ? mantissa | 1024 : mantissa, exponent ? (int)exponent - 25 : -24,
                     MPFR_RNDN);
    mpfr_setsign(r, r, x >> 15, MPFR_RNDN);
}

static uint16_t from_mpfr(mpfr_t r, int ternary) {
    ternary = mpfr_check_range(r, ternary, MPFR_RNDN);
    mpfr_subnormalize(r, ternary, MPFR_RNDN);
    const uint16_t sign = mpfr_signbit(r) ? PM_FP16_SIGN : 0;
    if (mpfr_nan_p(r))
        return PM_FP16_NAN;
    if (mpfr_inf_p(r))
        return (uint16_t)(sign | PM_FP16_INF);
    if (mpfr_zero_p(r))
        return sign;
    const double a = (mpfr_get_d(r, MPFR_RNDN)) * (sign ? -1.0 : 1.0) * 0x1p24;
    const uint64_t u = (uint64_t)a;
    const int above = pm_bl(u) - 11;
    return (uint16_t)(sign | (above < 0 ? u : ((uint64_t)(above + 1) << 10) + (u >> above) - 1024));
}

enum operation { ADD, SUB, MUL, DIV, FMA, SQRT, OPERATIONS };

static uint16_t ours(enum operation f, uint16_t a, uint16_t b, uint16_t c) {
    switch (f) {
    case ADD:
        return pm_fp16_add(a, b);
    case SUB:
        return pm_fp16_sub(a, b);
    case MUL:
        return pm_fp16_mul(a, b);
    case DIV:
        return pm_fp16_div(a, b);
    case FMA:
        return pm_fp16_fma(a, b, c);
    default:
        return pm_fp16_sqrt(a);
    }
}

static mpfr_t ma, mb, mc, my;

static uint16_t theirs(enum operation f, uint16_t a, uint16_t b, uint16_t c) {
    to_mpfr(ma, a);
    to_mpfr(mb, b);
    to_mpfr(mc, c);
    int ternary;
    switch (f) {
    case ADD:
        ternary = mpfr_add(my, ma, mb, MPFR_RNDN);
        break;
    case SUB:
        ternary = mpfr_sub(my, ma, mb, MPFR_RNDN);
        break;
    case MUL:
        ternary = mpfr_mul(my, ma, mb, MPFR_RNDN);
        break;
    case DIV:
        ternary = mpfr_div(my, ma, mb, MPFR_RNDN);
        break;
    case FMA:
        ternary = mpfr_fma(my, ma, mb, mc, MPFR_RNDN);
        break;
    default:
        ternary = mpfr_sqrt(my, ma, MPFR_RNDN);
        break;
    }
    return from_mpfr(my, ternary);
}

static void same(enum operation f, uint16_t a, uint16_t b, uint16_t c) {
    const uint16_t want = theirs(f, a, b, c), got = ours(f, a, b, c);
    if (want != got)
        print_error("operation %d of %04x %04x %04x: %04x, MPFR %04x\n", (int)f, a, b, c, got, want);
    assert_int_equal(got, want);
}

static const uint16_t edges[] = {0,      1,      2,      0x3FE,  0x3FF,  0x400,  0x401,  0x7FF,  0x800,
                                 0x1400, 0x1401, 0x3555, 0x37FF, 0x3800, 0x3801, 0x3BFF, 0x3C00, 0x3C01,
                                 0x3C02, 0x3FFF, 0x4000, 0x4248, 0x5640, 0x63FF, 0x6400, 0x6401, 0x77FF,
                                 0x7800, 0x7BFE, 0x7BFF, 0x7C00, 0x7C01, 0x7E00, 0x7FFF};
#define EDGES (sizeof edges / sizeof *edges)

static uint16_t edge(size_t i) {
    return (uint16_t)(edges[i % EDGES] | (i / EDGES ? PM_FP16_SIGN : 0));
}

static void edges_crossed(void **state) {
    (void)state;
    for (size_t i = 0; i < 2 * EDGES; i++)
        for (size_t j = 0; j < 2 * EDGES; j++) {
            for (int f = ADD; f < FMA; f++)
                same((enum operation)f, edge(i), edge(j), 0);
            for (size_t k = 0; k < 2 * EDGES; k++)
                same(FMA, edge(i), edge(j), edge(k));
        }
}

static void edges_and_random(void **state) {
    (void)state;
    for (size_t i = 0; i < 2 * EDGES; i++)
        for (unsigned n = 0; n < 300; n++)
            for (int f = ADD; f <= FMA; f++) {
                const uint32_t r = draw();
                same((enum operation)f, edge(i), (uint16_t)r, (uint16_t)(r >> 16));
                same((enum operation)f, (uint16_t)r, edge(i), (uint16_t)(r >> 16));
            }
    for (unsigned n = 0; n < 400000; n++) {
        const uint32_t r = draw();
        same((enum operation)(n % (FMA + 1)), (uint16_t)r, (uint16_t)(r >> 16), (uint16_t)draw());
    }
}

/* An addend that nearly cancels the product: what a second rounding would lose. */
static void nearly_cancelled(void **state) {
    (void)state;
    for (unsigned n = 0; n < 200000; n++) {
        const uint16_t a = (uint16_t)draw(), b = (uint16_t)draw();
        const uint16_t c = pm_fp16_mul(a, b) ^ PM_FP16_SIGN;
        same(FMA, a, b, (uint16_t)(c + draw() % 5 - 2));
    }
}

static void every_root(void **state) {
    (void)state;
    for (unsigned a = 0; a < 65536; a++)
        same(SQRT, (uint16_t)a, 0, 0);
}

static void rounder_and_scales(void **state) {
    (void)state;
    for (unsigned n = 0; n < 300000; n++) {
        const int64_t a = (int64_t)((uint64_t)draw() << 30 ^ draw()) >> draw() % 62;
        const int k = (int)(draw() % 120) - 100;
        mpfr_set_sj_2exp(my, 0, 0, MPFR_RNDN);
        const int ternary = mpfr_set_sj_2exp(my, a, k, MPFR_RNDN);
        assert_int_equal(pm_fp16_rn(a, k), from_mpfr(my, ternary));
        const int32_t i = (int32_t)draw();
        const struct pm_scale scale = {draw() % 8 ? 0x8000 | (draw() & 0x7FFF) : 0,
                                       (int)(draw() % 401) - 200};
        const int other = mpfr_set_sj_2exp(my, (int64_t)i * scale.m, scale.e, MPFR_RNDN);
        assert_int_equal(pm_fp16_i2f(i, scale), from_mpfr(my, other));
    }
}

static void parts_and_order(void **state) {
    (void)state;
    double last = -1e9;
    for (int n = -0x7C00; n <= 0x7C00; n++) { /* from -Inf to +Inf, -0 below +0 */
        if (n == 0)
            assert_int_equal(pm_fp16_max(0x8000, 0), 0);
        const uint16_t x = (uint16_t)(n < 0 ? PM_FP16_SIGN | (unsigned)-n : (unsigned)n);
        assert_int_equal(pm_fp16_max(x, 0xFC00), x);
        assert_int_equal(pm_fp16_max(0x7C00, x), 0x7C00);
        assert_int_equal(pm_fp16_max(0x7D12, x), PM_FP16_NAN);
        assert_int_equal(pm_fp16_max(x, 0xFFFF), PM_FP16_NAN);
        if (n == -0x7C00 || n == 0x7C00)
            continue;
        to_mpfr(ma, x);
        const double value = mpfr_get_d(ma, MPFR_RNDN);
        assert_true((double)pm_fp16_fixed(x) == value * 0x1p24 && (value > last || n == 0));
        last = value;
        if ((x & 0x7FFF) != 0) {
            int e;
            const uint32_t s = pm_fp16_normalised(x, &e);
            assert_true(s >= 1024 && s < 2048 && e >= -34 && e <= 5);
            mpfr_set_ui_2exp(mb, s, e, MPFR_RNDN);
            assert_true(mpfr_get_d(mb, MPFR_RNDN) == (value < 0 ? -value : value));
        }
        const uint16_t above = (uint16_t)(n < 0 ? x - 1 : x + 1);
        if (n != -1)
            assert_int_equal(pm_fp16_max(x, above), above);
    }
}

int main(void) {
    mpfr_set_emin(-23);
    mpfr_set_emax(16);
    mpfr_inits2(11, ma, mb, mc, my, (mpfr_ptr)0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges_crossed),      cmocka_unit_test(edges_and_random),
        cmocka_unit_test(nearly_cancelled),   cmocka_unit_test(every_root),
        cmocka_unit_test(rounder_and_scales), cmocka_unit_test(parts_and_order)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mpfr_clears(ma, mb, mc, my, (mpfr_ptr)0);
    return failed;
}
