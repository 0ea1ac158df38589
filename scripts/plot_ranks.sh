#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Draws docs/figures/ranks.svg and prints its table: accuracy against the share of ranks in 1-bit cells, for each order of the
# ranks and each programming error of 2-bit cells, the mean over drawings of the cells; needs gnuplot. Finished runs are
# kept in build/ranks.
# scripts/plot_ranks.sh [IMAGES [SEEDS]]
set -eu
cd "$(dirname "$0")/.."
build=${PERIMETER_BUILD:-build}
data=${DATA:-/usr/share/datasets/fashion-mnist}
images=${1:-1000}
mkdir -p "$build/ranks" docs/figures
seeds=${2:-5}
point() { # SIGMA ORDER PERCENT: accuracy in percent
    for seed in $(seq "$seeds"); do
        drawn="--set hyflex.mlc-sigma=$1 --seed $seed"
        [ "$3" != 100 ] || drawn= # no 2-bit cells are left
        file=$build/ranks/$images-$1-$2-$3-$seed.json
        # shellcheck disable=SC2086
        [ -f "$file" ] || "$build/perimeter" run models/fashion-vit --data "$data" --images "$images" \
            --place "ffn*=hyflex,cell=ranks,rank-order=$2,slc-percent=$3" $drawn --summary "$file" >/dev/null
        sed -n 's/^	"accuracy_integer":	\([0-9.]*\),*$/\1/p' "$file"
    done | awk '{ sum += $1 } END { printf "%.1f", 100 * sum / NR }'
}
table=$build/ranks/table
: >"$table"
for sigma in 0.025 0.132 0.174; do
    for order in gradient value random; do
        line="$sigma $order"
        for percent in 0 5 10 30 50 100; do
            same=$order # without a split the order is no matter
            case $percent in 0 | 100) same=gradient ;; esac
            line="$line $(point $sigma $same $percent)"
        done
        echo "$line" >>"$table"
        echo "| $line |" | sed 's/ / | /g; s/| | /| /; s/ | |$/ |/'
    done
done
# One block a line of the table, percent and accuracy.
awk '{ print "\"" $2 ", sigma " $1 "\""; split("0 5 10 30 50 100", p); for (i = 1; i <= 6; i++) print p[i], $(i + 2); print "\n" }' \
    "$table" >"$table.dat"
gnuplot <<END
set terminal svg size 800,480 font "sans,12"
set output "docs/figures/ranks.svg"
set title "Feed-forward matrices by ranks, $images images, mean of $seeds drawings"
set xlabel "ranks in 1-bit cells, %"
set ylabel "accuracy, %"
set grid
set key right bottom
plot for [i=0:8] "$table.dat" index i using 1:2 with linespoints linecolor (i/3 + 1) pointtype (i%3 + 4) dashtype i%3+1 title columnheader(1)
END
echo "# wrote docs/figures/ranks.svg"
