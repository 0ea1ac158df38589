#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fuzzes the loaders, the command line and, golden against RTL, the blocks: flow/fuzz.py [TARGET ...]
libFuzzer with ASan and UBSan on tests/fuzz/TARGET.c, in chunks until $PERIMETER_FUZZ_RUNS executions (a million) are reached; each
chunk's seed is in build/fuzz/TARGET.log, and what is done already counts. Begins with the inputs kept in tests/fuzz/TARGET/;
new ones stay in build/fuzz/TARGET/. An input that fails is left as build/fuzz/TARGET.crash-...; once mended, it belongs to the kept
ones. Writes build/fuzz/summary.json, and tb/evidence.tsv where that has no longer run."""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import evidence
from common import BUILD, LIBRARIES, Failure, c_flags, grep, must, newer, program, write

OUT = BUILD.absolute() / "fuzz"
TARGETS = evidence.FUZZED
FLAGS = ["-g", "-O1", "-Wno-unknown-pragmas", "-fno-omit-frame-pointer", *c_flags()]
SANITIZERS = "address,undefined"
CHUNK = 50_000


def compile_sources():
    """Objects of the golden model and the program, but for what runs and sweeps the network."""
    objects = []
    headers = [path for folder in ("cmodel", "src", "include") for path in Path(folder).rglob("*.h")]
    for file in sorted([*Path("cmodel").rglob("*.c"), *Path("src").rglob("*.c"), BUILD / "gen/onnx.pb-c.c"]):
        if re.match(r"src/(main|partition.*|search.*|sweep.*|run|run_[^j].*)\.c$", str(file)):
            continue
        made = OUT / "obj" / (str(file).replace("/", "_") + ".o")
        objects.append(made)
        if newer(made, [file, *headers]):
            continue
        if file.match("cmodel/kernels/avx*"):  # their target pragma is GCC's; no loader is in them
            compiler = ["gcc"]
        else:
            compiler = ["clang", f"-fsanitize=fuzzer-no-link,{SANITIZERS}", "-fno-sanitize-recover=undefined"]
        must([*compiler, *FLAGS, "-c", "-o", made, file], OUT / "compile.log")
    return objects


def link(target, objects):
    wrap = ["-Wl,--wrap=pm_rtl_open,--wrap=pm_rtl_close"] if target == "vectors" else []
    must(["clang", *FLAGS, f"-fsanitize=fuzzer,{SANITIZERS}", "-fno-sanitize-recover=undefined", "-o", OUT / f"{target}.fuzz",
          f"tests/fuzz/{target}.c", *objects, *wrap, *LIBRARIES, "-l:libgomp.so.1"], OUT / "compile.log")


def executions(target):
    log = OUT / f"{target}.log"
    return sum(int(line.split()[1]) for line in log.read_text().splitlines() if line.startswith("executions")) if log.exists() else 0


def fuzz(target, objects, runs):
    """Whether no input failed."""
    link(target, objects)
    (OUT / target).mkdir(exist_ok=True)
    while (done := executions(target)) < runs:
        last = OUT / f"{target}.last"
        with open(last, "wb") as out:
            run = subprocess.run([OUT / f"{target}.fuzz", f"-runs={min(CHUNK, runs - done)}", f"-seed={done + 1}", "-max_len=4096",
                                  "-timeout=600", "-rss_limit_mb=4096", "-print_final_stats=1", f"-artifact_prefix={OUT}/{target}.",
                                  OUT / target, Path("tests/fuzz", target).absolute()], stdout=out, stderr=subprocess.STDOUT)
        if run.returncode:
            why = grep("ERROR|SUMMARY|runtime error|^tests/fuzz", last)
            print(f"not ok - fuzz {target}: seed {done + 1}: {why}, see {last}")
            return False
        text = last.read_text(errors="replace")
        units = re.search(r"^stat::number_of_executed_units: *(\d+)", text, re.M)[1]
        covered = re.findall("cov: [0-9]*", text)[-1:]
        with open(OUT / f"{target}.log", "a") as log:
            log.write(" ".join(["executions", units, "seed", str(done + 1), *covered]) + "\n")
        if sys.stderr.isatty():
            print(f"\r{target}: {done + int(units)} of {runs}", end="", file=sys.stderr, flush=True)
    print(f"# fuzz {target}: {executions(target)} executions")
    return True


def summary():
    done = {target: executions(target) for target in TARGETS if (OUT / f"{target}.log").exists()}
    crashes = sum(1 for kind in ("crash", "leak", "timeout", "oom") for _ in OUT.rglob(f"*.{kind}-*"))
    write(OUT / "summary.json", json.dumps(done | {"crashes": crashes}, indent=1) + "\n")
    longest = {("fuzz", target): runs for target, runs in done.items() if evidence.longest("fuzz", target, runs)}
    evidence.record(longest | ({("fuzz", "crashes"): crashes} if longest or crashes else {}))


def main(arguments):
    if unknown := set(arguments) - set(TARGETS):
        raise Failure(f"no target {sorted(unknown)[0]}: {' '.join(TARGETS)}")
    (OUT / "obj").mkdir(parents=True, exist_ok=True)
    must(["scripts/setup.sh", "clang", "libclang-rt-14-dev"], OUT / "setup.log")
    objects = compile_sources()
    passed = [fuzz(target, objects, int(os.environ.get("PERIMETER_FUZZ_RUNS", 1_000_000))) for target in arguments or TARGETS]
    summary()
    return int(not all(passed))


if __name__ == "__main__":
    program(main)
