// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/common/pm_fifo.sv
rtl/common/pm_popcount.sv
rtl/sar_ctrl/pm_sar_ctrl.sv
rtl/col_scan/pm_col_scan.sv
rtl/mlc_shift_add/pm_mlc_slice_sum.sv
rtl/mlc_shift_add/pm_mlc_accumulate.sv
rtl/mlc_shift_add/pm_mlc_shift_add.sv
rtl/hyflex_gemv/pm_hyflex_planes.sv
rtl/hyflex_gemv/pm_hyflex_gemv.sv
rtl/hyflex_module/pm_bus_arb.sv
rtl/hyflex_module/pm_requant.sv
rtl/hyflex_module/pm_hyflex_join.sv
rtl/hyflex_module/pm_hyflex_pack.sv
rtl/hyflex_module/pm_hyflex_module.sv
rtl/hyflex_module/pm_hyflex_chain.sv
