# SPDX-License-Identifier: Apache-2.0
# For tests of building and installing: a copy of this tree with what was compiled, verdicts, another user. Source it from the tree's root.
build=$(realpath "${PERIMETER_BUILD:-build}")
work=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$work"
unset PERIMETER_BUILD PERIMETER_HOME XDG_CACHE_HOME MAKEFLAGS MFLAGS MAKEOVERRIDES BUILD CFLAGS CC
export SETUP=0 OMP_NUM_THREADS=1
failed=0
verdict() { # status name; the log tells why
    if [ "$1" = 0 ]; then echo "ok - $2"; else
        sed 's/^/# /' "$work/log"
        echo "not ok - $2"
        failed=1
    fi
}
tree() { # FOLDER
    mkdir -p "$1/build"
    for f in *; do [ "$f" -ef "$build" ] || [ "$f" = build ] || cp -a "$f" "$1"; done
    cp -a "$build/obj" "$build/flags" "$build"/*.a "$1/build"
}
# Another user, who owns nothing here.
as_user() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent "$@"; else "$@"; fi; }
one_line() { [ "$(wc -l <"$work/log")" = 1 ]; }
