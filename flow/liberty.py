#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cell libraries in Liberty, and what the flow needs of one: flow/liberty.py FILE [NAND2=CELL DRIVER=CELL LOAD=FF CLOCK=NS] prints it;
flow/liberty.py model writes the cells of the library in use in Verilog and prints that file's name.
  NAND2    the cell that is one gate equivalent: the smallest two-input NAND
  DRIVER   what drives inputs: the smallest buffer
  LOAD     of an output, fF: four of that NAND's inputs
  CLOCK    the period that paths are held against, ns: the configuration's
PERIMETER_LIBERTY names another library than OSU018 in the same words. The tools read a copy of it in build/liberty, without cells that a
mapping must not take: those marked dont_use, of other power domains, three-state ones, flops with more than data, clock, clear and preset.
A clock is gated by the smallest integrated clock-gating cell for rising edges, or, where the library has none, by a latch, an AND and, for a
latch that is open while its enable is high, an inverter. A file that is no library, or lacks what no mapping can do without, is refused."""
import gzip
import hashlib
import os
import re
import zlib
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path

from common import BUILD, LIBERTY, Failure, block_list, digest, grep, keep, program, recall, write, yosys

LIMIT = 1 << 29
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|\\\r?\n|\s+|"(?:[^"\\]|\\.)*"|[{}();:,]|[^\s{}();:,"]+', re.S)
# Areas that a library's file leaves out, by its checksum: OSU018's latch, whose LEF says 5.6 um by 10.
AREAS = {"86f79b2000f1": {"LATCH": 56.0}}


# The file.


@dataclass
class Group:
    """NAME (WORDS) { ... }: simple attributes, groups inside, and where it stands."""
    name: str
    words: list
    start: int = 0
    end: int = 0
    says: dict = field(default_factory=dict)
    groups: list = field(default_factory=list)

    def inside(self, *names):
        return [group for group in self.groups if group.name in names]

    def true(self, name):
        return self.says.get(name, "").lower() == "true"


def text_of(path):
    """A library's text, unpacked."""
    try:
        with open(path, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with (gzip.open if packed else open)(path, "rb") as file:
            data = file.read(LIMIT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Failure(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > LIMIT:
        raise Failure(f"{path}: more than {LIMIT >> 20} MiB")
    if b"\0" in data:
        raise Failure(f"{path}: no text")
    return data.decode("latin-1")


def parse(path, text):
    """The outermost group."""
    def bad(place, what):
        raise Failure(f"{path}:{text.count(chr(10), 0, place) + 1}: {' '.join(what.split())}")

    stack, top = [], None
    statement, words, colon, opened, start, place = [], None, False, False, 0, 0
    for match in TOKEN.finditer(text):
        if match.start() != place:
            break
        place, token = match.end(), match[0]
        first = token[0]
        ends = token == ";" or (token.isspace() and "\n" in token and colon and len(statement) > 1)
        if first.isspace() and not ends or token[:2] in ("/*", "//") or first == "\\":
            continue
        if not statement:
            start = match.start()
        if opened:
            opened = token != ")"
            if token in "{};":
                bad(match.start(), f"'{token}' where ')' is missing")
            if opened and token != ",":
                words.append(token.strip('"'))
        elif token == "(" and len(statement) == 1 and not colon:
            opened, words = True, []
        elif token == ":" and len(statement) == 1 and words is None:
            colon = True
        elif token == "{":
            if words is None or colon or top and not stack:
                bad(match.start(), "a group without a name")
            group = Group(statement[0], words, start)
            if stack:
                stack[-1].groups.append(group)
            top = top or group
            stack.append(group)
            statement, words = [], None
        elif ends or token == "}":
            if statement and not colon and words is None:
                bad(start, f"'{statement[0][:40]}' says nothing")
            if colon and stack:
                stack[-1].says[statement[0]] = " ".join(statement[1:])
            statement, words, colon = [], None, False
            if token == "}":
                if not stack:
                    bad(match.start(), "'}' without '{'")
                stack.pop().end = place
        else:
            statement.append(token.strip('"'))
            if not colon and len(statement) > 1 and words is None:
                bad(match.start(), f"'{token[:40]}' after '{statement[0][:40]}'")
            if not colon and words is not None:  # a complex attribute whose semicolon is missing
                statement, words, start = statement[1:], None, match.start()
    if place != len(text):
        bad(place, "a text or comment that does not end")
    if not top or top.name != "library":
        raise Failure(f"{path}: no Liberty library")
    if statement:
        bad(start, f"'{statement[0][:40]}' does not end")
    if stack:
        bad(stack[-1].start, f"'{stack[-1].name}' does not end")
    return top


# Functions.


def evaluate(text, values):
    """A Boolean expression of Liberty's; None where it is none."""
    tokens = re.findall(r"[A-Za-z_][\w\[\]]*|[01]|[!'&*+|^()]", text)
    if "".join(tokens) != re.sub(r"\s", "", text):
        return None
    place = 0

    def peek():
        return tokens[place] if place < len(tokens) else None

    def take():
        nonlocal place
        place += 1
        return tokens[place - 1]

    def factor():
        if peek() == "!":
            take()
            value = not factor()
        elif peek() == "(":
            take()
            value = either()
            if peek() != ")":
                raise ValueError
            take()
        elif peek() and (peek() in "01" or NAME.match(peek())):
            name = take()
            value = name == "1" if name in "01" else values[name]
        else:
            raise ValueError
        while peek() == "'":
            take()
            value = not value
        return value

    def exclusive():
        value = factor()
        while peek() == "^":
            take()
            value ^= factor()
        return value

    def both():
        value = exclusive()
        while peek() in ("&", "*", "!", "(") or peek() and (peek() in "01" or NAME.match(peek())):
            if peek() in "&*":
                take()
            value &= exclusive()
        return value

    def either():
        value = both()
        while peek() in ("+", "|"):
            take()
            value |= both()
        return value

    try:
        value = either()
    except (ValueError, KeyError, RecursionError):
        return None
    return bool(value) if place == len(tokens) else None


def literal(text):
    """A pin, and whether it is inverted, where an expression is no more than that."""
    text = re.sub(r"[()]", " ", text or "").strip()
    found = re.fullmatch(r"(!?)\s*([A-Za-z_]\w*)\s*('?)", text)
    return (found[2], bool(found[1]) != bool(found[3])) if found else None


class Cell:
    def __init__(self, group, areas):
        self.group, self.name = group, group.words[0] if group.words else ""
        try:
            self.area = areas.get(self.name) or float(group.says.get("area", "0"))
        except ValueError:
            self.area = -1.0
        pins = {pin.words[0]: pin for pin in group.inside("pin") if pin.words}
        self.inputs = [name for name, pin in pins.items() if pin.says.get("direction") == "input"]
        self.outputs = [name for name, pin in pins.items() if pin.says.get("direction") == "output"]
        self.pins = pins
        self.flop, self.latch = group.inside("ff"), group.inside("latch")
        self.gate = group.says.get("clock_gating_integrated_cell", "")
        self.stateless = not group.inside("ff", "ff_bank", "latch", "latch_bank", "statetable") and not self.gate

    def foreign(self):
        """Of another power domain or with other states of its outputs."""
        marks = ("is_level_shifter", "is_isolation_cell", "always_on", "is_macro_cell", "pad_cell")
        return (any(self.group.true(mark) for mark in marks) or "switch_cell_type" in self.group.says or "retention_cell" in self.group.says
                or any("three_state" in pin.says or pin.true("always_on") for pin in self.pins.values())
                or any("backup" in pin.says.get("pg_type", "") for pin in self.group.inside("pg_pin"))
                or any(pin.says.get("direction") == "inout" for pin in self.pins.values()) or bool(self.group.inside("bundle", "bus")))

    def barred(self):
        return self.group.true("dont_use") or self.group.true("dont_touch")

    def truth(self, *names):
        """Of its one output, by its inputs; None where it is no such function."""
        if not self.stateless or len(self.outputs) != 1 or len(self.inputs) > 3:
            return None
        text = self.pins[self.outputs[0]].says.get("function", "")
        return [evaluate(text, dict(zip(self.inputs, values))) for values in product((False, True), repeat=len(self.inputs))]

    def is_nand2(self):
        return len(self.inputs) == 2 and self.truth() == [True, True, True, False]

    def is_nor2(self):
        return len(self.inputs) == 2 and self.truth() == [True, False, False, False]

    def is_and2(self):
        return len(self.inputs) == 2 and self.truth() == [False, False, False, True]

    def is_buffer(self):
        return len(self.inputs) == 1 and self.truth() == [False, True]

    def is_inverter(self):
        return len(self.inputs) == 1 and self.truth() == [True, False]

    def tied(self, value):
        """The pin that has this value for good."""
        if self.inputs or not self.stateless:
            return None
        return next((name for name in self.outputs if evaluate(self.pins[name].says.get("function", ""), {}) is value), None)

    def edge(self):
        """'dff', 'clear', 'preset', 'both': a flop for rising edges, by its asynchronous inputs."""
        if len(self.flop) != 1 or self.group.inside("latch", "ff_bank"):
            return None
        says = self.flop[0].says
        clock, data = literal(says.get("clocked_on")), literal(says.get("next_state"))
        asynchronous = [kind for kind in ("clear", "preset") if kind in says]
        if not clock or clock[1] or not data or "clocked_on_also" in says or not all(literal(says[kind]) for kind in asynchronous):
            return None
        return {0: "dff", 2: "both"}.get(len(asynchronous)) or asynchronous[0]

    def flop_pins(self):
        """Clock, data, true output, and what keeps its asynchronous inputs quiet."""
        says = self.flop[0].says
        off = {pin: f"1'b{int(low)}" for pin, low in (literal(says[kind]) for kind in ("clear", "preset") if kind in says)}
        out = next((pin for pin in self.outputs if literal(self.pins[pin].says.get("function")) == (self.flop[0].words[0], False)), "")
        return {"clock": literal(says["clocked_on"])[0], "data": literal(says["next_state"])[0], "out": out, "off": off}

    def open_latch(self):
        """Data, enable, whether that is active low, and output of a latch with nothing else."""
        if len(self.latch) != 1 or len(self.inputs) != 2 or self.gate:
            return None
        says = self.latch[0].says
        data, enable = literal(says.get("data_in")), literal(says.get("enable"))
        output = next((name for name in self.outputs if literal(self.pins[name].says.get("function")) == (self.latch[0].words[0], False)), None)
        return (data[0], enable[0], enable[1], output) if data and not data[1] and enable and output and "clear" not in says \
            and "preset" not in says else None

    def gating(self):
        """Clock, enable, test pin or nothing, and output of an integrated gate for rising edges."""
        if not re.fullmatch("latch_posedge(_precontrol|_postcontrol)?", self.gate):
            return None
        part = {what: next((name for name, pin in self.pins.items() if pin.true(f"clock_gate_{what}_pin")), None)
                for what in ("clock", "enable", "test", "out")}
        return tuple(part.values()) if part["clock"] and part["enable"] and part["out"] else None

    def load(self):
        """Mean capacitance of its inputs."""
        try:
            return sum(float(self.pins[name].says["capacitance"]) for name in self.inputs) / len(self.inputs)
        except (KeyError, ValueError, ZeroDivisionError):
            return 0.0


# What the flow takes of it.


@dataclass
class Library:
    """What scripts and programs need to know; `used` is the file that the tools read."""
    name: str
    file: str
    checksum: str
    used: str
    nand2: str
    nor2: str
    area: float
    driver: str
    load: float
    voltage: str
    ties: list      # cell and pin of 1, of 0, or nothing
    flops: dict     # smallest of each kind
    flop_cells: list
    flop_pins: dict
    flop_outputs: list
    outputs: list   # of gates
    drives: dict    # each cell's outputs
    gate: dict      # how a clock is gated, or nothing
    nands: dict     # areas
    buffers: list
    set: bool = False
    clock: str = ""

    def standard(self):
        """OSU018 as the committed rows have it."""
        return self.file == LIBERTY and not self.set

    def public(self):
        """Its name in synth/common/libraries, where nothing of it was set."""
        return next((name for name, says in public_libraries().items() if says["checksum"] == self.checksum and not self.set), None)

    def folder(self):
        """Where what is made with it is."""
        return BUILD / "synth" if self.standard() else Path(self.used).parent

    def model(self):
        """Its cells in Verilog, for simulations and proofs: packages' own have primitives that Verilator refuses."""
        path = self.folder() / "cells.v"
        if not path.exists():
            part = path.with_name(f"cells.{os.getpid()}.v")
            log = path.with_name("cells.log")
            if yosys(f"read_liberty -ignore_miss_func {self.used}; proc; opt_clean; write_verilog -noattr {part}", log):
                raise Failure(f"{self.file}: {grep('ERROR', log) or 'Yosys failed'}, see {log}")
            with open(part, "a", encoding="utf-8") as file:
                file.write(integrated(self.gate))
            part.replace(path)
        return path


def integrated(gate):
    """An integrated clock gate in Verilog: Liberty's statetable says nothing to Yosys."""
    if not gate.get("cell"):
        return ""
    ports = [gate[pin] for pin in ("clock", "enable", "test") if gate[pin]]
    return (f"module {gate['cell']}({', '.join(ports + [gate['out']])});\n" + "".join(f"  input {port};\n" for port in ports)
            + f"  output {gate['out']};\n  reg state;\n"
            f"  always @* if (!{gate['clock']}) state = {' | '.join(ports[1:])};\n  assign {gate['out']} = {gate['clock']} & state;\nendmodule\n")


def smallest(cells):
    return min(cells, key=lambda cell: (cell.area, cell.name), default=None)


def gate_of(cells, barred):
    """Cells that gate a clock: the integrated one may be marked as not for synthesis."""
    known = [cell for cell in cells + barred if cell.gating() and cell.area > 0]
    integrated = smallest([cell for cell in known if not cell.gating()[2]]) or smallest(known)
    if integrated:
        clock, enable, test, out = integrated.gating()
        return {"cell": integrated.name, "clock": clock, "enable": enable, "test": test, "out": out, "area": integrated.area}
    latches = [cell for cell in cells if cell.open_latch() and cell.area > 0]
    both, inverter = smallest([cell for cell in cells if cell.is_and2()]), smallest([cell for cell in cells if cell.is_inverter()])
    latch = smallest([cell for cell in latches if cell.open_latch()[2]]) or smallest(latches)
    if not (latch and both and inverter):
        return {}
    data, enable, low, out = latch.open_latch()
    return {"latch": latch.name, "data": data, "enable": enable, "low": low, "state": out,
            "and": both.name, "inputs": both.inputs, "out": both.outputs[0],
            "inverter": inverter.name, "in": inverter.inputs[0], "not": inverter.outputs[0],
            "area": latch.area + both.area + (0 if low else inverter.area)}


def discover(path, text, name, checksum):
    """What is in a library, as Library's fields, and the text that the tools read."""
    top = parse(path, text)
    cells = [Cell(group, AREAS.get(checksum[:12], {})) for group in top.inside("cell")]
    if not cells:
        raise Failure(f"{path}: a library without cells")
    for cell in cells:
        if not NAME.fullmatch(cell.name):
            raise Failure(f"{path}: a cell's name '{cell.name[:40]}' is no identifier")
        for pin in cell.pins:
            if not re.fullmatch(r"[A-Za-z_][\w\[\]]*", pin):
                raise Failure(f"{path}: {cell.name}: a pin's name '{pin[:40]}' is no identifier")
    if len({cell.name for cell in cells}) != len(cells):
        raise Failure(f"{path}: a cell is there twice")
    unit = next((line for line in re.findall(r"capacitive_load_unit\s*\(\s*([\d.]+)\s*,\s*\"?(\w+)\"?\s*\)", text[:1 << 20])), ("1", "pf"))
    own = [cell for cell in cells if not cell.foreign()]
    free, barred = [cell for cell in own if not cell.barred()], [cell for cell in own if cell.barred()]
    gates = [cell for cell in free if cell.stateless and cell.inputs and cell.outputs and all("function" in cell.pins[pin].says for pin in cell.outputs)]
    flops = [cell for cell in free if cell.edge()]
    for cell in gates + flops:
        if not 0 < cell.area < 1e9:
            raise Failure(f"{path}: {cell.name} has no area")
    nand2, driver = smallest([cell for cell in gates if cell.is_nand2()]), smallest([cell for cell in gates if cell.is_buffer()])
    by_kind = {kind: smallest([cell for cell in flops if cell.edge() == kind]) for kind in ("dff", "clear", "preset", "both")}
    for found, what in ((nand2, "two-input NAND"), (driver, "buffer"), (smallest([c for c in gates if c.is_inverter()]), "inverter"),
                        (by_kind["clear"] or by_kind["both"] or by_kind["preset"], "flop for rising edges with an asynchronous clear or preset")):
        if not found:
            raise Failure(f"{path}: no {what}")
    ties = [next(([cell.name, cell.tied(value)] for cell in sorted(own, key=lambda c: (c.area, c.name)) if cell.tied(value)), []) for value in (True, False)]
    gate = gate_of(free, barred)
    wanted = {cell.name for cell in gates + flops} | {tie[0] for tie in ties if tie} | {gate.get("cell"), gate.get("latch")}
    kept, place = [], 0
    for cell in cells:
        if cell.name not in wanted:
            kept.append(text[place:cell.group.start])
            place = cell.group.end
        elif cell.name in AREAS.get(checksum[:12], {}):
            kept += [text[place:cell.group.start], re.sub(r"\barea\s*:\s*[^;]*;", f"area : {cell.area:g};", text[cell.group.start:cell.group.end], 1)]
            place = cell.group.end
    nor2 = smallest([cell for cell in gates if cell.is_nor2() and cell.inputs == nand2.inputs and cell.outputs == nand2.outputs])
    scale = float(unit[0]) * {"ff": 1, "pf": 1000}.get(unit[1].lower(), 1000)
    return "".join(kept) + text[place:], {
        "name": name, "file": str(path), "checksum": checksum, "nand2": nand2.name, "nor2": nor2.name if nor2 else "",
        "area": nand2.area, "driver": driver.name, "load": round(4 * nand2.load() * scale, 2), "voltage": top.says.get("nom_voltage", ""),
        "ties": ties, "flops": {kind: cell.name for kind, cell in by_kind.items() if cell}, "flop_cells": sorted(cell.name for cell in flops),
        "flop_pins": {cell.name: cell.flop_pins() for cell in by_kind.values() if cell},
        "flop_outputs": sorted({pin for cell in flops for pin in cell.outputs}),
        "outputs": sorted({pin for cell in gates for pin in cell.outputs}), "gate": gate,
        "drives": {cell.name: cell.outputs for cell in cells if cell.name in wanted},
        "nands": {cell.name: cell.area for cell in gates if cell.is_nand2()},
        "buffers": [cell.name for cell in gates if cell.is_buffer()]}


def chosen(found, settings, path):
    """With what the user has set."""
    for setting in settings:
        key, _, value = setting.partition("=")
        if key == "NAND2" and value in found["nands"]:
            found["nand2"], found["area"] = value, found["nands"][value]
        elif key == "DRIVER" and value in found["buffers"]:
            found["driver"] = value
        elif key == "LOAD" and re.fullmatch(r"\d+(\.\d+)?", value):
            found["load"] = float(value)
        elif key == "CLOCK" and re.fullmatch(r"\d+(\.\d+)?", value) and float(value) > 0:
            found["clock"] = value
        elif key in ("NAND2", "DRIVER"):
            raise Failure(f"{path}: {value} is no {'NAND of two inputs' if key == 'NAND2' else 'buffer'} that a mapping may take")
        else:
            raise Failure(f"'{setting}': NAND2=CELL, DRIVER=CELL, LOAD=FF and CLOCK=NS are known")
    return found


def load(words):
    """The library of a file and settings; what was found in a file is kept by its content."""
    path, *settings = words
    text = text_of(path)
    checksum = hashlib.sha256(text.encode("latin-1")).hexdigest()
    name = re.sub(r"(\.lib)?(\.gz)?$", "", re.sub(r"[^\w.-]", "_", Path(path).name))
    folder = BUILD / "liberty" / f"{name}-{checksum[:8]}"
    key = digest(checksum, name, Path(__file__))
    found = recall(folder / "found.json", key)
    if not found or not (folder / "used.lib").exists():
        used, found = discover(path, text, name, checksum)
        write(folder / "used.lib", used)
        keep(folder / "found.json", key, found)
    if str(path) == LIBERTY:
        found["load"] = 50.0  # what its rows have always had
    return Library(**chosen(found | {"file": str(path), "used": str(folder / "used.lib"), "set": bool(settings)}, settings, path))


def public_libraries():
    """What synth/common/libraries says of each, by its name."""
    return {line[0]: dict(zip(("name", "checksum", "process", "corner", "licence", "from"), line)) for line in block_list("synth/common/libraries", 6)}


@cache
def library():
    """The library in use."""
    return load((os.environ.get("PERIMETER_LIBERTY") or LIBERTY).split())


def main(arguments):
    if arguments == ["model"]:
        print(library().model())
        return 0
    if not arguments:
        raise Failure("name a file")
    found = load(arguments)
    gate = found.gate
    for what, says in (
            ("file", f"{found.file} sha256:{found.checksum}"), ("NAND2", f"{found.nand2}, {found.area:g} um2: 1 GE"), ("DRIVER", found.driver),
            ("LOAD", f"{found.load:g} fF"), ("CLOCK", f"{found.clock} ns" if found.clock else "the configuration's"),
            *((f"tied to {value}", " ".join(tie) or "none") for value, tie in zip((1, 0), found.ties)),
            *((f"flop, {kind}", cell) for kind, cell in found.flops.items()),
            ("clock gate", f"{gate['cell']}, {gate['area']:g} um2" if gate.get("cell") else
             f"{gate['latch']} and {gate['and']}{'' if gate['low'] else ' and ' + gate['inverter']}, {gate['area']:g} um2" if gate else "none")):
        print(f"{what:14} {says}")
    return 0


if __name__ == "__main__":
    program(main)
