#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The long run: benches with seed after seed until $PERIMETER_REGRESS_INTEGERS integers (a billion) are compared: flow/regress.py [BENCH ...]
The next bench is the one that has had the least time so far, so that all have the same share of it. build/regress/log has one
finished run a line: seed, block, integers compared, differ, result, milliseconds; a line is replayed by PERIMETER_SEED=seed
build/tb/BLOCK_tb. What is in the log counts and is not run again, also where two of these run side by side, each with benches of its own;
delete it after a change of RTL or golden model. Writes build/regress/summary.json, and tb/evidence.tsv where that has no longer one; fails where a bench failed."""
import json
import os
import re
import signal
import subprocess
import sys
import time

import evidence
from common import BUILD, Failure, blocks, program, write

OUT = BUILD / "regress"
LOG = OUT / "log"


def runs():
    """Seed, block, compared, differ, result, milliseconds."""
    if not LOG.exists():
        return []
    return [(int(seed), block, int(compared), int(differ), result, int(ms))
            for seed, block, compared, differ, result, ms in map(str.split, LOG.read_text().splitlines())]


def following(benches):
    """Block and seed of the next run."""
    log = runs()
    block = min(benches, key=lambda name: sum(run[5] for run in log if run[1] == name))
    return block, 1 + max((run[0] for run in log if run[1] == block), default=0)


def bench(block, seed):
    start = time.monotonic()
    run = subprocess.run([BUILD / "tb" / f"{block}_tb"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         env=os.environ | {"PERIMETER_SEED": str(seed)})
    counts = re.search(r"^# bench [a-z_]*: (\d+) integers compared, (\d+) differ", run.stdout, re.M)
    passed = run.returncode == 0 and counts
    if not passed:
        failed = OUT / f"failed-{block}-{seed}"
        failed.write_text(run.stdout)
        print(f"not ok - regress {block}: seed {seed}, see {failed}", file=sys.stderr)
    compared, differ = counts.groups() if counts else (0, 0)
    with open(LOG, "a") as log:
        log.write(f"{seed} {block} {compared} {differ} {'ok' if passed else 'FAILED'} {1000 * (time.monotonic() - start):.0f}\n")


def summary():
    log = runs()
    numbers = {"integers_compared": sum(run[2] for run in log), "integers_differ": sum(run[3] for run in log), "runs": len(log),
               "failed": sum(run[4] != "ok" for run in log)}
    write(OUT / "summary.json", json.dumps(numbers, indent=1) + "\n")
    if numbers["integers_differ"] or evidence.longest("regress", "integers_compared", numbers["integers_compared"]):
        evidence.record({("regress", key): numbers[key] for key in ("integers_compared", "integers_differ")})
    print(f"{numbers['runs']} runs: {numbers['integers_compared']} integers compared, {numbers['integers_differ']} differ")
    return int(numbers["failed"] > 0 or numbers["integers_differ"] > 0)


def stop(*_):
    raise KeyboardInterrupt


def main(benches):
    every = blocks("tb/*/*_tb.c")
    if unknown := set(benches) - set(every):
        raise Failure(f"no bench {sorted(unknown)[0]}")
    wanted = int(os.environ.get("PERIMETER_REGRESS_INTEGERS", 1_000_000_000))
    OUT.mkdir(parents=True, exist_ok=True)
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        while (done := sum(run[2] for run in runs())) < wanted:
            block, seed = following(benches or every)
            if sys.stderr.isatty():
                print(f"\rseed {seed}, {block}: {done} of {wanted} integers", end="", file=sys.stderr, flush=True)
            bench(block, seed)
    except KeyboardInterrupt:
        summary()
        return 1
    return summary()


if __name__ == "__main__":
    program(main)
