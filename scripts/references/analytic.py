"""Generalised cross-validation of ridge regressions by their hat matrices, row by row: fixtures/analytic.json, for `GeneralizedCrossValidationTests`.

For each case rows `x` and targets `y`; at each penalty the mean over outputs of n |y - H y|² / (n - tr H)² (Golub, Heath and Wahba 1979), H of the
regression with an intercept that is not penalised; and the penalty at which that is least.

Requirements: numpy. Command: python3 scripts/references/analytic.py
"""

import json
import pathlib

import numpy as np

GRID = [10 ** (step / 4) for step in range(-24, 9)]


def score(x, y, penalty):
    rows, size = x.shape
    centred = x - x.mean(0)
    hat = np.ones((rows, rows)) / rows + centred @ np.linalg.solve(centred.T @ centred + penalty * np.eye(size), centred.T)
    return rows * np.square(y - hat @ y).sum() / (rows - np.trace(hat)) ** 2 / y.shape[1]


def main():
    random = np.random.default_rng(15)
    cases = []
    for rows, size, classes, noise in [(40, 6, 3, 1.0), (25, 12, 2, 4.0), (200, 5, 4, 0.3)]:
        labels = random.integers(0, classes, rows)
        x = random.normal(size=(classes, size))[labels] + noise * random.normal(size=(rows, size))
        y = np.eye(classes)[labels]
        scores = [score(x, y, rows * step) for step in GRID]
        best = int(np.argmin(scores))
        cases.append({"x": x.tolist(), "y": y.tolist(), "penalty": rows * GRID[best], "residual": scores[best]})
    path = pathlib.Path(__file__).resolve().parents[2] / "fixtures/analytic.json"
    path.write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
