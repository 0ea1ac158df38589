#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calibrate the fused attention engine for a trained vision transformer.

Runs the float network on training images and writes DIR/calibration.json: for each layer the channel means and
scales that are folded into its weights, the scale of the 16-bit activations, and the registers M_K and M_V.
The keys, their units and ranges are in docs/systems/network.md. Needs numpy only.
"""

import program  # the first: what goes wrong from here on is one line

import math
import os

import numpy as np

import calibration
import encoder
import files


def main():
    ap = program.Parser(__doc__)
    ap.add_argument("--data", default="/usr/share/datasets/fashion-mnist", help="folder of the IDX files")
    ap.add_argument("--model", default=os.path.join(program.HOME, "models", "fashion-vit"), metavar="DIR")
    ap.add_argument("--images", type=program.integer(1, 1 << 20), default=1000, help="the first training images are used")
    calibration.add_options(ap)
    args = ap.parse_args()

    config, weights = encoder.load(args.model)
    if config["type"] != "vit":
        program.fail(args.model, "takes sentences; convert_bert.py calibrates it")
    weights = {name: t.astype(np.float64) for name, t in weights.items()}
    images = files.read_images(args.data, config["image"], args.images)
    inputs = encoder.attention_inputs(config, weights, encoder.embed_images(config, weights, images))
    layers = calibration.calibrate(args.model, inputs, weights, args)
    files.write_all(args.model, {
        "calibration.json": calibration.text({"images": args.images}, args, layers, **calibration.kept(args.model))})
    for i, layer in enumerate(layers):
        print(f"layer {i}: sx 2^{math.log2(layer['sx']):.0f}, M_K {layer['mk']}, M_V {layer['mv']}, "
              f"a 2^{min(layer['a_log2'])}..2^0")


if __name__ == "__main__":
    main()
