#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Draws docs/figures/performance_attention.svg from build/bench/attention.dat (make bench); needs gnuplot.
set -eu
cd "$(dirname "$0")/.."
build=${PERIMETER_BUILD:-build}
[ -f "$build/bench/attention.dat" ] || { echo "plot_performance: $build/bench/attention.dat: missing, run make bench" >&2; exit 2; }
gnuplot <<END
set terminal svg size 1000,340 font "sans,12"
set output "docs/figures/performance_attention.svg"
set multiplot layout 1,3
data = "$build/bench/attention.dat"
set grid
set key left top
set ylabel "ms a layer, one thread"
set logscale xy 2
pick(w, h, n) = sprintf("< awk '\$1 !~ /#/ && (%s)' %s | sort -n -k1,1 -k3,3 -k2,2", (w > 0 ? sprintf("\$1 == %d", w) : "\$1 == 64 * \$2") . (h > 0 ? sprintf(" && \$2 == %d", h) : "") . (n > 0 ? sprintf(" && \$3 == %d", n) : ""), data)
set xlabel "D (128 tokens, d_k = 64)"
plot pick(0, 0, 128) using 1:4 with linespoints pointtype 7 notitle
set xlabel "tokens (D = 768, 12 heads)"
plot pick(768, 12, 0) using 3:4 with linespoints pointtype 7 notitle
set xlabel "heads (D = 768, 128 tokens)"
plot pick(768, 0, 128) using 2:4 with linespoints pointtype 7 notitle
END
