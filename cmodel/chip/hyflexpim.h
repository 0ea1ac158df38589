// SPDX-License-Identifier: Apache-2.0
/* HyFlexPIM (arXiv 2506.00020): geometry and mapping, as small functions. */
#ifndef PM_CHIP_HYFLEXPIM_H
#define PM_CHIP_HYFLEXPIM_H

#include "chip/chip.h"

#define PM_HYFLEX_UNITS     24  /**< processing units of a chip */
#define PM_HYFLEX_ANALOG    24  /**< analog modules of a unit */
#define PM_HYFLEX_DIGITAL   8   /**< its digital modules, each with a special function unit */
#define PM_HYFLEX_ARRAYS    512 /**< of an analog module: 64 x 128 cells, a converter each */
#define PM_HYFLEX_NOR       256 /**< arrays of a digital module: 1024 x 1024 cells */
#define PM_HYFLEX_NOR_SIDE  1024
#define PM_HYFLEX_PU_ARRAYS ((int64_t)PM_HYFLEX_ANALOG * PM_HYFLEX_ARRAYS)
#define PM_HYFLEX_NOR_CELLS                                                                                  \
    ((double)PM_HYFLEX_DIGITAL * PM_HYFLEX_NOR * PM_HYFLEX_NOR_SIDE * PM_HYFLEX_NOR_SIDE)

/** Arrays of 1-bit and of 2-bit cells. */
struct pm_hyflex_arrays {
    int64_t slc, mlc;
};
/** Of a matrix: factors of floor(rows cols / (rows + cols)) ranks where svd, of which floor(percent ranks /
 * 100) are in 1-bit cells; else whole, in 1-bit cells unless percent is 0. No array is shared. */
struct pm_hyflex_arrays pm_hyflex_arrays(int64_t rows, int64_t cols, bool svd, int64_t percent);
/** Whether the matrix is taken apart: it has a rank. */
bool pm_hyflex_factors(int64_t rows, int64_t cols, bool svd);

/** Units that so many arrays need. */
int64_t pm_hyflex_units(int64_t arrays);

/** Layers on chips, no layer across a border: *chips, and the units that a layer gets beyond its own need,
 * the same for all. need[layers] is at most PM_HYFLEX_UNITS each. */
void pm_hyflex_place(const int64_t *need, unsigned layers, int64_t *chips, int64_t *spare);

/** Products of abits x 8 a clock and digital module; packed as pm_nor_layout has them, or evenly. */
double pm_hyflex_products(int64_t abits, bool packed);
/** Writes of a NOR cell an inference of `products` 8 x 8 and as many abits x 8, levelled over `cells`. */
double pm_hyflex_writes(double products, int64_t abits, double cells);
/** Clocks of a vector in an array: a plane's columns through `sars` converters of `bits`. */
double pm_hyflex_clocks(int64_t bits, int64_t sars);
/** Most tokens whose score matrices the digital modules of `units` hold. */
int64_t pm_hyflex_score_tokens(int64_t units, int64_t heads, int64_t abits);

#endif
