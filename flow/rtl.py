# SPDX-License-Identifier: Apache-2.0
"""Headers of the RTL: what stands above a module, and its parameters and ports with their `///` comments."""

import functools
import re
from pathlib import Path
from typing import NamedTuple

from common import Failure



class Item(NamedTuple):
    """A parameter or a port. `doc` is None where the one before it speaks for it too."""

    name: str
    kind: str  # parameter, localparam, input, output
    width: str  # of a port, in bits
    default: str  # of a parameter
    doc: str | None


class Module(NamedTuple):
    name: str
    path: Path
    doc: list[str]  # paragraphs
    parameters: list[Item]
    ports: list[Item]
    constants: dict[str, str]  # localparams, by name, as they are written


def blocks() -> list[str]:
    return sorted(p.name for p in Path("rtl").iterdir() if p.is_dir() and p.name != "common")


@functools.cache
def modules(block: str) -> list[Module]:
    """Of rtl/BLOCK, its top first; a package is a module without ports whose parameters are its constants."""
    found = [_read(path) for path in sorted(Path("rtl", block).glob("pm_*.sv"))]
    return sorted(found, key=lambda m: (m.name != f"pm_{block}", m.name))


def width(packed: str) -> str:
    """Bits of a packed dimension: `[N*W-1:0]` is N*W."""
    if not packed:
        return "1"
    high, _, low = packed.strip("[] ").rpartition(":")
    high = re.sub(r"\s+", "", high)
    if low.strip() != "0":
        raise Failure(f"a dimension that does not end at 0: {packed}")
    if high.endswith("-1"):
        high = high[:-2]
        return high[1:-1] if re.fullmatch(r"\([^()]*\)", high) else high
    if high.isdecimal():
        return str(int(high) + 1)
    less = re.fullmatch(r"(.*)-(\d+)", high)
    return f"{less[1]}-{int(less[2]) - 1}" if less else f"{high}+1"


def _read(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    if package := re.search(r"^package\s+(\w+);(.*)^endpackage", text, re.M | re.S):
        return Module(package[1], path, _above(text[: package.start()]), _items(package[2].replace(";", ",")), [], {})
    head = re.search(r"^module\s+(\w+)\s*", text, re.M)
    if not head:
        raise Failure(f"{path}: no module")
    try:
        at, parameters = head.end(), []
        if text.startswith("#", at):
            body, at = _list(text, text.index("(", at))
            parameters = _items(body)
        ports, at = _list(text, text.index("(", at))
        constants = dict(re.findall(r"localparam\s+(?:int|bit)(?:\s+unsigned)?(?:\s*\[[^\]]*\])?\s+(\w+)\s*=\s*([^;,]*?)\s*;", text[at:]))
        constants |= {p.name: p.default for p in parameters if p.kind == "localparam"}
        return Module(head[1], path, _above(text[: head.start()]), [p for p in parameters if p.kind == "parameter"], _items(ports), constants)
    except (Failure, ValueError) as error:
        raise Failure(f"{path}: {error}") from error


def _above(text: str) -> list[str]:
    """Paragraphs of the comment above the module, without the licence."""
    lines = [line.lstrip("/").strip() for line in text.splitlines() if line.startswith("//") and "SPDX" not in line]
    return [" ".join(p.split("\n")) for p in "\n".join(lines).strip().split("\n\n") if p]


def _list(text: str, start: int) -> tuple[str, int]:
    """What stands inside the parentheses at `start`, and where they end. Parentheses in comments do not count."""
    depth = 0
    for token in re.finditer(r"//[^\n]*|[()]", text[start:]):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0:
            return text[start + 1 : start + token.start()], start + token.end()
    raise Failure("a parenthesis is not closed")


def _items(body: str) -> list[Item]:
    items, doc, code, depth = [], [], "", 0
    for token in re.finditer(r"///([^\n]*)|//[^\n]*|/\*.*?\*/|[\[({]|[\])}]|,|[^\[\](){},/]+|/", body, re.S):
        if token[1] is not None:
            doc.append(token[1].strip())
        elif token[0].startswith(("//", "/*")):
            continue
        elif token[0] == "," and depth == 0:
            items.append(_item(code, doc))
            doc, code = [], ""
        else:
            depth += (token[0] in "[({") - (token[0] in "])}")
            code += token[0]
    if code.strip():
        items.append(_item(code, doc))
    return items


def _item(code: str, doc: list[str]) -> Item:
    code = " ".join(code.split())
    text = " ".join(doc) or None
    if m := re.fullmatch(r"(parameter|localparam)\b(?:[^=]*?)\b(\w+) ?= ?(.*)", code):
        return Item(m[2], m[1], "", m[3], text)
    if m := re.fullmatch(r"(input|output)(?: (?:wire|logic|bit))*( signed\b)? ?(\[.*\])? ?(\w+)", code):
        return Item(m[4], m[1], width(m[3] or "") + (" signed" if m[2] else ""), "", text)
    raise Failure(f"neither a parameter nor a port: {code}")
