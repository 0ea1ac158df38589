#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sentences, one a line on standard input, to token ids, one line each: sentence_tokens.py TOKENIZER.json MOST

Texts of more than MOST tokens are cut. Needs the package `tokenizers`. convert_bert.py puts a copy of this file beside each network.
"""

import sys


def main():
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(sys.argv[1])
    tokenizer.no_padding()
    tokenizer.enable_truncation(int(sys.argv[2]))
    lines = sys.stdin.buffer.read().split(b"\n")[:-1]
    for encoding in tokenizer.encode_batch([line.decode() for line in lines]):
        print(*encoding.ids)


if __name__ == "__main__":
    try:
        main()
    except Exception as error:  # the package raises plain Exception
        reason = "".join(c if c.isprintable() else "?" for c in f"{type(error).__name__}: {error}")
        print(f"{sys.argv[0]}: {reason}", file=sys.stderr)
        sys.exit(2)
