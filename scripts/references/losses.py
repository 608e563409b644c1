"""Reference values and gradients of every loss: the table in docs/fusions.md, in PyTorch.

Writes fixtures/losses.json (the cases) and fixtures/losses.safetensors (logits, targets, losses, gradients). --check
verifies each against finite differences.

Command: python scripts/references/losses.py [--check]   (needs torch and safetensors)
"""

import sys

import torch
import torch.nn.functional as F

from fixture_files import save_json, save_tensors

ROWS = 9
OUTPUTS = {"multiclass": 4, "binary": 1, "multilabel": 3, "regression": 1}
TEMPERATURE = 0.1


def rows(task, loss, logits, targets, smoothing, gamma):
    """One loss a sample."""
    if task == "multiclass":
        losses = F.cross_entropy(logits, targets, label_smoothing=smoothing, reduction="none")
        if loss == "focal":
            chosen = logits.softmax(1).gather(1, targets[:, None]).squeeze(1)
            losses = (1 - chosen) ** gamma * losses
        return losses
    if task == "regression":
        function = {"mse": F.mse_loss, "mae": F.l1_loss, "huber": F.huber_loss}[loss]
        return function(logits, targets, reduction="none").squeeze(1)
    smoothed = targets * (1 - smoothing) + smoothing / 2
    terms = F.binary_cross_entropy_with_logits(logits, smoothed, reduction="none")
    if loss == "focal":
        p = torch.sigmoid(logits)
        terms = (1 - (p * targets + (1 - p) * (1 - targets))) ** gamma * terms
    return terms.mean(1)


def contrastive(left, right):
    similarity = F.normalize(left, dim=1) @ F.normalize(right, dim=1).T / TEMPERATURE
    diagonal = torch.arange(len(left))
    return (F.cross_entropy(similarity, diagonal) + F.cross_entropy(similarity.T, diagonal)) / 2


def asked():
    for task in ("multiclass", "binary", "multilabel"):
        for loss in ("cross-entropy", "focal"):
            for smoothing in (0.0, 0.1):
                yield task, loss, smoothing, 2.0
    for loss in ("mse", "mae", "huber"):
        yield "regression", loss, 0.0, 0.0


def main():
    generator = torch.Generator().manual_seed(0)
    draw = lambda *shape: torch.randn(*shape, generator=generator)  # noqa: E731
    tensors, cases = {}, []
    for task, loss, smoothing, gamma in asked():
        name, width = f"{task}-{loss}-{smoothing}", OUTPUTS[task]
        logits, weights = 2 * draw(ROWS, width), torch.rand(ROWS, generator=generator)
        if task == "multiclass":
            targets = torch.randint(0, width, (ROWS,), generator=generator)
        else:
            targets = draw(ROWS, width) if task == "regression" else (draw(ROWS, width) > 0).float()
        weights[2] = 0
        leaf = logits.clone().requires_grad_()
        losses = rows(task, loss, leaf, targets, smoothing, gamma)
        mean = (losses * weights).sum() / weights.sum()
        mean.backward()
        values = {"logits": logits, "targets": targets, "weights": weights, "rows": losses, "loss": mean, "gradient": leaf.grad}
        tensors |= {f"{name}.{key}": value for key, value in values.items()}
        cases.append({"name": name, "task": task, "loss": loss, "smoothing": smoothing, "gamma": gamma})
        if "--check" in sys.argv:
            exact = targets if task == "multiclass" else targets.double()
            check = lambda x: rows(task, loss, x, exact, smoothing, gamma).sum()  # noqa: E731, B023
            assert torch.autograd.gradcheck(check, logits.double().requires_grad_()), name
    left, right = draw(5, 4).requires_grad_(), draw(5, 4).requires_grad_()
    loss = contrastive(left, right)
    loss.backward()
    values = {"a": left, "b": right, "loss": loss, "gradient.a": left.grad, "gradient.b": right.grad}
    tensors |= {f"alignment.{key}": value for key, value in values.items()}
    save_json("losses.json", {"cases": cases, "alignment": {"temperature": TEMPERATURE}})
    save_tensors("losses.safetensors", tensors)


if __name__ == "__main__":
    main()
