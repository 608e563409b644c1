"""Writes fixtures/drift.json: what Sources/Braid/Drift and two tests of Sources/Braid/Score must give, from NumPy, SciPy and scikit-learn.

MMD (Gretton et al. 2012) as torchdrift has it, by pairs: the unbiased estimate with a Gaussian kernel as wide as the median distance; the same
for sides that are dealt out otherwise. The classifier (Lopez-Paz and Oquab 2017) is a linear discriminant by its textbook formula with
scikit-learn's Ledoit-Wolf covariance, fitted fold by fold. Fisher's exact test and the chi-squared statistic are SciPy's, Holm's correction goes step by
step, and BBSE (Lipton et al. 2018) solves its equations.

Command: python3 scripts/references/drift.py (numpy, scipy, scikit-learn)
"""

import numpy
from scipy import stats
from scipy.spatial.distance import pdist, squareform
from sklearn.covariance import ledoit_wolf_shrinkage

from fixture_files import save_json

RNG = numpy.random.default_rng(15)


def gaussian(x):
    distances = numpy.sort(pdist(x))
    width = distances[(len(distances) - 1) // 2]
    return numpy.exp(-squareform(pdist(x)) ** 2 / (2 * width**2))


def mmd(kernel, side):
    old, new = numpy.flatnonzero(side == 0), numpy.flatnonzero(side == 1)

    def within(rows):
        return sum(kernel[i, j] for i in rows for j in rows if i != j) / (len(rows) * (len(rows) - 1))

    return within(old) + within(new) - 2 * numpy.mean([kernel[i, j] for i in old for j in new])


def nearest_mean(kernel, side, folds):
    """How often the nearer mean in the kernel's space is a row's own, the mean of both sides."""
    right = {0: [], 1: []}
    for row in range(len(side)):
        seen = {s: [j for j in range(len(side)) if folds[j] != folds[row] and side[j] == s] for s in (0, 1)}
        score = {}
        for s, rows in seen.items():
            square = numpy.mean([kernel[i, j] for i in rows for j in rows if i != j])
            score[s] = numpy.mean(kernel[row, rows]) - square / 2
        right[side[row]].append((score[1] > score[0]) == (side[row] == 1))
    return float(numpy.mean([numpy.mean(right[0]), numpy.mean(right[1])]))


def margins(x, side, folds):
    x = (x - x.mean(0)) / x.std(0)
    delta = ledoit_wolf_shrinkage(x, assume_centered=True)
    covariance = (1 - delta) * x.T @ x / len(x) + delta * numpy.trace(x.T @ x / len(x)) / x.shape[1] * numpy.eye(x.shape[1])
    found = numpy.zeros(len(x))
    for fold in set(folds):
        train = folds != fold
        means = [x[train & (side == s)].mean(0) for s in (0, 1)]
        weights = numpy.linalg.solve(covariance, means[1] - means[0])
        held = folds == fold
        found[held] = x[held] @ weights - weights @ (means[0] + means[1]) / 2
    return found


def two_samples():
    for old, new, size, shift in ((20, 15, 3, 0.8), (18, 12, 40, 0.0), (30, 30, 6, 0.3)):
        x = RNG.normal(size=(old + new, size)) @ RNG.normal(size=(size, size)) / size**0.5 + 2
        x[old:] += shift
        folds = RNG.permutation(numpy.arange(old + new) % 5)
        first = numpy.repeat([0, 1], [old, new])
        sides = [first] + [RNG.permutation(first) for _ in range(4)]
        kernel = gaussian(x)
        yield {
            "x": x.tolist(), "folds": folds.tolist(), "sides": [side.tolist() for side in sides],
            "mmd": [float(mmd(kernel, side)) for side in sides], "kernelAccuracy": nearest_mean(kernel, first, folds),
            "margins": [margins(x, side, folds).tolist() for side in sides],
        }  # fmt: skip


def fisher():
    for first, of_first, second, of_second in ((0, 10, 0, 20), (3, 10, 9, 12), (500, 1000, 40, 60), (5, 5, 0, 7), (120, 3000, 90, 1000)):
        table = [[first, of_first - first], [second, of_second - second]]
        yield {"counts": [first, of_first, second, of_second], "p": float(stats.fisher_exact(table).pvalue)}


def holm(p):
    """Step by step: the level at which each is rejected."""
    order, adjusted, largest = numpy.argsort(p), numpy.empty(len(p)), 0
    for rank, place in enumerate(order):
        largest = max(largest, min(1, (len(p) - rank) * p[place]))
        adjusted[place] = largest
    return adjusted.tolist()


def predicted_classes():
    for old, new, classes in ((40, 25, 3), (60, 60, 5)):
        predicted = RNG.integers(0, classes, old + new)
        side = numpy.repeat([0, 1], [old, new])
        table = [[int(((predicted == c) & (side == s)).sum()) for c in range(classes)] for s in (0, 1)]
        statistic = stats.chi2_contingency(table, correction=False).statistic
        yield {"predicted": predicted.tolist(), "old": old, "new": new, "classes": classes, "statistic": float(statistic)}


def label_shift():
    confusion = numpy.array([[50, 5, 3], [4, 30, 6], [2, 3, 40]])
    joint, before = confusion.T / confusion.sum(), confusion.sum(1) / confusion.sum()
    truth = numpy.array([0.2, 0.7, 0.1])
    predicted = numpy.round(1000 * (confusion / confusion.sum(1, keepdims=True)).T @ truth).astype(int)
    shares = numpy.maximum(0, numpy.linalg.solve(joint, predicted / predicted.sum())) * before
    return {"confusion": confusion.tolist(), "predicted": predicted.tolist(), "before": before.tolist(), "after": (shares / shares.sum()).tolist()}


if __name__ == "__main__":
    p = [0.01, 0.04, 0.03, 0.005, 0.9, 0.04]
    save_json(
        "drift.json",
        {
            "twoSamples": list(two_samples()), "fisher": list(fisher()), "holm": {"p": p, "adjusted": holm(p)},
            "predictedClasses": list(predicted_classes()), "labelShift": label_shift(),
        })  # fmt: skip
