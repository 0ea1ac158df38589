// SPDX-License-Identifier: Apache-2.0
#include "sfu.h"

#include "prealign.h"

#include <string.h>

/* round(2^(18 - j/16)) */
static const uint32_t ex2_table[17] = {262144, 251030, 240387, 230195, 220436, 211090, 202141, 193571, 185364,
                                       177505, 169979, 162773, 155872, 149263, 142935, 136875, 131072};

/* The mantissa of 2^-f, f in 2^-18: Taylor of second order around the nearest sixteenth. */
static uint32_t ex2_mantissa(uint32_t f) {
    const int32_t j = (int32_t)((f + (1u << 13)) >> 14), r = (int32_t)f - (j << 14);
    const int64_t u = ((int64_t)r * 726817 + (1 << 17)) >> 18;
    const int64_t series = (1 << 20) - u + ((u * u + (1 << 20)) >> 21);
    return (uint32_t)((ex2_table[j] * series + (1 << 19)) >> 20);
}

uint32_t pm_ex2(uint32_t t, unsigned *q) {
    *q = t >> 18;
    return ex2_mantissa(t & ((1u << 18) - 1));
}

static bool is_finite(uint16_t x) {
    return (x & PM_FP16_INF) != PM_FP16_INF;
}

uint16_t pm_sfu_exp(uint16_t x) {
    if (pm_fp16_is_nan(x))
        return PM_FP16_NAN;
    if (!is_finite(x))
        return x & PM_FP16_SIGN ? 0 : PM_FP16_INF;
    const int64_t t = -((pm_fp16_fixed(x) * 1512775 + (1 << 25)) >> 26);
    return pm_fp16_rn(ex2_mantissa((uint32_t)(t & ((1 << 18) - 1))), -18 - (int)(t >> 18));
}

/* The distance of score a from the row's largest, in 2^-18 of an octave. */
static uint32_t distance(int64_t below, struct pm_scale scale) {
    const int s = -(scale.e + 18);
    if (s > 49) /* a product has at most 48 bits */
        return 0;
    const uint64_t t = ((uint64_t)below * scale.m + (UINT64_C(1) << (s - 1))) >> s;
    return t < (1u << 23) - 1 ? (uint32_t)t : (1u << 23) - 1;
}

uint32_t pm_sfu_recip(uint64_t z, int *t) {
    *t = pm_bl(z) - 18;
    const uint64_t top = *t >= 0 ? z >> *t : z << -*t;
    return (uint32_t)((UINT64_C(1) << 34) / top);
}

void pm_sfu_softmax(unsigned bits, const int32_t *a, const uint8_t *keep, struct pm_scale scale, size_t n,
                    uint16_t *A, uint32_t *z, uint16_t *p) {
    int64_t most = INT64_MIN;
    uint64_t sum = 0;
    *z = 0;
    for (size_t i = 0; i < n; i++)
        if ((keep == NULL || keep[i]) && a[i] > most)
            most = a[i];
    for (size_t i = 0; i < n; i++) {
        const bool kept = keep == NULL || keep[i];
        unsigned q = 0;
        const uint32_t m = kept ? pm_ex2(distance(most - a[i], scale), &q) : 0;
        const unsigned shift = 18 + q - bits;
        const uint32_t weight = (uint32_t)((m + (UINT64_C(1) << (shift - 1))) >> shift),
                       top = (1u << bits) - 1;
        A[i] = (uint16_t)(weight < top ? weight : top);
        *z += A[i];
        if (p != NULL) {
            p[i] = pm_fp16_rn(m, -18 - (int)q);
            sum += (uint64_t)pm_fp16_fixed(p[i]);
        }
    }
    if (p == NULL || sum == 0)
        return;
    int t;
    const int64_t r = pm_sfu_recip(sum, &t);
    for (size_t i = 0; i < n; i++)
        p[i] = pm_fp16_rn(pm_fp16_fixed(p[i]) * r, -34 - t);
}

/* floor(a / b), b > 0. */
static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

/* The mean of x in 2^-24, of the sum of their integers at 2^p, to the nearest, halves up. */
static int64_t mean(int64_t sum, int p, int64_t d) {
    const int up = p + 24;
    return up >= 0 ? floor_div(2 * sum * ((int64_t)1 << up) + d, 2 * d)
                   : floor_div(2 * sum + (d << -up), (2 * d) << -up);
}

/* floor(2^25 / sqrt(w)), below 2^17. */
static uint32_t reciprocal_root(uint32_t w) {
    uint32_t r = 0;
    for (uint32_t bit = 1u << 16; bit != 0; bit >>= 1)
        if ((uint64_t)(r + bit) * (r + bit) <= (UINT64_C(1) << 50) / w)
            r += bit;
    return r;
}

/* d / sqrt(w 2^s) as c * 2^*e, c of 16 bits. w is d^2 times the variance over 2^s, in 2^2p. */
static uint32_t deviation(uint64_t w, int s, int p, size_t d, int *e) {
    int t = pm_bl(w) - 18;
    t += t & 1; /* 17 or 18 bits are left */
    const uint64_t product = (uint64_t)d * reciprocal_root((uint32_t)(t >= 0 ? w >> t : w << -t));
    int cs = pm_bl(product) - 16;
    uint64_t c = cs > 0 ? (product + (UINT64_C(1) << (cs - 1))) >> cs : product << -cs;
    if (c >> 16) {
        c >>= 1;
        cs++;
    }
    *e = cs - 25 - (t + s) / 2 - p;
    return (uint32_t)c;
}

static uint16_t scaled(uint16_t x, uint32_t c, int e) {
    if (!is_finite(x))
        return x;
    const int64_t a = pm_fp16_fixed(x & (uint16_t)~PM_FP16_SIGN);
    return pm_fp16_rn_signed(x & PM_FP16_SIGN, a * c, e - 24);
}

static bool row_is_finite(const uint16_t *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!is_finite(x[i]))
            return false;
    return true;
}

void pm_sfu_norm(enum pm_sfu_norm_kind kind, struct pm_scale eps, const uint16_t *x, const uint16_t *gamma,
                 const uint16_t *beta, size_t d, uint16_t *y) {
    static const struct pm_prealign_cfg align = {.format = PM_FP16, .bits = 16, .round = true};
    int64_t s1 = 0, s2 = 0;
    if (!row_is_finite(x, d)) {
        for (size_t i = 0; i < d; i++)
            y[i] = PM_FP16_NAN;
        return;
    }
    unsigned emax = 1;
    for (size_t i = 0; i < d; i++) {
        const unsigned e = pm_float_parts(PM_FP16, x[i]).e;
        emax = e > emax ? e : emax;
    }
    const int p = pm_prealign_power(&align, emax);
    for (size_t i = 0; i < d; i++) {
        const int32_t code = x[i];
        int16_t q;
        pm_prealign(&align, &code, 1, 1, emax, &q);
        s1 += q;
        s2 += (int32_t)q * q;
    }
    const uint64_t v = (uint64_t)((int64_t)d * s2 - (kind == PM_SFU_LAYER ? s1 * s1 : 0));
    const int h = eps.e - 2 * p;
    int s = h > 20 ? h - 20 : 0;
    s += s & 1;
    const uint64_t add = (uint64_t)eps.m * d * d;
    const int place = h - s;
    uint64_t w = (s < 64 ? v >> s : 0) + (place >= 0 ? add << place : place > -64 ? add >> -place : 0);
    w = w > 0 ? w : 1;
    int e;
    const uint32_t c = deviation(w, s, p, d, &e);
    const int64_t mu = kind == PM_SFU_LAYER ? mean(s1, p, (int64_t)d) : 0;
    for (size_t i = 0; i < d; i++) {
        const uint16_t centred = kind == PM_SFU_LAYER ? pm_fp16_rn(pm_fp16_fixed(x[i]) - mu, -24) : x[i];
        const uint16_t normal = scaled(centred, c, e);
        y[i] = kind == PM_SFU_LAYER ? pm_fp16_fma(normal, gamma[i], beta[i]) : pm_fp16_mul(normal, gamma[i]);
    }
}

uint16_t pm_sfu_act(enum pm_sfu_act_kind kind, uint16_t x) {
    static const int64_t fit[][3] = {{603225, 27991, -266}, {603510, 26986, 0}, {378194, 0, 0}};
    const bool negative = x & PM_FP16_SIGN;
    const uint16_t size = x & (uint16_t)~PM_FP16_SIGN;
    if (pm_fp16_is_nan(x))
        return PM_FP16_NAN;
    if (!is_finite(x))
        return negative ? PM_FP16_SIGN : x;
    if (size == 0)
        return x;
    const int64_t *f = fit[kind];
    int64_t xs = (pm_fp16_fixed(size) + 256) >> 9;
    xs = xs < (1 << 20) - 1 ? xs : (1 << 20) - 1;
    int64_t w = (xs * xs) >> 15;
    w = w < 48 << 15 ? w : 48 << 15;
    const int64_t g = f[0] + ((w * (f[1] + ((w * f[2]) >> 15))) >> 15);
    int64_t t = (xs * g + (1 << 14)) >> 15;
    t = t < (1 << 23) - 1 ? t : (1 << 23) - 1;
    unsigned q;
    int e;
    const uint64_t m = pm_ex2((uint32_t)t, &q), s = pm_fp16_normalised(size, &e);
    const uint64_t above = (s * (negative ? m : 1u << 18)) << 5, below = (1u << 18) + (m >> q);
    return pm_fp16_rn_signed(negative, (int64_t)(above / below * 2 + (above % below != 0)),
                             e - 6 - (negative ? (int)q : 0));
}

void pm_sfu_rope(uint16_t x0, uint16_t x1, uint16_t c, uint16_t s, uint16_t *y0, uint16_t *y1) {
    *y0 = pm_fp16_fma(x0, c, pm_fp16_mul(x1, s) ^ PM_FP16_SIGN);
    *y1 = pm_fp16_fma(x0, s, pm_fp16_mul(x1, c));
}

uint16_t pm_sfu_quant(const uint16_t *x, size_t n, int8_t *q) {
    uint16_t amax = 0;
    memset(q, 0, n);
    for (size_t i = 0; i < n; i++) {
        const uint16_t size = x[i] & (uint16_t)~PM_FP16_SIGN;
        amax = size > amax ? size : amax;
    }
    if (amax == 0 || !is_finite(amax))
        return 0;
    int e;
    const int64_t inverse = (INT64_C(127) << 20) / pm_fp16_normalised(amax, &e);
    const int shift = 44 + e;
    for (size_t i = 0; i < n; i++) {
        const int64_t a = pm_fp16_fixed(x[i] & (uint16_t)~PM_FP16_SIGN) * inverse, whole = a >> shift;
        const int64_t rest = a & ((INT64_C(1) << shift) - 1), half = INT64_C(1) << (shift - 1);
        const int64_t rounded = whole + (rest > half || (rest == half && whole % 2 != 0));
        q[i] = (int8_t)(x[i] & PM_FP16_SIGN ? -rounded : rounded);
    }
    return amax;
}
