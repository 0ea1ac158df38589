// SPDX-License-Identifier: Apache-2.0
/* Drives the RTL of eMSB-Q and of the K and V parse with whole tensors: the twins of pm_emsbq and
 * pm_msb_parse. The loaded model fixes N, W, Q and Bits (pm_emsbq_tb's parameters). */
#ifndef EMSBQ_RTL_H
#define EMSBQ_RTL_H

#include "emsbq.h"
#include "pm_sim.h"

/** Runs x[groups][n] through pm_emsbq into y[groups][n] and s[groups]. n 1..N; positions n..N-1 are padded
 * with 0, which changes no result. keep[groups][n] may be NULL. *clocks, where not NULL, receives the clocks
 * from the one that takes the first group to the one that takes the last result, inclusive: groups + 3 without
 * stalls. PM_EINVAL: cfg->q is not Q; PM_ESHAPE: n > N; PM_ERANGE: an element does not fit W bits;
 * PM_EDIFFER: a stalled output changed. */
pm_status pm_emsbq_rtl(const struct pm_sim_opts *opts, const struct pm_emsbq_cfg *cfg, const int64_t *x,
                       const uint8_t *keep, size_t groups, size_t n, int16_t *y, int32_t *s,
                       uint64_t *clocks);

/** Runs x[groups][n] through pm_msb_parse by shift[groups] into y[groups][n]. One group a clock; shifts
 * outside -31..31 are clamped. Errors as above. */
pm_status pm_msb_parse_rtl(const struct pm_sim_opts *opts, const int64_t *x, const int32_t *shift,
                           size_t groups, size_t n, bool round, int16_t *y);

/** The same, and sat[groups][n]: 1 where the element saturated. */
pm_status pm_msb_parse_sat_rtl(const struct pm_sim_opts *opts, const int64_t *x, const int32_t *shift,
                               size_t groups, size_t n, bool round, int16_t *y, uint8_t *sat);

#endif
