# SPDX-License-Identifier: Apache-2.0
"""The convolutional network of docs/systems/network.md: its configuration, its weights, and what enters each of its layers."""

import os

import numpy as np

from files import read_json
from program import fail
from tensors import Tensors

OPS = {"conv": ("out", "kernel", "stride", "relu", "binary"), "depthwise": ("kernel", "stride", "relu"), "add": ("with", "relu"),
       "pool": (), "dense": ("out", "relu")}
RANGES = {"out": (1, 4096), "kernel": (1, 15), "stride": (1, 16)}
DEFAULTS = {"kernel": 3, "stride": 1, "relu": False, "binary": False}
INPUT = "image"


def check_integer(path, what, value, low, high):
    if type(value) is not int or not low <= value <= high:
        fail(path, f"{what} is {value}, not an integer in {low}..{high}")


def expand(path, config):
    """The layers of `convs`, written out."""
    convs = config["convs"]
    if not isinstance(convs, list) or not convs or not all(isinstance(c, list) and len(c) == 2 for c in convs):
        fail(path, '"convs" is no list of [out, stride]')
    layers = [{"op": "conv", "name": f"convs.{i}", "out": out, "stride": stride, "relu": True} for i, (out, stride) in enumerate(convs)]
    return [*layers, {"op": "pool", "name": "pool"}, {"op": "dense", "name": "head", "out": config.get("classes")}]


def check_layer(path, layer, before):
    """One layer with its defaults filled in; `before` has the shapes [rows, columns, channels] of what comes before it."""
    if not isinstance(layer, dict) or layer.get("op") not in OPS:
        fail(path, f'a layer\'s "op" is not {", ".join(OPS)}')
    op, name = layer["op"], layer.get("name")
    if not isinstance(name, str) or not name or name in before:
        fail(path, f'layer {len(before) - 1} has no "name" of its own')
    known = ("op", "name", "from", *OPS[op])
    for key in layer:
        if key not in known:
            fail(path, f'{name}: "{key}" is not of a layer "{op}"')
    full = {"from": list(before)[-1], **{key: DEFAULTS[key] for key in OPS[op] if key in DEFAULTS}, **layer}
    for key in OPS[op]:
        if key in RANGES:
            check_integer(path, f'{name}: "{key}"', full.get(key), *RANGES[key])
    for key in ("relu", "binary"):
        if not isinstance(full.get(key, False), bool):
            fail(path, f'{name}: "{key}" is {full[key]}, not true or false')
    for key in ("from", "with")[: 1 + (op == "add")]:
        if full.get(key) not in before:
            fail(path, f'{name}: "{key}" is no layer before it')
    return full


def output_shape(path, layer, before):
    rows, columns, channels = before[layer["from"]]
    op = layer["op"]
    if op == "add":
        if before[layer["with"]] != (rows, columns, channels):
            fail(path, f'{layer["name"]}: adds {before[layer["with"]]} to {(rows, columns, channels)}')
        return rows, columns, channels
    if op == "pool":
        return 1, 1, channels
    if op == "dense":
        if rows * columns != 1:
            fail(path, f'{layer["name"]}: takes one position, not {rows}x{columns}')
        return 1, 1, layer["out"]
    side = lambda n: (n + 2 * (layer["kernel"] // 2) - layer["kernel"]) // layer["stride"] + 1  # noqa: E731
    return side(rows), side(columns), channels if op == "depthwise" else layer["out"]


def layers(path, config):
    """The layers of a configuration, checked, with every default filled in; and the shapes of what they give, with the image's."""
    if config.get("type") != "cnn":
        fail(path, f'"type" is {config.get("type")}, not cnn')
    check_integer(path, '"image"', config.get("image"), 1, 1024)
    check_integer(path, '"classes"', config.get("classes"), 2, 65536)
    if ("convs" in config) == ("layers" in config):
        fail(path, 'either "convs" or "layers" is wanted')
    listed = expand(path, config) if "convs" in config else config["layers"]
    if not isinstance(listed, list) or not listed:
        fail(path, '"layers" is no list, or an empty one')
    shapes, done = {INPUT: (config["image"], config["image"], 1)}, []
    for layer in listed:
        done.append(check_layer(path, layer, shapes))
        shapes[done[-1]["name"]] = output_shape(path, done[-1], shapes)
    if done[-1]["op"] != "dense" or shapes[done[-1]["name"]][2] != config["classes"]:
        fail(path, f'the last layer is not dense with {config["classes"]} outputs')
    return done, shapes


def has_weights(layer):
    return layer["op"] in ("conv", "depthwise", "dense")


def node_name(config, layer):
    """What plans and calibration's `matrices` call a layer with weights."""
    name = layer["name"]
    return f"conv{int(name[6:]) + 1}" if "convs" in config and name.startswith("convs.") else name


def is_binary(layer):
    return layer.get("binary", False)


def weight_shape(layer, shapes):
    """[outputs, K], where k = (kernel*dy + dx)*channels + c; of a depthwise layer [channels, kernel*kernel]."""
    channels = shapes[layer["from"]][2]
    if layer["op"] == "dense":
        return layer["out"], channels
    taps = layer["kernel"] ** 2
    return (channels, taps) if layer["op"] == "depthwise" else (layer["out"], taps * channels)


def load(folder):
    """DIR/config.json and DIR/model.safetensors: the configuration, its layers, their shapes and the weights in float32."""
    path = os.path.join(folder, "config.json")
    config = read_json(path)
    listed, shapes = layers(path, config)
    tensors = Tensors(os.path.join(folder, "model.safetensors"))
    weights = {}
    for layer in filter(has_weights, listed):
        shape = weight_shape(layer, shapes)
        weights[layer["name"] + ".weight"] = tensors.read(layer["name"] + ".weight", shape)
        weights[layer["name"] + ".bias"] = tensors.read(layer["name"] + ".bias", shape[:1])
        if is_binary(layer):
            weights[layer["name"] + ".scale"] = tensors.read(layer["name"] + ".scale", shape[:1])
            if not (np.abs(weights[layer["name"] + ".weight"]) == 1).all():
                fail(tensors.path, f'tensor {layer["name"]}.weight: not all are 1 or -1')
    return config, listed, shapes, weights


def unfold(h, kernel, stride, around=0):
    """h [n, rows, columns, channels] to [n, rows', columns', kernel*kernel, channels], with `around` around it."""
    pad = kernel // 2
    h = np.pad(h, ((0, 0), (pad, pad), (pad, pad), (0, 0)), constant_values=around)
    windows = np.lib.stride_tricks.sliding_window_view(h, (kernel, kernel), (1, 2))[:, ::stride, ::stride]
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(*windows.shape[:3], kernel * kernel, h.shape[3])


def forward(listed, weights, images):
    """Yields (layer, what enters it, what it gives) for images [n, rows, columns] of 0..1; the last gives the logits."""
    values = {INPUT: images[..., None]}
    for layer in listed:
        h, op, name = values[layer["from"]], layer["op"], layer["name"]
        if op == "add":
            y = h + values[layer["with"]]
        elif op == "pool":
            y = h.mean((1, 2), keepdims=True)
        elif op == "dense":
            y = h @ weights[name + ".weight"].T + weights[name + ".bias"]
        elif is_binary(layer):
            u = unfold(np.where(h >= 0, 1, -1).astype(h.dtype), layer["kernel"], layer["stride"], -1)
            y = u.reshape(*u.shape[:3], -1) @ weights[name + ".weight"].T * weights[name + ".scale"] + weights[name + ".bias"]
        else:
            u, w = unfold(h, layer["kernel"], layer["stride"]), weights[name + ".weight"]
            y = (np.einsum("nyxkc,ck->nyxc", u, w) if op == "depthwise" else u.reshape(*u.shape[:3], -1) @ w.T) + weights[name + ".bias"]
        values[name] = np.maximum(y, 0) if layer.get("relu") else y
        yield layer, h, values[name]
