"""Columns of numbers and categories alone: Braid beside scikit-learn's gradient boosting, on the same rows.

Sets: the columns of the made pets (datasets/pets/make.py), and scikit-learn's own breast_cancer, wine and digits (its 64 pixels as columns).
Each seed divides the rows anew: a quarter is held out for test, an eighth for val; pets keep their own test rows, and a seed draws from the others.
HistGradientBoosting is fitted as it comes, and with the best of 12 drawn settings by 3-fold cross-validation; logistic regression on
standardised and one-hot columns stands for a linear model, its C chosen among 5. All of them learn from train and val together, and so does
Braid, whose val split stops training and is learnt from afterwards where the fusion is fitted. Braid runs with what `braid init` writes, and as other
recipes say. Figures are accuracy on test, in %, the mean over seeds; the difference to the tuned boosting is paired by seed, with its 95 % interval by Student's t.

Usage: python3 benchmarks/tabular.py path/to/braid OUT [--seeds 5] [--sets pets,wine]
Prints Markdown; OUT gets manifests and runs. Needs numpy, scikit-learn, scipy. Beside other work set OMP_NUM_THREADS=1: OpenMP's threads wait
for each other at every split of a tree.
"""

import argparse
import csv
import json
import pathlib
import shutil
import subprocess
import sys
import time
import warnings

import numpy
from scipy.stats import loguniform, randint, t
from sklearn import datasets
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import RandomizedSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

ROOT = pathlib.Path(__file__).resolve().parents[1]
DRAWN = {
    "learning_rate": loguniform(0.02, 0.3), "max_iter": randint(50, 400), "max_leaf_nodes": randint(4, 64),
    "min_samples_leaf": randint(5, 50), "l2_regularization": loguniform(1e-3, 10),
}
RECIPES = {
    "init's own": [],
    "preset: fast": ["training.preset=fast"],
    "preset: fast, encoding: standard": ["training.preset=fast", "modalities.tabular.encoding=standard"],
    "columns-mlp": [
        "modalities.tabular.encoder=columns-mlp", "modalities.tabular.train=all", "fusion.type=concat", "training.epochs=60",
        "training.early_stopping.patience=15",
    ],
}


def pets(out):
    if not (out / "pets" / "manifest.csv").exists():
        subprocess.run([sys.executable, ROOT / "datasets" / "pets" / "make.py", out / "pets"], check=True, stdout=subprocess.DEVNULL)
    with open(out / "pets" / "manifest.csv") as file:
        rows = list(csv.DictReader(file))
    names = ["kind", "breed", "age_months", "gender", "vaccinated", "fee", "photographs", "district"]
    return names, [[row[name] for name in names] for row in rows], [row["label"] for row in rows], [row["split"] == "test" for row in rows]


def built_in(load):
    data = load()
    names = [f"c{number}" for number in range(data.data.shape[1])]
    return names, [[repr(float(value)) for value in row] for row in data.data], [f"class {label}" for label in data.target], None


SETS = {
    "pets": pets, "breast_cancer": lambda out: built_in(datasets.load_breast_cancer), "wine": lambda out: built_in(datasets.load_wine),
    "digits": lambda out: built_in(datasets.load_digits),
}


def split(labels, held, seed):
    """Numbers of the rows of train, val and test."""
    rows = numpy.arange(len(labels))
    labels = numpy.array(labels)
    if held is None:
        rest, test = train_test_split(rows, test_size=0.25, stratify=labels, random_state=seed)
    else:
        rest, test = rows[~numpy.array(held)], rows[numpy.array(held)]
    train, val = train_test_split(rest, test_size=1 / 6, stratify=labels[rest], random_state=seed)
    return train, val, test


def arrays(names, rows):
    """Numbers as floats, categories as texts, each a list of columns; a column is of numbers where all cells but empty ones are."""
    numbers, categories = [], []
    for index, _ in enumerate(names):
        cells = [row[index] for row in rows]
        try:
            numbers.append([float(cell) if cell != "" else numpy.nan for cell in cells])
        except ValueError:
            categories.append(cells)
    return numpy.array(numbers).T.reshape(len(rows), -1), numpy.array(categories, object).T.reshape(len(rows), -1)


def peers(numbers, categories, labels, learnt, test, seed):
    """Accuracy and seconds by name."""
    whole = numbers
    if categories.shape[1] > 0:
        ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=numpy.nan).fit(categories[learnt])
        whole = numpy.concatenate([numbers, ordinal.transform(categories)], 1)
    is_category = numpy.arange(whole.shape[1]) >= numbers.shape[1]
    boosting = HistGradientBoostingClassifier(categorical_features=is_category, random_state=seed)
    search = RandomizedSearchCV(boosting, DRAWN, n_iter=12, cv=3, random_state=seed)
    columns = numpy.concatenate([numbers.astype(object), categories], 1)
    split_at = numbers.shape[1]
    linear = make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), list(range(split_at))),
            (OneHotEncoder(handle_unknown="ignore"), list(range(split_at, columns.shape[1])))),
        LogisticRegressionCV(Cs=[0.01, 0.1, 1, 10, 100], cv=3, max_iter=3000, random_state=seed))
    found = {}
    for name, model, table in [
        ("boosting as it comes", boosting, whole), ("boosting, tuned", search, whole), ("logistic regression", linear, columns)
    ]:
        start = time.perf_counter()
        model.fit(table[learnt], labels[learnt])
        found[name] = (model.score(table[test], labels[test]), time.perf_counter() - start)
    return found


def write(out, names, rows, labels, parts):
    out.mkdir(parents=True, exist_ok=True)
    splits = {row: name for name, part in zip(("train", "val", "test"), parts) for row in part}
    with open(out / "manifest.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["split", *names, "label"])
        table.writerows([splits[row], *cells, labels[row]] for row, cells in enumerate(rows))


def ours(braid, out, settings, seed):
    """Accuracy and seconds of a training with `braid init`'s configuration and `settings`."""
    config, run = out / "init.yaml", out / "run"
    shutil.rmtree(run, ignore_errors=True)
    config.unlink(missing_ok=True)
    subprocess.run([braid, "init", out / "manifest.csv", "--out", config], check=True, stdout=subprocess.DEVNULL)
    overrides = [part for setting in [*settings, f"training.seed={seed}"] for part in ("--set", setting)]
    start = time.perf_counter()
    subprocess.run([braid, "train", config, "--out", run, "--quiet", *overrides], check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    record = json.loads((run / "run.json").read_text())
    return record["test"]["accuracy"], seconds, record["fusion"]


def interval(differences):
    """The mean in %, and its 95 % interval."""
    mean = 100 * numpy.mean(differences)
    if len(differences) < 2:
        return f"{mean:+.2f}"
    half = 100 * t.ppf(0.975, len(differences) - 1) * numpy.std(differences, ddof=1) / len(differences) ** 0.5
    return f"{mean:+.2f} ({mean - half:+.2f} … {mean + half:+.2f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--sets", default=",".join(SETS))
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    print("| set | rows (test) | model | accuracy | less the tuned boosting | seconds |\n|---|---|---|---|---|---|")
    for name in arguments.sets.split(","):
        arguments.out.mkdir(parents=True, exist_ok=True)
        names, rows, labels, held = SETS[name](arguments.out)
        numbers, categories = arrays(names, rows)
        scores, chosen = {}, []
        for seed in range(arguments.seeds):
            parts = split(labels, held, seed)
            found = peers(numbers, categories, numpy.array(labels), numpy.concatenate(parts[:2]), parts[2], seed)
            write(arguments.out / name / str(seed), names, rows, labels, parts)
            for recipe, settings in RECIPES.items():
                accuracy, seconds, fusion = ours(arguments.braid, arguments.out / name / str(seed), settings, seed)
                found[f"Braid, {recipe}"] = (accuracy, seconds)
                chosen += [fusion] if recipe == "init's own" else []
            for model, figures in found.items():
                scores.setdefault(model, []).append(figures)
        best = numpy.array([score for score, _ in scores["boosting, tuned"]])
        for model, figures in scores.items():
            values = numpy.array([score for score, _ in figures])
            note = f" ({', '.join(sorted(set(chosen)))})" if model == "Braid, init's own" else ""
            print(
                f"| {name} | {len(rows)} ({len(parts[2])}) | {model}{note} | {100 * values.mean():.2f} | "
                f"{'' if model == 'boosting, tuned' else interval(values - best)} | {numpy.mean([seconds for _, seconds in figures]):.1f} |", flush=True)


if __name__ == "__main__":
    main()
