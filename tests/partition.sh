#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `perimeter partition`: the plan and its numbers on few images, what is left when it is ended in the middle, bad input. TAP.
cd "$(dirname "$0")/.." || exit 1
build=${PERIMETER_BUILD:-build}
data=${DATA:-/usr/share/datasets/fashion-mnist}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=2
failed=0
check() { # name status
    if [ "$2" = 0 ]; then echo "ok - partition: $1"; else
        echo "not ok - partition: $1"
        failed=1
    fi
}
# The training set's last 60 images, as both splits.
mkdir "$work/set" "$work/bad"
python3 - "$data" "$work/set" <<'END'
import gzip, struct, sys
data, out = sys.argv[1:]
images, labels = (gzip.open(f"{data}/train-{n}-ubyte.gz").read() for n in ("images-idx3", "labels-idx1"))
for split in "train", "t10k":
    open(f"{out}/{split}-images-idx3-ubyte", "wb").write(struct.pack(">IIII", 2051, 60, 28, 28) + images[-60 * 784 :])
    open(f"{out}/{split}-labels-idx1-ubyte", "wb").write(struct.pack(">II", 2049, 60) + labels[-60:])
END
partition() { "$build/perimeter" partition models/fashion-cnn --data "$work/set" --images 40 "$@" >"$work/out" 2>"$work/err"; }

partition --output "$work/a.json"
check "ends with status 0" $?
cp "$work/out" "$work/first"
[ ! -e "$work/a.json.measured" ]
check "the measured losses are gone once the plan is there" $?
grep -q '^all in SRAM, floating point *10504704 units' "$work/out" && grep -q '^all in memristors, integers *2040612 units  -80.57%  *0 SRAM' "$work/out"
check "energy of all-SRAM and all-memristor" $?
[ "$(grep -c 'engine=' "$work/out")" = 5 ] && grep -q '^distance to it: +0.00% energy' "$work/out"
check "five layers, and the optimum beside them" $?
"$build/perimeter" run models/fashion-cnn --data "$work/set" --plan "$work/a.json" --images 20 >"$work/run" 2>&1
check "the plan runs" $?

# Ended in the middle by a signal that nobody can catch, it goes on where it was.
partition --output "$work/b.json" &
pid=$!
# Some losses are there.
for _ in $(seq 600); do
    [ "$(grep -hso '"lost":.*' "$work/b.json.measured" | grep -o '[0-9]\+,' | wc -l)" -gt 4 ] && break
    sleep 0.1
done
# The program is the shell's child.
kill -9 $(ps -o pid= --ppid $pid) 2>/dev/null
wait $pid 2>/dev/null
[ -e "$work/b.json.measured" ] && [ ! -e "$work/b.json" ]
check "ended in the middle: what was measured is there, no plan is" $?
partition --output "$work/b.json"
check "goes on" $?
grep -q "losses are in $work/b.json.measured" "$work/out" && cmp -s "$work/a.json" "$work/b.json" && tail -n +2 "$work/out" | cmp -s - "$work/first"
check "to the same plan and numbers" $?

# A cap that SRAM exceeds, and one that nothing meets: small kernels need none.
partition --output "$work/c.json" --budget 0 --sram 0
check "no SRAM at all" $?
awk '/^this plan/ { exit !($(NF - 2) == 0) }' "$work/out"
check "takes none" $?

bad() { # name arguments...: status 2, one line that holds $want, nothing left
    name=$1
    shift
    "$build/asan/perimeter" partition "$@" >/dev/null 2>"$work/err"
    status=$?
    [ $status = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q -- "$want" "$work/err" && [ -z "$(ls "$work/bad")" ]
    result=$?
    [ $result = 0 ] || sed 's/^/# /' "$work/err"
    check "$name is refused" $result
}
to="--output $work/bad/p.json"
want=MODEL bad "no model" --data "$work/set" $to
want=--data bad "no data" fashion-cnn $to
want=--output bad "no output" fashion-cnn --data "$work/set"
want=--colour bad "an unknown option" fashion-cnn --data "$work/set" --colour
want=--budget bad "a budget below 0" fashion-cnn --data "$work/set" --budget -1 $to
want=--budget bad "a budget that is no number" fashion-cnn --data "$work/set" --budget 1x $to
want=--energy bad "two energies" fashion-cnn --data "$work/set" --energy 1,2 $to
want=--energy bad "an energy below 0" fashion-cnn --data "$work/set" --energy 1,-2,3 $to
want=units bad "more energy than an integer holds" fashion-cnn --data "$work/set" --energy 1,100000,1 $to
want=--sram bad "a cap that is no number" fashion-cnn --data "$work/set" --sram 1e5 $to
want=--images bad "no images" fashion-cnn --data "$work/set" --images 0 $to
want=images bad "more images than there are" fashion-cnn --data "$work/set" --images 61 $to
want=nowhere bad "a folder that is not there" fashion-cnn --data "$work/set" --output "$work/nowhere/p.json"
for text in '{}' '{"network": "0", "data": "x", "images": 40, "correct": 1, "lost": []}' '{"images": 40, "correct": 41}' '[' \
    "$(sed 's/null/0.5/; s/: *"[0-9a-f]\{16\}"/: "0"/' "$work/b.json" | head -c 300)"; do
    printf '%s\n' "$text" >"$work/d.json.measured"
    "$build/asan/perimeter" partition fashion-cnn --data "$work/set" --images 40 --output "$work/d.json" >/dev/null 2>"$work/err"
    [ $? = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q 'd.json.measured: ' "$work/err" && [ "$(cat "$work/d.json.measured")" = "$text" ]
    check "measured losses that are not its own are refused: $(echo "$text" | head -c 30)" $?
done
exit $failed
