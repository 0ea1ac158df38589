# SPDX-License-Identifier: Apache-2.0
# Times one mapped netlist in OpenSTA and prints its numbers as JSON: flow/mapping.py runs it, and names the library's cells.
# The neighbours of a block are flops of the same library: inputs come a tenth of the period after the edge (clock to output and a
# gate), outputs leave as much for the neighbour's gate and setup; a buffer drives each input, the load of four NANDs each output.
set io_delay [expr $env(PERIOD) / 10.0]

# A pin by the register that it belongs to: the net at the flop's output.
proc signal {pin} {
    global env
    if {[regexp {^(.*)/\w+$} $pin - cell]} {
        foreach output $env(FLOP_OUTPUTS) {
            foreach net [get_nets -quiet -of_objects [get_pins -quiet $cell/$output]] {set pin [get_name $net]}
        }
    }
    return [string map {\\ ""} $pin]
}

# A path's delay is the shortest clock period at which it meets setup, external delays included.
proc path_json {path period} {
    global env
    set levels 0
    foreach point [get_property $path points] {
        if {[lsearch $env(OUTPUTS) [regsub {.*/} [get_name [get_property $point pin]] {}]] >= 0} {incr levels}
    }
    set slack [get_property $path slack]
    return [format {{"delay_ns": %.3f, "slack_ns": %.3f, "levels": %d, "start": "%s", "end": "%s"}} [expr $period - $slack] \
        $slack $levels [signal [get_name [get_property $path startpoint]]] [signal [get_name [get_property $path endpoint]]]]
}

# Enables of clocks that a latch and an AND gate: they must have passed the latch when the clock rises. OpenSTA lets a latch borrow, and then
# says nothing of how late an enable is.
proc gating_json {period} {
    global env gating_delay
    set latches [get_cells -quiet -hierarchical *pm_gate_*latch]
    if {$env(LATCH_DATA) eq "" || $latches eq ""} {return {}}
    set pins {}
    foreach latch $latches {lappend pins [get_pins [get_full_name $latch]/$env(LATCH_DATA)]}
    set_max_time_borrow 0 $latches
    # A path is gone with the next search.
    set path [lindex [find_timing_paths -path_delay max -to $pins] 0]
    set late [get_property [lindex [get_property $path points] end] arrival]
    set start [signal [get_name [get_property $path startpoint]]]
    set end [get_name [get_property $path endpoint]]
    set latch [regsub {/[^/]+$} [get_full_name [get_property $path endpoint]] {}]
    set through 0
    foreach check [find_timing_paths -path_delay max -from [get_cells $latch]] {
        set through [expr [get_property [lindex [get_property $check points] end] arrival] - $period / 2.0]
    }
    set gating_delay [expr $late + $through]
    set json [format {"enable_to_gate": {"delay_ns": %.3f, "slack_ns": %.3f, "levels": 0, "start": "%s", "end": "%s"}} $gating_delay \
        [expr $period - $gating_delay] $start $end]
    set_false_path -to $pins
    foreach latch $latches {set_false_path -from $latch}
    return $json
}

# What `stat -liberty` counted: cells, area and instances of each module.
proc read_stat {file} {
    global modules cells area uses
    set modules {}
    set in [open $file]
    while {[gets $in line] >= 0} {
        if {[regexp {^=== (.*) ===} $line - module]} {
            if {$module eq "design hierarchy"} break
            lappend modules $module
            set cells($module) 0
            set area($module) 0
            set uses($module) {}
        } elseif {[regexp {Number of cells: +(\d+)} $line - n]} {
            set cells($module) $n
        } elseif {[regexp {Chip area for .*: ([0-9.]+)} $line - n]} {
            set area($module) $n
        } elseif {[regexp {^ +(\S+) +(\d+)$} $line - type n]} {
            lappend uses($module) $type $n
        }
    }
    close $in
}

proc flops {module} {
    global env uses
    set n 0
    foreach {type count} $uses($module) {
        if {[lsearch $env(FLOPS) $type] >= 0} {incr n $count}
        if {[info exists uses($type)]} {incr n [expr $count * [flops $type]]}
    }
    return $n
}
proc total {what module} {
    global uses
    upvar #0 $what own
    set sum $own($module)
    foreach {type count} $uses($module) {
        if {[info exists uses($type)]} {
            set sum [expr $sum + $count * [total $what $type]]
            if {$what eq "cells"} {incr sum -$count}
        }
    }
    return $sum
}

# instances of each module below one: {module count ...}
proc instances {module times} {
    global uses count
    incr count($module) $times
    foreach {type n} $uses($module) {
        if {[info exists uses($type)]} {instances $type [expr $times * $n]}
    }
}

proc main {} {
    global env io_delay gating_delay modules cells area uses count
    set period $env(PERIOD)
    set top $env(TOP)
    read_liberty $env(LIBERTY)
    read_verilog $env(DIR)/net.v
    link_design $top
    set inputs {}
    set clock {}
    foreach port [all_inputs] {
        if {[get_name $port] eq "clk_i"} {set clock $port} else {lappend inputs $port}
    }
    if {$clock eq ""} {create_clock -name clk -period $period} else {create_clock -name clk -period $period $clock}
    set_input_delay $io_delay -clock clk $inputs
    set_output_delay $io_delay -clock clk [all_outputs]
    set_driving_cell -lib_cell $env(DRIVER) $inputs
    set_load $env(LOAD) [all_outputs]
    # Reset is released by a synchroniser, which is where recovery is met.
    foreach port $inputs {if {[get_name $port] eq "rst_ni"} {set_false_path -from $port}}
    check_setup -verbose >$env(DIR)/setup.log
    set in [open $env(DIR)/setup.log]
    set complaints [string trim [read $in]]
    close $in
    if {$env(CONSTANTS) > 0} {
        # Constant outputs have no path.
        set complaints [regsub "^Warning: There (is|are) $env(CONSTANTS) unconstrained endpoints?\\..*" $complaints ""]
    }
    if {$complaints ne ""} {error "check_setup: [lindex [split $complaints \n] 0] (see $env(DIR)/setup.log)"}

    set gating_delay 0
    set gating [gating_json $period]
    group_path -name in_to_reg -from $inputs
    group_path -name reg_to_out -to [all_outputs]
    group_path -name in_to_out -from $inputs -to [all_outputs]
    set paths {}
    if {$gating ne ""} {lappend paths $gating}
    set worst {}
    set worst_slack 1e9
    foreach path [find_timing_paths -path_delay max -group_count 1] {
        set from [expr {[string match */* [get_name [get_property $path startpoint]]] ? "reg" : "in"}]
        set to [expr {[string match */* [get_name [get_property $path endpoint]]] ? "reg" : "out"}]
        lappend paths "\"${from}_to_$to\": [path_json $path $period]"
        if {[get_property $path slack] < $worst_slack} {
            set worst_slack [get_property $path slack]
            set worst $path
        }
    }
    if {$worst eq ""} {error "no timed path"}

    set critical [path_json $worst $period]
    if {$gating_delay > $period - $worst_slack} {
        set critical [regsub {^"enable_to_gate": } $gating {}]
        set worst_slack [expr $period - $gating_delay]
    }
    read_stat $env(DIR)/stat
    set registers [flops $top]
    set um2 [total area $top]
    set ge [expr $um2 / $env(NAND2)]
    set delay [expr $period - $worst_slack]
    set per_bit ""
    if {$env(BITS) ne ""} {set per_bit [format {, "ge_per_bit": %.2f} [expr $ge / $env(BITS)]]}
    # Where the area is: each module's own, times its instances, in a view that keeps the hierarchy.
    set hierarchy {}
    if {[file exists $env(DIR)/hier.stat]} {
        read_stat $env(DIR)/hier.stat
        instances $top 1
        foreach module $modules {
            if {![info exists count($module)]} continue
            lappend hierarchy [format {{"module": "%s", "instances": %d, "ge": %.1f, "share": %.3f}} \
                [regsub {.*\\(pm_\w+).*} $module {\1}] $count($module) [expr $count($module) * $area($module) / $env(NAND2)] \
                [expr $count($module) * $area($module) / [total area $top]]]
        }
    }
    set um2 [format %.0f $um2]
    set ge [format %.1f $ge]
    set delay [format %.3f $delay]
    puts "@{\"block\": \"$env(BLOCK)\", \"config\": \"$env(CONFIG)\", \"top\": \"$top\", \"parameters\": \"$env(PARAMS)\","
    puts "@ \"cells\": [total cells $top], \"um2\": $um2, \"ge\": $ge, \"registers\": $registers,"
    puts "@ \"clock_ns\": $period, \"delay_ns\": $delay$per_bit,"
    puts "@ \"critical\": $critical,"
    puts "@ \"paths\": {[join $paths ",\n@  "]},"
    puts "@ \"hierarchy\": \[[join $hierarchy ",\n@  "]\]}"
}

if {[catch main message]} {
    puts stderr "OpenSTA: $message"
    exit 1
}
exit 0
