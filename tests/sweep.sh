#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `perimeter sweep`: one process and many, killed and run again, bad input. TAP.
cd "$(dirname "$0")/.." || exit 1
build=${PERIMETER_BUILD:-build}
data=${DATA:-/usr/share/datasets/fashion-mnist}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=2 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
failed=0
check() { # name status
    if [ "$2" = 0 ]; then echo "ok - sweep: $1"; else
        echo "not ok - sweep: $1"
        failed=1
    fi
}
sweep() { "$build/perimeter" sweep "$@" 2>"$work/err"; }
ranks() { mpirun --oversubscribe -n 3 "$build/perimeter" sweep "$@" 2>"$work/err"; }

cat >"$work/net.json" <<END
{"model": "models/fashion-vit", "data": "$data", "settings": {"images": 24, "flare.noise": 1},
 "grid": {"flare.norm": ["recip", "pow2"], "flare.sigma-r": [0.02, 0.1]}, "trials": 3}
END
cat >"$work/errors.json" <<END
{"job": "conversion", "settings": {"samples": 40000}, "grid": {"lines": [4, 8], "sigma-r": [0.03, 0.06, 0.08]},
 "trials": 3}
END

sweep "$work/net.json" -o "$work/whole.jsonl" && [ "$(wc -l <"$work/whole.jsonl")" = 13 ]
check "12 points and a heading" $?
[ "$(tail -n +2 "$work/whole.jsonl" | cut -d, -f2- | sort -u | wc -l)" = 12 ]
check "no two points are alike" $?
ranks "$work/net.json" -o "$work/mpi.jsonl" && cmp -s "$work/whole.jsonl" "$work/mpi.jsonl"
check "three ranks write the same file" $?

# Errors of conversions: every point within 6 sigma of the closed form, and not all of them the same.
sweep "$work/errors.json" -o "$work/errors.jsonl"
tail -n +2 "$work/errors.jsonl" | sed 's/.*"error_rate":\([^,]*\),"closed_form":\([^,]*\),.*/\1 \2/' |
    awk '{ s = sqrt($2 * (1 - $2) / 40000); d = ($1 - $2) / s; if (d * d > 36) bad++; n++; if ($1 > 0) some++ }
        END { exit !(n == 18 && some >= 12 && !bad) }'
check "conversion errors are the closed form's" $?

# Killed after a few points, alone and in ranks, again and again, it ends with the same file.
lines() { if [ -e "$1" ]; then wc -l <"$1"; else echo 0; fi; }
killed() { # name command...
    name=$1
    shift
    rounds=0
    rm -f "$work/killed.jsonl"
    while [ "$(lines "$work/killed.jsonl")" -lt 13 ] && [ $rounds -lt 6 ]; do
        before=$(lines "$work/killed.jsonl")
        setsid "$@" "$work/net.json" -o "$work/killed.jsonl" >/dev/null 2>&1 &
        pid=$!
        while kill -0 $pid 2>/dev/null && [ "$(lines "$work/killed.jsonl")" -lt $((before + 4)) ]; do sleep 0.02; done
        kill -s KILL -- -$pid 2>/dev/null
        wait $pid 2>/dev/null
        # mpirun's ranks are not in its group: one that lives on would write beside the next run.
        while ranks=$(grep -ls "$work/killed[.]jsonl" /proc/[0-9]*/cmdline | cut -d/ -f3) && [ -n "$ranks" ]; do
            # shellcheck disable=SC2086
            kill -s KILL $ranks 2>/dev/null
            sleep 0.02
        done
        head -c -$((rounds % 2 * 7)) "$work/killed.jsonl" >"$work/torn" # tear the last line, too
        cat "$work/torn" >"$work/killed.jsonl"
        rounds=$((rounds + 1))
    done
    "$@" "$work/net.json" -o "$work/killed.jsonl" >/dev/null 2>&1
    cmp -s "$work/whole.jsonl" "$work/killed.jsonl" && [ $rounds -ge 3 ]
    check "$name killed $rounds times ends with the same file" $?
}
killed "one process" "$build/perimeter" sweep
killed "three ranks" mpirun --oversubscribe -n 3 "$build/perimeter" sweep

# Finished points are not computed again: a marked result survives.
sed '3s/"accuracy_float":[^,]*/"accuracy_float":0.123/; 5d' "$work/whole.jsonl" >"$work/marked.jsonl"
sweep "$work/net.json" -o "$work/marked.jsonl" && [ "$(wc -l <"$work/marked.jsonl")" = 13 ] &&
    [ "$(sed -n 3p "$work/marked.jsonl" | grep -c 0.123)" = 1 ] &&
    [ "$(sed -n 5p "$work/marked.jsonl")" = "$(sed -n 5p "$work/whole.jsonl")" ]
check "a re-run computes what is missing alone" $?

# A point that is not written as one, or has a member twice.
for point in 0.5 1.0 '1,"point":2'; do
    { head -n 1 "$work/whole.jsonl" && sed -n "2s/\"point\":[0-9]*/\"point\":$point/p" "$work/whole.jsonl"; } >"$work/odd.jsonl"
    cp "$work/odd.jsonl" "$work/odd"
    sweep "$work/net.json" -o "$work/odd.jsonl"
    [ $? = 2 ] && grep -q 'line 2 is no point' "$work/err" && cmp -s "$work/odd" "$work/odd.jsonl"
    check "a line with point $point is refused" $?
done

# bad NAME SPEC-TEXT: status 2, one line that holds $want
bad() {
    echo "$2" >"$work/bad.json"
    "$build/asan/perimeter" sweep "$work/bad.json" -o "${out:-$work/bad.jsonl}" >/dev/null 2>"$work/err"
    status=$?
    [ $status = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q -- "$want" "$work/err" && [ ! -e "$work/bad.jsonl" ]
    result=$?
    [ $result = 0 ] || sed 's/^/# /' "$work/err"
    check "$1 is refused" $result
}
want=bad.json bad "a truncated specification" '{"job": '
want=job bad "an unknown job" '{"job": "dream"}'
want=colour bad "an unknown setting" '{"job": "bitsift", "settings": {"colour": 1}}'
want=twice bad "a setting that is also in the grid" '{"job": "bitsift", "settings": {"rows": 8}, "grid": {"rows": [8]}}'
want=density bad "a value out of range" '{"job": "bitsift", "grid": {"density": [0.1, 2]}}'
want=rows bad "a grid without values" '{"job": "bitsift", "grid": {"rows": []}}'
want=slice bad "a setting that would be ignored" '{"job": "bitsift", "settings": {"slice": 8}}'
want=trials bad "half a trial" '{"job": "bitsift", "trials": 1.5}'
want=model bad "a network without a model" '{}'
want=points bad "too many points" '{"job": "bitsift", "grid": {"rows": [1, 2, 3]}, "trials": 1000000}'
want=/nowhere bad "a model that is not there" '{"model": "/nowhere", "data": "/nowhere"}'
want="beyond 32 bits" bad "a last seed beyond 32 bits" '{"job": "bitsift", "settings": {"seed": 4294967295}, "trials": 2}'
want=seed bad "a seed beyond 32 bits" '{"job": "bitsift", "settings": {"seed": 4294967296}}'
want="share drawings" bad "seeds whose trials meet" '{"job": "bitsift", "grid": {"seed": [1, 2]}, "trials": 2}'
want="beyond 32 bits" bad "a seed of the grid beyond 32 bits" '{"job": "bitsift", "grid": {"seed": [1, 4294967295]}, "trials": 2}'
want="there twice" bad "a value that is there twice" '{"job": "bitsift", "grid": {"rows": [8, 16, 8.0]}}'
want="there twice" bad "a seed that is there twice" '{"job": "bitsift", "grid": {"seed": [1, "1"]}}'
net="\"model\": \"models/fashion-vit\", \"data\": \"$data\""
want="nothing is drawn" bad "trials of nothing that is drawn" "{$net, \"settings\": {\"images\": 1}, \"trials\": 2}"
want="seed" bad "a seed of nothing that is drawn" "{$net, \"settings\": {\"images\": 1, \"seed\": 2}}"
want="hyflex.slc-sigma" bad "a setting that is ignored at one place" "{$net, \"settings\": {\"images\": 1},
    \"grid\": {\"place\": [\"ffn*=hyflex,cell=1\", \"ffn*=hyflex,cell=2\"], \"hyflex.slc-sigma\": [0.1]}}"
want="conv" bad "a place that is not there" "{$net, \"place\": [\"conv*=hyflex\"]}"
echo "{$net, \"settings\": {\"images\": 4}, \"grid\": {\"place\": [\"ffn*=hyflex,cell=1\", \"ffn*=hyflex,cell=2,adc=6\"]}}" >"$work/place.json"
sweep "$work/place.json" -o "$work/place.jsonl" && [ "$(grep -c '"clips_ppm":' "$work/place.jsonl")" = 2 ] &&
    [ "$(grep -c '"place":"ffn\*=hyflex,cell=2,adc=6".*"clips_ppm":1[0-9]*' "$work/place.jsonl")" = 1 ]
check "a grid over places" $?
[ "$(grep -c '"cost":{"arrays":\(48\|24\),"reads":.*,"copies":[12],' "$work/place.jsonl")" = 2 ]
check "its points have their costs" $?
# Chips: a thousand points and more a second of one core, alone and in ranks, and what is asked is answered.
before=$(date +%s%N)
sweep docs/sweeps/chip_flare.json -o "$work/chip.jsonl" && [ "$(wc -l <"$work/chip.jsonl")" = 601 ]
check "600 chips" $?
ms=$((($(date +%s%N) - before) / 1000000))
echo "# 600 chips in $ms ms"
ranks docs/sweeps/chip_flare.json -o "$work/chips.jsonl" && cmp -s "$work/chip.jsonl" "$work/chips.jsonl"
check "chips in three ranks: the same file" $?
for layout in rows tokens; do
    point=$(grep "\"dc\":4,\"width\":768,\"tokens\":128,\"density-x\":0.34,\"layout\":\"$layout\"" "$work/chip.jsonl" | sed 's/.*"tokens_per_s":\([0-9]*\).*/\1/')
    alone=$("$build/perimeter" chip bert-base --system flare --set dc=4 --set layout=$layout | awk '$1 == "tokens_per_s" { printf "%d", $2 }')
    [ -n "$point" ] && [ "$point" = "$alone" ]
    check "a chip's point is what perimeter chip says, $layout: $point tokens/s" $?
done
want=place bad "a chip without a place" '{"job": "chip", "model": "bert-base"}'
want=model bad "a chip without a network" '{"job": "chip", "place": ["*=flare"]}'
want=data bad "data of a chip" '{"job": "chip", "model": "bert-base", "place": ["*=flare"], "data": "x"}'
want=slc bad "a setting of another chip" '{"job": "chip", "model": "bert-base", "place": ["*=flare"], "grid": {"slc-percent": [1]}}'
want=heads bad "a point that is no network" '{"job": "chip", "model": "bert-base", "place": ["*=flare"], "grid": {"heads": [5]}}'
want=trials bad "trials of a chip" '{"job": "chip", "model": "bert-base", "place": ["*=flare"], "trials": 2}'
want=ignored bad "a chip's configuration elsewhere" '{"job": "bitsift", "config": "x"}'
printf 'mine' >"$work/mine"
out="$work/mine" want="something else" bad "a file of somebody else" '{"job": "bitsift"}'
[ "$(cat "$work/mine")" = mine ]
check "which stays as it was" $?
out="$work/whole.jsonl" want="another sweep" bad "the file of another sweep" '{"job": "bitsift"}'
exit $failed
