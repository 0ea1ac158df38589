// SPDX-License-Identifier: Apache-2.0
/* The RTL twin of pm_head_norm(). */
#ifndef HEAD_NORM_RTL_H
#define HEAD_NORM_RTL_H

#include "head_norm.h"
#include "pm_sim.h"

/** y[rows*n] of o[rows*n], row r over z[r]: mode PM_NORM_RECIP. *z_zero, where not NULL: some z was 0.
 * PM_ERANGE where an o or a z does not fit the elaborated OW (signed) or ZW bits; PM_EDIFFER: the protocol or
 * the sticky flag was broken. *clocks, where not NULL: from reset to the last output. */
pm_status pm_head_norm_rtl(const struct pm_sim_opts *opts, const int64_t *o, const uint32_t *z, size_t rows,
                           size_t n, int32_t *y, bool *z_zero, uint64_t *clocks);

#endif
