// SPDX-License-Identifier: Apache-2.0
/* pm_sfu_scale in simulation, with whole rows. */
#ifndef SFU_SCALE_RTL_H
#define SFU_SCALE_RTL_H

#include "pm_sim.h"
#include "sfu_scale.h"

/** y[rows][width] and scale[rows], as pm_sfu_scale(); either may be NULL. *clocks, where not NULL, receives
 * the clocks from the first beat's handshake to the last result's. PM_ERANGE: a column's e is beyond the
 * pins; PM_EDIFFER: a stalled result changed. */
pm_status pm_sfu_scale_rtl(const struct pm_sim_opts *opts, const struct pm_sfu_scale_job *job, uint16_t *y,
                           struct pm_scale *scale, uint64_t *clocks);

typedef pm_status pm_sfu_scale_rtl_fn(const struct pm_sim_opts *, const struct pm_sfu_scale_job *, uint16_t *,
                                      struct pm_scale *, uint64_t *);

#endif
