#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Draws docs/figures/sweep_*.svg from the specifications in docs/sweeps; needs gnuplot.
set -eu
cd "$(dirname "$0")/.."
build=${PERIMETER_BUILD:-build}
mkdir -p "$build/sweep" docs/figures
for s in accuracy_sigma errors_sawl boost_density; do
    "$build/perimeter" sweep "docs/sweeps/$s.json" --output "$build/sweep/$s.jsonl"
done
# field NAME: the value of a member, of every line that has it
lines() { tail -n +2 "$build/sweep/$1.jsonl" | tr -d '{}"' | tr ',' '\n' | awk -F: -v keys="$2" '
    BEGIN { n = split(keys, k, " ") }
    $1 == "point" && NR > 1 { show() }
    { v[$1] = $2 }
    END { show() }
    function show(  i, s) { for (i = 1; i <= n; i++) s = s (i > 1 ? " " : "") v[k[i]]; print s }'; }
lines accuracy_sigma "sigma-r accuracy_integer" >"$build/sweep/accuracy.dat"
lines errors_sawl "sigma-r lines error_rate closed_form" >"$build/sweep/errors.dat"
lines boost_density "mode rows density boost" >"$build/sweep/boost.dat"
gnuplot <<END
set terminal svg size 800,480 font "sans,12"
set grid
set output "docs/figures/sweep_accuracy.svg"
set xlabel "sigma(R)/R"
set ylabel "accuracy, first 100 images, three seeds"
plot "$build/sweep/accuracy.dat" using 1:2 with points pointtype 7 notitle
set output "docs/figures/sweep_errors.svg"
set xlabel "simultaneously active wordlines"
set ylabel "P(code error) of a conversion"
set logscale y
set format y "10^{%L}"
set yrange [1e-6:1]
set key bottom right
plot for [s in "0.03 0.05 0.08"] "$build/sweep/errors.dat" using 2:(\$1 == s ? \$3 : 1/0) with points title "measured, ".s, \
    for [s in "0.03 0.05 0.08"] "" using 2:(\$1 == s ? \$4 : 1/0) with lines title "closed form, ".s
set output "docs/figures/sweep_boost.svg"
unset format y
unset logscale
set xlabel "density of ones"
set ylabel "accesses of fixed windows over BitSift's"
set yrange [1:*]
set logscale y
set key top right
plot for [m in "split scan next"] "$build/sweep/boost.dat" \
    using 3:(strcol(1) eq m && \$2 == 1024 ? \$4 : 1/0) with linespoints title m.", D = 1024"
END
echo "# wrote docs/figures/sweep_accuracy.svg, sweep_errors.svg, sweep_boost.svg"
