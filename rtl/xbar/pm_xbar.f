// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/xbar/pm_slice_acc.sv
rtl/xbar/pm_xbar_ctrl.sv
rtl/xbar/pm_xbar.sv
