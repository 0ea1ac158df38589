#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mapping by today's Yosys, from PyPI, beside the installed one's.
  flow/current.py [NAME ...]   maps the blocks or configurations named, or all that do not take long, by the same commands as
                               flow/mapping.py, times them, and writes synth/current.tsv: what is there already stays
  flow/current.py pages [--check]
Without PyPI, configurations are skipped by name."""
import re

from common import BUILD, LIBERTY, Failure, digest, environment, fill, keep, program, read, read_tsv, recall, table, tool, write_tsv, yosys
from mapping import configurations, named

PACKAGES = ["pyosys==0.70"]
RESULTS = "synth/current.tsv"
COLUMNS = ["block", "config", "ge", "ge_current", "delay_ns", "delay_current_ns", "refused", "source"]
RUN = "import sys\nfrom pyosys import libyosys\nlibyosys.run_pass(sys.argv[1], libyosys.Design())\n"
MARK = "current: flow/current.py pages"


def refused(log):
    """The reason for which Yosys stopped."""
    return (re.findall("ERROR: (.*)", read(log)) or ["it ends without a netlist"])[-1]


def installed(config):
    """Numbers of the installed Yosys: the committed row, where it is of the present sources."""
    row = next((row for row in read_tsv("synth/results.tsv") if (row["block"], row["config"]) == (config.block, config.config)), {})
    return row if row.get("source") == config.source else config.make()


def measure(config, python):
    """A row of the table."""
    before = installed(config)
    config.dir = BUILD / "current" / config.name
    config.json, config.net = config.dir.with_suffix(".json"), config.dir / "net.v"
    config.dir.mkdir(parents=True, exist_ok=True)
    config.net.unlink(missing_ok=True)
    commands = config.passes(True, "stat.current") + "write_verilog -noattr -noexpr DIR/net.v"
    tool([python, "-c", RUN, commands.replace("DIR/", f"{config.dir}/")], config.dir / "log", timeout=1200)
    row = {"block": config.block, "config": config.config, "ge": before["ge"], "delay_ns": before["delay_ns"]}
    if not config.net.exists():
        return row | {"refused": refused(config.dir / "log")}
    # What it counts and some declarations have another form than the installed one's, which report.tcl and OpenSTA read.
    if yosys(f"read_liberty -lib {LIBERTY}; read_verilog {config.net}; hierarchy -top {config.top}; "
             f"tee -q -o {config.dir}/stat stat -liberty {LIBERTY}; write_verilog -noattr -noexpr {config.net}", config.dir / "stat.log"):
        return row | {"refused": "the installed Yosys does not read its netlist"}
    config.time()
    after = config.kept()
    return row | {"ge_current": after["ge"], "delay_current_ns": after["delay_ns"], "refused": ""}


def key(config):
    return digest(config.source, *PACKAGES, RUN)


def make(names):
    chosen = [config for name in names for config in named(name)] if names else configurations()
    folder = BUILD / "current" / "venv"
    there = environment(folder, PACKAGES)
    failed = 0
    for config in chosen:
        if not there:
            print(f"ok - today's Yosys {config.name} # SKIP no {PACKAGES[0]} from PyPI")
            continue
        kept, source = BUILD / "current" / f"{config.name}.row.json", key(config)
        row = recall(kept, source)
        if row is None:
            try:
                row = measure(config, folder.resolve() / "bin/python3") | {"source": source}
            except Failure as failure:
                print(f"not ok - today's Yosys {failure}")
                failed = 1
                continue
            keep(kept, source, row)
        good = not row["refused"]
        failed |= not good
        print(f"{'ok' if good else 'not ok'} - today's Yosys {config.name}: "
              + (f"{row['ge_current']} GE, {row['delay_current_ns']} ns" if good else row["refused"]), flush=True)
        rows = {(row["block"], row["config"]): row for row in read_tsv(RESULTS)} | {(row["block"], row["config"]): row}
        order = [(config.block, config.config) for config in configurations(None, "all")]
        write_tsv(RESULTS, COLUMNS, [{name: row.get(name, "") for name in COLUMNS} for place in order if (row := rows.get(place))])
    return failed


def pages(check):
    """Whether the page has what the data say."""
    rows = read_tsv(RESULTS)
    ratio = sorted(float(row["ge_current"]) / float(row["ge"]) for row in rows if row["ge_current"])
    cells = [[row["block"], row["config"], row["ge"], row["ge_current"], f"{100 * float(row['ge_current']) / float(row['ge']) - 100:+.1f} %",
              row["delay_ns"], row["delay_current_ns"]] if row["ge_current"] else [row["block"], row["config"], row["ge"], row["refused"], "", "", ""]
             for row in rows]
    lines = table(["block", "configuration", "GE, 0.23", "GE, 0.70", "difference", "ns, 0.23", "ns, 0.70"], cells)
    if ratio:
        lines += ["", f"{len(ratio)} configurations: {100 * ratio[0] - 100:+.1f} to {100 * ratio[-1] - 100:+.1f} % in area, "
                      f"the middle one {100 * ratio[len(ratio) // 2] - 100:+.1f} %."]
    return fill("docs/synthesis.md", MARK, lines, check)


def main(arguments):
    if arguments in (["pages"], ["pages", "--check"]):
        if not pages(len(arguments) == 2) and len(arguments) == 2:
            print("docs/synthesis.md: not what synth/current.tsv says: flow/current.py pages")
            return 1
        return 0
    return make(arguments)


if __name__ == "__main__":
    program(main)
