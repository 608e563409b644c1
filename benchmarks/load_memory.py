"""The peak memory of loading weights, as a share of their size: safetensors, in one file and in several, and a .pth.

A process that has started libtorch already loads a ResNet-101 (178 MB) and a BERT-base (438 MB) and touches every weight;
what its peak resident memory rose by is divided by the size of the weights as float32, which is what Braid computes in: for
float16 files that is twice their size on disk. Weights are seeded, under .build/bench.

Usage: python3 benchmarks/load_memory.py path/to/BraidBench
Needs: torch==2.13.0 timm torchvision transformers safetensors
"""

import json
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts" / "references"))
import reference_imports  # noqa: F401 (before timm)
import timm
import torch
import transformers
from fixture_files import MINILM

WORK = ROOT / ".build" / "bench" / "weights"


def folder(name, config, extra=()):
    path = WORK / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    if config:
        (path / "config.json").write_text(json.dumps(config))
    for file in extra:
        shutil.copy(file, path)
    return path


def cases():
    from safetensors.torch import save_file

    resnet = timm.create_model("resnet101", num_classes=0)
    one = folder("resnet101", {"architecture": "resnet101", "pretrained_cfg": {}})
    save_file(resnet.state_dict(), one / "model.safetensors")
    yield "ResNet-101, one safetensors file", "image", [one], one
    pickled = folder("resnet101-pth", None)
    torch.save(resnet.state_dict(), pickled / "model.pth")
    yield "ResNet-101, .pth", "image", [pickled / "model.pth", "resnet101"], pickled
    legacy = folder("resnet101-legacy", None)
    torch.save(resnet.state_dict(), legacy / "model.pth", _use_new_zipfile_serialization=False)
    yield "ResNet-101, .pth of the older format", "image", [legacy / "model.pth", "resnet101"], legacy
    bert = transformers.BertModel(transformers.BertConfig())
    shards = folder("bert", bert.config.to_dict() | {"model_type": "bert"}, [MINILM / "tokenizer.json"])
    bert.save_pretrained(shards, max_shard_size="100MB")
    yield "BERT-base, safetensors shards of 100 MB", "text", [shards], shards
    half = folder("bert-half", bert.config.to_dict() | {"model_type": "bert"}, [MINILM / "tokenizer.json"])
    bert.half().save_pretrained(half)
    yield "BERT-base, float16 on disk", "text", [half], half


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print("| weights | MB on disk | MB as float32 | peak rise, MB | share |\n|---|---|---|---|---|")
    for name, modality, arguments, path in cases():
        size = sum(file.stat().st_size for file in path.iterdir() if file.suffix in (".safetensors", ".pth", ".bin"))
        output = subprocess.run([sys.argv[1], "load", modality, *arguments], check=True, capture_output=True, text=True).stdout
        peak = json.loads(output)["bytes"]
        used = size * 2 if "float16" in name else size
        print(f"| {name} | {size / 1e6:.0f} | {used / 1e6:.0f} | {peak / 1e6:.0f} | {peak / used:.2f} |", flush=True)


if __name__ == "__main__":
    main()
