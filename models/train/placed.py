# SPDX-License-Identifier: Apache-2.0
"""ONNX networks through `perimeter infer`, their layers placed on systems, beside onnxruntime: what programs here share."""

import program  # the first: what goes wrong from here on is one line

import hashlib
import json
import os
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime

COUNTS = ("array_reads", "accesses", "conversions", "clocks")


def checked(folder, name, checksum):
    """The path of a file that has this SHA-256."""
    path = os.path.join(folder, name)
    with open(path, "rb") as f:
        if hashlib.sha256(f.read()).hexdigest() != checksum:
            program.fail(path, "not the file that is wanted")
    return path


class Network:
    def __init__(self, perimeter, path, folder):
        self.perimeter, self.path, self.folder = perimeter, path, folder
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.input, self.output = self.session.get_inputs()[0].name, self.session.get_outputs()[0].name

    def oracle(self, x):
        return self.session.run(None, {self.input: x})[0]

    def infer(self, x, place=(), *more):
        """Outputs, and the summary; x: the input, or {name: input}."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            files = [os.path.join(folder, name) for name in ("y.npy", "summary.json")]
            command = [self.perimeter, "infer", self.path, "--out", f"{self.output}={files[0]}", "--summary", files[1], *more]
            for name, value in self.feeds(x).items():
                path = os.path.join(folder, f"in.{name}.npy")
                np.save(path, value)
                command += ["--in", f"{name}={path}"]
            for entry in place:
                command += ["--place", entry]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                program.fail(self.path, done.stderr.strip())
            with open(files[1], encoding="utf-8") as f:
                return np.load(files[0]), json.load(f)

    def each(self, batches, place):
        """Outputs of batches, one process a core, and what they counted together."""
        sums, start = Sums(), time.monotonic()
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            answers = list(pool.map(lambda x: self.infer(x, place), batches))
        for y, summary in answers:
            sums.add(summary, len(y))
        sums.seconds = time.monotonic() - start
        return [y for y, _ in answers], sums

    def feeds(self, x):
        return x if isinstance(x, dict) else {self.input: x}

    def least(self, x, system):
        """The matrix of several outputs with the fewest multiplications among those that a system can have."""
        shapes = [word for name, value in self.feeds(x).items() for word in ("--shape", f"{name}=" + ",".join(map(str, value.shape)))]
        done = subprocess.run([self.perimeter, "inspect", self.path, *shapes], capture_output=True, text=True, check=True)
        rows = [line.split("\t") for line in done.stdout.split("layer\tin\tout\tvectors\tsystems\n")[1].splitlines()[:-1]]
        fit = [row for row in rows if row[2] != "1" and system in row[4].split()]
        return min(fit, key=lambda row: int(row[1]) * int(row[2]) * int(row[3]))[0]


class Sums:
    """Counts and seconds over batches."""

    def __init__(self):
        self.counts, self.seconds, self.lines = dict.fromkeys(COUNTS, 0), 0.0, 0

    def add(self, summary, lines):
        self.seconds += summary["seconds"]
        self.lines += lines
        for layer in summary["layers"].values():
            parts = [part for part in layer.values() if isinstance(part, dict)]
            for part in parts:
                for count in COUNTS[:3]:
                    self.counts[count] += part.get(count, 0)
            if parts:
                self.counts["clocks"] += max(part.get("clocks", 0) for part in parts)

    def columns(self):
        return [f"{self.counts[c] / self.lines:.0f}" if self.counts[c] else "-" for c in COUNTS] + [f"{self.lines / self.seconds:.0f}"]


HEAD = ["reads", "accesses", "conversions", "clocks", "inputs/s"]


def show(row):
    print("| " + " | ".join(row) + " |", flush=True)


def in_rtl(network, x, place):
    """One layer of one input, as for Network.infer, in RTL, every integer compared."""
    layer = network.least(x, place.split(",")[0])
    _, summary = network.infer(x, (f"{layer}={place}",), "--rtl", layer)
    print(f"{place}: {layer} of one input in RTL: {summary['rtl_compared']} integers compared, {summary['rtl_differ']} differ\n")
