// SPDX-License-Identifier: Apache-2.0
/* Flash conversion of one column: eight comparators to a code 0..8 (docs/numerics.md, "Column readout"). */
#ifndef PM_THERM_ENC_H
#define PM_THERM_ENC_H

#include "pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Comparators of one column, and thereby its largest code. */
#define PM_COMPARATORS 8

/** The comparators' outputs for a column value a in 1/256 LSB: bit k is a >= (k + 1/2) * 256. */
static inline uint8_t pm_flash(int32_t a) {
    uint8_t therm = 0;
    for (int k = 0; k < PM_COMPARATORS; k++)
        therm |= (uint8_t)((a >= k * 256 + 128) << k);
    return therm;
}

/** The code: how many comparators are on, whatever their order (bubbles are tolerated). */
static inline uint8_t pm_therm_enc(uint8_t therm) {
    return (uint8_t)__builtin_popcount(therm);
}

/** pm_therm_enc(pm_flash(a)) in closed form, which vectorises: a rounded to whole LSB, limited to 0..8. */
static inline uint8_t pm_flash_code(int32_t a) {
    int32_t in_range = a < 0 ? 0 : a > PM_COMPARATORS * 256 ? PM_COMPARATORS * 256 : a;
    return (uint8_t)((in_range + 128) >> 8);
}

#ifdef __cplusplus
}
#endif
#endif
