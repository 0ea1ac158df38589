// SPDX-License-Identifier: Apache-2.0
/* Shift-and-add of one array's column codes, one or two bits a cell, with column flip (HyFlexPIM section 3.2;
 * ISAAC's flipped encoding) or with differential weights.
 *
 * Offset: a weight w is stored in offset binary, u = w + 128, `cell` bits a column, least significant column
 * first. A flipped column holds the complement of its cells. Differential: each of these columns is a pair,
 * the first holds the slices of max(w, 0), the second those of max(-w, 0), and their codes are subtracted. */
#ifndef PM_MLC_SHIFT_ADD_H
#define PM_MLC_SHIFT_ADD_H

#include "pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How an array's columns hold a weight. */
enum pm_weight_coding { PM_WEIGHTS_OFFSET, PM_WEIGHTS_DIFFERENTIAL };

/** Slices of one weight, 8 or 4 (golden only: 3 and 2, of 3 and 4 bits a cell, the top slice narrower). */
static inline unsigned pm_mlc_slices(unsigned cell) {
    return (8 + cell - 1) / cell;
}

/** Columns of one weight: a slice each, or a pair of columns a slice. */
static inline unsigned pm_mlc_columns(unsigned cell, enum pm_weight_coding coding) {
    return pm_mlc_slices(cell) << (coding == PM_WEIGHTS_DIFFERENTIAL);
}

/** val_c: what an unflipped column would have given. `pop`: active wordlines of the plane. */
static inline int32_t pm_mlc_value(int32_t code, unsigned cell, bool flip, unsigned pop) {
    return flip ? (int32_t)(((1u << cell) - 1) * pop) - code : code;
}

/** Whether a column whose 64 cells sum to `sum` is stored as its complement: 2 sum > 64 (2^cell - 1). */
static inline bool pm_mlc_flip(unsigned sum, unsigned cell) {
    return 2 * sum > 64 * ((1u << cell) - 1);
}

/** t of one output and plane: its 8/cell columns' values by their place, less the offset, 128 for each active
 *  wordline. flip[c] is 0 or 1. |code| < 2^20. */
int32_t pm_mlc_partial(const int32_t *code, const uint8_t *flip, unsigned cell, unsigned pop);

/** t of one output of differential weights and plane: its pairs' differences by their place. |t| is at most
 * the largest code times 255 / (2^cell - 1), whatever the codes. */
int32_t pm_mlc_partial_pairs(const int32_t *code, unsigned cell);

/** acc after plane i, 0..7, of a two's complement vector: plane 7 counts negative. Plane 0 begins anew. */
int32_t pm_mlc_accumulate(int32_t acc, int32_t t, unsigned plane);

/** One plane of `outputs` outputs: code[outputs * pm_mlc_columns()] into acc[outputs]. With 6-bit codes of
 * 1-bit cells or 7-bit codes of 2-bit cells, acc stays within 23 bits for any codes, in either coding; 7-bit
 * codes of 1-bit cells need 24. */
void pm_mlc_shift_add(const int32_t *code, const uint8_t *flip, unsigned cell, unsigned pop, unsigned plane,
                      unsigned outputs, int32_t *acc);
void pm_mlc_shift_add_pairs(const int32_t *code, unsigned cell, unsigned plane, unsigned outputs,
                            int32_t *acc);

#ifdef __cplusplus
}
#endif
#endif
