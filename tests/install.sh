#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a user has after `make install`, TAP: the tree is gone, and C, C++ and Verilator programs build against the installed copy alone; the
# program builds its models in a folder of its user; uninstall removes what was installed and nothing else.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/tree.sh
tree "$work/tree"
mkdir -p "$work/usr/bin" "$work/usr/share/doc" "$work/user"
echo theirs >"$work/usr/bin/theirs"
(cd "$work/usr" && find . | sort) >"$work/before"
"$build/tests/mknpy" "$work/a.npy" '<i4' 2,2 0 300 900 2048 || exit 1
chmod 644 "$work/a.npy"
install() { make -s -C "$work/tree" install "$@" >"$work/log" 2>&1; }
gone() { mv "$work/tree" "$work/away"; }
back() { mv "$work/away" "$work/tree"; }

install PREFIX="$work/usr" SHARED=
verdict $? "install: make install"
(cd "$work/usr" && find . | sort) | comm -13 "$work/before" - | sed 's|^\./||' >"$work/made"
sort "$work/usr/share/perimeter/manifest" | diff - "$work/made" >"$work/log"
verdict $? "install: the manifest has each file and folder"
gone

cd "$work/user" || exit 1
export PKG_CONFIG_PATH="$work/usr/lib/pkgconfig"
flags=$(pkg-config --cflags perimeter)
libs=$(pkg-config --libs --static perimeter)
[ "$(pkg-config --modversion perimeter)" = "$(cat "$work/away/VERSION")" ] && [ "$("$work/usr/bin/perimeter" --version)" = "perimeter $(cat "$work/away/VERSION")" ] &&
    grep -q "perimeter $(cat "$work/away/VERSION")" "$work/usr/share/man/man1/perimeter.1"
verdict $? "install: one version in perimeter.pc, program and man page"
{
    printf '#include <stdio.h>\n'
    sed -n 's/^    \(#include "emsbq\.h"\)/\1/p' "$work/away/README.md"
    printf 'int main(void) {\n    const int64_t x[4] = {1000, -2000, 30, -40};\n    const size_t n = 4;\n    int16_t y[4];\n'
    sed -n '/^    #include "emsbq\.h"/,/^$/p' "$work/away/README.md" | grep -v '#include'
    printf '    printf("%%d: %%d %%d %%d %%d\\n", s, y[0], y[1], y[2], y[3]);\n    return 0;\n}\n'
} >readme.c
cp readme.c readme.cpp
# shellcheck disable=SC2086
{ cc -std=c11 -Wall -Wextra -Wpedantic -Werror $flags readme.c $libs -o readme_c && [ "$(./readme_c)" = "4: 63 -125 2 -2" ]; } >"$work/log" 2>&1
verdict $? "install: README's example in C"
# shellcheck disable=SC2086
{ c++ -std=c++20 -Wall -Wextra -Wpedantic -Werror $flags readme.cpp $libs -o readme_cpp && [ "$(./readme_cpp)" = "4: 63 -125 2 -2" ]; } >"$work/log" 2>&1
verdict $? "install: README's example in C++"
# shellcheck disable=SC2086
{ cc $flags readme.c -L"$work/usr/lib" -lperimeter -lm -o readme_m && ldd readme_m; } >"$work/log" 2>&1 &&
    ! grep -E 'blas|lapack|cjson|mpi|gomp|libz|pthread' "$work/log" >"$work/others"
verdict $? "install: -lperimeter -lm is all that it needs"

cat >dpi.c <<'END'
#include "svdpi.h"

#include "emsbq.h"
#include "therm_enc.h"
#ifdef __cplusplus
extern "C"
#endif
int my_code(int therm) {
    return pm_therm_enc((uint8_t)therm);
}
#ifdef __cplusplus
extern "C"
#endif
int my_shift(long long x) {
    const struct pm_emsbq_cfg cfg = {8, true, true};
    int64_t row[1] = {x};
    int16_t y[1];
    return pm_emsbq(&cfg, row, NULL, 1, y);
}
END
cp dpi.c dpi.cpp
cat >tb.sv <<'END'
module tb;
    import "DPI-C" function int my_code(input int therm);
    import "DPI-C" function int my_shift(input longint x);
    logic [7:0] cmp;
    logic [3:0] code;
    int wrong;
    pm_therm_enc #(.Columns(1)) u_dut (.cmp_i(cmp), .code_o(code));
    initial begin
        wrong = 0;
        for (int i = 0; i < 256; i++) begin
            cmp = i[7:0];
            #1 if (int'(code) != my_code(i)) wrong++;
        end
        $display("%0d wrong, shift %0d", wrong, my_shift(64'd1000));
        $finish;
    end
endmodule
END
for source in dpi.c dpi.cpp; do
    {
        verilator --binary --Mdir "obj_$source" --top-module tb -f "$work/usr/share/perimeter/rtl/therm_enc/pm_therm_enc.f" "$PWD/tb.sv" "$PWD/$source" \
            -CFLAGS "$flags" -LDFLAGS "$libs" && "obj_$source/Vtb"
    } >"$work/log" 2>&1 && grep -q '^0 wrong, shift 3$' "$work/log"
    verdict $? "install: a Verilator top with RTL and golden model, $source"
done

sed -n 's/^    \(verilator --binary .*\)/\1/p' "$work/away/README.md" >readme.sh
sed 's/pm_therm_enc #.*/assign code = 4'"'"'(my_code(int'"'"'(cmp)));/' tb.sv >tb_dpi.sv && mv tb_dpi.sv tb.sv
{ [ -s readme.sh ] && sh -ex readme.sh && obj_dir/Vtb; } >"$work/log" 2>&1 && grep -q 'shift 3$' "$work/log"
verdict $? "install: README's command for Verilator"

# Portable: wide registers only in the tables that are chosen at run time, never in the program.
{
    objdump -d "$work/usr/lib/libperimeter.a" | sed -n 's/^\([a-z0-9_]*\.o\): .*/\1/p; s/.*%[yz]mm.*/wide/p' |
        awk '/\.o$/ {o = $0} /wide/ && o !~ /^avx/ && !seen[o]++ {print o}'
} >"$work/log" 2>&1
[ ! -s "$work/log" ]
verdict $? "install: nothing but the chosen kernels needs AVX"

program="$work/usr/bin/perimeter"
user() { as_user env XDG_CACHE_HOME="$work/cache" "$program" op therm-enc --in a="$work/a.npy" --out code=/dev/null --engine both >"$work/log" 2>&1; }
mkdir -m 777 "$work/cache"
user && grep -q 'engines agree' "$work/log" && [ -e "$work/cache/perimeter/rtl/therm_enc/model/model.so" ]
verdict $? "install: another user's model is built in that user's cache"
chmod -R a-w "$work/cache"
user && grep -q 'engines agree' "$work/log"
verdict $? "install: a model that is up to date needs no writable folder"
chmod -R u+w "$work/cache"
as_user "$program" op therm-enc --in a="$work/a.npy" --out code=/dev/null --engine both >/dev/null 2>"$work/log"
[ $? = 2 ] && one_line && grep -q 'PERIMETER_BUILD' "$work/log" || [ "$(id -u)" != 0 ]
verdict $? "install: a user without any folder reads of PERIMETER_BUILD in one line"
if [ -d /usr/share/datasets/fashion-mnist ]; then
    "$program" run fashion-vit --data /usr/share/datasets/fashion-mnist --images 10 >"$work/log" 2>&1 && grep -q 'accuracy integer' "$work/log"
    verdict $? "install: a network by its name"
fi
mv "$work/usr" "$work/usr there"
program="$work/usr there/bin/perimeter"
user && grep -q 'engines agree' "$work/log" && PKG_CONFIG_PATH="$work/usr there/lib/pkgconfig" pkg-config --cflags perimeter >"$work/log" &&
    eval "cc $(cat "$work/log") -fsyntax-only readme.c" >>"$work/log" 2>&1
verdict $? "install: moved to a folder with a space"
mv "$work/usr there" "$work/usr"

back
cd "$work/tree" || exit 1
echo share/perimeter/rtl/old.sv >>"$work/usr/share/perimeter/manifest"
echo old >"$work/usr/share/perimeter/rtl/old.sv"
install PREFIX="$work/usr" SHARED=1 && [ ! -e "$work/usr/share/perimeter/rtl/old.sv" ] &&
    readelf -d "$work/usr/lib/libperimeter.so" | grep -q "SONAME.*\[$(readlink "$work/usr/lib/libperimeter.so")\]"
verdict $? "install: over an older version, with the shared library"
make -s uninstall PREFIX="$work/usr" >"$work/log" 2>&1
(cd "$work/usr" && find . | sort) | diff "$work/before" - >>"$work/log"
verdict $? "install: uninstall removes what was installed and nothing else"
install PREFIX=/opt/none DESTDIR="$work/stage" LIBDIR=/opt/none/lib/x86 && [ "$(ls "$work/stage")" = opt ] && [ ! -e /opt/none ] &&
    grep -q '^/opt/none/share/perimeter/rtl/' "$work/stage/opt/none/share/perimeter/rtl/emsbq/pm_emsbq.f" &&
    [ -e "$work/stage/opt/none/share/perimeter/lib/libperimeter.a" ]
verdict $? "install: staged, another LIBDIR"
make -s uninstall PREFIX=/opt/none DESTDIR="$work/stage" >"$work/log" 2>&1 && [ -z "$(find "$work/stage" ! -type d)" ]
verdict $? "install: staged and uninstalled"
install PREFIX="$work/new" && make -s uninstall PREFIX="$work/new" && [ ! -e "$work/new" ]
verdict $? "install: a folder made for it is removed with it"
install PREFIX="$work/usr" CFLAGS="-O3 -march=native"
[ $? != 0 ] && one_line && grep -q 'march=native' "$work/log" && [ ! -e "$work/usr/share/perimeter" ]
verdict $? "install: -march=native is refused"
exit $failed
