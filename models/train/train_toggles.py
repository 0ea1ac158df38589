#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Train a convolutional network's int8 weights for fewer toggles (numerics.md, toggles and ptft): one method, or all of the table.

    ptft   post-training: each weight goes to the one of fewest toggles within --reach
    reg    --steps of descent on the cross-entropy and --lambda times the smoothed toggles
    kd     as reg, half of the loss being the float network's, at temperature 4
    ggd    as reg, guarded: a code changes where the gradient is for it, or toggles fall and the gradient is not against it
    bits   untrained: weights of --bits bits
    all    every row of the table, its seeds 1, 2 and 3, into --table

Scales stay as they are, weights within +-127. Prints a row: method, setting, seed, toggle rate, its change in percent, accuracy in
percent on the test images, and how often ggd restored, which looks at the last 10,000 training images and does not train on them.
--out writes the network, ready to run. Environment as for train_cnn.py.
"""

import program  # the first: what goes wrong from here on is one line

import os

import numpy as np
import torch
import torch.nn.functional as F

import cnn
import files
import quantised
import toggles
import training

COLUMNS = ("method", "setting", "seed", "rate", "change", "test", "restored")
TABLE = [
    *(("bits", {"bits": b}) for b in (8, 7, 6, 5)), *(("ptft", {"reach": r}) for r in (1, 2, 4)),
    *((method, {"lambda": x}) for method, values in (("ggd", (1.05, 8.0)), ("reg", (1.05, 3.0, 8.0)), ("kd", (1.05, 3.0, 8.0))) for x in values),
]
TEMPERATURE = 4.0
VALIDATION = 10000  # images: by chance alone 2,000 lose or win 0.4 point where one answer in 30 changes
INTERVAL = 50  # steps between two looks at the validation images


class Codes:
    """All codes of a network as one vector."""

    def __init__(self, integers):
        self.parts = [integers.part(layer) for layer in integers.listed if cnn.has_weights(layer)]
        self.cuts = np.cumsum([p.codes.numel() for p in self.parts])[:-1]

    def get(self):
        return np.concatenate([p.codes.detach().numpy().ravel() for p in self.parts]).astype(np.float64)

    def gradient(self):
        return np.concatenate([p.codes.grad.numpy().ravel() for p in self.parts]).astype(np.float64)

    def set(self, values):
        for p, own in zip(self.parts, np.split(values, self.cuts)):
            p.codes.data = torch.from_numpy(own.astype(np.float32)).view(p.codes.shape)

    def narrow(self, bits):
        """Each layer's codes for weights of fewer bits, rounded from its scale of 8."""
        values = [np.rint(own * (2 ** (bits - 1) - 1) / np.abs(own).max()) for own in np.split(self.get(), self.cuts)]
        for p, new in zip(self.parts, values):
            p.s *= 127 / (2 ** (bits - 1) - 1)
        self.set(np.concatenate(values))


def distil(teacher, x, y, logits):
    with torch.no_grad():
        soft = F.softmax(teacher(x) / TEMPERATURE, 1)
    kept = F.kl_div(F.log_softmax(logits / TEMPERATURE, 1), soft, reduction="batchmean")
    return 0.5 * F.cross_entropy(logits, y) + 0.5 * TEMPERATURE**2 * kept


def descend(args, teacher, integers, codes, data, held, seed):
    """Trains the codes and the biases; how often it restored."""
    guarded = args.method == "ggd"
    generator = training.start(seed, args.threads)
    descent = toggles.Descent(codes.get(), args.steps, getattr(args, "lambda"), args.theta if guarded else None)
    biases = [p.bias for p in codes.parts]
    optimiser = torch.optim.Adam(biases, lr=3e-4)
    watch = toggles.Watch(training.accuracy(integers, *held) if guarded else 0.0, descent, [b.detach().numpy() for b in biases])
    x, y = data
    for step in range(args.steps):
        pick = torch.randint(0, len(x), (args.batch,), generator=generator)
        integers.zero_grad()
        logits = integers(x[pick])
        loss = distil(teacher, x[pick], y[pick], logits) if args.method == "kd" else F.cross_entropy(logits, y[pick])
        loss.backward()
        descent.step(codes.gradient())
        optimiser.step()
        codes.set(descent.w)
        if guarded and (step + 1) % INTERVAL == 0:
            watch.look(training.accuracy(integers, *held))
            codes.set(descent.w)
    return watch.restored


def run(args, split, seed):
    """One row of the table, and the network it is of."""
    data, held, test = split
    teacher, integers, config, calibration = quantised.load(args.model)
    codes = Codes(integers)
    before = toggles.rate([codes.get()])
    setting, restored = "-", 0
    if args.method == "bits":
        setting = args.bits
        codes.narrow(args.bits)
    elif args.method == "ptft":
        setting = args.reach
        codes.set(toggles.ptft(codes.get(), args.reach))
    else:
        setting = getattr(args, "lambda")
        restored = descend(args, teacher, integers, codes, data, held, seed)
    after = toggles.rate([codes.get()])
    found = f"{after:.4f}", f"{100 * (after / before - 1):+.1f}", f"{training.accuracy(integers, *test):.2f}"
    return "\t".join(map(str, (args.method, setting, seed, *found, restored))), (integers, config, calibration)


def main():
    ap = program.Parser(__doc__)
    count, size = program.integer(1, 1 << 20), program.integer(0, 1 << 20)
    ap.add_argument("method", choices=("ptft", "reg", "kd", "ggd", "bits", "all"))
    ap.add_argument("--model", default="models/fashion-cnn", metavar="DIR")
    ap.add_argument("--data", default=training.DATA, help="folder of the IDX files")
    ap.add_argument("--reach", type=program.integer(0, 127), default=1, help="ptft (%(default)s)")
    ap.add_argument("--lambda", type=float, default=1.05, help="reg, kd, ggd (%(default)s)")
    ap.add_argument("--theta", type=float, default=0.5, help="ggd (%(default)s)")
    ap.add_argument("--bits", type=program.integer(2, 8), default=8, help="bits (%(default)s)")
    ap.add_argument("--steps", type=count, default=200)
    ap.add_argument("--batch", type=count, default=128)
    ap.add_argument("--seed", type=size, default=1)
    ap.add_argument("--threads", type=count, default=1)
    ap.add_argument("--table", default="models/train/toggles.tsv", metavar="FILE", help="all: written whole")
    ap.add_argument("--out", metavar="DIR", help="the network that was made")
    args = ap.parse_args()
    if args.method == "all" and args.out:
        program.fail("--out", "one method makes a network, not all")

    torch.set_num_threads(args.threads)
    split = (*training.hold_out(*training.load_tensors(args.data, "train"), VALIDATION), training.load_tensors(args.data, "t10k"))
    if args.method != "all":
        row, made = run(args, split, args.seed)
        if args.out:
            quantised.write(args.out, *made)
        print(row)
        return
    rows = ["\t".join(COLUMNS)]
    for method, setting in TABLE:
        for seed in (1, 2, 3) if "lambda" in setting else (1,):
            vars(args).update(setting, method=method)
            rows.append(run(args, split, seed)[0])
            print(rows[-1], flush=True)
    folder, name = os.path.split(args.table)
    files.write_all(folder or ".", {name: "\n".join(rows) + "\n"})


if __name__ == "__main__":
    main()
