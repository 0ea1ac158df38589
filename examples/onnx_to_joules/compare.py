#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare.py FLOAT.npy OTHER.npy: how far a system's answers are from float's."""
import sys

import numpy as np

a, b = (np.load(path).astype(float) for path in sys.argv[1:3])
rows = a.reshape(-1, a.shape[-1]), b.reshape(-1, b.shape[-1])
same = (rows[0].argmax(1) == rows[1].argmax(1)).mean()
noise = ((a - b) ** 2).sum()
print(f"{len(rows[0])} rows: same class {100 * same:.1f} %, SQNR {10 * np.log10((a ** 2).sum() / noise) if noise else np.inf:.1f} dB")
