#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles and runs run.c against the library: run.sh [FOLDER for the program]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export PKG_CONFIG_PATH="${PKG_CONFIG_PATH:-$here/../../build}"
folder=${1:-$(mktemp -d)}
# shellcheck disable=SC2046
${CC:-cc} -std=c11 -Wall -Wextra -o "$folder/run" "$here/run.c" $(pkg-config --cflags --libs --static perimeter)
"$folder/run"
