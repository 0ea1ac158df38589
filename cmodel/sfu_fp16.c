// SPDX-License-Identifier: Apache-2.0
#include "sfu_fp16.h"

/* The sum of a product and an addend: 80 bits. */
__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 uwide;

static bool negative(uint16_t x) {
    return x & PM_FP16_SIGN;
}

static int wide_bl(uwide a) {
    return a >> 64 ? 64 + pm_bl((uint64_t)(a >> 64)) : pm_bl((uint64_t)a);
}

int64_t pm_fp16_fixed(uint16_t x) {
    const int64_t mantissa = x & 0x3FF, exponent = x >> 10 & 0x1F;
    const int64_t a = exponent == 0 ? mantissa : (mantissa + 0x400) << (exponent - 1);
    return negative(x) ? -a : a;
}

uint32_t pm_fp16_normalised(uint16_t x, int *e) {
    const int64_t a = pm_fp16_fixed(x & (uint16_t)~PM_FP16_SIGN);
    const int above = pm_bl((uint64_t)a) - 11;
    *e = above - 24;
    return (uint32_t)(above >= 0 ? a >> above : a << -above);
}

static uint16_t round_wide(bool sign, uwide a, int k) {
    const uint16_t s = sign ? PM_FP16_SIGN : 0;
    if (a == 0)
        return s;
    int lsb = wide_bl(a) - 11 + k;
    lsb = lsb < -24 ? -24 : lsb;
    const int lost = lsb - k; /* bits below the result's last one */
    uwide q;
    if (lost <= 0) {
        q = a << -lost; /* at most 11 bits */
    } else if (lost > wide_bl(a) + 1) {
        q = 0;
    } else {
        const uwide below = a & (((uwide)1 << lost) - 1), half = (uwide)1 << (lost - 1);
        q = a >> lost;
        q += below > half || (below == half && (q & 1));
    }
    if (lsb > 5)
        return (uint16_t)(s | PM_FP16_INF);
    const uint32_t bits = ((uint32_t)(lsb + 24) << 10) + (uint32_t)q;
    return (uint16_t)(s | (bits < PM_FP16_INF ? bits : PM_FP16_INF));
}

uint16_t pm_fp16_rn_signed(bool sign, int64_t a, int k) {
    return round_wide(sign, (uwide)a, k);
}

uint16_t pm_fp16_rn(int64_t a, int k) {
    return pm_fp16_rn_signed(a < 0, a < 0 ? -a : a, k);
}

static bool is_finite(uint16_t x) {
    return (x & PM_FP16_INF) != PM_FP16_INF;
}

static uint16_t infinity(bool sign) {
    return sign ? PM_FP16_SIGN | PM_FP16_INF : PM_FP16_INF;
}

static uint16_t zero(bool sign) {
    return sign ? PM_FP16_SIGN : 0;
}

/* A sum of two parts of which at least one is infinite and none NaN: `sign` of each that is. */
static uint16_t infinite_sum(bool a_infinite, bool a_sign, bool b_infinite, bool b_sign) {
    if (a_infinite && b_infinite && a_sign != b_sign)
        return PM_FP16_NAN;
    return infinity(a_infinite ? a_sign : b_sign);
}

uint16_t pm_fp16_add(uint16_t a, uint16_t b) {
    if (pm_fp16_is_nan(a) || pm_fp16_is_nan(b))
        return PM_FP16_NAN;
    if (!is_finite(a) || !is_finite(b))
        return infinite_sum(!is_finite(a), negative(a), !is_finite(b), negative(b));
    const int64_t sum = pm_fp16_fixed(a) + pm_fp16_fixed(b);
    return sum == 0 ? zero(negative(a) && negative(b)) : pm_fp16_rn(sum, -24);
}

uint16_t pm_fp16_sub(uint16_t a, uint16_t b) {
    return pm_fp16_add(a, b ^ PM_FP16_SIGN);
}

/* Whether a product has no value: 0 times an infinity. */
static bool product_is_nan(uint16_t a, uint16_t b) {
    return (!is_finite(a) && (b & ~PM_FP16_SIGN) == 0) || (!is_finite(b) && (a & ~PM_FP16_SIGN) == 0);
}

uint16_t pm_fp16_mul(uint16_t a, uint16_t b) {
    const bool sign = negative(a) != negative(b);
    if (pm_fp16_is_nan(a) || pm_fp16_is_nan(b) || product_is_nan(a, b))
        return PM_FP16_NAN;
    if (!is_finite(a) || !is_finite(b))
        return infinity(sign);
    const wide product = (wide)pm_fp16_fixed(a) * pm_fp16_fixed(b);
    return round_wide(sign, (uwide)(product < 0 ? -product : product), -48);
}

uint16_t pm_fp16_fma(uint16_t a, uint16_t b, uint16_t c) {
    const bool sign = negative(a) != negative(b), infinite = !is_finite(a) || !is_finite(b);
    if (pm_fp16_is_nan(a) || pm_fp16_is_nan(b) || pm_fp16_is_nan(c) || product_is_nan(a, b))
        return PM_FP16_NAN;
    if (infinite || !is_finite(c))
        return infinite_sum(infinite, sign, !is_finite(c), negative(c));
    const wide sum = (wide)pm_fp16_fixed(a) * pm_fp16_fixed(b) + (wide)pm_fp16_fixed(c) * (1 << 24);
    if (sum == 0)
        return zero(sign && negative(c));
    return round_wide(sum < 0, (uwide)(sum < 0 ? -sum : sum), -48);
}

uint16_t pm_fp16_div(uint16_t a, uint16_t b) {
    const bool sign = negative(a) != negative(b), by_zero = (b & ~PM_FP16_SIGN) == 0;
    const bool of_zero = (a & ~PM_FP16_SIGN) == 0;
    if (pm_fp16_is_nan(a) || pm_fp16_is_nan(b) || (of_zero && by_zero) || (!is_finite(a) && !is_finite(b)))
        return PM_FP16_NAN;
    if (!is_finite(a) || by_zero)
        return infinity(sign);
    if (of_zero || !is_finite(b))
        return zero(sign);
    int ea, eb;
    const uint32_t sa = pm_fp16_normalised(a, &ea) << 14, sb = pm_fp16_normalised(b, &eb);
    return pm_fp16_rn_signed(sign, (int64_t)(sa / sb) * 2 + (sa % sb != 0), ea - eb - 15);
}

/* floor(sqrt(a)), bit by bit. */
static uint32_t root(uint32_t a) {
    uint32_t r = 0;
    for (uint32_t bit = UINT32_C(1) << 15; bit != 0; bit >>= 1)
        if ((uint64_t)(r + bit) * (r + bit) <= a)
            r += bit;
    return r;
}

uint16_t pm_fp16_sqrt(uint16_t a) {
    if ((a & ~PM_FP16_SIGN) == 0)
        return a;
    if (pm_fp16_is_nan(a) || negative(a))
        return PM_FP16_NAN;
    if (!is_finite(a))
        return a;
    int e;
    const uint32_t s = pm_fp16_normalised(a, &e);
    const int odd = e & 1;
    const uint32_t radicand = s << (14 + odd), r = root(radicand);
    return pm_fp16_rn((int64_t)r * 2 + (r * r != radicand), (e - 14 - odd) / 2 - 1);
}

uint16_t pm_fp16_max(uint16_t a, uint16_t b) {
    if (pm_fp16_is_nan(a) || pm_fp16_is_nan(b))
        return PM_FP16_NAN;
    /* Codes in the numbers' order. */
    const int ka = negative(a) ? -(int)(a & ~PM_FP16_SIGN) - 1 : a;
    const int kb = negative(b) ? -(int)(b & ~PM_FP16_SIGN) - 1 : b;
    return ka > kb ? a : b;
}

uint16_t pm_fp16_i2f(int32_t a, struct pm_scale scale) {
    return pm_fp16_rn((int64_t)a * scale.m, scale.e);
}

unsigned pm_fp16_operands(enum pm_fp16_function f) {
    return f == PM_FP16_FMA ? 3 : f == PM_FP16_SQRT || f == PM_FP16_I2F ? 1 : 2;
}

static uint16_t of_codes(enum pm_fp16_function f, uint16_t a, uint16_t b, uint16_t c) {
    switch (f) {
    case PM_FP16_ADD:
        return pm_fp16_add(a, b);
    case PM_FP16_SUB:
        return pm_fp16_sub(a, b);
    case PM_FP16_MUL:
        return pm_fp16_mul(a, b);
    case PM_FP16_FMA:
        return pm_fp16_fma(a, b, c);
    case PM_FP16_DIV:
        return pm_fp16_div(a, b);
    case PM_FP16_SQRT:
        return pm_fp16_sqrt(a);
    default:
        return pm_fp16_max(a, b);
    }
}

uint16_t pm_fp16_apply(enum pm_fp16_function f, int32_t a, uint16_t b, uint16_t c, struct pm_scale scale,
                       unsigned *flags) {
    const bool codes = f != PM_FP16_I2F;
    const unsigned n = pm_fp16_operands(f);
    const uint16_t code = (uint16_t)a;
    const uint16_t y = codes ? of_codes(f, code, b, c) : pm_fp16_i2f(a, scale);
    const bool infinite =
        codes && (pm_fp16_is_inf(code) || (n > 1 && pm_fp16_is_inf(b)) || (n > 2 && pm_fp16_is_inf(c)));
    *flags = pm_fp16_is_nan(y) ? PM_FP16_NV : pm_fp16_is_inf(y) && !infinite ? PM_FP16_OF : 0;
    return y;
}
