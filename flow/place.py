# SPDX-License-Identifier: Apache-2.0
"""A mapped netlist placed in rows by Debian's graywolf, with trees for clock and reset, and routed by tools/router.c.
graywolf sees neither clock nor reset; each of their sinks then gets a leaf of a balanced tree of buffers, whose groups are halved by
place, and the buffers go into the rows nearest to the middle of what they drive. A gate of the clock takes buffers' place. Rows are stretched to the wanted utilisation, gaps
are filled. The supply is a comb: metal 1 left of the core joins the rows' rails of ground, metal 1 right of it those of power."""
import json
import re
from collections import defaultdict
from heapq import nsmallest
from math import ceil

from common import BUILD, LIBERTY, Failure, read, tool, write, yosys
from lef import LEF, ROW, SITE, STEP, lef

PARAMETERS = LEF.with_name("osu018.par")
# Of a port's net: cell of the tree, its pins, sinks a buffer.
TREES = {"clk_i": ("CLKBUF1", 16), "rst_ni": ("BUFX4", 16)}
BUFFER = "BUFX2"
# Above so many cells graywolf anneals for a quarter of its time, for a fifth more wire.
MANY = 5000
# Height over width of the core, of few and of many cells: tracks that lie are wider apart than those that stand, and two metals have them, not three.
TALL = 1.2, 2.0
# The core's lower left corner, so many tracks inside the die, whose corner is the origin.
# Cells stand half a track off, so that their pins are on tracks.
MARGIN = 9
LEFT, BELOW = MARGIN * SITE, MARGIN * STEP


class Netlist:
    """Cells {name: (type, {pin: net})}; ports {bit: (net, direction)}. Nets of port bits have their names, others numbers; an output that
    another port's net drives has a buffer; supplies are vdd and gnd. `original` has the mapped netlist's names of cells."""

    def __init__(self, module):
        self.cells, self.original, self.ports, self.ties = {}, {}, {}, {}
        names = {"0": "gnd", "1": "vdd", "x": "gnd"}
        for port, what in module["ports"].items():
            for index, bit in enumerate(what["bits"]):
                name = f"{port}[{index}]" if len(what["bits"]) > 1 else port
                if isinstance(bit, str):
                    self.ties[name] = names[bit]
                    continue
                net = names.setdefault(bit, name)
                self.ports[name] = name, what["direction"]
                if net != name:
                    self.cells[f"port_{len(self.ports)}"] = BUFFER, {"A": net, "Y": name}
        for number, (cell, what) in enumerate(module["cells"].items()):
            name = cell if re.fullmatch(r"\w+", cell) else f"cell_{number}"
            self.original[name] = cell
            self.cells[name] = what["type"], {pin: names.setdefault(bits[0], f"n{bits[0]}") for pin, bits in what["connections"].items()}
        self.widths = {port: len(what["bits"]) for port, what in module["ports"].items()}
        self.directions = {port: what["direction"] for port, what in module["ports"].items()}

    def nets(self):
        """Pins (cell, pin) of each net; a port's bit is cell PIN."""
        found = defaultdict(list)
        for name in self.ports:
            found[name].append(("PIN", name))
        for cell, (_, pins) in self.cells.items():
            for pin, net in pins.items():
                found[net].append((cell, pin))
        return found

    def verilog(self, top):
        """As text; outputs that are constant are left open."""
        lines = [f"module {top}({', '.join(self.widths)});"]
        for port, width in self.widths.items():
            lines.append(f"  {self.directions[port]} {f'[{width - 1}:0] ' if width > 1 else ''}{port};")
        inner = sorted({net for _, pins in self.cells.values() for net in pins.values()} - set(self.ports) - {"vdd", "gnd"})
        lines += [f"  wire {net};" for net in inner]
        value = {"vdd": "1'b1", "gnd": "1'b0"}
        for cell, (kind, pins) in self.cells.items():
            lines.append(f"  {kind} {cell} ({', '.join(f'.{pin}({value.get(net, net)})' for pin, net in pins.items())});")
        return "\n".join([*lines, "endmodule"]) + "\n"

    def spice(self, top):
        """For a comparison with a layout: cells without insides, supplies connected."""
        macros, lines = lef()[1], []
        order = {kind: [pin for pin in macros[kind].pins if pin != "OBS"] for kind in {kind for kind, _ in self.cells.values()}}
        for kind, pins in sorted(order.items()):
            lines += [f".subckt {kind} {' '.join(pins)}", ".ends"]
        lines.append(f".subckt {top} {' '.join(self.ports)}")
        for cell, (kind, connected) in self.cells.items():
            nets = (connected.get(pin, pin if pin in ("vdd", "gnd") else f"open_{cell}_{pin}") for pin in order[kind])
            lines.append(f"X{cell} {' '.join(nets)} {kind}")
        return "\n".join([*lines, ".ends"]) + "\n"


def netlist(config, folder):
    """The configuration's netlist, flat."""
    made = folder / "flat.json"
    if yosys(f"read_liberty -lib {LIBERTY}; read_verilog {config.net}; hierarchy -top {config.top}; flatten; opt_clean; write_json {made}",
             folder / "flat.log"):
        raise Failure(f"{config.name}: see {folder}/flat.log")
    return Netlist(json.loads(read(made))["modules"][config.top])


# Placement.


def cel(net):
    """graywolf's netlist; lengths in units of 10 nm."""
    _, macros = lef()
    hidden = {"vdd", "gnd", *TREES}
    lines = []
    for number, (cell, (kind, pins)) in enumerate(net.cells.items()):
        macro = macros[kind]
        left, bottom = -(macro.width // 20), -ROW // 20
        right, top = left + macro.width // 10, bottom + ROW // 10
        lines += [f"cell {number} {cell}", f"left {left} right {right} bottom {bottom} top {top}"]
        for feed, x in enumerate(range(left + SITE // 20, right, SITE // 10)):
            lines += [f"pin name twfeed{feed} signal TW_PASS_THRU layer 1 {x} {bottom}", f"   equiv name twfeed{feed} layer 1 {x} {top}"]
        for pin, wire in pins.items():
            if wire not in hidden:
                _, x0, y0, x1, y1 = macro.pins[pin][0]
                lines.append(f"pin name {pin} signal {wire} layer 1 {left + (x0 + x1) // 20} {bottom + (y0 + y1) // 20}")
    x, y = SITE // 20, STEP // 20
    for number, name in enumerate(name for name in net.ports if name not in hidden):
        lines += [f"pad {number + 1} name twpin_{name}", f"corners 4 -{x} -{y} -{x} {y} {x} {y} {x} -{y}",
                  f"pin name {name} signal {name} layer 1 0 0", ""]
    return "\n".join(lines) + "\n"


class Placement:
    """Where cells and ports are: {cell: (x, y, flipped)}, {port: (metal, x, y)}, fillers {name: (x, y, flipped)}; width and height of the core."""

    def __init__(self):
        self.cells, self.ports, self.fill = {}, {}, {}
        self.width = self.height = 0


def limited(command, limit):
    """A command that gets so many seconds of a core."""
    return ["sh", "-c", f"ulimit -t {limit}; exec \"$@\"", "sh", *command]


def graywolf(net, folder, name, utilisation, limit):
    """Rows of (x, cell), bottom first, and pads {port: (side, x, y)}."""
    for old in folder.glob(f"{name}.*"):  # it goes on from what it finds
        old.unlink()
    write(folder / f"{name}.cel", cel(net))
    text = read(PARAMETERS).replace("TWSC*do.global.route  : on", "TWSC*do.global.route  : off").replace("chip.aspect.ratio : 0.75", f"chip.aspect.ratio : {TALL[len(net.cells) > MANY] / utilisation:g}")
    write(folder / f"{name}.par", text + ("*fast : 4\n" if len(net.cells) > MANY else ""))
    if tool(limited(["graywolf", "-n", name], limit), folder / "graywolf.log", cwd=folder) or not (folder / f"{name}.pl1").exists():
        raise Failure("graywolf does not end")
    rows, pads = defaultdict(list), {}
    for line in read(folder / f"{name}.pl1").splitlines():
        cell, x0, y0, x1, y1, _, row = line.split()
        if cell.startswith("twpin_"):
            pads[cell.removeprefix("twpin_")] = int(row), int(x0) + int(x1), int(y0) + int(y1)
        elif not cell.startswith("twfeed"):
            rows[int(row)].append((int(x0), cell))
    return [sorted(rows[row]) for row in sorted(rows)], pads


def halves(sinks, most):
    """Groups of at most `most`, halved along the longer side."""
    if len(sinks) <= most:
        return [sinks]
    xs, ys = [x for x, _, _ in sinks], [y for _, y, _ in sinks]
    along = 0 if max(xs) - min(xs) >= max(ys) - min(ys) else 1
    groups = ceil(len(sinks) / most)
    cut = len(sinks) * (groups // 2) // groups
    ordered = sorted(sinks, key=lambda sink: sink[along])
    return halves(ordered[:cut], most) + halves(ordered[cut:], most)


def beyond(net, pins, cell):
    """Cells between a cell's input and the flops or latches that it clocks: none for these."""
    kind, connected = net.cells[cell]
    if kind.startswith(("DFF", "LATCH")):
        return 0
    return 1 + max((beyond(net, pins, below) for below, _ in pins.get(connected["Y"], ()) if below not in ("PIN", cell)), default=0)


def grow(net, port, where):
    """Adds the port's tree to the netlist; buffers with their places, and the number of levels. Every flop has as many cells above it: what has
    a clock gate and its buffers below it starts as many levels higher."""
    kind, most = TREES[port]
    pins = net.nets()
    waiting = sorted((beyond(net, pins, cell) if port == "clk_i" else 0, *where[cell], cell, pin)
                     for cell, (_, connected) in net.cells.items() for pin, wire in connected.items() if wire == port)
    sinks, made, levels = [], {}, 0
    while len(sinks) + len(waiting) > 1:
        while waiting and waiting[0][0] <= levels:
            _, x, y, cell, pin = waiting.pop(0)
            sinks.append((x, y, (cell, pin)))
        nodes = []
        for group in halves(sinks, most) if sinks else []:
            buffer = f"{port}_{levels}_{len(nodes)}"
            for _, _, (cell, pin) in group:
                net.cells[cell][1][pin] = f"{buffer}_y"
            net.cells[buffer] = kind, {"A": port, "Y": f"{buffer}_y"}
            made[buffer] = sum(x for x, _, _ in group) / len(group), sum(y for _, y, _ in group) / len(group)
            nodes.append((*made[buffer], (buffer, "A")))
        sinks = nodes
        levels += 1
    return made, levels


def place(net, folder, name, utilisation, limit):
    """The placement, and levels of the trees."""
    _, macros = lef()
    rows, pads = graywolf(net, folder, name, utilisation, limit)
    widths = [max(x for x, _ in row) for row in rows]
    # In what follows, x is a share of a row's width, y a row's number.
    where = {cell: (x / max(1, widths[number]), number) for number, row in enumerate(rows) for x, cell in row}
    levels = {}
    made = {}
    scale = max(1, max(widths) * 10 / ROW)
    for port in TREES:
        if port in net.ports:
            grown, levels[port] = grow(net, port, {cell: (x * scale, y) for cell, (x, y) in where.items()})
            made |= {buffer: (x / scale, y) for buffer, (x, y) in grown.items()}
    total = sum(macros[kind].width for kind, _ in net.cells.values())
    width = ceil(total / len(rows) / utilisation / SITE) * SITE
    lines = [[where[cell] + (cell,) for _, cell in row] for row in rows]
    used = [sum(macros[net.cells[cell][0]].width for _, cell in row) for row in rows]
    for buffer, (x, y) in made.items():
        need = macros[net.cells[buffer][0]].width
        row = min((row for row in range(len(rows)) if used[row] + need <= width), key=lambda row: abs(row - y))
        lines[row].append((x, row, buffer))
        used[row] += need
    result = Placement()
    result.width, result.height = width, len(rows) * ROW
    for row, line in enumerate(lines):
        fit(result, net, sorted(line), row, used[row])
    ports(result, net, pads)
    return result, levels


def fit(result, net, line, row, used):
    """Places a row's cells, free sites spread evenly among them."""
    _, macros = lef()
    y, flipped = BELOW + STEP // 2 + row * ROW, row % 2 == 1
    free, at = (result.width - used) // SITE, 0
    for number, (_, _, cell) in enumerate(line):
        gap = free * (number + 1) // (len(line) + 1) - free * number // (len(line) + 1)
        at = filler(result, at, gap, y, flipped)
        result.cells[cell] = LEFT + SITE // 2 + at, y, flipped
        at += macros[net.cells[cell][0]].width
    filler(result, at, (result.width - at) // SITE, y, flipped)


def filler(result, at, sites, y, flipped):
    for site in range(sites):
        result.fill[f"fill_{len(result.fill)}"] = LEFT + SITE // 2 + at + site * SITE, y, flipped
    return at + sites * SITE


def ports(result, net, pads):
    """Pins on the die's edge on tracks of metal2 (below, above) and metal3 (left, right), in the order in which graywolf has its pads, as evenly
    as the side allows; clock and reset in the middle of the left side."""
    sides = defaultdict(list)
    for port in net.ports:
        row, x, y = pads.get(port, (-1, 0, 0))
        sides[row].append((y if row in (-1, -2) else x, port))
    for port in TREES:
        for row in sides:
            sides[row] = [(place, name) for place, name in sides[row] if name != port]
    sides[-1].sort()
    for port in TREES:
        if port in net.ports:
            sides[-1].insert(len(sides[-1]) // 2, (0, port))
    across = {"left": SITE, "right": result.width + 2 * LEFT - SITE, "below": STEP, "above": result.height + 2 * BELOW - STEP}
    for row, side in ((-1, "left"), (-2, "right"), (-3, "below"), (-4, "above")):
        upright = side in ("left", "right")
        pitch, length = (STEP, result.height) if upright else (SITE, result.width)
        pins = sides[row] if row == -1 else sorted(sides[row])
        tracks = length // pitch - 1
        if len(pins) > tracks:
            raise Failure(f"{len(pins)} pins on a side of {tracks} tracks")
        for number, (_, port) in enumerate(pins):
            along = pitch * (MARGIN + 1 + (2 * number + 1) * tracks // (2 * len(pins)))
            result.ports[port] = (3, across[side], along) if upright else (2, along, across[side])


# Routing.


def supply(placed):
    """The comb, rectangles of metal 1 by net; the rails between rows are ground and power in turn."""
    left, right, rows = LEFT + SITE // 2, LEFT + SITE // 2 + placed.width, placed.height // ROW
    found = {"gnd": [(left - 5000, BELOW + STEP // 2 - 300, left - 3000, BELOW + STEP // 2 + placed.height + 300)],
             "vdd": [(right + 3000, BELOW + STEP // 2 - 300, right + 5000, BELOW + STEP // 2 + placed.height + 300)]}
    for rail in range(rows + 1):
        y = BELOW + STEP // 2 + rail * ROW
        found["vdd" if rail % 2 else "gnd"].append((right - 200, y - 300, right + 4000, y + 300) if rail % 2 else (left - 4000, y - 300, left + 200, y + 300))
    return found


def write_def(net, placed, top, path, wires=None):
    """The placed netlist, with wires {net: lines} where it is routed; in units of a nanometre."""
    width, height = die(placed)
    lines = ["VERSION 5.6 ;", "NAMESCASESENSITIVE ON ;", 'DIVIDERCHAR "/" ;', 'BUSBITCHARS "[]" ;', f"DESIGN {top} ;",
             "UNITS DISTANCE MICRONS 1000 ;", f"DIEAREA ( 0 0 ) ( {width} {height} ) ;"]
    for layer in range(1, 7):
        pitch = (STEP, SITE, STEP, SITE, STEP, 2 * SITE)[layer - 1]
        side, axis = (height, "Y") if layer % 2 else (width, "X")
        lines.append(f"TRACKS {axis} 0 DO {side // pitch + 1} STEP {pitch} LAYER metal{layer} ;")
    lines.append(f"COMPONENTS {len(net.cells) + len(placed.fill)} ;")
    for cell, (x, y, flipped) in (placed.cells | placed.fill).items():
        kind = net.cells[cell][0] if cell in net.cells else "FILL"
        lines.append(f"- {cell} {kind} + PLACED ( {x} {y} ) {'FS' if flipped else 'N'} ;")
    lines += ["END COMPONENTS", f"PINS {len(placed.ports)} ;"]
    for port, (layer, x, y) in placed.ports.items():
        direction = {"input": "INPUT", "output": "OUTPUT", "inout": "INOUT"}[net.ports[port][1]]
        lines.append(f"- {port} + NET {port} + DIRECTION {direction} + LAYER metal{layer} ( -150 -150 ) ( 150 150 ) + PLACED ( {x} {y} ) N ;")
    nets = net.nets()
    lines += ["END PINS", f"NETS {len(nets)} ;"]
    for name, pins in nets.items():
        drawn = (wires or {}).get(name, [])
        lines += [f"- {name}", *(f"  ( {cell} {pin} )" for cell, pin in pins), *(f"{'  NEW' if number else '+ ROUTED'} {wire}" for number, wire in enumerate(drawn)), ";"]
    write(path, "\n".join([*lines, "END NETS", "END DESIGN"]) + "\n")


def die(placed):
    return placed.width + 2 * LEFT, placed.height + 2 * BELOW


def taps(rectangles):
    """Points of the tracks, as their numbers, where a via's pad on metal 1 is inside one of the rectangles."""
    return sorted({(x, y) for metal, x0, y0, x1, y1 in rectangles if metal == 1
                   for x in range(-(-(x0 + 200) // SITE), (x1 - 200) // SITE + 1) for y in range(-(-(y0 + 200) // STEP), (y1 - 200) // STEP + 1)})


def grid(net, placed):
    """The router's input: tracks, points that metal 2 in cells takes, and nets with their pins and ports. A pin that is tied has to
    reach one of the nearest supply pins of cells, each a net of its own."""
    macros = lef()[1]
    shapes = {cell: macros[net.cells[cell][0]].placed(*where) for cell, where in placed.cells.items()}
    width, height = die(placed)
    lines = [f"grid {width // SITE + 1} {height // STEP + 1}"]
    rails = {"vdd": [], "gnd": []}
    for found in shapes.values():
        for rectangles in found.values():
            for metal, x0, y0, x1, y1 in rectangles:
                if metal == 2:  # half a pad and the space between metals
                    lines += [f"block 2 {x} {y}" for x in range((x0 - 500) // SITE + 1, -(-(x1 + 500) // SITE)) for y in range((y0 - 500) // STEP + 1, -(-(y1 + 500) // STEP))]
        for supply_, points in rails.items():
            points += taps(found.get(supply_, ()))
    for name, members in net.nets().items():
        ends = [f"port {placed.ports[pin][0]} {placed.ports[pin][1] // SITE} {placed.ports[pin][2] // STEP}" if cell == "PIN"
                else "pin " + " ".join(f"{x} {y}" for x, y in taps(shapes[cell][pin])) for cell, pin in members]
        if name not in rails:
            lines += [f"net {name}", *ends]
            continue
        for end in ends:
            x, y = map(int, end.split()[1:3])
            near = nsmallest(8, rails[name], key=lambda tap: abs(tap[0] - x) + abs(tap[1] - y))
            lines += [f"net {name}", end, "pin " + " ".join(f"{x} {y}" for x, y in near)]
    return "\n".join(lines) + "\n"


def route(net, placed, top, folder, limit):
    """Runs the router on the placement, and writes routed.def."""
    write(folder / "grid", grid(net, placed))
    (folder / "wires").unlink(missing_ok=True)
    log = folder / "router.log"
    status = tool(limited([str(BUILD.absolute() / "router"), "grid", "wires"], limit), log, cwd=folder)
    said = (read(log).splitlines() or ["begins"])[-1]
    if status:
        raise Failure(f"router: {said}" if status == 1 else f"router does not end: {said}" if said.startswith(("pass", "begins")) else said)
    wires, name = defaultdict(list), ""
    for line in read(folder / "wires").splitlines():
        kind, *numbers = line.split()
        if kind == "net":
            name = numbers[0]
            continue
        metal, *points = map(int, numbers)
        places = [f"( {x * SITE} {y * STEP} )" for x, y in zip(points[::2], points[1::2])]
        wires[name].append(f"metal{metal} {' '.join(places)}" + (f" M{metal + 1}_M{metal}" if kind == "via" else ""))
    write_def(net, placed, top, folder / "routed.def", wires)
