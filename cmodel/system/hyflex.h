// SPDX-License-Identifier: Apache-2.0
/* A network's matrix in HyFlexPIM arrays: int8 activations and weights around pm_hyflex_gemv(), in one matrix
 * or in two low-rank factors whose ranks are spread over 1-bit and 2-bit cells (HyFlexPIM sections 3.2 and
 * 4). */
#ifndef PM_SYSTEM_HYFLEX_H
#define PM_SYSTEM_HYFLEX_H

#include "hyflex_gemv.h"
#include "system/hyflex_digital.h"
#include "system/ranks.h"

extern const struct pm_system pm_system_hyflex;

enum pm_hyflex_layout {
    PM_HYFLEX_SLC,  /**< the matrix in 1-bit cells */
    PM_HYFLEX_MLC,  /**< the matrix in cells of more bits */
    PM_HYFLEX_RANKS /**< its truncated factors, the first ranks in 1-bit cells, the others in 2-bit cells */
};

struct pm_hyflex_linear_cfg {
    enum pm_hyflex_layout layout;
    struct pm_hyflex_cfg array; /**< cell and adc are set for each array from layout and the next member */
    unsigned mlc_cell;          /**< bits of those cells, 2 (of ranks, too), 3 or 4 */
    unsigned adc[2];            /**< converter bits for 1-bit cells and the others: 6..10, 0 (ideal) */
    unsigned slc_percent;       /**< floor(slc_percent * k / 100) ranks in 1-bit cells, 0..100 */
    enum pm_rank_sigma sigma;   /**< which factor holds the singular values, for PM_HYFLEX_RANKS */
    const unsigned *order;      /**< [k = pm_rank_count()], by pm_rank_sort(), for PM_HYFLEX_RANKS */
};

/** Cost of runs; a caller zeroes it and it adds up. */
struct pm_hyflex_linear_cost {
    struct pm_hyflex_cost cell[2]; /**< in arrays of 1-bit and of 2-bit cells */
    uint64_t cycles;               /**< clocks; arrays of one matrix or factor work side by side, vectors and
                                      factors one after the other */
};

/** A programmed matrix. Reading it changes nothing: threads may share it. */
struct pm_hyflex_linear;

/** Programs W of `l`: each output (of a factor) has its scale max|w|/127 (1 where that is 0). Its arrays are
 * number *array_id and on, which moves past them. PM_EINVAL: a member of cfg out of range, or a dimension
 * beyond PM_HYFLEX_MAX_DIM; PM_ENOMEM. */
pm_status pm_hyflex_linear_new(const struct pm_hyflex_linear_cfg *cfg, const struct pm_matrix *l,
                               uint32_t *array_id, struct pm_hyflex_linear **linear);
void pm_hyflex_linear_free(struct pm_hyflex_linear *linear);

/** Arrays that it takes, and those of the matrix undivided in 1-bit cells. */
struct pm_held pm_hyflex_linear_held(const struct pm_hyflex_linear *linear);

/** y[n][out] = x[n][in] W^T + bias: every vector is rounded to int8 at its own scale max|x|/127, results are
 * scaled back in float. `first_vector` numbers the vectors since programming. cost and watch may be NULL.
 * PM_ENOMEM, or what `watch` returned. */
pm_status pm_hyflex_linear_run(const struct pm_hyflex_linear *linear, size_t n, const float *x,
                               uint32_t first_vector, float *y, struct pm_hyflex_linear_cost *cost,
                               const struct pm_watch *watch);
/** The same in binary16, of which a digital module makes int8 and back; onto[n][out], NULL: nothing, is added
 * as well. cost, u's watch: as above. */
pm_status pm_hyflex_linear_run16(const struct pm_hyflex_linear *linear, const struct pm_hyflex_units *u,
                                 size_t n, const uint16_t *x, const uint16_t *onto, uint32_t first_vector,
                                 uint16_t *y, struct pm_hyflex_linear_cost *cost);

/** Of a step in arrays: a matrix's integers; one for each factor and each kind of cell. */
struct pm_hyflex_run {
    const struct pm_hyflex *h;
    const int8_t *x;
    size_t stride, n;
    uint32_t first_vector;
    int32_t *y;      /**< [n][outputs of h] */
    uint64_t cycles; /**< golden clocks of this */
};
/** A programmed layer's converters an array, for its RTL twin; and the lanes of its special function units,
 * 0: the rest is the host's. */
unsigned pm_hyflex_layer_sars(const void *layer);
unsigned pm_hyflex_layer_lanes(const void *layer);

#endif
