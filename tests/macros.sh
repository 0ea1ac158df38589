#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Arrays of examples/ with the blocks beside them, and the peripheral in a network, TAP: tests/macros.sh DATA
set -u
cd "$(dirname "$0")/.." || exit 1
build=${PERIMETER_BUILD:-build}
failed=0

# The attention engine as a processor's peripheral, on a network's own tokens.
"$build/examples/flare_apb" models/fashion-vit "$1" || failed=1

# Arrays of three families and the hardened engine, each with the block beside it: mapped, timed, ready for scan, without X.
flow/examples.py || failed=1

exit $failed
