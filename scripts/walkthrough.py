"""Runs the commands of a page of docs, from top to bottom, as a reader would.

Every block marked `sh` is taken, each command is shown with how long it took, and the first that fails ends everything with its output.
They run in an empty folder with `braid` on the PATH, DIGITS as the folder of datasets/digits, and a cache of their own. A translation of the
page must have the same blocks.

Usage: python3 scripts/walkthrough.py BRAID docs/PAGE.md [TRANSLATION...] [--keep FOLDER]
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


def blocks(page):
    return re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid", type=pathlib.Path)
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("translation", type=pathlib.Path, nargs="*")
    parser.add_argument("--keep", type=pathlib.Path, help="the folder to run in, which stays")
    options = parser.parse_args()
    commands = blocks(options.page)
    if not commands:
        sys.exit(f"{options.page}: no block marked sh")
    for page in options.translation:
        if blocks(page) != commands:
            sys.exit(f"{page}: its commands are not those of {options.page}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        environment = os.environ | {
            "PATH": f"{options.braid.resolve().parent}:{os.environ['PATH']}", "DIGITS": str(ROOT / "datasets" / "digits"),
            "BRAID_CACHE": str(folder / "cache"), "BRAID_WEIGHTS": os.environ.get("BRAID_WEIGHTS", str(ROOT / ".deps" / "weights")),
        }
        started = time.monotonic()
        for number, command in enumerate(commands, 1):
            began = time.monotonic()
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=environment, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True)
            if options.keep:
                (folder / f"said-{number}.txt").write_text(done.stdout)
            if done.returncode:
                sys.exit(f"{options.page}, block {number} ended with {done.returncode}:\n{command}\n{done.stdout}")
            print(f"{time.monotonic() - began:5.1f} s  {command.strip().splitlines()[0]}", flush=True)
        print(f"{options.page}: {len(commands)} blocks in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
