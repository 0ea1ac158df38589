#!/bin/sh
# Lints each RTL module as its own top and reads it into stock Yosys: scripts/lint.sh [BLOCK ...]
# Fails on any Verilator warning, on latches, on combinational loops and on constructs that Yosys misreads. Then synthesizes the
# block: the module pm_BLOCK, or each line "TOP NAME=VALUE ..." of synth/BLOCK/small where defaults would take minutes.
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

# through YOSYS-COMMANDS LOG: read, elaborate and run the commands
through() {
    yosys -q -e 'implicitly declared|no driver|multiple conflicting' -p "read_verilog -sv $files; $1" >>"$2" 2>&1
}

latches='check -assert; select -assert-none t:$dlatch* t:$_DLATCH*'
for block in "$@"; do
    files=$(scripts/files.sh "$block" | tr '\n' ' ')
    for source in rtl/"$block"/pm_*.sv; do
        top=$(basename "$source" .sv)
        log=$out/$top.log
        # shellcheck disable=SC2086
        verilator --lint-only -Wall --top-module "$top" $files >"$log" 2>&1 && status=0 || status=1
        tap $status "lint $top" "$log"
        through "hierarchy -check -top $top; proc; $latches" "$log" && status=0 || status=1
        tap $status "no latch, loop or misreading in $top" "$log"
    done
    [ -e "rtl/$block/pm_$block.sv" ] && small="pm_$block" || small=
    [ -e "synth/$block/small" ] && small=$(cat "synth/$block/small")
    echo "$small" | while read -r top params; do
        [ -n "$top" ] || continue
        set=
        for p in $params; do set="$set -set ${p%%=*} ${p#*=}"; done
        log=$out/synth-$top.log
        : >"$log"
        through "${set:+chparam$set $top;} hierarchy -check -top $top; synth -noabc; $latches" "$log" && status=0 || status=1
        tap $status "synthesizes $top $params" "$log"
        [ $failed = 0 ]
    done || failed=1
done
exit $failed
