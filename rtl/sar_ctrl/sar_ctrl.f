sar_ctrl/pm_sar_ctrl.sv
