// SPDX-License-Identifier: Apache-2.0
/* pm_wake in simulation. */
#ifndef WAKE_RTL_H
#define WAKE_RTL_H

#include "pm_sim.h"
#include "wake.h"

/** Writes the table and wakes twice: end[2][layers], each counted from its own clock 0. Checks in every clock
 * that power is on from clock 0 to the response and at no other time, that beats and running clocks come in
 * the layers' order and in their numbers, that what is loaded fits the cap, and the counter of clocks
 * (PM_EDIFFER). PM_ESHAPE: more layers than elaborated; PM_ERANGE: a value that the pins do not hold. */
pm_status pm_wake_rtl(const struct pm_sim_opts *opts, const struct pm_wake_cfg *cfg, const int64_t *bits,
                      const int64_t *run, size_t layers, int64_t *end);

typedef pm_status pm_wake_rtl_fn(const struct pm_sim_opts *, const struct pm_wake_cfg *, const int64_t *,
                                 const int64_t *, size_t, int64_t *);

#endif
