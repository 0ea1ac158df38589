#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Draws docs/figures/sar_linearity.svg: DNL and INL of the SAR model; needs gnuplot. scripts/plot_sar.sh [SIGMA]
set -eu
cd "$(dirname "$0")/.."
build=${PERIMETER_BUILD:-build}
mkdir -p "$build" docs/figures
gcc -std=c11 -O2 -Wall -Wextra -Werror -Iinclude/perimeter -Icmodel -o "$build/sar_linearity" scripts/sar_linearity.c \
    cmodel/sar_ctrl.c cmodel/analog/sar.c cmodel/analog/random.c -lm
"$build/sar_linearity" "${1:-0.02}" >"$build/sar_linearity.dat"
grep '^#' "$build/sar_linearity.dat"
gnuplot <<EOF
set terminal svg size 800,520 font "sans,12"
set output "docs/figures/sar_linearity.svg"
set multiplot layout 2,1 title "SAR model, unit capacitor sigma ${1:-0.02}: one converter (steps) and rms of 1000 (lines)"
set grid
set xrange [0:128]
set ylabel "DNL, LSB"
plot "$build/sar_linearity.dat" index 1 using 1:2 with steps title "7 bits", "" index 1 using 1:4 with lines title "7 bits, rms", \
     "" index 0 using 1:2 with steps title "6 bits", "" index 0 using 1:4 with lines title "6 bits, rms"
set ylabel "INL, LSB"
set xlabel "code"
plot "$build/sar_linearity.dat" index 1 using 1:3 with steps title "7 bits", "" index 1 using 1:5 with lines title "7 bits, rms", \
     "" index 0 using 1:3 with steps title "6 bits", "" index 0 using 1:5 with lines title "6 bits, rms"
EOF
echo "# wrote docs/figures/sar_linearity.svg"
