#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds blocks' mapped netlists against their RTL and their benches.
  flow/netlist.py BLOCK [OPTION]     the block's configurations, or those with this option (see flow/mapping.py)
Configurations with models take the RTL's place in pm_BLOCK_tb, and the bench runs its own vectors on them. Those with `prove` are
proven equal to the RTL for every input and without a bound, from registers that are all zero (ABC: scorr, dprove on their
miter); a canary with one gate swapped must be found to differ. A netlist with clock gates has a proof of its own: a gate and a flop of the
library's cells are a flop with an enable, whatever the clock does; and the netlist with such flops in their place equals, register by
register (flow/cuts.py), the same configuration's without gates. Prints TAP, keeps logs in build/synth/BLOCK-CONFIG/ and what passed in
BLOCK-CONFIG/{proven,registers}.json and BLOCK.MODEL.bench.json there, till netlist, bench or this program change."""
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from common import BUILD, Failure, Tap, digest, keep, program, read, recall, rtl_files, version, write, yosys
from cuts import by_register
from equal import DIFFERENT, EQUAL, UNDECIDED, compare
from gating import cells, enables
from liberty import library
from mapping import configurations

FLAT = "proc; flatten; async2sync; simplemap; dffunmap; setundef -init -zero; opt_clean; aigmap;"
GOLD = "flatten; async2sync; opt; wreduce; peepopt; opt_clean; alumacc; opt; techmap; opt_clean;"


def and_graph(folder, stem, top, commands):
    """What Yosys reads, flat, as an and-inverter graph FOLDER/STEM.aig, registers zero at first; whether that went well."""
    return yosys(f"{commands} hierarchy -check -top {top}; {FLAT} write_aiger -symbols {folder}/{stem}.aig", folder / f"{stem}.log") == 0


def with_enables(config, netlist, stem):
    """A netlist with clock gates as one with enables; Yosys's command that reads it, or nothing."""
    flat, plain = config.dir / f"{stem}.flat.json", config.dir / f"{stem}.enables.json"
    if yosys(f"read_verilog {config.library.model()} {netlist}; hierarchy -check -top {config.top}; proc; flatten; opt_expr; "
             f"opt_dff -nodffe -nosdff; opt_clean; simplemap; opt_clean; write_json {flat}", config.dir / f"{stem}.flat.log"):
        return None
    enables(flat, plain, config.top)
    return f"read_json {plain};"


def against_rtl(config, netlist, stem, timeout):
    reads = with_enables(config, netlist, stem) if config.gated() else f"read_verilog {config.library.model()} {netlist};"
    if not reads or not and_graph(config.dir, stem, config.top, reads):
        return UNDECIDED
    return compare(config.dir / "gold.aig", config.dir / f"{stem}.aig", config.dir / f"{stem}.abc", timeout)


def swapped(config):
    """Netlists with a NAND that became a NOR: one of five all over it, where the others make no difference in any state that is
    reached, or one that takes long to see."""
    lines = read(config.gates()).splitlines(keepends=True)
    nand, nor = config.library.nand2, config.library.nor2
    nands = [number for number, line in enumerate(lines) if nor and line.startswith(f"  {nand} ")]
    for fifth in (4, 3, 2, 1, 0):
        change = list(lines)
        if nands:
            number = nands[fifth * len(nands) // 5]
            change[number] = change[number].replace(nand, nor, 1)
        write(config.dir / "swapped.v", "".join(change))
        yield config.dir / "swapped.v"


def gate_cells(library, tap):
    """A clock gate of the library's cells with a flop behind it against an enable, every step of the clock a step of the proof. What
    enters changes with the rising edge, as in a netlist."""
    folder = library.folder()
    flop = library.flops.get("dff") or library.flops["clear"]
    pins = library.flop_pins[flop]
    text = ("module pm_bank(input clk_i, input en_i, input d_i, output q_o);\n  reg en, d;\n"
            "  always @(posedge clk_i) begin en <= en_i; d <= d_i; end\n{}endmodule\n")
    forms = {"enable": "  reg q; always @(posedge clk_i) if (en) q <= d; assign q_o = q;\n",
             "gate": f"  wire low, gated; pm_clk_low u_low(clk_i, low); pm_clk_gate u_gate(clk_i, low, en, gated);\n  {flop} u_q(.{pins['clock']}(gated), .{pins['data']}(d), "
                     + "".join(f".{pin}({value}), " for pin, value in pins["off"].items()) + f".{pins['out']}(q_o));\n",
             "canary": f"  wire gated; assign gated = clk_i & en;\n  {flop} u_q(.{pins['clock']}(gated), .{pins['data']}(d), "
                       + "".join(f".{pin}({value}), " for pin, value in pins["off"].items()) + f".{pins['out']}(q_o));\n"}
    write(folder / "gate_cells.v", cells(library))
    key = digest(*forms.values(), library.model(), folder / "gate_cells.v", Path(__file__))
    verdicts = recall(folder / "gate.json", key)
    if not verdicts:
        for name, body in forms.items():
            write(folder / f"gate_{name}.v", text.format(body))
            if yosys(f"read_verilog {library.model()} {folder}/gate_cells.v {folder}/gate_{name}.v; hierarchy -check -top pm_bank; proc; flatten; opt; "
                     "clk2fflogic; opt; simplemap; dffunmap; setundef -init -zero; opt_clean; aigmap; "
                     f"write_aiger -symbols {folder}/gate_{name}.aig", folder / f"gate_{name}.log"):
                raise Failure(f"{library.file}: see {folder}/gate_{name}.log")
        verdicts = [compare(folder / "gate_enable.aig", folder / f"gate_{name}.aig", folder / f"gate_{name}.abc", 60) for name in ("gate", "canary")]
    if tap(verdicts[0] == EQUAL, f"netlist clock gate of {library.name}: a flop behind it is one with an enable") \
            and tap(verdicts[1] == DIFFERENT, f"canary clock gate of {library.name}: a conjunction without a latch differs"):
        keep(folder / "gate.json", key, verdicts)


def proof_key(config):
    gating = [Path(__file__).with_name("gating.py")] if config.gated() else []
    return digest(config.netlist, *gating, FLAT, GOLD, Path(__file__).with_name("equal.py"), version("berkeley-abc", "-q", "version"))


def prove(config, tap):
    key = proof_key(config)
    seconds = recall(config.dir / "proven.json", key)
    kept = seconds is not None
    equal, canary = EQUAL, True
    if not kept:
        start = time.monotonic()
        gold = and_graph(config.dir, "gold", config.top, config.front() + GOLD)
        equal = against_rtl(config, config.gates(), "equal", 600) if gold else UNDECIDED
        seconds = round(time.monotonic() - start)
        canary = any(against_rtl(config, net, "swapped", 5) == DIFFERENT for net in swapped(config))
        if equal == EQUAL and canary:
            keep(config.dir / "proven.json", key, seconds)
    tap(equal == EQUAL, f"netlist {config.name} equals the RTL (unbounded, {seconds} s{', kept' if kept else ''})")
    tap(canary, f"canary {config.name} with a gate swapped differs")


def twin(config):
    """The configuration that a gated one is without its gates."""
    found = [other for other in configurations(config.block, "all") if not other.gated() and (other.top, other.parameters) == (config.top, config.parameters)
             and other.flatten() == config.flatten() and other.ties() == config.ties()]
    if not found:
        raise Failure(f"{config.name}: the configuration without gates is not there")
    return found[0]


def registers_key(config):
    return digest(config.netlist, twin(config).netlist, *(Path(__file__).with_name(f"{name}.py") for name in ("gating", "cuts")),
                  version("berkeley-abc", "-q", "version"))


def prove_registers(config, tap):
    other, key = twin(config), registers_key(config)
    found = recall(config.dir / "registers.json", key)
    if found is None:
        other.make()
        found = by_register(config, other)
        if tuple(found[:2]) == (EQUAL, DIFFERENT):
            keep(config.dir / "registers.json", key, found)
    equal, canary, count, constant, clocked = found
    tap(equal == EQUAL, f"netlist {config.name} equals {other.name} register by register: {count}, of them {clocked} behind gates, {constant} constant")
    tap(canary == DIFFERENT, f"canary {config.name} with an enable in another's place differs")


def kept_file(block, model, gated, what):
    return library().folder() / f"{block}.{model}{'.gated' if gated else ''}.{what}"


def replaced(block, model, gated):
    """The netlists in a model, as they are."""
    nets = [config.gates() for config in configurations(block, "all") if model in config.models and config.gated() == gated]
    return digest(*(net if net.exists() else "none" for net in nets))


def bench_key(block, model, gated):
    """The bench, with all that the model is made of."""
    files = [path for folder in (f"tb/{block}", "tb/common") for path in sorted(Path(folder).iterdir()) if path.is_file()]
    return digest(replaced(block, model, gated), model, BUILD / "tb" / f"{block}_tb", *map(str, files), *files,
                  *map(Path, rtl_files(block)), version("verilator", "--version"))


def bench(block, model, gated):
    """Whether the model passes the bench with netlists in the RTL's place."""
    key = bench_key(block, model, gated)
    text = recall(kept_file(block, model, gated, "bench.json"), key)
    passed = text is not None
    if not passed:
        run = subprocess.run([BUILD / "tb" / f"{block}_tb"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             stdin=subprocess.DEVNULL,
                             env=os.environ | {"PERIMETER_NETLIST": "gated" if gated else "1", "PERIMETER_MODELS": model})
        text = re.sub("^((not )?ok) - ", rf"\1 - netlist {'with clock gates ' if gated else ''}", run.stdout, flags=re.M)
        text = re.sub("^# bench", "# netlist bench", text, flags=re.M)
        write(kept_file(block, model, gated, "bench.log"), text)
        passed = run.returncode == 0
        if passed:
            keep(kept_file(block, model, gated, "bench.json"), key, text)
            keep(kept_file(block, model, gated, "passed.json"), replaced(block, model, gated), "passed")
    sys.stdout.write(text)
    return passed


def checks(config):
    """What the present netlist has passed, the bench as it was then."""
    found = []
    if config.models and all(recall(kept_file(config.block, model, config.gated(), "passed.json"), replaced(config.block, model, config.gated()))
                             for model in config.models):
        found.append("bench")
    if config.gated():
        if recall(config.dir / "registers.json", registers_key(config)) is not None:
            found.append("registers")
    elif recall(config.dir / "proven.json", proof_key(config)) is not None:
        found.append("proven")
    return ", ".join(found)


def main(arguments):
    if not 1 <= len(arguments) <= 2:
        raise Failure("name a block, and perhaps an option")
    block, option = (*arguments, None)[:2]
    tap = Tap()
    benched, proven = [], set()
    for config in configurations(block, option):
        try:
            config.make()
        except Failure as failure:
            print(f"{sys.argv[0]}: {failure}", file=sys.stderr)
            tap(False, f"netlist {config.name} could not be made")
            continue
        if config.models:
            benched.append(config)
        if config.gated() and "cells" not in proven:
            proven.add("cells")
            gate_cells(config.library, tap)
        if config.gated():
            prove_registers(config, tap)
        elif "prove" in config.options:
            prove(config, tap)
    passed = {key: bench(block, *key) for key in dict.fromkeys((model, config.gated()) for config in benched for model in config.models)}
    for config in benched:
        tap(all(passed[model, config.gated()] for model in config.models), f"netlist {config.name} passes the bench")
    return tap.failed


if __name__ == "__main__":
    program(main)
