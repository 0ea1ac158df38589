#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Draws docs/figures/timing_BLOCK.svg from simulations of the RTL: scripts/plot_timing.sh [BLOCK]
set -eu
cd "$(dirname "$0")/.."
build=${PERIMETER_BUILD:-build}
w=$build/timing
mkdir -p "$w" docs/figures
npy() { # name dtype shape values...
    name=$1
    shift
    "$build/tests/mknpy" "$w/$name.npy" "$@"
}
npy x16 '<i4' 3,16 1@-8..7
npy w8 '<i2' 16,2 1@-8..7
npy wide '<i8' 4,16 1@-20000..20000
npy logit '|i1' 3,16 1@-20..20
npy ne '<i4' 3 0 1 0
npy o '<i4' 3,2 1@-4000..4000
npy z '<i4' 3 900 3000 12000
npy vin '<i4' 3 1000 20000 30000
npy x8 '|i1' 1,64 1@-128..127
npy wh '|i1' 64,4 1@-128..127
npy a '<i4' 3 5 -7 100
npy b '<i4' 3 9 11 -3
npy xt '|i1' 3,8 1@-90..90
npy et '<i4' 3 0 1 0
npy wt '|i1' 8,8 1@-90..90
npy column '<i4' 5,3 1@-300..2400

# svg: the waveform of $block as docs/figures/timing_$block.svg
svg() {
    awk -v signals="$signals" -v clocks="$clocks" -v skip="${skip:-0}" -f scripts/timing.awk "$w/$block.vcd" >"$w/$block.svg"
    mv "$w/$block.svg" "docs/figures/timing_$block.svg"
    echo "docs/figures/timing_$block.svg"
}

# draw BLOCK "SIGNALS" CLOCKS [OP ARGUMENT...]: without an OP by scripts/timing_waves.c
draw() {
    block=$1
    signals=$2
    clocks=$3
    shift 3
    [ -z "$only" ] || [ "$only" = "$block" ] || return 0
    if [ $# = 0 ]; then PERIMETER_TRACE=vcd "$build/timing_waves" "$block" "$w/$block.vcd"; else
        PERIMETER_TRACE=vcd "$build/perimeter" op "$@" --engine rtl --wave "$w/$block.vcd" >"$w/$block.log"
    fi
    svg
}
only=${1:-}
draw bitsift "x_valid x_ready acc_valid acc_ready mask dummy plane neg last_plane last_vector" 16 \
    bitsift --in x="$w/x16.npy" --out accesses="$w/out.npy" --set bits=4 --set slice=8
draw emsbq "x_valid x_ready x y_valid y_ready y s" 10 emsbq --in x="$w/wide.npy" --out y="$w/out.npy" --out s="$w/out2.npy"
draw vdr_softmax "x_valid x_ready x x_last ne a_valid a_ready a a_last z" 16 \
    vdr-softmax --in x="$w/logit.npy" --in ne="$w/ne.npy" --out a="$w/out.npy" --out z="$w/out2.npy"
draw head_norm "o_valid o_ready o z y_valid y_ready y" 10 head-norm --in o="$w/o.npy" --in z="$w/z.npy" --out y="$w/out.npy"
draw nor_pim "valid ready a b strobes row result p_valid p_ready p" 16 nor-mul --in a="$w/a.npy" --in b="$w/b.npy" --out y="$w/out.npy"
draw flare_gemv "x_valid x_ready wl_valid wl_ready wl dwl wl_last cmp y_valid y_ready y" 18 \
    flare-gemv --in x="$w/x16.npy" --in w="$w/w8.npy" --out y="$w/out.npy" --set wbits=4
draw hyflex_gemv "x_valid x_ready wordlines read read_done hold column sample dac cmp" 20 \
    hyflex-gemv --in x="$w/x8.npy" --in w="$w/wh.npy" --out y="$w/out.npy"
draw flare_attention "x_valid x_ready x ex w_valid w_ready w_wl w_dwl w_cmp wr_valid wr_ready wr_token wr_k" 24 \
    flare-attention --in x="$w/xt.npy" --in ex="$w/et.npy" --in wq="$w/wt.npy" --in wk="$w/wt.npy" --in wv="$w/wt.npy" \
    --in wo="$w/wt.npy" --out y="$w/out.npy" --set heads=2 --set s0=0.6 --set e0=-12 --set mk=8 --set mv=8 --set kvb=4
draw sar_ctrl "start mode6 busy dac cmp c7_en valid code" 20 sar-ctrl --in vin_q8="$w/vin.npy" --out code="$w/out.npy"
draw kv_write "in_valid in_ready k v ex clear wr_valid wr_ready wr_token wr_k wr_v k_sat v_sat" 18
draw col_scan "plane_valid plane_ready tag read read_done hold track_bank scan_bank start column code_valid code code_column code_tag" 26
skip=16
draw mlc_shift_add "y_valid y_index y valid code column flip plane pop" 20
skip=0
draw shift_add "valid ready code side y_valid y_ready y" 14
draw therm_enc "cmp code" 6 therm-enc --in a="$w/column.npy" --out code="$w/out.npy"
