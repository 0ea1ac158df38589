#!/bin/sh
# What build/synth has, as build/synth/summary.json and as the tables of docs/synthesis.md and README.md.
#   scripts/synth_report.sh          writes them; needs every configuration (make synth)
#   scripts/synth_report.sh check    TAP: maps the configurations with `fast` and holds area and delay against the table in
#                                    docs/synthesis.md: more than 5% above it, or not in it, is a failure
set -eu
cd "$(dirname "$0")/.."
build=${PERIMETER_BUILD:-build}
tab=$(printf '\t')

# rows CONFIGURATION...: the JSON files' numbers, a line each: block config parameters cells um2 ge ge_per_bit registers delay slack
# levels start end reg_to_reg
rows() {
    for name in "$@"; do
        awk -v OFS='\t' 'function get(key, text) {
            if (!match(text, "\"" key "\": (\"[^\"]*\"|[-0-9.]+)")) return ""
            text = substr(text, RSTART + length(key) + 4, RLENGTH - length(key) - 4)
            gsub(/"/, "", text)
            return text
        }
        NR <= 3 {head = head $0}
        /"critical"/ {critical = $0}
        /"reg_to_reg"/ {rr = substr($0, index($0, "reg_to_reg"))}
        END {
            print get("block", head), get("config", head), get("parameters", head), get("cells", head), get("um2", head),
                get("ge", head), get("ge_per_bit", head), get("registers", head), get("delay_ns", head),
                get("slack_ns", critical), get("levels", critical), get("start", critical), get("end", critical), get("delay_ns", rr)
        }' "$build/synth/$name.json"
    done
}

if [ "${1:-}" = check ]; then
    failed=0
    for name in $(scripts/synth.sh list "" fast); do
        if ! scripts/synth.sh "$name" >&2; then
            echo "not ok - synthesis $name failed"
            failed=1
            continue
        fi
        rows "$name" | awk -F'\t' '
            NR == FNR {block = $1; config = $2; ge = $6; ns = $9; next}
            {n = split($0, c, / *\| */)}
            n > 9 && c[2] == block && c[3] == config {found = 1; table_ge = c[7]; table_ns = c[10]}
            END {
                ok = found && ge <= 1.05 * table_ge && ns <= 1.05 * table_ns
                printf "%s - synthesis %s-%s: %s GE, %s ns; the table has %s GE, %s ns\n", ok ? "ok" : "not ok", block, config,
                    ge, ns, found ? table_ge : "no", found ? table_ns : "no"
                exit !ok
            }' - docs/synthesis.md || failed=1
    done
    exit $failed
fi

for name in $(scripts/synth.sh list); do
    [ -e "$build/synth/$name.json" ] || {
        echo "scripts/synth_report.sh: $build/synth/$name.json is missing: make synth" >&2
        exit 2
    }
done
all=$build/synth/rows.tsv
# shellcheck disable=SC2046
rows $(scripts/synth.sh list) >"$all"
taps=$(find "$build/synth" -name 'netlist-*.tap*' | sort)

# shellcheck disable=SC2086
passed=$(cat $taps /dev/null | grep -c '^ok - netlist') || true
# shellcheck disable=SC2086
failed=$(cat $taps /dev/null | grep -c '^not ok') || true
awk -F'\t' -v passed="$passed" -v failed="$failed" '
    BEGIN {printf "{\"configurations\": ["}
    {printf "%s\n  {\"block\": \"%s\", \"config\": \"%s\", \"ge\": %s, \"um2\": %s, \"registers\": %s, \"delay_ns\": %s%s}", NR > 1 ? "," : "",
        $1, $2, $6, $5, $8, $9, $7 == "" ? "" : ", \"ge_per_bit\": " $7}
    END {printf "],\n \"netlist_regressions\": {\"passed\": %d, \"failed\": %d}}\n", passed, failed}' "$all" >"$build/synth/summary.json.tmp"
mv "$build/synth/summary.json.tmp" "$build/synth/summary.json"

table() {
    echo '| block | configuration | parameters | cells | um2 | GE | GE a bit | registers | delay, ns | slack at 5 ns | levels | critical path | register to register, ns | netlist |'
    echo '|---|---|---|---|---|---|---|---|---|---|---|---|---|---|'
    while IFS= read -r row; do
        name=$(echo "$row" | cut -f1,2 | tr "$tab" -)
        block=${name%%-*}
        checks=
        bench=$(awk -F' *[|] *' -v c="${name#*-}" '{sub(/^ +/, "")} $1 == c {print $6}' "synth/$block/configs")
        if [ -n "$bench" ] && grep -q '^# netlist bench .* 0 failed' "$build/synth/netlist-$block.tap"; then checks=bench; fi
        if grep -q "^ok - netlist $name equals" "$build/synth/netlist-$block.tap" 2>/dev/null; then checks="${checks:+$checks, }proven"; fi
        echo "$row" | awk -F'\t' -v checks="$checks" '{
            printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | `%s` to `%s` | %s | %s |\n",
                $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, checks
        }'
    done <"$all"
}

# Where the area is: modules of 2% and more, in the view that keeps the hierarchy.
where() {
    echo '| block | configuration | GE with hierarchy | own area of each module, times instances |'
    echo '|---|---|---|---|'
    for name in $(scripts/synth.sh list); do
        awk -v name="$name" -F'"' '/"module"/ {
            split($0, n, /"(instances|ge|share)": /)
            count = n[2] + 0; ge = n[3] + 0; share = n[4] + 0; sum += ge
            if (share >= 0.02) text = text sprintf("%s%s%s %.0f%%", text == "" ? "" : ", ", substr($0, index($0, "\"pm_") + 1,
                index(substr($0, index($0, "\"pm_") + 1), "\"") - 1), count > 1 ? " x" count : "", 100 * share)
        }
        END {if (text != "") printf "| %s | %s | %.0f | %s |\n", substr(name, 1, index(name, "-") - 1), substr(name, index(name, "-") + 1),
            sum, text}' "$build/synth/$name.json"
    done
}

# fill FILE MARK: what stands between the lines <!-- MARK --> and <!-- end --> becomes standard input
fill() {
    cat >"$build/synth/fill"
    awk -v mark="<!-- $2 -->" -v from="$build/synth/fill" '
        $0 == mark {print; while ((getline line < from) > 0) print line; skip = 1; found = 1; next}
        $0 == "<!-- end -->" {skip = 0}
        !skip {print}
        END {exit !found}' "$1" >"$build/synth/filled" || {
        echo "scripts/synth_report.sh: $1 has no line <!-- $2 -->" >&2
        exit 2
    }
    cmp -s "$build/synth/filled" "$1" || cp "$build/synth/filled" "$1"
}
table | fill docs/synthesis.md synthesis
where | fill docs/synthesis.md hierarchy
echo "$(wc -l <"$all") configurations, $passed netlist checks passed, $failed failed: build/synth/summary.json, docs/synthesis.md"
[ "$failed" = 0 ]
