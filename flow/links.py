#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TAP: links and names of files, in pages and comments, lead somewhere; so do the sections of docs/numerics.md that comments cite, and
names of modules, functions and proofs on the pages.

A name of a file is a path that begins with one of the tree's own folders; a name with `$`, `%` or `<` in it is a pattern. A section
is cited with its heading in quotes behind the page's name and a comma, further ones behind it.
"""

import re
import urllib.parse
from pathlib import Path

from common import Tap, block_list, program, read

FOLDERS = "bench|cmodel|data|docs|examples|flow|formal|include|models|rtl|scripts|src|synth|tb|tests|tools"
SUFFIXES = "awk|c|cff|core|cpp|f|h|inc|json|md|pc\\.in|py|safetensors|sh|sv|svg|svh|tcl|tsv|txt|vlt"
NAME = re.compile(rf"(?<![\w/.$%>}}-])((?:{FOLDERS})/[\w*./\[\]-]*?\.(?:{SUFFIXES}|\[ch\]))(?![\w$%<{{*/])")
PLACEHOLDER = re.compile(r"\b[A-Z]{4,}\b|_[A-Z]{4,}\b|\b[A-Z]{4,}_")
LINK = re.compile(r"\]\(([^()\s]+)\)")
OURS = re.compile(r"\b[Pp][Mm]_\w+")
CITED = re.compile(r'docs/numerics\.md((?:,? (?:and )?"[^"]+")+)')


def sources() -> list[Path]:
    tree = [*Path().glob("*"), *(path for folder in FOLDERS.split("|") for path in Path(folder).rglob("*"))]
    return sorted(path for path in tree if path.is_file() and "fuzz" not in path.parts and "__pycache__" not in path.parts)


def anchors(page: Path) -> set[str]:
    """Of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)$", read(page), re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}


def links(page: Path, text: str) -> list[str]:
    broken = []
    for target in LINK.findall(re.sub(r"```.*?```", "", text, flags=re.S)):
        if re.match(r"\w+:", target):
            continue
        path, _, anchor = target.partition("#")
        at = page.parent / urllib.parse.unquote(path) if path else page
        if not at.exists() or anchor and anchor not in anchors(at):
            broken.append(target)
    return broken


def names(text: str) -> list[str]:
    return [name for name in NAME.findall(text) if not PLACEHOLDER.search(name) and not any(Path().glob(name))]


def cited(path: Path, text: str, sections: set[str]) -> list[str]:
    text = re.sub(r"\n\s*(?:///?|\*|#)? ?", " ", text)
    quoted = [section for group in CITED.findall(text) for section in re.findall('"([^"]+)"', group)]
    vague = re.findall(r"(?<!docs/)\bnumerics\b.{0,20}", text) if path.suffix in (".c", ".h", ".sv", ".svh") else []
    return [section for section in quoted if section not in sections] + vague


def targets(page: Path, text: str) -> list[str]:
    """Proofs in a block's table of them that are not in formal/BLOCK/targets."""
    listed = Path("formal", page.stem, "targets")
    known = {row[0] for row in block_list(listed, 6)} if listed.exists() else set()
    told = [line.split("|")[1] for table in re.findall(r"^\| target \|.*\n\|-.*\n((?:\|.*\n)+)", text, re.M) for line in table.splitlines()]
    return [name for cell in told for name in re.findall("`([^`]+)`", cell) if name not in known]


def main(_: list[str]) -> int:
    sections = set(re.findall(r"^## (.*)$", read("docs/numerics.md"), re.M))
    broken = {"link": [], "name of a file": [], "name of ours": [], "proof": [], "section of docs/numerics.md": []}
    texts = {}
    for path in sources():
        try:
            texts[path] = read(path)
        except UnicodeDecodeError:
            continue
    ours = {name for path, text in texts.items() if path.suffix in (".c", ".h", ".sv", ".svh") for name in OURS.findall(text)} | {"pm_BLOCK"}
    for path, text in texts.items():
        found = {"section of docs/numerics.md": cited(path, text, sections)}
        if path.suffix == ".md":
            found["link"] = links(path, text)
        if path.parent == Path("docs/blocks"):
            found["proof"] = targets(path, text)
        if path.suffix == ".md" and path.name != "CHANGELOG.md":
            found["name of ours"] = [name for name in OURS.findall(text) if name not in ours]
        if path.name != "Makefile" and path.suffix != ".mk":  # their wildcards may be empty
            found["name of a file"] = names(text)
        for kind, wrong in found.items():
            broken[kind] += [f"{path}: {what}" for what in wrong]
    tap = Tap()
    for kind, found in broken.items():
        for line in found:
            print(f"# {line}")
        tap(not found, f"no {kind} is broken in {len(texts)} files")
    return tap.failed


if __name__ == "__main__":
    program(main)
