"""Times training a fusion on frozen encoders: `braid train` against a script written by hand in PyTorch, to the same accuracy.

Data, encoders and hyperparameters are datasets/digits's. The script encodes every batch anew in each epoch, under no_grad, as scripts
do, with media prepared by two loader processes; it stops at the first epoch whose val accuracy reaches TARGET. Braid trains all of
its epochs, calibrates, tests and writes its report. Given are its whole time, and that time less the epochs behind the first that
reaches TARGET; without and with embeddings in the cache.

Usage: benchmarks/frozen_fusion.py path/to/braid [RUNS]
Run with the Python that benchmarks/peers.sh prints.
"""

import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

import workloads
import torch
from workloads import MINILM, ROOT, WORK

DATA = ROOT / "datasets" / "digits"
BUNDLED = ROOT / "Sources" / "Braid" / "Resources" / "weights"
TARGET = 0.95


class Samples(torch.utils.data.Dataset):
    def __init__(self, rows, classes):
        import torchaudio
        from timm.data import create_transform
        from tokenizers import Tokenizer

        self.rows, self.classes = rows, classes
        self.transform = create_transform(
            (3, 48, 48), crop_pct=1.0, interpolation="bilinear", mean=(0.4,) * 3, std=(0.3,) * 3)
        self.mel = torchaudio.transforms.MelSpectrogram(
            8000, n_fft=256, hop_length=100, f_min=60, f_max=4000, n_mels=48, norm="slaney", mel_scale="slaney")
        self.decibels = torchaudio.transforms.AmplitudeToDB(top_db=None)
        self.tokenizer = Tokenizer.from_file(str(MINILM / "tokenizer.json"))
        self.tokenizer.no_padding()

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        import soundfile
        import soxr
        from PIL import Image

        row = self.rows[index]
        image = text = audio = None
        if row["image"]:
            image = self.transform(Image.open(DATA / row["image"]).convert("RGB"))
        if row["text"]:
            text = torch.tensor(self.tokenizer.encode(row["text"]).ids)
        if row["audio"]:
            wave, rate = soundfile.read(DATA / row["audio"], dtype="float32", always_2d=True)
            wave = wave.mean(1)
            wave = soxr.resample(wave, rate, 8000) if rate != 8000 else wave
            audio = self.decibels(self.mel(torch.from_numpy(wave))).T
        return image, text, audio, self.classes.index(row["label"])


def one_thread(_):
    torch.set_num_threads(1)


class Encoders(torch.nn.Module):
    """The three bundled encoders; what a sample lacks is zeros."""

    def __init__(self):
        super().__init__()
        from panns_reference import PannsCnn
        from safetensors.torch import load_file
        from timm.models.resnet import BasicBlock, ResNet
        from transformers import AutoModel

        self.image = ResNet(BasicBlock, [1, 1, 1, 1], channels=(24, 48, 96, 192), num_classes=0)
        self.image.load_state_dict(load_file(BUNDLED / "resnet10-cifar-mnist" / "model.safetensors"))
        self.text = AutoModel.from_pretrained(MINILM)
        self.audio = PannsCnn(
            "cnn10", [16, 32, 64, 128],
            {"sample_rate": 8000, "window_size": 256, "hop_size": 100, "mel_bins": 48, "fmin": 60, "fmax": 4000})
        self.audio.load_state_dict(load_file(BUNDLED / "cnn10-fsdd" / "model.safetensors"), strict=False)
        self.eval().requires_grad_(False)

    def forward(self, batch):
        parts = [torch.zeros(len(batch), width) for width in (192, 384, 128)]
        images = [k for k, sample in enumerate(batch) if sample[0] is not None]
        if images:
            parts[0][images] = self.image(torch.stack([batch[k][0] for k in images]))
        texts = [k for k, sample in enumerate(batch) if sample[1] is not None]
        if texts:
            ids = torch.nn.utils.rnn.pad_sequence([batch[k][1] for k in texts], batch_first=True)
            mask = (ids != 0).long()
            tokens = self.text(input_ids=ids, attention_mask=mask).last_hidden_state
            weights = mask[:, :, None].float()
            parts[1][texts] = torch.nn.functional.normalize((tokens * weights).sum(1) / weights.sum(1), dim=1)
        for k, sample in enumerate(batch):
            if sample[2] is not None:
                parts[2][k] = self.audio(sample[2][None])[0][0]
        return torch.cat(parts, 1)


def script():
    """The script: prints the seconds of each epoch."""
    start = time.perf_counter()
    torch.manual_seed(0)
    torch.set_num_threads(2)
    with open(DATA / "manifest.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    classes = sorted({row["label"] for row in rows})
    loaders = {
        split: torch.utils.data.DataLoader(
            Samples([row for row in rows if row["split"] == split], classes), batch_size=32, shuffle=split == "train",
            num_workers=2, collate_fn=list, worker_init_fn=one_thread, persistent_workers=True)
        for split in ("train", "val")
    }
    encoders = Encoders()
    head = torch.nn.Sequential(
        torch.nn.Linear(704, 256), torch.nn.ReLU(), torch.nn.Dropout(0.3), torch.nn.Linear(256, 256), torch.nn.ReLU(),
        torch.nn.Dropout(0.3), torch.nn.Linear(256, 10))
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=0.05)
    for epoch in range(60):
        begun = time.perf_counter()
        head.train()
        for batch in loaders["train"]:
            with torch.no_grad():
                embeddings = encoders(batch)
            loss = torch.nn.functional.cross_entropy(head(embeddings), torch.tensor([sample[3] for sample in batch]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        head.eval()
        right = total = 0
        with torch.no_grad():
            for batch in loaders["val"]:
                found = head(encoders(batch)).argmax(1)
                right += sum(int(a == sample[3]) for a, sample in zip(found, batch))
                total += len(batch)
        print(f"epoch {epoch + 1}: val accuracy {right / total:.4f}, {time.perf_counter() - begun:.2f} s", file=sys.stderr)
        if right / total >= TARGET:
            break
    print(json.dumps({"seconds": time.perf_counter() - start, "epochs": epoch + 1, "accuracy": right / total}))


def braid(command, cache):
    run = WORK / "frozen-run"
    shutil.rmtree(run, ignore_errors=True)
    start = time.perf_counter()
    subprocess.run(
        [command, "train", DATA / "config.yaml", "--out", run, "--quiet"], check=True, stdout=subprocess.DEVNULL,
        env=os.environ | {"BRAID_CACHE": str(cache)})
    seconds = time.perf_counter() - start
    epochs = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    record = json.loads((run / "run.json").read_text())
    reached = next(place for place, epoch in enumerate(epochs, 1) if epoch["val"]["accuracy"] >= TARGET)
    return {
        "reached": seconds - sum(epoch["seconds"] for epoch in epochs[reached:]), "seconds": seconds, "epochs": len(epochs), "accuracy": max(epoch["val"]["accuracy"] for epoch in epochs),
        "embedding": record["seconds"]["embedding"], "epoch": statistics.median(epoch["seconds"] for epoch in epochs[1:]),
    }


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--script":
        return script()
    command, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    WORK.mkdir(parents=True, exist_ok=True)
    cache = WORK / "frozen-cache"
    figures = {"script": [], "empty": [], "full": []}
    for _ in range(runs):
        shutil.rmtree(cache, ignore_errors=True)
        figures["empty"].append(braid(command, cache))
        figures["full"].append(braid(command, cache))
        output = subprocess.run([sys.executable, __file__, "--script"], check=True, capture_output=True, text=True)
        figures["script"].append(json.loads(output.stdout))
    median = lambda name, key: statistics.median(figure[key] for figure in figures[name])
    print("| | wall, s | epochs | best val accuracy |\n|---|---|---|---|")
    titles = {"script": f"PyTorch script, until {TARGET:.0%}", "empty": "braid train", "full": "braid train, embeddings cached"}
    for name, title in titles.items():
        print(f"| {title} | {median(name, 'seconds'):.1f} | {median(name, 'epochs'):.0f} | {median(name, 'accuracy'):.4f} |")
    for name in ("empty", "full"):
        for key, what in (("seconds", "all epochs"), ("reached", f"until {TARGET:.0%}")):
            ratios = [a[key] / b["seconds"] for a, b in zip(figures[name], figures["script"])]
            spread = f"({min(ratios):.3f} … {max(ratios):.3f})"
            print(f"\n{titles[name]}, {what}: {statistics.median(ratios):.3f} of the script's time {spread}")
    first, later = median("empty", "embedding"), median("empty", "epoch")
    print(f"\nBraid's embedding takes {first:.2f} s, a later epoch {later:.3f} s: {first / later:.0f} times less")


if __name__ == "__main__":
    main()
