#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `perimeter run` of a decoder: perplexity that is bounded on both sides, generated text that is what runs from the start give,
# and bad input under ASan and UBSan. TAP.
cd "$(dirname "$0")/.." || exit 1
build=${PERIMETER_BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=2
failed=0
check() { # name status
    if [ "$2" = 0 ]; then echo "ok - text: $1"; else
        echo "not ok - text: $1"
        failed=1
    fi
}
# between KEY LOW HIGH: a number of the summary
between() {
    value=$(sed -n "s/^	\"$1\":	\([-0-9.e+]*\),*$/\1/p" "$work/summary.json" | head -1)
    awk -v v="$value" -v lo="$2" -v hi="$3" 'BEGIN { exit !(v != "" && v >= lo && v <= hi) }'
    check "$1 = $value within $2..$3" $?
}
run() { "$build/perimeter" run "$@"; }
# refuse REASON ARGUMENT...: exit 2, nothing on stdout, one line that has the reason
refuse() {
    reason=$1
    shift
    "$build/asan/perimeter" run "$@" >"$work/out" 2>"$work/err"
    [ $? = 2 ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q -- "$reason" "$work/err"
    check "refuses: $reason" $?
}

for model in text-gpt text-llama; do
    for place in 'int8' 'hyflex,cell=1'; do
        run models/$model --data data/kjv.txt --windows 6 --place "*=$place" --summary "$work/summary.json" >"$work/out" 2>"$work/err"
        check "$model on $place" $?
        between predictions 768 768
        between perplexity_float 2 12
        between perplexity_integer 2 12
        between same_next 0.97 1
    done
done
run models/text-gpt --data data/kjv.txt --windows 6 --summary "$work/summary.json" >"$work/out" 2>"$work/err"
check "text-gpt on flare" $?
between perplexity_integer 2 12
between same_next 0.85 1
between accesses 5e5 2e6

# Every integer of every layer in RTL: both forms in arrays and digital modules.
rtl() { # name integers digital-integers ARGUMENT...: that many compared, none differs
    name=$1 integers=$2 digital=$3
    shift 3
    run "$@" --data data/kjv.txt --engine rtl --summary "$work/summary.json" >"$work/out" 2>"$work/err" &&
        awk -F '"' -v n="$integers" -v d="$digital" '{ v = $3; gsub(/[:\t,]/, "", v) } /^\t"/ { top = $2 } /^\t\t"/ { c[top, $2] = v } END {
            exit !(c["rtl", "integers_compared"] == n && c["rtl", "integers_differ"] == 0 && c["rtl_digital", "integers_compared"] == d &&
                   c["rtl_digital", "integers_differ"] + c["rtl_digital", "steps_without_rtl"] + c["rtl_digital", "layers_on_host"] == 0) }' "$work/summary.json"
    check "$name in RTL: $integers integers, and $digital of digital modules" $?
}
rtl "text-llama" 421576 18586 models/text-llama --place 'attn=hyflex' --rtl-tokens 2
rtl "text-gpt" 1172784 26706 models/text-gpt --place 'attn=hyflex' --rtl-tokens 2

# More keys than an array has: rows in tiles. The positions of a window are repeated; perplexity is what that leaves.
longer() { # TOKENS FOLDER
    python3 - "$1" "$2" <<'END'
import json, os, struct, sys
tokens, folder = int(sys.argv[1]), sys.argv[2]
os.mkdir(folder)
config = json.load(open("models/text-gpt/config.json"))
data = open("models/text-gpt/model.safetensors", "rb").read()
start = 8 + struct.unpack("<Q", data[:8])[0]
header, body = json.loads(data[8:start]), b""
for name, tensor in header.items():
    begin, end = (start + offset for offset in tensor["data_offsets"])
    raw = data[begin:end]
    if name == "pos":
        raw *= tokens // config["tokens"]
        tensor["shape"][0] = tokens
    tensor["data_offsets"] = [len(body), len(body) + len(raw)]
    body += raw
text = json.dumps(header).encode()
open(f"{folder}/model.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + body)
json.dump(config | {"tokens": tokens}, open(f"{folder}/config.json", "w"))
open(f"{folder}/calibration.json", "w").write(open("models/text-gpt/calibration.json").read())
END
}
longer 1024 "$work/long"
run "$work/long" --data data/kjv.txt --windows 1 --place 'attn*=flare' --summary "$work/summary.json" >"$work/out" 2>"$work/err"
check "rows of 1024 on flare" $?
between predictions 1024 1024
between perplexity_integer 15 21
between same_next 0.95 1
# 4 layers x 4 heads x 520 rows: numerators, their sum, 24 sums of values
rtl "rows of 520 in two tiles" $((4 * 4 * 520 * (520 + 1 + 24))) 0 "$work/long" --place 'attn*=flare' --rtl-tokens 520
longer 16384 "$work/longer"
refuse "tokens" "$work/longer" --data data/kjv.txt --place 'attn*=flare'

# Byte by byte behind a prompt, and from the start each time: the same text.
prompt="And the LORD said unto "
for place in 'attn*=flare' '*=int8' '*=hyflex'; do
    run models/text-gpt --prompt "$prompt" --tokens 12 --quiet --place "$place" >"$work/text" 2>"$work/err"
    text=$prompt
    for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
        text=$(run models/text-gpt --prompt "$text" --tokens 1 --quiet --place "$place" && echo .)
        text=${text%?.}
    done
    [ "$(cat "$work/text")" = "$text" ] && [ ! -s "$work/err" ]
    check "$place goes on as from the start" $?
done
run models/text-llama --prompt "$prompt" --tokens 40 --temperature 0.7 --seed 5 --quiet >"$work/a"
run models/text-llama --prompt "$prompt" --tokens 40 --temperature 0.7 --seed 5 --quiet >"$work/b"
run models/text-llama --prompt "$prompt" --tokens 40 --temperature 0.7 --seed 6 --quiet >"$work/c"
cmp -s "$work/a" "$work/b" && ! cmp -s "$work/a" "$work/c"
check "a seed replays a drawn text, another draws another" $?

refuse "empty" models/text-gpt --prompt ""
refuse "byte 2 is not UTF-8" models/text-gpt --prompt "$(printf 'a\377')"
refuse "the network takes 128" models/text-gpt --prompt "$(head -c 128 data/kjv.txt)"
refuse "100 and 29 bytes" models/text-gpt --prompt "$(head -c 100 data/kjv.txt)" --tokens 29
refuse "not with --data" models/text-gpt --prompt a --data data/kjv.txt
refuse "engine: golden" models/text-gpt --prompt a --engine both
refuse "seed: 2 is ignored" models/text-gpt --prompt a --seed 2
refuse "threads: 2 is ignored" models/text-gpt --prompt a --threads 2
refuse "ignored without --prompt" models/text-gpt --data data/kjv.txt --quiet
refuse "tokens: 3 is ignored" models/text-gpt --data data/kjv.txt --tokens 3
refuse "images: 3 is ignored" models/text-gpt --data data/kjv.txt --images 3
refuse "takes a text" models/text-gpt --pairs data/pairs.tsv
refuse "takes images" models/fashion-vit --prompt a
refuse "matches no attention" models/text-llama --data data/kjv.txt --place 'attn*=flare'
refuse "windows: 9999 asked for" models/text-gpt --data data/kjv.txt --windows 9999
refuse "rtl-tokens: 200" models/text-gpt --data data/kjv.txt --engine both --rtl-tokens 200
printf 'a' >"$work/one"
refuse "none can be foretold" models/text-gpt --data "$work/one"
printf 'ab\200' >"$work/bad"
refuse "byte 3 is not UTF-8" models/text-gpt --data "$work/bad"
refuse "No such file" models/text-gpt --data "$work/none"
# The ranges of what matrices see, over a text in windows.
"$build/asan/perimeter" calibrate models/text-llama --data data/kjv.txt --images 3 --output "$work/c.json" >"$work/out" 2>"$work/err" &&
    [ "$(wc -l <"$work/out")" = 30 ] && grep -q '"images":	3' "$work/c.json" &&
    awk '$1 == "attn3.q" { q = $2 $3 } $1 == "attn3.k" { k = $2 $3 } $1 == "ffn2.gate" { g = $2 $3 } $1 == "ffn2.up" { u = $2 $3 }
        END { exit !(q != "" && q == k && g != "" && g == u) }' "$work/out"
check "a text calibrates every matrix" $?
"$build/asan/perimeter" calibrate models/text-gpt --data "$work/one" --output "$work/d.json" >"$work/out" 2>"$work/err"
[ $? = 2 ] && [ ! -e "$work/d.json" ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q "bytes, a window has 128" "$work/err"
check "a text shorter than a window calibrates nothing" $?
# How long it will take, where somebody looks.
script -qec "$build/perimeter run models/text-gpt --data data/kjv.txt --windows 6 --place '*=int8'" /dev/null >"$work/out" </dev/null
grep -q 'golden: 3 of 6, [0-9]* s left' "$work/out"
check "time that is left" $?
# Tokens of its own: bytes, and four pairs of them, whose embeddings are the first byte's.
mkdir "$work/pairs"
python3 - "$work/pairs" <<'EOF'
import json, os, struct, sys
out, pairs = sys.argv[1], [b"th", b"he", b"an", b"d "]
config = json.load(open("models/text-gpt/config.json"))
json.dump({**config, "vocabulary": 256 + len(pairs)}, open(out + "/config.json", "w"))
data = open("models/text-gpt/model.safetensors", "rb").read()
length = struct.unpack("<Q", data[:8])[0]
old, body = json.loads(data[8:8 + length]), data[8 + length:]
header, parts, at = {}, [], 0
for name, t in ((n, t) for n, t in old.items() if n != "__metadata__"):
    part = body[slice(*t["data_offsets"])]
    if name == "words":
        row = len(part) // 256
        part += b"".join(part[p[0] * row:(p[0] + 1) * row] for p in pairs)
        t["shape"][0] += len(pairs)
    header[name] = {**t, "data_offsets": [at, at + len(part)]}
    parts.append(part)
    at += len(part)
text = json.dumps(header).encode()
open(out + "/model.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + b"".join(parts))
open(out + "/pieces", "w").write("".join(b.hex() + "\n" for b in [bytes([i]) for i in range(256)] + pairs))
open(out + "/tokenize", "w").write("""#!/usr/bin/env python3
import sys
text, at, ids = sys.stdin.buffer.read()[:-1], 0, []
while at < len(text):
    k = %r.index(text[at:at + 2]) if text[at:at + 2] in %r else -1
    ids.append(256 + k if k >= 0 else text[at])
    at += 1 + (k >= 0)
print(*ids)
""" % (pairs, pairs))
os.chmod(out + "/tokenize", 0o755)
sys.exit(0)
EOF
printf 'In the beginning God created the heaven and the earth.\n\nAnd the earth was without form.\n' >"$work/short"
"$build/asan/perimeter" run "$work/pairs" --data "$work/short" --place '*=int8' --summary "$work/summary.json" >"$work/out" 2>"$work/err"
check "a network with tokens of its own" $?
between predictions 74 74
between bits_a_byte_float 1.5 6
grep -q '"predictions":	74' "$work/summary.json" && grep -q 'next of 74 tokens' "$work/out"
check "which are counted" $?
python3 - "$work/summary.json" <<'EOF'
import json, math, sys
d = json.load(open(sys.argv[1]))
# 75 tokens of 88 bytes, the first of which nothing foretells.
sys.exit(abs(d["bits_a_byte_float"] - math.log2(d["perplexity_float"]) * 74 / 87) > 1e-9)
EOF
check "bits are a byte's" $?
"$build/asan/perimeter" run "$work/pairs" --prompt 'the and' --tokens 9 --quiet --place '*=int8' >"$work/out" 2>"$work/err"
[ $? = 0 ] && [ "$(head -c 7 "$work/out")" = 'the and' ] && [ "$(wc -c <"$work/out")" -ge 17 ]
check "goes on in bytes" $?
"$build/asan/perimeter" calibrate "$work/pairs" --data data/kjv.txt --images 2 --output "$work/c2.json" >"$work/out" 2>"$work/err"
check "and is calibrated" $?
refuse "--tokens: 5 and 124 tokens, the network takes 128" "$work/pairs" --prompt 'the and' --tokens 124
sed -i '3s/.*/0g/' "$work/pairs/pieces"
refuse "pieces: line 3 is no even number" "$work/pairs" --data "$work/short"
sed -i '3s/.*/02/; $d' "$work/pairs/pieces"
refuse "pieces: line 260 is no" "$work/pairs" --data "$work/short"
rm "$work/pairs/pieces"
refuse "are missing, which convert_gpt.py makes" "$work/pairs" --data "$work/short"
mkdir "$work/net"
cp models/text-gpt/* "$work/net"
sed -i 's/256/257/' "$work/net/config.json"
refuse "words" "$work/net" --data data/kjv.txt
cp models/text-gpt/config.json "$work/net"
head -c 100000 models/text-gpt/model.safetensors >"$work/net/model.safetensors"
refuse "model.safetensors" "$work/net" --data data/kjv.txt
exit $failed
