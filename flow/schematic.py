# SPDX-License-Identifier: Apache-2.0
"""Draws docs/figures/schematic_MODULE.svg of each module of a block from its RTL, by Yosys and Graphviz: flow/schematic.py [BLOCK ...]

Boxes are the instances of other modules and the registers, by name; what lies between them is an arrow, named after the ports and
registers that it comes from. Inputs that go to the same boxes are one box, and so are outputs that come from the same. What
enables or resets a register is left out. Of a module with less than two boxes inside there is no drawing,
unless it is the top.
"""

import json
import re
from pathlib import Path

import rtl
from common import BUILD, Failure, block_list, chparam, program, read, rtl_files, tool, write, yosys


def dot(module: dict, top: str) -> str:
    """The graph of a module, as Yosys writes it in JSON."""
    named = {}  # bit -> the shortest public name of its net
    for name, net in module["netnames"].items():
        if not net["hide_name"]:
            for bit in net["bits"]:
                if bit not in named or (len(name), name) < (len(named[bit]), named[bit]):
                    named[bit] = name

    source, sinks, through, boxes = {}, [], {}, {}
    for name, port in module["ports"].items():
        if name in ("clk_i", "rst_ni"):
            continue
        if port["direction"] == "input":
            boxes[name] = ("input", name)
            for bit in port["bits"]:
                source[bit] = (name, name)
    for name, cell in module["cells"].items():
        inputs = [b for p, bits in cell["connections"].items() if cell["port_directions"][p] == "input" for b in bits]
        if cell["type"].startswith("$") and "dff" not in cell["type"] and not cell["type"].startswith("$paramod"):
            for pin, bits in cell["connections"].items():
                if cell["port_directions"][pin] == "output":
                    for bit in bits:
                        through.setdefault(bit, set()).update(b for b in inputs if isinstance(b, int))
        elif "dff" in cell["type"]:
            for bit in cell["connections"]["Q"]:
                register = named.get(bit, name)
                boxes.setdefault(register, ("register", register))
                source[bit] = (register, register)
                sinks.append((register, cell["connections"]["D"]))
        else:
            kind = re.sub(r".*\\(pm_\w+).*", r"\1", cell["type"])
            boxes[name] = ("instance", f"{name}\\n{kind}")
            for pin, bits in cell["connections"].items():
                if cell["port_directions"][pin] == "output":
                    for bit in bits:
                        source[bit] = (name, pin)
            sinks.append((name, inputs))
    for name, port in module["ports"].items():
        if port["direction"] == "output":
            if name not in boxes:  # a register may be the port itself
                boxes[name] = ("output", name)
                sinks.append((name, port["bits"]))

    edges = {}
    for target, bits in sinks:
        seen, todo = set(), [b for b in bits if isinstance(b, int)]
        while todo:
            bit = todo.pop()
            if bit in seen:
                continue
            seen.add(bit)
            if bit in source:
                origin, pin = source[bit]
                if origin != target:
                    edges.setdefault((origin, target), set()).add(pin)
            else:
                todo.extend(through.get(bit, ()))

    groups = {}
    for name, (kind, _) in sorted(boxes.items()):
        ends = frozenset(t for o, t in edges if o == name) if kind == "input" else frozenset(o for o, t in edges if t == name)
        if kind in ("input", "output"):
            groups.setdefault((kind, ends), []).append(name)
    port = {name: names[0] for names in groups.values() for name in names}
    merged = {}
    for (origin, target), pins in edges.items():
        merged.setdefault((port.get(origin, origin), port.get(target, target)), set()).update(pins)
    edges = merged
    for (kind, _), names in groups.items():
        for name in names:
            del boxes[name]
        boxes[names[0]] = (kind, "\\n".join(names))

    style = {
        "input": 'shape=cds, style=filled, fillcolor="#eeeeee"',
        "output": 'shape=cds, style=filled, fillcolor="#eeeeee"',
        "register": 'shape=box, style=filled, fillcolor="#eeeeff"',
        "instance": 'shape=box, style="filled,bold", fillcolor="#ffeecc"',
    }
    lines = [f"digraph {top} {{", 'rankdir=LR; node [fontname="sans", fontsize=11]; edge [fontname="sans", fontsize=8, color="#666666"];']
    for name, (kind, label) in sorted(boxes.items()):
        lines.append(f'"{name}" [label="{label}", {style[kind]}];')
    for (origin, target), pins in sorted(edges.items()):
        label = ", ".join(sorted(pins)[:3]) + (", ..." if len(pins) > 3 else "")
        lines.append(f'"{origin}" -> "{target}"' + (f' [label="{label}"]' if boxes[origin][0] == "instance" else "") + ";")
    return "\n".join([*lines, "}"]) + "\n"


def parameters_of(block: str) -> str:
    """Of a configuration that is mapped fast, or has a bench: sizes do not show, a small one will do."""
    if not Path(f"synth/{block}/configs").exists():
        return ""
    mapped = [row for row in block_list(f"synth/{block}/configs", 7) if row[1] == f"pm_{block}"]
    small = [row for row in mapped if "fast" in row[6].split()] + [row for row in mapped if row[5]]
    return small[0][2] if small else ""


def elaborated(block: str, top: str) -> dict[str, dict]:
    """The modules of a design, as Yosys writes them in JSON; of a module in several sizes the first."""
    stem = BUILD / "schematic" / top
    passes = "proc; opt_expr; opt_clean; opt_dff; opt_expr; opt_clean"
    given = chparam(parameters_of(block), top) if top == f"pm_{block}" else ""
    commands = f"""read_verilog -sv {' '.join(rtl_files(block))}; {given}
        hierarchy -check -top {top}; rename -top {top}; {passes}; write_json {stem}.json"""
    if yosys(commands, f"{stem}.log"):
        raise Failure(f"{top}: Yosys failed, see {stem}.log")
    found: dict[str, dict] = {}
    for name, module in json.loads(read(f"{stem}.json"))["modules"].items():
        found.setdefault(re.sub(r".*\\(pm_\w+).*", r"\1", name), module)
    return found


def draw(module: dict, name: str, always: bool) -> None:
    graph = dot(module, name)
    figure, stem = Path(f"docs/figures/schematic_{name.removeprefix('pm_')}.svg"), BUILD / "schematic" / name
    if graph.count("shape=box") < 2 and not always:  # nothing to be seen
        figure.unlink(missing_ok=True)
        return
    write(f"{stem}.dot", graph)
    if tool(["dot", "-Tsvg", "-o", f"{stem}.svg", f"{stem}.dot"], f"{stem}.log", append=True):
        raise Failure(f"{name}: Graphviz failed, see {stem}.log")
    Path(f"{stem}.svg").replace(figure)
    print(figure)


def main(arguments: list[str]) -> int:
    (BUILD / "schematic").mkdir(parents=True, exist_ok=True)
    for block in arguments or [*rtl.blocks(), "common"]:
        known: dict[str, dict] = {}
        for module in rtl.modules(block):  # the top is the first; some modules are in none of its sizes
            if module.ports and module.name not in known:
                known = elaborated(block, module.name) | known
            if module.ports:
                draw(known[module.name], module.name, always=module.name == f"pm_{block}")
    return 0


if __name__ == "__main__":
    program(main)
