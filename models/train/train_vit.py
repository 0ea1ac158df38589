#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Train the small vision transformer that Perimeter uses as its reference network.

Data: Fashion-MNIST (MIT licence; Debian package dataset-fashion-mnist).
Network: 4x4 patches -> 49 tokens, learned position embedding, pre-LayerNorm
blocks with exact (erf) GELU, final LayerNorm, mean over tokens, linear classifier.
Output: OUT/model.safetensors and OUT/config.json, in the form of docs/systems/network.md.

Environment (the only part of the project that needs PyTorch):
    python3 -m venv venv
    venv/bin/pip install numpy==2.4.6 torch==2.15.0
    venv/bin/python models/train/train_vit.py

The test images are read once, after the last epoch; nothing is selected on them.
"""

import program  # the first: what goes wrong from here on is one line

import json
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import encoder
import files
from tensors import pieces
from training import CLASSES, DATA, IMAGE, accuracy, augment, load_split, rate

LN_EPS = 1e-5


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width)
        self.k = nn.Linear(width, width)
        self.v = nn.Linear(width, width)
        self.o = nn.Linear(width, width)

    def forward(self, x):
        n, t, d = x.shape
        split = (n, t, self.heads, d // self.heads)
        q, k, v = (f(x).view(split).transpose(1, 2) for f in (self.q, self.k, self.v))
        # Written out: on a CPU, at 49 tokens and 16 dimensions a head, faster than the fused kernel.
        y = ((q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)).softmax(-1) @ v
        return self.o(y.transpose(1, 2).reshape(n, t, d))


class Ffn(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)

    def forward(self, x):
        return self.down(F.gelu(self.up(x)))


class Block(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.ln1 = nn.LayerNorm(width, eps=LN_EPS)
        self.attn = Attention(width, heads)
        self.ln2 = nn.LayerNorm(width, eps=LN_EPS)
        self.ffn = Ffn(width, hidden)

    def forward(self, x):
        x = x + self.attn(self.ln1(x))
        return x + self.ffn(self.ln2(x))


class Vit(nn.Module):
    def __init__(self, layers, width, heads, hidden, patch):
        super().__init__()
        self.side = IMAGE // patch
        self.patch_size = patch
        self.patch = nn.Linear(patch * patch, width)
        self.pos = nn.Parameter(0.02 * torch.randn(self.side**2, width))
        self.layers = nn.ModuleList(Block(width, heads, hidden) for _ in range(layers))
        self.norm = nn.LayerNorm(width, eps=LN_EPS)
        self.head = nn.Linear(width, CLASSES)
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.trunc_normal_(m.weight, std=m.in_features**-0.5)
                nn.init.zeros_(m.bias)
        for block in self.layers:  # residual branches start small
            for m in (block.attn.o, block.ffn.down):
                m.weight.data.mul_((2 * layers) ** -0.5)

    def forward(self, images):
        """images [n, 28, 28], normalised -> logits [n, 10]; tokens in raster order."""
        n, s, p = images.shape[0], self.side, self.patch_size
        x = images.view(n, s, p, s, p).transpose(2, 3).reshape(n, s * s, p * p)
        x = self.patch(x) + self.pos
        for block in self.layers:
            x = block(x)
        return self.head(self.norm(x).mean(1))


def main():
    ap = program.Parser(__doc__)
    count = program.integer(1, 1 << 20)
    ap.add_argument("--data", default=DATA, help="folder of the IDX files")
    ap.add_argument("--out", default=os.path.join(program.HOME, "models", "fashion-vit"))
    ap.add_argument("--epochs", type=count, default=28, help="epochs to train")
    ap.add_argument("--schedule", type=count, default=40, help="epochs over which the learning rate would fall to 0")
    ap.add_argument("--seed", type=program.integer(0, 1 << 20), default=1)
    ap.add_argument("--layers", type=count, default=3)
    ap.add_argument("--width", type=count, default=64)
    ap.add_argument("--heads", type=count, default=4)
    ap.add_argument("--ffn", type=count, default=128)
    ap.add_argument("--patch", type=count, default=4)
    ap.add_argument("--batch", type=count, default=256)
    ap.add_argument("--lr", type=float, default=3e-3, help="peak learning rate")
    ap.add_argument("--weight-decay", type=float, default=0.05)
    ap.add_argument("--smoothing", type=float, default=0.05, help="label smoothing")
    ap.add_argument("--shift", type=program.integer(0, 1 << 20), default=1, help="largest random shift, pixels")
    ap.add_argument("--ema", type=float, default=0.999, help="decay of the averaged weights per step")
    ap.add_argument("--holdout", type=program.integer(0, 1 << 20), default=2000, help="last training images kept out, to watch the training")
    ap.add_argument("--threads", type=count, default=2)
    args = ap.parse_args()

    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    generator = torch.Generator().manual_seed(args.seed)
    os.makedirs(args.out, exist_ok=True)

    images, labels = load_split(args.data, "train")
    pixels = images.astype(np.float64) / 255.0
    mean, std = round(float(pixels.mean()), 4), round(float(pixels.std()), 4)
    config = {
        "type": "vit",
        "layers": args.layers,
        "width": args.width,
        "heads": args.heads,
        "ffn": args.ffn,
        "tokens": (IMAGE // args.patch) ** 2,
        "patch": args.patch,
        "image": IMAGE,
        "classes": CLASSES,
        "layernorm_eps": LN_EPS,
        "pixel_mean": mean,
        "pixel_std": std,
        "norm": "pre",
        "activation": "gelu",
    }
    encoder.check_config("network", config)
    x = (torch.from_numpy(images.astype(np.float32)) / 255.0 - mean) / std
    y = torch.from_numpy(labels.astype(np.int64))
    x_held, y_held = x[len(x) - args.holdout :], y[len(y) - args.holdout :]
    x, y = x[: len(x) - args.holdout], y[: len(y) - args.holdout]

    model = Vit(args.layers, args.width, args.heads, args.ffn, args.patch)
    averaged = {k: v.detach().clone() for k, v in model.state_dict().items()}
    decayed = [p for n, p in model.named_parameters() if p.ndim == 2 and n != "pos"]
    plain = [p for n, p in model.named_parameters() if p.ndim != 2 or n == "pos"]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": args.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=args.lr, betas=(0.9, 0.99), fused=True,
    )
    steps_per_epoch = len(x) // args.batch
    if steps_per_epoch == 0:
        program.fail("--batch", f"{args.batch} images, --holdout leaves {len(x)}")
    steps = max(args.epochs, args.schedule) * steps_per_epoch
    warmup = max(1, steps // 20)
    print(f"{sum(p.numel() for p in model.parameters())} parameters, {vars(args)}", flush=True)

    step, start = 0, time.time()
    for epoch in range(args.epochs):
        order = torch.randperm(len(x), generator=generator)
        total = 0.0
        for i in range(steps_per_epoch):
            pick = order[i * args.batch : (i + 1) * args.batch]
            for group in optimiser.param_groups:
                group["lr"] = args.lr * rate(step, steps, warmup)
            batch = augment(x[pick], args.shift, generator)
            loss = F.cross_entropy(model(batch), y[pick], label_smoothing=args.smoothing)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            decay = min(args.ema, (step + 1) / (step + 10))
            with torch.no_grad():
                state = model.state_dict()
                torch._foreach_lerp_(list(averaged.values()), [state[k] for k in averaged], 1 - decay)
            total += float(loss.detach())
            step += 1
            if i % 100 == 0:
                print(f"  step {step} loss {total / (i + 1):.4f} {time.time() - start:.0f} s", flush=True)
        line = f"epoch {epoch + 1} loss {total / steps_per_epoch:.4f} {time.time() - start:.0f} s"
        if args.holdout:
            kept = {k: v.clone() for k, v in model.state_dict().items()}
            model.load_state_dict(averaged)
            line += f" held-out {accuracy(model, x_held, y_held):.2f} %"
            model.load_state_dict(kept)
        print(line, flush=True)
        torch.save({"epoch": epoch + 1, "model": averaged}, os.path.join(args.out, "checkpoint.pt"))

    model.load_state_dict(averaged)
    seconds = time.time() - start
    files.write_all(args.out, {
        "model.safetensors": pieces({k: v.numpy().astype(np.float32) for k, v in averaged.items()}),
        "config.json": json.dumps(config, indent=2) + "\n",
    })
    os.remove(os.path.join(args.out, "checkpoint.pt"))

    images, labels = load_split(args.data, "t10k")
    x = (torch.from_numpy(images.astype(np.float32)) / 255.0 - mean) / std
    print(f"test accuracy {accuracy(model, x, torch.from_numpy(labels.astype(np.int64))):.2f} % "
          f"({len(x)} images), trained in {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
