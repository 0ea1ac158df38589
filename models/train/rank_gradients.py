#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gradient of the loss for every singular value of a vision transformer's matrices: which ranks matter.

Each matrix W is truncated to k = floor(in*out/(in+out)) ranks, W ~ U S V^T, and dL/dS_j = u_j^T (dL/dW) v_j of the
cross-entropy is taken on training images. What is written, MODEL/ranks.json (docs/systems/network.md), is the mean over
batches of |dL/dS_j|, ranks by descending singular value: at a trained network's minimum the signed mean is near 0.

Environment as for train_vit.py, whose network this uses.
"""

import program  # the first: what goes wrong from here on is one line

import json
import os

import torch
import torch.nn.functional as F

import encoder
import files
from train_vit import Vit
from training import CLASSES, DATA, IMAGE, load_tensors


def load_network(folder):
    c, weights = encoder.load(folder)
    form = {"type": "vit", "norm": "pre", "activation": "gelu", "image": IMAGE, "classes": CLASSES}
    for key, value in form.items():
        if c[key] != value:
            program.fail(os.path.join(folder, "config.json"), f'"{key}" is {c[key]}; gradients are taken where it is {value}')
    model = Vit(c["layers"], c["width"], c["heads"], c["ffn"], c["patch"])
    model.load_state_dict({name: torch.from_numpy(weights[name]) for name in model.state_dict()})
    return model, c


def matrices(model):
    """Each layer's {name: linear map}."""
    return [{"q": b.attn.q, "k": b.attn.k, "v": b.attn.v, "o": b.attn.o, "up": b.ffn.up, "down": b.ffn.down} for b in model.layers]


def kept(linear, share=1.0):
    """Ranks that truncation keeps: with all of them two factors are as large as the matrix."""
    out, width = linear.weight.shape
    return max(1, int(share * (out * width // (out + width))))


def truncate(linear, share=1.0):
    """Keeps the first k ranks; returns U [out, k], S [k] and V^T [k, in] in double precision."""
    k = kept(linear, share)
    u, s, vt = (t[..., :k] if i < 2 else t[:k] for i, t in enumerate(torch.linalg.svd(linear.weight.data.double(), full_matrices=False)))
    linear.weight.data = ((u * s) @ vt).float()
    return u, s, vt


def gradients(model, factors, x, y, batch):
    """Mean over batches of |dL/dS|, in the form of `matrices`."""
    layers = matrices(model)
    sums = [{name: torch.zeros(f[1].shape, dtype=torch.float64) for name, f in layer.items()} for layer in factors]
    batches = len(x) // batch
    for i in range(batches):
        at = slice(i * batch, (i + 1) * batch)
        model.zero_grad()
        F.cross_entropy(model(x[at]), y[at]).backward()
        for layer, factor, total in zip(layers, factors, sums):
            for name, m in layer.items():
                u, _, vt = factor[name]
                total[name] += torch.einsum("ok,oi,ki->k", u, m.weight.grad.double(), vt).abs()
    return [{name: s / batches for name, s in layer.items()} for layer in sums]


def text(images, batch, found):
    """ranks.json."""
    layers = [{name: [float(f"{v:.6g}") for v in s] for name, s in layer.items()} for layer in found]
    return json.dumps({"images": images, "batch": batch, "layers": layers}, indent=1) + "\n"


def add_options(parser):
    parser.add_argument("--data", default=DATA)
    parser.add_argument("--images", type=program.integer(1, 1 << 20), default=8192, help="training images for gradients, from the first (%(default)s)")
    parser.add_argument("--batch", type=program.integer(1, 1 << 20), default=64, help="images a gradient (%(default)s)")


def main():
    parser = program.Parser(__doc__)
    parser.add_argument("model", nargs="?", default="models/fashion-vit")
    add_options(parser)
    args = parser.parse_args()
    model, c = load_network(args.model)
    factors = [{name: truncate(m) for name, m in layer.items()} for layer in matrices(model)]
    x, y = load_tensors(args.data, "train", c["pixel_mean"], c["pixel_std"])
    images = min(args.images, len(x)) // args.batch * args.batch
    if images == 0:
        program.fail("--images", f"less than a batch of {args.batch}")
    found = gradients(model, factors, x[:images], y[:images], args.batch)
    files.write_all(args.model, {"ranks.json": text(images, args.batch, found)})


if __name__ == "__main__":
    main()
