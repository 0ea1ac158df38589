#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Layouts of the configurations of flow/mapping.py on OSU018, with Debian's graywolf, magic, netgen and OpenSTA.
  make [NAME ...]     places, routes, extracts, checks and times the blocks or configurations named, or all, the small ones first;
                      build/layout/BLOCK-CONFIG/ has what is made, synth/layout.tsv a row of each
  power [NAME ...]    measures the energy of those of flow/power.py that have a layout, with its wires and trees, into synth/layout_power.tsv
  figure [NAME ...]   draws docs/figures/layout_BLOCK.png of a block's first layout, of all blocks or those named
  pages [--check]     prints the tables of the pages from the data, or tells whether they are there
  stale               configurations whose row is of another netlist than the present, or that have none
A configuration gets 20 minutes of one core; of one that needs more, the row says where it stopped. `source` is a hash of all that a row
was made of; what is made is kept under it."""
import fcntl
import pickle
import re
import resource
from pathlib import Path

import netlist
import place
import power
import wires
from common import BUILD, LIBERTY, Failure, digest, fill, grep, keep, program, read, read_tsv, recall, table, tool, version, write, write_tsv
from equal import DIFFERENT, EQUAL, UNDECIDED
from lef import LEF, ROW, lef
from mapping import configurations, named
from raster import Raster

ROWS, ENERGY = "synth/layout.tsv", "synth/layout_power.tsv"
COLUMNS = ["block", "config", "cells", "um2", "utilisation", "width_um", "height_um", "delay_before_ns", "delay_ns", "reg_to_reg_ns", "hold_ns",
           "wire_mm", "vias", "clock_buffers", "clock_levels", "insertion_ns", "skew_ns", "drc", "equal", "seconds", "stopped", "source"]
ENERGY_COLUMNS = ["netlist", "unit", "clocks", "units", "mw_before", "mw", "mw_clock", "mw_trees", "mw_data", "pj_before", "pj", "source"]
LIMIT = 1200
# Of the core, in blocks of few and of many cells: what is large has more wires over each cell.
UTILISATION = 0.8, 0.6
TOOLS = [Path("/usr/lib/graywolf/bin/TimberWolfSC"), Path("tools/router.c")]
SETUP = str(LEF.with_name("osu018_setup.tcl"))
MARK = "{}: flow/layout.py pages"


def seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Layout:
    def __init__(self, config):
        self.config = config
        self.dir = BUILD / "layout" / config.name
        here = Path(__file__)
        self.routing = digest(config.netlist, UTILISATION, LIMIT, here.with_name("place.py"), here.with_name("lef.py"), LEF, place.PARAMETERS,
                              *(path if path.exists() else path.name for path in TOOLS))

    def source(self):
        here = Path(__file__)
        return digest(self.routing, self.config.period, netlist.FLAT, netlist.GOLD, here.with_name("wires.py"), Path("synth/common/layout.tcl"), Path("synth/common/magic.tcl"),
                      version("sta", "-version"))

    def route(self):
        """Netlist, placement, levels of the trees and seconds; made where it is not kept."""
        kept = recall(self.dir / "routed.json", self.routing)
        if kept is None:
            self.dir.mkdir(parents=True, exist_ok=True)
            start = seconds()
            net = place.netlist(self.config, self.dir)
            size = len(net.cells)
            stopped = ""
            try:
                placed, levels = place.place(net, self.dir, self.config.block, UTILISATION[len(net.cells) > place.MANY], LIMIT)
                with open(self.dir / "placed.pickle", "wb") as out:
                    pickle.dump((net, placed, levels), out)
                place.route(net, placed, self.config.top, self.dir, max(1, LIMIT - round(seconds() - start)))
            except Failure as failure:
                stopped = str(failure)
            kept = {"cells": size, "stopped": stopped, "seconds": round(seconds() - start)}
            keep(self.dir / "routed.json", self.routing, kept)
        if kept["stopped"]:
            return None, kept
        with open(self.dir / "placed.pickle", "rb") as made:
            return pickle.load(made), kept

    def make(self):
        """Its row."""
        row = recall(self.dir / "row.json", self.source())
        if row is None:
            row = {"block": self.config.block, "config": self.config.config, "source": self.source()}
            made, kept = self.route()
            row |= kept | {"delay_before_ns": self.config.make()["delay_ns"]}
            if made:
                row |= self.measure(*made)
            keep(self.dir / "row.json", self.source(), row)
        return row

    def measure(self, net, placed, levels):
        top = self.config.top
        routed = wires.routed(self.dir / "routed.def")
        shapes = wires.pins(net, placed)
        wires.patch(routed, placed, shapes, self.dir / "routed.def", self.dir / "layout.def")
        graphs, broken = wires.graphs(net, routed, shapes)
        if broken:
            return {"stopped": f"{len(broken)} nets are in pieces"}
        if shorts := wires.shorts(net, routed, shapes):
            return {"stopped": f"{len(shorts)} pairs of nets overlap"}
        wires.spef(net, graphs, top, self.dir / "layout.spef")
        write(self.dir / "layout.v", net.verilog(top))
        macros = lef()[1]
        um2 = sum(macros[kind].width for kind, _ in net.cells.values()) * ROW / 1e6
        return {"cells": len(net.cells), "um2": f"{um2:.0f}", "utilisation": f"{um2 * 1e6 / placed.width / placed.height:.2f}",
                "width_um": f"{placed.width / 1000:.0f}", "height_um": f"{placed.height / 1000:.0f}",
                "wire_mm": f"{sum(net.length() for net in routed.values()) / 1e6:.1f}", "vias": sum(len(net.vias) for net in routed.values()),
                "clock_buffers": sum(cell.startswith("clk_i_") for cell in net.cells), "clock_levels": levels.get("clk_i", 0)} | self.time() | self.check(net) | self.equal(net)

    def check(self, net):
        """Violations that magic finds in the wires and the cells' abstracts; the netlist that it extracts has to be the one that was placed, by netgen."""
        top = self.config.top
        tool(["magic", "-dnull", "-noconsole", "-rcfile", "/dev/null", str(Path("synth/common/magic.tcl").absolute())], self.dir / "magic.log",
             env={"LEF": str(LEF), "TOP": top}, cwd=self.dir)
        found = re.search(r"^@drc (\d+)$", (self.dir / "magic.log").read_text(errors="replace"), re.M)
        if not found:
            raise Failure(f"{self.config.name}: magic fails, see {self.dir}/magic.log")
        for old in self.dir.glob("*.ext"):
            old.unlink()
        write(self.dir / "placed.spice", net.spice(top))
        tool(["netgen-lvs", "-batch", "lvs", f"layout.spice {top}", f"placed.spice {top}", SETUP, "comp.out", "-blackbox"], self.dir / "netgen.log",
             cwd=self.dir)
        same = grep("^Result: Circuits match uniquely", self.dir / "netgen.log")
        return {"drc": int(found[1])} | ({} if same else {"stopped": "netgen: not the netlist that was placed"})

    def equal(self, net):
        """Whether the placed netlist, trees and all, is the RTL's for every input, where the mapped one is proven to be."""
        if "prove" not in self.config.options:
            return {}
        value = {"vdd": 1, "gnd": 0}
        constant = "".join(f"  assign {port} = 1'b{value[supply]};\n" for port, supply in net.ties.items() if net.directions[port.split("[")[0]] == "output")
        write(self.dir / "laid.v", net.verilog(self.config.top).replace("endmodule", f"{constant}endmodule"))
        found = UNDECIDED
        if netlist.and_graph(self.config.dir, "gold", self.config.top, self.config.front() + netlist.GOLD):
            found = netlist.against_rtl(self.config, self.dir / "laid.v", "laid", 600)
        return {"equal": "proven"} if found == EQUAL else {"stopped": "not the RTL's function"} if found == DIFFERENT else {}

    def time(self):
        log = self.dir / "sta.log"
        tool(["sta", "-no_splash", "-exit", "synth/common/layout.tcl"], log, env={
            "TOP": self.config.top, "PERIOD": self.config.period, "LIBERTY": LIBERTY, "DIR": str(self.dir)})
        numbers = dict(re.findall(r"^@(\w+) (\S+)$", read(log), re.M))
        error = grep("^(OpenSTA:|Error|Warning)", log)
        if error or "delay_ns" not in numbers:
            raise Failure(f"{self.config.name}: {error or 'no report'}, see {log}")
        return numbers


def committed():
    return {f"{row['block']}-{row['config']}": row for row in read_tsv(ROWS)} if Path(ROWS).exists() else {}


def named_all():
    return [config.name for config in configurations(None, "all")]


def make(names):
    chosen = [config for name in names for config in named(name)] if names else configurations()
    sizes = {f"{row['block']}-{row['config']}": int(row["cells"]) for row in read_tsv("synth/results.tsv")}
    failed = 0
    for config in sorted(chosen, key=lambda config: sizes.get(config.name, 0)):
        try:
            config.make()
            row = Layout(config).make()
        except Failure as failure:
            print(f"not ok - layout {failure}")
            failed = 1
            continue
        print(f"{config.name}: {row['stopped'] or row['delay_ns'] + ' ns'}, {row['seconds']} s", flush=True)
        with open(BUILD / "layout/lock", "w") as lock:  # one process at a time
            fcntl.flock(lock, fcntl.LOCK_EX)
            rows = committed() | {config.name: {key: str(row.get(key, "")) for key in COLUMNS}}
            write_tsv(ROWS, COLUMNS, [rows[name] for name in named_all() if name in rows])
    return failed


def energy(run):
    """What flow/power.py measures, of the placed netlist with its wires; the toggles are the mapped netlist's, whose cells all are there."""
    config, = named(run[0].split()[0])
    layout = Layout(config)
    net = layout.route()[0][0]
    back, added = {old: new for new, old in net.original.items()}, []

    def look(activity, shut):
        found = power.watts(config, layout.dir / "layout.v", activity, [back[cell] for cell in shut], layout.dir / "layout.spef")
        if activity == 0 and not shut:
            added.append(sum(watts for cell, watts in found.items() if cell not in net.original))
        return {net.original[cell]: watts for cell, watts in found.items() if cell in net.original}

    before, after = power.measure(*run), power.measure(*run, look)
    mw, trees = float(after["mw"]), 1e3 * added[0]
    clock, data = (sum(float(after[part]) for part in parts) for parts in (("mw_clock_pins", "mw_gates"), ("mw_flops", "mw_other")))
    return {key: before[key] for key in ("netlist", "unit", "clocks", "units")} | {
        "mw_before": before["mw"], "mw": f"{mw + trees:.2f}", "mw_clock": f"{clock:.2f}", "mw_trees": f"{trees:.2f}", "mw_data": f"{data:.2f}", "pj_before": before["pj"],
        "pj": f"{float(after['pj']) * (mw + trees) / mw:.1f}", "source": layout.source()}


def energies(names):
    rows = {row["netlist"]: row for row in read_tsv(ENERGY)} if Path(ENERGY).exists() else {}
    there = [name for name, row in committed().items() if not row["stopped"]]
    for run in power.RUNS:
        if run[0].split()[0] in there and (not names or run[0].split()[0] in names):
            rows[run[0]] = energy(run)
            print(f"{run[0]}: {rows[run[0]]['pj']} pJ a {run[1]}", flush=True)
    write_tsv(ENERGY, ENERGY_COLUMNS, [rows[run[0]] for run in power.RUNS if run[0] in rows])
    return 0


def first(name):
    """Of a block, the first configuration that has a layout; or the one of this name."""
    rows = committed()
    found = [config for config in named(name) if not rows.get(config.name, {"stopped": "none"})["stopped"]]
    if not found:
        raise Failure(f"{name} has no layout")
    return found[0]


# Ground, rows, logic, flops, buffers of the trees, and the metals.
COLOURS = ["#ffffff", "#f2f2f2", "#d5d9e4", "#b5d6b2", "#f0a030", "#7a7a7a", "#c05050", "#4060c0", "#309090", "#905090", "#000000"]


def figure(config):
    """Draws the layout, metals above cells, the upper ones last."""
    made, kept = Layout(config).route()
    if not made:
        raise Failure(f"{config.name}: {kept['stopped']}")
    net, placed, _ = made
    macros = lef()[1]
    picture = Raster(placed.width + 2 * place.LEFT, placed.height + 2 * place.BELOW, 900, COLOURS)
    picture.rectangle(place.LEFT, place.BELOW, place.LEFT + placed.width, place.BELOW + placed.height, 1)
    for cell, (x, y, _) in placed.cells.items():
        kind = net.cells[cell][0]
        colour = 4 if cell.startswith(tuple(place.TREES)) else 3 if kind.startswith("DFF") else 2
        picture.rectangle(x + 150, y + 600, x + macros[kind].width - 150, y + ROW - 600, colour)
    routed = wires.routed(Layout(config).dir / "routed.def")
    for metal, *rectangle in sorted(shape for net in routed.values() for shape in map(wires.drawn, net.segments)):
        picture.rectangle(*rectangle, 4 + metal)
    path = Path(f"docs/figures/layout_{config.block}.png")
    path.write_bytes(picture.png())
    print(path)


def shown(row):
    """A row of the tables."""
    clock = f"{row['clock_buffers']} in {row['clock_levels']} levels, {row['insertion_ns']}, {row['skew_ns']}" if row["insertion_ns"] else ""
    return [row["config"], row["cells"], f"{row['width_um']} x {row['height_um']}", row["utilisation"], row["um2"], row["delay_before_ns"],
            row["delay_ns"], row["reg_to_reg_ns"], row["hold_ns"], row["wire_mm"], row["vias"], clock, row["drc"], row["equal"], row["seconds"]]


HEAD = ["configuration", "cells", "core, um", "utilisation", "cells, um2", "ns before layout", "ns after", "register to register, ns",
        "hold slack, ns", "wire, mm", "vias", "clock tree: buffers, ns to the flops, skew", "rule violations", "equals the RTL", "CPU s"]


def pages(check):
    """Whether the pages have what the data say."""
    rows, mapped = read_tsv(ROWS), read_tsv("synth/results.tsv")
    done, rest = ([row for row in rows if bool(row["stopped"]) == stopped] for stopped in (False, True))
    tried = committed()
    rest += [{"block": row["block"], "config": row["config"], "cells": row["cells"], "stopped": "not tried", "seconds": ""} for row in mapped
             if f"{row['block']}-{row['config']}" not in tried]
    good = [fill("docs/layout.md", MARK.format("layout"), table(["block", *HEAD], [[row["block"], *shown(row)] for row in done]), check),
            fill("docs/layout.md", MARK.format("unfinished"), table(["block", "configuration", "cells", "stopped by", "CPU s"], [
                [row[key] for key in ("block", "config", "cells", "stopped", "seconds")] for row in sorted(rest, key=lambda row: int(row["cells"]))]), check)]
    cells = [[*(row[key] for key in ("netlist", "mw_before", "mw", "mw_clock", "mw_trees", "mw_data")), f"{row['pj_before']} a {row['unit']}", row["pj"],
              f"{float(row['pj']) / float(row['pj_before']):.2f}"] for row in read_tsv(ENERGY)]
    good.append(fill("docs/layout.md", MARK.format("energy"), table(
        ["netlist", "mW before layout", "mW after", "clock pins and gates", "clock and reset trees", "data", "pJ before", "pJ after", "ratio"], cells), check))
    for block in dict.fromkeys(row["block"] for row in done):
        lines = table(HEAD, [shown(row) for row in done if row["block"] == block])
        good.append(fill(f"docs/blocks/{block}.md", MARK.format("layout"), lines, check))
    return all(good)


def main(arguments):
    verb, *rest = arguments or [""]
    if verb == "make":
        return make(rest)
    if verb == "power":
        return energies(rest)
    if verb == "figure":
        for config in map(first, rest or dict.fromkeys(row["block"] for row in read_tsv(ROWS))):
            figure(config)
        return 0
    if verb == "pages" and rest in ([], ["--check"]):
        if pages(bool(rest)) or not rest:
            return 0
        print("pages: not what synth/layout.tsv says: flow/layout.py pages")
        return 1
    if arguments == ["stale"]:
        rows = committed()
        print(*(config.name for config in configurations(None, "all") if rows.get(config.name, {}).get("source") != Layout(config).source()), sep="\n")
        return 0
    raise Failure("takes make [NAME ...], power [NAME ...], figure [NAME ...], pages [--check] or stale")


if __name__ == "__main__":
    program(main)
