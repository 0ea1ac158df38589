#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`make waves`: what the save files of one block name is in its waveform, as wide, in the page's order and groups. TAP."""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("PERIMETER_BUILD", ROOT / "build"))
BLOCK = "sar_ctrl"
failed = False


def check(name, ok, why=""):
    global failed
    failed |= not ok
    print(f"{'ok' if ok else 'not ok'} - waves: {name}")
    if not ok and why:
        print("\n".join(f"# {line}" for line in str(why).splitlines()[:8]))


def flow(*words):
    return subprocess.run([ROOT / "flow/waves.py", *words], capture_output=True, text=True, cwd=ROOT)


if not (shutil.which("fst2vcd") and shutil.which("verilator")):
    print("ok - waves: # SKIP gtkwave or verilator is not installed")
    sys.exit(0)
done = flow(BLOCK)
check("a waveform and its save files are written", done.returncode == 0 and not done.stderr, done.stderr)
waves = BUILD / "waves"
header = subprocess.run(["fst2vcd", waves / f"{BLOCK}.fst"], capture_output=True, text=True).stdout.partition("$enddefinitions")[0]
scopes, have = [], {}
for words in (line.split() for line in header.splitlines()):
    if words[:1] == ["$scope"]:
        scopes.append(words[2])
    elif words[:1] == ["$upscope"]:
        scopes.pop()
    elif words[:1] == ["$var"]:
        have[".".join([*scopes, words[4]])] = int(words[2])
saved = (waves / f"{BLOCK}.gtkw").read_text().splitlines()
named = {re.sub(r"\[\d+:\d+\]$", "", line): line for line in saved if line.startswith("TOP.")}
page = (ROOT / f"docs/blocks/{BLOCK}.md").read_text()
ports = [name for row in re.findall(r"^\| (`\w+_n?[io]`(?:, `\w+_n?[io]`)*) \| (?:in|out)", page, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)]
order = [name.rpartition(".")[2] for name in named]
check(f"all {len(ports)} ports of the page are there, in its order", len(ports) > 5 and order == ports, f"{order}\n{ports}")
check("each is in the waveform, as wide", all(name in have and line == name + (f"[{have[name] - 1}:0]" if have[name] > 1 else "") for name, line in named.items()), named)
opened, closed = ([saved[i + 1] for i, line in enumerate(saved) if line == mark] for mark in ("@800200", "@1000200"))
check("groups are opened and closed", len(opened) > 2 and opened == closed and opened[0] == "-clock and reset", f"{opened}\n{closed}")
dump = next(line for line in saved if line.startswith("[dumpfile]")).split('"')[1]
check("the save file finds its waveform", Path(dump).exists())
surfer = (waves / f"{BLOCK}.sucl").read_text().splitlines()
check("Surfer's commands name the same", [line.split()[1] for line in surfer if line.startswith("variable_add ")] == list(named) and [f"-{line[12:]}" for line in surfer if line.startswith("divider_add ")] == opened)
for name, words in (("no block", ()), ("a block that there is not", ("bitshift",)), ("two", (BLOCK, BLOCK))):
    done = flow(*words)
    check(f"refused: {name}", done.returncode == 2 and done.stderr.count("\n") == 1 and not done.stdout, done.stderr)
sys.exit(failed)
