// SPDX-License-Identifier: Apache-2.0
/* Drives the verilated pm_flare_apb by the driver that a processor runs. */
#ifndef PM_FLARE_APB_RTL_H
#define PM_FLARE_APB_RTL_H

#include "flare_arrays.h"

/** As pm_flare_attention_rtl, through the registers: pm_flare_probe, pm_flare_load, and pm_flare_run for each
 * run. Inputs beyond its own stalls also see transfers that have to be refused where opts has a seed. Stages
 * are not recorded but those that are written, k and v; clocks are those of the runs, transfers included. */
pm_flare_attention_rtl_fn pm_flare_apb_rtl;

#endif
