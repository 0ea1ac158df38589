// SPDX-License-Identifier: Apache-2.0
/* Runs vectors through the RTL of BitSift. */
#ifndef PM_BITSIFT_RTL_H
#define PM_BITSIFT_RTL_H

#include "bitsift.h"
#include "pm_sim.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Receives the beats in order: of vector 0, then of vector 1, and so on. */
typedef void pm_bitsift_sink(void *ctx, size_t vector, const struct pm_access *a);

/** The golden walk's twin: every beat of x[vectors][cfg->rows], back to back, to `sink`. Rows, Bits, Slice
 * and Scan of the model must be cfg's (PM_EINVAL otherwise; PM_EMODE for PM_GPC_NEXT, which no RTL has). The
 * driver itself checks that a stalled access is stable, that the dummy wordlines are a thermometer, that
 * exactly PM_K wordlines are on in every access and none outside, and returns PM_EDIFFER where they are not.
 *  *clocks, where not NULL: from the handshake of the first vector to that of the last beat, both included.
 */
pm_status pm_bitsift_rtl(const struct pm_sim_opts *opts, const struct pm_bitsift_cfg *cfg, const int32_t *x,
                         size_t vectors, pm_bitsift_sink *sink, void *ctx, uint64_t *clocks);

typedef pm_status pm_bitsift_rtl_fn(const struct pm_sim_opts *opts, const struct pm_bitsift_cfg *cfg,
                                    const int32_t *x, size_t vectors, pm_bitsift_sink *sink, void *ctx,
                                    uint64_t *clocks);

#ifdef __cplusplus
}
#endif
#endif
