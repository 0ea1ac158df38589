// SPDX-License-Identifier: Apache-2.0
/* pm_tiny_mac in simulation, with whole streams. */
#ifndef TINY_MAC_RTL_H
#define TINY_MAC_RTL_H

#include "pm_sim.h"
#include "tiny_mac.h"

/** Streams rows x[beats][lanes], w[beats][lanes]; last[beats] ends a sum. Collects y[sums][lanes]. lanes and
 * cfg's xbits are the elaborated ones (else PM_ESHAPE); a value that the pins do not hold is PM_ERANGE.
 * Checks that only a result that waits stops the rows, and that stalled results are stable (PM_EDIFFER).
 * *clocks, where not NULL, receives the clocks from the first row taken to the last sum. */
pm_status pm_tiny_mac_rtl(const struct pm_sim_opts *opts, const struct pm_tiny_cfg *cfg, unsigned lanes,
                          const int32_t *x, const int8_t *w, const bool *last, size_t beats, int32_t *y,
                          uint64_t *clocks);

typedef pm_status pm_tiny_mac_rtl_fn(const struct pm_sim_opts *, const struct pm_tiny_cfg *, unsigned,
                                     const int32_t *, const int8_t *, const bool *, size_t, int32_t *,
                                     uint64_t *);

#endif
