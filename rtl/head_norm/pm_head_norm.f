// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/head_norm/pm_norm_recip.sv
rtl/head_norm/pm_norm_shift.sv
rtl/head_norm/pm_head_norm.sv
