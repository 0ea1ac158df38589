#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Coverage: of the RTL's lines and toggles by the benches (Verilator), of the C's lines by the unit tests (gcov).
flow/coverage.py [BLOCK] prints one page, build/coverage/report, and writes build/coverage/summary.json and tb/evidence.tsv; fails where
less than $PERIMETER_COVERAGE_LEAST % (99) of the RTL's lines or of its toggles are reached. tb/BLOCK/models marks the models that are run,
small ones of every kind; a bench that has not changed since is not run again. A point is covered where any instance of its module in
any of these reaches it: a line that is executed, a bit that changes after the reset or from run to run.
Exclusions are `verilator coverage_off` in the source, with the reason."""
import json
import os
import re
import subprocess
from collections import defaultdict
from pathlib import Path

import evidence
from common import BUILD, LIBRARIES, Failure, blocks, c_flags, digest, keep, must, newer, program, recall, rtl_files, tool, write
from models import marked

OUT = BUILD.absolute() / "coverage"


def run_bench(block):
    files = [path for folder in (f"tb/{block}", "tb/common") for path in sorted(Path(folder).iterdir()) if path.is_file()]
    key = digest(*map(str, files), *files, *map(Path, rtl_files(block)), BUILD / "tb" / f"{block}_tb")
    if recall(OUT / "rtl" / f"{block}.json", key) is not None:
        return
    for old in OUT.glob(f"rtl/{block}-*"):
        old.unlink()
    names = marked(block, "coverage")
    log = OUT / "rtl" / f"{block}.log"
    if tool([BUILD / "tb" / f"{block}_tb"], log, env={"PERIMETER_COVERAGE": str(OUT / "rtl" / block),
                                                      "PERIMETER_MODELS": ",".join(names)}):
        raise Failure(f"the bench of {block} fails, see {log}")
    if len(list(OUT.glob(f"rtl/{block}-*.dat"))) != len(names):
        raise Failure(f"the bench of {block} does not know a model of tb/{block}/models")
    keep(OUT / "rtl" / f"{block}.json", key, names)


def rtl_points():
    """Whether each point is reached, by file, line, kind and object. Fields in a .dat are \\001name\\002value."""
    hit = {}
    for data in OUT.glob("rtl/*.dat"):
        for line in data.read_text(errors="replace").splitlines():
            if not line.startswith("C "):
                continue
            name, count = line.rsplit(" ", 1)
            fields = dict(part.split("\2", 1) for part in name.rstrip("'").split("\1")[1:])
            if not fields["f"].startswith("rtl/"):
                continue
            kind = "toggle" if fields["page"].startswith("v_toggle") else "line"
            point = fields["f"], int(fields["l"]), kind, f"{fields.get('n', '')}:{fields['o']}"
            hit[point] = hit.get(point, False) or int(count) >= (1 if kind == "line" else 2)
    return hit


def c_points():
    """Lines and covered ones of each source, with the unit tests and without optimisation."""
    folder = OUT / "c"
    folder.mkdir(parents=True, exist_ok=True)
    headers = [path for where in ("cmodel", "src", "include") for path in Path(where).rglob("*.[ch]")]
    flags = [*c_flags(), "-O0", "-fopenmp", "--coverage"]
    objects = []
    for source in sorted([*Path("cmodel").rglob("*.c"), *Path("src").rglob("*.c")]):
        made = folder / (str(source).replace("/", "_")[:-2] + ".o")
        objects.append(made)
        if not newer(made, headers):
            must(["gcc", *flags, "-c", "-o", made, source], OUT / "c.log")
            made.with_suffix(".gcda").unlink(missing_ok=True)
    objects.remove(folder / "src_main.o")
    for test in sorted(Path("tests").glob("*_test.c")):
        binary = folder / test.stem
        beside = [BUILD / "obj/tests/avx512_emulated.o"] if test.stem == "simd_test" else []
        must(["gcc", *flags, "-o", binary, test, *objects, *beside, "-lcmocka", *LIBRARIES], OUT / "c.log")
        must([binary], f"{binary}.log")
    text = subprocess.run(["gcov", "-n", *sorted(folder.glob("*.gcda"))], capture_output=True, text=True).stdout
    found = re.findall(r"^File '((?:cmodel|src)/[^']*\.c)'\nLines executed:([0-9.]+)% of (\d+)", text, re.M)
    return {name: (int(lines), float(percent) * int(lines) / 100) for name, percent, lines in found}


class Counts:
    """Points and reached ones of each key."""

    def __init__(self, points=()):
        self.all, self.reached = defaultdict(int), defaultdict(int)
        for key, reached in points:
            self.all[key] += 1
            self.reached[key] += reached

    def percent(self, key):
        return 100 * self.reached[key] / self.all[key] if self.all[key] else 100


def report(rtl, sources):
    counts = Counts(((where, kind), hit) for (file, _, kind, _), hit in rtl.items() for where in (file, "all"))
    lines = [f"{'module':<44} {'lines':>8} {'line, %':>8} {'toggles':>8} {'toggle, %':>8}"]
    for where in ["all", *sorted({file for file, *_ in rtl})]:
        cells = " ".join(f"{counts.all[where, kind]:>8} {counts.percent((where, kind)):>8.2f}" for kind in ("line", "toggle"))
        lines.append(f"{where:<44} {cells}")
    lines += ["", f"{'source':<44} {'lines':>8} {'line, %':>8}"]
    lines += [f"{name:<44} {count:>8} {100 * covered / count:>8.2f}" for name, (count, covered) in sorted(sources.items())]
    lines.append(f"{'all':<44} {sum(count for count, _ in sources.values()):>8} {c_percent(sources, ''):>8.2f}")
    lines += ["", "RTL points that no bench reaches:"]
    lines += [f"  {file}:{line} {kind} {name}" for (file, line, kind, name), hit in sorted(rtl.items()) if not hit]
    write(OUT / "report", "\n".join(lines) + "\n")
    print("\n".join(lines))


def c_percent(sources, start):
    chosen = [counts for name, counts in sources.items() if name.startswith(start)]
    return 100 * sum(covered for _, covered in chosen) / sum(count for count, _ in chosen)


def main(arguments):
    every = blocks("tb/*/*_tb.c")
    if len(arguments) > 1 or set(arguments) - set(every):
        raise Failure("name one block that has a bench, or none")
    (OUT / "rtl").mkdir(parents=True, exist_ok=True)
    for block in arguments or every:
        run_bench(block)
    rtl, sources = rtl_points(), c_points()
    report(rtl, sources)
    total = Counts((kind, hit) for (*_, kind, _), hit in rtl.items())
    numbers = {"rtl_line": round(total.percent("line"), 2), "rtl_toggle": round(total.percent("toggle"), 2),
               "c_line": round(c_percent(sources, ""), 2), "c_line_model": round(c_percent(sources, "cmodel"), 2),
               "rtl_line_points": total.all["line"], "rtl_toggle_points": total.all["toggle"],
               "c_lines": sum(count for count, _ in sources.values())}
    write(OUT / "summary.json", json.dumps(numbers, indent=1) + "\n")
    # Shared modules are reached by other blocks' benches too: whole numbers come from whole runs.
    if not arguments:
        by_block = Counts(((file.split("/")[1], kind), hit) for (file, _, kind, _), hit in rtl.items())
        evidence.record({(block, f"rtl_{kind}"): f"{by_block.percent((block, kind)):.1f}" for block, kind in sorted(by_block.all)}
                        | {("all", key): f"{numbers[key]:.2f}" for key in ("rtl_line", "rtl_toggle", "c_line", "c_line_model")})
    least = float(os.environ.get("PERIMETER_COVERAGE_LEAST", 99))
    short = [kind for kind in total.all if total.percent(kind) < least]
    for kind in short:
        print(f"not ok - coverage: {total.percent(kind):.2f} % of RTL {kind}s, {least:g} wanted")
    return int(bool(short))


if __name__ == "__main__":
    program(main)
