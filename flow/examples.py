#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each block as a macro's neighbour, TAP: every folder of examples/ that has an array (array.lib, array.v) beside a top.sv.

    flow/examples.py [NAME ...]

Maps the top onto OSU018 with the array as a black box, times it under constraints.sdc in OpenSTA, and looks at the netlist:
  time    every input and every endpoint is constrained, the clock has an uncertainty, and paths lead through every pin of the array
  scan    every flop is clocked by clk_i itself or by a clock gate, every reset pin is rst_ni itself or a constant; no latch stands outside a clock gate
  reset   in Icarus Verilog, on a copy of the RTL in which an undecided choice is X, all registers X at power-up: after a reset that ends just behind
          a rising and just behind a falling edge, what says whether a stream moves is never X, nor are data that are valid; and on the netlist,
          where gates make X of what two paths decide alike, power-up states at random: all of that is the same from each of them
Each check is broken once on purpose and has to see it: netlists, constraints and liberties that are wrong."""
import json
import re
import subprocess
from pathlib import Path

from common import BUILD, LIBERTY, Failure, Tap, grep, program, read, rtl_files, tool, write, yosys
from mapping import BITS, MAPPED, WORDS

OUT = BUILD / "arrays"
CLOCKS = 400
POWER_UPS = 4
GATES = {"pm_clk_gate"}
BROKEN = """module broken (input clk_i, input rst_ni, input hold_i, input d_i, output reg a_o, output reg b_o, output reg c_o);
  wire rst = rst_ni && !hold_i;
  wire clk = clk_i && !hold_i;
  always @(posedge clk_i or negedge rst) if (!rst) a_o <= 1'b0; else a_o <= d_i;
  always @(posedge clk) b_o <= d_i;
  always @* if (hold_i) c_o = d_i;
endmodule
"""
# What is wrong in a copy of an example, and the words that it is seen by: file, text, text in its place.
WRONG = (("no clock", "constraints.sdc", "create_clock", "#"), ("no uncertainty of the clock", "constraints.sdc", "set_clock_uncertainty", "#"),
         ("inputs without a delay", "constraints.sdc", "set_input_delay", "#"), ("outputs without a delay", "constraints.sdc", "set_output_delay", "#"),
         ("a port that is not there", "constraints.sdc", "[get_ports rst_ni]", "[get_ports reset_ni]"), ("a cell that is not there", "constraints.sdc", "BUFX2", "BUFX200"),
         ("a period too short", "constraints.sdc", "-period 5", "-period 2"), ("a false path over all", "constraints.sdc", "[get_ports rst_ni]", "[get_clocks clk]"),
         ("another cell", "array.lib", "cell (rram17x6)", "cell (rram)"), ("a pin too few", "array.lib", "pin (done)", "pin (ready)"), ("a bus too narrow", "array.lib", "bus_type : bus24", "bus_type : bus3"),
         ("an output without an arc", "array.lib", "timing_type : rising_edge", "timing_type : setup_rising"), ("an input without a check", "array.lib", "timing_type : setup_rising", "timing_type : hold_rising"),
         ("no end", "array.lib", "max_capacitance : 0.5; timing () {", "max_capacitance : 0.5; timing () "))
TIME = """read_liberty {liberty}
read_liberty {folder}/array.lib
read_verilog {net}
link_design {top}
source {folder}/constraints.sdc
check_setup -verbose >{out}/setup.log
report_checks -format full >{out}/worst.log
foreach pin [get_pins u_array/*] {{
    if {{[lsearch {{clk_i rst_ni}} [get_full_name [get_nets -of_objects $pin]]] < 0 && [find_timing_paths -path_delay max -through $pin] eq ""}} {{puts "@untimed [get_full_name $pin]"}}
}}
set worst 1e9
set paths 0
foreach path [find_timing_paths -path_delay max -group_count 100000] {{
    incr paths
    if {{[get_property $path slack] < $worst}} {{set worst [get_property $path slack]}}
}}
puts "@$paths $worst"
exit 0
"""


def block(top):
    """The block that a top has beside its array."""
    found = re.findall(r"^  pm_(\w+) #\(", read(top), re.M)
    if len(found) != 1:
        raise Failure(f"{top}: not one block")
    return next(Path("rtl").glob(f"*/pm_{found[0]}.sv")).parent.name


def mapped(folder, sources, top, out, array=True):
    """The netlist, as Verilog and as JSON. A latch is mapped here: it is for the check to see."""
    read_array = f"read_liberty -lib {folder}/array.lib; " if array else ""
    generic = WORDS.format(flatten="flatten;", tied="") + BITS.split("select -assert-none t:$dlatch*")[0]
    commands = (f"read_liberty -lib {LIBERTY}; {read_array}read_verilog -sv {' '.join(map(str, sources))}; hierarchy -check -top {top}; proc; "
                + generic + MAPPED.format(liberty=LIBERTY, constr="synth/common/abc.constr", nested="splitnets;", ties="", stat="stat").replace("-mapped", "").replace("DIR/", f"{out}/")
                + f"write_verilog -noattr -noexpr {out}/net.v; write_json {out}/net.json")
    copy = (f"{read_array}read_verilog -sv {' '.join(map(str, sources))}; hierarchy -check -top {top}; proc; flatten; opt_clean; "
            f"write_verilog -noattr {out}/rtl.v")
    out.mkdir(parents=True, exist_ok=True)
    for name, script in ("log", commands), ("rtl.log", copy):
        if yosys(script, out / name):
            raise Failure(f"{top}: {grep('ERROR', out / name) or 'Yosys failed'}, see {out}/{name}")


def drivers(module):
    """Who drives each bit: (cell type, cell) or a port's name."""
    found = {}
    for name, port in module["ports"].items():
        if port["direction"] == "input":
            found |= {bit: name for bit in port["bits"]}
    for cell in module["cells"].values():
        for pin, direction in cell["port_directions"].items():
            if direction == "output":
                found |= {bit: cell for bit in cell["connections"][pin]}
    return found


def source(bit, found):
    """The port behind a net, buffers and inverters looked through; or the cell."""
    while not isinstance(bit, str):
        driver = found.get(bit)
        if isinstance(driver, str) or driver is None:
            return driver
        if not re.match(r"(BUF|CLKBUF|INV)X?\d+$", driver["type"]):
            return driver["type"]
        bit = driver["connections"]["A"][0]
    return f"constant {bit}"


def scan(netlist):
    """What keeps flops out of a scan chain, and how many there are."""
    module = top_of(netlist)
    found, faults, flops = drivers(module), [], 0
    for name, cell in module["cells"].items():
        kind, pins = cell["type"], cell["connections"]
        if kind.startswith("LATCH") or "DLATCH" in kind:
            faults.append(f"{name}: a latch")
        elif kind.startswith("DFF"):
            flops += 1
            clock = source(pins["CLK"][0], found)
            if clock != "clk_i" and clock not in GATES:
                faults.append(f"{name}: clocked by {clock}")
            for pin in set(pins) & {"R", "S"}:
                reset = source(pins[pin][0], found)
                if reset != "rst_ni" and not reset.startswith("constant"):
                    faults.append(f"{name}: {pin} is {reset}")
    return flops, faults


def top_of(netlist):
    (module,) = [m for m in json.loads(read(netlist))["modules"].values() if m["attributes"].get("top")]
    return module


def unconstrained(out):
    """The first complaint of OpenSTA's about constraints that is about more than outputs that are constant."""
    constant = {port for port, what in top_of(out / "net.json")["ports"].items() if all(isinstance(bit, str) for bit in what["bits"])}
    lines = read(out / "setup.log").splitlines()
    return next((line for line in lines if not line.startswith(" ")), "") if {line.strip() for line in lines if line.startswith(" ")} - constant else ""


def timed(folder, top, out):
    """Paths and the worst slack."""
    write(out / "time.tcl", TIME.format(liberty=LIBERTY, folder=folder, net=out / "net.v", top=top, out=out))
    tool(["sta", "-no_splash", "-exit", out / "time.tcl"], out / "sta.log")
    if error := grep("^(Error|Warning)", out / "sta.log") or unconstrained(out):
        raise Failure(f"{top}: {error}, see {out}")
    if not grep("clock uncertainty", out / "worst.log"):
        raise Failure(f"{top}: the clock has no uncertainty")
    if pins := re.findall(r"^@untimed (\S+)$", read(out / "sta.log"), re.M):
        raise Failure(f"{top}: no path through {len(pins)} pins of the array, as {pins[0]}")
    paths, slack = re.search(r"^@(\d+) (\S+)$", read(out / "sta.log"), re.M).groups()
    return int(paths), float(slack)


def wrong(tap, name):
    """Constraints and liberties that are wrong are seen."""
    source_, folder = Path("examples", name), OUT / f"{name}-wrong"
    for file in ("net.v", "net.json"):
        write(folder / file, read(OUT / name / file))
    for what, file, old, new in WRONG:
        for other in ("constraints.sdc", "array.lib"):
            text = read(source_ / other)
            write(folder / other, text.replace(old, new) if other == file else text)
        try:
            slack = timed(folder, name, folder)[1]
            seen = f"{slack:.2f} ns left" if slack < 0 else ""
        except Failure as failure:
            seen = str(failure)
        tap(seen and old in read(source_ / file), f"{name} with {what}: {seen or 'not seen'}")


# Transfers at random, of the registers that are reset; what was read is looked at. Shift, whose data are not, is only written.
APB = """    if (psel_i && penable_i && !pwrite_i) begin moved = moved + 1; if (^prdata_o === 1'bx) x = x + 1; seen = seen * 31 + prdata_o; end
    if (psel_i && !penable_i) penable_i = 1;
    else begin
      penable_i = 0; psel_i = $random(seed); paddr_i = {$random(seed)} % 14 * 4; pwrite_i = $random(seed); pstrb_i = 15; pwdata_i = $random(seed);
      if (paddr_i == 15'h20) pwdata_i = pwdata_i & 3;
      if (paddr_i == 15'h28) pwrite_i = 1;
    end""".splitlines()


def bench(top, ports, reset):
    """Power-up, a reset that ends after the rising (0) or the falling (1) edge or is never there (2), streams that stall at random, transfers on a bus."""
    inputs = {name: len(port["bits"]) for name, port in ports.items() if port["direction"] == "input" and name not in ("clk_i", "rst_ni")}
    outputs = {name: len(port["bits"]) for name, port in ports.items() if port["direction"] == "output"}
    lines = ["`timescale 1ns/1ps", "module bench;", "  reg clk, rst; integer clock, x, moved, seen, seed;"]
    lines += [f"  reg [{width - 1}:0] {name};" for name, width in inputs.items()] + [f"  wire [{width - 1}:0] {name};" for name, width in outputs.items()]
    lines.append(f"  {top} u_top (.clk_i(clk), .rst_ni(rst), {', '.join(f'.{name}({name})' for name in [*inputs, *outputs])});")
    draw = {name: f"{{{(width + 31) // 32}{{$random(seed)}}}}" for name, width in inputs.items()}
    streams = [name.removesuffix("_valid_i") for name in inputs if name.endswith("_valid_i")]
    valid = [name.removesuffix("_valid_o") for name in outputs if name.endswith("_valid_o")]
    apb = "psel_i" in inputs
    still = [name for name in inputs if not apb and not name.endswith("ready_i") and name not in [f"{s}_{e}" for s in streams for e in ("valid_i", "i")]]
    lines.append("  initial begin clk = 0; x = 0; moved = 0; seen = 0; seed = 7;")
    lines += [f"    {name} = 0;" for name in inputs] + [f"    {name} = {draw[name]};" for name in still]
    lines.append("    rst = " + ("1'b1;" if reset == 2 else "1'b0; #22 @(" + ("posedge" if reset == 0 else "negedge") + " clk); #0.4 rst = 1'b1;"))
    lines += ["  end", "  always #2.5 clk = !clk;", f"  initial begin #45; for (clock = 0; clock < {CLOCKS}; clock = clock + 1) begin", "    @(negedge clk); #0.1;"]
    known = [name for name, width in outputs.items() if width == 1]
    lines += [f"    if (^{name} === 1'bx) begin x = x + 1; if (x < 3) $display(\"# clock %0d: {name} is X\", clock); end" for name in known]
    lines += [f"    if ({name}_valid_o === 1'b1) begin moved = moved + 1; if (^{name}_o === 1'bx) x = x + 1; seen = seen * 31 + ({name}_o ^ ({name}_o >> 32)); end"
              for name in valid]
    lines += [f"    seen = seen * 3 + {name};" for name in known]
    lines += APB if apb else []
    for name in streams:  # what is offered stays until it is taken
        lines.append(f"    if (!({name}_valid_i && {name}_ready_o !== 1'b1)) begin {name}_i = {draw[f'{name}_i']}; {name}_valid_i = $random(seed); end")
    lines += [f"    {name}_ready_i = $random(seed);" for name in valid]
    lines += ["  end", '  $display("@%0d %0d %0d", x, moved, seen); $finish; end', "endmodule", ""]
    return "\n".join(lines)


def powered(cells, state):
    """The library's cells with registers that start with random values, others for each state."""
    text = read(cells)
    names = set(re.findall(r"^  reg (\w+)( = [^;]*)?;", text, re.M)) | set(re.findall(r"^  output (\w+);\n  reg \1;", text, re.M))
    if not names:
        raise Failure(f"{cells}: no register")
    return re.sub(r"^  reg (\w+|\\\S+ );", rf"  reg \1; initial repeat ({state}) \1 = $random;", text, flags=re.M)


def simulated(folder, top, out, reset, state=0):
    """Signals that were X where they must not be, clocks with results, and a hash of all that was looked at. State 0: the RTL from X."""
    module = top_of(out / "net.json")
    stem = out / f"reset{reset}-{state}"
    write(f"{stem}.v", bench(top, module["ports"], reset))
    design = [out / "rtl.v"]
    if state:
        cells = BUILD / "synth/cells.v"
        if not cells.exists():
            subprocess.run(["scripts/verilate.sh", "cells"], check=True)
        write(f"{stem}.cells.v", powered(cells, state))
        design = [out / "net.v", f"{stem}.cells.v"]
    if tool(["iverilog", "-g2005", "-s", "bench", "-o", f"{stem}.vvp", f"{stem}.v", *design, f"{folder}/array.v"], out / "icarus.log"):
        raise Failure(f"{top}: Icarus Verilog does not read it, see {out}/icarus.log")
    run = subprocess.run(["vvp", "-n", f"{stem}.vvp"], capture_output=True, text=True, timeout=300)
    found = re.search(r"^@(\d+) (\d+) (\S+)$", run.stdout, re.M)
    if not found:
        raise Failure(f"{top}: the simulation did not end")
    return int(found[1]), int(found[2]), found[3]


def check(tap, name):
    folder, out = Path("examples", name), OUT / name
    try:
        beside = block(folder / "top.sv")
        mapped(folder, [*rtl_files(beside), folder / "top.sv"], name, out)
        paths, slack = timed(folder, name, out)
        tap(paths > 0 and slack >= 0, f"{name}: {beside} beside its array, {paths} groups of paths timed, {slack:.2f} ns left")
        flops, faults = scan(out / "net.json")
        tap(flops > 0 and not faults, f"{name}: {flops} flops are ready for scan: one clock, no gated reset, no latch")
        for fault in faults[:5]:
            print(f"# {fault}")
        for reset, when in enumerate(("rising", "falling")):
            wrong, moved, _ = simulated(folder, name, out, reset)
            tap(wrong == 0 and moved > 0, f"{name}: X at power-up, reset released behind a {when} edge: {moved} clocks with results, {wrong} X in {CLOCKS} clocks")
            runs = {simulated(folder, name, out, reset, state) for state in range(1, POWER_UPS + 1)}
            tap(len(runs) == 1 and min(runs)[:2] == (0, moved), f"{name}: the netlist from {POWER_UPS} random states, released behind a {when} edge: all the same")
        wrong, _, _ = simulated(folder, name, out, 2)
        tap(wrong > 0, f"{name}: without a reset X is seen")
        runs = {simulated(folder, name, out, 2, state) for state in range(1, POWER_UPS + 1)}
        tap(len(runs) > 1, f"{name}: without a reset power-up states differ")
    except Failure as failure:
        tap(False, str(failure))


def main(arguments):
    tap = Tap()
    names = arguments or sorted(path.parent.name for path in Path("examples").glob("*/array.lib"))
    for name in names:
        check(tap, name)
    if "rram_xbar" in names:
        wrong(tap, "rram_xbar")
    out = OUT / "broken"
    write(out / "broken.v", BROKEN)
    mapped(None, [out / "broken.v"], "broken", out, array=False)
    _, faults = scan(out / "net.json")
    for what in ("a latch", "clocked by", "R is"):
        tap(any(what in fault for fault in faults), f"a netlist with all three faults: '{what}' is seen")
    return tap.failed


program(main)
