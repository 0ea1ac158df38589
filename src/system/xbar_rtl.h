// SPDX-License-Identifier: Apache-2.0
/* Crossbars in RTL, whoever has programmed them. */
#ifndef PM_XBAR_TWIN_H
#define PM_XBAR_TWIN_H

#include "twin.h"

/** The parameters of a model that has a tile of so many rows. */
void pm_xbar_twin_model(unsigned rows, char *text, size_t length);
/** pm_twin.done of a pm_xbar_run. */
pm_status pm_xbar_twin_done(void *layer, const void *golden);

#endif
