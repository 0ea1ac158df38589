bitsift/pm_lpc.sv
bitsift/pm_grant.sv
bitsift/pm_prefix.sv
bitsift/pm_gpc.sv
bitsift/pm_gpc_scan.sv
bitsift/pm_dummy_wl.sv
bitsift/pm_planes.sv
bitsift/pm_bitsift.sv
