# SPDX-License-Identifier: Apache-2.0
"""Builds the wheel (PEP 517), by the standard library alone: the package and libperimeter-python.so, which make builds first where this is
the source tree. `pip install ./python`, `pip wheel ./python`, or `make wheel`."""

import base64
import hashlib
import os
import subprocess
import sysconfig
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LIBRARY = "libperimeter-python.so"


def version() -> str:
    return (ROOT / "VERSION").read_text(encoding="utf-8").strip()


def library() -> Path:
    given = os.environ.get("PERIMETER_LIBRARY")
    if given:
        return Path(given)
    build = Path(os.environ.get("PERIMETER_BUILD", ROOT / "build"))
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "CFLAGS"))}
    subprocess.run(["make", "-s", "-C", str(ROOT), "SETUP=0", f"BUILD={build}", f"{build}/shared/{LIBRARY}"], check=True, env=clean)
    return build / "shared" / LIBRARY


def metadata() -> str:
    return (f"Metadata-Version: 2.1\nName: perimeter\nVersion: {version()}\nSummary: Golden models and systems of analog compute-in-memory's digital edge, on NumPy arrays and "
            "in PyTorch\nLicense: Apache-2.0\nRequires-Python: >=3.10\nRequires-Dist: numpy\nProvides-Extra: torch\nRequires-Dist: torch; extra == 'torch'\n")


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    tag = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
    name, info = f"perimeter-{version()}-{tag}.whl", f"perimeter-{version()}.dist-info"
    files = {f"perimeter/{path.name}": path.read_bytes() for path in sorted((HERE / "perimeter").glob("*.py"))}
    files[f"perimeter/{LIBRARY}"] = library().read_bytes()
    files[f"{info}/METADATA"] = metadata().encode()
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: perimeter\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()
    files[f"{info}/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    record = ""
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(content)}\n"
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    with zipfile.ZipFile(Path(wheel_directory) / name, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            entry.external_attr, entry.compress_type = 0o100644 << 16, zipfile.ZIP_DEFLATED
            wheel.writestr(entry, content)
    return name


def build_sdist(sdist_directory, config_settings=None):
    raise SystemExit("perimeter: a source archive is the repository's; build wheels")
