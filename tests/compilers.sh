#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compilers and levels of optimisation, TAP: no warning, and the network's numbers are the same.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${PERIMETER_BUILD:-build}
data=${DATA:-/usr/share/datasets/fashion-mnist}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
numbers() { # PROGRAM FILE
    "$1/perimeter" run models/fashion-vit --data "$data" --images 100 --ablation-images 20 --summary "$work/summary.json" >/dev/null &&
        grep -v seconds "$work/summary.json" >"$2"
}
numbers "$build" "$work/expected" || exit 1
failed=0
for cc in gcc clang-14; do
    for flags in -O0 -O1 -O2 -O3 '-O3 -march=x86-64' '-O3 -march=native' '-O2 -g'; do
        if make -s WERROR=1 CC=$cc CFLAGS="$flags" BUILD="$work/build" >"$work/log" 2>&1 && numbers "$work/build" "$work/got" &&
            cmp "$work/expected" "$work/got" >>"$work/log" 2>&1; then
            echo "ok - compilers: $cc $flags"
        else
            sed 's/^/# /' "$work/log"
            echo "not ok - compilers: $cc $flags"
            failed=1
        fi
    done
done
exit $failed
