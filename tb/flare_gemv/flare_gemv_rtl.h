// SPDX-License-Identifier: Apache-2.0
/* pm_flare_gemv in simulation, with whole tensors. */
#ifndef FLARE_GEMV_RTL_H
#define FLARE_GEMV_RTL_H

#include "flare_gemv.h"
#include "pm_sim.h"

/** pm_flare_gemv() by RTL: y[vectors][outputs] and accesses[vectors] (may be NULL) of x[vectors][rows] by
 *  w[rows][outputs]. Programs its own array with id 0 and numbers vectors from 0: a golden array with the
 * same cfg, programmed by pm_flare_program, gives the same integers, noise included. Rows, outputs, wbits,
 * bits, slice and mode are the elaborated ones, else PM_ESHAPE; PM_EMODE for PM_GPC_NEXT. PM_EDIFFER where a
 * stalled output moves or an access breaks the array's rules. *clocks, where not NULL, receives the clocks
 * from the first vector taken to the last result. */
pm_status pm_flare_gemv_rtl(const struct pm_sim_opts *opts, const struct pm_bitsift_cfg *cfg,
                            const struct pm_array_cfg *array, const int16_t *w, unsigned outputs,
                            unsigned wbits, const int32_t *x, size_t vectors, int64_t *y, uint32_t *accesses,
                            uint64_t *clocks);

/** The same for pm_flare_split_gemv(): rows split over `arrays` arrays, which must be the elaborated ones.
 * Array k has id k. */
pm_status pm_flare_split_rtl(const struct pm_sim_opts *opts, const struct pm_bitsift_cfg *cfg,
                             unsigned arrays, const struct pm_array_cfg *array, const int16_t *w,
                             unsigned outputs, unsigned wbits, const int32_t *x, size_t vectors, int64_t *y,
                             uint32_t *accesses, uint64_t *clocks);

/** In the runs from now on vectors are at least `clocks` apart (at first 1). */
void pm_flare_gemv_pace(unsigned clocks);

typedef pm_status pm_flare_gemv_rtl_fn(const struct pm_sim_opts *, const struct pm_bitsift_cfg *,
                                       const struct pm_array_cfg *, const int16_t *, unsigned, unsigned,
                                       const int32_t *, size_t, int64_t *, uint32_t *, uint64_t *);
typedef pm_status pm_flare_split_rtl_fn(const struct pm_sim_opts *, const struct pm_bitsift_cfg *, unsigned,
                                        const struct pm_array_cfg *, const int16_t *, unsigned, unsigned,
                                        const int32_t *, size_t, int64_t *, uint32_t *, uint64_t *);
typedef void pm_flare_gemv_pace_fn(unsigned);

#endif
