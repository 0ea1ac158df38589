#!/bin/sh
# The long run: every bench with seed after seed until $PM_REGRESS_INTEGERS integers (a billion) are compared: scripts/regress.sh [BENCH ...]
# build/regress/log has one finished run a line: seed, block, integers compared, differ, result; a line is replayed by
# PM_SEED=seed build/tb/BLOCK_tb. What is in the log counts and is not run again; delete it after a change of RTL or golden model.
# Writes build/regress/summary.json; fails where a bench failed.
set -eu
cd "$(dirname "$0")/.."
build=${PERIMETER_BUILD:-build}
out=$build/regress
wanted=${PM_REGRESS_INTEGERS:-1000000000}
mkdir -p "$out"
touch "$out/log"
[ $# -gt 0 ] || set -- $(for t in tb/*/*_tb.c; do basename "$(dirname "$t")"; done)
sums() { awk '{ n += $3; d += $4; bad += $5 != "ok" } END { printf "%d %d %d %d\n", n, d, NR, bad }' "$out/log"; }
seed=0
compared=$(sums | cut -d' ' -f1)
while [ "$compared" -lt "$wanted" ]; do
    seed=$((seed + 1))
    for b in "$@"; do
        grep -q "^$seed $b " "$out/log" && continue
        result=ok
        PM_SEED=$seed "$build/tb/${b}_tb" >"$out/last" 2>&1 || result=FAILED
        line=$(sed -n 's/^# bench [a-z_]*: \([0-9]*\) integers compared, \([0-9]*\) differ.*/\1 \2/p' "$out/last")
        [ $result = ok ] && [ -n "$line" ] || {
            result=FAILED
            cp "$out/last" "$out/failed-$b-$seed"
            echo "not ok - regress $b: seed $seed, see $out/failed-$b-$seed" >&2
        }
        echo "$seed $b ${line:-0 0} $result" >>"$out/log"
        compared=$(sums | cut -d' ' -f1)
        if [ -t 2 ]; then printf '\rseed %d, %s: %d of %d integers' "$seed" "$b" "$compared" "$wanted" >&2; fi
        [ "$compared" -lt "$wanted" ] || break
    done
done
if [ -t 2 ]; then echo >&2; fi
sums | {
    read -r compared differ runs bad
    printf '{\n "integers_compared": %d,\n "integers_differ": %d,\n "runs": %d,\n "failed": %d\n}\n' "$compared" "$differ" "$runs" "$bad" >"$out/summary.tmp"
    mv "$out/summary.tmp" "$out/summary.json"
    echo "$runs runs, seeds 1..$(tail -1 "$out/log" | cut -d' ' -f1): $compared integers compared, $differ differ"
    [ "$bad" = 0 ] && [ "$differ" = 0 ]
}
