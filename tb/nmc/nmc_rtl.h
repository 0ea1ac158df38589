// SPDX-License-Identifier: Apache-2.0
/* pm_nmc in simulation: whole operations, with their macros behind its pins. */
#ifndef NMC_RTL_H
#define NMC_RTL_H

#include "nmc.h"
#include "pm_sim.h"

/** One operation: a MAC, or an XOR of the first `rows` kernels. The macros change between operations as if
 * each had its own. */
struct pm_nmc_work {
    const struct pm_nmc_macro *macro; /**< of at most Cols columns */
    const struct pm_nmc_input *in;    /**< of an XOR plane 0 */
    struct pm_nmc_cfg cfg;            /**< of a MAC */
    unsigned rows;                    /**< of an XOR: 1..8; 0: a MAC */
    uint32_t vector;                  /**< for the misreads */
};

/** What it gave. */
struct pm_nmc_result {
    int32_t y[PM_NMC_ROWS]; /**< of a MAC y[0], of an XOR y[rows] */
    struct pm_nmc_counts counts;
};

/** Runs work[n] in one simulation, back to back. sense: NULL, exact. Each read takes `read_clocks` (1 or
 * more), and stalls. *clocks, where not NULL, receives the clocks from the first operation taken to the last
 * result: without stalls the beats of all + 3, where beats are accesses, or 1 of an operation without any,
 * and read_clocks - 1 more a read. PM_ESHAPE: a macro has more columns than the model; PM_EINVAL; PM_EDIFFER:
 * stalled pins changed, a read was not the schedule's next, or results came early, in another order or
 * without end. */
pm_status pm_nmc_rtl(const struct pm_sim_opts *opts, const struct pm_nmc_work *work, size_t n,
                     const struct pm_sense_cfg *sense, unsigned read_clocks, struct pm_nmc_result *result,
                     uint64_t *clocks);

typedef pm_status pm_nmc_rtl_fn(const struct pm_sim_opts *, const struct pm_nmc_work *, size_t,
                                const struct pm_sense_cfg *, unsigned, struct pm_nmc_result *, uint64_t *);

#endif
