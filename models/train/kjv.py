#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The text that the decoders learn: the King James Bible (its copyright is expired; Debian packages bible-kjv and bible-kjv-text), a
verse a line, an empty line between chapters. Of every 50 chapters, in order, the 25th is held out, to watch training, and the 50th is
the test's, which data/kjv.txt has.

    kjv.py train|held|test        prints one of the three
"""

import program  # the first: what goes wrong from here on is one line

import re
import subprocess
import sys

from program import fail

EVERY, HELD, TEST = 50, 24, 49
ALL = "Gen1:1-Rev22:21"
CHAPTERS = 1189
VERSE = re.compile(r"([0-9]?[A-Za-z]+[0-9]+):[0-9]+ (.*)")


def chapters(command="bible"):
    """The text of every chapter, as `bible` prints it, less the names of the verses."""
    try:
        done = subprocess.run([command, "-f", ALL], stdin=subprocess.DEVNULL, capture_output=True, check=True)
        lines = done.stdout.decode("ascii").splitlines()
    except (OSError, subprocess.CalledProcessError, UnicodeDecodeError):
        fail(command, "does not print the text; it is of Debian's bible-kjv")
    found = {}
    for line in lines:
        match = VERSE.fullmatch(line)
        if not match:
            fail(command, f"prints {line!r}, no verse")
        found.setdefault(match[1], []).append(match[2].strip())
    if len(found) != CHAPTERS:
        fail(command, f"prints {len(found)} chapters, not {CHAPTERS}")
    return ["\n".join(verses) + "\n" for verses in found.values()]


def split(all_chapters):
    """Text to train on, held out, and of the test."""
    parts = [], [], []
    for i, chapter in enumerate(all_chapters):
        parts[{HELD: 1, TEST: 2}.get(i % EVERY, 0)].append(chapter)
    return tuple("\n".join(part) for part in parts)


if __name__ == "__main__":
    ap = program.Parser(__doc__)
    ap.add_argument("part", choices=("train", "held", "test"))
    sys.stdout.write(dict(zip(("train", "held", "test"), split(chapters())))[ap.parse_args().part])
