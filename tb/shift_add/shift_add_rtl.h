// SPDX-License-Identifier: Apache-2.0
/* pm_shift_add in simulation, with whole streams. */
#ifndef SHIFT_ADD_RTL_H
#define SHIFT_ADD_RTL_H

#include "pm_sim.h"

struct pm_shift_add_beat {
    uint8_t plane;
    bool neg, first, last, empty;
};

/** Streams beat[beats] with codes code[beats][outputs*wbits] (0..8) and collects a result of each last beat:
 *  y[vectors][outputs]. outputs and wbits are the elaborated ones (else PM_ESHAPE). Checks that stalled
 * results are stable (PM_EDIFFER). *clocks, where not NULL, receives the clocks from the first beat taken to
 * the last result. */
pm_status pm_shift_add_rtl(const struct pm_sim_opts *opts, unsigned outputs, unsigned wbits,
                           const struct pm_shift_add_beat *beat, const uint8_t *code, size_t beats,
                           int64_t *y, size_t vectors, uint64_t *clocks);

typedef pm_status pm_shift_add_rtl_fn(const struct pm_sim_opts *, unsigned, unsigned,
                                      const struct pm_shift_add_beat *, const uint8_t *, size_t, int64_t *,
                                      size_t, uint64_t *);

#endif
