"""Classification reports of scikit-learn, text and numbers.

Writes fixtures/classification-reports.json, a list of cases: `labels` (class names), `true` and `predicted` (indices into
them), `report` (the text, four digits, zero_division=0), `accuracy`, `macro_f1`, `weighted_f1`, and `confusion`
(rows true, columns predicted).

Requirements: scikit-learn 1.9.1, numpy 2.4.6.
Command: python scripts/references/reports.py
"""

import numpy as np
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix, f1_score

from fixture_files import save_rows

RANDOM = np.random.default_rng(9)


def guesses(count, classes, accuracy, supported=None, predictable=None):
    """True and predicted indices; the right answer is given with about that accuracy."""
    true = RANDOM.choice(supported or range(classes), count)
    wrong = RANDOM.choice(predictable or range(classes), count)
    right = (RANDOM.random(count) < accuracy) & np.isin(true, predictable or range(classes))
    return true, np.where(right, true, wrong)


def case(labels, true, predicted):
    indices = range(len(labels))
    options = {"labels": indices, "zero_division": 0}
    return {
        "labels": labels,
        "true": [int(index) for index in true],
        "predicted": [int(index) for index in predicted],
        "report": classification_report(true, predicted, target_names=labels, digits=4, **options),
        "accuracy": float(accuracy_score(true, predicted)),
        "macro_f1": float(f1_score(true, predicted, average="macro", **options)),
        "weighted_f1": float(f1_score(true, predicted, average="weighted", **options)),
        "confusion": confusion_matrix(true, predicted, labels=indices).tolist(),
    }


def cases():
    digits = [str(digit) for digit in range(10)]
    long = ["a class name that is longer than any column heading", "short", "überraschend lange Klassenbezeichnung"]
    yield case(["no", "yes"], *guesses(60, 2, 0.7))
    yield case(["anger", "joy", "sadness"], *guesses(150, 3, 0.6))
    yield case(["cat", "dog", "unicorn", "horse"], *guesses(80, 4, 0.5, supported=[0, 1, 3]))
    yield case(["rare", "common", "usual"], *guesses(90, 3, 0.6, predictable=[1, 2]))
    yield case(long, *guesses(40, 3, 0.8))
    yield case(digits, *guesses(1500, 10, 0.9))


if __name__ == "__main__":
    save_rows("classification-reports.json", cases())
