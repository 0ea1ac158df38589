#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the order is worth in which ranks are protected from noise: accuracy of a vision transformer against the share of exact ranks.

All matrices are two factors U and S V^T of int8 weights, a scale an output; those of exact ranks are as they are, of every other rank each weight is w*(1 + eta), eta
normal with deviation sigma (`noise=weight` of docs/systems/network.md; activations stay float here). Orders: `gradient`, of DIR/ranks.json;
`value`, the singular values; `random`; and `magnitude`, without factors: the largest weights of the matrix itself are exact, the
same share of all. Prints rows: order, sigma, percent, mean accuracy and its deviation over the drawings. Environment as for train_vit.py.
"""

import program  # the first: what goes wrong from here on is one line

import copy
import os

import numpy as np
import torch

import files
import rank_gradients
import training

ORDERS = ("gradient", "value", "random", "magnitude")
PERCENTS = (0, 5, 10, 30, 40, 50, 100)


def codes(w):
    """int8 weights with a scale an output, as reals."""
    scale = w.abs().amax(1, keepdim=True) / 127
    return torch.where(scale > 0, (w / scale).round() * scale, w)


def noisy(w, exact, sigma, generator):
    return torch.where(exact, w, w * (1 + sigma * torch.randn(w.shape, generator=generator, dtype=w.dtype)))


def first(score, percent):
    """Whether each element is of the floor(percent/100 * all) with the largest scores."""
    chosen = torch.zeros(score.numel(), dtype=torch.bool)
    chosen[torch.argsort(score.flatten(), descending=True, stable=True)[: percent * score.numel() // 100]] = True
    return chosen.view(score.shape)


def disturb(weight, factors, slope, order, percent, sigma, generator):
    """The matrix as arrays hold it."""
    if order == "magnitude":
        return noisy(codes(weight), first(weight.abs(), percent), sigma, generator)
    u, s, vt = factors
    score = {"gradient": slope, "value": s, "random": torch.rand(len(s), generator=generator)}[order]
    exact = first(score, percent)
    return noisy(codes(u), exact[None, :], sigma, generator) @ noisy(codes(s[:, None] * vt), exact[:, None], sigma, generator)


def main():
    ap = program.Parser(__doc__)
    count, size = program.integer(1, 1 << 20), program.integer(0, 1 << 20)
    ap.add_argument("model", metavar="DIR")
    ap.add_argument("--data", default=training.DATA)
    ap.add_argument("--images", type=count, default=1000, help="test images, from the first (%(default)s)")
    ap.add_argument("--share", type=float, default=1.0, help="as of tune_factors.py (%(default)s)")
    ap.add_argument("--sigma", type=float, nargs="+", default=[0.132, 0.3])
    ap.add_argument("--draws", type=count, default=3)
    ap.add_argument("--seed", type=size, default=1)
    ap.add_argument("--threads", type=count, default=1)
    args = ap.parse_args()
    torch.set_num_threads(args.threads)
    model, c = rank_gradients.load_network(args.model)
    path = os.path.join(args.model, "ranks.json")
    slopes = files.read_json(path)["layers"]
    layers = rank_gradients.matrices(model)
    factors = [{name: rank_gradients.truncate(m, args.share) for name, m in layer.items()} for layer in layers]
    for i, layer in enumerate(factors):
        for name, (_, s, _) in layer.items():
            if len(slopes[i].get(name, ())) < len(s):
                program.fail(path, f"layer {i}: {name} has less than {len(s)} gradients")
    x, y = (part[: args.images] for part in training.load_tensors(args.data, "t10k", c["pixel_mean"], c["pixel_std"]))
    changed = copy.deepcopy(model)
    print("order\tsigma\tpercent\taccuracy\tdeviation")
    for sigma in args.sigma:
        for order in ORDERS:
            for percent in PERCENTS:
                found = []
                for draw in range(args.draws if percent < 100 else 1):
                    generator = torch.Generator().manual_seed(args.seed + draw)
                    for layer, target, own, slope in zip(layers, rank_gradients.matrices(changed), factors, slopes):
                        for name, m in layer.items():
                            score = torch.tensor(slope[name][: len(own[name][1])], dtype=torch.float64)
                            target[name].weight.data = disturb(m.weight.data.double(), own[name], score, order, percent, sigma, generator).float()
                    found.append(training.accuracy(changed, x, y))
                print(f"{order}\t{sigma}\t{percent}\t{np.mean(found):.2f}\t{np.std(found):.2f}", flush=True)


if __name__ == "__main__":
    main()
