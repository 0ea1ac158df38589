# SPDX-License-Identifier: Apache-2.0
"""OSU018's layers and cells, from its LEF. Lengths are in nanometres."""
from functools import cache
from pathlib import Path

from common import read

LEF = Path("/usr/share/qflow/tech/osu018/osu018_stdcells.lef")
# A site, a row of cells, and the pitch of horizontal tracks; vertical tracks have the site's.
SITE, ROW, STEP = 800, 10000, 1000


class Macro:
    """A cell: its width, and its pins as lists of rectangles (metal, x, y, x, y); obstructions are pin OBS."""

    def __init__(self):
        self.width, self.pins = 0, {}

    def placed(self, x, y, flipped):
        """The pins of a cell at (x, y), upside down or not."""
        return {pin: [(layer, x + x0, y + (ROW - y1 if flipped else y0), x + x1, y + (ROW - y0 if flipped else y1))
                      for layer, x0, y0, x1, y1 in rectangles] for pin, rectangles in self.pins.items()}


def nm(um):
    return round(1000 * float(um))


@cache
def lef():
    """Metals 1 to 6, each with its numbers by LEF's words; and cells by name."""
    layers, macros = {}, {}
    layer = macro = pin = metal = None
    for line in read(LEF).splitlines():
        words = line.split()
        key = words[0] if words else ""
        if key == "MACRO":
            macro = macros[words[1]] = Macro()
        elif macro is None:
            if key == "LAYER":
                layer = layers.setdefault(words[1], {})
            elif key == "VIA":
                layer = {}
            elif key in ("WIDTH", "CAPACITANCE", "EDGECAPACITANCE", "RESISTANCE"):
                layer.setdefault(key, float(words[-2]))
        elif key == "SIZE":
            macro.width = nm(words[1])
        elif key in ("PIN", "OBS"):
            pin = macro.pins.setdefault(words[-1], [])
        elif key == "LAYER":
            metal = int(words[1][-1]) if words[1].startswith("metal") else None
        elif key == "RECT" and metal:
            pin.append((metal, *map(nm, words[1:5])))
    return {int(name[-1]): what for name, what in layers.items() if name.startswith("metal")}, macros
