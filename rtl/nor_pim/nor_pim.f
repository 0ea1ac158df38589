nor_pim/pm_nor_reduce.sv
nor_pim/pm_nor_pim.sv
