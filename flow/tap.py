#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs test programs into TAP logs, and adds them up.
  flow/tap.py run [--live] LOG COMMAND ...  a non-zero exit without a `not ok` line, or a log without any test, is a failure of its own;
                                            shows one line a log, and what failed; with --live all of it as it comes
  flow/tap.py summary [--integers N] LOG ... prints what did not run, the integers that the benches compared (fewer than N, ten million, is
                                            a failure), and "N passed, M failed" last"""
import re
import subprocess
import sys
import time
from pathlib import Path

from common import Failure, program


def count(pattern, text):
    return len(re.findall(pattern, text, re.M))


def copy(command, out):
    """Runs it, its lines to `out` and, as they come, to the screen; its exit status."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for line in process.stdout:
            out.write(line)
            print(line.decode("utf-8", "replace"), end="")
    return process.returncode


def run(log, command, live):
    log = Path(log)
    part = log.with_name(log.name + ".part")
    log.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with open(part, "wb") as out:
        try:
            status = copy(command, out) if live else subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT).returncode
        except OSError as error:
            out.write(f"# {error}\n".encode())
            status = 127
    text = part.read_text(encoding="utf-8", errors="replace")
    if status and not count("^not ok", text):
        text += f"\nnot ok - {log.stem} ended with status {status}\n"
    elif not count("^(not )?ok", text):
        text += f"not ok - {log.stem} ran no test\n"
    part.write_text(text, encoding="utf-8")
    part.replace(log)
    failed = count("^not ok", text)
    print(f"{log.stem}: {count('^ok', text)} passed, {failed} failed, {time.monotonic() - start:.0f} s")
    lines = text.splitlines()
    shown = sorted({near for at, line in enumerate(lines) if line.startswith("not ok") for near in range(max(0, at - 3), at + 1)})
    for number in shown:
        print(f"    {lines[number]}")
    return 0


def summary(least, logs):
    texts = {log: log.read_text(encoding="utf-8", errors="replace") for log in logs if log.exists()}
    for log in logs:
        if log not in texts:
            print(f"not built or not run: {log.stem}")
    text = "\n".join(texts.values())
    passed, failed = count("^ok", text), count("^not ok", text) + len(logs) - len(texts)
    compared = sum(map(int, re.findall(r"^# bench [a-z_]*: (\d+) integers compared", text, re.M)))
    enough = compared >= least
    print(f"integers compared between golden and RTL: {compared}" + ("" if enough else f", fewer than {least}"))
    passed, failed = passed + enough, failed + (not enough)
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0)


def main(arguments):
    verb, *rest = arguments or [""]
    if verb == "run" and len(rest) > 1:
        live = rest[0] == "--live"
        return run(rest[live], rest[live + 1 :], live)
    if verb == "summary":
        least = 10_000_000
        if rest[:1] == ["--integers"]:
            least, rest = int(rest[1]), rest[2:]
        return summary(least, [Path(log) for log in rest])
    raise Failure("run [--live] LOG COMMAND ... or summary LOG ...")


if __name__ == "__main__":
    program(main)
