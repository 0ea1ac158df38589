// SPDX-License-Identifier: Apache-2.0
/* Multiplication in a digital RRAM array by NOR (HyFlexPIM's digital module, after FloatPIM).
 *
 * A partial product a_i b_j is NOR(~a_i, ~b_j) in three columns: two operands, one result. A row of the array
 * holds as many as its columns give room; it takes five clocks: write ~a, write ~b, preset the results, NOR,
 * read. */
#ifndef PM_NOR_PIM_H
#define PM_NOR_PIM_H

#include "pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PM_NOR_MIN_BITS 4
#define PM_NOR_MAX_BITS 16
#define PM_NOR_COLUMNS  3 /**< of one partial product */
#define PM_NOR_CLOCKS   5 /**< of one row */

/** Widths 4..16 and signedness of both operands. */
struct pm_nor_cfg {
    unsigned abits, bbits;
    bool asigned, bsigned;
};

/** PM_OK, or PM_EINVAL when a width is out of range. */
pm_status pm_nor_check(const struct pm_nor_cfg *cfg);

/** a * b by partial products; of each operand only its low abits or bbits are looked at. Exact: 16 x 16
 * unsigned bits reach 4294836225, beyond int32, everything else fits int32. */
int64_t pm_nor_mul(int32_t a, int32_t b, unsigned abits, unsigned bbits, bool asigned, bool bsigned);

/** y[i] = a[i] * b[i], i < n. PM_EINVAL: cfg; PM_ERANGE: an operand that its width does not hold, or a
 * product beyond int32 (unsigned 16 x 16 only); *at, where not NULL, is then the index of the first. */
pm_status pm_nor_muls(const struct pm_nor_cfg *cfg, const int32_t *a, const int32_t *b, size_t n, int32_t *y,
                      size_t *at);

/** How multiplications lie in an array of `cols` columns. */
struct pm_nor_layout {
    unsigned lanes;     /**< partial products a row has room for */
    unsigned products;  /**< of one multiplication, abits * bbits */
    unsigned mults;     /**< multiplications side by side in one row, at least 1 */
    unsigned rows;      /**< of one multiplication */
    double utilisation; /**< columns in use over columns of these rows */
};

/** cols at least 3. */
struct pm_nor_layout pm_nor_layout(unsigned cols, unsigned abits, unsigned bbits);

/** Clocks of n multiplications: five a row. */
uint64_t pm_nor_cycles(const struct pm_nor_layout *l, uint64_t n);

#ifdef __cplusplus
}
#endif
#endif
