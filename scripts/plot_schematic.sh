#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Draws docs/figures/schematic_BLOCK.svg of each block's top from its RTL; needs graphviz. scripts/plot_schematic.sh [BLOCK ...]
set -eu
cd "$(dirname "$0")/.."
build=${PERIMETER_BUILD:-build}
mkdir -p "$build/schematic" docs/figures
[ $# -gt 0 ] || set -- $(ls rtl | grep -v common)
for block in "$@"; do
    j=$build/schematic/$block
    # Sizes do not show: the smallest configuration will do.
    set=
    small=$(sed -n "s/^elaborate pm_$block //p" "synth/$block/small" 2>/dev/null) || small=
    for p in ${small:-$(sed -nE "/\\| *pm_$block *\\|.*\\bfast\\b/{s/^[^|]*\\|[^|]*\\|([^|]*)\\|.*/\\1/p;q}" "synth/$block/configs")}; do
        set="$set -set ${p%%=*} ${p#*=}"
    done
    yosys -q -p "read_verilog -sv $(scripts/files.sh "$block" | tr '\n' ' '); ${set:+chparam$set pm_$block;}
        hierarchy -check -top pm_$block; rename -top pm_$block;
        proc; opt_expr; opt_clean; opt_dff; opt_expr; opt_clean; write_json $j.json" >"$j.log" 2>&1
    python3 scripts/schematic.py "$j.json" "pm_$block" >"$j.dot"
    dot -Tsvg "$j.dot" >"$j.svg"
    mv "$j.svg" "docs/figures/schematic_$block.svg"
    echo "docs/figures/schematic_$block.svg"
done
