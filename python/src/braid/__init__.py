"""Runs the `braid` command, and reads what it writes.

    import braid

    run = braid.train("manifest.csv", out="runs/first")
    answers = braid.predict(run, "new.csv")

Each function runs one subcommand. Keyword arguments are its options: `threads=2` is `--threads 2`, `on_bad_sample="skip"` is
`--on-bad-sample skip`, `resume=True` is `--resume`, and `set={"training.epochs": 30}` is `--set training.epochs=30`.
`braid SUBCOMMAND --help` lists them.
"""

from braid._command import BraidError, Completed, command, find
from braid._embeddings import Embeddings
from braid._functions import Run, embed, evaluate, predict, train
from braid._version import __version__

__all__ = [
    "BraidError", "Completed", "Embeddings", "Run", "__version__", "command", "embed", "evaluate", "find", "predict", "train",
]
