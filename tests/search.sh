#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `perimeter search`: equal results by seed, after an end in the middle, and for any number of processes; bad input. TAP.
cd "$(dirname "$0")/.." || exit 1
build=${PERIMETER_BUILD:-build}
data=${DATA:-/usr/share/datasets/fashion-mnist}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=1
failed=0
check() { # name status
    if [ "$2" = 0 ]; then echo "ok - search: $1"; else
        echo "not ok - search: $1"
        failed=1
    fi
}
search() { # NAME OPTIONS...
    name=$1
    shift
    "$build/perimeter" search models/fashion-cnn --data "$data" --xbar 64x64 --images 30 --drop 1 --output "$work/$name.json" "$@" \
        >"$work/$name.out" 2>"$work/err"
}
for method in esch ddpg; do
    search $method --method $method --episodes 23
    check "$method" $?
    [ "$(wc -l <"$work/$method.json.seen")" -gt 20 ] && grep -q '23 candidates' "$work/$method.out"
    check "$method tried 23 candidates" $?
    cp "$work/$method.json.seen" "$work/whole"
    cp "$work/$method.out" "$work/whole.out"
    { head -n 11 "$work/whole" && printf '52 8 8 4'; } >"$work/$method.json.seen"
    search $method --method $method --episodes 23
    cmp -s "$work/whole" "$work/$method.json.seen" && cmp -s "$work/whole.out" "$work/$method.out"
    check "$method goes on after a line that was cut off: the same" $?
    head -c 30 "$work/whole" >"$work/$method.json.seen"
    search $method --method $method --episodes 23
    cmp -s "$work/whole" "$work/$method.json.seen" && cmp -s "$work/whole.out" "$work/$method.out"
    check "$method goes on after a heading that was cut off: the same" $?
    # What was tried in the descent is faster than what came before, and no policy is tried twice.
    awk '/^before the descent/ { alone = $4 + 0 } /^found/ { found = $2 + 0 } END { exit !(alone > 0 && found >= alone) }' "$work/whole.out"
    check "$method does not lose by its descent: $(sed -n 's/^found  *//p' "$work/whole.out")" $?
    [ -z "$(sort "$work/whole" | uniq -d)" ]
    check "$method measures no policy twice" $?
done
# Killed for good, at any time: what is written is whole, and a later call ends as if nothing had been.
rm "$work/ddpg.json.seen"
search ddpg --method ddpg --episodes 23 &
pid=$!
while [ ! -s "$work/ddpg.json.seen" ] || [ "$(wc -l <"$work/ddpg.json.seen")" -lt 9 ]; do sleep 0.05; done
pkill -KILL -P $pid
wait $pid
[ "$(wc -l <"$work/ddpg.json.seen")" -lt "$(wc -l <"$work/whole")" ]
check "killed after $(($(wc -l <"$work/ddpg.json.seen") - 1)) policies of $(($(wc -l <"$work/whole") - 1))" $?
search ddpg --method ddpg --episodes 23
cmp -s "$work/whole" "$work/ddpg.json.seen" && cmp -s "$work/whole.out" "$work/ddpg.out"
check "and called again: the same" $?
rm "$work/ddpg.json.seen"
mpirun --allow-run-as-root --oversubscribe -n 3 "$build/perimeter" search models/fashion-cnn --data "$data" --xbar 64x64 --images 30 --drop 1 \
    --output "$work/ddpg.json" --method ddpg --episodes 23 >"$work/ddpg.out" 2>"$work/err"
cmp -s "$work/whole" "$work/ddpg.json.seen" && cmp -s "$work/whole.out" "$work/ddpg.out"
check "three processes: the same" $?
# One process cannot write: the others do not wait for it.
mkdir -p "$work/folder/p.json.seen"
timeout 60 mpirun --allow-run-as-root --oversubscribe -n 3 "$build/perimeter" search models/fashion-cnn --data "$data" --xbar 64x64 --images 30 \
    --output "$work/folder/p.json" --method esch --episodes 6 >/dev/null 2>"$work/err"
[ $? = 2 ] && [ "$(grep -c '^perimeter:' "$work/err")" = 1 ] && grep -q 'p.json.seen: Is a directory' "$work/err"
check "a process that fails ends all" $?
search other --method ddpg --episodes 23 --seed 2
! cmp -s "$work/whole" "$work/other.json.seen"
check "another seed: another way" $?
# All policies, from the fastest on: every one that is faster than what it finds was tried, and misses the target.
search all --method exhaustive --drop 20
awk '/candidates/ { tried = $4 } /^found/ { split($0, f, /  +/); found = f[2] } /^best of all/ { split($0, f, /  +/); best = f[2] }
    /best.s reward/ { of = $1 } END { exit !(tried > 1 && tried < 2744 && found == best && of == 100.0) }' "$work/all.out"
check "exhaustive ends at the first that could not be better: $(head -n 1 "$work/all.out" | sed 's/.*: \(.* candidates\).*/\1/')" $?
awk -v found="$(sed -n 's/^found *\([0-9.]*\)x.*/\1/p' "$work/all.out")" -v target="$(sed -n 's/.*target \([0-9.]*\) .*/\1/p' "$work/all.out")" \
    '/^Front/ { on = 1; next } on && $1 + 0 > found + 0 { faster++; if ($2 >= target) bad = 1 } END { exit !(faster > 0 && !bad) }' "$work/all.out"
check "what is faster misses the target" $?
# The optimum, and what others come to with far fewer candidates: at least 95 % of its reward.
near() { # METHOD OPTIONS...
    method=$1
    shift
    "$build/perimeter" search models/fashion-cnn --data "$data" --xbar 64x64 --images 100 --drop 1 --output "$work/near.json" --method "$method" "$@" \
        >"$work/near.out" 2>"$work/err"
    of=$(sed -n 's/^\([0-9.]*\) % of the best.*/\1/p' "$work/near.out")
    awk -v of="$of" 'BEGIN { exit !(of >= 95 && of <= 100) }'
    check "$method comes to ${of:-no} % of the best's reward: $(sed -n 's/^found  *//p' "$work/near.out")" $?
}
near exhaustive
near esch --episodes 150
near ddpg --episodes 90 --descent 60
# What it says is what the policy does.
"$build/perimeter" compile models/fashion-cnn --policy "$work/ddpg.json" --xbar 64x64 --output "$work/c" >"$work/c.out"
grep -q ": $(sed -n 's/^found *\([0-9.]*\)x.*/\1/p' "$work/ddpg.out")x" "$work/c.out"
check "compile takes the policy: $(tail -n 1 "$work/c.out" | sed 's/^ *//')" $?

mkdir "$work/bad"
bad() { # name OPTIONS...: status 2, one line that holds $want, nothing left
    name=$1
    shift
    "$build/asan/perimeter" search "$@" >/dev/null 2>"$work/err"
    status=$?
    [ $status = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q -- "$want" "$work/err" && [ -z "$(ls "$work/bad")" ]
    result=$?
    [ $result = 0 ] || sed 's/^/# /' "$work/err"
    check "$name is refused" $result
}
out="--output $work/bad/p.json"
want=MODEL bad "no network" --data "$data" $out
want=--data bad "no data" fashion-cnn $out
want=--output bad "no output" fashion-cnn --data "$data"
want=--cell bad "cells of 5 bits" fashion-cnn --data "$data" $out --cell 5
want=--drop bad "a drop below 0" fashion-cnn --data "$data" $out --drop -1
want=--method bad "another method" fashion-cnn --data "$data" $out --method luck
want=--descent bad "a descent of all candidates" fashion-cnn --data "$data" $out --episodes 9 --descent 9
want=--descent bad "a descent of -1" fashion-cnn --data "$data" $out --descent -1
want=--episodes bad "no episodes" fashion-cnn --data "$data" $out --episodes 0
want='nowhere' bad "a folder that is not there" fashion-cnn --data "$data" --output "$work/nowhere/p.json"
"$build/asan/perimeter" search fashion-vit --data "$data" --method exhaustive --images 5 --output "$work/vit.json" >/dev/null 2>"$work/err"
[ $? = 2 ] && grep -q 'at most 3 free layers' "$work/err"
check "all policies of 18 layers are refused" $?
cp "$work/whole" "$work/p.json.seen"
want='p.json.seen: is of another' bad "another search's file" fashion-cnn --data "$data" --images 31 --output "$work/p.json"
echo 'x 8 8' >>"$work/whole"
cp "$work/whole" "$work/p.json.seen"
want='p.json.seen: line' bad "a file with a line that is none" fashion-cnn --data "$data" --xbar 64x64 --images 30 --output "$work/p.json"
exit $failed
