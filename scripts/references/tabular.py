"""Writes fixtures/tabular.json: tables, and what scikit-learn and NumPy make of them when they are fitted on the first rows.

Numbers: StandardScaler behind SimpleImputer (mean, with indicators). Their bins: PiecewiseLinearEncoding of Gorishniy et al. 2022
(arXiv:2203.05556) by its formula on NumPy's quantiles, cut off at both ends; where no quantile comes twice, its mean over bins is scikit-learn's
QuantileTransformer, which is checked here. Categories: OneHotEncoder, new ones with the rare ones, or nowhere.

Command: python3 scripts/references/tabular.py (numpy, scikit-learn)
"""

import numpy
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, StandardScaler

from fixture_files import save_json

RNG = numpy.random.default_rng(17)
TRAIN, ROWS, BINS, MOST = 60, 80, 6, 4


def cells(values):
    return ["" if value is None or value != value else str(value) for value in values]


def bins(column, fitted):
    """[rows, bins] of a column without gaps."""
    edges = numpy.unique(numpy.quantile(fitted, numpy.linspace(0, 1, BINS + 1)))
    if len(edges) < 2:
        return numpy.zeros((len(column), 0))
    parts = numpy.clip((column[:, None] - edges[:-1]) / numpy.diff(edges), 0, 1)
    if len(edges) == BINS + 1:
        scaler = QuantileTransformer(n_quantiles=BINS + 1).fit(fitted[:, None])
        assert numpy.abs(parts.mean(1) - scaler.transform(column[:, None])[:, 0]).max() < 1e-9
    return parts


def encoded_numbers(columns, form):
    parts = []
    for values in columns:
        column = values[:, None]
        imputer = SimpleImputer().fit(column[:TRAIN])
        whole = imputer.transform(column)
        fitted = column[:TRAIN][~numpy.isnan(column[:TRAIN])]
        # The mean and deviation of what is there: a gap that was filled says nothing of either.
        parts.append(StandardScaler().fit(fitted[:, None]).transform(whole))
        if form == "quantile":
            parts.append(bins(whole[:, 0], fitted))
        if numpy.isnan(column[:TRAIN]).any():
            parts.append(MissingIndicator().fit(column[:TRAIN]).transform(column).astype(float))
    return numpy.concatenate(parts, 1)


def encoded_categories(columns):
    parts = []
    for values in columns:
        values = numpy.array(values, dtype=object)
        is_there = values != ""
        fitted = values[:TRAIN][is_there[:TRAIN]]
        encoder = OneHotEncoder(max_categories=MOST, handle_unknown="infrequent_if_exist", sparse_output=False)
        encoder.fit(fitted[:, None])
        block = numpy.zeros((ROWS, len(encoder.get_feature_names_out())))
        block[is_there] = encoder.transform(values[is_there][:, None])
        parts.append(block)
        if not is_there[:TRAIN].all():
            parts.append((~is_there[:, None]).astype(float))
    return numpy.concatenate(parts, 1)


def main():
    age = numpy.round(RNG.gamma(2, 20, ROWS), 3)
    fee = numpy.where(RNG.random(ROWS) < 0.6, 0.0, RNG.integers(1, 300, ROWS)).astype(float)
    length = RNG.normal(1e9, 3, ROWS)
    gap = RNG.random(ROWS) < 0.2
    age[gap] = numpy.nan
    length[TRAIN + 3] = numpy.nan  # a gap that no train row has
    constant = numpy.full(ROWS, 7.5)
    breed = list(RNG.choice(["Tabby", "Poodle", "Beagle", "Siamese", "Mixed", "Persian"], ROWS, p=[0.37, 0.27, 0.17, 0.1, 0.06, 0.03]))
    colour = list(RNG.choice(["black", "white", "grey", ""], ROWS, p=[0.4, 0.3, 0.2, 0.1]))
    breed[TRAIN + 1], colour[TRAIN + 2] = "Unheard", "violet"
    numbers = {"age": age, "fee": fee, "length": length, "constant": constant}
    categories = {"breed": breed, "colour": colour}
    table = {name: cells(values.tolist()) for name, values in numbers.items()} | categories
    blocks = encoded_categories(categories.values())
    save_json(
        "tabular.json",
        {
            "train": TRAIN,
            "bins": BINS,
            "most": MOST,
            "numbers": list(numbers),
            "categories": list(categories),
            "rows": [{name: str(column[row]) for name, column in table.items()} for row in range(ROWS)],
            "expected": {
                form: numpy.concatenate([encoded_numbers(numbers.values(), form), blocks], 1).round(9).tolist()
                for form in ("standard", "quantile")
            },
        },
    )


if __name__ == "__main__":
    main()
