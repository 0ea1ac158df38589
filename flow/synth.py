#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Area and timing of the configurations of flow/mapping.py: build/synth has what was made, synth/*.tsv what is committed.
  list [--option WORD] [BLOCK]       configurations, as BLOCK-CONFIG, or those that have an option (all: every one)
  map [--jobs N] [NAME ...]          writes build/synth/BLOCK-CONFIG.json where it is not up to date, of the blocks or configurations
                                     named, or of all but those that take long
  bench BLOCK DIR [NAME=VALUE ...]   writes the netlists for this model into DIR and prints their names (scripts/verilate.sh)
  report [BLOCK]                     takes what is made into synth/results.tsv and synth/hierarchy.tsv and prints the pages; fails where a
                                     configuration's row is of other sources
  pages [--check]                    prints the tables of docs/synthesis.md and README.md from the data, or tells whether they are there
  With PERIMETER_LIBERTY (see flow/liberty.py) `map` maps with another library and `report` prints its rows; those of a library in
  synth/common/libraries go into synth/libraries.tsv and onto docs/nodes.md.
  check                              TAP: maps the configurations with `fast` and holds area and delay against their rows: a row that is more
                                     than 5 % off, in either direction, is stale
  stale                              configurations whose row is of other sources than the present
A row's `source` is a hash of what it was made of: RTL without comments and spaces, configuration, scripts, library, tools."""
import argparse
import json
import subprocess

from common import BUILD, Failure, Tap, fill, parameters, program, read_tsv, table, update_tsv, write, write_tsv
from liberty import library, public_libraries
from mapping import bench, configurations, make
from netlist import checks

ROWS, PARTS, OTHERS = "synth/results.tsv", "synth/hierarchy.tsv", "synth/libraries.tsv"
OTHER_COLUMNS = ["library", "block", "config", "cells", "um2", "ge", "registers", "delay_ns", "source"]
COLUMNS = ["block", "config", "parameters", "cells", "um2", "ge", "ge_per_bit", "registers", "delay_ns", "slack_ns", "levels",
           "start", "end", "reg_to_reg_ns", "accesses", "netlist", "ge_nested", "source"]
PART_COLUMNS = ["block", "config", "module", "instances", "share"]
MARK = "{}: flow/synth.py pages"


def committed():
    return {f"{row['block']}-{row['config']}": row for row in read_tsv(ROWS)}


def accesses(config):
    """What the configuration needs for a vector, by the golden model: of Gaussian vectors; of the network's."""
    tool = BUILD / "accesses"
    if config.block not in ("bitsift", "flare_gemv") or not tool.exists():
        return None
    given = {"Bits": "8"} | dict(parameters(config.parameters))
    run = subprocess.run([tool, given["Rows"], given["Bits"], given["Slice"], given["Scan"], BUILD / "synth/vectors/x.npy"], text=True,
                         stdout=subprocess.PIPE, check=True)
    return "; ".join(run.stdout.split())


def measured(config, numbers, old):
    """A row of what is made; what is not known anew is as it was."""
    same = old.get("source") == numbers["source"]
    known = set(checks(config).split(", ")) | (set(old["netlist"].split(", ")) if same else set())
    found = accesses(config)
    return {key: numbers.get(key, "") for key in COLUMNS} | {
        "slack_ns": numbers["critical"]["slack_ns"], "levels": numbers["critical"]["levels"],
        "start": numbers["critical"]["start"], "end": numbers["critical"]["end"],
        "reg_to_reg_ns": numbers["paths"].get("reg_to_reg", {}).get("delay_ns", ""),
        "accesses": old.get("accesses", "") if found is None else found,
        "netlist": ", ".join(check for check in ("bench", "proven", "registers") if check in known),
        "ge_nested": f"{sum(float(part['ge']) for part in numbers['hierarchy']):.0f}" if numbers["hierarchy"] else ""}


def parts(config, numbers):
    """Modules of 2 % of the area and more, in the view that keeps the hierarchy."""
    own = {}
    for part in numbers["hierarchy"]:
        count, share = own.get(part["module"], (0, 0))
        own[part["module"]] = count + int(part["instances"]), share + float(part["share"])
    return [{"block": config.block, "config": config.config, "module": module, "instances": count, "share": f"{share:.3f}"}
            for module, (count, share) in own.items() if share >= 0.02]


def report_other(block):
    """Rows of a library that is not the default one."""
    used = library()
    made = [(config, numbers) for config in configurations(block, "all") if (numbers := config.kept())]
    if not made:
        raise Failure(f"{used.file}: nothing is mapped with it")
    rows = [{"library": used.name} | {key: numbers.get(key, "") for key in OTHER_COLUMNS[3:]} | {"block": config.block, "config": config.config}
            for config, numbers in made]
    print(*table(["block", "configuration", "cells", "um2", f"GE of {used.nand2}", "registers", "delay, ns"],
                 [[row[key] for key in OTHER_COLUMNS[1:8]] for row in rows]), sep="\n")
    name = used.public()
    if name:
        update_tsv(OTHERS, OTHER_COLUMNS, [row | {"library": name} for row in rows], ["library", "block", "config"])
        pages(False)
    write_tsv(used.folder() / "results.tsv", OTHER_COLUMNS, rows)
    return 0


def ratios(rows, others):
    """Gate equivalents and delays of one library beside OSU018's, by configuration."""
    mine = {(row["block"], row["config"]): row for row in rows}
    return [(float(row["ge"]) / float(here["ge"]), float(row["delay_ns"]) / float(here["delay_ns"]))
            for row in others if (here := mine.get((row["block"], row["config"])))]


def node_pages(check):
    """The tables of docs/nodes.md."""
    rows, others, known = read_tsv(ROWS), read_tsv(OTHERS), public_libraries()
    names = [name for name in known if any(row["library"] == name for row in others)]
    by = {(row["library"], row["block"], row["config"]): row for row in others}
    both = [row for row in rows if any((name, row["block"], row["config"]) in by for name in names)]
    cells = []
    for row in both:
        found = [by.get((name, row["block"], row["config"])) for name in names]
        cells.append([row["block"], row["config"], row["um2"], row["ge"], row["registers"], row["delay_ns"]]
                     + [text for other in found for text in ([other["um2"], f"{float(other['ge']):.0f}", f"{float(other['ge']) / float(row['ge']):.2f}",
                                                             other["delay_ns"]] if other else [""] * 4)])
    head = ["block", "configuration", "OSU018 um2", "GE", "registers", "ns"] + [text for name in names for text in (f"{name} um2", "GE", "of OSU018's", "ns")]
    spread = []
    for name in names:
        pairs = ratios(rows, [row for row in others if row["library"] == name])
        for what, values in (("GE", sorted(pair[0] for pair in pairs)), ("ns", sorted(pair[1] for pair in pairs))):
            spread.append([name, what, str(len(values)), *(f"{value:.2f}" for value in (values[0], values[len(values) // 2], values[-1])),
                           str(sum(abs(value - 1) <= 0.12 for value in values))])
    sources = [[says["name"], says["process"], says["corner"], says["licence"], says["from"], f"`{says['checksum']}`"] for says in known.values()]
    return all([fill("docs/nodes.md", MARK.format("nodes"), table(head, cells), check),
                fill("docs/nodes.md", MARK.format("spread"), table(["library", "of OSU018's", "configurations", "least", "median", "most", "within 12 %"], spread), check),
                fill("docs/nodes.md", MARK.format("libraries"), table(["library", "process", "corner", "licence", "from", "SHA-256 of the file, unpacked"], sources), check)])


def report(block):
    if not library().standard():
        return report_other(block)
    old, old_parts = committed(), read_tsv(PARTS)
    rows, new_parts, missing = [], [], 0
    for config in configurations(None, "all"):
        row = old.get(config.name, {})
        numbers = config.kept() if block in (None, config.block) else None
        if numbers:
            rows.append(measured(config, numbers, row))
            new_parts += parts(config, numbers)
            continue
        rows += [row] if row else []
        new_parts += [part for part in old_parts if (part["block"], part["config"]) == (config.block, config.config)]
        if block in (None, config.block) and "long" not in config.options and row.get("source") != config.source:
            print(f"not ok - synthesis {config.name}: the row is of other sources, and none was made")
            missing += 1
    write_tsv(ROWS, COLUMNS, rows)
    write_tsv(PARTS, PART_COLUMNS, new_parts)
    pages(False)
    failed = summary(rows)
    print(f"{len(rows)} configurations, {failed} failures on netlists: {ROWS}, docs/synthesis.md")
    return int(missing > 0 or failed > 0)


def summary(rows):
    """build/synth/summary.json; how much of `make synth` failed on the netlists."""
    lines = [line for tap in sorted((BUILD / "synth").glob("netlist-*.tap")) for line in tap.read_text().splitlines()]
    failed = sum(line.startswith("not ok") for line in lines)
    write(BUILD / "synth" / "summary.json", json.dumps({
        "configurations": [{"block": row["block"], "config": row["config"]} | {
            key: float(row[key]) for key in ("ge", "um2", "registers", "delay_ns", "ge_per_bit") if row[key]} for row in rows],
        "netlist_regressions": {"passed": sum(line.startswith("ok - netlist") for line in lines), "failed": failed}}, indent=1) + "\n")
    return failed


def pages(check):
    """Whether the pages have what the data say."""
    rows = read_tsv(ROWS)
    full = table(["block", "configuration", "parameters", "cells", "um2", "GE", "GE a bit", "registers", "delay, ns", "slack at 5 ns", "levels",
                  "critical path", "register to register, ns", "accesses", "netlist"],
                 [[row[key] for key in COLUMNS[:11]] + [f"`{row['start']}` to `{row['end']}`"] + [row[key] for key in COLUMNS[13:16]]
                  for row in rows])
    firsts = {row["block"]: row for row in reversed(rows)}
    short = table(["block", "configuration", "parameters", "GE", "GE a bit", "registers", "delay, ns", "netlist"],
                  [[row[key] for key in ("block", "config", "parameters", "ge", "ge_per_bit", "registers", "delay_ns", "netlist")]
                   for row in rows if firsts[row["block"]] is row])
    where = {}
    for part in read_tsv(PARTS):
        times = f" x{part['instances']}" if part["instances"] != "1" else ""
        where.setdefault((part["block"], part["config"]), []).append(f"{part['module']}{times} {100 * float(part['share']):.0f}%")
    hierarchy = table(["block", "configuration", "GE with hierarchy", "own area of each module, times instances"],
                      [[row["block"], row["config"], row["ge_nested"], ", ".join(where[row["block"], row["config"]])]
                       for row in rows if (row["block"], row["config"]) in where])
    return all([fill("docs/synthesis.md", MARK.format("synthesis"), full, check),
                fill("docs/synthesis.md", MARK.format("hierarchy"), hierarchy, check),
                fill("README.md", MARK.format("synthesis"), short, check), node_pages(check)])


def compare():
    tap = Tap()
    rows = committed()
    for config in configurations(None, "fast"):
        try:
            numbers = config.make()
        except Failure as failure:
            tap(False, f"synthesis {failure}")
            continue
        row = rows.get(config.name)
        name = f"synthesis {config.name}: {numbers['ge']} GE, {numbers['delay_ns']} ns; "
        if not row:
            tap(False, f"{name}{ROWS} has no row")
            continue
        ratios = [float(numbers[key]) / float(row[key]) for key in ("ge", "delay_ns")]
        worse, better = max(ratios) > 1.05, min(ratios) < 0.95
        tap(not (worse or better), f"{name}the table has {row['ge']} GE, {row['delay_ns']} ns"
            + (", 5 % worse" if worse else ", which is stale: 5 % better" if better else ""))
    return tap.failed


def main(arguments):
    parser = argparse.ArgumentParser(prog="flow/synth.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verb = verbs.add_parser("list")
    verb.add_argument("--option")
    verb.add_argument("block", nargs="?")
    verb = verbs.add_parser("map")
    verb.add_argument("--jobs", type=int, default=1)
    verb.add_argument("name", nargs="*")
    verb = verbs.add_parser("bench")
    verb.add_argument("block")
    verb.add_argument("dir")
    verb.add_argument("parameter", nargs="*")
    verbs.add_parser("report").add_argument("block", nargs="?")
    verbs.add_parser("pages").add_argument("--check", action="store_true")
    verbs.add_parser("check")
    verbs.add_parser("stale")
    given = parser.parse_args(arguments)
    if given.verb == "list":
        print(*(config.name for config in configurations(given.block, given.option)), sep="\n")
    elif given.verb == "bench":
        bench(given.block, given.dir, " ".join(given.parameter))
    elif given.verb == "stale":
        rows = committed()
        print(*(config.name for config in configurations(None, "all") if rows.get(config.name, {}).get("source") != config.source), sep="\n")
    elif given.verb == "pages":
        if not pages(given.check):
            print("docs/synthesis.md, README.md: not what synth/*.tsv say: flow/synth.py pages")
            return int(given.check)
    else:
        return {"map": lambda: make(given.name, given.jobs), "report": lambda: report(given.block), "check": compare}[given.verb]()
    return 0


if __name__ == "__main__":
    program(main)
