#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Draws area and delay against sizes, and designs that were tried against each other, from build/synth/rows.tsv and
# synth/*/tried.tsv into docs/figures/synthesis_*.svg; needs gnuplot. scripts/synth_report.sh runs it.
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
set terminal svg noenhanced size 800,360 font "sans,12"
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
series flare_attention Heads Kvb=4 MaxTokens=16 >"$d/heads"
scaling synthesis_rows.svg "bitsift, 8 bits, slices of 16 rows" "rows, D" split "$d/split" scan "$d/scan"
scaling synthesis_lanes.svg "Softmax and its normalisation" "lanes" vdr_softmax "$d/softmax" head_norm "$d/norm"
scaling synthesis_heads.svg "flare_attention, 2 elements a head, 16 tokens" "heads" flare_attention "$d/heads"

# pareto FILE TITLE [YLABEL GE]: standard input has "design area delay", tab separated, areas shown in units of GE (1000); a point
# and a line of the key each
pareto() {
    cat >"$d/$1.tsv"
    lines=$(awk -F'\t' -v f="$d/$1.tsv" -v unit="${4:-1000}" '{
        gsub(/["\\]/, "", $1)
        printf "%s\"%s\" every ::%d::%d using 3:($2/%d) with points pointtype %d pointsize 1.2 title \"%s\"", (NR > 1 ? ", " : ""), f,
            NR - 1, NR - 1, unit, NR, $1
    }' "$d/$1.tsv")
    gnuplot <<END
set terminal svg noenhanced size 1000,420 font "sans,11"
set output "docs/figures/$1"
set datafile separator "\t"
set grid
set key outside right Left reverse
set offsets graph 0.1, graph 0.1, graph 0.1, graph 0.1
set xlabel "delay, ns"
set ylabel "${3:-area, kGE}"
set title "$2 (OSU018, before layout)"
plot $lines
END
}

# What was tried, synth/BLOCK/tried.tsv, beside what is mapped now.
{
    awk -F'\t' -v OFS='\t' '$1 == "bitsift" && $3 ~ /Bits=8/ {split($3, p, /[= ]/); print $2 " (table)", $6 / (p[2] * 8), $9}' "$build/synth/rows.tsv"
    awk -F'\t' -v OFS='\t' 'match($1, /^D=[0-9]+/) {print "tried: " $1, $2 / (substr($1, 3, RLENGTH - 2) * 8), $3}' synth/bitsift/tried.tsv
} | pareto synthesis_pareto_bitsift.svg "bitsift, 8 bits: area an input bit against the cycle time" "area, GE an input bit" 1
tried=synth/vdr_softmax/tried.tsv
awk -F'\t' -v OFS='\t' '$1 == "lane" {print $2, $3, $4}' $tried | pareto synthesis_pareto_lane.svg "A lane of vdr_softmax: what was tried"
{
    awk -F'\t' -v OFS='\t' '$1 == "block" {print $2, $3, $4}' $tried
    awk -F'\t' -v OFS='\t' '$1 == "vdr_softmax" && $2 == "l16" {print "as in the table", $6, $9}' "$build/synth/rows.tsv"
} | pareto synthesis_pareto_softmax.svg "vdr_softmax, 16 logits a clock: what was tried"
{
    awk -F'\t' -v OFS='\t' '$1 == "mlc_shift_add" && $3 ~ /Cols=(128|256)/ {print $2 ": " $3, $6, $9}' "$build/synth/rows.tsv"
    awk -F'\t' -v OFS='\t' 'NR > 2 && $1 !~ /sar/ {print "tried: " $1, $2, $3}' synth/mlc_shift_add/tried.tsv
} | pareto synthesis_pareto_mlc.svg "mlc_shift_add: one or two bits a cell, and one for good"
