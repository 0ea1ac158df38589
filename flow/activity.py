# SPDX-License-Identifier: Apache-2.0
"""Cells of a netlist, and toggles of their outputs' nets, from it and a waveform of the instance u_dut. A netlist of several modules comes flattened, so
that its names are the waveform's paths."""
import re
from collections import defaultdict

from common import Failure


def cells(net):
    """Type and pins, each with its net, of every cell by name."""
    found, pins = {}, None
    with open(net, encoding="utf-8") as lines:
        for line in lines:
            if head := re.match(r"  (\w+) (\\\S+ |\w+) \($", line):
                pins = {}
                found[plain(head[2])] = head[1], pins
            elif pin := re.match(r"    \.(\w+)\((.*)\),?$", line):
                if pins is not None:
                    pins[pin[1]] = plain(pin[2])
            elif line.startswith("  );"):
                pins = None
    return found


def plain(name):
    return name.removeprefix("\\").replace(" ", "")


class Waveform:
    """Toggles of what is in u_dut, by identifier and bit; names of identifiers."""

    def __init__(self, file):
        self.paths, self.width, self.last, self.clock = defaultdict(list), {}, {}, None
        self.count = defaultdict(int)
        scopes = []
        with open(file, encoding="ascii") as lines:
            for line in lines:
                first = line[:1]
                if first in "01":
                    self.scalar(line[1:].rstrip(), first)
                elif first == "b":
                    self.vector(*line[1:].split())
                elif line.startswith("$") or first == " ":
                    self.header(line.split(), scopes)

    def header(self, words, scopes):
        if words[:1] == ["$scope"]:
            path = scopes[-1] if scopes else None
            scopes.append(f"{path}{words[2]}." if path is not None else "" if words[2] == "u_dut" else None)
        elif words[:1] == ["$upscope"]:
            scopes.pop()
        elif words[:1] == ["$var"]:
            width, identifier, name = int(words[2]), words[3], words[4]
            if name == "clk_i":
                self.clock = identifier
            if scopes[-1] is not None:
                self.paths[identifier].append(scopes[-1] + name)
                self.width[identifier] = width

    def scalar(self, identifier, value):
        if identifier in self.width or identifier == self.clock:
            if self.last.get(identifier, value) != value:
                self.count[identifier, 0] += 1
            self.last[identifier] = value

    def vector(self, value, identifier):
        if identifier not in self.width:
            return
        last = self.last.get(identifier, value)
        if last != value:
            for place, (old, new) in enumerate(zip(last, value)):
                if old != new:
                    self.count[identifier, len(value) - 1 - place] += 1
        self.last[identifier] = value

    def nets(self):
        """Toggles by net."""
        found = {}
        for identifier, paths in self.paths.items():
            for path in paths:
                for bit in range(self.width[identifier]):
                    found[path + (f"[{bit}]" if self.width[identifier] > 1 else "")] = self.count[identifier, bit]
        return found


def activity(cells_, drives, file):
    """Clocks, and toggles a clock of each net that a cell drives; `drives`: outputs of each type of cell."""
    wave = Waveform(file)
    clocks = wave.count[wave.clock, 0] / 2
    nets = wave.nets()
    driven = [pins[pin] for kind, pins in cells_.values() for pin in drives[kind] if pins.get(pin)]
    missing = [name for name in driven if name not in nets]
    if missing:
        raise Failure(f"{file}: {len(missing)} nets are not in it, as {missing[0]}")
    return clocks, {name: nets[name] / clocks for name in driven}
