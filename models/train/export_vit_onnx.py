#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write a vision transformer as DIR/model.onnx, opset 13, beside its model.safetensors.

Input `image` [n, 1, rows, columns], pixel/255; output `logits` [n, classes]. LayerNorm, GELU and attention are in the parts of
which PyTorch's exports have them. Needs numpy and onnx (Debian's python3-onnx).
"""

import program  # the first: what goes wrong from here on is one line

import json
import os

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

import files
import tensors


class Graph:
    """Nodes and initializers; values are called after the node that makes them."""

    def __init__(self, weights):
        self.weights, self.nodes, self.tensors = weights, [], {}

    def constant(self, name, array):
        self.tensors[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def weight(self, name, *shape, turn=False):
        array = self.weights.read(name, shape)
        return self.constant(name, array.T if turn else array)

    def add(self, kind, name, *inputs, **attributes):
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def scalar(self, name, value):
        return self.constant(name, np.array(value, np.float32))

    def linear(self, name, x, width_in, width_out):
        product = self.add("MatMul", name + ".matmul", x, self.weight(name + ".weight", width_out, width_in, turn=True))
        return self.add("Add", name, product, self.weight(name + ".bias", width_out))

    def norm(self, name, x, width, eps):
        mean = self.add("ReduceMean", name + ".mean", x, axes=[-1])
        off = self.add("Sub", name + ".off", x, mean)
        square = self.add("Pow", name + ".square", off, self.scalar("two", 2))
        variance = self.add("ReduceMean", name + ".variance", square, axes=[-1])
        root = self.add("Sqrt", name + ".root", self.add("Add", name + ".safe", variance, self.scalar("eps", eps)))
        scaled = self.add("Mul", name + ".scaled", self.add("Div", name + ".unit", off, root), self.weight(name + ".weight", width))
        return self.add("Add", name, scaled, self.weight(name + ".bias", width))

    def gelu(self, name, x):
        inner = self.add("Erf", name + ".erf", self.add("Div", name + ".arg", x, self.scalar("root2", 2**0.5)))
        outer = self.add("Mul", name + ".mul", x, self.add("Add", name + ".add", inner, self.scalar("one", 1)))
        return self.add("Mul", name, outer, self.scalar("half", 0.5))

    def attention(self, name, x, c):
        width, heads = c["width"], c["heads"]
        to_heads = self.constant("to_heads", np.array([0, 0, heads, width // heads], np.int64))
        q, k, v = (self.add("Transpose", f"{name}.{part}.heads",
                            self.add("Reshape", f"{name}.{part}.split", self.linear(f"{name}.{part}", x, width, width), to_heads),
                            perm=[0, 2, 3, 1] if part == "k" else [0, 2, 1, 3]) for part in "qkv")
        logits = self.add("Div", name + ".scaled", self.add("MatMul", name + ".logits", q, k),
                          self.scalar("root", (width // heads) ** 0.5))
        mixed = self.add("MatMul", name + ".mixed", self.add("Softmax", name + ".softmax", logits, axis=-1), v)
        whole = self.add("Reshape", name + ".whole", self.add("Transpose", name + ".back", mixed, perm=[0, 2, 1, 3]),
                         self.constant("from_heads", np.array([0, 0, width], np.int64)))
        return self.linear(name + ".o", whole, width, width)


def model(c, weights):
    """The network as an ONNX model."""
    g, d, patch = Graph(weights), c["width"], c["patch"]
    x = g.add("Div", "normed", g.add("Sub", "centred", "image", g.scalar("mean", c["pixel_mean"])), g.scalar("std", c["pixel_std"]))
    kernel = g.constant("patch.weight", weights.read("patch.weight", (d, patch * patch)).reshape(d, 1, patch, patch))
    x = g.add("Conv", "patch", x, kernel, g.weight("patch.bias", d), kernel_shape=[patch, patch], strides=[patch, patch])
    x = g.add("Reshape", "flat", x, g.constant("flat_shape", np.array([0, d, -1], np.int64)))
    x = g.add("Add", "embedded", g.add("Transpose", "tokens", x, perm=[0, 2, 1]), g.weight("pos", c["tokens"], d))
    for i in range(c["layers"]):
        name = f"layers.{i}"
        x = g.add("Add", name + ".attended", x, g.attention(name + ".attn", g.norm(name + ".ln1", x, d, c["layernorm_eps"]), c))
        hidden = g.linear(name + ".ffn.up", g.norm(name + ".ln2", x, d, c["layernorm_eps"]), d, c["ffn"])
        x = g.add("Add", name + ".fed", x, g.linear(name + ".ffn.down", g.gelu(name + ".gelu", hidden), c["ffn"], d))
    pooled = g.add("ReduceMean", "pooled", g.norm("norm", x, d, c["layernorm_eps"]), axes=[1], keepdims=0)
    g.nodes.append(helper.make_node("Gemm", [pooled, g.weight("head.weight", c["classes"], d), g.weight("head.bias", c["classes"])],
                                    ["logits"], name="head", transB=1))
    value = lambda name, *shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])  # noqa: E731
    graph = helper.make_graph(g.nodes, "network", [value("image", 1, c["image"], c["image"])], [value("logits", c["classes"])],
                              list(g.tensors.values()))
    made = helper.make_model(graph, producer_name="perimeter", opset_imports=[helper.make_opsetid("", 13)])
    made.ir_version = 7  # of opset 13's time
    checker.check_model(made, full_check=True)
    return made


def main():
    ap = program.Parser(__doc__)
    ap.add_argument("model", nargs="?", default=os.path.join(program.HOME, "models", "fashion-vit"), metavar="DIR")
    args = ap.parse_args()
    with open(os.path.join(args.model, "config.json"), encoding="utf-8") as f:
        config = json.load(f)
    weights = tensors.Tensors(os.path.join(args.model, "model.safetensors"))
    files.write_all(args.model, {"model.onnx": [model(config, weights).SerializeToString()]})


if __name__ == "__main__":
    main()
