#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds blocks' mapped netlists against their RTL and their benches.
  flow/netlist.py BLOCK [OPTION]     the block's configurations, or those with this option (see flow/mapping.py)
Configurations with models take the RTL's place in pm_BLOCK_tb, and the bench runs its own vectors on them. Those with `prove` are
proven equal to the RTL for every input and without a bound, from registers that are all zero (ABC: scorr, dprove on their
miter); a canary with one gate swapped must be found to differ. Prints TAP, keeps logs in build/synth/BLOCK-CONFIG/ and what passed
in BLOCK-CONFIG/proven.json and BLOCK.MODEL.bench.json there, till netlist, bench or this program change."""
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from common import BUILD, Failure, Tap, digest, keep, program, read, recall, rtl_files, version, write, yosys
from equal import DIFFERENT, EQUAL, UNDECIDED, compare
from liberty import library
from mapping import configurations

FLAT = "proc; flatten; async2sync; simplemap; dffunmap; setundef -init -zero; opt_clean; aigmap;"
GOLD = "flatten; async2sync; opt; wreduce; peepopt; opt_clean; alumacc; opt; techmap; opt_clean;"


def and_graph(folder, stem, top, commands):
    """What Yosys reads, flat, as an and-inverter graph FOLDER/STEM.aig, registers zero at first; whether that went well."""
    return yosys(f"{commands} hierarchy -check -top {top}; {FLAT} write_aiger -symbols {folder}/{stem}.aig", folder / f"{stem}.log") == 0


def against_rtl(config, netlist, stem, timeout):
    if not and_graph(config.dir, stem, config.top, f"read_verilog {config.library.model()} {netlist};"):
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


def proof_key(config):
    return digest(config.netlist, FLAT, GOLD, Path(__file__).with_name("equal.py"), version("berkeley-abc", "-q", "version"))


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


def bench_file(block, model):
    return library().folder() / f"{block}.{model}.bench.json"


def passed_file(block, model):
    return library().folder() / f"{block}.{model}.passed.json"


def replaced(block, model):
    """The netlists in a model, as they are."""
    nets = [config.gates() for config in configurations(block, "all") if model in config.models]
    return digest(*(net if net.exists() else "none" for net in nets))


def bench_key(block, model):
    """The bench, with all that the model is made of."""
    files = [path for folder in (f"tb/{block}", "tb/common") for path in sorted(Path(folder).iterdir()) if path.is_file()]
    return digest(replaced(block, model), model, BUILD / "tb" / f"{block}_tb", *map(str, files), *files,
                  *map(Path, rtl_files(block)), version("verilator", "--version"))


def bench(block, model):
    """Whether the model passes the bench with netlists in the RTL's place."""
    key = bench_key(block, model)
    text = recall(bench_file(block, model), key)
    passed = text is not None
    if not passed:
        run = subprocess.run([BUILD / "tb" / f"{block}_tb"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             stdin=subprocess.DEVNULL,
                             env=os.environ | {"PERIMETER_NETLIST": "1", "PERIMETER_MODELS": model})
        text = re.sub("^((not )?ok) - ", r"\1 - netlist ", run.stdout, flags=re.M)
        text = re.sub("^# bench", "# netlist bench", text, flags=re.M)
        write(library().folder() / f"{block}.{model}.bench.log", text)
        passed = run.returncode == 0
        if passed:
            keep(bench_file(block, model), key, text)
            keep(passed_file(block, model), replaced(block, model), "passed")
    sys.stdout.write(text)
    return passed


def checks(config):
    """What the present netlist has passed, the bench as it was then."""
    found = []
    if config.models and all(recall(passed_file(config.block, model), replaced(config.block, model)) for model in config.models):
        found.append("bench")
    if recall(config.dir / "proven.json", proof_key(config)) is not None:
        found.append("proven")
    return ", ".join(found)


def main(arguments):
    if not 1 <= len(arguments) <= 2:
        raise Failure("name a block, and perhaps an option")
    block, option = (*arguments, None)[:2]
    tap = Tap()
    benched = []
    for config in configurations(block, option):
        try:
            config.make()
        except Failure as failure:
            print(f"{sys.argv[0]}: {failure}", file=sys.stderr)
            tap(False, f"netlist {config.name} could not be made")
            continue
        if config.models:
            benched.append(config)
        if "prove" in config.options:
            prove(config, tap)
    passed = {model: bench(block, model) for model in dict.fromkeys(model for config in benched for model in config.models)}
    for config in benched:
        tap(all(passed[model] for model in config.models), f"netlist {config.name} passes the bench")
    return tap.failed


if __name__ == "__main__":
    program(main)
