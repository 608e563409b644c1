"""Measures `braid embed` on manifests of 1,000, 10,000 and 100,000 rows: time and peak memory, which must not grow with the rows.

Each row is a text of its own and one of 200 small pictures; encoders are the bundled ones for pictures, and all-MiniLM-L6-v2. The
100,000 rows take long: name other counts behind the command.

Usage: python3 benchmarks/rows.py path/to/braid [ROWS …]
"""

import csv
import os
import subprocess
import sys
import time

import numpy as np
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[1]
WORK = ROOT / ".build" / "bench"


def pictures():
    from PIL import Image

    folder = WORK / "jpeg-48x48"
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(48)
    for index in range(200):
        Image.fromarray(random.integers(0, 256, (48, 48, 3), dtype=np.uint8)).save(folder / f"{index:03}.jpg")
    return sorted(folder.glob("*.jpg"))


def measure(braid, rows):
    files = pictures()
    random = np.random.default_rng(rows)
    words = "river train engine light wheel green quiet turns under cold".split()
    listing = WORK / f"rows-{rows}.csv"
    with open(listing, "w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["id", "text", "image"])
        for row in range(rows):
            table.writerow([f"sample-{row:08}", " ".join(random.choice(words, 6)) + f" {row}", files[row % 200]])
    config = WORK / "rows.yaml"
    config.write_text("modalities:\n  image: {weights: bundled:resnet10-cifar-mnist}\n  text: {weights: bundled:all-MiniLM-L6-v2}\n")
    target = WORK / f"rows-{rows}"
    subprocess.run(["rm", "-rf", target], check=True)
    start = time.perf_counter()
    process = subprocess.Popen(
        [braid, "embed", config, "--manifest", listing, "--out", target, "--no-cache", "--quiet"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{rows} rows failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1000


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    counts = [int(text) for text in sys.argv[2:]] or [1_000, 10_000, 100_000]
    print("| rows | s | rows/s | peak memory, MB |\n|---|---|---|---|")
    for rows in counts:
        seconds, memory = measure(sys.argv[1], rows)
        print(f"| {rows} | {seconds:.1f} | {rows / seconds:.0f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
