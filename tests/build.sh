#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where and how the tree may be built, TAP: each works, or is refused at once in one line. In copies of this tree.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/tree.sh
root=$PWD
"$build/tests/mknpy" "$work/a.npy" '<i4' 2,2 0 300 900 2048 || exit 1
chmod 644 "$work/a.npy"
both() { # PROGRAM, golden and RTL
    "$@" op therm-enc --in a="$work/a.npy" --out code=/dev/null --engine both >"$work/log" 2>&1 && grep -q 'engines agree' "$work/log"
}
refused() { # PATTERN PROGRAM
    pattern=$1
    shift
    "$@" op therm-enc --in a="$work/a.npy" --out code=/dev/null --engine both >/dev/null 2>"$work/log"
    [ $? = 2 ] && one_line && grep -q "$pattern" "$work/log"
}
models() { find "$1" -name model.so | wc -l; }

tree "$work/a b"
cd "$work/a b" || exit 1
make -s >"$work/log" 2>&1 && both build/perimeter && [ "$(models build)" = 1 ]
verdict $? "build: a folder with a space"
{
    printf '#include "emsbq.h"\nint main(void) { return pm_emsb((const int64_t[]){4}, 0, 1, 1) != 2; }\n' >../use.c &&
        eval "cc ../use.c $(PKG_CONFIG_PATH=build pkg-config --cflags --libs --static perimeter) -o ../use" && ../use
} >"$work/log" 2>&1
verdict $? "build: pkg-config in a folder with a space"
PERIMETER_BUILD="$work/models here" both build/perimeter && [ "$(models "$work/models here")" = 1 ] && cd .. &&
    PERIMETER_BUILD=relative both "$work/a b/build/perimeter" && [ "$(models relative)" = 1 ]
verdict $? "build: PERIMETER_BUILD, absolute and relative"
cd "$work/a b" || exit 1
before=$(stat -c %y build/rtl/therm_enc/model/model.so)
touch rtl/therm_enc/*.sv
both build/perimeter && [ -n "$before" ] && [ "$(stat -c %y build/rtl/therm_enc/model/model.so)" = "$before" ]
verdict $? "build: a model of the same sources is not built again"
printf '\n' >>include/perimeter/therm_enc.h
both build/perimeter && [ "$(stat -c %y build/rtl/therm_enc/model/model.so)" != "$before" ]
verdict $? "build: a header that changed makes the model anew"
make -s build/tb/therm_enc_tb >"$work/log" 2>&1
before=$(stat -c %y build/tb/therm_enc_tb)
make -s build/tb/therm_enc_tb >>"$work/log" 2>&1
[ "$(stat -c %y build/tb/therm_enc_tb)" = "$before" ] && printf '\n' >>include/perimeter/therm_enc.h && make -s build/tb/therm_enc_tb >>"$work/log" 2>&1 &&
    [ "$(stat -c %y build/tb/therm_enc_tb)" != "$before" ]
verdict $? "build: a header that changed makes the bench anew, and only that"
before=$(stat -c %y build/obj/cmodel/emsbq.o)
make -s build/obj/cmodel/emsbq.o CFLAGS=-O1 >"$work/log" 2>&1 && [ "$(stat -c %y build/obj/cmodel/emsbq.o)" != "$before" ]
verdict $? "build: other flags make objects anew"
for bad in 'o p' 'o:p' 'o%p'; do
    make -s BUILD="$bad" >"$work/log" 2>&1
    [ $? = 2 ] && one_line && grep -q "BUILD=" "$work/log"
    verdict $? "build: BUILD='$bad' is refused"
done

# Moved: the program says so, make mends it.
cd "$work" || exit 1
mkdir there
mv "a b" "there/c's"
refused "$work/a b.*built there" "there/c's/build/perimeter"
verdict $? "build: a moved tree's program says that it was"
make -s -C "there/c's" >"$work/log" 2>&1
[ $? = 2 ] && [ "$(grep -vc '^make: \(Entering\|Leaving\)' "$work/log")" = 1 ] && grep -q 'no quote' "$work/log"
verdict $? "build: a folder with a quote is refused"
mv "there/c's" 'there/c#s'
make -s -C 'there/c#s' >"$work/log" 2>&1
[ $? = 2 ] && [ "$(grep -vc '^make: \(Entering\|Leaving\)' "$work/log")" = 1 ] && grep -q 'no quote' "$work/log"
verdict $? "build: a folder with a hash, which pkg-config would cut off, is refused"
mv 'there/c#s' moved
make -s -C moved >"$work/log" 2>&1 && both moved/build/perimeter && grep -q "^prefix=$work/moved$" moved/build/perimeter.pc
verdict $? "build: a moved tree is mended by make"

# Other users. Root may read and write anything, so that only another user shows it.
chmod -R go+rX,go-w moved
touch moved/rtl/therm_enc/pm_therm_enc.sv
both as_user moved/build/perimeter
verdict $? "build: another user takes the model that is up to date"
if [ "$(id -u)" = 0 ]; then
    printf '\n' >>moved/rtl/therm_enc/pm_therm_enc.sv
    refused 'Permission denied (PERIMETER_BUILD' as_user moved/build/perimeter
    verdict $? "build: another user reads where a model that is not can be built"
fi
as_user make -s -C moved >"$work/log" 2>&1
[ $? = 2 ] && [ "$(grep -vc '^make: \(Entering\|Leaving\)' "$work/log")" = 1 ] && grep -q 'cannot be written' "$work/log" || [ "$(id -u)" != 0 ]
verdict $? "build: another user's make in a folder that cannot be written is refused"
mkdir -m 777 user
both as_user env PERIMETER_BUILD="$work/user" moved/build/perimeter
verdict $? "build: another user builds in PERIMETER_BUILD"
mkdir out
cp -a moved/build/obj moved/build/flags moved/build/*.a out
rm -rf moved/build
[ "$(id -u)" = 0 ] && chown -R 65534:65534 out
chmod -R a-w moved
(cd moved && find . -newer "$work/a.npy" -o -print) | sort >sources
as_user make -s -C moved BUILD="$work/out" >"$work/log" 2>&1 && both as_user out/perimeter && [ "$(models out)" = 1 ]
verdict $? "build: a read-only tree, BUILD elsewhere"
(cd moved && find . -newer "$work/a.npy" -o -print) | sort | diff sources - >"$work/log" && [ ! -e moved/build ]
verdict $? "build: nothing was written into the read-only tree"

# Compilers; every level of optimisation is in `make compilers`.
cd "$root" || exit 1
for how in 'gcc -O0 -g' 'clang-14 -O2'; do
    command -v "${how%% *}" >/dev/null || continue
    make -s WERROR=1 CC="${how%% *}" CFLAGS="${how#* }" BUILD="$work/how" "$work/how/libperimeter.a" >"$work/log" 2>&1
    verdict $? "build: $how, warnings are errors"
done

# What scripts/setup.sh says where nothing can be installed.
mkdir "$work/bin"
for tool in sh grep awk; do ln -s "$(command -v $tool)" "$work/bin/$tool"; done
printf '#!/bin/sh\nexit 1\n' >"$work/bin/dpkg-query"
printf '#!/bin/sh\necho 1000\n' >"$work/bin/id"
printf '#!/bin/sh\necho "E: $*" >&2\nexit 100\n' >"$work/bin/apt-get"
chmod +x "$work"/bin/*
setup() { env PATH="$work/bin" SETUP="$1" scripts/setup.sh >"$work/log" 2>&1; }
setup 1
[ $? = 2 ] && one_line && grep -q 'neither root nor sudo.*verilator' "$work/log"
verdict $? "build: setup with neither root nor sudo"
printf '#!/bin/sh\nexec "$@"\n' >"$work/bin/sudo"
chmod +x "$work/bin/sudo"
setup 1
[ $? = 2 ] && [ "$(grep -c . "$work/log")" = 2 ] && tail -n 1 "$work/log" | grep -q 'E: update'
verdict $? "build: setup that apt-get fails"
setup 0 && [ ! -s "$work/log" ]
verdict $? "build: SETUP=0 installs nothing"
exit $failed
