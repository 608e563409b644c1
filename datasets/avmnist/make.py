"""Makes AV-MNIST, and a variant with a written clue, from archives of MNIST and the Free Spoken Digit Dataset.

    python3 datasets/avmnist/make.py ARCHIVES .build/avmnist [--limit N]      (needs numpy, pillow, soundfile)

ARCHIVES holds mnist-png.tar.gz and fsdd-wav.tar.gz. --limit makes only the first N rows of each split, for a quick look.
README.md beside this file says what is made and how it differs from the published data.
"""

import argparse
import csv
import io
import pathlib
import sys
import tarfile

import numpy
import soundfile
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "digits"))
from clues import CLUES, FRAMES, SPELLING  # noqa: E402

SEED = 0
VAL = 5000
VARIANCE = 0.25  # what the picture's principal components keep
RATE = 8000
SAMPLES = 7104  # 112 frames of a centred transform with a hop of 64
SNR = (-27, -2)  # dB, uniform; set by looking at val alone
TAKES = {"test": range(0, 5), "val": range(5, 10), "train": range(10, 50)}


def members(archive, suffix):
    """(name, bytes) of the files of an archive, in an order that does not depend on the archive."""
    with tarfile.open(archive) as tar:
        found = {m.name: tar.extractfile(m).read() for m in tar if m.isfile() and m.name.endswith(suffix)}
    return sorted(found.items())


def load_images(archive):
    """uint8 [N, 784] and digits by folder (train, test)."""
    groups = {"train": ([], []), "test": ([], [])}
    for name, data in members(archive, ".png"):
        folder, digit = name.split("/")[-3:-1]
        groups[folder][0].append(numpy.asarray(Image.open(io.BytesIO(data)).convert("L")).reshape(-1))
        groups[folder][1].append(int(digit))
    return {folder: (numpy.stack(images), numpy.array(digits)) for folder, (images, digits) in groups.items()}


def split_images(groups, numbers):
    images, digits = groups["train"]
    order = numbers.permutation(len(digits))
    val, train = order[:VAL], order[VAL:]
    test = numbers.permutation(len(groups["test"][1]))
    return {
        "train": (images[train], digits[train]), "val": (images[val], digits[val]),
        "test": (groups["test"][0][test], groups["test"][1][test]),
    }


def degrade(splits):
    """Projects every picture on the first principal components of the train split that keep VARIANCE of its variance."""
    train = splits["train"][0].astype(numpy.float64)
    mean = train.mean(0)
    values, vectors = numpy.linalg.eigh(numpy.cov(train - mean, rowvar=False))
    shares = values[::-1] / values.sum()
    count = int(numpy.searchsorted(shares.cumsum(), VARIANCE)) + 1
    basis = vectors[:, ::-1][:, :count]
    print(f"pictures: {count} components keep {shares[:count].sum():.1%} of the variance")
    project = lambda images: ((images - mean) @ basis @ basis.T + mean).clip(0, 255).round().astype(numpy.uint8)  # noqa: E731
    return {split: (project(images), digits) for split, (images, digits) in splits.items()}


def load_recordings(archive):
    """Recordings by split and digit, at RATE."""
    recordings = {split: [[] for _ in range(10)] for split in TAKES}
    for name, data in members(archive, ".wav"):
        digit, _, take = pathlib.Path(name).stem.split("_")
        samples, rate = soundfile.read(io.BytesIO(data))
        assert rate == RATE, name
        split = next(split for split, takes in TAKES.items() if int(take) in takes)
        recordings[split][int(digit)].append(samples)
    return recordings


def fit(samples, numbers):
    """SAMPLES of a recording, at a random place in silence, or its middle where it is longer."""
    if len(samples) >= SAMPLES:
        start = (len(samples) - SAMPLES) // 2
        return samples[start : start + SAMPLES]
    before = numbers.integers(0, SAMPLES - len(samples) + 1)
    return numpy.pad(samples, (before, SAMPLES - len(samples) - before))


def noise(recordings, numbers):
    """White, pink, or babble of six recordings of the same split."""
    kind = numbers.integers(0, 3)
    if kind == 2:
        pool = [recordings[numbers.integers(0, 10)] for _ in range(6)]
        return sum(fit(digit[numbers.integers(0, len(digit))], numbers) for digit in pool)
    white = numbers.standard_normal(SAMPLES)
    if kind == 0:
        return white
    spectrum = numpy.fft.rfft(white)
    spectrum[1:] /= numpy.sqrt(numpy.arange(1, len(spectrum)))
    return numpy.fft.irfft(spectrum, SAMPLES)


def recording(recordings, digit, numbers):
    clean = fit(recordings[digit][numbers.integers(0, len(recordings[digit]))], numbers)
    disturbance = noise(recordings, numbers)
    power = lambda signal: numpy.mean(signal**2) + 1e-12  # noqa: E731
    gain = numpy.sqrt(power(clean) / power(disturbance) * 10 ** (-numbers.uniform(*SNR) / 10))
    mixed = clean + gain * disturbance
    return mixed / numpy.abs(mixed).max() * 0.9


def clue(digit, split, numbers):
    fitting = [clue for clue in CLUES if clue.holds(digit)]
    chosen = fitting[numbers.integers(0, len(fitting))]
    wordings = getattr(chosen, split)
    frames = FRAMES[split]
    return frames[numbers.integers(0, len(frames))].format(wordings[numbers.integers(0, len(wordings))])


def write(out, splits, recordings, limit):
    (out / "images").mkdir(parents=True, exist_ok=True)
    (out / "audio").mkdir(parents=True, exist_ok=True)
    rows = []
    for split, (images, digits) in splits.items():
        for index in range(min(len(digits), limit or len(digits))):
            numbers = numpy.random.default_rng([SEED, list(TAKES).index(split), index])
            name, digit = f"{split}-{index:05d}", int(digits[index])
            Image.fromarray(images[index].reshape(28, 28)).save(out / "images" / f"{name}.png")
            soundfile.write(out / "audio" / f"{name}.wav", recording(recordings[split], digit, numbers), RATE, subtype="PCM_16")
            rows.append((name, split, f"images/{name}.png", f"audio/{name}.wav", SPELLING[digit], clue(digit, split, numbers)))
    for file, columns in (("manifest.csv", 5), ("manifest-trimodal.csv", 6)):
        with open(out / file, "w", newline="") as target:
            writer = csv.writer(target, lineterminator="\n")
            header = ("id", "split", "image", "audio", "label", "text")
            writer.writerows(row[:columns] for row in [header, *rows])
    print(f"{out}: {len(rows)} samples")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archives", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--limit", type=int)
    given = parser.parse_args()
    images = split_images(load_images(given.archives / "mnist-png.tar.gz"), numpy.random.default_rng(SEED))
    write(given.out, degrade(images), load_recordings(given.archives / "fsdd-wav.tar.gz"), given.limit)


if __name__ == "__main__":
    main()
