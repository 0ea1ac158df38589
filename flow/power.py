#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Energy of mapped netlists on what a network's layers see.
  flow/power.py                    measures, into synth/power.tsv and synth/token.tsv, and prints the tables of docs/power.md
  flow/power.py pages [--check]    the tables alone, or tells whether they are there
The vectors are the first test image's, layer 1 (tools/network_vectors.c), and what the last layer of fashion-cnn sees of the first four, with
its weights before and after training for fewer toggles (tools/macro_vectors.c). `perimeter op` runs them on the netlist with a
waveform, whose toggles are counted net by net (flow/activity.py). OpenSTA 2.0.17 reads neither waveforms nor activities of single pins,
but a cell's power is linear in its toggles: P(0) + toggles a clock * (P(1) - P(0)), both from report_power at one activity
everywhere."""
import re
import struct
from collections import defaultdict

from activity import activity
from common import BUILD, LIBERTY, Failure, fill, grep, program, read, read_tsv, table, tool, write_tsv, yosys
from mapping import named

VECTORS = BUILD / "synth/vectors"
ENERGY, TOKEN = "synth/power.tsv", "synth/token.tsv"
COLUMNS = ["netlist", "clocks", "unit", "units", "mw", "mw_clock_pins", "mw_flops", "mw_other", "pj"]
MAC = "nmc-mac --in x={v}/%s_x.npy --in w={v}/%s_w.npy --set signed=0 --set order=%s --out y={v}/%s_y.npy --out stats={v}/%s_stats.npy"
# Netlist, perhaps with what it runs, unit, and the op's arguments, of vectors v.
RUNS = [("bitsift-d64", "access", "bitsift --in x={v}/x.npy --out accesses={v}/accesses.npy"),
        ("flare_gemv-values", "access", "flare-gemv --in x={v}/a.npy --in w={v}/v.npy --set wbits=10 --out y={v}/y.npy "
                                        "--out accesses={v}/accesses.npy"),
        ("vdr_softmax-l16", "row", "vdr-softmax --in x={v}/logit.npy --in ne={v}/ne.npy --out a={v}/rows.npy --out z={v}/z.npy"),
        ("hyflex_gemv-nested", "conversion", "hyflex-gemv --in x={v}/x4.npy --in w={v}/wq.npy --out y={v}/hyflex.npy "
                                             "--out clips={v}/clips.npy"),
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
    if yosys(f"read_liberty -lib {LIBERTY}; read_verilog {buses}; hierarchy -top {config.top}; flatten; splitnets; opt_clean; "
             f"write_verilog -noattr {flat}", config.dir / "flat.log"):
        raise Failure(f"{config.name}: see {config.dir}/flat.log")
    return flat


def watts(config, net, level):
    """Of each cell, when every net toggles `level` times a clock."""
    log = config.dir / f"power{level}"
    tool(["sta", "-no_splash", "-exit", "synth/common/power.tcl"], log, env={
        "LIBERTY": LIBERTY, "NET": str(net), "TOP": config.top, "PERIOD": config.period, "ACTIVITY": str(level)})
    if error := grep("^(OpenSTA|Error)", log):
        raise Failure(f"{config.name}: {error}")
    rows = (line.split() for line in read(log).splitlines())
    return {row[-1].removeprefix("\\"): float(row[3]) for row in rows if len(row) >= 5 and re.match(r"[0-9.]+(e|$)", row[3])}


def measure(name, unit, arguments):
    """A row of the table."""
    config, = (config for config in named(name.split()[0]))
    config.make()
    net, log, wave = simulated(config), config.dir / "op.log", config.dir / "wave.vcd"
    command = [BUILD / "perimeter", "op", *arguments.format(v=VECTORS).split(), "--engine", "rtl", "--wave", wave]
    if tool(list(map(str, command)), log, env={"PERIMETER_NETLIST": "1", "PERIMETER_TRACE": "vcd"}):
        raise Failure(f"{name}: the op fails, see {log}")
    clocks, pins = activity(net, wave)
    wave.unlink()
    toggles, flops = defaultdict(float), set()
    for (cell, pin), count in pins.items():
        toggles[cell] += count
        if pin == "Q":
            flops.add(cell)
    idle, busy = (watts(config, net, level) for level in (0, 1))
    count = units(unit, log, arguments)
    if not toggles or not toggles.keys() <= busy.keys() or not count:
        raise Failure(f"{name}: power of {len(busy)} cells, toggles of {len(toggles)}, {count} {unit}s")
    clock = sum(idle[cell] for cell in toggles if cell in flops)
    leak = sum(idle[cell] for cell in toggles if cell not in flops)
    active = {flop: sum(n * (busy[cell] - idle[cell]) for cell, n in toggles.items() if (cell in flops) == flop) for flop in (False, True)}
    total = clock + leak + active[False] + active[True]
    return {"netlist": name, "clocks": f"{clocks:.0f}", "unit": unit, "units": count, "mw": f"{1e3 * total:.2f}",
            "mw_clock_pins": f"{1e3 * clock:.2f}", "mw_flops": f"{1e3 * active[True]:.2f}", "mw_other": f"{1e3 * (active[False] + leak):.2f}",
            "pj": f"{total * float(config.period) * 1e-9 * clocks / count * 1e12:.1f}"}


def token(rows, counts):
    """A token's energy in the digital edge of the attention: units a token times energy a unit. Of flare_gemv, what is not BitSift is
    in proportion to the array's columns."""
    pj = {row["netlist"]: float(row["pj"]) for row in rows}
    each = {row["unit"]: float(row["count"]) for row in counts}
    bitsift, values = pj["bitsift-d64"], pj["flare_gemv-values"]
    column = (values - bitsift) / 160
    parts = [("K: accesses, 64 rows, 512 columns", each["k"], bitsift + 512 * column),
             ("V: the same wordlines, 512 columns", each["v"], 512 * column),
             ("Q: accesses, 64 rows, 512 columns", each["q"], bitsift + 512 * column),
             ("logits: accesses of four heads, 16 rows (BitSift of 64), 640 columns", each["l"], bitsift + 640 * column),
             ("softmax rows, 49 logits", each["rows"], pj["vdr_softmax-l16"]),
             ("A*V: accesses of four heads, 64 rows, 160 columns", each["av"], values),
             ("O: accesses, 64 rows, 512 columns", each["o"], bitsift + 512 * column)]
    cells = [[what, f"{count:.2f}", f"{energy:.0f}", f"{count * energy / 1000:.1f}"] for what, count, energy in parts]
    return cells + [["together", "", "", f"{sum(count * energy for _, count, energy in parts) / 1000:.1f}"]]


def pages(check):
    """Whether docs/power.md has what the data say."""
    rows = read_tsv(ENERGY)
    cells = [[*(row[key] for key in ("netlist", "clocks", "units", "mw", "mw_clock_pins", "mw_flops", "mw_other")),
              f"{row['pj']} a {row['unit']}"] for row in rows]
    energy = table(["netlist", "clocks", "units", "mW at 200 MHz", "clock pins of flops", "flops that toggle", "other cells", "pJ"], cells)
    parts = table(["part", "units a token", "pJ a unit", "nJ a token"], token(rows, read_tsv(TOKEN)))
    return all([fill("docs/power.md", MARK.format("power"), energy, check), fill("docs/power.md", MARK.format("token"), parts, check)])


def main(arguments):
    if arguments == ["pages", "--check"]:
        if not pages(True):
            print("docs/power.md: not what synth/{power,token}.tsv say: flow/power.py pages")
            return 1
        return 0
    if arguments not in ([], ["pages"]):
        raise Failure("takes pages [--check] or nothing")
    if not arguments:
        write_tsv(ENERGY, COLUMNS, [measure(*run) for run in RUNS])
        counts = [line.split("\t") for line in read(VECTORS / "counts.tsv").splitlines()]
        write_tsv(TOKEN, ["unit", "count"], [dict(zip(["unit", "count"], line)) for line in counts])
    pages(False)
    return 0


if __name__ == "__main__":
    program(main)
