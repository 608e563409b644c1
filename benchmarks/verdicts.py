"""How often a verdict calls chance an effect: trainings whose truth is known.

shuffled: 120 rows of datasets/digits with their labels shuffled: nothing can be learnt, so any verdict of an effect is wrong.
noise: 240 rows of which only the picture means anything, text and recording being noise: "fusing helps" is wrong.

Usage: benchmarks/verdicts.py path/to/braid [--shuffled 200] [--noise 50]
Needs what benchmarks/answers.py needs.
"""

import argparse
import collections
import json
import pathlib
import random
import subprocess

import answers

WORK = answers.ROOT / ".build" / "verdicts"


def drawn(seed, count, shuffled, noisy):
    """`count` rows in three fifths, a fifth and a fifth."""
    source = random.Random(seed)
    rows = source.sample(answers.digits(), count)
    if noisy:
        rows = answers.noise(rows, ["text", "audio"])
    labels = [row["label"] for row in rows]
    if shuffled:
        source.shuffle(labels)
    splits = ["train"] * (3 * count // 5) + ["val"] * (count // 5) + ["test"] * (count - 3 * count // 5 - count // 5)
    return [{k: v for k, v in row.items() if k != "group"} | {"label": label, "split": split} for row, label, split in zip(rows, labels, splits)]


def verdict(braid, rows):
    answers.write(rows, WORK / "set", answers.SMALL)
    subprocess.run(["rm", "-rf", WORK / "run"], check=True)
    answers.call(braid, "train", WORK / "set" / "config.yaml", "--out", WORK / "run", "--quiet", "--set", "training.preset=fast")
    found = json.loads(answers.call(braid, "ablate", WORK / "run", "--manifest", WORK / "set" / "manifest.csv", "--json", "--quiet"))
    return found["heads"][0]["verdict"]["judgement"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--shuffled", type=int, default=200)
    parser.add_argument("--noise", type=int, default=50)
    given = parser.parse_args()
    for name, runs, options in (("shuffled labels", given.shuffled, (120, True, False)), ("two modalities of noise", given.noise, (240, False, True))):
        counts = collections.Counter(verdict(given.braid, drawn(seed, *options)) for seed in range(runs))
        print(f"{name}: {runs} trainings: " + ", ".join(f"{kind} {count}" for kind, count in counts.most_common()), flush=True)


if __name__ == "__main__":
    main()
