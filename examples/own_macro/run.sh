#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds tb.sv, macro.cpp and the block's RTL with Verilator 5 and runs them: run.sh [FOLDER for the build]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
home=${PERIMETER_HOME:-$here/../..}
folder=${1:-$(mktemp -d)}
cd "$home"
# shellcheck disable=SC2046
verilator --binary --timing --top-module tb -Mdir "$folder" -o run -CFLAGS -O0 -Wno-fatal \
    $(scripts/files.sh flare_gemv) "$here/tb.sv" "$here/macro.cpp" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
"$folder/run"
