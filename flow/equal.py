# SPDX-License-Identifier: Apache-2.0
"""Compares sequential and-inverter graphs for every input and without a bound, registers zero at first, with ABC."""
from pathlib import Path

from common import grep, tool

EQUAL, DIFFERENT, UNDECIDED = range(3)
SECONDS = 600


def abc(commands, log, append=False, timeout=None):
    """ABC in the log's folder, where it leaves files."""
    return tool(["berkeley-abc", "-q", commands], log, append, timeout, cwd=Path(log).parent)


def compare(one, other, log, timeout=SECONDS):
    """EQUAL: proven; DIFFERENT; UNDECIDED in `timeout` seconds a step. LOG.aig: what scorr left of their miter."""
    log = Path(log).absolute()
    one, other = Path(one).absolute(), Path(other).absolute()
    left = Path(f"{log}.aig")
    left.unlink(missing_ok=True)  # ABC goes on after an error: what another run left must not be judged
    log.unlink(missing_ok=True)
    # What differs shows at random in most cases, and else mostly to scorr; dprove would search on.
    for step in (f"miter {one} {other}; strash; sim3 -F 100 -T 2", f"miter {one} {other}; strash; scorr; write_aiger {left}",
                 f"read_aiger {left}; dprove"):
        if abc(step, log, append=True, timeout=timeout):
            return UNDECIDED
        if grep(r"\b(SATISFIABLE|NOT EQUIVALENT|not equivalent|was asserted in frame)\b", log):
            return DIFFERENT
    return EQUAL if grep("UNSATISFIABLE|are equivalent", log) else UNDECIDED
