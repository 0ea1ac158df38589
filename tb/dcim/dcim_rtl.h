// SPDX-License-Identifier: Apache-2.0
/* pm_dcim in simulation, with whole matrices. */
#ifndef DCIM_RTL_H
#define DCIM_RTL_H

#include "dcim.h"
#include "pm_sim.h"

/** y[vectors][outputs] = x[vectors][rows] w[rows][outputs] in one array; rows and outputs are the elaborated
 * ones, cfg's xbits too (else PM_ESHAPE). Checks that x waits only for planes or for a result, that stalled
 * results are stable (PM_EDIFFER) and that w and x fit (PM_ERANGE). *clocks, where not NULL, receives the
 * clocks from the first vector taken to the last result; *latency those from a vector to its result. */
pm_status pm_dcim_rtl(const struct pm_sim_opts *opts, const struct pm_dcim_cfg *cfg, unsigned rows,
                      unsigned outputs, const int32_t *x, const int8_t *w, size_t vectors, int64_t *y,
                      uint64_t *clocks, unsigned *latency);

typedef pm_status pm_dcim_rtl_fn(const struct pm_sim_opts *, const struct pm_dcim_cfg *, unsigned, unsigned,
                                 const int32_t *, const int8_t *, size_t, int64_t *, uint64_t *, unsigned *);

#endif
