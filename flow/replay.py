#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replays what Verilator saw in Icarus Verilog: TAP. A block's bench runs on the RTL with a waveform; the block's copy in plain Verilog
(flow/verilog.py) gets the same inputs, and every output is compared at the end of every clock.

    flow/replay.py [--all] [BLOCK ...]     the models with `replay` in tb/BLOCK/models, or with --all each

Outputs that the copy does not know yet, since nothing has loaded the registers behind them, are counted, not compared.
"""

import argparse
import os
import re
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from common import BUILD, Failure, Tap, blocks, parameters, program, read, tool, write
from models import marked, models
from vcd import Wave
from verilog import copy

# Simulations of the bench, clocks of one, bytes of their waveforms and seconds of a program that are enough.
RUNS, CLOCKS, BYTES, SECONDS = 6, 1600, 30_000_000, 3600


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


def record(block: str, model: str, folder: Path) -> list[Path]:
    """Waveforms of the first simulations of the block's bench with this model; the last one may break off."""
    for old in folder.glob("wave*"):
        old.unlink()
    environment = {"PERIMETER_MODELS": model, "PERIMETER_WAVES": str(folder.absolute() / "wave"), "PERIMETER_TRACE": "vcd"}
    with open(folder / "bench.log", "w", encoding="utf-8") as log:
        bench = subprocess.Popen([BUILD / "tb" / f"{block}_tb"], stdout=log, stderr=log, env=os.environ | environment)
        end = time.monotonic() + SECONDS
        while bench.poll() is None and time.monotonic() < end:
            made = sum(wave.stat().st_size for wave in folder.glob("wave*"))
            if made > BYTES or (folder / f"wave{RUNS}").exists():
                break
            time.sleep(0.05)
        bench.kill()
        bench.wait()
    waves = sorted(folder.glob("wave*"))
    if not waves:
        raise Failure(f"no waveform, see {folder}/bench.log")
    return waves[:RUNS]


def ports(path: Path, top: str) -> list[Port]:
    """Of the top in a copy; the clock is left out."""
    body = re.search(rf"^module {top}\s*\(.*?^endmodule", path.read_text(encoding="utf-8"), re.M | re.S)[0]
    found = re.findall(r"^  (input|output) (?:\[(\d+):0\] )?(\w+);", body, re.M)
    return [Port(name, kind == "input", int(high or 0) + 1) for kind, high, name in found if name != "clk_i"]


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


BENCH = """// By flow/replay.py.
module replay;
  reg [{width}-1:0] vector [0:{count}-1];
  reg [{width}-1:0] now;
  reg clk;
  wire [{outputs}-1:0] out;
  reg [{outputs}-1:0] known;
  integer n, b, compared, unknown, differ;
  {top} u_dut ({pins});
  initial begin
    $readmemb("{vectors}", vector);
    clk = 0;
    compared = 0;
    unknown = 0;
    differ = 0;
    known = 0;
    for (n = 0; n < {count}; n = n + 1) begin
      now = vector[n];
      #1;
      // Before the first edge Verilator has not seen the reset yet.
      for (b = 0; n > 0 && b < {outputs}; b = b + 1)
        if (out[b] === 1'bx) unknown = unknown + 1;
        else begin
          compared = compared + 1;
          known[b] = 1;
          if (out[b] !== now[b]) begin
            if (differ == 0) $display("clock %0d, output bit %0d: %b, Verilator %b", n, b, out[b], now[b]);
            differ = differ + 1;
          end
        end
      #1 clk = 1;
      #1 clk = 0;
    end
    $display("compared %0d unknown %0d differ %0d", compared, unknown, differ);
    $display("known %b", known);
  end
endmodule
"""


def bench(top: str, pins: list[Port], count: int, data: Path) -> str:
    """A test bench in plain Verilog; `pins` have the reset first and the outputs last, as the vectors have."""
    outputs = sum(pin.width for pin in pins if not pin.is_input)
    at = sum(pin.width for pin in pins)
    width, wires = at, []
    for pin in pins:
        at -= pin.width
        wires.append(f".{pin.name}({'now' if pin.is_input else 'out'}[{at} +: {pin.width}])")
    return BENCH.format(width=width, count=count, outputs=outputs, top=top, pins=", ".join(wires), vectors=data)


class Result(NamedTuple):
    clocks: int
    compared: int
    unknown: int
    differ: int
    known: int  # output bits that were known in some clock, a mask
    outputs: int

    def __add__(self, other: "Result") -> "Result":
        return Result(*(a + b for a, b in zip(self[:4], other[:4])), self.known | other.known, self.outputs)


def replay(path: Path, top: str, wave: Path) -> Result:
    pins = sorted(ports(path, top), key=lambda pin: (pin.name != "rst_ni", not pin.is_input))
    seen = Wave(wave, "u_dut")
    if missing := [pin.name for pin in pins if seen.width.get(pin.name) != pin.width]:
        raise Failure(f"{wave}: {missing[0]} is not what it is in {path}")
    found = vectors(seen, pins)
    data, source, log = (Path(f"{wave}.{suffix}") for suffix in ("txt", "v", "log"))
    write(data, "".join(line + "\n" for line in found))
    clocked = bench(top, pins, len(found), data).replace(" u_dut (", " u_dut (.clk_i(clk), " if "clk_i" in seen.width else " u_dut (")
    write(source, clocked)
    if tool(["iverilog", "-g2001", "-Wall", "-Wno-timescale", "-s", "replay", "-o", f"{wave}.vvp", source, path], log) or log.stat().st_size:
        raise Failure(f"{path}: Icarus Verilog does not read it without a word, see {log}")
    if tool(["vvp", f"{wave}.vvp"], log, timeout=SECONDS):
        raise Failure(f"{path}: the simulation failed, see {log}")
    counts = re.search(r"^compared (\d+) unknown (\d+) differ (\d+)\nknown ([01]+)$", read(log), re.M)
    if not counts:
        raise Failure(f"{path}: the simulation did not end, see {log}")
    return Result(len(found), *(int(count) for count in counts.groups()[:3]), int(counts[4], 2), len(counts[4]))


def check(tap: Tap, block: str, model: str) -> None:
    folder = BUILD / "replay" / f"{block}-{model}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{block}.v"
    try:
        copy(block, configured(block, model), path)
        first, *others = [replay(path, f"pm_{block}", wave) for wave in record(block, model, folder)]
        total = sum(others, first)
    except Failure as failure:
        tap(False, f"replay {block} {model}: {failure}")
        return
    never = total.outputs - total.known.bit_count()
    tap(total.differ == 0 and never == 0,
        f"replay {block} {model}: {total.clocks} clocks of {1 + len(others)} runs in Icarus Verilog, {total.compared} output bits compared, "
        f"{total.differ} differ; {total.unknown} not loaded yet, {never} bits never")


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
