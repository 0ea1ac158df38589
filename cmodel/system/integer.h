// SPDX-License-Identifier: Apache-2.0
/* A network's matrix in integers, with one scale for all inputs of a layer, which calibration has found: what
 * integer systems share. They multiply; this is what goes in and what becomes of the product. */
#ifndef PM_SYSTEM_INTEGER_H
#define PM_SYSTEM_INTEGER_H

#include "system/system.h"

struct pm_integer_cfg {
    unsigned xbits; /**< of an input, 2..15 */
    unsigned wbits; /**< of a weight, 2..8: -(2^(wbits-1)-1)..2^(wbits-1)-1 */
    bool affine; /**< may be calibrated to inputs whose zero is not the integer 0: the product has it, too */
};

/** Read-only once made: threads may share it. */
struct pm_integer {
    unsigned in, out;
    int32_t low, high; /**< of inputs: 0..2^xbits-1, or, where some are negative, +-(2^(xbits-1)-1) */
    int32_t zero;      /**< the real 0 as an input */
    float x_scale;     /**< real value of one LSB of an input */
    int16_t *weight;   /**< [in][out] */
    float *w_scale;    /**< [out], as calibrated, or max|w| over the largest integer; 1 where that is 0 */
    int64_t *offset;   /**< [out], what `zero` adds to a product */
    float *bias;       /**< [out] */
    int16_t *packed;   /**< the weights as pm_gemm takes them */
};

/** Of a node PM_NODE_MATRIX. PM_EINVAL: no range of its inputs is known, or it is affine and the system is
 * not; PM_ENOMEM, or what is wrong with the file. */
pm_status pm_integer_new(struct pm_site *site, const struct pm_node *node, const struct pm_integer_cfg *cfg,
                         struct pm_integer **integer, struct pm_error *e);
/** NULL is accepted. */
void pm_integer_free(struct pm_integer *m);

/** xq = clip(rint(x/x_scale) + zero, low..high), halves to even: xq[n][stride] of x[n][in], zeros beyond. */
void pm_integer_quantise(const struct pm_integer *m, size_t n, const float *x, size_t stride, int16_t *xq);
/** The exact product: y[n][out] of xq[n][pm_gemm_stride(in)]. */
void pm_integer_multiply(const struct pm_integer *m, size_t n, const int16_t *xq, int64_t *y);
/** y = (product - offset) * w_scale * x_scale + bias: y[n][out]. */
void pm_integer_restore(const struct pm_integer *m, size_t n, const int64_t *product, float *y);

/** A number below 2^22 as an integer, halves to even: unlike rintf it vectorises on every machine. */
static inline int32_t pm_integer_nearest(float v) {
    return (int32_t)(v + 0x1.8p23f - 0x1.8p23f);
}

#endif
