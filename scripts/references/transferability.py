"""Writes fixtures/transferability.json: LogME and the H-score of random embeddings, from dense formulas and scikit-learn.

LogME (You et al. 2021, arXiv:2102.11005, equation 2): of each column y the evidence of y = F w + noise, w ~ N(0, I / alpha), noise ~
N(0, I / beta), at the alpha and beta that make it greatest; here as the density of y under N(0, I / beta + F F' / alpha), found by a search
over both, which shares nothing with the fixed point of the paper. H-score: trace of the inverse covariance, shrunk as scikit-learn's
Ledoit-Wolf estimate is, times the likewise shrunk covariance of the classes' means (Ibrahim et al. 2021, arXiv:2110.06893).

Command: python3 scripts/references/transferability.py (numpy, scipy, scikit-learn)
"""

import json
import pathlib

import numpy
from scipy.optimize import minimize
from scipy.stats import multivariate_normal
from sklearn.covariance import ledoit_wolf_shrinkage

OUT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "transferability.json"


def evidence(features, y):
    def negative(logs):
        alpha, beta = numpy.exp(logs)
        covariance = numpy.eye(len(y)) / beta + features @ features.T / alpha
        return -multivariate_normal(numpy.zeros(len(y)), covariance).logpdf(y) / len(y)

    found = min((minimize(negative, start, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-13, "maxiter": 5000}) for start in ([0, 0], [3, 1])), key=lambda f: f.fun)
    return -found.fun


def h_score(features, classes):
    centred = features - features.mean(0)
    means = numpy.stack([centred[classes == c].mean(0) for c in classes])
    shrinkage = ledoit_wolf_shrinkage(features)
    covariance, between = centred.T @ centred / len(features), means.T @ means / len(features)
    spread = (1 - shrinkage) * covariance + shrinkage * numpy.trace(covariance) / features.shape[1] * numpy.eye(features.shape[1])
    return numpy.trace(numpy.linalg.solve(spread, (1 - shrinkage) * between))


def case(name, rows, size, count, seed):
    random = numpy.random.default_rng(seed)
    classes = random.integers(0, count, rows)
    features = random.normal(size=(rows, size)) @ random.normal(size=(size, size)) / size**0.5 + random.normal(size=(count, size))[classes] + 0.3
    features = features.astype(numpy.float32).astype(float)
    numbers = features @ random.normal(size=size) / size + random.normal(size=rows)
    return {
        "name": name, "rows": rows, "size": size, "classes": count, "features": features.ravel().tolist(), "labels": classes.tolist(),
        "numbers": numbers.tolist(), "log_me": float(numpy.mean([evidence(features, (classes == c).astype(float)) for c in range(count)])),
        "log_me_of_numbers": evidence(features, numbers), "h_score": float(h_score(features, classes)),
    }


if __name__ == "__main__":
    cases = [case("more rows than values", 60, 8, 3, 0), case("fewer rows than values", 20, 30, 2, 1)]
    OUT.write_text(json.dumps(cases) + "\n")
