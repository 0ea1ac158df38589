#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""python/: every op's samples and errors against the command line, matrices on systems in PyTorch against float, the wheel outside this
tree, the notebook. By Debian's python3, whose packages are Debian's; what needs one that is missing is skipped by name. TAP."""
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "flow"))
from common import BUILD, ROOT, Tap  # noqa: E402

BUILD = ROOT / BUILD
os.environ.update(PERIMETER_BUILD=str(BUILD), OMP_NUM_THREADS="2")
sys.path.insert(0, str(ROOT / "python"))
PROGRAM = BUILD / "perimeter"
tap = Tap()


def check(name, ok, why=""):
    tap(ok, f"python: {name}", why)


def skip(name, what, package):
    print(f"ok - python: {name} # SKIP {what} is not installed (Debian: {package})")


def cli(*words):
    return subprocess.run([str(PROGRAM), *map(str, words)], capture_output=True, text=True)


def every_op(work):
    """The outputs of each sample, dtype, shape and bits, as the program writes them."""
    wrong, samples, integers = [], 0, 0
    for op in perimeter.ops.CATALOGUE:
        function = getattr(perimeter.ops, op["name"].replace("-", "_"))
        for sample in op["samples"]:
            if sample["name"] == "timing":
                continue
            files = [f"{t['name']}={work}/{t['name']}.npy" for t in op["out"]]
            done = cli("op", op["name"], "--sample", sample["name"], "--out", *files)
            found = function(sample=sample["name"])
            found = [found] if len(op["out"]) == 1 else found
            samples += 1
            for t, ours in zip(op["out"], found):
                theirs = np.load(f"{work}/{t['name']}.npy")
                integers += ours.size
                if done.returncode or ours.dtype != theirs.dtype or ours.shape != theirs.shape or not np.array_equal(ours, theirs):
                    wrong.append(f"{op['name']} {sample['name']} {t['name']}: {ours.dtype} {ours.shape}, {theirs.dtype} {theirs.shape}")
    check(f"{len(perimeter.ops.CATALOGUE)} ops, {samples} samples, {integers} integers as the program gives them", not wrong and samples > 60, "\n".join(wrong))
    check("each has a page", all(getattr(perimeter.ops, name).__doc__.count("\n") > 3 for name in perimeter.ops.__all__))


def own_arrays(work):
    rng = np.random.default_rng(3)
    wide = rng.integers(-1000, 1000, (5, 33))
    x, w, n = rng.integers(-8, 8, (3, 40)).astype(np.int8), rng.integers(-128, 128, (40, 6)), np.array([1, 0, 3])
    cases = [("emsbq", {"x": wide}, {"q": 6, "round": 0}), ("emsbq", {"x": wide.astype(float)}, {}), ("emsbq", {"x": np.asfortranarray(wide)}, {"q": 5}),
             ("emsbq", {"x": wide.astype(">i2")}, {}), ("flare-gemv", {"x": x, "w": w}, {}), ("flare-gemv", {"x": (x + 8).astype(np.uint8), "w": w}, {}),
             ("bitsift", {"x": x}, {"coding": "twos", "bits": 4}), ("vdr-softmax", {"x": x, "ne": n}, {}),
             ("vdr-softmax", {"x": x, "ne": n, "mask": rng.integers(0, 2, x.shape).astype(bool)}, {"s0": 0.75}), ("pva-cost", {"layers": np.array([[9, 4], [64, 5]])}, {"k": (0, 1, 1)})]
    wrong = []
    for op, inputs, settings in cases:
        entry = next(o for o in perimeter.ops.CATALOGUE if o["name"] == op)
        for name, array in inputs.items():
            np.save(work / f"in-{name}.npy", array)
        outs = [f"{t['name']}={work}/out-{t['name']}.npy" for t in entry["out"]]
        values = [f"{k}={','.join(map(str, v)) if isinstance(v, tuple) else v}" for k, v in settings.items()]
        done = cli("op", op, "--in", *[f"{name}={work}/in-{name}.npy" for name in inputs], "--out", *outs, *(["--set", *values] if values else []))
        found = getattr(perimeter.ops, op.replace("-", "_"))(**inputs, **settings)
        found = [found] if len(entry["out"]) == 1 else found
        same = done.returncode == 0 and all(np.array_equal(a, np.load(f"{work}/out-{t['name']}.npy")) for t, a in zip(entry["out"], found))
        wrong += [] if same else [f"{op} {settings}: {done.stderr}"]
    check(f"{len(cases)} calls on own arrays of many types, as on files", not wrong, "\n".join(wrong))


def errors(work):
    """The same words, but for the name of an input in its file's place."""
    i8, big = np.zeros((2, 8), np.int8), np.full((2, 8), 1 << 40)
    cases = [("emsbq", {"x": i8}, {"q": 99}), ("emsbq", {"x": i8}, {"q": "x"}), ("emsbq", {"x": i8}, {"round": 2}), ("emsbq", {}, {}), ("emsbq", {"x": i8[0]}, {}),
             ("bitsift", {"x": big}, {}), ("bitsift", {"x": np.full((1, 8), 300)}, {"bits": 4}), ("flare-gemv", {"x": i8, "w": np.zeros((9, 3), np.int8)}, {}),
             ("vdr-softmax", {"x": i8, "ne": [1]}, {}), ("sfu-fp16", {"a": np.zeros(3, int)}, {}), ("head-norm", {}, {}), ("bitsift", {"x": np.zeros((1, 5000), np.int8)}, {})]
    wrong = []
    for op, inputs, settings in cases:
        entry = next(o for o in perimeter.ops.CATALOGUE if o["name"] == op)
        for name, array in inputs.items():
            np.save(work / f"{name}.npy", np.asarray(array))
        words = ["--in", *[f"{name}={work}/{name}.npy" for name in inputs]] if inputs else []
        words += ["--set", *[f"{k}={v}" for k, v in settings.items()]] if settings else []
        done = cli("op", op, *words, "--out", f"{entry['out'][0]['name']}={work}/none.npy")
        want = done.stderr.strip().removeprefix("perimeter: ")
        for name in inputs:
            want = want.replace(f"{work}/{name}.npy", name)
        try:
            getattr(perimeter.ops, op.replace("-", "_"))(**inputs, **settings)
            wrong.append(f"{op} {settings}: no error, {want}")
        except perimeter.Error as error:
            if str(error) != want or done.returncode != 2:
                wrong.append(f"{op}: '{error}' is not '{want}'")
    check(f"{len(cases)} errors in the program's words", not wrong, "\n".join(wrong))
    for name, bad in {"nan": np.array([[np.nan]]), "half": np.array([[0.5]]), "uint64": np.array([[2**63]], np.uint64), "text": np.array([["a"]]), "complex": np.array([[1j]]),
                      "empty": np.zeros((0, 3), int), "deep": np.zeros((1, 1, 1, 1, 1), int), "scalar": 3, "huge": np.array([[1e300]])}.items():
        try:
            perimeter.ops.emsbq(bad)
            check(f"refuses {name}", False)
        except perimeter.Error as error:
            check(f"refuses {name}", str(error).startswith("x: "), error)
    for call in (lambda: perimeter.ops.emsbq(i8, volts=1), lambda: perimeter.ops.emsbq(i8, i8)):
        try:
            call()
            check("refuses an argument that there is not", False)
        except TypeError:
            check("refuses an argument that there is not", True)


def sqnr(exact, other):
    return float(10 * (exact.square().sum() / (exact - other).square().sum()).log10())


def in_torch():
    if importlib.util.find_spec("torch") is None:
        skip("systems in PyTorch", "torch", "python3-torch")
        return
    import torch
    from torch import nn

    import perimeter.torch as pt

    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(4, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(8, 8, (3, 1), padding=(1, 0), groups=4), nn.Conv2d(8, 6, 2, dilation=2, padding="same", padding_mode="reflect"),
                        nn.Flatten(), nn.Linear(6 * 25, 10, bias=False))
    x = torch.randn(6, 4, 10, 10)
    for plan, low, high in (("*=int8", 30, 60), ("*=hyflex,cell=1", 30, 60), ("*=khwa", 25, 60), ("*=nmc", 20, 60), ("*=xbar", 25, 60), ("*=hyflex,cell=2,mlc-sigma=0.2", 5, 30)):
        ratio = sqnr(net(x), pt.place(net, plan, calibrate=x)(x))
        check(f"{plan}: {low} < {ratio:.1f} dB < {high}", low < ratio < high)
    placed = pt.place(net, ["*=int8", "5=host"])
    wanted = {"0": "int8", "2.0": "int8", "2.1": "int8", "2.2": "int8", "2.3": "int8", "3": "int8", "5": None}
    got = pt.systems(placed)
    check("patterns choose, the last wins", {k: v if v != "host" else None for k, v in got.items()} == wanted, got)
    # Straight through: where the loss is linear in what is placed, gradients are float's to the last bit.
    for model in (net, placed):
        net.zero_grad()
        (model[0](x) * torch.arange(8.0).reshape(1, 8, 1, 1)).sum().backward()
        gradient = net[0].weight.grad.clone() if model is net else gradient
    check("gradients are straight through, on the shared weights", torch.equal(gradient, net[0].weight.grad) and gradient.abs().sum() > 0)
    before = placed(x).detach()
    with torch.no_grad():
        net[0].weight.mul_(0.5)
    after = placed(x).detach()
    check("weights that change are programmed anew", not torch.equal(before, after) and sqnr(net(x), after) > 30)
    drawn = [pt.place(net, "*=hyflex,cell=2,mlc-sigma=0.2", seed=seed)(x) for seed in (1, 1, 2)]
    check("a seed draws the same cells, another others", torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2]))
    check("a single layer is placed too", sqnr(net[5](torch.ones(2, 150)), pt.place(net[5], "*=int8")(torch.ones(2, 150))) > 25)

    attention = nn.MultiheadAttention(16, 4, batch_first=False).eval()
    with torch.no_grad():
        attention.in_proj_bias.normal_()
    q, k = torch.randn(5, 2, 16), torch.randn(7, 2, 16)
    padding, mask = torch.zeros(2, 7, dtype=torch.bool), torch.randn(8, 5, 7)
    padding[0, 5:] = True
    want, want_weights = attention(q, k, k, key_padding_mask=padding, attn_mask=mask)
    got, got_weights = pt.place(nn.ModuleDict({"a": attention}), "a.*=int8")["a"](q, k, k, key_padding_mask=padding, attn_mask=mask)
    check(f"MultiheadAttention with masks, {sqnr(want, got):.1f} dB", 30 < sqnr(want, got) < 60 and want_weights.shape == got_weights.shape and sqnr(want_weights, got_weights) > 25)
    layer = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), 2).eval()
    y = torch.randn(2, 5, 16)
    with torch.no_grad():
        ratio = sqnr(layer(y), pt.place(layer, "*=int8")(y))
    check(f"a TransformerEncoder, {ratio:.1f} dB", 25 < ratio < 60)

    for name, want, plan in (("a pattern of nothing", "nothing: matches no layer", "nothing=int8"), ("a system that there is not", "'zzz' is not one of", "*=zzz"),
                             ("FLARE, which takes attentions as a whole", "which is what flare takes", "*=flare"), ("a setting out of range", "mlc-sigma", "*=hyflex,mlc-sigma=9"),
                             ("ranges that nobody gave", "range of its inputs", "*=nmc")):
        try:
            pt.place(net, plan)
            check(f"refuses {name}", False)
        except perimeter.Error as error:
            check(f"refuses {name}", want in str(error), error)
    for name, call in (("a model without matrices", lambda: pt.place(nn.ReLU(), "*=int8")), ("settings of nothing", lambda: pt.place(net, "*=int8", ["hyflex.cell=2"]))):
        try:
            call()
            check(f"refuses {name}", False)
        except perimeter.Error:
            check(f"refuses {name}", True)


def wheel(work):
    """Built without a network, unpacked far from this tree."""
    env = os.environ | {"PERIMETER_LIBRARY": str(BUILD / "shared/libperimeter-python.so")}
    done = subprocess.run([sys.executable, "-c", "import sys, backend; print(backend.build_wheel(sys.argv[1]))", str(work)], cwd=ROOT / "python", env=env, capture_output=True, text=True)
    name = done.stdout.strip()
    check("a wheel is built", done.returncode == 0 and name.endswith(".whl"), done.stderr)
    again = work / "again"
    again.mkdir()
    subprocess.run([sys.executable, "-c", "import sys, backend; backend.build_wheel(sys.argv[1])", str(again)], cwd=ROOT / "python", env=env, capture_output=True, check=True)
    check("the same files give the same wheel", (again / name).read_bytes() == (work / name).read_bytes())
    place = work / "site"
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PERIMETER")}
    if importlib.util.find_spec("pip"):
        done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", "--root-user-action=ignore", "--target", str(place), str(work / name)],
                              capture_output=True, text=True, env=clean)
        check("pip installs it", done.returncode == 0, done.stderr)
    else:
        skip("pip installs it", "pip", "python3-pip")
        zipfile.ZipFile(work / name).extractall(place)
    script = "import perimeter; from perimeter.library import _lib; print(perimeter.__version__, perimeter.ops.emsbq([[70000, -3]], q=6).s[0], _lib._name)"
    done = subprocess.run([sys.executable, "-c", script], cwd=work, env=clean | {"PYTHONPATH": str(place)}, capture_output=True, text=True)
    check("it runs with the library inside", done.stdout.split()[:2] == [(ROOT / "VERSION").read_text().strip(), "12"] and str(place) in done.stdout, done.stdout + done.stderr)
    done = subprocess.run([sys.executable, "-c", "import perimeter"], cwd=ROOT / "python", env=clean | {"PERIMETER_LIBRARY": "/nowhere.so"}, capture_output=True, text=True)
    check("a library that is not there is named", "ImportError: /nowhere.so: missing" in done.stderr, done.stderr)


def notebook():
    if importlib.util.find_spec("torch") is None or not Path("/usr/share/datasets/fashion-mnist").exists():
        skip("the notebook", "torch or the data set", "python3-torch, dataset-fashion-mnist")
        return
    space = {}
    cells = json.loads((ROOT / "python/adc_and_sigma.ipynb").read_text())["cells"]
    sys.stdout.flush()
    kept, sys.stdout = sys.stdout, open(os.devnull, "w", encoding="utf-8")
    try:
        for cell in cells:
            if cell["cell_type"] == "code":
                exec("".join(cell["source"]), space)  # pylint: disable=exec-used
    finally:
        sys.stdout = kept
    table, exact = space["table"], space["in_float"]
    check(f"notebook: float {exact:.1f} %", 76 < exact < 90)
    check("notebook: without errors the arrays are within 2.5 points, at full bits", abs(table["full"][0] - exact) < 2.5)
    check("notebook: more sigma, less accuracy", all(row[0] - 1 >= row[2] - 2 and row[0] > row[3] + 10 for row in table.values()), table)
    check(f"notebook: training in the arrays wins back {space['after'] - space['before']:.1f} points", space["after"] > space["before"] + 10)
    check("notebook: what it has printed is kept in it", all(cell["outputs"] for cell in cells if cell["cell_type"] == "code"))


if importlib.util.find_spec("numpy") is None:
    skip("all of it", "numpy", "python3-numpy")
    sys.exit(0)
import numpy as np  # noqa: E402

import perimeter  # noqa: E402

with tempfile.TemporaryDirectory() as folder:
    every_op(Path(folder))
    own_arrays(Path(folder))
    errors(Path(folder))
    wheel(Path(folder))
in_torch()
notebook()
sys.exit(tap.failed)
