# SPDX-License-Identifier: Apache-2.0
# Toggles a clock of each cell's output: awk -f scripts/activity.awk net.v wave.vcd, for the instance u_dut. A netlist of several
# modules comes flattened, so that its names are the waveform's paths.
# From the netlist: net -> pin of the cell that drives it. From the waveform: toggles of each net, vectors bit by bit.
FNR == 1 {file++}
file == 1 {
    if ($1 ~ /^[A-Z][A-Z0-9]*$/ && $2 ~ /_[0-9]+_$/) {
        cell = $2
        sub(/^\\/, "", cell)
    }
    if (match($1, /^\.(Y|YC|YS|Q)\(/)) {
        net = substr($0, index($0, "(") + 1)
        sub(/ *\),?$/, "", net)
        sub(/^\\/, "", net)
        gsub(/ /, "", net)
        pin[net] = cell "/" substr($1, 2, index($1, "(") - 2)
    }
    next
}
$1 == "$scope" {
    inside[++depth] = inside[depth - 1] || $3 == "u_dut"
    path[depth] = inside[depth - 1] ? path[depth - 1] $3 "." : ""
    next
}
$1 == "$upscope" {depth--; next}
$1 == "$var" {
    if ($5 == "clk_i") clock = $4
    if (inside[depth] && !($4 in name)) {name[$4] = path[depth] $5; width[$4] = $3}
    else if (inside[depth]) also[path[depth] $5] = $4
    next
}
/^[01]/ {
    id = substr($0, 2)
    if (id in name || id == clock) {
        if (id in last && last[id] != substr($0, 1, 1)) count[id, 0]++
        last[id] = substr($0, 1, 1)
    }
    next
}
/^b/ && ($2 in name) {
    value = substr($1, 2)
    if ($2 in last && last[$2] != value) {
        n = length(value)
        for (i = 1; i <= n; i++) if (substr(value, i, 1) != substr(last[$2], i, 1)) count[$2, n - i]++
    }
    last[$2] = value
}
END {
    clocks = count[clock, 0] / 2
    for (id in name) for (bit = 0; bit < width[id]; bit++) seen[name[id] (width[id] > 1 ? "[" bit "]" : "")] = count[id, bit] + 0
    for (other in also) {
        id = also[other]
        for (bit = 0; bit < width[id]; bit++) seen[other (width[id] > 1 ? "[" bit "]" : "")] = count[id, bit] + 0
    }
    for (net in pin) {
        if (net in seen) print pin[net], seen[net] / clocks
        else missing++
    }
    printf "%d clocks, %d pins without a waveform\n", clocks, missing + 0 >"/dev/stderr"
    exit missing > 0
}
