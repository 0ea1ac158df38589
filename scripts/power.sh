#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Energy of mapped netlists on what the network's attention sees, into docs/power.md: scripts/power.sh
# The vectors are the first test image's, layer 1 (scripts/network_vectors.c). `perimeter op` runs them on the netlist with a
# waveform, whose toggles are counted net by net. OpenSTA 2.0.17 reads neither waveforms nor activities of single pins, but a
# cell's power is linear in its toggles: P(0) + toggles a clock * (P(1) - P(0)), both from report_power at one activity everywhere.
set -eu
cd "$(dirname "$0")/.."
build=${PERIMETER_BUILD:-build}
v=$build/synth/vectors
export LIBERTY=/usr/share/qflow/tech/osu018/osu018_stdcells.lib

# sum FILE.npy: of what an op counted, 32 bits each, after a header of 128 bytes
sum() {
    tail -c +129 "$1" | od -An -v -t d4 | awk '{for (i = 1; i <= NF; i++) s += $i} END {print s}'
}

# measure BLOCK-CONFIG UNIT OP ARGUMENT...: a table row
measure() {
    name=$1
    unit=$2
    shift 2
    scripts/synth.sh "$name" >&2
    export DIR="$build/synth/$name"
    IFS='|' read -r config TOP params PERIOD rest <"$DIR/line"
    export TOP PERIOD NET="$DIR/net.v"
    if [ -e "$DIR/buses.v" ]; then # what is simulated, flat: its nets have numbers of their own
        yosys -Q -q -p "read_liberty -lib $LIBERTY; read_verilog $DIR/buses.v; hierarchy -top $TOP; flatten; splitnets; opt_clean; write_verilog -noattr $DIR/flat.v" >&2
        NET=$DIR/flat.v
    fi
    PERIMETER_NETLIST=1 PERIMETER_TRACE=vcd "$build/perimeter" op "$@" --engine rtl --wave "$DIR/wave.vcd" >"$DIR/op.log"
    case $unit in
    access) units=$(sum "$v/accesses.npy") ;;
    row) units=$(($(tail -c +129 "$v/z.npy" | wc -c) / 4)) ;;
    conversion) units=$(sed -n 's/.* of \([0-9]*\) conversions.*/\1/p' "$DIR/op.log") ;;
    esac
    awk -f scripts/activity.awk "$NET" "$DIR/wave.vcd" >"$DIR/activity" 2>"$DIR/activity.log" || {
        echo "scripts/power.sh: $name: $(tail -1 "$DIR/activity.log")" >&2
        exit 1
    }
    rm "$DIR/wave.vcd"
    for a in 0 1; do
        ACTIVITY=$a sta -no_splash -exit synth/common/power.tcl >"$DIR/power$a"
        if grep -m1 -E '^(OpenSTA|Error)' "$DIR/power$a" >&2; then exit 1; fi
    done
    clocks=$(sed 's/ .*//' "$DIR/activity.log")
    awk -v name="$name" -v clocks="$clocks" -v unit="$unit" -v units="$units" -v period="$PERIOD" '
        FNR == 1 {file++}
        file == 1 {split($1, p, "/"); toggles[p[1]] += $2; if (p[2] == "Q") flop[p[1]] = 1; next}
        {sub(/^\\/, "", $NF)}
        !($NF in toggles) {next}
        file == 2 {idle[$NF] = $4; next}
        {
            cells++
            if (flop[$NF]) clock += idle[$NF]
            else leak += idle[$NF]
            active[flop[$NF] + 0] += toggles[$NF] * ($4 - idle[$NF])
        }
        END {
            for (c in toggles) all++
            if (cells == 0 || cells != all || units == 0) {
                printf "scripts/power.sh: %s: power of %d cells, toggles of %d, %d units\n", name, cells, all, units >"/dev/stderr"
                exit 1
            }
            total = clock + leak + active[0] + active[1]
            printf "| %s | %d | %d | %.2f | %.2f | %.2f | %.2f | %.1f a %s |\n", name, clocks, units, 1e3 * total, 1e3 * clock,
                1e3 * active[1], 1e3 * (active[0] + leak), total * period * 1e-9 * clocks / units * 1e12, unit
        }' "$DIR/activity" "$DIR/power0" "$DIR/power1"
}

{
    echo '| netlist | clocks | units | mW at 200 MHz | clock pins of flops | flops that toggle | other cells | pJ |'
    echo '|---|---|---|---|---|---|---|---|'
    measure bitsift-d64 access bitsift --in x="$v/x.npy" --out accesses="$v/accesses.npy"
    measure flare_gemv-values access flare-gemv --in x="$v/a.npy" --in w="$v/v.npy" --set wbits=10 --out y="$v/y.npy" \
        --out accesses="$v/accesses.npy"
    measure vdr_softmax-l16 row vdr-softmax --in x="$v/logit.npy" --in ne="$v/ne.npy" --out a="$v/rows.npy" --out z="$v/z.npy"
    measure hyflex_gemv-nested conversion hyflex-gemv --in x="$v/x4.npy" --in w="$v/wq.npy" --out y="$v/hyflex.npy" \
        --out clips="$v/clips.npy"
} >"$build/synth/power.md"
scripts/synth_report.sh fill docs/power.md power <"$build/synth/power.md"

# A token's energy in the digital edge of the attention: units a token times energy a unit. Of flare_gemv, what is not BitSift is
# in proportion to the array's columns.
awk -F'[|\t]' '
    FNR == 1 {file++}
    file == 1 {units[$1] = $2; next}
    / a / {split($9, e, " "); split($2, n, " "); pj[n[1]] = e[1]}
    function row(what, count, each) {
        printf "| %s | %.2f | %.0f | %.1f |\n", what, count, each, count * each / 1000
        total += count * each / 1000
    }
    END {
        print "| part | units a token | pJ a unit | nJ a token |\n|---|---|---|---|"
        b = pj["bitsift-d64"]
        c = (pj["flare_gemv-values"] - b) / 160
        row("K: accesses, 64 rows, 512 columns", units["k"], b + 512 * c)
        row("V: the same wordlines, 512 columns", units["v"], 512 * c)
        row("Q: accesses, 64 rows, 512 columns", units["q"], b + 512 * c)
        row("logits: accesses of four heads, 16 rows (BitSift of 64), 640 columns", units["l"], b + 640 * c)
        row("softmax rows, 49 logits", units["rows"], pj["vdr_softmax-l16"])
        row("A*V: accesses of four heads, 64 rows, 160 columns", units["av"], pj["flare_gemv-values"])
        row("O: accesses, 64 rows, 512 columns", units["o"], b + 512 * c)
        printf "| together | | | %.1f |\n", total
    }' "$v/counts.tsv" "$build/synth/power.md" >"$build/synth/token.md"
scripts/synth_report.sh fill docs/power.md token <"$build/synth/token.md"
