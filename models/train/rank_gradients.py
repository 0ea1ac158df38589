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

import numpy as np
import torch
import torch.nn.functional as F

import encoder
import files
from train_vit import Vit
from training import CLASSES, DATA, IMAGE, load_split


def load_network(folder):
    c, weights = encoder.load(folder)
    form = {"type": "vit", "norm": "pre", "activation": "gelu", "image": IMAGE, "classes": CLASSES}
    for key, value in form.items():
        if c[key] != value:
            program.fail(os.path.join(folder, "config.json"), f'"{key}" is {c[key]}; gradients are taken where it is {value}')
    model = Vit(c["layers"], c["width"], c["heads"], c["ffn"], c["patch"])
    model.load_state_dict({name: torch.from_numpy(weights[name]) for name in model.state_dict()})
    return model, c


def truncate(linear):
    """Keeps the first k ranks; returns the kept U [out, k] and V^T [k, in]."""
    out, width = linear.weight.shape
    k = max(1, out * width // (out + width))
    u, s, vt = torch.linalg.svd(linear.weight.data.double(), full_matrices=False)
    linear.weight.data = ((u[:, :k] * s[:k]) @ vt[:k]).float()
    return u[:, :k], vt[:k]


def main():
    parser = program.Parser(__doc__)
    parser.add_argument("model", nargs="?", default="models/fashion-vit")
    parser.add_argument("--data", default=DATA)
    parser.add_argument("--images", type=program.integer(1, 1 << 20), default=8192, help="training images, from the first (%(default)s)")
    parser.add_argument("--batch", type=program.integer(1, 1 << 20), default=64, help="images a gradient (%(default)s)")
    args = parser.parse_args()
    model, c = load_network(args.model)
    matrices = [
        {"q": b.attn.q, "k": b.attn.k, "v": b.attn.v, "o": b.attn.o, "up": b.ffn.up, "down": b.ffn.down}
        for b in model.layers
    ]
    factors = [{name: truncate(m) for name, m in layer.items()} for layer in matrices]
    sums = [{name: torch.zeros(f[0].shape[1], dtype=torch.float64) for name, f in layer.items()} for layer in factors]
    images, labels = load_split(args.data, "train")
    batches = min(args.images, len(images)) // args.batch
    if batches == 0:
        program.fail("--images", f"less than a batch of {args.batch}")
    for i in range(batches):
        at = slice(i * args.batch, (i + 1) * args.batch)
        x = (torch.from_numpy(images[at].copy()).float() / 255 - c["pixel_mean"]) / c["pixel_std"]
        model.zero_grad()
        F.cross_entropy(model(x), torch.from_numpy(labels[at].astype(np.int64))).backward()
        for layer, factor, total in zip(matrices, factors, sums):
            for name, m in layer.items():
                u, vt = factor[name]
                total[name] += torch.einsum("ok,oi,ki->k", u, m.weight.grad.double(), vt).abs()
    text = {
        "images": batches * args.batch,
        "batch": args.batch,
        "layers": [{name: [float(f"{v:.6g}") for v in s / batches] for name, s in layer.items()} for layer in sums],
    }
    files.write_all(args.model, {"ranks.json": json.dumps(text, indent=1) + "\n"})


if __name__ == "__main__":
    main()
