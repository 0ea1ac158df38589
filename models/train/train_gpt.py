#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Train a byte-level decoder that Perimeter ships: text-gpt, of GPT-2's form, or text-llama, of Llama's.

Text: the King James Bible, split by chapters (kjv.py). A token is a byte.
    text-gpt    LayerNorm before each sublayer, learnt positions, GELU by tanh, biases
    text-llama  RMSNorm, rotary positions, heads that share keys and values, SwiGLU, no biases
Logits are the stream times the embedding in both.
Output: OUT/config.json and OUT/model.safetensors, in the form of docs/systems/network.md; --test FILE writes the test's text.
--steps 0 leaves the weights as they are drawn, for tests; --logits FILE.npy TEXT writes what a trained OUT gives for the text's first bytes.

Environment: PyTorch, Debian's python3-torch or a virtual environment's as for train_vit.py. The test's text is read once, at the end.
"""

import program  # the first: what goes wrong from here on is one line

import json
import math
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import files
import kjv
import training
from tensors import Tensors, pieces

EPS = 1e-5
THETA = 10000.0
COMMON = {"norm": "pre", "layers": 4, "heads": 4, "tokens": 128, "vocabulary": 256, "layernorm_eps": EPS, "tied": True}
NETWORKS = {
    "text-gpt": {"type": "gpt", "activation": "gelu-tanh", **COMMON, "width": 96, "ffn": 384},
    "text-llama": {"type": "llama", "activation": "silu", **COMMON, "width": 64, "ffn": 176, "kv_heads": 2, "rope_theta": THETA},
}


class RmsNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + EPS) * self.weight


def rotate(x, angles):
    """Pairs (2i, 2i+1) of x [..., t, head] by angles [t, head/2]."""
    a, b = x[..., 0::2], x[..., 1::2]
    c, s = angles.cos(), angles.sin()
    return torch.stack((a * c - b * s, a * s + b * c), -1).flatten(-2)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads, self.kv_heads = c["heads"], c.get("kv_heads", c["heads"])
        d, bias = c["width"], c["type"] == "gpt"
        self.size = d // self.heads
        self.q, self.o = (nn.Linear(d, d, bias=bias) for _ in range(2))
        self.k, self.v = (nn.Linear(d, self.kv_heads * self.size, bias=bias) for _ in range(2))
        n = c["tokens"]
        self.register_buffer("mask", torch.full((n, n), -math.inf).triu(1), persistent=False)
        steps = torch.arange(0, self.size, 2) / self.size
        angles = torch.outer(torch.arange(n).float(), c.get("rope_theta", 1.0) ** -steps) if c["type"] == "llama" else None
        self.register_buffer("angles", angles, persistent=False)

    def forward(self, x):
        n, t, d = x.shape
        q, k, v = (f(x).view(n, t, -1, self.size).transpose(1, 2) for f in (self.q, self.k, self.v))
        if self.angles is not None:
            q, k = rotate(q, self.angles[:t]), rotate(k, self.angles[:t])
        if self.kv_heads < self.heads:
            k, v = (y.repeat_interleave(self.heads // self.kv_heads, 1) for y in (k, v))
        y = ((q * self.size**-0.5) @ k.transpose(-1, -2) + self.mask[:t, :t]).softmax(-1) @ v
        return self.o(y.transpose(1, 2).reshape(n, t, d))


class Ffn(nn.Module):
    def __init__(self, c):
        super().__init__()
        d, hidden, bias = c["width"], c["ffn"], c["type"] == "gpt"
        self.gate = None if bias else nn.Linear(d, hidden, bias=False)
        self.up = nn.Linear(d, hidden, bias=bias)
        self.down = nn.Linear(hidden, d, bias=bias)

    def forward(self, x):
        return self.down(F.gelu(self.up(x), approximate="tanh") if self.gate is None else F.silu(self.gate(x)) * self.up(x))


class Block(nn.Module):
    def __init__(self, c, norm):
        super().__init__()
        self.ln1, self.attn, self.ln2, self.ffn = norm(), Attention(c), norm(), Ffn(c)

    def forward(self, x):
        x = x + self.attn(self.ln1(x))
        return x + self.ffn(self.ln2(x))


class Decoder(nn.Module):
    """ids [n, t] to logits [n, t, vocabulary]; its parameters have the file's names."""

    def __init__(self, c):
        super().__init__()
        gpt, d = c["type"] == "gpt", c["width"]
        norm = (lambda: nn.LayerNorm(d, eps=EPS)) if gpt else (lambda: RmsNorm(d))
        self.words = nn.Parameter(0.02 * torch.randn(c["vocabulary"], d))
        self.pos = nn.Parameter(0.02 * torch.randn(c["tokens"], d)) if gpt else None
        self.layers = nn.ModuleList(Block(c, norm) for _ in range(c["layers"]))
        self.norm = norm()
        for name, p in self.named_parameters():
            if name.endswith("weight") and p.ndim == 2:
                nn.init.normal_(p, std=p.shape[1] ** -0.5)
                if name.endswith(("o.weight", "down.weight")):  # residual branches start small
                    p.data.mul_((2 * c["layers"]) ** -0.5)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, ids):
        x = self.words[ids]
        x = x if self.pos is None else x + self.pos[: ids.shape[1]]
        for block in self.layers:
            x = block(x)
        return self.norm(x) @ self.words.T


def encode(text):
    return torch.from_numpy(np.frombuffer(text if isinstance(text, bytes) else text.encode("ascii"), np.uint8).astype(np.int64))


@torch.no_grad()
def nats(model, ids, tokens):
    """Mean loss of every byte but the first, in windows of `tokens` that do not overlap."""
    inputs, targets = ids[:-1], ids[1:]
    whole = len(inputs) // tokens * tokens
    total = 0.0
    parts = [(i[None], t[None]) for i, t in ((inputs[whole:], targets[whole:]),) if len(i)]
    rows = inputs[:whole].view(-1, tokens), targets[:whole].view(-1, tokens)
    for i, t in [*parts, *zip(rows[0].split(32), rows[1].split(32))]:
        total += float(F.cross_entropy(model(i).flatten(0, 1), t.flatten(), reduction="sum"))
    return total / len(inputs)


def train(model, ids, held, c, args, generator):
    decayed = [p for n, p in model.named_parameters() if p.ndim == 2 and n not in ("words", "pos")]
    plain = [p for n, p in model.named_parameters() if p.ndim != 2 or n in ("words", "pos")]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": args.decay}, {"params": plain, "weight_decay": 0.0}],
                                  lr=args.lr, betas=(0.9, 0.99))
    t, begin, total = c["tokens"], time.time(), 0.0
    for step in range(args.steps):
        for group in optimiser.param_groups:
            group["lr"] = args.lr * training.rate(step, args.steps, max(1, args.steps // 20))
        at = torch.randint(0, len(ids) - t, (args.batch, 1), generator=generator) + torch.arange(t + 1)
        batch = ids[at]
        loss = F.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        total += float(loss.detach())
        if (step + 1) % args.report == 0 or step + 1 == args.steps:
            done = (step % args.report) + 1
            print(f"step {step + 1} loss {total / done:.4f} held-out {nats(model, held, t):.4f} nats {time.time() - begin:.0f} s", flush=True)
            total = 0.0


def restore(model, folder):
    stored = Tensors(os.path.join(folder, "model.safetensors"))
    model.load_state_dict({name: torch.from_numpy(stored.read(name, tuple(p.shape)).copy()) for name, p in model.state_dict().items()})


def main():
    ap = program.Parser(__doc__)
    count, size = program.integer(1, 1 << 20), program.integer(0, 1 << 20)
    ap.add_argument("network", choices=NETWORKS)
    ap.add_argument("--out", help="default: models/NETWORK")
    ap.add_argument("--test", metavar="FILE", help="where to write the test's text")
    ap.add_argument("--logits", nargs=2, metavar=("FILE", "TEXT"), help="writes the logits of OUT, without training")
    for key in ("layers", "width", "heads", "kv_heads", "ffn", "tokens"):
        ap.add_argument("--" + key.replace("_", "-"), type=count, help="default: the network's own")
    ap.add_argument("--steps", type=size, default=1800)
    ap.add_argument("--batch", type=count, default=8)
    ap.add_argument("--lr", type=float, default=3e-3, help="peak learning rate; falls to 0 along a cosine")
    ap.add_argument("--decay", type=float, default=0.05, help="weight decay")
    ap.add_argument("--report", type=count, default=300, help="steps from one line to the next")
    ap.add_argument("--seed", type=size, default=1)
    ap.add_argument("--threads", type=count, default=1)
    args = ap.parse_args()
    out = args.out or os.path.join(program.HOME, "models", args.network)
    generator = training.start(args.seed, args.threads)

    if args.logits:
        c = files.read_json(os.path.join(out, "config.json"))
        model = Decoder(c)
        restore(model, out)
        with open(args.logits[1], "rb") as f:
            ids = encode(f.read(c["tokens"]))
        np.save(args.logits[0], model(ids[None])[0].detach().numpy())
        return
    c = dict(NETWORKS[args.network])
    c.update({key: getattr(args, key) for key in c if getattr(args, key, None) is not None})
    model = Decoder(c)
    print(f"{args.network}, seed {args.seed}: {sum(p.numel() for p in model.parameters())} parameters, {vars(args)}", flush=True)
    if args.steps or args.test:
        text, held, test = kjv.split(kjv.chapters())
        print(f"{len(text)} bytes to train on, {len(held)} held out, {len(test)} of the test", flush=True)
    if args.test:
        files.write_all(os.path.dirname(args.test) or ".", {os.path.basename(args.test): test})
    if args.steps:
        train(model, encode(text), encode(held), c, args, generator)
    files.write_all(out, {"config.json": json.dumps(c, indent=1) + "\n",
                          "model.safetensors": pieces({name: t.numpy() for name, t in model.state_dict().items()})})
    if args.steps:
        loss = nats(model, encode(test), c["tokens"])
        print(f"test: perplexity {math.exp(loss):.4f} a byte, {loss / math.log(2):.4f} bits ({len(test)} bytes)", flush=True)


if __name__ == "__main__":
    main()
