# SPDX-License-Identifier: Apache-2.0
"""Every op of `perimeter op`, its golden function: made from the library's own catalogue, names with an underscore for a hyphen. Inputs first, in
their order or by name, settings by name; sample="NAME" makes up the inputs that are not given. One output is an array, several are a named tuple."""

import collections
import inspect
import json

from .library import catalogue, run_op

CATALOGUE = json.loads(catalogue())["ops"]


def _text(value) -> str:
    if isinstance(value, (list, tuple)):
        return ",".join(_text(v) for v in value)
    return str(int(value)) if isinstance(value, bool) else str(value)


def _said(parts) -> str:
    return "; ".join(part for part in parts if part)


def _page(op: dict) -> str:
    lines = [f"{op['summary']}. Block {op['block']}.", ""]
    for t in op["in"]:
        lines.append(f"{t['name']} [{','.join(t['dims'])}] {t['dtype']}: {_said([t.get('range'), 'optional' if t['optional'] else '', t.get('note')])}")
    for s in op["set"]:
        lines.append(f"{s['name']}: {_said([s['range'] + (' (' + s['default'] + ')' if 'default' in s else ''), s.get('note')])}")
    for t in op["out"]:
        lines.append(f"gives {t['name']} [{','.join('total' if d == '*' else d for d in t['dims'])}] {t['dtype']}")
    lines.append(f"samples: {', '.join(s['name'] for s in op['samples'])}")
    return "\n".join(lines)


def _function(op: dict):
    spelled = {name.replace("-", "_"): name for name in [t["name"] for t in op["in"]]}
    settings = {s["name"].replace("-", "_"): s["name"] for s in op["set"]}
    name, page = op["name"].replace("-", "_"), _page(op)
    outputs = collections.namedtuple(f"{name}_outputs", [t["name"].replace("-", "_") for t in op["out"]])
    # A setting that is called as an input is set by its name with an underscore behind it.
    keywords = {(key + "_" if key in spelled else key): value for key, value in settings.items()}
    parameters = [inspect.Parameter(key, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None) for key in spelled]
    parameters += [inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=None) for key in [*keywords, "sample"]]

    def call(*arrays, **named):
        bound = inspect.Signature(parameters).bind(*arrays, **named).arguments
        inputs = {spelled[key]: value for key, value in bound.items() if key in spelled and value is not None}
        given = [f"{keywords[key]}={_text(value)}" for key, value in bound.items() if key in keywords and value is not None]
        found = outputs(*(array for _, array in run_op(op["name"], given, inputs, bound.get("sample"))))
        return found[0] if len(found) == 1 else found

    call.__name__ = call.__qualname__ = name
    call.__doc__ = page
    call.__signature__ = inspect.Signature(parameters)
    return call


__all__ = []
for _op in CATALOGUE:
    _made = _function(_op)
    globals()[_made.__name__] = _made
    __all__.append(_made.__name__)
