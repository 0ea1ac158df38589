// SPDX-License-Identifier: Apache-2.0
/* pm_sar_ctrl in simulation, with whole tensors. */
#ifndef SAR_CTRL_RTL_H
#define SAR_CTRL_RTL_H

#include "analog/sar.h"
#include "pm_sim.h"

/** pm_sar_codes() by RTL: code[n] of vin_q8[n], bits 6 or 7 (else PM_EINVAL). *clocks may be NULL. Besides
 * the codes it checks the pins (PM_EDIFFER): latency, busy, a C7 that never moves in 6-bit mode, starts
 * ignored while busy. */
pm_status pm_sar_ctrl_rtl(const struct pm_sim_opts *opts, const int32_t *vin_q8, size_t n, unsigned bits,
                          uint8_t *code, uint64_t *clocks);

/** The same with bits[i] at every start and the comparisons of converter s; conversion i has id.vector = i.
 */
pm_status pm_sar_convert_rtl(const struct pm_sim_opts *opts, const struct pm_sar *s, const int32_t *vin_q8,
                             const uint8_t *bits, size_t n, uint8_t *code, uint64_t *clocks);

typedef pm_status pm_sar_ctrl_rtl_fn(const struct pm_sim_opts *, const int32_t *, size_t, unsigned, uint8_t *,
                                     uint64_t *);
typedef pm_status pm_sar_convert_rtl_fn(const struct pm_sim_opts *, const struct pm_sar *, const int32_t *,
                                        const uint8_t *, size_t, uint8_t *, uint64_t *);

#endif
