#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Coverage: of the RTL's lines and toggles by the benches (Verilator), of the C's lines by the unit tests (gcov).
# scripts/coverage.sh [BLOCK] prints one page, build/coverage/report, and writes build/coverage/summary.json; fails where less than
# $PERIMETER_COVERAGE_LEAST % (99) of the RTL's lines or of its toggles are reached. tb/BLOCK/coverage names the bench's models that are run, small
# ones of every kind; a bench whose data are newer than its sources is not run again. A point is covered where any instance of its
# module in any of these reaches it: a line that is executed, a bit that changes after the reset or from run to run.
# Exclusions are `verilator coverage_off` in the source, with the reason.
set -eu
cd "$(dirname "$0")/.."
build=${PERIMETER_BUILD:-build}
out=$build/coverage
mkdir -p "$out/rtl" "$out/c"
blocks=${1:-$(for t in tb/*/*_tb.c; do basename "$(dirname "$t")"; done)}
for b in $blocks; do
    # shellcheck disable=SC2046
    if [ ! -e "$out/rtl/$b.done" ] || [ -n "$(find $(scripts/files.sh "$b") "tb/$b" tb/common -type f -newer "$out/rtl/$b.done" -print -quit)" ]; then
        rm -f "$out/rtl/$b"-* "$out/rtl/$b.done"
        PERIMETER_COVERAGE=$out/rtl/$b PERIMETER_MODELS=$(paste -sd, "tb/$b/coverage") "$build/tb/${b}_tb" >"$out/rtl/$b.log" 2>&1 || {
            echo "scripts/coverage.sh: the bench of $b fails, see $out/rtl/$b.log" >&2
            exit 1
        }
        [ "$(find "$out/rtl" -name "$b-*.dat" | wc -l)" = "$(wc -l <"tb/$b/coverage")" ] || {
            echo "scripts/coverage.sh: the bench of $b does not know a model of tb/$b/coverage" >&2
            exit 1
        }
        touch "$out/rtl/$b.done"
    fi
done
# One point a line: file, line, kind, object (of toggles), reached by any instance. Fields in a .dat are \001name\002value.
cat "$out"/rtl/*.dat | awk '
    /^C / {
        n = $NF
        k = split($0, part, "\001")
        delete f
        for (i = 2; i <= k; i++) { j = index(part[i], "\002"); f[substr(part[i], 1, j - 1)] = substr(part[i], j + 1) }
        if (f["f"] !~ /^rtl\//) next
        kind = f["page"] ~ /^v_toggle/ ? "toggle" : "line"
        key = f["f"] " " f["l"] " " kind " " f["n"] ":" f["o"]
        hit[key] = hit[key] || n >= (kind == "line" ? 1 : 2)
    }
    END { for (key in hit) print key, hit[key] }' | sort >"$out/points.tmp"
mv "$out/points.tmp" "$out/points"
# The C, with the unit tests and without optimisation.
flags="-std=c11 -D_GNU_SOURCE -O0 -fopenmp -ffp-contract=off -Iinclude/perimeter -Icmodel -Isrc -I. -Itb/common $(pkg-config --cflags ompi-c)"
for c in cmodel/*.c cmodel/analog/*.c cmodel/io/*.c cmodel/net/*.c cmodel/kernels/*.c src/*.c src/op/*.c; do
    o=$out/c/$(echo "$c" | tr / _ | sed 's/\.c$/.o/')
    [ -e "$o" ] && [ -z "$(find cmodel src -name '*.[ch]' -newer "$o" -print -quit)" ] && continue
    # shellcheck disable=SC2086
    gcc $flags --coverage -DPM_SOURCE_DIR="\"$PWD\"" -c -o "$o" "$c"
    rm -f "${o%.o}.gcda"
done
for t in tests/*_test.c; do
    bin=$out/c/$(basename "$t" .c)
    # shellcheck disable=SC2046,SC2086
    gcc $flags -DPM_SOURCE_DIR="\"$PWD\"" -o "$bin" "$t" $(ls "$out"/c/*.o | grep -v src_main.o) --coverage \
        -lcmocka -fopenmp -lmpi -lcjson -llapacke -lopenblas -lz -lm -ldl
    "$bin" >"$bin.log" 2>&1 || {
        echo "scripts/coverage.sh: $t fails, see $bin.log" >&2
        exit 1
    }
done
gcov -n "$out"/c/*.gcda 2>/dev/null | awk -F"'" '/^File/ { f = $2 } /^Lines executed/ && f ~ /^(cmodel|src)\// && f ~ /\.c$/ {
    split($0, p, /[:% ]+/); print f, p[3], $NF; f = "" }' | sed 's/Lines executed:.* of //' | sort -u >"$out/c.tmp"
mv "$out/c.tmp" "$out/c.points"
{
    printf '%-44s %8s %8s %8s %8s\n' module lines 'line, %' toggles 'toggle, %'
    awk 'function percent(k) { return n[k] ? 100 * c[k] / n[k] : 100 }
        { f[$1]; n[$1, $3]++; c[$1, $3] += $NF > 0; n["all", $3]++; c["all", $3] += $NF > 0 }
        function row(x) { printf "%-44s %8d %8.2f %8d %8.2f\n", x, n[x, "line"], percent(x SUBSEP "line"), n[x, "toggle"], percent(x SUBSEP "toggle") }
        END { for (x in f) row(x); row("all") }' "$out/points" | sort
    echo
    printf '%-44s %8s %8s\n' source lines 'line, %'
    awk '{ printf "%-44s %8d %8.2f\n", $1, $3, $2; n += $3; c += $2 * $3 / 100 } END { printf "%-44s %8d %8.2f\n", "all", n, 100 * c / n }' "$out/c.points"
    echo
    echo "RTL points that no bench reaches:"
    awk '$NF == 0 { print "  " $1 ":" $2, $3, $4 }' "$out/points"
} >"$out/report.tmp"
mv "$out/report.tmp" "$out/report"
cat "$out/report"
awk 'FILENAME ~ /c\.points$/ { cn += $3; cc += $2 * $3 / 100; if (/^cmodel/) { mn += $3; mc += $2 * $3 / 100 } next } { n[$3]++; c[$3] += $NF > 0 }
    END {
        printf "{\n \"rtl_line\": %.2f,\n \"rtl_toggle\": %.2f,\n \"c_line\": %.2f,\n \"c_line_model\": %.2f,\n", 100 * c["line"] / n["line"], 100 * c["toggle"] / n["toggle"], 100 * cc / cn, 100 * mc / mn
        printf " \"rtl_line_points\": %d,\n \"rtl_toggle_points\": %d,\n \"c_lines\": %d\n}\n", n["line"], n["toggle"], cn
    }' "$out/points" "$out/c.points" >"$out/summary.tmp"
mv "$out/summary.tmp" "$out/summary.json"
awk -v least="${PERIMETER_COVERAGE_LEAST:-99}" '{ n[$3]++; c[$3] += $NF > 0 }
    END { for (k in n) if (100 * c[k] < least * n[k]) { printf "not ok - coverage: %.2f %% of RTL %ss, %s wanted\n", 100 * c[k] / n[k], k, least; bad = 1 } exit bad }' \
    "$out/points"
