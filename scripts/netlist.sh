#!/bin/sh
# Holds a block's mapped netlists against its RTL and its bench: scripts/netlist.sh BLOCK [OPTION]
# Configurations with a bench take the RTL's place in pm_BLOCK_tb, and the bench runs its own vectors on them. Those with `prove`
# are proven equal to the RTL for every input and without a bound, from registers that are all zero (ABC: scorr, dprove on
# their miter), those with `mapping` to the gates that Yosys made of the RTL before ABC and the library's cells; a canary with
# one gate swapped must be found to differ. With OPTION only configurations that have it.
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

# differ DIR TOP NETLIST STEM GOLD: 0 proven equal, 1 different, 2 neither
differ() {
    yosys -Q -q -p "read_rtlil $1/$5; hierarchy -check -top $2; flatten; rename -top gold; design -stash gold;
        read_verilog $build/synth/cells.v $3; hierarchy -check -top $2; proc; flatten; rename -top gate; design -stash gate;
        design -copy-from gold gold; design -copy-from gate gate; miter -equiv -flatten gold gate miter; hierarchy -top miter;
        async2sync; opt -full -nodffe -nosdff; wreduce; alumacc; opt_clean; techmap; dffunmap; setundef -init -zero; opt_clean; aigmap;
        write_aiger $1/$4.aig" >"$1/$4.log" 2>&1 || return 2
    timeout ${PM_PROVE_TIMEOUT:-600} berkeley-abc -q "read_aiger $1/$4.aig; strash; scorr; dprove" >>"$1/$4.log" 2>&1 || return 2
    if grep -qE 'UNSATISFIABLE|are equivalent' "$1/$4.log"; then return 0; fi
    if grep -qE 'SATISFIABLE|NOT EQUIVALENT|not equivalent|was asserted in frame' "$1/$4.log"; then return 1; fi
    return 2
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
    case " $(echo "$line" | cut -d'|' -f7) " in
    *' prove '*) gold=rtl.il equals=RTL ;;
    *' mapping '*) gold=stat.generic.il equals='gates before mapping' ;;
    *) continue ;;
    esac
    dir=$build/synth/$name
    top=$(echo "$line" | cut -d'|' -f2)
    gate=$dir/buses.v
    [ -e "$gate" ] || gate=$dir/net.v
    [ -e "$build/synth/cells.v" ] || scripts/verilate.sh cells
    start=$(date +%s)
    status=0
    differ "$dir" "$top" "$gate" equal $gold || status=$?
    tap $status "netlist $name equals the $equals (unbounded, $(($(date +%s) - start)) s)"
    # A NAND becomes a NOR: the first, or one after it, where that makes no difference in any state that is reached.
    for n in 1 2 3; do
        awk -v n=$n '/^  NAND2X1 / && ++seen == n {sub(/NAND2X1/, "NOR2X1")} {print}' "$gate" >"$dir/swapped.v"
        status=0
        differ "$dir" "$top" "$dir/swapped.v" swapped $gold || status=$?
        [ $status = 0 ] || break
    done
    tap $((status != 1)) "canary $name with a gate swapped differs"
done
if [ -n "$models" ]; then
    status=0
    PERIMETER_NETLIST=1 PM_MODELS="$models" "$build/tb/${block}_tb" >"$build/synth/$block.bench.log" 2>&1 || status=$?
    sed -E 's/^((not )?ok) - /\1 - netlist /; s/^# bench/# netlist bench/' "$build/synth/$block.bench.log"
    for name in $benched; do tap $status "netlist $name passes the bench"; done
fi
exit $failed
