"""Seconds an epoch where the last blocks of an encoder are trained: frozen blocks asked once against asked in every epoch.

Texts of 10 to 120 words through MiniLM, and photographs of CIFAR-10 (shared/data/README.md) through EfficientNet-Lite0 at 224 pixels; last:1, last:3 and
LoRA in the last block. A training with `training.activation_cache.limit: 0` and one with the default take turns. Epochs behind the first count, and the
largest difference between what both have learnt.

    python benchmarks/frozen_prefix.py BRAID [--rows 400] [--repeats 3] [--cifar FOLDER] [--only minilm,lite0] [--against BRAID]

`--against` takes another build for the side without the cache, for one that has no such key. Needs numpy, Pillow and safetensors.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import tempfile

import numpy as np
from safetensors.numpy import load_file

ROOT = pathlib.Path(__file__).resolve().parents[1]
WORDS = (ROOT / "README.md").read_text().split()
ENCODERS = {
    "minilm": ("text", ROOT / ".deps/weights/all-MiniLM-L6-v2"),
    "lite0": ("image", ROOT / ".deps/weights/efficientnet-lite0"),
}
RECIPES = {
    "last:1": {"train": "last:1"},
    "last:3": {"train": "last:3"},
    "lora:8, last block": {"train": "lora:8", "lora_targets": "[layer.5.attention.self.query, layer.5.attention.self.value]"},
}


def texts(folder, rows):
    draw = random.Random(1)
    lines = ["id,text,label"]
    for index in range(rows):
        words = " ".join(draw.choice(WORDS) for _ in range(draw.randrange(10, 120))).replace('"', "")
        lines.append(f'{index},"{words}",{"ab"[index % 2]}')
    (folder / "text.csv").write_text("\n".join(lines) + "\n")


def pictures(folder, rows, cifar):
    from PIL import Image

    files = sorted(cifar.glob("train/*/*.jpg"))
    lines = ["id,image,label"]
    for index, file in enumerate(random.Random(1).sample(files, rows)):
        Image.open(file).resize((320, 240)).save(folder / f"{index}.jpg", quality=90)
        lines.append(f"{index},{index}.jpg,{file.parent.name}")
    (folder / "image.csv").write_text("\n".join(lines) + "\n")


def train(braid, folder, modality, weights, recipe, extra, cache):
    keys = "".join(f", {key}: {value}" for key, value in recipe.items())
    (folder / "c.yaml").write_text(
        f"manifest: {modality}.csv\nmodalities:\n  {modality}: {{weights: {weights}{keys}}}\nfusion: {{type: concat}}\n"
        f"training: {{epochs: 4, batch_size: 32, early_stopping: {{patience: 0}}{extra}}}\n")
    out = pathlib.Path(tempfile.mkdtemp(dir=folder)) / "run"
    subprocess.run([braid, "train", folder / "c.yaml", "--out", out, "--quiet"], check=True, capture_output=True, env=os.environ | {"BRAID_CACHE": str(cache)})
    seconds = [json.loads(line)["seconds"] for line in (out / "metrics.jsonl").read_text().splitlines()]
    return seconds[1:], load_file(out / "checkpoints/last/weights.safetensors")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--against", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cifar", type=pathlib.Path, help="a folder with train/CLASS/*.jpg, as in shared/data/cifar10-jpg.tar.gz")
    parser.add_argument("--only", default="minilm,lite0")
    given = parser.parse_args()
    print("| encoder | trained | asked in every epoch, s | asked once, s | ratio | largest difference of a weight |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for encoder in given.only.split(","):
            modality, weights = ENCODERS[encoder]
            texts(folder, given.rows) if modality == "text" else pictures(folder, given.rows, given.cifar)
            for title, recipe in RECIPES.items():
                if modality == "image" and "lora_targets" in recipe:
                    continue
                sides = {"without": [], "with": []}
                learnt = {}
                without = "" if given.against else ", activation_cache: {limit: 0}"
                for _ in range(given.repeats):
                    for side, braid, extra in [("without", given.against or given.braid, without), ("with", given.braid, "")]:
                        seconds, learnt[side] = train(braid, folder, modality, weights, recipe, extra, folder / "cache")
                        sides[side] += seconds
                slow, fast = (statistics.median(sides[side]) for side in ("without", "with"))
                difference = max(float(np.abs(learnt["with"][key] - learnt["without"][key]).max()) for key in learnt["with"])
                print(f"| {encoder} | {title} | {slow:.2f} | {fast:.2f} | {slow / fast:.1f} | {difference:.1e} |", flush=True)


if __name__ == "__main__":
    main()
