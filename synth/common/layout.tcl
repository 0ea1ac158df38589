# SPDX-License-Identifier: Apache-2.0
# Times a block after layout and prints its numbers, `@name value` each: flow/layout.py runs it. The constraints are report.tcl's,
# but that the clock comes through its tree, to the neighbours' flops as late as to the block's own.
set io_delay 0.5
set load_pf 0.05

proc worst {group delay} {
    set slack 1e9
    foreach path [find_timing_paths -path_delay $delay -group_count 1 {*}$group] {
        set slack [expr min($slack, [get_property $path slack])]
    }
    return $slack
}

proc main {} {
    global env io_delay load_pf
    set period $env(PERIOD)
    read_liberty $env(LIBERTY)
    read_verilog $env(DIR)/layout.v
    link_design $env(TOP)
    set inputs {}
    set clock {}
    foreach port [all_inputs] {
        if {[get_name $port] eq "clk_i"} {set clock $port} else {lappend inputs $port}
    }
    create_clock -name io -period $period
    if {$clock ne ""} {
        create_clock -name clk -period $period $clock
        set_driving_cell -lib_cell BUFX2 $clock
        set_propagated_clock [get_clocks clk]
    }
    set_input_delay $io_delay -clock io $inputs
    set_output_delay $io_delay -clock io [all_outputs]
    set_driving_cell -lib_cell BUFX2 $inputs
    set_load $load_pf [all_outputs]
    foreach port $inputs {if {[get_name $port] eq "rst_ni"} {set_false_path -from $port}}
    if {[read_spef $env(DIR)/layout.spef] != 1} {error "SPEF"}

    set hold ""
    if {$clock ne ""} {
        report_clock_skew >$env(DIR)/skew.txt
        set in [open $env(DIR)/skew.txt]
        set text [read $in]
        close $in
        if {[regexp {Clock clk\n.*?\n +(-?[0-9.]+)\n.*?\n +(-?[0-9.]+) +-?[0-9.]+ +(-?[0-9.]+)\n} $text - late early skew]} {
            set insertion [expr ($late + $early) / 2]
            set_clock_latency $insertion [get_clocks io]
            puts [format "@insertion_ns %.2f\n@skew_ns %.2f" $insertion [expr abs($skew)]]
            puts [format "@reg_to_reg_ns %.3f" [expr $period - [worst [list -from [get_clocks clk] -to [get_clocks clk]] max]]]
            puts [format "@hold_ns %.3f" [worst [list -from [get_clocks clk] -to [get_clocks clk]] min]]
        }
    }
    puts [format "@delay_ns %.3f" [expr $period - [worst {} max]]]
    report_checks -path_delay max -format full_clock_expanded -digits 3 >$env(DIR)/worst.txt
}

if {[catch main message]} {
    puts stderr "OpenSTA: $message"
    exit 1
}
exit 0
