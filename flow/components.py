#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What was measured of the blocks' netlists, as components for mappers: flow/components.py [check]

    docs/components/accelforge.yaml   AccelForge: joules, seconds, square metres
    docs/components/accelergy.yaml    Accelergy 0.4: tables of energy, pJ, and of area, um2

from synth/power.tsv (energy of an action, on the network's vectors) and synth/results.tsv (area, delay). `check` prints TAP."""

import re

from common import Failure, Tap, program, read, read_tsv, write

FOLDER = "docs/components"
NOTE = """# SPDX-License-Identifier: Apache-2.0
# By flow/components.py, from synth/power.tsv and synth/results.tsv: the digital part alone, OSU018 (0.18 um, 1.8 V, 25 C), before layout: no
# wires, no clock tree, no glitches. Energies have the cells' leakage in them. Arrays and converters are models and have none.
"""


def components() -> list[dict]:
    """Name, area, and actions: name, energy, clocks, delay; several rows of one netlist are its actions."""
    mapped = {f"{row['block']}-{row['config']}": row for row in read_tsv("synth/results.tsv")}
    found: dict[str, dict] = {}
    for row in read_tsv("synth/power.tsv"):
        netlist, _, how = row["netlist"].partition(" ")
        if netlist not in mapped:
            raise Failure(f"synth/results.tsv has no {netlist}, of which synth/power.tsv has the energy")
        of = found.setdefault(netlist, {"name": netlist.replace("-", "_"), "row": mapped[netlist], "actions": []})
        name = "_".join(re.findall(r"\w+", f"{row['unit']} {how}"))
        of["actions"].append({"name": name, "pj": float(row["pj"]), "clocks": int(row["clocks"]) / int(row["units"])})
    return list(found.values())


def accelforge(all_of: list[dict]) -> str:
    lines = ["components:"]
    for c in all_of:
        lines += [f"- name: {c['name']}  # {c['row']['parameters']}", f"  area: {float(c['row']['um2']) * 1e-12:.6e}", "  leak_power: 0  # in the energies", "  actions:"]
        for a in c["actions"]:
            lines.append(f"  - {{name: {a['name']}, energy: {a['pj'] * 1e-12:.6e}, latency: {a['clocks'] * float(c['row']['delay_ns']) * 1e-9:.6e}}}")
    return NOTE + "\n".join(lines) + "\n"


def accelergy(all_of: list[dict]) -> str:
    lines = ["ERT:", "  version: '0.4'", "  tables:"]
    for c in all_of:
        lines += [f"  - name: {c['name']}", "    actions:"]
        for a in c["actions"]:
            lines += [f"    - name: {a['name']}", "      arguments: {}", f"      energy: {a['pj']}"]
    lines += ["ART:", "  version: '0.4'", "  tables:"]
    for c in all_of:
        lines += [f"  - name: {c['name']}", f"    area: {c['row']['um2']}"]
    return NOTE + "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["check"]):
        raise Failure("arguments: none or check")
    tap, found = Tap(), components()
    for name, text in (("accelforge", accelforge(found)), ("accelergy", accelergy(found))):
        path = f"{FOLDER}/{name}.yaml"
        if arguments:
            tap(read(path) == text, f"{path} is what flow/components.py writes")
        else:
            write(path, text)
    return tap.failed


if __name__ == "__main__":
    program(main)
