// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/common/pm_popcount.sv
rtl/nmc/pm_nmc_count.sv
rtl/nmc/pm_toggle_cnt.sv
rtl/nmc/pm_nmc_ctrl.sv
rtl/nmc/pm_nmc_acc.sv
rtl/nmc/pm_nmc.sv
