#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`perimeter infer` against onnxruntime, on the cases that tests/infer_cases.py made: tests/infer.py [CASE ...]
Of every case, every output's largest error over its largest magnitude must be below 1e-4; integers must be equal. Then layers
placed on systems, `perimeter inspect`, and what must be refused: exit status 2, one line that names file and reason, no output."""
import hashlib
import json
import math
import os
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import wave
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("PERIMETER_BUILD", ROOT / "build"))
PROGRAM = Path(os.environ.get("PERIMETER_PROGRAM", BUILD / "asan/perimeter")).resolve()
MOST = 1e-4
ATTENTIONS = ("attention_timm", "attention_sdpa", "attention_mha", "attention_slice", "attention_split", "attention_bmm")
KINDS = {"<f4": "f", "<i8": "q", "<i4": "i", "|u1": "B", "|i1": "b"}


def load(path):
    """Shape, kind and elements of a .npy file in C order."""
    data = path.read_bytes()
    length = struct.unpack_from("<H", data, 8)[0]
    header = eval(data[10:10 + length], {"__builtins__": {}}, {"False": False, "True": True})  # pylint: disable=eval-used
    kind = KINDS[header["descr"]]
    body = data[10 + length:]
    return header["shape"], kind, struct.unpack(f"<{len(body) // struct.calcsize(kind)}{kind}", body)


def difference(got, wanted):
    """The largest error over the largest magnitude; infinite where shape or kind differ, or integers."""
    (shape, kind, values), (wanted_shape, wanted_kind, wanted_values) = got, wanted
    if shape != wanted_shape or (kind == "f") != (wanted_kind == "f"):
        return float("inf")
    if kind != "f":
        return 0.0 if values == wanted_values else float("inf")
    magnitude = max((abs(v) for v in wanted_values), default=0) or 1.0
    errors = [0.0 if a == b else abs(a - b) for a, b in zip(values, wanted_values)]
    return max(errors, default=0) / magnitude if not any(e != e for e in errors) else float("inf")


class Tests:
    """Runs and counts."""

    def __init__(self, folder):
        self.folder, self.worst = folder, 0.0

    @staticmethod
    def verdict(passed, name, why=""):
        if not passed:
            print(f"# {name}: {why}")
        print(f"{'ok' if passed else 'not ok'} - infer {name}")

    def call(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, cwd=self.folder)

    def infer(self, name, *more):
        """A case's largest difference from its stored outputs, and what the program said."""
        case = self.folder / name
        model = case / "model.onnx" if (case / "model.onnx").exists() else ROOT / "models" / name / "model.onnx"
        if (case / "model.sha256").exists() and hashlib.sha256(model.read_bytes()).hexdigest() != (case / "model.sha256").read_text():
            return float("inf"), f"{model} has changed: tests/infer_cases.py makes its outputs anew"
        outputs = sorted(case.glob("out.*.npy"))
        command = ["infer", model, *more]
        for path in sorted(case.glob("in.*.npy")):
            command += ["--in", f"{path.name[3:-4]}={path}"]
        for path in outputs:
            command += ["--out", f"{path.name[4:-4]}={case / ('got.' + path.name)}"]
        done = self.call(*command)
        if done.returncode or done.stderr:
            return float("inf"), f"exit status {done.returncode}: {done.stderr.strip()[-400:]}"
        return max(difference(load(case / ("got." + path.name)), load(path)) for path in outputs), done.stdout

    def equal(self, name):
        error, said = self.infer(name)
        self.worst = max(self.worst, error if error < MOST else 0)
        self.verdict(error < MOST, name, said if error == float("inf") else f"{error:.2g} from onnxruntime's")

    def placed(self, name, place, lo, hi, *said):
        """With layers placed the difference is in lo..hi, and the program says these words."""
        error, text = self.infer(name, *(word for p in place.split() for word in ("--place", p)))
        self.verdict(lo <= error <= hi and all(word in text for word in said), f"{name} with {place}", f"{error:.2g}, {text[-400:]}")

    def shows(self, name, *lines, shape=()):
        # Lines may go on: there may be more systems.
        done = self.call("inspect", self.folder / name / "model.onnx", *(word for s in shape for word in ("--shape", s)))
        missing = [line for line in lines if not any(said.startswith(line) for said in done.stdout.splitlines())]
        self.verdict(done.returncode == 0 and not missing, f"inspect {name}", f"{missing}\n{done.stdout}"[:600].replace("\n", "\n# "))

    def refused(self, name, why, *arguments, command="infer"):
        """`why` must be in the one line; no file must be there afterwards that was not."""
        before = sorted(self.folder.iterdir())
        done = self.call(command, *arguments)
        said = done.stderr.startswith("perimeter: ") and done.stderr.count("\n") == 1 and why in done.stderr
        self.verdict(done.returncode == 2 and said and sorted(self.folder.iterdir()) == before, f"refuses {name}",
                     f"exit status {done.returncode}: {done.stderr}")


# Kept inputs of the fuzzing, and what is said of them.
HOSTILE = {
    "axis": "axis 77 of 2 dimensions", "cycle": "a cyclic graph", "itself": "a cyclic graph", "deep": "not an ONNX file",
    "empty": "not an ONNX file", "text": "not an ONNX file", "truncated": "truncated", "external": "in another file",
    "huge_constant": "2^31 elements", "huge_deconv": "2^31 elements", "huge_expand": "dimension 0 is 1099511627776",
    "huge_kernel": "2^31 elements", "huge_pad": "pads 4611686018427387904", "huge_range": "from 0 to 1e+30",
    "huge_resize": "dimension 0 of 2", "huge_tile": "dimension 0 is 46116", "huge_weights": "too many elements",
    "fold_bomb": "2^31 elements", "gather_out": 'node "Gather_0" (Gather): index 9 of a dimension of 2',
    "loop": 'node "Loop_0" (Loop): this operator is not supported', "unknown": '"node "7"?" (Frobnicate): this operator',
    "negative_reshape": "dimension 0 is -5", "no_output": "made by no node", "nowhere": '"q" comes from nowhere',
    "opset_9": "opset 9; 11 to 18 are read", "opset_19": "opset 19", "perm": "no permutation", "twice": "there twice",
    "short_weights": "another number of elements", "zero_groups": "0 groups",
}


def refusals(t):
    kept = ROOT / "tests/fuzz/onnx"
    x = t.folder / "gemm/in.x0.npy"  # [3,4]
    image = t.folder / "conv_1x1/in.x0.npy"
    wide = {"huge_deconv", "huge_kernel", "zero_groups"}
    small = t.folder / "small.npy"
    small.write_bytes(npy("<f4", (2, 3), struct.pack("<6f", *range(6))))
    square = t.folder / "square.npy"
    square.write_bytes(npy("<f4", (1, 1, 4, 4), struct.pack("<16f", *range(16))))
    for name, why in HOSTILE.items():
        output = {"huge_range": "d", "fold_bomb": "y", "no_output": "z"}.get(name, "a")
        t.refused(name, why, kept / name, "--in", f"x={square if name in wide else small}", "--out", f"{output}=out.npy")
    model = t.folder / "cnn/model.onnx"
    good = t.folder / "cnn/in.x.npy"
    t.refused("a missing input", 'input "x" is missing', model, "--out", "y=out.npy")
    t.refused("an input of another rank", "has 4 dimensions, not 2 as in [3,4]", model, "--in", f"x={x}", "--out", "y=out.npy")
    t.refused("an input of another size", "dimension 1 is 3, not 7", model, "--in", f"x={image}", "--out", "y=out.npy")
    t.refused("integers for floats", "takes float32", model, "--in", f"x={t.folder / 'integers/in.a.npy'}", "--out", "y=out.npy")
    t.refused("an input that is not there", "no input of this name", model, "--in", f"q={good}", "--out", "y=out.npy")
    t.refused("an input twice", "given twice", model, "--in", f"x={good}", "--in", f"x={good}", "--out", "y=out.npy")
    t.refused("no file name", "not NAME=FILE", model, "--in", "x", "--out", "y=out.npy")
    t.refused("an output that is not there", "no output of this name", model, "--in", f"x={good}", "--out", "q=out.npy")
    t.refused("no outputs", "--out", model, "--in", f"x={good}")
    t.refused("two outputs to one file", "two outputs to one file", t.folder / "two_inputs_outputs/model.onnx", "--in", f"a={x}", "--in",
              f"b={x}", "--out", "s=out.npy", "--out", "p=out.npy")
    t.refused("a folder that is not there", "the folder does not exist", model, "--in", f"x={good}", "--out", "y=nowhere/out.npy")
    t.refused("one name, two sizes", '"d" is 5 in input "a", 4 in "b"', t.folder / "two_inputs_outputs/model.onnx", "--in",
              f"a={five(t)}", "--in", f"b={t.folder / 'two_inputs_outputs/in.b.npy'}", "--out", "s=out.npy")
    t.refused("a system that is none", "is not one of", model, "--in", f"x={good}", "--out", "y=out.npy", "--place", "*=abacus")
    t.refused("a pattern without layers", "matches no layer", model, "--in", f"x={good}", "--out", "y=out.npy", "--place", "conv9=int8")
    t.refused("a setting placed nowhere", "no layer is placed on hyflex", model, "--in", f"x={good}", "--out", "y=out.npy", "--set",
              "hyflex.cell=2")
    t.refused("RTL of what is not placed", "--rtl: no layer called *", model, "--in", f"x={good}", "--out", "y=out.npy", "--rtl", "*")
    t.refused("ranges in a file of another kind", "small.npy", model, "--in", f"x={good}", "--out", "y=out.npy", "--ranges", "small.npy")
    t.refused("a system that needs ranges", "no range of its inputs", model, "--in", f"x={good}", "--out", "y=out.npy", "--place", "*=nmc")
    t.refused("a seed without draws", "seed", model, "--in", f"x={good}", "--out", "y=out.npy", "--seed", "2")
    t.refused("a matrix for an attention's system", "attention", model, "--in", f"x={good}", "--out", "y=out.npy", "--place", "*=flare")
    t.refused("a model that is not there", "No such file", "nothing.onnx", "--in", f"x={good}", "--out", "y=out.npy")


def npy(descr, shape, data):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + data


def five(t):
    path = t.folder / "five.npy"
    path.write_bytes(npy("<f4", (3, 5), bytes(60)))
    return path


def sound(t):
    """A WAV file is what a .npy file with its samples is."""
    def wav(name, channels, samples):
        with wave.open(str(t.folder / name), "wb") as w:
            w.setparams((channels, 2, 16000, 0, "NONE", ""))
            w.writeframes(struct.pack(f"<{len(samples)}h", *samples))
        return t.folder / name

    def floats(name, shape, samples):
        (t.folder / name).write_bytes(npy("<f4", shape, struct.pack(f"<{len(samples)}f", *(s / 32768 for s in samples))))
        return t.folder / name

    both, one, text = (-32768, 32767, 0, 1, -1, 12345), (7, -300), t.folder / "text.wav"
    text.write_text("no sound")
    stereo, mono, row = wav("stereo.wav", 2, both), wav("mono.wav", 1, one), floats("row.npy", (2,), one)
    model = t.folder / "two_inputs_outputs/model.onnx"
    for name, a, plain in (("stereo", stereo, floats("stereo.npy", (3, 2), both)), ("one channel", mono, floats("mono.npy", (1, 2), one))):
        got = []
        for x, y in ((plain, row), (a, mono)):
            done = t.call("infer", model, "--in", f"a={x}", "--in", f"b={y}", "--out", "s=s.npy", "--out", "p=p.npy")
            got.append(done.stderr or [load(t.folder / output) for output in ("s.npy", "p.npy")])
        t.verdict(got[0] == got[1] and not isinstance(got[0], str), f"sound as its samples, {name}", str(got))
    t.refused("sound that is none", "text.wav: no WAV file", model, "--in", f"a={text}", "--in", f"b={row}", "--out", "s=out.npy")


def scores(t):
    """`perimeter score`, its numbers counted by hand."""
    texts, logits, labels = t.folder / "texts.tsv", t.folder / "logits.npy", t.folder / "labels.npy"
    texts.write_text("one two three\tone too  three\nthe cat\tthecat\nhallo\t\n")
    logits.write_bytes(npy("<f4", (2, 2, 6), struct.pack("<24f", *range(6), *range(6), *[0] * 12)))
    labels.write_bytes(npy("<i8", (4,), struct.pack("<4q", 5, 0, 0, 5)))
    nats = [math.log(sum(math.exp(i) for i in range(6))) - 5, math.log(sum(math.exp(i) for i in range(6))), math.log(6), math.log(6)]
    said = t.call("score", "--texts", texts, "--logits", logits, "--labels", labels).stdout.splitlines()
    wanted = ["3 texts", "word error rate 66.67 %, 4 of 6", "character error rate 28.00 %, 7 of 25", "4 rows of 6 classes", "top-1 50.00 %",
              "top-5 50.00 %", f"perplexity {math.exp(sum(nats) / 4):.6g}"]
    t.verdict(said == wanted, "scores", str(said))
    floats, few = five(t), t.folder / "few.npy"
    few.write_bytes(npy("<f4", (4, 5), bytes(80)))
    for name, why, *arguments in (("nothing", "are missing"), ("logits alone", "are missing", "--logits", logits),
                                  ("labels of floats", "no integers", "--logits", logits, "--labels", floats),
                                  ("logits of integers", "no array of floats", "--logits", labels, "--labels", labels),
                                  ("too few labels", "4 labels of 3 rows", "--logits", floats, "--labels", labels),
                                  ("a label beyond", "label 5 of 5 classes", "--logits", few, "--labels", labels),
                                  ("texts without a second", "1 column, 2 needed", "--texts", Path(__file__)),
                                  ("an operand", "no option", "x")):
        t.refused(f"to score {name}", why, *arguments, command="score")


def one_image(t):
    """The first of three."""
    _, _, values = load(t.folder / "fashion-vit/in.image.npy")
    path = t.folder / "image.npy"
    path.write_bytes(npy("<f4", (1, 1, 28, 28), struct.pack("<784f", *values[:784])))
    return path


def systems(t):
    """Rounded to 8 bits, so different, but not by much."""
    for name in ("cnn", "conv_depthwise", "conv_1d_groups", "gemm_turned_b", "matmul_constant", "qlinearmatmul", "fashion-cnn"):
        if name != "qlinearmatmul":
            t.placed(name, "*=int8", 1e-6, 0.05, "layers on systems")
    t.placed("cnn", "*=hyflex,cell=2", 1e-6, 0.05, "8 of 8 layers on systems", "array_reads", "conversions")
    t.placed("cnn", "Conv_3*=int8", 1e-6, 0.05, "6 of 8 layers on systems")
    t.placed("cnn", "*=int8 Conv*=host", 1e-6, 0.05, "1 of 8 layers on systems")
    t.placed("qdq_conv", "*=int8", 0, 0.1, "1 of 1 layers on systems")
    t.placed("attention_bert", "attn*=int8", 1e-6, 0.05, "4 of 5 layers on systems")
    t.placed("fashion-vit", "attn*=flare", 1e-6, 0.1, "3 of 23 layers on systems", "accesses")
    layer = {"mu": [0] * 16, "a_log2": [0] * 16, "sx": 2**-12, "mk": 12, "mv": 12}
    for name in ATTENTIONS:
        (t.folder / name / "calibration.json").write_text(json.dumps({"kvb": 12, "layers": [layer]}))
        t.placed(name, "attn0=flare", 1e-6, 0.05, "1 of ", "accesses")
    done = subprocess.run([BUILD / "perimeter", "infer", ROOT / "models/fashion-vit/model.onnx", "--in", f"image={one_image(t)}", "--out",
                           f"logits={t.folder / 'logits.npy'}", "--place", "attn0=flare", "--rtl", "*"], capture_output=True, text=True)
    t.verdict(done.returncode == 0 and re.search("RTL: 1 layers, .* clocks, [1-9][0-9]* integers compared, 0 differ", done.stdout),
              "an attention in RTL", done.stdout + done.stderr)
    t.placed("fashion-vit", "attn*=flare *ffn*=hyflex,cell=1", 1e-6, 0.1, "9 of 23 layers on systems")


def ranges(t):
    """What matrices see, for systems whose inputs have one scale a layer."""
    shutil.copytree(t.folder / "cnn", t.folder / "calibrated")
    (t.folder / "calibrated/calibration.json").write_text('{"layers": []}')
    error, said = t.infer("calibrated", "--ranges", t.folder / "calibrated/calibration.json")
    text = (t.folder / "calibrated/calibration.json").read_text()
    t.verdict(error < MOST and '"layers"' in text and '"Conv_3.5"' in text and '"Gemm_8"' in text, "the ranges of what matrices see", said + text)
    for system in ("int8", "nmc", "xbar", "khwa"):
        t.placed("calibrated", f"*={system}", 1e-6, 0.05, "8 of 8 layers on systems")


def inspected(t):
    t.shows("cnn", "Conv_0\tConv\t[1,6,5,4]\t3240", "Conv_3.5\t9\t1\t20\thost hyflex int8", "input\tx\tfloat32\t[n,3,h,w]",
            shape=["x=1,3,10,8"])
    for name in (name for name in ATTENTIONS if name != "attention_bmm"):
        t.shows(name, "attn0\t16\t16\t5\tflare", "attn0.qkv\t16\t48\t10\thost hyflex int8", shape=["x=2,5,16"])
    t.shows("attention_bert", "attn0\t16\t16\t5\tflare", "attn0.k\t16\t16\t10\thost hyflex int8", shape=["x=2,5,16", "keep=2,5"])
    done = t.call("inspect", t.folder / "attention_interleaved/model.onnx")
    t.verdict(done.returncode == 0 and "MatMul_1\t16\t48\t10" in done.stdout and "attn0" not in done.stdout,
              "interleaved heads are no attention that is known", done.stdout)
    done = t.call("inspect", ROOT / "tests/fuzz/onnx/loop")
    t.verdict(done.returncode == 0 and "(Loop): this operator is not supported" in done.stdout, "inspect names what is not supported",
              done.stdout + done.stderr)


def operators(t):
    """The page names those that the program has, and each is in a case."""
    known = t.call("inspect", "--operators").stdout.split()
    page = (ROOT / "docs/onnx.md").read_text()
    rows = [line.split("|")[1:3] for line in page.split("| | operators |")[1].split("\n\n")[0].splitlines()[2:]]
    named = [("com.microsoft." if kind.strip() == "com.microsoft" else "") + re.match(r"\w+", word.strip())[0]
             for kind, words in rows for word in words.split(":")[0].split(",")]
    t.verdict(sorted(named) == sorted(known), "docs/onnx.md names the operators", f"{set(named) ^ set(known)}")
    used = b"".join(path.read_bytes() for path in t.folder.glob("*/model.onnx"))
    missing = [name for name in known if b'"' + bytes([len(name.split(".")[-1])]) + name.split(".")[-1].encode() not in used]
    t.verdict(not missing, "every operator is in a case", f"{missing}")


def main():
    with tempfile.TemporaryDirectory() as temporary:
        t = Tests(Path(temporary))
        with tarfile.open(ROOT / "tests/infer/cases.tar.gz") as archive:
            archive.extractall(temporary)
        names = sys.argv[1:] or sorted(path.name for path in t.folder.iterdir())
        for name in names:
            t.equal(name)
        print(f"# {len(names)} networks, largest difference {t.worst:.2g}")
        if len(sys.argv) == 1:
            systems(t)
            ranges(t)
            inspected(t)
            operators(t)
            refusals(t)
            sound(t)
            scores(t)


if __name__ == "__main__":
    main()
