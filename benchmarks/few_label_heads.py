"""Heads on frozen embeddings by labels a class, beside scikit-learn's LogisticRegression on the same embeddings and draws.

`braid curve` draws the labels; this script draws the same ones (it knows how: the checks fail otherwise), exports the embeddings with `braid
embed`, standardises each modality on the drawn rows as Braid does, puts zeros for what a row lacks, and fits LogisticRegression(C=1) to all
modalities side by side. The test split judges. Prints a table in Markdown: means over draws, and how much each head differs from
scikit-learn's, paired by draw, with 95 % intervals (Student's t).

Usage: benchmarks/few_label_heads.py path/to/braid OUT CONFIG... [--shots 1,2,4,8,16,all] [--draws 10] [--jobs 1]
       CONFIG: configurations of prepared sets, for example .build/fine-tuning/digits/0/config.yaml (benchmarks/fine_tuning.py --prepare).
Needs numpy, scipy, scikit-learn, pyyaml.
"""

import argparse
import collections
import csv
import hashlib
import json
import pathlib
import subprocess

import numpy
import yaml
from scipy.stats import t as student
from sklearn.linear_model import LogisticRegression

HEADS = ["stacked", "prototype", "knn", "tip-adapter", "ridge", "lda"]
MASK = (1 << 64) - 1


class SplitMix:
    """BraidSupport/RandomSource, and Swift's shuffle with it."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, bound):
        product = self.next() * bound
        if product & MASK < bound:
            least = ((1 << 64) - bound) % bound
            while product & MASK < least:
                product = self.next() * bound
        return product >> 64

    def shuffled(self, items):
        items = list(items)
        for place in range(len(items) - 1):
            other = place + self.below(len(items) - place)
            items[place], items[other] = items[other], items[place]
        return items


def drawn(rows, shots, draw, seed=0):
    """The ids that Run/Curve/CurveDraws.swift draws of train and val."""
    classes = collections.defaultdict(list)
    for row in rows:
        if row["split"] != "test" and row["label"]:
            classes[row["label"]].append(row["id"])
    if shots is None:
        return {name for members in classes.values() for name in members}
    chosen = set()
    for label, members in classes.items():
        number = int(hashlib.sha256(f"{seed} {draw} {label}".encode()).hexdigest()[:16], 16)
        chosen |= set(SplitMix(number).shuffled(sorted(members, key=lambda text: text.encode()))[:shots])
    return chosen


def embeddings(braid, config, out):
    folder = out / "embeddings"
    manifest = config.parent / yaml.safe_load(config.read_text())["manifest"]
    if not (folder / "index.json").exists():
        subprocess.run([braid, "embed", config, "--manifest", manifest, "--out", folder, "--format", "npy", "--quiet"], check=True)
    ids = (folder / "part-00000.ids.txt").read_text().split("\n")
    ids = [name for name in ids if name]
    names = sorted(file.name.split(".")[1] for file in folder.glob("part-00000.*_present.npy"))
    names = [name.removesuffix("_present") for name in names]
    parts = [
        (numpy.load(folder / f"part-00000.{name}.npy").astype(float), numpy.load(folder / f"part-00000.{name}_present.npy").astype(bool))
        for name in names
    ]
    with open(manifest, newline="") as file:
        rows = list(csv.DictReader(file))
    return ids, parts, rows


def reference(ids, parts, rows, shots, draw):
    """The test accuracy of scikit-learn's logistic regression on a draw."""
    by_id = {row["id"]: row for row in rows}
    chosen = drawn(rows, shots, draw)
    train = numpy.array([name in chosen for name in ids])
    test = numpy.array([by_id[name]["split"] == "test" for name in ids])
    labels = numpy.array([by_id[name]["label"] for name in ids])
    columns = []
    for x, present in parts:
        seen = x[train & present]
        mean, spread = (seen.mean(0), seen.std(0)) if len(seen) else (0, 1)
        columns.append(numpy.where(present[:, None], (x - mean) / numpy.where(spread < 1e-6 * (abs(mean) + 1e-30), 1, spread), 0))
    x = numpy.concatenate(columns, 1)
    model = LogisticRegression(max_iter=3000).fit(x[train], labels[train])
    return train.sum(), float((model.predict(x[test]) == labels[test]).mean())


def interval(values):
    values = numpy.array(values) * 100
    if len(values) < 2:
        return f"{values.mean():.2f}"
    return f"{values.mean():.2f} ± {student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5:.2f}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("braid")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("configs", nargs="+", type=pathlib.Path)
    parser.add_argument("--shots", default="1,2,4,8,16,all")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    for config in asked.configs:
        name = config.parent.parent.name
        out = asked.out / name
        subprocess.run(
            [asked.braid, "curve", config, "--heads", ",".join(HEADS), "--no-scratch", "--shots", asked.shots, "--draws", str(asked.draws),
             "--metric", "accuracy", "--out", out, "--resume", "--jobs", str(asked.jobs), "--quiet"], check=True, stdout=subprocess.DEVNULL)  # fmt: skip
        curve = json.loads((out / "curve.json").read_text())
        ids, parts, rows = embeddings(asked.braid, config.resolve(), out)
        points = {(p["system"], p.get("shots"), p["draw"]): p for p in curve["points"]}
        print(f"\n{name}, {curve['testRows']} test rows, {asked.draws} draws\n")
        print("| labels a class | scikit-learn | " + " | ".join(HEADS) + " |\n|---" * 1 + "|---" * (len(HEADS) + 1) + "|")
        for text in asked.shots.split(","):
            shots = None if text == "all" else int(text)
            if (HEADS[0], shots, 0) not in points:
                continue
            theirs = []
            for draw in range(asked.draws):
                count, score = reference(ids, parts, rows, shots, draw)
                assert count == points[HEADS[0], shots, draw]["labels"], "other rows than braid's"
                theirs.append(score)
            cells = [interval(theirs)]
            for head in HEADS:
                ours = [points[head, shots, draw]["score"] for draw in range(asked.draws)]
                cells.append(f"{interval(ours)} ({interval(numpy.array(ours) - theirs)})")
            print(f"| {text} | " + " | ".join(cells) + " |", flush=True)


main()
