#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Streaming keyword networks through `perimeter infer`: how often each system hears its word, and how often others.

    wake_words.py PACKAGE [--word NAME] [--utterances N] [--systems PLACE ...] [--program PERIMETER]

PACKAGE is the folder of pymicro-wakeword 2.5.0, whose checksum is wanted. Half of the utterances are the word, half are lines of
data/calibration.txt, by espeak-ng's and flite's voices in noise 5 to 20 dB below (--seed). A word is heard where the mean of five
outputs exceeds the network's cutoff. Float: the file's weights, no rounding between layers. Before all else the same network, rounded as
TFLite does, is held against the package's own TFLite, output by output. Needs numpy, onnx, onnxruntime, tflite, pymicro-features.
"""

import program  # the first: what goes wrong from here on is one line

import os
import sys
import tempfile

import numpy as np
import onnx

import files
import streaming
import voices
from placed import HEAD, Network, checked, in_rtl, show

WORDS = {
    "okay_nabu": ("okay nabu", "d89128c4d16a72de429119fb2254ce46649553c2a24f5dd840175c80d7b9d094"),
    "hey_jarvis": ("hey jarvis", "21a7976add39ee24ec96c63d96b7aaa18e24d1d9824b963e451da8feb4b78b77"),
    "alexa": ("alexa", "9011a8155b04de858c48038529235cbc0e42e9fca05a55bf588cb80a653a723b"),
    "hey_mycroft": ("hey mycroft", "c2a9b6ed51182db72e014781d5a4ece1929dc232a40b5b4be384f0295f0e1571"),
}
BATCH = 100


def utterances(word, n, seed):
    """n sounds of which the first half are the word."""
    r = np.random.default_rng(seed)
    with open(os.path.join(program.HOME, "data", "calibration.txt"), encoding="utf-8") as f:
        others = [line.strip() for line in f if line.isascii() and 20 < len(line) < 60]
    return [voices.with_noise(voices.anyone(word if i < n // 2 else others[r.integers(len(others))], r), r, 5, 20) for i in range(n)]


def features(package, sound):
    """[features, frames] as the package makes them."""
    heard = package.MicroWakeWordFeatures()
    frames = heard.process_streaming((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return np.concatenate([f[0] for f in frames]).astype(np.float32).T


def padded(all_features, stride):
    """One array [n, features, frames] of whole inferences; what is short ends in its last frame."""
    frames = -(-max(f.shape[1] for f in all_features) // stride) * stride
    return np.stack([np.pad(f, ((0, 0), (0, frames - f.shape[1])), mode="edge") for f in all_features])


def heard(p, window, cutoff):
    """Whether the mean over a window exceeds the cutoff somewhere."""
    sums = np.cumsum(np.pad(p[:, 0], ((0, 0), (1, 0))), 1)
    return ((sums[:, window:] - sums[:, :-window]) / window > cutoff).any(1)


def against_tflite(package, path, x, p):
    """Outputs that differ between the rounded network and the package's TFLite, and the largest difference."""
    differ, largest = 0, 0.0
    for frames, ours in zip(x, p[:, 0]):
        network = package.MicroWakeWord.from_config(path.replace(".tflite", ".json"))
        theirs = []
        for t in range(frames.shape[1]):
            network.process_streaming_prob(frames[:, t].reshape(1, 1, -1))
            if (t + 1) % network.stride == 0:
                theirs.append(network._probabilities[-1])  # pylint: disable=protected-access
        apart = np.abs(np.array(theirs) - ours)
        differ, largest = differ + int((apart > 1e-6).sum()), max(largest, float(apart.max()))
    return differ, largest


def run(network, x, place):
    found, sums = network.each([x[i : i + BATCH] for i in range(0, len(x), BATCH)], (place,) if place else ())
    return np.concatenate(found), sums


def main():
    ap = program.Parser(__doc__)
    ap.add_argument("package", metavar="PACKAGE")
    ap.add_argument("--word", choices=WORDS, default="okay_nabu")
    ap.add_argument("--utterances", type=program.integer(2, 100000), default=1000)
    ap.add_argument("--seed", type=program.integer(0, 1 << 20), default=1)
    ap.add_argument("--systems", nargs="*", default=["*=int8", "*=hyflex,cell=1", "*=hyflex,cell=2"], metavar="PLACE")
    ap.add_argument("--program", default=os.path.join(program.HOME, "build", "perimeter"), metavar="PERIMETER")
    args = ap.parse_args()
    said, checksum = WORDS[args.word]
    path = checked(os.path.join(args.package, "models"), args.word + ".tflite", checksum)
    sys.path.insert(0, os.path.dirname(os.path.abspath(args.package)))
    import pymicro_wakeword as package  # pylint: disable=import-outside-toplevel

    settings = files.read_json(path.replace(".tflite", ".json"))["micro"]
    cutoff, window = settings["probability_cutoff"], settings["sliding_window_size"]
    half = args.utterances // 2
    with tempfile.TemporaryDirectory() as folder:
        networks = []
        for name, quantised in (("float", False), ("rounded", True)):
            model, stride = streaming.convert(path, quantised)
            onnx.save(model, os.path.join(folder, name + ".onnx"))
            networks.append(Network(args.program, os.path.join(folder, name + ".onnx"), folder))
        x = padded([features(package, sound) for sound in utterances(said, args.utterances, args.seed)], stride)
        few = np.concatenate((x[:10], x[half : half + 10]))
        p, _ = run(networks[1], few, None)
        differ, largest = against_tflite(package, path, few, p)
        print(f"rounded as TFLite does: {differ} of {p.size} outputs differ from its, by at most {largest:.4f}")
        exact, _ = run(networks[0], x, None)
        oracle = np.concatenate([networks[0].oracle(x[i : i + BATCH]) for i in range(0, len(x), BATCH)])
        print(f"largest difference from onnxruntime, in float: {np.abs(exact - oracle).max() / np.abs(oracle).max():.2g}")
        print(f'"{said}", {half} utterances, and {args.utterances - half} others; cutoff {cutoff}\n')
        show(["", "heard", "others heard", "as in float", "largest difference", *HEAD])
        show(["---"] * 10)
        wanted = heard(exact, window, cutoff)
        for name, network, place in (("float", networks[0], None), ("rounded as TFLite", networks[1], None),
                                     *((place, networks[0], place) for place in args.systems)):
            p, sums = run(network, x, place)
            found = heard(p, window, cutoff)
            show([f"`{name}`" if place else name, f"{100 * found[:half].mean():.1f} %", f"{100 * found[half:].mean():.1f} %",
                  f"{100 * (found == wanted).mean():.1f} %", f"{np.abs(p - exact).max():.3f}", *sums.columns()])
        print()
        for place in args.systems:
            if "hyflex" in place:
                in_rtl(networks[0], x[:1], place.split("=", 1)[1])


if __name__ == "__main__":
    main()
