// SPDX-License-Identifier: Apache-2.0
/* Mixed layers against integers and doubles: which engine, which integers, which number. */
#include "mix_gemv.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { Rows = 70, Outputs = 9, Vectors = 3 };

static struct pm_mix_cfg start(void) {
    return (struct pm_mix_cfg){.x_float = true,
                               .w_float = true,
                               .bx = 12,
                               .bw = 8,
                               .rw = true,
                               .is_signed = true,
                               .theta = 65535,
                               .exact = true};
}

/* A bf16 code's value; the top exponent is the largest number. */
static double value(int32_t code) {
    const int e = code >> 7 & 255, mant = e == 255 ? 127 : code & 127, exp = e == 255 ? 254 : e;
    const double v = ldexp(mant + (exp ? 128 : 0), (exp ? exp : 1) - 127 - 7);
    return code >> 15 ? -v : v;
}

static double of_pattern(int64_t y) {
    const uint32_t u = (uint32_t)y;
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

/* The integer of a value in units of 2^power, cut or rounded half away from zero, limited to b bits. */
static double aligned(double v, int power, unsigned b, bool round) {
    const double units = ldexp(fabs(v), -power), most = ldexp(1, (int)b - 1) - 1;
    const double q = fmin(round ? floor(units + 0.5) : floor(units), most);
    return v < 0 ? -q : q;
}

/* The power that gives b - 1 bits to the largest of n values: its leading one stands at bit b - 2. */
static int power_of(const int32_t *u, size_t n, size_t stride, unsigned b) {
    int most = 1;
    for (size_t i = 0; i < n; i++) {
        const int e = u[i * stride] >> 7 & 255;
        most = e > most ? e == 255 ? 254 : e : most;
    }
    return most - 127 - (int)b + 2;
}

static void floating(void **state) {
    (void)state;
    srand(1);
    for (unsigned k = 0; k < 300; k++) {
        struct pm_mix_cfg c = start();
        c.rx = k & 1;
        c.rw = k & 2;
        c.bx = 4 + (unsigned)rand() % 13;
        c.bw = 4 + (unsigned)rand() % 5;
        c.align = k % 5 == 0 ? PM_MIX_LAYER : PM_MIX_KERNEL;
        c.theta = (uint32_t)(110 + rand() % 30);
        const size_t rows = k % 7 == 0 ? 1 + (size_t)rand() % 15 : 16 + (size_t)rand() % (Rows - 15);
        int32_t x[Vectors * Rows], w[Rows * Outputs];
        for (size_t i = 0; i < Vectors * rows; i++)
            x[i] = (rand() & 0x8000) | (118 + rand() % 12) << 7 | (rand() & 127);
        for (size_t i = 0; i < rows * Outputs; i++)
            w[i] = (rand() & 0x8000) | (105 + rand() % 15 + (int)(i % Outputs) * 2) << 7 | (rand() & 127);
        int64_t y[Vectors * Outputs];
        uint8_t dest[Outputs];
        assert_int_equal(pm_mix_gemv(&c, x, w, Vectors, rows, Outputs, y, dest), PM_OK);
        for (size_t m = 0; m < Outputs; m++) {
            const bool layer = c.align == PM_MIX_LAYER;
            const int pw =
                layer ? power_of(w, rows * Outputs, 1, c.bw) : power_of(w + m, rows, Outputs, c.bw);
            const int emax = pw + 127 + (int)c.bw - 2;
            assert_int_equal(dest[m], rows < 16 ? 2 : emax <= (int)c.theta ? 0 : 1);
            for (size_t t = 0; t < Vectors; t++) {
                const int px = power_of(x + t * rows, rows, 1, c.bx);
                double sum = 0; /* of integers below 2^53 */
                for (size_t r = 0; r < rows; r++)
                    sum += aligned(value(x[t * rows + r]), px, c.bx, c.rx) *
                           aligned(value(w[r * Outputs + m]), pw, c.bw, c.rw);
                assert_true(of_pattern(y[t * Outputs + m]) == (float)ldexp(sum, px + pw));
            }
        }
    }
}

static void integers(void **state) {
    (void)state;
    srand(2);
    for (unsigned k = 0; k < 200; k++) {
        struct pm_mix_cfg c = start();
        c.x_float = c.w_float = false;
        c.bx = 4 + (unsigned)rand() % 13;
        c.bw = 4 + (unsigned)rand() % 5;
        c.is_signed = k & 1;
        c.theta = (uint32_t)rand() % 8;
        const size_t rows = 1 + (size_t)rand() % Rows;
        int32_t x[Vectors * Rows], w[Rows * Outputs];
        for (size_t i = 0; i < Vectors * rows; i++)
            x[i] = rand() % (1 << c.bx) - (c.is_signed ? 1 << (c.bx - 1) : 0);
        for (size_t i = 0; i < rows * Outputs; i++)
            w[i] = (rand() % (1 << c.bw) - (1 << (c.bw - 1))) / (1 << i % Outputs % 4);
        int64_t y[Vectors * Outputs];
        uint8_t dest[Outputs];
        assert_int_equal(pm_mix_gemv(&c, x, w, Vectors, rows, Outputs, y, dest), PM_OK);
        for (size_t m = 0; m < Outputs; m++) {
            double most = 0;
            for (size_t r = 0; r < rows; r++)
                most = fmax(most, fabs((double)w[r * Outputs + m]));
            const unsigned length = most > 0 ? (unsigned)floor(log2(most)) + 1 : 0;
            assert_int_equal(dest[m], rows < 16 ? 2 : length <= c.theta ? 0 : 1);
            for (size_t t = 0; t < Vectors; t++) {
                int64_t sum = 0;
                for (size_t r = 0; r < rows; r++)
                    sum += (int64_t)x[t * rows + r] * w[r * Outputs + m];
                assert_true(y[t * Outputs + m] == sum);
            }
        }
    }
}

/* One operand in floating point: the other's integers count as they are. */
static void half_floating(void **state) {
    (void)state;
    for (unsigned mode = 0; mode < 2; mode++) {
        struct pm_mix_cfg c = start();
        c.x_float = mode == 0;
        c.w_float = mode == 1;
        /* 3 * 1.5 and 5 * -0.5; 1.5 is 3fc0, -0.5 is bf00. */
        const int32_t codes[] = {0x3fc0, 0xbf00}, plain[] = {3, 5};
        int64_t y;
        uint8_t dest;
        assert_int_equal(pm_mix_gemv(&c, mode ? plain : codes, mode ? codes : plain, 1, 2, 1, &y, &dest),
                         PM_OK);
        assert_true(of_pattern(y) == 2.0);
        assert_int_equal(dest, PM_MIX_TINY);
    }
}

/* The literal alignments are the functions of their own, and the default table may clip. */
static void others(void **state) {
    (void)state;
    struct pm_mix_cfg c = start();
    int32_t x[64], w[64];
    int64_t y, exact;
    uint8_t dest;
    srand(3);
    for (size_t i = 0; i < 64; i++) {
        x[i] = (rand() & 0x8000) | (110 + rand() % 20) << 7 | (rand() & 127);
        w[i] = (rand() & 0x8000) | (110 + rand() % 20) << 7 | (rand() & 127);
    }
    for (int a = 0; a < 2; a++) {
        int p;
        c.align = a ? PM_MIX_PRODUCT : PM_MIX_INPUT;
        const int64_t sum =
            pm_align_dot(a ? PM_ALIGN_PRODUCT : PM_ALIGN_INPUT, PM_BF16, 12, 8, x, w, 64, 1, &p);
        assert_int_equal(pm_mix_gemv(&c, x, w, 1, 64, 1, &y, &dest), PM_OK);
        assert_true(of_pattern(y) == (float)ldexp((double)sum, p));
    }
    c = start();
    c.x_float = c.w_float = c.is_signed = false;
    for (size_t i = 0; i < 64; i++) {
        x[i] = 4095;
        w[i] = 127;
    }
    assert_int_equal(pm_mix_gemv(&c, x, w, 1, 64, 1, &exact, &dest), PM_OK);
    assert_int_equal(exact, 64 * 4095 * 127);
    assert_int_equal(dest, PM_MIX_MEMRISTOR);
    c.exact = false;
    assert_int_equal(pm_mix_gemv(&c, x, w, 1, 64, 1, &y, &dest), PM_OK);
    assert_true(y < exact && y > 0);
    c.theta = 6; /* 127 has 7 bits: SRAM, exact whatever the table */
    assert_int_equal(pm_mix_gemv(&c, x, w, 1, 64, 1, &y, &dest), PM_OK);
    assert_true(y == exact && dest == PM_MIX_SRAM);
}

static void ranges_are_checked(void **state) {
    (void)state;
    int64_t y;
    uint8_t dest;
    struct pm_mix_cfg c = start();
    const int32_t one[] = {1}, code[] = {65536}, low[] = {-1};
    assert_int_equal(pm_mix_gemv(&c, code, one, 1, 1, 1, &y, &dest), PM_ERANGE);
    assert_int_equal(pm_mix_gemv(&c, one, low, 1, 1, 1, &y, &dest), PM_ERANGE);
    assert_int_equal(pm_mix_gemv(&c, one, one, 1, 0, 1, &y, &dest), PM_EINVAL);
    c.format = PM_E4M3;
    assert_int_equal(pm_mix_gemv(&c, (int32_t[]){256}, one, 1, 1, 1, &y, &dest), PM_ERANGE);
    c.w_float = false;
    assert_int_equal(pm_mix_gemv(&c, one, (int32_t[]){128}, 1, 1, 1, &y, &dest), PM_ERANGE);
    c.align = PM_MIX_LAYER; /* of floating-point operands alone */
    assert_int_equal(pm_mix_gemv(&c, one, one, 1, 1, 1, &y, &dest), PM_EINVAL);
    c = start();
    for (unsigned i = 0; i < 4; i++) {
        struct pm_mix_cfg bad = c;
        *(i & 1 ? &bad.bx : &bad.bw) = i == 0 ? 3 : i == 1 ? 17 : i == 2 ? 9 : 3;
        assert_int_equal(pm_mix_check(&bad), PM_EINVAL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(floating), cmocka_unit_test(integers),
                                       cmocka_unit_test(half_floating), cmocka_unit_test(others),
                                       cmocka_unit_test(ranges_are_checked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
