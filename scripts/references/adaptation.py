"""What methods of adaptation and scorers make of small batches: fixtures/adaptation.json.

Losses and their gradients in PyTorch, by the formulas of the papers and of tllib and pytorch-adapt: Deep CORAL (Sun and Saenko 2016), multi-kernel MMD
(DAN, Long et al. 2015: kernels at 2^-3 to 2^1 times the mean squared distance, unbiased), DANN's gradient reversal as an autograd function (Ganin et al.
2016), CDAN and CDAN+E (Long et al. 2018), MCC at temperature 2.5 (Jin et al. 2020), local MMD (DSAN, Zhu et al. 2020, with MMD's kernels). Standardising and
CORAL's recolouring (Sun, Feng and Saenko 2016) with scikit-learn and SciPy. Scorers with NumPy: entropy, information, SND (Saito et al. 2021), balance, IWV
(Sugiyama et al. 2007), DEV (You et al. 2019); structure, and groupings of other sizes, with scikit-learn's adjusted_mutual_info_score; k-means with its KMeans.

Command: python scripts/references/adaptation.py   (needs torch, numpy, scipy, scikit-learn)
"""

import numpy as np
import torch
import torch.nn.functional as F
from scipy.linalg import fractional_matrix_power
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.preprocessing import StandardScaler

from fixture_files import save_json

N, M, D, K, HIDDEN = 9, 7, 6, 3, 5
STRENGTH = 0.4


class Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx, value, strength):
        ctx.strength = strength
        return value.view_as(value)

    @staticmethod
    def backward(ctx, gradient):
        return -ctx.strength * gradient, None


def coral(s, t):
    return ((torch.cov(s.T) - torch.cov(t.T)) ** 2).sum() / (4 * s.shape[1] ** 2)


def mmd(s, t):
    rows = torch.cat([s, t])
    distances = ((rows.unsqueeze(0) - rows.unsqueeze(1)) ** 2).sum(2)
    kernel = sum(torch.exp(-distances / (2 * 2.0**k * distances.mean().detach())) for k in range(-3, 2))
    n, m = len(s), len(t)
    own, others = kernel[:n, :n], kernel[n:, n:]
    within = (own.sum() - own.trace()) / (n * (n - 1)) + (others.sum() - others.trace()) / (m * (m - 1))
    return within - 2 * kernel[:n, n:].mean()


def lmmd(s, t, labels, lt):
    """DSAN's: the mean over the classes of a batch of the source, each row counting as far as it belongs to the class."""
    given, guessed = F.one_hot(labels, K).float(), F.softmax(lt, 1).detach()
    rows = torch.cat([s, t])
    distances = ((rows.unsqueeze(0) - rows.unsqueeze(1)) ** 2).sum(2)
    kernel = sum(torch.exp(-distances / (2 * 2.0**k * distances.mean().detach())) for k in range(-3, 2))
    loss, classes = 0, labels.unique().tolist()
    for c in classes:
        a, b = given[:, c] / given[:, c].sum(), guessed[:, c] / guessed[:, c].sum()
        loss = loss + a @ kernel[: len(s), : len(s)] @ a + b @ kernel[len(s) :, len(s) :] @ b - 2 * a @ kernel[: len(s), len(s) :] @ b
    return loss / len(classes)


def discriminator(seed, inputs):
    draw = torch.Generator().manual_seed(seed)
    make = lambda *shape: (torch.randn(*shape, generator=draw) * 0.2).requires_grad_()  # noqa: E731
    return [make(HIDDEN, inputs), make(HIDDEN), make(1, HIDDEN), make(1)]


def adversary(rows, weights):
    hidden = F.relu(F.linear(rows, weights[0], weights[1]))
    logits = F.linear(hidden, weights[2], weights[3]).squeeze(1)
    truth = torch.cat([torch.ones(N), torch.zeros(M)])
    return F.binary_cross_entropy_with_logits(logits, truth, reduction="none")


def dann(s, t, weights):
    return adversary(Reversal.apply(torch.cat([s, t]), STRENGTH), weights).mean()


def cdan(s, t, ls, lt, weights, entropy):
    p = F.softmax(torch.cat([ls, lt]), 1).detach()
    mapped = torch.bmm(p.unsqueeze(2), torch.cat([s, t]).unsqueeze(1)).flatten(1)
    losses = adversary(Reversal.apply(mapped, STRENGTH), weights)
    if not entropy:
        return losses.mean()
    w = 1 + torch.exp((p * torch.log(p + 1e-5)).sum(1))
    return (losses * w / w.sum() * len(w)).mean()


def mcc(logits, temperature=2.5):
    p = F.softmax(logits / temperature, 1)
    entropy = -(p * torch.log(p + 1e-5)).sum(1)
    w = (1 + torch.exp(-entropy)).detach()
    w = len(w) * w / w.sum()
    confusion = (p * w.unsqueeze(1)).T @ p
    confusion = confusion / confusion.sum(1)
    return (confusion.sum() - confusion.trace()) / p.shape[1]


def numbers(tensor):
    return {"shape": list(tensor.shape), "values": tensor.detach().double().flatten().tolist()}


def case(loss, inputs, weights=()):
    """The value, and the gradients of features (source, target), logits (target) and weights that it has."""
    for tensor in [*inputs, *weights]:
        tensor.grad = None
    value = loss()
    value.backward()
    given = [numbers(t.grad if t.grad is not None else torch.zeros_like(t)) for t in [*inputs, *weights]]
    return {"value": value.item(), "gradients": given, "weights": [numbers(w) for w in weights]}


def scores(seed):
    draw = np.random.default_rng(seed)
    logits = 2 * draw.normal(size=(M, K))
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    prior = np.array([0.5, 0.3, 0.2])
    wrong, weights = draw.integers(0, 2, N).astype(float), draw.gamma(1.0, size=N)
    consensus, groups = draw.integers(0, K, M), draw.integers(0, 3, M)
    entropy = -(p * np.log(p)).sum(1).mean()
    shares = p.mean(0)
    unit = p / np.linalg.norm(p, axis=1, keepdims=True)
    similar = unit @ unit.T / 0.05
    near = similar[~np.eye(M, dtype=bool)].reshape(M, M - 1)
    near = np.exp(near - near.max(1, keepdims=True))
    near /= near.sum(1, keepdims=True)
    loss = wrong * weights
    eta = -np.cov(loss, weights, ddof=0)[0, 1] / np.var(weights)
    return {
        "probabilities": p.tolist(), "wrong": wrong.tolist(), "weights": weights.tolist(), "prior": prior.tolist(),
        "consensus": consensus.tolist(), "groups": groups.tolist(),
        "scores": {
            "entropy": -entropy, "information": -(shares * np.log(shares)).sum() - entropy,
            "mcc": -mcc(torch.tensor(np.log(p))).item(), "snd": -(near * np.log(near)).sum(1).mean(),
            "balance": -(shares * np.log(shares / prior)).sum(), "agreement": (p.argmax(1) == consensus).mean(),
            "structure": adjusted_mutual_info_score(groups, p.argmax(1)),
            "iwv": -loss.sum() / weights.sum(), "dev": -(loss.mean() + eta * weights.mean() - eta),
        },
    }  # fmt: skip


draw = torch.Generator().manual_seed(15)
s = torch.randn(N, D, generator=draw).requires_grad_()
t = (torch.randn(M, D, generator=draw) * 1.5 + 0.5).requires_grad_()
ls = torch.randn(N, K, generator=draw)
lt = (2 * torch.randn(M, K, generator=draw)).requires_grad_()
features, all_inputs = [s, t], [s, t, lt]
small, large = discriminator(1, D), discriminator(2, D * K)
labels = torch.tensor([0, 2, 2, 0, 0, 2, 0, 2, 2])  # No row of class 1.
rows = np.random.default_rng(4)
x, y = rows.normal(size=(40, 5)) @ rows.normal(size=(5, 5)), rows.normal(size=(50, 5)) @ rows.normal(size=(5, 5)) + 2
cs, ct = np.cov(x.T), np.cov(y.T)
cs, ct = (c + 0.1 * np.trace(c) / 5 * np.eye(5) for c in (cs, ct))
scaler, other = StandardScaler().fit(x), StandardScaler().fit(y)
groupings = []
for sizes in [(2, 2), (3, 5), (1, 4), (8, 8), (1, 1)]:
    first, second = (rows.integers(0, size, 40) for size in sizes)
    second = np.where(rows.random(40) < 0.5, first % max(sizes[1], 1), second)
    groupings.append({"first": first.tolist(), "second": second.tolist(), "value": adjusted_mutual_info_score(first, second)})
blobs = np.concatenate([rows.normal(size=(12, 4)) + 3 * rows.normal(size=4) for _ in range(4)])
kmeans = KMeans(4, n_init=20, random_state=0).fit(blobs)
table = lambda a: {"shape": list(a.shape), "values": a.flatten().tolist()}  # noqa: E731

save_json("adaptation.json", {
    "strength": STRENGTH, "source": numbers(s), "target": numbers(t), "sourceLogits": numbers(ls), "targetLogits": numbers(lt),
    "coral": case(lambda: coral(s, t), all_inputs),
    "mmd": case(lambda: mmd(s, t), all_inputs),
    "lmmd": case(lambda: lmmd(s, t, labels, lt), all_inputs), "labels": labels.tolist(),
    "dann": case(lambda: dann(s, t, small), all_inputs, small),
    "cdan": case(lambda: cdan(s, t, ls, lt, large, False), all_inputs, large),
    "cdanE": case(lambda: cdan(s, t, ls, lt, large, True), all_inputs, large),
    "mcc": case(lambda: mcc(lt), all_inputs),
    "aligned": {
        "source": table(x), "target": table(y), "standardise": table(other.inverse_transform(scaler.transform(x))),
        "recolour": table((x - x.mean(0)) @ fractional_matrix_power(cs, -0.5) @ fractional_matrix_power(ct, 0.5) + y.mean(0)),
    },
    "scores": [scores(0), scores(1)], "groupings": groupings,
    "clusters": {"rows": table(blobs), "groups": kmeans.labels_.tolist(), "spread": kmeans.inertia_ / len(blobs)},
})  # fmt: skip
