#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`perimeter infer` against onnxruntime, on the cases that tests/infer_cases.py made: tests/infer.py [CASE ...]
Of every case, every output's largest error over its largest magnitude must be below 1e-4; integers must be equal."""
import os
import struct
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("PERIMETER_BUILD", ROOT / "build"))
PROGRAM = os.environ.get("PERIMETER_PROGRAM", BUILD / "asan/perimeter")
MOST = 1e-4
KINDS = {"<f4": "f", "<i8": "q", "<i4": "i", "|u1": "B", "|i1": "b"}


def load(path):
    """Shape, kind and elements of a .npy file in C order."""
    data = path.read_bytes()
    length = struct.unpack_from("<H", data, 8)[0]
    header = eval(data[10:10 + length], {"__builtins__": {}}, {"False": False, "True": True})  # pylint: disable=eval-used
    kind = KINDS[header["descr"]]
    body = data[10 + length:]
    return header["shape"], kind, struct.unpack(f"<{len(body) // struct.calcsize(kind)}{kind}", body)


def difference(got, wanted):
    """The largest error over the largest magnitude; infinite where shape or kind differ, or integers."""
    (shape, kind, values), (wanted_shape, wanted_kind, wanted_values) = got, wanted
    if shape != wanted_shape or (kind == "f") != (wanted_kind == "f"):
        return float("inf")
    if kind != "f":
        return 0.0 if values == wanted_values else float("inf")
    magnitude = max((abs(v) for v in wanted_values), default=0) or 1.0
    errors = [0.0 if a == b else abs(a - b) for a, b in zip(values, wanted_values)]
    return max(errors, default=0) / magnitude if not any(e != e for e in errors) else float("inf")


def run(folder, arguments=()):
    """Runs a case; the largest difference and what went wrong."""
    outputs = sorted(folder.glob("out.*.npy"))
    command = [PROGRAM, "infer", folder / "model.onnx", *arguments]
    for path in sorted(folder.glob("in.*.npy")):
        command += ["--in", f"{path.name[3:-4]}={path}"]
    for path in outputs:
        command += ["--out", f"{path.name[4:-4]}={folder / ('got.' + path.name)}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or done.stderr:
        return float("inf"), f"exit status {done.returncode}: {done.stderr.strip()[-400:]}"
    worst = max(difference(load(folder / ("got." + path.name)), load(path)) for path in outputs)
    return worst, f"{worst:.2g} from onnxruntime's"


def main():
    worst = 0.0
    with tempfile.TemporaryDirectory() as temporary:
        with tarfile.open(ROOT / "tests/infer/cases.tar.gz") as archive:
            archive.extractall(temporary)
        names = sys.argv[1:] or sorted(path.name for path in Path(temporary).iterdir())
        for name in names:
            error, why = run(Path(temporary, name))
            passed = error < MOST
            worst = max(worst, error if passed else 0)
            if not passed:
                print(f"# {name}: {why}")
            print(f"{'ok' if passed else 'not ok'} - infer {name}")
    print(f"# {len(names)} networks, largest difference {worst:.2g}")


if __name__ == "__main__":
    main()
