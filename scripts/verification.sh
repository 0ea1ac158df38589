#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the numbers of build/{formal,coverage,mutate,fuzz,regress} into docs/verification.md, between its marks, and a few lines into the
# README: scripts/verification.sh. What was not measured in this build folder is a dash.
set -eu
cd "$(dirname "$0")/.."
build=${PERIMETER_BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fill() { # FILE MARK TEXT: what stands between <!-- MARK --> and <!-- end -->
    awk -v mark="<!-- $2 -->" -v text="$3" '
        $0 == mark { print; while ((getline line <text) > 0) print line; skip = 1; next }
        skip && $0 == "<!-- end -->" { skip = 0 }
        !skip' "$1" >"$work/page"
    cmp -s "$work/page" "$1" || cp "$work/page" "$1"
}
fuzzed="npy safetensors json idx op vectors"
value() { sed -n "s/^ *\"$2\": *\([0-9.]*\).*/\1/p" "$build/$1/summary.json" 2>/dev/null | grep . || echo –; }
for f in formal/table coverage/points mutate/table; do [ -e "$build/$f" ] && cat "$build/$f" >"$work/$(dirname $f)" || : >"$work/$(dirname $f)"; done

{
    echo '| block | proofs unbounded | bounded | canaries caught | lines, % | toggles, % | mutants | killed | equivalent | survived | not judged |'
    echo '|---|---|---|---|---|---|---|---|---|---|---|'
    for b in $(ls rtl); do
        awk -F'|' -v b="$b" '$1 == b { p += $8 == "proven"; q += $8 == "bounded"; c += $9 == "caught" } END { printf "| `%s` | %d | %d | %d |", b, p, q, c }' "$work/formal"
        awk -v at="rtl/$b/" 'index($1, at) == 1 { n[$3]++; c[$3] += $NF > 0 }
            function percent(k) { return n[k] ? sprintf("%.1f", 100 * c[k] / n[k]) : "–" }
            END { printf " %s | %s |", percent("line"), percent("toggle") }' "$work/coverage"
        awk -v b="$b" '{ name = $1; sub(/-.*/, "", name) } name == b { n += $2; k += $3; e += $4; s += $5; u += $6 }
            END { if (n) printf " %d | %d | %d | %d | %d |\n", n, k, e, s - u, u; else print " – | – | – | – | – |" }' "$work/mutate"
    done
    awk -F'|' '{ p += $8 == "proven"; q += $8 == "bounded"; c += $9 == "caught" } END { printf "| all | %d | %d | %d |", p, q, c }' "$work/formal"
    echo " $(value coverage rtl_line) | $(value coverage rtl_toggle) | $(value mutate mutants) | $(value mutate killed) | $(value mutate equivalent) | $(awk '{ s += $5 - $6; u += $6 } END { printf "%d | %d", s, u }' "$work/mutate") |"
} >"$work/blocks"
fill docs/verification.md blocks "$work/blocks"

{
    echo
    echo "The C's lines by the unit tests alone: golden model (\`cmodel/\`) $(value coverage c_line_model) %, with the program in \`src/\`, which is tested as a
whole (\`tests/*.sh\`), $(value coverage c_line) %. The long regression so far: $(value regress integers_compared) integers compared,"
    echo "$(value regress integers_differ) differ. Fuzzing so far, executions: $(for t in $fuzzed; do printf '`%s` %s, ' $t "$(value fuzz $t)"; done)crashes $(value fuzz crashes)."
    echo
} >"$work/totals"
fill docs/verification.md totals "$work/totals"

{
    awk '{ n += $2; k += $3; e += $4; u += $6 } END { j = n - u; printf "Of %d mutants of the RTL %d were judged, %.1f %% of those not equivalent are killed;", n, j, (j > e ? 100 * k / (j - e) : 0) }' "$work/mutate"
    echo " $(value formal proven) proofs"
    echo "without a bound, $(value formal bounded) with one; benches reach $(value coverage rtl_line) % of the RTL's lines and $(value coverage rtl_toggle) % of its toggles."
    echo "The long regression compared $(value regress integers_compared) integers, $(value regress integers_differ) differ. Fuzzing ran each of $(echo "$fuzzed" | sed 's/ /, /g; s/\(.*\),/\1 and/')"
    echo "for at least $(for t in $fuzzed; do value fuzz $t; done | sort -n | head -1) executions; crashes $(value fuzz crashes)."
} >"$work/line"
fill README.md evidence "$work/line"
