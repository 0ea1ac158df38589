#!/bin/sh
# Energy of mapped netlists on what the network's attention sees, into docs/power.md: scripts/power.sh
# The vectors are the first test image's, layer 1 (scripts/network_vectors.c). `perimeter op` runs them on the netlist with a
# waveform, whose toggles are counted net by net. OpenSTA 2.0.17 reads neither waveforms nor activities of single pins, but a
# cell's power is linear in its toggles: P(0) + toggles a clock * (P(1) - P(0)), both from report_power at one activity everywhere.
set -eu
cd "$(dirname "$0")/.."
build=${PERIMETER_BUILD:-build}
data=${DATA:-/usr/share/datasets/fashion-mnist}
vectors=$build/synth/vectors
mkdir -p "$vectors"
"$build/network_vectors" models/fashion-vit "$data" 1 "$vectors"
export LIBERTY=/usr/share/qflow/tech/osu018/osu018_stdcells.lib

# measure BLOCK-CONFIG UNIT OP ARGUMENT...: a table row; the file $vectors/count has how many UNITs the run was
measure() {
    name=$1
    unit=$2
    shift 2
    scripts/synth.sh "$name" >&2
    export DIR="$build/synth/$name"
    IFS='|' read -r config TOP params PERIOD rest <"$DIR/line"
    export TOP PERIOD
    PERIMETER_NETLIST=1 PERIMETER_TRACE=vcd "$build/perimeter" op "$@" --engine rtl --wave "$DIR/wave.vcd" >"$DIR/op.log"
    # accesses: the sum of what the op counted, 32 bits each, after a header of 128 bytes; else rows of the input
    case $unit in
    access) units=$(tail -c +129 "$vectors/accesses.npy" | od -An -v -t d4 | awk '{for (i = 1; i <= NF; i++) s += $i} END {print s}') ;;
    row) units=$(($(tail -c +129 "$vectors/z.npy" | wc -c) / 4)) ;;
    esac
    awk -f scripts/activity.awk "$DIR/net.v" "$DIR/wave.vcd" >"$DIR/activity" 2>"$DIR/activity.log" || {
        echo "scripts/power.sh: $name: $(cat "$DIR/activity.log")" >&2
        exit 1
    }
    for a in 0 1; do
        ACTIVITY=$a sta -no_splash -exit synth/common/power.tcl >"$DIR/power$a"
        if grep -m1 -E '^(OpenSTA|Error)' "$DIR/power$a" >&2; then exit 1; fi
    done
    clocks=$(sed 's/ .*//' "$DIR/activity.log")
    awk -v name="$name" -v clocks="$clocks" -v unit="$unit" -v units="$units" -v period="$PERIOD" '
        FNR == 1 {file++}
        file == 1 {split($1, p, "/"); toggles[p[1]] += $2; if (p[2] == "Q") flop[p[1]] = 1; next}
        $NF !~ /^_[0-9]+_$/ {next}
        file == 2 {idle[$NF] = $4; next}
        {
            cells++
            if (flop[$NF]) clock += idle[$NF]
            else leak += idle[$NF]
            active[flop[$NF] + 0] += toggles[$NF] * ($4 - idle[$NF])
        }
        END {
            if (cells == 0 || units == 0) exit 1
            total = clock + leak + active[0] + active[1]
            printf "| %s | %d | %d | %.2f | %.2f | %.2f | %.2f | %.1f a %s |\n", name, clocks, units, 1e3 * total, 1e3 * clock,
                1e3 * active[1], 1e3 * (active[0] + leak), total * period * 1e-9 * clocks / units * 1e12, unit
        }' "$DIR/activity" "$DIR/power0" "$DIR/power1"
}

{
    echo '| netlist | clocks | units | mW at 200 MHz | clock pins of flops | flops that toggle | other cells | pJ |'
    echo '|---|---|---|---|---|---|---|---|'
    measure bitsift-d64 access bitsift --in x="$vectors/x.npy" --out accesses="$vectors/accesses.npy"
    measure vdr_softmax-l16 row vdr-softmax --in x="$vectors/logit.npy" --in ne="$vectors/ne.npy" --out z="$vectors/z.npy"
} >"$build/synth/power.md"
scripts/synth_report.sh fill docs/power.md power <"$build/synth/power.md"
