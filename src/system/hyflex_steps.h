// SPDX-License-Identifier: Apache-2.0
/* HyFlexPIM's digital modules in RTL, step by step: special functions, scales, binary16 and products by NOR.
 */
#ifndef PM_HYFLEX_STEPS_H
#define PM_HYFLEX_STEPS_H

#include "system/hyflex.h"
#include "twin.h"

/** The blocks of the twin that steps need, by number; block 0 is the arrays'. */
enum pm_hyflex_block { PM_HYFLEX_FP16 = 1, PM_HYFLEX_SCALE, PM_HYFLEX_SFU, PM_HYFLEX_NOR };
typedef void pm_hyflex_params(const struct pm_node *node, const void *layer, unsigned tokens, char *text,
                              size_t length);
pm_hyflex_params pm_hyflex_fp16_params, pm_hyflex_scale_params, pm_hyflex_sfu_params, pm_hyflex_nor_params;

/** The step in RTL, every integer compared; what goes on is what the RTL gave. PM_EDIFFER after a difference.
 */
pm_status pm_hyflex_step_rtl(struct pm_twin_layer *l, const struct pm_hyflex_step *step);

#endif
