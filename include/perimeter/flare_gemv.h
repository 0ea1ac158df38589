// SPDX-License-Identifier: Apache-2.0
/* One matrix in one array: BitSift, the array, its converters and shift-add. */
#ifndef PM_FLARE_GEMV_H
#define PM_FLARE_GEMV_H

#include "analog/array.h"
#include "bitsift.h"
#include "pm_path.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Cost counters of GEMVs; a caller zeroes them and they add up over vectors. */
struct pm_gemv_cost {
    uint64_t vectors;
    uint64_t accesses;
    uint64_t windows;        /**< accesses that fixed windows of K rows need: bits * ceil(rows/K) a vector */
    uint64_t ones;           /**< ones in the vectors' planes (as coded) */
    uint64_t bits;           /**< rows * planes that hold those ones: rows * B a vector */
    uint64_t sawl[PM_K + 1]; /**< accesses by active data wordlines */
    uint64_t conversions;    /**< columns converted */
    uint64_t conversion_errors; /**< conversions whose code is not the stored count; counted when the array is
                                   noisy */
};

/** Programs w[rows][outputs] (row-major, `wbits`-bit two's complement, wbits 2..16) into columns
 *  output*wbits + bit of an array of rows x outputs*wbits. */
void pm_flare_program(struct pm_array *a, const int16_t *w, unsigned rows, unsigned outputs, unsigned wbits);

/** y[m] = sum_d x[d] * w[d][m] through every access and conversion (exact when the array is nominal), m <
 *  cols/wbits. x has cfg->rows elements, at most the array's rows; wordlines beyond them stay off. `vector`
 * numbers the vectors since programming. value and code are scratch of one element a column. cost may be
 * NULL. */
void pm_flare_gemv(const struct pm_bitsift_cfg *cfg, const struct pm_array *a, const int32_t *x,
                   unsigned wbits, uint32_t vector, int64_t *y, int32_t *value, uint8_t *code,
                   struct pm_gemv_cost *cost);

/** The same integers and costs, as the hardware computes them: comparators, thermometer encoder and shift-add
 * of every access. The reference of pm_flare_gemv. */
void pm_flare_gemv_plain(const struct pm_bitsift_cfg *cfg, const struct pm_array *a, const int32_t *x,
                         unsigned wbits, uint32_t vector, int64_t *y, int32_t *value, uint8_t *code,
                         struct pm_gemv_cost *cost);

#define PM_FLARE_ARRAYS 16 /**< most arrays that a matrix's rows are split over */

/** pm_flare_gemv() with the rows split over arrays (FLARE, section 5.1): array k of
 * a[arrays], 1..PM_FLARE_ARRAYS, has rows k*cfg->rows/arrays and up, and all of its columns. The arrays go
 * from plane to plane together and add up in one accumulator: an access of cost is one of all that have ones
 * left of the plane. cfg->rows is a multiple of `arrays`. The same integers as of one array with all rows.
 * cost->sawl, ones and conversions count each array's. */
void pm_flare_split_gemv(const struct pm_bitsift_cfg *cfg, const struct pm_array *const *a, unsigned arrays,
                         const int32_t *x, unsigned wbits, uint32_t vector, int64_t *y, int32_t *value,
                         uint8_t *code, struct pm_gemv_cost *cost);

/** A programmed matrix in the form that its path reads. Multiplying changes nothing: threads may share it. */
struct pm_flare_matrix;

/** An array of rows x outputs*wbits that stores zeros; wbits 2..16, `id` keys its draws, `isa` chooses the
 * inner loops. PM_EINVAL where an argument is out of range, the cells' K is not PM_K, the path is exact and
 * the array noisy, or the CPU lacks `isa`; PM_ENOMEM. */
pm_status pm_flare_matrix_new(const struct pm_array_cfg *cell, uint32_t id, unsigned rows, unsigned outputs,
                              unsigned wbits, enum pm_path path, enum pm_isa isa,
                              struct pm_flare_matrix **matrix);
void pm_flare_matrix_free(struct pm_flare_matrix *f);

/** Programs w[rows][outputs], row-major, all of it. */
void pm_flare_matrix_program(struct pm_flare_matrix *f, const int16_t *w);

/** y[n][outputs] of x[n][cfg->rows], n vectors numbered from first_vector; cfg->rows is at most the matrix's.
 * cost may be NULL. PM_ENOMEM. */
pm_status pm_flare_gemm(const struct pm_flare_matrix *f, const struct pm_bitsift_cfg *cfg, const int32_t *x,
                        unsigned n, uint32_t first_vector, int64_t *y, struct pm_gemv_cost *cost);

/** Adds `from` to `to`. */
void pm_gemv_cost_add(struct pm_gemv_cost *to, const struct pm_gemv_cost *from);

#ifdef __cplusplus
}
#endif
#endif
