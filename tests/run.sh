#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
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
! grep -q warning "$work/err"
check "without a warning" $?
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
between ffn_accuracy_slc 0.90 1
between ffn_accuracy_mlc 0.90 1
between ffn_accuracy_literal 0.90 1
between ffn_accuracy_sigma_0.025 0.90 1
between ffn_accuracy_sigma_0.132 0.80 0.99
between ffn_accuracy_sigma_0.174 0.75 0.98
between ffn_accuracy_6bit 0.1 0.8
between ffn_accuracy_weight_0.132 0.88 1
between ffn_accuracy_differential_0.132 0.88 1
[ "$(sed -n '/^	"noise_forms":/,/^	}/p' "$work/summary.json" | grep -cE '^		"(weight|cell|differential)":|"accuracy_integer":|"arrays":	(24|48),')" = 9 ]
check "three forms of noise, with their arrays" $?
between clips_literal 1 1000
between clips_literal_slc 0 0
# SLC and MLC, twice each: 3 layers x 49 vectors x (1,024 codes and 16 or 32 accumulators of 8 + 8 or 4 + 4 tiles, 192 sums)
between hyflex_integers_compared 7488912 7488912
between hyflex_integers_differ 0 0
# What each mapping costs: 3 layers of 8 + 8 SLC arrays, of 4 + 4 MLC arrays whose copies fill as many; ranks need more than these.
awk -F '"' '{ n = $3; gsub(/[:\t,]/, "", n); n = n == "null" ? n : n + 0 } /"variant":/ { v = $4 } /^\t\t\t"/ { c[v, $2] = n } /^\t\t"/ && !(("", $2) in c) { c["", $2] = n } END {
    slc = "ffn*=hyflex,cell=1"; mlc = "ffn*=hyflex,cell=2"; ranks = "ffn*=hyflex,cell=ranks,mlc-sigma=0.132"; flare = "as configured"
    exit !(c[slc, "arrays"] == 48 && c[slc, "reads"] == 100 * 49 * 8 * 48 && c[slc, "conversions"] == 128 * c[slc, "reads"] && c[slc, "flip_bits"] == 48 * 128 &&
           c[mlc, "arrays"] == 24 && c[mlc, "array_budget"] == 48 && c[mlc, "copies"] == 2 && c[mlc, "clocks"] == c[slc, "clocks"] * 9 / 8 &&
           c[mlc, "clocks_with_copies"] * 2 == c[mlc, "clocks"] && c[ranks, "arrays"] == 81 && c[ranks, "reads"] == 3175200 &&
           c[ranks, "clocks_with_copies"] == "null" && c["", "slc"] == 1 && c["", "mlc"] == 2 && c["", "ranks_0.132"] == 0 && c[flare, "arrays"] == 36 && c[flare, "reads"] == c[flare, "accesses"]) }' "$work/summary.json"
check "every row has its arrays, reads, conversions, clocks and copies" $?
# FLARE as its source has it: three quarters of the boost that is left, and without 1/Z some accuracy; nothing else has RTL.
awk -F '"' '{ n = $3; gsub(/[:\t,]/, "", n); n = n == "null" ? n : n + 0 } /"variant":/ { v = $4 } /^\t\t\t"/ { c[v, $2] = n } /^\t"/ { top = $2 } /^\t\t"/ && top == "literal" { l[$2] = n } END {
    own = "as configured"; literal = "flare.preset=literal"; high = "flare.adc=7"; low = "flare.adc=5"
    exit !(l["accuracy"] > 0.7 && l["accuracy"] < 0.9 && l["boost"] > 2 && l["boost"] < 2.35 && l["accesses"] == c[literal, "accesses"] &&
           l["accesses"] > 1.1 * c[own, "accesses"] && c["flare.gpc=scan", "accesses"] > c[own, "accesses"] &&
           c["flare.gpc=scan", "accuracy_integer"] == c[own, "accuracy_integer"] && c["flare.q=9", "accuracy_integer"] > 0.86 &&
           c["flare.exponents=dropped", "accuracy_integer"] < c[own, "accuracy_integer"] - 0.05 &&
           c[high, "accuracy_integer"] == c[own, "accuracy_integer"] && c[high, "same_class"] == c[own, "same_class"] &&
           c[high, "levels"] > 6 * c[own, "levels"] && c[high, "levels"] == 128 * c[high, "conversions"] && c[low, "accuracy_integer"] < c[own, "accuracy_integer"] &&
           c["attn*=requant", "accuracy_integer"] > 0.86 && c["attn*=requant", "rescaled"] == 100 * 3 * (10 * 49 * 64 + 2 * 4 * 49 * 49)) }' "$work/summary.json"
check "FLARE literally, and what the source argues from" $?
grep -q '^  all  *[67][0-9]\.[0-9]*  *[23]\.[0-9]* ' "$work/out" && grep -q '^  fixed windows of eight rows .* 1\.00 ' "$work/out"
check "zeros are counted, and what fixed windows would take" $?
ratio=$(sed -n 's/^	"\(cycles\|bound\)_per_token":	\([0-9.]*\),*$/\2/p' "$work/summary.json" | xargs | awk '{print $1 / $2}')
awk -v r="$ratio" 'BEGIN { exit !(r >= 0.97 && r <= 1.05) }'
check "clocks a token over the bound = $ratio within 0.97..1.05" $?

# The result depends neither on threads nor on the folder.
for t in 1 3; do
    "$build/perimeter" run models/fashion-vit --data "$data" --images 64 --threads $t --set flare.noise=1 \
        --set flare.sigma-r=0.06 --summary "$work/t$t.json" >/dev/null 2>&1
    grep -v -E 'seconds|threads' "$work/t$t.json" >"$work/t$t.text"
done
cmp -s "$work/t1.text" "$work/t3.text" && [ -s "$work/t1.text" ]
check "1 and 3 threads give the same summary, noise on" $?

# Ranks: exact arrays give the same class however they are split; noise in 2-bit cells costs less the fewer ranks they hold.
accuracy() { # SETTINGS
    "$build/perimeter" run models/fashion-vit --data "$data" --images 200 --place "ffn*=hyflex,cell=ranks,$1" --summary "$work/summary.json" \
        >/dev/null 2>"$work/err" && sed -n 's/^	"accuracy_integer":	\([0-9.]*\),*$/\1/p' "$work/summary.json"
}
a=$(accuracy slc-percent=0) b=$(accuracy slc-percent=50,rank-order=random) c=$(accuracy slc-percent=100)
[ -n "$a" ] && [ "$a" = "$b" ] && [ "$a" = "$c" ]
check "exact cells give $a at every split" $?
b=$(accuracy slc-percent=0,mlc-sigma=0.174) c=$(accuracy slc-percent=30,mlc-sigma=0.174)
awk -v a="$a" -v b="$b" -v c="$c" 'BEGIN { exit !(b != "" && b < c - 0.02 && c < a + 0.02) }'
check "noisy 2-bit cells: $b, with 30 % of the ranks in 1-bit cells $c" $?

# The projections too, in RTL.
"$build/perimeter" run models/fashion-vit --data "$data" --engine rtl --rtl-images 1 \
    --place 'ffn*=hyflex,cell=ranks' --place 'attn*=hyflex,cell=2' --set hyflex.mlc-sigma=0.132 --summary "$work/summary.json" >/dev/null 2>"$work/err"
check "projections and ranks in RTL end with status 0" $?
between integers_compared 0 0
# 3 layers x 49 vectors x (1,024 codes of 15 + 20 tiles, 15 x 16 + 20 x 32 accumulators, 724 sums), and 35 clips a layer
between hyflex_integers_compared 5504373 5504373
between hyflex_integers_differ 0 0

# Differential weights in RTL, with noisy cells: 3 layers x 49 vectors x (1,024 codes and 16 accumulators of 8 + 8 tiles, 192 sums), and 16
# clips a layer.
"$build/perimeter" run models/fashion-vit --data "$data" --engine rtl --rtl-images 1 \
    --place 'ffn*=hyflex,cell=2,weights=differential,mlc-sigma=0.132,read-noise=0.1' --summary "$work/summary.json" >/dev/null 2>"$work/err"
check "differential weights in RTL end with status 0" $?
between hyflex_integers_compared 2474352 2474352
between hyflex_integers_differ 0 0
# A whole network in arrays and digital modules, and in RTL: 20 matrices, 7 norms, 3 activations, 3 attentions.
"$build/perimeter" run models/fashion-vit --data "$data" --engine both --images 100 --rtl-images 1 --place '*=hyflex,digital=module' \
    --summary "$work/summary.json" >"$work/out" 2>"$work/err"
check "a network in digital modules ends with status 0" $?
between accuracy_integer 0.87 0.95
between same_class 0.98 1
between hyflex_integers_differ 0 0
awk -F '"' '{ n = $3; gsub(/[:\t,]/, "", n) } /^\t"/ { top = $2 } /^\t\t"/ { part = $2; d[top, part] = n } /^\t\t\t"/ { c[top, part, $2] = n } END {
    exit !(c["digital", "norm", "rows"] == 100 * 7 * 49 && c["digital", "softmax", "rows"] == 100 * 3 * 4 * 49 && c["digital", "activation", "rows"] == 100 * 3 * 49 &&
           c["digital", "nor", "operations"] == 100 * 3 * 49 * 4 * (49 * 4 + 16 * 17) && d["digital", "layers_on_host"] == 0 &&
           d["rtl_digital", "integers_differ"] == 0 && d["rtl_digital", "integers_compared"] == 299304 && d["rtl_digital", "steps_without_rtl"] == 0 && d["rtl_digital", "layers_on_host"] == 0) }' "$work/summary.json"
check "its units' rows and operations, and their integers in RTL" $?
grep -q 'no layer is on the host' "$work/out"
check "nothing is left to the host" $?

# A plan as a file gives what the command line does; FLARE's calibration binds only runs that use it.
cat >"$work/plan.json" <<END
{"place": [{"layers": "*", "system": "hyflex", "settings": {"cell": 1}}, {"layers": "attn*", "system": "flare"},
           {"layers": "ffn*.up", "system": "int8"}, {"layers": "head", "system": "host"}, {"layers": "patch", "system": "host"}]}
END
run2() { "$build/asan/perimeter" run models/fashion-vit --data "$data" --images 2 "$@" --summary "$work/s.json" >"$work/out" 2>"$work/err"; }
run2 --plan "$work/plan.json" && sed '/"effective_config"/,/^	}/d; /seconds/d' "$work/s.json" >"$work/a" &&
    run2 --place 'ffn*=hyflex,cell=1' --place 'ffn*.up=int8' && sed '/"effective_config"/,/^	}/d; /seconds/d' "$work/s.json" >"$work/b" &&
    cmp -s "$work/a" "$work/b" && grep -q '"ffn1.down"' "$work/a" && ! grep -q '"ffn1.up"' "$work/a"
check "a plan as a file and on the command line" $?
cp -r models/fashion-vit "$work/uncalibrated" && rm "$work/uncalibrated/calibration.json"
"$build/asan/perimeter" run "$work/uncalibrated" --data "$data" --images 2 --place 'attn*=host' >"$work/out" 2>"$work/err"
check "no calibration is needed without FLARE" $?
"$build/asan/perimeter" run "$work/uncalibrated" --data "$data" --images 2 >"$work/out" 2>"$work/err"
[ $? = 2 ] && grep -q calibration.json "$work/err"
check "and is with it" $?

# Keys that the parse clamps are a warning.
cp -r models/fashion-vit "$work/clamped" && sed 's/"mk": *13/"mk": 11/g' models/fashion-vit/calibration.json >"$work/clamped/calibration.json"
"$build/perimeter" run "$work/clamped" --data "$data" --images 4 >"$work/out" 2>"$work/err" &&
    grep -q '^perimeter: warning: attn[0-9]: [0-9.]* % of the stored elements of k were clamped' "$work/err"
check "clamped keys are a warning" $?

# Copies of the 8 arrays of one layer's 2-bit cells in a budget of 30.
for copies in integer:3 fluid:3.75; do
    "$build/asan/perimeter" run models/fashion-vit --data "$data" --images 1 --place 'ffn0*=hyflex,cell=2' --array-budget 30 --copies ${copies%:*} \
        --summary "$work/summary.json" >"$work/out" 2>"$work/err"
    grep -q "copies.* of the matrices in 30 arrays" "$work/out" && grep -q "^		\"copies\":	${copies#*:}," "$work/summary.json"
    check "${copies#*:} copies by ${copies%:*}" $?
done

# 81 arrays of ranks in 48: each cell takes 81/48 programmings an inference, of more than one pulse each.
"$build/asan/perimeter" run models/fashion-vit --data "$data" --images 1 --place 'ffn*=hyflex,cell=ranks,mlc-sigma=0.132,verify=0.25,pulses=9' --endurance 1e9 \
    --rate 10 --summary "$work/summary.json" >"$work/out" 2>"$work/err"
awk -F '[:,\t]+' '{ gsub(/"/, "") } !($2 in v) { v[$2] = $3 } END { w = v["pulses_a_cell"] * 81 / 48; exit !(v["cells"] == 81 * 8192 && v["pulses_a_cell"] > 1.05 && v["pulses_a_cell"] < 1.5 &&
    v["pulses_a_cell_and_inference"] / w - 1 < 1e-6 && 1 - v["pulses_a_cell_and_inference"] / w < 1e-6 &&
    v["years"] * w * 10 * 31557600 / 1e9 - 1 < 1e-6 && 1 - v["years"] * w * 10 * 31557600 / 1e9 < 1e-6) }' "$work/summary.json" && grep -q 'at 10 a second cells last' "$work/out"
check "pulses, and the years that cells last" $?

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
want=images bad "a fraction of an image" $good --images 1.5
want=seed bad "a setting given twice" $good --seed 1 --seed 2
want=flare.norm bad "norm=none in RTL" $good --engine both --set flare.norm=none
want='flare.gpc: scan has no RTL' bad "gpc=scan in RTL" $good --engine both --gpc scan
want='flare.eplanes: 0 has no RTL' bad "all planes in RTL" $good --engine both --eplanes 0
want='flare.q: 9 has no RTL' bad "nine bits in RTL" $good --engine both --q 9
want='flare.exponents: dropped has no RTL' bad "no exponents in RTL" $good --engine both --set flare.exponents=dropped
want='flare.adc: 6 has no RTL' bad "other converters in RTL" $good --engine rtl --set flare.adc=6
want='flare.preset: literal has no RTL' bad "the literal preset in RTL" $good --engine both --preset literal
want='flare.gpc: ignored without preset=default' bad "a choice beside the literal preset" $good --preset literal --gpc next
want='--q: flare.q' bad "seven bits" $good --q 7
want=flare.adc bad "other converters of drawn cells" $good --set flare.adc=6 --set flare.noise=1
want=flare.gpc bad "a choice of FLARE's without it" $good --place 'attn*=requant' --gpc scan
want='engine: no layer' bad "RTL of what has none" $good --place 'attn*=requant' --engine both
want=flare.sigma-r bad "a setting that would be ignored" $good --set flare.sigma-r=0.02
want=copies bad "copies of no arrays" $good --copies fluid
want=array-budget bad "a budget of no arrays" $good --array-budget 48
want=rtl-images bad "RTL images without RTL" $good --rtl-images 3
want=nowhere bad "a system that is not there" $good --place 'ffn*=nowhere'
want=hyflex.mlc-sigma bad "a setting of a system that nothing is on" $good --set hyflex.mlc-sigma=0.1
want=hyflex.slc-percent bad "a split of no ranks" $good --place 'ffn*=hyflex,cell=1,slc-percent=10'
want=hyflex.slc-sigma bad "an error of cells that are not there" $good --place 'ffn*=hyflex,cell=2' --set hyflex.slc-sigma=0.1
want=hyflex.mlc-sigma bad "its mirror" $good --place 'ffn*=hyflex,cell=1' --set hyflex.mlc-sigma=0.1
want=hyflex.mlc-sigma bad "the same where all ranks are in the others" $good --place 'ffn*=hyflex,cell=ranks,slc-percent=100,mlc-sigma=0.1'
want='matches no matrix, which is what hyflex takes without digital=module' bad "a norm without digital modules" $good --place 'ln*=hyflex'
want='hyflex.lanes: 8 is ignored without digital=module' bad "lanes that are not there" $good --place 'ffn*=hyflex,lanes=8'
want='flare takes an attention as a whole' bad "an attention that is not whole" $good --place 'attn*=flare' --place 'attn0.heads=hyflex,digital=module'
want='hyflex.cell is ignored' bad "settings of layers that are all placed elsewhere" $good --place 'ffn*=hyflex,cell=2' --place 'ffn*=int8'
want=flare.norm bad "a setting of the fused attention without it" $good --place 'attn*=hyflex' --set flare.norm=pow2
want=hyflex.adc bad "ideal converters in RTL" $good --place 'ffn*=hyflex,adc=ideal' --engine both
want='hyflex.noise: weight has no RTL' bad "disturbed weights in RTL" $good --place 'ffn*=hyflex,cell=2,mlc-sigma=0.1,noise=weight' --engine both
want=hyflex.weights bad "a coding of disturbed weights" $good --place 'ffn*=hyflex,cell=2,mlc-sigma=0.1,noise=weight,weights=differential'
want=hyflex.flip bad "column flip of differential weights" $good --place 'ffn*=hyflex,weights=differential,flip=0'
want='hyflex.cell: 3 has no RTL' bad "3 bits a cell in RTL" $good --place 'ffn*=hyflex,cell=3' --engine both
want=hyflex.verify bad "verification of exact cells" $good --place 'ffn*=hyflex,cell=2,verify=0.1'
want=hyflex.verify bad "verification of disturbed weights" $good --place 'ffn*=hyflex,cell=2,mlc-sigma=0.1,noise=weight,verify=0.1'
want=hyflex.pulses bad "pulses that nothing verifies" $good --place 'ffn*=hyflex,cell=2,mlc-sigma=0.1,pulses=4'
want=hyflex.time bad "time without drift" $good --place 'ffn*=hyflex,time=100'
want=hyflex.sar-offset bad "the offset of an ideal converter" $good --place 'ffn*=hyflex,adc=ideal,sar-offset=1'
want=endurance bad "the endurance of no arrays" $good --endurance 1e8
want=hyflex.rank-sigma bad "singular values of no ranks" $good --place 'ffn*=hyflex,rank-sigma=second'
want=hyflex.slc-percent bad "more than all ranks" $good --place 'ffn*=hyflex,cell=ranks,slc-percent=101'
want=seed bad "a seed where nothing is drawn" $good --seed 3
want=seed bad "a seed beyond 32 bits" $good --set flare.noise=1 --seed 4294967296
want='conv\*: matches no layer' bad "a pattern that matches nothing" $good --place 'conv*=hyflex'
want='ffn\*: matches no attention' bad "matrices on a system of attentions" $good --place 'ffn*=flare'
want='attn0.k: flare' bad "an attention that is partly elsewhere" $good --place 'attn0.q=hyflex'
want='engine: no layer' bad "RTL of nothing that has it" $good --engine both --place 'attn*=host'
want='ignored with the golden engine' bad "a replay of golden C" $good --replay "$work"
echo '{"place": [{"layers": "ffn*", "system": "hyflex", "settings": {"cell": 2, "colour": 1}}]}' >"$work/plan.json"
want=hyflex.colour bad "an unknown setting in a plan" $good --plan "$work/plan.json"
echo '{"place": {}}' >"$work/plan.json"
want=plan.json bad "a plan without a list" $good --plan "$work/plan.json"
want=--nonsense bad "an unknown option" $good --nonsense
echo '{"images": 5, "colour": 1}' >"$work/c.json"
want=colour bad "an unknown setting in a file" $good --config "$work/c.json"
echo '{"images": 5' >"$work/c.json"
want=c.json bad "a truncated configuration" $good --config "$work/c.json"
cp -r models/fashion-vit "$work/m"
head -c 1000 models/fashion-vit/model.safetensors >"$work/m/model.safetensors"
want=model.safetensors bad "a truncated network" "$work/m" --data "$data"
rm "$work/m/ranks.json"
cp models/fashion-vit/model.safetensors "$work/m"
want=ranks.json bad "no gradients" "$work/m" --data "$data" --place "ffn*=hyflex,cell=ranks"
echo '{"layers": [{}, {}, {}]}' >"$work/m/ranks.json"
want=ranks.json bad "gradients without members" "$work/m" --data "$data" --place "ffn*=hyflex,cell=ranks"
mkdir "$work/d"
cp "$data"/t10k-labels-idx1-ubyte.gz "$work/d"
head -c 5000 "$data/t10k-images-idx3-ubyte.gz" >"$work/d/t10k-images-idx3-ubyte.gz"
want=t10k-images bad "truncated images" models/fashion-vit --data "$work/d" --images 100
zcat "$data/t10k-images-idx3-ubyte.gz" | head -c 7856 | { head -c 4 && printf '\0\0\0\n' && tail -c +5; } >"$work/d/t10k-images.idx3-ubyte"
rm "$work/d/t10k-images-idx3-ubyte.gz" "$work/d/t10k-labels-idx1-ubyte.gz"
ten() { printf '\0\0\010\001\0\0\0\n\011\002\001\001\006\001\004\006\005'"$1" >"$work/d/t10k-labels-idx1-ubyte"; }
ten '\012'
want='label 9 is 10, the network has 10 classes' bad "a label outside the classes" models/fashion-vit --data "$work/d" --images 5
printf '\0\0\010\003\0\0\0\0\0\0\0\034\0\0\0\034' >"$work/d/t10k-images-idx3-ubyte"
want='no images' bad "a test set of nothing" models/fashion-vit --data "$work/d"
rm "$work/d/t10k-images-idx3-ubyte"
echo '{"images": 5, "images": 5}' >"$work/c.json"
want='"images" is given twice' bad "a member given twice in a file" $good --config "$work/c.json"
rm -r "$work/bad"
ten '\007'
"$build/asan/perimeter" run models/fashion-vit --data "$work/d" --summary "$work/s1.json" >/dev/null 2>"$work/err" &&
    "$build/asan/perimeter" run $good --images 10 --summary "$work/s2.json" >/dev/null 2>&1 &&
    [ "$(grep accuracy "$work/s1.json")" = "$(grep accuracy "$work/s2.json")" ] && [ "$(grep -c accuracy "$work/s1.json")" -gt 0 ]
check "uncompressed files with points in their names" $?
"$build/asan/perimeter" run $good --images 1 --summary "$work/bad/summary.json" >/dev/null 2>"$work/err"
[ $? = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && [ ! -e "$work/bad" ]
check "an output folder that is not there is refused" $?

# An RTL that is wrong: the run says where, leaves nothing unasked, and its replay computes the same integers.
mkdir -p "$work/tree/build" "$work/here" "$work/replay"
cp -r rtl tb include cmodel scripts "$work/tree"
cp "$build/libperimeter.a" "$work/tree/build"
awk '/round_i,/ && ++n == 3 { sub(/round_i,/, "round_i(1\047b0),") } { print }' rtl/flare_attention/pm_flare_out.sv \
    >"$work/tree/rtl/flare_attention/pm_flare_out.sv"
perimeter=$(realpath "$build/perimeter") model=$PWD/models/fashion-vit
broken() { (cd "$work/here" && PERIMETER_HOME=$work/tree PERIMETER_BUILD=$work/tree/build "$@" >"$work/out" 2>"$work/err"); }
first() { sed -n 's/^perimeter: flare[a-z_]*: .*y\[.*\]: \(golden [-0-9]*, rtl [-0-9]*\).*/\1/p' "$work/err"; }
! cmp -s rtl/flare_attention/pm_flare_out.sv "$work/tree/rtl/flare_attention/pm_flare_out.sv"
check "there is an RTL to break" $?
broken "$perimeter" run "$model" --data "$data" --engine rtl --rtl-images 1
[ $? = 1 ] && grep -q '^perimeter: flare: attn0, image 0: y\[' "$work/err" && [ -z "$(ls -A "$work/here")" ]
check "a broken RTL differs, and leaves nothing behind" $?
found=$(first)
broken "$perimeter" run "$model" --data "$data" --engine rtl --rtl-images 1 --replay "$work/replay"
[ $? = 1 ] && [ -n "$found" ] && [ "$(first)" = "$found" ] && [ -z "$(ls -A "$work/here")" ]
check "asked to, it keeps what differed" $?
replay=$(sed -n 's/^perimeter: replay with a waveform: perimeter //p' "$work/err" | sed 's/--engine rtl --wave [^ ]*/--engine both/')
broken sh -c "$perimeter $replay"
[ $? = 1 ] && [ "$(first)" = "$found" ]
check "whose replay differs as the run did: $found" $?
# Khwa's engines: a whole image in RTL, with ideal cells and with drawn ones, and what place values and alignment cost.
khwa() { # SETTINGS OPTION...: a run of the convolutional network
    place=$1
    shift
    "$build/perimeter" run models/fashion-cnn --data "$data" --place "*=khwa${place:+,$place}" "$@" --summary "$work/summary.json" >"$work/out" 2>"$work/err"
    check "khwa, $place $*" $?
}
khwa engine=memristor --engine both --rtl-images 1 --images 1000
# 196 x 16 + 49 x (32 + 64) + 16 x 64 + 10 sums, and the clips of five layers
between khwa_integers_compared 8879 8879
between khwa_integers_differ 0 0
between accuracy_integer 0.897 0.899 # int8: 0.898
khwa mlc-sigma=0.1,read-noise=0.1 --engine rtl --rtl-images 1
between khwa_integers_compared 8879 8879
between khwa_integers_differ 0 0
# The other engines, formats, kernels routed between engines: 8,874 sums; before them 32,212 aligned inputs and 311 exponents where these
# are floating point; behind them numbers and flags; clips where there are arrays. Clocks but for fill and drain.
engines() { # SETTINGS INTEGERS: one image in RTL
    khwa "$1" --engine rtl --rtl-images 1
    between khwa_integers_compared "$2" "$2"
    between khwa_integers_differ 0 0
    grep -q "^  Khwa's engines: .* = 1\.00[0-9]$" "$work/out"
    check "khwa, $1: clocks" $?
}
engines engine=sram 8874
engines mode=if,engine=sram 26622
engines mode=fi,engine=tiny 59145
engines mode=ff,engine=mixed,theta=125 59149
engines mode=ii,engine=mixed,theta=6,mlc-sigma=0.1,read-noise=0.1 20354
engines mode=ff,engine=mixed,theta=125,mlc-sigma=0.1,read-noise=0.1 59149
# What choices are worth: 2DQA's plan beside all in memristors and all in SRAM, units; alignments' SQNR in the fourth layer, accesses.
khwa "" --images 20 --ablation-images 20
units() { # VARIANT UNITS
    grep -F "  $1  " "$work/out" | head -1 | grep -q " $2 "
    check "khwa, $1: $2 units" $?
}
row() { # VARIANT LOW:HIGH...: the last columns of its line
    variant=$1
    shift
    grep -F "  $variant  " "$work/alignments" >"$work/row" && awk -v want="$*" '{
        n = split(want, w, " ")
        for (i = 1; i <= n; i++) {
            split(w[i], r, ":")
            if ($(NF - n + i) < r[1] || $(NF - n + i) > r[2]) exit 1
        } }' "$work/row"
    check "khwa, $variant: $*" $?
}
units "plan=2dqa.json" 2040612
units "khwa.mode=ii khwa.engine=mixed" 2040612
units "khwa.mode=ff khwa.engine=sram" 10504704
sed -n '/^Alignments/,/^$/p' "$work/out" >"$work/alignments"
row "khwa.mode=ff khwa.engine=sram" 41:44 40:42 56550:56550
row "khwa.mode=ff khwa.engine=sram khwa.wbits=4" 18:20 16:18 32812:32812
row "khwa.mode=ff khwa.engine=sram khwa.wbits=4 khwa.align=layer khwa.rw=0" 4:6 7:9 32812:32812
row "khwa.mode=ff khwa.engine=sram khwa.align=input" 47:50 46:49 -:-
row "khwa.mode=ff khwa.engine=sram khwa.align=product" 56:60 53:57 -:-
khwa engine=sram --images 1000
between accuracy_integer 0.898 0.898
khwa engine=sram,mode=ff --images 1000
between accuracy_integer 0.895 0.899
khwa engine=sram,mode=ff,wbits=4 --images 1000 # by kernel, rounded
between accuracy_integer 0.850 0.870
khwa engine=sram,mode=ff,wbits=4,align=layer,rw=0 --images 1000 # by layer, truncated
between accuracy_integer 0.52 0.57
# More than half of that is the last layer's, 10 kernels of 64: with its weights at eight bits four bits elsewhere lose less than two
# points by kernel and forty by layer.
khwa engine=sram,mode=ff,wbits=4 --place 'head=khwa,engine=sram,mode=ff' --images 1000
between accuracy_integer 0.877 0.890
khwa engine=sram,mode=ff,wbits=4,align=layer,rw=0 --place 'head=khwa,engine=sram,mode=ff' --images 1000
between accuracy_integer 0.46 0.50
exit $failed
