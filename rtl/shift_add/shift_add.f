shift_add/pm_shift_add.sv
