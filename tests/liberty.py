#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cell libraries: what is found in one, a block mapped with it, and files that are none or lack something, each refused in one line."""
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "flow"))
from common import LIBERTY, Failure, Tap, program, read  # noqa: E402
from liberty import evaluate, literal, load, parse  # noqa: E402

SMALL = "tests/liberty/small.lib"
tap = Tap()


def expressions():
    """Functions as libraries write them."""
    for text, on in (("!(A & B)", {"00", "01", "10"}), ("(A B)", {"11"}), ("A' B", {"01"}), ("(A+B)'", {"00"}), ("A ^ B", {"01", "10"}),
                     ("A*!B + !A B", {"01", "10"}), ("!A|B", {"00", "01", "11"}), ("1", {"00", "01", "10", "11"}), ("((A))''", {"10", "11"})):
        found = {f"{a}{b}" for a in (0, 1) for b in (0, 1) if evaluate(text, {"A": bool(a), "B": bool(b)})}
        tap(found == on, f"the function {text}")
    for text in ("", "A &", "(A", "A)", "C", "A ? B", "!" * 5000 + "("):
        tap(evaluate(text, {"A": True, "B": True}) is None, f"no function: '{text[:8]}'")
    tap([literal(text) for text in ("A", "(!RN)", "RN'", "!A'", "A B")] == [("A", False), ("RN", True), ("RN", True), ("A", False), None], "pins")


def discovery(folder):
    small = load([SMALL])
    tap((small.nand2, small.area, small.driver, small.load, small.ties) == ("NAND2", 4.0, "BUF", 8.0, [["TIE", "ONE"], ["TIE", "ZERO"]]),
        "NAND, buffer, load and ties of a small library")
    tap(small.flops == {"dff": "DFF", "clear": "DFFR"} and small.gate["cell"] == "GATE", "its flops and clock gate")
    tap("NAND2_NOT_FOR_USE" in read(SMALL) and "NAND2_NOT_FOR_USE" not in read(small.used), "what is marked as not for use is left out")
    packed = folder / "small.lib.gz"
    packed.write_bytes(gzip.compress(Path(SMALL).read_bytes()))
    tap(load([packed]).checksum == small.checksum, "packed, it is the same")
    settings = load([SMALL, "NAND2=NAND2", "DRIVER=BUF", "LOAD=3.5", "CLOCK=2"])
    tap((settings.load, settings.clock, settings.standard()) == (3.5, "2", False), "LOAD and CLOCK are taken")
    latch = folder / "latch.lib"
    latch.write_text(without(read(SMALL), "GATE"))
    tap(load([latch]).gate.get("latch") == "LATCH" and load([latch]).gate["low"], "without an integrated gate, a latch and an AND")
    osu = load([LIBERTY])
    tap(osu.flops == {"dff": "DFFPOSX1", "both": "DFFSR"} and osu.ties == [[], []] and osu.gate.get("latch") == "LATCH" and osu.gate["area"] == 104,
        "OSU018: its latch has the area of its layout")


def without(text, cell):
    """A library's text without one cell."""
    top = parse("text", text)
    group, = (group for group in top.inside("cell") if group.words == [cell])
    return text[:group.start] + text[group.end:]


def refused(folder):
    """One line that names file and reason, status 2, nothing written."""
    small = read(SMALL)
    xor = re.sub(r"(cell \(XOR2\) \{.*?area : )[0-9.]+", r"\1@", small, count=1, flags=re.S)
    cases = {
        "empty": b"", "no text": b"\x7fELF\0\0\0", "another format": b"module inv(a, y); endmodule\n", "words": b"a b c d\n" * 100,
        "cut in a cell": small[:len(small) // 2].encode(), "cut in a text": small[:small.index('"!(A & B)"') + 4].encode(),
        "cut in a comment": b"/* " + small[20:40].encode(), "cut, packed": gzip.compress(small.encode())[:-200],
        "a brace too many": (small + "}").encode(), "two libraries": (small + small).encode(), "100,000 braces": b"library (x) " + b"{ a (b) " * 100000,
        "no cells": b"library (x) { }\n", "no NAND": without(without(small, "NAND2"), "NAND2_NOT_FOR_USE").encode(),
        "a NAND without area": without(small, "NAND2_NOT_FOR_USE").replace("area : 4;", "", 1).encode(),
        "an area of no size": xor.encode().replace(b"@", b"inf"), "an area below nothing": xor.encode().replace(b"@", b"-1"),
        "an area of no number": xor.encode().replace(b"@", b"nan"), "an area in words": xor.encode().replace(b"@", b"x"),
        "no buffer": without(small, "BUF").encode(), "no inverter": without(small, "INV").encode(),
        "no flop with reset": without(small, "DFFR").encode(), "flops for falling edges": small.replace('"CK"; next', '"!CK"; next').encode(),
        "a name for a shell": small.replace("cell (XOR2)", 'cell ("x; exec -- rm")').encode(), "a pin for Tcl": small.replace("pin (Y)", 'pin ("[exit]")').encode(),
        "a text over two lines": small.replace('function : "', 'function "', 1).replace('"!(A & B)"', '"!(A\\n & B)"', 1).encode(),
        "a cell twice": small.replace("cell (NOR2)", "cell (NAND2)").encode()}
    for what, data in cases.items():
        path = folder / f"{what.replace(' ', '_').replace(',', '')}.lib"
        path.write_bytes(data)
        run = subprocess.run(["flow/liberty.py", path], capture_output=True, text=True)
        tap(run.returncode == 2 and run.stderr.count("\n") == 1 and str(path) in run.stderr and not run.stdout, f"refused: {what}: {run.stderr.strip()[-60:]}")
    for settings in (["NAND2=NOR2"], ["NAND2="], ["DRIVER=INV"], ["LOAD=-1"], ["LOAD=x"], ["CLOCK=0"], ["CLOCK=1;2"], ["SIZE=3"], ["LOAD"]):
        run = subprocess.run(["flow/liberty.py", SMALL, *settings], capture_output=True, text=True)
        tap(run.returncode == 2 and run.stderr.count("\n") == 1, f"refused: {settings[0]}")
    run = subprocess.run(["flow/liberty.py", folder / "none.lib"], capture_output=True, text=True)
    tap(run.returncode == 2 and run.stderr.count("\n") == 1, "refused: a file that is not there")


def every_length(folder):
    """Wherever a file ends too early, it is no library."""
    small = read(SMALL).rstrip()
    taken = 0
    for end in range(0, len(small) - 1, 97):
        try:
            parse("cut", small[:end])
            taken += 1
        except Failure:
            pass
    tap(taken == 0, "a library cut anywhere is refused")


def mapped():
    """A block mapped with the small library: area in its NANDs, the checks of the flow, a gate's cells."""
    environment = os.environ | {"PERIMETER_LIBERTY": SMALL}
    run = subprocess.run(["flow/synth.py", "map", "sar_ctrl"], env=environment, capture_output=True, text=True)
    numbers = json.loads(read(load([SMALL]).folder() / "sar_ctrl-flexible.json")) if run.returncode == 0 else {}
    tap(numbers.get("registers") == 24 and abs(numbers["ge"] - numbers["um2"] / 4) < 0.2, "sar_ctrl is mapped with the small library")
    run = subprocess.run(["flow/synth.py", "report", "sar_ctrl"], env=environment, capture_output=True, text=True)
    tap(run.returncode == 0 and "GE of NAND2" in run.stdout, "its report names the gate equivalent")


def main(arguments):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        expressions()
        discovery(folder)
        refused(folder)
        every_length(folder)
        mapped()
    return tap.failed


if __name__ == "__main__":
    program(main)
