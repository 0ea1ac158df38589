# SPDX-License-Identifier: Apache-2.0
"""Toggles of a weight that is read bit by bit: T(w) = popcount((w ^ (w >> 1)) & 0x7F) of the byte. numerics.md, toggles and ptft."""

import numpy as np

CODES = np.arange(-128, 128)
TABLE = np.array([((w ^ (w >> 1)) & 0x7F).bit_count() for w in range(256)])[CODES & 0xFF]  # of -128, -127, ...


def toggles(codes):
    """T of integers in -128..127, or of floats that are such."""
    return TABLE[np.asarray(codes).astype(np.int64) + 128]


def rate(codes):
    """Toggles a bit pair of all weights together: [0, 1]."""
    found = [toggles(c) for c in codes]
    return sum(int(t.sum()) for t in found) / (7 * sum(t.size for t in found))


def ptft(codes, reach):
    """For each w the w' with |w' - w| <= reach, in -128..127, of least (T, |w' - w|, w')."""
    near = np.arange(-reach, reach + 1)
    table = []
    for w in CODES:
        allowed = [w + d for d in near if -128 <= w + d <= 127]
        table.append(min(allowed, key=lambda c: (TABLE[c + 128], abs(c - w), c)))
    return np.array(table, np.int64)[np.asarray(codes).astype(np.int64) + 128]


def smooth(v):
    """T smoothed by a unit Gaussian normalised over -128..127, and its slope, at the reals v."""
    v = np.asarray(v, np.float64)[..., None]
    away = CODES - v
    weight = np.exp(-0.5 * away * away)
    weight /= weight.sum(-1, keepdims=True)
    value = weight @ TABLE
    return value, (weight * away) @ TABLE - value * (weight * away).sum(-1)


GRID = np.linspace(-128, 127, 255 * 64 + 1)
SLOPE = smooth(GRID)[1]


def slope(v):
    """The slope of `smooth`, within 1e-4, fast."""
    return np.interp(v, GRID, SLOPE)
