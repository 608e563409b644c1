"""Compares methods of continual learning over stages: average accuracy, forgetting, backward and forward transfer.

SETS says what is learnt: for each set the encoders, and a function that gives rows and stages for a seed. METHODS says how: what is asked of a
training beside the set's own keys. Stage 1 is trained anew, each later one goes on from the model before (braid train --init-from). After
each stage the test rows of every stage are predicted. Val rows stay in the manifests of later stages, so that the best epoch is not the one
that has forgotten most; train rows do not. Each finished cell, a set, a method and a seed, is a line of OUT (a CSV); those that
are there are not run again.

Figures, as Avalanche defines them, R[i][j] the accuracy on the test rows of stage j after stage i, of T stages:
    accuracy     mean of R[T][j] over j, weighed by rows: the share of all test rows that the last model knows
    forgetting   mean over j < T of R[j][j] - R[T][j]
    BWT          its negative, minus the mean of what later stages took away (with one value a stage the two are each other's negative)
    FWT          mean over j > 1 of R[j-1][j] less the chance of a guess among the stage's classes; of new classes always less than 0
`joint` is one training on the rows of all stages; `naive` goes on without any method.

Usage: benchmarks/continual.py path/to/braid OUT.csv [--only split-mnist,replay-500,0]... [--seeds 3] [--table]
       --only: sets, methods, seeds, with commas between, in any order
Needs MNIST's PNG files in .build/mnist (train/DIGIT/*.png, test/DIGIT/*.png), stamps in .build/stamps (datasets/stamps/make.py), numpy, scipy.
"""

import argparse
import collections
import csv
import json
import pathlib
import random
import shutil
import subprocess
import tempfile
import time

import numpy
from scipy.stats import t as student

ROOT = pathlib.Path(__file__).resolve().parents[1]
MNIST = ROOT / ".build" / "mnist"
STAMPS = ROOT / ".build" / "stamps"
CONTINUAL = "training.continual."
METHODS = {
    "naive": {},
    "joint": {},
    "replay-200": {"method": "replay", "memory": 200},
    "replay-500": {"method": "replay", "memory": 500},
    "replay-500-ratio-3": {"method": "replay", "memory": 500, "ratio": 3},
    "der-200": {"method": "der", "memory": 200},
    "replay-200-drawn": {"method": "replay", "memory": 200, "weighing": "drawn"},
    "ewc-10": {"method": "ewc", "lambda": 10},
    "ewc": {"method": "ewc", "lambda": 1000},
    "ewc-100000": {"method": "ewc", "lambda": 100000},
    "lwf": {"method": "lwf"},
    "replay-50": {"method": "replay", "memory": 50},
    "herding-200": {"method": "replay", "memory": 200, "fill": "herding"},
    "der-500": {"method": "der", "memory": 500},
    "ewc-online": {"method": "ewc", "lambda": 1000, "online": "true"},
}
# A small network without any training: what Split MNIST's classes look like is new to it.
TINY = {
    "architecture": "resnet10", "num_classes": 0, "num_features": 128, "model_args": {"channels": [16, 32, 64, 128]},
    "pretrained_cfg": {"input_size": [3, 28, 28], "interpolation": "bilinear", "crop_pct": 1.0, "mean": [0.13] * 3, "std": [0.31] * 3},
}
TRAINED = {
    "modalities.image.train": "all", "modalities.image.encoder": "tiny", "modalities.image.weights": "random",
    "modalities.image.learning_rate": 0.001, "training.epochs": 5, "training.batch_size": 32}
FROZEN = {"modalities.image.weights": "bundled:resnet10-cifar-mnist", "training.epochs": 12, "training.learning_rate": 0.003, "training.batch_size": 32}
FUSED = {
    "modalities.image.weights": "bundled:resnet10-cifar-mnist", "modalities.text.weights": "bundled:all-MiniLM-L6-v2",
    "modalities.audio.weights": "bundled:cnn10-fsdd", "training.epochs": 20, "training.learning_rate": 0.003, "training.batch_size": 16}


def split_mnist(seed, label=str, train=100, val=20, test=50):
    """Five stages of two digits. Rows of a digit: drawn by the seed."""
    draw = random.Random(seed)
    rows = []
    for digit in range(10):
        for part, counts in (("train", (("train", train), ("val", val))), ("test", (("test", test),))):
            files = draw.sample(sorted((MNIST / part / str(digit)).glob("*.png")), sum(count for _, count in counts))
            for split, count in counts:
                for file in (files.pop() for _ in range(count)):
                    rows.append({"id": file.stem, "split": split, "image": str(file), "label": label(digit), "stage": digit // 2})
    return rows


def stamps(seed, label=lambda name, place: name):
    """Six stages of two categories, the largest first. Splits by drawing, drawn by the seed, of each category."""
    with open(STAMPS / "manifest-fr.csv", newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    sizes = collections.Counter(row["label"] for row in found)
    order = [name for name, _ in sorted(sizes.items(), key=lambda item: (-item[1], item[0]))]
    draw, rows = random.Random(seed), []
    for place, name in enumerate(order[:12]):
        groups = collections.defaultdict(list)
        for row in found:
            if row["label"] == name:
                groups[row["group"]].append(row)
        keys = sorted(groups)
        draw.shuffle(keys)
        val, test = max(1, round(0.15 * len(keys))), max(2, round(0.25 * len(keys)))
        for number, key in enumerate(keys):
            split = "val" if number < val else "test" if number < val + test else "train"
            for row in groups[key]:
                media = {kind: row[kind] and (row[kind] if kind == "text" else str(STAMPS / row[kind])) for kind in ("image", "text", "audio")}
                rows.append(media | {"id": row["id"], "split": split, "label": label(name, place), "stage": place // 2})
    return rows


SETS = {
    "split-mnist": (TRAINED, split_mnist),
    "split-mnist-frozen": (FROZEN, split_mnist),
    "domain-mnist": (TRAINED, lambda seed: split_mnist(seed, lambda digit: ["even", "odd"][digit % 2])),
    "domain-mnist-frozen": (FROZEN, lambda seed: split_mnist(seed, lambda digit: ["even", "odd"][digit % 2])),
    "stamps": (FUSED, stamps),
    "domain-stamps": (FUSED, lambda seed: stamps(seed, lambda name, place: ["first", "second"][place % 2])),
}


def call(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def write(path, rows):
    columns = [name for name in ("id", "split", "image", "text", "audio", "label") if name in rows[0]]
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def accuracies(braid, run, tests, folder):
    """On the test rows of each stage."""
    write(folder / "tests.csv", [{k: v for k, v in row.items() if k not in ("label", "split")} for row in tests])
    answers = {row["id"]: row for row in csv.DictReader(call(braid, "predict", run, "--manifest", folder / "tests.csv").splitlines())}
    hits = collections.defaultdict(list)
    for row in tests:
        hits[row["stage"]].append(answers[row["id"]]["prediction"] == row["label"])
    return [float(numpy.mean(hits[stage])) for stage in sorted(hits)], float(numpy.mean(sum(hits.values(), [])))


def cell(braid, name, method, seed):
    """The accuracies after each stage on the rows of every stage, and of the last model on all."""
    keys, make = SETS[name]
    asked = {CONTINUAL + key: value for key, value in METHODS[method].items()}
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        (folder / "tiny").mkdir()
        (folder / "tiny" / "config.json").write_text(json.dumps(TINY))
        rows = make(seed)
        tests = [row for row in rows if row["split"] == "test"]
        stages = sorted({row["stage"] for row in rows})
        parts = [rows] if method == "joint" else [[row for row in rows if belongs(row, stage)] for stage in stages]
        base = {"fusion.type": "concat", "training.monitor": "false", "training.early_stopping.patience": 0, "training.seed": seed}
        table = []
        for number, part in enumerate(parts):
            write(folder / f"{number}.csv", part)
            settings = base | keys | asked | {"manifest": f"{number}.csv"}
            (folder / f"{number}.yaml").write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in nested(settings).items()))
            earlier = ["--init-from", folder / f"run{number - 1}"] if number else []
            call(braid, "train", folder / f"{number}.yaml", "--out", folder / f"run{number}", "--quiet", *earlier)
            each, whole = accuracies(braid, folder / f"run{number}", tests, folder)
            table.append(each)
            if number:
                shutil.rmtree(folder / f"run{number - 1}")
        chance = [1 / len({row["label"] for row in tests if row["stage"] == stage}) for stage in stages]
    return table, whole, chance


def belongs(row, stage):
    """Whether a row is in the manifest of a stage: what is learnt is new, and the best epoch is chosen on all classes so far."""
    return row["stage"] == stage or row["split"] == "val" and row["stage"] < stage


def nested(settings):
    tree = {}
    for key, value in settings.items():
        *sections, last = key.split(".")
        place = tree
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = value
    return tree


def figures(table, whole, chance):
    last, count = table[-1], len(table)
    if count == 1:
        return {"accuracy": whole, "forgetting": None, "fwt": None}
    lost = [table[stage][stage] - last[stage] for stage in range(count - 1)]
    ahead = [table[stage - 1][stage] - chance[stage] for stage in range(1, count)]
    return {"accuracy": whole, "forgetting": float(numpy.mean(lost)), "fwt": float(numpy.mean(ahead))}


def interval(values):
    mean = numpy.mean(values)
    if len(values) < 2:
        return f"{mean:.3f}"
    half = student.ppf(0.975, len(values) - 1) * numpy.std(values, ddof=1) / len(values) ** 0.5
    return f"{mean:.3f} ± {half:.3f}"


def show(out):
    cells = collections.defaultdict(list)
    for row in csv.DictReader(open(out, encoding="utf-8")):
        cells[row["set"], row["method"]].append(row)
    for name in SETS:
        found = [(method, cells[name, method]) for method in METHODS if cells[name, method]]
        if not found:
            continue
        print(f"\n{name}\n\n| method | seeds | accuracy | forgetting | BWT | FWT | of joint | s a run |\n|---|---|---|---|---|---|---|---|")
        joint = {row["seed"]: float(row["accuracy"]) for row in cells[name, "joint"]}
        for method, rows in found:
            column = lambda key, sign=1: [sign * float(row[key]) for row in rows if row[key]]  # noqa: E731
            lost, ahead = column("forgetting"), column("fwt")
            shares = [float(row["accuracy"]) / joint[row["seed"]] for row in rows if row["seed"] in joint]
            print(
                f"| {method} | {len(rows)} | {interval(column('accuracy'))} | {interval(lost) if lost else ''} | "
                f"{interval(column('forgetting', -1)) if lost else ''} | {interval(ahead) if ahead else ''} | "
                f"{f'{numpy.mean(shares):.2f}' if shares else ''} | {numpy.mean(column('seconds')):.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--table", action="store_true")
    asked = parser.parse_args()
    if asked.table:
        return show(asked.out)
    wanted = [set(text.split(",")) for text in asked.only] or [set()]
    is_new = not asked.out.exists()
    done = set() if is_new else {(row["set"], row["method"], row["seed"]) for row in csv.DictReader(open(asked.out, encoding="utf-8"))}
    with open(asked.out, "a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(["set", "method", "seed", "accuracy", "forgetting", "fwt", "seconds", "table"])
        for chosen in wanted:
            pick = lambda names: [name for name in names if name in chosen] or list(names)  # noqa: E731
            for seed in pick([str(seed) for seed in range(asked.seeds)]):
                for name in pick(SETS):
                    for method in pick(METHODS):
                        if (name, method, seed) in done:
                            continue
                        started = time.monotonic()
                        table, whole, chance = cell(asked.braid, name, method, int(seed))
                        found = figures(table, whole, chance)
                        seconds = time.monotonic() - started
                        writer.writerow([name, method, seed, *(found[key] for key in ("accuracy", "forgetting", "fwt")), round(seconds, 1), json.dumps(table)])
                        file.flush()
                        done.add((name, method, seed))
                        print(f"{name} {method} {seed}: {found} {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
