#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare.py BEFORE AFTER: whether every number of one summary is in another, and the same.

Variants are compared by name. Times, the effective configuration and other texts may differ, and AFTER may have more
members.
Exit status 1 where a number is missing or another."""
import json
import sys


def numbers(value, path=""):
    if isinstance(value, dict):
        for key, member in value.items():
            if key != "effective_config" and "second" not in key:
                yield from numbers(member, f"{path}/{key}")
    elif isinstance(value, list):
        for place, member in enumerate(value):
            name = member.get("variant", place) if isinstance(member, dict) else place
            yield from numbers(member, f"{path}/{name}")
    elif not isinstance(value, str):
        yield path, value


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: compare.py BEFORE AFTER")
    before, after = ({p: v for p, v in numbers(json.load(open(name, encoding="utf-8")))} for name in sys.argv[1:])
    wrong = [path for path in before if path not in after or after[path] != before[path]]
    for path in wrong[:20]:
        print(f"{path}: {before[path]} before, {after.get(path, 'nothing')} after")
    print(f"{len(before)} numbers, {len(wrong)} differ; {len(set(after) - set(before))} are new")
    sys.exit(1 if wrong or not before else 0)


main()
