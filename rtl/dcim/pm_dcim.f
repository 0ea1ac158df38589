// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/common/pm_adder_tree.sv
rtl/dcim/pm_dcim_mux.sv
rtl/dcim/pm_dcim.sv
