# SPDX-License-Identifier: Apache-2.0
"""libperimeter-python.so by ctypes; src/library.h says what it does."""

import ctypes
import os
from pathlib import Path

import numpy as np

NAME = "libperimeter-python.so"
DTYPES = [np.dtype(name) for name in ("int8", "uint8", "int16", "int32", "int64")]
RANK, OUTPUTS, LINE = 4, 8, 5000


class Error(ValueError):
    """What the command line would print as `perimeter: ...`."""


class Array(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("dtype", ctypes.c_uint32), ("rank", ctypes.c_uint32), ("shape", ctypes.c_size_t * RANK), ("data", ctypes.c_void_p)]


class Matrix(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("inputs", ctypes.c_uint32), ("outputs", ctypes.c_uint32), ("weight", ctypes.c_void_p), ("bias", ctypes.c_void_p),
                ("low", ctypes.c_double), ("high", ctypes.c_double)]


def _load():
    here = Path(__file__).resolve().parent
    build = Path(os.environ.get("PERIMETER_BUILD", here.parents[1] / "build"))
    tried = [Path(os.environ["PERIMETER_LIBRARY"])] if "PERIMETER_LIBRARY" in os.environ else [here / NAME, build / "shared" / NAME]
    for path in tried:
        if path.exists():
            return ctypes.CDLL(str(path))
    raise ImportError(f"{' and '.join(map(str, tried))}: missing; in the source tree: make {tried[-1]}")


_lib = _load()
_strings = ctypes.POINTER(ctypes.c_char_p)
for _name, _result, _arguments in (
    ("catalogue", ctypes.c_void_p, []),
    ("version", ctypes.c_char_p, []),
    ("free", None, [ctypes.c_void_p]),
    ("op", ctypes.c_int, [ctypes.c_char_p, _strings, ctypes.c_char_p, ctypes.POINTER(Array), ctypes.c_size_t, ctypes.POINTER(Array), ctypes.c_size_t, ctypes.POINTER(ctypes.c_size_t),
                          ctypes.c_char_p, ctypes.c_size_t]),
    ("model_new", ctypes.c_void_p, [ctypes.POINTER(Matrix), ctypes.c_size_t, _strings, _strings, ctypes.c_uint64, ctypes.c_char_p, ctypes.c_size_t]),
    ("model_system", ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_size_t]),
    ("model_run", ctypes.c_int, [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]),
    ("model_free", None, [ctypes.c_void_p]),
):
    _function = getattr(_lib, f"pm_library_{_name}")
    _function.restype, _function.argtypes = _result, _arguments


def version() -> str:
    return _lib.pm_library_version().decode()


def _taken(memory: int, size: int) -> bytes:
    """A copy of what the library gave, which is freed."""
    try:
        return ctypes.string_at(memory, size) if size >= 0 else ctypes.string_at(memory)
    finally:
        _lib.pm_library_free(memory)


def catalogue() -> str:
    memory = _lib.pm_library_catalogue()
    if not memory:
        raise MemoryError("perimeter: catalogue")
    return _taken(memory, -1).decode()


def _list(texts):
    return (ctypes.c_char_p * (len(texts) + 1))(*[text.encode() for text in texts], None)


def _integers(name: str, value) -> np.ndarray:
    """As a .npy file is read: bool and integers, or floats that are integers, in the first type that holds the file's."""
    a = np.ascontiguousarray(value)
    if a.dtype.kind == "f":
        bad = ~np.isfinite(a) | (np.floor(a) != a) | (np.abs(a) >= 2.0**63)
        if bad.any():
            raise Error(f"{name}: dtype {a.dtype}: {a[bad].flat[0]} is no integer of 64 bits")
        return a.astype(np.int64)
    if a.dtype.kind not in "biu":
        raise Error(f"{name}: dtype {a.dtype} is neither bool nor integers")
    if a.dtype == np.uint64 and a.size and int(a.max()) > np.iinfo(np.int64).max:
        raise Error(f"{name}: dtype uint64: {a.max()} is no integer of 64 bits")
    wider = {"bool": "uint8", "uint16": "int32", "uint32": "int64", "uint64": "int64"}
    return np.ascontiguousarray(a.astype(wider.get(a.dtype.name, a.dtype.newbyteorder("="))))


def run_op(op: str, settings: list, inputs: dict, sample: str | None = None) -> list:
    """[(name, array)] of an op's outputs."""
    given = {name: _integers(name, value) for name, value in inputs.items()}
    arrays = (Array * max(1, len(given)))()
    for to, (name, a) in zip(arrays, given.items()):
        to.name, to.dtype, to.rank, to.data = name.encode(), DTYPES.index(a.dtype), a.ndim, a.ctypes.data
        to.shape[: min(a.ndim, RANK)] = a.shape[:RANK]
    out, count, error = (Array * OUTPUTS)(), ctypes.c_size_t(), ctypes.create_string_buffer(LINE)
    if _lib.pm_library_op(op.encode(), _list(settings), sample and sample.encode(), arrays, len(given), out, OUTPUTS, ctypes.byref(count), error, LINE):
        raise Error(error.value.decode(errors="replace"))
    results = []
    for a in out[: count.value]:
        shape, dtype = tuple(a.shape[: a.rank]), DTYPES[a.dtype]
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        results.append((a.name.decode(), np.frombuffer(bytearray(_taken(a.data, size)), dtype).reshape(shape)))
    return results


class Model:
    """Matrices on systems: [(name, weight [outputs, inputs], bias or None, (low, high) or None)]."""

    def __init__(self, matrices: list, place: list, settings: list, seed: int = 1):
        kept, rows = [], (Matrix * max(1, len(matrices)))()
        for to, (name, weight, bias, limits) in zip(rows, matrices):
            weight = np.ascontiguousarray(weight, np.float32)
            bias = None if bias is None else np.ascontiguousarray(bias, np.float32)
            kept += [weight, bias]
            to.name, (to.outputs, to.inputs) = name.encode(), weight.shape
            to.weight, to.bias = weight.ctypes.data, None if bias is None else bias.ctypes.data
            to.low, to.high = limits or (0, 0)
        error = ctypes.create_string_buffer(LINE)
        self.shapes = [weight.shape for _, weight, _, _ in matrices]
        self.handle = _lib.pm_library_model_new(rows, len(matrices), _list(place), _list(settings), seed, error, LINE)
        if not self.handle:
            raise Error(error.value.decode(errors="replace"))

    def system(self, matrix: int):
        name = _lib.pm_library_model_system(self.handle, matrix)
        return name.decode() if name else None

    def run(self, matrix: int, x: np.ndarray, first: int = 0) -> np.ndarray:
        """y [n, outputs] of x [n, inputs]; `first` numbers the vectors, for what is drawn."""
        outputs, inputs = self.shapes[matrix]
        x = np.ascontiguousarray(x, np.float32)
        if x.ndim != 2 or x.shape[1] != inputs:
            raise Error(f"x has shape {list(x.shape)}, expected [n,{inputs}]")
        y, error = np.empty((len(x), outputs), np.float32), ctypes.create_string_buffer(LINE)
        if _lib.pm_library_model_run(self.handle, matrix, len(x), first, x.ctypes.data, y.ctypes.data, error, LINE):
            raise Error(error.value.decode(errors="replace"))
        return y

    def __del__(self):
        if getattr(self, "handle", None):
            _lib.pm_library_model_free(self.handle)
