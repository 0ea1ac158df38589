// SPDX-License-Identifier: Apache-2.0
/* Floating-point pre-alignment: numbers of one group become integers at the group's largest exponent, so that
 * an array multiplies them as integers, and FP32 of the dot products (Khwa et al., Nature 639, 617 (2025),
 * extended data Fig. 8; docs/numerics.md, "Floating-point pre-alignment"). */
#ifndef PM_PREALIGN_H
#define PM_PREALIGN_H

#include "pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Formats of IEEE layout. Codes of the top exponent, infinities and NaN, are read as the largest number of
 * their sign. */
enum pm_float { PM_BF16, PM_FP16, PM_E4M3, PM_FLOATS };

struct pm_float_format {
    unsigned e, m; /**< bits of exponent and mantissa */
};

struct pm_float_format pm_float_format(enum pm_float f);
/** Values that a code has: codes are 0..this - 1. */
uint32_t pm_float_codes(enum pm_float f);
/** 2^(e-1) - 1. */
int pm_float_bias(enum pm_float f);

/** A code's parts: its value is sig * 2^(e - bias - m), negative or not. */
struct pm_float_parts {
    bool negative, special; /**< special: of the top exponent, replaced */
    unsigned e;             /**< 1.. */
    uint32_t sig;           /**< with the hidden one */
};

struct pm_float_parts pm_float_parts(enum pm_float f, uint32_t code);

/** The code nearest to v, even mantissas at ties; beyond the largest number, that one; v is no NaN. */
uint32_t pm_float_encode(enum pm_float f, float v);

/** The largest e of n codes, `stride` elements apart; 1 where all are 0. n >= 1. */
unsigned pm_exp_max(enum pm_float f, const int32_t *u, size_t n, size_t stride);

/** What pm_prealign() returns, or-ed. */
enum { PM_PREALIGN_INEXACT = 1 /**< a bit that is 1 was shifted out */, PM_PREALIGN_SPECIAL = 2 };

struct pm_prealign_cfg {
    enum pm_float format;
    unsigned bits; /**< B of a result, 4..16 */
    bool round;    /**< half away from zero, saturated; false: truncate */
};

/** q[i*stride] of u[i*stride], n codes, at emax >= each of their e: the value is
 * q * 2^(emax - bias - (bits-2)), |q| < 2^(bits-1). Returns the flags. */
unsigned pm_prealign(const struct pm_prealign_cfg *c, const int32_t *u, size_t n, size_t stride,
                     unsigned emax, int16_t *q);

/** The power of two of a group's integers: emax - bias - (bits-2). */
int pm_prealign_power(const struct pm_prealign_cfg *c, unsigned emax);

/** Flags of pm_fp_norm(). */
enum { PM_FP_UNDERFLOW = 1, PM_FP_OVERFLOW = 2 };

/** FP32's pattern of dpv * 2^p: 24 bits, nearest even, the exponent unbounded; then below 2^-126 +0 and
 * PM_FP_UNDERFLOW, from 2^128 on an infinity and PM_FP_OVERFLOW. |dpv| < 2^62; flags may be NULL. */
uint32_t pm_fp_norm(int64_t dpv, int p, unsigned *flags);

/** The literal alternatives that align every product of a dot product (extended data Fig. 8b). */
enum pm_align_product {
    PM_ALIGN_INPUT,  /**< inputs are shifted by the whole difference, weights are not */
    PM_ALIGN_PRODUCT /**< the products are shifted */
};

/** sum of x[k] w[k * stride] over k < n, each product truncated at the largest sum of exponents: the value is
 * result * 2^*p. bx, bw: bits of inputs and weights, 4..16. */
int64_t pm_align_dot(enum pm_align_product how, enum pm_float f, unsigned bx, unsigned bw, const int32_t *x,
                     const int32_t *w, size_t n, size_t stride, int *p);

#ifdef __cplusplus
}
#endif
#endif
