#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""flow/second.py on one short proof: Bitwuzla agrees, where it is there; a solver that says the contrary of z3, or nothing, is seen."""
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "flow"))
from common import BUILD, Tap, program  # noqa: E402
import second  # noqa: E402

BLOCK, TARGET = "sar_ctrl", "fixed"
tap = Tap()


def run(solver, folder):
    """What flow/second.py says of the target with such a solver."""
    path = folder / "solver"
    path.write_text(solver, encoding="utf-8")
    path.chmod(0o755)
    os.environ["PERIMETER_BITWUZLA"] = str(path)
    target, = [target for target in second.targets(BLOCK, folder / "out") if target.name == TARGET]
    said = []
    row = second.hold(target, second.solver(False), lambda passed, name: said.append((passed, name)))
    return row, said[0]


def main(_):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        row, (passed, name) = run("#!/bin/sh\nexec z3 -smt2 -in\n", folder)
        tap(passed and row is not None, "z3 agrees with itself")
        row, (passed, name) = run("#!/bin/sh\nexec sed -u -n 's/.*(check-sat).*/unsat/p'\n", folder)
        tap(not passed and row is None and "canary base: z3 FAILED" in name, "a solver that finds no canary disagrees")
        row, (passed, name) = run("#!/bin/sh\nexit 1\n", folder)
        tap(not passed and row is None, "a solver that says nothing disagrees")
    del os.environ["PERIMETER_BITWUZLA"]
    if not second.solver(False):
        print(f"ok - second solver {BLOCK}/{TARGET} # SKIP no Bitwuzla")
        return tap.failed
    target, = [target for target in second.targets(BLOCK, BUILD / "formal" / "second" / BLOCK) if target.name == TARGET]
    second.hold(target, second.solver(False), tap)
    return tap.failed


if __name__ == "__main__":
    program(main)
