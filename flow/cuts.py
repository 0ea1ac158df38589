# SPDX-License-Identifier: Apache-2.0
"""A netlist with clock gates against the one without, register by register. Gating keeps the registers and their names, so that both are cut
there: each register's next state (with an enable: what it loads or is), its reset, and each output must be the same function of all
registers and inputs. ABC decides it for every state, reached or not. The canary has one gate's enable in another's place."""
import json
import re

from common import Failure, grep, write, yosys
from equal import DIFFERENT, EQUAL, UNDECIDED, abc
from gating import Module, enables

SIMPLE = "proc; flatten; opt_expr; opt_dff -nodffe -nosdff; opt_clean; simplemap; opt_clean;"
# Yosys's simple flops of rising clocks: with an enable, the reset's level and value, the enable's level.
FLOP = re.compile(r"\$_DFF(E?)_P(?:([NP])([01]))?([NP]?)_$")


def registers(module):
    """Cells of flops, each with all names of its output that are the RTL's."""
    known = {}
    for name, net in module.data["netnames"].items():
        if not net["hide_name"] and not re.search(r"(^|[ .])_\d+_($|[.[])", name):
            for place, bit in enumerate(net["bits"]):
                known.setdefault(bit, set()).add(f"{name}[{place}]" if len(net["bits"]) > 1 else name)
    flops = {name: cell for name, cell in module.cells.items() if re.match(r"\$_S?R?(DFF|ALDFF|DLATCH|SR_)", cell["type"])}
    if other := next((cell["type"] for cell in flops.values() if not FLOP.match(cell["type"])), None):
        raise Failure(f"a register that is cut nowhere: {other}")
    return {name: known.get(cell["connections"]["Q"][0], {name}) for name, cell in flops.items()}


def match(known, found):
    """Which register of the netlist without gates each of the gated one is, by name, and those that are left without. Should one be taken
    for another, the proof fails."""
    label = {alias: name for name, names in known.items() for alias in names}
    same = {name: next((label[alias] for alias in sorted(names) if alias in label), None) for name, names in found.items()}
    left = sorted(known.keys() - set(same.values()))
    nameless = [name for name, other in same.items() if other is None], [name for name in left if known[name] == {name}]
    if len(nameless[0]) == len(nameless[1]) == 1:
        same[nameless[0][0]], = nameless[1]
        left.remove(nameless[1][0])
    return same, left


def cut(module, labels, constant):
    """Registers become inputs `q:LABEL` and outputs `d:LABEL`, `r:LABEL`; those that are constant stay 0. Ports are in the order of their
    names."""
    ports = module.data["ports"]
    still = {bit for name in constant if name in module.cells for bit in module.cells[name]["connections"]["Q"]}
    for cell in module.cells.values():
        for pin, bits in cell["connections"].items():
            if cell["port_directions"].get(pin) == "input":
                cell["connections"][pin] = ["0" if bit in still else bit for bit in bits]
    for name in constant:
        cell = module.cells.pop(name, None)
        ports[f"d:{name}"] = {"direction": "output", "bits": cell["connections"]["D"] if cell else ["0"]}
    for name, label in labels.items():
        cell = module.cells.pop(name)
        enabled, level, value, opens = FLOP.match(cell["type"]).groups()
        pins = {pin: bits[0] for pin, bits in cell["connections"].items()}
        state, following = pins["Q"], pins["D"]
        if enabled:
            chosen = {"S": [pins["E"]], "A": [state], "B": [following]} if opens == "P" else {"S": [pins["E"]], "A": [following], "B": [state]}
            following = module.add(f"{name}$next", "$_MUX_", {}, chosen, ("Y", module.bit(f"{name}$next_y")))
        ports[f"q:{label}"] = {"direction": "input", "bits": [state]}
        ports[f"d:{label}"] = {"direction": "output", "bits": [following]}
        if level:
            ports[f"r:{label}:{level}{value}"] = {"direction": "output", "bits": [pins["R"]]}
    ports.pop("clk_i")
    module.data["ports"] = dict(sorted(ports.items()))


def load(path, top):
    with open(path, encoding="utf-8") as file:
        design = json.load(file)
    return design, Module(design["modules"][top])


def graph(design, path, top):
    """The and-inverter graph of a design that is cut."""
    write(path.with_suffix(".json"), json.dumps(design))
    return yosys(f"read_json {path.with_suffix('.json')}; hierarchy -check -top {top}; opt_clean; aigmap; write_aiger -symbols {path}", path.with_suffix(".log")) == 0


def flat(config, stem):
    """The mapped netlist as Yosys's simple cells with enables in the gates' place."""
    simple, plain = config.dir / f"{stem}.simple.json", config.dir / f"{stem}.plain.json"
    if yosys(f"read_verilog {config.library.model()} {config.gates()}; hierarchy -check -top {config.top}; {SIMPLE} write_json {simple}",
             config.dir / f"{stem}.log"):
        raise Failure(f"{config.name}: see {config.dir}/{stem}.log")
    count = enables(simple, plain, config.top)
    if yosys(f"read_json {plain}; opt_clean; write_json {plain}", config.dir / f"{stem}.log", append=True):
        raise Failure(f"{config.name}: see {config.dir}/{stem}.log")
    return plain, count


def verdict(one, other, log, timeout):
    """By names of inputs and outputs."""
    if abc(f"cec -T {timeout} {one.name} {other.name}", log, timeout=2 * timeout):
        return UNDECIDED
    return EQUAL if grep("are equivalent", log) else DIFFERENT if grep("NOT EQUIVALENT", log) else UNDECIDED


def swap(module):
    """The flops of one gate get another's enable; of a lone gate, none."""
    groups = {}
    for name, cell in module.cells.items():
        if (match := FLOP.match(cell["type"])) and match[1]:
            groups.setdefault(cell["connections"]["E"][0], []).append(name)
    one, other = [*sorted(groups, key=lambda bit: -len(groups[bit])), "1"][:2]
    for name in groups[one]:
        module.cells[name]["connections"]["E"] = [other]


def by_register(config, twin, timeout=600):
    """Verdicts on a gated configuration against the one without gates and on the canary, registers, how many are constant from their
    first load on, which gates leave out, and how many are behind gates."""
    plain, _ = flat(twin, "cut_plain")
    gated, count = flat(config, "cut_gated")
    design, module = load(plain, twin.top)
    known = registers(module)
    same, constant = match(known, registers(load(gated, config.top)[1]))
    if None in same.values() or len(set(same.values())) < len(same):
        raise Failure(f"{config.name} has registers that {twin.name} has not")
    paths = {stem: (config.dir / f"{stem}.aig").absolute() for stem in ("cut_plain", "cut_gated", "cut_canary")}
    cut(module, {name: name for name in known.keys() - set(constant)}, constant)
    sound = graph(design, paths["cut_plain"], twin.top)
    for stem in ("cut_gated", "cut_canary"):
        design, module = load(gated, config.top)
        if stem == "cut_canary":
            swap(module)
        cut(module, same, constant)
        sound &= graph(design, paths[stem], config.top)
    verdicts = [verdict(paths["cut_plain"], paths[stem], config.dir.absolute() / f"{stem}.abc", timeout) if sound else UNDECIDED
                for stem in ("cut_gated", "cut_canary")]
    return (*verdicts, len(known), len(constant), count)
