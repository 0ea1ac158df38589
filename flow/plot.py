#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws docs/figures with gnuplot from what was measured: flow/plot.py NAME [ARGUMENT...]

    chip                     whole chips: operations against tokens, units and chips, FLARE's arrays, accuracy against energy and latency: perimeter chip and sweep
    crossbars                policies of bits by speedup and accuracy, and what each layer alone costs: docs/crossbars/{seen,single}.tsv
    factors                  gradients of singular values before and after training of factors, what their order is worth: models/train/{factors,orders}.tsv
    noise                    a product's error by what programming errors disturb and how weights are stored: what tests/noise_forms_test.c measures
    performance              time of an attention layer, from build/bench/attention.dat (make bench)
    ranks [IMAGES [SEEDS]]   accuracy against the share of ranks in 1-bit cells, and its table; finished runs are kept in build/ranks
    sar [SIGMA]              DNL and INL of the SAR's model
    sawl                     conversion errors against active wordlines: what tests/array_test.c measures and the closed form; who allows eight
    sweeps                   what docs/sweeps specifies
    synthesis                area and delay against sizes, and designs that were tried: synth/results.tsv and synth/*/tried.tsv
    toggles                  accuracy against toggle rate of trained weights, and its table: models/train/toggles.tsv
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import chip as chip_pages
from common import BUILD, Failure, parameters, program, read, read_tsv, write

FIGURES = Path("docs/figures")


def gnuplot(figure: str, commands: str, terminal: str = 'svg size 800,480 font "sans,12"') -> None:
    """Draws one figure, which is there as a whole or not at all."""
    part = FIGURES / f"{figure}.{os.getpid()}"
    script = f'set terminal {terminal}\nset output "{part}"\n{commands}'
    run = subprocess.run(["gnuplot"], input=script, text=True, capture_output=True)
    if run.returncode:
        part.unlink(missing_ok=True)
        raise Failure(f"{figure}: gnuplot: {run.stderr.strip()}")
    part.replace(FIGURES / figure)
    print(FIGURES / figure)


def data(path: Path, rows: list) -> Path:
    """Rows of values as a file for gnuplot."""
    write(path, "".join(" ".join(str(value) for value in row) + "\n" for row in rows))
    return path


def output(*command) -> str:
    run = subprocess.run(command, text=True, capture_output=True)
    if run.returncode:
        raise Failure(f"{' '.join(str(word) for word in command)}: {run.stderr.strip()}")
    return run.stdout


def performance() -> None:
    measured = BUILD / "bench" / "attention.dat"
    if not measured.exists():
        raise Failure(f"{measured}: missing, run make bench")
    rows = [[float(word) for word in line.split()[:4]] for line in read(measured).splitlines() if not line.startswith("#")]
    panels = [
        ("D (128 tokens, d_k = 64)", 0, lambda width, heads, n: width == 64 * heads and n == 128),
        ("tokens (D = 768, 12 heads)", 2, lambda width, heads, n: (width, heads) == (768, 12)),
        ("heads (D = 768, 128 tokens)", 1, lambda width, heads, n: (width, n) == (768, 128)),
    ]
    commands = 'set multiplot layout 1,3\nset grid\nset key left top\nset ylabel "ms a layer, one thread"\nset logscale xy 2\n'
    for i, (label, x, wanted) in enumerate(panels):
        points = data(BUILD / "bench" / f"attention{i}.dat", sorted([row[x], row[3]] for row in rows if wanted(*row[:3])))
        commands += f'set xlabel "{label}"\nplot "{points}" using 1:2 with linespoints pointtype 7 notitle\n'
    gnuplot("performance_attention.svg", commands, 'svg size 1000,340 font "sans,12"')


PERCENTS = (0, 5, 10, 30, 50, 100)
# At the smallest error a split is worth nothing, which one order shows.
ORDERS = {"0.025": ("gradient",), "0.132": ("gradient", "value", "random"), "0.174": ("gradient", "value", "random")}


def rank_accuracy(images: int, seeds: int, sigma: str, order: str, percent: int) -> float:
    """Mean accuracy over drawings of the cells, in percent."""
    found = []
    for seed in range(1, seeds + 1):
        file = BUILD / "ranks" / f"{images}-{sigma}-{order}-{percent}-{seed}.json"
        if not file.exists():
            options = ["--images", str(images), "--place", f"ffn*=hyflex,cell=ranks,rank-order={order},slc-percent={percent}"]
            if percent < 100:  # else no 2-bit cells are left, and nothing is drawn
                options += ["--set", f"hyflex.mlc-sigma={sigma}", "--seed", str(seed)]
            fashion = os.environ.get("DATA", "/usr/share/datasets/fashion-mnist")
            output(BUILD / "perimeter", "run", "models/fashion-vit", "--data", fashion, *options, "--summary", file)
        found.append(json.loads(read(file))["accuracy_integer"])
    return 100 * sum(found) / len(found)


def ranks(images: str = "1000", seeds: str = "5") -> None:
    (BUILD / "ranks").mkdir(parents=True, exist_ok=True)
    series = ""
    for sigma, tried in ORDERS.items():
        for order in tried:
            # Without a split the order is no matter.
            orders = ["gradient" if percent in (0, 100) else order for percent in PERCENTS]
            found = [f"{rank_accuracy(int(images), int(seeds), sigma, o, p):.1f}" for o, p in zip(orders, PERCENTS)]
            print(f"| {sigma} | {order} | {' | '.join(found)} |")
            series += f'"{order}, sigma {sigma}"\n' + "".join(f"{p} {value}\n" for p, value in zip(PERCENTS, found)) + "\n\n"
    points = BUILD / "ranks" / "table.dat"
    write(points, series)
    gnuplot(
        "ranks.svg",
        f"""set title "Feed-forward matrices by ranks, {images} images, mean of {seeds} drawings"
set xlabel "ranks in 1-bit cells, %"
set ylabel "accuracy, %"
set grid
set key right bottom
plot for [i=2:8] "{points}" index (i-2) using 1:2 with linespoints linecolor (i/3 + 1) pointtype (i%3 + 4) dashtype i%3+1 title columnheader(1)
""",
    )


def sar(sigma: str = "0.02") -> None:
    output("make", "-s", f"{BUILD}/sar_linearity")
    points = BUILD / "sar_linearity.dat"
    write(points, output(BUILD / "sar_linearity", sigma))
    print("\n".join(line for line in read(points).splitlines() if line.startswith("#")))

    def panel(column: int) -> str:
        return ", ".join(
            f'"{points}" index {i} using 1:{column + rms} with {"lines" if rms else "steps"} title "{bits} bits{", rms" if rms else ""}"'
            for bits, i in ((7, 1), (6, 0))
            for rms in (0, 2)
        )

    gnuplot(
        "sar_linearity.svg",
        f"""set multiplot layout 2,1 title "SAR model, unit capacitor sigma {sigma}: one converter (steps) and rms of 1000 (lines)"
set grid
set xrange [0:128]
set ylabel "DNL, LSB"
plot {panel(2)}
set ylabel "INL, LSB"
set xlabel "code"
plot {panel(3)}
""",
        'svg size 800,520 font "sans,12"',
    )


def sawl() -> None:
    output("make", "-s", f"{BUILD}/tests/array_test")
    test = subprocess.run([BUILD / "tests/array_test"], env=os.environ | {"CMOCKA_MESSAGE_OUTPUT": "TAP"}, text=True, capture_output=True)
    rows = []
    for line in test.stdout.splitlines() + test.stderr.splitlines():
        word = line.split()
        # All cells on, as many comparators as lines: lines, measured, closed form, closed form at 1.7 %.
        if word[1:2] == ["sawl"] and word[2] == word[4] and float(word[4]) == float(word[6].rstrip(",:")) and word[8] == "0.050":
            rows.append([word[2], word[10], word[12].rstrip(",:;"), word[-1]])
    if len(rows) != 9:
        raise Failure(f"tests/array_test.c printed {len(rows)} rows of nine")
    points = data(BUILD / "sawl.dat", rows)
    gnuplot(
        "sawl.svg",
        f"""set title "All wordlines on a stored 1, converter with as many comparators as lines"
set grid
set logscale y
set format y "10^{{%L}}"
set xlabel "simultaneously active wordlines"
set ylabel "P(code error) of a conversion"
set xrange [3.5:12.5]
set yrange [1e-20:1]
set xtics 1
set key bottom right
set arrow from 8.5, graph 0 to 8.5, graph 1 nohead dashtype 2
set label "6 sigma" at 8.45, 1e-18 right
plot "{points}" using 1:3 with lines title "sigma(R)/R 5%, closed form", \\
     "" using 1:2 with points pointtype 7 title "sigma(R)/R 5%, measured", \\
     "" using 1:4 with linespoints pointtype 4 title "sigma(R)/R 1.7% (chosen here), closed form"
""",
    )
    gnuplot(
        "sawl_pairs.svg",
        """set title "Six sigma end at K wordlines: pairs below K's line and above the next one's"
set grid
set xlabel "TMR, %"
set ylabel "sigma(R)/R, %"
set xrange [50:500]
set yrange [0.8:3.2]
set key bottom right
limit(tmr, k) = 100 * tmr / (100 + tmr) / 12 / sqrt(k)
plot "+" using 1:(limit($1, 9)):(limit($1, 8)) with filledcurves fillcolor "gray80" title "8, as FLARE states", \\
     for [k in "6 7 8 9 10"] limit(x, k) with lines title "K = ".k, \\
     "<echo 150 1.7" with points pointtype 7 pointsize 1.2 title "150%, 1.7%: chosen here"
""",
    )


def noise() -> None:
    output("make", "-s", f"{BUILD}/tests/noise_forms_test")
    test = subprocess.run([BUILD / "tests/noise_forms_test"], env=os.environ | {"CMOCKA_MESSAGE_OUTPUT": "TAP"}, text=True, capture_output=True)
    found = re.findall(r"# noise (\w+) cell (\d) sigma ([\d.]+): stored ([\d.]+) closed ([\d.]+) given ([\d.]+)", test.stdout + test.stderr)
    if len(found) != 40:
        raise Failure(f"tests/noise_forms_test.c printed {len(found)} rows of 40")
    forms = {"weight": "weights, equation 5", "offset": "offset, flipped", "signed": "two's complement, signed top", "differential": "differential pairs"}
    panels = ""
    for cell, bits in (("1", "1-bit cells"), ("2", "2-bit cells")):
        lines = []
        for color, (form, title) in enumerate(forms.items(), 1):
            points = data(BUILD / "noise" / f"{form}{cell}.dat", [row[2:] for row in found if row[:2] == (form, cell)])
            lines.append(f'"{points}" using 1:3 with lines linecolor {color} title "{title}"')
            lines.append(f'"" using 1:2 with points pointtype 6 linecolor {color} notitle')
            if form != "signed":
                lines.append(f'"" using 1:4 with linespoints pointtype 7 dashtype 2 linecolor {color} notitle')
        panels += f'set title "{bits}"\nplot {", ".join(lines)}\n'
    gnuplot(
        "noise_forms.svg",
        f"""set multiplot layout 1,2 title "A product's error (1,024 rows): closed form (lines), cells as programmed (circles), after conversion (dashed)"
set grid
set key top left
set xlabel "programming error of a cell or weight, sigma"
set ylabel "rms error over rms product"
set yrange [0:0.7]
{panels}""",
        'svg size 1000,440 font "sans,12"',
    )
    for cell in "12":
        for form in forms:
            print(f"| {cell} | {forms[form]} | " + " | ".join(f"{float(row[4]):.3f}, {float(row[5]):.3f}" for row in found if row[:2] == (form, cell)) + " |")


def swept(name: str, *keys: str) -> Path:
    """The points of a sweep, a column a key."""
    lines = BUILD / "sweep" / f"{name}.jsonl"
    lines.parent.mkdir(parents=True, exist_ok=True)
    output(BUILD / "perimeter", "sweep", f"docs/sweeps/{name}.json", "--output", lines)
    points = [json.loads(line) for line in read(lines).splitlines()[1:]]
    return data(BUILD / "sweep" / f"{name}.dat", [[point[key] for key in keys] for point in points])


def sweeps() -> None:
    accuracy = swept("accuracy_sigma", "flare.sigma-r", "accuracy_integer")
    gnuplot(
        "sweep_accuracy.svg",
        f"""set grid
set xlabel "sigma(R)/R"
set ylabel "accuracy, first 100 images, three seeds"
plot "{accuracy}" using 1:2 with points pointtype 7 notitle
""",
    )
    errors = swept("errors_sawl", "sigma-r", "lines", "error_rate", "closed_form")
    gnuplot(
        "sweep_errors.svg",
        f"""set grid
set xlabel "simultaneously active wordlines"
set ylabel "P(code error) of a conversion"
set logscale y
set format y "10^{{%L}}"
set yrange [1e-6:1]
set key bottom right
plot for [s in "0.03 0.05 0.08"] "{errors}" using 2:($1 == s ? $3 : 1/0) with points title "measured, ".s, \\
    for [s in "0.03 0.05 0.08"] "" using 2:($1 == s ? $4 : 1/0) with lines title "closed form, ".s
""",
    )
    boost = swept("boost_density", "mode", "rows", "density", "boost")
    gnuplot(
        "sweep_boost.svg",
        f"""set grid
set xlabel "density of ones"
set ylabel "accesses of fixed windows over BitSift's"
set yrange [1:*]
set logscale y
set key top right
plot for [m in "split scan next"] "{boost}" \\
    using 3:(strcol(1) eq m && $2 == 1024 ? $4 : 1/0) with linespoints title m.", D = 1024"
""",
    )


def scaling(figure: str, title: str, xlabel: str, *series: tuple[str, str, str, str]) -> None:
    """Two panels, area and delay; a series is its name, block, the parameter along x and those that are fixed."""
    area, delay = [], []
    for name, block, along, fixed in series:
        rows = []
        for row in read_tsv("synth/results.tsv"):
            given = dict(parameters(row["parameters"]))
            if row["block"] == block and along in given and set(parameters(fixed)) <= set(given.items()):
                rows.append([int(given[along]), row["ge"], row["delay_ns"]])
        points = data(BUILD / "plot" / f"{block}-{name}", sorted(rows))
        area.append(f"'{points}' using 1:($2/1000) with linespoints pointtype 7 title '{name}'")
        delay.append(f"'{points}' using 1:3 with linespoints pointtype 7 title '{name}'")
    gnuplot(
        figure,
        f"""set multiplot layout 1,2 title "{title} (OSU018, before layout)"
set grid
set key top left
set logscale x 2
set xlabel "{xlabel}"
set ylabel "area, kGE"
set yrange [0:*]
plot {", ".join(area)}
set ylabel "delay, ns"
plot {", ".join(delay)}
""",
        'svg noenhanced size 800,360 font "sans,12"',
    )


def pareto(figure: str, title: str, designs: list[tuple[str, float, float]], ylabel: str = "area, kGE", unit: int = 1000) -> None:
    """A point and a line of the key for each design: its name, area in GE or in what `unit` says, delay."""
    names = [re.sub(r'["\\]', "", name) for name, _, _ in designs]
    points = data(BUILD / "plot" / f"{figure}.dat", [[area, delay] for _, area, delay in designs])
    lines = ", ".join(
        f'"{points}" every ::{i}::{i} using 2:($1/{unit}) with points pointtype {i + 1} pointsize 1.2 title "{name}"' for i, name in enumerate(names)
    )
    gnuplot(
        figure,
        f"""set grid
set key outside right Left reverse
set offsets graph 0.1, graph 0.1, graph 0.1, graph 0.1
set xlabel "delay, ns"
set ylabel "{ylabel}"
set title "{title} (OSU018, before layout)"
plot {lines}
""",
        'svg noenhanced size 1000,420 font "sans,11"',
    )


def synthesis() -> None:
    scaling(
        "synthesis_rows.svg",
        "bitsift, 8 bits, slices of 16 rows",
        "rows, D",
        ("split", "bitsift", "Rows", "Bits=8 Slice=16 Scan=0"),
        ("scan", "bitsift", "Rows", "Bits=8 Slice=16 Scan=1"),
    )
    scaling(
        "synthesis_lanes.svg",
        "Softmax and its normalisation",
        "lanes",
        ("vdr_softmax", "vdr_softmax", "Lanes", "MaxN=64"),
        ("head_norm", "head_norm", "Lanes", "OW=24 ZW=14"),
    )
    scaling(
        "synthesis_heads.svg",
        "flare_attention, 2 elements a head, 16 tokens",
        "heads",
        ("flare_attention", "flare_attention", "Heads", "Kvb=4 MaxTokens=16"),
    )
    mapped: dict[str, list] = {}
    for row in read_tsv("synth/results.tsv"):
        mapped.setdefault(row["block"], []).append((row, dict(parameters(row["parameters"])), float(row["ge"]), float(row["delay_ns"])))
    designs = [(f"{row['config']} (table)", round(ge / (8 * int(p["Rows"])), 4), ns) for row, p, ge, ns in mapped["bitsift"] if p["Bits"] == "8"]
    for row in read_tsv("synth/bitsift/tried.tsv"):
        if rows := re.match(r"D=(\d+)", row["design"]):
            designs.append((f"tried: {row['design']}", round(float(row["area_ge"]) / (8 * int(rows[1])), 4), float(row["delay_ns"])))
    pareto("synthesis_pareto_bitsift.svg", "bitsift, 8 bits: area an input bit against the cycle time", designs, "area, GE an input bit", 1)
    softmax = {scope: [(row["design"], row["area_ge"], row["delay_ns"]) for row in read_tsv("synth/vdr_softmax/tried.tsv") if row["scope"] == scope] for scope in ("lane", "block")}
    pareto("synthesis_pareto_lane.svg", "A lane of vdr_softmax: what was tried", softmax["lane"])
    now = [("as in the table", ge, ns) for row, _, ge, ns in mapped["vdr_softmax"] if row["config"] == "l16"]
    pareto("synthesis_pareto_softmax.svg", "vdr_softmax, 16 logits a clock: what was tried", softmax["block"] + now)
    designs = [(f"{row['config']}: {row['parameters']}", ge, ns) for row, p, ge, ns in mapped["mlc_shift_add"] if p["Cols"] in ("128", "256")]
    designs += [(f"tried: {row['design']}", row["area_ge"], row["delay_ns"]) for row in read_tsv("synth/mlc_shift_add/tried.tsv") if "sar" not in row["design"]]
    pareto("synthesis_pareto_mlc.svg", "mlc_shift_add: one or two bits a cell, and one for good", designs)


def mean(values: list) -> float:
    return sum(map(float, values)) / len(values)


def toggles() -> None:
    """A row for each setting, the mean over its seeds."""
    groups: dict[tuple, list] = {}
    for row in read_tsv("models/train/toggles.tsv"):
        groups.setdefault((row["method"], row["setting"]), []).append(row)
    series: dict[str, list] = {}
    base = mean([row["test"] for row in groups["bits", "8"]])
    for (method, setting), rows in groups.items():
        rate, change, test = (mean([row[key] for row in rows]) for key in ("rate", "change", "test"))
        spread = max(float(row["test"]) for row in rows) - min(float(row["test"]) for row in rows)
        print(f"| {method} | {setting} | {len(rows)} | {rate:.3f} | {change:+.1f} | {test:.2f} | {test - base:+.2f} | {spread:.2f} | {sum(int(row['restored']) for row in rows)} |")
        series.setdefault(method, []).extend([row["rate"], row["test"]] for row in rows)
    lines = [f"'{data(BUILD / 'plot' / f'toggles-{method}.dat', rows)}' using 1:2 with points pointtype {i + 4} title '{method}'" for i, (method, rows) in enumerate(series.items())]
    gnuplot(
        "toggles.svg",
        f"""set grid
set xlabel "toggle rate of the weights"
set ylabel "accuracy, %, 10,000 test images"
set key right bottom
plot {", ".join(lines)}
""",
    )


def factors() -> None:
    """Left: share of all gradient in the largest of them, mean over matrices of one number of ranks. Right: accuracy by order."""
    found: dict[tuple, list] = {}
    for row in read_tsv("models/train/factors.tsv"):
        found.setdefault((row["when"], row["layer"], row["matrix"]), []).append(float(row["gradient"]))
    curves: dict[tuple, list] = {}
    for (when, _, _), values in found.items():
        ordered = sorted(values, reverse=True)
        curves.setdefault((when, len(values)), []).append([sum(ordered[: i + 1]) / sum(ordered) for i in range(len(ordered))])
    left = []
    for i, ((when, ranks), shares) in enumerate(sorted(curves.items())):
        rows = [[100 * (j + 1) / ranks, mean(column)] for j, column in enumerate(zip(*shares))]
        left.append(f"'{data(BUILD / 'plot' / f'factors-{when}-{ranks}.dat', rows)}' with lines linecolor {i % 2 + 1} dashtype {i // 2 + 1} title '{when}, {ranks} ranks'")
    orders: dict[tuple, list] = {}
    for row in read_tsv("models/train/orders.tsv"):
        orders.setdefault((row["sigma"], row["order"]), []).append(row)
    right = []
    for i, ((sigma, order), rows) in enumerate(orders.items()):
        print(f"| {sigma} | {order} | {' | '.join(row['accuracy'] for row in rows)} |")
        points = data(BUILD / "plot" / f"orders-{sigma}-{order}.dat", [[row["percent"], row["accuracy"], row["deviation"]] for row in rows])
        right.append(f"'{points}' with linespoints linecolor {i % 4 + 1} dashtype {i // 4 + 1} pointtype {i % 4 + 4} title '{order}, {sigma}'")
    gnuplot(
        "factors.svg",
        f"""set multiplot layout 1,2
set grid
set key right bottom
set xlabel "ranks, by falling gradient, %"
set ylabel "share of the sum of |dL/dS|"
set yrange [0:1]
plot {", ".join(left)}
unset yrange
set autoscale y
set xlabel "exact ranks (magnitude: weights), %"
set ylabel "accuracy, %"
plot {", ".join(right)}
""",
        'svg noenhanced size 1000,420 font "sans,11"',
    )


def crossbars() -> None:
    methods: dict[str, list] = {}
    seen = read_tsv("docs/crossbars/seen.tsv")
    for row in seen:
        methods.setdefault(row["method"], []).append([row["speedup"], row["accuracy"]])
    front, best = [], -1.0
    for row in sorted(seen, key=lambda row: (-float(row["speedup"]), -float(row["accuracy"]))):
        if float(row["accuracy"]) > best:
            best = float(row["accuracy"])
            front.append([row["speedup"], row["accuracy"]])
    series = [f"'{data(BUILD / 'plot' / f'seen-{method}.dat', rows)}' with points pointtype {4 + i} pointsize 0.6 title '{method}'"
              for i, (method, rows) in enumerate(methods.items())]
    series.append(f"'{data(BUILD / 'plot' / 'front.dat', front)}' with lines linewidth 2 linecolor black title 'front'")
    gnuplot(
        "crossbars_policies.svg",
        f"""set grid
set xlabel "speedup over 8/8"
set ylabel "accuracy, %, 300 validation images"
set yrange [40:100]
set key left bottom
plot {", ".join(series)}
""",
    )
    layers = [[row["layer"], row["w_points"], row["a_points"]] for row in read_tsv("docs/crossbars/single.tsv")]
    points = data(BUILD / "plot" / "single.dat", layers)
    gnuplot(
        "crossbars_single.svg",
        f"""set grid y
set style data histograms
set style fill solid 0.8
set xtics rotate by -60 noenhanced
set ylabel "points of accuracy, 500 validation images"
set key right bottom
plot '{points}' using 2:xtic(1) title 'weights at 4 bits', '' using 3 title 'inputs at 4 bits'
""",
        'svg size 900,420 font "sans,11"',
    )


def lines_of(name: str, series: dict[str, list]) -> str:
    """Series of points as gnuplot's lines."""
    return ", ".join(
        f"'{data(BUILD / 'plot' / f'{name}-{i}.dat', rows)}' with linespoints pointtype {i + 4} pointsize 0.6 title '{title}'" for i, (title, rows) in enumerate(series.items())
    )


def points_of(spec: str) -> list[dict]:
    """What a sweep of chips found."""
    path = BUILD / "plot" / f"{spec}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    output(chip_pages.PERIMETER, "sweep", f"docs/sweeps/{spec}.json", "--output", str(path))
    return [json.loads(line) for line in read(path).splitlines()[1:]]


def chip_operations() -> None:
    """HyFlexPIM, BERT-Large, against tokens: the parts of an interval and of a token's energy."""
    lengths = (64, 128, 256, 512, 1024, 2048, 4096, 8192)
    found = [chip_pages.answer("bert-large", "hyflexpim", f"tokens={n}") for n in lengths]
    times = {title: [[n, f[key]["value"]] for n, f in zip(lengths, found)] for title, key in (("interval", "interval_ns"), ("attention", "attention_ns"))}
    times["a matrix"] = [[n, 800] for n in lengths]
    kinds = (("matrices, 1-bit cells", "read_slc"), ("matrices, 2-bit cells", "read_mlc"), ("Q K", "product_qk"), ("A V", "product_av"), ("special functions", "function"))
    energies = {title: [[n, f["breakdown"]["action"][key]["value"]] for n, f in zip(lengths, found)] for title, key in kinds}
    gnuplot(
        "chip_operations.svg",
        f"""set multiplot layout 1,2
set grid
set logscale xy 2
set key left top
set xlabel "tokens"
set ylabel "ns a token"
plot {lines_of("chip-times", times)}
set ylabel "uJ a token"
set key bottom right
unset logscale y
set logscale y
plot {lines_of("chip-energies", energies)}
unset multiplot
""",
        'svg noenhanced size 1000,420 font "sans,11"',
    )


def chip_scaling() -> None:
    """Attention over units with 24 ns a further one, whole layers over chips and copies."""
    units = (1, 2, 4, 8, 16)
    per_pu = {"GPT-2, 768 wide, 8,192 tokens": 8192 * 768, "128 tokens": 128 * 768, "Llama-3.2-1B, 2,048 wide, causal, 8,192": 4096.5 * 2048}
    speed: dict[str, list] = {}
    for title, products in per_pu.items():
        one = 800 + products * (1 / 256 + 1 / 153.6) / 8
        speed[title] = [[n, one / (one / n + 24 * (n - 1))] for n in units]
    shares = (0, 5, 10, 15, 19, 20, 30, 40, 50, 75, 100)
    chips = {network: [[p, chip_pages.figures(network, "hyflexpim", f"slc_percent={p}")["chips"]] for p in shares] for network in ("bert-large", "llama-3.2-1b")}
    copies = {f"{network}, copies": [[p, chip_pages.figures(network, "hyflexpim", f"slc_percent={p}")["copies"]] for p in shares] for network in ("gpt2",)}
    gnuplot(
        "chip_scaling.svg",
        f"""set multiplot layout 1,2
set grid
set key left top
set logscale xy 2
set xlabel "processing units of a layer"
set ylabel "times as fast as one"
plot {lines_of("chip-units", speed)}
unset logscale
set xlabel "ranks in 1-bit cells, %"
set ylabel "chips, copies"
set yrange [0:]
plot {lines_of("chip-chips", chips | copies)}
unset multiplot
""",
        'svg noenhanced size 1000,420 font "sans,11"',
    )


def chip_flare() -> None:
    found = points_of("chip_flare")

    chosen = [
        ("DC", "accesses a token and layer", "dc", "accesses_per_token", "width", {"tokens": 128, "layout": "rows", "density-x": 0.34}),
        ("DC", "tokens/s", "dc", "tokens_per_s", "layout", {"tokens": 128, "width": 768, "density-x": 0.34}),
        ("tokens", "tokens/s", "tokens", "tokens_per_s", "dc", {"width": 768, "layout": "rows", "density-x": 0.34}),
        ("density of ones", "boost", "density-x", "boost", "dc", {"width": 768, "tokens": 128, "layout": "rows"}),
    ]
    plots = ""
    for i, (xlabel, ylabel, x, y, by, fixed) in enumerate(chosen):
        series: dict[str, list] = {}
        for point in found:
            if all(point[key] == value for key, value in fixed.items()):
                series.setdefault(f"{by} {point[by]}", []).append([point[x], point[y]])
        scale = "set logscale xy 2" if x != "density-x" else "unset logscale"
        plots += f'{scale}\nset xlabel "{xlabel}"\nset ylabel "{ylabel}"\nplot {lines_of(f"chip-flare-{i}", series)}\n'
    gnuplot("chip_flare.svg", f"set multiplot layout 2,2\nset grid\nset key font \",9\"\n{plots}unset multiplot\n", 'svg noenhanced size 1000,720 font "sans,11"')


def chip_pareto() -> None:
    """fashion-vit's feed-forward matrices: accuracy against energy, and whose latency; accuracy from the golden model."""
    accuracy = {point["hyflex.slc-percent"]: 100 * point["accuracy_integer"] for point in points_of("chip_accuracy")}
    rows = []
    for percent, value in sorted(accuracy.items()):
        f = chip_pages.answer("fashion-vit", "hyflexpim", f"slc_percent={percent}", places=["ffn*=hyflexpim"])
        rows.append([f["energy_uj_per_token"]["value"] * 1e3, value, f["token_latency_us"]["value"], percent, f["arrays_per_layer"]["value"]])
        print(f"| {percent} | {value:.1f} | {rows[-1][0]:.1f} | {rows[-1][2]:.3f} | {rows[-1][4]:.0f} |")
    whole = chip_pages.answer("fashion-vit", "hyflexpim", "svd=0", "slc_percent=100", places=["ffn*=hyflexpim"])
    points = data(BUILD / "plot" / "chip-pareto.dat", rows)
    gnuplot(
        "chip_pareto.svg",
        f"""set grid
set xlabel "nJ a token, feed-forward matrices"
set ylabel "accuracy, %"
set cblabel "ranks in 1-bit cells, %"
set title "fashion-vit: {rows[0][2]:.1f} us a token in factors, {whole['token_latency_us']['value']:.1f} us and {1e3 * whole['energy_uj_per_token']['value']:.0f} nJ whole in 1-bit cells"
plot '{points}' using 1:2:4 with points pointtype 7 pointsize 1.4 palette notitle, '' using 1:2:4 with labels offset 1,-0.8 notitle
""",
    )


def chip() -> None:
    chip_operations()
    chip_scaling()
    chip_flare()
    chip_pareto()


PLOTS = {f.__name__: f for f in (chip, crossbars, factors, noise, performance, ranks, sar, sawl, sweeps, synthesis, toggles)}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in PLOTS:
        print(f"usage: flow/plot.py {'|'.join(PLOTS)}", file=sys.stderr)
        return 2
    FIGURES.mkdir(parents=True, exist_ok=True)
    PLOTS[arguments[0]](*arguments[1:])
    return 0


if __name__ == "__main__":
    program(main)
