"""Measures `braid embed` on manifests of 1,000, 10,000 and 100,000 rows: time and peak memory, which must not grow with the rows.

Each row is a text of its own and one of 200 small pictures; encoders are the bundled ones for pictures, and all-MiniLM-L6-v2, or what --text
names. The 100,000 rows take long: name other counts. With --cached every manifest is embedded twice, and the second time measured, when all
embeddings come from the cache.

Usage: python3 benchmarks/rows.py path/to/braid [ROWS …] [--modalities text,image] [--jsonl] [--cached] [--text WEIGHTS] [--threads N]
"""

import argparse
import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
WORK = ROOT / ".build" / "bench"
WORDS = "river train engine light wheel green quiet turns under cold".split()


def pictures():
    from PIL import Image

    folder = WORK / "jpeg-48x48"
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(48)
    for index in range(200):
        Image.fromarray(random.integers(0, 256, (48, 48, 3), dtype=np.uint8)).save(folder / f"{index:03}.jpg")
    return sorted(folder.glob("*.jpg"))


def manifest(rows, options):
    """A CSV or JSON Lines manifest of so many rows, in which no text comes twice."""
    files = pictures() if "image" in options.modalities else []
    random = np.random.default_rng(rows)
    listing = WORK / f"rows-{rows}.{'jsonl' if options.jsonl else 'csv'}"
    with open(listing, "w", newline="") as out:
        table = csv.writer(out)
        names = ["id", *options.modalities]
        if not options.jsonl:
            table.writerow(names)
        for row in range(rows):
            cells = {"id": f"sample-{row:08}", "text": f"{' '.join(random.choice(WORDS, 6))} {row}"}
            if files:
                cells["image"] = str(files[row % 200])
            chosen = {name: cells[name] for name in names}
            if options.jsonl:
                print(json.dumps(chosen), file=out)
            else:
                table.writerow(chosen.values())
    return listing


def embed(listing, config, options):
    """Seconds, processor time and peak memory of one command."""
    target = WORK / f"{listing.stem}-embedded"
    shutil.rmtree(target, ignore_errors=True)
    arguments = [options.braid, "embed", config, "--manifest", listing, "--out", target, "--quiet"]
    arguments += [] if options.cached else ["--no-cache"]
    arguments += ["--threads", str(options.threads)] if options.threads else []
    start = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, env=os.environ | {"BRAID_CACHE": str(WORK / "rows-cache")})
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{listing.name} failed")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid")
    parser.add_argument("rows", nargs="*", type=int, default=[1_000, 10_000, 100_000])
    parser.add_argument("--modalities", type=lambda text: text.split(","), default=["text", "image"])
    parser.add_argument("--jsonl", action="store_true")
    parser.add_argument("--cached", action="store_true")
    parser.add_argument("--text", default="bundled:all-MiniLM-L6-v2")
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(WORK / "rows-cache", ignore_errors=True)
    weights = {"image": "bundled:resnet10-cifar-mnist", "text": options.text}
    config = WORK / "rows.yaml"
    config.write_text("modalities:\n" + "".join(f"  {name}: {{weights: '{weights[name]}'}}\n" for name in options.modalities))
    print("| rows | s | rows/s | processor time, s | peak memory, MB |\n|---|---|---|---|---|")
    for rows in options.rows:
        listing = manifest(rows, options)
        if options.cached:
            embed(listing, config, options)
        seconds, processor, memory = embed(listing, config, options)
        print(f"| {rows} | {seconds:.1f} | {rows / seconds:.0f} | {processor:.1f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
