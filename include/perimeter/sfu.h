// SPDX-License-Identifier: Apache-2.0
/* HyFlexPIM's special function unit: exponential, softmax, normalisation, activations, rotary positions and
 * quantisation of rows in binary16 and integers (sections 3.1, 3.3, 5.1; docs/numerics.md, "Special
 * functions"). Sums are exact integers: their order, and so the number of lanes, changes no bit. */
#ifndef PM_SFU_H
#define PM_SFU_H

#include "sfu_fp16.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PM_SFU_MAX_ROW    8192
#define PM_SFU_LANES      8 /**< of the RTL, where nobody says another number: 4..PM_SFU_MOST_LANES */
#define PM_SFU_MOST_LANES 256

/** 2^-(t 2^-18) = M * 2^(-18-*q): M in 2^17..2^18. */
uint32_t pm_ex2(uint32_t t, unsigned *q);
/** e^x. */
uint16_t pm_sfu_exp(uint16_t x);

/** a[n]'s weights A[i] = e^(c (a_i - max)) in 1..`bits` bits, the largest 2^bits - 1, and *z = sum A; of
 * keep[i] = 0: 0, as are all where none is kept. keep may be NULL. scale: c log2(e), e -200..-19. bits 8..16.
 * p[n], where not NULL: the normalised weights in binary16. n 1..PM_SFU_MAX_ROW. */
void pm_sfu_softmax(unsigned bits, const int32_t *a, const uint8_t *keep, struct pm_scale scale, size_t n,
                    uint16_t *A, uint32_t *z, uint16_t *p);

/** 1 / z = r * 2^(-34-*t), z > 0: r = floor(2^34 / zt), zt the first 18 bits of z. */
uint32_t pm_sfu_recip(uint64_t z, int *t);

enum pm_sfu_norm_kind { PM_SFU_LAYER, PM_SFU_RMS };

/** y[d] = x over its standard deviation (layer: less its mean) or root mean square, times gamma, plus beta
 * (layer). eps is added to the variance. d 1..PM_SFU_MAX_ROW. A row with an infinity or NaN gives NaN. */
void pm_sfu_norm(enum pm_sfu_norm_kind kind, struct pm_scale eps, const uint16_t *x, const uint16_t *gamma,
                 const uint16_t *beta, size_t d, uint16_t *y);

enum pm_sfu_act_kind { PM_SFU_GELU, PM_SFU_GELU_TANH, PM_SFU_SILU };

/** x sigmoid(z(x)): z a polynomial of third order in x^2 that is fitted to the kind. */
uint16_t pm_sfu_act(enum pm_sfu_act_kind kind, uint16_t x);

/** A pair turned: y0 = x0 c - x1 s, y1 = x0 s + x1 c. */
void pm_sfu_rope(uint16_t x0, uint16_t x1, uint16_t c, uint16_t s, uint16_t *y0, uint16_t *y1);

/** q[n] = x 127 / amax, to nearest even; returns the code of amax = max|x|: the scale is amax / 127. All 0
 * where that is 0 or the row has an infinity or NaN. */
uint16_t pm_sfu_quant(const uint16_t *x, size_t n, int8_t *q);

/** How sums are kept where every other step is rounded to binary16: what half a precision costs, for
 * comparison alone; there is no RTL of it. */
enum pm_sfu_acc { PM_SFU_FP32, PM_SFU_FP16 };

/** Sum of x[n] in the accumulator's format, each addition rounded: adjacent pairs over `lanes` (a power of
 * two) zero-padded lanes, then the beats in order from +0. lanes 256: the source's inputs a cycle; 1: in
 * order. */
float pm_sfu_sum(enum pm_sfu_acc acc, unsigned lanes, const float *x, size_t n);
/** Softmax of x[n] in steps: less the maximum, exponential, sum, quotient. */
void pm_sfu_softmax_steps(enum pm_sfu_acc acc, unsigned lanes, const uint16_t *x, size_t n, uint16_t *p);
/** Normalisation in steps: mean, difference, squares and their mean (in the accumulator's format), root of
 * that plus eps, quotient, product with gamma, sum with beta. */
void pm_sfu_norm_steps(enum pm_sfu_acc acc, enum pm_sfu_norm_kind kind, float eps, const uint16_t *x,
                       const uint16_t *gamma, const uint16_t *beta, size_t d, uint16_t *y);
/** An activation in steps: gelu as gelu-tanh, x / (1 + exp(-2 sqrt(2/pi) (x + 0.044715 x^3))). */
uint16_t pm_sfu_act_steps(enum pm_sfu_act_kind kind, uint16_t x);

#ifdef __cplusplus
}
#endif
#endif
