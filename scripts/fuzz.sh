#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fuzzes the loaders, the command line and, golden against RTL, the blocks: scripts/fuzz.sh [TARGET ...]
# libFuzzer with ASan and UBSan on tests/fuzz/TARGET.c, in chunks until $PERIMETER_FUZZ_RUNS executions (a million) are reached; each
# chunk's seed is in build/fuzz/TARGET.log, and what is done already counts. Begins with the inputs kept in tests/fuzz/TARGET/;
# new ones stay in build/fuzz/TARGET/. An input that fails is left as build/fuzz/TARGET.crash-...; once mended, it belongs to the kept ones.
set -eu
cd "$(dirname "$0")/.."
build=$(realpath -m "${PERIMETER_BUILD:-build}")
out=$build/fuzz
runs=${PERIMETER_FUZZ_RUNS:-1000000}
scripts/setup.sh clang libclang-rt-14-dev
mkdir -p "$out/obj"
[ $# -gt 0 ] || set -- npy safetensors json idx op vectors
flags="-std=c11 -D_GNU_SOURCE -g -O1 -Iinclude/perimeter -Icmodel -Isrc -I. -Itb/common -Wno-unknown-pragmas -ffp-contract=off -fno-omit-frame-pointer -DPM_SOURCE_DIR=\"$PWD\" $(pkg-config --cflags ompi-c)"
sanitize=address,undefined
sources=$(ls cmodel/*.c cmodel/analog/*.c cmodel/io/*.c cmodel/net/*.c cmodel/kernels/*.c src/*.c src/op/*.c | grep -vE '^src/(main|sweep.*|run|run_[^s].*)\.c$')
for c in $sources; do
    o=$out/obj/$(echo "$c" | tr / _).o
    [ -e "$o" ] && [ -z "$(find "$c" cmodel src -name '*.[ch]' -newer "$o" -print -quit)" ] && continue
    case $c in cmodel/kernels/avx*) # their target pragma is GCC's; no loader is in them
        # shellcheck disable=SC2086
        gcc $flags -c -o "$o" "$c"
        continue
        ;;
    esac
    # shellcheck disable=SC2086
    clang $flags -fsanitize=fuzzer-no-link,$sanitize -fno-sanitize-recover=undefined -c -o "$o" "$c"
done
failed=0
for t in "$@"; do
    # shellcheck disable=SC2086
    clang $flags -fsanitize=fuzzer,$sanitize -fno-sanitize-recover=undefined -o "$out/$t.fuzz" \
        "tests/fuzz/$t.c" "$out"/obj/*.o \
        $([ "$t" = vectors ] && echo -Wl,--wrap=pm_rtl_open,--wrap=pm_rtl_close) -lmpi -lcjson -llapacke -lopenblas -lz -lm -ldl
    mkdir -p "$out/$t"
    touch "$out/$t.log"
    done=$(awk '/^executions/ {n += $2} END {printf "%d", n}' "$out/$t.log")
    while [ "$done" -lt "$runs" ]; do
        chunk=$((runs - done < 50000 ? runs - done : 50000))
        seed=$((done + 1))
        # Its own output is kept in the log; the target's is closed.
        if ! "$out/$t.fuzz" -runs=$chunk -seed=$seed -max_len=4096 -timeout=600 -rss_limit_mb=4096 -print_final_stats=1 \
            -artifact_prefix="$out/$t." "$out/$t" "$PWD/tests/fuzz/$t" >"$out/$t.last" 2>&1; then
            echo "not ok - fuzz $t: seed $seed: $(grep -m1 -E 'ERROR|SUMMARY|runtime error|^tests/fuzz' "$out/$t.last"), see $out/$t.last"
            failed=1
            break
        fi
        n=$(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$t.last")
        echo "executions $n seed $seed $(grep -E 'cov: ' "$out/$t.last" | tail -1 | sed 's/.*\(cov: [0-9]*\).*/\1/')" >>"$out/$t.log"
        done=$((done + n))
        if [ -t 2 ]; then printf '\r%s: %d of %d' "$t" "$done" "$runs" >&2; fi
    done
    if [ -t 2 ]; then echo >&2; fi
    echo "# fuzz $t: $done executions"
done
{
    echo '{'
    for t in npy safetensors json idx op vectors; do
        [ -e "$out/$t.log" ] || continue
        printf ' "%s": %d,\n' "$t" "$(awk '/^executions/ {n += $2} END {printf "%d", n}' "$out/$t.log")"
    done
    echo " \"crashes\": $(find "$out" -name '*.crash-*' -o -name '*.leak-*' -o -name '*.timeout-*' -o -name '*.oom-*' | wc -l)"
    echo '}'
} >"$out/summary.tmp"
mv "$out/summary.tmp" "$out/summary.json"
exit $failed
