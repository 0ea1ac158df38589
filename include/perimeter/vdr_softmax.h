// SPDX-License-Identifier: Apache-2.0
/* VDR-Softmax: integer softmax numerators without a divider (FLARE Algorithm 1, corrected). */
#ifndef PM_VDR_SOFTMAX_H
#define PM_VDR_SOFTMAX_H

#include "pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PM_VDR_ENTRIES 8
#define PM_VDR_FRAC    4 /**< F, fraction bits of D */

/** One entry of the table, for a row scale S' = S0 * 2^-(ne+F). */
struct pm_vdr_entry {
    uint32_t l; /**< round(ln2 / S') */
    uint32_t b; /**< round(2.70733 / S') */
    uint32_t c; /**< round(2.79211 / S'^2) */
};

/** The 96-byte table that the host loads, entries ne = 0..7. */
struct pm_vdr_lut {
    struct pm_vdr_entry e[PM_VDR_ENTRIES];
};

/** The table of one layer and head. s0 in [1/2, 1), otherwise PM_EINVAL. */
pm_status pm_vdr_lut_init(struct pm_vdr_lut *lut, double s0);

/** exp of a distance below the row's maximum, of which the entry is the scale: 0..255. distance: 0..32767, in
 * units of S'. */
uint8_t pm_vdr_exp(const struct pm_vdr_entry *entry, uint32_t distance, bool round);

/** a[n] (0..255) and their sum, which is returned. x[n]: logits; keep[n] (1 = kept) may be NULL; n 1..4096;
 * ne: the row's exponent, any int32. Positions not kept give 0 and enter neither the maximum nor the sum. */
uint32_t pm_vdr_softmax(const struct pm_vdr_lut *lut, const int8_t *x, const uint8_t *keep, size_t n,
                        int32_t ne, bool round, uint8_t *a);

#ifdef __cplusplus
}
#endif
#endif
