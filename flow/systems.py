#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every kind of network on every system that suits it: docs/systems.tsv as a table of the README.
  flow/systems.py [--check]     prints the table, or tells whether it is there
  flow/systems.py run [WORD]    runs the rows whose name has WORD, default all, and takes their numbers into the data; a network that is
                                not there (build/minilm comes with `make minilm`) keeps its row
A row's name is network and system. `run` is what `perimeter run NETWORK` gets, `noise` what a second run gets beside it, `chip` what
`perimeter chip NETWORK` gets beside the first run's counts; empty: no such run. The other columns are results:
  inputs, float, integer, noisy            how many images, sentences or tokens were seen; the task's score, in percent, of a text bits a byte
  arrays, reads, conversions, clocks       of an input; reads or accesses; layers one after the other
  compared, differ                         integers of the RTL against golden's
  uj, mm2                                  an input's energy and the chip's area, each with how far to trust it (docs/systems/chip.md)"""
import json
import subprocess
import sys
from pathlib import Path

from common import BUILD, Failure, fill, program, read_tsv, table, update_tsv

DATA, PAGE, MARK = "docs/systems.tsv", "README.md", "systems: flow/systems.py"
SPEC = ["network", "system", "run", "noise", "chip"]
COUNTED = ["arrays", "reads", "conversions", "clocks", "compared", "differ", "uj", "mm2"]
COLUMNS = [*SPEC, "inputs", "float", "integer", "noisy", *COUNTED]
OUT = BUILD / "systems"
SCORES = {"accuracy": (100, 2), "spearman": (100, 2), "bits_a_byte": (1, 4)}


def perimeter(arguments, summary):
    """The summary of a run."""
    OUT.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([BUILD / "perimeter", *arguments, summary], capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"perimeter {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return json.loads(Path(summary).read_text())


def score(summary, numbers):
    for key, (scale, digits) in SCORES.items():
        if f"{key}_{numbers}" in summary:
            return f"{scale * summary[f'{key}_{numbers}']:.{digits}f}"
    raise Failure(f"a summary without {', '.join(SCORES)}")


def inputs(summary):
    return summary.get("images_golden") or 2 * summary.get("pairs", 0) or summary["predictions"]


def counts(summary):
    """Of an input: reads, conversions, clocks; nothing where none are counted."""
    sums = dict.fromkeys(("reads", "conversions", "clocks"), 0)
    for layer in summary.get("counts", {}).values():
        parts = [part for part in layer.values() if isinstance(part, dict)]
        sums["reads"] += sum(part.get("array_reads", 0) + part.get("accesses", 0) for part in parts)
        sums["conversions"] += sum(part.get("conversions", 0) for part in parts)
        sums["clocks"] += max((part.get("clocks", 0) for part in parts), default=0)
    each = {key: f"{value / inputs(summary):.0f}" if value else "" for key, value in sums.items()}
    return each | {"arrays": str(summary.get("cost", summary).get("arrays", ""))}


def rtl(summary):
    """Integers compared, of whichever system has RTL in the run, and those that differ."""
    for numbers in (summary, summary.get("rtl", {})):
        for key in numbers:
            if key.endswith("integers_compared") and numbers[key]:
                return {"compared": str(numbers[key]), "differ": str(numbers[key.replace("compared", "differ")])}
    return {}


def place(row):
    """The network's folder; None: it is not there."""
    found = [folder for folder in (Path("models", row["network"]), BUILD / row["network"]) if (folder / "config.json").exists()]
    return found[0] if found else None


def chip(row, name, summary):
    """Energy of an input and area, with their letters, by `perimeter chip`; of an image from what the run counted, of a token from the shape."""
    if not row["chip"]:
        return {}
    images = "images_golden" in json.loads(Path(summary).read_text())
    measured = ["--measured", summary] if images else []
    d = perimeter(["chip", place(row), *row["chip"].split(), *measured, "--output"], OUT / f"{name}.chip.json")

    def figure(key):
        value = d.get(key, {}).get("value")
        return "unknown" if value is None else f"{value:{'.0f' if value >= 100 else '.3g'}} {d[key]['kind']}"

    return {"uj": figure(f"energy_uj_per_{'inference' if images else 'token'}"), "mm2": figure("area_mm2")}


def measure(row):
    name = f"{row['network']}-{row['system']}".replace(" ", "-").replace("/", "-")
    command = ["run", row["network"], *row["run"].split(), "--summary"]
    path = OUT / f"{name}.json"
    exact = perimeter(command, path)
    found = dict.fromkeys(COLUMNS, "") | {key: row[key] for key in SPEC} | counts(exact) | chip(row, name, path)
    found |= {"inputs": str(inputs(exact)), "float": score(exact, "float"), "integer": score(exact, "integer")}
    found |= rtl(exact)
    if row["noise"]:
        quick = [word for word in command[:-1] if not word.startswith(("--engine=", "--rtl-"))]
        found["noisy"] = score(perimeter([*quick, *row["noise"].split(), "--summary"], OUT / f"{name}.noisy.json"), "integer")
    return found


def run(word):
    for row in read_tsv(DATA):
        name = f"{row['network']} {row['system']}"
        if word not in name:
            continue
        if place(row) is None:
            print(f"{name}: the network is not there", file=sys.stderr)
            continue
        found = measure(row)
        update_tsv(DATA, COLUMNS, [found], ["network", "system"])
        print(f"{name}: {found['float']} {found['integer']} {found['noisy']}", flush=True)


def number(text):
    return f"{int(text):,}" if text else "-"


def lines(rows):
    cells = []
    for row in rows:
        same = f"{number(row['compared'])}, {row['differ']} differ" if row["compared"] else "-"
        cells.append([row["network"], row["system"], number(row["inputs"]), *(row[key] or "-" for key in ("float", "integer", "noisy")),
                      *(number(row[key]) for key in COUNTED[:4]), same, row["uj"] or "-", row["mm2"] or "-"])
    return table(["network", "system", "inputs", "float", "integer", "noisy", *COUNTED[:4], "RTL", "uJ", "mm2"], cells)


def main(arguments):
    if arguments[:1] == ["run"] and len(arguments) <= 2:
        return run(arguments[1] if len(arguments) > 1 else "")
    if arguments not in ([], ["--check"]):
        raise Failure("takes --check, run or nothing")
    if not fill(PAGE, MARK, lines(read_tsv(DATA)), bool(arguments)) and arguments:
        print(f"{PAGE}: not what {DATA} says: flow/systems.py")
        return 1
    return 0


if __name__ == "__main__":
    program(main)
