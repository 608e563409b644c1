"""The three shifts of benchmarks/adaptation.py as manifests: handwriting, spoken digits, and spoken sentences in other languages.

Each draw of a shift has a source manifest (train, val, test) and a target manifest whose train rows are there to adapt to and whose test rows judge. The
target's train rows have labels too, which only the upper bound learns from.
"""

import csv
import hashlib
import pathlib
import random
import subprocess
import tarfile

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
LANGUAGES = ["en-gb", "en-us", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbcwmd", "en-029"]
VARIANTS = ["", "+m1", "+m3", "+m5", "+m7", "+f1", "+f2", "+f3", "+f4", "+f5", "+croak", "+whisper"]
SPEECH = {"source": ["fr", "es"], "target": ["ro", "ru"]}


def unpacked(archive, folder):
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        with tarfile.open(archive) as tar:
            tar.extractall(partial, filter="data")
        partial.rename(folder)
    return folder


def mnist(data, out):
    """(group, file, label) of both domains. MNIST's own test files, and scikit-learn's 8x8 digits, upscaled to 28x28."""
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    folder = unpacked(data / "mnist-png.tar.gz", out / "mnist")
    source = [("", {"image": file}, file.parent.name) for file in sorted((folder / "test").glob("*/*.png"))]
    target = []
    (out / "optical").mkdir(exist_ok=True)
    digits = load_digits()
    for number, (picture, label) in enumerate(zip(digits.images, digits.target)):
        file = out / "optical" / f"{number:04}.png"
        if not file.exists():
            pixels = np.clip(picture * 255 / 16, 0, 255).astype("uint8")
            Image.fromarray(pixels).resize((28, 28), Image.BICUBIC).save(file)
        target.append(("", {"image": file}, str(label)))
    return source, target


def spoken(data, out):
    """FSDD, and espeak-ng's voices, each a group of its own."""
    folder = unpacked(data / "fsdd-wav.tar.gz", out / "fsdd") / "recordings"
    source = [("", {"audio": file}, file.name[0]) for file in sorted(folder.glob("*.wav"))]
    target = []
    (out / "espeak").mkdir(exist_ok=True)
    for language in LANGUAGES:
        for variant in VARIANTS:
            random_ = random.Random(language + variant)
            speed, pitch = random_.randint(110, 200), random_.randint(20, 80)
            for number, word in enumerate(DIGITS):
                file = out / "espeak" / f"{number}_{language}{variant}.wav"
                if not file.exists():
                    subprocess.run(
                        ["espeak-ng", "-v", language + variant, "-s", str(speed), "-p", str(pitch), "-w", file, word], check=True)
                target.append((language + variant, {"audio": file}, str(number)))
    return source, target


def stamps(package, out):
    """Drawings, what is written about them, and that spoken in French or Spanish, or in Romanian or Russian; a thing is in one domain only."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("stamps", pathlib.Path(__file__).resolve().parents[1] / "datasets/stamps/make.py")
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    drawn = list(recipe.drawings(package / recipe.INSIDE))
    rows = {"source": [], "target": []}
    counts = {}
    for (image, folders), group in zip(drawn, recipe.things(drawn)):
        counts[folders[0]] = counts.get(folders[0], 0) + 1
    for (image, folders), group in zip(drawn, recipe.things(drawn)):
        if counts[folders[0]] < 30:
            continue
        domain = "target" if hashlib.sha256(group.encode()).digest()[2] < 128 else "source"
        for language in SPEECH[domain]:
            sound = image.with_name(f"{image.stem}_desc_{language}.ogg")
            if sound.exists():
                media = {"image": image, "text": recipe.description(image.with_suffix(".txt")), "audio": sound}
                rows[domain].append((group, media, folders[0]))
    return rows["source"], rows["target"]


def split(rows, shares, seed):
    """Rows with a split each, whole groups; a share below 1 is one of the groups, others are so many, None is the rest."""
    random_ = random.Random(seed)
    groups = sorted({group_of(row) for row in rows})
    random_.shuffle(groups)
    bounds, total = {}, len(groups)
    start = 0
    for name, share in shares:
        end = total if share is None else min(total, start + (share if share >= 1 else round(share * total)))
        bounds.update({group: name for group in groups[start:end]})
        start = end
    return [(bounds[group_of(row)], *row) for row in rows if group_of(row) in bounds]


def group_of(row):
    """Its own, or its first file."""
    return row[0] or str(next(iter(row[1].values())))


def write(path, rows, modalities):
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["id", "split", "group", *modalities, "label"])
        for number, (part, group, media, label) in enumerate(rows):
            table.writerow([f"row-{number}", part, group, *(media[name] for name in modalities), label])
