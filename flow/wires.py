# SPDX-License-Identifier: Apache-2.0
"""What the router's wires are: their connections and shapes, checked against the netlist, and their resistances and capacitances as SPEF.
Of each net a graph of points (layer, x, y); a wire is cut where another wire of its net begins on it. Checked are that every net is one
piece with all its pins, and that no shape of one net overlaps a shape of another, pins and obstructions of cells included.
Capacitance is the LEF's, of area and edges, to ground: neighbours are not looked at."""
import re
from collections import defaultdict

from common import read, write
from lef import lef
from place import supply

# Not in the LEF: ohms of a via in such a process.
VIA_OHM = 5
TILE = 8000


class Wires:
    """A net's wires: segments (metal, x, y, x, y), rectangles of the short pieces by which the router reaches pins that are off its tracks,
    and vias (lower metal, x, y)."""

    def __init__(self):
        self.segments, self.stubs, self.vias = [], [], []

    def length(self):
        return sum(abs(x1 - x0) + abs(y1 - y0) for _, x0, y0, x1, y1 in self.segments)

    def shapes(self):
        """Rectangles (metal, x, y, x, y)."""
        return [*map(drawn, self.segments), *self.stubs, *(pad for via in self.vias for pad in pads(*via))]


def drawn(segment):
    metal, x0, y0, x1, y1 = segment
    half = 250 if metal == 6 else 150
    return metal, min(x0, x1) - half, min(y0, y1) - half, max(x0, x1) + half, max(y0, y1) + half


def pads(low, x, y):
    half = 250 if low == 5 else 200
    return [(metal, x - half, y - half, x + half, y + half) for metal in (low, low + 1)]


def routed(path):
    """Wires of each net in a DEF."""
    nets, wires = defaultdict(Wires), None
    inside, stub = False, 0
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            words = line.split()
            if words[:1] in (["NETS"], ["SPECIALNETS"]):
                inside = True
            elif words[:1] == ["END"]:
                inside = False
            elif inside and words[:1] == ["-"]:
                wires = nets[words[1]]
            elif inside and words and words[0] in ("+", "NEW"):
                start = words.index("ROUTED" if words[0] == "+" else "NEW") + 1
                stub = int(words[start + 1]) // 2 if words[start + 1].isdigit() else 0
                path_of(wires, int(words[start][-1]), stub, line)
    return nets


def path_of(wires, metal, stub, line):
    """Adds a line of a DEF's wires."""
    x = y = None
    for point, via in re.findall(r"\(\s*(.*?)\s*\)|(M\d_M\d)", line):
        if via:
            low = int(via[-1])
            wires.vias.append((low, x, y))
            metal = low if metal == low + 1 else low + 1
            continue
        to_x, to_y = (last if word == "*" else int(word) for word, last in zip(point.split(), (x, y)))
        if x is None and stub and line.count("(") == 1:
            wires.stubs.append((metal, to_x - stub, to_y - stub, to_x + stub, to_y + stub))
        elif x is not None and stub:
            across, along = (0, stub) if to_y == y else (stub, 0)
            wires.stubs.append((metal, min(x, to_x) - across, min(y, to_y) - along, max(x, to_x) + across, max(y, to_y) + along))
        elif x is not None and (x, y) != (to_x, to_y):
            wires.segments.append((metal, x, y, to_x, to_y))
        x, y = to_x, to_y


def overlap(one, other):
    return one[0] == other[0] and one[1] < other[3] and other[1] < one[3] and one[2] < other[4] and other[2] < one[4]


def touch(one, other):
    return one[0] == other[0] and one[1] <= other[3] and other[1] <= one[3] and one[2] <= other[4] and other[2] <= one[4]


class Pieces:
    """Sets that are joined."""

    def __init__(self):
        self.parent = {}

    def find(self, item):
        self.parent.setdefault(item, item)
        while self.parent[item] != item:
            self.parent[item] = item = self.parent[self.parent[item]]
        return item

    def join(self, one, other):
        """Whether they were apart."""
        one, other = self.find(one), self.find(other)
        self.parent[one] = other
        return one != other


class Graph:
    """A net as resistors (point, point, ohms) and capacitors {point: pF}; `pieces` are its connected parts. Points are (metal, x, y) or pins."""

    def __init__(self, wires, pins):
        self.resistors, self.pf, self.pieces = [], defaultdict(float), Pieces()
        points = {(metal, x, y) for metal, x0, y0, x1, y1 in wires.segments for x, y in ((x0, y0), (x1, y1))}
        points |= {(metal, x, y) for low, x, y in wires.vias for metal in (low, low + 1)}
        shapes = []
        for segment in wires.segments:
            shapes.append((drawn(segment), self.segment(segment, points)))
        for low, x, y in wires.vias:
            self.resistor((low, x, y), (low + 1, x, y), VIA_OHM)
            shapes += [(pad, [(metal, x, y)]) for pad, metal in zip(pads(low, x, y), (low, low + 1))]
        for stub in wires.stubs:
            shapes.append((stub, [(stub[0], (stub[1] + stub[3]) // 2, (stub[2] + stub[4]) // 2)]))
        for pin, rectangles in pins.items():
            self.pieces.find(pin)
            shapes += [(rectangle, [pin]) for rectangle in rectangles]
        # Wires, stubs and pins that meet, but not in a point.
        for number, (shape, on) in enumerate(shapes):
            for other, others in shapes[:number]:
                if touch(shape, other) and self.pieces.find(on[0]) != self.pieces.find(others[0]):
                    self.resistor(nearest(on, other), nearest(others, shape), 0.01)

    def segment(self, segment, points):
        """Adds a segment, cut at the points that are on it, which it gives."""
        metal, x0, y0, x1, y1 = segment
        numbers = lef()[0][metal]
        on = sorted(point for point in points if point[0] == metal and min(x0, x1) <= point[1] <= max(x0, x1) and min(y0, y1) <= point[2] <= max(y0, y1))
        for one, other in zip(on, on[1:]):
            um = (other[1] - one[1] + other[2] - one[2]) / 1000
            self.resistor(one, other, numbers["RESISTANCE"] * um / numbers["WIDTH"])
            pf = um * (numbers["WIDTH"] * numbers["CAPACITANCE"] + 2 * numbers["EDGECAPACITANCE"])
            self.pf[one] += pf / 2
            self.pf[other] += pf / 2
        return on

    def resistor(self, one, other, ohms):
        self.pieces.join(one, other)
        self.resistors.append((one, other, ohms))

    def whole(self):
        return len({self.pieces.find(item) for item in list(self.pieces.parent)}) == 1


def nearest(points, shape):
    """Of points, the one nearest to the middle of a shape; a pin has no place of its own."""
    if len(points) == 1:
        return points[0]
    return min(points, key=lambda point: abs(2 * point[1] - shape[1] - shape[3]) + abs(2 * point[2] - shape[2] - shape[4]))


def patch(nets, placed, shapes, source, made):
    """Adds the supply's comb, and widens what is smaller than the process lets metal be, a via's pad or a port's pin without a wire on it, in the wires and in a copy of
    the DEF. There the router's stubs are written anew: one that is a point, which magic draws as it likes, is a square."""
    lines = []
    on_pins = tiled((rectangle, None) for found in shapes.values() for rectangles in found.values() for rectangle in rectangles)
    for name, rectangles in supply(placed).items():
        nets[name].stubs += [(1, *rectangle) for rectangle in rectangles]
    ports = placed.ports
    for name, wires in nets.items():
        wired = {(metal, x, y) for metal, x0, y0, x1, y1 in wires.segments for x, y in ((x0, y0), (x1, y1))}
        alone = {(metal, x, y) for low, x, y in wires.vias for metal in (low, low + 1)} | ({ports[name]} if name in ports else set())
        alone = {(metal, x, y) for metal, x, y in alone if metal > 1
                 or not any(touch(pads(1, x, y)[0], rectangle) for rectangle, _ in around(on_pins, pads(1, x, y)[0]))}
        wires.stubs += [(metal, x - 200, y - 250, x + 200, y + 250) for metal, x, y in sorted(alone - wired)]
        for metal, x0, y0, x1, y1 in wires.stubs:
            middle = f"( {x0} {(y0 + y1) // 2} ) ( {x1} * )" if x1 - x0 > y1 - y0 else f"( {(x0 + x1) // 2} {y0} ) ( * {y1} )"
            lines.append(f"- {name}\n+ ROUTED metal{metal} {min(x1 - x0, y1 - y0)} {middle} ;\n")
    text = re.sub(r"^SPECIALNETS .*?^END SPECIALNETS\n|^END DESIGN\n?", "", read(source), flags=re.M | re.S)
    write(made, f"{text}SPECIALNETS {len(lines)} ;\n{''.join(lines)}END SPECIALNETS\nEND DESIGN\n")


def pins(net, placed):
    """Rectangles of each cell's pins, {cell: {pin: [(layer, x, y, x, y)]}}, obstructions as pin OBS; a port is a pin of cell PIN."""
    _, macros = lef()
    found = {cell: macros[net.cells[cell][0]].placed(*where) for cell, where in placed.cells.items()}
    found["PIN"] = {port: [(layer, x - 150, y - 150, x + 150, y + 150)] for port, (layer, x, y) in placed.ports.items()}
    return found


def graphs(net, wires, shapes):
    """A graph of each net that is no supply, and the nets that are in pieces. A supply's pins have each to reach a rail: some other cell's supply pin."""
    made, broken = {}, []
    for name, members in net.nets().items():
        own = {f"{cell}:{pin}": shapes[cell][pin] for cell, pin in members}
        if name in ("vdd", "gnd"):
            continue
        graph = Graph(wires[name], own)
        if not graph.whole():
            broken.append(name)
        made[name] = graph
    for supply in ("vdd", "gnd"):
        tied = [(cell, pin) for cell, pin in net.nets().get(supply, [])]
        if tied and not supplied(wires[supply], tied, shapes, supply):
            broken.append(supply)
    return made, broken


def supplied(wires, tied, shapes, supply):
    """Whether each of the pins is wired to the supply pins of cells, which are one by abutment."""
    rails = [(rectangle, "rail") for cell, found in shapes.items() for rectangle in found.get(supply, ())]
    pins_of = [(rectangle, (cell, pin)) for cell, pin in tied for rectangle in shapes[cell][pin]]
    pieces = Pieces()
    own = []
    for number, stub in enumerate([*map(drawn, wires.segments), *wires.stubs]):
        own.append((stub, number))
    for via in wires.vias:
        own += [(pad, via) for pad in pads(*via)]
    tiles = tiled(own + rails + pins_of)
    for shape, name in own + pins_of:
        for other, second in around(tiles, shape):
            if touch(shape, other):
                pieces.join(name, second)
    return all(pieces.find(pin) == pieces.find("rail") for pin in tied)


def tiled(items):
    """Rectangles with what they are of, by layer and tile."""
    found = defaultdict(list)
    for rectangle, owner in items:
        for key in tiles_of(rectangle):
            found[key].append((rectangle, owner))
    return found


def tiles_of(rectangle):
    layer, x0, y0, x1, y1 = rectangle
    return ((layer, x, y) for x in range(x0 // TILE, x1 // TILE + 1) for y in range(y0 // TILE, y1 // TILE + 1))


def around(tiles, rectangle):
    return (item for key in tiles_of(rectangle) for item in tiles.get(key, ()))


def shorts(net, wires, shapes):
    """Pairs of nets with wires that overlap, or a wire and a pin or an obstruction of a cell that is of another net."""
    owner = {(cell, pin): wire for cell, (_, connected) in net.cells.items() for pin, wire in connected.items()}
    drawn = [(shape, name) for name, what in wires.items() for shape in what.shapes()]
    fixed = [(rectangle, port if cell == "PIN" else pin if pin in ("vdd", "gnd") else owner.get((cell, pin), f"{cell}:{pin}"))
             for cell, found in shapes.items() for pin, rectangles in found.items() for rectangle in rectangles
             for port in ([pin] if cell == "PIN" else [None])]
    tiles = tiled(drawn)
    found = set()
    for group in tiles.values():
        for number, (one, name) in enumerate(group):
            for other, second in group[:number]:
                if name != second and overlap(one, other):
                    found.add((name, second))
    for rectangle, name in fixed:
        for shape, second in around(tiles, rectangle):
            if name != second and overlap(rectangle, shape):
                found.add((second, name))
    return found


HEAD = """*SPEF "IEEE 1481-1998"
*DESIGN "{top}"
*DATE "none"
*VENDOR "none"
*PROGRAM "flow/wires.py"
*VERSION "1"
*DESIGN_FLOW "none"
*DIVIDER /
*DELIMITER :
*BUS_DELIMITER [ ]
*T_UNIT 1 NS
*C_UNIT 1 PF
*R_UNIT 1 OHM
*L_UNIT 1 HENRY
"""


def spef(net, made, top, path):
    """Writes the nets' wires."""
    outputs = {"Y", "YC", "YS", "Q"}
    lines = [HEAD.format(top=top)]
    members = net.nets()
    for name, graph in made.items():
        known = {}

        def node(point):
            if isinstance(point, str):
                return point.removeprefix("PIN:")
            return f"{name}:{known.setdefault(point, len(known) + 1)}"

        lines += [f"*D_NET {name} {sum(graph.pf.values()):.6f}", "*CONN"]
        for cell, pin in members[name]:
            lines.append(f"*P {pin} {'I' if net.ports[pin][1] == 'input' else 'O'}" if cell == "PIN"
                         else f"*I {cell}:{pin} {'O' if pin in outputs else 'I'}")
        lines.append("*CAP")
        lines += [f"{number} {node(point)} {pf:.7f}" for number, (point, pf) in enumerate(graph.pf.items(), 1)]
        lines.append("*RES")
        lines += [f"{number} {node(one)} {node(other)} {ohms:.3f}" for number, (one, other, ohms) in enumerate(graph.resistors, 1)]
        lines.append("*END\n")
    write(path, "\n".join(lines))
