// SPDX-License-Identifier: Apache-2.0
/* The fast path of a noisy array's reads: see kernels/simd.h. */
#ifndef PM_ARRAY_CONVERT_H
#define PM_ARRAY_CONVERT_H

#include "analog/array.h"
#include "kernels/simd.h"

/** One access, converted by PM_GROUP flash comparators a column: each column's code is added to sum[cols,
 * padded to a multiple of 64]. The fast path of pm_array_read() and a rounding to 0..8 for FLARE's arrays:
 * noisy, and at most PM_GROUP wordlines are on. Returns the codes that are not the stored count where
 * `count`. */
uint64_t pm_array_convert(const struct pm_array *a, const struct pm_kernels *k, const uint64_t *mask,
                          unsigned dummy, struct pm_read_id id, bool count, uint16_t *sum);

#endif
