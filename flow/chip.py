#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `perimeter chip` prints, on docs/systems/chip.md: flow/chip.py [--check]
A part of the page stands between <!-- NAME: flow/chip.py --> and <!-- end -->: a command, and of its output the lines that EXAMPLES asks for, or the settings,
or the contract's rows of HyFlexPIM and FLARE."""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from common import BUILD, Failure, fill, program, read, table

PAGE, MARK = "docs/systems/chip.md", "{}: flow/chip.py"
PERIMETER = os.environ.get("PERIMETER_PROGRAM", str(BUILD / "perimeter"))
TOTALS = "interval_ns|token_latency_us|energy_uj_per_token|power_w|area_mm2|tops|tops_per_w|tokens_per_s|tokens_per_j"

# Name, arguments, and which lines.
EXAMPLES = {
    "fashion_vit": ("fashion-vit --system flare", f"{TOTALS}|accesses_per_token|boost|mram_bits_per_layer|sram_bits_per_layer"),
    "both": ("fashion-vit --place 'attn*=flare' --place 'ffn*=hyflexpim'", r"interval_ns|energy_uj_per_token|reads|conversions|clocks|hyflexpim\.\w+|flare\.\w+"),
    "bert": ("bert-large --system hyflexpim", f"{TOTALS}|arrays_per_layer|pus_per_layer|chips|adc|wl_driver|array|shift_add|digital_\\w+|sfu|bus"),
}
ROWS = [
    ("bert-large", "", "BERT-Large, 5 % SLC, N = 128"),
    ("bert-large", "tokens=1024", "N = 1,024"),
    ("bert-large", "tokens=8192", "N = 8,192"),
    ("gpt2", "slc_percent=20", "GPT-2, 20 %, N = 1,024"),
    ("vit-b", "", "ViT-B, 5 %, N = 197"),
    ("llama-3.2-1b", "slc_percent=20", "Llama-3.2-1B, 20 %, N = 100"),
]
COUNTS = ["bert-base", "resnet-18", "vgg-16", "mobilenet-v2", "fashion-vit", "fashion-cnn"]


def perimeter(*arguments: str) -> str:
    run = subprocess.run([PERIMETER, "chip", *arguments], text=True, capture_output=True)
    if run.returncode:
        raise Failure(f"perimeter chip {' '.join(arguments)}: {run.stderr.strip()}")
    return run.stdout


def answer(network: str, system: str, *settings: str, places: list[str] | None = None) -> dict:
    """The JSON of one answer."""
    whose = [word for place in places for word in ("--place", place)] if places else ["--system", system]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.json")
        perimeter(network, *whose, *(word for s in settings for word in ("--set", s)), "--output", str(path))
        return json.loads(read(path))


def figures(network: str, system: str, *settings: str) -> dict[str, float]:
    """The values of one answer."""
    found = answer(network, system, *settings)
    read_energy = sum(v["value"] or 0 for action, v in found["breakdown"]["action"].items() if action.startswith("read"))
    return {key: v["value"] for key, v in found.items() if isinstance(v, dict) and "kind" in v} | {"linear_uj": read_energy}


def example(name: str) -> list[str]:
    arguments, wanted = EXAMPLES[name]
    words = [word.strip("'") for word in arguments.split()]
    lines = [line.rstrip() for line in perimeter(*words).splitlines()]
    kept = [line for line in lines if re.match(rf"  (?:{wanted}) ", line)]
    return ["", f"    $ perimeter chip {arguments}", "    ...", *(f"    {line}" for line in kept), ""]


def number(v: float | None, digits: int = 0) -> str:
    return "unknown" if v is None else f"{v:,.{digits}f}"


def hyflexpim() -> list[str]:
    rows = []
    for network, settings, name in ROWS:
        f, whole = (figures(network, "hyflexpim", *(s for s in (settings, more) if s)) for more in ("", "svd=0"))
        rows.append([name, f"{number(f['interval_ns'])} ({number(f['attention_ns'])})", number(f["tokens_per_s"] / 1e6, 3),
                     f"{number(f['token_latency_us'])} ({number(whole['token_latency_us'])})",
                     f"{number(f['energy_uj_per_token'])} ({100 * f['linear_uj'] / f['energy_uj_per_token']:.0f} %)",
                     number(f["tops"]), number(f["tops_per_w"], 2), number(f["tops_per_mm2"], 2), number(f["power_w"]), number(f["years_of_products"], 3)])
    return table(["", "interval, ns (attention)", "M tokens/s", "token, us (without factors)", "uJ a token (linear)", "TOPS", "TOPS/W", "TOPS/mm2", "W", "years"], rows)


def flare() -> list[str]:
    rows = []
    for size, name in (("layers=12 width=768 heads=12 ffn=3072 tokens=128", "D = 768, N = 128, 12 layers"),
                       ("layers=24 width=1024 heads=16 ffn=4096 tokens=512", "D = 1,024, N = 512, 24 layers")):
        for dc in (1, 2, 4, 8, 16):
            f = figures("bert-base", "flare", *size.split(), f"dc={dc}")
            rows.append([name, str(dc), number(f["accesses_per_token"], 1), number(f["tokens_per_s"]), number(f["boost"], 2), number(f["converters_per_layer"])])
    return table(["", "DC", "accesses a token and layer", "tokens/s", "boost", "converters a layer"], rows)


def counts() -> list[str]:
    rows = []
    for network in COUNTS:
        hyflex, khwa, nmc, xbar = (figures(network, system) for system in ("hyflexpim", "khwa", "nmc", "xbar"))
        rows.append([network, number(hyflex["energy_uj_per_token"], 1), number(hyflex["tokens_per_s"]), number(hyflex["chips"]), number(khwa["khwa_accesses"]),
                     number(khwa["khwa_conversions"]), number(nmc["nmc_accesses"]), number(nmc["nmc_reads"]), number(xbar["xbar_writes"]), number(xbar["xbar_mvms"]),
                     number(xbar["xbar_inference_us"] / 1e3, 1)])
    return table(["network", "hyflexpim: uJ an item", "items/s", "chips", "khwa: accesses", "conversions", "nmc: accesses", "row reads", "xbar: writes an inference", "MVMs", "ms"], rows)


def settings() -> list[str]:
    """The effective settings of each system, with their defaults."""
    rows = []
    for system in ("hyflexpim", "flare", "khwa", "nmc", "xbar"):
        line = perimeter("bert-base", "--system", system).splitlines()[0].partition(": ")[2].partition(": ")[2]
        rows.append([f"`{system}`", line.partition(" on ")[2] or " ".join(f"`{word}`" for word in line.split())])
    return table(["system", "settings, defaults"], rows)


PARTS = {name: (lambda name=name: example(name)) for name in EXAMPLES} | {f.__name__: f for f in (hyflexpim, flare, counts, settings)}


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        raise Failure("takes --check or nothing")
    same = all([fill(PAGE, MARK.format(name), part(), bool(arguments)) for name, part in PARTS.items()])
    if not same and arguments:
        print(f"{PAGE}: not what perimeter chip says: flow/chip.py")
        return 1
    return 0


if __name__ == "__main__":
    program(main)
