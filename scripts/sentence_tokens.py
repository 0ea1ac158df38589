#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sentences, one a line on standard input, to token ids, one line each: sentence_tokens.py TOKENIZER.json MOST

Texts of more than MOST tokens are cut. Needs the package `tokenizers`.
"""

import sys

from tokenizers import Tokenizer


def main():
    tokenizer = Tokenizer.from_file(sys.argv[1])
    tokenizer.no_padding()
    tokenizer.enable_truncation(int(sys.argv[2]))
    lines = sys.stdin.buffer.read().split(b"\n")[:-1]
    for encoding in tokenizer.encode_batch([line.decode() for line in lines]):
        print(*encoding.ids)


if __name__ == "__main__":
    main()
