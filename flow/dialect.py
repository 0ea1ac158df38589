# SPDX-License-Identifier: Apache-2.0
"""The RTL's one dialect, as docs/development.md has it: what can be seen in a file's text."""
import re

import ranges
import rtl

COLUMNS = 130
SUFFIX = {"input": "_i", "output": "_o"}


def faults(path):
    """Lines that say what a file of rtl/ has against the dialect."""
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")
    found = []
    if lines[0] != "// SPDX-License-Identifier: Apache-2.0":
        found.append("the first line is not the licence")
    if not lines[1].startswith("/// "):
        found.append("no /// header below the licence")
    if re.findall(r"^(?:module|package)\s+(\w+)", text, re.M) != [path.stem]:
        return [f"{path}: not one module, named as its file"]
    found += [f"line {n}: longer than {COLUMNS}" for n, line in enumerate(lines, 1) if len(line) > COLUMNS]
    found += [f"line {n}: a tab or a space at the end" for n, line in enumerate(lines, 1) if "\t" in line or line != line.rstrip()]
    # Yosys 0.23 takes the minus of -W'(x) for part of the size.
    code = re.sub(r"//[^\n]*|/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)
    for pattern, why in FORBIDDEN:
        found += [f"line {code.count(chr(10), 0, m.start()) + 1}: {why}" for m in re.finditer(pattern, code, re.M)]
    if not path.stem.endswith("_pkg"):
        found += header(path, text)
    return [f"{path}: {fault}" for fault in found]


FORBIDDEN = [
    (r"-(\([^()]*\)|[A-Za-z0-9_]+)'\(", "the minus before a cast: Yosys reads it as part of the size, write -(W'(x))"),
    (r"(?:<<<?|>>>?) *!?[a-z]\w*\)? *(?:<<<?|>>>?) *!?[a-z]", "a shift of a shift: Verilator 5.048 to 5.050 add the amounts in too few bits"),
    (r"`default_nettype", "`default_nettype: it would hold in the user's files behind this one"),
    (r"^\s*(?:if\s*\(.*\)|else|for\s*\(genvar[^)]*\))\s*\$error", "a check that is no named block"),
    (r"^  (?:end else|if\s*\(.*\)|for\s*\(genvar.*\)) begin$", "a generate block without a name"),
    (r"begin : (?!g_)\w+", "a block's name does not begin with g_"),
    (r"`ifdef (?!PERIMETER_FORMAL|TARGET_)\w+", "a macro that is not ours"),
    (r"^  parameter\b", "a parameter in the body"),
    (r"\b(?:initial|return|automatic|inside|import|bind)\b", "a word outside the subset"),
]


def header(path, text):
    module = next(m for m in rtl.modules(path.parent.name) if m.name == path.stem)
    found = []
    before = None
    for port in module.ports:
        if not port.name.endswith(SUFFIX[port.kind]) and port.name != "rst_ni":
            found.append(f"port {port.name}: does not end with {SUFFIX[port.kind]}")
        # A stream's ready stands below its valid, whose words are about both.
        ready = before and before.name.replace("valid", "ready").rsplit("_", 1)[0] == port.name.rsplit("_", 1)[0]
        if port.doc is None and port.name not in ("clk_i", "rst_ni") and not ready:
            found.append(f"port {port.name}: no /// above it")
        before = port
    for parameter in module.parameters:
        if not parameter.name[0].isupper():
            found.append(f"parameter {parameter.name}: not UpperCamelCase")
        if parameter.doc is None:
            found.append(f"parameter {parameter.name}: no /// above it")
    bits = set(re.findall(r"parameter\s+bit\s+(\w+)", text))
    found += [f"parameter {p.name}: its /// has no range" for p in module.parameters
              if p.doc and p.name not in bits and not ranges.Range(p, False).said]
    found += [f"instance {name}: does not begin with u_" for name in re.findall(r"^ +pm_\w+(?: #\((?:.|\n)*?\n? *\))? (\w+) \($", text, re.M)
              if not name.startswith("u_")]
    return found

