"""How good frozen image encoders are: accuracy of a linear classifier on what `braid embed` makes of CIFAR-10 pictures, and its speed.

The first pictures of each class, by name: 200 of its train and 200 of its test folder. The classifier is scikit-learn's
LogisticRegression on standardised embeddings, its C chosen by 5-fold cross-validation within the train pictures. Prints Markdown.

Usage: python3 benchmarks/linear_probe.py path/to/braid path/to/cifar WEIGHTS [WEIGHTS ...]
       path/to/cifar holds train/CLASS/*.jpg and test/CLASS/*.jpg; WEIGHTS is what `weights:` of a configuration may be
Needs: numpy, safetensors, scikit-learn.
"""

import csv
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from safetensors.numpy import load_file
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

PER_CLASS = 200


def pictures(folder):
    """(path, class), the classes in turn."""
    classes = sorted(path.name for path in folder.iterdir() if path.is_dir())
    rows = [sorted((folder / name).glob("*.jpg"))[:PER_CLASS] for name in classes]
    return [(str(path), path.parent.name) for group in zip(*rows, strict=True) for path in group]


def embed(braid, work, weights, rows):
    """[N, D] in the order of `rows`, and the seconds that the command took."""
    with open(work / "manifest.csv", "w", newline="") as file:
        csv.writer(file).writerows([("image", "label"), *rows])
    (work / "config.yaml").write_text(f"manifest: manifest.csv\nmodalities: {{image: {{weights: '{weights}'}}}}\n")
    out = work / "out"
    command = [braid, "embed", work / "config.yaml", "--manifest", work / "manifest.csv", "--out", out, "--no-cache", "--quiet"]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    parts = [load_file(part)["image"] for part in sorted(out.glob("part-*.safetensors"))]
    return np.concatenate(parts).astype(np.float64), seconds


def probe(braid, weights, train, test):
    with tempfile.TemporaryDirectory() as work:
        values, seconds = embed(braid, pathlib.Path(work), weights, train + test)
    assert len(values) == len(train) + len(test), f"{len(values)} embeddings of {len(train) + len(test)} pictures"
    labels = [label for _, label in train + test]
    classifier = make_pipeline(
        StandardScaler(), LogisticRegressionCV(Cs=[1e-4, 1e-3, 1e-2, 1e-1, 1], cv=5, max_iter=2000, random_state=0))
    classifier.fit(values[: len(train)], labels[: len(train)])
    accuracy = classifier.score(values[len(train):], labels[len(train):])
    print(f"| {weights} | {values.shape[1]} | {100 * accuracy:.1f} % | {len(values) / seconds:.0f} |", flush=True)


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    braid, cifar = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    train, test = pictures(cifar / "train"), pictures(cifar / "test")
    print(f"{len(train)} train, {len(test)} test pictures of {cifar.name}\n")
    print("| weights | values | accuracy, test | pictures/s, from file |\n|---|---|---|---|")
    for weights in sys.argv[3:]:
        probe(braid, weights, train, test)


if __name__ == "__main__":
    main()
