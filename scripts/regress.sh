#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The long run: benches with seed after seed until $PERIMETER_REGRESS_INTEGERS integers (a billion) are compared: scripts/regress.sh [BENCH ...]
# The next bench is the one that has had the least time so far, so that all have the same share of it. build/regress/log has one
# finished run a line: seed, block, integers compared, differ, result, milliseconds; a line is replayed by PERIMETER_SEED=seed
# build/tb/BLOCK_tb. What is in the log counts and is not run again, also where two of these run side by side, each with benches of its own;
# delete it after a change of RTL or golden model. Writes build/regress/summary.json; fails where a bench failed.
set -eu
cd "$(dirname "$0")/.."
build=${PERIMETER_BUILD:-build}
out=$build/regress
wanted=${PERIMETER_REGRESS_INTEGERS:-1000000000}
mkdir -p "$out"
touch "$out/log"
[ $# -gt 0 ] || set -- $(for t in tb/*/*_tb.c; do basename "$(dirname "$t")"; done)
last=$out/last-$1
sums() { awk '{ n += $3; d += $4; bad += $5 != "ok" } END { printf "%d %d %d %d\n", n, d, NR, bad }' "$out/log"; }
summary() {
    sums | {
        read -r compared differ runs bad
        printf '{\n "integers_compared": %d,\n "integers_differ": %d,\n "runs": %d,\n "failed": %d\n}\n' "$compared" "$differ" "$runs" "$bad" >"$last.json"
        mv "$last.json" "$out/summary.json"
        echo "$runs runs: $compared integers compared, $differ differ"
        [ "$bad" = 0 ] && [ "$differ" = 0 ]
    }
}
trap 'summary; exit 1' HUP INT TERM
while [ "$(sums | cut -d' ' -f1)" -lt "$wanted" ]; do
    # Block and seed of the next run.
    next=$(awk -v list="$*" '{ ms[$2] += $6; if ($1 > seed[$2]) seed[$2] = $1 }
        END { n = split(list, b, " "); for (i = 1; i <= n; i++) if (best == "" || ms[b[i]] < ms[best]) best = b[i]; print best, seed[best] + 1 }' "$out/log")
    b=${next% *}
    seed=${next#* }
    result=ok
    start=$(date +%s%N)
    PERIMETER_SEED=$seed "$build/tb/${b}_tb" >"$last" 2>&1 || result=FAILED
    line=$(sed -n 's/^# bench [a-z_]*: \([0-9]*\) integers compared, \([0-9]*\) differ.*/\1 \2/p' "$last")
    [ $result = ok ] && [ -n "$line" ] || {
        result=FAILED
        cp "$last" "$out/failed-$b-$seed"
        echo "not ok - regress $b: seed $seed, see $out/failed-$b-$seed" >&2
    }
    echo "$seed $b ${line:-0 0} $result $((($(date +%s%N) - start) / 1000000))" >>"$out/log"
    if [ -t 2 ]; then printf '\rseed %d, %s: %d of %d integers' "$seed" "$b" "$(sums | cut -d' ' -f1)" "$wanted" >&2; fi
done
if [ -t 2 ]; then echo >&2; fi
summary
