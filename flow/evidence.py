#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What was shown, as data and as pages: proofs in formal/results.tsv, all else in tb/evidence.tsv, one number a line.
  flow/evidence.py [--check]   prints the tables of docs/verification.md and a few lines of the README, or tells whether they are there
  flow/evidence.py stale       blocks and what of theirs was measured on other RTL than the present
What was never measured is a dash."""
from pathlib import Path

from common import Failure, blocks, digest, fill, program, read_tsv, rtl_files, table, update_tsv

NUMBERS, PROOFS = "tb/evidence.tsv", "formal/results.tsv"
FUZZED = ("npy", "safetensors", "json", "idx", "image", "pairs", "wav", "network", "weights", "onnx", "op", "vectors", "chip")
MUTANTS = ("mutants", "killed", "equivalent", "survived", "not_judged")
MARK = "{}: flow/evidence.py"


def source(what):
    """Of a block's numbers: a hash of the RTL, as in synth/results.tsv."""
    return digest(*map(Path, rtl_files(what))) if Path("rtl", what).is_dir() else ""


def record(numbers):
    """Takes {(what, measure): value} into the data."""
    rows = [{"what": what, "measure": measure, "value": str(value), "source": source(what)} for (what, measure), value in numbers.items()]
    update_tsv(NUMBERS, ["what", "measure", "value", "source"], rows, ["what", "measure"])


def stale():
    measures = {}
    for row in read_tsv(NUMBERS):
        if row["source"] != source(row["what"]):
            measures.setdefault(row["what"], []).append(row["measure"])
    for what, names in measures.items():
        print(f"{what}: {', '.join(names)}")


def longest(what, measure, value):
    """Whether no longer run is in the data."""
    known = Evidence()(what, measure)
    return not known.isdigit() or value >= int(known)


class Evidence:
    def __init__(self):
        self.numbers = {(row["what"], row["measure"]): row["value"] for row in read_tsv(NUMBERS)}
        self.proofs = read_tsv(PROOFS)

    def __call__(self, what, measure):
        return self.numbers.get((what, measure), "–")

    def proven(self, key, value, block=None):
        return str(sum(row[key] == value and block in (None, row["block"]) for row in self.proofs))

    def mutants(self, measure):
        return sum(int(value) for (_, key), value in self.numbers.items() if key == measure)

    def row(self, name, block, mutants):
        survived = str(int(mutants[3]) - int(mutants[4])) if mutants[3] != "–" else "–"
        percent = [self(block or "all", key) for key in ("rtl_line", "rtl_toggle")]
        return [name, self.proven("result", "proven", block), self.proven("result", "bounded", block), self.proven("canary", "caught", block),
                *percent, *mutants[:3], survived, mutants[4]]

    def table(self):
        rows = [self.row(f"`{block}`", block, [self(block, key) for key in MUTANTS]) for block in blocks("rtl/*")]
        rows.append(self.row("all", None, [str(self.mutants(key)) for key in MUTANTS]))
        return table(["block", "proofs unbounded", "bounded", "canaries caught", "lines, %", "toggles, %", "mutants", "killed", "equivalent",
                      "survived", "not judged"], rows)

    def totals(self):
        fuzzed = "".join(f"`{target}` {self('fuzz', target)}, " for target in FUZZED)
        return ["", f"The C's lines by the unit tests alone: golden model (`cmodel/`) {self('all', 'c_line_model')} %, with the program in `src/`, "
                "which is tested as a", f"whole (`tests/*.sh`), {self('all', 'c_line')} %. The long regression so far: "
                f"{self('regress', 'integers_compared')} integers compared,", f"{self('regress', 'integers_differ')} differ. Fuzzing so far, "
                f"executions: {fuzzed}crashes {self('fuzz', 'crashes')}.", ""]

    def lines(self):
        mutants, killed, equivalent, _, left = (self.mutants(key) for key in MUTANTS)
        judged = mutants - left
        score = 100 * killed / (judged - equivalent) if judged > equivalent else 0
        least = min((self("fuzz", target) for target in FUZZED), key=lambda runs: int(runs) if runs.isdigit() else 0)
        return [f"Of {mutants} mutants of the RTL {judged} were judged, {score:.1f} % of those not equivalent are killed; "
                f"{self.proven('result', 'proven')} proofs",
                f"without a bound, {self.proven('result', 'bounded')} with one; benches reach {self('all', 'rtl_line')} % of the RTL's lines and "
                f"{self('all', 'rtl_toggle')} % of its toggles.",
                f"The long regression compared {self('regress', 'integers_compared')} integers, {self('regress', 'integers_differ')} differ. "
                f"Fuzzing ran each of {', '.join(FUZZED[:-1])} and {FUZZED[-1]}",
                f"for at least {least} executions; crashes {self('fuzz', 'crashes')}."]


def pages(check):
    """Whether the pages have what the data say."""
    evidence = Evidence()
    return all([fill("docs/verification.md", MARK.format("blocks"), evidence.table(), check),
                fill("docs/verification.md", MARK.format("totals"), evidence.totals(), check),
                fill("README.md", MARK.format("evidence"), evidence.lines(), check)])


def main(arguments):
    if arguments == ["stale"]:
        stale()
        return 0
    if arguments not in ([], ["--check"]):
        raise Failure("takes --check, stale or nothing")
    if not pages(bool(arguments)) and arguments:
        print("docs/verification.md, README.md: not what formal/results.tsv and tb/evidence.tsv say: flow/evidence.py")
        return 1
    return 0


if __name__ == "__main__":
    program(main)
