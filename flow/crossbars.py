#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tables of docs/systems/xbar.md from docs/crossbars: what published networks take on crossbars of 256 x 256 cells that are written at every inference
(published.tsv), accuracies of policies (accuracy.tsv) and what searches found (searches.tsv).
  flow/crossbars.py [--check]                      prints the page's tables, or tells whether they are there
  flow/crossbars.py consistent                     writes consistent.tsv: how many policies take as long as the source's, whose bits are not published
                                                   as text, and one of them
  flow/crossbars.py NETWORK POLICY.npy [CELL]      time and speedup of a policy, [layers, 2] of bits of weights and of inputs, cells of CELL bits (4)
Layers are the networks' shapes at 224 x 224 pixels, in the order of the policies that come with the source (github.com/jmkle/cim-aq: lib/simulator
has its own tables of them, results its policies). Latency: docs/numerics.md, "Mapping to RRAM crossbars", pairs of columns, 56 us a write, 1.4 us a plane."""
import ast
import math
import random
import struct
from collections import defaultdict
from pathlib import Path

from common import Failure, fill, program, read_tsv, table, write_tsv

DATA, PAGE, MARK = "docs/crossbars/published.tsv", "docs/systems/xbar.md", "{}: flow/crossbars.py"
SIDE, WRITE, PLANE = 256, 560, 14  # cells; 0.1 us
CONSISTENT = ["network", "cell", "drop", "speedup", "policies", "w", "a"]


def layers(network):
    found = [layer for layer in read_tsv(DATA) if layer["network"] == network]
    if not found:
        raise Failure(f"{DATA}: no network {network}")
    return found


def time(layer, w, a, cell, lie="dc"):
    k, outputs, vectors, repeat = (int(layer[key]) for key in ("k", "outputs", "vectors", "repeat"))
    pieces = outputs * -(-w // cell)
    columns, rows = {"dc": (2 * pieces, k), "of": (pieces + 1, k), "dr": (pieces, 2 * k)}[lie]
    return repeat * -(-columns // SIDE) * -(-rows // SIDE) * (WRITE + vectors * a * PLANE)


def total(network, bits, cell, lie="dc"):
    """Of `bits` [(w, a)], a layer each."""
    found = layers(network)
    if len(bits) != len(found):
        raise Failure(f"{len(bits)} layers, {network} has {len(found)}")
    return sum(time(layer, w, a, cell, lie) for layer, (w, a) in zip(found, bits))


def speedup(network, bits, cell, lie="dc"):
    return total(network, uniform(network, 8, 8), cell, lie) / total(network, bits, cell, lie)


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


# What the source says of its policies: speedups to three decimals, VGG-16's time to the unit; of ViT-B/32 also bits of products and dense layers.
SPEEDUPS = [("VGG-16", 4, "0.5", "2.482"), ("ViT-B/32", 4, "0.5", "2.200"), *[("ResNet-18", 4, drop, speed) for drop, speed in
            (("0.1", "1.509"), ("0.5", "2.374"), ("1.0", "2.703"))], *[("ResNet-18", 2, drop, speed) for drop, speed in
            (("0.1", "1.660"), ("0.5", "2.032"), ("1.0", "2.260"))]]
EXACT = {"VGG-16": 49_935_648}
MAPS = {"VGG-16": (("of", "2.173"), ("dr", "2.065"))}
AT_8 = {"ViT-B/32": (7, 10)}  # of the products' weights and inputs; all dense layers' weights have 4


def choices(network, cell):
    """Of each layer {(w, a): (time, whether it is a product's weight at 8, and its input)}."""
    found = []
    for number, layer in enumerate(layers(network)):
        end, product = number in (0, len(layers(network)) - 1), layer["kind"] == "product"
        fixed = 8 if end else 4 if network in AT_8 and layer["kind"] == "dense" else None
        found.append({(w, a): (time(layer, w, a, cell), int(product and w == 8), int(product and a == 8))
                      for w in range(cell, 9, cell) for a in range(2, 9) if fixed in (None, w) and (not end or a == 8)})
    return found


def times_that_fit(network, cell, claimed):
    """First and last time that is this speedup, rounded."""
    if network in EXACT:
        return EXACT[network], EXACT[network]
    eight, thousandths = total(network, uniform(network, 8, 8), cell), round(1000 * float(claimed))
    return math.ceil(2000 * eight / (2 * thousandths + 1)), math.floor(2000 * eight / (2 * thousandths - 1))


def counted(options, low, unit, keep, most):
    """A function: in how many ways the layers take a number of units below `keep`."""
    slot, ways = 8 * -(-5 * len(options) // 8), {(0, 0): 1}  # bits of a coefficient, at most 28 choices a layer; a polynomial is an integer
    for layer, least in zip(options, low):
        more = defaultdict(int)
        for (w8, a8), way in ways.items():
            for t, w, a in layer.values():
                if w8 + w <= most[0] and a8 + a <= most[1]:
                    more[w8 + w, a8 + a] += way << slot * ((t - least) // unit)
        ways = {counts: way & ((1 << slot * keep) - 1) for counts, way in more.items()}
    packed = ways[most].to_bytes(slot * keep // 8 + 1, "little")
    return lambda units: int.from_bytes(packed[slot * units // 8 : slot * (units + 1) // 8], "little")


def reached(options, low, unit, keep):
    """A list: of the last 0, 1, 2 ... layers, {counts: a bit a number of units that they can take}."""
    there = [{(0, 0): 1}]
    for layer, least in zip(reversed(options), reversed(low)):
        more = defaultdict(int)
        for (w8, a8), bits in there[-1].items():
            for t, w, a in layer.values():
                more[w8 + w, a8 + a] |= bits << (t - least) // unit & ((1 << keep) - 1)
        there.append(more)
    return [{counts: bits.to_bytes(keep // 8 + 1, "little") for counts, bits in level.items()} for level in there]


def draw(options, low, unit, there, units, left, rng):
    """A policy that takes so many units, layer by layer."""
    policy = []
    for layer, least, after in zip(options, low, reversed(there[:-1])):
        steps = [(bits, units - (t - least) // unit, (left[0] - w, left[1] - a)) for bits, (t, w, a) in layer.items()]
        bits, units, left = rng.choice([step for step in steps if step[1] >= 0 and step[2] in after
                                        and after[step[2]][step[1] >> 3] >> (step[1] & 7) & 1])
        policy.append(bits)
    return policy


def consistent(network, cell, claimed):
    """How many policies fit what the source says of bits and of the time, and one of them, which fits what it says of other maps too."""
    options, first, last = choices(network, cell), *times_that_fit(network, cell, claimed)
    low = [min(t for t, *_ in layer.values()) for layer in options]
    unit = math.gcd(*(t - least for layer, least in zip(options, low) for t, *_ in layer.values()))
    lowest, keep, most = -(-(first - sum(low)) // unit), (last - sum(low)) // unit + 1, AT_8.get(network, (0, 0))
    ways = counted(options, low, unit, keep, most)
    units = next(units for units in range(lowest, keep) if ways(units))
    there, rng, policy = reached(options, low, unit, keep), random.Random(1), None
    while policy is None or any(f"{speedup(network, policy, cell, lie):.3f}" != claim for lie, claim in MAPS.get(network, ())):
        policy = draw(options, low, unit, there, units, most, rng)
    return sum(map(ways, range(lowest, keep))), policy


def write_consistent():
    rows = []
    for network, cell, drop, claimed in SPEEDUPS:
        number, policy = consistent(network, cell, claimed)
        rows.append(dict(zip(CONSISTENT, (network, str(cell), drop, claimed, str(number), *("".join(map(str, bits)) for bits in zip(*policy))))))
    write_tsv("docs/crossbars/consistent.tsv", CONSISTENT, rows)


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


def fitting():
    rows = []
    for row in read_tsv("docs/crossbars/consistent.tsv"):
        network, cell, policy = row["network"], int(row["cell"]), [tuple(map(int, bits)) for bits in zip(row["w"], row["a"])]
        number = int(row["policies"])
        if f"{speedup(network, policy, cell):.3f}" != row["speedup"]:
            raise Failure(f"docs/crossbars/consistent.tsv: {network} at {row['drop']}: the policy's speedup is {speedup(network, policy, cell):.3f}")
        rows.append([network, row["drop"], row["cell"], row["speedup"], f"{speedup(network, policy, cell):.3f}", f"{total(network, policy, cell):,}",
                     f"{number:,}" if number < 10**12 else f"{number:.1e}"])
    return table(["network", "points that may be lost", "bits a cell", "the source's speedup", "of a policy that fits", "its time, 0.1 us",
                  "policies that fit"], rows)


def main(arguments):
    if len(arguments) in (2, 3):
        cell, policy = int(arguments[2]) if len(arguments) == 3 else 4, read_policy(arguments[1])
        print(f"{arguments[0]}: {total(arguments[0], policy, cell) / 10:.1f} us, {speedup(arguments[0], policy, cell):.3f}x")
        return 0
    if arguments == ["consistent"]:
        write_consistent()
        return 0
    check = "--check" in arguments
    tables = {"published": published(), "fitting": fitting(), "accuracy": as_it_is("accuracy"), "searches": as_it_is("searches")}
    if all([fill(PAGE, MARK.format(name), lines, check) for name, lines in tables.items()]) or not check:
        return 0
    print(f"{PAGE}: not what docs/crossbars says: flow/crossbars.py")
    return 1


if __name__ == "__main__":
    program(main)
