# SPDX-License-Identifier: Apache-2.0
"""A streaming keyword network of TFLite, int8, as ONNX over a whole utterance.

Streaming, a network keeps the last values of each layer in variables, and gives one output for every few new ones. Of a whole
utterance that is a convolution over time: what a variable holds at first stands before the values. Layout [N, channels, time].
Weights are the file's integers times their scales; with `quantised` every value in between is rounded to int8, as TFLite does."""

import numpy as np
import onnx
import tflite
from onnx import TensorProto, helper, numpy_helper

from program import fail

OPS = {v: k for k, v in vars(tflite.BuiltinOperator).items() if isinstance(v, int)}
DTYPES = {tflite.TensorType.INT8: np.int8, tflite.TensorType.UINT8: np.uint8, tflite.TensorType.INT32: np.int32}


class Reader:
    """The file's main graph; tensors by their numbers."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.model = tflite.Model.GetRootAsModel(f.read(), 0)
        self.path, self.graph = path, self.model.Subgraphs(0)

    def operators(self, graph=None):
        """Name, inputs, outputs and options."""
        graph = graph or self.graph
        for i in range(graph.OperatorsLength()):
            o = graph.Operators(i)
            code = self.model.OperatorCodes(o.OpcodeIndex())
            ids = [list(map(int, part())) if length() else [] for part, length in (
                (o.InputsAsNumpy, o.InputsLength), (o.OutputsAsNumpy, o.OutputsLength))]
            yield OPS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())], *ids, o.BuiltinOptions()

    def shape(self, i, graph=None):
        tensor = (graph or self.graph).Tensors(i)
        return list(map(int, tensor.ShapeAsNumpy())) if tensor.ShapeLength() else []

    def constant(self, i, graph=None):
        """Its integers, None where it is no constant."""
        tensor = (graph or self.graph).Tensors(i)
        data = self.model.Buffers(tensor.Buffer())
        if not data.DataLength():
            return None
        return np.frombuffer(data.DataAsNumpy().tobytes(), DTYPES[tensor.Type()]).reshape(self.shape(i, graph))

    def scale(self, i, graph=None):
        q = (graph or self.graph).Tensors(i).Quantization()
        return q.ScaleAsNumpy().astype(np.float32), q.ZeroPointAsNumpy().astype(np.int32)

    def first_values(self):
        """{variable's place: the real number that all of it holds at first}, by the names of the resources."""
        begin, names, found = self.model.Subgraphs(1), {}, {}
        for op, inputs, outputs, options in self.operators(begin):
            if op == "VAR_HANDLE":
                names[outputs[0]] = handle(options)
            elif op == "ASSIGN_VARIABLE":
                scale, zero = self.scale(inputs[1], begin)
                values = (self.constant(inputs[1], begin).astype(np.float32) - zero[0]) * scale[0]
                if values.min() != values.max():
                    fail(self.path, "a variable that begins with several values")
                found[names[inputs[0]]] = float(values.flat[0])
        return found


def handle(options):
    o = tflite.VarHandleOptions()
    o.Init(options.Bytes, options.Pos)
    return o.SharedName()


class Writer:
    def __init__(self, reader, quantised):
        self.r, self.quantised = reader, quantised
        self.nodes, self.weights, self.name = [], [], {}

    def weight(self, name, value):
        self.weights.append(numpy_helper.from_array(value, name))
        return name

    def add(self, op, inputs, name, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def value(self, i, name):
        """Tensor i is `name`, rounded where that is wanted."""
        if self.quantised:
            (scale,), (zero,) = self.r.scale(i)
            kind = DTYPES[self.r.graph.Tensors(i).Type()]
            s, z = self.weight(f"scale{i}", np.float32(scale)), self.weight(f"zero{i}", kind(zero))
            name = self.add("DequantizeLinear", [self.add("QuantizeLinear", [name, s, z], f"q{i}"), s, z], f"dq{i}")
        self.name[i] = name

    def convolve(self, i, inputs, out, kernel, depthwise, relu, stride=1):
        """kernel: real, [outputs, inputs of a group, time]."""
        (x_scale,), (w_scale, _) = self.r.scale(inputs[0])[0], self.r.scale(inputs[1])
        bias = self.r.constant(inputs[2]).astype(np.float32) * x_scale * w_scale
        names = [self.name[inputs[0]], self.weight(f"w{i}", np.ascontiguousarray(kernel, np.float32)), self.weight(f"b{i}", bias)]
        y = self.add("Conv", names, f"conv{i}", group=kernel.shape[0] if depthwise else 1, kernel_shape=[kernel.shape[2]], strides=[stride])
        self.value(out, self.add("Relu", [y], f"relu{i}") if relu else y)

    def weights_of(self, i, axis):
        """Real weights; scales lie along `axis`."""
        scale, _ = self.r.scale(i)
        w = self.r.constant(i).astype(np.float32)
        return w * scale.reshape([-1 if a == axis and len(scale) > 1 else 1 for a in range(w.ndim)])


def relu_of(options, kind):
    o = kind()
    o.Init(options.Bytes, options.Pos)
    if o.FusedActivationFunction() not in (tflite.ActivationFunctionType.NONE, tflite.ActivationFunctionType.RELU):
        fail("activation", f"{o.FusedActivationFunction()} is neither none nor ReLU")
    return o.FusedActivationFunction() == tflite.ActivationFunctionType.RELU


def kept(reader):
    """Slices that only a variable takes: what the next inference begins with."""
    used = [i for op, inputs, _, _ in reader.operators() for i in inputs if op != "ASSIGN_VARIABLE"]
    return {outputs[0] for op, _, outputs, _ in reader.operators() if op == "STRIDED_SLICE" and outputs[0] not in used}


def finish(w, features):
    ports = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", features, "t"])], [
        helper.make_tensor_value_info("p", TensorProto.FLOAT, ["n", 1, "inferences"])]
    graph = helper.make_graph(w.nodes, "wake", *ports, w.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def convert(path, quantised=False):
    """The ONNX model, and how many frames an inference takes: input "x" [N, features, time] real, output "p" [N, 1, inferences]."""
    r = Reader(path)
    w, first, handles, states, channels, skipped = Writer(r, quantised), r.first_values(), {}, {}, {}, kept(r)
    graph_in = int(r.graph.InputsAsNumpy()[0])
    stride, features = r.shape(graph_in)[1:]
    w.value(graph_in, "x")
    for i, (op, inputs, outputs, options) in enumerate(r.operators()):
        out = outputs[0] if outputs else None
        if op in ("CALL_ONCE", "ASSIGN_VARIABLE") or out in skipped:
            continue
        if op == "VAR_HANDLE":
            handles[out] = handle(options)
        elif op == "READ_VARIABLE":
            states[out] = r.shape(out)[1], first[handles[inputs[0]]]
        elif op == "RESHAPE":  # the last one joins the times that the classifier sees
            w.name[out], channels[out] = w.name[inputs[0]], r.shape(inputs[0])[-1]
        elif op == "CONCATENATION" and inputs[0] in states:
            rows, value = states[inputs[0]]
            pads, zero = w.weight(f"pads{i}", np.array([0, 0, rows, 0, 0, 0])), w.weight(f"first{i}", np.float32(value))
            w.value(out, w.add("Pad", [w.name[inputs[1]], pads, zero], f"pad{i}"))
        elif op == "CONCATENATION":
            w.value(out, w.add("Concat", [w.name[j] for j in inputs], f"concat{i}", axis=1))
        elif op == "STRIDED_SLICE":  # the last times of a window: of an utterance all but the first
            late = r.shape(inputs[0])[1] - r.shape(out)[1]
            ends = [w.weight(f"{what}{i}", np.array([v])) for what, v in (("begin", late), ("end", 1 << 30), ("axis", 2))]
            w.name[out] = w.add("Slice", [w.name[inputs[0]], *ends], f"slice{i}") if late else w.name[inputs[0]]
        elif op == "SPLIT_V":
            sizes = w.weight(f"sizes{i}", r.constant(inputs[1]).astype(np.int64))
            names = [f"split{i}_{k}" for k in range(len(outputs))]
            w.nodes.append(helper.make_node("Split", [w.name[inputs[0]], sizes], names, name=f"split{i}", axis=1))
            w.name.update(zip(outputs, names))
        elif op == "DEPTHWISE_CONV_2D":
            w.convolve(i, inputs, out, w.weights_of(inputs[1], 3)[0, :, 0, :].T[:, None], True, relu_of(options, tflite.DepthwiseConv2DOptions))
        elif op == "CONV_2D":
            kernel = w.weights_of(inputs[1], 0)[:, :, 0].transpose(0, 2, 1)
            step = 1 if any(node.op_type == "Conv" for node in w.nodes) else stride  # the first sees every new frame
            w.convolve(i, inputs, out, kernel, False, relu_of(options, tflite.Conv2DOptions), step)
        elif op == "FULLY_CONNECTED":
            flat = w.weights_of(inputs[1], 0)
            times = flat.shape[1] // channels.get(inputs[0], r.shape(inputs[0])[-1])
            w.convolve(i, inputs, out, flat.reshape(len(flat), times, -1).transpose(0, 2, 1), False, relu_of(options, tflite.FullyConnectedOptions))
        elif op == "LOGISTIC":
            w.value(out, w.add("Sigmoid", [w.name[inputs[0]]], f"sigmoid{i}"))
        elif op == "QUANTIZE":
            w.add("Identity", [w.name[inputs[0]]], "p")
        else:
            fail(path, f"{op} is not taken")
    return finish(w, features), stride
