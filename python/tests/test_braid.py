"""Tests of the package braid, with a command that is built: BRAID=.build/debug/braid python3 -m unittest discover -s python/tests"""

import contextlib
import csv
import io
import os
import pathlib
import pickle
import re
import shutil
import signal
import stat
import sys
import tempfile
import threading
import unittest
import unittest.mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python" / "src"))

import braid  # noqa: E402
from braid import _command  # noqa: E402

try:
    import numpy
except ImportError:
    numpy = None
try:
    import huggingface_hub
except ImportError:
    huggingface_hub = None

DIGITS = ROOT / "datasets" / "digits"


def few_rows(place, classes=("one", "two", "six"), of_each=24):
    """A manifest of pictures and sounds of some rows of the demo, and its rows."""
    with open(DIGITS / "manifest.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    chosen = [row for name in classes for row in [row for row in rows if row["label"] == name][:of_each]]
    with open(place, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, ["id", "image", "audio", "label"])
        table.writeheader()
        for row in chosen:
            table.writerow({
                "id": row["id"], "image": DIGITS / row["image"], "audio": DIGITS / row["audio"], "label": row["label"]})
    return chosen


class OptionTests(unittest.TestCase):
    def test_keywords_are_options(self):
        self.assertEqual(
            _command.options_of({
                "threads": 2, "on_bad_sample": "skip", "resume": True, "quiet": False, "split": None, "modality": ["image", "fused"],
                "set": {"training.epochs": 3, "training.monitor": False, "head.hidden": [8, 4]}, "input": ["a=1", "b=2"],
                "out": pathlib.Path("x y")}),
            ["--threads=2", "--on-bad-sample=skip", "--resume", "--modality=image,fused", "--set=training.epochs=3",
             "--set=training.monitor=false", "--set=head.hidden=[8, 4]", "--input=a=1", "--input=b=2", "--out=x y"])

    def test_the_version_is_that_of_the_command(self):
        text = (ROOT / "Sources/BraidSupport/Version.swift").read_text()
        self.assertEqual(braid.__version__, re.search(r'current = "(.+)"', text)[1])


class ProcessTests(unittest.TestCase):
    """With a command that is a few lines of shell."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))

    def stub(self, script):
        path = self.folder / "stub"
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        self.enterContext(unittest.mock.patch.dict(os.environ, {"BRAID": str(path)}))

    def test_an_error_carries_message_and_code(self):
        self.stub("echo 'embedding image: 3' >&2; printf 'error: m.csv:3: no file\\nm.csv:4: no file\\n' >&2; exit 66")
        with self.assertRaises(braid.BraidError) as caught:
            braid.command("check", "m.csv")
        self.assertEqual((caught.exception.code, caught.exception.message), (66, "m.csv:3: no file\nm.csv:4: no file"))
        self.assertEqual(caught.exception.arguments, ["check", "m.csv"])
        self.assertEqual(sys.stderr.getvalue(), "embedding image: 3\n")
        again = pickle.loads(pickle.dumps(caught.exception))
        self.assertEqual((again.code, str(again)), (66, caught.exception.message))

    def test_one_may_be_an_answer(self):
        self.stub("echo moved; exit 1")
        self.assertEqual(braid.command("drift", "run", accept=(0, 1)), braid.Completed(1, "moved\n", ""))
        with self.assertRaisesRegex(braid.BraidError, "ended with 1 and said nothing"):
            braid.command("drift", "run")

    def test_a_signal_is_a_code_over_128(self):
        self.stub("kill -9 $$")
        with self.assertRaises(braid.BraidError) as caught:
            braid.command("train")
        self.assertEqual(caught.exception.code, 137)

    def test_no_command_is_said(self):
        with unittest.mock.patch.dict(os.environ, {"BRAID": "/nowhere/braid"}):
            with self.assertRaisesRegex(braid.BraidError, "BRAID is /nowhere/braid, which is no program"):
                braid.command("check")
        with unittest.mock.patch.dict(os.environ, {"PATH": str(self.folder)}):
            os.environ.pop("BRAID", None)
            with self.assertRaisesRegex(braid.BraidError, "not on the PATH"):
                braid.command("check")

    def test_an_interrupt_is_passed_on_once_and_waited_for(self):
        self.stub(
            f"trap 'echo caught >>{self.folder}/log' INT; echo begun >&2; n=0; "
            f"while [ ! -e {self.folder}/log ] && [ $n -lt 400 ]; do sleep 0.05; n=$((n + 1)); done")
        # A shell's background jobs begin with the signal ignored, and so would what they run.
        self.addCleanup(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, signal.default_int_handler))
        timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
        timer.start()
        with self.assertRaises(KeyboardInterrupt):
            braid.command("train")
        self.assertEqual((self.folder / "log").read_text(), "caught\n")


class CommandTests(unittest.TestCase):
    """With the command itself, on a few rows of the demo."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.enterClassContext(unittest.mock.patch.dict(os.environ, {"BRAID_CACHE": str(cls.folder / "cache")}))
        cls.manifest = cls.folder / "m.csv"
        cls.rows = few_rows(cls.manifest)
        cls.run_ = braid.train(cls.manifest, out=cls.folder / "run", quiet=True, set={"training.preset": "fast"})

    def test_training_leaves_a_run(self):
        self.assertTrue(self.run_.report.is_file() and self.run_.model.is_dir())
        self.assertGreater(self.run_.test["accuracy"], 0.6)
        self.assertEqual(self.run_.record["samples"]["train"] + self.run_.record["samples"]["val"]
                         + self.run_.record["samples"]["test"], len(self.rows))
        with self.assertRaisesRegex(braid.BraidError, "holds a run already"):
            braid.train(self.manifest, out=self.run_, quiet=True)

    def test_a_configuration_trains_and_resumes(self):
        config = self.folder / "c.yaml"
        braid.command("init", self.manifest, out=config)
        run = braid.train(
            config, out=self.folder / "concat", quiet=True, set={"fusion.type": "concat", "training.epochs": 2})
        self.assertEqual([line["epoch"] for line in run.history], [1, 2])
        self.assertEqual(braid.train(self.manifest, out=run, resume=True, quiet=True).test, run.test)

    def test_a_folder_of_classes_needs_no_manifest(self):
        for row in self.rows:
            place = self.folder / "classes" / row["label"]
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(DIGITS / row["image"], place)
        run = braid.train(self.folder / "classes", out=self.folder / "of-folder", quiet=True, set={"training.preset": "fast"})
        self.assertEqual(sum(run.record["samples"].values()), len(self.rows))
        self.assertTrue((self.folder / "of-folder.yaml").is_file())

    def test_rows_and_one_sample_are_classified(self):
        answers = braid.predict(self.run_, self.manifest, quiet=True)
        self.assertEqual([answer["id"] for answer in answers], [row["id"] for row in self.rows])
        right = sum(answer["prediction"] == row["label"] for answer, row in zip(answers, self.rows))
        self.assertGreater(right, 0.7 * len(self.rows))
        row = self.rows[0]
        one = braid.predict(self.run_, image=DIGITS / row["image"], audio=DIGITS / row["audio"])
        self.assertEqual(one["prediction"], answers[0]["prediction"])
        self.assertAlmostEqual(sum(one["probabilities"].values()), 1, places=5)

    def test_a_run_is_measured(self):
        figures = braid.evaluate(self.run_, self.manifest, quiet=True, out=self.folder / "evaluation")
        self.assertAlmostEqual(figures["scores"]["accuracy"], self.run_.test["accuracy"])

    def test_faults_are_the_commands_own(self):
        with self.assertRaisesRegex(braid.BraidError, "nothing.csv") as caught:
            braid.predict(self.run_, self.folder / "nothing.csv", quiet=True)
        self.assertEqual(caught.exception.code, 66)
        with self.assertRaisesRegex(braid.BraidError, "Unknown option '--treads'") as caught:
            braid.predict(self.run_, self.manifest, treads=2)
        self.assertEqual(caught.exception.code, 64)

    @unittest.skipUnless(numpy, "needs numpy")
    def test_embeddings_are_arrays(self):
        vectors = braid.embed(self.run_, self.manifest, out=self.folder / "npy", quiet=True)
        self.assertEqual(list(vectors), ["image", "audio", "fused"])
        self.assertEqual(vectors.ids, [row["id"] for row in self.rows])
        self.assertEqual((vectors["image"].shape, vectors["image"].dtype.name), ((len(self.rows), 192), "float32"))
        self.assertIsInstance(vectors["image"], numpy.memmap)
        self.assertTrue(vectors.present["audio"].all() and vectors.present["audio"].dtype == bool)
        # In parts, as safetensors, and with rows that lack a modality.
        braid.command(
            "embed", self.run_, manifest=self.manifest, out=self.folder / "parts", part_size=50, quiet=True)
        parts = braid.Embeddings.read(self.folder / "parts")
        for name in vectors:
            numpy.testing.assert_array_equal(parts[name], vectors[name])
        lines = self.manifest.read_text().splitlines()
        cells = lines[1].split(",")
        gaps = self.folder / "gaps.csv"
        gaps.write_text("\n".join([lines[0], ",".join([cells[0], cells[1], "", cells[3]]), *lines[2:9]]))
        some = braid.embed(self.run_, gaps, quiet=True, modality=["audio"])
        self.assertEqual((list(some), some.present["audio"].tolist()), (["audio"], [False] + [True] * 7))
        self.assertFalse(some["audio"][0].any())

    @unittest.skipUnless(huggingface_hub, "needs huggingface_hub")
    def test_the_card_is_what_the_hubs_client_reads(self):
        data = huggingface_hub.ModelCard.load(self.run_.model / "README.md").data
        self.assertEqual((data.library_name, data.license, data.model_name), ("braid", None, "braid-stacked"))
        self.assertEqual(data.tags, ["braid", "image", "audio", "multiclass", "stacked"])
        found = {(each.metric_name, each.metric_type): each.metric_value for each in data.eval_results}
        self.assertEqual(found["accuracy", "accuracy"], self.run_.test["accuracy"])
        self.assertEqual(found["ECE", "ece"], self.run_.test["ece"])
        self.assertEqual({each.dataset_split for each in data.eval_results}, {"test"})


if __name__ == "__main__":
    unittest.main()
