common/pm_fifo.sv
col_scan/pm_col_scan.sv
sar_ctrl/pm_sar_ctrl.sv
