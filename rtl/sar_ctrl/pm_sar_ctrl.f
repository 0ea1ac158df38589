// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/sar_ctrl/pm_sar_ctrl.sv
