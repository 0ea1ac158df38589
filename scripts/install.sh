#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What `make install` and `make uninstall` do.
#   scripts/install.sh install BUILD DESTDIR PREFIX LIBDIR [shared]
#   scripts/install.sh uninstall DESTDIR PREFIX
# PREFIX/share/perimeter/manifest lists every file and folder that was made, relative to PREFIX, so that uninstall removes these alone;
# an older version's go before the new ones come.
set -eu
cd "$(dirname "$0")/.."
verb=$1
shift

[ "$verb" = uninstall ] || { build=$1 && shift; }
prefix=$(realpath -ms "$2")
root=$1$prefix
manifest=$root/share/perimeter/manifest
uninstall() { # the files, then the folders where nothing else is
    [ ! -e "$manifest" ] || tac "$manifest" | while IFS= read -r path; do
        if [ -d "$root/$path" ] && [ ! -L "$root/$path" ]; then rmdir --ignore-fail-on-non-empty "$root/$path"; else
            rm -f "$root/$path"
        fi
    done
}
uninstall
[ "$verb" = install ] || exit 0

libdir=$(realpath -ms --relative-to="$prefix" "$3")
case $libdir/ in
../*)
    echo "scripts/install.sh: LIBDIR=$3 is not below PREFIX=$prefix" >&2
    exit 2
    ;;
esac
done=$(mktemp)
trap 'if [ -d "${manifest%/*}" ]; then mv "$done" "$manifest" && chmod 644 "$manifest"; else rm -f "$done"; fi' EXIT
folder() { # PATH: made with those above it
    [ -d "$root/$1" ] && return
    case $1 in
    */*) folder "${1%/*}" ;;
    *) [ -d "$root" ] || { mkdir -p -m 755 "$root" && echo >>"$done"; } ;;
    esac
    mkdir -m 755 "$root/$1"
    echo "$1" >>"$done"
}
put() { # MODE PATH <CONTENT
    folder "${2%/*}"
    echo "$2" >>"$done"
    rm -f "$root/$2"
    cat >"$root/$2"
    chmod "$1" "$root/$2"
}
link() { # PATH TARGET, both relative to PREFIX
    echo "$1" >>"$done"
    ln -sfn "$(realpath -ms --relative-to="$root/${1%/*}" "$root/$2")" "$root/$1"
}
share=share/perimeter
version=$(cat VERSION)

folder $share
echo $share/manifest >>"$done"
put 644 $share/VERSION <VERSION
put 755 bin/perimeter <"$build/perimeter"
put 644 "$libdir/libperimeter.a" <"$build/libperimeter.a"
if [ "${4:-}" = shared ]; then
    put 755 "$libdir/libperimeter.so.${version%.*}" <"$build/shared/libperimeter.so"
    link "$libdir/libperimeter.so" "$libdir/libperimeter.so.${version%.*}"
fi
# Relative to where it stands, so that what was installed can be moved.
sed -e "s|@VERSION@|$version|" -e "s|@PREFIX@|\${pcfiledir}/$(realpath -ms --relative-to="/$libdir/pkgconfig" /)|" \
    -e "s|@LIBDIR@|\${prefix}/$libdir|" -e "s|@INCLUDEDIR@|\${prefix}/include/perimeter|" scripts/perimeter.pc.in |
    put 644 "$libdir/pkgconfig/perimeter.pc"
put 644 share/man/man1/perimeter.1 <docs/perimeter.1
put 644 share/bash-completion/completions/perimeter <scripts/completion/perimeter.bash
for f in _perimeter perimeter.bash; do put 644 share/zsh/site-functions/$f <scripts/completion/$f; done
for f in LICENSE README.md CHANGELOG.md $(find docs -type f ! -name perimeter.1); do put 644 share/doc/perimeter/$f <$f; done
for f in $(cd include && find perimeter -name '*.h'); do put 644 "include/$f" <"include/$f"; done
# What the program builds models from, and the networks.
for f in $(find rtl -type f ! -name 'pm_*.f') $(find tb -name '*.sv' -o -name '*.vlt' -o -name '*_rtl.[ch]' -o -name models) \
    $(find tb/common -type f ! -name '*.vlt' ! -name 'bench.*') $(find models -mindepth 2 -type f ! -path 'models/train/*'); do
    put 644 "$share/$f" <"$f"
done
for f in $(find rtl -name 'pm_*.f'); do sed "s|^rtl/|$prefix/$share/rtl/|" "$f" | put 644 "$share/$f"; done
for f in verilate files; do put 755 $share/scripts/$f.sh <scripts/$f.sh; done
link $share/include include
link $share/lib "$libdir"
