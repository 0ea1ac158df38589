#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Holds a block's mapped netlists against its RTL and its bench: scripts/netlist.sh BLOCK [OPTION]
# Configurations with a bench take the RTL's place in pm_BLOCK_tb, and the bench runs its own vectors on them. Those with `prove`
# are proven equal to the RTL for every input and without a bound, from registers that are all zero (ABC: scorr, dprove on
# their miter); a canary with one gate swapped must be found to differ. With OPTION only configurations that have it.
# Prints TAP, keeps logs in build/synth/BLOCK-CONFIG/.
set -eu
cd "$(dirname "$0")/.."
block=$1
build=${PERIMETER_BUILD:-build}
failed=0

tap() { # status name
    if [ "$1" = 0 ]; then echo "ok - $2"; else
        echo "not ok - $2"
        failed=1
    fi
}

# and_graph DIR STEM TOP READ: what the Yosys commands READ give, flat, as an and-inverter graph DIR/STEM.aig, registers zero at first
and_graph() {
    LD_PRELOAD=libtcmalloc_minimal.so.4 yosys -Q -q -p "$4; hierarchy -check -top $3; proc; flatten; async2sync; simplemap; dffunmap;
        setundef -init -zero; opt_clean; aigmap; write_aiger -symbols $1/$2.aig" >"$1/$2.log" 2>&1
}

# differ DIR TOP NETLIST STEM: NETLIST against DIR/gold.aig, as scripts/equal.sh
differ() {
    and_graph "$1" "$4" "$2" "read_verilog $build/synth/cells.v $3" || return 2
    scripts/equal.sh "$1/gold.aig" "$1/$4.aig" "$1/$4.abc"
}

models=
benched=
for name in $(scripts/synth.sh list "$block" "${2:-}"); do
    scripts/synth.sh "$name" >/dev/null || {
        tap 1 "netlist $name could not be made"
        continue
    }
    line=$(cat "$build/synth/$name/line")
    bench=$(echo "$line" | cut -d'|' -f6)
    models="$models${bench:+$bench,}"
    benched="$benched${bench:+ $name}"
    case " $(echo "$line" | cut -d'|' -f7) " in *' prove '*) ;; *) continue ;; esac
    dir=$build/synth/$name
    top=$(echo "$line" | cut -d'|' -f2)
    gate=$dir/buses.v
    [ -e "$gate" ] || gate=$dir/net.v
    [ -e "$build/synth/cells.v" ] || scripts/verilate.sh cells
    start=$(date +%s)
    status=0
    and_graph "$dir" gold "$top" "$(scripts/synth.sh front "$name") flatten; async2sync;
        opt; wreduce; peepopt; opt_clean; alumacc; opt; techmap; opt_clean" || status=2
    [ $status != 0 ] || differ "$dir" "$top" "$gate" equal || status=$?
    tap $status "netlist $name equals the RTL (unbounded, $(($(date +%s) - start)) s)"
    # A NAND becomes a NOR: one of five all over the netlist, where the others make no difference in any state that is reached, or one
    # that takes long to see.
    nands=$(grep -c '^  NAND2X1 ' "$gate") || true
    for fifth in 4 3 2 1 0; do
        awk -v n=$((1 + fifth * nands / 5)) '/^  NAND2X1 / && ++seen == n {sub(/NAND2X1/, "NOR2X1")} {print}' "$gate" >"$dir/swapped.v"
        status=0
        PERIMETER_EQUAL_TIMEOUT=5 differ "$dir" "$top" "$dir/swapped.v" swapped || status=$?
        [ $status != 1 ] || break
    done
    tap $((status != 1)) "canary $name with a gate swapped differs"
done
if [ -n "$models" ]; then
    status=0
    PERIMETER_NETLIST=1 PERIMETER_MODELS="$models" "$build/tb/${block}_tb" >"$build/synth/$block.bench.log" 2>&1 || status=$?
    sed -E 's/^((not )?ok) - /\1 - netlist /; s/^# bench/# netlist bench/' "$build/synth/$block.bench.log"
    for name in $benched; do tap $status "netlist $name passes the bench"; done
fi
exit $failed
