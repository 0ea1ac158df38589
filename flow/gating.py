#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""flow/gating.py insert DESIGN.json GATED.json CELLS.v; flow/gating.py enables NETLIST.json ENABLES.json TOP
Clock gates in place of enables, between Yosys's generic synthesis and its mapping, as synthesis programs insert them.
Flops that share an enable, FEWEST bits or more, get one pm_clk_gate; of fewer, those of one module are gated together. Where enables of several gates are conjunctions with one term, a gate with
this term feeds them, so that they cost nothing while it is closed. LATCHES gates on one clock have one inverter for their latches. Buffers behind gates are the clock tree's, as those behind the clock's port.
`insert` works on the design that Yosys's write_json wrote, and writes the techmap that puts the library's cells in the gates' place. `enables`
takes the gates out of a mapped design again: it follows each flop's clock back through gates, whatever their cells, looks that each is a latch
open while its clock is low and a conjunction with this clock, and makes the latch's data the flop's enable. What it makes is what a proof compares
with the RTL."""
import json
from collections import Counter, defaultdict

from common import Failure, program, write
from liberty import library

FEWEST, SHARED, TOGETHER, LATCHES = 4, 3, 8, 8
# Without its enable.
PLAIN = {"$dffe": "$dff", "$adffe": "$adff", "$sdffe": "$sdff", "$sdffce": "$sdff"}


class Module:
    """One module of write_json's."""

    def __init__(self, data):
        self.data, self.cells = data, data["cells"]
        self.next = 1 + max((bit for net in data["netnames"].values() for bit in net["bits"] if isinstance(bit, int)), default=1)
        self.driver, self.owners, self.lows = {}, {}, defaultdict(list)
        for name, cell in self.cells.items():
            for port, bits in cell["connections"].items():
                if cell["port_directions"].get(port) == "output":
                    for place, bit in enumerate(bits):
                        self.driver[bit] = name, port, place

    def owner(self, bit):
        """The part of a flat design that a net is of."""
        if not self.owners:
            for name, net in self.data["netnames"].items():
                if not net["hide_name"]:
                    for one in net["bits"]:
                        self.owners.setdefault(one, name.rpartition(".")[0])
        return self.owners.get(bit, "")

    def bit(self, name):
        bit = self.next
        self.next += 1
        self.data["netnames"][name] = {"hide_name": 0, "bits": [bit], "attributes": {}}
        return bit

    def add(self, name, kind, parameters, inputs, output):
        """A cell with one output bit."""
        port, bit = output
        self.cells[name] = {"hide_name": 0, "type": kind, "parameters": parameters, "attributes": {},
                            "port_directions": {pin: "input" for pin in inputs} | {port: "output"},
                            "connections": inputs | {port: [bit]}}
        self.driver[bit] = name, port, 0
        return bit

    def logic(self, name, kind, *operands):
        """A new bit that is `kind` of one-bit operands."""
        parameters = {"Y_WIDTH": number(1)}
        for port, _ in zip("AB", operands):
            parameters |= {f"{port}_SIGNED": number(0), f"{port}_WIDTH": number(1)}
        return self.add(name, kind, parameters, {port: [bit] for port, bit in zip("AB", operands)}, ("Y", self.bit(f"{name}_y")))

    def terms(self, bit, depth=8):
        """What must be 1 so that a bit is: itself, and operands of conjunctions behind it."""
        found = {bit}
        name, port, _ = self.driver.get(bit, (None, None, None))
        cell = self.cells.get(name)
        if cell and depth and port == "Y":
            inputs = [cell["connections"].get(pin, []) for pin in "AB"]
            if cell["type"] in ("$logic_and", "$and", "$_AND_") and all(len(bits) == 1 for bits in inputs):
                operands = inputs[0] + inputs[1]
            elif cell["type"] == "$reduce_and":
                operands = inputs[0]
            elif cell["type"] == "$reduce_bool" and len(inputs[0]) == 1:
                operands = inputs[0]
            else:
                operands = []
            for operand in operands:
                if isinstance(operand, int):
                    found |= self.terms(operand, depth - 1)
        return found


def number(value):
    return f"{value:032b}"


def is_one(cell, parameter):
    return int(cell["parameters"][parameter], 2) == 1


def enable(module, name, cell):
    """The bit that is 1 where the flop's next state is not its state."""
    bit, = cell["connections"]["EN"]
    if not is_one(cell, "EN_POLARITY"):
        bit = module.logic(f"{name}$en", "$not", bit)
    if cell["type"] == "$sdffe":
        reset, = cell["connections"]["SRST"]
        if not is_one(cell, "SRST_POLARITY"):
            reset = module.logic(f"{name}$srst", "$not", reset)
        bit = module.logic(f"{name}$any", "$or", bit, reset)
    return bit


def gate(module, name, clock, bit):
    """Its clock. An inverter of clocks feeds the latches of LATCHES gates."""
    lows = module.lows[clock]
    if len(lows) % LATCHES == 0:
        lows.append(module.add(f"{name}_low", "pm_clk_low", {}, {"clk_i": [clock]}, ("clk_no", module.bit(f"{name}_clk_n"))))
    else:
        lows.append(lows[-1])
    return module.add(name, "pm_clk_gate", {}, {"clk_i": [clock], "clk_ni": [lows[-1]], "en_i": [bit]}, ("clk_o", module.bit(f"{name}_clk")))


def split(module, name, parts):
    """A flop as several, each of these bits; their names."""
    cell = module.cells.pop(name)
    for count, places in enumerate(parts):
        piece = module.cells[f"{name}_{count}"] = json.loads(json.dumps(cell))
        for port in ("D", "Q"):
            piece["connections"][port] = [cell["connections"][port][place] for place in places]
        piece["parameters"]["WIDTH"] = number(len(places))
        for value in ("ARST_VALUE", "SRST_VALUE"):
            if value in piece["parameters"]:  # the lowest bit is the last
                piece["parameters"][value] = "".join(cell["parameters"][value][-1 - place] for place in reversed(places))
    return [f"{name}_{count}" for count in range(len(parts))]


def together(module, groups, bits):
    """Small groups of one part of the design that are worth a gate together: each keeps its enable, the gate is open for any of them.
    Yields clock, enables and flops."""
    parts = defaultdict(list)
    for key, names in groups.items():
        if bits[key] < FEWEST:
            owner = module.owner(module.cells[names[0]]["connections"]["Q"][0])
            parts[owner, key[0]].append(key)
    for (_, clock), keys in sorted(parts.items()):
        if sum(bits[key] for key in keys) >= FEWEST and len(keys) <= TOGETHER:
            yield clock, [key[1] for key in keys], [name for key in keys for name in groups[key]]


def gated(module):
    """Puts gates into a module; how many, and of how many bits."""
    groups = defaultdict(list)
    for name, cell in list(module.cells.items()):
        if cell["type"] in PLAIN and is_one(cell, "CLK_POLARITY"):
            # What becomes constant with the first load keeps its enable: nothing would be timed there.
            moves = [place for place, bit in enumerate(cell["connections"]["D"]) if isinstance(bit, int)]
            if not moves:
                continue
            if len(moves) < len(cell["connections"]["D"]):
                still = [place for place, bit in enumerate(cell["connections"]["D"]) if not isinstance(bit, int)]
                name = split(module, name, [moves, still])[0]
                cell = module.cells[name]
            clock, = cell["connections"]["CLK"]
            bit = enable(module, name, cell)
            if isinstance(bit, int):
                groups[clock, bit].append(name)
    bits = {key: sum(len(module.cells[name]["connections"]["D"]) for name in names) for key, names in groups.items()}
    chosen = {key: names for key, names in groups.items() if bits[key] >= FEWEST}
    # A term that several enables share, the most shared first.
    terms = {key: {(key[0], term) for term in module.terms(key[1]) - {key[1]}} for key in chosen}
    parent = {}
    while True:
        count = Counter(term for key, found in terms.items() if key not in parent for term in found)
        best = max(sorted(count), key=lambda term: count[term], default=None)
        if best is None or count[best] < SHARED:
            break
        for key, found in terms.items():
            if key not in parent and best in found:
                parent[key] = best
    clocks = {}
    for key, names in sorted(chosen.items()):
        clock, bit = key
        over = parent.get(key)
        if over and over not in clocks:
            clocks[over] = gate(module, f"pm_gate_{len(clocks)}", *over)
        if key not in clocks:
            clocks[key] = gate(module, f"pm_gate_{len(clocks)}", clocks[over] if over else clock, bit)
        for name in names:
            cell = module.cells[name]
            cell["type"] = PLAIN[cell["type"]]
            for what in ("EN", "EN_POLARITY"):
                for place in ("connections", "port_directions", "parameters"):
                    cell[place].pop(what, None)
            cell["connections"]["CLK"] = [clocks[key]]
    found = len(clocks), sum(bits[key] for key in chosen)
    for count, (clock, signals, names) in enumerate(together(module, groups, bits)):
        signal = signals[0]
        for place, other in enumerate(signals[1:]):
            signal = module.logic(f"pm_gate_small{count}_{place}", "$or", signal, other)
        one = gate(module, f"pm_gate_small{count}", clock, signal)
        for name in names:
            module.cells[name]["connections"]["CLK"] = [one]
        found = found[0] + 1, found[1] + len(names)
    return found


def insert(source, target):
    """Puts gates into a design; how many, and of how many bits."""
    with open(source, encoding="utf-8") as file:
        design = json.load(file)
    found = [gated(Module(data)) for data in design["modules"].values() if data["cells"]]
    with open(target, "w", encoding="utf-8") as file:
        json.dump(design, file)
    return tuple(map(sum, zip(*found))) if found else (0, 0)


def cells(library):
    """The modules that techmap puts in the place of pm_clk_gate and of pm_clk_low, the inverted clock of several."""
    gate_ = library.gate
    if not gate_:
        raise Failure(f"{library.file}: no clock gate, nor a latch to make one of")
    low = ""
    if gate_.get("cell"):
        test = f", .{gate_['test']}(1'b0)" if gate_["test"] else ""
        body = f"  {gate_['cell']} gate (.{gate_['clock']}(clk_i), .{gate_['enable']}(en_i), .{gate_['out']}(clk_o){test});\n"
    else:
        one, other = gate_["inputs"]
        if not gate_["low"]:
            low = f"  {gate_['inverter']} inverter (.{gate_['in']}(clk_i), .{gate_['not']}(clk_no));\n"
        body = (f"  wire state;\n  {gate_['latch']} latch (.{gate_['data']}(en_i), .{gate_['enable']}({'clk_i' if gate_['low'] else 'clk_ni'}), .{gate_['state']}(state));\n"
                f"  {gate_['and']} gate (.{one}(state), .{other}(clk_i), .{gate_['out']}(clk_o));\n")
    return (f"module pm_clk_gate (input clk_i, input clk_ni, input en_i, output clk_o);\n{body}endmodule\n"
            f"module pm_clk_low (input clk_i, output clk_no);\n{low}endmodule\n")


# Back to enables.


class Gates:
    """Clocks of a flat design of simple cells."""

    def __init__(self, module):
        self.module, self.known = module, {}

    def cell(self, bit, *kinds):
        name = self.module.driver.get(bit, (None,))[0]
        cell = self.module.cells.get(name)
        return cell["connections"] if cell and cell["type"] in kinds else None

    def behind(self, bit):
        """A bit without inverters, and whether it is inverted."""
        low = False
        while found := self.cell(bit, "$_NOT_", "$_BUF_"):
            low ^= self.module.cells[self.module.driver[bit][0]]["type"] == "$_NOT_"
            bit, = found["A"]
        return bit, low

    def root(self, bit):
        """The ungated clock behind one, and the terms of its enable."""
        if bit not in self.known:
            found = self.cell(bit, "$_BUF_")
            both = self.cell(bit, "$_AND_")
            if found:
                self.known[bit] = self.root(found["A"][0])
            elif both:
                self.known[bit] = self.through(both["A"][0], both["B"][0]) or self.through(both["B"][0], both["A"][0])
                if not self.known[bit]:
                    raise Failure("a clock is a conjunction of what is no latch and its clock")
            elif bit in self.module.driver:
                raise Failure("a clock comes from logic")
            else:
                self.known[bit] = bit, []
        return self.known[bit]

    def through(self, clock, state):
        """A gate with its clock and its latch's state, or nothing."""
        state, inverted = self.behind(state)
        for kind, opens_low in (("$_DLATCH_N_", True), ("$_DLATCH_P_", False)):
            if latch := self.cell(state, kind):
                signal, low = self.behind(latch["E"][0])
                if not inverted and signal == self.behind(clock)[0] and (low != opens_low) and not self.behind(clock)[1]:
                    root, terms = self.root(clock)
                    return root, terms + [latch["D"][0]]
        return None


def enables(source, target, top):
    """A flat mapped design, of Yosys's simple cells, with enables in place of its gates; how many flops had a gated clock."""
    with open(source, encoding="utf-8") as file:
        design = json.load(file)
    module = Module(design["modules"][top])
    gates, count = Gates(module), 0
    for name, cell in list(module.cells.items()):
        if not cell["type"].startswith("$_DFF"):
            continue
        root, terms = gates.root(cell["connections"]["C"][0])
        if not terms:
            continue
        bit = terms[0]
        for place, term in enumerate(terms[1:]):
            bit = module.add(f"{name}$and{place}", "$_AND_", {}, {"A": [bit], "B": [term]}, ("Y", module.bit(f"{name}$and{place}_y")))
        kind = {"$_DFF_P_": "$_DFFE_PP_"}.get(cell["type"]) or cell["type"].replace("$_DFF_P", "$_DFFE_P")[:-1] + "P_"
        if not cell["type"].startswith("$_DFF_P"):
            raise Failure(f"a gated flop for falling edges: {name}")
        cell["type"] = kind
        cell["connections"] |= {"C": [root], "E": [bit]}
        cell["port_directions"]["E"] = "input"
        count += 1
    with open(target, "w", encoding="utf-8") as file:
        json.dump(design, file)
    return count


def main(arguments):
    verb, *files = arguments or [""]
    if verb not in ("insert", "enables") or len(files) != 3:
        raise Failure("insert DESIGN.json GATED.json CELLS.v, or enables NETLIST.json ENABLES.json TOP")
    if verb == "insert":
        write(files[2], cells(library()))
        print("{} gates of {} bits".format(*insert(files[0], files[1])))
    else:
        print(f"{enables(*files)} flops whose clock is gated")
    return 0


if __name__ == "__main__":
    program(main)
