// SPDX-License-Identifier: Apache-2.0
/* The RTL twin of pm_xbar_gemv(): one tile. */
#ifndef XBAR_RTL_H
#define XBAR_RTL_H

#include "pm_sim.h"
#include "xbar.h"

/** y[vectors][outputs] = x[vectors][rows], `stride` elements apart, times w[rows][outputs], whose rows are
 * w_stride apart, through a crossbar of the elaborated size, which rows, outputs and cfg must fit: PM_ESHAPE;
 * PM_ERANGE where a value does not fit abits or wbits; PM_EDIFFER: a rule of the pins was broken. *clips, to
 * which it adds: conversions that were clipped. *clocks, where not NULL: from the first vector being taken to
 * the last result. */
pm_status pm_xbar_rtl(const struct pm_sim_opts *opts, const struct pm_xbar_cfg *cfg, const int32_t *x,
                      size_t stride, const int16_t *w, size_t w_stride, size_t vectors, size_t rows,
                      size_t outputs, int64_t *y, uint64_t *clips, uint64_t *clocks);

#endif
