#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small ONNX networks and what onnxruntime makes of them, for tests/infer.py.

Writes tests/infer/cases.tar.gz: of each case NAME/model.onnx, its inputs NAME/in.X.npy and outputs NAME/out.Y.npy. Needs
Debian's python3-onnx and PyPI's onnxruntime:
    /usr/bin/python3 -m venv --system-site-packages venv; venv/bin/pip install onnxruntime==1.23.2
    venv/bin/python tests/infer_cases.py [DIR]
DIR keeps the files unpacked. Operators are run as they stand, without onnxruntime's rewriting of graphs.
"""
import gzip
import hashlib
import io
import sys
import tarfile
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ARCHIVE = Path(__file__).resolve().parent / "infer" / "cases.tar.gz"
RNG = np.random.default_rng(1)
CASES = {}


def f(*shape, scale=1.0):
    return (RNG.standard_normal(shape) * scale).astype(np.float32)


def i64(*values):
    return np.array(values, dtype=np.int64)


def u8(*shape):
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def i8(*shape):
    return RNG.integers(-127, 128, shape, dtype=np.int8)


def s(value, dtype=np.float32):
    return np.array(value, dtype=dtype)


def graph(name, nodes, inputs, outputs, inits=None, opset=13, shapes=None, raw=True, half=(), constants=False):
    """Adds a case: nodes are (type, inputs, outputs, attributes)."""
    assert name not in CASES, name
    made = []
    for kind, ins, outs, attributes in nodes:
        attributes = dict(attributes)
        domain = attributes.pop("domain", "")
        made.append(helper.make_node(kind, ins, outs, domain=domain, **attributes))
    tensors = []
    for key, array in (inits or {}).items():
        if key in half:
            array = array.astype(np.float16)
        if raw:
            tensors.append(numpy_helper.from_array(array, key))
        else:
            kind = helper.np_dtype_to_tensor_dtype(array.dtype) if hasattr(helper, "np_dtype_to_tensor_dtype") else None
            kind = kind or {"f": 1, "l": 7, "i": 6, "B": 2, "b": 3, "e": 10}[array.dtype.char]
            values = array.view(np.uint16) if kind == 10 else array
            tensors.append(helper.make_tensor(key, kind, array.shape, values.flatten().tolist() if kind != 10 else array.flatten()))
    if constants:
        made = [helper.make_node("Constant", [], [t.name], value=t) for t in tensors] + made
        tensors = []
    kinds = {"f": TensorProto.FLOAT, "l": TensorProto.INT64, "i": TensorProto.INT32, "B": TensorProto.UINT8,
             "b": TensorProto.INT8, "?": TensorProto.BOOL}
    ports = [helper.make_tensor_value_info(key, kinds[a.dtype.char], (shapes or {}).get(key, a.shape))
             for key, a in inputs.items()]
    results = [helper.make_tensor_value_info(o, TensorProto.FLOAT if isinstance(outputs, list) else outputs[o], None)
               for o in outputs]
    model = helper.make_model(helper.make_graph(made, name, ports, results, tensors),
                              opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)],
                              producer_name="infer_cases.py")
    model.ir_version = 8
    CASES[name] = (model.SerializeToString(), inputs)


def one(name, kind, arrays, const=(), opset=13, out=TensorProto.FLOAT, outs=1, **attributes):
    """One operator on arrays (None: left out), of which those of `const` are initializers."""
    names = ["" if a is None else f"x{k}" for k, a in enumerate(arrays)]
    inputs = {n: a for k, (n, a) in enumerate(zip(names, arrays)) if a is not None and k not in const}
    inits = {n: a for k, (n, a) in enumerate(zip(names, arrays)) if a is not None and k in const}
    graph(name, [(kind, names, [f"y{k}" for k in range(outs)], attributes)], inputs,
          {f"y{k}": out for k in range(outs)}, inits, opset)


def convolutions():
    w = (1, 2)
    one("conv_3x3", "Conv", [f(1, 3, 8, 9), f(5, 3, 3, 3), f(5)], w, pads=[1, 1, 1, 1])
    one("conv_no_bias", "Conv", [f(2, 3, 6, 5), f(4, 3, 2, 3)], w)
    one("conv_1x1", "Conv", [f(2, 7, 5, 4), f(6, 7, 1, 1), f(6)], w)
    one("conv_strides", "Conv", [f(1, 2, 11, 13), f(3, 2, 3, 5), f(3)], w, strides=[2, 3], pads=[1, 2, 1, 2])
    one("conv_uneven_pads", "Conv", [f(1, 2, 7, 6), f(3, 2, 3, 3), f(3)], w, pads=[0, 1, 2, 3])
    one("conv_dilations", "Conv", [f(1, 2, 12, 11), f(3, 2, 3, 3), f(3)], w, dilations=[2, 3], pads=[2, 3, 2, 3])
    one("conv_groups", "Conv", [f(1, 6, 7, 7), f(9, 2, 3, 3), f(9)], w, group=3, pads=[1, 1, 1, 1])
    one("conv_wide_groups", "Conv", [f(1, 6, 5, 5), f(20, 3, 3, 3), f(20)], w, group=2)
    one("conv_depthwise", "Conv", [f(2, 5, 9, 8), f(5, 1, 3, 3), f(5)], w, group=5, pads=[1, 1, 1, 1])
    one("conv_depthwise_stride", "Conv", [f(1, 4, 9, 10), f(4, 1, 5, 5), f(4)], w, group=4, strides=[2, 2], pads=[2, 2, 2, 2])
    one("conv_depthwise_stride_2_1", "Conv", [f(1, 4, 8, 12), f(4, 1, 5, 5)], w, group=4, strides=[2, 1], pads=[2, 2, 2, 2])
    one("conv_depthwise_dilated", "Conv", [f(1, 3, 9, 9), f(3, 1, 3, 3)], w, group=3, dilations=[2, 2], pads=[2, 2, 2, 2])
    one("conv_depth_multiplier", "Conv", [f(1, 3, 6, 6), f(6, 1, 3, 3), f(6)], w, group=3)
    one("conv_same_upper", "Conv", [f(1, 2, 7, 8), f(3, 2, 2, 5), f(3)], w, auto_pad="SAME_UPPER", strides=[2, 2])
    one("conv_same_lower", "Conv", [f(1, 2, 7, 8), f(3, 2, 2, 5), f(3)], w, auto_pad="SAME_LOWER", strides=[2, 2])
    one("conv_valid", "Conv", [f(1, 2, 7, 8), f(3, 2, 3, 4)], w, auto_pad="VALID")
    one("conv_1d", "Conv", [f(2, 3, 17), f(4, 3, 5), f(4)], w, strides=[2], pads=[2, 1])
    one("conv_1d_groups", "Conv", [f(1, 4, 9), f(4, 1, 3)], w, group=4, pads=[1, 1], dilations=[2])
    one("conv_1d_same", "Conv", [f(1, 3, 10), f(2, 3, 4), f(2)], w, auto_pad="SAME_UPPER", strides=[3])
    one("conv_whole_image", "Conv", [f(1, 3, 6, 7), f(4, 3, 6, 7), f(4)], w)
    one("conv_kernel_shape", "Conv", [f(1, 2, 5, 5), f(3, 2, 3, 3)], w, kernel_shape=[3, 3], opset=11)
    one("conv_computed_weights", "Conv", [f(1, 3, 5, 5), f(4, 3, 3, 3), f(4)], ())
    one("conv_computed_depthwise", "Conv", [f(1, 3, 5, 5), f(3, 1, 3, 3)], (), group=3)
    one("conv_many_positions", "Conv", [f(1, 16, 40, 40), f(8, 16, 3, 3), f(8)], w, pads=[1, 1, 1, 1])
    one("deconv", "ConvTranspose", [f(1, 3, 5, 6), f(3, 4, 3, 3), f(4)], w, strides=[2, 2])
    one("deconv_pads", "ConvTranspose", [f(2, 3, 5, 6), f(3, 4, 3, 4)], w, strides=[2, 3], pads=[1, 0, 1, 2])
    one("deconv_output_padding", "ConvTranspose", [f(1, 3, 4, 5), f(3, 2, 3, 3), f(2)], w, strides=[2, 2], pads=[1, 1, 1, 1],
        output_padding=[1, 1])
    one("deconv_output_shape", "ConvTranspose", [f(1, 2, 4, 5), f(2, 2, 3, 3)], w, strides=[2, 2], output_shape=[8, 10])
    one("deconv_groups", "ConvTranspose", [f(1, 4, 5, 4), f(4, 3, 2, 2), f(6)], w, group=2, strides=[2, 2])
    one("deconv_dilations", "ConvTranspose", [f(1, 2, 5, 4), f(2, 3, 3, 3)], w, dilations=[2, 2])
    one("deconv_1d", "ConvTranspose", [f(1, 2, 7), f(2, 3, 4), f(3)], w, strides=[3], pads=[1, 1])
    one("deconv_same_upper", "ConvTranspose", [f(1, 2, 5, 5), f(2, 2, 3, 3)], w, auto_pad="SAME_UPPER", strides=[2, 2])
    one("deconv_same_lower", "ConvTranspose", [f(1, 2, 5, 5), f(2, 2, 4, 4)], w, auto_pad="SAME_LOWER", strides=[3, 3])


def products():
    one("gemm", "Gemm", [f(3, 4), f(4, 5), f(5)], (1, 2))
    one("gemm_turned", "Gemm", [f(4, 3), f(5, 4), f(3, 5)], (1, 2), transA=1, transB=1, alpha=0.5, beta=2.0)
    one("gemm_turned_b", "Gemm", [f(3, 4), f(5, 4), f(1, 5)], (1, 2), transB=1, alpha=0.25, beta=-1.5)
    one("gemm_column_bias", "Gemm", [f(3, 4), f(4, 5), f(3, 1)], (1, 2))
    one("gemm_scalar_bias", "Gemm", [f(3, 4), f(4, 5), f(1)], (1, 2), opset=11)
    one("gemm_no_bias", "Gemm", [f(3, 4), f(4, 5)], (1,))
    one("gemm_computed", "Gemm", [f(3, 4), f(4, 5), f(5)], ())
    one("matmul", "MatMul", [f(3, 4), f(4, 5)], (1,))
    one("matmul_batches", "MatMul", [f(2, 3, 4, 5), f(2, 3, 5, 6)])
    one("matmul_broadcast", "MatMul", [f(2, 1, 4, 5), f(3, 5, 2)])
    one("matmul_constant", "MatMul", [f(2, 3, 4), f(4, 5)], (1,))
    one("matmul_constant_batches", "MatMul", [f(2, 3, 4), f(2, 4, 5)], (1,))
    one("matmul_constant_first", "MatMul", [f(3, 4), f(2, 4, 5)], (0,))
    one("matmul_vectors", "MatMul", [f(7), f(7)])
    one("matmul_vector_left", "MatMul", [f(4), f(2, 4, 3)])
    one("matmul_vector_right", "MatMul", [f(2, 3, 4), f(4)])
    one("matmul_deep", "MatMul", [f(5, 900), f(900, 33)], (1,))
    one("matmul_one_row", "MatMul", [f(1, 20), f(20, 17)], (1,))


def elementwise():
    x = f(3, 4, 5)
    positive = np.abs(f(3, 4)) + 0.1
    for kind in ("Abs", "Ceil", "Cos", "Erf", "Exp", "Floor", "Neg", "Relu", "Round", "Sigmoid", "Sign", "Sin", "Softplus",
                 "Softsign", "Tanh"):
        one(kind.lower(), kind, [x * 3])
    for kind in ("Log", "Reciprocal", "Sqrt"):
        one(kind.lower(), kind, [positive])
    one("celu", "Celu", [x], alpha=0.7, opset=12)
    one("elu", "Elu", [x], alpha=1.3)
    one("hardsigmoid", "HardSigmoid", [x * 4])
    one("hardsigmoid_alpha", "HardSigmoid", [x * 4], alpha=1 / 6, beta=0.5)
    one("hardswish", "HardSwish", [x * 4], opset=14)
    one("leakyrelu", "LeakyRelu", [x], alpha=0.2)
    one("leakyrelu_default", "LeakyRelu", [x])
    one("selu", "Selu", [x])
    one("thresholdedrelu", "ThresholdedRelu", [x], alpha=0.4)
    one("gelu_microsoft", "Gelu", [x * 2], domain="com.microsoft")
    one("fast_gelu_microsoft", "FastGelu", [x * 2], domain="com.microsoft")
    one("bias_gelu_microsoft", "BiasGelu", [x, f(5)], (1,), domain="com.microsoft")
    one("quick_gelu_microsoft", "QuickGelu", [x], domain="com.microsoft", alpha=1.702)
    one("mish", "Mish", [x], opset=18)
    one("round_half", "Round", [np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5], np.float32)])
    one("clip", "Clip", [x, s(-0.5), s(0.7)], (1, 2))
    one("clip_least", "Clip", [x, s(-0.5)], (1,), opset=11)
    one("clip_most", "Clip", [x, None, s(0.25)], (2,))
    one("clip_none", "Clip", [x])
    one("clip_inputs", "Clip", [x, s(-0.5), s(0.7)])
    for kind in ("Add", "Sub", "Mul", "Div"):
        one(kind.lower(), kind, [x, f(3, 4, 5)])
        one(kind.lower() + "_channels", kind, [f(2, 3, 4, 5), np.abs(f(1, 3, 1, 1)) + 0.5], (1,))
    one("add_both_broadcast", "Add", [f(3, 1, 5), f(4, 1)])
    one("add_scalar", "Add", [x, s(1.5)], (1,))
    one("add_higher_rank", "Add", [f(5), f(2, 3, 5)])
    one("pow", "Pow", [positive, f(3, 4)])
    one("pow_two", "Pow", [x, s(2)], (1,))
    one("pow_half", "Pow", [positive, s(0.5)], (1,))
    one("pow_three", "Pow", [x, s(3)], (1,))
    one("pow_integer_exponent", "Pow", [x, i64(2)], (1,))
    one("max", "Max", [x, f(4, 5), f(3, 1, 1)])
    one("min", "Min", [x, f(5)])
    one("mean", "Mean", [x, f(3, 4, 5), f(5)])
    one("sum", "Sum", [x, f(4, 1)])
    one("sum_one", "Sum", [x])
    one("prelu", "PRelu", [f(2, 3, 4, 4), f(3, 1, 1)], (1,))
    one("mod", "Mod", [f(4, 5, scale=5), np.abs(f(5)) + 1], fmod=1)
    one("identity", "Identity", [x])
    one("dropout", "Dropout", [x])
    graph("where", [("Greater", ["a", "b"], ["c"], {}), ("Where", ["c", "a", "b"], ["y"], {})],
          {"a": f(3, 4), "b": f(4)}, ["y"])
    graph("comparisons", [("Less", ["a", "b"], ["l"], {}), ("Equal", ["a", "a"], ["q"], {}), ("Not", ["l"], ["n"], {}),
                          ("And", ["q", "n"], ["d"], {}), ("Or", ["d", "l"], ["o"], {}), ("Xor", ["o", "l"], ["x"], {}),
                          ("GreaterOrEqual", ["a", "b"], ["g"], {}), ("LessOrEqual", ["a", "b"], ["k"], {}),
                          ("And", ["g", "x"], ["m"], {}), ("Cast", ["m"], ["y"], {"to": 1}), ("Cast", ["k"], ["z"], {"to": 1})],
          {"a": f(3, 4), "b": f(4)}, ["y", "z"], opset=13)
    graph("cast_and_back", [("Cast", ["x"], ["i"], {"to": 7}), ("Mul", ["i", "i"], ["j"], {}), ("Cast", ["j"], ["y"], {"to": 1})],
          {"x": f(3, 4, scale=9)}, ["y"])
    graph("cast_half", [("Cast", ["x"], ["h"], {"to": 10}), ("Cast", ["h"], ["y"], {"to": 1})],
          {"x": np.array([1, 1.0004883, 65504, 1e-5, 6e-8, 3e-8, -0.1, 1 / 3, 2049, 2051], np.float32)}, ["y"])
    graph("integers", [("Add", ["a", "b"], ["s"], {}), ("Div", ["s", "c"], ["d"], {}), ("Mod", ["a", "c"], ["m"], {}),
                       ("Sub", ["d", "m"], ["y"], {})],
          {"a": i64(7, -7, 12), "b": i64(1), "c": i64(3, 3, -5)}, {"y": TensorProto.INT64})
    graph("hard_swish_parts", [("Add", ["x", "three"], ["a"], {}), ("Clip", ["a", "zero", "six"], ["c"], {}),
                               ("Div", ["c", "six"], ["d"], {}), ("Mul", ["x", "d"], ["y"], {})],
          {"x": f(1, 8, 4, 4, scale=4)}, ["y"], {"three": s(3), "zero": s(0), "six": s(6)}, opset=11, constants=True)


def rows():
    x = f(2, 3, 4, 5)
    one("softmax", "Softmax", [x])
    one("softmax_axis", "Softmax", [x], axis=1)
    one("softmax_negative", "Softmax", [x], axis=-2)
    one("softmax_11", "Softmax", [x], opset=11)
    one("softmax_11_axis", "Softmax", [x], axis=2, opset=12)
    one("softmax_large", "Softmax", [x * 100])
    one("softmax_wide", "Softmax", [np.array([[17] + [0] * 9999, [1] * 10000], np.float32)])  # most are small beside the sum
    one("logsoftmax", "LogSoftmax", [x], axis=1)
    one("logsoftmax_11", "LogSoftmax", [x], axis=-1, opset=11)
    one("layernorm", "LayerNormalization", [x, f(5), f(5)], (1, 2), opset=17)
    one("layernorm_no_bias", "LayerNormalization", [x, f(5)], (1,), opset=17, epsilon=0.01)
    one("layernorm_axis", "LayerNormalization", [x, f(4, 5), f(4, 5)], (1, 2), opset=17, axis=2)
    graph("layernorm_parts", [("ReduceMean", ["x"], ["m"], {"axes": [-1]}), ("Sub", ["x", "m"], ["d"], {}),
                              ("Pow", ["d", "two"], ["p"], {}), ("ReduceMean", ["p"], ["v"], {"axes": [-1]}),
                              ("Add", ["v", "eps"], ["e"], {}), ("Sqrt", ["e"], ["q"], {}), ("Div", ["d", "q"], ["n"], {}),
                              ("Mul", ["n", "w"], ["k"], {}), ("Add", ["k", "b"], ["y"], {})],
          {"x": f(2, 7, 16)}, ["y"], {"two": s(2), "eps": s(1e-5), "w": f(16), "b": f(16)}, opset=12)
    one("skip_layernorm_microsoft", "SkipLayerNormalization", [f(2, 3, 8), f(2, 3, 8), f(8), f(8), f(8)], (2, 3, 4),
        domain="com.microsoft", epsilon=1e-5)
    one("batchnorm", "BatchNormalization", [x, f(3), f(3), f(3), np.abs(f(3)) + 0.1], (1, 2, 3, 4), opset=15)
    one("batchnorm_9", "BatchNormalization", [x, f(3), f(3), f(3), np.abs(f(3)) + 0.1], (1, 2, 3, 4), opset=11, epsilon=0.01)
    one("batchnorm_rows", "BatchNormalization", [f(4, 3), f(3), f(3), f(3), np.abs(f(3)) + 0.1], (1, 2, 3, 4))
    one("instancenorm", "InstanceNormalization", [x, f(3), f(3)], (1, 2))
    for kind in ("ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"):
        one(kind.lower(), kind, [x], axes=[1, 3])
    one("reducelogsum", "ReduceLogSum", [np.abs(x) + 0.1], axes=[2])
    one("reducemean_flat", "ReduceMean", [x], axes=[-1], keepdims=0)
    one("reducemean_all", "ReduceMean", [x], keepdims=0)
    one("reducemean_18", "ReduceMean", [x, i64(2, -1)], (1,), opset=18)
    one("reducesum_13", "ReduceSum", [x, i64(0, 2)], (1,), keepdims=0)
    one("reducesum_11", "ReduceSum", [x], axes=[0, 2], opset=11)
    one("argmax", "ArgMax", [x], axis=2, keepdims=0, out=TensorProto.INT64)
    one("argmin_last", "ArgMin", [np.round(x)], axis=-1, select_last_index=1, out=TensorProto.INT64)
    one("cumsum", "CumSum", [x, s(1, np.int64)], (1,), opset=14)
    one("cumsum_reverse", "CumSum", [x, s(-1, np.int64)], (1,), opset=14, reverse=1, exclusive=1)


def pooling():
    x = f(2, 3, 9, 10)
    one("maxpool", "MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])
    one("maxpool_pads", "MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    one("maxpool_ceil", "MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    one("maxpool_ceil_pads", "MaxPool", [x], kernel_shape=[2, 3], strides=[3, 3], pads=[1, 1, 0, 1], ceil_mode=1, opset=12)
    one("maxpool_dilations", "MaxPool", [x], kernel_shape=[3, 2], dilations=[2, 3])
    one("maxpool_default_strides", "MaxPool", [x], kernel_shape=[3, 3])
    one("maxpool_same_upper", "MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_UPPER")
    one("maxpool_same_lower", "MaxPool", [x], kernel_shape=[3, 2], strides=[2, 3], auto_pad="SAME_LOWER")
    one("maxpool_1d", "MaxPool", [f(2, 3, 11)], kernel_shape=[3], strides=[2], pads=[1, 0])
    one("maxpool_negative", "MaxPool", [-np.abs(x)], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    one("avgpool", "AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2])
    one("avgpool_pads", "AveragePool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    one("avgpool_count_pads", "AveragePool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1)
    one("avgpool_ceil", "AveragePool", [x], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    one("avgpool_ceil_count_pads", "AveragePool", [x], kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1], ceil_mode=1,
        count_include_pad=1)
    one("avgpool_same_upper", "AveragePool", [x], kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
    one("avgpool_1d", "AveragePool", [f(2, 3, 11)], kernel_shape=[4], strides=[3])
    one("globalavgpool", "GlobalAveragePool", [x])
    one("globalavgpool_1d", "GlobalAveragePool", [f(2, 3, 11)])
    one("globalmaxpool", "GlobalMaxPool", [x])


def movement():
    x = f(2, 3, 4, 5)
    one("reshape", "Reshape", [x, i64(0, -1, 10)], (1,))
    one("reshape_flat", "Reshape", [x, i64(-1)], (1,))
    one("reshape_allowzero", "Reshape", [x, i64(6, 20)], (1,), opset=14, allowzero=1)
    one("flatten", "Flatten", [x])
    one("flatten_axis", "Flatten", [x], axis=3)
    one("flatten_zero", "Flatten", [x], axis=0)
    one("flatten_negative", "Flatten", [x], axis=-1)
    one("squeeze", "Squeeze", [f(1, 3, 1, 5), i64(0, -2)], (1,))
    one("squeeze_all", "Squeeze", [f(1, 3, 1, 5)])
    one("squeeze_11", "Squeeze", [f(1, 3, 1, 5)], axes=[2], opset=11)
    one("unsqueeze", "Unsqueeze", [f(3, 5), i64(0, -1)], (1,))
    one("unsqueeze_11", "Unsqueeze", [f(3, 5)], axes=[1, 2], opset=12)
    one("transpose", "Transpose", [x])
    one("transpose_perm", "Transpose", [x], perm=[0, 2, 3, 1])
    one("transpose_heads", "Transpose", [f(2, 5, 3, 4)], perm=[0, 2, 1, 3])
    one("concat", "Concat", [x, f(2, 1, 4, 5), f(2, 2, 4, 5)], axis=1)
    one("concat_last", "Concat", [x, f(2, 3, 4, 1)], (1,), axis=-1)
    one("split_equal", "Split", [f(2, 6, 3)], outs=3, axis=1)
    one("split_sizes", "Split", [f(2, 6, 3), i64(1, 3, 2)], (1,), outs=3, axis=1)
    one("split_11", "Split", [f(2, 6, 3)], outs=2, axis=-1, split=[1, 2], opset=11)
    one("split_18_uneven", "Split", [f(7, 2)], outs=3, axis=0, num_outputs=3, opset=18)
    one("slice", "Slice", [x, i64(0, 1), i64(2, 3), i64(1, 2)], (1, 2, 3))
    one("slice_steps", "Slice", [x, i64(0, 4), i64(4, 0), i64(2, 3), i64(2, -2)], (1, 2, 3, 4))
    one("slice_reverse", "Slice", [x, i64(-1), i64(np.iinfo(np.int64).min + 1), i64(-1), i64(-1)], (1, 2, 3, 4))
    one("slice_beyond", "Slice", [x, i64(-100, 1), i64(100, 9223372036854775807), i64(0, 1)], (1, 2, 3))
    one("slice_no_axes", "Slice", [x, i64(1, 0, 2), i64(2, 3, 4)], (1, 2))
    one("gather", "Gather", [x, i64(0, 2, -1)], (1,), axis=1)
    one("gather_matrix", "Gather", [f(7, 4), np.array([[1, 2], [6, 0]], np.int64)], (0,))
    one("gather_scalar", "Gather", [x, s(1, np.int64)], (1,), axis=2)
    one("embedding", "Gather", [f(11, 6), np.array([[3, 10, 0], [4, 4, 1]], np.int64)], (0,))
    one("gather_elements", "GatherElements", [f(3, 4), np.array([[0, 2, 1, -1], [1, 1, 0, 0]], np.int64)], (1,), axis=0)
    one("expand", "Expand", [f(3, 1, 5), i64(2, 3, 4, 1)], (1,))
    one("tile", "Tile", [f(2, 3), i64(2, 3)], (1,))
    one("tile_rank3", "Tile", [f(2, 1, 3), i64(1, 4, 2)], (1,))
    one("pad", "Pad", [x, i64(0, 0, 1, 2, 0, 0, 2, 1), s(0.5)], (1, 2))
    one("pad_zero", "Pad", [x, i64(0, 1, 0, 0, 0, 0, 0, 3)], (1,), opset=11)
    one("pad_crop", "Pad", [x, i64(0, 0, -1, 2, 0, 0, 0, -2)], (1,))
    one("pad_reflect", "Pad", [x, i64(0, 0, 2, 3, 0, 0, 3, 1)], (1,), mode="reflect")
    one("pad_edge", "Pad", [x, i64(0, 1, 2, 3, 0, 0, 3, 7)], (1,), mode="edge")
    one("pad_axes", "Pad", [x, i64(1, 2, 3, 0), s(-1), i64(2, -1)], (1, 2, 3), opset=18)
    one("depth_to_space", "DepthToSpace", [f(1, 12, 2, 3)], blocksize=2)
    one("depth_to_space_crd", "DepthToSpace", [f(2, 12, 2, 3)], blocksize=2, mode="CRD")
    one("space_to_depth", "SpaceToDepth", [f(2, 3, 4, 6)], blocksize=2)
    one("trilu_upper", "Trilu", [f(2, 4, 5)], opset=14)
    one("trilu_lower", "Trilu", [f(4, 4), s(-1, np.int64)], (1,), opset=14, upper=0)
    graph("shape_arithmetic", [("Shape", ["x"], ["s"], {}), ("Gather", ["s", "zero"], ["b"], {}), ("Slice", ["s", "one", "two"], ["c"], {}),
                               ("Unsqueeze", ["b"], ["ub"], {"axes": [0]}), ("Concat", ["ub", "c", "rest"], ["t"], {"axis": 0}),
                               ("Reshape", ["x", "t"], ["y"], {})],
          {"x": x}, ["y"], {"zero": s(0, np.int64), "one": i64(1), "two": i64(2), "rest": i64(-1)}, opset=11,
          shapes={"x": ["batch", 3, "height", "width"]})
    graph("shape_15", [("Shape", ["x"], ["s"], {"start": 1, "end": -1}), ("Reshape", ["x", "t"], ["r"], {}), ("Size", ["x"], ["n"], {}),
                       ("Cast", ["s"], ["c"], {"to": 1}), ("Cast", ["n"], ["k"], {"to": 1}), ("Add", ["c", "k"], ["y"], {})],
          {"x": x}, ["y"], {"t": i64(-1)}, opset=15)
    graph("constant_of_shape", [("Shape", ["x"], ["s"], {}),
                                ("ConstantOfShape", ["s"], ["o"], {"value": numpy_helper.from_array(np.array([2.5], np.float32))}),
                                ("Add", ["x", "o"], ["y"], {})], {"x": x}, ["y"])
    graph("range_positions", [("Shape", ["x"], ["s"], {}), ("Gather", ["s", "one"], ["n"], {}), ("Range", ["zero", "n", "unit"], ["r"], {}),
                              ("Gather", ["table", "r"], ["p"], {}), ("Add", ["x", "p"], ["y"], {})],
          {"x": f(2, 5, 4)}, ["y"], {"one": s(1, np.int64), "zero": s(0, np.int64), "unit": s(1, np.int64), "table": f(9, 4)},
          shapes={"x": ["batch", "length", 4]})
    graph("constants", [("Constant", [], ["a"], {"value_float": 1.5}), ("Constant", [], ["b"], {"value_floats": [1.0, 2.0, 3.0]}),
                        ("Constant", [], ["c"], {"value_ints": [3, -1]}), ("Constant", [], ["d"], {"value_int": 2}),
                        ("Add", ["x", "a"], ["p"], {}), ("Mul", ["p", "b"], ["q"], {}), ("Reshape", ["q", "c"], ["r"], {}),
                        ("Cast", ["d"], ["e"], {"to": 1}), ("Mul", ["r", "e"], ["y"], {})], {"x": f(4, 3)}, ["y"])


def resizing():
    x = f(1, 2, 4, 5)
    none = np.array([], np.float32)

    def resize(name, scales=None, sizes=None, opset=13, **attributes):
        arrays = [x, None, None if scales is None else np.array(scales, np.float32), None if sizes is None else i64(*sizes)]
        while arrays[-1] is None:
            arrays.pop()
        one(name, "Resize", arrays, (1, 2, 3), opset=opset, **attributes)

    resize("resize_nearest", [1, 1, 2, 2])
    resize("resize_nearest_asymmetric", [1, 1, 2, 3], coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    resize("resize_nearest_down", [1, 1, 0.6, 0.5])
    resize("resize_nearest_ceil", [1, 1, 1.7, 2.3], nearest_mode="ceil")
    resize("resize_nearest_prefer_ceil", [1, 1, 2, 2.5], nearest_mode="round_prefer_ceil", coordinate_transformation_mode="align_corners")
    resize("resize_nearest_sizes", sizes=[1, 2, 7, 8])
    resize("resize_linear", [1, 1, 2, 2], mode="linear")
    resize("resize_linear_align", [1, 1, 2, 3], mode="linear", coordinate_transformation_mode="align_corners")
    resize("resize_linear_pytorch", sizes=[1, 2, 7, 3], mode="linear", coordinate_transformation_mode="pytorch_half_pixel")
    resize("resize_linear_asymmetric", sizes=[1, 2, 8, 9], mode="linear", coordinate_transformation_mode="asymmetric")
    resize("resize_linear_down", [1, 1, 0.5, 0.7], mode="linear")
    resize("resize_cubic", [1, 1, 2, 1.5], mode="cubic")
    resize("resize_cubic_exclude", sizes=[1, 2, 6, 9], mode="cubic", exclude_outside=1, cubic_coeff_a=-0.5)
    resize("resize_18_axes", [2.0, 1.5], mode="linear", axes=[2, 3], opset=18)
    one("resize_11_roi", "Resize", [x, none, np.array([1, 1, 2, 2], np.float32)], (1, 2), opset=11)
    one("resize_11_sizes", "Resize", [x, none, none, i64(1, 2, 8, 10)], (1, 2, 3), opset=11, mode="linear")


def integers():
    x = f(2, 3, 4, 4)
    one("quantize_back", "QuantizeLinear", [x, s(0.02), s(128, np.uint8)], (1, 2), out=TensorProto.UINT8)
    one("quantize_int8", "QuantizeLinear", [x, s(0.02), s(-3, np.int8)], (1, 2), out=TensorProto.INT8)
    one("quantize_channels", "QuantizeLinear", [x, np.array([0.01, 0.02, 0.03], np.float32), np.array([1, 2, 3], np.uint8)], (1, 2),
        out=TensorProto.UINT8, axis=1)
    one("quantize_no_zero", "QuantizeLinear", [np.array([0.5, 1.5, 2.5, 300, -4], np.float32), s(1)], (1,), out=TensorProto.UINT8)
    one("dequantize", "DequantizeLinear", [u8(3, 4), s(0.1), s(7, np.uint8)], (1, 2))
    one("dequantize_channels", "DequantizeLinear", [i8(4, 3), np.array([0.1, 0.2, 0.3], np.float32), np.zeros(3, np.int8)], (1, 2), axis=1)
    one("dequantize_int32", "DequantizeLinear", [np.array([100000, -7], np.int32), s(0.001)], (1,))
    graph("dynamic_quantize", [("DynamicQuantizeLinear", ["x"], ["q", "s", "z"], {}), ("DequantizeLinear", ["q", "s", "z"], ["y"], {})],
          {"x": x}, ["y"])
    graph("qdq_conv", [("QuantizeLinear", ["x", "xs", "xz"], ["q"], {}), ("DequantizeLinear", ["q", "xs", "xz"], ["d"], {}),
                       ("DequantizeLinear", ["w", "ws", "wz"], ["wd"], {"axis": 0}), ("DequantizeLinear", ["b", "bs"], ["bd"], {}),
                       ("Conv", ["d", "wd", "bd"], ["c"], {"pads": [1, 1, 1, 1]}), ("Relu", ["c"], ["r"], {}),
                       ("QuantizeLinear", ["r", "ys", "xz"], ["yq"], {}), ("DequantizeLinear", ["yq", "ys", "xz"], ["y"], {})],
          {"x": x}, ["y"], {"xs": s(0.03), "xz": s(0, np.uint8), "w": i8(5, 3, 3, 3), "ws": np.abs(f(5)) * 0.01 + 0.002,
                            "wz": np.zeros(5, np.int8), "b": np.array([10, -20, 30, 5, 0], np.int32), "bs": s(0.001), "ys": s(0.1)})

    def qconv(name, xa, wa, bias, zero, weight_zero, **attributes):
        n = wa.shape[0]
        arrays = [xa, s(0.02), zero, wa, np.abs(f(n)) * 0.01 + 0.003, weight_zero, s(0.11), s(4, zero.dtype)]
        if bias:
            arrays.append(RNG.integers(-500, 500, n).astype(np.int32))
        kind = TensorProto.UINT8 if zero.dtype == np.uint8 else TensorProto.INT8
        one(name, "QLinearConv", arrays, range(1, len(arrays)), out=kind, **attributes)

    qconv("qlinearconv", u8(1, 3, 7, 7), i8(4, 3, 3, 3), True, s(120, np.uint8), np.zeros(4, np.int8), pads=[1, 1, 1, 1])
    qconv("qlinearconv_signed", i8(1, 3, 7, 7), i8(4, 3, 3, 3), False, s(5, np.int8), np.zeros(4, np.int8), strides=[2, 2])
    qconv("qlinearconv_depthwise", u8(1, 4, 6, 6), i8(4, 1, 3, 3), True, s(99, np.uint8), np.zeros(4, np.int8), group=4, pads=[1, 1, 1, 1])
    one("qlinearconv_unsigned", "QLinearConv", [u8(1, 2, 5, 5), s(0.02), s(3, np.uint8), u8(3, 2, 3, 3), s(0.01), s(128, np.uint8), s(0.2), s(100, np.uint8)],
        range(1, 8), out=TensorProto.UINT8)
    one("qlinearmatmul", "QLinearMatMul", [u8(3, 20), s(0.02), s(120, np.uint8), i8(20, 6), s(0.03), s(0, np.int8), s(0.4), s(100, np.uint8)],
        range(1, 8), out=TensorProto.UINT8)
    one("qlinearmatmul_columns", "QLinearMatMul", [u8(3, 20), s(0.02), s(120, np.uint8), i8(20, 3), np.array([0.01, 0.02, 0.03], np.float32),
                                                   np.zeros(3, np.int8), s(0.4), s(100, np.uint8)], range(1, 8), out=TensorProto.UINT8)
    one("matmulinteger", "MatMulInteger", [u8(3, 7), i8(7, 4), s(12, np.uint8), s(0, np.int8)], (1, 2, 3), out=TensorProto.INT32)
    one("matmulinteger_plain", "MatMulInteger", [u8(3, 7), u8(7, 4)], (1,), out=TensorProto.INT32)
    one("convinteger", "ConvInteger", [u8(1, 2, 5, 5), u8(3, 2, 3, 3), s(7, np.uint8)], (1, 2), out=TensorProto.INT32, pads=[1, 1, 1, 1])
    a, b = [u8(2, 3, 4, 4), s(0.03), s(100, np.uint8)], [u8(2, 3, 4, 4), s(0.05), s(120, np.uint8)]
    y = [s(0.07), s(90, np.uint8)]
    ms = {"domain": "com.microsoft", "out": TensorProto.UINT8}
    one("qlinearadd", "QLinearAdd", a + b + y, (1, 2, 4, 5, 6, 7), **ms)
    one("qlinearmul", "QLinearMul", a + b + y, (1, 2, 4, 5, 6, 7), **ms)
    one("qlinearsigmoid", "QLinearSigmoid", a + [s(1 / 256), s(0, np.uint8)], (1, 2, 3, 4), **ms)
    one("qlinearleakyrelu", "QLinearLeakyRelu", a + y, (1, 2, 3, 4), alpha=0.1, **ms)
    one("qlinearglobalaveragepool", "QLinearGlobalAveragePool", a + [s(0.02), s(100, np.uint8)], (1, 2, 3, 4), **ms)
    one("qlinearaveragepool", "QLinearAveragePool", a + [s(0.0213), s(100, np.uint8)], (1, 2, 3, 4), kernel_shape=[2, 2], strides=[2, 2], **ms)
    one("qlinearconcat", "QLinearConcat", y + a + b, (0, 1, 3, 4, 6, 7), axis=1, **ms)
    one("qgemm", "QGemm", [u8(3, 10), s(0.02), s(100, np.uint8), i8(6, 10), s(0.03), s(0, np.int8), RNG.integers(-300, 300, 6).astype(np.int32),
                           s(0.2), s(120, np.uint8)], range(1, 9), transB=1, **ms)
    one("qgemm_float", "QGemm", [u8(3, 10), s(0.02), s(100, np.uint8), i8(10, 6), s(0.03), s(0, np.int8)], range(1, 6), domain="com.microsoft")


def networks():
    """Several operators together, as exporters write them."""
    conv = [("Conv", ["x", "w1", "b1"], ["c1"], {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
            ("BatchNormalization", ["c1", "g", "h", "m", "v"], ["n1"], {}), ("Relu", ["n1"], ["r1"], {}),
            ("Conv", ["r1", "w2"], ["c2"], {"group": 6, "pads": [1, 1, 1, 1]}),
            ("BatchNormalization", ["c2", "g", "h", "m", "v"], ["n2"], {"epsilon": 0.001}), ("Add", ["n2", "r1"], ["a"], {}),
            ("GlobalAveragePool", ["a"], ["p"], {}), ("Flatten", ["p"], ["l"], {}), ("Gemm", ["l", "w3", "b3"], ["z"], {"transB": 1}),
            ("Softmax", ["z"], ["y"], {})]
    weights = {"w1": f(6, 3, 3, 3, scale=0.3), "b1": f(6), "g": f(6), "h": f(6), "m": f(6), "v": np.abs(f(6)) + 0.5,
               "w2": f(6, 1, 3, 3, scale=0.3), "w3": f(10, 6, scale=0.3), "b3": f(10)}
    graph("cnn", conv, {"x": f(2, 3, 12, 12)}, ["y"], weights, shapes={"x": ["n", 3, "h", "w"]})
    graph("cnn_constants", conv, {"x": f(1, 3, 10, 12)}, ["y"], weights, constants=True)
    graph("cnn_typed_data", conv, {"x": f(1, 3, 10, 12)}, ["y"], weights, raw=False)
    graph("batchnorm_read_twice", [("Conv", ["x", "w"], ["c"], {}), ("BatchNormalization", ["c", "g", "h", "m", "v"], ["n"], {}),
                                   ("Add", ["n", "c"], ["y"], {})], {"x": f(1, 3, 6, 6)}, ["y"],
          {"w": f(6, 3, 3, 3), "g": f(6), "h": f(6), "m": f(6), "v": np.abs(f(6)) + 0.2})
    graph("half_weights", [("Cast", ["w"], ["wf"], {"to": 1}), ("Cast", ["b"], ["bf"], {"to": 1}), ("MatMul", ["x", "wf"], ["m"], {}),
                           ("Add", ["m", "bf"], ["y"], {})], {"x": f(3, 8)}, ["y"], {"w": f(8, 5), "b": f(5)}, half=("w", "b"))
    graph("half_weights_typed", [("Cast", ["w"], ["wf"], {"to": 1}), ("MatMul", ["x", "wf"], ["y"], {})], {"x": f(3, 8)}, ["y"],
          {"w": f(8, 5)}, half=("w",), raw=False)
    d, h, n = 16, 4, 5
    attention = [("MatMul", ["x", "wq"], ["q0"], {}), ("Add", ["bq", "q0"], ["q1"], {}), ("MatMul", ["x", "wk"], ["k0"], {}),
                 ("Add", ["bk", "k0"], ["k1"], {}), ("MatMul", ["x", "wv"], ["v0"], {}), ("Add", ["bv", "v0"], ["v1"], {}),
                 ("Reshape", ["q1", "s"], ["q2"], {}), ("Reshape", ["k1", "s"], ["k2"], {}), ("Reshape", ["v1", "s"], ["v2"], {}),
                 ("Transpose", ["q2"], ["q3"], {"perm": [0, 2, 1, 3]}), ("Transpose", ["k2"], ["k3"], {"perm": [0, 2, 3, 1]}),
                 ("Transpose", ["v2"], ["v3"], {"perm": [0, 2, 1, 3]}), ("MatMul", ["q3", "k3"], ["l0"], {}),
                 ("Div", ["l0", "root"], ["l1"], {}), ("Softmax", ["l1"], ["a"], {"axis": -1}), ("MatMul", ["a", "v3"], ["o0"], {}),
                 ("Transpose", ["o0"], ["o1"], {"perm": [0, 2, 1, 3]}), ("Reshape", ["o1", "t"], ["o2"], {}),
                 ("MatMul", ["o2", "wo"], ["o3"], {}), ("Add", ["bo", "o3"], ["o4"], {}), ("Add", ["x", "o4"], ["y"], {})]
    graph("attention", attention, {"x": f(2, n, d)}, ["y"],
          {**{f"w{k}": f(d, d, scale=0.3) for k in "qkvo"}, **{f"b{k}": f(d) for k in "qkvo"}, "s": i64(0, 0, h, d // h),
           "t": i64(0, 0, d), "root": s((d // h) ** 0.5)}, shapes={"x": ["batch", "tokens", d]})
    tail = [("Transpose", ["o0"], ["o1"], {"perm": [0, 2, 1, 3]}), ("Reshape", ["o1", "t"], ["o2"], {}),
            ("MatMul", ["o2", "wo"], ["o3"], {}), ("Add", ["bo", "o3"], ["o4"], {})]
    norm = [("ReduceMean", ["x"], ["m"], {"axes": [-1]}), ("Sub", ["x", "m"], ["e"], {}), ("Pow", ["e", "two"], ["p"], {}),
            ("ReduceMean", ["p"], ["u"], {"axes": [-1]}), ("Add", ["u", "eps"], ["z"], {}), ("Sqrt", ["z"], ["r"], {}),
            ("Div", ["e", "r"], ["n"], {}), ("Mul", ["n", "g"], ["w"], {}), ("Add", ["w", "c"], ["h"], {})]
    common = {"g": f(d), "c": f(d), "two": s(2), "eps": s(1e-6), "wo": f(d, d, scale=0.3), "bo": f(d), "s": i64(0, 0, h, d // h),
              "t": i64(0, 0, d)}
    # Hugging Face's BERT: LayerNorm before is after the embedding; padding is masked.
    bert = [(kind, [("h" if i == "x" else i) for i in ins], outs, a) for kind, ins, outs, a in attention[:14]]
    masked = [("Unsqueeze", ["keep"], ["k_1"], {"axes": [1]}), ("Unsqueeze", ["k_1"], ["k_2"], {"axes": [2]}),
              ("Cast", ["k_2"], ["k_3"], {"to": 1}), ("Sub", ["unit", "k_3"], ["k_4"], {}), ("Mul", ["k_4", "low"], ["mask"], {})]
    graph("attention_bert", norm + masked + bert + [("Add", ["l1", "mask"], ["l2"], {}), ("Softmax", ["l2"], ["a"], {"axis": -1}),
                                                    ("MatMul", ["a", "v3"], ["o0"], {})] + tail + [("Add", ["o4", "h"], ["y"], {})],
          {"x": f(2, n, d), "keep": np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], np.int64)}, ["y"],
          {**common, **{f"w{k}": f(d, d, scale=0.3) for k in "qkv"}, **{f"b{k}": f(d) for k in "qkv"}, "root": s((d // h) ** 0.5),
           "unit": s(1), "low": s(-10000)}, shapes={"x": ["b", "n", d], "keep": ["b", "n"]}, opset=12)
    fused = [("LayerNormalization", ["x", "g", "c"], ["h"], {"epsilon": 1e-6}), ("MatMul", ["h", "wqkv"], ["q_"], {}),
             ("Add", ["q_", "bqkv"], ["q__"], {}), ("Reshape", ["q__", "s5"], ["r5"], {}),
             ("Transpose", ["r5"], ["p5"], {"perm": [2, 0, 3, 1, 4]})]
    weights = {**common, "wqkv": f(d, 3 * d, scale=0.3), "bqkv": f(3 * d), "s5": i64(0, 0, 3, h, d // h), "i0": s(0, np.int64),
               "i1": s(1, np.int64), "i2": s(2, np.int64), "scale": s((h / d) ** 0.5), "half": s((h / d) ** 0.25)}
    # timm's vision transformers: one product for all three.
    graph("attention_timm", fused + [("Gather", ["p5", f"i{k}"], [f"{'qkv'[k]}3"], {"axis": 0}) for k in range(3)] +
          [("Transpose", ["k3"], ["kt"], {"perm": [0, 1, 3, 2]}), ("MatMul", ["q3", "kt"], ["l0"], {}), ("Mul", ["l0", "scale"], ["l1"], {}),
           ("Softmax", ["l1"], ["a"], {"axis": -1}), ("MatMul", ["a", "v3"], ["o0"], {})] + tail + [("Add", ["x", "o4"], ["y"], {})],
          {"x": f(2, n, d)}, ["y"], weights, opset=17, shapes={"x": ["b", "n", d]})
    # scaled_dot_product_attention: both q and k times the root of the scale.
    graph("attention_sdpa", fused + [("Split", ["p5", "ones"], ["s0", "s1", "s2"], {"axis": 0})] +
          [("Squeeze", [f"s{k}", "zero"], [f"{'qkv'[k]}3"], {}) for k in range(3)] +
          [("Transpose", ["k3"], ["kt"], {"perm": [0, 1, 3, 2]}), ("Mul", ["q3", "half"], ["qs"], {}), ("Mul", ["kt", "half"], ["ks"], {}),
           ("MatMul", ["qs", "ks"], ["l1"], {}), ("Softmax", ["l1"], ["a"], {"axis": -1}), ("MatMul", ["a", "v3"], ["o0"], {})] + tail +
          [("Add", ["x", "o4"], ["y"], {})],
          {"x": f(1, n, d)}, ["y"], {**weights, "ones": i64(1, 1, 1), "zero": i64(0)}, opset=17, shapes={"x": ["b", "n", d]})
    graph("squeeze_excite", [("GlobalAveragePool", ["x"], ["p"], {}), ("Conv", ["p", "w1", "b1"], ["a"], {}), ("Relu", ["a"], ["r"], {}),
                             ("Conv", ["r", "w2", "b2"], ["b"], {}), ("HardSigmoid", ["b"], ["h"], {"alpha": 0.2, "beta": 0.5}),
                             ("Mul", ["x", "h"], ["y"], {})], {"x": f(2, 8, 5, 6)}, ["y"],
          {"w1": f(2, 8, 1, 1), "b1": f(2), "w2": f(8, 2, 1, 1), "b2": f(8)}, opset=11)
    graph("unsorted", [("Add", ["b", "x"], ["y"], {}), ("Relu", ["a"], ["b"], {}), ("Neg", ["x"], ["a"], {})], {"x": f(3, 4)}, ["y"])
    graph("two_inputs_outputs", [("Add", ["a", "b"], ["s"], {}), ("Mul", ["a", "b"], ["p"], {})], {"a": f(3, 4), "b": f(4)}, ["s", "p"],
          shapes={"a": ["n", "d"], "b": ["d"]})
    graph("output_of_input", [("Neg", ["x"], ["y"], {}), ("Identity", ["x"], ["z"], {})], {"x": f(2, 3)}, ["y", "z"])


def attentions():
    """Forms of PyTorch's exports beside those among the networks: torch.nn.MultiheadAttention, batched products, thirds by Slice and Split."""
    d, h, n, b = 16, 4, 5, 2
    dk = d // h
    before = [("LayerNormalization", ["x", "g", "c"], ["h"], {"epsilon": 1e-5})]
    after = [("Add", ["x", "o9"], ["y"], {})]
    common = {"g": f(d), "c": f(d), "bo": f(d), "root": s(dk**0.5)}
    three = {"w": f(d, 3 * d, scale=0.3), "b": f(3 * d)}

    def case(name, nodes, more):
        graph(name, before + nodes + after, {"x": f(b, n, d)}, ["y"], {**common, **more}, opset=17)

    def cut(kind, value, outs):
        if kind == "Split":
            return [("Split", [value, "sizes"], outs, {"axis": -1})]
        return [("Slice", [value, f"at{k}", f"at{k + 1}", "last"], [out], {}) for k, out in enumerate(outs)]

    places = {f"at{k}": i64(k * d) for k in range(4)} | {"last": i64(-1), "sizes": i64(d, d, d)}
    rest = [("Softmax", ["l1"], ["a"], {"axis": -1}), ("MatMul", ["a", "v3"], ["o0"], {})]
    # Tokens come before sequences; heads and sequences are one dimension; the last product is a Gemm.
    case("attention_mha", [("Transpose", ["h"], ["h1"], {"perm": [1, 0, 2]}), ("MatMul", ["h1", "w"], ["p0"], {}), ("Add", ["b", "p0"], ["p1"], {}),
                           *cut("Slice", "p1", ["q0", "k0", "v0"]), *(("Reshape", [f"{x}0", "flat"], [f"{x}1"], {}) for x in "qkv"),
                           ("Transpose", ["q1"], ["q2"], {"perm": [1, 0, 2]}), ("Transpose", ["v1"], ["v3"], {"perm": [1, 0, 2]}),
                           ("Transpose", ["k1"], ["k3"], {"perm": [1, 2, 0]}), ("Div", ["q2", "root"], ["q3"], {}),
                           ("MatMul", ["q3", "k3"], ["l1"], {}), *rest, ("Transpose", ["o0"], ["o1"], {"perm": [1, 0, 2]}),
                           ("Reshape", ["o1", "rows"], ["o2"], {}), ("Gemm", ["o2", "wo", "bo"], ["o3"], {"transB": 1}),
                           ("Reshape", ["o3", "tokens"], ["o4"], {}), ("Transpose", ["o4"], ["o9"], {"perm": [1, 0, 2]})],
         {**three, **places, "wo": f(d, d, scale=0.3), "flat": i64(n, b * h, dk), "rows": i64(n * b, d), "tokens": i64(n, b, d)})
    apart = [("Transpose", ["o0"], ["o1"], {"perm": [0, 2, 1, 3]}), ("Reshape", ["o1", "t"], ["o2"], {}), ("MatMul", ["o2", "wo"], ["o3"], {}),
             ("Add", ["bo", "o3"], ["o9"], {})]
    for kind in ("Slice", "Split"):
        case(f"attention_{kind.lower()}", [("MatMul", ["h", "w"], ["p0"], {}), ("Add", ["b", "p0"], ["p1"], {}), *cut(kind, "p1", ["q0", "k0", "v0"]),
                                           *(("Reshape", [f"{x}0", "heads"], [f"{x}1"], {}) for x in "qkv"),
                                           ("Transpose", ["q1"], ["q3"], {"perm": [0, 2, 1, 3]}), ("Transpose", ["k1"], ["k3"], {"perm": [0, 2, 3, 1]}),
                                           ("Transpose", ["v1"], ["v3"], {"perm": [0, 2, 1, 3]}), ("MatMul", ["q3", "k3"], ["l0"], {}),
                                           ("Div", ["l0", "root"], ["l1"], {}), *rest, *apart],
             {**three, **places, "wo": f(d, d, scale=0.3), "heads": i64(0, 0, h, dk), "t": i64(0, 0, d)})
    # Batched products over heads and sequences.
    nodes = []
    for x in "qkv":
        nodes += [("MatMul", ["h", f"w{x}"], [f"{x}0"], {}), ("Add", [f"b{x}", f"{x}0"], [f"{x}1"], {}), ("Reshape", [f"{x}1", "heads"], [f"{x}2"], {}),
                  ("Transpose", [f"{x}2"], [f"{x}4"], {"perm": [0, 2, 1, 3]}), ("Reshape", [f"{x}4", "flat"], [f"{x}{3 if x == 'v' else 5}"], {})]
    nodes += [("Div", ["q5", "root"], ["q3"], {}), ("Transpose", ["k5"], ["k3"], {"perm": [0, 2, 1]}), ("MatMul", ["q3", "k3"], ["l1"], {}), *rest[:1],
              ("MatMul", ["a", "v3"], ["o8"], {}), ("Reshape", ["o8", "apart"], ["o0"], {}), *apart]
    case("attention_bmm", nodes, {**{f"w{x}": f(d, d, scale=0.3) for x in "qkvo"}, **{f"b{x}": f(d) for x in "qkv"}, "heads": i64(0, 0, h, dk),
                                  "flat": i64(b * h, n, dk), "apart": i64(b, h, n, dk), "t": i64(0, 0, d)})
    # No attention: heads that are interleaved otherwise, which only the places of the elements tell.
    case("attention_interleaved", [("MatMul", ["h", "w"], ["p0"], {}), ("Add", ["b", "p0"], ["p1"], {}), ("Reshape", ["p1", "heads"], ["p2"], {}),
                                   *(("Gather", ["p2", f"i{k}"], [f"{x}1"], {"axis": 3}) for k, x in enumerate("qkv")),
                                   ("Transpose", ["q1"], ["q3"], {"perm": [0, 2, 1, 3]}), ("Transpose", ["k1"], ["k3"], {"perm": [0, 2, 3, 1]}),
                                   ("Transpose", ["v1"], ["v3"], {"perm": [0, 2, 1, 3]}), ("MatMul", ["q3", "k3"], ["l0"], {}),
                                   ("Div", ["l0", "root"], ["l1"], {}), *rest, *apart],
         {**three, "wo": f(d, d, scale=0.3), "heads": i64(0, 0, h, 3, dk), "t": i64(0, 0, d), **{f"i{k}": s(k, np.int64) for k in range(3)}})


def shipped(name, *shape):
    """A network of models/, of which the archive has inputs and outputs alone."""
    CASES[name] = ((ARCHIVE.parents[2] / "models" / name / "model.onnx").read_bytes(), {"image": RNG.random(shape, np.float32)})


def add(archive, name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


def npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def main():
    for part in (convolutions, products, elementwise, rows, pooling, movement, resizing, integers, networks):
        part()
    shipped("fashion-cnn", 3, 1, 28, 28)
    shipped("fashion-vit", 3, 1, 28, 28)
    attentions()
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, (model, inputs) in CASES.items():
            try:
                session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
                outputs = session.run(None, inputs)
            except Exception as error:  # noqa: BLE001: the name of the case is needed
                print(f"{name}: {error}", file=sys.stderr)
                continue
            files = {"model.onnx": model, **{f"in.{k}.npy": npy(a) for k, a in inputs.items()},
                     **{f"out.{o.name}.npy": npy(a) for o, a in zip(session.get_outputs(), outputs)}}
            for file, data in files.items():
                if len(data) > 1 << 17:  # it is in models/
                    file, data = "model.sha256", hashlib.sha256(data).hexdigest().encode()
                add(archive, f"{name}/{file}", data)
                if len(sys.argv) > 1:
                    (Path(sys.argv[1]) / name).mkdir(parents=True, exist_ok=True)
                    (Path(sys.argv[1]) / name / file).write_bytes(data)
    ARCHIVE.write_bytes(gzip.compress(plain.getvalue(), 9, mtime=0))
    print(f"{len(CASES)} cases, {ARCHIVE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
