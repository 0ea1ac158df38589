// SPDX-License-Identifier: Apache-2.0
/* pm_mlc_shift_add in simulation, with whole tensors. */
#ifndef MLC_SHIFT_ADD_RTL_H
#define MLC_SHIFT_ADD_RTL_H

#include "mlc_shift_add.h"
#include "pm_sim.h"

/** y[vectors][cols / pm_mlc_columns()] of code[vectors][8][cols] (0..127), flip[cols] and pop[vectors][8]
 * (0..Rows), which differential weights do not need; `cols` must be the model's Cols. Checks order and
 * latency of the results (PM_EDIFFER). *clocks may be NULL.
 */
pm_status pm_mlc_shift_add_rtl(const struct pm_sim_opts *opts, unsigned cols, unsigned cell,
                               enum pm_weight_coding coding, const uint8_t *code, const uint8_t *flip,
                               const uint8_t *pop, size_t vectors, int32_t *y, uint64_t *clocks);

typedef pm_status pm_mlc_shift_add_rtl_fn(const struct pm_sim_opts *, unsigned, unsigned,
                                          enum pm_weight_coding, const uint8_t *, const uint8_t *,
                                          const uint8_t *, size_t, int32_t *, uint64_t *);

#endif
