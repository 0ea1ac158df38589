#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A Debian package of what `make install` installs: scripts/deb.sh BUILD, called by `make deb`; prints the file's name. No tool beyond dpkg-dev.
set -eu
cd "$(dirname "$0")/.."
build=$1
version=$(cat VERSION)
arch=$(dpkg --print-architecture)
triplet=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
root=$build/deb/perimeter
rm -rf "$build/deb"
mkdir -p "$root/DEBIAN" "$build/deb/debian"
umask 022
# The same files give the same package.
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y VERSION)}"
who="${DEBFULLNAME:-The Perimeter developers} <${DEBEMAIL:-perimeter@localhost.localdomain}>"

scripts/install.sh install "$build" "$root" /usr "/usr/lib/$triplet" >/dev/null
# As Debian has it: pages compressed, the licence and changes under their own names, what uninstall would need left to dpkg.
doc=$root/usr/share/doc/perimeter
rm "$root/usr/share/perimeter/manifest"
gzip -9n "$root/usr/share/man/man1/perimeter.1"
printf 'perimeter (%s) unstable; urgency=low\n\n  * What changed: CHANGELOG.md.\n\n -- %s  %s\n' "$version" "$who" "$(LC_ALL=C date -Rud "@$SOURCE_DATE_EPOCH")" |
    gzip -9n >"$doc/changelog.gz"
rm "$doc/LICENSE"
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root/usr/bin/perimeter"
strip --strip-debug --enable-deterministic-archives "$root/usr/lib/$triplet/libperimeter.a"
mkdir -p "$root/usr/share/zsh/vendor-completions"
mv "$root"/usr/share/zsh/site-functions/* "$root/usr/share/zsh/vendor-completions"
rmdir "$root/usr/share/zsh/site-functions"
cat >"$doc/copyright" <<END
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: perimeter

Files: *
Copyright: 2026 The Perimeter developers
License: Apache-2.0
 On Debian systems, the full text of the Apache License, version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.
END

# Who builds it for others says who: DEBFULLNAME and DEBEMAIL.
if [ -z "${DEBEMAIL:-}" ]; then
    mkdir -p "$root/usr/share/lintian/overrides"
    printf 'perimeter: bogus-mail-host\nperimeter: bogus-mail-host-in-debian-changelog\n' >"$root/usr/share/lintian/overrides/perimeter"
fi

# What the program is linked with.
printf 'Source: perimeter\n\nPackage: perimeter\nArchitecture: %s\n' "$arch" >"$build/deb/debian/control"
depends=$(cd "$build/deb" && dpkg-shlibdeps -O perimeter/usr/bin/perimeter 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
cat >"$root/DEBIAN/control" <<END
Package: perimeter
Version: $version
Architecture: $arch
Maintainer: $who
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Depends: $depends
Recommends: g++, verilator, gnuplot-nox
Suggests: dataset-fashion-mnist, gtkwave, openmpi-bin
Section: electronics
Priority: optional
Description: digital edge of analog compute-in-memory: golden model and RTL
 Everything between the wordline drivers of an MRAM, SRAM or RRAM array and
 the next layer of a neural network: a bit-exact C model as a program and a
 library, the same as synthesizable SystemVerilog, and C models of arrays.
 .
 The program runs single blocks on one's own vectors, whole networks and ONNX
 files, in C and, where Verilator is installed, in RTL, integer by integer.
END
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -type d -exec chmod 755 {} +
find "$root" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb -Zxz -z3 --root-owner-group --build "$root" "$build/deb/perimeter_${version}_$arch.deb" >/dev/null
echo "$build/deb/perimeter_${version}_$arch.deb"
