// SPDX-License-Identifier: Apache-2.0
#include "head_norm.h"

/* round(256 * 32 / (32 + i + 1/2)), halves cannot occur: the middle of what i stands for, inverted. */
static int64_t reciprocal(unsigned i) {
    unsigned twice = 65 + 2 * i;
    return (2 * 16384 + twice) / (2 * twice);
}

int32_t pm_head_norm(int64_t o, uint32_t z, enum pm_norm mode) {
    if (mode == PM_NORM_NONE)
        return (int32_t)pm_clamp(o, INT32_MIN, INT32_MAX);
    if (z == 0)
        return 0;
    int k = pm_bl(z) - 1;
    unsigned below = (unsigned)(((uint64_t)z << 5 >> k) & 31);
    int64_t y = mode == PM_NORM_POW2 ? pm_shr(o, k - 4) : pm_shr(o * reciprocal(below), k + 4);
    return (int32_t)pm_clamp(y, INT32_MIN, INT32_MAX);
}
