therm_enc/pm_therm_enc.sv
