#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From one's own ONNX network to joules: run.sh [MODEL.onnx INPUT.npy [SYSTEM [CHIP]]]; FOLDER= keeps the files.
# What it has, what it gives in float and on a system, and what an inference costs on a chip of that system.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
home=${PERIMETER_HOME:-$here/../..}
perimeter=${PERIMETER:-$home/build/perimeter}
python=${PYTHON:-/usr/bin/python3}
model=${1:-$home/models/fashion-cnn/model.onnx}
system=${3:-hyflex,cell=2}
chip=${4:-hyflexpim}
folder=${FOLDER:-$(mktemp -d)}
input=${2:-$folder/x.npy}
[ -n "${2:-}" ] || "$python" -c "import numpy, sys; numpy.save(sys.argv[1], numpy.random.default_rng(1).random((8, 1, 28, 28), numpy.float32))" "$input"

# The network: its inputs, outputs and layers, tab separated.
"$perimeter" inspect "$model" >"$folder/inspect"
in=$(awk -F '\t' '$1 == "input" { print $2; exit }' "$folder/inspect")
out=$(awk -F '\t' '$1 == "output" { print $2; exit }' "$folder/inspect")

# What it gives, in float and with every layer in arrays.
"$perimeter" infer "$model" --in "$in=$input" --out "$out=$folder/float.npy"
"$perimeter" infer "$model" --in "$in=$input" --out "$out=$folder/arrays.npy" --place "*=$system" --summary "$folder/summary.json"
"$python" "$here/compare.py" "$folder/float.npy" "$folder/arrays.npy"

# What it costs: its matrices as a network's description.
"$python" "$here/describe.py" "$folder/inspect" >"$folder/net.json"
"$perimeter" chip "$folder/net.json" --system "$chip" --output "$folder/chip.json"
"$perimeter" report "$folder/summary.json" "$folder/chip.json" --output "$folder/report.html"
