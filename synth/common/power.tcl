# SPDX-License-Identifier: Apache-2.0
# Watts of each cell of a mapped netlist when every net toggles ACTIVITY times a clock: flow/power.py runs it with 0 and 1.
proc main {} {
    global env
    read_liberty $env(LIBERTY)
    read_verilog $env(NET)
    link_design $env(TOP)
    create_clock -name clk -period $env(PERIOD) [get_ports clk_i]
    set_load 0.05 [all_outputs]
    set_power_activity -global -activity $env(ACTIVITY) -duty 0.5
    report_power -digits 6 -instances [get_cells *]
}
if {[catch main message]} {puts "OpenSTA: $message"}
exit 0
