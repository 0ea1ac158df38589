common/pm_fifo.sv
