// SPDX-License-Identifier: Apache-2.0
#include "sfu.h"

#include <math.h>

#define MOST_LANES 256

static float value(uint16_t x) {
    if (pm_fp16_is_nan(x))
        return NAN;
    if (pm_fp16_is_inf(x))
        return x & PM_FP16_SIGN ? -INFINITY : INFINITY;
    return ldexpf((float)pm_fp16_fixed((uint16_t)(x & ~PM_FP16_SIGN)), -24) *
           (x & PM_FP16_SIGN ? -1.0f : 1.0f);
}

/* To nearest even. */
static uint16_t half(float x) {
    const uint16_t sign = signbit(x) ? PM_FP16_SIGN : 0;
    if (isnan(x))
        return PM_FP16_NAN;
    if (isinf(x))
        return (uint16_t)(sign | PM_FP16_INF);
    int e;
    const float m = frexpf(fabsf(x), &e);
    return pm_fp16_rn_signed(sign != 0, (int64_t)ldexpf(m, 24), e - 24);
}

/* x as the accumulator keeps it. */
static float kept(enum pm_sfu_acc acc, float x) {
    return acc == PM_SFU_FP16 ? value(half(x)) : x;
}

float pm_sfu_sum(enum pm_sfu_acc acc, unsigned lanes, const float *x, size_t n) {
    float sum = 0;
    for (size_t first = 0; first < n; first += lanes) {
        float tree[MOST_LANES];
        for (size_t i = 0; i < lanes; i++)
            tree[i] = first + i < n ? kept(acc, x[first + i]) : 0;
        for (unsigned left = lanes / 2; left > 0; left /= 2)
            for (unsigned i = 0; i < left; i++)
                tree[i] = kept(acc, tree[2 * i] + tree[2 * i + 1]);
        sum = kept(acc, sum + tree[0]);
    }
    return sum;
}

void pm_sfu_softmax_steps(enum pm_sfu_acc acc, unsigned lanes, const uint16_t *x, size_t n, uint16_t *p) {
    float e[PM_SFU_MAX_ROW] = {0};
    uint16_t most = x[0];
    for (size_t i = 1; i < n; i++)
        most = pm_fp16_max(most, x[i]);
    for (size_t i = 0; i < n; i++) {
        p[i] = pm_sfu_exp(pm_fp16_sub(x[i], most));
        e[i] = value(p[i]);
    }
    const uint16_t z = half(pm_sfu_sum(acc, lanes, e, n));
    for (size_t i = 0; i < n; i++)
        p[i] = pm_fp16_div(p[i], z);
}

void pm_sfu_norm_steps(enum pm_sfu_acc acc, enum pm_sfu_norm_kind kind, float eps, const uint16_t *x,
                       const uint16_t *gamma, const uint16_t *beta, size_t d, uint16_t *y) {
    float part[PM_SFU_MAX_ROW] = {0};
    for (size_t i = 0; i < d; i++)
        part[i] = value(x[i]);
    const float count = kept(acc, (float)d);
    const uint16_t mean =
        kind == PM_SFU_LAYER ? half(pm_sfu_sum(acc, MOST_LANES, part, d) / count) : (uint16_t)0;
    for (size_t i = 0; i < d; i++) {
        const float centred = value(pm_fp16_sub(x[i], mean));
        part[i] = kept(acc, centred * centred);
    }
    const float variance = kept(acc, pm_sfu_sum(acc, MOST_LANES, part, d) / count);
    const uint16_t root = half(sqrtf(kept(acc, variance + kept(acc, eps))));
    for (size_t i = 0; i < d; i++) {
        y[i] = pm_fp16_mul(pm_fp16_div(pm_fp16_sub(x[i], mean), root), gamma[i]);
        y[i] = kind == PM_SFU_LAYER ? pm_fp16_add(y[i], beta[i]) : y[i];
    }
}

uint16_t pm_sfu_act_steps(enum pm_sfu_act_kind kind, uint16_t x) {
    static const uint16_t one = 0x3C00, cubic = 0x29B9 /* 0.044715 */, twice = 0x3E62; /* 2 sqrt(2/pi) */
    uint16_t z = x;
    if (kind != PM_SFU_SILU) {
        const uint16_t cube = pm_fp16_mul(pm_fp16_mul(x, x), x);
        z = pm_fp16_mul(twice, pm_fp16_add(x, pm_fp16_mul(cubic, cube)));
    }
    return pm_fp16_div(x, pm_fp16_add(one, pm_sfu_exp(z ^ PM_FP16_SIGN)));
}
