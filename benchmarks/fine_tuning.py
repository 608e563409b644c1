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
from answers import AVMNIST, ROOT, make_avmnist
from fine_tuning_data import SETS, WORK, prepare
from scipy.stats import t as student

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
