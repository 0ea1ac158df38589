# SPDX-License-Identifier: Apache-2.0
"""What the integer attention needs beyond the weights: calibration.json of docs/systems/network.md, from what enters each attention."""

import json
import math
import os

import numpy as np

from files import read_json
from program import fail, integer

np.seterr(all="ignore")  # what overflows is seen not to be finite

X_MARGIN = 1.5  # headroom of the 16-bit activations over what calibration saw; the 8 bits after eMSB-Q do not pay for it
KV_MARGIN = 1.05  # headroom of the parsed keys and values; these saturate, and pay for it in resolution
LARGEST_BIAS = 2**31 - 1


def parse_register(peak, kvb):
    """Smallest M >= 0 at which `peak`, in accumulator units, fits `kvb` bits signed after >> M."""
    m = 0
    while peak / 2.0**m > 2 ** (kvb - 1) - 1:
        m += 1
    return m


def scale(weights, axis=None):
    """One LSB of 8-bit weights; 1 where all are 0."""
    largest = np.abs(weights).max(axis)
    return np.where(largest > 0, largest / 127, 1.0)


def fits(weights, name, mu, a, sx):
    """Whether every bias is an integer of 32 bits, as cmodel/net makes them."""
    largest = 0.0
    for part in "qkv":
        weight = weights[f"{name}.{part}.weight"]
        bias = np.abs(weights[f"{name}.{part}.bias"] + weight @ mu).max()
        largest = max(largest, bias / (sx * scale(weight * a)))
    out = np.abs(weights[f"{name}.o.bias"]) / (sx * scale(weights[f"{name}.v.weight"] * a) * scale(weights[f"{name}.o.weight"], 1))
    return max(largest, out.max()) < LARGEST_BIAS


def calibrate_layer(h, weights, name, kvb, percentile, fold=True):
    """h [..., width]: what enters the layer's attention, in float64 as the weights. Without `fold`: mu = 0 and a = 1."""
    h = h.reshape(-1, h.shape[-1])
    mu = fold * h.mean(0).astype(np.float32).astype(np.float64)
    spread = np.abs(h - mu).max(0) if fold else np.ones(h.shape[-1])
    if not spread.any():  # tokens that do not differ: any scale will do
        spread = np.ones(h.shape[-1])
    a_log2 = np.rint(np.log2(np.maximum(spread, 2.0**-16 * spread.max()) / spread.max())).astype(int)
    a_log2 -= a_log2.max()
    a = 2.0**a_log2
    scaled = (h - mu) / a
    peak = np.abs(scaled).max()
    sx = 2.0 ** math.ceil(math.log2(X_MARGIN * (peak if peak > 0 else 1.0) / 32767))
    while not fits(weights, name, mu, a, sx) and sx < 2.0**60:
        sx *= 2
    layer = {"mu": mu.tolist(), "a_log2": a_log2.tolist(), "sx": sx}
    for part in "kv":
        weight = weights[f"{name}.{part}.weight"]
        folded = weight * a
        bias = weights[f"{name}.{part}.bias"] + weight @ mu
        step = sx * scale(folded)
        peak = np.percentile(np.abs(scaled @ folded.T + bias), percentile) / step
        layer["m" + part] = parse_register(KV_MARGIN * peak, kvb)
    return layer


def calibrate(subject, inputs, weights, args, fold=True):
    """calibration.json's layers, from what enters each. `subject` names the network where `perimeter run` would refuse them."""
    layers = []
    for i, h in enumerate(inputs):
        if not np.isfinite(h).all():
            fail(subject, f"layer {i}: what enters the attention is not finite")
        layer = calibrate_layer(h, weights, f"layers.{i}.attn", args.kvb, args.percentile, fold)
        if max(map(abs, layer["mu"])) > 1e6 or not 2.0**-60 <= layer["sx"] < 2.0**60 or max(layer["mk"], layer["mv"]) > 31:
            fail(subject, f"layer {i}: activations or biases are beyond what the integer attention can scale")
        layers.append(layer)
    return layers


def kept(folder):
    """What `perimeter calibrate` wrote into a network's calibration.json, where there is one."""
    path = os.path.join(folder, "calibration.json")
    old = read_json(path) if os.path.exists(path) else {}
    return {key: old[key] for key in ("matrices",) if key in old}


def text(source, args, layers, **more):
    """calibration.json, as text; `source` says what it was calibrated on, `more` is what it has beside."""
    return json.dumps({**source, "percentile": args.percentile, "kvb": args.kvb, "layers": layers, **more}, indent=1) + "\n"


def percentile(option):
    value = float(option)
    if not 0 < value <= 100:
        raise ValueError
    return value


def add_options(parser):
    parser.add_argument("--kvb", type=integer(2, 16), default=10, help="bits of the stored keys and values")
    parser.add_argument("--percentile", type=percentile, default=100.0, help="of |K| and |V| that must not saturate")
