"""Compares `braid train` as it comes with what an expert writes in 40 lines of scikit-learn on the same embeddings.

The script: standardise, an L2 logistic regression a modality with C by 5-fold log loss, weights >= 0 fitted on held-out
log-probabilities. It learns from the train split; "refitted" from train and val. "single" is the best modality's logistic
regression, chosen on val. Every set has five splits or draws; a model of Braid and the script see the same rows.

Sets: digits, 420 of its training rows, those with one and with two modalities of noise, stamps, AV-MNIST with 1,000 rows, and with
--large with 55,000 (three draws). AV-MNIST has to lie in .build/avmnist already (datasets/avmnist/run.sh).

Usage: benchmarks/answers.py path/to/braid [--sets digits-420,stamps] [--large] [--set key=value]...
Needs numpy, scipy, scikit-learn, safetensors, soundfile.
"""

import argparse
import csv
import json
import pathlib
import random
import subprocess
import time

import numpy
from safetensors.numpy import load_file
from scipy.optimize import minimize
from scipy.special import log_softmax
from scipy.stats import t as student
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.preprocessing import StandardScaler

ROOT = pathlib.Path(__file__).resolve().parents[1]
WORK = ROOT / ".build" / "answers"
DRAWS = 5
SMALL = {"image": "bundled:resnet10-cifar-mnist", "text": "bundled:all-MiniLM-L6-v2", "audio": "bundled:cnn10-fsdd"}
CS = 10.0 ** numpy.arange(-4, 2.1, 0.5)


# ---- the 40-line script ---------------------------------------------------------------------------------------------------------


def regression(x, y, folds):
    """The logistic regression whose C has the least log loss in 5 folds, and its held-out log-probabilities."""
    best = None
    for c in CS:
        held = cross_val_predict(LogisticRegression(C=c, max_iter=1000, tol=1e-3), x, y, cv=folds, method="predict_proba")
        loss = log_loss(y, held, labels=numpy.unique(y))
        if best is None or loss < best[0]:
            best = (loss, c, held)
        elif loss > best[0]:
            break
    model = LogisticRegression(C=best[1], max_iter=1000, tol=1e-3).fit(x, y)
    return model, numpy.log(best[2].clip(1e-9))


def script(parts, present, y, train, test):
    """Accuracy on `test` of the stack, and of each modality alone, learnt from `train`. A row votes with what it has."""
    classes = numpy.unique(y[train])
    held, said = numpy.zeros((len(parts), len(train), len(classes))), numpy.zeros((len(parts), len(test), len(classes)))
    alone = []
    for m, x in enumerate(parts):
        has, asked = present[m][train], present[m][test]
        scale = StandardScaler().fit(x[train][has])
        fewest = numpy.unique(y[train][has], return_counts=True)[1].min()
        folds = StratifiedKFold(min(5, max(2, fewest)), shuffle=True, random_state=0)
        model, logs = regression(scale.transform(x[train][has]), y[train][has], folds)
        held[m][has] = logs
        said[m][asked] = numpy.log(model.predict_proba(scale.transform(x[test][asked])).clip(1e-9))
        alone.append((said[m].argmax(1) == numpy.searchsorted(classes, y[test])).mean())
    index = numpy.searchsorted(classes, y[train])
    loss = lambda w: -log_softmax(numpy.tensordot(w, held, 1), 1)[numpy.arange(len(train)), index].mean()  # noqa: E731
    weights = minimize(loss, numpy.ones(len(parts)), bounds=[(0, None)] * len(parts)).x
    return (numpy.tensordot(weights, said, 1).argmax(1) == numpy.searchsorted(classes, y[test])).mean(), alone


# ---- the sets -------------------------------------------------------------------------------------------------------------------


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for name in ("image", "audio"):
            if row.get(name):
                row[name] = str((path.parent / row[name]).resolve())
    return rows


def thinned(rows, count, seed):
    """With `count` of the training rows, drawn at random."""
    train = [row for row in rows if row["split"] == "train"]
    kept = {row["id"] for row in random.Random(seed).sample(train, min(count, len(train)))}
    return [row for row in rows if row["split"] != "train" or row["id"] in kept]


def noise(rows, names):
    """The rows with a modality of no meaning: white noise for recordings, random words for texts."""
    import soundfile

    source, words = numpy.random.default_rng(1), "alpha river stone seven cloud paper north table green engine".split()
    folder = WORK / "noise"
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows:
        if "audio" in names:
            row["audio"] = str(folder / f"{row['id']}.wav")
            if not pathlib.Path(row["audio"]).exists():
                soundfile.write(row["audio"], source.normal(0, 0.1, 6000), 8000)
        if "text" in names:
            row["text"] = " ".join(source.choice(words, 6))
    return rows


def grouped(rows, seed):
    """A split of a fifth each for val and test, things kept together."""
    groups = sorted({row["group"] for row in rows})
    random.Random(seed).shuffle(groups)
    place = {group: number / len(groups) for number, group in enumerate(groups)}
    return [row | {"split": "test" if place[row["group"]] < 0.2 else "val" if place[row["group"]] < 0.4 else "train"} for row in rows]


def digits():
    return read(ROOT / "datasets" / "digits" / "manifest.csv")


def avmnist(count, seed):
    return thinned(read(ROOT / ".build" / "avmnist" / "manifest.csv"), count, seed)


def stamps(seed):
    folder = ROOT / ".build" / "stamps"
    if not (folder / "manifest-fr.csv").exists():
        subprocess.run(["python3", ROOT / "datasets" / "stamps" / "make.py", folder], check=True)
    rows = [{k: v for k, v in row.items() if k != "kind"} for row in read(folder / "manifest-fr.csv")]
    return grouped(rows, seed)


TRAINED = {m: str(ROOT / ".build" / "avmnist" / f"run-{m}" / "model" / m) for m in ("image", "audio")}
SETS = {
    "digits": (SMALL, lambda seed: digits()),
    "digits-420": (SMALL, lambda seed: thinned(digits(), 420, seed)),
    "digits-420, noise in audio": (SMALL, lambda seed: noise(thinned(digits(), 420, seed), ["audio"])),
    "digits-420, noise in text and audio": (SMALL, lambda seed: noise(thinned(digits(), 420, seed), ["audio", "text"])),
    "stamps": (SMALL, stamps),
    "avmnist-1000": (TRAINED, lambda seed: avmnist(1000, seed)),
    "avmnist-55000": (TRAINED, lambda seed: avmnist(55000, seed)),
}


# ---- Braid ----------------------------------------------------------------------------------------------------------------------


def call(braid, *arguments):
    done = subprocess.run([braid, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"braid {' '.join(map(str, arguments))}\n{done.stderr[-2000:]}")
    return done.stdout


def write(rows, folder, encoders):
    folder.mkdir(parents=True, exist_ok=True)
    names = [name for name in ("id", "split", "group", "image", "text", "audio", "label") if name in rows[0] and (name not in SMALL or name in encoders)]
    with open(folder / "manifest.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    lines = [f"  {name}: {{weights: {json.dumps(weights)}}}" for name, weights in encoders.items()]
    (folder / "config.yaml").write_text("manifest: manifest.csv\nmodalities:\n" + "\n".join(lines) + "\n")


def embeddings(braid, folder, encoders, rows):
    if not (folder / "embeddings").exists():
        call(braid, "embed", folder / "config.yaml", "--manifest", folder / "manifest.csv", "--out", folder / "embeddings", "--quiet")
    parts = [load_file(file) for file in sorted((folder / "embeddings").glob("part-*.safetensors"))]
    ids = [line for file in sorted((folder / "embeddings").glob("part-*.ids.txt")) for line in file.read_text().splitlines()]
    assert ids == [row["id"] for row in rows]
    stacked = {m: numpy.concatenate([part[m] for part in parts]) for m in encoders}
    there = {m: numpy.concatenate([part[f"{m}_present"] for part in parts]).astype(bool) for m in encoders}
    return [stacked[m] for m in encoders], [there[m] for m in encoders]


def one(braid, name, seed, overrides):
    encoders, make = SETS[name]
    rows, folder = make(seed), WORK / name.replace(" ", "-").replace(",", "") / str(seed)
    write(rows, folder, encoders)
    parts, present = embeddings(braid, folder, encoders, rows)
    y = numpy.array([row["label"] for row in rows])
    place = {split: numpy.array([i for i, row in enumerate(rows) if row["split"] == split]) for split in ("train", "val", "test")}
    both = numpy.sort(numpy.concatenate([place["train"], place["val"]]))
    start = time.perf_counter()
    stack, alone = script(parts, present, y, place["train"], place["test"])
    seconds = time.perf_counter() - start
    on_val = script(parts, present, y, place["train"], place["val"])[1] if len(rows) < 20000 else alone
    refitted = script(parts, present, y, both, place["test"])[0]
    run = folder / "run"
    subprocess.run(["rm", "-rf", run], check=True)
    start = time.perf_counter()
    sets = [part for override in [f"training.seed={seed}", *overrides] for part in ("--set", override)]
    call(braid, "train", folder / "config.yaml", "--out", run, "--quiet", *sets)
    braid_seconds = time.perf_counter() - start
    record = json.loads((run / "run.json").read_text())
    single = alone[int(numpy.argmax(on_val))]
    found = {"script": stack, "refitted": refitted, "single": single, "braid": record["test"]["accuracy"], "fusion": record["fusion"], "script s": seconds, "braid s": braid_seconds}
    print(f"# {name}, draw {seed}: {found}", flush=True)
    return found


def interval(values):
    values = numpy.array(values) * 100
    if len(values) < 2:
        return f"{values.mean():+.2f}"
    half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return f"{values.mean():+.2f} ± {half:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--sets", help="names with semicolons between; default: all but avmnist-55000")
    parser.add_argument("--large", action="store_true", help="avmnist-55000 too")
    parser.add_argument("--set", action="append", default=[], dest="overrides", help="key=value of the configuration")
    given = parser.parse_args()
    names = given.sets.split(";") if given.sets else [name for name in SETS if given.large or name != "avmnist-55000"]
    lines, gains = [], []
    for name in names:
        draws = [one(given.braid, name, seed, given.overrides) for seed in range(3 if name == "avmnist-55000" else DRAWS)]
        mean = lambda key: numpy.mean([draw[key] for draw in draws])  # noqa: E731
        against = lambda key: interval([draw["braid"] - draw[key] for draw in draws])  # noqa: E731
        gains.append(mean("braid") - mean("script"))
        figures = " | ".join(f"{100 * mean(key):.2f}" for key in ("single", "script", "refitted", "braid"))
        taken = ", ".join(sorted({draw["fusion"] for draw in draws}))
        lines.append(f"| {name} | {figures} | {against('script')} | {against('refitted')} | {against('single')} | {taken} | {mean('script s'):.1f} | {mean('braid s'):.1f} |")
    print("\n| set | best single | script | script, refitted | Braid | Braid − script | − refitted | − single | taken | script, s | Braid, s |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    print("\n".join(lines))
    print(f"\nmean over the sets, Braid − script: {100 * numpy.mean(gains):+.2f} points")


if __name__ == "__main__":
    main()
