#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A text on standard input, and an end of line behind it, to token ids, one line: text_tokens.py TOKENIZER.json

Needs the package `tokenizers`. convert_gpt.py puts a copy of this file beside each network that has tokens of its own.
"""

import sys


def main():
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(sys.argv[1])
    tokenizer.no_padding()
    tokenizer.no_truncation()
    text = sys.stdin.buffer.read().removesuffix(b"\n").decode()
    print(*tokenizer.encode(text, add_special_tokens=False).ids)


if __name__ == "__main__":
    try:
        main()
    except Exception as error:  # the package raises plain Exception
        reason = "".join(c if c.isprintable() else "?" for c in f"{type(error).__name__}: {error}")
        print(f"{sys.argv[0]}: {reason}", file=sys.stderr)
        sys.exit(2)
