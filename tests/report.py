#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`perimeter report`: pages of real and of hostile files under the sanitizers, read as a browser reads them, and, where
chromium is installed, in chromium: errors, contrast, width, sorting. TAP. --keep FILE.png: the screenshot goes there too."""

import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "flow"))
from common import BUILD, ROOT, Tap  # noqa: E402

PROGRAM, CHECKED = BUILD / "perimeter", BUILD / "asan" / "perimeter"
DATA = "/usr/share/datasets/fashion-mnist"
tap = Tap()


def check(name: str, ok: bool, why: object = "") -> None:
    tap(ok, f"report: {name}", why)


def call(*words, program: Path = CHECKED, **options) -> subprocess.CompletedProcess:
    return subprocess.run([str(program), *map(str, words)], capture_output=True, text=True, cwd=ROOT, **options)


class Page(html.parser.HTMLParser):
    """What is wrong with a page, and what it has."""

    VOID = {"meta", "link", "img", "br"}

    def __init__(self, path: Path):
        super().__init__(convert_charrefs=True)
        self.wrong, self.open, self.ids, self.refs, self.text, self.count = [], [], [], [], [], {}
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        self.wrong += [f"<{tag}> stays open" for tag in self.open]
        self.wrong += [f"id {i} twice" for i in set(self.ids) if self.ids.count(i) > 1]
        self.wrong += [f"#{r} leads nowhere" for r in self.refs if r not in self.ids]
        self.words = " ".join(" ".join(self.text).split())

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.count[tag] = self.count.get(tag, 0) + 1
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attributes:
            if name.startswith("on"):
                self.wrong.append(f"{tag} has {name}={value}")
            if name in ("src", "href", "xlink:href", "action", "srcset", "poster", "data"):
                if value.startswith("#"):
                    self.refs.append(value[1:])
                elif not value.startswith("data:"):
                    self.wrong.append(f"{tag} refers to {value}")
        self.ids += [given["id"]] if "id" in given else []
        self.refs += given.get("aria-labelledby", "").split()
        if tag == "img" and not given.get("alt"):
            self.wrong.append("a picture without a text")
        if tag == "svg" and not (given.get("role") == "img" and "aria-labelledby" in given):
            self.wrong.append("a drawing without a label")
        if tag == "th" and "scope" not in given:
            self.wrong.append("a heading of neither row nor column")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes something else")

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.text.append(data)


def run_files(work: Path) -> list[Path]:
    """Small runs of every kind that a report has a section for."""
    def run(name, *words):
        done = call("run", *words, "--summary", work / f"{name}.json", program=PROGRAM)
        check(f"a run for it: {name}", done.returncode == 0, done.stderr)
        return work / f"{name}.json"

    files = [
        run("vit", "models/fashion-vit", "--data", DATA, "--images", 40, "--ablation-images", 8, "--fidelity", 1),
        run("khwa", "models/fashion-cnn", "--data", DATA, "--images", 200, "--place", "*=khwa"),
        run("text", "models/text-gpt", "--data", "data/kjv.txt", "--windows", 2),
    ]
    chip, sweep = work / "chip.json", work / "chip.jsonl"
    call("chip", "models/fashion-vit", "--system", "flare", "--measured", files[0], "--output", chip, program=PROGRAM)
    call("sweep", "docs/sweeps/chip.json", "--output", sweep, program=PROGRAM)
    scores, texts = work / "score.json", work / "texts"
    texts.write_text("a b c\ta b d\n")
    call("score", "--texts", texts, "--summary", scores, program=PROGRAM)
    return files + [chip, sweep, scores]


def sound(name: str, page: Path) -> Page | None:
    if not page.exists():
        check(name, False, "no page")
        return None
    read = Page(page)
    check(name, not read.wrong, "\n".join(map(str, read.wrong)))
    return read


def whole(work: Path, files: list[Path]) -> Path:
    page = work / "report.html"
    done = call("report", *files, "--output", page)
    check("a page of every kind of file", done.returncode == 0 and not done.stderr, done.stderr)
    read = sound("tags are closed, names are single, nothing is fetched, pictures and drawings have texts", page)
    for word in ("density", "boost", "SQNR to float", "Confusion matrix", "Energy by component", "front", "Effective settings",
                 "measured here", "error to exact", "wordlines", "RTL against golden" if "nothing" in read.words else "No layer of this run"):
        check(f"it has: {word}", word in read.words)
    found = json.loads(files[0].read_text())
    check("the accuracies that the run found", all(f"{100 * found[k]:.2f}" in read.words for k in ("accuracy_float", "accuracy_integer")))
    check("no number that is none", not re.search(r"\b(nan|inf)\b", read.words))
    check("plots, the first with the marks of all", read.count["svg"] >= 8 and read.count["defs"] == 1 and "No plot" not in read.words, read.count)
    again = work / "again.html"
    call("report", *files, "--output", again)
    check("the same files give the same page", again.read_bytes() == page.read_bytes())
    return page


def differences(work: Path, files: list[Path]) -> None:
    page = work / "differ.html"
    one = json.loads(files[1].read_text())
    other = work / "other.json"
    one["accuracy_integer"] += 0.25
    one["effective_config"]["seed"] = 77
    one["added"] = 5
    other.write_text(json.dumps(one))
    done = call("report", files[1], other, "--output", page)
    read = sound("two files side by side", page)
    check("what differs is counted", done.returncode == 0 and "3 differ or are in one alone" in read.words, done.stderr)
    check("a difference stands there", "0.25" in read.words and "effective_config / seed" in read.words)
    call("report", files[1], files[1], "--output", page)
    check("a file does not differ from itself", " 0 differ" in Page(page).words)


def hostile(work: Path, files: list[Path]) -> None:
    evil = "</code><script>alert(1)</script><img src=x onerror=y>\"'`touch %s`$(touch %s)\\n%%s%%n EOD\n\x7f\u2028" % (work / "a", work / "b")
    short = "<b a=\"'`"

    def poison(v):
        if isinstance(v, dict):
            return {k if i % 3 else k + short if k not in KEEP else k: poison(x) for i, (k, x) in enumerate(v.items())}
        if isinstance(v, list):
            return [poison(x) for x in v]
        return evil if isinstance(v, str) and v not in "MSXA" else v

    KEEP = {"effective_config", "breakdown", "counts", "variants", "energy", "place", "sweep", "grid", "component", "point", "words", "lines", "changed",
            "variant", "network", "clocks", "accuracy_integer", "value", "kind", "units", "conv1", "memristor"}
    for name in [f.name for f in files]:
        file = work / f"evil-{name}"
        source = (work / name).read_text()
        if name.endswith("l"):
            lines = [json.dumps(poison(json.loads(line)), separators=(",", ":")) for line in source.splitlines()[:40]]
            file.write_text("\n".join(lines) + "\n")
        else:
            file.write_text(json.dumps(poison(json.loads(source))))
        page = work / "evil.html"
        page.unlink(missing_ok=True)
        done = call("report", file, "--output", page)
        check(f"hostile texts everywhere in {name}", done.returncode == 0 and not done.stderr, done.stderr)
        read = sound(f"leave its page sound: {name}", page)
        check(f"one script, ours: {name}", read is not None and read.count["script"] == 1 and read.count.get("img", 0) <= 12)
    key, value = "<script>alert(2)</script>", "<img src=x onerror=y>"
    file, page = work / "names.jsonl", work / "names.html"
    points = [json.dumps({"sweep": {"job": "conversion", "grid": {key: [1, 2]}}}, separators=(",", ":"))] + [json.dumps({"point": i, key: i, value: i * i}) for i in (1, 2)]
    file.write_text("\n".join(points) + "\n")
    done = call("report", file, "--output", page)
    read = sound("names of settings and results as headings", page)
    check("are text in them", done.returncode == 0 and read is not None and read.count["script"] == 1 and "img" not in read.count and key in read.words, done.stderr)
    odd = {"effective_config": {"place": 3, "model": 7}, "counts": {"a": {"b": {"lines": [1e308, 1e308, -5, None], "vectors": 0, "accesses": 1e308}}, "c": 4},
           "energy": {"a": {"b": 1}}, "variants": [1, None, {"variant": 3, "accuracy_integer": 1e300, "clocks": 1e300}] * 3, "confusion": [[1, 2], 3, [-1, 1e300, 5, 6]],
           "changed": [{"image": 1e300, "height": 1e9, "width": 2, "channels": 1, "pixels": "zz"}, 4, {"image": 2, "height": 1, "width": 1, "channels": 1, "pixels": "f"}],
           "fidelity": {"x": 1}, "units": [1], "cost": []}
    file, page = work / "odd.json", work / "odd.html"
    file.write_text(json.dumps(odd))
    done = call("report", file, "--output", page)
    check("members of other types than they should be", done.returncode == 0 and not done.stderr, done.stderr)
    sound("leave its page sound: types", page)
    check("nothing of it was run", not (work / "a").exists() and not (work / "b").exists())


def refused(work: Path, files: list[Path]) -> None:
    page = work / "refused.html"
    good = files[1].read_text()

    def refuse(name, want, *words, content=None):
        bad = work / "bad.json"
        if content is not None:
            bad.write_bytes(content if isinstance(content, bytes) else content.encode())
        page.write_text("as it was")
        done = call("report", *(words or (bad, "--output", page)))
        lines = done.stderr.splitlines()
        ok = done.returncode == 2 and len(lines) == 1 and want in lines[0] and not done.stdout and page.read_text() == "as it was"
        check(f"refused: {name}", ok and not list(work.glob(".perimeter-*")), done.stderr)

    refuse("cut off", "bad.json: bad JSON at byte", content=good[: len(good) // 2])
    refuse("nan", "bad JSON", content='{"effective_config": {}, "a": nan}')
    refuse("a number beyond double precision", "double precision", content='{"effective_config": {}, "a": 1e999}')
    refuse("a list", "not an object", content="[1]")
    refuse("empty", "bad JSON", content="")
    refuse("something else", "no summary of", content='{"a": 1}')
    refuse("deep", "bad JSON", content='{"effective_config":' + "[" * 5000 + "]" * 5000 + "}")
    refuse("huge", "bytes", content='{"effective_config": {}, "a": "' + "x" * (9 << 20) + '"}')
    refuse("bytes that are no text", "bad JSON", content=b"\xff\xfe\x00{")
    refuse("a sweep whose last line is cut off", "line 3 is cut off", content='{"sweep":{}}\n{"point":0}\n{"point":1')
    refuse("a sweep with a bad line", "line 2", content='{"sweep":{}}\n{"point":nan}\n')
    refuse("a sweep without points", "without points", content='{"sweep":{}}\n')
    refuse("no such file", "none.json", work / "none.json", "--output", page)
    refuse("a folder", work.name, work, "--output", page)
    refuse("no output", "--output", files[1])
    refuse("an output in no folder", "folder", files[1], "--output", work / "no" / "where.html")
    refuse("an option that there is not", "--colour", "--colour")
    refuse("too many", "more than", *[files[1]] * 65, "--output", page)
    (work / "empty").mkdir()
    done = call("report", "--output", page, env=os.environ | {"PERIMETER_BUILD": str(work / "empty")})
    check("refused: no runs yet, with what to do", done.returncode == 2 and "make run" in done.stderr and done.stderr.count("\n") == 1, done.stderr)
    done = call("report", files[0], "--output", page, env=os.environ | {"PATH": str(work / "empty")})
    check("without gnuplot the page says so", done.returncode == 0 and "gnuplot is missing" in Page(page).words, done.stderr)


PROBE = """<script>
const seen=[];let least=99;
function rgba(s){const m=s.match(/[\\d.]+/g).map(Number);return[m[0],m[1],m[2],m.length>3?m[3]:1]}
function over(a,b){return[0,1,2].map(i=>a[i]*a[3]+b[i]*(1-a[3])).concat(1)}
function light(c){const f=c.slice(0,3).map(v=>{v/=255;return v<=.03928?v/12.92:((v+.055)/1.055)**2.4});return .2126*f[0]+.7152*f[1]+.0722*f[2]}
function ground(e){const all=[];for(;e;e=e.parentElement)all.push(rgba(getComputedStyle(e).backgroundColor));return all.reverse().reduce((b,a)=>over(a,b),[255,255,255,1])}
document.querySelectorAll('details').forEach(d=>d.open=true);
for(const e of document.querySelectorAll('body *')){
 if(['SCRIPT','STYLE'].includes(e.tagName)||![...e.childNodes].some(n=>n.nodeType==3&&n.data.trim()))continue;
 if(e.tagName=='title')continue;
 const s=getComputedStyle(e),ink=rgba(e.namespaceURI.endsWith('svg')?s.fill:s.color),g=ground(e);
 const a=light(over(ink,g)),b=light(g),c=(Math.max(a,b)+.05)/(Math.min(a,b)+.05);
 least=Math.min(least,c);if(c<4.5)seen.push(e.tagName+' '+e.textContent.trim().slice(0,30)+' '+c.toFixed(2));
}
for(const k of document.querySelectorAll('.k')){const a=light(rgba(getComputedStyle(k).backgroundColor)),b=light(ground(k.parentElement)),c=(Math.max(a,b)+.05)/(Math.min(a,b)+.05);if(c<3)seen.push('swatch '+c.toFixed(2))}
const t=[...document.querySelectorAll('table.s')].find(t=>t.caption.textContent.startsWith('Layers'));
const col=[...t.tHead.rows[0].cells].findIndex(c=>c.textContent=='accesses'),values=()=>[...t.tBodies[0].rows].map(r=>r.cells[col].dataset.v).filter(v=>v!=='').map(Number);
const up=v=>v.every((x,i)=>i==0||v[i-1]<=x),button=t.tHead.rows[0].cells[col].querySelector('button');
button.click();const sorted=up(values());button.click();const down=up(values().reverse());
const text=document.querySelector('main').innerText.length;
document.body.style.width='328px';document.documentElement.style.width='360px';
const wide=[...document.querySelectorAll('main *')].filter(e=>!e.closest('.wide')&&e.getBoundingClientRect().right>361).map(e=>e.tagName+' '+e.textContent.slice(0,30));
document.body.dataset.probe=JSON.stringify({least,seen:seen.slice(0,8),sorted,down,wide:wide.slice(0,8),text,dark:matchMedia('(prefers-color-scheme:dark)').matches});
</script>"""


def chromium(work: Path, *options, page: Path) -> subprocess.CompletedProcess:
    words = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr", f"--user-data-dir={work / 'profile'}",
             "--no-first-run", "--disable-extensions", "--disable-background-networking", *options, page.as_uri()]
    return subprocess.run(words, capture_output=True, text=True, timeout=120)


def in_browser(work: Path, page: Path, keep: str | None) -> None:
    if not shutil.which("chromium"):
        print("ok - report: in a browser # SKIP chromium is not installed (Debian: chromium)")
        return
    probe = work / "probe.html"
    probe.write_text(page.read_text().replace("</body>", PROBE + "</body>"))
    for scheme, option in (("light", 1), ("dark", 0)):
        done = chromium(work, "--dump-dom", f"--blink-settings=preferredColorScheme={option}", page=probe)
        errors = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        check(f"{scheme}: no error on the console", done.returncode == 0 and not errors, "\n".join(errors))
        told = re.search(r'data-probe="([^"]*)"', done.stdout)
        if not told:
            check(f"{scheme}: the probe ran", False, done.stderr)
            continue
        found = json.loads(html.unescape(told[1]))
        check(f"{scheme}: it is", found["dark"] == (scheme == "dark"))
        check(f"{scheme}: text has a contrast of 4.5 at least, here {found['least']:.2f}, swatches of 3", not found["seen"], "\n".join(found["seen"]))
        check(f"{scheme}: headings sort, up and down", found["sorted"] and found["down"])
        check(f"{scheme}: on 360 pixels nothing but tables is wider", not found["wide"], "\n".join(found["wide"]))
    picture = BUILD / "report.png"
    picture.unlink(missing_ok=True)
    bare = work / "bare.html"
    bare.write_text(re.sub(r"<script>.*?</script>", "", page.read_text(), flags=re.S))
    done = chromium(work, f"--screenshot={picture}", "--window-size=1000,1500", "--blink-settings=preferredColorScheme=1", page=bare)
    check("a picture of the page, without scripts", picture.exists() and picture.stat().st_size > 20000, done.stderr)
    paper = work / "paper.pdf"
    done = chromium(work, f"--print-to-pdf={paper}", page=bare)
    sheets = len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes())) if paper.exists() else 0
    check(f"on paper, {sheets} sheets", sheets >= 6, done.stderr)
    if keep:
        shutil.copyfile(picture, keep)


def main() -> None:
    keep = sys.argv[2] if sys.argv[1:2] == ["--keep"] else None
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        files = run_files(work)
        page = whole(work, files)
        differences(work, files)
        hostile(work, files)
        refused(work, files)
        in_browser(work, page, keep)
    sys.exit(tap.failed)


main()
