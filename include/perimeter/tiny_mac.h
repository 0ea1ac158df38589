// SPDX-License-Identifier: Apache-2.0
/* Multiply-accumulate lanes for kernels of at most 15 rows (Khwa et al., Nature 639, 617 (2025),
 * "tiny-digital"; docs/numerics.md, "Tiny digital"). */
#ifndef PM_TINY_MAC_H
#define PM_TINY_MAC_H

#include "pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PM_TINY_ROWS  15 /**< of a kernel, at most */
#define PM_TINY_LANES 8

struct pm_tiny_cfg {
    unsigned xbits; /**< 2..16 */
    bool is_signed; /**< x is two's complement */
    bool depthwise; /**< each output has its own inputs */
};

/** PM_OK, or PM_EINVAL where a field is out of its range. */
pm_status pm_tiny_check(const struct pm_tiny_cfg *cfg);

/** y[vectors][outputs] = x w[rows][outputs], rows 1..15, exactly: x[vectors][rows], or, depthwise,
 * x[vectors][outputs * rows] with output m's inputs at m * rows. PM_EINVAL: cfg or rows; PM_ERANGE: an x that
 * xbits do not hold. */
pm_status pm_tiny_gemv(const struct pm_tiny_cfg *cfg, const int32_t *x, const int8_t *w, size_t vectors,
                       size_t rows, size_t outputs, int32_t *y);

#ifdef __cplusplus
}
#endif
#endif
