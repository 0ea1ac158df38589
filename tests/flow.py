#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The flow itself: pages are what the data say, names and variables are what the pages say, and no locale changes a number."""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "flow"))
from common import Failure, Tap, blocks, digest, fill, keep, program, read, read_tsv, recall, update_tsv, write  # noqa: E402
from mapping import configurations  # noqa: E402
from models import canonical, models  # noqa: E402
import crossbars  # noqa: E402
import mutate  # noqa: E402
import sources  # noqa: E402
import systems  # noqa: E402

tap = Tap()


def pages():
    for command in ("synth.py pages", "evidence.py", "power.py pages", "layout.py pages", "second.py pages", "current.py pages", "sources.py", "systems.py", "crossbars.py", "registers.py"):
        tap(subprocess.run([f"flow/{command.split()[0]}", *command.split()[1:], "--check"]).returncode == 0, f"pages have what flow/{command} prints")


def published_crossbars(folder):
    """Layers' times are the source's at 8/8; a policy's file is read, and one that is none is refused."""
    for network, cell, units in (("VGG-16", 4, 123946368), ("ViT-B/32", 4, 34610688), ("ResNet-18", 2, 30149280)):
        tap(crossbars.total(network, crossbars.uniform(network, 8, 8), cell) == units, f"{network} on crossbars takes {units} units at 8/8")
    head = "{'descr': '<i8', 'fortran_order': False, 'shape': (21, 2), }\n"
    bits = [v for layer in crossbars.uniform("ResNet-18", 4, 6) for v in layer]
    path = folder / "policy.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode() + b"".join(v.to_bytes(8, "little") for v in bits))
    tap(crossbars.read_policy(path) == crossbars.uniform("ResNet-18", 4, 6), "a policy's array is read")
    done = subprocess.run(["flow/crossbars.py", "ResNet-18", path], capture_output=True, text=True)
    tap(done.returncode == 0 and "1507464.0 us, " in done.stdout, "its time and speedup are printed")
    for network, file in (("VGG-16", path), ("ResNet-18", "Makefile"), ("AlexNet", path)):
        done = subprocess.run(["flow/crossbars.py", network, file], capture_output=True, text=True)
        tap(done.returncode == 2 and done.stderr.count("\n") == 1, f"{network} with {Path(file).name} is refused")


def named_models():
    """Every name is one model and every model has one name; what names models names those that are there."""
    for block in blocks("tb/*/models"):
        names = {}
        for name in models(block):
            names.setdefault(canonical(block, name), []).append(name)
        tap(all(len(same) == 1 for same in names.values()), f"models of {block}: one name each")
        used = [name for config in configurations(block, "all") for name in config.models] if Path("synth", block, "configs").exists() else []
        used += [design.model for design in mutate.designs(block)] if Path("tb", block, "mutants").exists() else []
        tap(set(used) <= set(models(block)), f"models of {block}: those of synth/{block}/configs and tb/{block}/mutants are there")
    spelt = subprocess.run("scripts/verilate.sh sar_ctrl l99", shell=True, capture_output=True, text=True)
    tap(spelt.returncode == 2 and spelt.stderr.count("\n") == 1, "an unknown model is refused")


def variables():
    """Every PERIMETER_ variable in the tree is in the table of docs/development.md, and the other way round."""
    tracked = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True)
    if tracked.returncode:
        print("# no git: environment variables are not looked for")
        return
    used, code = set(), (".c", ".h", ".cpp", ".py", ".sh", ".tcl", "Makefile")
    for name in filter(None, tracked.stdout.split("\0")):
        if name.endswith(code) and name != "tests/flow.py" and Path(name).exists():
            text = Path(name).read_text(encoding="utf-8")
            used |= {name for match in re.findall(r'"(PERIMETER_[A-Z_]+)"|\$\{?(PERIMETER_[A-Z_]+)|(?<![\w-])(PERIMETER_[A-Z_]+)=', text)
                     for name in match if name}
    table = set(re.findall(r"^\| `(PERIMETER_\w+)`", read("docs/development.md"), re.M))
    tap(used == table, "environment variables: the table of docs/development.md has those that are used")
    for name in sorted(used ^ table):
        print(f"# {name}: {'used, not in the table' if name in used else 'in the table, not used'}")


def kept_by_content(folder):
    source = folder / "a.sv"
    write(source, "module a; // what\nendmodule\n")
    before = digest(source)
    write(source, "module a;\n  /* why */ endmodule\n")
    tap(digest(source) == before, "a comment does not change what a result is kept under")
    for text in ("module b; endmodule\n", "module a; // verilator lint_off WIDTH\nendmodule\n"):
        write(source, text)
        tap(digest(source) != before, "another source does, and a comment that a tool reads")
    refused = subprocess.run(["flow/synth.py", "list"], env=os.environ | {"PERIMETER_BUILD": str(folder / "a b")}, capture_output=True, text=True)
    tap(refused.returncode == 2 and refused.stderr.count("\n") == 1, "a build folder with a blank in its name is refused")
    keep(folder / "kept.json", "one", [1])
    tap(recall(folder / "kept.json", "one") == [1] and recall(folder / "kept.json", "two") is None, "a result is kept under its key alone")
    write(folder / "kept.json", "{")
    tap(recall(folder / "kept.json", "one") is None, "half a result is none")


def tables(folder):
    file = folder / "t.tsv"
    update_tsv(file, ["a", "b"], [{"a": "x", "b": "1"}, {"a": "y", "b": "2"}], ["a"])
    update_tsv(file, ["a", "b"], [{"a": "x", "b": "3"}], ["a"])
    tap(read_tsv(file) == [{"a": "x", "b": "3"}, {"a": "y", "b": "2"}], "a row takes the place of the one with the same key")
    page = folder / "page.md"
    write(page, "one\n<!-- m: f -->\nold\n<!-- end -->\ntwo\n<!-- end -->\n")
    tap(not fill(page, "m: f", ["new"], check=True) and "old" in read(page), "a page that is checked is not written")
    fill(page, "m: f", ["new"])
    tap(read(page) == "one\n<!-- m: f -->\nnew\n<!-- end -->\ntwo\n<!-- end -->\n", "a marked part is filled, up to its end")
    try:
        fill(page, "n: f", ["new"])
        tap(False, "a page without the mark is refused")
    except Failure:
        tap(True, "a page without the mark is refused")


def claims(_):
    """A row of docs/sources.tsv is taken only with what its verdict needs."""
    good = dict(zip(sources.COLUMNS, ["flare", "section 4", "a claim", "reproduced", "{1 + 1:.1f} of them", "tested('bitsift', 'test_excess')", "make BLOCK=bitsift unit"]))
    tap(sources.tables([good]) == {"flare": ["| place | claim | verdict | here | command |", "|---|---|---|---|---|",
                                             "| section 4 | a claim | reproduced | 2.0 of them | `make BLOCK=bitsift unit` |"]}, "a row is printed with its numbers")
    tap(sources.fault(good | {"verdict": "not derivable", "holds": "", "command": ""}) is None, "what is not derivable needs what is missing alone")
    tap(sources.fault(good | {"holds": "1 + 1 == 2", "command": "arithmetic"}) is None, "the source's own numbers may be enough")
    tap(sources.fault(good | {"verdict": "contradicted", "holds": "2 + 2 > 3", "command": ""}) is None, "what is contradicted needs arithmetic alone")
    try:
        sources.tables([good, good])
        tap(False, "a claim is there once")
    except Failure as failure:
        tap("row 3, a claim: is there twice" in str(failure), "a claim is there once")
    for wrong in ({"verdict": "likely"}, {"here": ""}, {"holds": ""}, {"holds": "1 == 1"}, {"holds": "tested('bitsift', 'test_nothing')"}, {"command": ""},
                  {"command": "make nothing"}, {"command": "make BLOCK=nothing unit"}, {"command": "perimeter nothing"}, {"verdict": "not derivable"},
                  {"verdict": "contradicted", "holds": "2 + 2 == 3"}, {"holds": "ran('no such line')"}, {"holds": "tested("}):
        try:
            sources.tables([good | wrong])
            tap(False, f"a row with {wrong} is refused")
        except Failure as failure:
            tap("row 2, a claim: " in str(failure), f"a row with {wrong} is refused")


def systems_table(folder):
    """A run's summary becomes a row of docs/systems.tsv, and this a line; the program that runs is a stub."""
    summary = {"images_golden": 4, "accuracy_float": 0.75, "accuracy_integer": 0.5, "cost": {"arrays": 3}, "integers_compared": 7, "integers_differ": 0,
               "counts": {"a": {"system": "x", "slc": {"array_reads": 8, "conversions": 40, "clocks": 12}, "whole": {"clocks": 20}},
                          "b": {"system": "x", "sram": {"accesses": 4, "clocks": 8}}}}
    tap(systems.counts(summary) == {"reads": "3", "conversions": "10", "clocks": "7", "arrays": "3"}, "counts of an input: parts run beside each other, layers in turn")
    tap(systems.rtl({"hyflex_integers_compared": 0, "khwa_integers_compared": 5, "khwa_integers_differ": 1}) == {"compared": "5", "differ": "1"} and
        systems.rtl({"rtl": {"integers_compared": 3, "integers_differ": 0}}) == {"compared": "3", "differ": "0"} and systems.rtl({}) == {}, "integers of the RTL")
    tap(systems.score({"spearman_float": 0.5}, "float") == "50.00" and systems.score({"bits_a_byte_integer": 2.08351}, "integer") == "2.0835", "scores of every task")
    (folder / "perimeter").write_text(f"#!/bin/sh\nfor last; do :; done\necho \"$*\" >>{folder}/said\n" "case $* in *noise*) a=0.25 ;; *) a=0.5 ;; esac\n"
                                      f"sed s/0.5/$a/ {folder}/summary >\"$last\"\n")
    (folder / "perimeter").chmod(0o755)
    (folder / "summary").write_text(json.dumps(summary))
    before, systems.BUILD, systems.OUT = (systems.BUILD, systems.OUT), folder, folder / "out"
    row = systems.measure(dict.fromkeys(systems.COLUMNS, "") | {"network": "n", "system": "s 1", "run": "--data=d --engine=both --rtl-images=1", "noise": "--set=noise=1"})
    systems.BUILD, systems.OUT = before
    said = (folder / "said").read_text().splitlines()
    tap(said[0].startswith("run n --data=d --engine=both --rtl-images=1 --summary") and said[1].startswith("run n --data=d --set=noise=1 --summary"), "the noisy run has no RTL")
    tap(systems.lines([row])[2] == "| n | s 1 | 4 | 75.00 | 50.00 | 25.00 | 3 | 3 | 10 | 7 | 7, 0 differ | - | - |", "a row of the table of systems")
    try:
        systems.score({}, "float")
        tap(False, "a summary without a score is refused")
    except Failure:
        tap(True, "a summary without a score is refused")


def locales(folder):
    """What the flow prints under locales with a comma, and with another upper case of i, is what it prints under C."""
    commands = ["flow/synth.py map sar_ctrl-flexible && cat $PERIMETER_BUILD/synth/sar_ctrl-flexible.json",
                "flow/synth.py stale", "flow/synth.py pages --check && flow/evidence.py --check && flow/power.py pages --check && flow/sources.py --check && flow/systems.py --check",
                "flow/synth.py list", "flow/prove.py sar_ctrl fixed | sed 's/[0-9]* s[),].*//'"]

    def printed(name, locale):
        env = {key: value for key, value in os.environ.items() if not key.startswith("LC_")}
        env |= {"LOCPATH": str(folder), "LANG": locale, "LC_ALL": locale, "PERIMETER_BUILD": str(folder / name)}
        runs = [subprocess.run(["bash", "-o", "pipefail", "-c", command], env=env, stdout=subprocess.PIPE) for command in commands]
        return [(run.returncode, run.stdout) for run in runs]

    plain = None
    for locale, charset in (("de_DE", "UTF-8"), ("tr_TR", "UTF-8"), ("de_DE", "ISO-8859-1")):
        name = f"{locale}.{charset}"
        made = Path("/usr/share/i18n/locales", locale).exists() and subprocess.run(
            ["localedef", "-i", locale, "-f", charset, folder / name], capture_output=True).returncode in (0, 1) and (folder / name).exists()
        if not made:
            print(f"ok - locale {name} # SKIP no sources of it: Debian's package locales has them")
            continue
        plain = plain or printed("C", "C")
        tap(printed(name + ".build", name) == plain and not any(status for status, _ in plain), f"locale {name}: the flow gives what it gives under C")


def main(_):
    pages()
    named_models()
    variables()
    with tempfile.TemporaryDirectory() as folder:
        for test in (kept_by_content, tables, claims, published_crossbars, systems_table, locales):
            test(Path(folder))
    return tap.failed


if __name__ == "__main__":
    program(main)
