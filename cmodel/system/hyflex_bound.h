// SPDX-License-Identifier: Apache-2.0
/* How large keys and values can be, whatever the text: what a decoder stores as int8 must have a scale before
 * the tokens to come are known (docs/numerics.md, "Between arrays and special functions"). */
#ifndef PM_SYSTEM_HYFLEX_BOUND_H
#define PM_SYSTEM_HYFLEX_BOUND_H

#include "net/graph.h"

#include <limits.h>

/** The largest magnitude that each channel of node number `node` can have, bound[width], which is the value
 * of a matrix behind a norm, turned by places or not: by Cauchy and Schwarz, since a normalised row's squares
 * add up to at most its width. PM_EINVAL: it is another node. */
pm_status pm_hyflex_bound(const struct pm_graph *g, unsigned node, double *bound);

#endif
