"""Kills trainings at random instants by SIGKILL and goes on with --resume: the weights must be those of a run that nobody killed, byte for byte.

For each recipe one run is left alone; each of the others is killed once or several times, at an instant drawn evenly over the time that the
first one took, and resumed until it ends. What counts is the SHA-256 of the model's files and of metrics.jsonl without its seconds.

    python benchmarks/kill_resume.py BRAID [--kills 50] [--seed 0] [--only NAME]

Prints a line a run, a table, and exits with 1 where one differs.
"""

import argparse
import hashlib
import json
import math
import os
import pathlib
import random
import struct
import subprocess
import tempfile
import time
import wave
import zlib

RECIPES = {
    "frozen": {"modalities.image.train": "none"},
    "last:1": {"modalities.image.train": "last:1"},
    "lora": {"modalities.image.train": "lora:4"},
    "last:1, nothing shared": {"modalities.image.train": "last:1", "embedding_cache": "false"},
    "all": {"modalities.image.train": "all"},
    "head first": {"modalities.image.train": "last:1", "training.head_epochs": "2"},
    "three phases": {
        "modalities.image.train": "last:2",
        "training.phases": "{heads: {epochs: 1, train: {image: none}}, top: {epochs: 2, train: {image: last:1}}, rest: {learning_rate: 0.0005}}",
    },
    "lora:4": {"modalities.image.train": "lora:4", "modalities.image.lora_dropout": "0.1", "training.head_epochs": "2"},
    "soup": {
        "modalities.image.train": "last:1",
        "training.head_epochs": "1",
        "training.soup": "greedy",
        "training.checkpoint.best": "3",
        "training.early_stopping.metric": "loss",
        "training.wise_ft": "auto",
    },
    "unfreezing": {"modalities.image.train": "last:3", "training.unfreeze.every": "1"},
    "pairs": {"modalities.image.train": "last:1", "training.contrastive.epochs": "2", "training.contrastive.iterations": "1"},
}


def png(level, seed, side=24):
    draw = random.Random(seed)
    rows = b"".join(b"\0" + bytes(min(255, max(0, level + draw.randrange(-9, 10))) for _ in range(side)) for _ in range(side))
    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))  # noqa: E731
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def tone(path, hertz, seed):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(8000)
        file.writeframes(b"".join(struct.pack("<h", int(8000 * math.sin(seed + 2 * math.pi * hertz * n / 8000))) for n in range(2400)))


def data(folder, count=160):
    rows = ["id,image,audio,label"]
    for index in range(count):
        high = index % 2
        (folder / f"{index}.png").write_bytes(png(170 if high else 80, index))
        tone(folder / f"{index}.wav", 700 if high else 300, index)
        rows.append(f"{index},{index}.png,{index}.wav,{'high' if high else 'low'}")
    (folder / "m.csv").write_text("\n".join(rows) + "\n")
    (folder / "c.yaml").write_text(
        "manifest: m.csv\nmodalities:\n  image: {weights: \"bundled:resnet10-cifar-mnist\"}\n  audio: {weights: \"bundled:cnn10-fsdd\"}\n"
        "fusion: {type: gated, dim: 32, modality_dropout: 0.2, dropout: 0.1}\nhead: {task: binary}\n"
        "training: {epochs: 5, batch_size: 16, early_stopping: {patience: 0}, checkpoint: {steps: 2}}\n")


def sums(run):
    found = {}
    for path in sorted((run / "model").rglob("*")):
        if path.is_file():
            found[str(path.relative_to(run))] = hashlib.sha256(path.read_bytes()).hexdigest()
    for name in ("soup.json", "wise_ft.json"):
        if (run / name).exists():
            found[name] = (run / name).read_text()
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    found["metrics"] = [{key: value for key, value in line.items() if key != "seconds"} for line in lines]
    return found


def train(braid, folder, out, settings, resume, environment):
    command = [braid, "train", "c.yaml", "--out", out, "--quiet"] + ["--resume"] * resume
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(process):
    error = process.communicate()[1]
    if process.returncode:
        raise SystemExit(f"a training failed ({process.returncode}): {error.decode()[-500:]}")


def killed(braid, folder, out, settings, seconds, draw, environment):
    """Trains, killed at a random instant; resumed, and killed again half of the times. Gives how often it was killed."""
    kills, resume = 0, False
    while True:
        process = train(braid, folder, out, settings, resume, environment)
        try:
            process.wait(draw.uniform(0, seconds) if kills == 0 or draw.random() < 0.5 else None)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
            # Killed before the run was there: it begins anew.
            resume = (folder / out / "config.yaml").exists()
            continue
        finish(process)
        return kills


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("braid")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=RECIPES)
    options = parser.parse_args()
    braid, draw = os.path.abspath(options.braid), random.Random(options.seed)
    recipes = {name: RECIPES[name] for name in RECIPES if options.only in (None, name)}
    table, failed = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        environment = {**os.environ, "BRAID_CACHE": str(folder / "cache")}
        data(folder)
        for number, (name, settings) in enumerate(recipes.items()):
            finish(train(braid, folder, f"warm-{number}", settings, False, environment))
            start = time.time()
            finish(train(braid, folder, f"whole-{number}", settings, False, environment))
            seconds, whole = time.time() - start, sums(folder / f"whole-{number}")
            runs, kills, same = max(1, options.kills // len(recipes)), 0, 0
            for index in range(runs):
                out = f"killed-{number}-{index}"
                times = killed(braid, folder, out, settings, seconds, draw, environment)
                kills += times
                equal = sums(folder / out) == whole
                same += equal
                print(f"{name}, run {index + 1}, killed {times} times: {'the same' if equal else 'ANOTHER'}", flush=True)
            table.append((name, runs, kills, same, seconds))
            failed += runs - same
    print("\n| recipe | runs | kills | byte for byte the same | seconds alone |\n|---|---|---|---|---|")
    for name, runs, kills, same, seconds in table:
        print(f"| {name} | {runs} | {kills} | {same} | {seconds:.1f} |")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
