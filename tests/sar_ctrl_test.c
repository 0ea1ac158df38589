// SPDX-License-Identifier: Apache-2.0
#include "analog/sar.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Independent oracle: round half up in double precision, then clamp. */
static int oracle(int32_t v, unsigned bits) {
    const double r = floor(v / 256.0 + 0.5), top = (1 << bits) - 1;
    return (int)fmin(fmax(r, 0), top);
}

static void codes_are_rounded_and_clamped(void **state) {
    (void)state;
    for (unsigned bits = 6; bits <= PM_SAR_MAX_BITS; bits++)
        for (int32_t v = -40000; v <= 80000; v++)
            assert_int_equal(pm_sar_code(v, bits), oracle(v, bits));
}

static void extremes_do_not_overflow(void **state) {
    (void)state;
    static const int32_t v[] = {INT32_MIN, INT32_MIN + 1, INT32_MAX - 128, INT32_MAX - 127, INT32_MAX};
    for (unsigned bits = 6; bits <= 7; bits++)
        for (size_t i = 0; i < sizeof v / sizeof *v; i++)
            assert_int_equal(pm_sar_code(v[i], bits), v[i] < 0 ? 0 : (1 << bits) - 1);
}

static void other_widths_are_refused(void **state) {
    (void)state;
    const int32_t v = 256;
    uint8_t code;
    assert_int_equal(pm_sar_codes(&v, 1, 6, &code), PM_OK);
    assert_int_equal(code, 1);
    assert_int_equal(pm_sar_codes(&v, 1, 5, &code), PM_EINVAL);
    assert_int_equal(pm_sar_codes(&v, 1, 8, &code), PM_EINVAL);
    assert_int_equal(pm_sar_codes(&v, 1, 0, &code), PM_EINVAL);
}

static void model_ranges_are_checked(void **state) {
    (void)state;
    assert_int_equal(pm_sar_check(&(struct pm_sar_cfg){0}), PM_OK);
    assert_int_equal(pm_sar_check(&(struct pm_sar_cfg){.cap_sigma = 0.1, .offset = 16, .noise = 16}), PM_OK);
    assert_int_equal(pm_sar_check(&(struct pm_sar_cfg){.cap_sigma = 0.11}), PM_EINVAL);
    assert_int_equal(pm_sar_check(&(struct pm_sar_cfg){.offset = -1}), PM_EINVAL);
    assert_int_equal(pm_sar_check(&(struct pm_sar_cfg){.noise = NAN}), PM_EINVAL);
}

static struct pm_sar drawn(double cap, double offset, double noise, uint32_t index) {
    const struct pm_sar_cfg cfg = {.cap_sigma = cap, .offset = offset, .noise = noise, .seed = 5};
    struct pm_sar s;
    pm_sar_init(&s, &cfg, 3, index);
    return s;
}

/* Mismatch too small to move a transition: the path with capacitors must give the ideal codes. */
static void drawn_path_equals_ideal_without_errors(void **state) {
    (void)state;
    const struct pm_sar s = drawn(1e-9, 0, 0, 0);
    assert_false(s.ideal);
    for (unsigned bits = 6; bits <= PM_SAR_MAX_BITS; bits++)
        for (int32_t v = -70000; v <= 280000; v++)
            if ((v & 255) != 128) /* ties are decided by the last bit of a capacitor */
                assert_int_equal(pm_sar_convert(&s, bits, v, (struct pm_read_id){0}), pm_sar_code(v, bits));
}

static void ideal_linearity_is_zero(void **state) {
    (void)state;
    const struct pm_sar s = drawn(0, 0, 0, 0);
    double dnl[1024], inl[1024];
    for (unsigned bits = 6; bits <= PM_SAR_MAX_BITS; bits++) {
        pm_sar_linearity(&s, bits, dnl, inl);
        for (int k = 0; k < 1 << bits; k++) {
            assert_true(dnl[k] == 0);
            assert_true(inl[k] == 0);
        }
    }
}

/* Code widths against code densities: a sweep over all voltages counts each code to 1/256 LSB. */
static void linearity_is_the_code_density(void **state) {
    (void)state;
    for (unsigned bits = 6; bits <= PM_SAR_MAX_BITS; bits++)
        for (uint32_t i = 0; i < 4; i++) {
            const struct pm_sar s = drawn(0.08, 0, 0, i); /* enough for missing codes */
            double dnl[1024], inl[1024];
            int count[1024] = {0};
            for (int32_t v = -2048; v < 256 * 1300; v++)
                count[pm_sar_convert(&s, bits, v, (struct pm_read_id){0})]++;
            pm_sar_linearity(&s, bits, dnl, inl);
            int since_first = 0;
            for (int k = 1; k < 1 << bits; k++) {
                assert_true(fabs(since_first / 256.0 - (k - 1) - inl[k]) <= 2 / 256.0);
                if (k < (1 << bits) - 1)
                    assert_true(fabs(count[k] / 256.0 - 1 - dnl[k]) <= 2 / 256.0);
                since_first += count[k];
            }
        }
}

/* At mid-scale all capacitors exchange places: DNL's variance there is sigma^2 times the 2^bits - 1 units
 * that switch. Two-sided, 1000 converters (the estimate's own deviation is 2.2%). */
static void mismatch_has_the_expected_dnl(void **state) {
    (void)state;
    const double sigma = 0.005;
    double dnl[1024], inl[1024], square = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        const struct pm_sar s = drawn(sigma, 0, 0, i);
        pm_sar_linearity(&s, 6, dnl, inl);
        square += dnl[31] * dnl[31];
        for (int k = 1; k < 63; k++)
            assert_true(fabs(inl[k + 1] - inl[k] - dnl[k]) < 1e-9);
    }
    const double measured = sqrt(square / 1000), expected = sigma * sqrt(63);
    assert_true(measured > 0.9 * expected && measured < 1.1 * expected);
}

static void offset_shifts_codes(void **state) {
    (void)state;
    double sum = 0, square = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        const struct pm_sar s = drawn(0, 2, 0, i);
        const double d = pm_sar_convert(&s, 7, 64 * 256, (struct pm_read_id){0}) - 64.0;
        sum += d;
        square += d * d;
    }
    /* Variance 2^2 plus 1/12 of rounding. */
    assert_true(fabs(sum / 2000) < 0.15);
    assert_true(sqrt(square / 2000) > 1.9 && sqrt(square / 2000) < 2.15);
}

/* At a boundary, noise decides like a coin; far from it never; and every comparison has its own draw. */
static void noise_is_per_comparison(void **state) {
    (void)state;
    const struct pm_sar s = drawn(0, 0, 0.1, 0);
    int high = 0;
    for (uint32_t v = 0; v < 4000; v++) {
        const struct pm_read_id id = {.vector = v, .plane = 1, .access = 2};
        const unsigned code = pm_sar_convert(&s, 6, 20 * 256 + 128, id);
        assert_true(code == 20 || code == 21);
        assert_int_equal(code, pm_sar_convert(&s, 6, 20 * 256 + 128, id));
        assert_int_equal(pm_sar_convert(&s, 6, 20 * 256 - 170 + 128, id), 20);
        high += code == 21;
    }
    assert_in_range(high, 1850, 2150);
    unsigned ones = 0;
    for (unsigned b = 0; b < 7; b++)
        for (uint32_t v = 0; v < 1000; v++)
            ones += pm_sar_compare(&s, 7, 1u << b, b, (256 << b) - 128, (struct pm_read_id){.vector = v}) !=
                    pm_sar_compare(&s, 7, 1u << (6 - b), 6 - b, (256 << (6 - b)) - 128,
                                   (struct pm_read_id){.vector = v});
    assert_in_range(ones, 2750, 3250);               /* six of seven pairs are independent coins */
    for (unsigned b = 8; b < PM_SAR_MAX_BITS; b++) { /* bits beyond 7 have draws of their own, too */
        ones = 0;
        for (uint32_t v = 0; v < 1000; v++)
            ones += pm_sar_compare(&s, 10, 1u << b, b, (256 << b) - 128, (struct pm_read_id){.vector = v}) !=
                    pm_sar_compare(&s, 10, 1u << (b - 8), b - 8, (256 << (b - 8)) - 128,
                                   (struct pm_read_id){.vector = v});
        assert_in_range(ones, 420, 580);
    }
}

/* pm_sar_convert() against its comparisons one by one, as a converter's pins would see them. */
static void conversion_is_its_comparisons(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 8; i++) {
        const struct pm_sar s = drawn(i & 1 ? 0.05 : 0, i & 2 ? 0.7 : 0, i & 4 ? 0.4 : 0, i);
        for (unsigned bits = 6; bits <= PM_SAR_MAX_BITS; bits++)
            for (int32_t v = -600; v < 270000; v += 37) {
                const struct pm_read_id id = {
                    .vector = (uint32_t)(v + 600), .plane = 3, .access = (uint16_t)i};
                unsigned code = 0;
                for (unsigned b = bits; b-- > 0;)
                    if (pm_sar_compare(&s, bits, code | 1u << b, b, v, id))
                        code |= 1u << b;
                assert_int_equal(pm_sar_convert(&s, bits, v, id), code);
            }
    }
}

/* The average over codes has the closed form sum_i 2^(n-2i) (2^i - 1) for one array (half of the differential
 * one's). */
static void energy_is_the_closed_form(void **state) {
    (void)state;
    double mean[8];
    for (unsigned bits = 6; bits <= 7; bits++) {
        double sum = 0, closed = 0;
        for (unsigned code = 0; code < 1u << bits; code++) {
            assert_true(pm_sar_energy(code, bits) > 0);
            sum += pm_sar_energy(code, bits);
        }
        for (int i = 1; i <= (int)bits; i++)
            closed += pow(2, (int)bits - 2 * i) * (pow(2, i) - 1);
        mean[bits] = sum / (1 << bits);
        assert_true(fabs(mean[bits] - closed) < 1e-9);
    }
    assert_true(mean[7] / mean[6] > 1.95 && mean[7] / mean[6] < 2.05);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_rounded_and_clamped),
        cmocka_unit_test(extremes_do_not_overflow),
        cmocka_unit_test(other_widths_are_refused),
        cmocka_unit_test(model_ranges_are_checked),
        cmocka_unit_test(drawn_path_equals_ideal_without_errors),
        cmocka_unit_test(ideal_linearity_is_zero),
        cmocka_unit_test(linearity_is_the_code_density),
        cmocka_unit_test(mismatch_has_the_expected_dnl),
        cmocka_unit_test(offset_shifts_codes),
        cmocka_unit_test(noise_is_per_comparison),
        cmocka_unit_test(conversion_is_its_comparisons),
        cmocka_unit_test(energy_is_the_closed_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
