# SPDX-License-Identifier: Apache-2.0
"""safetensors files, as strict as the format's reference implementation; the twin of cmodel/io/safetensors.c."""

import json
import os
import struct

import numpy as np

from files import parse_json
from program import fail

# Bits of an element.
DTYPES = {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
          "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
          "C64": 64, "F64": 64, "I64": 64, "U64": 64}
LARGEST_HEADER = 8 << 20
LARGEST = 2**53  # integer of the header, which C reads as a double


def is_size(value):
    return type(value) is int and 0 <= value <= LARGEST


def check_tensor(path, name, tensor):
    """Its first byte and the one behind its last."""
    bad = lambda reason: fail(path, f"tensor {name}: {reason}")  # noqa: E731
    if not isinstance(tensor, dict):
        bad("no object")
    dtype, shape, offsets = (tensor.get(key) for key in ("dtype", "shape", "data_offsets"))
    if not isinstance(dtype, str) or dtype not in DTYPES:
        bad("no dtype, or one that the format does not have")
    if not isinstance(shape, list) or not all(map(is_size, shape)):
        bad("no shape")
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(map(is_size, offsets)) or offsets[0] > offsets[1]:
        bad("no pair of data_offsets, or one that runs backwards")
    count = 1
    for size in shape:  # overflow in between counts, as in the reference
        count *= size
        if count >= 2**64:
            bad("the shape is too large")
    if count * DTYPES[dtype] != 8 * (offsets[1] - offsets[0]):
        bad("the shape does not take the bytes of data_offsets")
    return offsets


def read_header(path, f):
    """The header of the open file `path`, checked as a whole, without __metadata__; f is at the first byte of the data."""
    size = os.fstat(f.fileno()).st_size
    prefix = f.read(8)
    if len(prefix) < 8:
        fail(path, f"truncated: {len(prefix)} bytes, a safetensors file has at least 8")
    (length,) = struct.unpack("<Q", prefix)
    if length > size - 8 or length > LARGEST_HEADER:
        fail(path, f"header length {length} exceeds the file, or {LARGEST_HEADER}")
    header = parse_json(path, f.read(length))
    metadata = header.pop("__metadata__", None)
    if metadata is not None and not (isinstance(metadata, dict) and all(isinstance(v, str) for v in metadata.values())):
        fail(path, "__metadata__ is no object of strings")
    end = 0
    for name, (first, last) in sorted(((n, check_tensor(path, n, t)) for n, t in header.items()), key=lambda item: item[1]):
        if first != end:
            fail(path, f"tensor {name} {'overlaps' if first < end else 'leaves a gap to'} the one before it")
        end = last
    if end != size - 8 - length:
        fail(path, f"{'truncated' if end > size - 8 - length else 'trailing bytes'}: the tensors take {end} bytes, the file "
                   f"has {size - 8 - length}")
    return header


class Tensors:
    """A file's tensors. What is read is float, row-major and finite."""

    def __init__(self, path):
        self.path = path
        self.file = open(path, "rb")
        self.header = read_header(path, self.file)
        self.start = self.file.tell()

    def read(self, name, shape, dtypes=("F32",)):
        """Tensor `name` of this shape, as float32; `dtypes`, of F16, BF16, F32 and F64, are taken."""
        if name not in self.header:
            fail(self.path, f"tensor {name} is missing")
        t = self.header[name]
        if t["dtype"] not in dtypes:
            fail(self.path, f"tensor {name}: dtype {t['dtype']}, expected {' or '.join(dtypes)}")
        if t["shape"] != list(shape):
            fail(self.path, f"tensor {name}: shape {t['shape']}, expected {list(shape)}")
        first, last = t["data_offsets"]
        self.file.seek(self.start + first)
        raw = self.file.read(last - first)
        if t["dtype"] == "BF16":
            values = (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4")
        else:
            with np.errstate(over="ignore"):
                values = np.frombuffer(raw, {"F16": "<f2", "F32": "<f4", "F64": "<f8"}[t["dtype"]]).astype(np.float32)
        if not np.isfinite(values).all():
            fail(self.path, f"tensor {name}: element {int(np.argmin(np.isfinite(values)))} is not finite in float32")
        return values.reshape(shape)


def pieces(tensors):
    """A file of float32 tensors as pieces of bytes; the header is padded with spaces to 8 bytes, as the format asks."""
    header, offset = {}, 0
    for name, t in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [offset, offset + 4 * t.size]}
        offset += 4 * t.size
    blob = json.dumps(header, separators=(",", ":")).encode()
    blob += b" " * (-len(blob) % 8)
    yield struct.pack("<Q", len(blob)) + blob
    for t in tensors.values():
        yield np.ascontiguousarray(t, "<f4").tobytes()
