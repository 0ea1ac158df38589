#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a user meets in a shell: `perimeter doctor`, `perimeter help`, and completion in bash and, where it is installed, zsh. TAP."""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "flow"))
from common import BUILD, ROOT, Tap  # noqa: E402

CHECKED = BUILD / "asan" / "perimeter"
tap = Tap()


def check(name, ok, why=""):
    tap(ok, f"shell: {name}", why)


def call(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, cwd=ROOT, **options)


def refused(name, want, *words, **options):
    done = call(CHECKED, *words, **options)
    check(f"refused: {name}", done.returncode == 2 and not done.stdout and done.stderr.count("\n") == 1 and want in done.stderr, done.stderr)


def doctor():
    done = call(CHECKED, "doctor")
    lines = done.stdout.splitlines()
    rows = [line.split(None, 1) for line in lines if line.startswith(("ok ", "missing "))]
    check("doctor looks at every tool", done.returncode == 0 and not done.stderr and len(rows) >= 15, done.stderr)
    check("it finds what these tests run with", any(state == "ok" and rest.startswith("make ") for state, rest in rows), done.stdout)
    check("and its version", any(rest.split()[:2] == ["verilator", call("verilator", "--version").stdout.split()[1]] for _, rest in rows), done.stdout)
    with tempfile.TemporaryDirectory() as empty:
        bare = call(CHECKED, "doctor", env={"PATH": empty, "LSAN_OPTIONS": "detect_leaks=0"})
    told = bare.stdout.splitlines()[-1]
    check("without tools it says what to install", bare.returncode == 0 and told.startswith("What is missing comes with: apt-get install ") and " gnuplot-nox" in told
          and " verilator" in told, bare.stdout + bare.stderr)
    packages = set((ROOT / "scripts/setup.sh").read_text().split()) | {"make", "gcc", "g++", "chromium", "gtkwave", "python3-torch"}
    check("these are packages that setup knows", set(told.split("install ")[1].split()) <= packages, told)
    refused("doctor with a word", "takes nothing", "doctor", "now")
    refused("doctor with an option", "--fix", "doctor", "--fix")


def pages():
    done = call(CHECKED, "help", "EFFECTIVE", "msb")
    first = done.stdout.splitlines()[:1]
    check("help finds the page of a word", done.returncode == 0 and not done.stderr and first[0].startswith("docs/blocks/emsbq.md: "), done.stdout[:400])
    check("twelve paragraphs at most, and how many more", call(CHECKED, "help", "accesses").stdout.splitlines()[-1].endswith("narrows it down."))
    for word in "converter", "mpirun", "[T,D]":
        check(f"help finds {word}", call(CHECKED, "help", word).returncode == 0)
    refused("help without a word", "which word", "help")
    refused("a word that is nowhere", "no page", "help", "xyzzyx")
    refused("an empty word", "not a word", "help", "")
    refused("many words", "16 words", "help", *["a"] * 17)
    refused("no pages", "no pages", "help", "a", env=os.environ | {"PERIMETER_HOME": "/nowhere"})


# What is typed, word by word as bash takes it apart, and what must be among the answers; -: no answer.
TYPED = [
    (["re"], "report"), (["op", "ems"], "emsbq"), (["op", "emsbq", "--set", ""], "q="), (["op", "bitsift", "--set", "coding", "=", ""], "twos"),
    (["op", "bitsift", "--set", "coding", "=", "twos", "mo"], "mode="), (["op", "emsbq", "--sample", ""], "unsigned"), (["op", "emsbq", "--engine", "r"], "rtl"),
    (["op", "emsbq", "--in", ""], "x="), (["op", "emsbq", "--engine", "both", "-o", ""], "s="), (["run", "--ab"], "--ablation-images"),
    (["run", "models/fashion-v"], "models/fashion-vit"), (["run", "models/fashion-vit", "--engine", "=", "b"], "both"), (["run", "m", "--place", "ffn*", "=", "h"], "hyflex"),
    (["run", "m", "--set", "hyflex.mlc"], "hyflex.mlc-sigma="), (["report", "READ"], "README.md"), (["search", "m", "--method", ""], "esch"), (["nothing", "--x"], "-"),
    (["op", "emsbq", "--set", "zz"], "-"), (["run", "m", "--images", ""], "-"),
]


def in_bash():
    lines = ["set -u", ". scripts/completion/perimeter.bash"]
    for words, _ in TYPED:
        quoted = " ".join(f"'{word}'" for word in ["perimeter", *words])
        lines += [f"COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _perimeter; echo \"${{COMPREPLY[*]-}}\""]
    done = call("bash", "-c", "\n".join(lines))
    said = done.stdout.split("\n")
    check("bash reads it", done.returncode == 0 and not done.stderr, done.stderr)
    for (words, want), answer in zip(TYPED, said):
        check(f"bash: perimeter {' '.join(words)}", (not answer.strip()) if want == "-" else want in answer.split(), answer)


def in_zsh():
    if not shutil.which("zsh"):
        print("ok - shell: completion in zsh # SKIP zsh is not installed")
        return
    script = r"""zmodload zsh/zpty; zpty -b z zsh -f -i
zpty -w z "PS1=; fpath=($PWD/scripts/completion \$fpath); autoload -Uz compinit; compinit -u -D; unset zle_bracketed_paste; stty -echo; print rea''dy"
out=; for i in {1..80}; do zpty -r -t z line && out+=$line; [[ $out == *ready* ]] && break; sleep .05; done
zpty -w -n z $'print -r -- perimeter op emsb\t --samp\t unsi\t; perimeter op emsb\t\C-a\C-k'
zpty -w -n z $'\C-uperimeter op emsb\t --samp\t unsi\t\C-aprint -r -- GOT \C-m'
for i in {1..80}; do zpty -r -t z line && out+=$line; [[ $out == *GOT*GOT* ]] && break; sleep .05; done
zpty -d z; print -r -- $out"""
    done = call("zsh", "-f", "-c", script, timeout=60)
    check("zsh: words are completed where a user types them", "op emsbq --sample unsigned" in done.stdout.replace("\r", ""), repr(done.stdout[-600:]) + done.stderr)


doctor()
pages()
done = call(sys.executable, "flow/completion.py", "check", env=os.environ | {"PERIMETER_PROGRAM": str(BUILD / "perimeter")})
print(done.stdout.replace("ok - ", "ok - shell: "), end="")
tap.failed |= done.returncode != 0
in_bash()
in_zsh()
sys.exit(tap.failed)
