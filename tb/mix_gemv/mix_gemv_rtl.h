// SPDX-License-Identifier: Apache-2.0
/* pm_mix_gemv in simulation, with whole tensors. */
#ifndef MIX_GEMV_RTL_H
#define MIX_GEMV_RTL_H

#include "mix_gemv.h"
#include "pm_sim.h"

/** What a layer's back end is given. */
struct pm_mix_back {
    bool is_float;       /**< FP32; else the dot products pass through, and powers are not looked at */
    const uint8_t *dest; /**< [kernels], 0..2 */
    const int32_t *pw;   /**< [kernels] */
    const int32_t *px;   /**< [vectors] */
    const int64_t *dpv;  /**< [vectors][kernels], 40 bits */
};

/** y[vectors][kernels]: FP32's pattern 0..2^32-1, or the dot product; flags, where not NULL, enum of
 * prealign.h. kernels: the elaborated ones (else PM_ESHAPE). PM_ERANGE: a value that the pins do not hold;
 * PM_EDIFFER: a result that waits moved. */
pm_status pm_mix_gemv_rtl(const struct pm_sim_opts *opts, const struct pm_mix_back *back, size_t kernels,
                          size_t vectors, int64_t *y, uint8_t *flags, uint64_t *clocks);

typedef pm_status pm_mix_gemv_rtl_fn(const struct pm_sim_opts *, const struct pm_mix_back *, size_t, size_t,
                                     int64_t *, uint8_t *, uint64_t *);

#endif
