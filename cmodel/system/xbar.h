// SPDX-License-Identifier: Apache-2.0
/* A network's matrix on crossbars of n-bit cells, with the bits of its weights and inputs chosen layer by
 * layer (xbar.h). What a watch sees. */
#ifndef PM_SYSTEM_XBAR_H
#define PM_SYSTEM_XBAR_H

#include "system/system.h"
#include <xbar.h> /* the public one, not this */

extern const struct pm_system pm_system_xbar;

/** Of pm_watch.done. */
struct pm_xbar_run {
    const struct pm_xbar *matrix;
    size_t n;
    uint32_t first_vector;
    const int32_t *x; /**< [n][rows] */
    const int64_t *y; /**< [n][outputs] */
    uint64_t clips, clocks;
};

/** The matrix of a placed layer. */
const struct pm_xbar *pm_xbar_of_layer(const void *layer);

#endif
