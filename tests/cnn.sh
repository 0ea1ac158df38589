#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Convolutional networks by the program: `perimeter run` and `perimeter calibrate`, numbers and bad input. TAP.
cd "$(dirname "$0")/.." || exit 1
build=${PERIMETER_BUILD:-build}
data=${DATA:-/usr/share/datasets/fashion-mnist}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=2
failed=0
check() { # name status
    if [ "$2" = 0 ]; then echo "ok - cnn: $1"; else
        echo "not ok - cnn: $1"
        failed=1
    fi
}
value() { sed -n "s/^	\"$1\":	\([-0-9.e+]*\),*$/\1/p" "$work/s.json" | head -1; }
is() { # KEY NUMBER
    [ "$(value "$1")" = "$2" ]
    check "$1 = $(value "$1")" $?
}
fidelity() { # LAYER SYSTEM COSINE SQNR, a line a layer
    python3 -c 'import json, sys
for f in json.load(open(sys.argv[1])).get("fidelity", []): print(f["layer"], f["system"], f["cosine"], f["sqnr"])' "$work/s.json"
}
run() { "$build/perimeter" run "$@" --summary "$work/s.json" >"$work/out" 2>"$work/err"; }
cnn() { run models/fashion-cnn --data "$data" "$@"; }

# Float, and integers as docs/systems/network.md has them: the whole test set, the same numbers everywhere.
cnn
check "the default plan ends with status 0" $?
grep -q ': \*=int8 engine=golden' "$work/out"
check "which is int8" $?
is accuracy_float 0.8858
is accuracy_integer 0.8873
! grep -q cycles_per_token "$work/s.json"
check "no tokens are reported" $?

# Every system that takes matrices takes convolutions. 128 columns and 16 outputs a tile: codes, sums of tiles, sums of outputs.
cnn --place '*=hyflex' --engine both --images 500 --rtl-images 1
check "hyflex, both engines" $?
is hyflex_integers_compared $((196 * (1040 + 16) + 49 * (6 * 1040 + 32) + 49 * (20 * 1040 + 64) + 16 * (36 * 1040 + 64) + 1040 + 10 + 64))
is hyflex_integers_differ 0
is integers_differ 0
cnn --place 'conv*=hyflex,cell=2' --place 'conv1=int8' --place 'head=host' --images 500
check "layers by name in three systems" $?
awk -v v="$(value accuracy_integer)" 'BEGIN { exit !(v > 0.87 && v < 0.91) }'
check "with an accuracy of $(value accuracy_integer)" $?
grep -q '"conv2":' "$work/s.json" && ! grep -q '"conv1":' "$work/s.json"
check "and counts of those that count" $?

# Near-memory macros: exact, but for misreads. A binary network, its inner layers by XOR, eight outputs a macro: results, five counters an
# operation, all sums, four counts a layer.
cnn --place '*=nmc,order=snake' --images 300
exact=$(value accuracy_integer)
cnn --images 300
[ "$exact" = "$(value accuracy_integer)" ]
check "nmc is as accurate as int8, $exact" $?
cnn --place '*=nmc,misreads=1' --images 100
[ $? = 0 ] && grep -q '"row_reads":' "$work/s.json"
check "nmc with misreads" $?
run models/fashion-bnn --data "$data" --place 'convs.0=nmc,misreads=1,advance=100' --place 'convs.[1-3]=nmc,mode=xor,misreads=1' \
    --place 'head=nmc,misreads=1' --engine both --images 100 --rtl-images 1
check "a binary network that is misread, both engines" $?
is integers_differ 0
is nmc_integers_compared 63146
run models/fashion-bnn --data "$data" --place 'convs.0=nmc' --place 'convs.[1-3]=nmc,mode=xor' --place 'head=nmc' --engine both --images 300 --rtl-images 1
check "fashion-bnn in macros, both engines" $?
is nmc_integers_compared $((196 * 32 * 7 + 2 * 49 * (8 * 13 + 64) + 16 * (8 * 13 + 64) + 10 * 7 + 5 * 4))
is nmc_integers_differ 0
cnn --place 'conv2=nmc,mode=xor' --images 1
[ $? = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q 'conv2: the layer is not binary' "$work/err"
check "XOR of a layer that is not binary is refused" $?
cnn --place '*=nmc,misreads=1,advance=15' --images 1
[ $? = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q '15 ps' "$work/err"
check "an advance between two steps is refused" $?

# Residual and depthwise layers. Tiles of 64 rows and 32 outputs: 1,024 codes and 32 accumulators each, and all sums of outputs; codes that are wrong, once a tile.
run models/fashion-resnet --data "$data" --images 2000
is accuracy_float 0.9275
is accuracy_integer 0.926
run models/fashion-resnet --data "$data" --engine rtl --rtl-images 1 --place '*=hyflex,cell=2'
check "fashion-resnet in RTL ends with status 0" $?
is hyflex_integers_compared "$(python3 - <<'END'
import json
side, channels, sum = {}, {"image": 1}, 0
side["image"], last = 28, "image"
for l in json.load(open("models/fashion-resnet/config.json"))["layers"]:
    name, op, x = l["name"], l["op"], l.get("from", last)
    kernel, stride, last = l.get("kernel", 1 if op == "dense" else 3), l.get("stride", 1), name
    side[name] = 1 if op == "pool" else side[x] if op == "add" else (side[x] - 1) // stride + 1
    channels[name] = l.get("out", channels[x])
    if op in ("conv", "depthwise", "dense"):
        tiles = -(-kernel * kernel * channels[x] // 64) * -(-channels[name] // 32)
        sum += side[name] ** 2 * (tiles * (1024 + 32) + channels[name]) + tiles
print(sum)
END
)"
is hyflex_integers_differ 0

# Crossbars: exact cells give the integers of int8; fewer bits, cells with errors and real converters stay equal in RTL.
cnn --images 300
same=$(value accuracy_integer)
cnn --place '*=xbar' --images 300
is accuracy_integer "$same"
cnn --place '*=xbar,w=4,a=5,cell=2,adc=9' --place 'conv1=xbar' --place 'conv2=xbar,cell=2,sigma=0.05,read-noise=0.1,rows=64,cols=40' \
    --engine both --images 300 --rtl-images 1
check "crossbars, both engines" $?
is xbar_integers_compared $((196 * 16 + 49 * 32 + 49 * 64 + 16 * 64 + 10 + 5))
is integers_differ 0
awk -v v="$(value accuracy_integer)" 'BEGIN { exit !(v > 0.75 && v < 0.9) }'
check "with an accuracy of $(value accuracy_integer)" $?

for t in 1 3; do
    cnn --images 300 --threads $t --place '*=hyflex,slc-sigma=0.1,read-noise=0.1'
    grep -v -E 'seconds|threads' "$work/s.json" >"$work/t$t"
done
cmp -s "$work/t1" "$work/t3" && [ -s "$work/t1" ]
check "1 and 3 threads give the same summary, noise on" $?

# Each layer against float: what is on the host is the same until something before it is not; coarser inputs are further away.
cnn --images 300 --fidelity 1 --place 'conv1=host' --place 'conv3=host' --threads 1
fidelity >"$work/f1"
a=$(value accuracy_integer)
awk '{ ok += $1 == "conv1" ? $2 == "host" && $3 == 1 && $4 == "None" : $2 == ($1 == "conv3" ? "host" : "int8") && $3 > 0.999 && $3 < 1 && $4 > 30 && $4 < 60 }
    END { exit ok != 5 || NR != 5 }' "$work/f1"
check "cosine and SQNR of every layer" $?
cnn --images 300 --fidelity 1 --place 'conv1=host' --place 'conv3=host' --threads 3
fidelity | cmp -s - "$work/f1"
check "are the same in 1 and 3 threads" $?
cnn --images 300 --place 'conv1=host' --place 'conv3=host'
[ "$(value accuracy_integer)" = "$a" ] && [ -z "$(fidelity)" ]
check "and change no accuracy; not asked for, there are none" $?

memory() { # images: KiB
    python3 -c 'import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$build/perimeter" run models/fashion-cnn --data "$data" --images "$1"
}
a=$(memory 200) b=$(memory 4000)
[ "$b" -lt $((a + 1024)) ]
check "memory does not grow: $a KiB for 200 images, $b for 4000" $?

# Calibration: what is committed; a share beyond the range; affine integers and scales of channels, which int8 takes.
cp -r models/fashion-cnn "$work/m"
calibrate() { "$build/perimeter" calibrate "$work/m" --data "$data" "$@" >"$work/out" 2>"$work/err"; }
matrices() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1] + "/calibration.json"))["matrices"])' "$1"; }
calibrate
[ $? = 0 ] && [ "$(matrices "$work/m")" = "$(matrices models/fashion-cnn)" ]
check "the committed ranges are what calibrate finds" $?
run "$work/m" --data "$data" --images 2000
a=$(value accuracy_integer)
calibrate --percentile 99.9 --images 500 --weights channel --activations affine
check "percentiles, channels, affine" $?
python3 - "$work/m" models/fashion-cnn <<'END'
import json, sys
new, old = (json.load(open(f"{m}/calibration.json"))["matrices"] for m in sys.argv[1:])
sys.exit(not (new["weights"] == "channel" and new["activations"] == "affine" and all(
    0.2 * old["inputs"][n][1] < high < old["inputs"][n][1] and low == 0 for n, (low, high) in new["inputs"].items() if n != "conv1")))
END
check "ranges become smaller" $?
run "$work/m" --data "$data" --images 2000
awk -v a="$a" -v b="$(value accuracy_integer)" 'BEGIN { exit !(b > a - 0.01 && b < a + 0.01 && b != a) }'
check "and accuracy $(value accuracy_integer), not $a" $?
# The same network as an ONNX file finds the same ranges, for `perimeter infer`.
mkdir "$work/onnx" && cp models/fashion-cnn/model.onnx "$work/onnx" && cat >"$work/floats.py" <<'END'
import array, gzip, struct, sys
pixels = gzip.open(sys.argv[1] + "/train-images-idx3-ubyte.gz").read(16 + 784 * 100)[16:]
scale = lambda p: struct.unpack("f", struct.pack("f", p / 255))[0]
text = "{'descr': '<f4', 'fortran_order': False, 'shape': (100, 1, 28, 28), }".ljust(117) + "\n"
sys.stdout.buffer.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode() + array.array("f", map(scale, pixels)).tobytes())
END
python3 "$work/floats.py" "$data" >"$work/onnx/x.npy"
"$build/perimeter" calibrate "$work/onnx/model.onnx" --data "$work/onnx/x.npy" --percentile 99 >"$work/out" 2>"$work/err"
check "ranges of an ONNX network" $?
ranges() { python3 -c 'import json, sys; print(list(json.load(open(sys.argv[1]))["matrices"]["inputs"].values()))' "$1"; }
"$build/perimeter" calibrate fashion-cnn --data "$data" --images 100 --percentile 99 --output "$work/c.json" >"$work/out" 2>&1
[ "$(ranges "$work/onnx/calibration.json")" = "$(ranges "$work/c.json")" ]
check "are those of the network in its folder" $?
"$build/perimeter" infer "$work/onnx/model.onnx" --in "image=$work/onnx/x.npy" --out "logits=$work/onnx/y.npy" --place '*=int8,inputs=layer' >"$work/out" 2>"$work/err"
check "and serve systems" $?
# Inputs of both signs: of a vision transformer, whose int8 takes each token's scale unless told otherwise.
cp -r models/fashion-vit "$work/vit"
"$build/perimeter" calibrate "$work/vit" --data "$data" --images 100 --activations affine >/dev/null
for inputs in auto vector layer; do
    run "$work/vit" --data "$data" --images 300 --place "ffn*=int8,inputs=$inputs" --place 'attn*=host'
    grep -E 'same_class|accuracy_integer' "$work/s.json" >"$work/$inputs"
done
cmp -s "$work/auto" "$work/vector" && awk -v v="$(value same_class)" 'BEGIN { exit !(v > 0.95) }'
check "affine inputs of a transformer: same class $(value same_class)" $?

# Pictures: 20 of the test set in both forms that have labels, and in a folder without.
python3 - "$data" "$work/set" <<'END'
import gzip, os, struct, sys, zlib
data, out = sys.argv[1:]
os.mkdir(out)
images, labels = (gzip.open(f"{data}/t10k-{n}-ubyte.gz").read() for n in ("images-idx3", "labels-idx1"))
chunk = lambda kind, b: struct.pack(">I", len(b)) + kind + b + struct.pack(">I", zlib.crc32(kind + b))
lines = []
for i in range(20):
    pixels = images[16 + 784 * i :][:784]
    rows = b"".join(b"\0" + pixels[28 * r :][:28] for r in range(28))
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 28, 28, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    name = f"{i:02}.png" if i % 2 else f"{i:02}.pgm"
    open(f"{out}/{name}", "wb").write(png if i % 2 else b"P5\n28 28\n255\n" + pixels)
    lines.append(f"{name}\t{labels[8 + i]}\n")
open(f"{out}/list.tsv", "w").writelines(lines)
END
scores() { grep -E '^	"(accuracy|top5|same)' "$work/s.json"; }
cnn --images 20
scores >"$work/idx"
run models/fashion-cnn --data "$work/set/list.tsv" && scores >"$work/list" && cmp -s "$work/idx" "$work/list" && [ "$(wc -l <"$work/list")" = 5 ]
check "a list of PNG and PGM gives what IDX files do" $?
run models/fashion-cnn --data "$work/set" && scores >"$work/folder" && grep same "$work/idx" | cmp -s - "$work/folder"
check "a folder has no labels, and no accuracy" $?
[ "$(fidelity | wc -l)" = 5 ]
check "but how far each layer is from float" $?
"$build/perimeter" calibrate "$work/m" --data "$work/set/list.tsv" --images 20 --output "$work/c.json" >"$work/out" 2>&1
check "calibration on pictures" $?

mkdir "$work/bad" "$work/shape"
echo nothing >"$work/x.onnx"
python3 -c 'import sys
text = "{\x27descr\x27: \x27|u1\x27, \x27fortran_order\x27: False, \x27shape\x27: (2, 2), }".ljust(117) + "\n"
head = b"\x93NUMPY\1\0" + bytes([118, 0])
open(sys.argv[1] + "/int.npy", "wb").write(head + text.encode() + bytes(4))
open(sys.argv[1] + "/shape/x.npy", "wb").write(head + text.replace("|u1", "<f4").encode() + bytes(16))' "$work"
bad() { # name command...: status 2, one line that holds $want, nothing left
    name=$1
    shift
    "$build/asan/perimeter" "$@" >/dev/null 2>"$work/err"
    status=$?
    [ $status = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q -- "$want" "$work/err" && [ -z "$(ls "$work/bad")" ]
    result=$?
    [ $result = 0 ] || sed 's/^/# /' "$work/err"
    check "$name is refused" $result
}
to="--output $work/bad/c.json"
want=MODEL bad "no model" calibrate --data "$data"
want=--data bad "no data" calibrate fashion-cnn $to
want=--colour bad "an unknown option" calibrate fashion-cnn --data "$data" --colour
want=--images bad "no images" calibrate fashion-cnn --data "$data" --images 0 $to
want=--images bad "more images than there are" calibrate fashion-cnn --data "$data" --images 60001 $to
want=--percentile bad "a percentile of 101" calibrate fashion-cnn --data "$data" --percentile 101 $to
want=--activations bad "other activations" calibrate fashion-cnn --data "$data" --activations log $to
want=--weights bad "other weights" calibrate fashion-cnn --data "$data" --weights row $to
want='not float32' bad "integers into an ONNX network" calibrate "$work/onnx/model.onnx" --data "$work/int.npy" $to
want='x.onnx' bad "an ONNX file that is none" calibrate "$work/x.onnx" --data "$work/onnx/x.npy" $to
want='has 4 dimensions, not 2' bad "an array of another shape" calibrate "$work/onnx/model.onnx" --data "$work/shape/x.npy" $to
want=nowhere bad "a folder that is not there" calibrate fashion-cnn --data "$data" --images 1 --output "$work/nowhere/c.json"
want=config.json bad "a model that is not there" calibrate "$work/nowhere" --data "$data"
want='no layer' bad "a pattern of nothing" run models/fashion-cnn --data "$data" --place 'ffn*=int8' --summary "$work/bad/s.json"
want='no layer is in a system that has RTL' bad "RTL of int8" run models/fashion-cnn --data "$data" --engine both --summary "$work/bad/s.json"
want='xbar.cols' bad "odd columns" run models/fashion-cnn --data "$data" --place '*=xbar,cols=7' --summary "$work/bad/s.json"
want='xbar.adc' bad "a converter of one bit" run models/fashion-cnn --data "$data" --place '*=xbar,adc=1' --summary "$work/bad/s.json"
want='xbar.rows' bad "long columns with errors" run models/fashion-cnn --data "$data" --place '*=xbar,rows=1024,sigma=0.1' --summary "$work/bad/s.json"
for system in khwa xbar nmc; do
    want='calibrated as affine' bad "affine inputs on $system" run "$work/vit" --data "$data" --images 2 --engine golden --place "ffn*=$system" --place 'attn*=host' --summary "$work/bad/s.json"
done
want='matches no attention' bad "flare" run models/fashion-cnn --data "$data" --place '*=flare' --summary "$work/bad/s.json"
echo '{"matrices": {"activations": "affine", "weights": "layer", "inputs": {"conv1": [0]}}}' >"$work/m/calibration.json"
want='calibration.json: .*conv1' bad "a range of one number" run "$work/m" --data "$data" --summary "$work/bad/s.json"
echo '{"matrices"' >"$work/m/calibration.json"
want=calibration.json bad "a calibration that is no JSON" calibrate "$work/m" --data "$data" --images 1
[ "$(cat "$work/m/calibration.json")" = '{"matrices"' ]
check "and stays" $?
rm "$work/m/calibration.json"
want='conv1: calibration.json has no range' bad "a layer's scale that is not known" run "$work/m" --data "$data" --place '*=int8,inputs=layer' --summary "$work/bad/s.json"
"$build/asan/perimeter" run "$work/m" --data "$data" --images 2 >"$work/out" 2>&1
check "without calibration each vector has its own" $?
head -c 100 "$work/set/07.png" >"$work/set/08.pgm"
want='08.pgm: bad PNG' bad "a picture that is cut" run models/fashion-cnn --data "$work/set" --summary "$work/bad/s.json"
printf 'P6\n28 28\n255\n' >"$work/set/00.pgm"
want='00.pgm: 28x28, 3 channels; 28x28, 1 are wanted' bad "a picture in colour" run models/fashion-cnn --data "$work/set" --summary "$work/bad/s.json"
echo '00.pgm	10' >"$work/set/list.tsv"
want='list.tsv: line 1: the label' bad "a label beyond the classes" run models/fashion-cnn --data "$work/set/list.tsv" --summary "$work/bad/s.json"
exit $failed
