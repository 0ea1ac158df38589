// SPDX-License-Identifier: Apache-2.0
/* The RTL twin of pm_vdr_softmax(). */
#ifndef VDR_SOFTMAX_RTL_H
#define VDR_SOFTMAX_RTL_H

#include "vdr_softmax.h"
#include "pm_sim.h"

/** a[rows*n] and z[rows] of the rows x[rows*n] with the exponents ne[rows]; keep[rows*n] (1 = kept) may be
 * NULL. n is 1..MaxN of the elaborated bench (PM_ESHAPE otherwise); the last beat is padded with positions
 * that are not kept, ne is limited to the 8 bits of the port. One table for all rows. PM_EDIFFER: the
 * protocol was broken. *clocks, where not NULL: from reset to the last output. */
pm_status pm_vdr_softmax_rtl(const struct pm_sim_opts *opts, const struct pm_vdr_lut *lut, const int8_t *x,
                             const int32_t *ne, const uint8_t *keep, size_t rows, size_t n, bool round,
                             uint8_t *a, uint32_t *z, uint64_t *clocks);

#endif
