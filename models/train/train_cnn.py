#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Train one of the convolutional networks that Perimeter ships: fashion-cnn, fashion-resnet or fashion-bnn.

Data: Fashion-MNIST (MIT licence; Debian package dataset-fashion-mnist), pixel/255.
Output: OUT/config.json and OUT/model.safetensors, in the form of docs/systems/network.md, float32:
    NAME.weight [out, K] with k = (kernel*dy + dx)*channels + c, NAME.bias [out], of each convolution and of the classifier;
    a depthwise convolution's weight is [channels, kernel*kernel], a binary one's are 1 and -1, with NAME.scale [out].
    Batch normalisation, where there is one in training, is folded.
fashion-cnn is trained plainly; fashion-resnet with random flips and shifts, batch normalisation and label smoothing; fashion-bnn, whose
inner layers are binary, plainly but with batch normalisation, its gradients straight through the signs where |h| and |w| are at most 1.

Environment: PyTorch, Debian's python3-torch or a virtual environment's as for train_vit.py.
The test images are read once, after the last epoch; nothing is selected on them.
"""

import program  # the first: what goes wrong from here on is one line

import json
import os

import torch
import torch.nn.functional as F
from torch import nn

import cnn
import files
import training
from tensors import pieces


def conv(name, out, stride=1, kernel=3, relu=True, **more):
    return {"op": "conv", "name": name, "out": out, "kernel": kernel, "stride": stride, "relu": relu, **more}


def separable(name, out, stride=1, relu=True, **more):
    """A 3x3 filter a channel, then 1x1 across channels."""
    return [{"op": "depthwise", "name": name + ".dw", "kernel": 3, "stride": stride, "relu": True, **more},
            conv(name + ".pw", out, 1, 1, relu)]


def whole(name, out, stride=1, relu=True, **more):
    return [conv(name, out, stride, relu=relu, **more)]


def residual(name, kind, out, stride, source):
    """Two convolutions beside the identity or, where the shape changes, beside a 1x1 convolution."""
    shortcut = [conv(name + ".short", out, stride, 1, False, **{"from": source})] if stride > 1 else []
    return [*shortcut, *kind(name + ".0", out, stride, **{"from": source}), *kind(name + ".1", out, relu=False),
            {"op": "add", "name": name + ".add", "with": name + ".short" if shortcut else source, "relu": True}]


NETWORKS = {
    "fashion-cnn": {"convs": [[16, 2], [32, 2], [64, 1], [64, 2]]},
    "fashion-resnet": {"layers": [
        conv("stem", 24, 2), *residual("a", whole, 24, 1, "stem"), *residual("b", separable, 48, 2, "a.add"),
        *residual("c", whole, 48, 1, "b.add"), *residual("d", separable, 96, 2, "c.add"),
        {"op": "pool", "name": "pool"}, {"op": "dense", "name": "head", "out": training.CLASSES},
    ]},
    "fashion-bnn": {"layers": [
        conv("convs.0", 32, 2, relu=False), conv("convs.1", 64, 2, relu=False, binary=True), conv("convs.2", 64, relu=False, binary=True),
        conv("convs.3", 64, 2, binary=True), {"op": "pool", "name": "pool"}, {"op": "dense", "name": "head", "out": training.CLASSES},
    ]},
}
PLAIN = {"epochs": 12, "batch": 128, "lr": 1e-3, "decay": 0.0, "smoothing": 0.0, "shift": 0, "normalise": False}
FULL = {"epochs": 9, "batch": 128, "lr": 4e-3, "decay": 0.02, "smoothing": 0.05, "shift": 1, "normalise": True}
SETTINGS = {"fashion-cnn": PLAIN, "fashion-resnet": FULL, "fashion-bnn": {**PLAIN, "epochs": 5, "lr": 4e-3, "normalise": True}}


class Sign(torch.autograd.Function):
    """1 and -1, of 0 too: 1."""

    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return torch.where(x >= 0, 1.0, -1.0)

    @staticmethod
    def backward(context, slope):
        (x,) = context.saved_tensors
        return slope * (x.abs() <= 1)


class Layer(nn.Module):
    """A convolution or the classifier, with its batch normalisation."""

    def __init__(self, layer, channels, normalise):
        super().__init__()
        kernel = layer.get("kernel", 1)
        out = layer.get("out", channels)
        groups = channels if layer["op"] == "depthwise" else 1
        normalise = normalise and layer["op"] != "dense"
        self.conv = nn.Conv2d(channels, out, kernel, layer.get("stride", 1), kernel // 2, groups=groups, bias=not normalise)
        self.norm = nn.BatchNorm2d(out) if normalise else nn.Identity()
        self.binary = cnn.is_binary(layer)
        nn.init.kaiming_normal_(self.conv.weight)
        if self.conv.bias is not None:
            nn.init.zeros_(self.conv.bias)

    def forward(self, x):
        if not self.binary:
            return self.norm(self.conv(x))
        c = self.conv
        around = F.pad(Sign.apply(x), (c.padding[0],) * 4, value=-1.0)
        return self.norm(F.conv2d(around, Sign.apply(c.weight), stride=c.stride))

    def folded(self):
        """What the file has: weight [out, K] and bias [out], and a binary layer's scale [out]."""
        weight, bias, scale = self.conv.weight.detach().double(), self.conv.bias, None
        if isinstance(self.norm, nn.BatchNorm2d):
            n = self.norm
            scale = n.weight.detach().double() / (n.running_var.double() + n.eps).sqrt()
            bias = n.bias - n.running_mean.double() * scale
        flat = lambda w: w.permute(0, 2, 3, 1).flatten(1).float()  # noqa: E731
        if self.binary:
            return {"weight": flat(Sign.apply(weight)), "scale": scale.float(), "bias": bias.detach().float()}
        return {"weight": flat(weight if scale is None else weight * scale[:, None, None, None]), "bias": bias.detach().float()}


class Cnn(nn.Module):
    """The network of a configuration; images [n, 28, 28] of 0..1 to logits [n, classes]."""

    def __init__(self, config, normalise=False):
        super().__init__()
        self.listed, shapes = cnn.layers("network", config)
        self.parts = nn.ModuleDict({layer["name"].replace(".", "_"): Layer(layer, shapes[layer["from"]][2], normalise)
                                    for layer in self.listed if cnn.has_weights(layer)})

    def part(self, layer):
        return self.parts[layer["name"].replace(".", "_")]

    def begin(self, weights):
        """Takes the weights of a file; there is no normalisation, and no layer is binary."""
        for layer in filter(cnn.has_weights, self.listed):
            conv, name = self.part(layer).conv, layer["name"]
            out, channels, kernel, _ = conv.weight.shape
            w = torch.from_numpy(weights[name + ".weight"])
            conv.weight.data = w.view(out, kernel, kernel, channels).permute(0, 3, 1, 2).contiguous()
            conv.bias.data = torch.from_numpy(weights[name + ".bias"])

    def forward(self, images):
        values = {cnn.INPUT: images[:, None]}
        for layer in self.listed:
            x = values[layer["from"]]
            if layer["op"] == "add":
                x = x + values[layer["with"]]
            elif layer["op"] == "pool":
                x = x.mean((2, 3), keepdim=True)
            else:
                x = self.part(layer)(x)
            values[layer["name"]] = x.relu() if layer.get("relu") else x
        return x.flatten(1)

    def tensors(self):
        """What model.safetensors has."""
        folded = {layer["name"]: self.part(layer).folded() for layer in self.listed if cnn.has_weights(layer)}
        return {f"{name}.{what}": t.numpy() for name, parts in folded.items() for what, t in parts.items()}


def main():
    ap = program.Parser(__doc__)
    count, size = program.integer(1, 1 << 20), program.integer(0, 1 << 20)
    ap.add_argument("network", choices=NETWORKS)
    ap.add_argument("--data", default=training.DATA, help="folder of the IDX files")
    ap.add_argument("--out", help="default: models/NETWORK")
    ap.add_argument("--start", metavar="DIR", help="a network of this form to go on from; without normalisation, which it has folded")
    ap.add_argument("--epochs", type=count, help="default: the network's own, as of the following")
    ap.add_argument("--batch", type=count)
    ap.add_argument("--lr", type=float, help="peak learning rate; falls to 0 along a cosine")
    ap.add_argument("--decay", type=float, help="weight decay")
    ap.add_argument("--smoothing", type=float, help="label smoothing")
    ap.add_argument("--shift", type=size, help="random flips, and shifts by up to so many pixels; 0: neither")
    ap.add_argument("--holdout", type=size, default=2000, help="last training images kept out, to watch the training")
    ap.add_argument("--seed", type=size, default=1)
    ap.add_argument("--threads", type=count, default=1)
    args = ap.parse_args()
    own = SETTINGS[args.network]
    s = {key: value if getattr(args, key, None) is None else getattr(args, key) for key, value in own.items()}
    out = args.out or os.path.join(program.HOME, "models", args.network)

    generator = training.start(args.seed, args.threads)
    config = {"type": "cnn", "image": training.IMAGE, "classes": training.CLASSES, **NETWORKS[args.network]}
    data, held = training.hold_out(*training.load_tensors(args.data, "train"), args.holdout)
    model = Cnn(config, s["normalise"] and not args.start)
    if args.start:
        started, listed, _, weights = cnn.load(args.start)
        if started != config or any(map(cnn.is_binary, listed)):
            program.fail(args.start, f"another network than {args.network}, or one with binary layers")
        model.begin(weights)
    model = model.to(memory_format=torch.channels_last)
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim == 1]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": s["decay"]}, {"params": plain, "weight_decay": 0.0}], lr=s["lr"])
    print(f"{args.network}, seed {args.seed}: {sum(p.numel() for p in model.parameters())} parameters, {s}", flush=True)
    training.train(
        model, data, held, optimiser, generator, epochs=s["epochs"], batch=s["batch"],
        rate=lambda step, steps: training.rate(step, steps, steps // 20 if s["normalise"] else 0),
        change=lambda x: training.augment(x, s["shift"], generator) if s["shift"] else x,
        loss=lambda logits, y: F.cross_entropy(logits, y, label_smoothing=s["smoothing"]),
    )
    tensors = model.eval().tensors()
    files.write_all(out, {"config.json": json.dumps(config, indent=1) + "\n", "model.safetensors": pieces(tensors)})
    x, y = training.load_tensors(args.data, "t10k")
    print(f"test accuracy {training.accuracy(model, x, y):.2f} % ({len(x)} images)", flush=True)


if __name__ == "__main__":
    main()
