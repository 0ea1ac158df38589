#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Train a vision transformer in the bits of a policy, gradients straight through the rounding.

POLICY is {"layers": [{"name", "w", "a"}, ...]}: bits of the weights, 2..8, and of the inputs, 1..8 (signed from 2), of the matrices that
it names (patch, attn0.q, ffn0.up, ..., head); the others have 8 and 8. Weights: rint(W/s), s = max|W|/(2^(w-1)-1), a layer. Inputs: unsigned
where none is negative, largest/(2^a-1), else largest/(2^(a-1)-1); ranges are of the first --images training images before training.
Products of attention, attn0.qk and attn0.av: k and v are the weights, q and the softmax the inputs, each with a scale of its own in every
image and head; where the policy does not name them they stay in float.
OUT gets config.json, model.safetensors, float weights that round to the trained ones, and calibration.json with the ranges (docs/systems/network.md).
Prints accuracies on the last 2,000 training images, which are not trained on, and on the test images. Environment as for train_vit.py.
"""

import program  # the first: what goes wrong from here on is one line

import json

import torch
import torch.nn.functional as F
from torch import nn

import files
import rank_gradients
import training
from quantised import straight
from tensors import pieces


def read_policy(path, names):
    """{name: (w, a)} of every name."""
    layers = files.read_json(path).get("layers")
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
        program.fail(path, '"layers" is no list of objects')
    bits = {}
    for layer in layers:
        name = layer.get("name")
        if name not in names or name in bits:
            program.fail(path, f"{name} is given twice" if name in bits else f"{name} is no matrix of the network")
        for key, least in (("w", 2), ("a", 1)):
            if type(layer.get(key)) is not int or not least <= layer[key] <= 8:
                program.fail(path, f'{name}: "{key}" is not an integer in {least}..8')
        bits[name] = layer["w"], layer["a"]
    return {name: bits.get(name, (8, 8)) for name in names if name in bits or not is_product(name)}


def is_product(name):
    return name.endswith((".qk", ".av"))


class Linear(nn.Module):
    """A linear map in integers; `low` and `high` are of what enters it, 0 among them, and are learnt while `bits` is None."""

    def __init__(self, linear):
        super().__init__()
        self.weight, self.bias = linear.weight, linear.bias
        self.bits, self.low, self.high = None, 0.0, 0.0

    def forward(self, x):
        if self.bits is None:
            self.low, self.high = min(self.low, float(x.min())), max(self.high, float(x.max()))
            return F.linear(x, self.weight, self.bias)
        return F.linear(self.inputs(x), self.weights(), self.bias)

    def inputs(self, x):
        signed = self.low < 0
        most = 2 ** (self.bits[1] - signed) - 1
        least = -most if signed else 0
        lsb = max(self.high, -self.low) / most or 1.0
        return straight(x.clamp(least * lsb, most * lsb), (x / lsb).round().clamp(least, most) * lsb)

    def weights(self):
        most = 2 ** (self.bits[0] - 1) - 1
        largest = self.weight.detach().abs().max()
        lsb = largest / most if largest > 0 else 1.0
        return straight(self.weight, (self.weight / lsb).round() * lsb)


def whole(x, most):
    """x [image, head, ...] to whole multiples of the image's and head's own step, whose largest is `most`."""
    lsb = x.detach().abs().amax((2, 3), keepdim=True) / most
    return straight(x, (x / lsb.clamp_min(1e-30)).round() * lsb)


class Product(nn.Module):
    """x y in integers once it has bits: of y, the weights, and of x, the inputs."""

    def __init__(self, signed):
        super().__init__()
        self.signed, self.bits = signed, None

    def forward(self, x, y):
        if self.bits is None:
            return x @ y
        return whole(x, 2 ** (self.bits[1] - self.signed) - 1) @ whole(y, 2 ** (self.bits[0] - 1) - 1)


class Attention(nn.Module):
    """train_vit's, with its products as modules."""

    def __init__(self, attn):
        super().__init__()
        self.heads, self.q, self.k, self.v, self.o = attn.heads, attn.q, attn.k, attn.v, attn.o
        self.qk, self.av = Product(True), Product(False)

    def forward(self, x):
        n, t, d = x.shape
        split = (n, t, self.heads, d // self.heads)
        q, k, v = (f(x).view(split).transpose(1, 2) for f in (self.q, self.k, self.v))
        y = self.av((self.qk(q, k.transpose(-1, -2)) * q.shape[-1] ** -0.5).softmax(-1), v)
        return self.o(y.transpose(1, 2).reshape(n, t, d))


def wrap(model):
    """Puts integer maps into the places of all linear ones and of attention's products; {name: map} under the names of plans."""
    found = {}
    for part in ("patch", "head"):
        found[part] = Linear(getattr(model, part))
        setattr(model, part, found[part])
    for i, block in enumerate(model.layers):
        block.attn = Attention(block.attn)
        found[f"attn{i}.qk"], found[f"attn{i}.av"] = block.attn.qk, block.attn.av
        for part, fields in (("attn", "qkvo"), ("ffn", ("up", "down"))):
            for field in fields:
                name = f"{part}{i}.{field}"
                found[name] = Linear(getattr(getattr(block, part), field))
                setattr(getattr(block, part), field, found[name])
    return found


def main():
    ap = program.Parser(__doc__)
    count, size = program.integer(1, 1 << 20), program.integer(0, 1 << 20)
    ap.add_argument("policy", metavar="POLICY")
    ap.add_argument("out", metavar="OUT")
    ap.add_argument("--model", default="models/fashion-vit", metavar="DIR")
    ap.add_argument("--data", default=training.DATA, help="folder of the IDX files")
    ap.add_argument("--images", type=count, default=1000, help="that the ranges are of (%(default)s)")
    ap.add_argument("--train", type=count, default=1 << 20, metavar="N", help="train on the first N of the images (all)")
    ap.add_argument("--epochs", type=size, default=2)
    ap.add_argument("--lr", type=float, default=5e-4, help="peak learning rate, falls to 0 along a cosine (%(default)s)")
    ap.add_argument("--seed", type=size, default=1)
    ap.add_argument("--threads", type=count, default=1)
    args = ap.parse_args()

    generator = training.start(args.seed, args.threads)
    model, c = rank_gradients.load_network(args.model)
    maps = wrap(model)
    policy = read_policy(args.policy, list(maps))
    split = lambda name: training.load_tensors(args.data, name, c["pixel_mean"], c["pixel_std"])  # noqa: E731
    (data, held), test = training.hold_out(*split("train"), 2000), split("t10k")
    report = lambda what: print(f"{what}: held-out {training.accuracy(model, *held):.2f} %, test {training.accuracy(model, *test):.2f} %", flush=True)  # noqa: E731
    with torch.no_grad():
        for i in range(0, args.images, 500):
            model(data[0][i : min(i + 500, args.images)])
    for name, bits in policy.items():
        m = maps[name]
        m.bits = bits
        if (m.signed if is_product(name) else m.low < 0) and bits[1] < 2:
            program.fail(args.policy, f"{name}: its inputs have both signs and take 2 bits")
    report("rounded")
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.0)
    data = tuple(part[: args.train] for part in data)
    training.train(model, data, held, optimiser, generator, epochs=args.epochs, batch=128, rate=training.rate,
                   change=lambda x: training.augment(x, 1, generator))
    report("trained")
    matrices = {"images": args.images, "percentile": 100, "activations": "symmetric", "weights": "layer",
                "inputs": {name: [m.low, m.high] for name, m in maps.items() if not is_product(name)}}
    files.write_all(args.out, {
        "config.json": json.dumps(c, indent=2) + "\n",
        "model.safetensors": pieces({name: t.detach().numpy() for name, t in model.state_dict().items()}),
        "calibration.json": json.dumps({"matrices": matrices}, indent=1) + "\n",
    })


if __name__ == "__main__":
    main()
