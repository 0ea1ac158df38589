# SPDX-License-Identifier: Apache-2.0
"""Reads the waveform of a clocked simulation: what the signals of one scope are as each clock ends."""

from pathlib import Path
from typing import Iterator

from common import Failure


class Wave:
    """Signals directly inside the first scope of that name; `width` by name. The clock is the first signal of its name anywhere."""

    def __init__(self, path: Path, scope: str, clock: str = "clk_i"):
        self.path = path
        self.width: dict[str, int] = {}
        self._names: dict[str, list[str]] = {}  # by the file's own short names
        self._clock: str | None = None
        with open(path, encoding="ascii") as lines:
            inside: list[str] = []
            at = None
            for line in lines:
                words = line.split()
                if words[:1] == ["$scope"]:
                    inside.append(words[2])
                    if words[2] == scope and at is None:
                        at = list(inside)
                elif words[:1] == ["$upscope"]:
                    inside.pop()
                elif words[:1] == ["$var"]:
                    if words[4] == clock and self._clock is None:
                        self._clock = words[3]
                    if inside == at:
                        self.width[words[4]] = int(words[2])
                        self._names.setdefault(words[3], []).append(words[4])
                elif words[:1] == ["$enddefinitions"]:
                    break
        if not self.width or self._clock is None:
            raise Failure(f"{path}: no scope {scope} or no clock {clock}")

    def clocks(self) -> Iterator[dict[str, str]]:
        """The signals' bits just before each rising edge. The dictionary is the same one each time."""
        value: dict[str, str] = {}
        changes: dict[str, str] = {}  # of one time, in no order that means anything
        with open(self.path, encoding="ascii") as lines:
            for line in lines:
                if line[0] == "b":
                    bits, _, name = line[1:].rstrip().partition(" ")
                    changes[name] = bits
                elif line[0] in "01":
                    changes[line[1:].rstrip()] = line[0]
                elif line[0] == "#":
                    if changes.get(self._clock) == "1":
                        yield value
                    for name, bits in changes.items():
                        for signal in self._names.get(name, ()):
                            value[signal] = bits
                    changes = {}
