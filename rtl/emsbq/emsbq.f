emsbq/pm_emsb.sv
emsbq/pm_emsbq.sv
emsbq/pm_msb_narrow.sv
emsbq/pm_msb_round.sv
emsbq/pm_msb_parse.sv
