#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the RTL files of a block, leaves first: scripts/files.sh BLOCK
# rtl/BLOCK/files has one file a line, relative to rtl/, or the name of a block whose files are needed too.
set -eu
cd "$(dirname "$0")/.."
expand() {
    while read -r line; do
        case $line in
        '' | \#*) ;;
        */*) echo "rtl/$line" ;;
        *) expand "$line" ;;
        esac
    done <"rtl/$1/files"
}
expand "$1" | awk '!seen[$0]++'
