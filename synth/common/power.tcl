# SPDX-License-Identifier: Apache-2.0
# Watts of each cell of a mapped netlist when every net toggles ACTIVITY times a clock and the clock does not pass the cells in the file SHUT,
# one a line; with STILL, without a clock, so that leakage is left: flow/power.py runs it.
proc main {} {
    global env
    read_liberty $env(LIBERTY)
    read_verilog $env(NET)
    link_design $env(TOP)
    if {!$env(STILL)} {create_clock -name clk -period $env(PERIOD) [get_ports clk_i]}
    set_load $env(LOAD) [all_outputs]
    if {$env(SPEF) ne ""} {read_spef $env(SPEF)}
    set in [open $env(SHUT)]
    while {[gets $in cell] >= 0} {set_disable_timing [get_cells $cell]}
    close $in
    set_power_activity -global -activity $env(ACTIVITY) -duty 0.5
    report_power -digits 6 -instances [get_cells *]
}
if {[catch main message]} {puts "OpenSTA: $message"}
exit 0
