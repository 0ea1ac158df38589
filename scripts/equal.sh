#!/bin/sh
# Compares two sequential and-inverter graphs for every input and without a bound, registers zero at first (ABC):
#   scripts/equal.sh ONE.aig OTHER.aig LOG
# Exit status 0: proven equal, 1: different, 2: neither in $PM_EQUAL_TIMEOUT s (600) a step.
set -eu
: >"$3"
# scorr alone finds most of what differs; dprove would search on.
for step in "miter $1 $2; strash; scorr; write_aiger $3.aig" "read_aiger $3.aig; dprove"; do
    timeout "${PM_EQUAL_TIMEOUT:-600}" berkeley-abc -q "$step" >>"$3" 2>&1 || exit 2
    if grep -qwE 'SATISFIABLE|NOT EQUIVALENT|not equivalent|was asserted in frame' "$3"; then exit 1; fi
done
grep -qE 'UNSATISFIABLE|are equivalent' "$3" || exit 2
