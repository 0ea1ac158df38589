# SPDX-License-Identifier: Apache-2.0
"""What the flow's programs share. They run in the repository's root, and whatever they run in the C locale."""
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_build = Path(os.environ.get("PERIMETER_BUILD") or ROOT / "build").absolute()
BUILD = _build.relative_to(ROOT) if _build.is_relative_to(ROOT) else _build
LIBERTY = "/usr/share/qflow/tech/osu018/osu018_stdcells.lib"
os.chdir(ROOT)
os.environ.update(LC_ALL="C", PERIMETER_BUILD=str(_build))
for stream in sys.stdout, sys.stderr:
    stream.reconfigure(encoding="utf-8", line_buffering=True)

# Yosys misreads some constructs with no more than these warnings.
MISREAD = ["-e", "implicitly declared|no driver|multiple conflicting"]


class Failure(Exception):
    """One line for the user."""


def program(main):
    """Runs main(arguments), whose result is the exit status; a Failure is one line and status 2."""
    try:
        if re.search(r"[\s;]", str(BUILD)):
            raise Failure(f"PERIMETER_BUILD={BUILD}: no blank or semicolon may be in it")
        sys.exit(main(sys.argv[1:]))
    except Failure as failure:
        print(f"{sys.argv[0]}: {failure}", file=sys.stderr)
        sys.exit(2)


class Tap:
    """Prints one line a test, of a failed one the first lines of why, and remembers whether one failed."""

    def __init__(self):
        self.failed = 0

    def __call__(self, passed, name, why=""):
        print(f"{'ok' if passed else 'not ok'} - {name}")
        if not passed:
            print("".join(f"# {line}\n" for line in str(why).splitlines()[:12]), end="")
        self.failed |= not passed
        return passed


# Files.


def read(path):
    return Path(path).read_text(encoding="utf-8")


def write(path, text):
    """Whole or not at all; the file's time stays where nothing changes."""
    path = Path(path)
    if path.exists() and read(path) == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def block_list(path, width):
    """The lines of a file of fields between bars, comments left out; each padded to `width` fields."""
    rows = []
    for line in read(path).splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            fields = [field.strip() for field in line.split("|", width - 1)]
            rows.append(fields + [""] * (width - len(fields)))
    return rows


def read_tsv(path):
    """Rows as dictionaries; the first line that is no comment has the columns."""
    if not Path(path).exists():
        return []
    head, *lines = [line for line in read(path).splitlines() if not line.startswith("#")]
    return [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]


def write_tsv(path, columns, rows):
    lines = ["\t".join(columns)] + ["\t".join(str(row.get(column, "")) for column in columns) for row in rows]
    write(path, "\n".join(lines) + "\n")


def update_tsv(path, columns, rows, keys):
    """Takes `rows` into a file, in place of those that agree with them in the columns `keys`."""
    new = {tuple(row[key] for key in keys): row for row in rows}
    old = [new.pop(tuple(row[key] for key in keys), row) for row in read_tsv(path)]
    write_tsv(path, columns, old + list(new.values()))


def table(head, rows):
    """A Markdown table's lines."""
    return [f"| {' | '.join(cells)} |" if i != 1 else "|---" * len(head) + "|"
            for i, cells in enumerate([head, head, *rows])]


def fill(page, mark, lines, check=False):
    """What stands between <!-- mark --> and <!-- end --> becomes `lines`; with `check` nothing is written. Whether
    the page had them already."""
    text = read(page)
    start, end = f"<!-- {mark} -->\n", "<!-- end -->\n"
    before, found, rest = text.partition(start)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise Failure(f"{page} has no lines <!-- {mark} --> and <!-- end -->")
    filled = before + start + "".join(line + "\n" for line in lines) + end + after
    if not check:
        write(page, filled)
    return filled == text


# Blocks.


def blocks(pattern):
    """Blocks that have such a file."""
    return sorted({Path(path).parts[1] for path in ROOT.glob(pattern) for path in [path.relative_to(ROOT)]})


def rtl_files(block):
    """A block's RTL, leaves first."""
    run = subprocess.run(["scripts/files.sh", block], capture_output=True, text=True)
    if run.returncode or not run.stdout:
        raise Failure(f"rtl/{block} has no list of files")
    files = run.stdout.split()
    if missing := [file for file in files if not Path(file).exists()]:
        raise Failure(f"rtl/{block}/files: no {missing[0]}")
    return files


def parameters(text):
    """NAME=VALUE ... as pairs."""
    return [tuple(pair.split("=", 1)) for pair in text.split()]


def chparam(text, top):
    return f"chparam {' '.join(f'-set {name} {value}' for name, value in parameters(text))} {top}; " if text else ""


# Tools.


def tool(arguments, log, append=False, timeout=None, env=None, cwd=None):
    """Runs a tool with its output in `log`; its exit status, 124 where it ran out of time."""
    with open(log, "ab" if append else "wb") as out:
        run = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=os.environ | (env or {}),
                               cwd=cwd, start_new_session=True)
        try:
            return run.wait(timeout)
        except BaseException as error:  # its solvers, too
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                return 124
            raise


def must(arguments, log):
    """Runs a tool that has to succeed."""
    if tool(list(map(str, arguments)), log):
        raise Failure(f"{arguments[0]} fails, see {log}")


def yosys(commands, log, append=False, options=()):
    """Yosys, strict about what it misreads; with tcmalloc, which takes a sixth of the time away."""
    return tool(["yosys", "-Q", "-q", *MISREAD, *options, "-p", commands], log, append,
                env={"LD_PRELOAD": "libtcmalloc_minimal.so.4"})


def environment(folder, packages):
    """A virtual environment with packages from PyPI, made where there is none; whether it is there."""
    if not (folder / "done").exists():
        for command in ([sys.executable, "-m", "venv", str(folder)],
                        [str(folder / "bin/pip"), "install", "-q", "--disable-pip-version-check", *packages]):
            if subprocess.run(command, capture_output=True).returncode:
                return False
        (folder / "done").touch()
    return True


def grep(pattern, path):
    """The first line of a file with a match of the expression, or nothing."""
    with open(path, encoding="utf-8", errors="replace") as lines:
        return next((line.rstrip("\n") for line in lines if re.search(pattern, line)), None)


_versions = {}


def version(name, *arguments):
    """What a tool says of its version."""
    if name not in _versions:
        run = subprocess.run([shutil.which(name) or name, *arguments], capture_output=True, text=True)
        _versions[name] = run.stdout + run.stderr
    return _versions[name]


def c_flags():
    """How the Makefile compiles the program, but for warnings and optimisation."""
    mpi = subprocess.run(["pkg-config", "--cflags", "ompi-c"], capture_output=True, text=True).stdout.split()
    return ["-std=c11", "-D_GNU_SOURCE", "-ffp-contract=off", "-Iinclude/perimeter", "-Icmodel", f"-I{BUILD}/gen", "-Isrc", "-I.", "-Itb/common", f"-I{BUILD}/gen", *mpi,
            f'-DPM_SOURCE_DIR="{ROOT}"', f'-DPM_BUILD_DIR="{BUILD.absolute()}"', f'-DPM_VERSION="{read("VERSION").strip()}"']


LIBRARIES = "-lmpi -lcjson -lprotobuf-c -lnlopt -llapacke -lopenblas -lpng -lz -lm -ldl".split()


def newer(made, files):
    """Whether a file is there and no older than any of these."""
    return made.exists() and all(path.stat().st_mtime <= made.stat().st_mtime for path in files)


# Results by content.


def source(path, readers="verilator|synopsys|synthesis"):
    """A Verilog file without spaces and comments, which change nothing, but for those that a tool reads."""
    said = rf"(?!\s*(?:{readers}))"
    text = re.sub(rf"//{said}[^\n]*|/\*{said}.*?\*/", " ", read(path), flags=re.S)
    return " ".join(text.split())


def design(path):
    """What of a Verilog file is Yosys's."""
    return source(path, "synopsys|synthesis")


def digest(*parts):
    """Twelve digits of a hash of texts and of files' contents."""
    hashed = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            text = source(part).encode() if part.suffix in (".sv", ".svh") else part.read_bytes()
        else:
            text = str(part).encode()
        hashed.update(b"%d:" % len(text) + text)
    return hashed.hexdigest()[:12]


def recall(path, key):
    """What was kept under the same key, or nothing."""
    try:
        kept = json.loads(read(path))
    except (OSError, ValueError):
        return None
    return kept["value"] if kept["key"] == key else None


def keep(path, key, value):
    write(path, json.dumps({"key": key, "value": value}, indent=1) + "\n")
