// SPDX-License-Identifier: Apache-2.0
/* Lossless matrix-vector product beside an SRAM's cells: bit planes, multiplexers over static sums of
 * weights, an adder tree (Khwa et al., Nature 639, 617 (2025); docs/numerics.md, "Digital SRAM-CIM"). */
#ifndef PM_DCIM_H
#define PM_DCIM_H

#include "pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PM_DCIM_ROWS    128 /**< of one array, and its outputs */
#define PM_DCIM_OUTPUTS 8
#define PM_DCIM_SHARE   3 /**< rows that share a multiplexer, at most */

struct pm_dcim_cfg {
    unsigned xbits; /**< 1..16, planes; from 2 where signed */
    bool is_signed; /**< x is two's complement */
    unsigned share; /**< rows a multiplexer, 1..3 */
};

/** PM_OK, or PM_EINVAL where a field is out of its range. */
pm_status pm_dcim_check(const struct pm_dcim_cfg *cfg);

/** What a multiplexer of `share` rows passes on: bit g of `bits` picks w[g * stride]. */
int32_t pm_dcim_mux(unsigned bits, const int8_t *w, size_t stride, unsigned share);

/** y[vectors][outputs] = x[vectors][rows] w[rows][outputs], plane by plane. Every y is exact: rows at most
 * 2^39. PM_EINVAL: cfg; PM_ERANGE: an x that xbits do not hold. */
pm_status pm_dcim_gemv(const struct pm_dcim_cfg *cfg, const int32_t *x, const int8_t *w, size_t vectors,
                       size_t rows, size_t outputs, int64_t *y);

#ifdef __cplusplus
}
#endif
#endif
