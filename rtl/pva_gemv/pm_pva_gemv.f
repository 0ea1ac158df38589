// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/pva_gemv/pm_pva_ctrl.sv
rtl/pva_gemv/pm_pva_acc.sv
rtl/pva_gemv/pm_pva_gemv.sv
