"""The sets that fine_tuning.py trains on, and their test rows with corrupted media. Imported, not run."""

import hashlib
import json
import os
import pathlib
import shutil

import numpy
from answers import AVMNIST, ROOT, SMALL, digits, read, stamps, thinned, write

WORK = ROOT / ".build" / "fine-tuning"


# ---- the sets -------------------------------------------------------------------------------------------------------------------


def small_pictures():
    """EfficientNet-Lite0 for pictures of 96 pixels in place of 224: a fifth of the work."""
    source, folder = ROOT / ".deps" / "weights" / "efficientnet-lite0", WORK / "efficientnet-lite0-96"
    folder.mkdir(parents=True, exist_ok=True)
    config = json.loads((source / "config.json").read_text())
    config["pretrained_cfg"] |= {"input_size": [3, 96, 96], "crop_pct": 1.0}
    (folder / "config.json").write_text(json.dumps(config))
    for file in source.glob("*.pth"):
        shutil.copy(file, folder)
    return folder


def avmnist(count):
    """`count` training rows and a fifth of that in val, another draw for each seed; always the same 1,000 test rows."""
    rows = thinned(read(AVMNIST / "manifest.csv"), 1000, 0, "test")
    return lambda seed: thinned(thinned(rows, count, seed), max(20, count // 5), seed, "val")


# By set: encoders, which are trained, rows of a seed, keys. Digits and letters are not flipped.
PICTURES = {"image": "bundled:resnet10-cifar-mnist", "audio": "bundled:cnn10-fsdd"}
SETS = {
    "stamps": (SMALL, ["image", "text"], lambda: stamps, {}),
    "digits": (SMALL, ["image", "audio"], lambda: lambda seed: thinned(digits(seed), 420, seed), {"image.augment.flip": 0}),
    "AV-MNIST 100": (PICTURES, ["image", "audio"], lambda: avmnist(100), {"image.augment.flip": 0}),
    "AV-MNIST 1000": (PICTURES, ["image", "audio"], lambda: avmnist(1000), {"image.augment.flip": 0}),
}


# ---- the shift ------------------------------------------------------------------------------------------------------------------


def draw(*names):
    return numpy.random.default_rng(int.from_bytes(hashlib.sha256(" ".join(names).encode()).digest()[:8]))


def corrupt_picture(source, target, random):
    """One of three corruptions of severity 3, with the strengths of CIFAR-10-C for pictures of up to 32 pixels, else of ImageNet-C."""
    from PIL import Image, ImageFilter

    image = Image.open(source)
    if image.mode in ("P", "LA", "RGBA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB")
    image.thumbnail((224, 224))
    noise, sigma, contrast = (0.08, 0.7, 0.4) if max(image.size) <= 32 else (0.18, 3, 0.2)
    kind = random.integers(3)
    if kind == 0:
        image = image.filter(ImageFilter.GaussianBlur(sigma))
    pixels = numpy.asarray(image) / 255
    if kind == 1:
        pixels = pixels + random.normal(0, noise, pixels.shape)
    if kind == 2:
        mean = pixels.mean((0, 1), keepdims=True)
        pixels = (pixels - mean) * contrast + mean
    Image.fromarray((255 * pixels.clip(0, 1)).round().astype(numpy.uint8)).save(target)


def corrupt_recording(source, target, random, decibels=5):
    """With white noise, `decibels` below the recording's own power."""
    import soundfile

    wave, rate = soundfile.read(source, dtype="float32", always_2d=True)
    level = (wave**2).mean() ** 0.5 * 10 ** (-decibels / 20)
    wave = wave + random.normal(0, max(level, 1e-4), wave.shape)
    soundfile.write(target, wave / max(1, numpy.abs(wave).max()), rate, subtype="PCM_16")


def shifted(rows, folder):
    """The rows with other media in `folder`, made once."""
    make = {"image": corrupt_picture, "audio": corrupt_recording}
    corrupt = lambda column, row, target: make[column](row[column], target, draw(column, row["id"]))  # noqa: E731
    return moved(rows, folder, corrupt, {"image": ".png", "audio": ".wav"})


def small(column, row, target):
    """A copy; pictures of at most 256 pixels, which are faster to read."""
    from PIL import Image

    if column == "audio":
        return shutil.copy(row[column], target)
    image = Image.open(row[column])
    if max(image.size) <= 256:
        return shutil.copy(row[column], target)
    image = image.convert("RGBA")
    image.thumbnail((256, 256))
    image.save(target)


def moved(rows, folder, make, endings=None):
    """The rows with media that `make` has put into `folder`, beside which their manifest's folder lies."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for row in rows:
        row = dict(row)
        for column in ("image", "audio"):
            if row.get(column):
                ending = endings[column] if endings else pathlib.Path(row[column]).suffix
                target = folder / f"{row['id'].replace('/', '-')}{ending}"
                if not target.exists():
                    make(column, row, target)
                row[column] = f"../{folder.name}/{target.name}"
        found.append(row)
    return found


def prepare(name, seed):
    """A folder with a seed's rows and its shifted test rows; what is under WORK is all that a training needs."""
    encoders, _, rows_of, _ = SETS[name]
    home = WORK / name.replace(" ", "-")
    folder = home / str(seed)
    if not (folder / "shifted.csv").exists():
        rows = rows_of()(seed)
        chosen = encoders | ({"image": os.path.relpath(small_pictures(), folder)} if name == "stamps" else {})
        write(shifted([row for row in rows if row["split"] == "test"], home / "shifted"), folder, chosen)
        other = (folder / "manifest.csv").read_text()
        write(moved(rows, home / "media", small), folder, chosen)
        (folder / "shifted.csv").write_text(other)
    return folder
