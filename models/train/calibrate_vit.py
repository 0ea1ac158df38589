#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calibrate the fused attention engine for a trained vision transformer.

Runs the float network on training images and writes DIR/calibration.json: for each layer the channel means and
scales that are folded into its weights, the scale of the 16-bit activations, and the registers M_K and M_V.
The keys, their units and ranges are in docs/systems/network.md. Needs numpy only.
"""

import argparse
import gzip
import json
import math
import os
import struct

import numpy as np

X_MARGIN = 1.5  # headroom of the 16-bit activations over what calibration saw; the 8 bits after eMSB-Q do not pay for it
KV_MARGIN = 1.05  # headroom of the parsed keys and values; these saturate, and pay for it in resolution


def read_images(path, count):
    """The first `count` images of an IDX file (.gz or not): uint8 [count, rows, cols]."""
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as f:
        magic, total, rows, cols = struct.unpack(">4I", f.read(16))
        if magic != 0x803 or total < count:
            raise SystemExit(f"{path}: not an IDX file of at least {count} images")
        return np.frombuffer(f.read(count * rows * cols), np.uint8).reshape(count, rows, cols)


def read_safetensors(path):
    with open(path, "rb") as f:
        raw = f.read()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    header.pop("__metadata__", None)
    data = raw[8 + length :]
    return {
        name: np.frombuffer(data[slice(*t["data_offsets"])], "<f4").reshape(t["shape"]).astype(np.float64)
        for name, t in header.items()
        if t["dtype"] == "F32"
    }


def write_safetensors(path, tensors):
    """Write tensors as float32; the header is padded with spaces to 8 bytes, as the format asks."""
    header, offset = {}, 0
    for name, t in tensors.items():
        size = 4 * t.size
        header[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [offset, offset + size]}
        offset += size
    blob = json.dumps(header, separators=(",", ":")).encode()
    blob += b" " * (-len(blob) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(blob)) + blob)
        for t in tensors.values():
            f.write(np.ascontiguousarray(t, "<f4").tobytes())


def layer_norm(x, weight, bias, eps):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weight + bias


def linear(x, weights, name):
    return x @ weights[name + ".weight"].T + weights[name + ".bias"]


def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf, otypes=[float])(x / math.sqrt(2)))


def attention(x, weights, name, heads):
    n, t, d = x.shape
    q, k, v = (
        linear(x, weights, f"{name}.{part}").reshape(n, t, heads, d // heads).transpose(0, 2, 1, 3) for part in "qkv"
    )
    s = q @ k.transpose(0, 1, 3, 2) / math.sqrt(d // heads)
    s = np.exp(s - s.max(-1, keepdims=True))
    y = (s / s.sum(-1, keepdims=True)) @ v
    return linear(y.transpose(0, 2, 1, 3).reshape(n, t, d), weights, f"{name}.o")


def attention_inputs(config, weights, images):
    """Yields, for each layer, what enters its attention: the output of ln1, [images, tokens, width]."""
    n, p = len(images), config["patch"]
    side, eps = config["image"] // p, config["layernorm_eps"]
    x = (images / 255.0 - config["pixel_mean"]) / config["pixel_std"]
    x = x.reshape(n, side, p, side, p).transpose(0, 1, 3, 2, 4).reshape(n, side * side, p * p)
    x = linear(x, weights, "patch") + weights["pos"]
    for i in range(config["layers"]):
        name = f"layers.{i}"
        h = layer_norm(x, weights[f"{name}.ln1.weight"], weights[f"{name}.ln1.bias"], eps)
        yield h
        x = x + attention(h, weights, f"{name}.attn", config["heads"])
        h = layer_norm(x, weights[f"{name}.ln2.weight"], weights[f"{name}.ln2.bias"], eps)
        x = x + linear(gelu(linear(h, weights, f"{name}.ffn.up")), weights, f"{name}.ffn.down")


def parse_register(peak, kvb):
    """Smallest M >= 0 at which `peak`, in accumulator units, fits `kvb` bits signed after >> M."""
    m = 0
    while peak / 2.0**m > 2 ** (kvb - 1) - 1:
        m += 1
    return m


def calibrate_layer(h, weights, name, kvb, percentile, fold=True):
    """h [..., width]: what enters the layer's attention. Without `fold`: mu = 0 and a = 1."""
    h = h.reshape(-1, h.shape[-1])
    mu = fold * h.mean(0).astype(np.float32).astype(np.float64)
    spread = np.abs(h - mu).max(0) if fold else np.ones(h.shape[-1])
    a_log2 = np.rint(np.log2(np.maximum(spread, 2.0**-16 * spread.max()) / spread.max())).astype(int)
    a_log2 -= a_log2.max()
    a = 2.0**a_log2
    scaled = (h - mu) / a
    sx = 2.0 ** math.ceil(math.log2(X_MARGIN * np.abs(scaled).max() / 32767))
    layer = {"mu": mu.tolist(), "a_log2": a_log2.tolist(), "sx": sx}
    for part in "kv":
        weight = weights[f"{name}.{part}.weight"]
        folded = weight * a
        bias = weights[f"{name}.{part}.bias"] + weight @ mu
        step = sx * np.abs(folded).max() / 127
        peak = np.percentile(np.abs(scaled @ folded.T + bias), percentile) / step
        layer["m" + part] = parse_register(KV_MARGIN * peak, kvb)
    return layer


def main():
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--data", default="/usr/share/datasets/fashion-mnist", help="folder of the IDX files")
    ap.add_argument("--model", default=os.path.join(here, "models", "fashion-vit"), metavar="DIR")
    ap.add_argument("--images", type=int, default=1000, help="the first training images are used")
    ap.add_argument("--kvb", type=int, default=10, help="bits of the stored keys and values")
    ap.add_argument("--percentile", type=float, default=100.0, help="of |K| and |V| that must not saturate")
    args = ap.parse_args()

    with open(os.path.join(args.model, "config.json")) as f:
        config = json.load(f)
    weights = read_safetensors(os.path.join(args.model, "model.safetensors"))
    images = read_images(os.path.join(args.data, "train-images-idx3-ubyte.gz"), args.images)
    layers = [
        calibrate_layer(h, weights, f"layers.{i}.attn", args.kvb, args.percentile)
        for i, h in enumerate(attention_inputs(config, weights, images))
    ]
    result = {"images": args.images, "percentile": args.percentile, "kvb": args.kvb, "layers": layers}
    with open(os.path.join(args.model, "calibration.json"), "w") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    for i, layer in enumerate(layers):
        print(f"layer {i}: sx 2^{math.log2(layer['sx']):.0f}, M_K {layer['mk']}, M_V {layer['mv']}, "
              f"a 2^{min(layer['a_log2'])}..2^0")


if __name__ == "__main__":
    main()
