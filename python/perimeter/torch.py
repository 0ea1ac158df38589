# SPDX-License-Identifier: Apache-2.0
"""A PyTorch model whose matrices are on systems, for accuracy in one's own training loop.

    import perimeter.torch
    placed = perimeter.torch.place(model, ["*=hyflex,cell=2,mlc-sigma=0.1", "head=int8"])
    loss = criterion(placed(x), labels); loss.backward()

place() gives a copy in which Linear, Conv2d and MultiheadAttention (its matrices in_proj.q, .k, .v and out_proj) that the plan places compute
by the system, weights quantised and programmed as `perimeter run` does. Parameters are shared with the model, so that an optimizer of either
trains both. Gradients are straight through: those of the float layer at the same weights and inputs. Weights that changed are programmed
anew at the next forward pass; what is drawn is keyed by seed, matrix and vector, so that it stays from pass to pass as it would in cells."""

import copy

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .library import Error, Model

__all__ = ["place", "systems"]


class _Through(torch.autograd.Function):
    """The system's value, the float's gradients."""

    @staticmethod
    def forward(context, exact, value):
        return value

    @staticmethod
    def backward(context, gradient):
        return gradient, None


class _Matrices:
    """All placed matrices of a model: programmed together, since a plan's patterns and arrays' numbers are of all."""

    def __init__(self, place, settings, seed):
        self.place, self.settings, self.seed = place, settings, seed
        self.entries, self.ranges, self.model, self.versions = [], {}, None, None

    def add(self, name, weight, bias):
        self.entries.append((name, weight, bias))
        return len(self.entries) - 1

    def program(self):
        tensors = [(weight(), bias()) for _, weight, bias in self.entries]
        versions = [(t.data_ptr(), t._version) for pair in tensors for t in pair if t is not None]
        if self.model is None or versions != self.versions:
            numpy = lambda t: None if t is None else t.detach().cpu().double().numpy()
            matrices = [(name, numpy(w), numpy(b), self.ranges.get(name)) for (name, _, _), (w, b) in zip(self.entries, tensors)]
            self.model, self.versions = Model(matrices, self.place, self.settings, self.seed), versions
        return self.model

    def run(self, index, x, exact):
        """The system's value for x [..., inputs] where float has `exact`; without a system that."""
        model = self.program()
        if model.system(index) is None:
            return exact
        flat = x.detach().reshape(-1, x.shape[-1]).cpu().numpy()
        value = torch.from_numpy(model.run(index, flat)).to(exact).reshape(exact.shape)
        return _Through.apply(exact, value)


class _Placed(nn.Module):
    """In a layer's place; what else is asked of it, the layer answers."""

    def __init__(self, layer, matrices):
        super().__init__()
        self.layer, self._matrices = layer, matrices

    def __getattr__(self, name):
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("layer"), name)


class _Linear(_Placed):
    def __init__(self, layer, matrices, name):
        super().__init__(layer, matrices)
        self._index = matrices.add(name, lambda: self.layer.weight, lambda: self.layer.bias)

    def forward(self, x):
        return self._matrices.run(self._index, x, self.layer(x))


class _Conv2d(_Placed):
    """Vectors are what the window sees, in perimeter's order: row, column, channel. A matrix a group."""

    def __init__(self, layer, matrices, name):
        super().__init__(layer, matrices)
        groups, out = layer.groups, layer.out_channels // layer.groups

        def weight(g):
            return lambda: self.layer.weight[g * out : (g + 1) * out].permute(0, 2, 3, 1).reshape(out, -1)

        def bias(g):
            return lambda: None if self.layer.bias is None else self.layer.bias[g * out : (g + 1) * out]

        self._index = [matrices.add(name if groups == 1 else f"{name}.{g}", weight(g), bias(g)) for g in range(groups)]

    def forward(self, x):
        layer, exact = self.layer, self.layer(x)
        if layer.padding_mode == "zeros" and not isinstance(layer.padding, str):
            padded, padding = x, layer.padding
        else:
            mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
            padded, padding = functional.pad(x, layer._reversed_padding_repeated_twice, mode=mode), 0
        seen = functional.unfold(padded, layer.kernel_size, layer.dilation, padding, layer.stride)
        kernel = layer.kernel_size[0] * layer.kernel_size[1]
        seen = seen.reshape(len(x), layer.groups, -1, kernel, seen.shape[-1]).permute(1, 0, 4, 3, 2)  # groups, images, places, window, channels
        seen = seen.reshape(layer.groups, len(x), seen.shape[2], -1)
        parts = exact.flatten(2).transpose(1, 2).chunk(layer.groups, 2)
        values = [self._matrices.run(i, one, part) for i, one, part in zip(self._index, seen, parts)]
        return torch.cat(values, 2).transpose(1, 2).reshape(exact.shape)


class _Attention(_Placed):
    """MultiheadAttention whose q, k, v and output matrices are placed; softmax and products are the host's."""

    def __init__(self, layer, matrices, name):
        super().__init__(layer, matrices)
        if not layer._qkv_same_embed_dim or layer.bias_k is not None or layer.add_zero_attn:
            raise Error(f"{name}: keys and values of their own width, bias_kv and zero_attn are not placed")
        width = layer.embed_dim

        def part(t, i):
            return None if t is None else t[i * width : (i + 1) * width]

        self._index = [matrices.add(f"{name}.in_proj.{letter}", lambda i=i: part(self.layer.in_proj_weight, i), lambda i=i: part(self.layer.in_proj_bias, i))
                       for i, letter in enumerate("qkv")]
        self._out = matrices.add(f"{name}.out_proj", lambda: self.layer.out_proj.weight, lambda: self.layer.out_proj.bias)

    def forward(self, query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None, average_attn_weights=True, is_causal=False):
        layer, run = self.layer, self._matrices.run
        inputs = [query, key, value]
        if not layer.batch_first and query.dim() == 3:
            inputs = [t.transpose(0, 1) for t in inputs]
        if query.dim() == 2:
            inputs = [t.unsqueeze(0) for t in inputs]
        bias = [None] * 3 if layer.in_proj_bias is None else layer.in_proj_bias.chunk(3)
        projected = [run(i, x, functional.linear(x, w, b)) for i, x, w, b in zip(self._index, inputs, layer.in_proj_weight.chunk(3), bias)]
        q, k, v = (t.reshape(t.shape[0], t.shape[1], layer.num_heads, -1).transpose(1, 2) for t in projected)
        logits = q @ k.transpose(-2, -1) / (layer.head_dim ** 0.5)
        for mask in (attn_mask if attn_mask is None or attn_mask.dim() < 3 else attn_mask.reshape(len(q), -1, *attn_mask.shape[1:]),
                     None if key_padding_mask is None else key_padding_mask.reshape(len(q), 1, 1, -1)):
            if mask is not None:
                logits = logits.masked_fill(mask, float("-inf")) if mask.dtype == torch.bool else logits + mask
        weights = functional.dropout(logits.softmax(-1), layer.dropout, self.training)
        joined = (weights @ v).transpose(1, 2).flatten(2)
        out = run(self._out, joined, layer.out_proj(joined))
        if query.dim() == 2:
            out, weights = out.squeeze(0), weights.squeeze(0)
        elif not layer.batch_first:
            out = out.transpose(0, 1)
        if not need_weights:
            return out, None
        return out, weights.mean(-3) if average_attn_weights else weights


_KINDS = {nn.Linear: _Linear, nn.Conv2d: _Conv2d, nn.MultiheadAttention: _Attention}


def place(model, plan, settings=(), seed=1, calibrate=None):
    """A copy of `model` with its matrices on systems.

    plan: places as --place has them, "PATTERN=SYSTEM,NAME=VALUE", the last that matches wins; patterns match the names of named_modules().
    settings: of systems, as --set has them. seed: of what is drawn. calibrate: a batch of inputs, whose run in float gives the ranges of what
    each matrix sees, for systems whose inputs have one scale a layer (nmc, xbar, khwa). Error: what is refused, in `perimeter run`'s words."""
    plan = [plan] if isinstance(plan, str) else list(plan)
    matrices = _Matrices(plan, list(settings), seed)
    shared = {id(t): t for t in [*model.parameters(), *model.buffers()]}
    placed = copy.deepcopy(model, dict(shared))  # parameters are the model's
    if type(placed) in _KINDS:
        placed = nn.Sequential(placed)
    inside = [name for name, module in placed.named_modules() if isinstance(module, nn.MultiheadAttention)]
    for name, module in list(placed.named_modules()):
        if type(module) not in _KINDS or any(name.startswith(f"{outer}.") for outer in inside):
            continue
        parent = placed.get_submodule(name.rpartition(".")[0])
        setattr(parent, name.rpartition(".")[2], _KINDS[type(module)](module, matrices, name).train(module.training))
    if not matrices.entries:
        raise Error("place: the model has no Linear, Conv2d or MultiheadAttention")
    if calibrate is not None:
        matrices.ranges = _ranges(placed, matrices, calibrate)
    matrices.program()
    for module in placed.modules():  # one in which attention is a whole would pass by its matrices
        if isinstance(module, nn.TransformerEncoderLayer):
            module.activation_relu_or_gelu = 0
    return placed


def _ranges(placed, matrices, batch):
    """What each matrix sees in float: the largest magnitude, both ways."""
    seen, run = {}, matrices.run

    def watch(index, x, exact):
        name = matrices.entries[index][0]
        seen[name] = max(seen.get(name, 0.0), float(x.detach().abs().max()))
        return exact

    matrices.run = watch
    try:
        with torch.no_grad():
            placed(batch)
    finally:
        matrices.run = run
    return {name: (-most, most) for name, most in seen.items() if most > 0}


def systems(placed):
    """{name of a matrix: its system, or None where it stays in float}."""
    for module in placed.modules():
        matrices = getattr(module, "_matrices", None)
        if matrices is not None:
            model = matrices.program()
            return {name: model.system(i) for i, (name, _, _) in enumerate(matrices.entries)}
    return {}
