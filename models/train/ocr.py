#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PP-OCR's text-direction classifier and recogniser through `perimeter infer`: float against integers on each system.

    ocr.py MODELS [--lines N] [--read N] [--systems PLACE ...] [--program PERIMETER]

MODELS is the folder of the networks in the package rapidocr-onnxruntime 1.4.4, whose checksums are wanted. Lines of text are rendered from
Debian's fonts, half of them upside down, with a fixed seed: words of data/calibration.txt and numbers, sizes, shades, noise and blur
drawn. The classifier says whether a line is upside down; the recogniser reads upright lines (greedy CTC). Every row of the report: share of right
lines, or the error of characters; lines on which the network in float says the same; what the system counted a line; lines a second. Needs numpy, Pillow
and onnxruntime.
"""

import program  # the first: what goes wrong from here on is one line

import os
import tempfile

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from placed import HEAD, Network, checked, in_rtl, show

CLASSIFIER = ("ch_ppocr_mobile_v2.0_cls_infer.onnx", "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c")
RECOGNISER = ("ch_PP-OCRv4_rec_infer.onnx", "48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b")
FONTS = [f"/usr/share/fonts/truetype/{name}.ttf" for name in (
    "dejavu/DejaVuSans", "dejavu/DejaVuSans-Bold", "dejavu/DejaVuSansMono", "dejavu/DejaVuSerif", "dejavu/DejaVuSerif-Bold",
    "lato/Lato-Regular", "lato/Lato-Bold", "lato/Lato-Italic", "lato/Lato-Light", "lato/Lato-Heavy")]
HEIGHT, WIDTH = 48, 192  # of the classifier's image
BATCH = 50


# ---- lines ----


def texts(n, rng):
    """One to four words, or a number among them."""
    with open(os.path.join(program.HOME, "data", "calibration.txt"), encoding="utf-8") as f:
        words = sorted({w.strip(".,;:!?\"'()") for w in f.read().split()} - {""})
    for _ in range(n):
        line = [str(rng.integers(0, 10**rng.integers(1, 6))) if rng.random() < 0.2 else words[rng.integers(len(words))]
                for _ in range(rng.integers(1, 5))]
        yield " ".join(line)


def render(text, rng):
    """A line as a grey image, dark on light or light on dark."""
    font = ImageFont.truetype(FONTS[rng.integers(len(FONTS))], int(rng.integers(18, 44)))
    left, top, right, bottom = font.getbbox(text)
    edge = [int(rng.integers(2, 9)) for _ in range(4)]
    paper, ink = int(rng.integers(170, 256)), int(rng.integers(0, 90))
    if rng.random() < 0.25:
        paper, ink = ink, paper
    image = Image.new("L", (right - left + edge[0] + edge[1], bottom - top + edge[2] + edge[3]), paper)
    ImageDraw.Draw(image).text((edge[0] - left, edge[2] - top), text, fill=ink, font=font)
    image = image.rotate(rng.normal(0, 1), resample=Image.BICUBIC, fillcolor=paper)
    image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.2)))
    noisy = np.asarray(image, np.float32) + rng.normal(0, rng.uniform(0, 12), (image.height, image.width))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def prepared(image, width):
    """[3,48,width] in -1..1; what is right of the line is 0."""
    scaled = min(width, max(1, -(-HEIGHT * image.width // image.height)))
    pixels = np.asarray(image.resize((scaled, HEIGHT), Image.BILINEAR), np.float32) / 127.5 - 1
    out = np.zeros((3, HEIGHT, width), np.float32)
    out[:, :, :scaled] = pixels
    return out


# ---- what they say ----


def apart(network, batches, found):
    """The largest difference from onnxruntime over the largest magnitude of a batch."""
    return max(float(np.abs(y - oracle).max() / np.abs(oracle).max()) for y, oracle in zip(found, map(network.oracle, batches)))


def classify(network, images, labels, systems):
    """The table of the classifier."""
    show(["direction", "right", "as float", *HEAD])
    show(["---"] * 8)
    batches = [np.stack([prepared(i, WIDTH) for i in images[k:k + BATCH]]) for k in range(0, len(images), BATCH)]
    float_says, worst = None, 0.0
    for place in [(), *((s,) for s in systems)]:
        found, sums = network.each(batches, place)
        worst = worst if place else apart(network, batches, found)
        says = np.concatenate([y.argmax(1) for y in found])
        float_says = says if float_says is None else float_says
        show([" ".join(place) or "float on the host", f"{(says == labels).mean() * 100:.1f} %", f"{(says == float_says).mean() * 100:.1f} %", *sums.columns()])
    print(f"\nlargest difference from onnxruntime, in float: {worst:.2g}\n")


def edits(a, b):
    """Levenshtein's distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def decoded(y, characters):
    """Greedy CTC: class 0 is the blank."""
    best = y.argmax(-1)
    return ["".join(characters[c] for k, c in enumerate(row) if c and (k == 0 or row[k - 1] != c)) for row in best]


def read(network, images, lines, systems):
    """The table of the recogniser."""
    characters = ["", *network.session.get_modelmeta().custom_metadata_map["character"].splitlines(), " "]
    width = max(320, max(-(-HEIGHT * i.width // i.height) for i in images))
    show(["reading", "lines right", "characters wrong", "as float", *HEAD])
    show(["---"] * 9)
    batches = [np.stack([prepared(i, width) for i in images[k:k + 10]]) for k in range(0, len(images), 10)]
    float_says, worst = None, 0.0
    for place in [(), *((s,) for s in systems)]:
        found, sums = network.each(batches, place)
        worst = worst if place else apart(network, batches, found)
        says = [text for y in found for text in decoded(y, characters)]
        float_says = float_says or says
        wrong = sum(edits(a.replace(" ", ""), b.replace(" ", "")) for a, b in zip(says, lines)) / sum(len(b.replace(" ", "")) for b in lines)
        right = np.mean([a.replace(" ", "") == b.replace(" ", "") for a, b in zip(says, lines)])
        same = np.mean([a == b for a, b in zip(says, float_says)])
        show([" ".join(place) or "float on the host", f"{right * 100:.1f} %", f"{wrong * 100:.2f} %", f"{same * 100:.1f} %", *sums.columns()])
    print(f"\nlargest difference from onnxruntime, in float: {worst:.2g}\n")


def main():
    ap = program.Parser(__doc__)
    ap.add_argument("models", metavar="MODELS")
    ap.add_argument("--lines", type=program.integer(1, 100000), default=1000, help="for the classifier (default 1000)")
    ap.add_argument("--read", type=program.integer(0, 100000), default=100, help="for the recogniser (default 100)")
    ap.add_argument("--systems", nargs="*", default=["*=int8", "*=hyflex,cell=1", "*=hyflex,cell=2"], metavar="PLACE")
    ap.add_argument("--program", default=os.path.join(program.HOME, "build", "perimeter"), metavar="PERIMETER")
    ap.add_argument("--seed", type=program.integer(0, 2**32 - 1), default=1)
    args = ap.parse_args()
    rng = np.random.default_rng(args.seed)
    lines = list(texts(args.lines, rng))
    images = [render(text, rng) for text in lines]
    turned = rng.integers(0, 2, args.lines)
    with tempfile.TemporaryDirectory() as folder:
        network = Network(args.program, checked(args.models, *CLASSIFIER), folder)
        classify(network, [i.rotate(180, expand=True) if t else i for i, t in zip(images, turned)], turned, args.systems)
        for place in args.systems:
            if "hyflex" in place:
                in_rtl(network, prepared(images[0], WIDTH)[None], place.split("=", 1)[1])
        if args.read:
            network = Network(args.program, checked(args.models, *RECOGNISER), folder)
            read(network, images[:args.read], lines[:args.read], args.systems)
            for place in args.systems:
                if "hyflex" in place:
                    in_rtl(network, prepared(images[0], WIDTH)[None], place.split("=", 1)[1])


if __name__ == "__main__":
    main()
