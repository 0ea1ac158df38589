// SPDX-License-Identifier: Apache-2.0
/* Drives the verilated pm_flare_attention with whole runs. */
#ifndef PM_FLARE_ATTENTION_RTL_H
#define PM_FLARE_ATTENTION_RTL_H

#include "flare_arrays.h"

pm_flare_attention_rtl_fn pm_flare_attention_rtl;

#endif
