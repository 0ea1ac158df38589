#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second solver, PyPI's Bitwuzla, on the proofs of flow/prove.py that are by SMT: it must agree with z3, run by run.
  flow/second.py pages [--check]    the table of docs/verification.md
  flow/second.py [BLOCK [TARGET]]   targets that are not long, or the one named: step, base, cover and canary by either solver, one after
                                    the other, a TAP line a target; CPU seconds into formal/second.tsv
Both get the same file and are asked the same: one that passes where the other fails, or that falsifies an assertion of another name, is a failure. Where
a run takes one of them more than two minutes there is no verdict, which the table says.
Without Bitwuzla, targets are skipped by name. PERIMETER_BITWUZLA=PROGRAM is another executable."""
import os
import re
import resource
import sys
from pathlib import Path

from common import BUILD, Failure, Tap, blocks, digest, environment, fill, grep, keep, program, read, read_tsv, recall, table, tool, write, write_tsv
from prove import targets, tried

PACKAGES = ["bitwuzla==0.10.0"]
RESULTS = "formal/second.tsv"
COLUMNS = ["block", "property", "z3_s", "bitwuzla_s", "ratio", "late", "source"]
SOLVERS = ("z3", "bitwuzla")
TIMEOUT = 120
MARK = "second: flow/second.py pages"


def solver(make):
    """A folder with `bitwuzla` in it, or nothing; with `make` fetched where PyPI can be reached."""
    folder = BUILD / "formal" / "venv"
    if given := os.environ.get("PERIMETER_BITWUZLA"):
        link = BUILD / "formal" / "given" / "bitwuzla"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(Path(given).resolve())
        return link.parent.resolve()
    if not (folder / "done").exists() and not (make and environment(folder, PACKAGES)):
        return None
    own = (folder / "solver").resolve()
    write(own / "bitwuzla", f'#!/bin/sh\nexec "{folder.resolve()}/bin/python3" "{Path(__file__).with_name("bitwuzla_smt2.py")}"\n')
    (own / "bitwuzla").chmod(0o755)
    return own


def verdict(folder, name, stem, run, depth, options):
    """What a solver says, and its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    log = f"{stem}.{run}.{name}.log"
    status = tool(["yosys-smtbmc", "--noprogress", "-s", name, "--unroll", "--noincr", "--logic", "QF_BV", *options, "-t", str(depth),
                   f"{stem}.smt2"], log, timeout=TIMEOUT, env={"PATH": f"{folder}:{os.environ['PATH']}"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if status == 124:
        said = "no verdict"
    else:
        said = ", ".join([re.sub(r".*Status: ", "", grep("Status: ", log) or "no status"), *sorted(set(re.findall(r"Assert failed in .*[.: ]([^.: ]+)", read(log))))])
    return said, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def key(target):
    here = Path(__file__)
    return digest(target.key(), here, here.with_name("bitwuzla_smt2.py"), *PACKAGES, TIMEOUT)


def hold(target, folder, tap):
    """Asks both; the row of the table, where they agree."""
    stem = f"{target.out}/{target.name}"
    prepared = target.prep(stem) and target.smt2(stem)
    canary = f"{stem}.canary"
    prepared = prepared and target.prep(canary, "-DCANARY") and target.smt2(canary)
    runs = [(stem, "step", ["-i"])] * (target.engine == "smt") + [(stem, "base", [])]
    if prepared and grep("cover", f"{stem}.il"):
        runs.append((stem, "cover", ["-c"]))
    runs.append((canary, "base", []))
    seconds, differ, late, clocks = dict.fromkeys(SOLVERS, 0.0), [], [], target.depth
    for place, run, options in runs if prepared else []:
        said = {}
        for name in SOLVERS:
            said[name], used = verdict(folder, name, place, run, clocks if (place, run) == (stem, "base") else target.depth, options)
            seconds[name] += used
        if "no verdict" in said.values():
            late += [f"{Path(place).name} {run} by {name}" for name in SOLVERS if said[name] == "no verdict"]
            break
        if len(set(said.values())) > 1:
            differ.append(f"{Path(place).name} {run}: z3 {said['z3']}; Bitwuzla {said['bitwuzla']}")
        elif run == "step" and said["z3"] == "PASSED":
            clocks = tried(f"{stem}.step.z3.log")
    row = {"block": target.block, "property": target.name, "z3_s": "", "bitwuzla_s": "", "ratio": "", "late": ", ".join(late), "source": key(target)}
    if late and not differ:
        print(f"ok - second solver {target.block}/{target.name} # SKIP no verdict in {TIMEOUT} s: {row['late']}")
        return row
    good = prepared and not differ
    why = "" if good else f": {'; '.join(differ) or 'it cannot be read'}"
    tap(good, f"second solver {target.block}/{target.name} agrees in {len(runs)} runs, z3 {seconds['z3']:.1f} s, "
              f"Bitwuzla {seconds['bitwuzla']:.1f} s{why}")
    return row | {"z3_s": f"{seconds['z3']:.1f}", "bitwuzla_s": f"{seconds['bitwuzla']:.1f}",
                  "ratio": f"{seconds['z3'] / seconds['bitwuzla']:.2f}"} if good else None


def asked(block, only, make):
    """Whether the block's targets agree."""
    tap = Tap()
    chosen = [target for target in targets(block, BUILD / "formal" / "second" / block) if target.engine != "sat"
              and (target.name == only if only else not target.long)]
    if only and not chosen:
        raise Failure(f"formal/{block}/targets has no target '{only}' by SMT")
    folder = solver(make)
    for target in chosen:
        if not folder:
            print(f"ok - second solver {block}/{target.name} # SKIP no Bitwuzla from PyPI")
            continue
        file = target.out / f"{target.name}.json"
        row = recall(file, key(target))
        if row:
            print(f"ok - second solver {block}/{target.name} " + (f"# SKIP no verdict in {TIMEOUT} s: {row['late']}, kept" if row["late"] else
                  f"agrees, z3 {row['z3_s']} s, Bitwuzla {row['bitwuzla_s']} s, kept"))
        elif row := hold(target, folder, tap):
            keep(file, row["source"], row)
    return tap.failed


def collect():
    """The table, of what is kept and what it had."""
    known = {(row["block"], row["property"]): row for row in read_tsv(RESULTS)} if Path(RESULTS).exists() else {}
    rows = []
    for block in blocks("formal/*/targets"):
        for target in targets(block, BUILD / "formal" / "second" / block):
            row = recall(target.out / f"{target.name}.json", key(target)) or known.get((block, target.name))
            rows += [row] if row else []
    write_tsv(RESULTS, COLUMNS, rows)


def pages(check):
    """Whether the page has what the data say."""
    rows = read_tsv(RESULTS)
    blocks_ = {}
    for row in (row for row in rows if row["ratio"]):
        count, z3, other = blocks_.get(row["block"], (0, 0.0, 0.0))
        blocks_[row["block"]] = count + 1, z3 + float(row["z3_s"]), other + float(row["bitwuzla_s"])
    total = [sum(column) for column in zip(*blocks_.values())] if blocks_ else []
    cells = [[block, str(count), f"{z3:.1f}", f"{other:.1f}", f"{z3 / other:.2f}"]
             for block, (count, z3, other) in [*blocks_.items(), *([("together", total)] if total else [])]]
    lines = table(["block", "targets that agree", "z3, CPU s", "Bitwuzla, CPU s", "times as fast"], cells)
    ratios = sorted(float(row["ratio"]) for row in rows if row["ratio"])
    lines += ["", f"Of {len(ratios)} targets Bitwuzla is {ratios[0]:.2f} to {ratios[-1]:.2f} times as fast, in the middle one {ratios[len(ratios) // 2]:.2f}."]
    lines += [f"No verdict in {TIMEOUT} s a run: " + "; ".join(f"{row['block']}/{row['property']} ({row['late']})" for row in rows if row["late"]) + "."] * any(
        row["late"] for row in rows)
    return fill("docs/verification.md", MARK, lines, check)


def main(arguments):
    if arguments in (["pages"], ["pages", "--check"]):
        if not pages(len(arguments) == 2) and len(arguments) == 2:
            print("docs/verification.md: not what formal/second.tsv says: flow/second.py pages")
            return 1
        return 0
    if len(arguments) > 2 or arguments and not Path("formal", arguments[0], "targets").exists():
        raise Failure("name a block that has formal/BLOCK/targets, and perhaps a target, or nothing")
    chosen = arguments[:1] or blocks("formal/*/targets")
    failed = max(asked(block, arguments[1] if len(arguments) > 1 else None, True) for block in chosen)
    collect()
    pages(False)
    return failed


if __name__ == "__main__":
    program(main)
