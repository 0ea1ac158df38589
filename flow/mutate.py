#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges mutants of blocks' RTL.
  flow/mutate.py BLOCK [bench]   every line of tb/BLOCK/mutants; what is judged already is kept. bench: by the bench alone
  flow/mutate.py summary [BLOCK] the table, build/mutate/summary.json, build/mutate/survivors, among which is what was not judged, and
                                 tb/evidence.tsv; fails where less than $PERIMETER_MUTATE_SCORE % (99) of the mutants that are not
                                 equivalent are killed
tb/BLOCK/mutants has one design a line:   name | top | NAME=VALUE ... | model | mutants | contract
  model    of tb/BLOCK/models, in which the mutated design takes the RTL's place
  mutants  how many Yosys is to choose (seed 1) among what the block instantiates or says itself
  contract what the check of equivalence may assume, "p_PORT = EXPRESSION; ...": an output p_Y that is looked at only with its
           valid (p_Y = V ? Y : 0), an input X restricted to its range (X = f(p_X)); p_ names are the ports of the comparison.
           What does not begin "NAME =" is Verilog as it stands, such as a register of what surrounds the block
All mutants of a line are in one flat design with a selector, built once; the bench runs once for each, up to its first
failure. Survivors are compared with the original for every input and without a bound, from registers that are zero
(ABC: one step from any state by iprove; scorr, dprove; reach): those proven equal are equivalent. The rest is put to the proofs of
the blocks that its line is in, in designs of their own: what none of them refutes survives.
build/mutate/BLOCK-NAME/verdicts.json has all of it, each part with what it depends on."""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import evidence
from common import (BUILD, Failure, block_list, blocks, chparam, digest, grep, parameters, program, read, rtl_files, tool, version, write)
from equal import DIFFERENT, EQUAL, UNDECIDED, abc, compare
from prove import refutes

SECONDS = 60


def yosys_run(commands, log, what):
    if tool(["yosys", "-Q", "-q", "-l", str(log), "-p", commands], f"{log}.err"):
        raise Failure(f"{what}: {grep('ERROR', f'{log}.err') or 'Yosys failed'}, see {log}")


class Design:
    def __init__(self, block, line):
        self.block = block
        self.name, self.top, self.parameters, self.model, count, self.contract = line
        self.count = int(count)
        self.width = self.count.bit_length()
        self.full = f"{block}-{self.name}"
        self.dir = BUILD / "mutate" / self.full
        kept = self.dir / "verdicts.json"
        self.kept = json.loads(read(kept)) if kept.exists() else {}

    def save(self):
        write(self.dir / "verdicts.json", json.dumps(self.kept, indent=0) + "\n")

    def verdicts(self, kind, key, lasting=()):
        """Verdicts of a kind by mutant; where they depend on something else than they did, those of `lasting` are left."""
        part = self.kept.setdefault(kind, {"key": key, "verdicts": {}})
        if part["key"] != key:
            part.update(key=key, verdicts={m: verdict for m, verdict in part["verdicts"].items() if m in lasting})
        return part["verdicts"]

    def make(self):
        """The original and all mutants; the selector is a register that the bench's process sets."""
        files = rtl_files(self.block)
        key = digest(self.top, self.parameters, self.model, self.count, *files, *map(Path, files), version("yosys", "-V"))
        if self.kept.get("design") == key and (self.dir / f"{self.name}.v").exists():
            return
        self.dir.mkdir(parents=True, exist_ok=True)
        for old in self.dir.iterdir():
            if old.is_file():
                old.unlink()
        top, made = self.top, self.dir / "mutants.v"
        yosys_run(f"read_verilog -sv {' '.join(files)}; {chparam(self.parameters, top)}hierarchy -check -top {top}; rename -top {top}; "
                  f"setattr -mod -set keep_hierarchy 1 A:src=rtl/* A:src=rtl/{self.block}/* %d A:src=rtl/common/* %d; "
                  "proc; flatten; opt_expr; opt_clean; opt -full; wreduce; opt_clean; check -assert; select -assert-none t:$mem*; "
                  f"select -set own {top}/a:src=*rtl/{self.block}/* {top}/a:src=*rtl/common/* %u; "
                  f"mutate -list {self.count} -seed 1 -ctrl mutsel {self.width} 1 -o {self.dir}/list @own; select *; script {self.dir}/list; "
                  f"write_rtlil {self.dir}/mutants.il; write_verilog -noattr {made}", self.dir / "log", self.full)
        text = read(made)
        before, module, after = re.fullmatch(rf"(.*?)(^module \\?{top} ?\(.*?^endmodule)(.*)", text, re.S | re.M).groups()
        write(self.dir / "ports", "".join(line + "\n" for line in module.splitlines() if re.match("  (in|out)put ", line)))
        declared = ", ".join(f"parameter {name}={value}" for name, value in parameters(self.parameters))
        module = re.sub(rf"^module \\?{top} ?\(", f"module {top} {f'#({declared}) ' if declared else ''}(", module)
        module = re.sub(r", mutsel(\)|$)", r"\1", module, flags=re.M)
        module = re.sub(r"^  input \[[0-9:]+\] mutsel;", '  import "DPI-C" function int pm_mutant();', module, flags=re.M)
        module = re.sub(r"^  wire (\[[0-9:]+\]) mutsel;", rf"  reg \1 mutsel;\n  initial mutsel = {self.width}'(pm_mutant());", module,
                        flags=re.M)
        write(self.dir / f"{self.name}.v", before + module + after)
        made.unlink()
        self.kept = {"design": key, "mutants": read(self.dir / "list").splitlines()}
        self.save()

    def judge_by_bench(self):
        """A bench that changed judges anew what survived, but for equivalents."""
        files = [path for folder in (f"tb/{self.block}", "tb/common") for path in sorted(Path(folder).iterdir())
                 if path.is_file() and path.name != "mutants"]
        equivalent = [m for m, verdict in self.kept.get("equal", {}).get("verdicts", {}).items() if verdict == "equivalent"]
        killed = [m for m, verdict in self.kept.get("bench", {}).get("verdicts", {}).items() if verdict.startswith("killed")]
        judged = self.verdicts("bench", digest(*map(str, files), *files), killed + equivalent)
        left = [str(m) for m in range(1, self.count + 1) if str(m) not in judged]
        if left:
            print(f"# {self.full}: {len(left)} mutants", file=sys.stderr)
            run = subprocess.Popen([BUILD / "tb" / f"{self.block}_tb"], stdout=subprocess.PIPE, text=True, env=os.environ | {
                "PERIMETER_MUTANTS": str(self.dir / f"{self.name}.v"), "PERIMETER_MODELS": self.model,
                "PERIMETER_MUTANT_LIST": " ".join(left)})
            for line in run.stdout:
                if found := re.match(r"(\d+) (.*)", line):
                    judged[found[1]] = found[2]
                    self.save()
            run.wait()
        if len(judged) != self.count:
            raise Failure(f"{self.full}: no verdict on {self.count - len(judged)} mutants, see {self.dir}/verdicts.json")

    def make_gates(self):
        """The netlist of all mutants between the contract's ports, as BLIF; select() makes the selector a constant."""
        ports = []
        for line in read(self.dir / "ports").splitlines():
            words = line.rstrip("; ").split()
            ports.append((words[0], words[1] if words[1].startswith("[") else "", words[-1]))
        lines = ["module wrap(" + ", ".join(f"{way} wire {width} p_{name}" for way, width, name in ports) + ");"]
        lines += [f"wire {width} {name};" for _, width, name in ports]
        lines.append(f"{self.top} u_top (" + ", ".join(f".{name}({name})" for *_, name in ports) + ");")
        for way, _, name in ports:
            to, of = (name, f"p_{name}") if way == "input" else (f"p_{name}", name)
            if not re.search(rf"(^|;) *{to} *=", self.contract):
                lines.append(f"assign {to} = {of};")
        for part in self.contract.split(";"):
            if part.strip():
                lines.append(("assign " if re.match(r" *[a-z_0-9]+ *=", part) else "") + part + ";")
        write(self.dir / "wrap.v", "\n".join(lines + ["endmodule"]) + "\n")
        stem = self.dir / "gates"
        yosys_run(f"read_rtlil {self.dir}/mutants.il; read_verilog {self.dir}/wrap.v; hierarchy -check -top wrap; setattr -mod -unset "
                  "keep_hierarchy *; proc; flatten; setundef -zero; async2sync; techmap; dffunmap; techmap; setundef -undriven -zero -init; "
                  f"opt_clean; aigmap; write_aiger -zinit -map {stem}.map {stem}.aig", self.dir / "gates.log", self.full)
        abc("read_aiger gates.aig; strash; write_blif gates.blif", self.dir / "gates.abc")

    def select(self, mutant, graph):
        """One mutant (0: none) as an and-inverter graph."""
        def input_number(word):
            return int(word[2:]) if re.fullmatch(r"pi\d+", word) else None

        words = [line.split() for line in read(self.dir / "gates.map").splitlines()]
        bits = {int(number): int(bit) for kind, number, bit, name, *_ in words if (kind, name) == ("input", "p_mutsel")}
        constants, lines, inputs = [], [], False
        for line in read(self.dir / "gates.blif").splitlines():
            inputs = line.startswith(".inputs") or inputs and not line.startswith(".outputs")
            if inputs:
                selector = [word for word in line.split() if input_number(word) in bits]
                constants += [f".names {word}\n {mutant >> bits[input_number(word)] & 1}" for word in selector]
                line = " ".join(word for word in line.split() if word not in selector)
            elif line.startswith(".names"):
                lines, constants = lines + constants, []
            lines.append(line)
        write(self.dir / "selected.blif", "\n".join(lines) + "\n")
        abc(f"read_blif selected.blif; strash; write_aiger {graph}", self.dir / "gates.abc", append=True)

    def equal(self, mutant):
        """One step from any state, which is quick, shows most of what is equal; else induction, and last, for few registers, all states."""
        self.select(int(mutant), "m.aig")
        log = self.dir / "m.log"
        abc("miter -c m0.aig m.aig; iprove", log, timeout=SECONDS)
        if grep("UNSATISFIABLE", log):
            return EQUAL
        verdict = compare(self.dir / "m0.aig", self.dir / "m.aig", log, SECONDS)
        if verdict == UNDECIDED:
            abc("read_aiger m.log.aig; dc2; reach -B 2000000 -F 1000000", log, timeout=SECONDS)
            verdict = EQUAL if grep("proved unreachable", log) else UNDECIDED
        return verdict

    def judge_by_equivalence(self):
        judged = self.verdicts("equal", digest(self.contract, Path(__file__).with_name("equal.py")))
        left = [m for m, verdict in self.kept["bench"]["verdicts"].items() if verdict == "survived" and m not in judged]
        if left:
            self.make_gates()
            self.select(0, "m0.aig")
        for mutant in left:
            judged[mutant] = {EQUAL: "equivalent", DIFFERENT: "differs", UNDECIDED: "undecided"}[self.equal(mutant)]
            self.save()

    def refuted(self, mutant):
        """The target whose proof fails with the same change, in the block where the cell's name tells its line."""
        how = self.kept["mutants"][int(mutant) - 1]
        line = re.search(r" -cell \S*\$(rtl/\S+:[1-9][0-9]*)\$", how)
        if not line or not Path("formal", Path(line[1]).parts[1], "targets").exists():
            return None
        change = re.findall(r"-(?:mode|port|portbit|ctrlbit) \S+", how) + re.findall(rf"-src {re.escape(line[1])}\.\S+", how)[:1]
        return refutes(Path(line[1]).parts[1], " ".join(change), self.dir / "proofs")

    def judge_by_proofs(self):
        files = sorted(path for path in Path("formal").rglob("*") if path.is_file())
        judged = self.verdicts("proofs", digest(*map(str, files), *files))
        survived = [m for m, verdict in self.kept["bench"]["verdicts"].items() if verdict == "survived"]
        for mutant in survived:
            if self.kept["equal"]["verdicts"][mutant] != "equivalent" and mutant not in judged:
                target = self.refuted(mutant)
                judged[mutant] = f"killed by {target}" if target else "survived"
                self.save()

    def judge(self, bench_alone):
        self.make()
        self.judge_by_bench()
        if not bench_alone:
            self.judge_by_equivalence()
            self.judge_by_proofs()
        self.save()

    def counts(self, survivors):
        """What became of the mutants: whatever is not killed and not proven equivalent survived, be it that nothing has judged it yet."""
        def verdicts(kind):
            return self.kept.get(kind, {}).get("verdicts", {})
        count = dict.fromkeys(("killed", "equivalent", "survived", "not_judged"), 0) | {"mutants": self.count}
        for m in map(str, range(1, self.count + 1)):
            judged = [verdicts(kind)[m] for kind in ("bench", "proofs") if m in verdicts(kind)]
            if any(verdict.startswith("killed") for verdict in judged):
                count["killed"] += 1
            elif verdicts("equal").get(m) == "equivalent":
                count["equivalent"] += 1
            else:
                count["survived"] += 1
                count["not_judged"] += not judged
                how = self.kept["mutants"][int(m) - 1] if "mutants" in self.kept else ""
                change, *where = how.split(" -src ")
                change = re.sub(r"mutate .*-mode |-module \S+ |-wire.*", "", change)
                verdict = verdicts("equal").get(m) or ("survived" if judged else "not judged")
                survivors.append(f"{self.full}: mutant {m} {verdict}: {change} at {' '.join(where)}")
        return count


def designs(block):
    return [Design(block, line) for line in block_list(f"tb/{block}/mutants", 6)]


def score(count):
    relevant = count["mutants"] - count["equivalent"]
    return 100 * count["killed"] / (relevant or 1)


def summary(chosen):
    keys = ("mutants", "killed", "equivalent", "survived", "not_judged")
    head = ("design", "mutants", "killed", "equivalent", "survived", "not judged", "score, %")
    print("{:<24} {:>8} {:>8} {:>11} {:>9} {:>11} {:>8}".format(*head))
    survivors, total, found = [], dict.fromkeys(keys, 0), {}
    for block in chosen or blocks("tb/*/mutants"):
        for design in designs(block):
            count = design.counts(survivors)
            print_row(design.full, count)
            for where in (total, found.setdefault(block, dict.fromkeys(keys, 0))):
                where.update({key: where[key] + count[key] for key in keys})
    print_row("all", total)
    write(BUILD / "mutate/survivors", "".join(line + "\n" for line in survivors))
    write(BUILD / "mutate/summary.json", json.dumps(total | {"blocks": len(found)}, indent=1) + "\n")
    evidence.record({(block, key): value for block, count in found.items() if count["not_judged"] < count["mutants"]
                     for key, value in count.items()})
    least = float(os.environ.get("PERIMETER_MUTATE_SCORE", 99))
    if score(total) < least:
        print(f"not ok - mutation score {score(total):.2f} %, {least:g} wanted")
    return int(score(total) < least)


def print_row(name, count):
    print(f"{name:<24} {count['mutants']:>8} {count['killed']:>8} {count['equivalent']:>11} {count['survived']:>9} "
          f"{count['not_judged']:>11} {score(count):>8.2f}")


def main(arguments):
    if arguments[:1] == ["summary"]:
        return summary(arguments[1:])
    if not arguments or not Path("tb", arguments[0], "mutants").exists() or arguments[1:] not in ([], ["bench"]):
        raise Failure("name a block that has tb/BLOCK/mutants")
    for design in designs(arguments[0]):
        design.judge(arguments[1:] == ["bench"])
    return 0


if __name__ == "__main__":
    program(main)
