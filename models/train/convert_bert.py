#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Convert a post-LayerNorm sentence encoder (BERT, RoBERTa and its kin, DistilBERT) to the form of docs/systems/network.md, and
calibrate it.

SOURCE is a folder with config.json, tokenizer.json and model.safetensors (or its shards with their index) as their publishers
ship them; weights may be float16, bfloat16, float32 or float64. A classifier of sequences comes with its head: out come logits.
Otherwise the embedding is pooled as the folder says, or with --pooler by the checkpoint's own pooler. OUT gets config.json,
model.safetensors, calibration.json, tokenizer.json and `tokenize`, the program that `perimeter run` turns sentences into tokens with.
Needs numpy and tokenizers.
"""

import program  # the first: what goes wrong from here on is one line

import dataclasses
import json
import os
import subprocess
import sys

import numpy as np

import calibration
import encoder
import files
from program import fail
from sharded import Checkpoint
from tensors import pieces

HERE = os.path.dirname(os.path.abspath(__file__))
ACTIVATIONS = {"gelu": "gelu", "gelu_python": "gelu", "gelu_new": "gelu-tanh", "gelu_fast": "gelu-tanh",
               "gelu_pytorch_tanh": "gelu-tanh", "relu": "relu"}
BERT = {
    "attn.q": "attention.self.query",
    "attn.k": "attention.self.key",
    "attn.v": "attention.self.value",
    "attn.o": "attention.output.dense",
    "ln1": "attention.output.LayerNorm",
    "ffn.up": "intermediate.dense",
    "ffn.down": "output.dense",
    "ln2": "output.LayerNorm",
}
DISTILBERT = {
    "attn.q": "attention.q_lin",
    "attn.k": "attention.k_lin",
    "attn.v": "attention.v_lin",
    "attn.o": "attention.out_lin",
    "ln1": "sa_layer_norm",
    "ffn.up": "ffn.lin1",
    "ffn.down": "ffn.lin2",
    "ln2": "output_layer_norm",
}
KEYS = {"layers": "num_hidden_layers", "width": "hidden_size", "heads": "num_attention_heads", "ffn": "intermediate_size"}
DEFAULTS = {"hidden_act": "gelu", "layer_norm_eps": 1e-12, "position_embedding_type": "absolute", "is_decoder": False}


@dataclasses.dataclass(frozen=True)
class Form:
    """How a family of encoders calls things. `pooler` and `head` are of its classifier of sequences, with the pooler's activation."""

    layers: str = "encoder.layer"
    layer: dict = dataclasses.field(default_factory=lambda: BERT)
    keys: dict = dataclasses.field(default_factory=lambda: KEYS)
    activation: str = "hidden_act"
    segments: bool = True  # there is an embedding of segments
    padding: bool = False  # the first positions are of padding
    pooler: str = "pooler.dense"
    head: str = "classifier"
    pooled_by: str = "tanh"


ROBERTA = Form(padding=True, pooler="classifier.dense", head="classifier.out_proj")
FORMS = {
    "bert": Form(), "roberta": ROBERTA, "xlm-roberta": ROBERTA, "camembert": ROBERTA,
    "distilbert": Form("transformer.layer", DISTILBERT, {"layers": "n_layers", "width": "dim", "heads": "n_heads", "ffn": "hidden_dim"},
                       "activation", segments=False, pooler="pre_classifier", pooled_by="relu"),
}
WORDS = "embeddings.word_embeddings.weight"


def table_shape(checkpoint, name):
    return checkpoint.shape(f"embeddings.{name}_embeddings.weight")


def pooling(source):
    """ "mean" or "first", as sentence-transformers' folders say; mean where they say nothing."""
    modules = os.path.join(source, "modules.json")
    if os.path.exists(modules):
        with open(modules, "rb") as f:  # a list
            listed = files.parse_json(modules, b'{"modules":' + f.read() + b"}")["modules"]
        kinds = [str(m.get("type")).rpartition(".")[2] for m in listed if isinstance(m, dict)] if isinstance(listed, list) else []
        for kind in kinds:
            if kind not in ("Transformer", "Pooling", "Normalize"):
                fail(modules, f"a {kind} layer after the encoder")
    path = os.path.join(source, "1_Pooling", "config.json")
    modes = files.read_json(path, {"pooling_mode_mean_tokens": True})
    chosen = [key.removeprefix("pooling_mode_") for key, on in modes.items() if key.startswith("pooling_mode_") and on is True]
    chosen += [f"{modes['pooling_mode']}_token{'s' * (modes['pooling_mode'] == 'mean')}"] if "pooling_mode" in modes else []
    if chosen not in (["mean_tokens"], ["cls_token"]):
        fail(path, f"pooling is neither by mean nor by the first token: {' and '.join(chosen) or 'none'}")
    return "mean" if chosen == ["mean_tokens"] else "first"


def first_position(path, form, c):
    """RoBERTa counts positions from behind the padding's token."""
    padding = c.get("pad_token_id", 1)
    if form.padding and (type(padding) is not int or padding < 0):
        fail(path, f'"pad_token_id" is {padding}')
    return padding + 1 if form.padding else 0


def read_config(source, checkpoint, args):
    """config.json of docs/systems/network.md, and the family; how many words and positions there are, the weights themselves say."""
    path = os.path.join(source, "config.json")
    theirs = files.read_json(path)
    c = {**DEFAULTS, **theirs}
    form = FORMS.get(c.get("model_type")) if isinstance(c.get("model_type"), str) else None
    if form is None or c["position_embedding_type"] != "absolute" or c["is_decoder"] is not False:
        fail(path, f"not an encoder with absolute positions of {', '.join(FORMS)}")
    activation = c.get(form.activation, DEFAULTS["hidden_act"])
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        fail(path, f"{form.activation} {activation} is not one of {', '.join(ACTIVATIONS)}")
    for key in form.keys.values():
        if key not in c:
            fail(path, f'"{key}" is missing')
    first = first_position(path, form, c)
    words, positions = table_shape(checkpoint, "word")[0], table_shape(checkpoint, "position")[0] - first
    limits = os.path.join(source, "sentence_bert_config.json")
    most = files.read_json(limits, {}).get("max_seq_length") or encoder.ENGINE["tokens"]
    if type(most) is not int or most < 1:
        fail(limits, f'"max_seq_length" is {most}')
    if args.tokens > min(positions, encoder.ENGINE["tokens"]):
        fail("--tokens", f"{args.tokens} is more than the network's {positions} or the engine's {encoder.ENGINE['tokens']}")
    classifies = str((c.get("architectures") or [""])[0]).endswith("ForSequenceClassification")
    ours = {
        "type": "bert",
        "norm": "post",
        "activation": ACTIVATIONS[activation],
        **{key: c[theirs] for key, theirs in form.keys.items()},
        "tokens": args.tokens or min(most, positions, encoder.ENGINE["tokens"]),
        "vocabulary": words,
        "pool": "first" if classifies or args.pooler else pooling(source),
        "layernorm_eps": c["layer_norm_eps"],
    }
    if classifies or args.pooler:
        ours["pooler"] = form.pooled_by if classifies else "tanh"
    if classifies:
        ours["classes"] = checkpoint.shape(form.head + ".weight")[0]
    encoder.check_config(path, ours)
    if ours["tokens"] < 2:
        fail(source, f"takes {ours['tokens']} token, a sentence has 2 or more")
    return ours, form, first


def convert(config, form, first, checkpoint):
    """The tensors under the project's names; segment 0 is part of every position."""
    d = config["width"]
    table = lambda name: checkpoint.read(f"embeddings.{name}_embeddings.weight", (table_shape(checkpoint, name)[0], d))  # noqa: E731
    ours = {"words": table("word"), "pos": table("position")[first : first + config["tokens"]]}
    if form.segments:
        ours["pos"] = ours["pos"] + table("token_type")[0]
    names = {"norm": "embeddings.LayerNorm"}
    for i in range(config["layers"]):
        names.update({f"layers.{i}.{a}": f"{form.layers}.{i}.{b}" for a, b in form.layer.items()})
    if "pooler" in config:
        names["pooler"] = form.pooler if "classes" in config else "pooler.dense"
    if "classes" in config:
        names["head"] = form.head
    shapes = encoder.shapes(config)
    for a, b in names.items():
        for part in ("weight", "bias"):
            ours[f"{a}.{part}"] = checkpoint.read(f"{b}.{part}", shapes[f"{a}.{part}"])
    return ours


def check_tokenizer(path, vocabulary):
    """That no word of tokenizer.json is beyond the embedding."""
    tokenizer = files.read_json(path)
    model, added = tokenizer.get("model"), tokenizer.get("added_tokens") or []
    words = model.get("vocab") if isinstance(model, dict) else None
    ids = list(words.values()) if isinstance(words, dict) else list(range(len(words))) if isinstance(words, list) else []
    ids += [token.get("id") for token in added if isinstance(token, dict)]
    if not ids or not all(type(i) is int and i >= 0 for i in ids):
        fail(path, "no vocabulary")
    if max(ids) >= vocabulary:
        fail(path, f"token {max(ids)}, the network has an embedding of {vocabulary}")


def tokenize(command, sentences):
    """The sentences' ids, by the program that OUT gets."""
    with open(sentences, "rb") as f:
        done = subprocess.run(command, stdin=f, capture_output=True)
    if done.returncode != 0:
        fail(command[-2], "the tokenizer fails: " + (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason"])[-1])
    ids = [[int(i) for i in line.split()] for line in done.stdout.splitlines()]
    if not ids or not all(ids):
        fail(sentences, "no sentences, or one without tokens")
    return ids


def main():
    ap = program.Parser(__doc__)
    ap.add_argument("source", metavar="SOURCE")
    ap.add_argument("out", metavar="OUT")
    ap.add_argument("--sentences", default=os.path.join(program.HOME, "data", "calibration.txt"), metavar="FILE",
                    help="calibration text, one sentence a line")
    ap.add_argument("--tokens", type=program.integer(0, 4096), default=0, help="longest sentence; 0: as the model states")
    ap.add_argument("--pooler", action="store_true", help="the embedding is the checkpoint's pooler's, of the first token")
    calibration.add_options(ap)
    ap.add_argument("--no-fold", action="store_true", help="mu = 0 and a = 1, to see what the fold is worth")
    args = ap.parse_args()
    if os.path.realpath(args.source) == os.path.realpath(args.out):
        fail(args.out, "is SOURCE, whose files would be replaced")

    tokenizer = os.path.join(args.source, "tokenizer.json")
    checkpoint = Checkpoint(args.source, WORDS)
    config, form, first = read_config(args.source, checkpoint, args)
    check_tokenizer(tokenizer, config["vocabulary"])
    weights = convert(config, form, first, checkpoint)
    reader = os.path.join(HERE, "sentence_tokens.py")
    sentences = tokenize([sys.executable, reader, tokenizer, str(config["tokens"])], args.sentences)
    inputs = [[] for _ in range(config["layers"])]
    for ids in sentences:
        if max(ids) >= config["vocabulary"]:
            fail(tokenizer, f"token {max(ids)}, the network has an embedding of {config['vocabulary']}")
        for into, h in zip(inputs, encoder.attention_inputs(config, weights, encoder.embed_words(weights, ids))):
            into.append(h[0])
    layers = calibration.calibrate(args.source, (np.concatenate(h).astype(np.float64) for h in inputs),
                                   {name: t.astype(np.float64) for name, t in weights.items()}, args, not args.no_fold)
    with open(tokenizer, encoding="utf-8") as words, open(reader, encoding="utf-8") as code:
        files.write_all(args.out, {
            "model.safetensors": pieces(weights),
            "calibration.json": calibration.text({"sentences": len(sentences)}, args, layers),
            "tokenizer.json": words.read(),
            "sentence_tokens.py": code.read(),
            "tokenize": files.tokenize_script(args.out, "sentence_tokens.py", config["tokens"]),
            "config.json": json.dumps(config, indent=2) + "\n",
        }, programs=("tokenize",))
    print(f"{args.out}: {config['layers']} layers, D = {config['width']}, calibrated on {len(sentences)} sentences of "
          f"{sum(map(len, sentences))} tokens")


if __name__ == "__main__":
    main()
