# SPDX-License-Identifier: Apache-2.0
"""Named models: tb/BLOCK/models has one a line,   name | NAME=VALUE ... [| coverage]
The parameters are those of pm_BLOCK_tb. A model is its parameters, sorted, without the defaults (as scripts/verilate.sh)."""
import re

from common import Failure, block_list, read


def models(block):
    """Parameters of each name, in the file's order."""
    return {name: text for name, text, _ in block_list(f"tb/{block}/models", 3)}


def marked(block, word):
    """Names of the models with this option."""
    return [name for name, _, options in block_list(f"tb/{block}/models", 3) if word in options.split()]


def canonical(block, model):
    """A model by its name or its parameters, as its identity."""
    if model and "=" not in model:
        if model not in models(block):
            raise Failure(f"tb/{block}/models has no model '{model}'")
        model = models(block)[model]
    bench = read(f"tb/{block}/pm_{block}_tb.sv")
    defaults = re.findall(r"^ *parameter .*\b(\w+) *= *([^ ,\n]+),?$", bench, re.M)
    return tuple(sorted(set(model.split()) - {f"{name}={value}" for name, value in defaults}))

