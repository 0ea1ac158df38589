#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fault drill, TAP: the program and the model build are killed in the middle of writing, run out of disk, find folders read-only, and
# run twice at once in one build folder. Nothing half-written is left under a result's name, what was there before stays, and the
# message is one line with the file's name.
set -u
cd "$(dirname "$0")/.." || exit 1
build=$(realpath "${PERIMETER_BUILD:-build}")
perimeter=$build/perimeter
data=${DATA:-/usr/share/datasets/fashion-mnist}
work=$(mktemp -d) || exit 1
mounted=
trap '[ -z "$mounted" ] || umount "$work/disk"; chmod -R u+w "$work"; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
export OMP_NUM_THREADS=1
failed=0
verdict() { # status name
    if [ "$1" = 0 ]; then echo "ok - fault: $2"; else
        echo "not ok - fault: $2"
        failed=1
    fi
}
gcc -std=c11 -D_GNU_SOURCE -O1 -Wall -Wextra -shared -fPIC -o "$work/fault_at.so" tests/fault_at.c -ldl || exit 1
"$build/tests/mknpy" "$work/x.npy" '<i8' 100,8 1@-100000..100000 || exit 1
mkdir "$work/out" "$work/good"
emsbq() { "$perimeter" op emsbq --in x="$work/x.npy" --out "y=$1/y.npy" "s=$1/s.npy"; }
net() { "$perimeter" run models/fashion-vit --data "$data" --images 1 --summary "$1/summary.json"; }
whole() { # FILE: as in the good run, seconds aside
    case $1 in
    *.json) grep -v seconds "$work/out/$1" | cmp -s - "$work/good/$1.text" ;;
    *) cmp -s "$work/out/$1" "$work/good/$1" ;;
    esac
}
emsbq "$work/good" >/dev/null && net "$work/good" >/dev/null || exit 1
grep -v seconds "$work/good/summary.json" >"$work/good/summary.json.text"

# Killed at every step of writing: each result is whole or as it was (missing, or what was there).
drill() { # COMMAND FILE...
    command=$1
    shift
    for before in nothing old; do
        at=0
        bad=
        while at=$((at + 1)); do
            rm -rf "$work/out"
            mkdir "$work/out"
            [ $before = nothing ] || for f in "$@"; do echo old >"$work/out/$f"; done
            (PERIMETER_FAULT_AT=$at LD_PRELOAD=$work/fault_at.so $command "$work/out" >/dev/null 2>&1) 2>/dev/null
            status=$?
            for f in "$@"; do
                if [ -e "$work/out/$f" ]; then
                    whole "$f" || { [ $before = old ] && [ "$(cat "$work/out/$f")" = old ]; } || bad="$bad $f at $at"
                elif [ $before = old ]; then bad="$bad $f lost at $at"; fi
            done
            [ $status = 137 ] || break
        done
        [ -z "$bad" ] || echo "# $bad"
        [ -z "$bad" ] && [ $status = 0 ] && [ $at -gt 5 ]
        verdict $? "$command killed at each of $((at - 1)) steps, $before there before"
    done
}
drill emsbq y.npy s.npy
drill net summary.json

# No room: one line, status 2, nothing new, the old results stay.
noroom() { # NAME FOLDER COMMAND FILE...
    name=$1 folder=$2 command=$3
    shift 3
    $command "$folder" >/dev/null 2>"$work/err"
    status=$?
    left=$(ls -A "$folder" | sort | xargs)
    [ $status = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q "$folder" "$work/err" &&
        [ "$left" = "$(printf '%s\n' "$@" | sort | xargs)" ] && for f in "$@"; do [ "$(cat "$folder/$f")" = old ] || exit 1; done
    result=$?
    [ $result = 0 ] || { sed 's/^/# /' "$work/err"; echo "# status $status, left: $left"; }
    verdict $result "$name, $command"
}
old() { # FOLDER FILE...
    rm -rf "$1"/* "$1"/.[!.]*
    for f in "$@"; do [ "$f" = "$1" ] || echo old >"$1/$f"; done
}
if [ "$(id -u)" = 0 ] && mkdir "$work/disk" && mount -t tmpfs -o size=8k tmpfs "$work/disk" 2>/dev/null; then
    mounted=1
    disk=$work/disk
    fill() { dd if=/dev/zero of="$disk/filler" bs=512 2>/dev/null; }
    for command in emsbq net; do
        rm -f "$disk"/*
        dd if=/dev/zero of="$disk/filler" bs=4096 2>/dev/null
        "$command" "$disk" >/dev/null 2>"$work/err"
        status=$?
        rm -f "$disk/filler"
        [ $status = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q 'No space left' "$work/err" && [ -z "$(ls -A "$disk")" ]
        verdict $? "a full disk, $command"
    done
fi
limited_emsbq() { (ulimit -f 1 && emsbq "$1"); }
limited_net() { (ulimit -f 1 && net "$1"); }
old "$work/out" y.npy s.npy
noroom "a file size limit" "$work/out" limited_emsbq y.npy s.npy
old "$work/out" summary.json
noroom "a file size limit" "$work/out" limited_net summary.json

# Read-only folders; root may write anywhere, so it becomes nobody, who need not reach this tree: an installed program.
as_user() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; else "$@"; fi; }
chmod 755 "$work"
scripts/install.sh install "$build" '' "$work/usr" "$work/usr/lib" || exit 1
old "$work/out" y.npy s.npy
chmod -R a-w "$work/out"
as_user "$work/usr/bin/perimeter" op emsbq --in x="$work/x.npy" --out "y=$work/out/new.npy" >/dev/null 2>"$work/err"
[ $? = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q "$work/out/new.npy: Permission denied" "$work/err"
verdict $? "a read-only folder"
chmod -R u+w "$work/out"

# Models: killed builds leave nothing that a later build trusts; two builds at once give one model; no room and no permission say so.
"$build/tests/mknpy" "$work/a.npy" '<i4' 2,2 0 300 900 2048 || exit 1
model() { "$perimeter" op therm-enc --in a="$work/a.npy" --out code="$work/out/$1.npy" --engine both; }
mkdir "$work/build" "$work/locked"
chmod a-w "$work/locked"
PERIMETER_BUILD=$work/locked as_user "$work/usr/bin/perimeter" op therm-enc --in a="$work/a.npy" --out code=/dev/null --engine both >/dev/null 2>"$work/err"
[ $? = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q "$work/locked.*Permission denied" "$work/err"
result=$?
[ $result = 0 ] || sed 's/^/# /' "$work/err"
verdict $result "a read-only build folder"
export PERIMETER_BUILD="$work/build" CCACHE_DISABLE=1
bad=
for delay in 0.2 1 2; do
    setsid sh -c "exec '$perimeter' op therm-enc --in a='$work/a.npy' --out code='$work/out/k.npy' --engine both" >/dev/null 2>&1 &
    pid=$!
    sleep $delay
    kill -9 -$pid
    wait $pid 2>/dev/null
    [ $? = 137 ] && [ -z "$(find "$work/build" -name model.so)" ] || bad="$bad $delay"
done
[ -z "$bad" ] || echo "# after $bad s"
[ -z "$bad" ]
verdict $? "builds killed after 0.2, 1 and 2 s leave no model"
(ulimit -f 64 && model limited) >/dev/null 2>"$work/err"
[ $? = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q 'build failed, see' "$work/err" && [ -z "$(find "$work/build" -name model.so)" ]
result=$?
[ $result = 0 ] || sed 's/^/# /' "$work/err"
verdict $result "a build without room says so and leaves no model"
model one >"$work/one" 2>&1 &
first=$!
model two >"$work/two" 2>&1
second=$?
wait $first
[ $? = 0 ] && [ $second = 0 ] && cmp -s "$work/out/one.npy" "$work/out/two.npy" && grep -q 'engines agree' "$work/one" "$work/two" &&
    [ "$(find "$work/build" -name model.so | wc -l)" = 1 ] && [ -z "$(find "$work/build" -name '*.tmp' -o -name obj)" ]
result=$?
[ $result = 0 ] || sed 's/^/# /' "$work/one" "$work/two"
verdict $result "two runs at once in one build folder, after that"
exit $failed
