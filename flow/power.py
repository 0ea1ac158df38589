#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Energy of mapped netlists on what a network's layers see.
  flow/power.py [NETLIST ...]      measures (those named, or all), into synth/power.tsv, synth/power_parts.tsv and synth/token.tsv, and prints
                                   the tables of docs/power.md; with PERIMETER_LIBERTY into synth/power_libraries.tsv and onto docs/nodes.md
                                   where the library is in synth/common/libraries, and else they are printed alone
  flow/power.py pages [--check]    the tables alone, or tells whether they are there
The vectors are the first test image's, layer 1 (tools/network_vectors.c), and what the last layer of fashion-cnn sees of the first four, with
its weights before and after training for fewer toggles (tools/macro_vectors.c). `perimeter op` runs them on the netlist with a
waveform, whose toggles are counted net by net (flow/activity.py). OpenSTA 2.0.17 reads neither waveforms nor activities of single pins,
but a cell's power is linear in its toggles: P(0) + toggles a clock * (P(1) - P(0)), both from report_power at one activity
everywhere."""
import re
import struct
from collections import defaultdict
from functools import partial

from activity import activity, cells, plain
from common import BUILD, Failure, fill, grep, program, read, read_tsv, table, tool, update_tsv, write, write_tsv, yosys
from liberty import library
from mapping import named

VECTORS = BUILD / "synth/vectors"
ENERGY, TOKEN, PARTS, OTHERS = "synth/power.tsv", "synth/token.tsv", "synth/power_parts.tsv", "synth/power_libraries.tsv"
COLUMNS = ["netlist", "clocks", "unit", "units", "mw", "mw_clock_pins", "mw_gates", "mw_flops", "mw_other", "pj"]
PART_COLUMNS = ["netlist", "registers", "flops", "pulses", "pj_clock", "pj_toggles", "pj_logic"]
MOST = 8  # of a netlist's registers, those that cost most
MAC = "nmc-mac --in x={v}/%s_x.npy --in w={v}/%s_w.npy --set signed=0 --set order=%s --out y={v}/%s_y.npy --out stats={v}/%s_stats.npy"
OPS = {"bitsift": ("access", "bitsift --in x={v}/x.npy --out accesses={v}/accesses.npy"),
       "flare_gemv": ("access", "flare-gemv --in x={v}/a.npy --in w={v}/v.npy --set wbits=10 --out y={v}/y.npy --out accesses={v}/accesses.npy"),
       "vdr_softmax": ("row", "vdr-softmax --in x={v}/logit.npy --in ne={v}/ne.npy --out a={v}/rows.npy --out z={v}/z.npy"),
       "hyflex_gemv": ("conversion", "hyflex-gemv --in x={v}/x4.npy --in w={v}/wq.npy --out y={v}/hyflex.npy --out clips={v}/clips.npy")}
# Netlist, perhaps with what it runs, unit, and the op's arguments, of vectors v.
RUNS = [*((name, *OPS[name.partition("-")[0]]) for name in (
            "bitsift-d64", "bitsift-gated", "flare_gemv-values", "flare_gemv-values-gated", "vdr_softmax-l16", "vdr_softmax-l16-gated",
            "hyflex_gemv-nested", "hyflex_gemv-gated")),
        *((f"nmc-c70 {order}, {net}", "operation", MAC % (net, net, order, net, net))
          for order in ("once", "vwm") for net in ("fashion-cnn", "fashion-cnn-ggd"))]
MARK = "{}: flow/power.py pages"


def words(file):
    """Of what an op counted: 32 bits each, after a header of 128 bytes."""
    data = (VECTORS / file).read_bytes()[128:]
    return struct.unpack(f"<{len(data) // 4}i", data)


def units(unit, log, arguments):
    if unit == "access":
        return sum(words("accesses.npy"))
    if unit == "row":
        return len(words("z.npy"))
    if unit == "operation":
        return len(words(re.search(r"\{v\}/(\S+_y\.npy)", arguments)[1]))
    return int(re.search(r" of (\d+) conversions", read(log))[1])


def simulated(config):
    """The netlist as it is simulated, flat: its nets have numbers of their own."""
    buses = config.dir / "buses.v"
    if not buses.exists():
        return config.net
    flat = config.dir / "flat.v"
    if yosys(f"read_liberty -lib {config.liberty}; read_verilog {buses}; hierarchy -top {config.top}; flatten; splitnets; opt_clean; "
             f"write_verilog -noattr {flat}", config.dir / "flat.log"):
        raise Failure(f"{config.name}: see {config.dir}/flat.log")
    return flat


def clock_tree(cells, library):
    """Gates that a clock passes, in order, of each net that carries one; the net's names end in clk_i."""
    source = {pins[pin]: name for name, (kind, pins) in cells.items() for pin in library.drives[kind] if pins.get(pin)}
    gates = {library.gate.get("cell") or library.gate.get("and")}
    state, chains = library.gate.get("latch"), {"clk_i": []}

    def chain(net):
        """Nothing where no clock is behind."""
        if net not in chains:
            chains[net] = None
            kind, pins = cells.get(source.get(net), ("", {}))
            passes = kind == library.gate.get("inverter") or kind in gates
            behind = [chain(other) for pin, other in pins.items() if passes and pin not in library.drives[kind]
                      and (kind not in gates or cells.get(source.get(other), ("",))[0] != state)]
            if (found := next((one for one in behind if one is not None), None)) is not None:
                chains[net] = found + [net] if kind in gates else found
        return chains[net]

    return {net: found for net in source if (found := chain(net)) is not None} | {"clk_i": []}


def watts(config, net, activity_, shut, spef=""):
    """Of each cell, when every net toggles so often a clock and the clock does not pass some cells, or, with None, stands still; with the
    wires of a SPEF."""
    log = config.dir / "power.log"
    write(config.dir / "shut", "".join(f"{cell}\n" for cell in shut or []))
    tool(["sta", "-no_splash", "-exit", "synth/common/power.tcl"], log, env={
        "LIBERTY": config.liberty, "NET": str(net), "TOP": config.top, "PERIOD": config.period, "ACTIVITY": str(activity_),
        "LOAD": f"{config.library.load / 1000:g}", "SHUT": str(config.dir / "shut"), "STILL": str(int(shut is None)), "SPEF": str(spef)})
    if error := grep("^(OpenSTA|Error)", log):
        raise Failure(f"{config.name}: {error}")
    rows = (line.split() for line in read(log).splitlines())
    return {row[-1].replace("\\", ""): float(row[3]) for row in rows if len(row) >= 5 and re.match(r"-?[0-9.]+(e|$)", row[3])}


def ideal(config, net, tree):
    """The netlist with every flop on the ungated clock: what a gate drives is a clock tree to be, and counts as little as the clock's port."""
    lines, flop = [], False
    for line in read(net).splitlines():
        if head := re.match(r"  (\w+) (\\\S+ |\w+) \($", line):
            flop = head[1] in config.library.flop_cells
        elif (pin := re.match(r"(    \.\w+\()(.*)(\),?)$", line)) and flop and tree.get(plain(pin[2])):
            line = f"{pin[1]}clk_i{pin[3]}"
        lines.append(line)
    write(config.dir / "ideal.v", "\n".join(lines) + "\n")
    return config.dir / "ideal.v"


def weigh(config, net, cells, toggles, placed):
    """Watts of each cell: what its clock costs, and what its outputs' toggles do. Each depth of gates is opened in turn, and what this
    adds to a cell is weighed with how often the clock pulses that opens. Before layout a flop's clock is ideal, and weighed with its
    pulses; `placed(activity, shut)` looks at a layout, where the tree behind a gate is there."""
    library, tree = config.library, clock_tree(cells, config.library)
    look, still = placed, None
    if not look:
        look = partial(watts, config, ideal(config, net, tree))
        still = look(0, None)
    depth = {next(name for name, (kind, pins) in cells.items() if any(pins.get(pin) == net for pin in library.drives[kind])): len(found)
             for net, found in tree.items() if found and found[-1] == net}
    levels = max(depth.values(), default=0)
    states = [look(0, [cell for cell, at in depth.items() if at > level]) for level in range(levels + 1)]
    busy = look(1, [])
    if missing := cells.keys() - busy.keys():
        raise Failure(f"{config.name}: no power of {len(missing)} cells, as {min(missing)}")
    clock, data = {}, {}
    for name, (kind, pins) in cells.items():
        gates = max((tree[other] for other in pins.values() if other in tree), key=len, default=[])
        if still and kind in library.flop_cells:
            pulses = toggles[gates[-1]] / 2 if gates else 1
            clock[name] = still[name] + pulses * (states[0][name] - still[name])
        else:
            clock[name] = states[0][name] + sum(toggles[gate] / 2 * (after[name] - before[name])
                                                for gate, before, after in zip(gates, states, states[1:]))
        data[name] = sum(toggles[pins[pin]] * (busy[name] - states[-1][name]) for pin in library.drives[kind]
                         if pins.get(pin) and pins[pin] not in tree)
    return clock, data, {name for name in cells if any(other in tree for other in cells[name][1].values())}


def part(net):
    """The register that a flop's net is a bit of; of those that have lost their names, the module."""
    return re.sub(r"\[[0-9]+\]|\.?_[0-9]+_$", "", net) or "others"


def remains(config, cells_, toggles, clock, data, clocked, scale):
    """Where the energy goes, in pJ a unit: by register, clock pins, toggles, and the logic that leads to it alone."""
    drives, tree = config.library.drives, clock_tree(cells_, config.library)
    source = {pins[pin]: name for name, (kind, pins) in cells_.items() for pin in drives[kind] if pins.get(pin)}
    flops, heads = defaultdict(list), defaultdict(set)
    for name, (kind, pins) in cells_.items():
        if kind in config.library.flop_cells:
            flops[part(next(pins[pin] for pin in drives[kind] if pins.get(pin)))].append(name)
    for register, names in flops.items():
        seen, nets = set(), [net for name in names for pin, net in cells_[name][1].items() if pin not in drives[cells_[name][0]]]
        while nets:
            cell = source.get(nets.pop())
            if cell and cell not in seen and cell not in clocked and cells_[cell][0] not in config.library.flop_cells:
                seen.add(cell)
                heads[cell].add(register)
                nets += [net for pin, net in cells_[cell][1].items() if pin not in drives[cells_[cell][0]]]
    logic = defaultdict(float)
    for cell in cells_.keys() - clocked:
        found = heads.get(cell, set())
        logic[min(found) if len(found) == 1 else ""] += clock[cell] + data[cell]
    rows = []
    for register, names in flops.items():
        pulses = [toggles[gates[-1]] / 2 if gates else 1 for name in names
                  for gates in [max((tree[net] for net in cells_[name][1].values() if net in tree), key=len, default=[])]]
        rows.append([register, len(names), sum(pulses) / len(names), *(1e12 * scale * value for value in (
            sum(clock[name] for name in names), sum(data[name] for name in names), logic[register]))])
    rows.sort(key=lambda row: -sum(row[3:]))
    gates = 1e12 * scale * sum(clock[cell] + data[cell] for cell in clocked if cells_[cell][0] not in config.library.flop_cells)
    tail = [["all others", sum(row[1] for row in rows[MOST:]), "", *(sum(row[at] for row in rows[MOST:]) for at in (3, 4, 5))],
            ["clock gates", "", "", gates, "", ""], ["logic that several share", "", "", "", "", 1e12 * scale * logic[""]]]
    return [{column: f"{value:.3f}" if column == "pulses" and value != "" else f"{value:.1f}" if isinstance(value, float) else value
             for column, value in zip(PART_COLUMNS[1:], row)} for row in rows[:MOST] + tail]


def measured(name, unit, arguments, placed=None):
    """A row of the table, and where it goes."""
    config, = (config for config in named(name.split()[0]))
    config.make()
    net, log, wave = simulated(config), config.dir / "op.log", config.dir / "wave.vcd"
    command = [BUILD / "perimeter", "op", *arguments.format(v=VECTORS).split(), "--engine", "rtl", "--wave", wave]
    if tool(list(map(str, command)), log, env={"PERIMETER_NETLIST": "gated" if config.gated() else "1", "PERIMETER_TRACE": "vcd"}):
        raise Failure(f"{name}: the op fails, see {log}")
    found = cells(net)
    clocks, toggles = activity(found, config.library.drives, wave)
    wave.unlink()
    clock, data, clocked = weigh(config, net, found, toggles, placed)
    count = units(unit, log, arguments)
    if not count:
        raise Failure(f"{name}: no {unit}s")
    flops = {cell for cell, (kind, _) in found.items() if kind in config.library.flop_cells}
    parts = {"mw_clock_pins": sum(clock[cell] for cell in flops), "mw_gates": sum(clock[cell] + data[cell] for cell in clocked - flops),
             "mw_flops": sum(data[cell] for cell in flops), "mw_other": sum(clock[cell] + data[cell] for cell in found.keys() - clocked)}
    total = sum(parts.values())
    seconds = float(config.period) * 1e-9 * clocks / count
    return {"netlist": name, "clocks": f"{clocks:.0f}", "unit": unit, "units": count, "mw": f"{1e3 * total:.2f}",
            **{part: f"{1e3 * value:.2f}" for part, value in parts.items()},
            "pj": f"{total * seconds * 1e12:.1f}"}, remains(config, found, toggles, clock, data, clocked, seconds)


def measure(name, unit, arguments, placed=None):
    """A row of the table."""
    return measured(name, unit, arguments, placed)[0]


def token(rows, counts):
    """A token's energy in the digital edge of the attention: units a token times energy a unit, with clock gates where the table has them. Of
    flare_gemv, what is not BitSift is in proportion to the array's columns."""
    pj = {row["netlist"]: float(row["pj"]) for row in rows}
    each = {row["unit"]: float(row["count"]) for row in counts}

    def table_of(bitsift, values, softmax):
        column = (values - bitsift) / 160
        return [("K: accesses, 64 rows, 512 columns", each["k"], bitsift + 512 * column),
                ("V: the same wordlines, 512 columns", each["v"], 512 * column),
                ("Q: accesses, 64 rows, 512 columns", each["q"], bitsift + 512 * column),
                ("logits: accesses of four heads, 16 rows (BitSift of 64), 640 columns", each["l"], bitsift + 640 * column),
                ("softmax rows, 49 logits", each["rows"], softmax),
                ("A*V: accesses of four heads, 64 rows, 160 columns", each["av"], values),
                ("O: accesses, 64 rows, 512 columns", each["o"], bitsift + 512 * column)]

    plain_ = table_of(pj["bitsift-d64"], pj["flare_gemv-values"], pj["vdr_softmax-l16"])
    gated = table_of(*(pj.get(f"{name}-gated", pj[f"{name}{form}"]) for name, form in (("bitsift", "-d64"), ("flare_gemv-values", ""), ("vdr_softmax-l16", ""))))
    cells_ = [[what, f"{count:.2f}", f"{energy:.0f}", f"{count * energy / 1000:.1f}", f"{less:.0f}", f"{count * less / 1000:.1f}"]
              for (what, count, energy), (_, _, less) in zip(plain_, gated)]
    return cells_ + [["together", "", "", *(text for part in (plain_, gated) for text in (f"{sum(count * energy for _, count, energy in part) / 1000:.1f}", ""))][:-1]]


HEAD = ["netlist", "clocks", "units", "mW at 200 MHz", "clock pins of flops", "clock gates", "flops that toggle", "other cells", "pJ"]


def cells_of(row):
    return [*(str(row[key]) for key in ("netlist", "clocks", "units", "mw", "mw_clock_pins", "mw_gates", "mw_flops", "mw_other")), f"{row['pj']} a {row['unit']}"]


def pages(check):
    """Whether docs/power.md and docs/nodes.md have what the data say."""
    rows, others = read_tsv(ENERGY), read_tsv(OTHERS)
    parts = table(["part", "units a token", "pJ a unit", "nJ a token", "gated, pJ a unit", "gated, nJ a token"], token(rows, read_tsv(TOKEN)))
    goes = table(["netlist", "registers", "flops", "pulses a clock", "clock pins, pJ", "toggles, pJ", "logic that leads to it alone, pJ"],
                 [[row[key] for key in PART_COLUMNS] for row in read_tsv(PARTS)])
    nodes = [["OSU018", *cells_of(row)] for row in rows if row["netlist"] in {other["netlist"] for other in others}]
    return all([fill("docs/power.md", MARK.format("power"), table(HEAD, [cells_of(row) for row in rows]), check),
                fill("docs/power.md", MARK.format("parts"), goes, check),
                fill("docs/power.md", MARK.format("token"), parts, check),
                fill("docs/nodes.md", MARK.format("power"), table(["library", *HEAD], nodes + [[row["library"], *cells_of(row)] for row in others]), check)])


def taken(path, columns, rows, keys, known):
    """Rows into a file, netlists in the order of RUNS."""
    update_tsv(path, columns, rows, keys)
    order = [run[0] for run in RUNS]
    write_tsv(path, columns, sorted((row for row in read_tsv(path) if row["netlist"] in order), key=known(order)))


def main(arguments):
    if arguments[:1] == ["pages"]:
        if not pages("--check" in arguments) and "--check" in arguments:
            print("docs/power.md, docs/nodes.md: not what synth/{power,power_parts,power_libraries,token}.tsv say: flow/power.py pages")
            return 1
        return 0
    chosen = [run for run in RUNS if not arguments or run[0] in arguments]
    if len(chosen) < len(arguments):
        raise Failure(f"netlists are {', '.join(run[0] for run in RUNS)}")
    used = library()
    for run in chosen:
        row, goes = measured(*run)
        print(*table(HEAD, [cells_of(row)])[2:], sep="\n")
        if used.standard():
            taken(ENERGY, COLUMNS, [row], ["netlist"], lambda order: lambda row: order.index(row["netlist"]))
            others = [old for old in read_tsv(PARTS) if old["netlist"] != run[0]]
            write_tsv(PARTS, PART_COLUMNS, others + [{"netlist": run[0]} | new for new in goes] if run[0].endswith("gated") else others)
            taken(PARTS, PART_COLUMNS, [], ["netlist"], lambda order: lambda row: order.index(row["netlist"]))
        elif used.public():
            taken(OTHERS, ["library", *COLUMNS], [row | {"library": used.public()}], ["library", "netlist"],
                  lambda order: lambda row: (row["library"], order.index(row["netlist"])))
    if used.standard():
        counts = [line.split("\t") for line in read(VECTORS / "counts.tsv").splitlines()]
        write_tsv(TOKEN, ["unit", "count"], [dict(zip(["unit", "count"], line)) for line in counts])
    pages(False)
    return 0


if __name__ == "__main__":
    program(main)
