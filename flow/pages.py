#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints what the pages have from elsewhere: ports and modules from the RTL's headers, numbers from the committed results.

    flow/pages.py          writes README.md and docs/ anew where a printed part has changed, tb/results.tsv from the benches' logs before
    flow/pages.py check    TAP: a page that is not what would be printed, or a count that is not the log's, is a failure

A printed part stands between `<!-- NAME: flow/pages.py -->` and `<!-- end -->`, each on a line of its own; the
functions under REGIONS print it. A number inside a sentence stands between `<!-- = EXPRESSION -->` and `<!-- / -->`: a Python
expression over the functions under VALUES, with a format behind ` : `, as in `<!-- = ge('sar_ctrl-flexible') : .0f -->212<!-- / -->`.
"""

import fnmatch
import functools
import re
from pathlib import Path

import common
import rtl
from common import BUILD, Failure, Tap, block_list, program, read, read_tsv, write

REGION = re.compile(r"^(<!-- (\w+): flow/pages\.py -->\n).*?^(<!-- end -->)$", re.M | re.S)
VALUE = re.compile(r"(<!-- = (.+?)(?: : (\S+))? -->)(.*?)(<!-- / -->)")
EVERYWHERE = {"clk_i": "Clock.", "rst_ni": "Asynchronous reset, active low."}
COUNTS = "tb/results.tsv"


def table(head: list[str], lines: list[list[str]]) -> str:
    return "".join(line + "\n" for line in common.table(head, [[cell.replace("|", "\\|") for cell in line] for line in lines]))


def together(values: list[str]) -> str:
    """One value where all are the same, else all of them."""
    return ", ".join(values if len(set(values)) > 1 else values[:1])


def plain(expression: str) -> str:
    return expression.replace("$clog2", "clog2")


def groups(items: list[rtl.Item]) -> list[list[rtl.Item]]:
    """A comment speaks for what follows it, up to the next comment."""
    found: list[list[rtl.Item]] = []
    for item in items:
        if item.name in EVERYWHERE:
            item = item._replace(doc=item.doc or EVERYWHERE[item.name])
        if item.doc is None and found and found[-1][0].name not in EVERYWHERE:
            found[-1].append(item)
        else:
            found.append([item])
    return found


def parameter_table(module: rtl.Module) -> str:
    lines = [
        [", ".join(f"`{p.name}`" for p in group), ", ".join(plain(p.default).removeprefix("1'b") for p in group), group[0].doc or ""]
        for group in groups(module.parameters)
    ]
    head = ["parameter", "default", "meaning"] if module.ports else ["constant", "value", "meaning"]
    return table(head, lines) + "\n" if lines else ""


def port_table(module: rtl.Module) -> str:
    lines = []
    for group in groups(module.ports):
        names = ", ".join(f"`{p.name}`" for p in group)
        lines.append([names, together([p.kind.removesuffix("put") for p in group]), together([plain(p.width) for p in group]), group[0].doc or ""])
    return table(["port", "dir", "width", "meaning"], lines) + derived(module)


def derived(module: rtl.Module) -> str:
    """What the widths are made of."""
    named, todo = {}, [p.width for p in module.ports]
    while todo:
        for name in re.findall(r"\b[A-Z]\w*", todo.pop()):
            if name in module.constants and name not in named:
                named[name] = plain(module.constants[name])
                todo.append(named[name])
    return "\n" + ", ".join(f"`{name} = {value}`" for name, value in sorted(named.items())) + ".\n" if named else ""


def ports(page: Path) -> str:
    """Parameters and ports of the page's block."""
    top = rtl.modules(page.stem)[0]
    return "\n" + parameter_table(top) + port_table(top) + "\n"


def modules(page: Path) -> str:
    """A paragraph, a drawing, parameters and ports of each module of the page's folder of RTL, but its top and what a register map makes."""
    text = "\n"
    for module in rtl.modules(page.stem):
        if module.name not in (f"pm_{page.stem}", f"pm_{page.stem}_pkg"):
            drawing = f"figures/schematic_{module.name.removeprefix('pm_')}.svg"
            text += f"### `{module.name}`\n" + "\n\n".join(module.doc) + "\n\n"
            if Path("docs", drawing).exists():
                text += f"![Registers and instances of {module.name}](../{drawing})\n\n"
            text += parameter_table(module) + (port_table(module) + "\n" if module.ports else "")
    return text


def proofs(page: Path) -> str:
    """Targets of the page's folder in formal/."""
    engines = {"sat": "every input", "smt": "induction, no bound", "bmc": "bounded"}
    targets = block_list(f"formal/{page.stem}/targets", 6)
    return table(["target", "top", "parameters", "how"], [[f"`{name}`", f"`{top}`", given, engines[how]] for name, how, top, given, *_ in targets])


def blocks(_: Path) -> str:
    """The README's table of blocks."""
    lines = []
    for block in rtl.blocks():
        what = re.split(r"(?<=[^.]\.) ", rtl.modules(block)[0].doc[0])[0].rstrip(".")
        what = re.sub(r" \((?:FLARE|HyFlexPIM|section)[^()]*\)", "", what)
        rooms = [f"include/perimeter/{block}.h", f"rtl/{block}/pm_{block}.sv", f"tb/{block}/{block}_tb.c", f"formal/{block}/targets"]
        there = ["yes" if Path(room).exists() else "no" for room in rooms]
        lines.append([f"`{block}`", what, *there, f"[{block}](docs/blocks/{block}.md)"])
    return table(["block", "what", "golden C", "RTL", "bench", "proofs", "page"], lines)


def speed(_: Path) -> str:
    """The golden model's paths."""
    lines = [
        [row["path"], row["size"], row["vectors"], f"{int(row['mmacs']):,}", f"{row['ratio']} x {row['against']}" if row["ratio"] else ""]
        for row in rows("bench/results.tsv")
    ]
    return table(["path", "D x M", "vectors", "MMAC/s", "ratio"], lines)


def networks(_: Path) -> str:
    """Whole networks, and what is wanted of them on two cores."""
    lines = []
    for row in rows("bench/networks.tsv"):
        two = 2000 / float(row["cpu_ms"])
        goal = [f"{int(row['goal']):,}", f"{two / int(row['goal']):.2f}"] if row["goal"] else ["", ""]
        lines.append([row["network"], row["inputs"], row["cpu_ms"], f"{two:,.0f}", *goal])
    return table(["network", "inputs", "CPU ms an input", "a second, two cores", "goal", "ratio"], lines)


@functools.cache
def rows(path: str) -> list[dict[str, str]]:
    """Of committed results."""
    return read_tsv(path)


def one(path: str, column: str, **wanted: str) -> float:
    """A number of the only row whose columns are as wanted."""
    found = [row for row in rows(path) if all(row[k] == v for k, v in wanted.items())]
    if len(found) != 1:
        raise Failure(f"{path}: {len(found)} rows with {wanted}")
    return float(found[0][column])


def mapped(name: str, column: str) -> float:
    """A column of a configuration in docs/synthesis.md."""
    block, _, config = name.partition("-")
    return one("synth/results.tsv", column, block=block, config=config)


def several(column: str, *patterns: str) -> list[float]:
    """A column of all configurations that match."""
    names = {f"{row['block']}-{row['config']}": row for row in rows("synth/results.tsv")}
    return [float(row[column]) for name, row in names.items() if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]


def least(column: str, *patterns: str) -> float:
    return min(several(column, *patterns))


def most(column: str, *patterns: str) -> float:
    return max(several(column, *patterns))


def ge(name: str) -> float:
    """Area in gate equivalents."""
    return mapped(name, "ge")


def ns(name: str) -> float:
    """Shortest clock period."""
    return mapped(name, "delay_ns")


def accesses(name: str) -> float:
    """Accesses of a Gaussian vector."""
    (row,) = [row for row in rows("synth/results.tsv") if f"{row['block']}-{row['config']}" == name]
    return float(row["accesses"].split(";")[0])


def tried(block: str, design: str, column: str = "area_ge", **scope: str) -> float:
    """A column of a design that was tried."""
    return one(f"synth/{block}/tried.tsv", column, design=design, **scope)


def power(netlist: str, column: str) -> float:
    return one("synth/power.tsv", column, netlist=netlist)


def power_on(library: str, netlist: str, column: str) -> float:
    """The same with another library."""
    return one("synth/power_libraries.tsv", column, library=library, netlist=netlist)


def ran(line: str) -> float:
    """A number that `make run` printed, by the README: what the expression's parentheses find."""
    return float(re.search(line, read("README.md"))[1])


def compared(bench: str) -> float:
    """Integers that a bench compares."""
    return one(COUNTS, "integers", bench=bench)


def counted() -> dict[str, str]:
    """Integers that the benches compared in all their models when `make test` ran them last, by their logs."""
    logs = [read(log) for log in sorted((BUILD / "test").glob("bench-*.tap"))]
    whole = [log for log in logs if re.search(r"^# bench \w+: seed 1$", log, re.M)]
    return dict(m.groups() for log in whole if (m := re.search(r"^# bench (\w+): (\d+) integers compared", log, re.M)))


REGIONS = {f.__name__: f for f in (ports, modules, proofs, blocks, speed, networks)}
VALUES = {"__builtins__": {}} | {f.__name__: f for f in (least, most, ge, ns, mapped, accesses, tried, power, power_on, ran, compared)}


def printed(page: Path, text: str) -> str:
    """The page as it should be."""

    def region(m: re.Match) -> str:
        return m[1] + REGIONS[m[2]](page) + m[3]

    def value(m: re.Match) -> str:
        return m[1] + format(eval(m[2], VALUES), m[3] or "") + m[5]  # the repository's own pages

    return VALUE.sub(value, REGION.sub(region, text))


def main(arguments: list[str]) -> int:
    check = arguments == ["check"]
    if arguments and not check:
        raise Failure("usage: flow/pages.py [check]")
    tap = Tap()

    def take(path: Path, text: str, wanted: str) -> None:
        if check:
            tap(wanted == text, f"{path} is what flow/pages.py prints")
        elif wanted != text:
            write(path, wanted)
            print(path)

    known = {row["bench"]: row["integers"] for row in rows(COUNTS)} | counted()
    take(Path(COUNTS), read(COUNTS), "".join(f"{bench}\t{integers}\n" for bench, integers in [("bench", "integers"), *sorted(known.items())]))
    rows.cache_clear()
    for page in [Path("README.md"), *sorted(Path("docs").rglob("*.md"))]:
        text = read(page)
        if REGION.search(text) or VALUE.search(text):
            try:
                take(page, text, printed(page, text))
            except (KeyError, NameError, SyntaxError, TypeError, ValueError) as error:
                raise Failure(f"{page}: {error!r}") from error
    return tap.failed


if __name__ == "__main__":
    program(main)
