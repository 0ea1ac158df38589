#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Draws docs/figures/sawl.svg: conversion errors against simultaneously active wordlines; needs gnuplot. The data are what
# tests/array_test.c measures and what pm_array_code_error gives for the same cells and for FLARE's.
set -eu
cd "$(dirname "$0")/.."
build=${PERIMETER_BUILD:-build}
mkdir -p "$build" docs/figures
make -s "$build/libperimeter.a"
gcc -std=c11 -D_GNU_SOURCE -O2 -ffp-contract=off -Wall -Wextra -Werror -Iinclude/perimeter -Icmodel -o "$build/sawl" tests/array_test.c \
    "$build/libperimeter.a" -lcmocka -lm
CMOCKA_MESSAGE_OUTPUT=TAP "$build/sawl" >"$build/sawl.tap"
# all cells on, as many comparators as lines: lines, measured, closed form, closed form at 1.7%
awk '$2 == "sawl" && $3 == $5 && $5 + 0 == $7 + 0 && $9 == "0.050" { print $3, $11, $13 + 0, $NF }' \
    "$build/sawl.tap" >"$build/sawl.dat"
test "$(wc -l <"$build/sawl.dat")" -eq 9
gnuplot <<EOF
set terminal svg size 800,480 font "sans,12"
set output "docs/figures/sawl.svg"
set title "All wordlines on a stored 1, converter with as many comparators as lines"
set grid
set logscale y
set format y "10^{%L}"
set xlabel "simultaneously active wordlines"
set ylabel "P(code error) of a conversion"
set xrange [3.5:12.5]
set yrange [1e-20:1]
set xtics 1
set key bottom right
set arrow from 8.5, graph 0 to 8.5, graph 1 nohead dashtype 2
set label "6 sigma" at 8.45, 1e-18 right
plot "$build/sawl.dat" using 1:3 with lines title "sigma(R)/R 5%, closed form", \
     "" using 1:2 with points pointtype 7 title "sigma(R)/R 5%, measured", \
     "" using 1:4 with linespoints pointtype 4 title "sigma(R)/R 1.7% (FLARE), closed form"
EOF
echo "# wrote docs/figures/sawl.svg"
