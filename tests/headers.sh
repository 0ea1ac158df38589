#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The public interface, TAP: each header of include/perimeter compiles alone, by either of its names, as C11, C++17 and C++20 without a warning;
# it has no other names than pm_ and PM_, and all its functions link from C++ against libperimeter and libm. Nothing else is in the library.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${PERIMETER_BUILD:-build}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
verdict() { # status name
    if [ "$1" = 0 ]; then echo "ok - $2"; else
        sed 's/^/# /' "$work/log"
        echo "not ok - $2"
        failed=1
    fi
}
warnings='-Wall -Wextra -Wpedantic -Werror -Wconversion'
nm -g --defined-only "$build/libperimeter.a" >"$work/symbols"
awk '$2 == "T" {print $3}' "$work/symbols" >"$work/functions"
compilers='gcc g++'
command -v clang-14 >/dev/null && compilers="$compilers clang-14 clang++-14"

for header in $(cd include/perimeter && find . -name '*.h' | sed 's|^\./||' | sort); do
    : >"$work/log"
    status=0
    printf '#include "%s"\n#include "%s"\nint pm_used;\n' "$header" "$header" >"$work/plain.c"
    printf '#include <perimeter/%s>\nint pm_used;\n' "$header" >"$work/folder.c"
    cp "$work/plain.c" "$work/plain.cpp"
    cp "$work/folder.c" "$work/folder.cpp"
    for compiler in $compilers; do
        # shellcheck disable=SC2086
        case $compiler in
        *++*)
            for standard in c++17 c++20; do
                $compiler -std=$standard $warnings -fsyntax-only -Iinclude/perimeter "$work/plain.cpp" >>"$work/log" 2>&1 || status=1
                $compiler -std=$standard $warnings -fsyntax-only -Iinclude "$work/folder.cpp" >>"$work/log" 2>&1 || status=1
            done
            ;;
        *)
            $compiler -std=c11 $warnings -Wstrict-prototypes -Wshadow -fsyntax-only -Iinclude/perimeter "$work/plain.c" >>"$work/log" 2>&1 || status=1
            $compiler -std=c11 $warnings -Wstrict-prototypes -Wshadow -fsyntax-only -Iinclude "$work/folder.c" >>"$work/log" 2>&1 || status=1
            ;;
        esac
    done
    verdict $status "headers: $header compiles alone as C and C++"

    gcc -fpreprocessed -dD -E -P "include/perimeter/$header" >"$work/text" 2>"$work/log"
    {
        sed -nE 's/^#define +([A-Za-z_0-9]+).*/\1/p' "$work/text"                             # macros
        tr '\n' ' ' <"$work/text" | grep -oE 'enum [a-z_]* ?\{[^}]*\}' | sed 's/^[^{]*{//' | tr ',}' '\n\n' | grep -oE '^ *[A-Za-z_0-9]+' # enumerators
        grep -oE '\<(struct|enum|union) [A-Za-z_0-9]+' "$work/text" | sed 's/.* //'            # tags
        grep -oE '^[^# }].*[ *][A-Za-z_0-9]+\(' "$work/text" | grep -oE '[A-Za-z_0-9]+\($' | tr -d '(' # functions
    } | tr -d ' ' | grep -vE '^(pm_|PM_)' >"$work/log"
    [ ! -s "$work/log" ]
    verdict $? "headers: $header has names of pm_ and PM_ alone"

    printf '#include "%s"\nstatic void (*volatile kept)();\n\nint main() {\n' "$header" >"$work/link.cpp"
    grep -ow 'pm_[a-z0-9_]*' "$work/text" | sort -u | grep -xFf "$work/functions" | tee "$work/used" |
        sed 's/.*/    kept = reinterpret_cast<void (*)()>(\&&);/' >>"$work/link.cpp"
    printf '    return 0;\n}\n' >>"$work/link.cpp"
    cat "$work/used" >>"$work/public"
    g++ -std=c++17 -w -Iinclude/perimeter "$work/link.cpp" "$build/libperimeter.a" -lm -o "$work/link" >"$work/log" 2>&1 && "$work/link"
    verdict $? "headers: $header links from C++ ($(wc -l <"$work/used") functions)"
done

[ "$(sort -u "$work/public" | wc -l)" -gt 60 ]
verdict $? "headers: the functions were found"
awk '$2 ~ /[A-Z]/ && $3 !~ /^pm_/' "$work/symbols" >"$work/log"
[ ! -s "$work/log" ]
verdict $? "headers: libperimeter.a exports names of pm_ alone"
if [ -e "$build/shared/libperimeter.so" ]; then
    nm -D --defined-only "$build/shared/libperimeter.so" | awk '{print $3}' | while read -r name; do
        grep -qrw "$name" include/perimeter || echo "$name"
    done >"$work/log"
    [ ! -s "$work/log" ] && readelf -d "$build/shared/libperimeter.so" | grep -q "SONAME.*libperimeter\.so\.$(cut -d. -f1,2 VERSION)\]" &&
        [ "$(readelf -d "$build/shared/libperimeter.so" | grep -c NEEDED)" -le 2 ]
    verdict $? "headers: libperimeter.so exports public names alone, has its version's SONAME and needs libm and libc"
fi
exit $failed
