// SPDX-License-Identifier: Apache-2.0
/* Shift-add of column codes into one output's accumulator (docs/numerics.md, "Shift-add"). */
#ifndef PM_SHIFT_ADD_H
#define PM_SHIFT_ADD_H

#include "pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What one access adds to an output: the two's complement value of its `wbits` column codes (each 0..8, bit
 * b in code[b], wbits 2..16), times +-2^plane. */
int64_t pm_shift_add(const uint8_t *code, unsigned wbits, unsigned plane, bool neg);

#ifdef __cplusplus
}
#endif
#endif
