"""Makes the pictures of docs/tutorial.md from a run of its commands: docs/tutorial/*.svg, and of the report a PNG, by headless Chromium.

Usage: python3 scripts/tutorial_pictures.py .build/debug/braid [--folder KEPT]. KEPT is what scripts/walkthrough.py --keep left, to save the run.
Figures in the pictures are of that run: nothing of them stands in the page's text.
"""

import argparse
import base64
import csv
import html
import pathlib
import shutil
import subprocess
import sys
import tempfile
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "tutorial.md"
OUT = ROOT / "docs" / "tutorial"
COLUMNS = 96
STYLE = """<style>
text { font: 13px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #1f2328; white-space: pre }
.back { fill: #f6f8fa; stroke: #d0d7de } .prompt { font-weight: bold } .label { font-weight: bold }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .back { fill: #161b22; stroke: #30363d } }
</style>"""


def svg(width, height, title, body):
    """A picture with a text alternative."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{html.escape(title)}">\n<title>{html.escape(title)}</title>\n{STYLE}\n'
        f'<rect class="back" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="6"/>\n{body}\n</svg>\n')


def terminal(command, text, title):
    """What a terminal shows: the command, and what it said."""
    lines = [f"$ {command}"]
    for line in text.rstrip().splitlines():
        lines += textwrap.wrap(line, COLUMNS, subsequent_indent="    ", drop_whitespace=False, replace_whitespace=False) or [""]
    rows = [
        f'<text x="14" y="{26 + 18 * number}"{" class=" + chr(34) + "prompt" + chr(34) if number == 0 else ""} xml:space="preserve">'
        f"{html.escape(line)}</text>" for number, line in enumerate(lines)]
    return svg(14 * 2 + 8 * COLUMNS, 26 + 18 * len(lines), title, "\n".join(rows))


def samples(folder):
    """Six things as they are: photograph, note, label."""
    with open(folder / "manifest.csv", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["image"]][:6]
    parts = []
    for number, row in enumerate(rows):
        x, y = 14 + 396 * (number % 2), 14 + 104 * (number // 2)
        path = folder / row["image"]
        kind = "jpeg" if path.suffix in (".jpg", ".jpeg") else "png"
        data = base64.b64encode(path.read_bytes()).decode()
        parts.append(
            f'<image x="{x}" y="{y}" width="84" height="84" style="image-rendering: pixelated" href="data:image/{kind};base64,{data}"/>')
        note = textwrap.wrap(row["text"] or "(no note)", 34)[:3]
        sound = row["audio"] or "(no recording)"
        lines = [(row["label"], "label"), (sound, ""), *((line, "") for line in note)]
        for place, (line, kind) in enumerate(lines):
            named = f' class="{kind}"' if kind else ""
            parts.append(f'<text x="{x + 96}" y="{y + 14 + 17 * place}"{named}>{html.escape(line)}</text>')
    return svg(806, 14 + 104 * 3, "Six things with their photograph, label, recording and note", "\n".join(parts))


def report(folder):
    """The top of the report, as a browser shows it."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        print("no Chromium here: docs/tutorial/report.png stays as it is", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}",
             "--window-size=900,1100", f"--screenshot={OUT / 'report.png'}", (folder / "runs/first/report.html").resolve().as_uri()],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid", type=pathlib.Path)
    parser.add_argument("--folder", type=pathlib.Path)
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT / "scripts"))
    import walkthrough

    with tempfile.TemporaryDirectory() as temporary:
        kept = options.folder or pathlib.Path(temporary)
        if not options.folder:
            subprocess.run(
                [sys.executable, ROOT / "scripts/walkthrough.py", options.braid, PAGE, "--keep", kept], check=True)
        folder = kept / PAGE.stem
        said = {}
        for number, (_, text) in enumerate(walkthrough.blocks(PAGE), 1):
            said[text.strip()] = (folder / f"said-{number}.txt").read_text().replace(f"{folder.resolve()}/", "")

        def find(beginning):
            return next((text, output) for text, output in said.items() if text.startswith(beginning))

        OUT.mkdir(exist_ok=True)
        pictures = {
            "samples": samples(folder),
            "train": terminal(*find("braid train"), "The terminal after braid train: encoders, choice of a fusion, test figures, ablation"),
            "ablate": terminal(*find("braid ablate"), "The terminal after braid ablate: accuracy by modalities, and with modalities missing"),
            "threshold": terminal(
                "python3 threshold.py", find("import csv\n\nwith open(\"runs")[1],
                "A table: threshold, share of answers above it, share of them that are correct"),
        }
        for name, text in pictures.items():
            (OUT / f"{name}.svg").write_text(text, encoding="utf-8")
        report(folder)
    for path in sorted(OUT.iterdir()):
        size = path.stat().st_size
        print(f"{path.relative_to(ROOT)}: {size / 1000:.0f} kB")
        if size > 200_000:
            sys.exit(f"{path}: larger than 200 kB")


if __name__ == "__main__":
    main()
