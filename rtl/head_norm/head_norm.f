head_norm/pm_head_norm.sv
