#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every folder of examples/: what it prints, in full where that is fixed. TAP: tests/examples.sh DATA
cd "$(dirname "$0")/.." || exit 1
build=$(realpath "${PERIMETER_BUILD:-build}")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export PERIMETER="$build/perimeter" PKG_CONFIG_PATH="$build" OMP_NUM_THREADS=2 OBJCACHE="$(command -v ccache || true)"
failed=0
check() { # name status
    if [ "$2" = 0 ]; then echo "ok - examples: $1"; else
        sed 's/^/# /' "$work/log"
        echo "not ok - examples: $1"
        failed=1
    fi
}
has() { # name LINE: what was printed has it
    grep -qxF -- "$2" "$work/log"
    check "$1" $?
}
try() { # FOLDER COMMAND...
    mkdir -p "$work/$1"
    folder=$1
    shift
    "$@" >"$work/log" 2>&1
    check "$folder runs" $?
}

try vectors examples/vectors/run.sh "$work/vectors"
has "vectors: both engines agree" "  both engines agree: 68 integers compared"
[ "$(grep -c '^token [0-3]: shift' "$work/log")" = 4 ]
check "vectors: four tokens come back" $?

try golden_c examples/golden_c/run.sh "$work/golden_c"
grep -q '^16 sums, 0 differ from x w; [0-9]* accesses instead of 64; y\[0\] = -*[0-9]*, as 8 bits -*[0-9]* \* 2^[0-9]*$' "$work/log"
check "golden_c: sums are exact" $?

if command -v verilator >/dev/null; then
    try own_macro examples/own_macro/run.sh "$work/own_macro"
    grep -q '^200 vectors, 800 sums, 0 wrong; [0-9]* reads of the array, 3200 in fixed windows of eight rows$' "$work/log"
    check "own_macro: sums are right, and fewer reads than windows have" $?
    reads=$(sed -n 's/.* wrong; \([0-9]*\) reads.*/\1/p' "$work/log")
    [ "${reads:-0}" -gt 1200 ] && [ "$reads" -lt 2600 ]
    check "own_macro: $reads reads" $?
else
    echo "ok - examples: own_macro # SKIP verilator is not installed"
fi

# Slurm's commands, as far as the script goes: sbatch reads the options and sets the folder, srun starts the tasks.
mkdir "$work/bin"
cat >"$work/bin/srun" <<'END'
#!/bin/sh
exec mpirun --allow-run-as-root --oversubscribe -n 3 "$@"
END
cat >"$work/bin/sbatch" <<'END'
#!/bin/sh
grep -q '^#SBATCH --ntasks=[0-9]' "$1" && [ "$(head -1 "$1")" = '#!/bin/sh' ] || exit 1
SLURM_SUBMIT_DIR=$PWD exec sh "$1"
END
chmod +x "$work/bin/srun" "$work/bin/sbatch"
try cluster env PATH="$work/bin:$PATH" OUTPUT="$work/sweep.jsonl" sbatch examples/cluster/sweep.slurm
[ "$(wc -l <"$work/sweep.jsonl")" = 7 ] && grep -q 'front' "$work/sweep.html"
check "cluster: six points behind the heading, and a page" $?
cp "$work/sweep.jsonl" "$work/whole"
head -c 1500 "$work/whole" >"$work/sweep.jsonl"
try cluster env PATH="$work/bin:$PATH" OUTPUT="$work/sweep.jsonl" sbatch examples/cluster/sweep.slurm
cmp -s "$work/whole" "$work/sweep.jsonl"
check "cluster: a job that was ended goes on, and ends with the same file" $?

FOLDER=$work/onnx
export FOLDER
mkdir "$FOLDER"
try onnx_to_joules examples/onnx_to_joules/run.sh
grep -q '^8 rows: same class [0-9.]* %, SQNR [0-9.]* dB$' "$work/log" && grep -q '  energy_uj_per_inference  *[0-9.]* [MSXA]  uJ' "$work/log"
check "onnx_to_joules: accuracy and joules" $?
[ "$(tail -n 1 "$work/log" | cut -d: -f1)" = "$FOLDER/report.html" ] && grep -q 'convs.3' "$FOLDER/report.html"
check "onnx_to_joules: a page" $?

# The attention engine as a processor's peripheral, on a network's own tokens.
"$build/examples/flare_apb" models/fashion-vit "$1" || failed=1

# Arrays of three families, each with the block beside it: mapped, timed, ready for scan, without X.
flow/examples.py || failed=1

exit $failed
