"""Times one prediction of one sample, each time in a new process: `braid predict` against the same model in Python.

The model takes a picture (ResNet-18), a text (MiniLM-L6) and a recording (Cnn10), concatenates their embeddings, and classifies with
one hidden layer. The Python side is what one writes: torch, timm and transformers imported, weights loaded, one sample through.
Both sides have run before, so that files are in memory.

Usage: benchmarks/cold_prediction.py path/to/braid [RUNS]
Run with the Python that benchmarks/peers.sh prints.
"""

import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

import workloads
from workloads import MODELS, WORK

NAMES = ["resnet18", "minilm", "cnn10"]


def train(braid):
    """A model of twelve samples, trained for an epoch."""
    run = WORK / "cold-run"
    items = {MODELS[name][0]: workloads.media(MODELS[name][0], 12) for name in NAMES}
    listing = WORK / "cold.jsonl"
    with open(listing, "w") as out:
        for index in range(12):
            row = {"id": str(index), "split": ("train", "val", "test")[index % 3], "label": str(index // 3 % 2)}
            print(json.dumps(row | {modality: str(values[index]) for modality, values in items.items()}), file=out)
    lines = [f"  {MODELS[name][0]}: {{weights: {workloads.weights(name)}}}" for name in NAMES]
    config = WORK / "cold.yaml"
    config.write_text(
        f"manifest: {listing}\nembedding_cache: false\nmodalities:\n" + "\n".join(lines)
        + "\nfusion: {type: concat, dim: 64}\nhead: {hidden: [64]}\ntraining: {epochs: 1, monitor: false}\n")
    if not run.exists():
        subprocess.run([braid, "train", config, "--out", run, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return run, {modality: values[0] for modality, values in items.items()}


def python(image, text, audio):
    import soundfile
    import soxr
    import torch
    from peer import Embedder, Recordings, padded, picture_transform
    from PIL import Image
    from tokenizers import Tokenizer

    from safetensors.torch import load_file

    inputs = {"image": (picture_transform()(Image.open(image).convert("RGB"))[None],)}
    ids = torch.tensor([Tokenizer.from_file(str(workloads.MINILM / "tokenizer.json")).encode(text).ids])
    inputs["text"] = (ids, torch.ones_like(ids))
    inputs["audio"] = (Recordings([audio])[0][None],)
    parts = []
    with torch.inference_mode():
        for name in NAMES:
            model = Embedder(name)
            if name != "minilm":
                model.network.load_state_dict(load_file(workloads.weights(name) / "model.safetensors"))
            parts.append(model(*inputs[MODELS[name][0]]))
        x = torch.cat(parts, 1)
        head = torch.nn.Sequential(torch.nn.Linear(x.shape[1], 64), torch.nn.ReLU(), torch.nn.Linear(64, 2))
        print(head(x).softmax(1).tolist())


def timed(command):
    """Wall seconds and peak memory of a process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1000


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--peer":
        return python(*sys.argv[2:])
    braid, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 7
    WORK.mkdir(parents=True, exist_ok=True)
    run, sample = train(braid)
    ours = [braid, "predict", run, "--image", sample["image"], "--text", sample["text"], "--audio", sample["audio"]]
    theirs = [sys.executable, __file__, "--peer", sample["image"], sample["text"], sample["audio"]]
    pairs = [(timed([str(a) for a in ours]), timed([str(b) for b in theirs])) for _ in range(runs + 1)][1:]
    seconds = [statistics.median(pair[side][0] for pair in pairs) for side in (0, 1)]
    memory = [statistics.median(pair[side][1] for pair in pairs) for side in (0, 1)]
    ratio = statistics.median(a[0] / b[0] for a, b in pairs)
    print("| | Braid | Python | Braid / Python |\n|---|---|---|---|")
    print(f"| one prediction, cold, s | {seconds[0]:.2f} | {seconds[1]:.2f} | {ratio:.3f} |")
    print(f"| peak memory, MB | {memory[0]:.0f} | {memory[1]:.0f} | {memory[0] / memory[1]:.2f} |")


if __name__ == "__main__":
    main()
