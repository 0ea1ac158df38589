common/pm_fifo.sv
common/pm_row_stream.sv
common/pm_row_collect.sv
