#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws docs/figures/timing_BLOCK.svg from simulations of the RTL on the ops' `timing` samples: flow/timing.py [BLOCK]"""

import subprocess

from catalogue import ops
from common import BUILD, Failure, program, write
from vcd import Wave

WORK = BUILD / "timing"


def simulate(block: str, op: dict) -> None:
    """Writes the block's waveform."""
    wave, log = WORK / f"{block}.vcd", WORK / f"{block}.log"
    command = [BUILD / "perimeter", "op", op["name"], "--sample", "timing", "--engine", "rtl", "--wave", wave]
    with open(log, "w", encoding="utf-8") as out:
        if subprocess.run(["env", "PERIMETER_TRACE=vcd", *command], stdout=out, stderr=out).returncode:
            raise Failure(f"{block}: no simulation, see {log}")


def window(wave: Wave, diagram: dict) -> list[dict[str, str]]:
    """The signals in each clock that is drawn."""
    names, seen, start = diagram["signals"].split(), [], None
    if missing := [name for name in names if name not in wave.width]:
        raise Failure(f"{wave.path}: the bench has no signal {missing[0]}")
    for value in wave.clocks():
        if start is None and "1" in value.get(names[0], ""):
            start = max(0, len(seen) - diagram["before"])
        seen.append({name: value.get(name, "") for name in names})
        if start is not None and len(seen) == start + diagram["clocks"]:
            break
    if start is None:
        raise Failure(f"{wave.path}: {names[0]} is never 1")
    return [*seen[start:], *[dict.fromkeys(names, "")] * (start + diagram["clocks"] - len(seen))]


LEFT, CELL, LINE, TOP = 130, 64, 30, 30


def line(name: str, y: int, width: int, values: list[str]) -> list[str]:
    """One signal: a line where it has one bit, else its hexadecimal values, long ones cut to their low 32 bits."""
    parts = [f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{name}</text>']
    if width == 1:
        points = []
        for c, value in enumerate(values):
            x, level = LEFT + c * CELL, y + (3 if value == "1" else 19)
            points.append(f"{x},{level} {x + CELL},{level}")
        return [*parts, f'<polyline points="{" ".join(points)}" fill="none" stroke="#336" stroke-width="1.5"/>']
    first = 0
    for c, value in enumerate(values):
        if c + 1 == len(values) or values[c + 1] != value:
            x, wide = LEFT + first * CELL, (c + 1 - first) * CELL
            box = f'<rect x="{x + 1}" y="{y + 3}" width="{wide - 2}" height="16" rx="4" fill="#eef" stroke="#336"/>'
            parts.append(box + f'<text x="{x + wide // 2}" y="{y + 15}" text-anchor="middle">{int(value[-32:] or "0", 2):x}</text>')
            first = c + 1
    return parts


def svg(wave: Wave, diagram: dict) -> str:
    names, clocks = diagram["signals"].split(), window(wave, diagram)
    wide, high = LEFT + len(clocks) * CELL + 10, TOP + len(names) * LINE + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for c in range(len(clocks)):
        x = LEFT + c * CELL
        ruler = f'<line x1="{x}" y1="{TOP - 8}" x2="{x}" y2="{TOP + len(names) * LINE}" stroke="#ccc" stroke-dasharray="2 2"/>'
        parts.append(ruler + f'<text x="{x + CELL // 2}" y="14" text-anchor="middle" fill="#888">{c}</text>')
    for i, name in enumerate(names):
        parts += line(name, TOP + i * LINE, wave.width[name], [clock[name] for clock in clocks])
    return "\n".join([*parts, "</svg>"]) + "\n"


def main(arguments: list[str]) -> int:
    WORK.mkdir(parents=True, exist_ok=True)
    diagrams = {op["block"]: op for op in ops() if "timing" in op}
    for block in arguments or diagrams:
        if block not in diagrams:
            raise Failure(f"no timing diagram of {block}")
        simulate(block, diagrams[block])
        figure = f"docs/figures/timing_{block}.svg"
        write(figure, svg(Wave(WORK / f"{block}.vcd", f"pm_{block}_tb"), diagrams[block]["timing"]))
        print(figure)
    return 0


if __name__ == "__main__":
    program(main)
