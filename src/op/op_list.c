// SPDX-License-Identifier: Apache-2.0
#include "op/op_list.h"

const struct pm_op *const pm_ops[] = {
    &pm_op_bitsift,   &pm_op_therm_enc,   &pm_op_flare_gemv, &pm_op_emsbq,
    &pm_op_msb_parse, &pm_op_vdr_softmax, &pm_op_head_norm,  &pm_op_flare_attention,
    &pm_op_sar_ctrl,  &pm_op_hyflex_gemv, &pm_op_nor_mul,    NULL,
};
