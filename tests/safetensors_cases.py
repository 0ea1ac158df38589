#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cases for the readers of safetensors files, judged by the format's reference implementation.

Writes tests/safetensors_cases.tsv, which the tests of both readers read. Needs the package `safetensors` of PyPI:
    python3 -m venv venv; venv/bin/pip install safetensors==0.8.0; venv/bin/python tests/safetensors_cases.py
A case is a line: verdict, what is added to the header's length, bytes of data, header. Backslashes of the header are
doubled, other bytes than printable ASCII are \\xNN. Verdicts: `take` and `refuse` are the reference's; `strict`: the
reference takes what this project refuses on purpose (see STRICT).
"""

import os
import struct

from safetensors import SafetensorError, deserialize

# A member given twice; forms of JSON that the reference's language reads a struct or an enumeration from.
STRICT = ("twice", "as an array", "dtype as an object", "above 2^53")


def tensor(dtype='"F32"', shape="[2,3]", offsets="[0,24]", more=""):
    return f'{{"dtype":{dtype},"shape":{shape},"data_offsets":{offsets}{more}}}'


def header(**members):
    return "{" + ",".join(f'"{name}":{text}' for name, text in members.items()) + "}"


def cases():
    """Yields name, header (str or bytes), bytes of data and what is added to the length."""
    yield "plain", header(t=tensor()), 24, 0
    yield "no tensor", "{}", 0, 0
    yield "no tensor, some data", "{}", 4, 0
    yield "padded", header(t=tensor()) + "      ", 24, 0
    yield "padded by newlines and tabs", header(t=tensor()) + "\n\t\r ", 24, 0
    yield "padded by zeros", header(t=tensor()).encode() + b"\0\0", 24, 0
    yield "padded before", "  " + header(t=tensor()), 24, 0
    yield "a byte order mark", "\ufeff".encode() + header(t=tensor()).encode(), 24, 0
    yield "trailing text", header(t=tensor()) + "x", 24, 0
    yield "two objects", header(t=tensor()) + "{}", 24, 0
    for change in (-2, -1, 1, 2, 24, 25, 1 << 20, (1 << 40), -(1 << 40)):
        yield f"length {change:+d}", header(t=tensor()), 24, change
    for size in (0, 1, 20, 23, 25, 28, 48):
        yield f"data of {size} bytes", header(t=tensor()), size, 0
    for text in ("", " ", "[]", "null", "7", '"t"', "{", "}", '{"t"}', "{t:1}", "{'t':1}", '{"t":}', "[{}]"):
        yield f"header {text!r}", text, 0, 0
    # Two tensors: order, gaps, overlaps.
    u = lambda a, b, n: tensor('"U8"', f"[{n}]", f"[{a},{b}]")  # noqa: E731
    for name, (a, b, c, d), size in (
        ("in order", (0, 4, 4, 8), 8),
        ("in reverse order", (4, 8, 0, 4), 8),
        ("overlapping", (0, 4, 2, 8), 8),
        ("the same bytes", (0, 4, 0, 4), 4),
        ("one inside another", (0, 8, 2, 4), 8),
        ("with a gap", (0, 4, 5, 8), 8),
        ("with a gap in front", (1, 4, 4, 8), 8),
        ("with bytes behind", (0, 4, 4, 8), 9),
        ("beyond the file", (0, 4, 4, 9), 8),
        ("with an empty one in front", (0, 0, 0, 8), 8),
        ("with an empty one behind", (0, 8, 8, 8), 8),
        ("with an empty one within", (0, 8, 4, 4), 8),
        ("both empty", (0, 0, 0, 0), 0),
        ("running backwards", (4, 0, 4, 8), 8),
    ):
        yield f"two tensors {name}", header(t=u(a, b, max(b - a, 0)), u=u(c, d, max(d - c, 0))), size, 0
    yield "misaligned", header(t=u(0, 1, 1), u=tensor(offsets="[1,25]")), 25, 0
    yield "three in mixed order", header(a=u(4, 6, 2), b=u(0, 4, 4), c=u(6, 9, 3)), 9, 0
    # Names.
    yield "a name twice, the same bytes", '{"t":' + tensor() + ',"t":' + tensor() + "}", 24, 0
    yield "a name twice, other bytes", '{"t":' + u(0, 4, 4) + ',"t":' + u(4, 8, 4) + "}", 8, 0
    yield "an escaped name twice", '{"t":' + tensor() + ',"\\u0074":' + tensor() + "}", 24, 0
    yield "an empty name", '{"":' + tensor() + "}", 24, 0
    yield "a name beyond ASCII", '{"\u00e4\U0001f600":'.encode() + tensor().encode() + b"}", 24, 0
    yield "a name that is not UTF-8", b'{"\xff":' + tensor().encode() + b"}", 24, 0
    yield "a surrogate as UTF-8", b'{"\xed\xa0\x80":' + tensor().encode() + b"}", 24, 0
    yield "half a surrogate pair", '{"\\ud800":' + tensor() + "}", 24, 0
    yield "a surrogate pair", '{"\\ud83d\\ude00":' + tensor() + "}", 24, 0
    yield "a control character", '{"a\tb":' + tensor() + "}", 24, 0
    yield "a bad escape", '{"\\x41":' + tensor() + "}", 24, 0
    yield "a bad hexadecimal escape", '{"\\u00zz":' + tensor() + "}", 24, 0
    # Fields.
    for field in ("dtype", "shape", "data_offsets"):
        rest = {"dtype": '"F32"', "shape": "[2,3]", "data_offsets": "[0,24]"}
        value = rest.pop(field)
        yield f"no {field}", header(t="{" + ",".join(f'"{k}":{v}' for k, v in rest.items()) + "}"), 24, 0
        yield f"{field} twice", header(t=tensor(more=f',"{field}":{value}')), 24, 0
        for odd in ("null", "true", "7", "-1", '"x"', '""', "[]", "{}", "[null]", "[[2,3]]"):
            rest[field] = odd
            yield f"{field} {odd}", header(t="{" + ",".join(f'"{k}":{v}' for k, v in rest.items()) + "}"), 24, 0
    yield "a field more", header(t=tensor(more=',"more":[1.5,{"a":null}]')), 24, 0
    yield "a tensor as an array", header(t='["F32",[2,3],[0,24]]'), 24, 0
    yield "dtype as an object", header(t=tensor('{"F32":null}')), 24, 0
    for odd in ("null", "7", '"x"', "[]", "{}"):
        yield f"a tensor {odd}", header(t=odd), 0, 0
    # Numbers.
    numbers = ("2.0", "2.", "2e0", "2E0", "20e-1", "02", "+2", "-2", "2.5", '"2"', "0x2", "NaN", "Infinity", "1e999", "true", "2 2")
    for n in numbers:
        yield f"dimension {n}", header(t=tensor(shape=f"[{n},3]")), 24, 0
    for n in ("0.0", "-0", "00", "-1", "0.5", '"0"', "null"):
        yield f"offset {n}", header(t=tensor(offsets=f"[{n},24]")), 24, 0
    for n in ("24.0", "2.4e1", "18446744073709551616", "9223372036854775808", "1e999"):
        yield f"end {n}", header(t=tensor(offsets=f"[0,{n}]")), 24, 0
    yield "three offsets", header(t=tensor(offsets="[0,12,24]")), 24, 0
    yield "one offset", header(t=tensor(offsets="[24]")), 24, 0
    # Shapes.
    for shape, size in (("[]", 4), ("[1]", 4), ("[1,1,1,1,1,1]", 4), ("[0]", 0), ("[0,3]", 0), ("[3,0]", 0), ("[2,2]", 24),
                        ("[2,3,0]", 24), ("[6]", 24), ("[4294967296,4294967296,0]", 0), ("[0,4294967296,4294967296]", 0),
                        ("[4611686018427387904]", 0), ("[2,3,]", 24), ("[,2,3]", 24), ("[2 3]", 24)):
        yield f"shape {shape} of {size} bytes", header(t=tensor(shape=shape, offsets=f"[0,{size}]")), size, 0
    yield "a dimension above 2^53", header(t=tensor(shape="[0,18446744073709551615]", offsets="[0,0]")), 0, 0
    yield "a dimension above 2^64", header(t=tensor(shape="[0,18446744073709551616]", offsets="[0,0]")), 0, 0
    # Dtypes, each with eight elements.
    for dtype in ("BOOL", "F4", "F6_E2M3", "F6_E3M2", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ",
                  "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "C64", "F64", "I64", "U64", "F128", "f32", "F32 ", "I4",
                  "C128", "float32", "U4", "F8"):
        for bits in (4, 6, 8, 16, 32, 64):
            yield f"eight {dtype} of {bits} bits", header(t=tensor(f'"{dtype}"', "[8]", f"[0,{bits}]")), bits, 0
    yield "half bytes", header(t=tensor('"F4"', "[3]", "[0,1]")), 1, 0
    # Metadata.
    for text in ("{}", '{"format":"pt"}', '{"a":"b","c":"d"}', '{"a":1}', '{"a":null}', '{"a":["b"]}', "null", "[]", '"x"', "7",
                 "false", '{"a":"b","a":"c"}'):
        twice = " twice" if text.count('"a"') == 2 else ""
        yield f"metadata {text}{twice}", '{"__metadata__":' + text + ',"t":' + tensor() + "}", 24, 0
    yield "metadata behind", '{"t":' + tensor() + ',"__metadata__":{"a":"b"}}', 24, 0
    yield "metadata twice", '{"__metadata__":{},"t":' + tensor() + ',"__metadata__":{}}', 24, 0
    yield "metadata as a tensor", '{"__metadata__":' + tensor() + "}", 24, 0
    yield "other underscores", '{"__meta__":' + tensor() + "}", 24, 0
    for depth in (3, 124, 125, 126, 300):
        deep = "[" * depth + "]" * depth
        yield f"a field {depth} deep", header(t=tensor(more=f',"more":{deep}')), 24, 0


def file_of(text, size, change):
    text = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", (len(text) + change) % 2**64) + text + bytes(size), text


def main():
    lines, seen = [], set()
    for name, text, size, change in cases():
        data, text = file_of(text, size, change)
        try:
            deserialize(data)
            verdict = "strict" if any(s in name for s in STRICT) else "take"
        except SafetensorError:
            verdict = "refuse"
        escaped = "".join("\\\\" if b == 92 else chr(b) if 32 <= b < 127 else f"\\x{b:02x}" for b in text)
        assert name not in seen, name
        seen.add(name)
        lines.append(f"{verdict}\t{change}\t{size}\t{name}\t{escaped}\n")
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "safetensors_cases.tsv")
    with open(path, "w", encoding="ascii") as f:
        f.writelines(lines)
    print(f"{len(lines)} cases")


if __name__ == "__main__":
    main()
