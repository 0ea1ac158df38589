#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Maps named configurations of blocks onto OSU018 with Yosys and ABC and times them with OpenSTA.
#   scripts/synth.sh list [BLOCK] [WORD]     configurations, as BLOCK-CONFIG, but those that take long; with WORD those that have it
#                                            among their options, or all
#   scripts/synth.sh bench BLOCK PARAMS DIR  writes netlists with this bench into DIR, with parameters for it, and prints their names
#   scripts/synth.sh front BLOCK-CONFIG      prints Yosys commands that read its RTL
#   scripts/synth.sh BLOCK-CONFIG            writes build/synth/BLOCK-CONFIG.json, unless it is up to date
# synth/BLOCK/configs has one configuration a line:   name | top | NAME=VALUE ... | clock, ns | bits | bench | options
#   bits     what gate equivalents are divided by (empty: nothing)
#   bench    parameters of pm_BLOCK_tb for which the netlist takes the RTL's place (empty: none), see scripts/netlist.sh
#   options  fast: part of `make test`; quick: its netlist too; hier: also mapped without flattening, for the area of each module;
#            nested: only without flattening; prove: proven equal to the RTL; PORT=VALUE: an input tied to a constant;
#            constants:N: outputs that are constant, of all others a path is timed; long: mapped when it is named, no part of `make synth`
# Fails on latches, memories, combinational loops, unmapped cells, unconstrained endpoints and on every Yosys warning
# that synth/common/warnings does not list.
set -eu
cd "$(dirname "$0")/.."
build=${PERIMETER_BUILD:-build}
LIBERTY=/usr/share/qflow/tech/osu018/osu018_stdcells.lib

# fields BLOCK: its configurations, a line each, fields separated by | without spaces around them
fields() {
    sed -E '/^ *(#|$)/d; s/^ +//; s/ *\| */|/g; s/ +$//' "synth/$1/configs"
}

if [ "$1" = list ]; then
    for file in synth/${2:-*}/configs; do
        b=$(basename "$(dirname "$file")")
        fields "$b" | awk -F'|' -v b="$b" -v w="${3:-}" '
            function has(word) {return index(" " $7 " ", " " word " ")}
            w == "all" || (w == "" ? !has("long") : has(w)) {print b "-" $1}'
    done
    exit
fi

if [ "$1" = bench ]; then
    fields "$2" | awk -F'|' -v OFS='|' -v p="$3" '{n = split($6, b, / *, */); for (i in b) if (b[i] == p) print $1, $2, $3}' |
        while IFS='|' read -r config top params; do
            scripts/synth.sh "$2-$config" >/dev/null
            net=$4/$2-$config.v
            file=$build/synth/$2-$config/buses.v
            [ -e "$file" ] || file=$build/synth/$2-$config/net.v
            list=$(echo "$params" | sed -E 's/([^ ]+)/parameter \1/g; s/ p/, p/g')
            check=$(echo "$params" | sed -E 's/(\w+)=(\w+)/\1 != \2/g; s/ ([A-Z])/ || \1/g')
            # The port list ends at the first semicolon.
            awk -v top="$top" -v list="${list:+ #($list) }" -v check="$check" '
                BEGIN {print "`define PM_NETLIST"}
                index($0, "module " top "(") == 1 {$0 = "module " top list substr($0, index($0, "(")); head = 1}
                {print}
                head && /;$/ {head = 0; if (check != "") print "  if (" check ") $error(\"" top ": the netlist has other parameters\");"}
            ' "$file" >"$net.tmp"
            if cmp -s "$net.tmp" "$net"; then rm "$net.tmp"; else mv "$net.tmp" "$net"; fi
            echo "$net"
        done
    exit
fi

show=
if [ "$1" = front ]; then
    show=1
    shift
fi
BLOCK=${1%%-*}
CONFIG=${1#*-}
line=$(fields "$BLOCK" 2>/dev/null | grep "^$CONFIG|") || {
    echo "scripts/synth.sh: synth/$BLOCK/configs has no configuration '$CONFIG'" >&2
    exit 2
}
IFS='|' read -r CONFIG TOP PARAMS PERIOD BITS bench options <<END
$line
END
export BLOCK CONFIG TOP PARAMS PERIOD BITS LIBERTY
export DIR="$build/synth/$1"
json=$build/synth/$1.json
mkdir -p "$DIR"
files=$(scripts/files.sh "$BLOCK" | tr '\n' ' ')
set=
for p in $PARAMS; do set="$set -set ${p%%=*} ${p#*=}"; done
tie=
export CONSTANTS=0
for o in $options; do
    case $o in
    constants:*) CONSTANTS=${o#*:} ;;
    *=*) tie="$tie delete -input ${o%%=*}; connect -set ${o%%=*} ${o#*=};" ;;
    esac
done
front="read_verilog -sv $files; ${set:+chparam$set $TOP;} hierarchy -check -top $TOP; rename -top $TOP; proc; ${tie:+cd $TOP; $tie cd ..;}"
[ -z "$show" ] || {
    echo "$front"
    exit
}
# What Yosys's `synth` does, without the rounds that find nothing here: half its time, area within 0.5%. A memory that is left stores
# something: it should have been a macro.
generic() { # flatten or nothing
    echo "${1:-}; opt_expr; opt_clean; check; opt_merge; opt_muxtree; opt_reduce; opt_dff; opt_clean; opt_expr; wreduce; peepopt;
        opt_clean; alumacc; opt_expr; opt_merge; opt_clean; select -assert-none t:\$mem*; ${tie:+opt_dff -sat; opt_clean;}
        techmap; opt_expr; opt_merge; opt_dff; opt_clean; check -assert; select -assert-none t:\$dlatch* t:\$_DLATCH* t:\$_SR_*"
}
mapped() { # stem
    echo "dfflibmap -liberty $LIBERTY;
        abc -liberty $LIBERTY -script synth/common/abc.script -constr synth/common/abc.constr;
        $nested splitnets${nested:+ -ports}; opt_clean -purge; setundef -zero; check -assert -mapped; tee -q -o $DIR/$1 stat -liberty $LIBERTY"
}
# With tcmalloc, which takes a sixth of the time away.
yosys_run() { # log commands
    LD_PRELOAD=libtcmalloc_minimal.so.4 yosys -Q -q -e 'implicitly declared|no driver|multiple conflicting' -l "$1" -p "$2" >"$1.err" 2>&1 || {
        echo "scripts/synth.sh: $BLOCK-$CONFIG: $(grep -m1 ERROR "$1.err" || echo 'Yosys failed'), see $1" >&2
        exit 1
    }
    unlisted=$(grep -E '^(ABC: )?Warning: ' "$1" | grep -vE "$(grep -v '^#' synth/common/warnings | paste -sd'|')" | head -1) || true
    [ -z "$unlisted" ] || {
        echo "scripts/synth.sh: $BLOCK-$CONFIG: not in synth/common/warnings: $unlisted" >&2
        exit 1
    }
}
net=$DIR/net.v
# shellcheck disable=SC2086
if [ ! -e "$net" ] || [ "$(cat "$DIR/line" 2>/dev/null)" != "$line" ] ||
    [ -n "$(find $files synth/common/abc.* scripts/synth.sh "$LIBERTY" -newer "$net" -print -quit)" ]; then
    rm -f "$net" "$json" "$DIR"/*.stat "$DIR/buses.v"
    flatten=flatten
    nested=
    case " $options " in
    *' nested '*)
        flatten=
        nested='setundef -zero;'
        # Benches look at buses, also inside; OpenSTA does not read what Yosys writes of them.
        [ -z "$bench" ] || nested="$nested write_verilog -noattr -noexpr $DIR/buses.v;"
        ;;
    esac
    yosys_run "$DIR/log" "read_liberty -lib $LIBERTY; $front $(generic $flatten); $(mapped stat);
        write_verilog -noattr -noexpr $net.tmp"
    case " $options " in
    *' nested '*) cp "$DIR/stat" "$DIR/hier.stat" ;;
    *' hier '*) yosys_run "$DIR/hier.log" "read_liberty -lib $LIBERTY; $front $(generic ''); $(mapped hier.stat)" ;;
    esac
    echo "$line" >"$DIR/line"
    mv "$net.tmp" "$net"
elif [ -e "$json" ] && [ "$json" -nt "$net" ] && [ "$json" -nt synth/common/report.tcl ]; then
    exit
fi
# OpenSTA's exit status tells nothing.
sta -no_splash -exit synth/common/report.tcl >"$DIR/sta.log" 2>&1 || true
if grep -qE '^(OpenSTA:|Error|Warning)' "$DIR/sta.log" || ! grep -q '^@' "$DIR/sta.log"; then
    echo "scripts/synth.sh: $BLOCK-$CONFIG: $(grep -m1 -E '^(OpenSTA:|Error|Warning)' "$DIR/sta.log"), see $DIR/sta.log" >&2
    exit 1
fi
sed -n 's/^@//p' "$DIR/sta.log" >"$json.tmp"
mv "$json.tmp" "$json"
echo "$BLOCK-$CONFIG: $(sed -n 's/^ "cells.*"ge": \([0-9.]*\).*/\1 GE/p; s/^ "clock_ns.*"delay_ns": \([0-9.]*\).*/\1 ns/p' "$json" | paste -sd' ')"
