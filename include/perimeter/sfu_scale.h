// SPDX-License-Identifier: Apache-2.0
/* From the integers of arrays back to binary16: scales of rows and columns, their products, and what becomes
 * of a sum (HyFlexPIM sections 3.1 and 3.3; docs/numerics.md, "Between arrays and special functions"). */
#ifndef PM_SFU_SCALE_H
#define PM_SFU_SCALE_H

#include "sfu_fp16.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The addend that changes nothing: -0. */
#define PM_FP16_NOTHING PM_FP16_SIGN

/** |x| of a finite x, exactly. */
struct pm_scale pm_scale_fp16(uint16_t x);
/** x > 0 in 16 bits, half up; 0: 0. Of constants: e stays within -200..200. */
struct pm_scale pm_scale_real(double x);
/** a b, in 16 bits half up; 0 has e = 0. */
struct pm_scale pm_scale_mul(struct pm_scale a, struct pm_scale b);
/** 1/z of z > 0, pm_sfu_recip() in 16 bits half up; of 0: 0. */
struct pm_scale pm_scale_recip(uint32_t z);
/** scale of scores for pm_sfu_softmax(): one beyond its range becomes the largest there, 65535 * 2^-19; 0 has
 * e = -19. */
struct pm_scale pm_scale_scores(struct pm_scale a, struct pm_scale b);

/** rn(a row column) + bias + onto, each sum rounded. */
uint16_t pm_sfu_restore(int32_t a, struct pm_scale row, struct pm_scale column, uint16_t bias, uint16_t onto);

/** Clocks before a row whose scale is a reciprocal. */
#define PM_SFU_SCALE_RECIP_CLOCKS 20

/** Rows of sums, or of scales alone. */
struct pm_sfu_scale_job {
    bool recip;  /**< row[] are sums, whose reciprocals are taken; else codes of binary16, finite */
    bool scores; /**< scales are for scores */
    size_t rows, width;
    size_t sets;                   /**< of columns: row r has set r mod sets */
    const uint32_t *row;           /**< [rows] */
    const int32_t *a;              /**< [rows][width]; NULL: zeros */
    const struct pm_scale *column; /**< [sets][width] */
    const uint16_t *bias;          /**< [sets][width]; NULL: nothing */
    const uint16_t *onto;          /**< [rows][width]; NULL: nothing */
};
/** y[rows][width], and scale[rows], that of each row's first column; either may be NULL. */
void pm_sfu_scale(const struct pm_sfu_scale_job *job, uint16_t *y, struct pm_scale *scale);

#ifdef __cplusplus
}
#endif
#endif
