#!/bin/sh
# Draws area and delay against sizes, and against each other, from build/synth/rows.tsv into docs/figures/synthesis_*.svg; needs
# gnuplot. scripts/synth_report.sh runs it.
set -eu
cd "$(dirname "$0")/.."
build=${PERIMETER_BUILD:-build}
mkdir -p docs/figures

# series BLOCK NAME FIXED...: "size GE ns configuration" of the configurations that have all FIXED parameters, by parameter NAME
series() {
    block=$1
    key=$2
    shift 2
    awk -F'\t' -v block="$block" -v key="$key" -v fixed="$*" '
        $1 == block && match(" " $3 " ", " " key "=[0-9]+ ") {
            n = split(fixed, f, " ")
            for (i = 1; i <= n; i++) if (index(" " $3 " ", " " f[i] " ") == 0) next
            print substr($3, RSTART + length(key) + 1) + 0, $6, $9, $2
        }' "$build/synth/rows.tsv" | sort -n
}

# scaling FILE TITLE XLABEL NAME DATA [NAME DATA]: two panels, one line a series; nothing where a series is empty
scaling() {
    file=$1
    title=$2
    xlabel=$3
    shift 3
    area=
    delay=
    while [ $# -gt 0 ]; do
        [ -s "$2" ] || return 0
        area="$area${area:+, }'$2' using 1:(\$2/1000) with linespoints pointtype 7 title '$1'"
        delay="$delay${delay:+, }'$2' using 1:3 with linespoints pointtype 7 title '$1'"
        shift 2
    done
    gnuplot <<END
set terminal svg size 800,360 font "sans,12"
set output "docs/figures/$file"
set multiplot layout 1,2 title "$title (OSU018, before layout)"
set grid
set key top left
set logscale x 2
set xlabel "$xlabel"
set ylabel "area, kGE"
set yrange [0:*]
plot $area
set ylabel "delay, ns"
plot $delay
END
}

d=$build/synth/plot
mkdir -p "$d"
series bitsift Rows Bits=8 Slice=16 Scan=0 >"$d/split"
series bitsift Rows Bits=8 Slice=16 Scan=1 >"$d/scan"
series vdr_softmax Lanes MaxN=64 >"$d/softmax"
series head_norm Lanes OW=24 ZW=14 >"$d/norm"
series flare_attention Heads Kvb=10 MaxTokens=64 >"$d/heads"
scaling synthesis_rows.svg "bitsift, 8 bits, slices of 16 rows" "rows, D" split "$d/split" scan "$d/scan"
scaling synthesis_lanes.svg "Softmax and its normalisation" "lanes" vdr_softmax "$d/softmax" head_norm "$d/norm"
scaling synthesis_heads.svg "flare_attention, 16 elements a head" "heads" flare_attention "$d/heads"

series bitsift Rows Bits=8 Rows=64 >"$d/pareto_bitsift"
series vdr_softmax Lanes Lanes=16 MaxN=64 >"$d/pareto_softmax"
[ -s "$d/pareto_bitsift" ] && [ -s "$d/pareto_softmax" ] || exit 0
gnuplot <<END
set terminal svg size 800,360 font "sans,12"
set output "docs/figures/synthesis_pareto.svg"
set multiplot layout 1,2
set grid
unset key
set offsets graph 0.2, graph 0.2, graph 0.2, graph 0.2
set xlabel "delay, ns"
set ylabel "area, kGE"
set title "bitsift, 64 rows of 8 bits"
plot '$d/pareto_bitsift' using 3:(\$2/1000) with points pointtype 7, '' using 3:(\$2/1000):4 with labels offset 0,1
set title "vdr_softmax, 16 logits a clock"
plot '$d/pareto_softmax' using 3:(\$2/1000) with points pointtype 7, '' using 3:(\$2/1000):4 with labels offset 0,1
END
