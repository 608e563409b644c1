"""Runs the commands of pages of docs, from top to bottom, as a reader would.

Every block marked `sh` or `python` is taken, each is shown with how long it took, and the first that fails ends everything with its output. So is
what stands in a comment that begins with `<!-- sh`: what readers have already, or do not need to see. Each page runs in a folder of its own,
with `braid` on the PATH, SOURCE as the folder of Braid's sources, DIGITS as that of datasets/digits, and a cache that the pages share. A
translation of a page, given behind it with a colon between, must have the same blocks.

Usage: python3 scripts/walkthrough.py BRAID docs/PAGE.md[:TRANSLATION]... [--keep FOLDER]
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^(?:```(sh|python)\n(.*?)^```$|<!-- (sh)\n(.*?)^-->$)", re.MULTILINE | re.DOTALL)


def blocks(page):
    """(language, text) of each block that is run."""
    return [(found[1] or found[3], found[2] or found[4]) for found in BLOCK.finditer(page.read_text(encoding="utf-8"))]


def first_line(language, text):
    lines = [line for line in text.strip().splitlines() if line.strip() and not line.startswith(("import ", "from "))]
    return lines[0] if lines else language


def walk(page, folder, environment, keep):
    """Runs a page's blocks. Ends the process where one fails."""
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    commands = blocks(page)
    for number, (language, text) in enumerate(commands, 1):
        began = time.monotonic()
        line = ["bash", "-euo", "pipefail", "-c", text] if language == "sh" else [sys.executable, "-c", text]
        done = subprocess.run(
            line, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if keep:
            (folder / f"said-{number}.txt").write_text(done.stdout)
        if done.returncode:
            sys.exit(f"{page}, block {number} ended with {done.returncode}:\n{text}\n{done.stdout}")
        print(f"{time.monotonic() - began:5.1f} s  {first_line(language, text)}", flush=True)
    print(f"{page}: {len(commands)} blocks in {time.monotonic() - started:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid", type=pathlib.Path)
    parser.add_argument("pages", nargs="+", help="a page, or PAGE:TRANSLATION")
    parser.add_argument("--keep", type=pathlib.Path, help="the folder to run in, which stays; a page runs in the folder of its name there")
    options = parser.parse_args()
    pages = []
    for argument in options.pages:
        page, *translations = map(pathlib.Path, argument.split(":"))
        if not blocks(page):
            sys.exit(f"{page}: no block marked sh or python")
        for translation in translations:
            if blocks(translation) != blocks(page):
                sys.exit(f"{translation}: its commands are not those of {page}")
        pages.append(page)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.keep or pathlib.Path(temporary)).resolve()
        environment = os.environ | {
            "PATH": f"{options.braid.resolve().parent}:{os.environ['PATH']}", "BRAID": str(options.braid.resolve()),
            "SOURCE": str(ROOT), "DIGITS": str(ROOT / "datasets" / "digits"), "PYTHONPATH": str(ROOT / "python" / "src"),
            "BRAID_CACHE": str(folder / "cache"), "HOME": str(folder / "home"), "HF_HUB_OFFLINE": "1", "BRAID_WEIGHTS": os.environ.get("BRAID_WEIGHTS", str(ROOT / ".deps" / "weights")),
        }
        (folder / "home").mkdir(parents=True, exist_ok=True)
        for page in pages:
            walk(page, folder / page.stem, environment, options.keep)


if __name__ == "__main__":
    main()
