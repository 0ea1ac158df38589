# SPDX-License-Identifier: Apache-2.0
# Draws a timing diagram as SVG from a waveform of a bench:
#   awk -v signals="x_valid x_ready mask" -v clocks=14 [-v skip=0] -f scripts/timing.awk wave.vcd >docs/figures/timing_x.svg
# Signals are the bench's own, by name; the drawing starts `skip` clocks before the first signal is 1 for the first time. What is
# drawn for a clock is what the flops take at its end. Vectors are hexadecimal, long ones cut to their low 32 bits.
BEGIN {
    n = split(signals, signal, " ")
    for (i = 1; i <= n; i++) wanted[signal[i]] = i
}
$1 == "$scope" {depth++; next}
$1 == "$upscope" {depth--; next}
$1 == "$var" {
    if (depth == 2 && ($5 in wanted)) {index_of[$4] = index_of[$4] " " wanted[$5]; width[wanted[$5]] = $3}
    if (depth == 2 && $5 == "clk_i") clock = $4
    next
}
/^[01b]/ {
    if ($1 ~ /^b/) {value = substr($1, 2); id = $2} else {value = substr($0, 1, 1); id = substr($0, 2)}
    if (id == clock && value == 1) {
        # Everything before this edge is settled: a clock ends.
        if (started || at[1] ~ /1/) {
            if (!started) {started = 1; from = edge - skip < 0 ? 0 : edge - skip}
        }
        for (i = 1; i <= n; i++) row[i, edge] = at[i]
        edge++
        if (started && edge >= from + clocks) exit
    }
    m = split(index_of[id], at_index, " ")
    for (k = 1; k <= m; k++) at[at_index[k]] = value
}
function hex(bits,   text, i, digit) {
    if (length(bits) > 32) bits = substr(bits, length(bits) - 31)
    while (length(bits) % 4) bits = "0" bits
    for (i = 1; i <= length(bits); i += 4) {
        digit = 8 * substr(bits, i, 1) + 4 * substr(bits, i + 1, 1) + 2 * substr(bits, i + 2, 1) + substr(bits, i + 3, 1)
        text = text sprintf("%x", digit)
    }
    sub(/^0+/, "", text)
    return text == "" ? "0" : text
}
END {
    if (!started) {
        print "timing.awk: " signal[1] " is never 1" >"/dev/stderr"
        exit 2
    }
    for (i = 1; i <= n; i++) if (!(i in width)) {
        print "timing.awk: the bench has no signal " signal[i] >"/dev/stderr"
        exit 2
    }
    left = 130; cell = 64; line = 30; top = 30
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"11\">\n",
        left + clocks * cell + 10, top + n * line + 10
    print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
    for (c = 0; c < clocks; c++) {
        x = left + c * cell
        printf "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#ccc\" stroke-dasharray=\"2 2\"/>", x, top - 8, x, top + n * line
        printf "<text x=\"%d\" y=\"14\" text-anchor=\"middle\" fill=\"#888\">%d</text>\n", x + cell / 2, c
    }
    for (i = 1; i <= n; i++) {
        y = top + (i - 1) * line
        printf "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", left - 8, y + 15, signal[i]
        path = ""
        for (c = 0; c < clocks; c++) {
            x = left + c * cell
            value = row[i, from + c]
            if (width[i] == 1) {
                level = y + (value == 1 ? 3 : 19)
                path = path sprintf("%s%d,%d %d,%d", c ? " " : "", x, level, x + cell, level)
            } else if (c == 0 || value != row[i, from + c - 1]) {
                for (e = c + 1; e < clocks && row[i, from + e] == value; e++);
                printf "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"16\" rx=\"4\" fill=\"#eef\" stroke=\"#336\"/>", x + 1, y + 3, (e - c) * cell - 2
                printf "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x + (e - c) * cell / 2, y + 15, hex(value)
            }
        }
        if (path != "") printf "<polyline points=\"%s\" fill=\"none\" stroke=\"#336\" stroke-width=\"1.5\"/>\n", path
    }
    print "</svg>"
}
