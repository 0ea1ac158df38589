// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/common/pm_shift_sat.sv
rtl/head_norm/pm_norm_recip.sv
rtl/common/pm_carry_save_tree.sv
rtl/common/pm_split_add.sv
rtl/head_norm/pm_head_norm.sv
