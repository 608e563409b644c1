"""Seconds an epoch of each fusion on embeddings at hand, of one or several builds of braid in turn: what a change to a fusion is worth.

Trains on datasets/digits (700 rows to learn from, 200 to judge each epoch), a round a repeat, the builds interleaved, and prints medians with
the ratio to the first build. Epochs after the first count.

Usage: benchmarks/epochs.py [--fusions cross-attention,bottleneck] [--set key=value]... [--repeats 3] BRAID [BRAID...]
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
CONFIG = """manifest: {manifest}
modalities:
  image: {{weights: "bundled:resnet10-cifar-mnist"}}
  text: {{weights: "bundled:all-MiniLM-L6-v2"}}
  audio: {{weights: "bundled:cnn10-fsdd"}}
fusion: {{type: {fusion}}}
training: {{epochs: 4, batch_size: 32, monitor: false, early_stopping: {{patience: 0}}}}
"""


def epochs(braid, fusion, overrides, folder):
    """Seconds of each epoch but the first."""
    config = folder / "config.yaml"
    config.write_text(CONFIG.format(manifest=json.dumps(str(ROOT / "datasets/digits/manifest.csv")), fusion=fusion))
    run = pathlib.Path(tempfile.mkdtemp(dir=folder)) / "run"
    sets = [part for override in overrides for part in ("--set", override)]
    subprocess.run([braid, "train", config, "--out", run, "--quiet", *sets], check=True, capture_output=True)
    return [json.loads(line)["seconds"] for line in (run / "metrics.jsonl").read_text().splitlines()][1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braids", nargs="+", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--fusions", default="concat,late,simbamm,cross-attention,bottleneck")
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    print("| fusion | " + " | ".join(f"build {i + 1}, s an epoch" for i in range(len(given.braids))) + " | ratio |")
    print("|---" * (len(given.braids) + 2) + "|")
    with tempfile.TemporaryDirectory() as folder:
        for fusion in given.fusions.split(","):
            times = [[] for _ in given.braids]
            for _ in range(given.repeats):
                for own, braid in zip(times, given.braids):
                    own += epochs(braid, fusion, given.overrides, pathlib.Path(folder))
            medians = [statistics.median(own) for own in times]
            ratios = ", ".join(f"{median / medians[0]:.2f}" for median in medians[1:])
            print(f"| {fusion} | " + " | ".join(f"{median:.2f}" for median in medians) + f" | {ratios or '–'} |", flush=True)


if __name__ == "__main__":
    main()
