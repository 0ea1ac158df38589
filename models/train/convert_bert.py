#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Convert a post-LayerNorm BERT-style sentence encoder to the form of docs/systems/network.md, and calibrate it.

SOURCE is a folder with config.json, model.safetensors and tokenizer.json as their publishers ship them. OUT gets
config.json, model.safetensors, calibration.json, tokenizer.json and `tokenize`, the program that `perimeter run`
turns sentences into tokens with. Needs numpy and tokenizers.
"""

import argparse
import json
import math
import os
import shlex
import shutil
import subprocess
import sys

import numpy as np
from calibrate_vit import attention, calibrate_layer, layer_norm, linear, read_safetensors, write_safetensors

HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ACTIVATIONS = {"gelu": "gelu", "gelu_new": "gelu-tanh", "gelu_pytorch_tanh": "gelu-tanh", "relu": "relu"}
LAYER = {
    "attn.q": "attention.self.query",
    "attn.k": "attention.self.key",
    "attn.v": "attention.self.value",
    "attn.o": "attention.output.dense",
    "ln1": "attention.output.LayerNorm",
    "ffn.up": "intermediate.dense",
    "ffn.down": "output.dense",
    "ln2": "output.LayerNorm",
}


def fail(path, reason):
    raise SystemExit(f"{path}: {reason}")


def read_json(path, default=None):
    if default is not None and not os.path.exists(path):
        return default
    with open(path) as f:
        return json.load(f)


def read_config(source, tokens):
    path = os.path.join(source, "config.json")
    c = read_json(path)
    if c.get("model_type") != "bert" or c.get("position_embedding_type", "absolute") != "absolute":
        fail(path, "not a BERT encoder with absolute positions")
    if c["hidden_act"] not in ACTIVATIONS:
        fail(path, f"hidden_act {c['hidden_act']}")
    pooling = read_json(os.path.join(source, "1_Pooling", "config.json"), {"pooling_mode_mean_tokens": True})
    first = pooling.get("pooling_mode_cls_token", False)
    if not first and not pooling.get("pooling_mode_mean_tokens", False):
        fail(path, "pooling is neither by mean nor by the first token")
    limit = read_json(os.path.join(source, "sentence_bert_config.json"), {}).get("max_seq_length", 512)
    return {
        "type": "bert",
        "norm": "post",
        "activation": ACTIVATIONS[c["hidden_act"]],
        "layers": c["num_hidden_layers"],
        "width": c["hidden_size"],
        "heads": c["num_attention_heads"],
        "ffn": c["intermediate_size"],
        "tokens": min(tokens or limit, c["max_position_embeddings"]),
        "vocabulary": c["vocab_size"],
        "pool": "first" if first else "mean",
        "layernorm_eps": c["layer_norm_eps"],
    }


def convert(config, source):
    """The tensors under the project's names; segment 0 is part of every position."""
    theirs = read_safetensors(os.path.join(source, "model.safetensors"))
    prefix = "" if "embeddings.word_embeddings.weight" in theirs else "bert."
    get = lambda name: theirs[prefix + name]  # noqa: E731
    ours = {
        "words": get("embeddings.word_embeddings.weight"),
        "pos": get("embeddings.position_embeddings.weight")[: config["tokens"]]
        + get("embeddings.token_type_embeddings.weight")[0],
    }
    names = {"norm": "embeddings.LayerNorm"}
    for i in range(config["layers"]):
        names.update({f"layers.{i}.{a}": f"encoder.layer.{i}.{b}" for a, b in LAYER.items()})
    for a, b in names.items():
        for part in ("weight", "bias"):
            ours[f"{a}.{part}"] = get(f"{b}.{part}")
    return ours


def erf(x):
    """Abramowitz and Stegun 7.1.26: within 1.5e-7."""
    t = 1 / (1 + 0.3275911 * np.abs(x))
    p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.sign(x) * (1 - p * np.exp(-x * x))


def activate(kind, x):
    if kind == "relu":
        return np.maximum(x, 0)
    if kind == "gelu":
        return 0.5 * x * (1 + erf(x / math.sqrt(2)))
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def attention_inputs(config, weights, sentences):
    """For each layer what enters its attention, [tokens of all sentences, width]."""
    eps = config["layernorm_eps"]
    weights = {name: t.astype(np.float32) for name, t in weights.items()}
    norm = lambda x, name: layer_norm(x, weights[f"{name}.weight"], weights[f"{name}.bias"], eps)  # noqa: E731
    inputs = [[] for _ in range(config["layers"])]
    for ids in sentences:
        x = norm(weights["words"][ids] + weights["pos"][: len(ids)], "norm")[None]
        for i in range(config["layers"]):
            name = f"layers.{i}"
            inputs[i].append(x[0])
            x = norm(x + attention(x, weights, f"{name}.attn", config["heads"]), f"{name}.ln1")
            hidden = activate(config["activation"], linear(x, weights, f"{name}.ffn.up"))
            x = norm(x + linear(hidden, weights, f"{name}.ffn.down"), f"{name}.ln2")
    return [np.concatenate(h).astype(np.float64) for h in inputs]


def write_text(path, text, mode=0o644):
    with open(path + ".part", "w") as f:
        f.write(text)
    os.chmod(path + ".part", mode)
    os.rename(path + ".part", path)


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("source", metavar="SOURCE")
    ap.add_argument("out", metavar="OUT")
    ap.add_argument("--sentences", default=os.path.join(HERE, "data", "calibration.txt"), metavar="FILE",
                    help="calibration text, one sentence a line")
    ap.add_argument("--tokens", type=int, default=0, help="longest sentence; 0: as the model states")
    ap.add_argument("--kvb", type=int, default=10, help="bits of the stored keys and values")
    ap.add_argument("--percentile", type=float, default=100.0, help="of |K| and |V| that must not saturate")
    ap.add_argument("--no-fold", action="store_true", help="mu = 0 and a = 1, to see what the fold is worth")
    args = ap.parse_args()

    config = read_config(args.source, args.tokens)
    weights = convert(config, args.source)
    os.makedirs(args.out, exist_ok=True)
    tokenizer = os.path.join(args.out, "tokenizer.json")
    shutil.copyfile(os.path.join(args.source, "tokenizer.json"), tokenizer)
    command = [sys.executable, os.path.join(HERE, "scripts", "sentence_tokens.py"), os.path.abspath(tokenizer),
               str(config["tokens"])]
    with open(args.sentences, "rb") as f:
        lines = subprocess.run(command, stdin=f, stdout=subprocess.PIPE, check=True).stdout.splitlines()
    sentences = [[int(i) for i in line.split()] for line in lines]
    layers = [
        calibrate_layer(h, weights, f"layers.{i}.attn", args.kvb, args.percentile, not args.no_fold)
        for i, h in enumerate(attention_inputs(config, weights, sentences))
    ]
    result = {"sentences": len(sentences), "percentile": args.percentile, "kvb": args.kvb, "layers": layers}
    weights_path = os.path.join(args.out, "model.safetensors")
    write_safetensors(weights_path + ".part", weights)
    os.rename(weights_path + ".part", weights_path)
    write_text(os.path.join(args.out, "calibration.json"), json.dumps(result, indent=1) + "\n")
    write_text(os.path.join(args.out, "tokenize"), "#!/bin/sh\nexec " + shlex.join(command) + "\n", 0o755)
    write_text(os.path.join(args.out, "config.json"), json.dumps(config, indent=2) + "\n")
    print(f"{args.out}: {config['layers']} layers, D = {config['width']}, calibrated on {len(sentences)} sentences of "
          f"{sum(map(len, sentences))} tokens")


if __name__ == "__main__":
    main()
