// SPDX-License-Identifier: Apache-2.0
/* The fast path of a noisy array's reads: see kernels/simd.h. */
#ifndef PM_ARRAY_CONVERT_H
#define PM_ARRAY_CONVERT_H

#include "analog/array.h"
#include "kernels/simd.h"

/** One access, converted by flash converters: each column's code is added to sum[cols, padded to a multiple
 * of 64]. The array is noisy, at most K wordlines are on. Returns the codes that are not the stored count
 * where `count`. */
uint64_t pm_array_convert(const struct pm_array *a, const struct pm_kernels *k, const uint64_t *mask,
                          unsigned dummy, struct pm_read_id id, bool count, uint16_t *sum);

#endif
