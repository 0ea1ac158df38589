#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""describe.py INSPECTED: the layers that `perimeter inspect` listed, as a network's description for `perimeter chip`."""
import json
import sys

lines = [line.rstrip("\n").split("\t") for line in open(sys.argv[1], encoding="utf-8")]
start = next(i for i, row in enumerate(lines) if row[0] == "layer")
layers = [{"name": name, "rows": int(rows), "cols": int(cols), "vectors": int(vectors)} for name, rows, cols, vectors, *_ in (r for r in lines[start + 1 :] if len(r) > 4)]
json.dump({"source": sys.argv[1], "layers": layers}, sys.stdout, indent=1)
