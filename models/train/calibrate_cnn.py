#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calibrate a convolutional network for integer layers.

Runs the float network on training images and writes DIR/calibration.json: for each layer with weights that is not binary, in order, its
name and `a`, one LSB of the 8-bit activations that enter it: the largest activation / 255. The keys, their units and ranges are in
docs/systems/network.md. Needs numpy only.
"""

import program  # the first: what goes wrong from here on is one line

import json
import os

import numpy as np

import cnn
import files

BATCH = 500


def scales(folder, listed, weights, images):
    """{name: a} of the layers with weights; images [n, rows, columns] of 0..255."""
    largest = {}
    for i in range(0, len(images), BATCH):
        for layer, h, y in cnn.forward(listed, weights, images[i : i + BATCH].astype(np.float32) / np.float32(255)):
            name = layer["name"]
            if not np.isfinite(y).all():
                program.fail(folder, f"{name}: what it gives is not finite")
            if cnn.has_weights(layer) and not cnn.is_binary(layer):
                if h.min() < 0:
                    program.fail(folder, f"{name}: what enters it is negative; unsigned activations are wanted")
                largest[name] = max(largest.get(name, 0.0), float(h.max()))
    return {name: (peak if peak > 0 else 1.0) / 255 for name, peak in largest.items()}


def main():
    ap = program.Parser(__doc__)
    ap.add_argument("model", nargs="?", default=os.path.join(program.HOME, "models", "fashion-cnn"), metavar="DIR")
    ap.add_argument("--data", default="/usr/share/datasets/fashion-mnist", help="folder of the IDX files")
    ap.add_argument("--images", type=program.integer(1, 1 << 20), default=2000, help="the first training images are used")
    args = ap.parse_args()

    config, listed, _, weights = cnn.load(args.model)
    layers = scales(args.model, listed, weights, files.read_images(args.data, config["image"], args.images))
    text = {"images": args.images, "layers": [{"name": name, "a": a} for name, a in layers.items()]}
    files.write_all(args.model, {"calibration.json": json.dumps(text, indent=1) + "\n"})
    for name, a in layers.items():
        print(f"{name}: a {a:.6g}")


if __name__ == "__main__":
    main()
