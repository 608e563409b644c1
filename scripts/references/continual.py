"""What methods of continual learning compute, by Avalanche: fixtures/continual.json and fixtures/continual.safetensors.

fixtures/continual.safetensors:

    ewc/weight1 … ewc/bias2             a network of two layers with tanh between them, 5 → 4 → 3
    ewc/x [12, 5], ewc/y [12]           samples and their classes
    ewc/fisher/weight1 …                EWCPlugin.compute_importances, a sample at a time
    ewc/moved/weight1 …                 other values, of which the penalty is taken
    ewc/gradient/weight1 …              the penalty's gradient by them
    lwf/logits [6, 5], lwf/said [6, 3]  a model's logits, and those of a teacher that knows the first three classes
    lwf/gradient [6, 5]                 of LearningWithoutForgetting's loss, temperature 2
    lwf/flags/gradient [6, 5]           of the divergence of each of the three by itself
    der/…                               logits of new samples, of two draws from the memory, and what was kept; the gradients of DER++'s loss, as
                                        `observe` of mammoth's models/derpp.py sums it, by each
    herding/features [40, 7]            of length 1

fixtures/continual.json: the losses, and the herding order by Avalanche's HerdingSelectionStrategy.

Requirements: torch 2.13.0 (CPU), avalanche-lib 0.6.0.
Command: python scripts/references/continual.py
"""

from types import SimpleNamespace

import torch
import torch.nn.functional as F
from avalanche.training.plugins import EWCPlugin
from avalanche.training.regularization import LearningWithoutForgetting
from avalanche.training.storage_policy import HerdingSelectionStrategy
from torch import nn
from torch.utils.data import TensorDataset

from fixture_files import save_json, save_tensors

LAMBDA, TEMPERATURE, ALPHA, BETA = 7.0, 2.0, 0.3, 0.7
NAMES = {"0.weight": "weight1", "0.bias": "bias1", "2.weight": "weight2", "2.bias": "bias2"}


def ewc(draw):
    model = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.7 * torch.randn(parameter.shape, generator=draw))
    x, y = torch.randn(12, 5, generator=draw), torch.randint(3, (12,), generator=draw)
    tensors = {f"ewc/{NAMES[name]}": value.clone() for name, value in model.named_parameters()}
    tensors |= {"ewc/x": x, "ewc/y": y}
    # Kirkpatrick's penalty has λ/2 where Avalanche's has its own factor.
    plugin = EWCPlugin(ewc_lambda=LAMBDA / 2)
    strategy = SimpleNamespace(
        model=model, _criterion=nn.CrossEntropyLoss(), optimizer=torch.optim.SGD(model.parameters(), lr=1.0), device="cpu",
        experience=SimpleNamespace(dataset=TensorDataset(x, y, torch.zeros(12))), train_mb_size=1,
        clock=SimpleNamespace(train_exp_counter=0))
    plugin.after_training_exp(strategy, num_workers=0)
    for name, value in plugin.importances[0].items():
        tensors[f"ewc/fisher/{NAMES[name]}"] = value.data
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=draw))
            tensors[f"ewc/moved/{NAMES[name]}"] = parameter.clone()
    strategy.clock.train_exp_counter, strategy.loss = 1, torch.zeros(())
    strategy.optimizer.zero_grad()
    plugin.before_backward(strategy)
    strategy.loss.backward()
    for name, parameter in model.named_parameters():
        tensors[f"ewc/gradient/{NAMES[name]}"] = parameter.grad.clone()
    return tensors, float(strategy.loss)


def lwf(draw):
    logits = (2 * torch.randn(6, 5, generator=draw)).requires_grad_()
    said = 2 * torch.randn(6, 3, generator=draw)
    loss = LearningWithoutForgetting(temperature=TEMPERATURE)._distillation_loss(logits, said, range(3))
    loss.backward()
    tensors = {"lwf/logits": logits.detach().clone(), "lwf/said": said, "lwf/gradient": logits.grad.clone()}
    logits.grad = None
    # Of labels that do not exclude each other: a distribution of two outcomes each.
    own, teacher = torch.sigmoid(logits[:, :3] / TEMPERATURE), torch.sigmoid(said / TEMPERATURE)
    pairs = [torch.stack([part, 1 - part], -1) for part in (own, teacher)]
    flags = F.kl_div(pairs[0].log(), pairs[1], reduction="none").sum((1, 2)).mean()
    flags.backward()
    tensors["lwf/flags/gradient"] = logits.grad.clone()
    return tensors, float(loss), float(flags)


def der(draw):
    new, first, second = (torch.randn(4, 5, generator=draw).requires_grad_() for _ in range(3))
    kept = torch.randn(4, 5, generator=draw)
    labels, remembered = (torch.randint(5, (4,), generator=draw) for _ in range(2))
    loss = F.cross_entropy(new, labels) + ALPHA * F.mse_loss(first, kept) + BETA * F.cross_entropy(second, remembered)
    loss.backward()
    # Of logits that were kept when there were three classes, these three count.
    fewer = F.mse_loss(first[:, :3], kept[:, :3])
    tensors = {"der/new": new, "der/first": first, "der/second": second, "der/kept": kept, "der/labels": labels,
               "der/remembered": remembered, "der/gradient/new": new.grad, "der/gradient/first": first.grad,
               "der/gradient/second": second.grad}
    return tensors, float(loss), float(fewer)


def herding(draw):
    features = F.normalize(torch.randn(40, 7, generator=draw) + torch.tensor([2.0, 0, 0, 1, 0, 0, 0]))
    # Twice as exact as the fixture: near ties must not turn on rounding.
    order = HerdingSelectionStrategy(nn.Sequential(nn.Identity()), "0").make_sorted_indices_from_features(features.double())
    return {"herding/features": features}, order


draw = torch.Generator().manual_seed(15)
springs, penalty = ewc(draw)
distances, loss, flags = lwf(draw)
dark, total, fewer = der(draw)
features, order = herding(draw)
save_tensors("continual.safetensors", springs | distances | dark | features)
save_json("continual.json", {
    "lambda": LAMBDA, "penalty": penalty, "temperature": TEMPERATURE, "lwf": loss, "lwfFlags": flags, "alpha": ALPHA, "beta": BETA,
    "der": total, "derOfThree": fewer, "herding": order})
