#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compares two sequential and-inverter graphs for every input and without a bound, registers zero at first (ABC):
#   scripts/equal.sh ONE.aig OTHER.aig LOG
# Exit status 0: proven equal, 1: different, 2: neither in $PERIMETER_EQUAL_TIMEOUT s (600) a step. LOG.aig: what scorr left of their miter.
set -eu
one=$(realpath "$1")
other=$(realpath "$2")
log=$(realpath "$3")
cd "$(dirname "$log")" # dprove leaves a file where it runs
: >"$log"
rm -f "$log.aig" # ABC goes on after an error: what another run left must not be judged
# What differs shows at random in most cases, and else mostly to scorr; dprove would search on.
for step in "miter $one $other; strash; sim3 -F 100 -T 2" "miter $one $other; strash; scorr; write_aiger $log.aig" \
    "read_aiger $log.aig; dprove"; do
    timeout "${PERIMETER_EQUAL_TIMEOUT:-600}" berkeley-abc -q "$step" >>"$log" 2>&1 || exit 2
    if grep -qwE 'SATISFIABLE|NOT EQUIVALENT|not equivalent|was asserted in frame' "$log"; then exit 1; fi
done
grep -qE 'UNSATISFIABLE|are equivalent' "$log" || exit 2
