// SPDX-License-Identifier: Apache-2.0
/* pm_pva_gemv in simulation, beside an array of a programmed matrix. The loaded model fixes pm_pva_gemv_tb's
 * parameters. */
#ifndef PVA_GEMV_RTL_H
#define PVA_GEMV_RTL_H

#include "pm_sim.h"
#include "pva_gemv.h"

/** What tile `tile` gives, outputs first_output .. first_output + Outputs - 1 of those that there are:
 * y[vectors][that many] of x[vectors], `stride` elements apart from the tile's first row on, numbered from
 * first_vector. Noise is the matrix's own. *clips is the sum of these outputs' clips, *clocks the clocks from
 * the first vector taken to the last result, both inclusive; either may be NULL. PM_ESHAPE: the model does
 * not fit the matrix; PM_EMODE: offset coding; PM_EDIFFER: an access is not the schedule's, or something that
 * was stalled moved. */
pm_status pm_pva_gemv_rtl(const struct pm_sim_opts *opts, const struct pm_pva *matrix, unsigned tile,
                          unsigned first_output, const int32_t *x, size_t stride, size_t vectors,
                          uint32_t first_vector, int64_t *y, uint64_t *clips, uint64_t *clocks);

typedef pm_status pm_pva_gemv_rtl_fn(const struct pm_sim_opts *, const struct pm_pva *, unsigned, unsigned,
                                     const int32_t *, size_t, size_t, uint32_t, int64_t *, uint64_t *,
                                     uint64_t *);

#endif
