#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes build/verilog/BLOCK.v, a block in plain Verilog-2001 for simulators that do not read its SystemVerilog, by Yosys:
flow/verilog.py BLOCK [NAME=VALUE ...]

Parameters are those of pm_BLOCK, which the copy has no more. Its modules are named after the top, so that the copies of several blocks
go together, and so do several sizes of one block once their tops are renamed.
"""

import re
from pathlib import Path

import rtl
from common import BUILD, Failure, chparam, grep, program, read, rtl_files, write, yosys


def copy(block: str, given: str, path: Path, more: str = "") -> None:
    """The block with these parameters (NAME=VALUE ...) in plain Verilog; `more`: further passes."""
    top, log = f"pm_{block}", path.with_suffix(".log")
    path.parent.mkdir(parents=True, exist_ok=True)
    commands = f"""read_verilog -sv {' '.join(rtl_files(block))}; {chparam(given, top)}
        hierarchy -check -top {top}; proc; {more} opt_clean; rename -top {top}; write_verilog -noattr {path}.part"""
    if yosys(commands, log):
        raise Failure(f"{block} {given}: {(grep('ERROR', log) or 'Yosys failed').rstrip('.')}, see {log}")
    part = Path(f"{path}.part")
    write(path, f"// SPDX-License-Identifier: Apache-2.0\n// {top} {given}".rstrip() + ", by flow/verilog.py\n" + renamed(read(part), top))
    part.unlink()


def renamed(text: str, top: str) -> str:
    """Modules other than the top as TOP_MODULE_NUMBER; Yosys names them after their parameters."""
    names = [name for name in re.findall(r"^module (\\\S+ |\w+)", text, re.M) if name != top]
    for number, name in enumerate(names):
        kind = re.search(r"pm_(\w+)", name)[1]
        new = f"{top}_{kind}_{number}"
        text = text.replace(name, f"{new} ") if name.endswith(" ") else re.sub(rf"\b{name}\b", new, text)
    return text


def main(arguments: list[str]) -> int:
    block, *given = arguments or [""]
    if block not in rtl.blocks():
        raise Failure(f"no block {block}" if block else "name a block: flow/verilog.py bitsift Rows=64")
    known = [parameter.name for parameter in rtl.modules(block)[0].parameters]
    for word in given:
        if not re.fullmatch(r"(\w+)=\d+", word) or word.partition("=")[0] not in known:
            raise Failure(f"{word}: pm_{block} has the parameters {', '.join(known) or 'none'}, numbers all of them")
    path = BUILD / "verilog" / f"{block}.v"
    copy(block, " ".join(given), path)
    print(path)
    return 0


if __name__ == "__main__":
    program(main)
