// SPDX-License-Identifier: Apache-2.0
/* Against double precision; errors in units of the last place of a binary16 result, bounded from both sides.
 */
#include "sfu.h"

#include <math.h>
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

static double uniform(void) {
    return (draw() + 0.5) * 0x1p-32;
}

static double gauss(void) {
    return sqrt(-2 * log(uniform())) * cos(2 * 3.14159265358979323846 * uniform());
}

static double value(uint16_t x) {
    return (double)pm_fp16_fixed(x) * 0x1p-24;
}

/* Of a finite result of this size. */
static double ulp(double size) {
    const int e = size > 0 ? ilogb(size) : -30;
    return ldexp(1, (e < -14 ? -14 : e) - 10);
}

static uint16_t half(double x) {
    return pm_fp16_rn((int64_t)rint(ldexp(x, 40)), -40);
}

static bool between(double x, double least, double most) {
    if (x < least || x > most)
        print_error("%.6g is not within %.6g..%.6g\n", x, least, most);
    return x >= least && x <= most;
}

/* All arguments whose exponential is neither 0 nor infinite. */
static void exponential(void **state) {
    (void)state;
    double worst = 0;
    unsigned arguments = 0, wrong = 0;
    for (unsigned u = 0; u < 65536; u++) {
        const uint16_t x = (uint16_t)u, y = pm_sfu_exp(x);
        if ((x & 0x7C00) == 0x7C00)
            continue;
        const double exact = exp(value(x));
        if (exact >= 65520 || exact <= 0x1p-25) {
            assert_int_equal(y, exact > 1 ? PM_FP16_INF : 0);
            continue;
        }
        arguments++;
        wrong += y != half(exact);
        const double error = fabs(value(y) - exact) / ulp(exact);
        worst = error > worst ? error : worst;
    }
    print_message("# exp: %u arguments, %.4f ulp, %u not nearest\n", arguments, worst, wrong);
    assert_int_equal(wrong, 115);
    assert_true(between(worst, 0.5075, 0.5085));
    assert_int_equal(pm_sfu_exp(0x7C00), 0x7C00);
    assert_int_equal(pm_sfu_exp(0xFC00), 0);
    assert_int_equal(pm_sfu_exp(0xFE00), PM_FP16_NAN);
}

static void power_is_monotone(void **state) {
    (void)state;
    unsigned last_q = 0;
    uint32_t last = 1u << 18;
    double worst = 0;
    for (uint32_t t = 0; t < 1u << 20; t++) {
        unsigned q;
        const uint32_t m = pm_ex2(t, &q);
        assert_true(m >= 1u << 17 && m <= 1u << 18);
        assert_true(ldexp(m, -(int)q) <= ldexp(last, -(int)last_q));
        const double error = fabs(ldexp(m, -18 - (int)q) / exp2(-(double)t * 0x1p-18) - 1);
        worst = error > worst ? error : worst;
        last = m;
        last_q = q;
    }
    print_message("# 2^-t: relative error 2^%.2f\n", log2(worst));
    assert_true(between(log2(worst), -17.6, -16.5));
}

static void softmax_rows(void **state) {
    (void)state;
    enum { N = 128, ROWS = 60 };
    double worst = 0, worst_ulp = 0, total = 0;
    for (unsigned row = 0; row < ROWS; row++) {
        int32_t a[N];
        uint8_t keep[N];
        uint16_t weight[N], p[N];
        uint32_t z, sum = 0;
        double exact[N], all = 0, most = -1e9;
        const double lsb = 1.0 / 64;
        for (unsigned i = 0; i < N; i++) {
            a[i] = (int32_t)lrint(3 * gauss() / lsb);
            keep[i] = row < ROWS / 2 || draw() % 4 != 0;
            all += keep[i] ? exp(a[i] * lsb) : 0;
            most = keep[i] ? fmax(most, a[i] * lsb) : most;
        }
        /* c log2(e) = m 2^e */
        const double octaves = lsb * 1.4426950408889634;
        const int e = ilogb(octaves) - 15;
        const struct pm_scale scale = {(uint32_t)lrint(ldexp(octaves, -e)), e};
        pm_sfu_softmax(12, a, row < ROWS / 2 ? NULL : keep, scale, N, weight, &z, p);
        for (unsigned i = 0; i < N; i++) {
            sum += weight[i];
            assert_true(keep[i] || (weight[i] == 0 && p[i] == 0));
            exact[i] = keep[i] ? exp(a[i] * lsb) / all : 0;
            const double error = fabs(value(p[i]) - exact[i]);
            worst = error > worst ? error : worst;
            worst_ulp = error / ulp(exact[i]) > worst_ulp ? error / ulp(exact[i]) : worst_ulp;
            total += error / ulp(exact[i]);
            if (keep[i])
                assert_true(fabs(weight[i] - fmin(4095, 4096 * exp(a[i] * lsb - most))) < 0.57);
        }
        assert_int_equal(z, sum);
    }
    print_message("# softmax: %.2g, %.2f ulp, %.3f in the mean\n", worst, worst_ulp, total / N / ROWS);
    assert_true(between(worst, 1e-4, 4e-4));
    assert_true(between(worst_ulp, 0.9, 1.6));
    assert_true(between(total / N / ROWS, 0.2, 0.4));
}

static void softmax_edges(void **state) {
    (void)state;
    uint16_t weight[3], p[3];
    uint32_t z;
    const uint8_t none[3] = {0}, one[3] = {0, 1, 0};
    const int32_t a[3] = {INT32_MIN, INT32_MAX, 5};
    pm_sfu_softmax(12, a, none, (struct pm_scale){40000, -20}, 3, weight, &z, p);
    assert_true(z == 0 && weight[0] == 0 && weight[1] == 0 && p[0] == 0 && p[1] == 0);
    pm_sfu_softmax(12, a, one, (struct pm_scale){40000, -20}, 3, weight, &z, p);
    assert_true(z == 4095 && weight[1] == 4095 && p[1] == 0x3C00 && weight[2] == 0);
    pm_sfu_softmax(16, a, NULL, (struct pm_scale){65535, -19}, 3, weight, &z, p);
    assert_true(z == 65535 && weight[1] == 65535 && p[0] == 0 && p[2] == 0);
    pm_sfu_softmax(8, a, NULL, (struct pm_scale){0, -50}, 3, weight, &z, p); /* flat */
    assert_true(z == 765 && weight[0] == 255 && p[0] == p[1]);
    pm_sfu_softmax(8, a, NULL, (struct pm_scale){65535, -200}, 3, weight, &z, p);
    assert_true(z == 765);
}

static void norm_rows(enum pm_sfu_norm_kind kind, double sd, double offset, double least, double most) {
    enum { D = 768, ROWS = 20 };
    double worst = 0;
    for (unsigned row = 0; row < ROWS; row++) {
        uint16_t x[D], gamma[D], beta[D], y[D];
        double sum = 0, square = 0;
        for (unsigned i = 0; i < D; i++) {
            x[i] = half(offset + sd * gauss());
            gamma[i] = half(1 + 0.2 * gauss());
            beta[i] = half(0.1 * gauss());
            sum += value(x[i]) / D;
        }
        const double mean = kind == PM_SFU_LAYER ? sum : 0, eps = 0x1.4f8p-17;
        for (unsigned i = 0; i < D; i++)
            square += (value(x[i]) - mean) * (value(x[i]) - mean) / D;
        pm_sfu_norm(kind, (struct pm_scale){0xA7C0, -32}, x, gamma, beta, D, y);
        for (unsigned i = 0; i < D; i++) {
            const double normal = (value(x[i]) - mean) / sqrt(square + eps) * value(gamma[i]);
            const double shift = kind == PM_SFU_LAYER ? value(beta[i]) : 0;
            const double size = fabs(normal) + fabs(shift);
            const double error = fabs(value(y[i]) - normal - shift) / ulp(size > 1.0 / 16 ? size : 1.0 / 16);
            worst = error > worst ? error : worst;
        }
    }
    print_message("# norm %d, sd %g, mean %g: %.2f ulp\n", kind, sd, offset, worst);
    assert_true(between(worst, least, most));
}

static void normalisation(void **state) {
    (void)state;
    norm_rows(PM_SFU_LAYER, 1, 0, 1.2, 2.3);
    norm_rows(PM_SFU_LAYER, 10, 0, 1.2, 2.3);
    norm_rows(PM_SFU_LAYER, 1, 5, 1.2, 2.3);
    norm_rows(PM_SFU_LAYER, 1e-3, 0, 1.2, 2.5);
    norm_rows(PM_SFU_RMS, 1, 0, 1.0, 1.8);
    norm_rows(PM_SFU_RMS, 10, 0, 1.0, 1.8);
}

static void norm_edges(void **state) {
    (void)state;
    const struct pm_scale eps = {0xA7C0, -32};
    uint16_t x[4] = {0, 0x8000, 0, 0}, y[4];
    const uint16_t gamma[4] = {0x3C00, 0x3C00, 0x3C00, 0x3C00}, beta[4] = {0x3C00, 0, 0x4000, 0};
    pm_sfu_norm(PM_SFU_LAYER, eps, x, gamma, beta, 4, y);
    assert_true(y[0] == 0x3C00 && y[2] == 0x4000 && y[3] == 0);
    x[2] = 0x7C00;
    pm_sfu_norm(PM_SFU_RMS, eps, x, gamma, NULL, 4, y);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(y[i], PM_FP16_NAN);
    /* The largest numbers of both signs: their distance from the mean is beyond binary16. */
    const uint16_t wide[4] = {0x7BFF, 0xFBFF, 0xFBFF, 0xFBFF};
    pm_sfu_norm(PM_SFU_LAYER, eps, wide, gamma, beta, 4, y);
    assert_int_equal(y[0], 0x7C00);
}

static double activation(enum pm_sfu_act_kind kind, double x) {
    if (kind == PM_SFU_SILU)
        return x / (1 + exp(-x));
    if (kind == PM_SFU_GELU)
        return x * 0.5 * erfc(-x * 0.70710678118654752);
    return x / (1 + exp(-2 * 0.79788456080286536 * (x + 0.044715 * x * x * x)));
}

static void activations(void **state) {
    (void)state;
    static const struct { double least, most; } want[] = {{20, 26}, {0.505, 0.53}, {0.5, 0.515}};
    for (int kind = PM_SFU_GELU; kind <= PM_SFU_SILU; kind++) {
        double worst = 0, furthest = 0;
        for (unsigned u = 0; u < 65536; u++) {
            const uint16_t x = (uint16_t)u, y = pm_sfu_act((enum pm_sfu_act_kind)kind, x);
            if ((x & 0x7C00) == 0x7C00)
                continue;
            const double exact = activation((enum pm_sfu_act_kind)kind, value(x)),
                         error = fabs(value(y) - exact);
            furthest = fabs(exact) < 8 && error > furthest ? error : furthest;
            if (fabs(exact) >= 0x1p-10 && error / ulp(fabs(exact)) > worst)
                worst = error / ulp(fabs(exact));
            if (value(x) > 0)
                assert_true(value(y) >= 0 && value(y) <= value(x));
        }
        print_message("# activation %d: %.3f ulp\n", kind, worst);
        assert_true(between(worst, want[kind].least, want[kind].most));
        assert_int_equal(pm_sfu_act((enum pm_sfu_act_kind)kind, 0x7C00), 0x7C00);
        assert_int_equal(pm_sfu_act((enum pm_sfu_act_kind)kind, 0xFC00), 0x8000);
        assert_int_equal(pm_sfu_act((enum pm_sfu_act_kind)kind, 0x7D00), PM_FP16_NAN);
        assert_int_equal(pm_sfu_act((enum pm_sfu_act_kind)kind, 0x8000), 0x8000);
    }
}

static void rotary(void **state) {
    (void)state;
    double worst = 0;
    for (unsigned n = 0; n < 200000; n++) {
        const double angle = 6.2831853 * uniform();
        const uint16_t x0 = half(3 * gauss()), x1 = half(3 * gauss()), c = half(cos(angle)),
                       s = half(sin(angle));
        uint16_t y0, y1;
        pm_sfu_rope(x0, x1, c, s, &y0, &y1);
        const double length = hypot(value(x0), value(x1));
        const double e0 = value(y0) - (value(x0) * cos(angle) - value(x1) * sin(angle));
        const double e1 = value(y1) - (value(x0) * sin(angle) + value(x1) * cos(angle));
        worst = fmax(worst, fmax(fabs(e0), fabs(e1)) / length);
    }
    print_message("# rotary: %.2g of the pair's length\n", worst);
    assert_true(between(worst, 5e-4, 1.15e-3));
}

static void quantisation(void **state) {
    (void)state;
    enum { N = 64, ROWS = 4096 };
    unsigned other = 0;
    for (unsigned row = 0; row < ROWS; row++) {
        uint16_t x[N];
        int8_t q[N];
        const double sd = exp2(uniform() * 16 - 8);
        double most = 0;
        for (unsigned i = 0; i < N; i++) {
            x[i] = half(sd * gauss());
            most = fmax(most, fabs(value(x[i])));
        }
        assert_true(value(pm_sfu_quant(x, N, q)) == most);
        for (unsigned i = 0; i < N; i++) {
            const int want = (int)rint(value(x[i]) / (most / 127));
            assert_true(abs(q[i] - want) <= 1 && abs(q[i]) <= 127);
            other += q[i] != want;
        }
    }
    print_message("# quantisation: %u of %u differ from round(x / s), by 1\n", other, N * ROWS);
    assert_in_range(other, 20, 300);
    int8_t q[2] = {1, 1};
    assert_true(pm_sfu_quant((const uint16_t[]){0, 0x8000}, 2, q) == 0 && q[0] == 0 && q[1] == 0);
    assert_true(pm_sfu_quant((const uint16_t[]){0x3C00, 0xFC00}, 2, q) == 0 && q[0] == 0 && q[1] == 0);
    assert_true(pm_sfu_quant((const uint16_t[]){1, 0x8001}, 2, q) == 1 && q[0] == 127 && q[1] == -127);
}

/* What half a precision loses, by its own arithmetic. */
static void steps(void **state) {
    (void)state;
    static float ones[4096];
    static uint16_t x[768], y[768], gamma[768], beta[768], p[4096];
    for (size_t i = 0; i < 4096; i++)
        ones[i] = 1;
    assert_true(pm_sfu_sum(PM_SFU_FP16, 1, ones, 4096) == 2048); /* 2048 + 1 rounds to 2048 */
    assert_true(pm_sfu_sum(PM_SFU_FP16, 256, ones, 4096) == 4096);
    assert_true(pm_sfu_sum(PM_SFU_FP32, 1, ones, 4096) == 4096);
    assert_true(pm_sfu_sum(PM_SFU_FP16, 2, (const float[]){2048, 1, 1}, 3) ==
                2048); /* (2048 + 1) + (1 + 0) */
    assert_true(pm_sfu_sum(PM_SFU_FP16, 4, (const float[]){2048, 0, 1, 1}, 4) == 2050);
    /* Flat: of 4,096 weights, in order, the sum is half. */
    for (size_t i = 0; i < 4096; i++)
        p[i] = 0;
    pm_sfu_softmax_steps(PM_SFU_FP16, 1, p, 4096, p);
    assert_true(value(p[0]) == 1.0 / 2048);
    pm_sfu_softmax_steps(PM_SFU_FP16, 256, (const uint16_t[4096]){0}, 4096, p);
    assert_true(value(p[0]) == 1.0 / 4096);
    /* 768 squares of 9.3 are beyond binary16, of 9.1 they are not. */
    for (unsigned wide = 0; wide < 2; wide++) {
        for (size_t i = 0; i < 768; i++) {
            x[i] = half((wide ? 9.3 : 9.1) * (i & 1 ? -1 : 1));
            gamma[i] = 0x3C00;
            beta[i] = 0x3400;
        }
        pm_sfu_norm_steps(PM_SFU_FP16, PM_SFU_LAYER, 1e-5F, x, gamma, beta, 768, y);
        assert_true(wide ? y[0] == beta[0] : fabs(value(y[0]) - 1.25) < 0.01);
        pm_sfu_norm_steps(PM_SFU_FP32, PM_SFU_LAYER, 1e-5F, x, gamma, beta, 768, y);
        assert_true(fabs(value(y[0]) - 1.25) < 0.01 && fabs(value(y[1]) + 0.75) < 0.01);
    }
    double worst[3] = {0};
    for (int kind = PM_SFU_GELU; kind <= PM_SFU_SILU; kind++)
        for (unsigned u = 0; u < 65536; u++) {
            const uint16_t code = (uint16_t)u;
            const double exact = activation((enum pm_sfu_act_kind)kind, value(code));
            if ((code & 0x7C00) != 0x7C00 && fabs(exact) >= 0x1p-10)
                worst[kind] = fmax(worst[kind],
                                   fabs(value(pm_sfu_act_steps((enum pm_sfu_act_kind)kind, code)) - exact) /
                                       ulp(fabs(exact)));
        }
    print_message("# activations in steps: %.1f, %.1f, %.1f ulp\n", worst[0], worst[1], worst[2]);
    assert_true(between(worst[PM_SFU_GELU], 330, 336) && between(worst[PM_SFU_GELU_TANH], 9.3, 9.5) &&
                between(worst[PM_SFU_SILU], 1.9, 2.1));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(exponential),   cmocka_unit_test(power_is_monotone),
                                       cmocka_unit_test(softmax_rows),  cmocka_unit_test(softmax_edges),
                                       cmocka_unit_test(normalisation), cmocka_unit_test(norm_edges),
                                       cmocka_unit_test(activations),   cmocka_unit_test(rotary),
                                       cmocka_unit_test(quantisation),  cmocka_unit_test(steps)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
