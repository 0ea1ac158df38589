emsbq/pm_msb_parse.sv
kv_write/pm_kv_write.sv
