# SPDX-License-Identifier: Apache-2.0
"""Perimeter on NumPy arrays: every op of `perimeter op`, bit by bit, with its names, settings and errors.

    import numpy as np, perimeter
    y, s = perimeter.ops.emsbq(np.array([[70000, -3, 900]]), q=6)

perimeter.torch puts a PyTorch model's matrices on systems."""

from . import ops
from .library import Error, version

__version__ = version()
__all__ = ["Error", "ops"]
