#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Debian package: its metadata, lintian's verdict, and the program out of it. TAP.
cd "$(dirname "$0")/.." || exit 1
build=$(realpath "${PERIMETER_BUILD:-build}")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
check() { # name status
    if [ "$2" = 0 ]; then echo "ok - deb: $1"; else
        sed 's/^/# /' "$work/log"
        echo "not ok - deb: $1"
        failed=1
    fi
}
: >"$work/log"
if ! command -v dpkg-shlibdeps >/dev/null; then
    echo "ok - deb: # SKIP dpkg-dev is not installed"
    exit 0
fi
file=$(scripts/deb.sh "$build" 2>"$work/log")
check "it is built" $?
dpkg-deb -f "$file" >"$work/control" 2>>"$work/log"
grep -qx "Version: $(cat VERSION)" "$work/control" && grep -q '^Depends: .*libcjson1' "$work/control" && grep -q '^Depends: .*libc6' "$work/control"
check "its version, and what it needs" $?
dpkg-deb -x "$file" "$work/root" && (cd "$work/root" && dpkg-deb -I "$file" md5sums | md5sum -c --quiet) >"$work/log" 2>&1
check "its files have their sums" $?
[ "$("$work/root/usr/bin/perimeter" --version)" = "perimeter $(cat VERSION)" ] && "$work/root/usr/bin/perimeter" help effective msb >"$work/log" 2>&1
check "the program runs where it was unpacked, and finds its pages" $?
if command -v lintian >/dev/null; then
    lintian --allow-root "$file" >"$work/log" 2>&1
    [ $? = 0 ] && ! grep -q '^[EW]:' "$work/log"
    check "lintian has no complaint" $?
else
    echo "ok - deb: lintian # SKIP lintian is not installed"
fi
exit $failed
