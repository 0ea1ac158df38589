// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/prealign/pm_exp_max.sv
rtl/prealign/pm_align_parse.sv
rtl/prealign/pm_align_round.sv
rtl/prealign/pm_prealign.sv
rtl/prealign/pm_fp_norm.sv
