# SPDX-License-Identifier: Apache-2.0
"""A convolutional network in integers for training: codes of weights, unsigned activations, gradients straight through."""

import json
import os

import torch
import torch.nn.functional as F
from torch import nn

import cnn
import files
from program import fail
from tensors import pieces
from train_cnn import Cnn


def straight(x, rounded):
    """`rounded` forwards, x backwards."""
    return x + (rounded - x).detach()


def quantise(x, lsb, bits):
    """Unsigned activations to nearest in `bits` bits; what is beyond the range is clipped and gets no gradient."""
    return straight(x.clamp(0, (2**bits - 1) * lsb), (x / lsb).round().clamp(0, 2**bits - 1) * lsb)


class Layer(nn.Module):
    """Weights codes * s, of inputs that are rounded to multiples of `a`; `codes` are whole numbers, and are what is trained."""

    def __init__(self, conv, a, s):
        super().__init__()
        self.a, self.s = a, s
        self.codes = nn.Parameter((conv.weight.detach() / s).round())
        self.bias = nn.Parameter(conv.bias.detach().clone())
        self.shape = {"stride": conv.stride, "padding": conv.padding, "groups": conv.groups}

    def forward(self, x):
        return F.conv2d(quantise(x, self.a, 8), self.codes * self.s, self.bias, **self.shape)

    def folded(self):
        return {"weight": (self.codes * self.s).detach().permute(0, 2, 3, 1).flatten(1), "bias": self.bias.detach()}


def load(folder):
    """A network's float form, its form in integers, and config.json and calibration.json as they are."""
    config, listed, _, weights = cnn.load(folder)
    model = Cnn(config)
    model.begin(weights)
    path = os.path.join(folder, "calibration.json")
    calibration = files.read_json(path)
    known = calibration.get("matrices", {})
    if known.get("activations") != "symmetric" or known.get("weights") != "layer":
        fail(path, "no matrices of symmetric activations and a scale a layer; perimeter calibrate finds them")
    integers = Cnn(config)
    for layer in filter(cnn.has_weights, listed):
        name, conv = cnn.node_name(config, layer), model.part(layer).conv
        low, high = known["inputs"].get(name, (-1, 0))
        if low < 0 or high <= 0:
            fail(path, f"{name}: no range of inputs from 0")
        largest = float(conv.weight.detach().abs().max())
        s = known.get("scales", {}).get(name, largest / 127 if largest > 0 else 1.0)
        integers.parts[layer["name"].replace(".", "_")] = Layer(conv, high / 255, s)
    return model.eval(), integers, config, calibration


def write(folder, integers, config, calibration):
    """The network with its codes as weights, whose scales calibration.json then says."""
    scales = {cnn.node_name(config, layer): integers.part(layer).s for layer in integers.listed if cnn.has_weights(layer)}
    matrices = {**calibration["matrices"], "scales": scales}
    files.write_all(folder, {
        "config.json": json.dumps(config, indent=1) + "\n",
        "model.safetensors": pieces(integers.tensors()),
        "calibration.json": json.dumps({**calibration, "matrices": matrices}, indent=1) + "\n",
    })
