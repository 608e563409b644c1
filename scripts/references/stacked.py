"""What scikit-learn and SciPy make of stacked fusion: fixtures/stacked.json.

For each task: coefficients of LogisticRegression or Ridge on standardised embeddings at a few penalties, held-out answers fold by fold,
and the weights >= 0 that make the loss of held-out answers small.

Command: python scripts/references/stacked.py   (needs scikit-learn and scipy)
"""

import warnings

import numpy
from scipy.optimize import minimize
from scipy.special import expit, log_softmax
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from fixture_files import save_json

RNG = numpy.random.default_rng(7)
ROWS, SIZES, FOLDS, PENALTIES = 90, {"image": 6, "text": 4}, 5, [30.0, 1.0, 0.1]
# No solver of scikit-learn stops earlier than asked for.
EXACT = {"tol": 1e-12, "max_iter": 20000}


def embeddings(signal):
    """Of each modality: some of the signal [N, K], in noise, on scales of their own; float32, as encoders give them."""
    for name, size in SIZES.items():
        mixed = signal @ RNG.normal(0, 1, (signal.shape[1], size)) + RNG.normal(0, 2, (ROWS, size))
        yield name, (mixed * RNG.uniform(0.1, 30, size) + RNG.normal(0, 5, size)).astype("float32")


class Task:
    """`fit(x, y, penalty)` gives weights [C, D] and biases [C]; `loss(logits, y)` the loss of each row, as Braid's heads have it."""

    def __init__(self, name):
        self.name = name

    def truth(self, signal):
        if self.name == "multiclass":
            return signal.argmax(1)
        if self.name == "binary":
            return (signal[:, 0] > 0.3).astype(int)
        if self.name == "multilabel":
            return (signal > 0.4).astype(int)
        values = (signal[:, 0] + 0.3 * signal[:, 1]).astype("float32").astype("float64")
        return values

    def fit(self, x, y, penalty):
        if self.name == "regression":
            # (y - f)² + penalty / 2 |w|² is Ridge's objective with half of the penalty.
            model = Ridge(alpha=penalty / 2, solver="cholesky").fit(x, y)
            return model.coef_[None], numpy.atleast_1d(model.intercept_)
        if self.name == "multilabel":
            # The loss is the mean over outputs.
            models = [LogisticRegression(C=1 / (penalty * y.shape[1]), **EXACT).fit(x, column) for column in y.T]
            return numpy.concatenate([model.coef_ for model in models]), numpy.concatenate([model.intercept_ for model in models])
        model = LogisticRegression(C=1 / penalty, **EXACT).fit(x, y)
        return model.coef_, model.intercept_

    def loss(self, logits, y):
        if self.name == "multiclass":
            return -log_softmax(logits, axis=1)[numpy.arange(len(y)), y]
        if self.name == "regression":
            return (logits[:, 0] - y) ** 2
        y = y.reshape(len(y), -1)
        return (numpy.logaddexp(0, logits) - y * logits).mean(1)


def votes(task, experts, y):
    """Weights >= 0 of experts' logits, with half of their squares as penalty."""
    def objective(weights):
        return task.loss(sum(w * e for w, e in zip(weights, experts)), y).sum() + (weights**2).sum() / 2

    start = numpy.full(len(experts), 1 / len(experts))
    found = minimize(objective, start, bounds=[(0, None)] * len(experts), method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-10})
    return found.x.tolist()


def case(name):
    task, signal = Task(name), RNG.normal(0, 1, (ROWS, 4))
    y = task.truth(signal)
    if name == "regression":  # heads learn standardised numbers
        learnt = (y - y.mean()) / y.std()
    else:
        learnt = y
    folds = numpy.arange(ROWS) % FOLDS
    parts, views = {}, {}
    for modality, x in embeddings(signal):
        parts[modality] = StandardScaler().fit_transform(x.astype("float64"))
        views[modality] = {"embeddings": [[float(v) for v in row] for row in x], "fits": []}
        for penalty in PENALTIES:
            weight, bias = task.fit(parts[modality], learnt, penalty)
            held = numpy.zeros((ROWS, len(weight)))
            for fold in range(FOLDS):
                w, b = task.fit(parts[modality][folds != fold], learnt[folds != fold], penalty)
                held[folds == fold] = parts[modality][folds == fold] @ w.T + b
            views[modality]["fits"].append({
                "penalty": penalty, "weight": weight.tolist(), "bias": bias.tolist(), "heldOut": held.tolist(),
                "loss": float(task.loss(held, learnt).mean()),
            })  # fmt: skip
    # The kernel of the first modality: every row a landmark, and half of them.
    kernels = []
    for count in (ROWS, ROWS // 2):
        gamma = 0.5 / (2 * SIZES["image"])
        landmarks = parts["image"][[index * ROWS // count for index in range(count)]]
        seen = Nystroem(kernel="rbf", gamma=gamma, n_components=count).fit(landmarks).transform(parts["image"])
        weight, bias = task.fit(seen, learnt, PENALTIES[1])
        kernels.append({"landmarks": count, "gamma": gamma, "logits": (seen @ weight.T + bias).tolist()})
    experts = [numpy.array(view["fits"][0]["heldOut"]) for view in views.values()]
    return {"task": name, "labels": y.tolist(), "folds": folds.tolist(), "modalities": views, "kernels": kernels, "votes": votes(task, experts, learnt)}


warnings.simplefilter("error")
save_json("stacked.json", [case(name) for name in ("multiclass", "binary", "multilabel", "regression")])
