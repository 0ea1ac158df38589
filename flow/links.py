#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TAP: links and names of files, in pages and comments, lead somewhere; so do the sections of docs/numerics.md that comments cite, and
names of modules and functions on the pages.

A name of a file is a path that begins with one of the tree's own folders; a name with `$`, `%` or `<` in it is a pattern. A section
is cited with its heading in quotes behind the page's name and a comma, further ones behind it.
"""

import re
import sys
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = "bench|cmodel|data|docs|examples|flow|formal|include|models|rtl|scripts|src|synth|tb|tests|tools"
SUFFIXES = "awk|c|cff|core|cpp|f|h|inc|json|md|pc\\.in|py|safetensors|sh|sv|svg|svh|tcl|tsv|txt|vlt"
NAME = re.compile(rf"(?<![\w/.$%>}}-])((?:{FOLDERS})/[\w*./\[\]-]*?\.(?:{SUFFIXES}|\[ch\]))(?![\w$%<{{*/])")
PLACEHOLDER = re.compile(r"\b[A-Z]{4,}\b|_[A-Z]{4,}\b|\b[A-Z]{4,}_")
LINK = re.compile(r"\]\(([^()\s]+)\)")
OURS = re.compile(r"\b[Pp][Mm]_\w+")
CITED = re.compile(r'docs/numerics\.md((?:,? (?:and )?"[^"]+")+)')


def sources() -> list[Path]:
    tops = [ROOT] + [ROOT / folder for folder in FOLDERS.split("|")]
    found = [path for top in tops for path in (top.glob("*") if top == ROOT else top.rglob("*")) if path.is_file()]
    return sorted(path for path in found if "fuzz" not in path.parts and "__pycache__" not in path.parts)


def anchors(page: Path) -> set[str]:
    """Of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
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
    return [name for name in NAME.findall(text) if not PLACEHOLDER.search(name) and not any(ROOT.glob(name))]


def cited(path: Path, text: str, sections: set[str]) -> list[str]:
    text = re.sub(r"\n\s*(?:///?|\*|#)? ?", " ", text)
    quoted = [section for group in CITED.findall(text) for section in re.findall('"([^"]+)"', group)]
    vague = re.findall(r"(?<!docs/)\bnumerics\b.{0,20}", text) if path.suffix in (".c", ".h", ".sv", ".svh") else []
    return [section for section in quoted if section not in sections] + vague


def main() -> int:
    sections = set(re.findall(r"^## (.*)$", (ROOT / "docs" / "numerics.md").read_text(encoding="utf-8"), re.M))
    broken = {"link": [], "name of a file": [], "name of ours": [], "section of docs/numerics.md": []}
    texts = {}
    for path in sources():
        try:
            texts[path] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    ours = {name for path, text in texts.items() if path.suffix in (".c", ".h", ".sv", ".svh") for name in OURS.findall(text)}
    for path, text in texts.items():
        where = path.relative_to(ROOT)
        if path.suffix == ".md":
            broken["link"] += [f"{where}: {target}" for target in links(path, text)]
        if path.suffix == ".md" and path.name != "CHANGELOG.md":
            broken["name of ours"] += [f"{where}: {name}" for name in OURS.findall(text) if name not in ours | {"pm_BLOCK"}]
        if path.name != "Makefile":  # its wildcards may be empty
            broken["name of a file"] += [f"{where}: {name}" for name in names(text)]
        broken["section of docs/numerics.md"] += [f"{where}: {section}" for section in cited(path, text, sections)]
    for kind, found in broken.items():
        for line in found:
            print(f"# {line}")
        print(f"{'not ok' if found else 'ok'} - no {kind} is broken in {len(texts)} files")
    return any(broken.values())


if __name__ == "__main__":
    sys.exit(main())
