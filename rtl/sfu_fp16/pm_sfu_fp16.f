// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/common/pm_lead_one.sv
rtl/common/pm_add_size.sv
rtl/sfu_fp16/pm_fp16_stage.sv
rtl/sfu_fp16/pm_fp16_parse.sv
rtl/sfu_fp16/pm_fp16_normal.sv
rtl/sfu_fp16/pm_fp16_product.sv
rtl/sfu_fp16/pm_fp16_factors.sv
rtl/sfu_fp16/pm_fp16_rn.sv
rtl/sfu_fp16/pm_fp16_add.sv
rtl/sfu_fp16/pm_fp16_mul.sv
rtl/sfu_fp16/pm_fp16_fma.sv
rtl/sfu_fp16/pm_fp16_max.sv
rtl/sfu_fp16/pm_fp16_i2f.sv
rtl/sfu_fp16/pm_fp16_serial.sv
rtl/sfu_fp16/pm_fp16_div.sv
rtl/sfu_fp16/pm_fp16_sqrt.sv
rtl/sfu_fp16/pm_sfu_fp16.sv
