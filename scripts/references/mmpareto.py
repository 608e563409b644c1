"""What MMPareto makes of gradients: fixtures/mmpareto.json.

The formula of Wei and Hu 2024 (arXiv:2405.17730) and of its authors' published training script, written anew in PyTorch: two gradients of a
modality's parameters are summed where their cosine is positive, else weighed to the least norm between them; each tensor is then as long as
the gradient of all losses together, if it was shorter, times gamma.

Command: python scripts/references/mmpareto.py   (needs torch)
"""

import torch
import torch.nn.functional as F

from fixture_files import save_json

GAMMA = 1.5


def min_norm(first, second):
    """The weight of the first in the point of least norm between two vectors (Desideri 2012)."""
    distance = first - second
    return float((second @ (second - first)) / (distance @ distance))


def combined(fused, alone, totals):
    flat = [torch.cat([tensor.flatten() for tensor in part]) for part in (fused, alone)]
    share = 0.5 if F.cosine_similarity(flat[0], flat[1], dim=0) > 0 else min(1.0, max(0.0, min_norm(*flat)))
    for f, a, total in zip(fused, alone, totals):
        mixed = 2 * share * f + 2 * (1 - share) * a
        longer = torch.norm(total) / torch.norm(mixed)
        yield mixed * GAMMA * (longer if longer > 1 else 1)


def case(seed, sign):
    draw = torch.Generator().manual_seed(seed)
    shapes = [(3, 2), (3,), (2, 3)]
    fused = [torch.randn(*shape, generator=draw) for shape in shapes]
    # Around the same direction, or around its opposite.
    alone = [sign * f + 0.7 * torch.randn(*f.shape, generator=draw) for f in fused]
    totals = [f + a + 0.3 * torch.randn(*f.shape, generator=draw) for f, a in zip(fused, alone)]
    rows = lambda part: [{"shape": list(t.shape), "values": t.flatten().tolist()} for t in part]  # noqa: E731
    return {"fused": rows(fused), "alone": rows(alone), "totals": rows(totals), "combined": rows(list(combined(fused, alone, totals)))}


save_json("mmpareto.json", {"gamma": GAMMA, "cases": [case(0, 1.0), case(1, -1.0), case(2, 0.2), case(3, -0.4)]})
