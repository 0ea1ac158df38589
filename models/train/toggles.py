# SPDX-License-Identifier: Apache-2.0
"""Toggles of a weight that is read bit by bit: T(w) = popcount((w ^ (w >> 1)) & 0x7F) of the byte. numerics.md, toggles and ptft."""

import math

import numpy as np

ALLOWED = 0.3  # points of accuracy that guarded descent may lose
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


def guard(w, v, mean, deviation, theta):
    """The codes and the latent weights after a step: where rint(v) is another code than w, it is taken or v is held back at w.
    `mean` and `deviation` are of the gradient; what is against a change of sign d is mean*d/deviation."""
    n = np.rint(v)
    z = mean * np.sign(n - w) / np.maximum(deviation, 1e-30)
    taken = (z < -theta) | ((toggles(n) <= toggles(w)) & (z <= theta))
    moved = n != w
    return np.where(moved & taken, n, w), np.where(moved & ~taken, np.clip(v, w - 0.499, w + 0.499), v)


class Descent:
    """One step at a time, in place: codes w, latent weights v, moments m and h of the gradient."""

    def __init__(self, w, steps, strength, theta=None):
        self.w, self.v = w.copy(), w.copy()
        self.m, self.h = np.zeros_like(w), np.zeros_like(w)
        self.t, self.steps, self.strength, self.theta = 0, steps, strength, theta

    def step(self, g):
        self.t += 1
        t = self.t
        self.m += 0.1 * (g - self.m)
        self.h += 0.01 * (g * g - self.h)
        mean, deviation = self.m / (1 - 0.9**t), np.sqrt(self.h / (1 - 0.99**t))
        rate = 0.015 * (1 + math.cos(math.pi * t / self.steps)) + 0.0015
        v = self.v - rate * (mean / (deviation + 1e-8) + self.strength * slope(self.v))
        v = np.clip(v, -127, 127)
        self.w, self.v = (np.rint(v), v) if self.theta is None else guard(self.w, v, mean, deviation, self.theta)


class Watch:
    """Where more than ALLOWED points of accuracy are lost, restores the best and halves lambda. The best is what toggles least of what
    was not restored; `others` are arrays that are restored with the descent's, in place."""

    def __init__(self, accuracy, descent, others=()):
        self.accuracy, self.restored = accuracy, 0
        self.descent, self.others = descent, others
        self.keep()

    def arrays(self):
        d = self.descent
        return [d.w, d.v, d.m, d.h, *self.others]

    def keep(self):
        self.best = rate([self.descent.w]), [a.copy() for a in self.arrays()]

    def look(self, accuracy):
        if self.accuracy - accuracy > ALLOWED + 1e-9:
            for now, then in zip(self.arrays(), self.best[1]):
                now[...] = then
            self.descent.strength /= 2
            self.restored += 1
        elif rate([self.descent.w]) <= self.best[0]:
            self.keep()
