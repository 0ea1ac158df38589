// SPDX-License-Identifier: Apache-2.0
/* The ops' declarations. */
#ifndef PM_OP_LIST_H
#define PM_OP_LIST_H

#include "op/op.h"

extern const struct pm_op pm_op_bitsift, pm_op_therm_enc, pm_op_flare_gemv;
extern const struct pm_op pm_op_emsbq, pm_op_msb_parse, pm_op_vdr_softmax, pm_op_head_norm;
extern const struct pm_op pm_op_flare_attention;
extern const struct pm_op pm_op_sar_ctrl, pm_op_hyflex_gemv, pm_op_nor_mul;

#endif
