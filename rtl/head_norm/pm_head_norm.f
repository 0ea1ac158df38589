// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/common/pm_shift_sat.sv
rtl/head_norm/pm_norm_recip.sv
rtl/head_norm/pm_head_norm.sv
