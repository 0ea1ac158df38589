# SPDX-License-Identifier: Apache-2.0
"""Files: strict JSON, IDX data sets, and results that are written whole or not at all."""

import gzip
import json
import math
import os
import shlex
import struct
import sys
import zlib

import numpy as np

from program import fail

JSON_DEPTH = 127  # objects and arrays inside one another, as in cmodel/io/json.h


def unique(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f'"{next(n for n in names if names.count(n) > 1)}" is given twice')
    return members


def finite(text):
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is beyond double precision")
    return value


def whole(text):
    return -0.0 if text == "-0" else int(text)


def check_text(value, depth=1):
    """What Python's reader takes and RFC 8259 or our C reader does not."""
    if isinstance(value, str):
        value.encode()  # half a surrogate pair
        if "\0" in value:
            raise ValueError("a zero character")
        return
    if not isinstance(value, (dict, list)):
        return
    if depth > JSON_DEPTH:
        raise ValueError("nested too deep")
    for item in value if isinstance(value, list) else [*value.keys(), *value.values()]:
        check_text(item, depth + 1)


def parse_json(path, raw):
    """The object that the bytes `raw` of `path` are."""
    try:
        value = json.loads(raw.decode(), object_pairs_hook=unique, parse_int=whole, parse_float=finite,
                           parse_constant=finite)
        check_text(value)
    except (ValueError, RecursionError) as error:
        fail(path, f"bad JSON: {error}")
    if not isinstance(value, dict):
        fail(path, "bad JSON: not an object")
    return value


def read_json(path, default=None):
    """The object in a file; `default`, where one is given and the file is not there."""
    if default is not None and not os.path.exists(path):
        return default
    with open(path, "rb") as f:
        return parse_json(path, f.read())


def find_idx(folder, split, what, rank):
    """The file of `what` ("images", "labels") under one of the names of the MNIST family."""
    names = [f"{split}-{what}{mark}idx{rank}-ubyte{end}" for mark in "-." for end in (".gz", "")]
    paths = [os.path.join(folder, name) for name in names]
    return next((path for path in paths if os.path.exists(path)), paths[0])


def read_idx(path, rank, count=None):
    """An IDX file's dimensions and bytes, of the first `count` items (default: all)."""
    try:
        with open(path, "rb") as plain:
            zipped = plain.read(2) == b"\x1f\x8b"
        with (gzip.open if zipped else open)(path, "rb") as f:
            head = f.read(4 + 4 * rank)
            if len(head) < 4 + 4 * rank or head[:4] != bytes((0, 0, 8, rank)):
                fail(path, f"not an IDX file of unsigned bytes in {rank} dimensions")
            shape = list(struct.unpack(f">{rank}I", head[4:]))
            if 0 in shape:
                fail(path, "no items, or items of no bytes")
            if count is not None and count > shape[0]:
                fail(path, f"{count} items were asked for, the file has {shape[0]}")
            total, shape[0] = shape[0], shape[0] if count is None else count
            data = f.read(math.prod(shape))
            if shape[0] == total and f.read(1):  # which also compares the checksum of gzip
                fail(path, "more data after the last item")
    except (EOFError, zlib.error, gzip.BadGzipFile):
        fail(path, "corrupt or truncated gzip data")
    if len(data) != math.prod(shape):
        fail(path, f"truncated: {math.prod(shape) - len(data)} bytes are missing")
    return shape, data


def read_images(folder, side, count):
    """The first `count` training images [count, side, side], uint8."""
    path = find_idx(folder, "train", "images", 3)
    shape, data = read_idx(path, 3, count)
    if shape[1:] != [side] * 2:
        fail(path, f"images of {shape[1]}x{shape[2]}, the network takes {side}x{side}")
    return np.frombuffer(data, np.uint8).reshape(shape)


def tokenize_script(out, code, *arguments):
    """OUT/tokenize, which runs OUT/CODE on OUT/tokenizer.json; moves with its folder, and with an environment inside it."""
    python, folder = os.path.abspath(sys.executable), os.path.abspath(out) + os.sep
    python = '"$here"/' + shlex.quote(python.removeprefix(folder)) if python.startswith(folder) else shlex.quote(python)
    return f'#!/bin/sh\nhere=$(dirname "$0")\nexec {python} ' + " ".join([f'"$here/{code}" "$here/tokenizer.json"', *map(str, arguments)]) + "\n"


def write_all(folder, contents, programs=()):
    """Writes {name: text, or pieces of bytes} into `folder`, all files or none that stays; `programs` may be executed."""
    os.makedirs(folder, exist_ok=True)
    for name in contents:
        if os.path.isdir(os.path.join(folder, name)):
            fail(os.path.join(folder, name), "is a folder")
    parts = {}
    try:
        for name, content in contents.items():
            path = os.path.join(folder, name)
            with open(path + ".part", "wb") as f:
                parts[path] = f.name
                f.writelines([content.encode()] if isinstance(content, str) else content)
            if name in programs:
                os.chmod(f.name, 0o755)
        for path in list(parts):
            os.replace(parts[path], path)
            del parts[path]
    except OSError as error:
        fail(folder, f"cannot be written: {error.strerror}")
    finally:
        for part in parts.values():
            os.unlink(part)
