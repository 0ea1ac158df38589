#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints what pages and tests have from the ops' declarations in src/op/, as the program knows them.

    flow/catalogue.py           writes docs/cli.md and docs/perimeter.1 anew where an op has changed
    flow/catalogue.py check     TAP: a page that is not what would be printed is a failure, and so is a block that has no op
    flow/catalogue.py samples   a line for each sample that is a test: op, sample, integers that engines must agree on (-: not known before)
"""

import json
import math
import os
import re
import subprocess

from common import BUILD, ROOT, Failure, Tap, program, read, write

PROGRAM = os.environ.get("PERIMETER_PROGRAM") or BUILD / "perimeter"


def perimeter(*arguments: str) -> str:
    run = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True)
    if run.returncode:
        raise Failure(f"{PROGRAM}: {run.stderr.strip()}")
    return run.stdout


def ops() -> list[dict]:
    return json.loads(perimeter("op", "--catalogue"))["ops"]


def shape(tensor: dict) -> str:
    return f"[{','.join('total' if d == '*' else d for d in tensor['dims'])}]"


def notes(*parts: str) -> str:
    return "; ".join(part for part in parts if part).replace("|", "\\|")


def markdown(op: dict) -> list[str]:
    """An op as a section of docs/cli.md."""
    rows = []
    for tensor in op["in"]:
        what = notes(tensor.get("range", ""), "optional" if tensor["optional"] else "", tensor.get("note", ""))
        rows.append(("in", f"`{tensor['name']}` {shape(tensor)} {tensor['dtype']}", what))
    for setting in op["set"]:
        value = setting["range"] + (f" ({setting['default']})" if "default" in setting else "")
        rows.append(("set", f"`{setting['name']}`", notes(value, setting.get("note", ""))))
    for tensor in op["out"]:
        what = notes("measured, not compared" if tensor["measured"] else "", tensor.get("note", ""))
        rows.append(("out", f"`{tensor['name']}` {shape(tensor)} {tensor['dtype']}", what))
    limits = [f"{letter} at most {most}" for letter, most in op["limits"].items()]
    samples = ", ".join(f"`{sample['name']}`" for sample in op["samples"])
    return [
        f"### `{op['name']}`",
        f"{op['summary']}{'; golden only' if op['golden_only'] else ''}. Block [{op['block']}](blocks/{op['block']}.md); {'; '.join([*limits, f'samples {samples}'])}.",
        "",
        "| | name | |",
        "|---|---|---|",
        *(f"| {kind} | {name} | {what} |" for kind, name, what in rows),
        "",
    ]


def man(listing: str) -> list[str]:
    """The ops as `perimeter op --help` lists them, in roff."""
    escaped = listing.replace("\\", "\\e").replace("-", "\\-")
    lines: list[str] = []
    for op in escaped.strip().split("\n\n"):
        head, *rest = op.split("\n")
        name, _, summary = head.partition(": ")
        lines += [f'.SS "{name}"', f"{summary}.", ".PP", ".EX", *rest, ".EE"]
    return lines


def filled(page: str, start: str, end: str, lines: list[str]) -> str:
    """The page with `lines` between its two marks."""
    text = read(page)
    if text.count(start) != 1 or end not in text.partition(start)[2]:
        raise Failure(f"{page} has no lines {start.strip()} and {end.strip()}")
    before, _, rest = text.partition(start)
    return before + start + "".join(line + "\n" for line in lines) + end + rest.partition(end)[2]


def pages() -> dict[str, str]:
    catalogue, listing = ops(), perimeter("op", "--help")
    listing = listing[listing.index(f"\n{catalogue[0]['name']}: ") + 1 :]
    sections = ["", *(line for op in catalogue for line in markdown(op))]
    return {
        "docs/cli.md": filled("docs/cli.md", "<!-- ops: flow/catalogue.py -->\n", "<!-- end -->\n", sections),
        "docs/perimeter.1": filled("docs/perimeter.1", '.\\" ops: flow/catalogue.py\n', '.\\" end\n', man(listing)),
    }


def check() -> int:
    tap = Tap()
    for page, text in pages().items():
        tap(read(page) == text, f"{page} is what flow/catalogue.py prints")
    catalogue = ops()
    blocks = {path.parent.name for path in ROOT.glob("rtl/*/pm_*.sv") if path.stem == f"pm_{path.parent.name}"}
    golden = {op["block"] for op in catalogue} - blocks
    tap(blocks <= {op["block"] for op in catalogue}, f"each of {len(blocks)} blocks has an op")
    tap(all(op["golden_only"] for op in catalogue if op["block"] in golden), "an op of no block is golden only")
    files = {path.stem for path in ROOT.glob("src/op/*.c")}
    tap(files == blocks | golden, "the ops' files have their blocks' names")
    return tap.failed


def integers(op: dict, sample: dict) -> str:
    """How many integers both engines give."""
    sizes = {letter: int(size) for letter, size in re.findall(r"(\w)=(\d+)", sample["dims"])}
    compared = [tensor["dims"] for tensor in op["out"] if not tensor["measured"]]
    if any(letter not in sizes and not letter.isdigit() for dims in compared for letter in dims):
        return "-"
    return str(sum(math.prod(sizes[d] if d in sizes else int(d) for d in dims) for dims in compared))


def main(arguments: list[str]) -> int:
    match arguments:
        case []:
            for page, text in pages().items():
                write(page, text)
        case ["check"]:
            return check()
        case ["samples"]:
            for op in (op for op in ops() if not op["golden_only"]):
                for sample in op["samples"]:
                    if sample["name"] != "timing":
                        print(op["name"], sample["name"], integers(op, sample))
        case _:
            raise Failure("arguments: none, check or samples")
    return 0


if __name__ == "__main__":
    program(main)
