// SPDX-License-Identifier: Apache-2.0
/* The products of attention's heads on crossbars. */
#ifndef PM_SYSTEM_PRODUCTS_H
#define PM_SYSTEM_PRODUCTS_H

#include "system/xbar.h"

extern const struct pm_system pm_system_products;

/** The most wordlines that a tile of a placed layer uses. Its watch sees a pm_xbar_run for each product, head
 * by head. */
unsigned pm_products_rows(const void *layer);

#endif
