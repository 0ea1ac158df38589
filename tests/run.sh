#!/bin/sh
# `perimeter run`: a small run whose numbers are bounded on both sides, and bad input under ASan and UBSan. TAP.
cd "$(dirname "$0")/.." || exit 1
build=${PERIMETER_BUILD:-build}
data=${DATA:-/usr/share/datasets/fashion-mnist}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=2
failed=0
check() { # name status
    if [ "$2" = 0 ]; then echo "ok - run: $1"; else
        echo "not ok - run: $1"
        failed=1
    fi
}
# between KEY LOW HIGH: a number of the summary
between() {
    value=$(sed -n "s/^	\"$1\":	\([-0-9.e+]*\),*$/\1/p" "$work/summary.json" | head -1)
    awk -v v="$value" -v lo="$2" -v hi="$3" 'BEGIN { exit !(v != "" && v >= lo && v <= hi) }'
    check "$1 = $value within $2..$3" $?
}

"$build/perimeter" run models/fashion-vit --data "$data" --engine both --images 600 --rtl-images 1 \
    --ablation-images 100 --summary "$work/summary.json" >"$work/out" 2>"$work/err"
check "both engines end with status 0" $?
# 3 layers x (49 tokens x (6 x 64 + 2 x 4 x 49 + 4 + 1) + 3 flags)
between integers_compared 114816 114816
between integers_differ 0 0
between images_golden 600 600
between images_rtl 1 1
between accuracy_float 0.90 0.94
between accuracy_integer 0.90 0.94
between same_class 0.98 1
between boost 2.3 2.8
between saturated_k 0 0
between zero_z 0 0
between traffic_elements 28224 28224
ratio=$(sed -n 's/^	"\(cycles\|bound\)_per_token":	\([0-9.]*\),*$/\2/p' "$work/summary.json" | xargs | awk '{print $1 / $2}')
awk -v r="$ratio" 'BEGIN { exit !(r >= 0.97 && r <= 1.05) }'
check "clocks a token over the bound = $ratio within 0.97..1.05" $?

# The result depends neither on threads nor on the folder.
for t in 1 3; do
    "$build/perimeter" run models/fashion-vit --data "$data" --images 64 --threads $t --noise 1 --sigma-r 0.06 \
        --summary "$work/t$t.json" >/dev/null 2>&1
    grep -v -E 'seconds|threads' "$work/t$t.json" >"$work/t$t.text"
done
cmp -s "$work/t1.text" "$work/t3.text" && [ -s "$work/t1.text" ]
check "1 and 3 threads give the same summary, noise on" $?

# bad NAME ARGUMENTS...: status 2, one line that holds $want, no summary left
bad() {
    name=$1
    shift
    "$build/asan/perimeter" run "$@" --summary "$work/bad/summary.json" >/dev/null 2>"$work/err"
    status=$?
    [ $status = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q -- "$want" "$work/err" &&
        [ -z "$(ls "$work/bad")" ]
    result=$?
    [ $result = 0 ] || sed 's/^/# /' "$work/err"
    check "$name is refused" $result
}
mkdir "$work/bad"
good="models/fashion-vit --data $data"
want=missing bad "no data" models/fashion-vit
want=MODEL bad "no network" --data "$data"
want=/nowhere bad "a network that is not there" /nowhere --data "$data"
want=/nowhere bad "data that is not there" models/fashion-vit --data /nowhere
want=engine bad "an unknown engine" $good --engine fast
want=images bad "too many images" $good --images 20000
want=--images bad "a fraction of an image" $good --images 1.5
want=--seed bad "a setting given twice" $good --seed 1 --seed 2
want=norm bad "norm=none in RTL" $good --engine both --norm none
want=sigma-r bad "a setting that would be ignored" $good --sigma-r 0.02
want=rtl-images bad "RTL images without RTL" $good --rtl-images 3
want=--nonsense bad "an unknown option" $good --nonsense
echo '{"images": 5, "colour": 1}' >"$work/c.json"
want=colour bad "an unknown setting in a file" $good --config "$work/c.json"
echo '{"images": 5' >"$work/c.json"
want=c.json bad "a truncated configuration" $good --config "$work/c.json"
cp -r models/fashion-vit "$work/m"
head -c 1000 models/fashion-vit/model.safetensors >"$work/m/model.safetensors"
want=model.safetensors bad "a truncated network" "$work/m" --data "$data"
mkdir "$work/d"
cp "$data"/t10k-labels-idx1-ubyte.gz "$work/d"
head -c 5000 "$data/t10k-images-idx3-ubyte.gz" >"$work/d/t10k-images-idx3-ubyte.gz"
want=t10k-images bad "truncated images" models/fashion-vit --data "$work/d" --images 100
rm -r "$work/bad"
"$build/asan/perimeter" run $good --images 1 --summary "$work/bad/summary.json" >/dev/null 2>"$work/err"
[ $? = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && [ ! -e "$work/bad" ]
check "an output folder that is not there is refused" $?
exit $failed
