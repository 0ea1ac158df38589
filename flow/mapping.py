# SPDX-License-Identifier: Apache-2.0
"""Named configurations of blocks, mapped onto a library of cells (OSU018, or flow/liberty.py's) with Yosys and ABC and timed with OpenSTA.
synth/BLOCK/configs has one configuration a line:   name | top | NAME=VALUE ... | clock, ns | bits | models | options
  bits     what gate equivalents are divided by (empty: nothing)
  models   names in tb/BLOCK/models in which the netlist takes the RTL's place (empty: none), see flow/netlist.py
  options  fast: part of `make test`; quick: its netlist too; hier: also mapped without flattening, for the area of each module;
           nested: only without flattening; nested:MODULE,MODULE: these alone are kept, the rest is flattened into them; gated: with clock gates, see flow/gating.py; prove: proven equal to the RTL; PORT=VALUE: an input tied to a constant;
           constants:N: outputs and flops that are constant, of all others a path is timed; long: mapped when it is named, no part of `make synth`
Fails on latches, memories, combinational loops, unmapped cells, unconstrained endpoints and on every Yosys warning
that synth/common/warnings does not list. A netlist is made anew when its RTL, configuration, scripts, library or tools change."""
import fcntl
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

from common import (BUILD, LIBERTY, Failure, block_list, blocks, chparam, design, digest, grep, parameters, read, rtl_files, tool,
                    version, write, yosys)
from liberty import library
from models import canonical

# What Yosys's `synth` does, without the rounds that find nothing here: half its time, area within 0.5%. A memory that is left stores
# something: it should have been a macro.
WORDS = """{flatten} opt_expr; opt_clean; check; opt_merge; opt_muxtree; opt_reduce; opt_dff; opt_clean; opt_expr; wreduce; peepopt;
    opt_clean; alumacc; opt_expr; opt_merge; opt_clean; select -assert-none t:$mem*; {tied}
    """
BITS = """techmap; opt_expr; opt_merge; opt_dff; opt_clean; check -assert; select -assert-none t:$dlatch* t:$_DLATCH* t:$_SR_*; """
# Between the two, clock gates in place of enables.
GATED = """write_json DIR/enables.json; exec -q -expect-return 0 -- flow/gating.py insert DIR/enables.json DIR/gates.json DIR/gates.v; design -reset;
    read_json DIR/gates.json; techmap -map DIR/gates.v; opt_clean; """
MAPPED = """dfflibmap -liberty {liberty};
    abc -liberty {liberty} -script synth/common/abc.script -constr {constr};
    {nested} opt_clean -purge; setundef -zero; {ties}check -assert -mapped; tee -q -o DIR/{stat} stat -liberty {liberty}; """


class Configuration:
    def __init__(self, block, line):
        self.block = block
        self.config, self.top, self.parameters, self.period, self.bits, models, options = line
        self.library = library()
        self.period = self.library.clock or self.period
        self.models = [name.strip() for name in models.split(",") if name.strip()]
        self.options = options.split()
        self.name = f"{block}-{self.config}"
        self.folder = self.library.folder()
        self.dir = self.folder / self.name
        self.json = self.folder / f"{self.name}.json"
        self.liberty = LIBERTY if self.library.standard() and not self.gated() else self.library.used
        self.net = self.dir / "net.v"

    def gated(self):
        return "gated" in self.options

    def nested(self):
        return any(option.split(":")[0] == "nested" for option in self.options)

    def flatten(self):
        """Of modules with parameters, names are behind a backslash."""
        kept = next((option.split(":")[1].split(",") for option in self.options if option.startswith("nested:")), [])
        if self.nested() and not kept:
            return ""
        return "".join(f"setattr -mod -set keep_hierarchy 1 *\\{module}*; " for module in kept) + "flatten;"

    def constants(self):
        return next((option.split(":")[1] for option in self.options if option.startswith("constants:")), "0")

    @cached_property
    def rtl(self):
        return rtl_files(self.block)

    def ties(self):
        return [option.split("=") for option in self.options if "=" in option]

    def front(self):
        """Yosys commands that read the RTL."""
        tie = "".join(f"delete -input {port}; connect -set {port} {value}; " for port, value in self.ties())
        return (f"read_verilog -sv {' '.join(self.rtl)}; {chparam(self.parameters, self.top)}hierarchy -check -top {self.top}; "
                f"rename -top {self.top}; proc; " + (f"cd {self.top}; {tie}cd ..; " if tie else ""))

    def passes(self, flatten, stat):
        """All of the mapping, into DIR."""
        nested = "splitnets;"
        if self.nested():
            # Benches look at buses, also inside; OpenSTA does not read what Yosys writes of them.
            buses = "write_verilog -noattr -noexpr DIR/buses.v;" if self.models else ""
            nested = f"setundef -zero; {buses} splitnets -ports;"
        high, low = self.library.ties
        ties = f"hilomap -hicell {' '.join(high)} -locell {' '.join(low)}; " if high and low else ""
        words = WORDS.format(flatten=self.flatten() if flatten else "", tied="opt_dff -sat; opt_clean;" if self.ties() else "")
        if self.gated():
            words += GATED
        return (f"read_liberty -lib {self.liberty}; {self.front()}" + words + BITS
                + MAPPED.format(liberty=self.liberty, constr=self.constr, ties=ties, nested=nested, stat=stat))

    @property
    def constr(self):
        """What ABC knows of a block's neighbours."""
        if self.library.standard():
            return Path("synth/common/abc.constr")
        path = self.folder / f"{self.library.driver}-{self.library.load:g}.constr"
        write(path, f"set_driving_cell {self.library.driver}\nset_load {self.library.load:g}\n")
        return path

    def runs(self):
        """Logs and commands of Yosys's runs."""
        runs = {"log": self.passes(True, "stat") + "write_verilog -noattr -noexpr DIR/net.v"}
        if "hier" in self.options:
            runs["hier.log"] = self.passes(False, "hier.stat")
        return runs

    @cached_property
    def netlist(self):
        """What the netlist is made of."""
        gating = [Path("flow/gating.py"), str(self.library.gate)] if self.gated() else []
        return digest(*self.runs().values(), *gating, *map(design, self.rtl), Path("synth/common/abc.script"), self.constr,
                      Path(self.liberty), version("yosys", "-V"), version("berkeley-abc", "-q", "version"))

    @cached_property
    def source(self):
        """What its numbers are made of."""
        settings = [] if self.library.standard() else [self.library.nand2, self.library.driver, self.library.load]
        return digest(self.netlist, self.period, self.bits, self.constants(), *settings, Path("synth/common/report.tcl"), version("sta", "-version"))

    def gates(self):
        """What is simulated and proven: with buses where there are."""
        buses = self.dir / "buses.v"
        return buses if buses.exists() else self.net

    def map(self):
        mark = self.dir / "source"
        if self.net.exists() and mark.exists() and read(mark) == self.netlist:
            return
        for old in [mark, self.json, self.net, self.dir / "buses.v", *self.dir.glob("*stat")]:
            old.unlink(missing_ok=True)
        for log, commands in self.runs().items():
            log = self.dir / log
            errors = f"{log}.err"
            if yosys(commands.replace("DIR/", f"{self.dir}/"), errors, options=["-l", str(log)]):
                raise Failure(f"{self.name}: {grep('ERROR', errors) or 'Yosys failed'}, see {log}")
            allowed = "|".join(line for line in read("synth/common/warnings").splitlines() if not line.startswith("#"))
            for line in read(log).splitlines():
                if re.match("(ABC: )?Warning: ", line) and not re.search(allowed, line):
                    raise Failure(f"{self.name}: not in synth/common/warnings: {line}")
        if self.nested():
            write(self.dir / "hier.stat", read(self.dir / "stat"))
        write(mark, self.netlist)

    def time(self):
        log = self.dir / "sta.log"
        tool(["sta", "-no_splash", "-exit", "synth/common/report.tcl"], log, env={
            "BLOCK": self.block, "CONFIG": self.config, "TOP": self.top, "PARAMS": self.parameters, "PERIOD": self.period,
            "BITS": self.bits, "CONSTANTS": self.constants(), "LIBERTY": self.liberty, "DIR": str(self.dir),
            "DRIVER": self.library.driver, "LOAD": f"{self.library.load / 1000:g}", "NAND2": f"{self.library.area:g}",
            "FLOPS": " ".join(self.library.flop_cells), "FLOP_OUTPUTS": " ".join(self.library.flop_outputs),
            "OUTPUTS": " ".join(self.library.outputs), "LATCH_DATA": self.library.gate.get("data", "")})
        # OpenSTA's exit status tells nothing.
        error, lines = grep("^(OpenSTA:|Error|Warning)", log), [line[1:] for line in read(log).splitlines() if line[:1] == "@"]
        if error or not lines:
            raise Failure(f"{self.name}: {error or 'no report'}, see {log}")
        lines[0] = f'{{"source": "{self.source}", {lines[0][1:]}'
        write(self.json, "\n".join(lines) + "\n")

    def kept(self):
        """Its numbers, where they are those of the present sources."""
        numbers = json.loads(read(self.json), parse_float=str, parse_int=str) if self.json.exists() else {}
        return numbers if numbers.get("source") == self.source else None

    def make(self):
        """Its numbers, as report.tcl prints them."""
        self.dir.mkdir(parents=True, exist_ok=True)
        with open(self.dir / "lock", "w") as lock:  # one process at a time
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self.kept() and self.net.exists()):
                self.map()
                self.time()
        return self.kept()

    def bench(self, folder):
        """The netlist as a module with parameters, which it checks."""
        lines = ["`define PM_NETLIST"]
        head = False
        declared = ", ".join(f"parameter {name}={value}" for name, value in parameters(self.parameters))
        wrong = " || ".join(f"{name} != {value}" for name, value in parameters(self.parameters))
        for line in read(self.gates()).splitlines():
            if line.startswith(f"module {self.top}("):
                line = f"module {self.top}{f' #({declared}) ' if declared else ''}" + line[line.index("("):]
                head = True
            lines.append(line)
            if head and line.endswith(";"):  # the port list ends at the first semicolon
                head = False
                if wrong:
                    lines.append(f'  if ({wrong}) $error("{self.top}: the netlist has other parameters");')
        net = Path(folder) / f"{self.name}.v"
        write(net, "\n".join(lines) + "\n")
        return net


def configurations(block=None, option=None):
    """Of a block or all; with an option those that have it, without one those that do not take long."""
    found = [Configuration(name, line) for name in ([block] if block else blocks("synth/*/configs"))
             for line in block_list(f"synth/{name}/configs", 7)]
    if option == "all":
        return found
    return [config for config in found if (option in config.options if option else "long" not in config.options)]


def named(name):
    """Configurations of a block, or the one of this name."""
    if Path("synth", name, "configs").exists():
        return configurations(name)
    block, _, config = name.partition("-")
    found = Path("synth", block, "configs").exists() and [c for c in configurations(block, "all") if c.config == config]
    if not found:
        raise Failure(f"synth/{block}/configs has no configuration '{config}'" if config else f"synth/{name}/configs is not there")
    return found


def make_one(config):
    """Whether it could be made."""
    fresh = not (config.kept() and config.net.exists())
    try:
        numbers = config.make()
    except Failure as failure:
        print(f"not ok - synthesis {failure}")
        return False
    if fresh:
        print(f"{config.name}: {numbers['ge']} GE {numbers['delay_ns']} ns")
    return True


def make(names, jobs):
    """The blocks that take longest are the first, so that no long one is left alone at the end."""
    chosen = [config for name in names for config in named(name)] if names else configurations()
    chosen.sort(key=lambda config: config.block not in ("flare_attention", "bitsift"))
    with ThreadPoolExecutor(jobs) as pool:
        return int(not all(list(pool.map(make_one, chosen))))


def bench(block, folder, model):
    """Netlists for a model: with PERIMETER_NETLIST=gated those with clock gates, else those without."""
    gated = os.environ.get("PERIMETER_NETLIST") == "gated"
    for config in configurations(block, "all"):
        if config.gated() == gated and canonical(block, model) in [canonical(block, name) for name in config.models]:
            config.make()
            print(config.bench(folder))
