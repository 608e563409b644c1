"""Reference outputs and gradients of every fusion: docs/fusions.md in PyTorch.

Writes fixtures/fusions.json (what is built, and its weights' names and shapes) and fixtures/fusions.safetensors (inputs,
outputs, gradients). Weights follow from their names: seeded_weights.py. --check verifies each against finite differences.

Command: python scripts/references/fusions.py [--check]   (needs torch and safetensors)
"""

import sys

import torch

from fixture_files import save_json, save_tensors
from fusion_models import BATCH, BOTTLENECKS, DIM, FUSIONS, HEADS, LAYERS, RANK, SIZES, Late, TokenFusion
from seeded_weights import seed_model

PRESENCE = [[1, 1, 1], [0, 1, 1], [1, 0, 1], [1, 1, 0], [0, 0, 1], [1, 0, 0]]
SUBSETS = {3: ["image", "text", "audio"], 2: ["image", "audio"], 1: ["text"]}


def make_inputs():
    generator = torch.Generator().manual_seed(0)
    draw = lambda *shape: torch.randn(*shape, generator=generator)  # noqa: E731
    tensors = {"probe": draw(BATCH, DIM), "late.targets": torch.tensor([0, 2, 1, 0, 1, 2])}
    presence = torch.tensor(PRESENCE, dtype=torch.bool)
    for index, (name, (size, length)) in enumerate(SIZES.items()):
        mask = torch.ones(BATCH, length, dtype=torch.bool)
        if name != "image":
            mask[1, 2:] = mask[3, 1:] = mask[5, length - 1 :] = False
        pooled, tokens = draw(BATCH, size), draw(BATCH, length, size)
        # Where nothing is, garbage: whoever reads it gets everything wrong.
        pooled[~presence[:, index]] = 1e6
        tokens[~(mask & presence[:, index : index + 1])] = -1e6
        tensors |= {f"input.{name}.pooled": pooled, f"input.{name}.tokens": tokens, f"input.{name}.mask": mask.to(torch.uint8)}
    two = presence[:, [0, 2]].clone()
    two[~two.any(1), 0] = True
    tensors |= {"presence-3": presence.to(torch.uint8), "presence-2": two.to(torch.uint8), "presence-1": presence[:, 1:2].to(torch.uint8)}
    # With one modality every sample must have it.
    tensors["presence-1"][:] = 1
    for name in SIZES:
        tensors[f"input1.{name}.pooled"] = draw(BATCH, SIZES[name][0])
        tensors[f"input1.{name}.tokens"] = draw(BATCH, SIZES[name][1], SIZES[name][0])
    return tensors


def run(kind, names, tensors, dtype=torch.float32, check=False, **options):
    prefix = "input1" if len(names) == 1 else "input"
    presence = tensors[f"presence-{len(names)}"].bool()
    model = FUSIONS[kind](names, **options)
    entries = seed_model(model)
    model = model.to(dtype)
    form = "tokens" if isinstance(model, TokenFusion) else "pooled"
    leaves = {name: tensors[f"{prefix}.{name}.{form}"].to(dtype).clone().requires_grad_() for name in names}

    def forward(*values):
        given = dict(zip(names, values))
        if form == "tokens":
            given = {name: (value, tensors[f"input.{name}.mask"].bool()) for name, value in given.items()}
        output = model(given, presence)
        if kind == "late":
            return output[0], Late.loss(output, presence, tensors["late.targets"])
        return output, (output * tensors["probe"].to(dtype)).sum()

    if check:
        # Finite differences do not stop where late fusion stops its gradient: votes and temperatures are checked on the whole
        # loss, which alone has them, and what is in front of the stop on the modalities' own terms.
        own = [p for name, p in model.named_parameters() if kind != "late" or name.endswith(("vote", "log_temperature"))]
        assert torch.autograd.gradcheck(lambda *_: forward(*leaves.values())[1], tuple(own), atol=1e-5)
        if kind == "late":
            front = [p for name, p in model.named_parameters() if not name.endswith(("vote", "log_temperature"))]
            alone = lambda *_: Late.loss((zeros, model(leaves, presence)[1]), presence, tensors["late.targets"])  # noqa: E731
            zeros = torch.zeros(BATCH, 3, dtype=dtype)
            assert torch.autograd.gradcheck(alone, tuple(front), atol=1e-5)
        print("gradcheck:", kind, len(names))
        return None
    fused, scalar = forward(*leaves.values())
    scalar.backward()
    results = {"fused": fused.detach()}
    results |= {f"gradient.{name}": value.grad for name, value in model.named_parameters()}
    results |= {f"gradient.input.{name}": value.grad for name, value in leaves.items()}
    return entries, results


def main():
    tensors, cases = make_inputs(), []
    asked = [(f"{kind}-{count}", kind, names, {}) for kind in FUSIONS for count, names in SUBSETS.items()]
    asked.append(("concat-3-1layer", "concat", SUBSETS[3], {"layers": 1}))
    for case, kind, names, options in asked:
        if "--check" in sys.argv:
            run(kind, names, tensors, torch.float64, check=True, **options)
            continue
        entries, results = run(kind, names, tensors, **options)
        tensors |= {f"{case}.{key}": value for key, value in results.items()}
        sizes = {"dim": DIM, "layers": options.get("layers", LAYERS), "heads": HEADS, "rank": RANK, "bottlenecks": BOTTLENECKS}
        cases.append({"name": case, "type": kind, "modalities": names, **sizes, "entries": entries})
    if cases:
        save_json("fusions.json", {"cases": cases})
        save_tensors("fusions.safetensors", tensors)


if __name__ == "__main__":
    main()
