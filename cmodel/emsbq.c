// SPDX-License-Identifier: Apache-2.0
#include "emsbq.h"

/* An element whose high zeros are its sign bits. */
static uint64_t effective_bits(int64_t x, bool is_signed) {
    return (uint64_t)x ^ (is_signed && x < 0 ? ~(uint64_t)0 : 0);
}

int pm_emsb(const int64_t *x, const uint8_t *keep, size_t n, bool is_signed) {
    uint64_t any = 0;
    for (size_t i = 0; i < n; i++) {
        if (!keep || keep[i])
            any |= effective_bits(x[i], is_signed);
    }
    return pm_bl(any) - 1;
}

/* Signed: the sum v + half cannot overflow, since half is added after the shift, as the bit that the shift
 * drops last. */
static int16_t quantize(int64_t x, int s, unsigned q, bool is_signed, bool round) {
    int64_t half = s > 0 && round ? x >> (s - 1) & 1 : 0;
    if (is_signed) {
        int64_t top = ((int64_t)1 << (q - 1)) - 1;
        return (int16_t)pm_clamp((x >> s) + half, -top - 1, top);
    }
    uint64_t top = ((uint64_t)1 << q) - 1, v = (uint64_t)x >> s;
    return (int16_t)(v >= top ? top : v + (uint64_t)half);
}

int pm_emsbq(const struct pm_emsbq_cfg *cfg, const int64_t *x, const uint8_t *keep, size_t n, int16_t *y) {
    int fits = (int)cfg->q - (cfg->is_signed ? 2 : 1);
    int s = pm_emsb(x, keep, n, cfg->is_signed) - fits;
    if (s < 0)
        s = 0;
    for (size_t i = 0; i < n; i++)
        y[i] = quantize(x[i], s, cfg->q, cfg->is_signed, cfg->round);
    return s;
}

int16_t pm_msb_parse(int64_t acc, int64_t m, unsigned bits, bool round) {
    int64_t top = ((int64_t)1 << (bits - 1)) - 1;
    int right = pm_clamp_shift(m), left = m < 0 ? pm_clamp_shift(m < -31 ? 31 : -m) : 0;
    int64_t half = right > 0 && round ? acc >> (right - 1) & 1 : 0;
    /* What saturates now would saturate after the left shift as well; the rest stays below 2^46. */
    int64_t y = pm_clamp((acc >> right) + half, -top - 1, top);
    return (int16_t)pm_clamp(y * ((int64_t)1 << left), -top - 1, top);
}
