"""Times Braid's picture and sound front ends against Pillow and torchaudio, on one thread each, interleaved in one run.

JPEG: decode, and resize the short side to 256 with the antialiased bicubic filter. Log-mel: PANNs' settings (32 kHz, window
1024, hop 320, 64 bins), from decoded samples. Inputs are made under .build/bench from a seed: 200 JPEGs of 500×375 at
quality 90, 200 of 32×32, and 60 recordings of 1 to 10 s.

Usage: python3 benchmarks/front_ends.py path/to/BraidBench [RUNS]
Needs: torch==2.13.0 torchaudio pillow numpy soundfile
"""

import json
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts" / "references"))
import numpy as np
import reference_imports  # noqa: F401 (before torchaudio)
import soundfile
import torch
import torchaudio
from PIL import Image

WORK = ROOT / ".build" / "bench"


def make_pictures(name, width, height, count=200):
    random = np.random.default_rng(width)
    folder = WORK / name
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        coarse = Image.fromarray(random.integers(0, 256, (9, 12, 3), dtype=np.uint8))
        picture = np.asarray(coarse.resize((width, height), Image.BICUBIC), dtype=np.float32)
        noisy = (picture + random.normal(0, 8, picture.shape)).clip(0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(folder / f"{index:03}.jpg", quality=90)
    return sorted(folder.glob("*.jpg"))


def make_recordings(count=60):
    random = np.random.default_rng(1)
    folder = WORK / "recordings"
    folder.mkdir(parents=True, exist_ok=True)
    for index, seconds in enumerate(random.uniform(1, 10, count)):
        noise = (random.standard_normal(int(32000 * seconds)) * 0.1).astype(np.float32)
        soundfile.write(folder / f"{index:03}.wav", noise, 32000, subtype="FLOAT")
    return sorted(folder.glob("*.wav"))


def seconds(items, body):
    for item in items[:20]:
        body(item)
    start = time.perf_counter()
    for item in items:
        body(item)
    return time.perf_counter() - start


def pillow(file):
    with Image.open(file) as opened:
        image = opened.convert("RGB")
    scale = 256 / min(image.size)
    image.resize((int(image.width * scale), int(image.height * scale)), Image.BICUBIC)


def torchaudio_log_mel():
    mel = torchaudio.transforms.MelSpectrogram(
        32000, n_fft=1024, hop_length=320, f_min=50, f_max=14000, n_mels=64, norm="slaney", mel_scale="slaney")
    decibels = torchaudio.transforms.AmplitudeToDB(top_db=None)
    return lambda wave: decibels(mel(wave))


def braid(bench, mode, files):
    output = subprocess.run([bench, mode, *files], check=True, capture_output=True, text=True).stdout
    return json.loads(output)["seconds"]


@torch.inference_mode()
def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    bench, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 7
    torch.set_num_threads(1)
    recordings = make_recordings()
    waves = [torch.from_numpy(soundfile.read(file, dtype="float32")[0])[None] for file in recordings]
    log_mel = torchaudio_log_mel()
    cases = []
    for name, width, height in (("500×375", 500, 375), ("32×32", 32, 32)):
        files = make_pictures(name, width, height)
        cases.append((f"JPEG {name}, decode and resize", "Pillow", "images", files, lambda files=files: seconds(files, pillow)))
    cases.append(("log-mel of 1 to 10 s", "torchaudio", "logmel", recordings, lambda: seconds(waves, log_mel)))
    print(f"| work, one thread, median of {runs} | Braid, items/s | peer, items/s | ratio | least and largest ratio |\n|---|---|---|---|---|")
    for name, peer, mode, files, other in cases:
        pairs = [(braid(bench, mode, files), other()) for _ in range(runs)]
        ours, theirs = (statistics.median(column) for column in zip(*pairs))
        ratios = sorted(b / a for a, b in pairs)
        print(
            f"| {name} | {len(files) / ours:.0f} | {len(files) / theirs:.0f} ({peer}) | {statistics.median(ratios):.2f} | "
            f"{ratios[0]:.2f} … {ratios[-1]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
