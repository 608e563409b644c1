"""Compares `braid train` as it comes with what an expert writes in 40 lines of scikit-learn on the same embeddings.

The script: standardise, an L2 logistic regression a modality with C by 5-fold log loss, weights >= 0 fitted on held-out
log-probabilities. It learns from the train split; "refitted" from train and val, as Braid does at its end. "single" is the modality
whose logistic regression, tuned alike, is best on val. Script and Braid see the same rows and are judged on the same test rows.

Sets: digits, 420 of its training rows, those with one and with two modalities of noise, stamps, AV-MNIST with 1,000 rows, and with
--large with 55,000. Five draws or divisions of each, and intervals (95 %, Student's t) over their paired differences; the 55,000 are
one draw, whose interval is over test rows, and C is there a power of ten, that of the train split in the refit too. What is missing
of the data is made first: stamps are fetched by apt-get (161 MB), AV-MNIST and its encoders take some ten minutes more (from
mnist-png.tar.gz and fsdd-wav.tar.gz, in ../shared/data or --archives).

Usage: benchmarks/answers.py path/to/braid [--sets "digits-420;stamps"] [--large] [--set key=value]...
Needs numpy, scipy, scikit-learn, safetensors, soundfile, and pillow where AV-MNIST is made.
"""

import argparse
import csv
import json
import pathlib
import random
import shutil
import subprocess
import sys
import time

import numpy
from safetensors.numpy import load_file
from scipy.optimize import minimize
from scipy.special import log_softmax
from scipy.stats import t as student
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.preprocessing import StandardScaler

ROOT = pathlib.Path(__file__).resolve().parents[1]
WORK = ROOT / ".build" / "answers"
AVMNIST = ROOT / ".build" / "avmnist"
DRAWS = 5
SMALL = {"image": "bundled:resnet10-cifar-mnist", "text": "bundled:all-MiniLM-L6-v2", "audio": "bundled:cnn10-fsdd"}
PHOTOS = SMALL | {"image": "bundled:efficientnet-lite0"}  # what braid init proposes for larger pictures
WHO = ("single", "script", "refitted", "braid")
CS = 10.0 ** numpy.arange(-4, 2.1, 0.5)
MANY = 20_000  # rows, beyond which C is a whole power of ten, or the regressions would take hours


# ---- the 40-line script ---------------------------------------------------------------------------------------------------------


def regression(x, y, folds, cs):
    """The logistic regression whose C of `cs` has the least log loss in 5 folds, its held-out log-probabilities, and C."""
    best = None
    for c in cs:
        held = cross_val_predict(LogisticRegression(C=c, max_iter=1000, tol=1e-3), x, y, cv=folds, method="predict_proba")
        loss = log_loss(y, held, labels=numpy.unique(y))
        if best is None or loss < best[0]:
            best = (loss, c, held)
        elif loss > best[0]:
            break
    model = LogisticRegression(C=best[1], max_iter=1000, tol=1e-3).fit(x, y)
    return model, numpy.log(best[2].clip(1e-9)), best[1]


def script(parts, present, y, train, test, chosen=()):
    """Log-probabilities `[rows, classes]` on `test` of the stack, and of each modality alone, learnt from `train`, and each one's C. A row
    votes with what it has; `y` are the classes' numbers, `chosen` the Cs where they are not to be searched for."""
    classes, cs = y.max() + 1, []
    grid = CS[::2] if len(train) > MANY else CS
    held, said = numpy.zeros((len(parts), len(train), classes)), numpy.zeros((len(parts), len(test), classes))
    for m, x in enumerate(parts):
        has, asked = present[m][train], present[m][test]
        scale = StandardScaler().fit(x[train][has])
        own, counts = numpy.unique(y[train][has], return_counts=True)
        folds = StratifiedKFold(min(5, max(2, counts.min())), shuffle=True, random_state=0)
        model, logs, c = regression(scale.transform(x[train][has]), y[train][has], folds, chosen[m : m + 1] or grid)
        cs.append(c)
        held[m][has] = said[m][asked] = numpy.log(1e-9)  # of classes that it has not seen
        held[numpy.ix_([m], has, own)] = logs
        said[numpy.ix_([m], asked, own)] = numpy.log(model.predict_proba(scale.transform(x[test][asked])).clip(1e-9))
    loss = lambda w: -log_softmax(numpy.tensordot(w, held, 1), 1)[numpy.arange(len(train)), y[train]].mean()  # noqa: E731
    weights = minimize(loss, numpy.ones(len(parts)), bounds=[(0, None)] * len(parts)).x
    return log_softmax(numpy.tensordot(weights, said, 1), 1), said, cs


# ---- the sets -------------------------------------------------------------------------------------------------------------------


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for name in ("image", "audio"):
            if row.get(name):
                row[name] = str((path.parent / row[name]).resolve())
    return rows


def thinned(rows, count, seed, split="train"):
    """With `count` of a split's rows, drawn at random."""
    all_rows = [row for row in rows if row["split"] == split]
    kept = {row["id"] for row in random.Random(seed).sample(all_rows, min(count, len(all_rows)))}
    return [row for row in rows if row["split"] != split or row["id"] in kept]


def noise(rows, names):
    """The rows with a modality of no meaning: white noise for recordings, random words for texts."""
    import soundfile

    source, words = numpy.random.default_rng(1), "alpha river stone seven cloud paper north table green engine".split()
    folder = WORK / "noise"
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows:
        if "audio" in names:
            row["audio"] = str(folder / f"{row['id']}.wav")
            if not pathlib.Path(row["audio"]).exists():
                soundfile.write(row["audio"], source.normal(0, 0.1, 6000), 8000)
        if "text" in names:
            row["text"] = " ".join(source.choice(words, 6))
    return rows


def grouped(rows, seed):
    """A split of a fifth each for val and test, things kept together."""
    groups = sorted({row["group"] for row in rows})
    random.Random(seed).shuffle(groups)
    place = {group: number / len(groups) for number, group in enumerate(groups)}
    return [row | {"split": "test" if place[row["group"]] < 0.2 else "val" if place[row["group"]] < 0.4 else "train"} for row in rows]


def digits(seed=None):
    """As it comes; with a seed, train and val divided anew by voice variant, eight of which are val's. Test stays."""
    rows = read(ROOT / "datasets" / "digits" / "manifest.csv")
    if seed is None:
        return rows
    voice = lambda row: row["group"].split("+")[-1]  # noqa: E731
    val = random.Random(seed).sample(sorted({voice(row) for row in rows if row["split"] != "test"}), 8)
    return [row | {"split": row["split"] if row["split"] == "test" else "val" if voice(row) in val else "train"} for row in rows]


def avmnist(count, seed):
    """With `count` training rows, and a fifth of that in val, so that refitting on val adds no more than it would elsewhere."""
    rows = read(AVMNIST / "manifest.csv")
    return thinned(thinned(rows, count, seed), min(count // 5, 5000), seed, "val")


def make_avmnist(braid, archives):
    """Its pictures, recordings and encoders, as datasets/avmnist/run.sh makes them."""
    if not (AVMNIST / "manifest.csv").exists():
        subprocess.run([sys.executable, ROOT / "datasets" / "avmnist" / "make.py", archives, AVMNIST], check=True)
    for modality in ("image", "audio"):
        if not (AVMNIST / f"run-{modality}" / "run.json").exists():
            call(braid, "train", ROOT / "datasets" / "avmnist" / modality / "config.yaml", "--out", AVMNIST / f"run-{modality}", "--quiet")


def stamps(seed):
    folder = ROOT / ".build" / "stamps"
    if not (folder / "manifest-fr.csv").exists():
        subprocess.run([sys.executable, ROOT / "datasets" / "stamps" / "make.py", folder], check=True)
    rows = [{k: v for k, v in row.items() if k != "kind"} for row in read(folder / "manifest-fr.csv")]
    return grouped(rows, seed)


TRAINED = {m: str(AVMNIST / f"run-{m}" / "model" / m) for m in ("image", "audio")}
SETS = {
    "digits": (SMALL, digits),
    "digits-420": (SMALL, lambda seed: thinned(digits(), 420, seed)),
    "digits-420, noise in audio": (SMALL, lambda seed: noise(thinned(digits(), 420, seed), ["audio"])),
    "digits-420, noise in text and audio": (SMALL, lambda seed: noise(thinned(digits(), 420, seed), ["audio", "text"])),
    "stamps, small picture encoder": (SMALL, stamps),
    "stamps": (PHOTOS, stamps),
    "avmnist-1000": (TRAINED, lambda seed: avmnist(1000, seed)),
    "avmnist-55000": (TRAINED, lambda seed: avmnist(55000, seed)),
}


# ---- Braid ----------------------------------------------------------------------------------------------------------------------


def call(braid, *arguments):
    done = subprocess.run([braid, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"braid {' '.join(map(str, arguments))}\n{done.stderr[-2000:]}")
    return done.stdout


def write(rows, folder, encoders):
    folder.mkdir(parents=True, exist_ok=True)
    names = [name for name in ("id", "split", "group", "image", "text", "audio", "label") if name in rows[0] and (name not in SMALL or name in encoders)]
    with open(folder / "manifest.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    lines = [f"  {name}: {{weights: {json.dumps(weights)}}}" for name, weights in encoders.items()]
    (folder / "config.yaml").write_text("manifest: manifest.csv\nmodalities:\n" + "\n".join(lines) + "\n")


def embeddings(braid, folder, encoders, rows):
    # Always anew: another encoder may have been here, and what is known comes from the user's cache.
    shutil.rmtree(folder / "embeddings", ignore_errors=True)
    call(braid, "embed", folder / "config.yaml", "--manifest", folder / "manifest.csv", "--out", folder / "embeddings", "--quiet")
    parts = [load_file(file) for file in sorted((folder / "embeddings").glob("part-*.safetensors"))]
    ids = [line for file in sorted((folder / "embeddings").glob("part-*.ids.txt")) for line in file.read_text().splitlines()]
    assert ids == [row["id"] for row in rows]
    stacked = {m: numpy.concatenate([part[m] for part in parts]) for m in encoders}
    there = {m: numpy.concatenate([part[f"{m}_present"] for part in parts]).astype(bool) for m in encoders}
    return [stacked[m] for m in encoders], [there[m] for m in encoders]


def answers(folder, rows, classes):
    """What the run says of the test rows, as log-probabilities `[rows, classes]` in their order."""
    with open(folder / "predictions.csv", newline="", encoding="utf-8") as file:
        found = {row["id"]: [float(row[f"p_{name}"]) for name in classes] for row in csv.DictReader(file)}
    assert len(found) == len(rows), f"{folder}: {len(found)} answers for {len(rows)} rows"
    return numpy.log(numpy.clip([found[row["id"]] for row in rows], 1e-6, None))


def timed(work):
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def one(braid, name, seed, overrides):
    """A draw: whether each test row is answered right, by who answers, with log losses and seconds."""
    encoders, make = SETS[name]
    rows, folder = make(seed), WORK / name.replace(" ", "-").replace(",", "") / str(seed)
    write(rows, folder, encoders)
    parts, present = embeddings(braid, folder, encoders, rows)
    classes, y = numpy.unique([row["label"] for row in rows], return_inverse=True)
    place = {split: numpy.array([i for i, row in enumerate(rows) if row["split"] == split]) for split in ("train", "val", "test")}
    asked = numpy.concatenate([place["val"], place["test"]])
    both, truth, vals = numpy.concatenate([place["train"], place["val"]]), y[place["test"]], len(place["val"])
    (stack, alone, cs), seconds = timed(lambda: script(parts, present, y, place["train"], asked))
    print(f"# {name}, draw {seed}: the script's C {cs}, {seconds:.0f} s", file=sys.stderr, flush=True)
    chosen = cs if len(both) > MANY else ()
    single = alone[int((alone[:, :vals].argmax(2) == y[place["val"]]).mean(1).argmax())]
    said = {"single": single[vals:], "script": stack[vals:], "refitted": script(parts, present, y, both, place["test"], chosen)[0]}
    run = folder / "run"
    shutil.rmtree(run, ignore_errors=True)
    sets = [part for override in [f"training.seed={seed}", *overrides] for part in ("--set", override)]
    _, braid_seconds = timed(lambda: call(braid, "train", folder / "config.yaml", "--out", run, "--quiet", *sets))
    said["braid"] = answers(run, [rows[i] for i in place["test"]], classes)
    found = {who: said[who].argmax(1) == truth for who in said}
    losses = {who: -said[who][numpy.arange(len(truth)), truth].mean() for who in said}
    fusion = json.loads((run / "run.json").read_text())["fusion"]
    singles = {m: f"{(logs[vals:].argmax(1) == truth).mean():.4f}" for m, logs in zip(encoders, alone)}
    figures = ", ".join(f"{who} {found[who].mean():.4f} (loss {losses[who]:.3f})" for who in said)
    print(f"# {name}, draw {seed}: {figures}; alone {singles}; {fusion}; {seconds:.1f} s, {braid_seconds:.1f} s", file=sys.stderr, flush=True)
    return found | {"losses": losses, "fusion": fusion, "script s": seconds, "braid s": braid_seconds}


def interval(draws, other):
    """Braid's lead in points with its 95 % interval: over draws, or over the rows of a single one."""
    leads = [draw["braid"].astype(float) - draw[other] for draw in draws]
    values = 100 * (numpy.array([lead.mean() for lead in leads]) if len(draws) > 1 else leads[0])
    half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return f"{values.mean():+.2f} ± {half:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--sets", help="names with semicolons between; default: all but avmnist-55000")
    parser.add_argument("--large", action="store_true", help="avmnist-55000 too")
    parser.add_argument("--set", action="append", default=[], dest="overrides", help="key=value of the configuration")
    parser.add_argument("--archives", default=ROOT.parent / "shared" / "data", help="folder of mnist-png.tar.gz and fsdd-wav.tar.gz")
    given = parser.parse_args()
    names = given.sets.split(";") if given.sets else [name for name in SETS if given.large or name != "avmnist-55000"]
    if any(name.startswith("avmnist") for name in names):
        make_avmnist(given.braid, given.archives)
    lines, leads = [], []
    for name in names:
        draws = [one(given.braid, name, seed, given.overrides) for seed in range(1 if name == "avmnist-55000" else DRAWS)]
        mean = lambda key: numpy.mean([numpy.mean(draw[key]) for draw in draws])  # noqa: E731
        leads.append([100 * (mean("braid") - mean(other)) for other in ("script", "refitted", "single")])
        figures = " | ".join(f"{100 * mean(who):.2f} ({numpy.mean([draw['losses'][who] for draw in draws]):.3f})" for who in WHO)
        against = " | ".join(interval(draws, other) for other in ("script", "refitted", "single"))
        taken = ", ".join(sorted({draw["fusion"] for draw in draws}))
        lines.append(f"| {name} | {figures} | {against} | {taken} | {mean('script s'):.1f} | {mean('braid s'):.1f} |")
    print("| set | best single | script | script, refitted | Braid | Braid − script | − refitted | − single | taken | script, s | Braid, s |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    print("\n".join(lines))
    print("\nAccuracy on test in percent, log loss in brackets. Mean lead over the sets, in points: " + ", ".join(
        f"{lead:+.2f} over {other}" for lead, other in zip(numpy.mean(leads, 0), ("the script", "the refitted script", "the best single modality"))))


if __name__ == "__main__":
    main()
