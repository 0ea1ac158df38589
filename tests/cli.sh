#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# TAP test of `perimeter op`: tiny results worked out by hand, every refusal, and both engines on small shapes.
#   [PERIMETER_PROGRAM=build/asan/perimeter] tests/cli.sh [docs|golden|refuse|both]...
# A refusal must exit with 2, print one line that names file or setting and reason, and leave the output folder as
# it was.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
build=${PERIMETER_BUILD:-$root/build}
perimeter=$(realpath "${PERIMETER_PROGRAM:-$build/asan/perimeter}")
mknpy=$(realpath "$build/tests/mknpy")
parts=${*:-docs golden refuse both}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work" || exit 1
mkdir out
failed=0
tests=0

verdict() { # 0|1 NAME
    tests=$((tests + 1))
    if [ "$1" = 0 ]; then
        echo "ok - cli $2"
    else
        echo "not ok - cli $2"
        failed=$((failed + 1))
    fi
}
diagnose() { sed 's/^/# /' "$@"; }

# Files with their content as mknpy -s shows it, then `--` and the arguments of a call that must succeed.
expect() { # NAME FILE=CONTENT... -- ARGUMENT...
    name=$1
    shift
    wanted=
    while [ "$1" != -- ]; do
        wanted="$wanted$1
"
        shift
    done
    shift
    rc=0
    "$perimeter" op "$@" >stdout 2>stderr || rc=$?
    ok=0
    if [ $rc -ne 0 ] || [ -s stderr ]; then
        echo "# exit status $rc: perimeter op $*"
        diagnose stderr
        ok=1
    fi
    [ -n "$wanted" ] || ok=1
    echo "$wanted" | grep = >wanted
    while IFS='=' read -r file content; do
        got=$("$mknpy" -s "$file" 2>&1)
        if [ "$got" != "$content" ]; then
            echo "# $file: '$got', expected '$content'"
            ok=1
        fi
    done <wanted
    verdict $ok "$name"
    rm -rf out
    mkdir out
}

# The one line must be `perimeter: SUBJECT: REASON`, REASON containing the given text.
refuse() { # NAME SUBJECT REASON ARGUMENT...
    name=$1
    subject=$2
    reason=$3
    shift 3
    ls -lA --full-time out >before
    rc=0
    "$perimeter" "$@" >stdout 2>stderr || rc=$?
    check_refusal
}
check_refusal() {
    ls -lA --full-time out >after
    ok=0
    [ $rc -eq 2 ] || ok=1
    [ "$(wc -l <stderr)" -eq 1 ] || ok=1
    case $(cat stderr) in
    "perimeter: $subject: "*"$reason"*) ;;
    *) ok=1 ;;
    esac
    cmp -s before after || ok=1
    if [ $ok -ne 0 ]; then
        echo "# exit status $rc; expected 2 and 'perimeter: $subject: ...$reason...'"
        diagnose stderr
        diff before after | diagnose
    fi
    verdict $ok "refuses $name"
}

mk() { "$mknpy" "$@" || verdict 1 "makes $1"; }
# A .npy file with any header text and data.
raw() { # FILE VERSION HEADER DATA
    length=$((${#3} + 1))
    printf '\223NUMPY' >"$1"
    if [ "$2" = 2 ]; then
        printf '\002\000'"$(printf '\\%03o\\%03o' $((length % 256)) $((length / 256)))"'\000\000' >>"$1"
    else
        printf '\00'"$2"'\000'"$(printf '\\%03o\\%03o' $((length % 256)) $((length / 256)))" >>"$1"
    fi
    printf '%s\n%b' "$3" "$4" >>"$1"
}

golden() {
    mk x.npy '<i8' 2,4 1 -1 3 0 0 0 0 0
    # Planes of 1, 3 (rows 0 and 2), then of 1 (row 1): three accesses; none for the vector of zeros.
    expect "bitsift, sign coding" "out/a=<i4 2 3 0" "out/m=|u1 3,4 1 0 1 0 0 0 1 0 0 1 0 0" "out/d=|u1 3 6 7 7" \
        "out/p=|u1 3 0 1 4" -- bitsift --in x=x.npy --set bits=4 --out accesses=out/a masks=out/m dummy=out/d \
        --out plane=out/p
    # -1 is 1111; planes 2 and 3 are equal, so that effective planes make one of them.
    expect "bitsift, two's complement" "out/p=|u1 4 0 1 2 3" "out/d=|u1 4 5 6 7 7" \
        "out/m=|u1 4,4 1 1 1 0 0 1 1 0 0 1 0 0 0 1 0 0" -- bitsift --in x=x.npy --set bits=4 coding=twos --set \
        eplanes=0 --out masks=out/m plane=out/p dummy=out/d
    expect "bitsift, effective planes" "out/p=|u1 3 0 1 2" "out/d=|u1 3 5 6 7" -- bitsift --in x=x.npy --set \
        bits=4 coding=twos --out plane=out/p dummy=out/d
    mk zero.npy '|u1' 1,3 0 0 0
    expect "bitsift, no access at all" "out/m=|u1 0,3" "out/a=<i4 1 0" -- bitsift --in x=zero.npy --set signed=0 \
        --out masks=out/m accesses=out/a
    # Slices of 8 with 5, 5, 3 and 3 ones. split: 8 + 8; scan: 5+3 (the second slice waits), 5+3; next: 5, 5+3, 3.
    mk pops.npy '|u1' 1,32 1 1 1 1 1 0 0 0 1 1 1 1 1 0 0 0 1 1 1 0 0 0 0 0 1 1 1 0 0 0 0 0
    for mode in "split 2" "scan 2" "next 3"; do
        expect "bitsift, mode ${mode% *}" "out/a=<i4 1 ${mode#* }" -- bitsift --in x=pops.npy --set signed=0 \
            bits=1 slice=8 "mode=${mode% *}" --out accesses=out/a
    done
    mk a.npy '<i4' 2,3 127 128 384 2000 -5 1919
    expect "therm-enc" "out/c=|u1 2,3 0 1 2 8 0 7" -- therm-enc --in a=a.npy --out code=out/c
    mk x.npy '|i1' 1,3 1 -2 3
    mk w.npy '|i1' 3,2 1 2 3 4 5 6
    expect "flare-gemv" "out/y=<i8 1,2 10 12" "out/a=<i4 1 3" -- flare-gemv --in x=x.npy w=w.npy --out y=out/y \
        accesses=out/a
    mk u.npy '|u1' 1,3 200 255 1
    mk w16.npy '<i2' 3,1 -32768 32767 1
    # -6553600 + 8355585 + 1
    expect "flare-gemv, unsigned, 16-bit weights" "out/y=<i8 1,1 1801986" -- flare-gemv --in x=u.npy w=w16.npy \
        --out y=out/y
    # E = 9 for 1000: s = 3, (1000 + 4) >> 3 and (-3 + 4) >> 3.
    mk x.npy '<i2' 2,2 1000 -3 1 2
    expect "emsbq" "out/y=<i2 2,2 125 0 1 2" "out/s=<i4 2 3 0" -- emsbq --in x=x.npy --out y=out/y s=out/s
    expect "emsbq, truncating" "out/y=<i2 2,2 125 -1 1 2" -- emsbq --in x=x.npy --out y=out/y --set round=0
    mk u.npy '<i4' 1,2 1000 3
    expect "emsbq, unsigned" "out/y=<i2 1,2 250 1" "out/s=<i4 1 2" -- emsbq --in x=u.npy --set signed=0 --out \
        y=out/y s=out/s
    # (1000 + 8) >> 4, (-5 + 8) >> 4, saturated; 3 << 2.
    mk x.npy '<i4' 2,3 1000 -5 100000 3 -3 -1000
    mk shift.npy '|i1' 2 4 -2
    expect "msb-parse" "out/y=<i2 2,3 63 0 511 12 -12 -512" -- msb-parse --in x=x.npy shift=shift.npy --out \
        y=out/y
    # s0 = 1/2, ne = 0: l = 22, b = 87, c = 2859, t = 4: (2859 + 8) >> 4; D = 16: (2859 - 16*71 + 8) >> 4.
    mk x.npy '|i1' 1,3 0 -1 5
    mk ne.npy '|i1' 1 0
    mk mask.npy '<i8' 1,3 1 1 0
    expect "vdr-softmax" "out/a=|u1 1,3 179 108 0" "out/z=<i4 1 287" -- vdr-softmax --in x=x.npy ne=ne.npy \
        mask=mask.npy --out a=out/a z=out/z
    # z = 3: k = 1, i = 16, rec = round(8192 / 48.5) = 169: 169000 >> 5.
    mk o.npy '<i2' 1,1 1000
    mk z.npy '|u1' 1 3
    expect "head-norm" "out/y=<i4 1,1 5281" -- head-norm --in o=o.npy z=z.npy --out y=out/y
    expect "head-norm, pow2" "out/y=<i4 1,1 8000" -- head-norm --in o=o.npy z=z.npy --set mode=pow2 --out \
        y=out/y
    expect "head-norm, none" "out/y=<i4 1,1 1000" -- head-norm --in o=o.npy z=z.npy --set mode=none --out \
        y=out/y
    # K = V = Q = 10, L = 100, A = Z = 179, A*V = 1790, o = (1790 * 184) >> 11 = 160, s_o = 1, O = 80, e = 1 - 4.
    mk x.npy '|i1' 1,1 10
    mk ex.npy '<i4' 1 0
    mk w.npy '|i1' 1,1 1
    expect "flare-attention" "out/y=|i1 1,1 80" "out/e=<i4 1 -3" -- flare-attention --in x=x.npy ex=ex.npy \
        wq=w.npy wk=w.npy wv=w.npy wo=w.npy --set mk=0 mv=0 --out y=out/y e=out/e cycles=out/c
    mk v.npy '<i4' 6 -5 127 128 16128 1000000 2147483647
    expect "sar-ctrl, 7 bits" "out/c=|u1 6 0 0 1 63 127 127" -- sar-ctrl --in vin_q8=v.npy --out code=out/c
    expect "sar-ctrl, 6 bits" "out/c=|u1 6 0 0 1 63 63 63" -- sar-ctrl --in vin_q8=v.npy --set bits=6 --out \
        code=out/c
    mk x.npy '|i1' 1,2 1 -2
    mk w.npy '|i1' 2,1 3 5
    for set in "cell=1" "cell=2" "cell=1 flip=0" "cell=2 adc=ideal"; do
        # shellcheck disable=SC2086
        expect "hyflex-gemv $set" "out/y=<i4 1,1 -7" "out/c=<i8 1 0" -- hyflex-gemv --in x=x.npy w=w.npy --set $set \
            --out y=out/y clips=out/c
    done
    # x = w = -1 on 64 rows: all planes are full, columns 0..6 store ones, and 64 is beyond 6 bits: 7 * 8 clips. A plane
    # gives 63 * 127 - 64 * 128 = -191 instead of -64; planes add up to -1 times that. Column flip makes it exact.
    mk ones.npy '|i1' 1,64 1@-1..-1
    mk wones.npy '|i1' 64,1 1@-1..-1
    expect "hyflex-gemv, full columns clip" "out/y=<i4 1,1 191" "out/c=<i8 1 56" -- hyflex-gemv --in x=ones.npy \
        --in w=wones.npy --set flip=0 --out y=out/y clips=out/c
    expect "hyflex-gemv, column flip" "out/y=<i4 1,1 64" "out/c=<i8 1 0" -- hyflex-gemv --in x=ones.npy \
        --in w=wones.npy --out y=out/y clips=out/c
    mk a.npy '<i2' 4 -128 127 3 0
    mk b.npy '|i1' 4 -128 -128 -5 9
    expect "nor-mul" "out/y=<i4 4 16384 -16256 -15 0" -- nor-mul --in a=a.npy b=b.npy --out y=out/y
    mk a.npy '<i4' 2 4095 1
    mk b.npy '<i4' 2 -8 7
    expect "nor-mul, 12 unsigned bits by 4" "out/y=<i4 2 -32760 7" -- nor-mul --in a=a.npy b=b.npy --out y=out/y \
        --set abits=12 asigned=0 bbits=4
    # (3 - 1*2) in plane 0, then -(2 - 2*2) in plane 1; no access; -2 in plane 0.
    mk code.npy '|u1' 3,2 3 1 2 2 0 1
    mk plane.npy '|u1' 3 0 1 0
    mk neg.npy '|b1' 3 0 1 0
    mk acc.npy '|u1' 3 2 0 1
    expect "shift-add" "out/y=<i8 3,1 5 0 -2" -- shift_add --in code=code.npy plane=plane.npy neg=neg.npy \
        --in accesses=acc.npy --set wbits=2 --out y=out/y
    # (1000 + 8) >> 4 and (-5 + 8) >> 4; (1000 + 1) >> 1 and (-5 + 1) >> 1.
    mk k.npy '<i2' 1,1,2 1000 -5
    mk ex.npy '|i1' 1,1 -1
    expect "kv-write" "out/k=<i2 1,1,2 63 0" "out/v=<i2 1,1,2 500 -2" -- kv-write --in k=k.npy v=k.npy ex=ex.npy \
        --set mk=3 --out k=out/k v=out/v
    mk v.npy '<i4' 1,16 127 128 16128 1000000 1@-9..-5
    expect "col-scan" "out/c=|u1 1,16 0 1 63 127 0 0 0 0 0 0 0 0 0 0 0 0" -- col-scan --in value=v.npy --out code=out/c
    # One wordline in plane 0 on a cell that holds 2 + 128: columns 1 and 7.
    mk code.npy '|u1' 1,8,8 0 1 0 0 0 0 0 1 1@0..0
    mk pop.npy '|u1' 1,8 1 1@0..0
    mk flip.npy '|u1' 8 1@0..0
    expect "mlc-shift-add" "out/y=<i4 1,1 2" -- mlc-shift-add --in code=code.npy flip=flip.npy pop=pop.npy --out y=out/y
    # Column 1 stored flipped: it shows 1 - 1.
    mk code.npy '|u1' 1,8,8 0 0 0 0 0 0 0 1 1@0..0
    mk flip.npy '|u1' 8 0 1 1@0..0
    expect "mlc-shift-add, flipped" "out/y=<i4 1,1 2" -- mlc_shift_add --in code=code.npy flip=flip.npy pop=pop.npy \
        --out y=out/y
    users_files
    sampled
    mk x.npy '<i4' 1,3 1 -2 3
    mk w.npy '|i1' 3,2 1 2 3 4 5 6
    expect "dcim-gemv" "out/y=<i8 1,2 10 12" -- dcim-gemv --in x=x.npy w=w.npy --out y=out/y
    mk x.npy '|u1' 1,4 1 2 3 4
    mk w.npy '|i1' 2,2 1 2 3 4
    # 1*1 + 2*3 and 3*2 + 4*4.
    expect "tiny-gemv, depthwise" "out/y=<i4 1,2 7 22" -- tiny-gemv --in x=x.npy w=w.npy --set depthwise=1 --out y=out/y
    # Layer 2 waits for layer 0, 32 + 0 + 48 > 64, layer 3 for layer 2.
    mk bits.npy '<i8' 4 32 0 48 64
    mk run.npy '<i4' 4 3 2 2 1
    expect "wake" "out/c=<i8 1 17" "out/e=<i8 4 7 9 12 17" -- wake --in bits=bits.npy run=run.npy --set pwr=2 bus=16 cap=64 \
        --out cycles=out/c end=out/e
    mk layers.npy '<i8' 1,2 576 49
    expect "pva-cost" "out/a=<i8 1 32634" "out/c=<i8 1 56448" -- pva-cost --in layers=layers.npy --out accesses=out/a conventional=out/c
    # 1.5 * 3 - 0.5 * 5 = 2; the same as integers, 3*2 - 5.
    mk x.npy '<i4' 1,2 16320 48896
    mk w.npy '<i4' 2,1 3 5
    expect "mix-gemv, floating-point inputs" "out/y=<i8 1,1 1073741824" "out/d=|u1 1 2" -- mix-gemv --in x=x.npy w=w.npy \
        --set mode=fi --out y=out/y dest=out/d
    mk x.npy '<i4' 1,2 3 5
    mk w.npy '<i4' 2,1 2 -1
    expect "mix-gemv, integers" "out/y=<i8 1,1 1" -- mix-gemv --in x=x.npy w=w.npy --set mode=ii --out y=out/y
    # 1, -1/2 and 3 at the exponent of 3: steps of 2^-9.
    mk u.npy '<i4' 1,3 16256 48896 16448
    expect "prealign" "out/q=<i2 1,3 512 -256 1536" "out/e=<i4 1 128" "out/f=|u1 1 0" -- prealign --in u=u.npy --out q=out/q \
        emax=out/e flags=out/f
    # 3/2, below the least number, beyond the largest, a tie.
    mk dpv.npy '<i8' 4 3 -1 1 16777217
    mk p.npy '<i4' 4 -1 -127 128 0
    expect "fp-norm" "out/y=<i4 4 1069547520 0 2139095040 1266679808" "out/f=|u1 4 0 1 2 0" -- fp-norm --in dpv=dpv.npy p=p.npy \
        --out y=out/y flags=out/f
    mk x.npy '<i4' 1,3 1 -2 3
    mk w.npy '|i1' 3,2 1 2 3 4 5 6
    expect "pva-gemv" "out/y=<i8 1,2 10 12" "out/a=<i8 1 32" "out/c=<i8 1 0" -- pva-gemv --in x=x.npy w=w.npy --out y=out/y \
        accesses=out/a clips=out/c
    # Steps of 8 in places 0 and 1: their sums 2 and 4 of the first column become 0 and 8, 4 and 2 of the second 8 and 0.
    expect "pva-gemv, coarse in its lowest places" "out/y=<i8 1,2 16 12" -- pva-gemv --in x=x.npy w=w.npy --set k=0,0,3 --out y=out/y
    mk s.npy '<i4' 1,2 0 1
    mk e.npy '<i4' 1,2 10 4
    mk bits.npy '<i8' 1,2 0 0
    expect "partition, a move" "out/c=|u1 1 1" "out/m=<i4 1,2 0 1" -- partition --in s=s.npy e=e.npy bits=bits.npy --set budget=1 \
        --out cfg=out/c moves=out/m
    expect "partition, no move" "out/c=|u1 1 0" "out/m=<i4 0,2" -- partition --in s=s.npy e=e.npy bits=bits.npy \
        --out cfg=out/c moves=out/m
}

# Files as NumPy and PyTorch write them.
users_files() {
    # w.T of a [M,D] weight.
    raw w.npy 1 '{'"'descr': '|i1', 'fortran_order': True, 'shape': (3, 2), }" '\001\003\005\002\004\006'
    mk x.npy '<i4' 1,3 1 -2 3
    expect "flare-gemv, a transposed weight" "out/y=<i8 1,2 10 12" -- flare-gemv --in x=x.npy w=w.npy --out y=out/y
    mk x.npy '<u2' 1,3 200 255 1
    expect "flare-gemv, uint16 activations" "out/y=<i8 1,2 970 1426" -- flare-gemv --in x=x.npy w=w.npy --out y=out/y
    raw mask.npy 1 '{'"'descr': '|b1', 'fortran_order': False, 'shape': (1, 3), }" '\001\001\000'
    mk x.npy '|i1' 1,3 0 -1 5
    mk ne.npy '<u4' 1 0
    expect "vdr-softmax, a bool mask" "out/a=|u1 1,3 179 108 0" -- vdr-softmax --in x=x.npy ne=ne.npy mask=mask.npy \
        --out a=out/a
    raw float.npy 1 '{'"'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }" '\0\0\0\300\0\0\100\100'
    expect "emsbq, integers as float32" "out/y=<i2 1,2 -2 3" -- emsbq --in x=float.npy --out y=out/y
}

# Made-up inputs; a file and its sizes come first, and the user's settings.
sampled() {
    expect "a sample" "out/c=|u1 3 4 78 117" -- sar-ctrl --sample timing --out code=out/c
    expect "a sample's settings" "out/c=|u1 3 4 63 63" -- sar-ctrl --sample timing --set bits=6 --out code=out/c
    mk a.npy '|i1' 2 3 4
    expect "a sample beside a file" "out/y=<i4 2 27 44" -- nor-mul --in a=a.npy --sample timing --out y=out/y
}

# What is wrong with a .npy file, each as the input of an op that would take it if it were right.
refuse_files() {
    head='{'"'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }"
    data='\001\0\0\0\002\0\0\0\003\0\0\0\004\0\0\0\005\0\0\0\006\0\0\0'
    raw good.npy 1 "$head" "$data"
    expect "version 1.0" "out/c=|u1 2,3 0 0 0 0 0 0" -- therm-enc --in a=good.npy --out code=out/c
    raw good.npy 2 "$head" "$data"
    expect "version 2.0" "out/c=|u1 2,3 0 0 0 0 0 0" -- therm-enc --in a=good.npy --out code=out/c
    raw good.npy 1 "$(echo "$head" | sed s/False/True/)" \
        '\177\0\0\0\200\0\0\0\200\001\0\0\320\007\0\0\373\377\377\377\177\007\0\0'
    expect "Fortran order" "out/c=|u1 2,3 0 2 0 1 8 7" -- therm-enc --in a=good.npy --out code=out/c
    raw good.npy 1 "$(echo "$head" | sed 's/<i4/>u4/')" '\0\0\001\200\0\0\007\177\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
    expect "unsigned, big-endian" "out/c=|u1 2,3 2 7 0 0 0 0" -- therm-enc --in a=good.npy --out code=out/c
    raw float.npy 1 "$(echo "$head" | sed s/i4/f4/)" "$data"
    raw half.npy 1 "$(echo "$head" | sed s/i4/f2/)" "$data"
    raw short.npy 1 "$head" '\001\0\0\0\002'
    raw long.npy 1 "$head" "$data"'\0'
    raw huge.npy 1 "$(echo "$head" | sed 's/(2, 3)/(1099511627776, 1099511627776)/')" "$data"
    raw wide.npy 1 "$(echo "$head" | sed 's/(2, 3)/(1099511627776, 3)/')" "$data"
    raw digits.npy 1 "$(echo "$head" | sed 's/(2, 3)/(99999999999999999999999999, 3)/')" "$data"
    raw none.npy 1 "$(echo "$head" | sed 's/(2, 3)/(2, 0)/')" ''
    raw scalar.npy 1 "$(echo "$head" | sed 's/(2, 3)/()/')" '\001\0\0\0'
    raw deep.npy 1 "$(echo "$head" | sed 's/(2, 3)/(1, 1, 1, 2, 3)/')" "$data"
    raw words.npy 1 "$(echo "$head" | sed 's/, .shape.*/}/')" "$data"
    printf '\223NUMPY\004\0\001\0\0\0\n' >version4.npy
    printf '\223NUMPY\002\0\377\377\377\377{' >header.npy
    printf '\223NUMPY\001\0\100\0{' >cut.npy
    : >empty.npy
    echo "not an array" >text.npy
    mkfifo fifo.npy
    mkdir folder.npy
    while IFS='|' read -r file reason; do
        refuse "$file" "$file" "$reason" op therm-enc --in "a=$file" --out code=out/c
    done <<EOF
float.npy|dtype <f4: element [0,0] is no integer
half.npy|dtype <f2
short.npy|truncated
long.npy|trailing bytes
huge.npy|the shape is too large
wide.npy|truncated
digits.npy|the shape is too large
none.npy|empty tensor
scalar.npy|no dimensions
deep.npy|more than 4 dimensions
words.npy|malformed
version4.npy|version 4.0
header.npy|a header of 4294967295 bytes
cut.npy|the header is truncated
empty.npy|the file is empty
text.npy|not a .npy file
fifo.npy|not a regular file
folder.npy|Is a directory
missing.npy|No such file or directory
good.npy/x.npy|Not a directory
EOF
    refuse "an empty name" "" "No such file" op therm-enc --in a= --out code=out/c
    refuse "a name of two lines" "two?lines.npy" "No such file" op therm-enc --in "a=two
lines.npy" --out code=out/c
}

refuse_tensors() {
    mk x.npy '|i1' 2,3 1 2 3 4 5 6
    mk x1.npy '|i1' 3 1 2 3
    mk x16.npy '<i2' 2,3 1 2 3 4 5 128
    mk w.npy '|i1' 3,2 1 2 3 4 5 6
    mk w4.npy '|i1' 4,2 1 2 3 4 5 6 7 8
    mk wide.npy '|i1' 1,4097 1@-5..5
    mk ne.npy '<i4' 2 0 0
    mk ne3.npy '<i4' 3 0 0 0
    mk ne64.npy '<i8' 2 0 2147483648
    mk mask.npy '|u1' 2,3 1 1 2 1 1 1
    mk neg.npy '<i4' 2,3 0 0 0 0 -1 0
    mk big.npy '<i2' 2,3 0 0 256 -1 0 0
    refuse "a wrong rank" x1.npy "x has shape [3], expected [T,D]" op bitsift --in x=x1.npy --out accesses=out/a
    refuse "shapes that do not fit" w4.npy "w has shape [4,2], expected [D,M] with D=3" op flare-gemv --in x=x.npy \
        w=w4.npy --out y=out/y
    refuse "another length" ne3.npy "ne has shape [3], expected [T] with T=2" op vdr-softmax --in x=x.npy ne=ne3.npy \
        --out a=out/a
    refuse "too many rows" wide.npy "D=4097, at most 4096" op bitsift --in x=wide.npy --out accesses=out/a
    refuse "values outside the bits" x16.npy "x[1,2] = 128 is outside -128..127 (bits=8 signed=1)" op bitsift \
        --in x=x16.npy --out accesses=out/a
    refuse "negative values of unsigned elements" neg.npy "x[1,1] = -1 is outside 0..255 (bits=8 signed=0)" op bitsift \
        --in x=neg.npy --set signed=0 --out accesses=out/a
    refuse "an unsigned group with a sign" neg.npy "x[1,1] = -1 is outside 0" op emsbq --in x=neg.npy --set signed=0 \
        --out y=out/y
    refuse "values outside the dtype" ne64.npy "ne[1] = 2147483648 is outside" op vdr-softmax --in x=x.npy ne=ne64.npy \
        --out a=out/a
    refuse "a mask of 2" mask.npy "mask[0,2] = 2 is outside 0..1" op vdr-softmax --in x=x.npy ne=ne.npy mask=mask.npy \
        --out a=out/a
    refuse "activations of nine bits" big.npy "x[0,2] = 256" op flare-gemv --in x=big.npy w=w.npy --out y=out/y
    mk mixed.npy '<i2' 2,3 0 0 255 -1 0 0
    refuse "activations of both kinds" mixed.npy "x[1,0] = -1 is outside 0..255 (a value above 127" op flare-gemv \
        --in x=mixed.npy w=w.npy --out y=out/y
    refuse "weights outside wbits" w.npy "w[1,1] = 4 is outside -4..3 (wbits=3)" op flare-gemv --in x=x.npy w=w.npy \
        --set wbits=3 --out y=out/y
    mk z.npy '<i4' 2 1 -1
    refuse "a negative z" z.npy "z[1] = -1" op head-norm --in o=x.npy z=z.npy --out y=out/y
    mk p.npy '<i4' 2 1 65535
    mk q.npy '<i4' 2 1 128
    refuse "a product beyond int32" y "a[1] * b[1] = 4294836225 is beyond int32" op nor-mul --in a=p.npy b=p.npy \
        --set abits=16 bbits=16 asigned=0 bsigned=0 --out y=out/y
    refuse "an operand beyond its bits" q.npy "b[1] = 128 is outside -128..127 (bbits=8 bsigned=1)" op nor-mul \
        --in a=p.npy b=q.npy --set abits=16 asigned=0 --out y=out/y
    mk d4.npy '|i1' 4,4 1@-9..9
    mk ex.npy '<i4' 4 0 0 0 0
    att="--in x=d4.npy ex=ex.npy wq=d4.npy wk=d4.npy wv=d4.npy"
    # shellcheck disable=SC2086
    {
        refuse "heads that do not divide D" heads "D=4 is not a multiple of 3" op flare-attention $att wo=d4.npy \
            --set heads=3 --out y=out/y
        refuse "a list of another length" s0 "2 values for 4 heads" op flare-attention $att wo=d4.npy --set heads=4 \
            s0=0.5,0.6 --out y=out/y
        refuse "another list of another length" e0 "3 values for 1 heads" op flare-attention $att wo=d4.npy \
            --set e0=1,2,3 --out y=out/y
        refuse "a missing input" wo "the input is missing" op flare-attention $att --out y=out/y
        refuse "a weight matrix of another shape" w.npy "wo has shape [3,2], expected [D,D] with D=4" op \
            flare-attention $att wo=w.npy --out y=out/y
    }
}

refuse_usage() {
    mk a.npy '<i4' 2,3 1@0..2000
    mk x.npy '|i1' 2,3 1 2 3 4 5 6
    call="op emsbq --in x=x.npy"
    # shellcheck disable=SC2086
    {
        refuse "an unknown op" nonsense "no such op" op nonsense
        refuse "no op" op "no op named" op
        refuse "no output" --out "no output asked for" $call
        refuse "an unknown setting" bits "no such setting" $call --set bits=3 --out y=out/y
        refuse "another op's setting" adc "no such setting" $call --set adc=6 --out y=out/y
        refuse "a setting without value" q "'' is not an integer" $call --set q= --out y=out/y
        refuse "a setting without =" --set "'q' is not NAME=VALUE" $call --set q --out y=out/y
        refuse "a setting without name" --set "'=8' is not NAME=VALUE" $call --set =8 --out y=out/y
        refuse "a word for a number" q "'eight' is not an integer" $call --set q=eight --out y=out/y
        refuse "a fraction for an integer" q "'8.0' is not an integer" $call --set q=8.0 --out y=out/y
        refuse "a number with a tail" q "'8 ' is not an integer" $call --set "q=8 " --out y=out/y
        refuse "an integer above 64 bits" q "is not an integer" $call --set q=99999999999999999999 --out y=out/y
        refuse "a setting out of range" q "17 is outside 1..16" $call --set q=17 --out y=out/y
        refuse "a range that depends on another" q "1 is outside 2..16 (signed=1)" $call --set q=1 --out y=out/y
        refuse "the other range" q "16 is outside 1..15 (signed=0)" $call --set q=16 signed=0 --out y=out/y
        refuse "a list where one value goes" q "'8,8' is not an integer" $call --set q=8,8 --out y=out/y
        refuse "a choice that is none" round "'2' is not one of 0|1" $call --set round=2 --out y=out/y
        refuse "a setting twice" q "given twice" $call --set q=8 q=8 --out y=out/y
        refuse "an unknown sample" big "emsbq has no such sample" $call --sample big --out y=out/y
        refuse "two samples" --sample "given twice" $call --sample signed --sample signed --out y=out/y
        refuse "a sample before the op" --sample "the op's name comes first" op --sample signed emsbq
        refuse "an unknown input" w "emsbq has no such input" $call --in w=x.npy --out y=out/y
        refuse "an input twice" x "given twice" $call --in x=x.npy --out y=out/y
        refuse "an unknown output" z "emsbq has no such output" $call --out z=out/z
        refuse "an output twice" y "given twice" $call --out y=out/y --out y=out/y2
        refuse "two outputs in one file" out/../out/f "two outputs would be written" $call --out y=out/f \
            --out s=out/../out/f
        refuse "an unknown option" --speed "unknown option" $call --out y=out/y --speed
        refuse "an option without value" --out "unknown option, or its value is missing" $call --out
        refuse "a stray argument" more "unexpected argument" op emsbq more
        refuse "an unknown engine" --engine "'fast' is not golden, rtl or both" $call --out y=out/y --engine fast
        refuse "two engines" --engine "given twice" $call --out y=out/y --engine rtl --engine golden
        refuse "a waveform of the golden model" --wave "needs --engine rtl" $call --out y=out/y --wave out/w.fst
        refuse "a waveform of both" --wave "needs --engine rtl" $call --out y=out/y --wave out/w.fst --engine both
        refuse "a waveform in no folder" none/w.fst "folder does not exist" $call --out y=out/y --wave none/w.fst \
            --engine rtl
        refuse "a waveform over an input" x.npy "would overwrite an input" $call --out y=out/y --wave x.npy \
            --engine rtl
        refuse "a waveform over an output" out/y "would be written to this file" $call --out y=out/y --wave out/y \
            --engine rtl
    }
    refuse "a setting twice, in two spellings" coding-x "given twice" op flare-attention --sample plain --set coding-x=twos \
        coding_x=twos
    refuse "a file that does not fit the sample" x.npy "a has shape [2,3], expected [n]" op nor-mul --in a=x.npy \
        --sample int8
    refuse "a NaN" s0 "'nan' is not a number" op vdr-softmax --in x=x.npy --set s0=nan --out a=out/a
    refuse "s0 = 1" s0 "1 is outside 0.5 <= value < 1" op vdr-softmax --in x=x.npy --set s0=1 --out a=out/a
    refuse "s0 below 1/2" s0 "0.49 is outside" op vdr-softmax --in x=x.npy --set s0=0.49 --out a=out/a
    refuse "signed elements of one bit" bits "1 is outside 2..16 (signed=1)" op bitsift --in x=x.npy --set bits=1 \
        --out accesses=out/a
    refuse "an unknown command" nonsense "no such command" nonsense
    for engine in rtl both; do
        refuse "mode next on $engine" mode "no RTL" op bitsift --in x=x.npy --set mode=next --out accesses=out/a \
            --engine $engine
        refuse "mode next of a GEMV on $engine" mode "no RTL" op flare-gemv --in x=x.npy --in w=w3.npy \
            --set mode=next --out y=out/y --engine $engine
        for mode in none pow2; do
            refuse "head-norm mode $mode on $engine" mode "$mode has no RTL" op head-norm --in o=x.npy --in z=z2.npy \
                --set mode=$mode --out y=out/y --engine $engine
        done
    done
    refuse "an ideal converter on the RTL" adc "no RTL" op hyflex-gemv --in x=x.npy --in w=w3.npy --set adc=ideal \
        --out y=out/y --engine both
    refuse "a long group on the RTL" --engine "groups of at most 4096" op emsbq --in x=long.npy --out y=out/y \
        --engine rtl
}

refuse_outputs() {
    mk x.npy '|i1' 2,3 1 2 3 4 5 6
    mk v.npy '<i4' 4000 1@-99..99999
    refuse "a missing folder" none/y "the folder does not exist" op emsbq --in x=x.npy --out y=none/y
    refuse "a missing folder of the second output" none/s "the folder does not exist" op emsbq --in x=x.npy \
        --out y=out/y s=none/s
    refuse "a folder as output" out "Is a directory" op emsbq --in x=x.npy --out y=out
    refuse "a file as folder" x.npy/y "Not a directory" op emsbq --in x=x.npy --out y=x.npy/y
    refuse "an output without name" "" "empty file name" op emsbq --in x=x.npy --out y=
    refuse "a name that is too long" "$(printf '%0300d' 0)" "File name too long" op emsbq --in x=x.npy \
        --out "y=$(printf '%0300d' 0)"
    refuse "a full disk" /dev/full "No space left" op sar-ctrl --in vin_q8=v.npy --out code=/dev/full
    refuse "a full disk for the second output" /dev/full "No space left" op emsbq --in x=x.npy --out y=out/y \
        s=/dev/full
    echo old >out/y
    refuse "bad input, and keeps the old output" x.npy "x[0,1] = 2 is outside 0..1" op bitsift --in x=x.npy \
        --set bits=1 signed=0 --out accesses=out/y
    for code in out/y out/new; do
        name="a file beyond the size limit ($code)"
        subject=$code
        reason="File too large"
        ls -lA --full-time out >before
        rc=0
        (ulimit -f 1 && exec "$perimeter" op sar-ctrl --in vin_q8=v.npy --out "code=$code") >stdout 2>stderr || rc=$?
        check_refusal
    done
    name="a standard output that is full"
    subject="standard output"
    reason="No space left"
    ls -lA --full-time out >before
    rc=0
    "$perimeter" op sar-ctrl --in vin_q8=v.npy --out code=out/c >/dev/full 2>stderr || rc=$?
    check_refusal
    if [ "$(id -u)" -ne 0 ]; then
        mkdir locked
        chmod 555 locked
        refuse "a folder that is not writable" locked/y "Permission denied" op emsbq --in x=x.npy --out y=locked/y
        : >out/read-only
        chmod 444 out/read-only
        refuse "an output that is read-only" out/read-only "Permission denied" op emsbq --in x=x.npy \
            --out y=out/read-only
        chmod 000 x.npy
        refuse "an unreadable input" x.npy "Permission denied" op emsbq --in x=x.npy --out y=out/y
    fi
    rm -rf out
    mkdir out
}

refuse_all() {
    refuse_files
    refuse_tensors
    mk w3.npy '|i1' 3,1 1 2 3
    mk z2.npy '|u1' 2 1 2
    mk long.npy '|i1' 1,4097 1@-5..5
    refuse_usage
    refuse_outputs
    mk k16.npy '<i4' 1,16 1@0..1
    mk w16.npy '|i1' 16,1 1@0..1
    refuse "a kernel too large for tiny digital" w16.npy "at most 15" op tiny-gemv --in x=k16.npy w=w16.npy --out y=out/y
    refuse "a signed bit" xbits "at least 2 bits" op dcim-gemv --in x=k16.npy w=w16.npy --set xbits=1 --out y=out/y
    mk bits.npy '<i8' 1,2 5 5
    mk k2.npy '<i4' 1,2 0 0
    refuse "a partition without solution" partition "within budget and cap" op partition --in s=k2.npy e=k2.npy bits=bits.npy \
        --set cap=4 --out cfg=out/c
    mk bits.npy '<i8' 2 5 9
    mk run.npy '<i8' 2 1 1
    refuse "a layer beyond the cap" bits "layer 1 has 9" op wake --in bits=bits.npy run=run.npy --set cap=8 --out end=out/e
    refuse "a bus of 3 bits" bus "power of two" op wake --in bits=bits.npy run=run.npy --set bus=3 --out end=out/e
    mk u.npy '<i4' 1,1 256
    refuse "a code that the format has not" u.npy "outside 0..255 (fmt=e4m3)" op prealign --in u=u.npy --set fmt=e4m3 --out q=out/q
    mk w1.npy '<i4' 1,1 1
    mk long.npy '<i4' 1,4097 1@0..9
    refuse "a long vector on the RTL" --engine "at most 4096" op prealign --in u=long.npy --engine rtl --out q=out/q
    refuse "one exponent for all on the RTL" group "all has no RTL" op prealign --in u=u.npy --set group=all --engine rtl --out q=out/q
    mk x.npy '<i4' 1,1 128
    refuse "an input beyond xbits" x.npy "outside -128..127 (xbits=8 signed=1)" op pva-gemv --in x=x.npy w=w1.npy --out y=out/y
    refuse "two steps for three levels" k "2 values, expected 3" op pva-gemv --in x=x.npy w=x.npy --set k=0,0 --out y=out/y
    refuse "a table whose step is too coarse" k "16 wordlines of level 0 are less than 8<<2" op pva-gemv --in x=x.npy w=x.npy \
        --set k=2,0,0 --out y=out/y
    mk layers.npy '<i8' 1,2 70000 1
    refuse "a layer of too many rows" layers "[0,0] 70000 rows, at most 65536" op pva-cost --in layers=layers.npy --out accesses=out/a
    refuse "bounds in the wrong order" lo "9 is above hi=3" op pva-gemv --in x=x.npy w=x.npy --set lo=9 hi=3 --out y=out/y
    mk one.npy '<i4' 1,1 1
    refuse "alignment by layer of integers" align "only mode=ff" op mix-gemv --in x=one.npy w=one.npy --set mode=ii align=layer \
        --out y=out/y
    for ignored in "mode=ii fmt=fp16" "mode=if rx=1" "mode=fi rw=0" "mode=ff signed=0" "mode=ff align=product adc=default"; do
        setting=${ignored##* }
        refuse "a setting of mix-gemv that $ignored would ignore" "${setting%=*}" ignored op mix-gemv --in x=one.npy w=one.npy \
            --set $ignored --out y=out/y
    done
    mk bits.npy '<i8' 1,1 0
    refuse "a loss of the first configuration" s "must lose nothing" op partition --in s=one.npy e=one.npy bits=bits.npy --out cfg=out/c
    refuse "RTL of an op that has none" partition "golden engine" op partition --in s=one.npy e=one.npy bits=bits.npy --engine rtl \
        --out cfg=out/c
}

# The same vectors through the golden model and the RTL.
agree() { # NAME INTEGERS ARGUMENT...; -: any number of integers but none
    name=$1
    integers=$2
    shift 2
    rc=0
    "$perimeter" op "$@" --engine both >stdout 2>stderr || rc=$?
    # The driver of flare_apb is a coroutine of its simulation, which the sanitizer says it cannot follow.
    sed -i '/ASan doesn.t fully support makecontext/d' stderr
    ok=0
    [ "$integers" != - ] || integers='[1-9][0-9]*'
    if [ $rc -ne 0 ] || [ -s stderr ] || ! grep -q "both engines agree: $integers integers compared" stdout; then
        echo "# exit status $rc, expected $integers integers"
        diagnose stderr stdout
        ok=1
    fi
    verdict $ok "both engines: $name"
    rm -rf out
    mkdir out
}

both() {
    PERIMETER_PROGRAM=$perimeter python3 "$root/flow/catalogue.py" samples >samples || verdict 1 "the ops' samples"
    while read -r op sample integers; do
        agree "$op, $sample" "$integers" "$op" --sample "$sample"
    done <samples
    # Sizes that are padded, cut into groups and tiled.
    mk x.npy '|i1' 3,100 1@-128..127
    mk w.npy '|i1' 100,20 4@-128..127
    agree "flare-gemv of files" 63 flare-gemv --in x=x.npy w=w.npy --out y=out/y accesses=out/a
    mk v2.npy '<i4' 1,9 1@0..2000
    rm -f w.fst
    ok=0
    "$perimeter" op therm-enc --in a=v2.npy --out code=out/c --engine rtl --wave w.fst >stdout 2>stderr || ok=1
    if ! [ -s w.fst ] || ! [ -s out/c ]; then
        ok=1
    fi
    [ $ok -eq 0 ] || diagnose stderr
    verdict $ok "writes a waveform"
    rm -rf out
    mkdir out
    differ
}

# An RTL that is wrong: both engines must differ, name the place, and say how to see it.
differ() {
    mkdir -p tree/build
    cp -r "$root/rtl" "$root/tb" "$root/include" "$root/cmodel" "$root/scripts" tree
    cp "${PERIMETER_BUILD:-$root/build}/libperimeter.a" tree/build
    broken=rtl/therm_enc/pm_therm_enc.sv
    # Bit 2 of every code is lost.
    sed -i "s/assign code_o *= *code\[/assign code_o = {Columns{4'b1011}} \& code[/" tree/$broken
    if cmp -s "$root/$broken" tree/$broken; then
        verdict 1 "breaks $broken: the line to break is no longer there"
        return
    fi
    mk "a b.npy" '<i4' 2,3 0 0 0 1000 300 2000
    rc=0
    PERIMETER_HOME=$PWD/tree PERIMETER_BUILD=$PWD/tree/build "$perimeter" op therm-enc --in "a=a b.npy" \
        --out code=out/c --engine both >stdout 2>stderr || rc=$?
    ok=0
    [ $rc -eq 1 ] || ok=1
    grep -q "^perimeter: therm_enc: code\[1,0\]: golden 4, rtl 0 (1 of 6 differ)$" stderr || ok=1
    grep -q "op therm-enc --in a='a b.npy' --out code=out/c --engine rtl --wave therm-enc.fst$" stderr || ok=1
    [ "$(ls -A out)" = "" ] || ok=1
    # The command as printed does replay it.
    replay=$(sed -n 's/^perimeter: replay with a waveform: //p' stderr)
    if ! PERIMETER_HOME=$PWD/tree PERIMETER_BUILD=$PWD/tree/build sh -c "$replay" >stdout2 2>&1 ||
        [ ! -s therm-enc.fst ] || [ "$("$mknpy" -s out/c)" != "|u1 2,3 0 0 0 0 1 8" ]; then
        ok=1
        diagnose stdout2
    fi
    if [ $ok -ne 0 ]; then
        diagnose stdout stderr
        tail -n 3 tree/build/rtl/therm_enc/*/log | diagnose
    fi
    verdict $ok "a broken RTL differs, with place and replay"
    PERIMETER_HOME=$PWD/tree PERIMETER_BUILD=$PWD/tree/build "$perimeter" op therm-enc --sample columns --engine both \
        >stdout 2>stderr
    [ $? = 1 ] && grep -q "op therm-enc --sample columns --engine rtl --wave therm-enc.fst$" stderr
    verdict $? "so does a sample's replay"
}

# The pages show the ops as the program declares them.
docs() {
    PERIMETER_PROGRAM=$perimeter python3 "$root/flow/catalogue.py" check | sed 's/ok - /ok - cli /' >pages
    cat pages
    tests=$((tests + $(grep -c '^ok' pages) + $(grep -c '^not ok' pages)))
    failed=$((failed + $(grep -c '^not ok' pages)))
    [ -s pages ] || verdict 1 "the pages' ops"
    # Long options of the man page and of the program.
    "$perimeter" op --help | grep -o '^  -., --[a-z]*' | sort >options
    sed -n 's/^\.BR \\-\(.\) ", " \\-\\-\([a-z]*\).*/  -\1, --\2/p' "$root/docs/perimeter.1" | sort >man
    cmp -s options man && [ -s options ]
    verdict $? "docs/perimeter.1 has every option"
}

for part in $parts; do
    case $part in
    docs) docs ;;
    golden) golden ;;
    refuse) refuse_all ;;
    both) both ;;
    *) verdict 1 "part $part" ;;
    esac
done
echo "# cli: $tests tests, $failed failed"
[ $failed -eq 0 ] && [ $tests -gt 0 ]
