#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Waveforms that explain: flow/waves.py BLOCK simulates the block's `timing` sample and writes into the build folder's waves/

    BLOCK.fst    the waveform
    BLOCK.gtkw   for GTKWave: gtkwave BLOCK.gtkw
    BLOCK.sucl   for Surfer: surfer --command-file BLOCK.sucl BLOCK.fst

Both show the block's ports, by their names, in the order and in the groups of the page's table; what has several bits in hexadecimal."""

import re
import subprocess

import rtl
from catalogue import ops
from common import BUILD, Failure, program, write
from pages import groups

OPEN, CLOSE, BIT, HEX = "@800200", "@1000200", "@28", "@22"


def simulate(block: str) -> None:
    found = [op for op in ops() if op["block"] == block and "timing" in op]
    if not found:
        raise Failure(f"{block}: no op of it has a sample `timing`; {', '.join(sorted({op['block'] for op in ops() if 'timing' in op}))} have one")
    command = [BUILD / "perimeter", "op", found[0]["name"], "--sample", "timing", "--engine", "rtl", "--wave", BUILD / "waves" / f"{block}.fst"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failure(done.stderr.strip().removeprefix("perimeter: "))


def signals(block: str) -> dict[str, tuple[str, str]]:
    """What the waveform has of the block's own ports: where, and the range where it has several bits."""
    done = subprocess.run(["fst2vcd", BUILD / "waves" / f"{block}.fst"], capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"fst2vcd: {done.stderr.strip()}")
    scopes, found = [], {}
    for line in done.stdout.partition("$enddefinitions")[0].splitlines():
        words = line.split()
        if words[:1] == ["$scope"]:
            scopes.append(words[2])
        elif words[:1] == ["$upscope"]:
            scopes.pop()
        elif words[:1] == ["$var"] and scopes[-1] == "u_dut" and f"pm_{block}_tb" in scopes:
            # Of several instances the first.
            found.setdefault(words[4], (".".join([*scopes, words[4]]), words[5] if len(words) > 6 else ""))
    if not found:
        raise Failure(f"{block}: the waveform has no pm_{block}_tb.u_dut")
    return found


def titled(block: str) -> list[tuple[str, list[str]]]:
    """The page's groups of ports, those of a stream together, by the stem of their names."""
    module = next(m for m in rtl.modules(block) if m.name == f"pm_{block}")
    result = [("clock and reset", [p.name for p in module.ports if p.name in ("clk_i", "rst_ni")])]
    for group in groups([p for p in module.ports if p.name not in ("clk_i", "rst_ni")]):
        names = [p.name for p in group]
        stem = re.sub(r"_(valid|ready)?_?[io]$", "", names[0])
        if result[-1][0] == stem:
            result[-1][1].extend(names)
        else:
            result.append((stem, names))
    return result


def save_files(block: str) -> None:
    have, waves = signals(block), BUILD / "waves"
    gtkw = ["[*] SPDX-License-Identifier: Apache-2.0", f'[dumpfile] "{(waves / f"{block}.fst").resolve()}"', "[timestart] 0", "[size] 1400 900", "[pos] -1 -1", f"[treeopen] TOP.pm_{block}_tb.u_dut.",
            "[sst_expanded] 0"]
    surfer = []
    for title, names in titled(block):
        if missing := [name for name in names if name not in have]:
            raise Failure(f"{block}: the waveform has no port {missing[0]}")
        gtkw += [OPEN, f"-{title}"]
        surfer.append(f"divider_add {title}")
        for name in names:
            path, bits = have[name]
            gtkw += [HEX if bits else BIT, path + bits]
            surfer.append(f"variable_add {path}")
        gtkw += [CLOSE, f"-{title}"]
    write(waves / f"{block}.gtkw", "\n".join(gtkw) + "\n")
    write(waves / f"{block}.sucl", "\n".join([*surfer, "zoom_fit"]) + "\n")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in rtl.blocks():
        raise Failure(f"name a block: {', '.join(rtl.blocks())}")
    block = arguments[0]
    (BUILD / "waves").mkdir(parents=True, exist_ok=True)
    simulate(block)
    save_files(block)
    stem = BUILD / "waves" / block
    print(f"{stem}.fst\ngtkwave {stem}.gtkw\nsurfer --command-file {stem}.sucl {stem}.fst")
    return 0


if __name__ == "__main__":
    program(main)
