"""Stages of classes, or of data, one after the other: what each method keeps of the stages before, beside training on all of them at once.

Sets (SETS): MNIST's digits in five stages of two, told apart among all that have come (split-mnist), or as even and odd (parity-mnist), on
embeddings of EfficientNet-Lite0, which has seen no digit; the stamps by category, four stages of three (split-stamps), and by kinds within
categories, three stages of the same labels (domains-stamps), on pictures and texts.

Each METHOD is a chain of `braid train --init-from`, of the keys that it names; `joint` is one training of the same keys on all stages' rows. Of the
last model: the mean accuracy over stages, forgetting, and transfer, as its run.json has them, and by how much probabilities differ from
those of the joint model on all test rows at most. A line a chain goes to OUT/results.jsonl, what lies there is taken as done; the table follows in
Markdown, each figure the mean over ORDERS of the stages.

Usage: python3 benchmarks/exact_head.py path/to/braid OUT [--sets split-mnist,…] [--methods exact ridge,…] [--orders 3] [--rows 200]
Needs: Python's standard library; ../shared/data/mnist-png.tar.gz, .build/fine-tuning/stamps and efficientnet-lite0-96 (benchmarks/fine_tuning.py).
"""

import argparse
import csv
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import tarfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
TUNING = ROOT / ".build" / "fine-tuning"
MNIST = pathlib.Path(os.environ.get("BRAID_DATA", ROOT.parent / "shared" / "data")) / "mnist-png.tar.gz"
PICTURES = TUNING / "efficientnet-lite0-96"
MINILM = ROOT / ".deps" / "weights" / "all-MiniLM-L6-v2"

# By method: keys. `trained` is the fusion that methods against forgetting are judged on.
TRAINED = {"fusion.type": "concat", "head.hidden": "[]", "training.epochs": "15"}
METHODS = {
    "exact ridge": {"fusion.type": "analytic"},
    "exact lda": {"fusion.type": "analytic", "fusion.analytic": "lda"},
    "naive": TRAINED,
}


# ---- the sets -------------------------------------------------------------------------------------------------------------------


def digits(out, count):
    """`count` pictures a digit to learn from, a fifth of that in val, as many test pictures as in val; (id, split, digit, picture)."""
    folder = out / "mnist"
    if not folder.exists():
        with tarfile.open(MNIST) as archive:
            by_digit = {}
            for name in sorted(archive.getnames()):
                if name.endswith(".png"):
                    by_digit.setdefault(tuple(pathlib.Path(name).parts[-3:-1]), []).append(name)
            wanted = []
            for (part, digit), names in by_digit.items():
                random.Random(f"{part} {digit}").shuffle(names)
                wanted += names[: 1200 if part == "train" else 300]
            wanted = set(wanted)
        folder.mkdir(parents=True)
        # One after the other: a compressed archive has no way back.
        with tarfile.open(MNIST, "r|gz") as archive:
            for member in archive:
                if member.name in wanted:
                    (folder / "-".join(pathlib.Path(member.name).parts[-3:])).write_bytes(archive.extractfile(member).read())
    rows = []
    for digit in "0123456789":
        train, test = sorted(folder.glob(f"train-{digit}-*.png")), sorted(folder.glob(f"test-{digit}-*.png"))
        some = [("train", file) for file in train[:count]] + [("val", file) for file in train[count : count + count // 5]]
        for split, file in some + [("test", file) for file in test[: max(50, count // 5)]]:
            rows.append({"id": file.stem, "split": split, "digit": int(digit), "image": os.path.relpath(file, out / "sets")})
    return rows


def split_mnist(out, count, order):
    pairs = [(first, first + 1) for first in range(0, 10, 2)]
    random.Random(order).shuffle(pairs) if order else None
    rows = digits(out, count)
    return [[row | {"label": str(row["digit"])} for row in rows if row["digit"] in pair] for pair in pairs]


def parity_mnist(out, count, order):
    return [[row | {"label": "odd" if row["digit"] % 2 else "even"} for row in stage] for stage in split_mnist(out, count, order)]


def stamps(out):
    with open(TUNING / "stamps" / "0" / "manifest.csv") as file:
        for row in csv.DictReader(file):
            media = {key: os.path.relpath(TUNING / "stamps" / "0" / row[key], out / "sets") if row[key] else "" for key in ["image"]}
            yield {"id": row["id"], "split": row["split"], "group": row["group"], "text": row["text"], "label": row["label"], **media}


def split_stamps(out, _, order):
    rows = list(stamps(out))
    labels = sorted({row["label"] for row in rows})
    random.Random(order).shuffle(labels)
    return [[row for row in rows if row["label"] in labels[first : first + 3]] for first in range(0, len(labels), 3)]


def domains_stamps(out, _, order):
    """Labels with at least three kinds of stamps, the kinds dealt to three stages by how many stamps they have."""
    kinds = {}
    for row in stamps(out):
        kinds.setdefault(row["label"], {}).setdefault(row["id"].split("/")[1], []).append(row)
    stages = [[], [], []]
    for label, by_kind in sorted(kinds.items()):
        dealt = [[], [], []]
        for _, members in sorted(by_kind.items(), key=lambda item: (-len(item[1]), item[0])):
            min(dealt, key=len).extend(members)
        if min(len({row["split"] for row in part}) for part in dealt) == 3:
            for stage, part in zip(stages, dealt, strict=True):
                stage += part
    random.Random(order).shuffle(stages) if order else None
    return stages


IMAGE = {"modalities.image.weights": PICTURES}
BOTH = IMAGE | {"modalities.text.weights": MINILM}
SETS = {
    "split-mnist": (split_mnist, IMAGE),
    "parity-mnist": (parity_mnist, IMAGE),
    "split-stamps": (split_stamps, BOTH),
    "domains-stamps": (domains_stamps, BOTH),
}


# ---- chains ---------------------------------------------------------------------------------------------------------------------


def write(file, rows):
    file.parent.mkdir(parents=True, exist_ok=True)
    columns = [name for name in rows[0] if name != "digit"]
    with open(file, "w", newline="") as out:
        writer = csv.DictWriter(out, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


class Runner:
    def __init__(self, braid, out):
        self.braid, self.out = braid, out

    def call(self, *command):
        environment = os.environ | {"BRAID_CACHE": str(self.out / "cache"), "OMP_NUM_THREADS": "1"}
        done = subprocess.run([self.braid, *map(str, command)], env=environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(map(str, command))}\n{done.stderr[-2000:]}")

    def train(self, run, manifest, keys, after=None):
        """run.json and the seconds it took; a run that lies there already is made anew."""
        shutil.rmtree(run, ignore_errors=True)
        config = self.out / "sets" / "config.yaml"
        config.write_text("# every key is given by the benchmark\n")
        given = [item for key, value in ({"manifest": manifest.name} | keys).items() for item in ("--set", f"{key}={value}")]
        started = time.perf_counter()
        self.call("train", config, "--out", run, "--quiet", *given, *(["--init-from", after] if after else []))
        return json.loads((run / "run.json").read_text()), time.perf_counter() - started

    def probabilities(self, run, manifest):
        """Of the manifest's test rows: by row and class, and whether the answer is right."""
        place = run / "all"
        self.call("evaluate", run, "--manifest", manifest, "--split", "test", "--out", place, "--quiet")
        with open(place / "predictions.csv") as file:
            rows = list(csv.DictReader(file))
        fixed = {"id", "label", "prediction", "probability"}
        found = {(row["id"], name): float(value) for row in rows for name, value in row.items() if name not in fixed}
        return found, {row["id"]: row["label"] == row["prediction"] for row in rows}


def chain(runner, name, method, order, rows):
    """A line of results."""
    make, encoders = SETS[name]
    stages = make(runner.out, rows, order)
    keys, sets = {key: str(value) for key, value in (encoders | METHODS[method]).items()}, runner.out / "sets"
    files = [sets / f"{name}-{order}-{number}.csv" for number in range(len(stages) + 1)]
    for file, part in zip(files, [[row for stage in stages for row in stage], *stages], strict=True):
        write(file, part)
    place = runner.out / "runs" / f"{name} {method} {order}".replace(" ", "-")
    _, joint_seconds = runner.train(place / "joint", files[0], keys)
    seconds, record, after = [], None, None
    for number, file in enumerate(files[1:], 1):
        run = place / f"stage-{number}"
        record, spent = runner.train(run, file, keys, after)
        seconds.append(spent)
        after = run
    (joint, right), (ours, ours_right) = (runner.probabilities(place / run, files[0]) for run in ("joint", f"stage-{len(stages)}"))
    of_stage = [[right[row["id"]] for row in stage if row["id"] in right] for stage in stages]
    return {
        "set": name, "method": method, "order": order, "rows": rows, "scenario": record["stages"]["stages"][1]["scenario"],
        "matrix": record["stages"]["matrix"], **record["stages"]["scores"],
        "joint": statistics.fmean(statistics.fmean(part) for part in of_stage), "apart": max(abs(joint[key] - ours[key]) for key in joint),
        "others": sum(right[row] != ours_right[row] for row in right), "seconds": seconds, "joint_seconds": joint_seconds,
    }


def table(lines):
    print("| set | scenario | method | orders | accuracy | joint | forgetting | backward | forward | furthest from joint | s a stage | s joint |")
    print("|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    cells = {}
    for line in lines:
        cells.setdefault((line["set"], line["scenario"], line["method"]), []).append(line)
    for (name, scenario, method), some in cells.items():
        def mean(key):
            return statistics.fmean(line[key] for line in some if line.get(key) is not None)
        figures = [f"{mean(key):.4f}" for key in ("average_accuracy", "joint", "forgetting", "backward_transfer", "forward_transfer")]
        apart, stage = max(line["apart"] for line in some), statistics.fmean(statistics.fmean(line["seconds"]) for line in some)
        print(f"| {name} | {scenario} | {method} | {len(some)} | {' | '.join(figures)} | {apart:.1e} | {stage:.1f} | {mean('joint_seconds'):.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--orders", type=int, default=3)
    parser.add_argument("--rows", type=int, default=200, help="pictures a digit to learn from")
    options = parser.parse_args()
    options.out = options.out.resolve()
    (options.out / "sets").mkdir(parents=True, exist_ok=True)
    runner, results = Runner(options.braid, options.out), options.out / "results.jsonl"
    lines = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    done = {(line["set"], line["method"], line["order"], line["rows"]) for line in lines}
    for name in options.sets.split(","):
        for method in options.methods.split(","):
            for order in range(options.orders):
                if (name, method, order, options.rows) not in done:
                    lines.append(chain(runner, name, method, order, options.rows))
                    with open(results, "a") as file:
                        print(json.dumps(lines[-1]), file=file)
    table(lines)


if __name__ == "__main__":
    main()
