#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Placement, routing and wires of flow/layout.py without its other tools: trees are balanced, rows are legal; cells at random are routed without an
open or a short; an open, a short and a tied pin without a supply are seen; resistance and capacitance are the LEF's. And a small block as a whole,
where the tools are installed."""
import random
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "flow"))
import layout  # noqa: E402
import place  # noqa: E402
import wires  # noqa: E402
from common import BUILD, Failure, Tap, program, read  # noqa: E402
from lef import SITE, lef  # noqa: E402
from mapping import named  # noqa: E402

tap = Tap()


def module(flops):
    """So many flops in a chain, in Yosys's JSON; the last one's output has two ports."""
    cells = {f"_{n}_": {"type": "DFFSR", "connections": {"CLK": [2], "R": [3], "S": ["1"], "D": [4 + n], "Q": [5 + n]}} for n in range(flops)}
    last = [4 + flops]
    return {"cells": cells, "ports": {name: {"direction": way, "bits": bits} for name, way, bits in (
        ("clk_i", "input", [2]), ("rst_ni", "input", [3]), ("d_i", "input", [4]), ("q_o", "output", last), ("again_o", "output", last))}}


def trees():
    """Every flop has as many buffers above it, no buffer more than 16 pins below it."""
    net = place.Netlist(module(300))
    draw = random.Random(1)
    where = {cell: (draw.random(), draw.randrange(20)) for cell in net.cells}
    made, levels = place.grow(net, "clk_i", where)
    drives = {pins["Y"]: cell for cell, (kind, pins) in net.cells.items() if kind == place.TREES["clk_i"][0]}
    sinks, depths = defaultdict(int), set()
    for cell, (kind, pins) in net.cells.items():
        above, depth = pins.get("CLK" if kind == "DFFSR" else "A"), 0
        sinks[above] += 1
        while kind == "DFFSR" and above != "clk_i":
            above, depth = net.cells[drives[above]][1]["A"], depth + 1
        depths |= {depth} if kind == "DFFSR" else set()
    tap(depths == {levels} == {3}, f"every flop is {levels} buffers from the clock")
    tap(len(made) == len(drives) and max(count for wire, count in sinks.items() if wire in drives) <= 16, "a buffer drives at most 16 pins")
    tap(sinks["clk_i"] == 1, "the clock's port drives one buffer")
    gated = module(300)
    gated["cells"] |= {"gate": {"type": "AND2X2", "connections": {"A": [2], "B": [4], "Y": [900]}}}
    for n in range(8):
        gated["cells"][f"_{n}_"]["connections"]["CLK"] = [900]
    net = place.Netlist(gated)
    place.grow(net, "clk_i", {cell: (draw.random(), draw.randrange(20)) for cell in net.cells})
    tap(net.cells["gate"][1]["A"].startswith("clk_i_1_"), "a clock gate takes a leaf's place")
    extra = [pins for kind, pins in net.cells.values() if kind == place.BUFFER]
    tap(extra == [{"A": "q_o", "Y": "again_o"}], "a port that another port's net drives has a buffer")


def rows():
    """Cells and fillers cover a row without overlap, on sites."""
    net, result = place.Netlist(module(4)), place.Placement()
    used = sum(lef()[1][kind].width for kind, _ in net.cells.values())
    result.width = used + 7 * SITE
    place.fit(result, net, [(0, 0, cell) for cell in net.cells], 1, used)
    spans = sorted([(x, x + lef()[1][net.cells[cell][0]].width) for cell, (x, _, _) in result.cells.items()]
                   + [(x, x + SITE) for x, _, _ in result.fill.values()])
    start = place.LEFT + SITE // 2
    tap(spans[0][0] == start and spans[-1][1] == start + result.width and all(one[1] == other[0] for one, other in zip(spans, spans[1:])),
        "a row is full and nothing overlaps")
    tap(all((x - start) % SITE == 0 for x, _ in spans) and all(flipped for _, _, flipped in result.cells.values()), "on sites, every other row upside down")


DEF = """NETS 3 ;
- a_i
  ( PIN a_i )
  ( u0 A )

+ ROUTED metal3 ( 800 14000 ) ( 8000 * ) M3_M2
  NEW metal2 ( 8000 14000 ) ( * 12000 ) M2_M1 ;
- n
  ( u0 Y )
  ( u1 A )

+ ROUTED metal1 ( 8800 15000 ) M2_M1
  NEW metal2 ( 8800 15000 ) ( 9600 * ) ( * 12000 ) {via} ;
- y_o
  ( PIN y_o )
  ( u1 Y )

+ ROUTED metal1 ( 10400 15000 ) M2_M1
  NEW metal2 ( 10400 15000 ) ( * {end} ) ;
END NETS
"""


def pair():
    """Two inverters beside each other, ports left and above."""
    net = place.Netlist({"cells": {f"u{n}": {"type": "INVX1", "connections": {"A": [2 + n], "Y": [3 + n]}} for n in (0, 1)}, "ports": {
        "a_i": {"direction": "input", "bits": [2]}, "y_o": {"direction": "output", "bits": [4]}}})
    placed = place.Placement()
    for n in (0, 1):
        placed.cells[f"u{n}"] = 7600 + 1600 * n, 9500, False
    placed.ports = {"a_i": (3, 800, 14000), "y_o": (2, 10400, 27000)}
    return net, placed


def judged(folder, text, net, placed):
    path = folder / "routed.def"
    path.write_text(text, encoding="utf-8")
    nets, shapes = wires.routed(path), wires.pins(net, placed)
    graphs, broken = wires.graphs(net, nets, shapes)
    return nets, graphs, broken, wires.shorts(net, nets, shapes)


def extraction(folder):
    net, placed = pair()
    own = net.cells["u0"][1]["Y"]
    good = DEF.format(via="M2_M1", end=27000).replace("- n\n", f"- {own}\n")
    nets, graphs, broken, shorts = judged(folder, good, net, placed)
    tap(not broken and not shorts, "wires that are whole and apart")
    tap(sum(wire.length() for wire in nets.values()) == 7200 + 2000 + 800 + 3000 + 12000, "their length")
    layers = lef()[0]
    um = {3: 7.2, 2: 2.0}
    pf = sum(length * (.3 * layers[metal]["CAPACITANCE"] + 2 * layers[metal]["EDGECAPACITANCE"]) for metal, length in um.items())
    ohms = sum(length / .3 * layers[metal]["RESISTANCE"] for metal, length in um.items()) + 2 * wires.VIA_OHM
    graph = graphs["a_i"]
    tap(abs(sum(graph.pf.values()) - pf) < 1e-9, f"capacitance {1000 * pf:.3f} fF")
    tap(abs(sum(r for _, _, r in graph.resistors if r > .01) - ohms) < 1e-6, f"resistance {ohms:.2f} ohms")
    wires.spef(net, graphs, "top", folder / "pair.spef")
    tap(read(folder / "pair.spef").count("*D_NET") == 3 and "*I u1:A I" in read(folder / "pair.spef"), "SPEF has the nets")
    broken = judged(folder, DEF.format(via="", end=27000).replace("- n\n", f"- {own}\n"), net, placed)[2]
    tap(broken == [own], "a via that is missing is seen")
    tap(judged(folder, DEF.format(via="M2_M1", end=26000).replace("- n\n", f"- {own}\n"), net, placed)[2] == ["y_o"], "a port that is not reached is seen")
    crossed = good.replace("( 8000 * ) M3_M2", "( 8000 * ) M3_M2\n  NEW metal3 ( 8000 14000 ) ( 8800 * ) M3_M2")
    tap(judged(folder, crossed, net, placed)[3] == set(), "a wire beside another one is no short")
    crossed = good.replace("( 8000 * ) M3_M2", "( 8000 * ) M3_M2\n  NEW metal2 ( 8000 13000 ) ( 9600 * )")
    tap({frozenset(two) for two in judged(folder, crossed, net, placed)[3]} == {frozenset(("a_i", own))}, "a wire across another one is a short")


def whole():
    """One small block, from RTL to its row."""
    missing = [tool for tool in ("graywolf", "magic", "netgen-lvs") if not shutil.which(tool)]
    if missing:
        print(f"ok - layout of sar_ctrl-fixed6 # SKIP no {missing[0]}")
        return
    config, = (config for config in named("sar_ctrl") if config.config == "fixed6")
    config.make()
    row, old = layout.Layout(config).make(), layout.committed()["sar_ctrl-fixed6"]
    tap(not row.get("stopped") and row["drc"] == 0 and all(abs(float(row[key]) / float(old[key]) - 1) <= .05 for key in ("um2", "delay_ns", "wire_mm")),
        f"layout of sar_ctrl-fixed6: {row.get('stopped') or row['delay_ns'] + ' ns'}, the table has {old['delay_ns']} ns")


def shuffled(cells, seed):
    """NAND2 in rows of ten, each on two outputs drawn from those before it, or on a port or a supply."""
    draw = random.Random(seed)
    sources = [2, 3, "1", "0"]
    made = {}
    for n in range(cells):
        made[f"u{n}"] = {"type": "NAND2X1", "connections": {"A": [draw.choice(sources)], "B": [draw.choice(sources[-20:])], "Y": [4 + n]}}
        sources.append(4 + n)
    net = place.Netlist({"cells": made, "ports": {
        "a_i": {"direction": "input", "bits": [2]}, "b_i": {"direction": "input", "bits": [3]}, "y_o": {"direction": "output", "bits": [3 + cells]}}})
    placed, names = place.Placement(), draw.sample(list(net.cells), cells)
    width = sum(lef()[1]["NAND2X1"].width for _ in range(10))
    placed.width, placed.height = width + 12 * SITE, cells // 10 * 10000
    for row in range(cells // 10):
        place.fit(placed, net, [(n, row, cell) for n, cell in enumerate(names[10 * row:10 * row + 10])], row, width)
    place.ports(placed, net, {})
    return net, placed


def routing(folder):
    """What the router makes of cells at random is whole and apart; what it cannot, it says."""
    for seed in range(3):
        net, placed = shuffled(200, seed)
        place.route(net, placed, "top", folder, 60)
        nets, _, broken, shorts = judged(folder, read(folder / "routed.def"), net, placed)
        length = sum(wire.length() for wire in nets.values())
        tap(not broken and not shorts and length > 0, f"200 cells at random, seed {seed}: {length / 1e6:.1f} mm of wires, whole and apart")
    net, placed = pair()
    lines = ["grid 30 30", *place.grid(net, placed).splitlines()[1:]]
    own = next(line for number, line in enumerate(lines) if lines[number - 1].startswith("net n")).split()
    walls = [f"block {metal} {x} {y}" for metal in (2, 3) for x in range(30) for y in range(30) if metal == 3 or [str(x), str(y)] != own[1:3]]
    for name, text, status in (("is walled in", [lines[0], *walls, *lines[1:]], 1), ("is outside the grid", ["grid 2 2", *lines[1:]], 2), ("has a terminal without a point", [*lines, "net n", "pin"], 2),
                               ("is no line", [*lines, "nett n"], 2), ("has no grid", lines[1:], 2), ("has a terminal first", [lines[0], "pin 1 1"], 2), ("has half a point", [lines[0], "net n", "port 3 1"], 2),
                               ("has a grid too large", ["grid 1000000 1000000"], 2), ("is empty", [], 2)):
        (folder / "grid").write_text("\n".join(text) + "\n", encoding="utf-8")
        (folder / "wires").unlink(missing_ok=True)
        run = subprocess.run([BUILD.absolute() / "router", "grid", "wires"], cwd=folder, capture_output=True, text=True, timeout=60)
        said = run.stderr.splitlines()
        tap(run.returncode == status and len(said) == 1 and said[0].startswith("router: ") and not (folder / "wires").exists(), f"a net that {name}" if status == 1 else f"input that {name}: {''.join(said)}")


def tied(folder):
    """A pin that is tied has to reach a rail of its supply."""
    net, placed = pair()
    net.cells["u1"] = "INVX1", {"A": "vdd", "Y": "y_o"}
    rail = "- vdd\n  ( u1 A )\n\n+ ROUTED metal1 ( 9600 12000 ) M2_M1\n  NEW metal2 ( 9600 12000 ) ( * {end} ) M2_M1 ;\nEND NETS"
    text = DEF.replace(DEF[DEF.index("- n\n"):DEF.index("- y_o")], "").format(end=27000)
    own = net.cells["u0"][1]["Y"]
    for end, good in ((19000, True), (15000, False), (10000, False)):
        done = text.replace("END NETS", f"- {own}\n  ( u0 Y )\n\n;\n" + rail.format(end=end))
        broken = judged(folder, done, net, placed)[2]
        tap((broken == []) == good, f"a pin that is tied {'reaches' if good else 'has to reach'} power: {broken or 'whole'}")


def main(_):
    whole()
    with tempfile.TemporaryDirectory() as folder:
        trees()
        rows()
        extraction(Path(folder))
        routing(Path(folder))
        tied(Path(folder))
    return tap.failed


if __name__ == "__main__":
    program(main)
