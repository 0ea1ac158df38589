#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The programs of models/train for convolutional networks: forms, float arithmetic, ONNX, toggles and their training. TAP.
Needs numpy; what needs onnx or PyTorch is skipped without them."""

import importlib.util
import itertools
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
TRAIN = ROOT / "models" / "train"
sys.path.insert(0, str(TRAIN))
sys.dont_write_bytecode = True

try:
    import numpy as np
except ImportError:
    debian = "/usr/bin/python3"  # where another Python comes first
    if os.path.exists(debian) and not os.path.samefile(debian, sys.executable):
        os.execv(debian, [debian, *sys.argv])
    print("ok - train_cnn: everything # SKIP numpy is missing")
    sys.exit()

import cnn
import program
import tensors
import toggles

sys.excepthook = sys.__excepthook__
failed = 0


def check(name, good, note=""):
    global failed
    failed += not good
    print(f"{'ok' if good else 'not ok'} - train_cnn: {name}")
    if not good:
        print("# " + str(note).strip().replace("\n", "\n# "))


def present(name, *packages):
    """Whether these are there; else the check `name` is skipped."""
    missing = [p for p in packages if importlib.util.find_spec(p) is None]
    if missing:
        print(f"ok - train_cnn: {name} # SKIP {missing[0]} is missing")
    return not missing


def call(script, *args):
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, TRAIN / script, *map(str, args)], capture_output=True, text=True, env=env)


def refused(name, done, reason):
    line = done.stderr.endswith("\n") and done.stderr.count("\n") == 1
    check(f"{name} is refused", done.returncode == 2 and line and reason in done.stderr and "internal" not in done.stderr and not done.stdout,
          f"status {done.returncode}, expected '{reason}'\n{done.stderr}{done.stdout}")


# ---- the form ----

BASE = {"type": "cnn", "image": 8, "classes": 3}
EVERY_OP = [
    {"op": "conv", "name": "a", "out": 4, "stride": 2, "relu": True},
    {"op": "depthwise", "name": "b", "relu": True},
    {"op": "conv", "name": "c", "out": 4, "kernel": 1},
    {"op": "add", "name": "d", "with": "a", "relu": True},
    {"op": "conv", "name": "e", "out": 5, "kernel": 5, "stride": 3, "from": "a", "relu": True},
    {"op": "conv", "name": "f", "out": 2, "kernel": 2, "from": "d"},
    {"op": "conv", "name": "g", "out": 6, "binary": True, "relu": True},
    {"op": "pool", "name": "p"},
    {"op": "dense", "name": "h", "out": 3},
]


def write(folder, config, seed=1):
    folder.mkdir(exist_ok=True)
    listed, shapes = cnn.layers("config", config)
    r, found = np.random.default_rng(seed), {}
    for layer in filter(cnn.has_weights, listed):
        shape, name = cnn.weight_shape(layer, shapes), layer["name"]
        found[name + ".weight"] = r.choice([-1.0, 1.0], shape) if cnn.is_binary(layer) else r.normal(size=shape)
        found[name + ".bias"] = r.normal(size=shape[0])
        if cnn.is_binary(layer):
            found[name + ".scale"] = r.normal(size=shape[0])
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes(b"".join(tensors.pieces({n: t.astype(np.float32) for n, t in found.items()})))
    return folder


def forms():
    convs, _ = cnn.layers("c", {**BASE, "convs": [[4, 2], [6, 1]]})
    written, shapes = cnn.layers("c", {**BASE, "layers": [
        {"op": "conv", "name": "convs.0", "out": 4, "stride": 2, "relu": True}, {"op": "conv", "name": "convs.1", "out": 6, "relu": True},
        {"op": "pool", "name": "pool"}, {"op": "dense", "name": "head", "out": 3}]})
    check("convs is the same as its layers", convs == written, f"{convs}\n{written}")
    check("sides: 3x3 stride 2 of 8 is 4", shapes["convs.0"] == (4, 4, 4), shapes)
    _, shapes = cnn.layers("c", {**BASE, "layers": EVERY_OP})
    check("sides of even and large kernels", shapes["e"] == (2, 2, 5) and shapes["f"] == (5, 5, 2), shapes)

    def bad(name, reason, change=None, layers=None):
        try:
            cnn.layers("c", {**BASE, "layers": EVERY_OP if layers is None else layers, **(change or {})})
            check(f"{name} is refused", False, "was taken")
        except program.Refused as error:
            check(f"{name} is refused", reason in str(error), error)

    bad("another type", '"type"', {"type": "vit"})
    bad("classes that are no number", '"classes"', {"classes": True})
    bad("an image of 0", '"image"', {"image": 0})
    bad("both forms", "either", {"convs": [[4, 2]]})
    bad("no layers", "empty", layers=[])
    for name, reason, i, change in (
        ("an op that is none", '"op"', 0, {"op": "lstm"}), ("no name", '"name"', 0, {"name": ""}), ("a name twice", '"name"', 1, {"name": "a"}),
        ("the image's name", '"name"', 0, {"name": "image"}), ("a kernel of 16", '"kernel"', 0, {"kernel": 16}),
        ("a stride of 0", '"stride"', 0, {"stride": 0}), ("relu 1", '"relu"', 0, {"relu": 1}), ("binary 0", '"binary"', 0, {"binary": 0}),
        ("a key of another op", '"binary" is not', 1, {"binary": True}), ("a later layer", '"from"', 1, {"from": "c"}),
        ("a sum of two shapes", "adds", 3, {"with": "image"}), ("dense over positions", "one position", 8, {"from": "a"}),
        ("another number of classes", "last layer", 8, {"out": 4}), ("no outputs", '"out"', 0, {"out": None}),
    ):
        bad(name, reason, layers=[{**layer, **change} if n == i else layer for n, layer in enumerate(EVERY_OP)])
    bad("no dense layer last", "last layer", layers=EVERY_OP[:-1])
    for name, convs in (("convs that are no list", 3), ("convs without strides", [[4]]), ("no convs", [])):
        try:
            cnn.layers("c", {**BASE, "convs": convs})
            check(f"{name} is refused", False, "was taken")
        except program.Refused as error:
            check(f"{name} is refused", '"convs"' in str(error), error)


def naive(layer, h, weights):
    """One image's layer with weights, by loops over outputs and taps; h [rows, columns, channels]."""
    kernel, stride, binary = layer["kernel"], layer["stride"], layer.get("binary")
    w, b = weights[layer["name"] + ".weight"], weights[layer["name"] + ".bias"]
    rows, columns, channels = h.shape
    pad, deep = kernel // 2, layer["op"] == "depthwise"
    side = lambda n: (n + 2 * pad - kernel) // stride + 1  # noqa: E731
    y = np.zeros((side(rows), side(columns), len(w)))
    for r, c, o in np.ndindex(*y.shape):
        total = 0.0
        for dy, dx, ch in itertools.product(range(kernel), range(kernel), [o] if deep else range(channels)):
            at = (r * stride + dy - pad, c * stride + dx - pad)
            inside = 0 <= at[0] < rows and 0 <= at[1] < columns
            x = h[at][ch] if inside else (-1.0 if binary else 0.0)
            if binary:
                x = 1.0 if x >= 0 else -1.0
            total += float(x) * float(w[o, kernel * dy + dx if deep else (kernel * dy + dx) * channels + ch])
        y[r, c, o] = total * (float(weights[layer["name"] + ".scale"][o]) if binary else 1.0) + float(b[o])
    return np.maximum(y, 0) if layer["relu"] else y


def arithmetic(work):
    _, listed, _, weights = cnn.load(write(work / "every", {**BASE, "layers": EVERY_OP}))
    image = np.random.default_rng(3).random((2, 8, 8))
    done = {layer["name"]: (layer, h, y) for layer, h, y in cnn.forward(listed, weights, image)}
    worst = {name: np.abs(naive(layer, h[1], weights) - y[1]).max() for name, (layer, h, y) in done.items() if layer["op"] in ("conv", "depthwise")}
    check("each convolution is its loops, within 1e-5", max(worst.values()) < 1e-5 and len(worst) == 6, worst)
    a, c, d = (done[n][2] for n in "acd")
    check("add adds, and then the ReLU", np.array_equal(d, np.maximum(a + c, 0)) and (d == 0).any())
    check("pool is the mean", np.allclose(done["p"][2][:, 0, 0], done["g"][2].mean((1, 2))))


def refusals(work):
    model = write(work / "truncated", {**BASE, "layers": EVERY_OP})
    raw = (model / "model.safetensors").read_bytes()
    (model / "model.safetensors").write_bytes(raw[:-4])
    binary = write(work / "binary", {**BASE, "layers": EVERY_OP}, seed=2)
    t = tensors.Tensors(binary / "model.safetensors")
    values = {n: t.read(n, h["shape"]) for n, h in t.header.items()}
    values["g.weight"] = values["g.weight"] * 0.5
    (binary / "model.safetensors").write_bytes(b"".join(tensors.pieces(values)))
    for name, folder, reason in (("truncated weights", model, "truncated"), ("a binary layer with weights of 1/2", binary, "g.weight: not all are 1 or -1"),
                                 ("no network", work / "nowhere", "nowhere/config.json")):
        try:
            cnn.load(folder)
            check(f"{name} is refused", False, "was taken")
        except (program.Refused, OSError) as error:
            check(f"{name} is refused", reason in str(error), error)


def shipped():
    for name in ("fashion-cnn", "fashion-resnet", "fashion-bnn", "fashion-cnn-ggd"):
        folder = ROOT / "models" / name
        if not folder.exists():
            continue
        config, listed, _, weights = cnn.load(folder)
        known = json.loads((folder / "calibration.json").read_text())["matrices"]
        names = [cnn.node_name(config, layer) for layer in listed if cnn.has_weights(layer) and not cnn.is_binary(layer)]
        check(f"{name}: a range from 0 for each matrix of integers", all(known["inputs"][n][0] == 0 < known["inputs"][n][1] for n in names), known)
        for layer in filter(cnn.has_weights, listed):
            if scale := known.get("scales", {}).get(cnn.node_name(config, layer)):
                w = weights[layer["name"] + ".weight"].astype(np.float64) / scale
                check(f"{name}: {layer['name']} has codes within 127", np.abs(w - np.rint(w)).max() < 1e-4 and np.abs(w).max() < 127.5,
                      f"{np.abs(w - np.rint(w)).max()} {np.abs(w).max()}")


def onnx_cases(work):
    if not present("ONNX", "onnx"):
        return
    import onnx
    from onnx import numpy_helper

    layers = [layer for layer in EVERY_OP if layer["name"] != "g"]
    model = write(work / "onnx", {**BASE, "layers": layers})
    done = call("export_onnx.py", model)
    check("a network is written as ONNX", done.returncode == 0 and not done.stderr, done.stderr)
    graph = onnx.load(model / "model.onnx").graph
    ops = [n.op_type for n in graph.node]
    check("its nodes", ops == ["Conv", "Relu", "Conv", "Relu", "Conv", "Add", "Relu", "Conv", "Relu", "Conv", "GlobalAveragePool", "Flatten", "Gemm"], ops)
    _, listed, shapes, weights = cnn.load(model)
    values = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    good = True
    for layer in (x for x in listed if x["op"] in ("conv", "depthwise")):
        w, flat = values[layer["name"] + ".weight"], weights[layer["name"] + ".weight"]
        channels = w.shape[1]
        good &= all(w[o, c, dy, dx] == flat[o, (layer["kernel"] * dy + dx) * channels + c] for o, c, dy, dx in np.ndindex(*w.shape))
    check("its weights, element by element", good)
    refused("a binary network as ONNX", call("export_onnx.py", write(work / "every", {**BASE, "layers": EVERY_OP})), "g: binary")
    same = ROOT / "models" / "fashion-cnn"
    _, _, _, weights = cnn.load(same)
    values = {t.name: numpy_helper.to_array(t) for t in onnx.load(same / "model.onnx").graph.initializer}
    check("models/fashion-cnn: both files have the same weights", all(
        np.array_equal(np.sort(w, None), np.sort(values[n], None)) for n, w in weights.items()) and len(values) == len(weights))


# ---- toggles ----


def toggle_count(w):
    bits = [(w >> i) & 1 for i in range(8)]
    return sum(a != b for a, b in zip(bits, bits[1:]))


def toggle_functions():
    every = np.arange(-128, 128)
    table = [toggle_count(w) for w in range(-128, 128)]
    check("toggles of all 256 weights are neighbouring bits that differ", toggles.toggles(every).tolist() == table)
    for reach in (0, 1, 2, 4, 127):
        wanted = []
        for w in range(-128, 128):
            best = None
            for c in range(max(-128, w - reach), min(127, w + reach) + 1):
                key = (toggle_count(c), abs(c - w), c)
                best = key if best is None or key < best else best
            wanted.append(best[2])
        check(f"ptft of all 256 weights, reach {reach}", toggles.ptft(every, reach).tolist() == wanted)
    points = np.array([-128, -127.3, -64.5, -1.25, 0, 0.5, 31.7, 63.5, 126.9, 127])
    wanted = []
    for v in points:
        weight = [math.exp(-0.5 * (u - v) ** 2) for u in range(-128, 128)]
        wanted.append(sum(a * t for a, t in zip(weight, table)) / sum(weight))
    value, slope = toggles.smooth(points)
    check("smoothed toggles", np.abs(value - wanted).max() < 1e-12)
    step = 1e-5
    numeric = (toggles.smooth(points + step)[0] - toggles.smooth(points - step)[0]) / (2 * step)
    check("their slope", np.abs(slope - numeric).max() < 1e-8 and np.abs(slope).max() > 0.3, slope - numeric)
    many = np.random.default_rng(1).uniform(-127, 127, 20000)
    worst = np.abs(toggles.slope(many) - toggles.smooth(many)[1]).max()
    check("the fast slope within 1e-4", worst < 1e-4, worst)


def guarded():
    """A line of weights by the rules, one at a time."""
    r = np.random.default_rng(2)
    n = 4000
    w = r.integers(-127, 128, n).astype(float)
    v = np.clip(w + r.normal(0, 1, n), -127, 127)
    mean, deviation = r.normal(0, 1, n), r.uniform(0.1, 2, n)
    codes, latent = toggles.guard(w, v, mean, deviation, 0.5)
    kinds = {"still": 0, "for": 0, "toggles": 0, "held": 0}
    good = True
    for i in range(n):
        to = round(v[i])  # halves to even, as rint
        if to == w[i]:
            kind, wanted = "still", (w[i], v[i])
        else:
            z = mean[i] * math.copysign(1, to - w[i]) / deviation[i]
            falls = toggle_count(int(to)) <= toggle_count(int(w[i]))
            kind = "for" if z < -0.5 else "toggles" if falls and z <= 0.5 else "held"
            wanted = (w[i], min(max(v[i], w[i] - 0.499), w[i] + 0.499)) if kind == "held" else (to, v[i])
        kinds[kind] += 1
        good &= (codes[i], latent[i]) == wanted
    check("the guard, weight by weight, every case", good and min(kinds.values()) > 100, kinds)

    descent = toggles.Descent(np.array([3.0, -100.0]), 200, 1.05, 0.5)
    m = h = np.zeros(2)
    v = descent.v.copy()
    good = True
    for t in range(1, 21):
        g = r.normal(0, 1, 2)
        descent.step(g)
        m, h = m + 0.1 * (g - m), h + 0.01 * (g * g - h)
        rate = 0.015 * (1 + math.cos(math.pi * t / 200)) + 0.0015
        v = v - rate * (m / (1 - 0.9**t) / (np.sqrt(h / (1 - 0.99**t)) + 1e-8) + 1.05 * toggles.smooth(v)[1])
        good &= np.abs(descent.v - v).max() < 1e-4
        v = descent.v.copy()
    check("20 steps of descent", good)


def restores():
    start = np.array([5.0, -22.0, 100.0])
    other = np.array([1.0])
    descent = toggles.Descent(start, 200, 2.0, 0.5)
    watch = toggles.Watch(90.0, descent, [other])
    descent.w, descent.v, other[0] = np.array([0.0, -22.0, 100.0]), np.array([0.1, -22.0, 100.0]), 2.0
    watch.look(89.7)  # 0.3 lost: allowed, and less toggles
    check("0.3 point may be lost", watch.restored == 0 and descent.strength == 2.0)
    descent.w, descent.v, other[0] = np.array([0.0, 0.0, 0.0]), np.zeros(3), 3.0
    descent.m[...] = 1
    watch.look(89.69)
    check("more restores the best, all of it, and halves lambda", watch.restored == 1 and descent.strength == 1.0 and
          descent.w.tolist() == [0, -22, 100] and descent.v[0] == 0.1 and not descent.m.any() and other[0] == 2)
    descent.w = start.copy()
    watch.look(91.0)  # toggles more than the best
    descent.w = np.zeros(3)
    watch.look(50.0)
    check("what toggles more is not the best", watch.restored == 2 and descent.strength == 0.5 and descent.w.tolist() == [0, -22, 100])


# ---- training ----


def training_cases(work):
    if not present("PyTorch", "torch"):
        return
    import torch

    import train_cnn

    sys.excepthook = sys.__excepthook__
    torch.manual_seed(1)
    layers = [{**layer, "out": 10} if layer["op"] == "dense" else layer for layer in EVERY_OP]
    config = {"type": "cnn", "image": 28, "classes": 10, "layers": layers}
    model = train_cnn.Cnn(config, True)
    x = torch.rand(64, 28, 28)
    for _ in range(3):
        model(x)  # statistics of the batches
    for part in model.parts.values():
        if isinstance(part.norm, torch.nn.BatchNorm2d):
            part.norm.weight.data.uniform_(-2, 2)
            part.norm.bias.data.normal_()
    wanted = model.eval()(x).detach().numpy()
    listed, _ = cnn.layers("c", config)
    *_, (_, _, logits) = cnn.forward(listed, {n: t.astype(np.float64) for n, t in model.tensors().items()}, x.numpy().astype(np.float64))
    worst = np.abs(logits[:, 0, 0] - wanted).max() / np.abs(wanted).max()
    check("what is trained is what the folded file says, within 1e-4", worst < 1e-4, worst)
    t = torch.tensor([-3.0, -1.0, -0.0, 0.0, 0.5, 2.0], requires_grad=True)
    y = train_cnn.Sign.apply(t)
    y.sum().backward()
    check("signs, and gradients straight through to 1", y.tolist() == [-1, -1, 1, 1, 1, 1] and t.grad.tolist() == [0, 1, 1, 1, 1, 0])


def policies(work):
    if not present("policies", "torch"):
        return
    import torch

    import train_policy

    sys.excepthook = sys.__excepthook__
    torch.manual_seed(1)
    names = ["patch", "ffn0.up"]
    path = work / "policy.json"
    path.write_text(json.dumps({"layers": [{"name": "ffn0.up", "w": 4, "a": 3}]}))
    check("what a policy does not name has 8 and 8 bits", train_policy.read_policy(path, names) == {"patch": (8, 8), "ffn0.up": (4, 3)})
    for name, layers, reason in (
        ("a policy without layers", None, "no list"), ("another name", [{"name": "q", "w": 4, "a": 4}], "q is no matrix"),
        ("9 bits", [{"name": "patch", "w": 9, "a": 4}], '"w" is not'), ("no bits", [{"name": "patch", "w": 8}], '"a" is not'),
        ("a name twice", [{"name": "patch", "w": 8, "a": 8}] * 2, "twice"),
    ):
        path.write_text(json.dumps({"layers": layers}))
        try:
            train_policy.read_policy(path, names)
            check(f"{name} is refused", False, "was taken")
        except program.Refused as error:
            check(f"{name} is refused", reason in str(error), error)
    for low, most in ((0.0, 7), (-2.0, 3)):
        m = train_policy.Linear(torch.nn.Linear(5, 4))
        m.low, m.high, m.bits = low, 3.5, (4, 3)
        x = torch.randn(6, 5) * 2
        lsb = 3.5 / most
        xq = np.clip(np.rint(x.numpy() / np.float32(lsb)), -most if low else 0, most)
        w = m.weight.detach().numpy()
        s = np.abs(w).max() / 7
        wanted = xq @ np.rint(w / s).T * (s * lsb) + m.bias.detach().numpy()
        y = m(x)
        y.sum().backward()
        inside = ((x.numpy() >= (-3.5 if low else 0)) & (x.numpy() <= 3.5)).all()
        check(f"a map of 4 and 3 bits from {low}, and its gradient", np.abs(y.detach().numpy() - wanted).max() < 1e-5 and
              np.allclose(m.weight.grad.numpy(), xq.sum(0) * lsb, atol=1e-5) and not inside)


def options():
    for script, *args in (("train_cnn.py", "fashion-cnn"), ("train_toggles.py", "ggd"), ("tune_factors.py", "out"), ("train_policy.py", "policy.json", "out"), ("rank_orders.py", "models/fashion-vit"), ("export_onnx.py",)):
        done = call(script, *args, "--nonsense")  # where a package is missing, that is said first
        refused(f"{script} with a wrong option", done, next((p for p in ("torch", "onnx") if f"package {p}" in done.stderr), "--nonsense"))


def main():
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        forms()
        arithmetic(work)
        refusals(work)
        shipped()
        onnx_cases(work)
        toggle_functions()
        guarded()
        restores()
        training_cases(work)
        policies(work)
        options()
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
