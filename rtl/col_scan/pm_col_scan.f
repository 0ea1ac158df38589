// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/common/pm_fifo.sv
rtl/col_scan/pm_col_scan.sv
rtl/sar_ctrl/pm_sar_ctrl.sv
