#!/bin/sh
# Lints each RTL module as its own top and synthesizes it with stock Yosys: scripts/lint.sh [BLOCK ...]
# Fails on any Verilator warning, on latches, on combinational loops and on misread constructs.
set -eu
cd "$(dirname "$0")/.."
out=${PERIMETER_BUILD:-build}/lint
mkdir -p "$out"
failed=0
[ $# -gt 0 ] || set -- $(ls rtl)
for block in "$@"; do
    [ -e "rtl/$block/$block.f" ] || continue
    files=$(scripts/files.sh "$block" | tr '\n' ' ')
    for source in rtl/"$block"/pm_*.sv; do
        top=$(basename "$source" .sv)
        log=$out/$top.log
        # shellcheck disable=SC2086
        if verilator --lint-only -Wall --top-module "$top" -Irtl/common $files >"$log" 2>&1; then
            echo "ok - lint $top"
        else
            echo "not ok - lint $top (see $log)"
            failed=1
        fi
        if yosys -q -e 'implicitly declared|no driver|multiple conflicting' -p "read_verilog -sv -Irtl/common $files;
            hierarchy -check -top $top; synth -run begin:fine -flatten; check -assert; select -assert-none t:\$dlatch* t:\$_DLATCH*" \
            >>"$log" 2>&1; then
            echo "ok - synthesizes $top"
        else
            echo "not ok - synthesizes $top (see $log)"
            failed=1
        fi
    done
done
exit $failed
