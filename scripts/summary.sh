#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Adds up TAP logs: prints what did not run, the integers that the benches compared (fewer than $MIN_INTEGERS, ten million by default, is a
# failure), and "N passed, M failed" last.
missing=0
for log in "$@"; do
    [ -e "$log" ] && continue
    echo "not built or not run: $(basename "$log" .tap)"
    missing=$((missing + 1))
done
passed=$(cat "$@" 2>/dev/null | grep -c '^ok')
failed=$(cat "$@" 2>/dev/null | grep -c '^not ok')
failed=$((failed + missing))
compared=$(cat "$@" 2>/dev/null | sed -n 's/^# bench [a-z_]*: \([0-9]*\) integers compared.*/\1/p' | awk '{s += $1} END {printf "%d", s}')
least=${MIN_INTEGERS:-10000000}
if [ "$compared" -ge "$least" ]; then
    passed=$((passed + 1))
    echo "integers compared between golden and RTL: $compared"
else
    failed=$((failed + 1))
    echo "integers compared between golden and RTL: $compared, fewer than $least"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
