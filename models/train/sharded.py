# SPDX-License-Identifier: Apache-2.0
"""Weights as they are published: in one file, or in shards with their index."""

import os

import files
from program import fail
from tensors import Tensors

OLD_NAMES = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
FLOATS = ("F16", "BF16", "F32", "F64")
INDEX = "model.safetensors.index.json"


class Checkpoint:
    """The tensors of one file or of all shards, whatever stands before their names; `words` is that of the embedding."""

    def __init__(self, source, words):
        self.path = os.path.join(source, "model.safetensors")
        index = os.path.join(source, INDEX)
        if not os.path.exists(self.path) and os.path.exists(index):
            self.path = index
            self.place = self.shards(source)
        else:
            whole = Tensors(self.path)
            self.place = {name: whole for name in whole.header}
        prefixes = [name[: -len(words)] for name in self.place if name.endswith(words)]
        if len(prefixes) != 1:
            fail(self.path, f"{len(prefixes) or 'no'} tensors are called {words}")
        self.prefix = prefixes[0]

    def shards(self, source):
        place = files.read_json(self.path).get("weight_map")
        if not isinstance(place, dict) or not all(isinstance(s, str) and s == os.path.basename(s) for s in place.values()):
            fail(self.path, '"weight_map" is missing, or names other things than files beside it')
        opened = {shard: Tensors(os.path.join(source, shard)) for shard in sorted(set(place.values()))}
        return {name: opened[shard] for name, shard in place.items()}

    def find(self, name):
        """Full name and file of a tensor, under its present or its old name; a head stands beside the encoder."""
        old = next((name[: -len(new)] + old for new, old in OLD_NAMES.items() if name.endswith(new)), name)
        for full in (self.prefix + name, self.prefix + old, name):
            if full in self.place:
                return full, self.place[full]
        return fail(self.path, f"tensor {self.prefix}{name} is missing")

    def shape(self, name):
        """Of a matrix."""
        full, tensors = self.find(name)
        shape = tensors.header.get(full, {}).get("shape", [])
        if len(shape) != 2:
            fail(tensors.path, f"tensor {full} is missing, or no matrix")
        return shape

    def read(self, name, shape):
        full, tensors = self.find(name)
        return tensors.read(full, shape, FLOATS)
