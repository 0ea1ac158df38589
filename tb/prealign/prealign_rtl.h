// SPDX-License-Identifier: Apache-2.0
/* pm_prealign and pm_fp_norm in simulation, with whole tensors. The loaded model fixes pm_prealign_tb's
 * parameters. */
#ifndef PREALIGN_RTL_H
#define PREALIGN_RTL_H

#include "pm_sim.h"
#include "prealign.h"

/** Vectors of codes u[vectors][k] into q[vectors][k], emax[vectors] and flags[vectors] (enum of prealign.h).
 * length[vectors], 1..k, or NULL: all are k long; nothing is written beyond a vector's length. *clocks, where
 * not NULL, receives the clocks from the first beat's handshake to the last result's. PM_EINVAL: cfg is not
 * the model's; PM_ESHAPE: k > MaxK; PM_EDIFFER: a stalled output changed, or a vector does not end where it
 * should. */
pm_status pm_prealign_rtl(const struct pm_sim_opts *opts, const struct pm_prealign_cfg *cfg, const int32_t *u,
                          const uint32_t *length, size_t vectors, size_t k, int16_t *q, int32_t *emax,
                          uint8_t *flags, uint64_t *clocks);

/** dpv[n] * 2^p[n] as FP32 patterns y[n] with flags[n]. PM_ERANGE: a number does not fit the model. */
pm_status pm_fp_norm_rtl(const struct pm_sim_opts *opts, const int64_t *dpv, const int32_t *p, size_t n,
                         int32_t *y, uint8_t *flags, uint64_t *clocks);

typedef pm_status pm_prealign_rtl_fn(const struct pm_sim_opts *, const struct pm_prealign_cfg *,
                                     const int32_t *, const uint32_t *, size_t, size_t, int16_t *, int32_t *,
                                     uint8_t *, uint64_t *);
typedef pm_status pm_fp_norm_rtl_fn(const struct pm_sim_opts *, const int64_t *, const int32_t *, size_t,
                                    int32_t *, uint8_t *, uint64_t *);

#endif
