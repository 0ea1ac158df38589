emsbq/pm_msb_narrow.sv
emsbq/pm_msb_round.sv
kv_write/pm_kv_write.sv
