// SPDX-License-Identifier: Apache-2.0
/* Head normalisation: a head's output over its softmax sum, by leading one and table instead of a divider. */
#ifndef PM_HEAD_NORM_H
#define PM_HEAD_NORM_H

#include "pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum pm_norm {
    PM_NORM_RECIP, /**< (o * rec[i]) >> (k + 4): o / Z with 4 fraction bits */
    PM_NORM_POW2,  /**< o >> (k - 4): Z rounded down to a power of two (golden only) */
    PM_NORM_NONE,  /**< o unchanged (golden only) */
};

/** The normalised o, saturated to 32 bits. k = bl(z) - 1. z = 0 gives 0 in every mode but none. |o| < 2^55.
 */
int32_t pm_head_norm(int64_t o, uint32_t z, enum pm_norm mode);

#ifdef __cplusplus
}
#endif
#endif
