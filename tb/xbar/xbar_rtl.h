// SPDX-License-Identifier: Apache-2.0
/* The RTL twin of pm_xbar_gemm(): one row tile, as many outputs as the model has. */
#ifndef XBAR_RTL_H
#define XBAR_RTL_H

#include "pm_sim.h"
#include "xbar.h"

/** y[vectors][outputs], outputs first.. of tile's part of the matrix, as many as the elaborated model has or
 * as are left, which is what *n receives; x[vectors], `stride` elements apart, is the tile's part of the
 * inputs. PM_ESHAPE where the matrix does not fit the model, PM_ERANGE where an input does not fit abits,
 * PM_EDIFFER: a rule of the pins was broken. *clips, to which it adds: conversions that were clipped.
 * *clocks, where not NULL: from the first vector being taken to the last result. */
pm_status pm_xbar_rtl(const struct pm_sim_opts *opts, const struct pm_xbar *matrix, unsigned tile,
                      unsigned first, const int32_t *x, size_t stride, size_t vectors, uint32_t first_vector,
                      int64_t *y, unsigned *n, uint64_t *clips, uint64_t *clocks);

#endif
