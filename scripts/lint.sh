#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lints each RTL module as its own top and synthesizes it in stock Yosys: scripts/lint.sh [BLOCK ...]
# Fails on any Verilator warning, on latches, on combinational loops and on constructs that Yosys misreads. Where the defaults
# would take minutes in Yosys, synth/BLOCK/lint has lines "TOP NAME=VALUE ..." that are synthesized instead; a line that begins
# with "elaborate" is checked as read, without optimisation and mapping: a composition of modules that are synthesized one by one.
set -eu
cd "$(dirname "$0")/.."
out=${PERIMETER_BUILD:-build}/lint
mkdir -p "$out"
failed=0
[ $# -gt 0 ] || set -- $(ls rtl)

tap() { # status name log
    if [ "$1" = 0 ]; then echo "ok - $2"; else
        echo "not ok - $2 (see $3)"
        failed=1
    fi
}

for block in "$@"; do
    files=$(scripts/files.sh "$block" | tr '\n' ' ')
    tops=
    for source in rtl/"$block"/pm_*.sv; do
        top=$(basename "$source" .sv)
        log=$out/$top.log
        # shellcheck disable=SC2086
        LD_PRELOAD=libtcmalloc_minimal.so.4 verilator --lint-only -Wall --top-module "$top" $files >"$log" 2>&1 && status=0 || status=1
        # Yosys 0.23 takes the minus of -W'(x) for part of the size.
        if grep -nE -e "-(\([^()]*\)|[A-Za-z0-9_]+)'\(" "$source" >>"$log"; then status=1; fi
        tap $status "lint $top" "$log"
        tops="$tops$top
"
    done
    [ -e "synth/$block/lint" ] && tops=$(cat "synth/$block/lint")
    while read -r top params; do
        [ -n "$top" ] || continue
        verb=synthesizes
        passes="synth -noabc"
        if [ "$top" = elaborate ]; then
            verb=elaborates
            passes=proc
            top=${params%% *}
            params=${params#* }
        fi
        log=$out/synth-$top.log
        set=
        for p in $params; do set="$set -set ${p%%=*} ${p#*=}"; done
        LD_PRELOAD=libtcmalloc_minimal.so.4 yosys -q -e 'implicitly declared|no driver|multiple conflicting' -p "read_verilog -sv $files;
            ${set:+chparam$set $top;} hierarchy -check -top $top; $passes; check -assert;
            select -assert-none t:\$dlatch* t:\$_DLATCH*" >"$log" 2>&1 && status=0 || status=1
        tap $status "$verb $top $params" "$log"
    done <<END
$tops
END
done
exit $failed
