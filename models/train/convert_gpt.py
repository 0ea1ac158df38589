#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Convert a decoder of GPT-2's or Llama's form, as Hugging Face has them, to the form of docs/systems/network.md.

SOURCE is a folder with config.json and model.safetensors (or its shards with their index) as their publishers ship them; weights may be
float16, bfloat16, float32 or float64. OUT gets config.json and model.safetensors. Matrices become [outputs][inputs], q, k and v
apart; Llama's rotary pairs, which lie half a head apart there, become neighbours. Where SOURCE has tokenizer.json, or GPT-2's vocab.json
and merges.txt, OUT gets what `perimeter run` reads texts with, too: `pieces`, the bytes of each token, and `tokenize`, which needs the package
tokenizers. Needs numpy.
"""

import program  # the first: what goes wrong from here on is one line

import json
import os
import re

import numpy as np

import files
from program import fail
from sharded import Checkpoint
from tensors import pieces

GPT2 = {"layers": "n_layer", "width": "n_embd", "heads": "n_head", "tokens": "n_positions", "vocabulary": "vocab_size"}
LLAMA = {"layers": "num_hidden_layers", "width": "hidden_size", "heads": "num_attention_heads", "tokens": "max_position_embeddings",
         "vocabulary": "vocab_size"}
MOST = {"layers": 64, "width": 4096, "heads": 4096, "tokens": 1 << 20, "vocabulary": 1 << 20, "ffn": 16384, "kv_heads": 4096}
TOKENS = 4096
# What must be as it is by default, and what that is.
GPT2_FIXED = {"scale_attn_weights": True, "scale_attn_by_inverse_layer_idx": False, "add_cross_attention": False}
LLAMA_FIXED = {"attention_bias": False, "mlp_bias": False, "rope_scaling": None}


def sizes(path, theirs, keys, more):
    """Integers of our configuration, each in its range."""
    ours = {key: theirs.get(name) for key, name in keys.items()} | more
    for key, value in ours.items():
        if type(value) is not int or not 1 <= value <= MOST[key]:
            fail(path, f'"{keys.get(key, key)}" is {value}, not an integer in 1..{MOST[key]}')
    if ours["width"] % ours["heads"] or ours["heads"] % ours.get("kv_heads", 1):
        fail(path, f'width {ours["width"]}, heads {ours["heads"]} and heads of keys {ours.get("kv_heads", ours["heads"])} do not divide')
    return ours


def fixed(path, theirs, wanted):
    for key, value in wanted.items():
        if theirs.get(key, value) != value:
            fail(path, f'"{key}" is {theirs[key]}, {value} alone is taken')


def gpt2_config(path, c):
    fixed(path, c, GPT2_FIXED)
    if c.get("activation_function", "gelu_new") not in ("gelu_new", "gelu_pytorch_tanh"):
        fail(path, f'"activation_function" is {c["activation_function"]}, not gelu_new')
    width = c.get("n_embd")
    inner = c["n_inner"] if c.get("n_inner") is not None else 4 * width if type(width) is int else None
    return {"type": "gpt", "norm": "pre", "activation": "gelu-tanh", **sizes(path, c, GPT2, {"ffn": inner}),
            "layernorm_eps": c.get("layer_norm_epsilon", 1e-5), "tied": c.get("tie_word_embeddings", True)}


def llama_config(path, c):
    fixed(path, c, LLAMA_FIXED)
    if c.get("hidden_act", "silu") != "silu":
        fail(path, f'"hidden_act" is {c["hidden_act"]}, not silu')
    heads = c.get("num_key_value_heads")
    more = {"ffn": c.get("intermediate_size"), "kv_heads": c.get("num_attention_heads") if heads is None else heads}
    ours = {"type": "llama", "norm": "pre", "activation": "silu", **sizes(path, c, LLAMA, more), "rope_theta": c.get("rope_theta", 10000.0),
            "layernorm_eps": c.get("rms_norm_eps", 1e-6), "tied": c.get("tie_word_embeddings", False)}
    head = ours["width"] // ours["heads"]
    if c.get("head_dim") not in (None, head) or head % 2:
        fail(path, f"heads of {c.get('head_dim') or head} dimensions: an even {head} is wanted")
    return ours


def check_reals(path, ours):
    for key, low, high in (("layernorm_eps", 1e-12, 1.0), ("rope_theta", 1.0, 1e9)):
        if key in ours and not (type(ours[key]) in (int, float) and low <= ours[key] <= high):
            fail(path, f'"{key}" is {ours[key]}, not a number in {low:g}..{high:g}')
    if type(ours["tied"]) is not bool:
        fail(path, f'"tie_word_embeddings" is {ours["tied"]}')


def gpt2_tensors(c, checkpoint):
    d = c["width"]
    read = checkpoint.read
    ours = {"words": read("wte.weight", (c["vocabulary"], d)), "pos": read("wpe.weight", (checkpoint.shape("wpe.weight")[0], d))[: c["tokens"]]}

    def norm(a, b):
        for part in ("weight", "bias"):
            ours[f"{a}.{part}"] = read(f"{b}.{part}", (d,))

    for i in range(c["layers"]):
        a, b = f"layers.{i}", f"h.{i}"
        norm(a + ".ln1", b + ".ln_1")
        norm(a + ".ln2", b + ".ln_2")
        weights, biases = (read(f"{b}.attn.c_attn.{part}", shape) for part, shape in (("weight", (d, 3 * d)), ("bias", (3 * d,))))
        for name, part in zip("qkv", range(3)):
            ours[f"{a}.attn.{name}.weight"] = weights[:, part * d : (part + 1) * d].T
            ours[f"{a}.attn.{name}.bias"] = biases[part * d : (part + 1) * d]
        for name, theirs, inputs, outputs in (("attn.o", "attn.c_proj", d, d), ("ffn.up", "mlp.c_fc", d, c["ffn"]),
                                              ("ffn.down", "mlp.c_proj", c["ffn"], d)):
            ours[f"{a}.{name}.weight"] = read(f"{b}.{theirs}.weight", (inputs, outputs)).T
            ours[f"{a}.{name}.bias"] = read(f"{b}.{theirs}.bias", (outputs,))
    norm("norm", "ln_f")
    return ours


def neighbours(weight, head):
    """Rows i and i + head/2 of each head become 2i and 2i + 1."""
    return weight.reshape(-1, 2, head // 2, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)


def llama_tensors(c, checkpoint):
    d, head = c["width"], c["width"] // c["heads"]
    keys = c["kv_heads"] * head
    ours = {"words": checkpoint.read("embed_tokens.weight", (c["vocabulary"], d)), "norm.weight": checkpoint.read("norm.weight", (d,))}
    for i in range(c["layers"]):
        for name, theirs, shape in (("ln1", "input_layernorm", (d,)), ("ln2", "post_attention_layernorm", (d,)),
                                    ("attn.q", "self_attn.q_proj", (d, d)), ("attn.k", "self_attn.k_proj", (keys, d)),
                                    ("attn.v", "self_attn.v_proj", (keys, d)), ("attn.o", "self_attn.o_proj", (d, d)),
                                    ("ffn.gate", "mlp.gate_proj", (c["ffn"], d)), ("ffn.up", "mlp.up_proj", (c["ffn"], d)),
                                    ("ffn.down", "mlp.down_proj", (d, c["ffn"]))):
            weight = checkpoint.read(f"layers.{i}.{theirs}.weight", shape)
            ours[f"layers.{i}.{name}.weight"] = neighbours(weight, head) if name in ("attn.q", "attn.k") else weight
    return ours


# config.json's model_type: the configuration, the tensors, and the embedding's name.
FORMS = {"gpt2": (gpt2_config, gpt2_tensors, "wte.weight"), "llama": (llama_config, llama_tensors, "embed_tokens.weight")}


# ---- the tokenizer ----

# GPT-2 writes bytes as characters: those that print as themselves, the others from 256 on.
PLAIN = [*range(33, 127), *range(161, 173), *range(174, 256)]
CHARACTERS = {chr(b): b for b in PLAIN} | {chr(256 + i): b for i, b in enumerate(b for b in range(256) if b not in PLAIN)}


def read_tokenizer(source):
    """tokenizer.json as text and as an object; None: there is none."""
    path = os.path.join(source, "tokenizer.json")
    words, merges = (os.path.join(source, name) for name in ("vocab.json", "merges.txt"))
    if os.path.exists(path):
        return path, files.read_json(path)
    if not (os.path.exists(words) and os.path.exists(merges)):
        return words, None
    with open(merges, "rb") as f:
        data = f.read()
    try:
        pairs = [line for line in data.decode().split("\n") if line and not line.startswith("#version")]
    except UnicodeDecodeError:
        fail(merges, "not UTF-8")
    if wrong := [line for line in pairs if len(line.split(" ")) != 2 or not all(line.split(" "))]:
        fail(merges, f"{wrong[0][:40]!r} is no pair of words")
    return words, {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
                   "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
                   "post_processor": None, "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
                   "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
                             "fuse_unk": False, "byte_fallback": False, "vocab": files.read_json(words), "merges": pairs}}


def token_bytes(path, word, byte_level):
    """What a token stands for: of a tokenizer of bytes, or of SentencePiece's form."""
    if byte_level:
        if not all(c in CHARACTERS for c in word):
            fail(path, f"token {word!r} is not of bytes")
        return bytes(CHARACTERS[c] for c in word)
    single = re.fullmatch("<0x([0-9A-Fa-f]{2})>", word)
    return bytes.fromhex(single[1]) if single else word.replace("\u2581", " ").encode()


def token_pieces(path, tokenizer, vocabulary):
    """A line of hexadecimal digits a token, of all that the network has."""
    model, added = tokenizer.get("model"), tokenizer.get("added_tokens") or []
    words = model.get("vocab") if isinstance(model, dict) else None
    if not isinstance(words, dict) or not isinstance(added, list):
        fail(path, "no vocabulary of words and their numbers")
    byte_level = "ByteLevel" in json.dumps([tokenizer.get("pre_tokenizer"), tokenizer.get("decoder")])
    special = {token.get("content"): token.get("id") for token in added if isinstance(token, dict)}
    lines = [""] * vocabulary
    for word, number in [*words.items(), *special.items()]:
        if type(number) is not int or not 0 <= number < vocabulary:
            fail(path, f"token {number}, the network has {vocabulary}")
        lines[number] = (word.encode() if word in special else token_bytes(path, word, byte_level)).hex()
    return "".join(line + "\n" for line in lines)


def text_files(source, out, vocabulary):
    """What OUT has beside the network, so that it takes texts."""
    path, tokenizer = read_tokenizer(source)
    if tokenizer is None:
        return {}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "text_tokens.py"), encoding="utf-8") as code:
        return {"pieces": token_pieces(path, tokenizer, vocabulary), "tokenizer.json": json.dumps(tokenizer), "text_tokens.py": code.read(),
                "tokenize": files.tokenize_script(out, "text_tokens.py")}


def main():
    ap = program.Parser(__doc__)
    ap.add_argument("source", metavar="SOURCE")
    ap.add_argument("out", metavar="OUT")
    ap.add_argument("--tokens", type=program.integer(1, TOKENS), help="longest context; default: as the model states, at most 4096")
    args = ap.parse_args()
    if os.path.realpath(args.source) == os.path.realpath(args.out):
        fail(args.out, "is SOURCE, whose files would be replaced")
    path = os.path.join(args.source, "config.json")
    theirs = files.read_json(path)
    kind = theirs.get("model_type")
    if not isinstance(kind, str) or kind not in FORMS:
        fail(path, f"model_type {kind} is not one of {', '.join(FORMS)}")
    configure, convert, words = FORMS[kind]
    config = configure(path, theirs)
    check_reals(path, config)
    if (args.tokens or 1) > config["tokens"]:
        fail("--tokens", f"{args.tokens} is more than the network's {config['tokens']}")
    config["tokens"] = args.tokens or min(config["tokens"], TOKENS)
    checkpoint = Checkpoint(args.source, words)
    tensors = convert(config, checkpoint)
    if not config["tied"]:
        tensors["head.weight"] = checkpoint.read("lm_head.weight", (config["vocabulary"], config["width"]))
    more = text_files(args.source, args.out, config["vocabulary"]) if config["vocabulary"] != 256 else {}
    files.write_all(args.out, {"model.safetensors": pieces({name: np.ascontiguousarray(t) for name, t in tensors.items()}),
                               "config.json": json.dumps(config, indent=1) + "\n", **more}, programs=("tokenize",))
    takes = "" if more or config["vocabulary"] == 256 else "; takes no texts: SOURCE has neither tokenizer.json nor vocab.json and merges.txt"
    print(f"{args.out}: {config['layers']} layers, D = {config['width']}, {sum(t.size for t in tensors.values())} weights{takes}")


if __name__ == "__main__":
    main()
