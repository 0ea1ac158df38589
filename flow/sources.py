#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the sources claim and what was found of it, claim by claim: docs/sources.tsv as the tables of docs/sources.md.
  flow/sources.py [--check]   prints them, or tells whether they are there
A row is one number, figure or claim of a source. Its columns:
  system   whose table it is in, <!-- SYSTEM: flow/sources.py --> on the page
  place    of the claim in the source: a section, a figure
  claim    in our words
  verdict  reproduced, contradicted, or not derivable
  here     what is measured here; the arithmetic that contradicts; or what is missing. {EXPRESSION:FORMAT} is a number from committed results
  holds    an expression that is true as long as the verdict is; of what is not derivable nothing
  command  that measures it again, needed where something is reproduced; `arithmetic` where the source's own numbers give it
Expressions are Python over the functions under KNOWN. What is reproduced otherwise has to ask committed results or a test that is there, so that nothing is
called so by its row alone."""
import math
import re
from pathlib import Path

import pages
from common import Failure, fill, program, read, read_tsv, table

DATA, PAGE, MARK = "docs/sources.tsv", "docs/sources.md", "{}: flow/sources.py"
COLUMNS = ["system", "place", "claim", "verdict", "here", "holds", "command"]
ARITHMETIC = "arithmetic"
VERDICTS = ("reproduced", "contradicted", "not derivable")
# Of the tables of `make run`.
COLUMNS_OF_CHOICES = ["accuracy", "same", "accesses", "boost", "arrays", "conversions", "levels", "clocks"]
ENGINE_COLUMNS = ["accuracy", "same", "units", "accesses", "saved", "wake", "merit"]
ARRAY_COLUMNS = ["accuracy", "same", "arrays", "reads", "conversions", "clocks", "copies", "interval", "wrong"]
PRINTED = re.compile(r"\{(.+?)(?::([\d.,]*[dfeg%]))?\}")


def on(page, line):
    """A number on a page of docs/, by what the expression's parentheses find there."""
    found = re.search(line, read(Path("docs", page)), re.M)
    if not found:
        raise Failure(f"docs/{page}: nothing like {line}")
    return float(found[1])


def variant(name, column):
    """A number of a variant's row in what `make run` printed, by the README."""
    line = re.search(rf"^ +{re.escape(name)} +(\d.*)$", read("README.md"), re.M)
    if not line:
        raise Failure(f"README.md: no row {name}")
    numbers = re.findall(r"-?[\d.]+|-|do not fit", line[1].split("(")[0].replace("%", ""))
    columns = (ENGINE_COLUMNS if name.startswith(("khwa.", "plan=")) else
               ARRAY_COLUMNS if name.split(",")[0].endswith("=hyflex") else COLUMNS_OF_CHOICES)
    return float(dict(zip(columns, numbers))[column].replace("do not fit", "0"))


def zeros(way, column=0):
    """The share of zeros in percent that `make run` printed of all arrays, or (column 1) the boost that it allows."""
    line = re.search(r"^ +all +(.*)$", read("README.md"), re.M)
    if not line:
        raise Failure("README.md: no row of zeros")
    return float(line[1].split()[2 * ["bits", "values", "vectors", "slices"].index(way) + column])


def tested(test, case):
    """Whether a unit test has such a case, which `make test` runs."""
    return re.search(rf"cmocka_unit_test\({case}\)", read(f"tests/{test}_test.c")) is not None


RESULTS = {name: f for name, f in pages.VALUES.items() if callable(f)} | {"on": on, "tested": tested, "variant": variant, "zeros": zeros}
KNOWN = {"__builtins__": {}, "abs": abs, "min": min, "max": max, "round": round, "ceil": math.ceil, "log2": math.log2, "sqrt": math.sqrt} | RESULTS


def value(expression):
    return eval(expression, KNOWN)  # the repository's own data


def command_exists(command):
    """make's targets and the tests that they run; the program's commands; scripts."""
    words = command.split()
    if words[0] == "perimeter":
        return Path("src", f"{words[1]}.c").exists()
    if words[0] != "make":
        return command == ARITHMETIC or Path(words[0]).is_file()
    block = [word.removeprefix("BLOCK=") for word in words if word.startswith("BLOCK=")]
    targets = [word for word in words[1:] if "=" not in word]
    phony = re.search(r"^\.PHONY: (.*)$", read("Makefile"), re.M)[1].split()
    return bool(targets) and set(targets) <= set(phony) and ("unit" not in targets or all(Path(f"tests/{name}_test.c").exists() for name in block))


def fault(row):
    """What is wrong with a row, or nothing."""
    if row["verdict"] not in VERDICTS:
        return f"{row['verdict']} is not one of {', '.join(VERDICTS)}"
    if not row["place"] or not row["claim"] or not row["here"]:
        return "place, claim and here say something"
    if row["verdict"] == "not derivable":
        return "what is not derivable holds nothing and has no command" if row["holds"] or row["command"] else None
    if row["verdict"] == "reproduced" and row["command"] != ARITHMETIC and not any(re.search(rf"\b{name}\(", row["holds"]) for name in RESULTS):
        return "reproduced by no result"
    if row["verdict"] == "reproduced" and not row["command"]:
        return "reproduced by no command"
    if row["command"] and not command_exists(row["command"]):
        return f"no such command: {row['command']}"
    return None if row["holds"] and value(row["holds"]) is True else f"does not hold: {row['holds']}"


def here(row):
    return PRINTED.sub(lambda m: format(value(m[1]), m[2] or ""), row["here"])


def cells(row):
    command = f"`{row['command']}`" if row["command"] not in ("", ARITHMETIC) else row["command"]
    return [cell.replace("|", "\\|") for cell in (row["place"], row["claim"], row["verdict"], here(row), command)]


def tables(rows):
    """Each system's lines, in the data's order; a row that is at fault is a Failure."""
    found, known = {}, set()
    for number, row in enumerate(rows, 2):
        if list(row) != COLUMNS:
            raise Failure(f"{DATA}: columns are not {', '.join(COLUMNS)}")
        claim = row["system"], row["place"], row["claim"]
        try:
            wrong = "is there twice" if claim in known else fault(row)
            known.add(claim)
            found.setdefault(row["system"], []).append(cells(row) if not wrong else [])
        except (Failure, LookupError, NameError, SyntaxError, TypeError, ValueError) as error:
            wrong = str(error)
        if wrong:
            raise Failure(f"{DATA}: row {number}, {row['claim']}: {wrong}")
    return {system: table(["place", "claim", "verdict", "here", "command"], lines) for system, lines in found.items()}


def main(arguments):
    if arguments not in ([], ["--check"]):
        raise Failure("takes --check or nothing")
    same = all([fill(PAGE, MARK.format(system), lines, bool(arguments)) for system, lines in tables(read_tsv(DATA)).items()])
    if not same and arguments:
        print(f"{PAGE}: not what {DATA} says: flow/sources.py")
        return 1
    return 0


if __name__ == "__main__":
    program(main)
