// SPDX-License-Identifier: Apache-2.0
/* pm_sfu_fp16 in simulation, with whole tensors. */
#ifndef SFU_FP16_RTL_H
#define SFU_FP16_RTL_H

#include "pm_sim.h"
#include "sfu_fp16.h"

/** y[n] and flags[n] of f, as pm_fp16_apply(). b and c may be NULL where f has none. *clocks, where not NULL,
 * receives the clocks from the first operands' handshake to the last result's. PM_ERANGE: an integer does not
 * fit the model; PM_EDIFFER: a stalled result changed. */
pm_status pm_sfu_fp16_rtl(const struct pm_sim_opts *opts, enum pm_fp16_function f, const int32_t *a,
                          const int32_t *b, const int32_t *c, struct pm_scale scale, size_t n, int32_t *y,
                          uint8_t *flags, uint64_t *clocks);

typedef pm_status pm_sfu_fp16_rtl_fn(const struct pm_sim_opts *, enum pm_fp16_function, const int32_t *,
                                     const int32_t *, const int32_t *, struct pm_scale, size_t, int32_t *,
                                     uint8_t *, uint64_t *);

#endif
