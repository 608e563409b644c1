"""What Avalanche says of accuracy matrices: fixtures/continual_scores.json, which `ContinualScoreTests` compares with.

Command: python3 scripts/references/continual_scores.py. Needs avalanche-lib (measured with 0.6.0) and torch; what Avalanche imports beside its metrics
may be absent: it is not used here.
"""

import importlib.abc
import importlib.machinery
import json
import pathlib
import random
import sys
from unittest.mock import MagicMock

UNUSED = "torchvision gputil GPUtil wandb pytorchcv quadprog matplotlib tensorboard torchmetrics psutil sklearn PIL dill gdown qpsolvers".split()


class Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands in for packages that Avalanche imports and its metrics never call."""

    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in UNUSED:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = MagicMock(name=spec.name)
        module.__path__, module.__spec__, module.__name__ = [], spec, spec.name
        return module

    def exec_module(self, module):
        pass


sys.meta_path.insert(0, Absent())
import torch  # noqa: E402

sys.modules["torch.utils.tensorboard"] = MagicMock()
sys.modules["torch.utils.tensorboard.writer"] = MagicMock()
from avalanche.evaluation.metrics.forgetting_bwt import BWT, Forgetting  # noqa: E402
from avalanche.evaluation.metrics.forward_transfer import ForwardTransfer  # noqa: E402


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else None


def scores(matrix, untrained):
    """Of `matrix[i][j]`, the accuracy on stage j's test rows after stage i, as a stream of experiences goes through Avalanche's metrics."""
    forgetting, backward, forward = Forgetting(), BWT(), ForwardTransfer()
    for stage, value in enumerate(untrained):
        forward.update(stage, value, initial=True)
    for after, row in enumerate(matrix):
        for stage, value in enumerate(row):
            if stage <= after:
                for metric in (forgetting, backward):
                    metric.update(stage, value, initial=stage == after)
            if stage == after + 1:
                forward.update(stage, value)
    return {
        # Lopez-Paz and Ranzato 2017: ACC.
        "average_accuracy": mean(matrix[-1][: len(matrix)]),
        "forgetting": mean(forgetting.result().values()),
        "backward_transfer": mean(backward.result().values()),
        "forward_transfer": mean(forward.result().values()),
    }


def main():
    random.seed(15)
    cases = []
    for stages in (1, 2, 3, 5):
        matrix = [[round(random.random(), 4) for _ in range(stages)] for _ in range(stages)]
        untrained = [round(random.random() / 4, 4) for _ in range(stages)]
        cases.append({"matrix": matrix, "untrained": untrained, **scores(matrix, untrained)})
    path = pathlib.Path(__file__).resolve().parents[2] / "fixtures/continual_scores.json"
    path.write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
