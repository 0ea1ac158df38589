#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Register maps: rtl/BLOCK/registers.tsv is the one source of the RTL's constants, the C header and the page's table.

    flow/registers.py            writes them anew where a map has changed
    flow/registers.py --check    TAP: one that is not what would be written is a failure

A row is a field of a register: its name (empty: the register is one field or has none), byte address, words (registers of that name in
turn), access (r, w or rw), lowest bit and width (empty: nothing is looked at), meaning."""
import re

from common import Failure, Tap, blocks, fill, program, read, read_tsv, table, write

SPAN = 0x8000  # bytes of a map: what the address bus of a peripheral reaches


def words(name):
    """CamelCase as words."""
    return re.findall(r"[A-Z][a-z0-9]*", name)


def rows(block):
    """The map, checked: every field in its register, every register at an address of its own."""
    found = read_tsv(f"rtl/{block}/registers.tsv")
    taken, registers = {}, {}
    for row in found:
        name, where = row["register"], f"rtl/{block}/registers.tsv: {row['register']}{'.' if row['field'] else ''}{row['field']}"
        address = int(row["address"], 16)
        if address % 4 or not 0 <= address < SPAN or row["access"] not in ("r", "w", "rw"):
            raise Failure(f"{where}: address or access")
        if registers.setdefault(name, (address, row["words"], row["access"])) != (address, row["words"], row["access"]):
            raise Failure(f"{where}: one register in two places")
        if row["width"]:
            bits = {(name, bit) for bit in range(int(row["lsb"]), int(row["lsb"]) + int(row["width"]))}
            if bits & taken.keys() or max(bit for _, bit in bits) > 31:
                raise Failure(f"{where}: bits of another field, or none of 32")
            taken |= dict.fromkeys(bits)
    addresses = sorted(address for address, _, _ in registers.values())
    if len(set(addresses)) < len(registers):
        raise Failure(f"rtl/{block}/registers.tsv: two registers at one address")
    return found


def constants(block, value):
    """(name parts, text, meaning) of every address, lowest bit and width above 1, in the map's order."""
    seen = set()
    for row in rows(block):
        register, field = words(row["register"]), words(row["field"])
        if row["register"] not in seen:
            seen.add(row["register"])
            yield [*register, "At"], value(int(row["address"], 16)), f"Address of {row['register']}{'' if row['field'] else ': ' + row['meaning']}"
        if row["width"]:
            yield [*register, *field, "Lsb"], row["lsb"], f"Lowest bit{': ' + row['meaning'] if field else ' of its field.'}"
            if row["width"] != "1":
                yield [*register, *field, "Bits"], row["width"], "Its width."


def package(block):
    lines = ["// SPDX-License-Identifier: Apache-2.0", f"/// The register map's addresses and fields, by flow/registers.py from rtl/{block}/registers.tsv.",
             f"package pm_{block}_pkg;", "  /* verilator lint_off UNUSEDPARAM */  // hardware does not look at every width"]
    for name, text, _ in constants(block, lambda address: f"'h{address:04x}"):
        lines.append(f"  localparam int unsigned {''.join(name)} = {text};")
    return "\n".join([*lines, "  /* verilator lint_on UNUSEDPARAM */", "endpackage", ""])


def header(block):
    guard = f"PM_{block.upper()}_REGISTERS_H"
    lines = ["// SPDX-License-Identifier: Apache-2.0", f"/* The register map of pm_{block}, by flow/registers.py from rtl/{block}/registers.tsv. */",
             f"#ifndef {guard}", f"#define {guard}", "", "/* clang-format off */"]
    prefix = f"PM_{block.upper()}_"
    for name, text, meaning in constants(block, lambda address: f"0x{address:04x}"):
        if name[-1] == "At":
            lines += ["", f"/* {meaning} */"]
        elif name[-1] == "Lsb" and not meaning.endswith("its field."):
            lines.append(f"/* {meaning.removeprefix('Lowest bit: ')} */")
        lines.append(f"#define {prefix}{'_'.join(name).upper()} {text}u")
    return "\n".join([*lines, "/* clang-format on */", "", "#endif", ""])


def page(block):
    lines = []
    last = None
    for row in rows(block):
        first = row["register"] != last
        last = row["register"]
        bits = "" if not row["width"] else row["lsb"] if row["width"] == "1" else f"{int(row['lsb']) + int(row['width']) - 1}:{row['lsb']}"
        many = f" * {row['words']} words" if row["words"] != "1" else ""
        lines.append([f"{row['address']}{many}" if first else "", f"`{row['register']}`" if first else "", row["access"] if first else "",
                      bits, f"`{row['field']}`" if row["field"] else "", row["meaning"]])
    return table(["address", "register", "access", "bits", "field", "meaning"], lines)


def main(arguments):
    if arguments not in ([], ["--check"]):
        raise Failure("flow/registers.py [--check]")
    tap = Tap()
    for block in blocks("rtl/*/registers.tsv"):
        for path, text in ((f"rtl/{block}/pm_{block}_pkg.sv", package(block)), (f"include/perimeter/{block}_registers.h", header(block))):
            if arguments:
                tap(read(path) == text, f"{path} is what flow/registers.py writes")
            else:
                write(path, text)
        filled = fill(f"docs/blocks/{block}.md", "registers: flow/registers.py", page(block), check=bool(arguments))
        if arguments:
            tap(filled, f"docs/blocks/{block}.md has the registers of rtl/{block}/registers.tsv")
    return tap.failed


program(main)
