#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a test program into a TAP log: scripts/tap.sh LOG COMMAND ... A non-zero exit without a `not ok` line, or a log without
# any test, is a failure of its own. Shows one line a log.
log=$1
shift
name=$(basename "$log" .tap)
start=$(date +%s)
"$@" >"$log.part" 2>&1 </dev/null
status=$?
if [ $status != 0 ] && ! grep -q '^not ok' "$log.part"; then
    printf '\nnot ok - %s ended with status %s\n' "$name" $status >>"$log.part"
elif ! grep -q -E '^(not )?ok' "$log.part"; then
    echo "not ok - $name ran no test" >>"$log.part"
fi
mv "$log.part" "$log"
failed=$(grep -c '^not ok' "$log")
echo "$name: $(grep -c '^ok' "$log") passed, $failed failed, $(($(date +%s) - start)) s"
[ "$failed" = 0 ] || grep -B3 '^not ok' "$log" | sed 's/^/    /'
exit 0
