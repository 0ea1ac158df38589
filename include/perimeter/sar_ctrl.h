// SPDX-License-Identifier: Apache-2.0
/* Successive approximation of one voltage, 6 or 7 bits at run time (HyFlexPIM section 3.2, flexible SAR). */
#ifndef PM_SAR_CTRL_H
#define PM_SAR_CTRL_H

#include "pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Capacitors of the converter's DAC, C1 to C7, and thereby its most bits. */
#define PM_SAR_BITS 7

/** Clocks of one conversion, from start to valid inclusive: sample, one comparison a bit, result. */
static inline unsigned pm_sar_clocks(unsigned bits) {
    return bits + 2;
}

/** The comparator of an ideal converter: whether the voltage is at least that of the DAC code `trial`, less
 * half an LSB. vin_q8 in 1/256 LSB, any int32. */
static inline bool pm_sar_keep(int32_t vin_q8, unsigned trial) {
    return (int64_t)vin_q8 + 128 >= (int64_t)trial << 8;
}

/** Most bits of the models of converters for 3 and 4 bits a cell, which have no RTL. */
#define PM_SAR_MAX_BITS 10

/** The code of vin_q8 (1/256 LSB, any int32), `bits` 1..PM_SAR_MAX_BITS: rounded to the nearest integer,
 * halves up, and saturated at 0 and 2^bits - 1. */
unsigned pm_sar_code(int32_t vin_q8, unsigned bits);

/** code[i] = pm_sar_code(vin_q8[i], bits), i < n. PM_EINVAL where bits is neither 6 nor 7. */
pm_status pm_sar_codes(const int32_t *vin_q8, size_t n, unsigned bits, uint8_t *code);

#ifdef __cplusplus
}
#endif
#endif
