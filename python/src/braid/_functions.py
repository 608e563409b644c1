"""Subcommands as functions."""

import json
import os
import pathlib
import tempfile

from braid._command import BraidError, command, is_configuration
from braid._embeddings import Embeddings


class Run(os.PathLike):
    """A run folder, which `train` leaves. Every function takes it, and so does everything that takes a path."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def __fspath__(self):
        return str(self.path)

    def __repr__(self):
        return f"braid.Run({str(self.path)!r})"

    @property
    def record(self):
        """`run.json` as a dictionary; docs/run-folder.md has its fields."""
        return json.loads((self.path / "run.json").read_text(encoding="utf-8"))

    @property
    def test(self):
        """The figures of the test split, by metric; empty where there is none."""
        return self.record["test"]

    @property
    def history(self):
        """`metrics.jsonl`: one dictionary an epoch."""
        lines = (self.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    @property
    def model(self):
        """The folder of the model."""
        return self.path / "model"

    @property
    def report(self):
        """The file report.html."""
        return self.path / "report.html"


def train(manifest, out, **options):
    """Trains a classifier, and gives its `Run`.

    `manifest` is a configuration (`.yaml`), or a manifest or a folder, for which `braid init` writes a configuration first; of a
    folder it stays beside the run, as `OUT.yaml`.
    `out` is the run folder to make. Options are those of `braid train`, for example `set={"training.seed": 1}` or `resume=True`.
    """
    if is_configuration(manifest):
        command("train", manifest, out=out, **options)
        return Run(out)
    if options.get("resume"):
        # The run knows its configuration.
        command("train", pathlib.Path(out) / "config.yaml", out=out, **options)
        return Run(out)
    if pathlib.Path(manifest).is_dir():
        # The manifest that is written of a folder lies beside the configuration, and has to stay.
        config = pathlib.Path(f"{pathlib.Path(out)}.yaml")
        command("init", manifest, out=config)
        command("train", config, out=out, **options)
        return Run(out)
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "config.yaml"
        command("init", manifest, out=config)
        command("train", config, out=out, **options)
    return Run(out)


def predict(run, manifest=None, **options):
    """Classifies. A list with one dictionary a row of `manifest`; without a manifest one dictionary for one sample.

    One sample is given as `image=PATH`, `text="…"` and `audio=PATH`. Each dictionary is a line of `braid predict --json`:
    `id`, `prediction` and `probabilities` for classes. `import pandas; pandas.DataFrame(braid.predict(run, manifest))` is a table.
    """
    done = command("predict", run, manifest=manifest, json=True, **options)
    rows = [json.loads(line) for line in done.out.splitlines()]
    return rows if manifest is not None else rows[0]


def evaluate(run, manifest, **options):
    """Measures a run on labelled rows: `scores` by metric, `samples`, `rows`, `loss`, as `braid evaluate --json` prints them."""
    return json.loads(command("evaluate", run, manifest=manifest, json=True, **options).out)


def embed(source, manifest, out=None, **options):
    """Embeds the rows of a manifest with a run, or with the encoders of a configuration, and gives `Embeddings`.

    With `out` the files stay in that folder, and arrays of one part are read without copying it into memory; without, they are
    read and removed. Options are those of `braid embed`, for example `modality=["image", "fused"]`. Needs numpy.
    """
    Embeddings.require_numpy()
    if options.pop("format", "npy") != "npy":
        raise BraidError("braid.embed reads --format npy; for another format run braid.command(\"embed\", …)", 64, [])
    if out is not None:
        command("embed", source, manifest=manifest, out=out, format="npy", **options)
        return Embeddings.read(out)
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder) / "embeddings"
        command("embed", source, manifest=manifest, out=place, format="npy", **options)
        return Embeddings.read(place, mapped=False)

