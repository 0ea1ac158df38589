// SPDX-License-Identifier: Apache-2.0
#include "prealign.h"

#include <string.h>

struct pm_float_format pm_float_format(enum pm_float f) {
    static const struct pm_float_format format[PM_FLOATS] = {{8, 7}, {5, 10}, {4, 3}};
    return format[f];
}

uint32_t pm_float_codes(enum pm_float f) {
    const struct pm_float_format d = pm_float_format(f);
    return UINT32_C(1) << (1 + d.e + d.m);
}

int pm_float_bias(enum pm_float f) {
    return (1 << (pm_float_format(f).e - 1)) - 1;
}

struct pm_float_parts pm_float_parts(enum pm_float f, uint32_t code) {
    const struct pm_float_format d = pm_float_format(f);
    const uint32_t hidden = UINT32_C(1) << d.m, top = (UINT32_C(1) << d.e) - 1;
    uint32_t exponent = code >> d.m & top, mantissa = code & (hidden - 1);
    const bool special = exponent == top;
    if (special) {
        exponent = top - 1;
        mantissa = hidden - 1;
    }
    return (struct pm_float_parts){.negative = code >> (d.e + d.m) & 1,
                                   .special = special,
                                   .e = exponent > 0 ? exponent : 1,
                                   .sig = mantissa + (exponent > 0 ? hidden : 0)};
}

uint32_t pm_float_encode(enum pm_float f, float v) {
    enum { FRAC = 23, BIAS = 127 }; /* of float */
    const struct pm_float_format d = pm_float_format(f);
    const uint32_t largest = (((UINT32_C(1) << d.e) - 1) << d.m) - 1;
    uint32_t u;
    memcpy(&u, &v, sizeof u);
    const uint32_t field = u >> FRAC & 0xFF, sign = (u >> 31) << (d.e + d.m);
    const uint32_t sig = (u & ((UINT32_C(1) << FRAC) - 1)) | (uint32_t)(field > 0) << FRAC;
    /* Numbers below the least exponent share its unit of the last place. */
    const int least = 1 - pm_float_bias(f), own = (int)(field > 0 ? field : 1) - BIAS;
    const int e = own > least ? own : least, shift = FRAC - (int)d.m + e - own;
    if (e - least >= 1 << d.e)
        return sign | largest;
    /* A hidden one, or a carry into the next exponent, adds itself to the field. */
    const uint32_t even = shift < 31 ? sig >> shift & 1 : 0,
                   half = shift < 31 ? UINT32_C(1) << (shift - 1) : 0;
    const uint32_t steps = shift < 31 ? (sig + half - 1 + even) >> shift : 0;
    const uint32_t code = ((uint32_t)(e - least) << d.m) + steps;
    return sign | (code > largest ? largest : code);
}

unsigned pm_exp_max(enum pm_float f, const int32_t *u, size_t n, size_t stride) {
    unsigned most = 1;
    for (size_t i = 0; i < n; i++) {
        const unsigned e = pm_float_parts(f, (uint32_t)u[i * stride]).e;
        most = e > most ? e : most;
    }
    return most;
}

unsigned pm_prealign(const struct pm_prealign_cfg *c, const int32_t *u, size_t n, size_t stride,
                     unsigned emax, int16_t *q) {
    const int mantissa = (int)pm_float_format(c->format).m;
    const int64_t top = ((int64_t)1 << (c->bits - 1)) - 1;
    unsigned flags = 0;
    for (size_t i = 0; i < n; i++) {
        const struct pm_float_parts a = pm_float_parts(c->format, (uint32_t)u[i * stride]);
        const int r = (int)(emax - a.e) + mantissa + 2 - (int)c->bits;
        const bool gone = r > mantissa + 2;
        const int64_t half = c->round && r > 0 && !gone ? (int64_t)1 << (r - 1) : 0;
        const int64_t m = gone ? 0 : pm_shr(a.sig + half, r);
        const int64_t magnitude = m < top ? m : top;
        q[i * stride] = (int16_t)(a.negative ? -magnitude : magnitude);
        const bool inexact = gone ? a.sig != 0 : r > 0 && (a.sig & ((1u << r) - 1)) != 0;
        flags |= (inexact ? PM_PREALIGN_INEXACT : 0u) | (a.special ? PM_PREALIGN_SPECIAL : 0u);
    }
    return flags;
}

int pm_prealign_power(const struct pm_prealign_cfg *c, unsigned emax) {
    return (int)emax - pm_float_bias(c->format) - ((int)c->bits - 2);
}

uint32_t pm_fp_norm(int64_t dpv, int p, unsigned *flags) {
    enum { SIGNIFICAND = 24, BIAS = 127, LEAST = -126, MOST = 127 };
    const uint32_t sign = dpv < 0 ? UINT32_C(1) << 31 : 0;
    uint64_t m = dpv < 0 ? 0 - (uint64_t)dpv : (uint64_t)dpv;
    int lost = pm_bl(m) - SIGNIFICAND;
    unsigned f = 0;
    uint32_t y = 0;
    if (m != 0) {
        if (lost > 0) { /* nearest, ties to even; a carry out of the top only moves the leading one */
            const uint64_t odd = m >> lost & 1;
            m = (m + ((UINT64_C(1) << (lost - 1)) - 1) + odd) >> lost << lost;
            lost = pm_bl(m) - SIGNIFICAND;
        }
        const int exponent = p + pm_bl(m) - 1;
        const uint32_t significand = (uint32_t)(lost > 0 ? m >> lost : m << -lost);
        f = exponent < LEAST ? PM_FP_UNDERFLOW : exponent > MOST ? PM_FP_OVERFLOW : 0;
        y = f == 0                ? sign | (uint32_t)(exponent + BIAS) << 23 | (significand & 0x7FFFFF)
            : f == PM_FP_OVERFLOW ? sign | UINT32_C(0xFF) << 23
                                  : 0;
    }
    if (flags)
        *flags = f;
    return y;
}

int64_t pm_align_dot(enum pm_align_product how, enum pm_float f, unsigned bx, unsigned bw, const int32_t *x,
                     const int32_t *w, size_t n, size_t stride, int *p) {
    const int mantissa = (int)pm_float_format(f).m, bits_x = (int)bx, bits_w = (int)bw;
    unsigned most = 2;
    int64_t sum = 0;
    for (size_t k = 0; k < n; k++) {
        const struct pm_float_parts a = pm_float_parts(f, (uint32_t)x[k]);
        const struct pm_float_parts b = pm_float_parts(f, (uint32_t)w[k * stride]);
        if (a.sig != 0 && b.sig != 0 && a.e + b.e > most)
            most = a.e + b.e;
    }
    for (size_t k = 0; k < n; k++) {
        const struct pm_float_parts a = pm_float_parts(f, (uint32_t)x[k]);
        const struct pm_float_parts b = pm_float_parts(f, (uint32_t)w[k * stride]);
        if (a.sig == 0 || b.sig == 0)
            continue;
        const int d = (int)(most - a.e - b.e);
        const int64_t product =
            how == PM_ALIGN_INPUT
                ? pm_shr(a.sig, d + mantissa + 2 - bits_x) * pm_shr(b.sig, mantissa + 2 - bits_w)
                : pm_shr((int64_t)a.sig * b.sig, d + 2 * mantissa + 4 - bits_x - bits_w);
        sum += a.negative != b.negative ? -product : product;
    }
    *p = (int)most - 2 * pm_float_bias(f) - (bits_x - 2) - (bits_w - 2);
    return sum;
}
