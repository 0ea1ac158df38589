#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The programs of models/train: what they read, what they write and that `perimeter run` takes it. TAP. Needs numpy; the package
`tokenizers` is replaced by a few lines."""

import contextlib
import gzip
import json
import os
import pathlib
import random
import re
import resource
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
TRAIN = ROOT / "models" / "train"
PERIMETER = pathlib.Path(os.environ.get("PERIMETER_BUILD", "build")).resolve() / "perimeter"
sys.path.insert(0, str(TRAIN))
sys.dont_write_bytecode = True

try:
    import numpy as np
except ImportError:
    debian = "/usr/bin/python3"  # where another Python comes first
    if os.path.exists(debian) and not os.path.samefile(debian, sys.executable):
        os.execv(debian, [debian, *sys.argv])
    print("ok - train: everything # SKIP numpy is missing")
    sys.exit()

import convert_gpt
import encoder
import files
import program
import sharded
import tensors

sys.excepthook = sys.__excepthook__
failed = 0


def check(name, good, note=""):
    global failed
    failed += not good
    print(f"{'ok' if good else 'not ok'} - train: {name}")
    if not good:
        print("# " + str(note).strip().replace("\n", "\n# "))


@contextlib.contextmanager
def refusal(name, reason=""):
    """What is done inside must be refused, for this reason."""
    try:
        yield
        check(f"{name} is refused", False, "was taken")
    except program.Refused as error:
        check(f"{name} is refused", reason in str(error), error)


# ---- files ----

def unescape(text):
    return re.sub(rb"\\(x[0-9a-f]{2}|.)", lambda m: bytes([int(m[1][1:], 16)]) if len(m[1]) == 3 else m[1], text.encode())


def safetensors_cases(folder):
    """The verdicts of the format's reference implementation, see safetensors_cases.py."""
    wrong, counts = [], {}
    for line in (ROOT / "tests" / "safetensors_cases.tsv").read_text().splitlines():
        verdict, change, size, name, text = line.split("\t")
        header = unescape(text)
        path = folder / "t.safetensors"
        path.write_bytes(struct.pack("<Q", (len(header) + int(change)) % 2**64) + header + bytes(int(size)))
        try:
            tensors.Tensors(path)
            taken = True
        except program.Refused:
            taken = False
        counts[verdict] = counts.get(verdict, 0) + 1
        if taken != (verdict == "take"):
            wrong.append(name)
    check(f"{sum(counts.values())} safetensors files are judged as by the reference", not wrong and counts["take"] >= 50 and
          counts["refuse"] >= 250, wrong)


def safetensors_values(folder):
    values = np.array([[1.5, -2.0, 0.0], [3.25, 2.0**-14, -448.0]], np.float32)
    bits = (values.view("<u4") >> 16).astype("<u2")
    path = folder / "t.safetensors"
    for dtype, raw in (("F16", values.astype("<f2")), ("BF16", bits), ("F32", values), ("F64", values.astype("<f8"))):
        header = json.dumps({"t": {"dtype": dtype, "shape": [2, 3], "data_offsets": [0, raw.nbytes]}}).encode()
        path.write_bytes(struct.pack("<Q", len(header)) + header + raw.tobytes())
        got = tensors.Tensors(path).read("t", (2, 3), ("F16", "BF16", "F32", "F64"))
        check(f"{dtype} becomes float32", got.dtype == np.float32 and (got == values).all(), got)
    with refusal("F64 where F32 is expected", "dtype F64, expected F32"):
        tensors.Tensors(path).read("t", (2, 3))
    with refusal("another shape", "shape [2, 3], expected [3, 2]"):
        tensors.Tensors(path).read("t", (3, 2), ("F64",))
    for name, value in (("infinity", np.inf), ("a value beyond float32", 1e39), ("NaN", np.nan)):
        header = json.dumps({"t": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}}).encode()
        path.write_bytes(struct.pack("<Q", len(header)) + header + np.array([0, value]).tobytes())
        with refusal(name, "element 1 is not finite"):
            tensors.Tensors(path).read("t", (2,), ("F64",))
    two = {"a": values, "b.c": values.T}
    path.write_bytes(b"".join(tensors.pieces(two)))
    again = tensors.Tensors(path)
    check("what is written reads back", all((again.read(n, t.shape) == t).all() for n, t in two.items()) and
          path.stat().st_size % 8 == 0)


def json_cases():
    for name, raw in (("a member twice", b'{"a":1,"b":{"c":1,"c":2}}'), ("NaN", b'{"a":NaN}'), ("Infinity", b'{"a":-Infinity}'),
                      ("1e999", b'{"a":1e999}'), ("a list", b"[]"), ("a byte order mark", b"\xef\xbb\xbf{}"), ("text behind", b"{} x"),
                      ("no UTF-8", b'{"a":"\xff"}'), ("half a surrogate pair", b'{"a":"\\ud800"}'), ("a zero", b'{"a\\u0000":1}'),
                      ("128 levels", b'{"a":' + b"[" * 127 + b"]" * 127 + b"}"), ("100000 levels", b'{"a":' + b"[" * 100000)):
        with refusal(f"JSON with {name}", "t.json: bad JSON"):
            files.parse_json("t.json", raw)
    value = files.parse_json("t.json", b'{"a":[1,-2.5e1,"\\u00e4"],"b":' + b"[" * 126 + b"]" * 126 + b"}")
    check("JSON is read", value["a"] == [1, -25.0, "\u00e4"])


def idx_cases(folder):
    images = struct.pack(">4I", 0x803, 2, 2, 3) + bytes(range(12))
    for name in ("t-images-idx3-ubyte", "t-images.idx3-ubyte", "t-images-idx3-ubyte.gz", "t-images.idx3-ubyte.gz"):
        (folder / name).write_bytes(gzip.compress(images) if name.endswith("gz") else images)
        path = files.find_idx(folder, "t", "images", 3)
        check(f"{name} is found", os.path.basename(path) == name and files.read_idx(path, 3) == ([2, 2, 3], bytes(range(12))), path)
        (folder / name).unlink()
    path = folder / "t"
    for name, data, count in (("a truncated IDX file", images[:-1], None), ("a truncated header", images[:9], None),
                              ("labels as images", struct.pack(">2I", 0x801, 2) + bytes(20), None), ("no images", images[:4] + bytes(12), None),
                              ("more images than there are", images, 3), ("truncated gzip", gzip.compress(images)[:-9], None),
                              ("a corrupt gzip file", gzip.compress(images)[:20] + b"x" * 30, None)):
        path.write_bytes(data)
        with refusal(name, str(path)):
            files.read_idx(path, 3, count)
    check("the first images of more", files.read_idx(save(path, images), 3, 1) == ([1, 2, 3], bytes(range(6))))


def save(path, data):
    path.write_bytes(data)
    return path


# ---- programs ----

TOKENIZERS = '''
class Encoding:
    def __init__(self, ids): self.ids = ids
class Tokenizer:
    @staticmethod
    def from_file(path):
        import json
        with open(path) as f: words = json.load(f)["model"]["vocab"]
        t = Tokenizer(); t.count = len(words); return t
    def no_padding(self): pass
    def enable_truncation(self, most): self.most = most
    def encode_batch(self, lines):
        word = lambda w: 3 + sum(w.encode()) % (self.count - 3)
        return [Encoding(([1] + [word(w) for w in line.split()])[: self.most - 1] + [2]) for line in lines]
'''
SENTENCES = "the cat sat on the mat\na dog\nsome more words than these are not needed here at all\n"


def call(script, *args, env=None, largest=resource.RLIM_INFINITY):
    """Runs one of the programs, which may write files of `largest` bytes."""
    return subprocess.run([sys.executable, TRAIN / script, *map(str, args)], capture_output=True, text=True,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest)),
                          env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1", **(env or {})})


def refused(name, done, reason, untouched=None, before=None):
    """One line with the reason, status 2, and nothing written."""
    line = done.stderr.endswith("\n") and done.stderr.count("\n") == 1
    same = untouched is None or (sorted(p.name for p in untouched.iterdir()) if untouched.exists() else None) == before
    check(f"{name} is refused", done.returncode == 2 and line and reason in done.stderr and "internal" not in done.stderr and same
          and not done.stdout, f"status {done.returncode}, expected '{reason}'\n{done.stderr}{done.stdout}")


def run(*args):
    return subprocess.run([PERIMETER, "run", *map(str, args)], capture_output=True, text=True)


WORDS, POSITIONS, FFN = 40, 64, 48
HOSTILE = 1500


def bert(width=32, layers=2, seed=0):
    """A random checkpoint under BERT's names."""
    r = np.random.default_rng(seed)
    g = lambda *shape: (0.3 * r.normal(size=shape)).astype(np.float32)  # noqa: E731
    w = {"embeddings.word_embeddings.weight": g(WORDS, width), "embeddings.position_embeddings.weight": g(POSITIONS, width),
         "embeddings.token_type_embeddings.weight": g(2, width)}
    norms = ["embeddings.LayerNorm"]
    for i in range(layers):
        at = f"encoder.layer.{i}."
        for name, rows, columns in (("attention.self.query", width, width), ("attention.self.key", width, width),
                                    ("attention.self.value", width, width), ("attention.output.dense", width, width),
                                    ("intermediate.dense", FFN, width), ("output.dense", width, FFN)):
            w[f"{at}{name}.weight"], w[f"{at}{name}.bias"] = g(rows, columns), g(rows)
        norms += [f"{at}attention.output.LayerNorm", f"{at}output.LayerNorm"]
    for name in norms:
        w[f"{name}.weight"], w[f"{name}.bias"] = 1 + g(width), g(width)
    return w


def bert_config(**changes):
    c = {"model_type": "bert", "hidden_act": "gelu", "num_hidden_layers": 2, "hidden_size": 32, "num_attention_heads": 4,
         "intermediate_size": FFN, "max_position_embeddings": POSITIONS, "vocab_size": WORDS, "layer_norm_eps": 1e-12}
    return {key: value for key, value in {**c, **changes}.items() if value is not None}


RAW = {"<f4": "F32", "<f2": "F16", "<f8": "F64", "<u2": "BF16", "<i8": "I64"}


def store(path, weights):
    """A safetensors file in the arrays' own dtypes; two-byte unsigned integers are bfloat16."""
    header, data = {}, b""
    for name, t in weights.items():
        header[name] = {"dtype": RAW[t.dtype.str], "shape": list(t.shape), "data_offsets": [len(data), len(data) + t.nbytes]}
        data += t.tobytes()
    blob = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(blob)) + blob + data)


def publish(folder, weights=None, config=None, words=WORDS):
    """SOURCE, as its publishers ship it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    store(folder / "model.safetensors", bert() if weights is None else weights)
    (folder / "config.json").write_text(json.dumps(bert_config() if config is None else config))
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": {str(i): i for i in range(words)}}}))
    return folder


def mean(x, w):
    return x.mean(0)


def embedding(weights, ids, heads, eps, pool=mean):
    """BERT in double precision, by its own names: what `pool` makes of its tokens and its weights."""
    from math import erf

    w = {name: t.astype(np.float64) for name, t in weights.items()}
    linear = lambda x, name: x @ w[f"{name}.weight"].T + w[f"{name}.bias"]  # noqa: E731

    def norm(x, name):
        return (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + eps) * w[f"{name}.weight"] + w[f"{name}.bias"]

    x = norm(np.array([w["embeddings.word_embeddings.weight"][i] + w["embeddings.position_embeddings.weight"][p] +
                       w["embeddings.token_type_embeddings.weight"][0] for p, i in enumerate(ids)]), "embeddings.LayerNorm")
    for layer in range(2):
        at = f"encoder.layer.{layer}."
        q, k, v = (linear(x, f"{at}attention.self.{part}") for part in ("query", "key", "value"))
        y = np.zeros_like(x)
        dk = x.shape[1] // heads
        for h in range(heads):
            part = slice(h * dk, (h + 1) * dk)
            s = np.exp(q[:, part] @ k[:, part].T / dk**0.5)
            y[:, part] = s / s.sum(1, keepdims=True) @ v[:, part]
        x = norm(x + linear(y, f"{at}attention.output.dense"), f"{at}attention.output.LayerNorm")
        hidden = linear(x, f"{at}intermediate.dense")
        hidden = hidden * (1 + np.vectorize(erf)(hidden / 2**0.5)) / 2
        x = norm(x + linear(hidden, f"{at}output.dense"), f"{at}output.LayerNorm")
    return pool(x, w)


def expected_cosine(weights, pair, heads=4, eps=1e-12, pool=mean):
    ids = lambda text: [1] + [3 + sum(w.encode()) % (WORDS - 3) for w in text.split()] + [2]  # noqa: E731
    a, b = (embedding(weights, ids(text), heads, eps, pool) for text in pair)
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


def bfloat16(t):
    return (t.view("<u4") >> 16).astype("<u2")


def with_heads(weights, classes=5, width=32):
    """A checkpoint with BERT's pooler and a classifier."""
    r = np.random.default_rng(7)
    g = lambda *shape: (0.3 * r.normal(size=shape)).astype(np.float32)  # noqa: E731
    return {**weights, "pooler.dense.weight": g(width, width), "pooler.dense.bias": g(width), "classifier.weight": g(classes, width),
            "classifier.bias": g(classes)}


def pooled(activation=np.tanh, classify=False):
    def pool(x, w):
        y = activation(w["pooler.dense.weight"] @ x[0] + w["pooler.dense.bias"])
        return w["classifier.weight"] @ y + w["classifier.bias"] if classify else y
    return pool


DISTILBERT = (("encoder.layer", "transformer.layer"), ("attention.self.query", "attention.q_lin"), ("attention.self.key", "attention.k_lin"),
              ("attention.self.value", "attention.v_lin"), ("attention.output.dense", "attention.out_lin"), ("intermediate.dense", "ffn.lin1"),
              ("attention.output.LayerNorm", "sa_layer_norm"), ("output.LayerNorm", "output_layer_norm"), ("output.dense", "ffn.lin2"),
              ("pooler.dense", "pre_classifier"))


def families():
    """Kin of BERT: the same network under other names."""
    def named(weights, pairs, prefix, heads=("classifier", "pre_classifier")):
        out = {}
        for name, t in weights.items():
            for a, b in pairs:
                name = name.replace(a, b)
            out[name if name.startswith(heads) else prefix + name] = t
        return out

    whole = with_heads(bert())
    position, segment = "embeddings.position_embeddings.weight", "embeddings.token_type_embeddings.weight"
    late = lambda n: {**whole, position: np.concatenate((np.full((n, 32), 9, np.float32), whole[position]))}  # noqa: E731
    none = {**whole, segment: np.zeros((2, 32), np.float32)}
    distil = {n: t for n, t in named(none, DISTILBERT, "distilbert.").items() if "token_type" not in n}
    roberta = named(late(2), (("pooler.dense", "classifier.dense"), ("classifier.weight", "classifier.out_proj.weight"),
                              ("classifier.bias", "classifier.out_proj.bias")), "roberta.")
    sequence = lambda kind: [f"{kind}ForSequenceClassification"]  # noqa: E731
    keys = {"model_type": "distilbert", "num_hidden_layers": None, "hidden_size": None, "num_attention_heads": None, "intermediate_size": None,
            "hidden_act": None, "n_layers": 2, "dim": 32, "n_heads": 4, "hidden_dim": FFN, "activation": "gelu", "layer_norm_eps": None}
    rectified = lambda y: np.maximum(y, 0)  # noqa: E731
    return (
        ("BERT with its pooler", whole, {}, whole, 4, pooled(), "--pooler"),
        ("a BERT that classifies", named(whole, (), "bert."), {"architectures": sequence("Bert")}, whole, 4, pooled(classify=True)),
        ("RoBERTa", named(late(2), (), "roberta."), {"model_type": "roberta"}, whole, 4, mean),
        ("XLM-RoBERTa, padding 4", late(5), {"model_type": "xlm-roberta", "pad_token_id": 4}, whole, 4, mean),
        ("RoBERTa with a pooler", late(2), {"model_type": "camembert"}, whole, 4, pooled(), "--pooler"),
        ("a RoBERTa that classifies", roberta, {"model_type": "roberta", "architectures": sequence("Roberta")}, whole, 4, pooled(classify=True)),
        ("DistilBERT", distil, keys, none, 4, mean),
        ("a DistilBERT that classifies", distil, {**keys, "architectures": sequence("DistilBert")}, none, 4, pooled(rectified, True)),
        ("a DistilBERT of float16 that classifies", {n: t.astype("<f2") for n, t in distil.items()},
         {**keys, "architectures": sequence("DistilBert")}, {n: t.astype("<f2") for n, t in none.items()}, 4, pooled(rectified, True)),
    )


def conversions(work, env):
    """Checkpoints in the forms that exporters write: converted, taken by `perimeter run`, and with the cosine that BERT has."""
    pair = ("the cat", "a dog sat on the mat")
    (work / "p.tsv").write_text("\t".join(pair) + "\n")
    (work / "s.txt").write_text(SENTENCES)
    plain = bert()
    renamed = lambda prefix, old: {prefix + (re.sub("LayerNorm.weight", "LayerNorm.gamma", re.sub(  # noqa: E731
        "LayerNorm.bias", "LayerNorm.beta", n)) if old else n): t for n, t in plain.items()}
    truncated = {n: (t.view("<u4") & 0xFFFF0000).view("<f4") for n, t in plain.items()}
    many = {**plain, "embeddings.position_ids": np.arange(64)[None], "pooler.dense.weight": np.zeros((32, 32), np.float16),
            "cls.predictions.bias": np.zeros(WORDS, np.float32)}
    forms = (
        ("plain", plain, {}, plain, 4), ("a bert. prefix", renamed("bert.", False), {}, plain, 4),
        ("a model. prefix", renamed("model.", False), {}, plain, 4), ("gamma and beta", renamed("bert.", True), {}, plain, 4),
        ("float16", {n: t.astype("<f2") for n, t in plain.items()}, {}, {n: t.astype("<f2") for n, t in plain.items()}, 4),
        ("bfloat16", {n: bfloat16(t) for n, t in plain.items()}, {}, truncated, 4),
        ("float64", {n: t.astype("<f8") for n, t in plain.items()}, {}, plain, 4),
        ("further tensors", many, {}, plain, 4), ("no epsilon", plain, {"layer_norm_eps": None}, plain, 4),
        ("no activation", plain, {"hidden_act": None}, plain, 4), ("a vocabulary padded in words alone", plain, {"vocab_size": WORDS + 7}, plain, 4),
        ("16 heads", bert(), {"num_attention_heads": 16}, plain, 16), ("1 head", bert(), {"num_attention_heads": 1}, plain, 1),
        ("7 dimensions a head", bert(35), {"hidden_size": 35, "num_attention_heads": 5}, bert(35), 5),
        ("keys that are 0", {n: t * ("key" not in n) for n, t in plain.items()}, {}, {n: t * ("key" not in n) for n, t in plain.items()}, 4),
        ("more positions than the engine has", {**plain, "embeddings.position_embeddings.weight": np.tile(
            plain["embeddings.position_embeddings.weight"], (20, 1))}, {"max_position_embeddings": 1280}, plain, 4),
    )
    for name, weights, changes, meant, heads, *more in forms + families():
        source, out = publish(work / "source", weights, bert_config(**changes)), work / "out"
        pool, *options = more or [mean]
        shutil.rmtree(out, ignore_errors=True)
        done = call("convert_bert.py", source, out, "--sentences", work / "s.txt", *options, env=env)
        ran = subprocess.run([PERIMETER, "run", out, "--pairs", work / "p.tsv"], capture_output=True, text=True,
                             env={**os.environ, **env})
        got = [float(v) for v in ran.stdout.split()] if ran.returncode == 0 else [9, 9]
        want = expected_cosine(meant, pair, heads, pool=pool)
        check(f"{name} is converted: cosine {got[0]:.6f}, {got[1]:.4f} in integers", done.returncode == 0 and not done.stderr and
              abs(got[0] - want) < 2e-6 and abs(got[1] - want) < 0.1, f"{done.stderr}{ran.stderr}wanted {want}")
    # In shards.
    source = publish(work / "source")
    names = list(plain)
    shards = {n: f"model-0000{1 + i % 2}-of-00002.safetensors" for i, n in enumerate(names)}
    (source / "model.safetensors").unlink()
    for shard in set(shards.values()):
        store(source / shard, {n: plain[n] for n in names if shards[n] == shard})
    (source / "model.safetensors.index.json").write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": shards}))
    done = call("convert_bert.py", source, work / "sharded", "--sentences", work / "s.txt", env=env)
    call("convert_bert.py", publish(work / "whole"), work / "out", "--sentences", work / "s.txt", env=env)
    same = all((work / "sharded" / n).read_bytes() == (work / "out" / n).read_bytes()
               for n in ("model.safetensors", "calibration.json", "config.json")) if done.returncode == 0 else False
    check("shards give what the whole gives", same, done.stderr)
    # Moved, a network still has its tokenizer.
    (work / "out").rename(work / "mo ved")
    ran = subprocess.run([PERIMETER, "run", work / "mo ved", "--pairs", work / "p.tsv"], capture_output=True, text=True, env={**os.environ, **env})
    check("a network that was moved runs", ran.returncode == 0, ran.stderr)
    shutil.rmtree(work / "mo ved")
    return source, shards


def conversion_refusals(work, env, source, shards):
    out = work / "out"
    shutil.rmtree(out, ignore_errors=True)

    def bad(name, reason, *options, folder=None):
        done = call("convert_bert.py", folder or work / "source", out, "--sentences", work / "s.txt", *options, env=env)
        refused(name, done, reason, out, None)

    index = source / "model.safetensors.index.json"
    for name, text, reason in (("a shard that is not there", {**shards, "x": "no.safetensors"}, "no.safetensors: No such file"),
                               ("a shard elsewhere", {**shards, "x": "../x"}, "weight_map"), ("no weight_map", None, "weight_map"),
                               ("an index of tensors that are nowhere", {n: next(iter(shards.values())) for n in shards}, "is missing")):
        index.write_text(json.dumps({"weight_map": text} if text else {}))
        bad(name, reason)
    for name, changes, reason in (
        ("another architecture", {"model_type": "t5"}, "not an encoder"), ("no architecture", {"model_type": None}, "not an encoder"),
        ("an architecture that is no name", {"model_type": ["bert"]}, "not an encoder"), ("a padding that is text", {
            "model_type": "roberta", "pad_token_id": "1"}, '"pad_token_id" is 1'),
        ("a classifier without head", {"architectures": ["BertForSequenceClassification"]}, "classifier.weight is missing"),
        ("relative positions", {"position_embedding_type": "relative_key"}, "absolute positions"), ("a decoder", {"is_decoder": True}, "not an encoder"),
        ("another activation", {"hidden_act": "silu"}, "hidden_act silu"), ("an activation that is no name", {"hidden_act": [1]}, "hidden_act"),
        ("32 heads", {"num_attention_heads": 32}, '"heads" 32 exceeds'), ("3 heads of 32", {"num_attention_heads": 3}, "no multiple"),
        ("no heads", {"num_attention_heads": 0}, '"heads" is 0'), ("heads that are missing", {"num_attention_heads": None}, "num_attention_heads"),
        ("a width that is text", {"hidden_size": "32"}, '"width" is 32'), ("a width of 32.0", {"hidden_size": 32.0}, '"width" is 32.0'),
        ("another width than the weights'", {"hidden_size": 64}, "shape [40, 32], expected [40, 64]"),
        ("more layers than there are", {"num_hidden_layers": 3}, "encoder.layer.2.attention.self.query.weight is missing"),
        ("epsilon 0", {"layer_norm_eps": 0}, '"layernorm_eps" is 0'),
    ):
        publish(work / "source", config=bert_config(**changes))
        bad(name, reason)
    good = bert()
    spoiled = lambda name, value: {**good, name: np.full_like(good[name], value)}  # noqa: E731
    query = "encoder.layer.0.attention.self.query.weight"
    for name, weights, reason in (
        ("NaN", spoiled(query, np.nan), f"{query}: element 0 is not finite"), ("infinity", spoiled("embeddings.LayerNorm.bias", np.inf), "not finite"),
        ("integer weights", {**good, query: np.zeros((32, 32), np.int64)}, "dtype I64, expected F16"),
        ("a bias that is missing", {n: t for n, t in good.items() if n != "encoder.layer.1.output.dense.bias"}, "layer.1.output.dense.bias is missing"),
        ("no words", {n: t for n, t in good.items() if "word" not in n}, "no tensors are called"),
        ("two encoders", {a + n: t for n, t in good.items() for a in ("a.", "b.")}, "2 tensors are called"),
        ("weights that overflow", {n: t * np.float32(1e30) for n, t in good.items()}, "source: layer"),
        ("fewer words than the tokenizer has", {**good, "embeddings.word_embeddings.weight": good["embeddings.word_embeddings.weight"][:20]}, "token 39"),
        ("one position", {n: t[:1] if "position" in n else t for n, t in good.items()}, "takes 1 token"),
        ("a vector of words", {**good, "embeddings.word_embeddings.weight": np.zeros(40, np.float32)}, "no matrix"),
        ("a scalar of words", {**good, "embeddings.word_embeddings.weight": np.zeros((), np.float32)}, "no matrix"),
    ):
        publish(work / "source", weights)
        bad(name, reason)
    for file, data, reason in (("model.safetensors", b"x" * 100, "model.safetensors"), ("model.safetensors", None, "model.safetensors: No such file"),
                               ("tokenizer.json", None, "tokenizer.json: No such file"), ("tokenizer.json", b"{}", "no vocabulary"),
                               ("tokenizer.json", b"{", "bad JSON"), ("config.json", None, "config.json: No such file"),
                               ("config.json", b'{"model_type":"bert","model_type":"bert"}', "twice"), ("config.json", b"\xff", "bad JSON"),
                               ("modules.json", b'[{"type":"a.Transformer"},{"type":"a.Pooling"},{"type":"a.Dense"}]', "a Dense layer"),
                               ("1_Pooling/config.json", b'{"pooling_mode_max_tokens":true}', "pooling is neither"),
                               ("1_Pooling/config.json", b'{"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":true}', "cls_token and mean_tokens"),
                               ("sentence_bert_config.json", b'{"max_seq_length":"x"}', "max_seq_length")):
        folder = publish(work / "source")
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).unlink(missing_ok=True) if data is None else (folder / file).write_bytes(data)
        bad(f"{file}: {reason}", reason)
    publish(work / "source")
    bad("a source that is not there", "/nowhere", folder="/nowhere")
    bad("more tokens than positions", "--tokens: 65", "--tokens", 65)
    bad("a negative number of tokens", "--tokens", "--tokens", -1)
    bad("no sentences at all", "no sentences", "--sentences", "/dev/null")
    done = call("convert_bert.py", work / "source", out, env={**env, "PYTHONPATH": "/nowhere"})
    refused("a missing tokenizer package", done, "tokenizer fails", out, None)
    refused("OUT that is SOURCE", call("convert_bert.py", work / "source", work / "source", env=env), "is SOURCE")
    refused("no OUT", call("convert_bert.py", work / "source", env=env), "required: OUT")
    (work / "full").mkdir()
    done = call("convert_bert.py", work / "source", work / "full", "--sentences", work / "s.txt", env=env, largest=20000)
    refused("a disk that is full", done, "full: cannot be written: File too large", work / "full", [])
    (work / "file").write_text("")
    refused("OUT that is a file", call("convert_bert.py", work / "source", work / "file", "--sentences", work / "s.txt", env=env), "file: File exists")
    (work / "taken" / "config.json").mkdir(parents=True)
    done = call("convert_bert.py", work / "source", work / "taken", "--sentences", work / "s.txt", env=env)
    refused("OUT/config.json that is a folder", done, "is a folder", work / "taken", ["config.json"])


# ---- decoders ----

def gpt2(prefix="", d=12, layers=2, inner=20, seed=5):
    """A random checkpoint under GPT-2's names."""
    r = np.random.default_rng(seed)
    g = lambda *shape: (0.3 * r.normal(size=shape)).astype(np.float32)  # noqa: E731
    w = {"wte.weight": g(WORDS, d), "wpe.weight": g(9, d), "ln_f.weight": g(d), "ln_f.bias": g(d)}
    for i in range(layers):
        for name, *shape in (("ln_1", d), ("ln_2", d), ("attn.c_attn", d, 3 * d), ("attn.c_proj", d, d), ("mlp.c_fc", d, inner), ("mlp.c_proj", inner, d)):
            w[f"h.{i}.{name}.weight"], w[f"h.{i}.{name}.bias"] = g(*shape), g(shape[-1])
    return {prefix + name: t for name, t in w.items()}


def llama(d=12, layers=2, heads=3, kv_heads=1, inner=20, seed=6):
    r = np.random.default_rng(seed)
    g = lambda *shape: (0.3 * r.normal(size=shape)).astype(np.float32)  # noqa: E731
    w = {"model.embed_tokens.weight": g(WORDS, d), "model.norm.weight": g(d), "lm_head.weight": g(WORDS, d)}
    for i in range(layers):
        for name, *shape in (("input_layernorm", d), ("post_attention_layernorm", d), ("self_attn.q_proj", d, d), ("self_attn.o_proj", d, d),
                             ("self_attn.k_proj", d // heads * kv_heads, d), ("self_attn.v_proj", d // heads * kv_heads, d),
                             ("mlp.gate_proj", inner, d), ("mlp.up_proj", inner, d), ("mlp.down_proj", d, inner)):
            w[f"model.layers.{i}.{name}.weight"] = g(*shape)
    return w


def attend(q, k, v, heads, kv_heads):
    """Causal, of q [t, d] and k, v [t, ...]."""
    t, dk = len(q), q.shape[1] // heads
    out = np.zeros_like(q)
    for h in range(heads):
        a, b = slice(h * dk, (h + 1) * dk), slice(h * kv_heads // heads * dk, (h * kv_heads // heads + 1) * dk)
        s = np.where(np.tri(t) > 0, q[:, a] @ k[:, b].T / dk**0.5, -np.inf)
        p = np.exp(s - s.max(1, keepdims=True))
        out[:, a] = p / p.sum(1, keepdims=True) @ v[:, b]
    return out


def layer_norm(x, weight, bias, eps):
    return (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + eps) * weight + bias


def root_norm(x, weight, eps):
    return x / np.sqrt((x * x).mean(1, keepdims=True) + eps) * weight


def gelu_new(x):
    return x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3))) / 2


def gpt2_logits(w, ids, heads, eps=1e-5):
    """By Hugging Face's names and layout."""
    w = {name.removeprefix("transformer."): t.astype(np.float64) for name, t in w.items()}
    conv = lambda x, name: x @ w[name + ".weight"] + w[name + ".bias"]  # noqa: E731
    norm = lambda x, name: layer_norm(x, w[name + ".weight"], w[name + ".bias"], eps)  # noqa: E731
    x = w["wte.weight"][ids] + w["wpe.weight"][: len(ids)]
    for i in range(2):
        q, k, v = np.split(conv(norm(x, f"h.{i}.ln_1"), f"h.{i}.attn.c_attn"), 3, axis=1)
        x = x + conv(attend(q, k, v, heads, heads), f"h.{i}.attn.c_proj")
        x = x + conv(gelu_new(conv(norm(x, f"h.{i}.ln_2"), f"h.{i}.mlp.c_fc")), f"h.{i}.mlp.c_proj")
    return norm(x, "ln_f") @ w["wte.weight"].T


def llama_logits(w, ids, heads, kv_heads, eps=1e-6, theta=10000.0):
    w = {name.removeprefix("model."): t.astype(np.float64) for name, t in w.items()}
    linear = lambda x, name: x @ w[name + ".weight"].T  # noqa: E731
    dk = w["norm.weight"].size // heads
    angle = np.arange(len(ids))[:, None] * theta ** (-np.arange(0, dk, 2) / dk)
    cos, sin = (np.concatenate((f(angle), f(angle)), 1) for f in (np.cos, np.sin))

    def turn(x):
        x = x.reshape(len(ids), -1, dk)
        half = np.concatenate((-x[..., dk // 2 :], x[..., : dk // 2]), -1)
        return (x * cos[:, None] + half * sin[:, None]).reshape(len(ids), -1)

    x = w["embed_tokens.weight"][ids]
    for i in range(2):
        at = f"layers.{i}."
        h = root_norm(x, w[at + "input_layernorm.weight"], eps)
        q, k, v = (linear(h, f"{at}self_attn.{part}_proj") for part in "qkv")
        x = x + linear(attend(turn(q), turn(k), v, heads, kv_heads), at + "self_attn.o_proj")
        h = root_norm(x, w[at + "post_attention_layernorm.weight"], eps)
        gate = linear(h, at + "mlp.gate_proj")
        x = x + linear(gate / (1 + np.exp(-gate)) * linear(h, at + "mlp.up_proj"), at + "mlp.down_proj")
    return root_norm(x, w["norm.weight"], eps) @ w["lm_head.weight"].T


def our_logits(folder, ids):
    """Of a network in the form of docs/systems/network.md."""
    c = json.loads((folder / "config.json").read_text())
    stored = tensors.Tensors(str(folder / "model.safetensors"))
    w = {name: stored.read(name, entry["shape"]).astype(np.float64) for name, entry in stored.header.items()}
    heads, kv_heads, eps, dk = c["heads"], c.get("kv_heads", c["heads"]), c["layernorm_eps"], c["width"] // c["heads"]
    linear = lambda x, name: x @ w[name + ".weight"].T + w.get(name + ".bias", 0)  # noqa: E731
    gpt = c["type"] == "gpt"
    norm = lambda x, name: (layer_norm(x, w[name + ".weight"], w[name + ".bias"], eps) if gpt else  # noqa: E731
                            root_norm(x, w[name + ".weight"], eps))

    def turn(x):
        if gpt:
            return x
        angle = np.arange(len(ids))[:, None, None] * c["rope_theta"] ** (-np.arange(0, dk, 2) / dk)
        x = x.reshape(len(ids), -1, dk // 2, 2)
        a, b = x[..., 0], x[..., 1]
        return np.stack((a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)), -1).reshape(len(ids), -1)

    x = w["words"][ids] + (w["pos"][: len(ids)] if gpt else 0)
    for i in range(c["layers"]):
        h = norm(x, f"layers.{i}.ln1")
        q, k, v = (linear(h, f"layers.{i}.attn.{part}") for part in "qkv")
        x = x + linear(attend(turn(q), turn(k), v, heads, kv_heads), f"layers.{i}.attn.o")
        h = norm(x, f"layers.{i}.ln2")
        up, gate = linear(h, f"layers.{i}.ffn.up"), None if gpt else linear(h, f"layers.{i}.ffn.gate")
        x = x + linear(gelu_new(up) if gpt else gate / (1 + np.exp(-gate)) * up, f"layers.{i}.ffn.down")
    return norm(x, "norm") @ w["words" if c["tied"] else "head.weight"].T


GPT2_CONFIG = {"model_type": "gpt2", "n_layer": 2, "n_embd": 12, "n_head": 3, "n_positions": 9, "vocab_size": WORDS, "n_inner": 20}
LLAMA_CONFIG = {"model_type": "llama", "num_hidden_layers": 2, "hidden_size": 12, "num_attention_heads": 3, "num_key_value_heads": 1,
                "max_position_embeddings": 9, "vocab_size": WORDS, "intermediate_size": 20, "rms_norm_eps": 1e-6}


def decoders(work):
    """Hugging Face's decoders converted: the logits that they have by their own names, in double precision."""
    ids = [3, 1, 4, 1, 5, 9, 2, 6]
    half = lambda w: {n: t.astype("<f2") for n, t in w.items()}  # noqa: E731
    rounded = lambda w: {n: (t.view("<u4") & 0xFFFF0000).view("<f4") for n, t in w.items()}  # noqa: E731
    plain, other, many = gpt2(), llama(), llama(heads=6, kv_heads=2, seed=9)
    forms = (
        ("GPT-2", plain, GPT2_CONFIG, gpt2_logits(plain, ids, 3)),
        ("GPT-2 with its prefix and its head again", {**gpt2("transformer."), "lm_head.weight": plain["wte.weight"]}, GPT2_CONFIG,
         gpt2_logits(plain, ids, 3)),
        ("GPT-2 of float16", half(plain), GPT2_CONFIG, gpt2_logits(half(plain), ids, 3)),
        ("GPT-2 of bfloat16", {n: bfloat16(t) for n, t in plain.items()}, GPT2_CONFIG, gpt2_logits(rounded(plain), ids, 3)),
        ("GPT-2 without n_inner", gpt2(inner=48), {**GPT2_CONFIG, "n_inner": None}, gpt2_logits(gpt2(inner=48), ids, 3)),
        ("Llama", other, LLAMA_CONFIG, llama_logits(other, ids, 3, 1)),
        ("Llama with two heads of keys", many, {**LLAMA_CONFIG, "num_attention_heads": 6, "num_key_value_heads": 2}, llama_logits(many, ids, 6, 2)),
        ("Llama whose head is tied", {n: t for n, t in other.items() if n != "lm_head.weight"}, {**LLAMA_CONFIG, "tie_word_embeddings": True},
         llama_logits({**other, "lm_head.weight": other["model.embed_tokens.weight"]}, ids, 3, 1)),
    )
    source, out = work / "decoder", work / "decoder-out"
    for name, weights, config, want in forms:
        publish(source, weights, config)
        done = call("convert_gpt.py", source, out)
        error = np.abs(our_logits(out, ids) - want).max() / np.abs(want).max() if done.returncode == 0 else 9
        check(f"{name} is converted: logits within {error:.1g}", error < 1e-6 and not done.stderr, done.stderr)
    publish(source, plain, GPT2_CONFIG)
    (source / "model.safetensors").unlink()
    names = list(plain)
    for shard in range(2):
        store(source / f"part{shard}", {n: plain[n] for n in names[shard::2]})
    (source / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {n: f"part{i % 2}" for i, n in enumerate(names)}}))
    alphabet = [*"abcdefgh", "\u0120", "\u010a", "\u00c3", "\u00a9", *"ijklmnopqrstuvwxyzABC"]
    merges = ["a b", "\u0120 c"]
    words = {w: i for i, w in enumerate([*alphabet, *(m.replace(" ", "") for m in merges)])}
    (source / "tokenizer.json").unlink()
    (source / "vocab.json").write_text(json.dumps(words))
    (source / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    call("convert_gpt.py", source, out)
    read = [bytes.fromhex(line) for line in (out / "pieces").read_text().split("\n")[:-1]] if (out / "pieces").exists() else []
    check("GPT-2's words are bytes", len(read) == WORDS and read[8:12] == [b" ", b"\n", b"\xc3", b"\xa9"] and read[words["ab"]] == b"ab" and
          read[words["\u0120c"]] == b" c" and read[-1] == b"" and os.access(out / "tokenize", os.X_OK) and
          json.loads((out / "tokenizer.json").read_text())["model"]["merges"] == merges)
    (source / "tokenizer.json").write_text(json.dumps({"model": {"type": "BPE", "vocab": {"\u2581a": 0, "<0x0A>": 1, "\u00e9": 2}, "merges": []},
                                                       "added_tokens": [{"id": 3, "content": "<s>"}]}))
    call("convert_gpt.py", source, out)
    check("SentencePiece's words, too", (out / "pieces").read_text().split("\n")[:5] == ["2061", "0a", "c3a9", "3c733e", ""])
    for name, vocabulary, why in (("a token beyond the network's", {"a": WORDS}, f"token {WORDS}, the network has {WORDS}"),
                                  ("a vocabulary of no words", ["a"], "no vocabulary")):
        shutil.rmtree(out, ignore_errors=True)
        (source / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}))
        refused(name, call("convert_gpt.py", source, out), why, out, None)
    for name in ("vocab.json", "merges.txt", "tokenizer.json"):
        (source / name).unlink()
    done = call("convert_gpt.py", source, out)
    check("without a tokenizer it says so", "takes no texts: SOURCE has neither" in done.stdout and not (out / "pieces").exists(), done.stdout)
    check("GPT-2 in shards is converted", np.allclose(our_logits(out, ids), gpt2_logits(plain, ids, 3), atol=1e-6))
    shutil.rmtree(out)
    for name, config, reason, *options in (
        ("another family", {**GPT2_CONFIG, "model_type": "mamba"}, "mamba is not one of"), ("no family", {}, "None is not one of"),
        ("another activation", {**GPT2_CONFIG, "activation_function": "relu"}, "not gelu_new"),
        ("heads that do not divide", {**GPT2_CONFIG, "n_head": 5}, "do not divide"), ("no heads", {**GPT2_CONFIG, "n_head": 0}, '"n_head" is 0'),
        ("a width that is text", {**GPT2_CONFIG, "n_embd": "12"}, '"n_embd" is 12'), ("another width", {**GPT2_CONFIG, "n_embd": 24}, "expected [40, 24]"),
        ("more layers than there are", {**GPT2_CONFIG, "n_layer": 3}, "h.2.ln_1.weight is missing"),
        ("other logits", {**GPT2_CONFIG, "scale_attn_weights": False}, "scale_attn_weights"),
        ("more tokens than positions", GPT2_CONFIG, "10 is more than", "--tokens", 10), ("epsilon 0", {**GPT2_CONFIG, "layer_norm_epsilon": 0}, "layernorm_eps"),
        ("stretched positions", {**LLAMA_CONFIG, "rope_scaling": {"type": "linear"}}, "rope_scaling"), ("odd heads", {**LLAMA_CONFIG, "num_attention_heads": 4}, "an even 3"),
        ("biases", {**LLAMA_CONFIG, "attention_bias": True}, "attention_bias"), ("Llama of GPT-2's names", LLAMA_CONFIG, "no tensors are called embed_tokens"),
    ):
        publish(source, plain, config)
        refused(name, call("convert_gpt.py", source, out, *options), reason, out, None)


def mutated(r, data):
    """A few bytes changed, cut out or put in."""
    data = bytearray(data)
    for _ in range(r.choice((1, 1, 2, 8))):
        at, kind = r.randrange(len(data) + 1), r.randrange(4)
        if kind == 0:
            del data[at : at + r.randrange(1, 9)]
        elif kind == 1:
            data[at:at] = r.choice((b"-1", b"1e9", b'"', b"null", b"[", b"\0", b"\xff", b"99999999999999999999"))
        elif kind == 2:
            data = data[:at]
        elif data:
            data[at % len(data)] = r.randrange(256)
    return bytes(data)


def hostile_decoders(work):
    """Configuration, index, shards and words of a decoder, mutated: they are read, or refused by one line."""
    source, r = work / "hostile", random.Random(1)
    plain = gpt2()
    publish(source, plain, GPT2_CONFIG)
    (source / "model.safetensors").unlink()
    (source / "tokenizer.json").unlink()
    for shard in range(2):
        store(source / f"part{shard}", {n: plain[n] for n in list(plain)[shard::2]})
    (source / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {n: f"part{i % 2}" for i, n in enumerate(plain)}}))
    (source / "vocab.json").write_text(json.dumps({chr(97 + i): i for i in range(26)}))
    (source / "merges.txt").write_text("a b\n")
    good = {path: path.read_bytes() for path in sorted(source.iterdir())}

    def convert():
        path = str(source / "config.json")
        config = convert_gpt.gpt2_config(path, files.read_json(path))
        convert_gpt.check_reals(path, config)
        convert_gpt.gpt2_tensors(config, sharded.Checkpoint(str(source), "wte.weight"))
        convert_gpt.text_files(str(source), str(work), config["vocabulary"])

    read, why = 0, []
    for _ in range(HOSTILE):
        path = r.choice(list(good))
        path.write_bytes(mutated(r, good[path]))
        try:
            convert()
            read += 1
        except program.Refused as refusal:
            why += [str(refusal)] if "\n" in str(refusal) else []
        except OSError as error:  # a shard of another name
            why += [] if error.filename else [repr(error)]
        except Exception as error:  # pylint: disable=broad-except
            why.append(f"{path.name}: {error!r}")
        path.write_bytes(good[path])
    check(f"{HOSTILE} mutated decoders: {read} are read, the others refused", 0 < read < HOSTILE and not why, "\n".join(why[:5]))


# ---- calibration ----

def vit(folder, width=12, heads=3, layers=2, ffn=20, image=8, patch=4, classes=10, activation="gelu", norm="pre", scale=0.2, loud=1.0):
    """A random vision transformer in the project's form; `loud`: the weight of norm and ln2 against ln1's."""
    r = np.random.default_rng(3)
    g = lambda *shape: (scale * r.normal(size=shape)).astype(np.float32)  # noqa: E731
    n = (image // patch) ** 2
    w = {"patch.weight": g(width, patch * patch), "patch.bias": g(width), "pos": g(n, width), "norm.weight": loud * (1 + g(width)),
         "norm.bias": g(width), "head.weight": g(classes, width), "head.bias": g(classes)}
    for i in range(layers):
        at = f"layers.{i}."
        w.update({at + "ln1.weight": (1 + g(width)) / loud**2, at + "ln1.bias": g(width), at + "ln2.weight": loud * (1 + g(width)),
                  at + "ln2.bias": g(width)})
        for part in "qkvo":
            w[f"{at}attn.{part}.weight"], w[f"{at}attn.{part}.bias"] = g(width, width), g(width)
        w.update({at + "ffn.up.weight": g(ffn, width), at + "ffn.up.bias": g(ffn), at + "ffn.down.weight": g(width, ffn),
                  at + "ffn.down.bias": g(width)})
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"".join(tensors.pieces(w)))
    (folder / "config.json").write_text(json.dumps({
        "type": "vit", "norm": norm, "activation": activation, "layers": layers, "width": width, "heads": heads, "ffn": ffn, "tokens": n,
        "layernorm_eps": 1e-5, "image": image, "patch": patch, "classes": classes, "pixel_mean": 0.28, "pixel_std": 0.35}))
    return folder


def naive_inputs(config, weights, tokens):
    """What enters each attention when `tokens` of one image come in, token by token, in double precision."""
    from math import erf, exp, sqrt, tanh

    w = {name: t.astype(np.float64) for name, t in weights.items()}
    linear = lambda x, name: [row @ x + b for row, b in zip(w[f"{name}.weight"], w[f"{name}.bias"])]  # noqa: E731
    act = {"relu": lambda v: v if v > 0 else 0.0, "gelu": lambda v: v * (1 + erf(v / sqrt(2))) / 2,
           "gelu-tanh": lambda v: v * (1 + tanh(0.7978845608028654 * (v + 0.044715 * v * v * v))) / 2}[config["activation"]]

    def norm(x, name):
        mean = sum(x) / len(x)
        spread = sqrt(sum((v - mean) ** 2 for v in x) / len(x) + config["layernorm_eps"])
        return np.array([(v - mean) / spread * g + b for v, g, b in zip(x, w[f"{name}.weight"], w[f"{name}.bias"])])

    pre, d = config["norm"] == "pre", config["width"] // config["heads"]
    tokens = [x if pre else norm(x, "norm") for x in tokens]
    for i in range(config["layers"]):
        h = [norm(x, f"layers.{i}.ln1") if pre else x for x in tokens]
        yield np.array(h)
        q, k, v = ([np.array(linear(x, f"layers.{i}.attn.{part}")) for x in h] for part in "qkv")
        for t, x in enumerate(list(tokens)):
            y = np.zeros(config["width"])
            for head in range(config["heads"]):
                at = slice(head * d, (head + 1) * d)
                e = [exp(q[t][at] @ other[at] / sqrt(d)) for other in k]
                y[at] = sum(a * other[at] for a, other in zip(e, v)) / sum(e)
            x = x + linear(y, f"layers.{i}.attn.o")
            x = x if pre else norm(x, f"layers.{i}.ln1")
            hidden = [act(u) for u in linear(norm(x, f"layers.{i}.ln2") if pre else x, f"layers.{i}.ffn.up")]
            x = x + linear(np.array(hidden), f"layers.{i}.ffn.down")
            tokens[t] = x if pre else norm(x, f"layers.{i}.ln2")


def forward_cases(work):
    for norm in ("pre", "post"):
        for act in ("gelu", "gelu-tanh", "relu"):
            config, weights = encoder.load(vit(work / "vit", norm=norm, activation=act, layers=3, scale=0.4))
            for kind, bound in ((np.float64, 1e-12), (np.float32, 1e-5)):
                w = {name: t.astype(kind) for name, t in weights.items()}
                image = np.random.default_rng(2).integers(0, 256, (1, 8, 8))
                x = encoder.embed_images(config, w, image).astype(kind)
                pairs = list(zip(encoder.attention_inputs(config, w, x), naive_inputs(config, weights, x[0].astype(np.float64))))
                worst = max(np.abs(a[0] - b).max() for a, b in pairs)
                check(f"{norm} {act} in {kind.__name__}: three layers within {bound}", len(pairs) == 3 and worst < bound, worst)


def dataset(folder, side, count=60):
    folder.mkdir(exist_ok=True)
    r = np.random.default_rng(7)
    for split in ("train", "t10k"):  # the same images: nothing beyond what was calibrated is seen
        (folder / f"{split}-images-idx3-ubyte").write_bytes(
            struct.pack(">4I", 0x803, count, side, side) + np.random.default_rng(1).integers(0, 256, (count, side, side), np.uint8).tobytes())
        (folder / f"{split}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 0x801, count) + r.integers(0, 2, count, np.uint8).tobytes())
    return folder


def calibrations(work):
    for name, form in (
        *((f"{norm} {act}", {"norm": norm, "activation": act, "loud": 3.0}) for norm in ("pre", "post") for act in ("gelu", "gelu-tanh", "relu")),
        ("one token", {"image": 8, "patch": 8}), ("patches of one pixel", {"image": 8, "patch": 1, "width": 16, "heads": 4}),
        ("one channel", {"width": 1, "heads": 1, "ffn": 1}), ("7 heads of one channel", {"width": 7, "heads": 7}),
        ("16 heads", {"width": 32, "heads": 16}), ("300 classes", {"classes": 300}), ("5 heads", {"width": 80, "heads": 5}),
        ("patches of 7", {"image": 28, "patch": 7}), ("weights of 0", {"scale": 0.0}), ("weights of 3", {"scale": 3.0}),
        ("weights of 1e-6", {"scale": 1e-6}), ("weights of 1e4", {"scale": 1e4}),
    ):
        folder = vit(work / "vit", **form)
        data = dataset(work / f"data{form.get('image', 8)}", form.get("image", 8))
        done = call("calibrate_vit.py", "--model", folder, "--data", data, "--images", 60)
        ran = run(folder, "--data", data, "--summary", work / "s.json")
        clamped = re.findall(r"clamped by the parse: K (\d+), V (\d+)", ran.stdout)
        same = float(re.search(r'"same_class":\s*([0-9.e-]+)', (work / "s.json").read_text())[1]) if ran.returncode == 0 else 0
        check(f"{name} is calibrated: nothing clamped, {100 * same:.0f} % as float", done.returncode == 0 and not done.stderr and
              ran.returncode == 0 and clamped in ([("0", "0")], []) and same >= 0.75, f"{done.stderr}{ran.stderr}{clamped}")


def calibration_refusals(work):
    data = dataset(work / "data8", 8)
    old = "old"

    def bad(name, reason, *options, model=None, data=data):
        (model / "calibration.json").write_text(old)
        before = sorted(p.name for p in model.iterdir())
        done = call("calibrate_vit.py", "--model", model, "--data", data, "--images", 60, *options)
        refused(name, done, reason, model, before)
        check("and what was there stays", (model / "calibration.json").read_text() == old)

    folder = vit(work / "vit")
    config = json.loads((folder / "config.json").read_text())
    for key, value, reason in (("activation", "silu", '"activation" is silu'), ("norm", "sandwich", '"norm"'), ("heads", 5, "no multiple"),
                               ("tokens", 5, "do not agree"), ("width", 12.0, '"width" is 12.0'), ("layers", True, '"layers" is True'),
                               ("type", "bert", '"vocabulary" is missing'), ("patch", 3, "do not agree"), ("layernorm_eps", "x", "layernorm_eps"),
                               ("width", 24, "expected [4, 24]"), ("layers", 3, "layers.2.ln1.weight is missing")):
        (folder / "config.json").write_text(json.dumps({**config, key: value}))
        bad(f"{key} {value}", reason, model=folder)
    bad("17 heads", '"heads" 17 exceeds', model=vit(work / "vit", width=34, heads=17))
    folder = vit(work / "vit")
    bad("images of another size", "images of 28x28", model=folder, data=dataset(work / "data28", 28))
    bad("more images than there are", "61 items", "--images", 61, model=folder)
    bad("no images", "--images", "--images", 0, model=folder)
    bad("no data", "/nowhere", model=folder, data="/nowhere")
    bad("one bit of keys", "--kvb", "--kvb", 1, model=folder)
    bad("a percentile of 101", "--percentile", "--percentile", 101, model=folder)
    bad("an unknown option", "--colour", "--colour", model=folder)
    bad("weights that overflow", "vit: layer 0", model=vit(work / "vit", scale=1e25))
    half = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(half[:-4])
    bad("truncated weights", "truncated", model=folder)


def shipped(work):
    """Calibrated again, the network of `make run` is what is committed."""
    shutil.copytree(ROOT / "models" / "fashion-vit", work / "shipped")
    done = call("calibrate_vit.py", "--model", work / "shipped")
    check("models/fashion-vit calibrates to what it is", done.returncode == 0 and (work / "shipped" / "calibration.json").read_bytes() ==
          (ROOT / "models" / "fashion-vit" / "calibration.json").read_bytes(), done.stderr)


def main():
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        (work / "stub").mkdir()
        (work / "stub" / "tokenizers.py").write_text(TOKENIZERS)
        env = {"PYTHONPATH": str(work / "stub")}
        safetensors_cases(work)
        safetensors_values(work)
        json_cases()
        idx_cases(work)
        source, shards = conversions(work, env)
        conversion_refusals(work, env, source, shards)
        decoders(work)
        hostile_decoders(work)
        forward_cases(work)
        calibrations(work)
        calibration_refusals(work)
        shipped(work)
        for script in ("train_vit.py", "rank_gradients.py"):
            done = call(script, "--nonsense")  # where PyTorch is missing, that is said first
            refused(f"{script} with a wrong option", done, "torch" if "torch" in done.stderr else "--nonsense")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
