// SPDX-License-Identifier: Apache-2.0
/* pm_hyflex_gemv in simulation, with whole matrices: each tile is one run, row tiles add up here. */
#ifndef HYFLEX_GEMV_RTL_H
#define HYFLEX_GEMV_RTL_H

#include "hyflex_gemv.h"
#include "pm_sim.h"

/** y[vectors][outputs] of x[vectors][rows] by RTL; vector v has number first_vector + v for the noise. The
 * model's Sars is that of the matrix's configuration. cost (may be NULL) adds up as for pm_hyflex_gemv(), but
 * its cycles are the slowest tile's clocks from its first wordlines to its last result. PM_EMODE: adc = 0,
 * more than 7 bits, 3 or 4 bits a cell and disturbed weights have no RTL. PM_EDIFFER: a pin broke the
 * protocol (wordlines that are not the plane's, a bank scanned or overwritten out of turn, an unstable y). */
pm_status pm_hyflex_gemv_rtl(const struct pm_sim_opts *opts, const struct pm_hyflex *h, const int8_t *x,
                             size_t vectors, uint32_t first_vector, int32_t *y, struct pm_hyflex_cost *cost);

/** One tile: acc[vectors][pm_hyflex_per()] of x[vectors][tile->rows] (x rows are `stride` apart), and, where
 * not NULL, code[vectors][8][128], *wrong, *clocks. */
pm_status pm_hyflex_tile_rtl(const struct pm_sim_opts *opts, const struct pm_hyflex *h,
                             const struct pm_hyflex_tile *tile, const int8_t *x, size_t stride,
                             size_t vectors, uint32_t first_vector, int32_t *acc, uint8_t *code,
                             uint64_t *wrong, uint64_t *clocks);

typedef pm_status pm_hyflex_gemv_rtl_fn(const struct pm_sim_opts *, const struct pm_hyflex *, const int8_t *,
                                        size_t, uint32_t, int32_t *, struct pm_hyflex_cost *);
typedef pm_status pm_hyflex_tile_rtl_fn(const struct pm_sim_opts *, const struct pm_hyflex *,
                                        const struct pm_hyflex_tile *, const int8_t *, size_t, size_t,
                                        uint32_t, int32_t *, uint8_t *, uint64_t *, uint64_t *);

#endif
