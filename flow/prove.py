#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves blocks' targets.
  flow/prove.py [--quick] BLOCK [TARGET]   one TAP line a target and a canary; --quick, as `make test`: without targets marked long
  flow/prove.py summary                    the table of all results, build/formal/summary.json and formal/results.tsv
formal/BLOCK/targets has one target a line:   name | engine | top | NAME=VALUE ... | depth [| long]
  sat   combinational: yosys sat, every input
  smt   k-induction by yosys-smtbmc and z3 in two runs: step, over at most `depth` clocks, and base, as many from reset as the step needed
  bmc   the base alone: holds up to `depth` clocks and is reported as bounded
Sources: the block's RTL, rtl/common and formal/BLOCK/*.sv with -DPERIMETER_FORMAL, include folder formal/BLOCK; other blocks that it uses
without their properties, which their own proofs are for. A module of formal/BLOCK that bears an RTL module's name, a contract, takes
its place. Each target is run again with -DCANARY, in which an assertion labelled `canary`, alone, must be seen to fail, and with cover
statements where it has some. Logs are in build/formal/BLOCK/. What is proven is kept there in TARGET.json and proven anew when
the sources, the target, a tool or this program change."""
import json
import re
import sys
import time
from pathlib import Path

from common import (BUILD, Failure, Tap, block_list, blocks, design, digest, grep, keep, parameters, program, read, read_tsv, recall,
                    rtl_files, tool, version, write, write_tsv, yosys)

COLUMNS = ["block", "property", "top", "parameters", "engine", "depth", "s", "result", "canary", "covers", "source"]
RESULTS = "formal/results.tsv"
TIMEOUT = 3600


def tried(log):
    """Clocks from reset that an induction stands on."""
    return len(re.findall("Trying induction", read(log)))


class Target:
    def __init__(self, block, line, out, mutant=None):
        self.block, self.out, self.mutant = block, out, mutant
        self.name, self.engine, self.top, settings, self.depth, self.long = line
        self.parameters = " ".join(settings.split())
        if self.engine not in ("sat", "smt", "bmc"):
            raise Failure(f"formal/{block}/targets: {self.name}: no engine '{self.engine}'")

    def sources(self):
        """Files with properties; packages and the other blocks' files."""
        contracts = {path.name for path in Path("formal", self.block).glob("*.sv")}
        rtl = [file for file in rtl_files(self.block) if Path(file).name not in contracts]
        own = [file for file in rtl if Path(file).parts[1] in (self.block, "common") and not file.endswith("_pkg.sv")]
        return own + sorted(map(str, Path("formal", self.block).glob("*.sv"))), [file for file in rtl if file not in own]

    def key(self):
        files = sum(self.sources(), []) + [str(path) for folder in (f"formal/{self.block}", "formal/common", "rtl/common")
                                           for path in sorted(Path(folder).glob("*.svh"))]
        return digest(self.name, self.engine, self.top, self.parameters, self.depth, version("yosys", "-V"),
                      version("z3", "--version"), Path(__file__), *files, *map(design, files))

    def prep(self, stem, defines=""):
        """Reads the target into STEM.il."""
        own, others = self.sources()
        # -defer: what the top does not need is not elaborated, which takes most of the time.
        script = [f"read_verilog -sv -defer -Irtl/common {' '.join(others)}"] if others else []
        script += [f"read_verilog -formal -sv -defer -DPERIMETER_FORMAL -DTARGET_{self.block} -DTOP_{self.top} {defines} -Iformal/{self.block} "
                   f"-Iformal/common -Irtl/common {' '.join(own)}",
                   " ".join([f"hierarchy -check -top {self.top}", *(f"-chparam {name} {value}" for name, value in parameters(self.parameters))]),
                   f"prep -flatten -top {self.top}"]
        if self.mutant:
            script.append(f"mutate -list 1 {self.mutant} -o {stem}.mutant; script {stem}.mutant")
        if "CANARY" in defines:
            script.append("select -set others t:$assert c:*canary %d; delete @others")
        script += ["async2sync; opt -full; dffunmap; opt_clean; check -assert", f"write_rtlil {stem}.il"]
        write(f"{stem}.ys", "".join(line + "\n" for line in script if line))
        return yosys(f"script {stem}.ys", f"{stem}.log") == 0

    def sat(self, stem, options):
        return yosys(f"read_rtlil {stem}.il; chformal -cover -remove; sat {options} -prove-asserts -set-assumes {self.top}", f"{stem}.log",
                     append=True) == 0

    def smt2(self, stem):
        return yosys(f"read_rtlil {stem}.il; write_smt2 -wires {stem}.smt2", f"{stem}.log", append=True) == 0

    def smtbmc(self, stem, run, depth, *options):
        """z3 proves faster with a question at a time, and finds what can happen faster with what it knows of the clocks before."""
        return tool(["yosys-smtbmc", "--noprogress", "-s", "z3", "--unroll", "--logic", "QF_BV", *options, "-t",
                     str(depth), f"{stem}.smt2"], f"{stem}.{run}.log", timeout=TIMEOUT) == 0

    def proof(self, stem):
        if self.engine == "sat":
            return self.sat(stem, "-verify -show-public")
        if not self.smt2(stem):
            return False
        step, clocks = self.engine == "bmc", self.depth
        if not step and (step := self.smtbmc(stem, "step", self.depth, "--noincr", "-i")):
            clocks = tried(f"{stem}.step.log")
        return (self.smtbmc(stem, "base", clocks, "--noincr") and step
                and (not grep("cover", f"{stem}.il") or self.smtbmc(stem, "cover", self.depth, "-c")))

    def canary(self):
        """Whether the assertion that must fail is seen to."""
        stem = f"{self.out}/{self.name}.canary"
        if not self.prep(stem, "-DCANARY"):
            return False
        if self.engine == "sat":
            return self.sat(stem, "-falsify")
        return self.smt2(stem) and not self.smtbmc(stem, "base", self.depth) and bool(grep("Assert failed.*canary", f"{stem}.base.log"))

    def covers(self):
        log = self.out / f"{self.name}.cover.log"
        return len(re.findall("Reached cover statement", log.read_text())) if log.exists() else 0

    def refuted(self):
        """Whether the proof fails on the mutant; no where the design has no such mutant."""
        stem = f"{self.out}/{self.name}"
        mutant = Path(f"{stem}.mutant")
        mutant.unlink(missing_ok=True)
        return self.prep(stem) and mutant.exists() and mutant.stat().st_size > 0 and not self.proof(stem)

    def run(self):
        """The row of the table."""
        for old in self.out.glob(f"{self.name}.*"):
            old.unlink()
        start = time.monotonic()
        stem = f"{self.out}/{self.name}"
        proven = self.prep(stem) and self.proof(stem)
        row = {"block": self.block, "property": self.name, "top": self.top, "parameters": self.parameters, "engine": self.engine,
               "depth": self.depth, "s": round(time.monotonic() - start), "covers": self.covers(), "source": self.key()}
        row["result"] = "FAILED" if not proven else "bounded" if self.engine == "bmc" else "proven"
        row["canary"] = "caught" if self.canary() else "MISSED"
        keep(f"{stem}.json", row["source"], row)
        return row


def targets(block, out=None, mutant=None):
    out = out or BUILD / "formal" / block
    out.mkdir(parents=True, exist_ok=True)
    return [Target(block, line, out, mutant) for line in block_list(f"formal/{block}/targets", 6)]


def prove(block, only, quick):
    tap = Tap()
    chosen = [target for target in targets(block) if only in (None, target.name) and not (quick and target.long)]
    if only and not chosen:
        raise Failure(f"formal/{block}/targets has no target '{only}'")
    for target in chosen:
        row = recall(target.out / f"{target.name}.json", target.key())
        kept = row and row["result"] != "FAILED" and row["canary"] == "caught"
        if not kept:
            row = target.run()
        bound = f"bounded to {target.depth} clocks" if target.engine == "bmc" else "unbounded"
        seconds = f"{row['s']} s{', kept' if kept else ''}"
        tap(row["result"] != "FAILED", f"proof {block}/{target.name} ({target.parameters}; {target.engine}, {bound}, {seconds})")
        tap(row["canary"] == "caught", f"canary {block}/{target.name} caught")
    return tap.failed


def refutes(block, change, out):
    """The first target that the mutant, options of Yosys' `mutate -list 1`, fails; long ones are not asked."""
    return next((target.name for target in targets(block, out, change) if not target.long and target.refuted()), None)


def summary():
    known = {(row["block"], row["property"]): row for row in read_tsv(RESULTS)}
    rows, data = [], []
    for block in blocks("formal/*/targets"):
        for target in targets(block):
            row = recall(target.out / f"{target.name}.json", target.key())
            rows.append(row or {"block": block, "property": target.name, "result": "not run"})
            data.append(row or known.get((block, target.name)))
    write_tsv(RESULTS, COLUMNS, filter(None, data))
    form = "{:<14} {:<15} {:<20} {:<42} {:<7} {:>5} {:>5}  {:<8} {:<8} {}"
    print(form.format(*COLUMNS[:-1]))
    for row in rows:
        print(form.format(*(str(row.get(column, "")) for column in COLUMNS[:-1])))
    ran = [row for row in rows if row["result"] != "not run"]
    numbers = {"targets": len(rows), "proven": sum(row["result"] == "proven" for row in ran),
               "bounded": sum(row["result"] == "bounded" for row in ran), "canaries": len(ran),
               "canaries_caught": sum(row["canary"] == "caught" for row in ran), "covers": sum(row["covers"] for row in ran),
               "blocks": len({row["block"] for row in rows})}
    write(BUILD / "formal" / "summary.json", json.dumps(numbers, indent=1) + "\n")
    return int(numbers["targets"] != numbers["proven"] + numbers["bounded"] or numbers["canaries"] != numbers["canaries_caught"])


def main(arguments):
    quick = "--quick" in arguments
    arguments = [argument for argument in arguments if argument != "--quick"]
    if arguments == ["summary"]:
        return summary()
    if not 1 <= len(arguments) <= 2 or not Path("formal", arguments[0], "targets").exists():
        raise Failure("name a block that has formal/BLOCK/targets, and perhaps a target")
    return prove(arguments[0], arguments[1] if len(arguments) > 1 else None, quick)


if __name__ == "__main__":
    program(main)
