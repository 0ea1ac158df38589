// SPDX-License-Identifier: Apache-2.0
/* pm_nor_pim in simulation, with whole tensors. */
#ifndef NOR_PIM_RTL_H
#define NOR_PIM_RTL_H

#include "nor_pim.h"
#include "pm_sim.h"

/** pm_nor_muls() by RTL, with its errors. The model's ABits, BBits and Cols must be cfg's widths and `cols`.
 * Checks the order of strobes, five clocks a row, and stable results (PM_EDIFFER). *clocks may be NULL: from
 * the first strobe to the last. */
pm_status pm_nor_pim_rtl(const struct pm_sim_opts *opts, const struct pm_nor_cfg *cfg, unsigned cols,
                         const int32_t *a, const int32_t *b, size_t n, int32_t *y, uint64_t *clocks);

typedef pm_status pm_nor_pim_rtl_fn(const struct pm_sim_opts *, const struct pm_nor_cfg *, unsigned,
                                    const int32_t *, const int32_t *, size_t, int32_t *, uint64_t *);

#endif
