"""Expected values of averaged weights: uniform soups by torch.optim.swa_utils, greedy soups as their paper writes them.

Writes fixtures/soups.safetensors: `K/weight` and `K/mean`, `K/var` of the K-th ingredient, best first; `target`, from which an average is judged by
its distance, the less the better; `uniform/…` and `greedy/…`; `greedy/taken`, 1 for each ingredient that was taken.

Requirements: torch 2.13.0 (CPU), safetensors 0.8.0.
Command: python scripts/references/soups.py
"""

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from fixture_files import save_tensors

COUNT = 6


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 3, bias=False)
        self.norm = nn.BatchNorm1d(3, affine=False)


def values(model):
    state = model.state_dict()
    return {"weight": state["linear.weight"], "mean": state["norm.running_mean"], "var": state["norm.running_var"]}


def average(models):
    """The plain mean, in double precision."""
    return {name: torch.stack([values(model)[name].double() for model in models]).mean(0).float() for name in values(models[0])}


def greedy(models, judge):
    """Wortsman et al. 2022, recipe 1: an ingredient stays if the held-out score of the average does not fall."""
    taken = [models[0]]
    for model in models[1:]:
        if judge(average(taken + [model])) >= judge(average(taken)):
            taken.append(model)
    return taken


def main():
    generator = torch.Generator().manual_seed(14)
    target = torch.randn(3, 4, generator=generator)
    models = []
    for number in range(COUNT):
        model = Small()
        noise = torch.randn(3, 4, generator=generator)
        model.linear.weight.data.copy_(target + [0.5, 0.6, 0.7, 3.0, 0.8, 4.0][number] * noise)
        model.norm.running_mean.copy_(torch.randn(3, generator=generator))
        model.norm.running_var.copy_(torch.rand(3, generator=generator) + 0.1)
        models.append(model)

    def judge(state):
        return -float((state["weight"].double() - target.double()).norm())

    models.sort(key=lambda model: judge(values(model)), reverse=True)
    averaged = AveragedModel(models[0], use_buffers=True)
    for model in models:
        averaged.update_parameters(model)
    uniform = values(averaged.module)
    for name, value in average(models).items():
        assert torch.allclose(uniform[name], value, atol=1e-6), name
    taken = greedy(models, judge)
    assert 1 < len(taken) < COUNT, "some are to be taken and some left"
    tensors = {"target": target}
    for number, model in enumerate(models):
        tensors |= {f"{number}/{name}": value.clone() for name, value in values(model).items()}
    tensors |= {f"uniform/{name}": value.clone() for name, value in uniform.items()}
    tensors |= {f"greedy/{name}": value for name, value in average(taken).items()}
    tensors["greedy/taken"] = torch.tensor([int(any(model is other for other in taken)) for model in models])
    save_tensors("soups.safetensors", tensors)


if __name__ == "__main__":
    main()
