#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PyPI's Bitwuzla as yosys-smtbmc runs a solver: SMT-LIB on the standard input, answers as soon as they are asked for. Arguments are ignored."""
import ctypes
import sys

from bitwuzla import Options, Parser, TermManager


def main():
    parser = Parser(TermManager(), Options())
    flush = ctypes.CDLL(None).fflush
    text = ""
    for line in sys.stdin:
        text += line
        if line.startswith(("(check-sat", "(get-value", "(get-model", "(exit")):
            if line.startswith("(exit"):
                return
            parser.parse(text, parse_only=False, parse_file=False)
            flush(None)
            text = ""


if __name__ == "__main__":
    main()
