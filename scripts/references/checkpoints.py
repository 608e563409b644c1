"""Files of torch.save in both its formats, the same tensors as safetensors, and files that try to run code when loaded.

Writes fixtures/checkpoints/: NAME.pth and NAME.pt; expected.safetensors, the tensors of the files zip* and legacy*;
training.safetensors, those of training-*; shards/, a checkpoint in two files with its index; and hostile/. Files of that
folder that call something make the file `braid-pickle-was-executed` in the working directory of a reader that is not safe.
None is loaded here.

Requirements: torch 2.13.0 (CPU), numpy 2.4.6, safetensors 0.8.0.
Command: python scripts/references/checkpoints.py
"""

import argparse
import collections
import io
import os
import pickle
import struct
import types
import warnings
import zipfile

import numpy as np
import torch
from torch import nn

from fixture_files import FIXTURES, ROOT, save_json, save_tensors

FOLDER = FIXTURES / "checkpoints"
PAYLOAD = "touch braid-pickle-was-executed"
DTYPES = "uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64".split()


class StablePickler(pickle._Pickler):
    """The older format calls a storage by its address: here by the order of its appearance."""

    names = {}

    def save_pers(self, pid):
        super().save_pers((*pid[:2], self.names.setdefault(pid[2], str(len(self.names))), *pid[3:]))


def stable_dump(value, file, protocol):
    is_key_list = isinstance(value, list)
    pickle.dump([StablePickler.names[key] for key in value] if is_key_list else value, file, protocol)


def save(name, value, legacy=False, protocol=2):
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    StablePickler.names.clear()
    torch.serialization.sorted = list  # The order of addresses is another one in every run.
    module = types.SimpleNamespace(Pickler=StablePickler, dump=stable_dump, __name__="pickle") if legacy else pickle
    torch.save(value, path, module, protocol, _use_new_zipfile_serialization=not legacy)
    report(path)


def report(path):
    assert path.stat().st_size <= 20_000, path
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


def every_kind():
    """All dtypes, and all layouts: `rows` begins behind the start of a storage that it shares with `base`."""
    base = torch.arange(24.0).reshape(4, 6)
    tensors = {dtype: torch.arange(5).to(getattr(torch, dtype)) - int(dtype != "uint8") for dtype in DTYPES}
    tensors |= {"bool": torch.tensor([True, False, True]), "scalar": torch.tensor(7.5), "empty": torch.zeros(0, 3)}
    tensors |= {"base": base, "rows": base[2:], "transposed": base.t(), "every_other": base[1::2, ::3]}
    tensors |= {"expanded": torch.tensor([1.0, 2.0]).expand(3, 2), "parameter": nn.Parameter(torch.tensor([[0.5, -0.5]]))}
    for name, plain in ("with_attribute", torch.arange(3.0)), ("parameter_with_attribute", nn.Parameter(torch.ones(2))):
        plain.note = "attributes make torch.save use other functions"
        tensors[name] = plain
    return tensors


def training():
    """What training scripts write beside the weights: PANNs' sampler, timm's arguments, an optimizer, metrics of NumPy."""
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    for index, tensor in enumerate(model.state_dict().values()):
        tensor.copy_(torch.arange(tensor.numel()).reshape(tensor.shape) + index)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(4, 3)).sum().backward()
    optimizer.step()
    sampler = {"indexes": np.arange(4), "queue": [1, 2], "pointer": 3, "seen": {1, 2}}
    args = argparse.Namespace(lr=0.1, betas=(0.9, 0.999), name=None, device=torch.device("cpu"), dtype=torch.float16)
    metrics = collections.defaultdict(float, accuracy=np.float64(0.5), losses=[1.5, 2**70])
    return {
        "iteration": 70000, "model": model.state_dict(), "optimizer": optimizer.state_dict(), "sampler": sampler,
        "args": args, "metrics": metrics, "model_ema": {"only": torch.ones(1)},
    }  # fmt: skip


def unsupported():
    return {
        "fine": torch.ones(2), "sparse": torch.eye(2).to_sparse(), "complex": torch.ones(2, dtype=torch.complex64),
        "float8": torch.ones(2).to(torch.float8_e4m3fn), "conjugate": torch.ones(2, dtype=torch.complex64).conj(),
        "quantized": torch.quantize_per_tensor(torch.ones(2), 1.0, 0, torch.qint8), "meta": torch.empty(2, device="meta"),
        "negative": torch.ones(2, dtype=torch.complex64).conj().imag, "uint16": torch.ones(2, dtype=torch.uint16),
    }  # fmt: skip


class Attack:
    """Pickles as a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def hostile():
    shell = Attack(os.system, PAYLOAD)
    code = Attack(eval, f"__import__('os').system('{PAYLOAD}')")
    for legacy in False, True:
        suffix = "-legacy" if legacy else ""
        save(f"hostile/system{suffix}.pth", {"weight": torch.ones(2), "bias": shell}, legacy)
        save(f"hostile/eval{suffix}.pth", {"model": collections.OrderedDict(weight=torch.ones(2), bias=[(code,)])}, legacy)
        save(f"hostile/system4{suffix}.pth", {"state": {"deep": {"er": shell}}}, legacy, protocol=4)
    save("hostile/getattr.pth", Attack(getattr, torch.ones(1), "numpy"))
    save("hostile/load-bytes.pth", Attack(torch.storage._load_from_bytes, b"x"))
    save("hostile/module.pth", nn.Linear(2, 2))
    line = PAYLOAD.encode()
    text = b"X" + struct.pack("<I", len(line)) + line
    pickles = {
        "inst": b"\x80\x02(" + text + b"ios\nsystem\n.",
        "obj": b"\x80\x02(ccollections\nOrderedDict\no.",
        "extension": b"\x80\x02\x82\x01.",
        "newobj-ex": b"\x80\x04ccollections\nOrderedDict\n)}\x92.",
        "import": b"\x80\x02cantigravity\ngeohash\n.",
        "dotted": b"\x80\x04\x8c\x05torch\x8c\x13serialization.os.fn\x93.",
        "call-result": b"\x80\x02ccollections\nOrderedDict\n)R)R.",
        "cycle": b"\x80\x02}q\x00X\x04\x00\x00\x00selfh\x00sX\x04\x00\x00\x00list]q\x01h\x01as.",
        "cyclic-dict": b"\x80\x02}q\x00X\x04\x00\x00\x00selfh\x00s.",
    }
    for name, data in pickles.items():
        save_archive(f"hostile/{name}.pth", {"x/data.pkl": data, "x/version": b"3\n"})
    save_archive("hostile/dots.pth", {"x/data.pkl": b"\x80\x02}.", "x/data/../../escape": b"1234"})
    save_archive("hostile/big-endian.pth", {"x/data.pkl": b"\x80\x02}.", "x/byteorder": b"big"})
    save_archive("hostile/compressed.pth", {"x/data.pkl": b"\x80\x02}." + bytes(50)}, zipfile.ZIP_DEFLATED)


def save_archive(name, entries, compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for entry, data in entries.items():
            archive.writestr(zipfile.ZipInfo(entry), data, compression)
    path = FOLDER / name
    path.write_bytes(buffer.getvalue())
    report(path)


def torchscript():
    """A TorchScript archive, without what is different in every run: the code's order of attributes, and debug entries."""
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), buffer)
    with zipfile.ZipFile(buffer) as archive:
        kept = [name for name in archive.namelist() if not name.endswith((".debug_pkl", "serialization_id"))]
        save_archive("torchscript.pt", {name: b"" if "/code/" in name else archive.read(name) for name in kept})


def shards():
    first, second = {"a.weight": torch.ones(2, 2), "a.bias": torch.zeros(2)}, {"b.weight": torch.arange(3.0)}
    for kind, name in ("safetensors", "model.safetensors"), ("pickle", "pytorch_model.bin"):
        stem, extension = name.split(".")
        files = [f"{stem}-0000{number}-of-00002.{extension}" for number in (1, 2)]
        for file, tensors in zip(files, (first, second)):
            write = save_tensors if kind == "safetensors" else save
            write(f"checkpoints/shards/{file}" if kind == "safetensors" else f"shards/{file}", tensors)
        places = dict.fromkeys(first, files[0]) | dict.fromkeys(second, files[1])
        save_json(f"checkpoints/shards/{name}.index.json", {"metadata": {"total_size": 36}, "weight_map": places}, indent=2)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # Of quantized tensors, which PyTorch is about to drop.
    torch.manual_seed(0)
    tensors = every_kind()
    save_tensors("checkpoints/expected.safetensors", tensors)
    for legacy, stem in (False, "zip"), (True, "legacy"):
        save(f"{stem}.pth", collections.OrderedDict(tensors), legacy)
        save(f"{stem}-protocol4.pth", tensors, legacy, protocol=4)
        state = training()
        save(f"training-{stem}.pth", state, legacy)
    save_tensors("checkpoints/training.safetensors", state["model"])
    save("zip-protocol5.pt", {"state_dict": tensors}, protocol=5)
    save("nested.pth", {"epoch": 3, "encoder": {"w": tensors["rows"]}, "decoder": {"layers": {0: tensors["scalar"]}}})
    save("unsupported.pth", unsupported())
    torchscript()
    shards()
    hostile()
