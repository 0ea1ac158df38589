# SPDX-License-Identifier: Apache-2.0
"""What the programs that train with PyTorch share: data, augmentation, accuracy, the learning rate, and the loop over batches."""

import math
import time

import numpy as np
import torch
import torch.nn.functional as F

import files
import program

IMAGE = 28
CLASSES = 10
DATA = "/usr/share/datasets/fashion-mnist"


def load_split(folder, split):
    """Images [n, 28, 28] uint8 and labels [n] uint8 of 'train' or 't10k'."""
    images, labels = (files.find_idx(folder, split, what, rank) for what, rank in (("images", 3), ("labels", 1)))
    shape, pixels = files.read_idx(images, 3)
    count, classes = files.read_idx(labels, 1)
    if shape[1:] != [IMAGE, IMAGE]:
        program.fail(images, f"images of {shape[1]}x{shape[2]}, expected {IMAGE}x{IMAGE}")
    if count[0] != shape[0] or max(classes) >= CLASSES:
        program.fail(labels, f"{count[0]} labels up to {max(classes)} for {shape[0]} images of {CLASSES} classes")
    return np.frombuffer(pixels, np.uint8).reshape(shape), np.frombuffer(classes, np.uint8)


def load_tensors(folder, split, mean=0.0, std=1.0):
    """A split's images [n, 28, 28] as float (p/255 - mean)/std, and its labels [n] int64."""
    images, labels = load_split(folder, split)
    return (torch.from_numpy(images.astype(np.float32)) / 255.0 - mean) / std, torch.from_numpy(labels.astype(np.int64))


def hold_out(x, y, count):
    """Training data without its last `count` items, and these."""
    if count >= len(x):
        program.fail("--holdout", f"{count} of {len(x)} images")
    keep = len(x) - count
    return (x[:keep], y[:keep]), (x[keep:], y[keep:])


def start(seed, threads):
    """Seeds PyTorch; returns the generator of order and augmentation."""
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    return torch.Generator().manual_seed(seed)


def augment(images, shift, generator):
    """Random horizontal flip and shift by up to `shift` pixels, per image. [n, 28, 28] float."""
    n = images.shape[0]
    padded = F.pad(images, (shift,) * 4, value=float(images.min()))
    base = torch.arange(IMAGE)
    dy = torch.randint(0, 2 * shift + 1, (n, 1), generator=generator)
    dx = torch.randint(0, 2 * shift + 1, (n, 1), generator=generator)
    flip = torch.rand((n, 1), generator=generator) < 0.5
    rows = base + dy
    cols = torch.where(flip, base.flip(0), base) + dx
    return padded[torch.arange(n)[:, None, None], rows[:, :, None], cols[:, None, :]]


@torch.no_grad()
def accuracy(model, images, labels):
    model.eval()
    hits = 0
    for i in range(0, len(images), 500):
        hits += int((model(images[i : i + 500]).argmax(1) == labels[i : i + 500]).sum())
    model.train()
    return 100.0 * hits / len(images)


def rate(step, steps, warmup=0):
    """Share of the peak learning rate at `step`: up linearly over `warmup` steps, then down to 0 along a cosine."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))


def train(model, data, held, optimiser, generator, *, epochs, batch, rate=lambda step, steps: 1.0, change=lambda x: x,
          loss=F.cross_entropy, after=lambda: None):
    """Trains for whole epochs and prints one line each. `change` augments a batch, `after` follows each step; the learning rates
    that the optimiser comes with are peaks, of which `rate` gives the share at a step."""
    x, y = data
    peaks = [group["lr"] for group in optimiser.param_groups]
    per_epoch = len(x) // batch
    if per_epoch == 0:
        program.fail("--batch", f"{batch} images, there are {len(x)} to train on")
    step, begin = 0, time.time()
    for epoch in range(epochs):
        order = torch.randperm(len(x), generator=generator)
        total = 0.0
        for i in range(per_epoch):
            pick = order[i * batch : (i + 1) * batch]
            for group, peak in zip(optimiser.param_groups, peaks):
                group["lr"] = peak * rate(step, epochs * per_epoch)
            value = loss(model(change(x[pick])), y[pick])
            optimiser.zero_grad(set_to_none=True)
            value.backward()
            optimiser.step()
            after()
            total += float(value.detach())
            step += 1
        line = f"epoch {epoch + 1} loss {total / per_epoch:.4f} {time.time() - begin:.0f} s"
        if len(held[0]):
            line += f" held-out {accuracy(model, *held):.2f} %"
        print(line, flush=True)
