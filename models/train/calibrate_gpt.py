#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calibrate the fused attention engine for a decoder of GPT-2's form.

Runs the float network on windows of a text and writes DIR/calibration.json, as calibrate_vit.py does. Without --text: the beginning of
what train_gpt.py trains on (kjv.py). Needs numpy only.
"""

import program  # the first: what goes wrong from here on is one line

import math
import os

import numpy as np

import calibration
import files
import kjv
from tensors import Tensors


def load(folder):
    config = files.read_json(os.path.join(folder, "config.json"))
    if config.get("type") != "gpt":
        program.fail(folder, "is no decoder of GPT-2's form")
    tensors = Tensors(os.path.join(folder, "model.safetensors"))
    return config, {name: tensors.read(name, t["shape"]).astype(np.float64) for name, t in tensors.header.items()}


def normalise(x, weights, name, eps):
    d = x - x.mean(-1, keepdims=True)
    return d / np.sqrt((d * d).mean(-1, keepdims=True) + eps) * weights[name + ".weight"] + weights[name + ".bias"]


def linear(x, weights, name):
    return x @ weights[name + ".weight"].T + weights[name + ".bias"]


def activate(x, kind):
    if kind == "relu":
        return np.maximum(x, 0)
    if kind == "gelu-tanh":
        return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return x / 2 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def attention_inputs(config, weights, ids):
    """What enters each layer's attention, [windows, tokens, width], for ids [windows, tokens]."""
    n, heads, eps = ids.shape[1], config["heads"], config["layernorm_eps"]
    x = weights["words"][ids] + weights["pos"][:n]
    future = np.triu(np.full((n, n), -math.inf), 1)
    inputs = []
    for i in range(config["layers"]):
        at = f"layers.{i}."
        h = normalise(x, weights, at + "ln1", eps)
        inputs.append(h)
        q, k, v = (linear(h, weights, f"{at}attn.{part}").reshape(*ids.shape, heads, -1).swapaxes(1, 2) for part in "qkv")
        scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1]) + future
        p = np.exp(scores - scores.max(-1, keepdims=True))
        o = (p / p.sum(-1, keepdims=True) @ v).swapaxes(1, 2).reshape(x.shape)
        x = x + linear(o, weights, at + "attn.o")
        h = normalise(x, weights, at + "ln2", eps)
        x = x + linear(activate(linear(h, weights, at + "ffn.up"), config["activation"]), weights, at + "ffn.down")
    return inputs


def main():
    ap = program.Parser(__doc__)
    ap.add_argument("--model", default=os.path.join(program.HOME, "models", "text-gpt"), metavar="DIR")
    ap.add_argument("--text", metavar="FILE", help="a text of bytes instead")
    ap.add_argument("--windows", type=program.integer(1, 1 << 16), default=64, help="of as many bytes as the network takes")
    calibration.add_options(ap)
    args = ap.parse_args()

    config, weights = load(args.model)
    n = config["tokens"]
    if args.text:
        with open(args.text, "rb") as f:
            text = f.read(args.windows * n)
    else:
        text = kjv.split(kjv.chapters())[0].encode("ascii")[: args.windows * n]
    windows = len(text) // n
    if windows == 0:
        program.fail(args.text, f"has {len(text)} bytes, a window {n}")
    ids = np.frombuffer(text, np.uint8)[: windows * n].reshape(windows, n)
    if ids.max() >= config["vocabulary"]:
        program.fail(args.model, f'"vocabulary" {config["vocabulary"]} lacks bytes of the text')
    layers = calibration.calibrate(args.model, attention_inputs(config, weights, ids), weights, args)
    files.write_all(args.model, {
        "calibration.json": calibration.text({"windows": windows}, args, layers, **calibration.kept(args.model))})
    for i, layer in enumerate(layers):
        print(f"layer {i}: sx 2^{math.log2(layer['sx']):.0f}, M_K {layer['mk']}, M_V {layer['mv']}, a 2^{min(layer['a_log2'])}..2^0")


if __name__ == "__main__":
    main()
