// SPDX-License-Identifier: Apache-2.0
// By scripts/lists.sh.
rtl/common/pm_pkg.sv
rtl/bitsift/pm_lpc.sv
rtl/bitsift/pm_grant.sv
rtl/bitsift/pm_prefix.sv
rtl/bitsift/pm_gpc.sv
rtl/bitsift/pm_gpc_scan.sv
rtl/bitsift/pm_dummy_wl.sv
rtl/bitsift/pm_planes.sv
rtl/bitsift/pm_bitsift.sv
rtl/therm_enc/pm_therm_enc.sv
rtl/shift_add/pm_shift_add.sv
rtl/flare_gemv/pm_flare_split.sv
rtl/flare_gemv/pm_flare_gemv.sv
