#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What build/synth has, as build/synth/summary.json and as the tables of docs/synthesis.md and README.md.
#   scripts/synth_report.sh          writes them; fails where a configuration is missing (make synth)
#   scripts/synth_report.sh check    TAP: maps the configurations with `fast` and holds area and delay against the table in
#                                    docs/synthesis.md: more than 5% above it, or not in it, is a failure
#   scripts/synth_report.sh fill FILE MARK   puts standard input between <!-- MARK --> and <!-- end --> of FILE
set -eu
cd "$(dirname "$0")/.."
build=${PERIMETER_BUILD:-build}
tab=$(printf '\t')

# measured CONFIGURATION: the numbers in its JSON file: block config parameters cells um2 ge ge_per_bit registers delay slack
# levels start end reg_to_reg
measured() {
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
    }' "$build/synth/$1.json"
}

# tabled CONFIGURATION: its row in docs/synthesis.md, as measured prints it
tabled() {
    awk -F' *[|] *' -v OFS='\t' -v name="$1" 'NF > 9 && $2 "-" $3 == name {
        split($13, path, "`")
        print $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, path[2], path[4], $14
    }' docs/synthesis.md
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
if [ "${1:-}" = fill ]; then
    fill "$2" "$3"
    exit
fi

if [ "${1:-}" = check ]; then
    failed=0
    for name in $(scripts/synth.sh list "" fast); do
        if ! scripts/synth.sh "$name" >&2; then
            echo "not ok - synthesis $name failed"
            failed=1
            continue
        fi
        {
            measured "$name"
            tabled "$name"
        } | awk -F'\t' -v name="$name" '
            NR == 1 {ge = $6; ns = $9; next}
            {table_ge = $6; table_ns = $9}
            END {
                found = NR > 1
                ok = found && ge <= 1.05 * table_ge && ns <= 1.05 * table_ns
                printf "%s - synthesis %s: %s GE, %s ns; the table has %s GE, %s ns\n", ok ? "ok" : "not ok", name, ge, ns,
                    found ? table_ge : "no", found ? table_ns : "no"
                exit !ok
            }' || failed=1
    done
    exit $failed
fi

# What could not be made has no row, which is a failure in the end; what takes long and is not made keeps its row.
made=
missing=0
all=$build/synth/rows.tsv
for name in $(scripts/synth.sh list "" all); do
    if [ -e "$build/synth/$name.json" ]; then
        made="$made $name"
        measured "$name"
    elif scripts/synth.sh list "" long | grep -qx "$name"; then
        tabled "$name"
    else
        echo "scripts/synth_report.sh: $build/synth/$name.json is missing" >&2
        missing=$((missing + 1))
    fi
done >"$all"
taps=$(find "$build/synth" -name 'netlist-*.tap*' | sort)

# shellcheck disable=SC2086
passed=$(cat $taps /dev/null | grep -c '^ok - netlist') || true
# shellcheck disable=SC2086
failed=$(cat $taps /dev/null | grep -c '^not ok') || true
awk -F'\t' -v passed="$passed" -v failed="$failed" '
    BEGIN {printf "{\"configurations\": ["}
    {printf "%s\n  {\"block\": \"%s\", \"config\": \"%s\", \"ge\": %s, \"um2\": %s, \"registers\": %s, \"delay_ns\": %s%s}", (NR > 1 ? "," : ""),
        $1, $2, $6, $5, $8, $9, ($7 == "" ? "" : ", \"ge_per_bit\": " $7)}
    END {printf "],\n \"netlist_regressions\": {\"passed\": %d, \"failed\": %d}}\n", passed, failed}' "$all" >"$build/synth/summary.json.tmp"
mv "$build/synth/summary.json.tmp" "$build/synth/summary.json"

# Accesses that a configuration of BitSift needs for a vector, by the golden model: of Gaussian vectors; of the network's.
accesses() { # block parameters
    case $1 in bitsift | flare_gemv) ;; *) return 0 ;; esac
    # shellcheck disable=SC2046
    "$build/accesses" $(echo "$2" | awk '{
        p["Bits"] = 8
        for (i = 1; i <= NF; i++) {split($i, kv, "="); p[kv[1]] = kv[2]}
        print p["Rows"], p["Bits"], p["Slice"], p["Scan"]
    }') "$build/synth/vectors/x.npy" | paste -sd';' | sed 's/;/; /'
}

table() {
    echo '| block | configuration | parameters | cells | um2 | GE | GE a bit | registers | delay, ns | slack at 5 ns | levels | critical path | register to register, ns | accesses | netlist |'
    echo '|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|'
    while IFS= read -r row; do
        name=$(echo "$row" | cut -f1,2 | tr "$tab" -)
        block=${name%%-*}
        checks=
        if grep -q "^ok - netlist $name passes the bench" "$build/synth/netlist-$block.tap" 2>/dev/null; then checks=bench; fi
        if grep -q "^ok - netlist $name equals the RTL" "$build/synth/netlist-$block.tap" 2>/dev/null; then checks="${checks:+$checks, }proven"; fi
        accesses=$(accesses "$block" "$(echo "$row" | cut -f3)")
        echo "$row" | awk -F'\t' -v checks="$checks" -v accesses="$accesses" '{
            printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | `%s` to `%s` | %s | %s | %s |\n",
                $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, accesses, checks
        }'
    done <"$all"
}

# Where the area is: modules of 2% and more, in the view that keeps the hierarchy.
where() {
    echo '| block | configuration | GE with hierarchy | own area of each module, times instances |'
    echo '|---|---|---|---|'
    for name in $made; do
        awk -v name="$name" -F'"' '/"module"/ {
            split($0, n, /"(instances|ge|share)": /)
            module = substr($0, index($0, "\"pm_") + 1)
            module = substr(module, 1, index(module, "\"") - 1)
            if (!(module in count)) order[++modules] = module
            count[module] += n[2]; share[module] += n[4]; sum += n[3]
        }
        END {
            for (i = 1; i <= modules; i++) {
                m = order[i]
                if (share[m] >= 0.02) text = text sprintf("%s%s%s %.0f%%", text == "" ? "" : ", ", m, count[m] > 1 ? " x" count[m] : "", 100 * share[m])
            }
            if (text != "") printf "| %s | %s | %.0f | %s |\n", substr(name, 1, index(name, "-") - 1), substr(name, index(name, "-") + 1),
                sum, text
        }' "$build/synth/$name.json"
    done
}

table | fill docs/synthesis.md synthesis
where | fill docs/synthesis.md hierarchy
table | awk -F'|' 'NR <= 2 || !seen[$2]++' | cut -d'|' -f1-4,7-10,16- | fill README.md synthesis # a block's first
python3 flow/plot.py synthesis
echo "$(wc -l <"$all") configurations, $passed netlist checks passed, $failed failed: build/synth/summary.json, docs/synthesis.md"
[ "$failed" = 0 ] && [ $missing = 0 ]
