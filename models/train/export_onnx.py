#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write a convolutional network as DIR/model.onnx, opset 13, beside its model.safetensors.

Input `image` [n, 1, rows, columns], pixel/255; output `logits` [n, classes]. A layer's nodes carry its name.
Needs numpy and onnx (Debian's python3-onnx).
"""

import program  # the first: what goes wrong from here on is one line

import os

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

import cnn
import files


def kernel_weights(layer, weight, channels):
    """[out, K] as ONNX has it: [out, channels a group, kernel, kernel]."""
    if layer["op"] == "dense":
        return weight
    channels = 1 if layer["op"] == "depthwise" else channels
    return weight.reshape(len(weight), layer["kernel"], layer["kernel"], channels).transpose(0, 3, 1, 2)


def nodes(layer, channels, result):
    """A layer's nodes; they give the value `result`."""
    op, name, source = layer["op"], layer["name"], layer["from"]
    give = result + ".linear" if layer.get("relu") else result
    named = {"outputs": [give], "name": name}
    if op == "add":
        yield helper.make_node("Add", [source, layer["with"]], **named)
    elif op == "pool":
        yield helper.make_node("GlobalAveragePool", [source], [result + ".mean"], name=name)
        yield helper.make_node("Flatten", [result + ".mean"], [give], name=name + ".flatten", axis=1)
    elif op == "dense":
        yield helper.make_node("Gemm", [source, name + ".weight", name + ".bias"], **named, transB=1)
    else:
        k, s = layer["kernel"], layer["stride"]
        yield helper.make_node("Conv", [source, name + ".weight", name + ".bias"], **named, kernel_shape=[k, k], strides=[s, s],
                               pads=[k // 2] * 4, group=channels if op == "depthwise" else 1)
    if layer.get("relu"):
        yield helper.make_node("Relu", [give], [result], name=name + ".relu")


def model(config, listed, shapes, weights):
    """The network as an ONNX model."""
    inside, tensors = [], []
    for layer in listed:
        if cnn.is_binary(layer):
            program.fail(layer["name"], "binary layers have no form in ONNX")
        name, channels = layer["name"], shapes[layer["from"]][2]
        inside += nodes(layer, channels, "logits" if layer is listed[-1] else name)
        if cnn.has_weights(layer):
            weight = kernel_weights(layer, weights[name + ".weight"], channels)
            tensors.append(numpy_helper.from_array(np.ascontiguousarray(weight), name + ".weight"))
            tensors.append(numpy_helper.from_array(weights[name + ".bias"], name + ".bias"))
    value = lambda name, *shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])  # noqa: E731
    graph = helper.make_graph(inside, "network", [value(cnn.INPUT, 1, config["image"], config["image"])],
                              [value("logits", config["classes"])], tensors)
    made = helper.make_model(graph, producer_name="perimeter", opset_imports=[helper.make_opsetid("", 13)])
    made.ir_version = 7  # of opset 13's time
    checker.check_model(made, full_check=True)
    return made


def main():
    ap = program.Parser(__doc__)
    ap.add_argument("model", nargs="?", default=os.path.join(program.HOME, "models", "fashion-cnn"), metavar="DIR")
    args = ap.parse_args()
    files.write_all(args.model, {"model.onnx": [model(*cnn.load(args.model)).SerializeToString()]})


if __name__ == "__main__":
    main()
