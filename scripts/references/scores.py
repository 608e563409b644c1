"""Figures of scikit-learn and SciPy that Sources/Braid/Score must give: fixtures/scores.json.

Command: python scripts/references/scores.py   (needs scikit-learn and scipy)
"""

import numpy
from scipy import stats
from sklearn import metrics

from fixture_files import save_json

RNG = numpy.random.default_rng(0)


def ranking():
    cases = [([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), ([0.5, 0.5, 0.5, 0.5], [1, 0, 1, 0]), ([0.2, 0.2, 0.9], [1, 1, 1]), ([0.3, 0.7], [0, 0])]
    for size, digits, share in ((300, 1, 0.5), (300, 8, 0.05), (57, 2, 0.8)):
        truth = RNG.random(size) < share
        cases.append(((RNG.normal(truth * 0.8, 1)).round(digits).tolist(), truth.astype(int).tolist()))
    for scores, truth in cases:
        both = len(set(truth)) == 2
        yield {
            "scores": scores, "truth": [bool(t) for t in truth],
            "auroc": metrics.roc_auc_score(truth, scores) if both else None,
            "averagePrecision": metrics.average_precision_score(truth, scores) if any(truth) else None,
        }  # fmt: skip


def multiclass():
    for size, classes, sharpness in ((200, 4, 2), (300, 2, 1), (60, 10, 3)):
        logits = RNG.normal(0, 1, (size, classes))
        truth = RNG.integers(0, classes, size)
        logits[numpy.arange(size), truth] += 1
        probabilities = numpy.exp(sharpness * logits)
        probabilities /= probabilities.sum(1, keepdims=True)
        given = probabilities[:, 1] if classes == 2 else probabilities
        predicted = probabilities.argmax(1)
        hot = numpy.eye(classes)[truth]
        yield {
            "probabilities": probabilities.tolist(), "truth": truth.tolist(),
            "auroc": metrics.roc_auc_score(hot, probabilities, average="macro"),
            "averagePrecision": metrics.average_precision_score(hot, probabilities, average="macro"),
            "brier": metrics.brier_score_loss(truth, given),
            "microF1": metrics.f1_score(truth, predicted, average="micro"),
            "ece": ece(probabilities.max(1), predicted == truth),
        }  # fmt: skip


def ece(confidence, right):
    """Guo et al. 2017, as netcal and torchmetrics compute it: 15 bins (lo, hi]."""
    total, edges = 0, numpy.linspace(0, 1, 16)
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


def multilabel():
    for size, classes, share in ((120, 5, 0.3), (40, 3, 0.02), (80, 6, 0.9)):
        truth = RNG.random((size, classes)) < share
        truth[:, 0] = False
        probabilities = 1 / (1 + numpy.exp(-RNG.normal(truth * 1.5 - 0.7, 1)))
        predicted = probabilities > 0.5
        labels = [f"class {index}" for index in range(classes)]
        report = metrics.classification_report(truth, predicted, target_names=labels, digits=4, zero_division=0)
        averages = {a: metrics.f1_score(truth, predicted, average=a, zero_division=0) for a in ("micro", "macro", "weighted", "samples")}
        yield {
            "labels": labels, "truth": truth.tolist(), "probabilities": probabilities.tolist(), "report": report, "f1": averages,
            "accuracy": metrics.accuracy_score(truth, predicted), "hamming": metrics.hamming_loss(truth, predicted),
            "brier": float(((probabilities - truth) ** 2).mean()),
            "ece": ece(numpy.maximum(probabilities, 1 - probabilities).ravel(), (predicted == truth).ravel()),
        }  # fmt: skip


def regression():
    cases = [([1, 2, 3, 4], [1.5, 2, 2.5, 5]), ([2, 2, 2], [2, 2, 2]), ([2, 2, 2], [1, 2, 3]), ([1, 2, 3], [4, 4, 4])]
    truth = RNG.normal(0, 3, 200).round(1)
    cases.append((truth.tolist(), (truth + RNG.normal(0, 2, 200)).round(1).tolist()))
    for truth, predicted in cases:
        varies = len(set(truth)) > 1 and len(set(predicted)) > 1
        yield {
            "truth": [float(t) for t in truth], "predicted": [float(p) for p in predicted],
            "mae": metrics.mean_absolute_error(truth, predicted), "rmse": metrics.root_mean_squared_error(truth, predicted),
            "r2": metrics.r2_score(truth, predicted),
            "spearman": float(stats.spearmanr(truth, predicted).statistic) if varies else None,
        }  # fmt: skip


def students():
    for n in (1, 2, 4, 9.5, 30, 1000):
        for t in (-40, -3, -0.5, 0, 0.1, 2.2, 12):
            yield {"n": n, "t": t, "cumulative": float(stats.t.cdf(t, n))}


def quantiles():
    return [{"n": n, "p": p, "t": float(stats.t.ppf(p, n))} for n in (1, 4, 29) for p in (0.005, 0.3, 0.5, 0.975)]


def paired():
    for size, shift in ((5, 0.3), (5, 0), (20, 1), (2, 0.5)):
        first = RNG.normal(0, 1, size)
        second = first - shift + RNG.normal(0, 0.3, size)
        result = stats.ttest_rel(first, second)
        interval = result.confidence_interval(0.95)
        yield {"first": first.tolist(), "second": second.tolist(), "p": float(result.pvalue), "low": float(interval.low), "high": float(interval.high)}


def mcnemar():
    for first, second in ((0, 0), (5, 1), (10, 10), (130, 90), (3000, 2800)):
        p = stats.binomtest(first, first + second).pvalue if first + second else 1.0
        yield {"first": first, "second": second, "p": float(p)}


def main():
    parts = (ranking, multiclass, multilabel, regression, students, quantiles, paired, mcnemar)
    save_json("scores.json", {part.__name__: list(part()) for part in parts})


if __name__ == "__main__":
    main()
