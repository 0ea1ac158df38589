# SPDX-License-Identifier: Apache-2.0
"""The transformer encoder of docs/systems/network.md: its configuration, its weights, and what enters each layer's attention."""

import math
import os

import numpy as np

from files import read_json
from program import fail
from tensors import Tensors

# As cmodel/net/encoder.h has them, and what the attention engine takes.
RANGES = {"layers": (1, 64), "width": (1, 4096), "heads": (1, 4096), "ffn": (1, 16384), "tokens": (1, 4096),
          "image": (1, 1024), "patch": (1, 1024), "classes": (2, 65536), "vocabulary": (1, 1 << 20)}
REALS = {"layernorm_eps": (1e-12, 1.0), "pixel_mean": (-1e3, 1e3), "pixel_std": (1e-6, 1e3)}
CHOICES = {"type": ("vit", "bert"), "norm": ("pre", "post"), "activation": ("gelu", "gelu-tanh", "relu"), "pool": ("mean", "first"),
           "pooler": ("tanh", "relu")}
COMMON = ("type", "norm", "activation", "layers", "width", "heads", "ffn", "tokens", "layernorm_eps")
OPTIONAL = {"vit": (), "bert": ("pooler", "classes")}
MEMBERS = {"vit": ("image", "patch", "classes", "pixel_mean", "pixel_std"), "bert": ("vocabulary", "pool")}
ENGINE = {"width": 1024, "heads": 16, "tokens": 512}


def check_member(path, config, key):
    value = config.get(key)
    if key in CHOICES:
        good, wanted = value in CHOICES[key], " or ".join(CHOICES[key])
    elif key in RANGES:
        low, high = RANGES[key]
        good, wanted = type(value) is int and low <= value <= high, f"an integer in {low}..{high}"
    else:
        low, high = REALS[key]
        good, wanted = type(value) in (int, float) and low <= value <= high, f"a number in {low}..{high}"
    if not good:
        fail(path, f'"{key}" is {value}, not {wanted}' if key in config else f'"{key}" is missing')


def check_config(path, config):
    """That `perimeter run` takes this configuration, its attention in integers."""
    for key in COMMON:
        check_member(path, config, key)
    for key in (*MEMBERS[config["type"]], *(key for key in OPTIONAL[config["type"]] if key in config)):
        check_member(path, config, key)
    if config["width"] % config["heads"]:
        fail(path, f'"width" {config["width"]} is no multiple of "heads" {config["heads"]}')
    for key, most in ENGINE.items():
        if config[key] > most:
            fail(path, f'"{key}" {config[key]} exceeds the attention engine\'s {most}')
    if config["type"] == "vit":
        side, rest = divmod(config["image"], config["patch"])
        if rest or side * side != config["tokens"]:
            fail(path, f'"image", "patch" and "tokens" do not agree: {config["image"]}, {config["patch"]}, {config["tokens"]}')


def shapes(config):
    """The tensors of docs/systems/network.md: name to shape."""
    d, n, f = config["width"], config["tokens"], config["ffn"]
    linear = {"pos": (n, d), "norm.weight": (d,), "norm.bias": (d,)}
    if config["type"] == "vit":
        linear.update({"patch.weight": (d, config["patch"] ** 2), "patch.bias": (d,)})
    else:
        linear["words"] = (config["vocabulary"], d)
    if "pooler" in config:
        linear.update({"pooler.weight": (d, d), "pooler.bias": (d,)})
    if "classes" in config:
        linear.update({"head.weight": (config["classes"], d), "head.bias": (config["classes"],)})
    for i in range(config["layers"]):
        for name, shape in (("ln1", (d,)), ("ln2", (d,)), ("attn.q", (d, d)), ("attn.k", (d, d)), ("attn.v", (d, d)),
                            ("attn.o", (d, d)), ("ffn.up", (f, d)), ("ffn.down", (d, f))):
            linear[f"layers.{i}.{name}.weight"] = shape
            linear[f"layers.{i}.{name}.bias"] = shape[:1]
    return linear


def load(folder):
    """DIR/config.json and DIR/model.safetensors: the configuration and the weights in float32."""
    path = os.path.join(folder, "config.json")
    config = read_json(path)
    check_config(path, config)
    tensors = Tensors(os.path.join(folder, "model.safetensors"))
    return config, {name: tensors.read(name, shape) for name, shape in shapes(config).items()}


def layer_norm(x, weight, bias, eps):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weight + bias


def linear(x, weights, name):
    return x @ weights[name + ".weight"].T + weights[name + ".bias"]


def erf(x):
    if x.dtype == np.float64:
        return np.vectorize(math.erf, otypes=[float])(x)
    # Abramowitz and Stegun 7.1.26: within 1.5e-7, as exact as float32 is.
    t = 1 / (1 + 0.3275911 * np.abs(x))
    p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.sign(x) * (1 - p * np.exp(-x * x))


def activate(kind, x):
    if kind == "relu":
        return np.maximum(x, 0)
    if kind == "gelu":
        return 0.5 * x * (1 + erf(x / math.sqrt(2)))
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def attention(x, weights, name, heads):
    n, t, d = x.shape
    q, k, v = (
        linear(x, weights, f"{name}.{part}").reshape(n, t, heads, d // heads).transpose(0, 2, 1, 3) for part in "qkv"
    )
    s = q @ k.transpose(0, 1, 3, 2) / math.sqrt(d // heads)
    s = np.exp(s - s.max(-1, keepdims=True))
    y = (s / s.sum(-1, keepdims=True)) @ v
    return linear(y.transpose(0, 2, 1, 3).reshape(n, t, d), weights, f"{name}.o")


def embed_images(config, weights, images):
    """[n, rows, columns] of 0..255 to tokens [n, tokens, width]."""
    n, p = len(images), config["patch"]
    side = config["image"] // p
    x = (images / 255.0 - config["pixel_mean"]) / config["pixel_std"]
    x = x.reshape(n, side, p, side, p).transpose(0, 1, 3, 2, 4).reshape(n, side * side, p * p)
    return linear(x, weights, "patch") + weights["pos"]


def embed_words(weights, ids):
    """One sentence's token ids to tokens [1, n, width]."""
    return (weights["words"][ids] + weights["pos"][: len(ids)])[None]


def attention_inputs(config, weights, x):
    """Yields, for each layer, what enters its attention when the tokens x [n, tokens, width] come in; in the weights' precision."""
    post = config["norm"] == "post"
    norm = lambda x, name: layer_norm(  # noqa: E731
        x, weights[f"{name}.weight"], weights[f"{name}.bias"], config["layernorm_eps"])
    if post:
        x = norm(x, "norm")
    for i in range(config["layers"]):
        name = f"layers.{i}"
        h = x if post else norm(x, f"{name}.ln1")
        yield h
        x = x + attention(h, weights, f"{name}.attn", config["heads"])
        x = norm(x, f"{name}.ln1") if post else x
        h = x if post else norm(x, f"{name}.ln2")
        hidden = activate(config["activation"], linear(h, weights, f"{name}.ffn.up"))
        x = x + linear(hidden, weights, f"{name}.ffn.down")
        x = norm(x, f"{name}.ln2") if post else x
