#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `perimeter chip`: its JSON, what replaces what, and bad input under the sanitizers. TAP.
cd "$(dirname "$0")/.." || exit 1
build=${PERIMETER_BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
check() { # name status
    if [ "$2" = 0 ]; then echo "ok - chip: $1"; else
        echo "not ok - chip: $1"
        failed=1
    fi
}
value() { # FILE KEY: a figure's value
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]]["value"])' "$1" "$2"
}
for net in bert-base bert-large gpt2 llama-3.2-1b vit-b resnet-18 vgg-16 mobilenet-v2; do
    "$build/asan/perimeter" chip models/shapes/$net.json --system hyflexpim --output "$work/$net.json" >/dev/null 2>"$work/err"
    check "$net" $?
done
python3 - "$work" <<'EOF'
import json
import pathlib
import sys

failed = 0
wanted = """interval_ns token_latency_us energy_uj_per_token tops tops_per_w tops_per_mm2 area_mm2 power_w tokens_per_s tokens_per_j
arrays_per_layer pus_per_layer chips""".split()
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
    d = json.loads(path.read_text())
    figures = [v for v in d.values() if isinstance(v, dict) and "kind" in v]
    ok = all(set(d[key]) == {"value", "unit", "kind"} for key in wanted) and all(v["kind"] in "MSXA" for v in figures)
    ok = ok and {"component", "layer", "action"} <= set(d["breakdown"]) and isinstance(d["unknown"], list) and "hyflexpim.bus.energy_pj" in d["unknown"]
    whole = d["energy_uj_per_token"]["value"]
    for by in ("component", "layer", "action", "sum"):
        ok = ok and abs(sum(v["value"] or 0 for v in d["breakdown"][by].values()) - whole) < 1e-9 * whole
    print("ok" if ok else "not ok", "- chip: what the JSON of", path.stem, "has")
    failed |= not ok
sys.exit(failed)
EOF
[ $? = 0 ] || failed=1
# The command line, then a file, then the table.
printf '{"slc_percent": 20, "svd": true, "components": [{"name": "adc", "parent": "analog_module", "count": 512, "power_mw": 2, "action": "read", "kind": "A", "sum": "adc"}]}' \
    >"$work/own.json"
"$build/perimeter" chip gpt2 --system hyflexpim --config "$work/own.json" --output "$work/a.json" >/dev/null
"$build/perimeter" chip gpt2 --system hyflexpim --set slc_percent=20 --set adc.power_mw=2 --output "$work/b.json" >/dev/null
[ "$(value "$work/a.json" energy_uj_per_token)" = "$(value "$work/b.json" energy_uj_per_token)" ]
check "a file's settings and components are those of the command line" $?
"$build/perimeter" chip gpt2 --system hyflexpim --config "$work/own.json" --set slc-percent=5 --output "$work/a.json" >/dev/null
[ "$(value "$work/a.json" arrays_per_layer)" = 4140 ]
check "the command line comes first" $?
cp models/shapes/gpt2.json "$work/net.json"
program=$(realpath "$build/perimeter")
(cd "$work" && "$program" chip net.json --system flare --set tokens=64 >/dev/null)
check "a file beside one" $?

bad() { # name OPTIONS...: status 2, one line that holds $want, nothing written
    name=$1
    shift
    "$build/asan/perimeter" chip "$@" --output "$work/none.json" >"$work/out" 2>"$work/err"
    status=$?
    [ $status = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q -- "$want" "$work/err" && [ ! -e "$work/none.json" ] && [ ! -s "$work/out" ]
    result=$?
    [ $result = 0 ] || sed 's/^/# /' "$work/err"
    check "$name is refused" $result
}
want=NET bad "no network" --system flare
want=--system bad "no system" gpt2
want=tpu bad "another system" gpt2 --system tpu
want=nowhere bad "a file that is not there" nowhere.json --system flare
want=dc bad "a setting of another system" gpt2 --system hyflexpim --set dc=8
want=nonsense bad "an option that there is not" gpt2 --system hyflexpim --nonsense
want='no such component\|no such key' bad "a key that there is not" gpt2 --system hyflexpim --set volts=1
try() { # name WANT TEXT: a network's description
    printf '%s' "$3" >"$work/bad.json"
    want=$2 bad "network: $1" "$work/bad.json" --system hyflexpim
}
try "no JSON" 'bad JSON' '{"layers": 1'
try "no object" 'bad JSON' '[1]'
try "a key twice" twice '{"layers": 1, "layers": 2}'
try "no layers" layers '{}'
try "layers of 0" layers '{"layers": 0, "width": 64, "heads": 4, "ffn": 64, "tokens": 4}'
try "layers beyond 1024" layers '{"layers": 1025, "width": 64, "heads": 4, "ffn": 64, "tokens": 4}'
try "a width that is no integer" width '{"layers": 1, "width": 6.4e1, "heads": 4, "ffn": 64, "tokens": 4}'
try "heads that do not divide" heads '{"layers": 1, "width": 64, "heads": 5, "ffn": 64, "tokens": 4}'
try "an unknown key" volts '{"layers": 1, "width": 64, "heads": 4, "ffn": 64, "tokens": 4, "volts": 1}'
try "a flag that is none" causal '{"layers": 1, "width": 64, "heads": 4, "ffn": 64, "tokens": 4, "causal": 2}'
try "an empty list" layers '{"layers": []}'
try "a list of numbers" layers '{"layers": [1]}'
try "a matrix without columns" cols '{"layers": [{"name": "a", "rows": 4}]}'
try "a matrix without a name" name '{"layers": [{"rows": 4, "cols": 4}]}'
try "a convolution without a picture" image '{"layers": [{"op": "conv", "name": "a", "out": 4}]}'
try "an op that there is not" op '{"image": 8, "layers": [{"op": "fft", "name": "a"}]}'
try "an input that is not before" from '{"image": 8, "layers": [{"op": "conv", "name": "a", "out": 4, "from": "b"}]}'
try "only pools" 'no layer' '{"image": 8, "layers": [{"op": "pool", "name": "a"}]}'
try "layers that no chip holds" units '{"layers": 1, "width": 65536, "heads": 4, "ffn": 1048576, "tokens": 4}'
try "a kind that is none" kind '{"kind": "Z", "layers": 1, "width": 64, "heads": 4, "ffn": 64, "tokens": 4}'
try "short form of no pairs" convs '{"image": 8, "classes": 4, "convs": [[1, 2, 3]]}'
own() { # name WANT TEXT: a configuration
    printf '%s' "$3" >"$work/bad.json"
    want=$2 bad "configuration: $1" gpt2 --system hyflexpim --config "$work/bad.json"
}
own "a setting that there is not" volts '{"volts": 1}'
own "a share beyond 100" slc '{"slc_percent": 101}'
own "a list of settings" svd '{"svd": [1]}'
own "null for a setting" svd '{"svd": null}'
own "components that are no list" components '{"components": 1}'
own "a component that is no object" components '{"components": [1]}'
own "a component without a name" name '{"components": [{"kind": "A"}]}'
own "a component without a kind" kind '{"components": [{"name": "a"}]}'
own "a component of another kind" kind '{"components": [{"name": "a", "kind": "Q"}]}'
own "a component twice" twice '{"components": [{"name": "a", "kind": "A"}, {"name": "a", "kind": "A"}]}'
own "a parent that there is not" parent '{"components": [{"name": "a", "kind": "A", "parent": "b"}]}'
own "a component in itself" parents '{"components": [{"name": "a", "kind": "A", "parent": "a"}]}'
own "a negative power" power_mw '{"components": [{"name": "a", "kind": "A", "power_mw": -1}]}'
own "a component's unknown key" volts '{"components": [{"name": "a", "kind": "A", "volts": -1}]}'
own "a long name" name '{"components": [{"name": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "kind": "A"}]}'
own "a sum that there is not" sum '{"components": [{"name": "a", "kind": "A", "sum": "b"}]}'
own "a size of 0" size '{"components": [{"name": "a", "kind": "A", "size": 0}]}'
counted() { # name WANT TEXT: a summary
    printf '%s' "$3" >"$work/bad.json"
    want=$2 bad "summary: $1" fashion-vit --system flare --measured "$work/bad.json"
}
counted "no counts" counts '{"images_golden": 1}'
counted "no images" images_golden '{"counts": {"a": {"k": {}}}}'
counted "no layer" counts '{"images_golden": 1, "counts": {}}'
counted "accesses that are no number" accesses '{"images_golden": 1, "counts": {"attn0": {"q": {"accesses": "1"}}}}'
counted "negative accesses" accesses '{"images_golden": 1, "counts": {"attn0": {"q": {"accesses": -1}}}}'
"$build/asan/perimeter" chip gpt2 --system flare --output "$work/no/where.json" >"$work/out" 2>"$work/err"
[ $? = 2 ] && [ "$(wc -l <"$work/err")" = 1 ]
check "a folder that is not there is refused" $?
flow/chip.py --check >"$work/out" 2>&1
check "docs/systems/chip.md has what it prints$(tail -n 1 "$work/out")" $?
exit $failed
