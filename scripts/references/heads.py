"""What scikit-learn and Tip-Adapter's formula make of embeddings and few labels: fixtures/heads.json.

Ridge and RidgeClassifier; LinearDiscriminantAnalysis with a given shrinkage, and with that of Ledoit and Wolf and of OAS, as scikit-learn
estimates them of rows less their class's mean; NearestCentroid; k-nearest neighbours; and Tip-Adapter (Zhang et al. 2022, arXiv:2111.03930,
equations 4 to 6), its zero-shot classifier a matrix. Deviations of few rows; LogisticRegression's C = 1 on these.

Command: python3 scripts/references/heads.py (numpy, scikit-learn)
"""

import numpy
from sklearn.covariance import ledoit_wolf, oas
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestCentroid
from sklearn.preprocessing import StandardScaler, normalize

from fixture_files import save_json

RNG = numpy.random.default_rng(11)
ROWS, QUERIES, SIZE, CLASSES = 60, 15, 7, 3
PENALTIES, ALPHA, BETA = [0.1, 10.0], 1.7, 5.5


def rounded(values):
    return numpy.asarray(values, dtype="float64").tolist()


def linear(model):
    return {"weight": rounded(numpy.atleast_2d(model.coef_)), "bias": rounded(numpy.atleast_1d(model.intercept_))}


def discriminant(x, y, shrinkage):
    """With all classes' logits, as scikit-learn has them from three classes up."""
    return {"shrinkage": float(shrinkage), **linear(LinearDiscriminantAnalysis(solver="lsqr", shrinkage=float(shrinkage)).fit(x, y))}


def tip_adapter(keys, labels, queries, classifier, alpha, beta):
    """`classifier`, [D, C], gives the zero-shot logits."""
    f, cache = normalize(queries), normalize(keys)
    affinity = f @ cache.T
    return f @ classifier + alpha * (numpy.exp(-beta * (1 - affinity)) @ numpy.eye(CLASSES)[labels])


def neighbours(x, y, numbers, queries):
    for metric in ("euclidean", "cosine"):
        for weights in ("uniform", "distance"):
            for k in (1, 4):
                settings = {"n_neighbors": k, "weights": weights, "metric": metric, "algorithm": "brute"}
                yield {
                    "metric": metric, "weights": weights, "k": k,
                    "probabilities": rounded(KNeighborsClassifier(**settings).fit(x, y).predict_proba(queries)),
                    "numbers": rounded(KNeighborsRegressor(**settings).fit(x, numbers).predict(queries)),
                }  # fmt: skip


def shrunk(rows):
    """Deviations whose squares are drawn towards their mean, as far as normal rows in such a number differ by chance."""
    variance, chance = rows.var(0), 2 / (len(rows) - 1)
    relative = variance / variance.mean()
    spread = ((relative - 1) ** 2).mean()
    own = max(0, (spread - chance) / (spread * (1 + chance)))
    return numpy.sqrt((own * relative + 1 - own) * variance.mean())


def few(rows, labels):
    """LogisticRegression's default, C = 1, on rows standardised so and brought to a mean square of 1, its weights those of the standardised rows."""
    z = (rows - rows.mean(0)) / shrunk(rows)
    scale = numpy.sqrt((z**2).sum(1).mean())
    model = LogisticRegression(tol=1e-12, max_iter=10_000).fit(z / scale, labels)
    return {"rows": len(rows), "weight": rounded(model.coef_ / scale), "bias": rounded(model.intercept_)}


means = RNG.normal(0, 1.2, (CLASSES, SIZE))
labels = numpy.r_[numpy.arange(CLASSES), RNG.choice(CLASSES, ROWS - CLASSES, p=[0.5, 0.3, 0.2])]
mixing = RNG.normal(0, 0.6, (SIZE, SIZE)) + numpy.eye(SIZE)
raw = (means[labels] + RNG.normal(0, 1, (ROWS, SIZE)) @ mixing) * RNG.uniform(0.1, 20, SIZE) + RNG.normal(0, 4, SIZE)
numbers = raw[:, 0] / 3 - raw[:, 1] + RNG.normal(0, 1, ROWS)
scaler = StandardScaler().fit(raw)
x = scaler.transform(raw)
queries = RNG.normal(0, 1, (QUERIES, SIZE))
centred = x - numpy.stack([x[labels == c].mean(0) for c in range(CLASSES)])[labels]
prototypes = numpy.stack([x[labels == c].mean(0) for c in range(CLASSES)])
classifier = normalize(prototypes).T * 10
save_json(
    "heads.json",
    {
        "raw": rounded(raw), "rows": rounded(x), "labels": labels.tolist(), "numbers": rounded(numbers), "queries": rounded(queries),
        "shrunk": [{"rows": n, "deviations": rounded(shrunk(raw[:n]))} for n in (2, 12, ROWS)], "few": few(raw[:9], labels[:9]),
        "ridge": [{"penalty": p, **linear(Ridge(alpha=p).fit(x, numbers))} for p in PENALTIES],
        "ridgeOfClasses": [{"penalty": p, **linear(RidgeClassifier(alpha=p).fit(x, labels))} for p in PENALTIES],
        "discriminants": [discriminant(x, labels, s) for s in (0.0, 0.35)],
        "ledoitWolf": discriminant(x, labels, ledoit_wolf(centred, assume_centered=True)[1]),
        "oas": discriminant(x, labels, oas(centred, assume_centered=True)[1]),
        "centroids": NearestCentroid().fit(x, labels).predict(queries).tolist(),
        "distances": rounded(((queries[:, None] - NearestCentroid().fit(x, labels).centroids_[None]) ** 2).sum(2)),
        "neighbours": list(neighbours(x, labels, numbers, queries)),
        "tipAdapter": {"alpha": ALPHA, "beta": BETA, "classifier": rounded(classifier), "logits": rounded(tip_adapter(x, labels, queries, classifier, ALPHA, BETA))},
    },
)  # fmt: skip
