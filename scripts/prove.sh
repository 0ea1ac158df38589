#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Proves one block's targets: scripts/prove.sh BLOCK [TARGET]
# formal/BLOCK/targets has one target a line:   name | engine | top | NAME=VALUE ... | depth [| long]
#   sat   combinational: yosys sat, every input
#   smt   k-induction by yosys-smtbmc and z3 in two runs, base and step, `depth` steps each
#   bmc   the base alone: holds up to `depth` clocks and is reported as bounded
# With PERIMETER_PROVE_QUICK=1, as in `make test`, targets marked long are left out. PERIMETER_PROVE_MUTANT: options of Yosys' `mutate -list 1`,
# applied to the design of each target; targets whose design has no such mutant are left out.
# Sources: the block's RTL, rtl/common and formal/BLOCK/*.sv with -DPERIMETER_FORMAL, include folder formal/BLOCK; other blocks that it uses
# without their properties, which their own proofs are for. A module of formal/BLOCK that bears an RTL module's name, a contract, takes
# its place. Each target is run again with
# -DCANARY, in which an assertion labelled `canary` must be seen to fail, and with cover statements where it has some.
# Prints one TAP line a target and a canary, keeps the logs in build/formal/BLOCK/ and what was found in NAME.result there.
# scripts/prove.sh summary   prints the table of all results and writes build/formal/summary.json
set -eu
cd "$(dirname "$0")/.."
if [ "$1" = summary ]; then
    out=${PERIMETER_BUILD:-build}/formal
    for t in formal/*/targets; do # results of targets that exist
        b=$(basename "$(dirname "$t")")
        awk -F'|' '!/^ *(#|$)/ {gsub(/ /, "", $1); print $1}' "$t" | while read -r n; do cat "$out/$b/$n.result" 2>/dev/null || echo "$b|$n||||||not run||"; done
    done >"$out/table.tmp"
    mv "$out/table.tmp" "$out/table"
    awk -F'|' 'BEGIN { printf "%-14s %-15s %-20s %-42s %-7s %5s %5s  %-8s %-8s %s\n", "block", "property", "top", "parameters", "engine", "depth", "s", "result", "canary", "covers" }
        { printf "%-14s %-15s %-20s %-42s %-7s %5s %5s  %-8s %-8s %s\n", $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 }' "$out/table"
    awk -F'|' '{ n++; proven += $8 == "proven"; bounded += $8 == "bounded"; c += $9 != ""; caught += $9 == "caught"; covers += $10; b[$1] }
        END {
            for (i in b) blocks++
            printf "{\n \"targets\": %d,\n \"proven\": %d,\n \"bounded\": %d,\n \"canaries\": %d,\n \"canaries_caught\": %d,\n \"covers\": %d,\n \"blocks\": %d\n}\n",
                n, proven, bounded, c, caught, covers, blocks
            exit n != proven + bounded || c != caught
        }' "$out/table" >"$out/summary.tmp" && status=0 || status=1
    mv "$out/summary.tmp" "$out/summary.json"
    exit $status
fi
block=$1
only=${2:-}
out=${PERIMETER_BUILD:-build}/formal/$block
mkdir -p "$out"
failed=0

tap() { # status name
    if [ "$1" = 0 ]; then echo "ok - $2"; else
        echo "not ok - $2"
        failed=1
    fi
}

# prep DEFINES OUTPUT: reads the target into $OUTPUT.il
prep() {
    chparams=
    for p in $params; do chparams="$chparams -set ${p%%=*} ${p#*=}"; done
    rtl=$(for f in $(scripts/files.sh "$block"); do [ -e "formal/$block/$(basename "$f")" ] || echo "$f"; done)
    own="$(echo "$rtl" | grep -E "^rtl/($block|common)/" | tr '\n' ' ') $(find "formal/$block" -name '*.sv' | sort | tr '\n' ' ')"
    others=$(echo "$rtl" | grep -vE "^rtl/($block|common)/" | tr '\n' ' ' || true)
    {
        [ -z "$others" ] || echo "read_verilog -sv -Irtl/common $others"
        echo "read_verilog -formal -sv -DPERIMETER_FORMAL -DTARGET_$block -DTOP_$top $1 -Iformal/$block -Iformal/common -Irtl/common $own"
        [ -z "$chparams" ] || echo "chparam$chparams $top"
        echo "hierarchy -check -top $top"
        echo "prep -flatten -top $top"
        [ -z "${PERIMETER_PROVE_MUTANT:-}" ] || echo "mutate -list 1 $PERIMETER_PROVE_MUTANT -o $2.mutant; script $2.mutant"
        echo "async2sync; opt -full; dffunmap; opt_clean; check -assert"
        echo "write_rtlil $2.il"
    } >"$2.ys"
    yosys -q -e 'implicitly declared|no driver|multiple conflicting' -s "$2.ys" >"$2.log" 2>&1
}

smtbmc() { # log arguments...
    log=$1
    shift
    timeout "${PERIMETER_PROVE_TIMEOUT:-3600}" yosys-smtbmc --noprogress -s z3 --unroll --noincr --logic QF_BV "$@" >"$log" 2>&1
}

smt2() { # il: writes .smt2 beside it
    yosys -q -p "read_rtlil $1.il; write_smt2 -wires $1.smt2" >>"$1.log" 2>&1
}

target() {
    t=$out/$name
    rm -f "$t".*
    start=$(date +%s)
    rc=0
    prep "" "$t" || rc=1
    if [ -n "${PERIMETER_PROVE_MUTANT:-}" ] && { [ $rc != 0 ] || [ ! -s "$t.mutant" ]; }; then return 0; fi
    case $engine in
    sat)
        [ $rc = 0 ] && yosys -q -p "read_rtlil $t.il; chformal -cover -remove; sat -verify -prove-asserts -set-assumes -show-public $top" \
            >>"$t.log" 2>&1 || rc=1
        ;;
    smt | bmc)
        { [ $rc = 0 ] && smt2 "$t" && smtbmc "$t.base.log" -t "$depth" "$t.smt2"; } || rc=1
        if [ $rc = 0 ] && [ "$engine" = smt ]; then smtbmc "$t.step.log" -i -t "$depth" "$t.smt2" || rc=1; fi
        if [ $rc = 0 ] && grep -q 'cover' "$t.il"; then smtbmc "$t.cover.log" -c -t "$depth" "$t.smt2" || rc=1; fi
        ;;
    *) rc=1 ;;
    esac
    bound=$([ "$engine" = bmc ] && echo "bounded to $depth clocks" || echo unbounded)
    seconds=$(($(date +%s) - start))
    result=$([ $rc != 0 ] && echo FAILED || { [ "$engine" = bmc ] && echo bounded || echo proven; })
    covers=$(grep -cs 'Reached cover statement' "$t.cover.log" || true)
    tap $rc "proof $block/$name ($params; $engine, $bound, $seconds s)"
    [ -z "${PERIMETER_PROVE_MUTANT:-}" ] || return 0 # a mutant is judged by the proof alone

    c=$out/$name.canary
    rc=0
    case $engine in
    sat)
        prep -DCANARY "$c" && yosys -q -p "read_rtlil $c.il; chformal -cover -remove; sat -falsify -prove-asserts -set-assumes $top" \
            >>"$c.log" 2>&1 || rc=1
        ;;
    *)
        prep -DCANARY "$c" && smt2 "$c" || rc=1
        if [ $rc = 0 ] && smtbmc "$c.base.log" -t "$depth" "$c.smt2"; then rc=1; fi
        grep -q 'Assert failed.*canary' "$c.base.log" || rc=1
        ;;
    esac
    tap $rc "canary $block/$name caught"
    echo "$block|$name|$top|$params|$engine|$depth|$seconds|$result|$([ $rc = 0 ] && echo caught || echo MISSED)|${covers:-0}" >"$t.result.tmp"
    mv "$t.result.tmp" "$t.result"
}

while IFS='|' read -r name engine top params depth long; do
    name=$(echo "$name" | tr -d ' ')
    case $name in '' | \#*) continue ;; esac
    [ -z "$only" ] || [ "$only" = "$name" ] || continue
    [ -z "$long" ] || [ -z "${PERIMETER_PROVE_QUICK:-}" ] || continue
    engine=$(echo "$engine" | tr -d ' ')
    top=$(echo "$top" | tr -d ' ')
    depth=$(echo "$depth" | tr -d ' ')
    params=$(echo "$params" | xargs)
    target
done <"formal/$block/targets"
exit $failed
