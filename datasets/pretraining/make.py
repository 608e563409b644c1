"""Makes the data that the bundled image and audio encoders are pretrained on, from archives of public data sets.

    python3 datasets/pretraining/make.py ARCHIVES .build/pretraining      (needs numpy, pillow, soundfile, scipy)
    braid train datasets/pretraining/image/config.yaml --out .build/pretraining/run-image
    braid train datasets/pretraining/audio/config.yaml --out .build/pretraining/run-audio

ARCHIVES holds cifar10-jpg.tar.gz, mnist-png.tar.gz and fsdd-wav.tar.gz. Images: CIFAR-10 as it is, and MNIST digits
each shifted, blurred, partly covered, with noise and other contrast. Audio: each FSDD recording as it is, and twice at
another speed with noise. Neither set holds anything of the domain the encoders are then used in (datasets/digits).
"""

import csv
import io
import pathlib
import random
import sys
import tarfile

import numpy
import soundfile
from PIL import Image, ImageFilter
from scipy.signal import resample

SEED = 0
CIFAR_PER_CLASS = {"train": 1500, "val": 100, "test": 200}
MNIST_PER_CLASS = {"train": 2400, "val": 100, "test": 200}
COPIES = 2


def members(archive, suffix):
    """(name, bytes) of the files of an archive, in an order that does not depend on the archive."""
    with tarfile.open(archive) as tar:
        names = sorted(m.name for m in tar.getmembers() if m.isfile() and m.name.endswith(suffix))
        for name in names:
            yield name, tar.extractfile(name).read()


def grouped(archive, suffix):
    """{(train or test, class): [bytes]} of an archive laid out as train/CLASS/FILE."""
    groups = {}
    for name, data in members(archive, suffix):
        folder, label = name.split("/")[-3:-1]
        groups.setdefault((folder, label), []).append(data)
    return groups


def degraded(data, rng):
    """An MNIST digit as a bad copy would show it."""
    image = Image.open(io.BytesIO(data)).convert("L")
    image = image.rotate(rng.uniform(-12, 12), translate=(rng.randint(-3, 3), rng.randint(-3, 3)), resample=Image.BILINEAR)
    side = rng.choice((8, 10, 14, 28, 28))
    image = image.resize((side, side), Image.BOX).resize((28, 28), Image.BICUBIC)
    image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0, 0.8)))
    pixels = numpy.asarray(image, dtype=numpy.float32) * rng.uniform(0.4, 1) + rng.uniform(0, 60)
    for _ in range(rng.choice((0, 0, 1, 2))):
        height, width, top, left = rng.randint(3, 10), rng.randint(3, 10), rng.randint(0, 24), rng.randint(0, 24)
        pixels[top : top + height, left : left + width] = rng.uniform(0, 160)
    noise = numpy.random.default_rng(rng.getrandbits(32)).normal(0, rng.choice((0, 6, 15, 30)), pixels.shape)
    buffer = io.BytesIO()
    Image.fromarray(numpy.clip(pixels + noise, 0, 255).astype(numpy.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def write_images(archives, out, rng):
    rows = []
    sources = (("cifar", "cifar10-jpg.tar.gz", ".jpg", CIFAR_PER_CLASS), ("digit", "mnist-png.tar.gz", ".png", MNIST_PER_CLASS))
    for prefix, archive, suffix, wanted in sources:
        groups = grouped(archives / archive, suffix)
        for folder, label in sorted(groups):
            files = rng.sample(groups[folder, label], len(groups[folder, label]))
            parts = {"test": files} if folder == "test" else {"val": files[: wanted["val"]], "train": files[wanted["val"] :]}
            for split, chosen in parts.items():
                for index, data in enumerate(chosen[: wanted[split]]):
                    name = f"{split}/{prefix}-{label}-{index}{suffix}"
                    (out / name).parent.mkdir(parents=True, exist_ok=True)
                    (out / name).write_bytes(degraded(data, rng) if prefix == "digit" else data)
                    rows.append((split, name, f"{prefix}-{label}"))
    write_manifest(out, ("split", "image", "label"), rows)


def noisy(samples, rng):
    """Another speed and pitch, another loudness, and white or low noise."""
    faster = resample(samples, max(400, int(len(samples) / rng.uniform(0.78, 1.3))))
    numbers = numpy.random.default_rng(rng.getrandbits(32))
    noise = numbers.normal(0, 1, len(faster))
    if rng.random() < 0.5:
        noise = numpy.convolve(noise, numpy.ones(6) / 6, "same")
    ratio = 10 ** (-rng.uniform(0, 35) / 20)
    noise *= ratio * numpy.sqrt(numpy.mean(faster**2)) / max(1e-9, numpy.sqrt(numpy.mean(noise**2)))
    silence = numpy.zeros(rng.randint(0, 2000))
    mixed = numpy.concatenate((silence, faster)) + numpy.concatenate((numbers.normal(0, noise.std(), len(silence)), noise))
    return mixed / max(1e-9, numpy.abs(mixed).max()) * rng.uniform(0.2, 0.95)


def write_audio(archives, out, rng):
    rows = []
    for name, data in members(archives / "fsdd-wav.tar.gz", ".wav"):
        digit, speaker, take = pathlib.Path(name).stem.split("_")
        split = "test" if int(take) < 5 else "val" if int(take) < 10 else "train"
        samples, rate = soundfile.read(io.BytesIO(data))
        versions = [samples] + [noisy(samples, rng) for _ in range(COPIES if split == "train" else 1)]
        for index, version in enumerate(versions):
            path = f"{split}/{digit}_{speaker}_{take}_{index}.wav"
            (out / path).parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(out / path, version, rate, subtype="PCM_16")
            rows.append((split, path, digit))
    write_manifest(out, ("split", "audio", "label"), rows)


def write_manifest(out, header, rows):
    with open(out / "manifest.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([header, *rows])
    print(f"{out.name}: {len(rows)} samples")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    archives, out = map(pathlib.Path, sys.argv[1:])
    for name, write in (("image", write_images), ("audio", write_audio)):
        (out / name).mkdir(parents=True, exist_ok=True)
        write(archives, out / name, random.Random(SEED))


if __name__ == "__main__":
    main()
