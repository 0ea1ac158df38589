// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/common/pm_carry_save_tree.sv
rtl/common/pm_split_add.sv
rtl/nor_pim/pm_nor_reduce.sv
rtl/nor_dot/pm_nor_lanes.sv
rtl/nor_dot/pm_nor_fold.sv
rtl/nor_dot/pm_nor_dot_seq.sv
rtl/nor_dot/pm_nor_dot.sv
