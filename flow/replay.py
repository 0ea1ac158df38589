#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replays what Verilator saw in Icarus Verilog: TAP. A block's bench runs on the RTL with a waveform; the block's copy in plain Verilog
(flow/verilog.py) gets the same inputs, and every output is compared at the end of every clock.

    flow/replay.py [--all] [BLOCK ...]     the first configuration in synth/BLOCK/configs that has a model, or with --all each

Outputs that the copy does not know yet, since nothing has loaded the registers behind them, are counted, not compared.
"""

import argparse
import os
import re
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from common import BUILD, Failure, Tap, block_list, blocks, program, tool, write
from vcd import Wave
from verilog import copy

RUNS, CLOCKS, SECONDS = 6, 2500, 600


class Port(NamedTuple):
    name: str
    is_input: bool
    width: int


def record(block: str, model: str, folder: Path) -> list[Path]:
    """Waveforms of the first simulations of the block's bench with this model."""
    for old in folder.glob("wave*"):
        old.unlink()
    environment = {"PERIMETER_MODELS": model, "PERIMETER_WAVES": str(folder.absolute() / "wave"), "PERIMETER_TRACE": "vcd"}
    last = folder / f"wave{RUNS}"
    with open(folder / "bench.log", "w", encoding="utf-8") as log:
        bench = subprocess.Popen([BUILD / "tb" / f"{block}_tb"], stdout=log, stderr=log, env=os.environ | environment)
        end = time.monotonic() + SECONDS
        while bench.poll() is None and not last.exists() and time.monotonic() < end:
            time.sleep(0.05)
        bench.kill()
        bench.wait()
    waves = [folder / f"wave{i}" for i in range(1, RUNS + 1)]
    return [wave for wave in waves if wave.exists()]


def ports(path: Path, top: str) -> list[Port]:
    """Of the top in a copy; the clock is left out."""
    body = re.search(rf"^module {top}\s*\(.*?^endmodule", path.read_text(encoding="utf-8"), re.M | re.S)[0]
    found = re.findall(r"^  (input|output) (?:\[(\d+):0\] )?(\w+);", body, re.M)
    return [Port(name, kind == "input", int(high or 0) + 1) for kind, high, name in found if name != "clk_i"]


def vectors(wave: Wave, pins: list[Port], limit: int) -> list[str]:
    """Inputs and outputs of each clock. The reset is let go at an edge, which counts already."""
    found: list[list[str]] = []
    for value in wave.clocks():
        if found and "rst_ni" in value:
            found[-1][0] = value["rst_ni"]
        if len(found) == limit:
            break
        found.append([value.get("rst_ni", "")] + [value[pin.name].zfill(pin.width) for pin in pins if pin.name != "rst_ni"])
    return ["".join(bits) for bits in found]


BENCH = """// By flow/replay.py.
module replay;
  reg [{width}-1:0] vector [0:{count}-1];
  reg [{width}-1:0] now;
  reg clk;
  wire [{outputs}-1:0] out;
  integer n, b, compared, unknown, differ;
  {top} u_dut ({pins});
  initial begin
    $readmemb("{vectors}", vector);
    clk = 0;
    compared = 0;
    unknown = 0;
    differ = 0;
    for (n = 0; n < {count}; n = n + 1) begin
      now = vector[n];
      #1;
      for (b = 0; b < {outputs}; b = b + 1)
        if (out[b] === 1'bx) unknown = unknown + 1;
        else begin
          compared = compared + 1;
          if (out[b] !== now[b]) begin
            if (differ == 0) $display("clock %0d, output bit %0d: %b, Verilator %b", n, b, out[b], now[b]);
            differ = differ + 1;
          end
        end
      #1 clk = 1;
      #1 clk = 0;
    end
    $display("compared %0d unknown %0d differ %0d", compared, unknown, differ);
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


def replay(path: Path, top: str, wave: Path, limit: int) -> tuple[int, int, int, int]:
    """Clocks, and output bits compared, unknown and different."""
    pins = sorted(ports(path, top), key=lambda pin: (pin.name != "rst_ni", not pin.is_input))
    seen = Wave(wave, "u_dut")
    if missing := [pin.name for pin in pins if seen.width.get(pin.name) != pin.width]:
        raise Failure(f"{wave}: {missing[0]} is not what it is in {path}")
    found = vectors(seen, pins, limit)
    data, source, log = (Path(f"{wave}.{suffix}") for suffix in ("txt", "v", "log"))
    write(data, "".join(line + "\n" for line in found))
    clocked = bench(top, pins, len(found), data).replace(" u_dut (", " u_dut (.clk_i(clk), " if "clk_i" in seen.width else " u_dut (")
    write(source, clocked)
    if tool(["iverilog", "-g2001", "-Wall", "-Wno-timescale", "-s", "replay", "-o", f"{wave}.vvp", source, path], log) or log.stat().st_size:
        raise Failure(f"{path}: Icarus Verilog does not read it without a word, see {log}")
    if tool(["vvp", f"{wave}.vvp"], log, timeout=SECONDS):
        raise Failure(f"{path}: the simulation failed, see {log}")
    counts = re.search(r"^compared (\d+) unknown (\d+) differ (\d+)$", log.read_text(encoding="utf-8"), re.M)
    if not counts:
        raise Failure(f"{path}: the simulation did not end, see {log}")
    return len(found), *(int(count) for count in counts.groups())


def check(tap: Tap, block: str, config: str, model: str, parameters: str) -> None:
    top, folder = f"pm_{block}", BUILD / "replay" / f"{block}-{config}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{block}.v"
    try:
        copy(block, parameters, path)
        totals = [0, 0, 0, 0]
        for wave in record(block, model, folder):
            if totals[0] < CLOCKS:
                totals = [a + b for a, b in zip(totals, replay(path, top, wave, CLOCKS - totals[0]))]
    except Failure as failure:
        tap(False, f"replay {block}-{config}: {failure}")
        return
    clocks, compared, unknown, differ = totals
    tap(differ == 0 and compared > 9 * unknown,
        f"replay {block}-{config}: {clocks} clocks in Icarus Verilog, {compared} output bits compared, {differ} differ, {unknown} unknown")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="flow/replay.py")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("block", nargs="*")
    options = parser.parse_args(arguments)
    tap = Tap()
    for block in options.block or blocks("synth/*/configs"):
        known = [(config, models.split(",")[0].strip(), parameters) for config, top, parameters, _, _, models, _ in block_list(f"synth/{block}/configs", 7)
                 if models and top == f"pm_{block}"]
        if not known:
            tap(False, f"replay {block}: synth/{block}/configs has no model of it")
        for configuration in known if options.all else known[:1]:
            check(tap, block, *configuration)
    return tap.failed


if __name__ == "__main__":
    program(main)
