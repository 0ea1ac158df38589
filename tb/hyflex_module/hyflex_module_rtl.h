// SPDX-License-Identifier: Apache-2.0
/* pm_hyflex_chain in simulation: matrices one behind the other, each whole in a module. */
#ifndef HYFLEX_MODULE_RTL_H
#define HYFLEX_MODULE_RTL_H

#include "hyflex_module.h"
#include "pm_sim.h"

/** One stage: a matrix, or some of its arrays. A stage behind another one is a whole matrix and has that
 * one's outputs as rows. */
struct pm_hyflex_stage_of {
    const struct pm_hyflex *h;
    struct pm_requant requant;
    unsigned first_row, row_tiles; /**< row tiles from first_row on; row_tiles 0: all */
    unsigned first_col, col_tiles; /**< column tiles, the same */
};

/** What a run gives; members that are NULL are left out. */
struct pm_hyflex_chain_out {
    int32_t *y;           /**< [vectors][outputs of the last stage] */
    int8_t *q;            /**< the same, requantised */
    uint8_t *code;        /**< of stage 0: [row tiles][column tiles][vectors][8][128] */
    int32_t *acc;         /**< of stage 0: [row tiles][column tiles][vectors][pm_hyflex_per()] */
    uint64_t *tile_wrong; /**< of stage 0: [row tiles][column tiles]: its part of `wrong` */
    uint64_t wrong;       /**< codes of all stages that are not the sum */
    uint64_t arrays; /**< clocks of stage 0's slowest array, from its first wordlines to its last result */
    uint64_t clocks; /**< from the first beat in to the last beat out */
};

/** x[vectors][rows of stage 0], from its first row on, `stride` apart and numbered from first_vector, through
 * `stages` matrices by RTL; the model's Stages and Arrays are given, its Sars is that of all matrices.
 * PM_EINVAL: a matrix does not fit, or stages do not fit each other. PM_EMODE as pm_hyflex_gemv_rtl().
 * PM_EDIFFER: a pin broke the protocol, also wordlines of a later stage that are not golden's. */
pm_status pm_hyflex_chain_rtl(const struct pm_sim_opts *opts, const struct pm_hyflex_stage_of *stage,
                              unsigned stages, unsigned arrays, const int8_t *x, size_t stride,
                              size_t vectors, uint32_t first_vector, struct pm_hyflex_chain_out *out);

typedef pm_status pm_hyflex_chain_rtl_fn(const struct pm_sim_opts *, const struct pm_hyflex_stage_of *,
                                         unsigned, unsigned, const int8_t *, size_t, size_t, uint32_t,
                                         struct pm_hyflex_chain_out *);

#endif
