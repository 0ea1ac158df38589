#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replays what Verilator saw in Icarus Verilog: TAP. A block's bench runs on the RTL with a waveform; the block's copy in plain Verilog
(flow/verilog.py) gets the same inputs, and every output is compared at the end of every clock.

    flow/replay.py [--all] [BLOCK ...]     the models with `replay` in tb/BLOCK/models, or with --all each

All registers are zero at first here and there. What was equal is kept under a hash of what it was made of.
"""

import argparse
import os
import re
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from common import BUILD, Failure, Tap, blocks, digest, keep, parameters, program, read, recall, rtl_files, tool, version, write
from models import marked, models
from vcd import Wave
from verilog import copy

# Simulations of the bench, clocks of one and of all, bytes of waveforms and seconds of a program that are enough.
RUNS, CLOCKS, ALL_CLOCKS, BYTES, SECONDS = 40, 1600, 5000, 60_000_000, 3600


class Port(NamedTuple):
    name: str
    is_input: bool
    width: int


def configured(block: str, model: str) -> str:
    """The parameters that a model's bench gives pm_BLOCK, as NAME=VALUE ..."""
    bench = read(f"tb/{block}/pm_{block}_tb.sv")
    known = dict(re.findall(r"^ *(?:local)?param(?:eter)? .*\b(\w+) *= *(\d+)[,;]?$", bench, re.M)) | dict(parameters(models(block)[model]))
    given = re.search(rf"\bpm_{block}\s*#\(([^;]*?)\)\s*u_dut\b", bench)
    pairs = re.findall(r"\.(\w+)\s*\(([^()]*)\)", given[1]) if given else []
    return " ".join(f"{name}={int(eval(value, {'__builtins__': {}}, {k: int(v) for k, v in known.items()}))}" for name, value in pairs)


def size(folder: Path) -> int:
    """Bytes of the waveforms so far, while the bench gives them their names."""
    try:
        return sum(wave.stat().st_size for wave in folder.glob("wave*"))
    except FileNotFoundError:
        return size(folder)


def record(block: str, model: str, folder: Path) -> list[Path]:
    """Waveforms of the first simulations of the block's bench with this model."""
    for old in folder.glob("wave*"):
        old.unlink()
    environment = {"PERIMETER_MODELS": model, "PERIMETER_WAVES": str(folder.absolute() / "wave"), "PERIMETER_TRACE": "vcd"}
    with open(folder / "bench.log", "w", encoding="utf-8") as log:
        bench = subprocess.Popen([BUILD / "tb" / f"{block}_tb"], stdout=log, stderr=log, env=os.environ | environment)
        end = time.monotonic() + SECONDS
        while bench.poll() is None and time.monotonic() < end:
            if size(folder) > BYTES or (folder / f"wave{RUNS}").exists():
                break
            time.sleep(0.05)
        bench.kill()
        bench.wait()
    # One that is not finished only where there is no other.
    waves = [wave for i in range(1, RUNS + 1) if (wave := folder / f"wave{i}").exists()] or list(folder.glob("wave1.tmp"))
    if not waves:
        raise Failure(f"no waveform, see {folder}/bench.log")
    return waves


def clocked(path: Path) -> bool:
    return "  input clk_i;\n" in read(path)


def ports(path: Path, top: str) -> list[Port]:
    """Of the top in a copy, without the clock: the reset, other inputs, outputs."""
    body = re.search(rf"^module {top}\s*\(.*?^endmodule", read(path), re.M | re.S)[0]
    found = [Port(name, kind == "input", int(high or 0) + 1) for kind, high, name in re.findall(r"^  (input|output) (?:\[(\d+):0\] )?(\w+);", body, re.M)]
    return sorted([pin for pin in found if pin.name != "clk_i"], key=lambda pin: (pin.name != "rst_ni", not pin.is_input))


def vectors(wave: Wave, pins: list[Port]) -> list[str]:
    """Inputs and outputs of each clock. The reset is let go at an edge, which counts already."""
    found: list[list[str]] = []
    for value in wave.clocks():
        if found and "rst_ni" in value:
            found[-1][0] = value["rst_ni"]
        if len(found) == CLOCKS:
            break
        found.append([value.get("rst_ni", "")] + [value[pin.name].zfill(pin.width) for pin in pins if pin.name != "rst_ni"])
    return ["".join(bits) for bits in found]


BENCH = """// By flow/replay.py: +vectors=FILE +clocks=N
module replay;
  reg [{width}-1:0] vector [0:{clocks}-1];
  reg [{width}-1:0] now;
  reg [8*1024:1] file;
  reg clk;
  wire [{outputs}-1:0] out;
  integer clocks, n, b, differ;
  {top} u_dut ({pins});
  initial begin
    n = $value$plusargs("vectors=%s", file) + $value$plusargs("clocks=%d", clocks);
    $readmemb(file, vector, 0, clocks - 1);
    clk = 0;
    differ = 0;
    for (n = 0; n < clocks; n = n + 1) begin
      now = vector[n];
      #1 clk = 0;
      #1;
      // Before the first edge Verilator has not seen the reset yet.
      for (b = 0; n > 0 && b < {outputs}; b = b + 1)
        if (out[b] !== now[b]) begin
          if (differ == 0) $display("clock %0d, output bit %0d: %b, Verilator %b", n, b, out[b], now[b]);
          differ = differ + 1;
        end
      #1 clk = 1;
      #1;
    end
    $display("clocks %0d differ %0d", n, differ);
  end
endmodule
"""


def compiled(path: Path, top: str, pins: list[Port]) -> Path:
    """A program that replays vectors on the copy. `pins` have the reset first and the outputs last, as the vectors have."""
    outputs = sum(pin.width for pin in pins if not pin.is_input)
    at = width = sum(pin.width for pin in pins)
    wires = [".clk_i(clk)"] if clocked(path) else []
    for pin in pins:
        at -= pin.width
        wires.append(f".{pin.name}({'now' if pin.is_input else 'out'}[{at} +: {pin.width}])")
    source, made, log = (path.with_name(f"replay.{suffix}") for suffix in ("v", "vvp", "log"))
    write(source, BENCH.format(width=width, clocks=CLOCKS, outputs=outputs, top=top, pins=", ".join(wires)))
    if tool(["iverilog", "-g2001", "-Wall", "-Wno-timescale", "-s", "replay", "-o", made, source, path], log) or log.stat().st_size:
        raise Failure(f"{path}: Icarus Verilog does not read it without a word, see {log}")
    return made


def replay(made: Path, pins: list[Port], wave: Path) -> tuple[int, int, int]:
    """Clocks, output bits compared, and those that differ."""
    seen = Wave(wave, "u_dut")
    if wrong := [pin.name for pin in pins if seen.width.get(pin.name) != pin.width]:
        raise Failure(f"{wave}: {wrong[0]} is not what it is in the copy")
    found = vectors(seen, pins)
    data, log = Path(f"{wave}.txt"), Path(f"{wave}.log")
    write(data, "".join(line + "\n" for line in found))
    if tool(["vvp", "-n", made, f"+vectors={data}", f"+clocks={len(found)}"], log, timeout=SECONDS):
        raise Failure(f"{wave}: the simulation failed, see {log}")
    counts = re.search(r"^clocks (\d+) differ (\d+)$", read(log), re.M)
    if not counts or int(counts[1]) != len(found):
        raise Failure(f"{wave}: the simulation did not end, see {log}")
    return len(found), (len(found) - 1) * sum(pin.width for pin in pins if not pin.is_input), int(counts[2])


def source(block: str, model: str) -> str:
    """A hash of what decides a model's result."""
    bench = [path for folder in (f"tb/{block}", "tb/common") for path in sorted(Path(folder).glob("*.*"))]
    files = [Path(file) for file in rtl_files(block)] + bench + [Path(__file__).with_name(f"{name}.py") for name in ("replay", "verilog", "vcd")]
    tools = [version("yosys", "-V"), version("verilator", "--version"), version("iverilog", "-V")]
    return digest(models(block)[model], *tools, *map(str, files), *files, BUILD / "tb" / f"{block}_tb")


def judged(block: str, model: str, folder: Path) -> tuple[bool, str]:
    """Whether all is equal, and what was compared."""
    path = folder / f"{block}.v"
    copy(block, configured(block, model), path, "setundef -init -zero;")
    pins = ports(path, f"pm_{block}")
    made = compiled(path, f"pm_{block}", pins)
    runs: list[tuple[int, int, int]] = []
    for wave in record(block, model, folder):
        if sum(run[0] for run in runs) < ALL_CLOCKS:
            runs.append(replay(made, pins, wave))
    clocks, compared, differ = (sum(counts) for counts in zip(*runs))
    return compared > 0 and differ == 0, f"{clocks} clocks of {len(runs)} runs in Icarus Verilog, {compared} output bits compared, {differ} differ"


def check(tap: Tap, block: str, model: str) -> None:
    folder = BUILD / "replay" / f"{block}-{model}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        key = source(block, model)
        what = recall(folder / "equal.json", key)
        equal = what is not None
        if not equal:
            equal, what = judged(block, model, folder)
    except Failure as failure:
        equal, what = False, str(failure)
    if tap(equal, f"replay {block} {model}: {what}"):
        keep(folder / "equal.json", key, what)
        for wave in folder.glob("wave*"):
            wave.unlink()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="flow/replay.py")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("block", nargs="*")
    options = parser.parse_args(arguments)
    tap = Tap()
    for block in options.block or blocks("tb/*/models"):
        for model in models(block) if options.all else marked(block, "replay"):
            check(tap, block, model)
    return tap.failed


if __name__ == "__main__":
    program(main)
