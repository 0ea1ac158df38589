#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that Perimeter needs, and those named, where they are missing; says nothing when there is nothing to do.
set -eu
packages="build-essential ccache pkg-config verilator yosys z3 zlib1g-dev libcmocka-dev libcjson-dev
    libopenblas-dev libopenmpi-dev openmpi-bin liblapacke-dev librandom123-dev libsimde-dev dataset-fashion-mnist
    opensta qflow-tech-osu018 berkeley-abc libtcmalloc-minimal4 gnuplot-nox graphviz python3-numpy"
missing=
for p in $packages "$@"; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
echo "perimeter: installing$missing"
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# shellcheck disable=SC2086
$sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
