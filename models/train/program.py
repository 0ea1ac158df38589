# SPDX-License-Identifier: Apache-2.0
"""What the programs here have in common. Imported first, it makes whatever goes wrong one line on standard error and status 2."""

import argparse
import os
import sys

HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAME = os.path.basename(sys.argv[0])


class Refused(Exception):
    """What is wrong with the user's files or options, as one line."""


def fail(subject, reason):
    raise Refused(f"{subject}: {reason}")


class Parser(argparse.ArgumentParser):
    """Options, whose defaults --help shows; a wrong one is one line."""

    def __init__(self, doc):
        super().__init__(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)

    def error(self, message):
        raise Refused(f"{message}; see --help")


def integer(low, high):
    """An option's type: an integer in low..high."""

    def parse(text):
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} is not in {low}..{high}")
        return value

    return parse


def explain(kind, error, trace):
    if issubclass(kind, Refused):
        return str(error)
    if issubclass(kind, ImportError):
        return f"needs the Python package {error.name}"
    if issubclass(kind, MemoryError):
        return "out of memory"
    if issubclass(kind, OSError) and error.strerror:
        return f"{os.fspath(error.filename)}: {error.strerror}" if error.filename is not None else error.strerror
    while trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
    return f"internal error at {place}: {kind.__name__}: {error}"


def end(kind, error, trace):
    if issubclass(kind, KeyboardInterrupt):
        os._exit(130)
    line = "".join(c if c.isprintable() else "?" for c in explain(kind, error, trace))
    sys.stderr.write(f"{NAME}: {line}\n")
    sys.stderr.flush()
    os._exit(2)


sys.excepthook = end
