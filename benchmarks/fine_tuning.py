"""Compares ways to fine-tune encoders, on test rows as they are and on the same rows corrupted.

Sets: stamps, digits (420 training rows) and AV-MNIST with 100 and 1,000 labels. A cell is a set, a method of METHODS, with or without
`augment: light`, and a seed, which draws the rows and everything in the training. Each finished cell is a line of OUT (a CSV); those that
are there are not run again, so that it can be stopped at any time, and go on elsewhere. From that file the tables are made (--table).

What is trained: the encoders of two modalities of each set; the third stays frozen, so that an hour of two cores is enough for most of it.
The shifted test set: each picture gets one corruption of Hendrycks and Dietterich (2019, arXiv:1903.12261) of severity 3, Gaussian noise,
blur or less contrast, each recording white noise. Its draws are the same for every method and seed. Texts stay.

Usage: benchmarks/fine_tuning.py path/to/braid [--only stamps,all,augmented,0]... [--seeds 5] [--device cpu] [--jobs 1] [--threads 0]
       [--prepare] [--table]
       --only: a set, a method, `plain` or `augmented`, a seed, with commas between, in any order; may be given several times, and the
       cells are run in that order.
Needs numpy, scipy, scikit-learn, safetensors, soundfile, pillow; sets are made as answers.py says.
"""

import argparse
import collections
import csv
import hashlib
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy
from answers import AVMNIST, ROOT, SMALL, digits, make_avmnist, read, stamps, thinned, write
from scipy.stats import t as student

WORK = ROOT / ".build" / "fine-tuning"
EPOCHS = 12
# What is asked of a training beside the set's own. `train` is said of every encoder that is trained; all else are keys.
METHODS = {
    "frozen": {},  # the fusion that training chooses by itself
    "frozen, concat": {"fusion.type": "concat", "training.epochs": 40},  # the fusion that the others have
    "last:1": {"train": "last:1"},
    "last:3": {"train": "last:3"},
    "lora:4": {"train": "lora:4"},
    "lora:8": {"train": "lora:8"},
    "LP-FT": {"train": "all", "training.head_epochs": 10, "training.epochs": EPOCHS + 10},
    "all": {"train": "all"},
    "first:2": {"train": "first:2"},
    "norm": {"train": "norm"},
    "bitfit": {"train": "bitfit"},
    "ia3": {"train": "ia3"},
    "unfreezing": {"train": "all", "training.unfreeze.every": 1},
    "all, averaged": {"train": "all", "training.ema": 0.95},
    "all, uniform soup": {"train": "all", "training.soup": "uniform"},
    "all, greedy soup": {"train": "all", "training.soup": "greedy"},
    "all, WiSE-FT": {"train": "all", "training.wise_ft": "auto"},
    "LP-FT, WiSE-FT": {"train": "all", "training.head_epochs": 10, "training.epochs": EPOCHS + 10, "training.wise_ft": "auto"},
    "all, bf16": {"train": "all", "training.precision": "bf16"},
}
FIELDS = ["set", "method", "augment", "seed", "accuracy", "shifted", "trained", "seconds", "cpu", "epochs", "device"]


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


# ---- a cell ---------------------------------------------------------------------------------------------------------------------


def call(command, environment):
    """The output, seconds, and seconds of all processors."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as error:
        process = subprocess.Popen([str(part) for part in command], stdout=out, stderr=error, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        for file in (out, error):
            file.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(map(str, command))}\n{error.read()[-2000:]}")
        return out.read(), time.perf_counter() - started, used.ru_utime + used.ru_stime


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


def settings(name, method, augmented, seed, device):
    _, trained, _, own = SETS[name]
    keys = {"training.seed": seed, "training.batch_size": 32, "training.monitor": "false", "device": device}
    asked = dict(METHODS[method])
    train = asked.pop("train", None)
    if train:
        keys |= {"training.epochs": EPOCHS, "training.early_stopping.patience": 4, "fusion.type": "concat"}
        keys |= {f"modalities.{modality}.train": train for modality in trained}
        if augmented:
            keys |= {f"modalities.{modality}.augment": "light" for modality in trained}
            keys |= {f"modalities.{key}": value for key, value in own.items()}
    return keys | asked


def cell(options, name, method, augmented, seed):
    folder = prepare(name, seed)
    run = folder / f"run-{method}-{augmented}"
    shutil.rmtree(run, ignore_errors=True)
    environment = os.environ | {"BRAID_CACHE": str(WORK / "cache")}
    if options.threads:
        environment["OMP_NUM_THREADS"] = str(options.threads)
    sets = [part for key, value in settings(name, method, augmented, seed, options.device).items() for part in ("--set", f"{key}={value}")]
    _, seconds, cpu = call([options.braid, "train", folder / "config.yaml", "--out", run, "--quiet", *sets], environment)
    out = [options.braid, "evaluate", run, "--manifest", folder / "shifted.csv", "--split", "test", "--out", run / "evaluation", "--json"]
    shift = json.loads(call([*out, "--device", options.device], environment)[0])["scores"]["accuracy"]
    record = json.loads((run / "run.json").read_text())
    epochs = len((run / "metrics.jsonl").read_text().splitlines()) if (run / "metrics.jsonl").exists() else 0
    shutil.rmtree(run)
    return dict(zip(FIELDS, [
        name, method, "light" if augmented else "none", seed, f"{record['test']['accuracy']:.5f}", f"{shift:.5f}", record["trained_parameters"],
        f"{seconds:.1f}", f"{cpu:.1f}", epochs, options.device]))


def cells(options):
    """In the order asked for; by default seeds outermost, so that what is there is a table at any time."""
    everything = [
        (name, method, augmented, seed)
        for seed, augmented, name, method in itertools.product(range(options.seeds), (False, True), SETS, METHODS)
        if not augmented or "train" in METHODS[method]
    ]
    for asked in options.only or [""]:
        wanted = [part.strip() for part in asked.split(";" if ";" in asked else ",") if part.strip()]
        seeds = [str(seed) for seed in range(options.seeds)]
        groups = [[part for part in wanted if part in known] for known in (SETS, METHODS, ("plain", "augmented"), seeds)]
        strange = set(wanted).difference(*groups)
        if strange:
            raise SystemExit(f"--only {', '.join(strange)}: expected a set ({', '.join(SETS)}), a method ({'; '.join(METHODS)}), plain, augmented or a seed")
        for one in everything:
            said = (one[0], one[1], "augmented" if one[2] else "plain", str(one[3]))
            if all(not group or part in group for part, group in zip(said, groups)):
                yield one


# ---- tables ---------------------------------------------------------------------------------------------------------------------


def mean(values):
    """A mean, and half of its 95 % interval."""
    values = numpy.asarray(values)
    half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return values.mean(), half


def difference(found, one, other, key):
    """Points by which cells of `one` are ahead of those of `other` with the same seed."""
    seeds = sorted(set(found.get(one, {})) & set(found.get(other, {})))
    if not seeds:
        return ""
    value, half = mean([100 * (float(found[one][seed][key]) - float(found[other][seed][key])) for seed in seeds])
    return f"{value:+.2f} ± {half:.2f}" if len(seeds) > 1 else f"{value:+.2f}"


def tables(file):
    found = collections.defaultdict(dict)
    for row in csv.DictReader(open(file, newline="")):
        found[row["set"], row["method"], row["augment"]][int(row["seed"])] = row
    for name in SETS:
        print(f"\n**{name}**\n\n| method | augment | seeds | test, % | − frozen | shifted, % | − frozen | trained values | s | CPU s |\n|---|---|---|---|---|---|---|---|---|---|")
        for augment, method in itertools.product(("none", "light"), METHODS):
            rows = found.get((name, method, augment))
            if not rows:
                continue
            column = lambda key: numpy.array([float(row[key]) for row in rows.values()])  # noqa: E731
            frozen = [difference(found, (name, method, augment), (name, "frozen", "none"), key) for key in ("accuracy", "shifted")]
            if method == "frozen":
                frozen = ["", ""]
            said = [f"{100 * value:.2f}" + (f" ± {100 * half:.2f}" if len(rows) > 1 else "") for value, half in map(mean, (column("accuracy"), column("shifted")))]
            trained = f"{int(numpy.median(column('trained'))):,}"
            print(f"| {method} | {augment} | {len(rows)} | {said[0]} | {frozen[0]} | {said[1]} | {frozen[1]} | {trained} | {numpy.median(column('seconds')):.0f} | {numpy.median(column('cpu')):.0f} |")
    print("\n**Questions** (points, paired by seed)\n\n| set | augment | lora:8 − all | lora:4 − all | LP-FT − all | LP-FT − all, shifted |\n|---|---|---|---|---|---|")
    for name, augment in itertools.product(SETS, ("none", "light")):
        ask = lambda one, key="accuracy": difference(found, (name, one, augment), (name, "all", augment), key)  # noqa: E731
        print(f"| {name} | {augment} | {ask('lora:8')} | {ask('lora:4')} | {ask('LP-FT')} | {ask('LP-FT', 'shifted')} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--only", action="append", help="what of the cells: see above; semicolons in place of commas where a name has one")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--jobs", type=int, default=1, help="cells at a time")
    parser.add_argument("--prepare", action="store_true", help="only make what the cells need, all of it under .build/fine-tuning")
    parser.add_argument("--threads", type=int, default=0, help="threads of each process; 0: as Braid chooses")
    parser.add_argument("--out", type=pathlib.Path, default=WORK / "cells.csv")
    parser.add_argument("--archives", default=ROOT.parent / "shared" / "data", help="folder of mnist-png.tar.gz and fsdd-wav.tar.gz")
    parser.add_argument("--table", action="store_true", help="only make the tables of what is there")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    if options.table:
        return tables(options.out)
    if any(name.startswith("AV") for name, *_ in cells(options)) and not (AVMNIST / "manifest.csv").exists():
        make_avmnist(options.braid, options.archives)
    known = csv.DictReader(open(options.out, newline="")) if options.out.exists() else []
    done = {(row["set"], row["method"], row["augment"] == "light", int(row["seed"])) for row in known}
    wanted = [one for one in dict.fromkeys(cells(options)) if one not in done]
    for name, seed in dict.fromkeys((one[0], one[3]) for one in wanted):
        prepare(name, seed)
    lock = threading.Lock()

    def work(one):
        row = cell(options, *one)
        with lock:
            isNew = not options.out.exists()
            with open(options.out, "a", newline="") as file:
                writer = csv.DictWriter(file, FIELDS)
                if isNew:
                    writer.writeheader()
                writer.writerow(row)
            print(", ".join(map(str, row.values())), file=sys.stderr, flush=True)

    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(work, [] if options.prepare else wanted))
    tables(options.out)


if __name__ == "__main__":
    main()
