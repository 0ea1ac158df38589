#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws docs/figures/timing_BLOCK.svg from simulations of the RTL: flow/timing.py [BLOCK]"""

import subprocess
from typing import NamedTuple

from common import BUILD, Failure, program, write
from vcd import Wave

WORK = BUILD / "timing"

# Vectors, as tests/mknpy makes them.
VECTORS = {
    "x16": "<i4 3,16 1@-8..7",
    "w8": "<i2 16,2 1@-8..7",
    "wide": "<i8 4,16 1@-20000..20000",
    "logit": "|i1 3,16 1@-20..20",
    "ne": "<i4 3 0 1 0",
    "o": "<i4 3,2 1@-4000..4000",
    "z": "<i4 3 900 3000 12000",
    "vin": "<i4 3 1000 20000 30000",
    "x8": "|i1 1,64 1@-128..127",
    "wh": "|i1 64,4 1@-128..127",
    "a": "<i4 3 5 -7 100",
    "b": "<i4 3 9 11 -3",
    "xt": "|i1 3,8 1@-90..90",
    "et": "<i4 3 0 1 0",
    "wt": "|i1 8,8 1@-90..90",
    "column": "<i4 5,3 1@-300..2400",
}


class Diagram(NamedTuple):
    signals: str  # of the bench; the drawing begins where the first one is 1 for the first time
    clocks: int
    run: str = ""  # an op: its name, TENSOR<VECTOR, TENSOR> and settings; without one build/timing_waves knows how
    before: int = 0  # clocks that are drawn before the first one


DIAGRAMS = {
    "bitsift": Diagram(
        "x_valid x_ready acc_valid acc_ready mask dummy plane neg last_plane last_vector", 16, "bitsift x<x16 accesses> bits=4 slice=8"
    ),
    "emsbq": Diagram("x_valid x_ready x y_valid y_ready y s", 10, "emsbq x<wide y> s>"),
    "vdr_softmax": Diagram("x_valid x_ready x x_last ne a_valid a_ready a a_last z", 16, "vdr-softmax x<logit ne<ne a> z>"),
    "head_norm": Diagram("o_valid o_ready o z y_valid y_ready y", 10, "head-norm o<o z<z y>"),
    "nor_pim": Diagram("valid ready a b strobes row result p_valid p_ready p", 16, "nor-mul a<a b<b y>"),
    "flare_gemv": Diagram("x_valid x_ready wl_valid wl_ready wl dwl wl_last cmp y_valid y_ready y", 18, "flare-gemv x<x16 w<w8 y> wbits=4"),
    "hyflex_gemv": Diagram("x_valid x_ready wordlines read read_done hold column sample dac cmp", 20, "hyflex-gemv x<x8 w<wh y>"),
    "flare_attention": Diagram(
        "x_valid x_ready x ex w_valid w_ready w_wl w_dwl w_cmp wr_valid wr_ready wr_token wr_k",
        24,
        "flare-attention x<xt ex<et wq<wt wk<wt wv<wt wo<wt y> heads=2 s0=0.6 e0=-12 mk=8 mv=8 kvb=4",
    ),
    "sar_ctrl": Diagram("start mode6 busy dac cmp c7_en valid code", 20, "sar-ctrl vin_q8<vin code>"),
    "kv_write": Diagram("in_valid in_ready k v ex clear wr_valid wr_ready wr_token wr_k wr_v k_sat v_sat", 18),
    "col_scan": Diagram(
        "plane_valid plane_ready tag read read_done hold track_bank scan_bank start column code_valid code code_column code_tag", 26
    ),
    "mlc_shift_add": Diagram("y_valid y_index y valid code column flip plane pop", 20, before=16),
    "shift_add": Diagram("valid ready code side y_valid y_ready y", 14),
    "therm_enc": Diagram("cmp code", 6, "therm-enc a<column code>"),
}


def simulate(block: str) -> None:
    """Writes the block's waveform."""
    wave, log = WORK / f"{block}.vcd", WORK / f"{block}.log"
    words = DIAGRAMS[block].run.split()
    command = [BUILD / "perimeter", "op", *words[:1], "--engine", "rtl", "--wave", wave] if words else [BUILD / "timing_waves", block, wave]
    for word in words[1:]:
        if "<" in word:
            tensor, vector = word.split("<")
            file = WORK / f"{vector}.npy"
            subprocess.run([BUILD / "tests/mknpy", file, *VECTORS[vector].split()], check=True)
            command += ["--in", f"{tensor}={file}"]
        elif word.endswith(">"):
            command += ["--out", f"{word[:-1]}={WORK / 'out.npy'}{word[:-1]}"]
        else:
            command += ["--set", word]
    with open(log, "w", encoding="utf-8") as out:
        if subprocess.run(["env", "PERIMETER_TRACE=vcd", *command], stdout=out, stderr=out).returncode:
            raise Failure(f"{block}: no simulation, see {log}")


def window(wave: Wave, diagram: Diagram) -> list[dict[str, str]]:
    """The signals in each clock that is drawn."""
    names, seen, start = diagram.signals.split(), [], None
    if missing := [name for name in names if name not in wave.width]:
        raise Failure(f"{wave.path}: the bench has no signal {missing[0]}")
    for value in wave.clocks():
        if start is None and "1" in value.get(names[0], ""):
            start = max(0, len(seen) - diagram.before)
        seen.append({name: value.get(name, "") for name in names})
        if start is not None and len(seen) == start + diagram.clocks:
            break
    if start is None:
        raise Failure(f"{wave.path}: {names[0]} is never 1")
    return [*seen[start:], *[dict.fromkeys(names, "")] * (start + diagram.clocks - len(seen))]


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


def svg(wave: Wave, diagram: Diagram) -> str:
    names, clocks = diagram.signals.split(), window(wave, diagram)
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
    for block in arguments or DIAGRAMS:
        if block not in DIAGRAMS:
            raise Failure(f"no timing diagram of {block}")
        simulate(block)
        figure = f"docs/figures/timing_{block}.svg"
        write(figure, svg(Wave(WORK / f"{block}.vcd", f"pm_{block}_tb"), DIAGRAMS[block]))
        print(figure)
    return 0


if __name__ == "__main__":
    program(main)
