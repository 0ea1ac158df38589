head_norm/pm_norm_recip.sv
head_norm/pm_norm_shift.sv
head_norm/pm_head_norm.sv
