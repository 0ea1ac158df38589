// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/mlc_shift_add/pm_mlc_slice_sum.sv
rtl/mlc_shift_add/pm_mlc_accumulate.sv
rtl/mlc_shift_add/pm_mlc_shift_add.sv
