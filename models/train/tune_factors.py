#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Truncate a vision transformer's matrices and train what is left with the factors as parameters (HyFlexPIM, algorithm 1, step 3).

Each matrix W becomes U diag(S) V^T of the first SHARE * floor(in*out/(in+out)) ranks; U, S and V^T are trained by AdamW for --epochs, its
learning rate falling to 0 along a cosine. OUT gets config.json, model.safetensors with the products, and ranks.json of them; where
SHARE is below 1, the ranks beyond are 0 there, and so are their gradients. --table gets |dL/dS| before and after: when, layer, matrix, rank, singular
value, gradient. Environment as for train_vit.py.
"""

import program  # the first: what goes wrong from here on is one line

import copy
import json
import os

import torch
import torch.nn.functional as F
from torch import nn

import files
import rank_gradients
import training
from rank_gradients import matrices
from tensors import pieces


class Factors(nn.Module):
    """x V^T S U^T + bias, in the place of a linear map."""

    def __init__(self, linear, factors):
        super().__init__()
        self.u, self.s, self.vt = (nn.Parameter(f.float().contiguous()) for f in factors)
        self.bias = linear.bias

    def forward(self, x):
        return F.linear(F.linear(x, self.vt) * self.s, self.u, self.bias)

    def product(self):
        return ((self.u.double() * self.s.double()) @ self.vt.double()).detach().float()


PLACES = {"q": ("attn", "q"), "k": ("attn", "k"), "v": ("attn", "v"), "o": ("attn", "o"), "up": ("ffn", "up"), "down": ("ffn", "down")}


def factored(model, factors):
    """A copy of the model with factors in its matrices' places."""
    made = copy.deepcopy(model)
    for block, layer, own in zip(made.layers, matrices(made), factors):
        for name, (part, field) in PLACES.items():
            setattr(getattr(block, part), field, Factors(layer[name], own[name]))
    return made


def take_back(model, made):
    """The model with the products of the trained factors, and all else that was trained."""
    state = {name: t for name, t in made.state_dict().items() if name in model.state_dict()}
    model.load_state_dict(state, strict=False)
    for block, layer in zip(made.layers, matrices(model)):
        for name, (part, field) in PLACES.items():
            layer[name].weight.data = getattr(getattr(block, part), field).product()


def rows(when, factors, found):
    for i, (layer, values) in enumerate(zip(factors, found)):
        for name, (_, s, _) in layer.items():
            for rank, (value, slope) in enumerate(zip(s, values[name])):
                yield f"{when}\t{i}\t{name}\t{rank}\t{value:.6g}\t{slope:.6g}"


def main():
    ap = program.Parser(__doc__)
    count, size = program.integer(1, 1 << 20), program.integer(0, 1 << 20)
    ap.add_argument("out", metavar="OUT")
    ap.add_argument("--model", default="models/fashion-vit", metavar="DIR")
    rank_gradients.add_options(ap)
    ap.add_argument("--share", type=float, default=1.0, help="of the ranks that would make two factors as large as the matrix (%(default)s)")
    ap.add_argument("--epochs", type=size, default=1)
    ap.add_argument("--lr", type=float, default=5e-4, help="peak learning rate (%(default)s)")
    ap.add_argument("--decay", type=float, default=0.05, help="weight decay (%(default)s)")
    ap.add_argument("--seed", type=size, default=1)
    ap.add_argument("--threads", type=count, default=1)
    ap.add_argument("--table", metavar="FILE")
    args = ap.parse_args()
    if not 0 < args.share <= 1:
        program.fail("--share", f"{args.share} is not in 0..1")

    generator = training.start(args.seed, args.threads)
    model, c = rank_gradients.load_network(args.model)
    data, held = training.hold_out(*training.load_tensors(args.data, "train", c["pixel_mean"], c["pixel_std"]), 2000)
    test = training.load_tensors(args.data, "t10k", c["pixel_mean"], c["pixel_std"])
    images = min(args.images, len(data[0])) // args.batch * args.batch
    if images == 0:
        program.fail("--images", f"less than a batch of {args.batch}")
    start = tuple(part[:images] for part in data)
    report = lambda what: print(f"{what}: held-out {training.accuracy(model, *held):.2f} %, test {training.accuracy(model, *test):.2f} %", flush=True)  # noqa: E731

    report("as it was")
    factors = [{name: rank_gradients.truncate(m, args.share) for name, m in layer.items()} for layer in matrices(model)]
    report("truncated")
    lines = ["when\tlayer\tmatrix\trank\tvalue\tgradient"]
    lines += rows("before", factors, rank_gradients.gradients(model, factors, *start, args.batch))
    made = factored(model, factors)
    optimiser = torch.optim.AdamW(made.parameters(), lr=args.lr, weight_decay=args.decay)
    training.train(made, data, held, optimiser, generator, epochs=args.epochs, batch=128, rate=training.rate,
                   change=lambda x: training.augment(x, 1, generator),
                   loss=lambda logits, y: F.cross_entropy(logits, y, label_smoothing=0.05))
    take_back(model, made)
    report("tuned")
    factors = [{name: rank_gradients.truncate(m, args.share) for name, m in layer.items()} for layer in matrices(model)]
    found = rank_gradients.gradients(model, factors, *start, args.batch)
    lines += rows("after", factors, found)
    for layer, values in zip(matrices(model), found):
        for name, m in layer.items():
            values[name] = F.pad(values[name], (0, rank_gradients.kept(m) - len(values[name])))
    files.write_all(args.out, {
        "config.json": json.dumps(c, indent=2) + "\n",
        "model.safetensors": pieces({name: t.detach().numpy() for name, t in model.state_dict().items()}),
        "ranks.json": rank_gradients.text(images, args.batch, found),
    })
    if args.table:
        folder, name = os.path.split(args.table)
        files.write_all(folder or ".", {name: "\n".join(lines) + "\n"})


if __name__ == "__main__":
    main()
