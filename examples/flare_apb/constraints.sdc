# SPDX-License-Identifier: Apache-2.0
# 200 MHz; a quarter of a nanosecond of the clock's skew and jitter, a fifth of the period for the bus on either side.
create_clock -name clk -period 5 [get_ports clk_i]
set_clock_uncertainty -setup 0.25 [get_clocks clk]
set_input_delay 1.0 -clock clk [get_ports {psel_i penable_i pwrite_i paddr_i* pstrb_i* pwdata_i* rst_ni}]
set_output_delay 1.0 -clock clk [all_outputs]
set_driving_cell -lib_cell BUFX2 [get_ports {psel_i penable_i pwrite_i paddr_i* pstrb_i* pwdata_i* rst_ni}]
set_load 0.05 [all_outputs]
# False: the reset, whose release a synchroniser beside this top makes, and meets recovery there. The bus is in this clock: a bridge stands where it is not.
set_false_path -from [get_ports rst_ni]
