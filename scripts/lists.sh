#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The lists of RTL files in others' forms, from rtl/BLOCK/files, and the version, from VERSION, where it has to stand: scripts/lists.sh [check]
#   rtl/BLOCK/pm_BLOCK.f     for `verilator -f` and `iverilog -f`, from the root of the tree
#   rtl/BLOCK/BLOCK.core     FuseSoC (CAPI2): perimeter:rtl:BLOCK
#   Bender.yml               Bender: every block, leaves first
# With `check`, which prints TAP, nothing is written.
set -eu
cd "$(dirname "$0")/.."
version=$(cat VERSION)

core() { # BLOCK
    own=$(scripts/files.sh "$1" | sed -n "s|^rtl/$1/||p")
    depend=$(scripts/files.sh "$1" | cut -d/ -f2 | grep -vx "$1" | awk '!seen[$0]++')
    printf 'CAPI=2:\n# SPDX-License-Identifier: Apache-2.0\n# By scripts/lists.sh.\nname: perimeter:rtl:%s:%s\n' "$1" "$version"
    printf 'filesets:\n  rtl:\n    file_type: systemVerilogSource\n    files:\n'
    for file in $own; do echo "      - $file"; done
    [ -z "$depend" ] || printf '    depend:\n'
    for other in $depend; do echo "      - perimeter:rtl:$other"; done
    printf 'targets:\n  default:\n    filesets: [rtl]\n'
    [ "$1" = common ] || printf '    toplevel: pm_%s\n' "$1"
}

list() { # BLOCK
    printf '// SPDX-License-Identifier: Apache-2.0\n// By scripts/lists.sh.\n'
    scripts/files.sh "$1"
}

failed=0
give() { # FILE <CONTENT
    if [ "${check:-}" ]; then
        if cmp -s - "$1"; then echo "ok - lists: $1"; else
            echo "not ok - lists: $1 is not what scripts/lists.sh writes"
            failed=1
        fi
    else
        cat >"$1"
    fi
}
check=${1:-}
for files in rtl/*/files; do
    block=$(basename "$(dirname "$files")")
    if [ -n "$check" ] && [ "$(ls rtl/"$block"/*.sv | sort)" != "$(scripts/files.sh "$block" | grep "^rtl/$block/" | sort)" ]; then
        echo "not ok - lists: $files has not the files of its folder"
        failed=1
    fi
    core "$block" | give "rtl/$block/$block.core"
    [ "$block" = common ] || list "$block" | give "rtl/$block/pm_$block.f"
done
bender() {
    printf '# SPDX-License-Identifier: Apache-2.0\n# By scripts/lists.sh.\npackage:\n  name: perimeter\nsources:\n'
    for files in rtl/*/files; do scripts/files.sh "$(basename "$(dirname "$files")")"; done | awk '!seen[$0]++ { print "  - " $0 }'
}
bender | give Bender.yml
text=$(mktemp)
trap 'rm -f "$text"' EXIT
versioned() { # FILE SED-COMMAND
    sed "$2" "$1" >"$text"
    give "$1" <"$text"
}
versioned docs/perimeter.1 "s/^\(\.TH .*\"perimeter \)[^\"]*/\1$version/"
versioned CITATION.cff "s/^version: .*/version: $version/"
exit $failed
