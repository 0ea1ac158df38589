#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `perimeter compile`, and `perimeter run` on what it makes. TAP.
cd "$(dirname "$0")/.." || exit 1
build=${PERIMETER_BUILD:-build}
data=${DATA:-/usr/share/datasets/fashion-mnist}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=2
failed=0
check() { # name status
    if [ "$2" = 0 ]; then echo "ok - compile: $1"; else
        echo "not ok - compile: $1"
        failed=1
    fi
}
policy() { # w a FILE: the inner layers' bits
    cat >"$3" <<END
{"layers": [{"name": "conv1", "w": 8, "a": 8}, {"name": "conv2", "w": $1, "a": $2}, {"name": "conv3", "w": $1, "a": 8},
 {"name": "conv4", "w": $1, "a": $2}, {"name": "head", "w": 8, "a": 8}]}
END
}
compile() { "$build/perimeter" compile models/fashion-cnn --policy "$work/p.json" --xbar 64x64 "$@" >"$work/out" 2>"$work/err"; }
value() { sed -n "s/^	\"$1\":	\([-0-9.e+]*\),*$/\1/p" "$work/s.json" | head -1; }
run() { "$build/perimeter" run "$@" --data "$data" --summary "$work/s.json" >"$work/run" 2>"$work/err"; }

policy 4 5 "$work/p.json"
compile --output "$work/dc"
check "the CNN, 64 x 64 cells of 4 bits" $?
[ "$(grep -c '"mvms"' "$work/dc/schedule.json")" = 33 ] && [ "$(find "$work/dc" -name 'tile-*.npy' | wc -l)" = 33 ]
check "33 tiles" $?
# conv1: 196 vectors of 8 bits in a tile; conv2 49 of 5 in 3; conv3 49 of 8 in 10; conv4 16 of 5 in 18; head 1 of 8 in 1.
grep -q "in all $(awk 'BEGIN { printf "%.1f", ((560+196*8*14)+3*(560+49*5*14)+10*(560+49*8*14)+18*(560+16*5*14)+(560+8*14))/10 }') us" "$work/out"
check "the latency is the formula's" $?

run "$work/dc" --images 400 --engine both --rtl-images 1
check "it runs, both engines" $?
[ "$(value integers_differ)" = 0 ] && [ "$(value xbar_integers_compared)" -gt 7000 ]
check "$(value xbar_integers_compared) integers, equal" $?
compiled=$(value accuracy_integer)
run models/fashion-cnn --images 400 --place '*=xbar,w=4,a=5,rows=64,cols=64' --place 'conv3=xbar,w=4,rows=64,cols=64' \
    --place 'conv1=xbar,rows=64,cols=64' --place 'head=xbar,rows=64,cols=64'
[ "$compiled" = "$(value accuracy_integer)" ]
check "as the network under the same bits: $compiled" $?

# What the tiles hold is what runs.
cp -r "$work/dc" "$work/zero"
python3 - "$work/zero/tile-3-0-0.npy" <<'END'
import sys
data = open(sys.argv[1], "rb").read()
open(sys.argv[1], "wb").write(data[:-64 * 64] + bytes(64 * 64))
END
run "$work/zero" --images 400
[ "$compiled" != "$(value accuracy_integer)" ]
check "a tile of zeros is one: $(value accuracy_integer)" $?

for map in of dr; do
    compile --map $map --output "$work/$map"
    check "map $map" $?
done
# Every map holds the same weights: w of conv2 from all three.
python3 - "$work" <<'END'
import ast, struct, sys
def tile(path):
    f = open(path, "rb").read()
    n = struct.unpack("<H", f[8:10])[0]
    shape = ast.literal_eval(f[10:10 + n].decode())["shape"]
    return [list(f[10 + n + r * shape[1]:10 + n + (r + 1) * shape[1]]) for r in range(shape[0])]
def cell(name, layer, row, column, cache={}):
    key = name, layer, row // 64, column // 64
    if key not in cache:
        cache[key] = tile(f"{sys.argv[1]}/{name}/tile-{layer}-{row // 64}-{column // 64}.npy")
    return cache[key][row % 64][column % 64]
for k in range(144):
    for m in range(32):
        dc = cell("dc", 1, k, 2 * m) - cell("dc", 1, k, 2 * m + 1)
        of = cell("of", 1, k, m) - 8 * cell("of", 1, k, 32)
        dr = cell("dr", 1, 2 * k, m) - cell("dr", 1, 2 * k + 1, m)
        if not dc == of == dr:
            sys.exit(f"{k} {m}: {dc} {of} {dr}")
END
check "the three maps hold the same weights" $?

vit() { # w a PRODUCTS NAME [MODEL]: an encoder's inner matrices, and its products where PRODUCTS is not empty
    python3 - "$@" >"$work/vit.json" <<'END'
import sys
w, a, products = sys.argv[1:4]
attn = ["q", "k", "v", "qk", "av", "o"] if products else "qkvo"
names = [f"{p}{i}.{m}" for i in range(3) for p, ms in (("attn", attn), ("ffn", ("up", "down"))) for m in ms]
inner = ", ".join(f'{{"name": "{n}", "w": {w}, "a": {a}}}' for n in names)
print(f'{{"layers": [{{"name": "patch", "w": 8, "a": 8}}, {inner}, {{"name": "head", "w": 8, "a": 8}}]}}')
END
    "$build/perimeter" compile "${5:-fashion-vit}" --policy "$work/vit.json" --xbar 64x64 --output "$work/$4" >"$work/out"
}
# 96 inner tiles and 4 of the patches, 49 vectors of 8 planes each; half of the inner ones; the head's one vector.
vit 4 8 '' vit
grep -q ": $(awk 'BEGIN { t = 560 + 49 * 8 * 14; printf "%.3f", (100 * t + 672) / (52 * t + 672) }')x" "$work/out"
check "an encoder's matrices: $(tail -n 1 "$work/out" | sed 's/^ *//')" $?
# Each of 3 layers' 4 heads takes 4 tiles for its keys and 1 for its values, at 4 bits 2 and 1.
vit 4 8 products vit48
grep -q '53289.6 us, 96835.2 at 8 bits: 1.817x' "$work/out"
check "with attention's products: $(tail -n 1 "$work/out" | sed 's/^ *//')" $?
[ "$(grep -c '"head":' "$work/vit48/schedule.json")" = 36 ] && [ "$(find "$work/vit48" -name 'tile-*.npy' | wc -l)" = 53 ]
check "36 tiles of products, whose cells have no image; 53 of matrices" $?
vit 4 4 products vit44
grep -q '30240.0 us, 96835.2 at 8 bits: 3.202x' "$work/out"
check "all at 4 bits: $(tail -n 1 "$work/out" | sed 's/^ *//')" $?
run "$work/vit44" --images 200 --engine both --rtl-images 1
[ "$(value integers_differ)" = 0 ] && [ "$(value xbar_integers_differ)" = 0 ] && [ "$(value products_integers_differ)" = 0 ] &&
    [ "$(value products_integers_compared)" = $((3 * 4 * (49 * 49 + 49 * 16 + 2))) ]
check "it runs, products too, both engines: $(value products_integers_compared) of their integers, equal" $?
at44=$(value accuracy_integer)
run "$work/vit48" --images 200
awk -v four="$at44" -v eight="$(value accuracy_integer)" 'BEGIN { exit !(four > 0.6 && four < eight) }'
check "4 bits of inputs lose accuracy: $at44, 8 $(value accuracy_integer)" $?

# What bits cost on 1,000 test images, as docs/systems/xbar.md has it of all: 4/6 hardly anything, untrained; 4/5 points, most of which training wins back.
of_1000() { # w a MODEL
    rm -rf "$work/bits"
    vit "$1" "$2" products bits "$3"
    run "$work/bits" --images 1000
    value accuracy_integer
}
at88=$(of_1000 8 8 fashion-vit)
at46=$(of_1000 4 6 fashion-vit)
grep -q ': 2.319x' "$work/out" && awk -v eight="$at88" -v less="$at46" 'BEGIN { exit !(eight > 0.90 && eight < 0.93 && eight - less >= -0.002 && eight - less <= 0.005) }'
check "2.319x at no more than half a point, untrained: $at46, 8/8 $at88" $?
at45=$(of_1000 4 5 fashion-vit)
trained=$(of_1000 4 5 fashion-vit-xbar)
grep -q ': 2.690x' "$work/out" && awk -v eight="$at88" -v raw="$at45" -v trained="$trained" \
    'BEGIN { exit !(eight - raw > 0.03 && eight - raw < 0.08 && trained - raw > 0.02 && trained - raw < 0.07 && eight - trained < 0.015) }'
check "2.690x costs points, of which training in these bits wins back most: $at45, $trained" $?

# Policies that searches found: docs/systems/xbar.md.
for found in fashion-cnn:2.236 fashion-vit:2.924; do
    "$build/perimeter" compile "${found%:*}" --policy "docs/crossbars/${found%:*}.json" --xbar 64x64 --output "$work/found-${found%:*}" >"$work/out"
    grep -q "in all .*: ${found#*:}x" "$work/out"
    check "the searched policy of ${found%:*}: $(tail -n 1 "$work/out" | sed 's/^ *//')" $?
done

# An ONNX network, its ranges calibrated on 20 images.
mkdir "$work/onnx"
cp models/fashion-cnn/model.onnx "$work/onnx"
python3 - "$data" "$work/x.npy" "$work/one.npy" <<'END'
import gzip, struct, sys
pixels = gzip.open(sys.argv[1] + "/t10k-images-idx3-ubyte.gz").read()[16:16 + 20 * 784]
for path, n in ((sys.argv[2], 20), (sys.argv[3], 1)):
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({n}, 1, 28, 28), }}"
    head += " " * (117 - len(head)) + "\n"
    data = struct.pack(f"<{n * 784}f", *(p / 255 for p in pixels[:n * 784]))
    open(path, "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data)
END
"$build/perimeter" calibrate "$work/onnx/model.onnx" --data "$work/x.npy" >/dev/null
cat >"$work/o.json" <<'END'
{"layers": [{"name": "convs.0", "w": 8, "a": 8}, {"name": "convs.1", "w": 4, "a": 5}, {"name": "convs.2", "w": 4, "a": 8},
 {"name": "convs.3", "w": 4, "a": 5}, {"name": "head", "w": 8, "a": 8}]}
END
"$build/perimeter" compile "$work/onnx/model.onnx" --policy "$work/o.json" --xbar 64x64 --output "$work/oc" >"$work/out" 2>"$work/err"
check "an ONNX network" $?
"$build/perimeter" compile models/fashion-cnn --policy "$work/p.json" --xbar 64x64 --output "$work/same" >"$work/same.out"
[ "$(tail -n 1 "$work/out")" = "$(tail -n 1 "$work/same.out")" ] && cmp -s "$work/oc/tile-3-2-1.npy" "$work/same/tile-3-2-1.npy"
check "its time and tiles are those of the same network as its own file: $(tail -n 1 "$work/out" | sed 's/^ *//')" $?
infer() { "$build/perimeter" infer "$@" --in "image=$work/one.npy" --out "logits=$work/y.npy" >"$work/run" 2>"$work/err"; }
infer "$work/oc" --rtl '*'
[ $? = 0 ] && grep -q 'RTL: 5 layers, .* 8879 integers compared, 0 differ' "$work/run"
check "infer runs its tiles, also in RTL: $(grep -o '[0-9]* integers.*' "$work/run")" $?
mv "$work/y.npy" "$work/tiles.npy"
infer "$work/onnx/model.onnx" --place '*=xbar,w=4,a=5,rows=64,cols=64' --place 'convs.2=xbar,w=4,rows=64,cols=64' --place 'convs.0=xbar,rows=64,cols=64' \
    --place 'head=xbar,rows=64,cols=64'
[ -s "$work/y.npy" ] && cmp -s "$work/y.npy" "$work/tiles.npy"
check "as the network under the same bits" $?
python3 - "$work/oc/tile-3-0-0.npy" <<'END'
import sys
data = open(sys.argv[1], "rb").read()
open(sys.argv[1], "wb").write(data[:-64 * 64] + bytes(64 * 64))
END
infer "$work/oc"
[ -s "$work/y.npy" ] && ! cmp -s "$work/y.npy" "$work/tiles.npy"
check "a tile of zeros changes what it gives" $?

mkdir "$work/bad"
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
cnn="compile models/fashion-cnn --xbar 64x64 --output $work/bad/o"
want=MODEL bad "no network" compile --policy "$work/p.json" --output "$work/bad/o"
want=--policy bad "no policy" compile fashion-cnn --output "$work/bad/o"
want=--cell bad "cells of 5 bits" $cnn --policy "$work/p.json" --cell 5
want=--xbar bad "odd columns" $cnn --policy "$work/p.json" --xbar 64x63
want=--map bad "another map" $cnn --policy "$work/p.json" --map pairs
want='not empty' bad "a full folder" compile fashion-cnn --policy "$work/p.json" --output "$work/dc"
policy 6 8 "$work/six.json"
want='no multiple' bad "6 bits in cells of 4" $cnn --policy "$work/six.json"
policy 4 9 "$work/nine.json"
want='nine.json: .*a' bad "9 bits" $cnn --policy "$work/nine.json"
echo '{"layers": [{"name": "conv1", "w": 8, "a": 8}]}' >"$work/few.json"
want='conv2 is missing' bad "a policy of one layer" $cnn --policy "$work/few.json"
sed 's/{"name": "attn1.av", "w": 4, "a": 5}, //' "$work/vit.json" >"$work/half.json"
want='attn1.av is missing' bad "one product of two" compile fashion-vit --policy "$work/half.json" --output "$work/bad/o"
sed 's/attn1.av/attn1.heads/' "$work/vit.json" >"$work/heads.json"
want='attn1.heads' bad "heads instead of products" compile fashion-vit --policy "$work/heads.json" --output "$work/bad/o"
want='conv1' bad "a policy of other names" compile "$work/onnx/model.onnx" --policy "$work/p.json" --output "$work/bad/o"
want='not an input' bad "a shape of no input" compile "$work/onnx/model.onnx" --policy "$work/o.json" --shape "pixels=1,1,28,28" --output "$work/bad/o"
want='ONNX' bad "a shape of another network" compile fashion-cnn --policy "$work/p.json" --shape "image=1,1,28,28" --output "$work/bad/o"
want='nowhere.onnx' bad "an ONNX file that is not there" compile "$work/nowhere.onnx" --policy "$work/o.json" --output "$work/bad/o"
cp "$work/onnx/model.onnx" "$work/alone.onnx"
want='range of its inputs' bad "an ONNX network that is not calibrated" compile "$work/alone.onnx" --policy "$work/o.json" --output "$work/bad/o"
echo '{"layers": [{"name": "conv9", "w": 8, "a": 8}]}' >"$work/other.json"
want='conv9' bad "another network's policy" $cnn --policy "$work/other.json"
want='map' bad "running a map of offsets" run "$work/of" --data "$data" --images 1
python3 - "$work/zero/tile-3-0-0.npy" <<'END'
import sys
data = open(sys.argv[1], "rb").read()
open(sys.argv[1], "wb").write(data[:-64 * 64] + bytes([16]) + bytes(64 * 64 - 1))
END
want='level 16' bad "a cell beyond its bits" run "$work/zero" --data "$data" --images 1
head -c 1000 "$work/dc/tile-3-0-0.npy" >"$work/zero/tile-3-0-0.npy"
want='tile-3-0-0.npy' bad "a truncated tile" run "$work/zero" --data "$data" --images 1
rm "$work/zero/tile-3-0-0.npy"
want='tile-3-0-0.npy' bad "a missing tile" run "$work/zero" --data "$data" --images 1
sed -i 's/"cell":	4/"cell":	2/' "$work/zero/schedule.json"
want='cell=2' bad "a schedule of other cells" run "$work/zero" --data "$data" --images 1
exit $failed
