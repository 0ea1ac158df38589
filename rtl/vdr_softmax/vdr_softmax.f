common/pm_fifo.sv
vdr_softmax/pm_vdr_square.sv
vdr_softmax/pm_vdr_reduce.sv
vdr_softmax/pm_vdr_exp.sv
vdr_softmax/pm_vdr_max.sv
vdr_softmax/pm_vdr_row.sv
vdr_softmax/pm_vdr_softmax.sv
