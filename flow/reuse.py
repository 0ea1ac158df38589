#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The RTL inside a user's design, TAP: flow/reuse.py
- a user's file behind ours may have implicit nets: no `default_nettype is left on;
- read with -formal, which defines FORMAL, the RTL asks for no file of ours, and assumes and asserts nothing: a user's false
  assertion fails;
- whatever a user calls the signals around a block, Verilator -Wall has nothing to say.
"""
import re
import subprocess
import sys
from pathlib import Path

import ranges
import rtl
from common import BUILD, Tap, program, read, rtl_files, write
from lint import slang, todays, verilators

OUT = BUILD / "lint" / "reuse"
KEYWORDS = set("""always_comb always_ff always_latch and assert assign assume automatic begin bit case cover default else end endcase
endfunction endgenerate endmodule endpackage enum for function generate genvar if initial inout input int integer localparam logic
module negedge not or output package packed parameter posedge reg return signed string struct typedef unsigned void wire""".split())
LEAK = "module leak (input a, input b, output y);\n  assign c = a & b;\n  assign y = c;\nendmodule\n"
# rst_ni is free, so that the assertion must fail.
FALSE = """module top (input clk, input rst_n, input v, input [7:0] d, input r, output vo, output [7:0] q, output ro);
  pm_fifo #(.Width(8), .Depth(2)) f (.clk_i(clk), .rst_ni(rst_n), .valid_i(v), .ready_o(ro), .data_i(d), .valid_o(vo), .ready_i(r),
      .data_o(q));
  reg past = 0;
  always @(posedge clk) past <= 1;
  always @(posedge clk) if (past) assert (rst_n);
endmodule
"""


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    return done.returncode, done.stdout + done.stderr


def check(tap, passed, name, text):
    if not tap(passed, name):
        for line in text.strip().splitlines()[:8]:
            print(f"# {line}")


def every_file():
    return list(dict.fromkeys(file for block in ["common", *rtl.blocks()] for file in rtl_files(block)))


def nettype(tap, lints, folder):
    user = OUT / "leak.sv"
    write(user, "".join(f'`include "{file}"\n' for file in every_file()) + LEAK)
    for lint in lints:
        status, text = run(lint.program, "--lint-only", "-Wno-fatal", "--top-module", "leak", user, env=lint.environment)
        check(tap, status == 0, f"{lint.name}: a user's implicit net behind every file", text)
    status, text = run("yosys", "-q", "-p", f"read_verilog -sv {user}; hierarchy -check -top leak")
    check(tap, status == 0, "Yosys: a user's implicit net behind every file", text)
    if folder:
        status, text = run(*slang(str(folder / "bin/python3")).command(["-I.", str(user)], "leak", {}))
        check(tap, status == 0, "slang: a user's implicit net behind every file", text)
    status, text = run("iverilog", "-V")
    number = re.search(r"Icarus Verilog version (\d+)", text)
    if status or not number or int(number[1]) < 12:
        print("ok - Icarus: a user's implicit net behind every file # SKIP no Icarus of version 12 or later")
    else:
        status, text = run("iverilog", "-g2012", "-o", "/dev/null", user)
        check(tap, status == 0, "Icarus: a user's implicit net behind every file", text)


def formal(tap):
    # -ppdump: what the preprocessor leaves of the files.
    status, text = run("yosys", "-Q", "-p", f"read_verilog -formal -sv -defer -ppdump {' '.join(every_file())}")
    said = re.findall(r"\b(?:assert|assume|cover)\b.*", text)
    check(tap, status == 0 and "endmodule" in text and not said, "-formal: every file reads alone, and assumes and asserts nothing",
          "\n".join(said) or text)
    user = OUT / "top.sv"
    write(user, FALSE)
    smt2 = OUT / "top.smt2"
    status, text = run("yosys", "-q", "-p", f"read_verilog -formal -sv rtl/common/pm_fifo.sv {user}; prep -top top; async2sync; "
                       f"dffunmap; write_smt2 -wires {smt2}")
    if status == 0:
        status, text = run("yosys-smtbmc", "--noprogress", "-s", "z3", "--unroll", "--noincr", "--logic", "QF_BV", "-t", "5", smt2)
    check(tap, status == 1 and "Assert failed in top" in text, "-formal: a user's false assertion fails", text)


def identifiers(files):
    """Every name in these files but those of our modules, which are theirs alone."""
    found = set()
    for file in files:
        text = re.sub(r"//[^\n]*|/\*.*?\*/|\"[^\"]*\"|`\w+|\$\w+|\d*'s?[bodh][\da-fA-F_xz]+", " ", read(file), flags=re.S)
        found |= set(re.findall(r"\b[A-Za-z_]\w*", text))
    return sorted(name for name in found - KEYWORDS if not name.startswith("pm_"))


def clash(tap, lints):
    """A module of all blocks, as small as they may be, with a signal of every name that there is in them; twice, for then Verilator
    looks for the names in a function of ours among that module's signals."""
    files = every_file()
    names = identifiers(files)
    blocks = ""
    for block in rtl.blocks():
        top = next(module for module in rtl.modules(block) if module.name == f"pm_{block}")
        setting = ranges.settle(ranges.ranges(top), {})
        values = ", ".join(f".{name}({value})" for name, value in setting.items())
        blocks += f"  {top.name} {f'#({values}) ' if values else ''}u_{block}_here ({', '.join(f'.{port.name}()' for port in top.ports)});\n"
    user = OUT / "clash.sv"
    off = "".join(f"/* verilator lint_off {warning} */\n" for warning in ("DECLFILENAME", "PINCONNECTEMPTY", "UNDRIVEN", "UNUSED"))
    write(user, f"{off}module around;\n" + "".join(f"  logic {name};\n" for name in names) + blocks + "endmodule\n"
          "module clash;\n  around u_one ();\n  around u_other ();\nendmodule\n")
    for lint in lints:
        status, text = run(lint.program, "--lint-only", "-Wall", "--top-module", "clash", user, *files, env=lint.environment)
        check(tap, status == 0, f"{lint.name}: every block where signals have its names, {len(names)} of them", text)


def main(arguments):
    OUT.mkdir(parents=True, exist_ok=True)
    tap = Tap()
    folder = todays() if arguments == ["extra"] else None
    lints = verilators(folder)
    nettype(tap, lints, folder)
    formal(tap)
    clash(tap, lints)
    return tap.failed


if __name__ == "__main__":
    program(main)
