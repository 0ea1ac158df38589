// SPDX-License-Identifier: Apache-2.0
/* pm_col_scan and its converters in simulation: planes of column values in, codes out. */
#ifndef COL_SCAN_RTL_H
#define COL_SCAN_RTL_H

#include "col_scan.h"
#include "pm_sim.h"

struct pm_col_scan_run {
    unsigned cols, sars;  /**< the model's Cols and Sars */
    unsigned bits;        /**< 6 or 7 */
    unsigned read_clocks; /**< of one array read, 1..4096; stalls make some longer */
};

/** code[planes][cols] of value[planes][cols] (1/256 LSB). Checks on the way (PM_EDIFFER): a bank is scanned
 * only while it holds and never overwritten before, each column once, by its converter, codes in order with
 * their plane's tag. clock[planes], where not NULL, receives the clock of each plane's first start. */
pm_status pm_col_scan_rtl(const struct pm_sim_opts *opts, const struct pm_col_scan_run *r,
                          const int32_t *value, size_t planes, uint8_t *code, uint64_t *clock);

typedef pm_status pm_col_scan_rtl_fn(const struct pm_sim_opts *, const struct pm_col_scan_run *,
                                     const int32_t *, size_t, uint8_t *, uint64_t *);

#endif
