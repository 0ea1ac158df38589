#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tables of docs/systems/xbar.md from docs/crossbars: what published networks take on crossbars of 256 x 256 cells that are written at every inference
(published.tsv), accuracies of policies (accuracy.tsv) and what searches found (searches.tsv).
  flow/crossbars.py [--check]                      prints the page's tables, or tells whether they are there
  flow/crossbars.py NETWORK POLICY.npy [CELL]      time and speedup of a policy, [layers, 2] of bits of weights and of inputs, cells of CELL bits (4)
Layers are the networks' shapes at 224 x 224 pixels, in the order of the policies that come with the source (github.com/jmkle/cim-aq: lib/simulator
has its own tables of them, results its policies). Latency: docs/numerics.md, "Mapping to RRAM crossbars", pairs of columns, 56 us a write, 1.4 us a plane."""
import ast
import struct
from pathlib import Path

from common import Failure, fill, program, read_tsv, table

DATA, PAGE, MARK = "docs/crossbars/published.tsv", "docs/systems/xbar.md", "{}: flow/crossbars.py"
SIDE, WRITE, PLANE = 256, 560, 14  # cells; 0.1 us


def layers(network):
    found = [layer for layer in read_tsv(DATA) if layer["network"] == network]
    if not found:
        raise Failure(f"{DATA}: no network {network}")
    return found


def time(layer, w, a, cell):
    k, outputs, vectors, repeat = (int(layer[key]) for key in ("k", "outputs", "vectors", "repeat"))
    columns = 2 * outputs * -(-w // cell)
    return repeat * -(-columns // SIDE) * -(-k // SIDE) * (WRITE + vectors * a * PLANE)


def total(network, bits, cell):
    """Of `bits` [(w, a)], a layer each."""
    found = layers(network)
    if len(bits) != len(found):
        raise Failure(f"{len(bits)} layers, {network} has {len(found)}")
    return sum(time(layer, w, a, cell) for layer, (w, a) in zip(found, bits))


def uniform(network, w, a, ends=(8, 8)):
    inner = len(layers(network)) - 2
    return [ends, *[(w, a)] * inner, ends]


def read_policy(path):
    """[(w, a)] of an array [n, 2] of integers or of float64 that are whole."""
    data = Path(path).read_bytes()
    size = struct.unpack("<H", data[8:10])[0] if data[:8] == b"\x93NUMPY\x01\x00" else 0
    head = ast.literal_eval(data[10 : 10 + size].decode()) if size else {}
    kind = {"<i8": "q", "<i4": "i", "|i1": "b", "|u1": "B", "<f8": "d", "<f4": "f"}.get(head.get("descr"))
    shape = head.get("shape", ())
    if not kind or head["fortran_order"] or len(shape) != 2 or shape[1] != 2:
        raise Failure(f"{path}: no .npy of numbers [layers, 2]")
    values = struct.unpack_from(f"<{2 * shape[0]}{kind}", data, 10 + size)
    if any(v != int(v) or not 1 <= v <= 8 for v in values):
        raise Failure(f"{path}: bits that are not 1..8")
    return [(int(w), int(a)) for w, a in zip(values[::2], values[1::2])]


def as_it_is(name):
    """A file's columns."""
    rows = read_tsv(f"docs/crossbars/{name}.tsv")
    return table(list(rows[0]), [list(row.values()) for row in rows])


def published():
    rows = []
    for network in dict.fromkeys(layer["network"] for layer in read_tsv(DATA)):
        for cell in (4, 2):
            eight = total(network, uniform(network, 8, 8), cell)
            speed = lambda w, a: f"{eight / total(network, uniform(network, w, a), cell):.3f}"  # noqa: E731, B023
            rows.append([network, str(len(layers(network))), str(cell), f"{eight / 10:,.1f}", speed(4, 8), speed(4, 4), speed(cell, 2)])
    return table(["network", "layers", "bits a cell", "8/8, us", "4/8", "4/4", "one cell a weight, 2"], rows)


def main(arguments):
    if len(arguments) in (2, 3):
        cell = int(arguments[2]) if len(arguments) == 3 else 4
        eight, found = total(arguments[0], uniform(arguments[0], 8, 8), cell), total(arguments[0], read_policy(arguments[1]), cell)
        print(f"{arguments[0]}: {found / 10:.1f} us, 8/8 {eight / 10:.1f} us, {eight / found:.3f}x")
        return 0
    check = "--check" in arguments
    tables = {"published": published(), "accuracy": as_it_is("accuracy"), "searches": as_it_is("searches")}
    if all([fill(PAGE, MARK.format(name), lines, check) for name, lines in tables.items()]) or not check:
        return 0
    print(f"{PAGE}: not what docs/crossbars says: flow/crossbars.py")
    return 1


if __name__ == "__main__":
    program(main)
