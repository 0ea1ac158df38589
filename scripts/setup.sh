#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that Perimeter needs, and those named, where they are missing; says nothing when there is nothing to do.
# SETUP=0 leaves it to you.
set -eu
[ "${SETUP:-1}" != 0 ] || exit 0
packages="build-essential ccache pkg-config python3 verilator yosys z3 zlib1g-dev libpng-dev libcmocka-dev libmpfr-dev libcjson-dev
    libopenblas-dev libopenmpi-dev openmpi-bin liblapacke-dev librandom123-dev libsimde-dev dataset-fashion-mnist
    opensta qflow-tech-osu018 berkeley-abc libtcmalloc-minimal4 gnuplot-nox graphviz iverilog python3-numpy
    libprotobuf-c-dev protobuf-c-compiler libonnx-dev libnlopt-dev"
missing=
for p in $packages "$@"; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
fail() {
    echo "perimeter: $*; SETUP=0 goes on without. Missing:$missing" >&2
    exit 2
}
command -v apt-get >/dev/null || fail "no apt-get here"
sudo=
if [ "$(id -u)" != 0 ]; then
    sudo=sudo
    command -v sudo >/dev/null || fail "neither root nor sudo, so nothing can be installed"
fi
echo "perimeter: installing$missing"
export DEBIAN_FRONTEND=noninteractive
# Minutes of silence look like a hang: a line every hundred packages, and what went wrong where something does.
# shellcheck disable=SC2086
said=$({ { $sudo apt-get update -qq && $sudo apt-get install -y -q --no-install-recommends $missing; } 2>&1 || echo "status 1"; } | awk '
    / newly installed/ { all = $3; print "perimeter: " all " packages, with what they need" >"/dev/stderr" }
    /^Get:/ && ++got % 100 == 0 { print "perimeter: fetched " got " of " all >"/dev/stderr" }
    /^Setting up / && ++up % 100 == 0 { print "perimeter: installed " up " of " all >"/dev/stderr" }
    /^[EW]: / { last = $0 }
    /^status 1$/ { bad = 1 }
    END { print last; exit bad }') || fail "apt-get: $said"
