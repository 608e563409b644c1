"""Probes sound encoders on recordings that they have not seen: a logistic regression on frozen embeddings.

Compared are bundled:cnn10-sounds, bundled:cnn10-fsdd, the first one's architecture with random weights, and the mean and the
deviation over time of each of 64 log-mel bins, which need no network. Each task's groups (things, voices, languages, pitches,
kits, speakers) are dealt out to five parts. Each part is tested once, by a regression that has learnt from the other four and
whose C grouped cross-validation has chosen there. The intervals (95 %, Student's t) are over the five parts, those of a lead
over paired differences; the last row's is over tasks.

    apt-get install fluidsynth fluid-soundfont-gm
    benchmarks/sound_probe.py path/to/braid [--tasks letters,drums] [--encoder NAME=FOLDER]... [--archives FOLDER]

What is missing of the data is fetched by apt-get download, which installs nothing: stamps (161 MB), hydrogen-drumkits (143 MB),
klettres-data (40 MB), timgm6mb-soundfont (5 MB). fsdd-wav.tar.gz is looked for in ../shared/data or --archives. Needs numpy,
scipy, scikit-learn, safetensors, soundfile. Prints a table.
"""

import argparse
import csv
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tarfile
import time

import numpy
import soundfile
from safetensors.numpy import load_file
from scipy.signal import resample_poly, stft
from scipy.stats import t as student
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROOT = pathlib.Path(__file__).resolve().parents[1]
WORK = ROOT / ".build" / "sound-probe"
STAMPS = ROOT / ".build" / "stamps"
WEIGHTS = ROOT / "Sources" / "Braid" / "Resources" / "weights"
PARTS = 5
CS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 1)

sys.path.insert(0, str(ROOT / "datasets" / "pretraining"))
import sounds  # noqa: E402


# ---- the tasks: rows of (recording, label, group) ------------------------------------------------------------------------------


def package(name):
    """The folder of a Debian package's files."""
    folder = WORK / "packages" / name
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", name], cwd=folder.parent, check=True, capture_output=True)
        subprocess.run(["dpkg-deb", "-x", next(folder.parent.glob(f"{name}_*.deb")), folder], check=True)
    return folder / "usr" / "share"


def table(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def stamps(language):
    """What is drawn, of its spoken description. Groups are the things drawn."""
    if not (STAMPS / "manifest-fr.csv").exists():
        subprocess.run([sys.executable, ROOT / "datasets" / "stamps" / "make.py", STAMPS], check=True)
    for row in table(STAMPS / "manifest-fr.csv"):
        drawing = STAMPS / row["image"]
        sound = drawing.with_name(f"{drawing.stem}_desc_{language}.ogg")
        if sound.exists():
            yield sound, row["label"], row["group"]


def digits():
    """The English digit that espeak-ng says, a third of them in loud noise. Groups are its voice variants."""
    for row in table(ROOT / "datasets" / "digits" / "manifest.csv"):
        yield ROOT / "datasets" / "digits" / row["audio"], row["label"], row["group"].split("+")[1]


def letters():
    """The letter of the alphabet that a person says, A to Z. Groups are the languages, each with a speaker of its own."""
    folder = package("klettres-data") / "klettres"
    for language in "cs da de en en_GB es fr hu it lt nb nds nl pt_BR".split():
        page = (folder / language / "sounds.xml").read_text(encoding="utf-8")
        alphabet = page.split("<alphabet>")[1].split("</alphabet>")[0]
        found = dict(reversed(re.findall(r'name="([A-Z])"\s+file="([^"]+)"', alphabet)))
        for letter, file in sorted(found.items()):
            if (folder / file).exists():
                yield folder / file, letter, language


DRUMS = {
    "kick": r"kick|bass ?drum", "rim": r"stick|rim", "snare": r"snare", "clap": r"clap", "tom": r"\btom",
    "cowbell": r"cowbell|agogo", "hat": r"hat\b|\bhh\b|hi-hat|ohh", "ride": r"\bride\b(?!-)", "crash": r"crash|splash|china",
}  # fmt: skip


def drums():
    """The part of a recorded drum kit that is hit, by its name. Groups are the kits; ten recordings of a part at most."""
    for page in sorted((package("hydrogen-drumkits") / "hydrogen" / "data" / "drumkits").glob("*/drumkit.xml")):
        found = {}
        for part in re.findall("<instrument>.*?</instrument>", page.read_text(encoding="utf-8", errors="replace"), re.S):
            name = re.search("<name>(.*?)</name>", part).group(1).lower()
            label = "" if "sample:" in name else next((label for label, pattern in DRUMS.items() if re.search(pattern, name)), "")
            files = {page.parent / file for file in re.findall("<filename>(.*?)</filename>", part)}
            found.setdefault(label, set()).update(file for file in files if file.exists())
        for label, files in found.items():
            for file in random.Random(0).sample(sorted(files), min(10, len(files))) if label else ():
                yield file, label, page.parent.name


def instruments(soundfont):
    """Which of the 32 General MIDI programs plays that the pretraining leaves out. Groups are the pitches."""
    folder = WORK / "rendered" / soundfont.stem
    folder.mkdir(parents=True, exist_ok=True)
    for program in sounds.HELD_OUT:
        rng = numpy.random.default_rng([9, program])
        keys = sorted(int(key) for key in numpy.random.default_rng(9).permutation(numpy.arange(36, 85))[:15])
        if not (folder / f"{program}-{keys[-1]}.wav").exists():
            slots = [[(0, float(rng.uniform(0.25, 1.1)), key, int(rng.integers(50, 128)))] for key in keys]
            for key, sound in zip(keys, sounds.rendered(program, slots, soundfont=soundfont)):
                soundfile.write(folder / f"{program}-{key}.wav", sound / max(0.01, numpy.abs(sound).max()) * 0.9, sounds.RATE)
        for key in keys:
            yield folder / f"{program}-{key}.wav", f"p{program}", str(key)


def fsdd(archives):
    """The digit that a person says. Groups are the speakers, all of whom both encoders heard say other takes."""
    folder = WORK / "fsdd"
    if not folder.exists():
        with tarfile.open(archives / "fsdd-wav.tar.gz") as tar:
            tar.extractall(folder, members=[m for m in tar.getmembers() if re.search(r"_[0-4]\.wav$", m.name)], filter="data")
    for file in sorted(folder.rglob("*.wav")):
        yield file, *file.stem.split("_")[:2]


TASKS = {
    "stamps-fr": lambda given: stamps("fr"),
    "stamps-es": lambda given: stamps("es"),
    "letters": lambda given: letters(),
    "digits": lambda given: digits(),
    "drums": lambda given: drums(),
    "programs": lambda given: instruments(sounds.SOUNDFONT),
    "programs-timgm": lambda given: instruments(package("timgm6mb-soundfont") / "sounds" / "sf2" / "TimGM6mb.sf2"),
    "fsdd": lambda given: fsdd(given.archives),
}
HEARD = ("fsdd",)  # in the pretraining of both encoders, and so not in the average


# ---- features ------------------------------------------------------------------------------------------------------------------


def embeddings(braid, name, rows, encoder):
    """What `braid embed` makes of the rows, `[N, D]`. `encoder` are the configuration's keys."""
    folder = WORK / "embedded" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lines = "".join(f"{number},{json.dumps(str(path))}\n" for number, (path, _, _) in enumerate(rows))
    (folder / "manifest.csv").write_text("id,audio\n" + lines, encoding="utf-8")
    keys = {"manifest": "manifest.csv", "embedding_cache": False, "modalities": {"audio": encoder}}
    (folder / "config.yaml").write_text(json.dumps(keys), encoding="utf-8")
    command = [braid, "embed", folder / "config.yaml", "--manifest", folder / "manifest.csv", "--out", folder / "out", "--quiet"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return numpy.concatenate([load_file(file)["audio"] for file in sorted((folder / "out").glob("part-*.safetensors"))])


def log_mel(path, bins=64, rate=16000, size=512):
    """Mean and deviation over time of each mel bin's logarithm."""
    sound, native = soundfile.read(path)
    sound = sound.mean(1) if sound.ndim > 1 else sound
    common = numpy.gcd(rate, native)
    sound = resample_poly(sound, rate // common, native // common)
    _, _, spectrum = stft(numpy.pad(sound, (0, max(0, size - len(sound)))), rate, nperseg=size, noverlap=size // 2)
    edges = 700 * (10 ** (numpy.linspace(*(2595 * numpy.log10(1 + hertz / 700) for hertz in (50, 8000)), bins + 2) / 2595) - 1)
    grid = numpy.fft.rfftfreq(size, 1 / rate)[:, None]
    rise, fall = (grid - edges[:-2]) / (edges[1:-1] - edges[:-2]), (edges[2:] - grid) / (edges[2:] - edges[1:-1])
    mel = numpy.log(numpy.abs(spectrum.T) ** 2 @ numpy.maximum(0, numpy.minimum(rise, fall)) + 1e-10)
    return numpy.concatenate((mel.mean(0), mel.std(0)))


def accuracies(x, y, groups):
    """The accuracy on each part, in percent."""
    names = sorted(set(groups))
    random.Random(0).shuffle(names)
    part = numpy.array([names.index(group) % PARTS for group in groups])
    found = []
    for number in range(PARTS):
        train, test = part != number, part == number
        folds = list(GroupKFold(3).split(x[train], y[train], groups[train]))
        scores, models = [], [make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=500, tol=1e-3)) for c in CS]
        for model in models:
            scores.append(cross_val_score(model, x[train], y[train], cv=folds).mean())
            if max(scores) > max(scores[-2:]):  # twice below the best: it has been passed
                break
        model = models[int(numpy.argmax(scores))].fit(x[train], y[train])
        found.append(100 * model.score(x[test], y[test]))
    return numpy.array(found)


def interval(values):
    return student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--tasks", default=",".join(TASKS), help="names with commas between; default: all")
    parser.add_argument("--encoder", action="append", default=[], help="NAME=FOLDER, one more weights folder to compare")
    parser.add_argument("--archives", type=pathlib.Path, default=ROOT.parent / "shared" / "data", help="has fsdd-wav.tar.gz")
    given = parser.parse_args()
    new, old = WEIGHTS / "cnn10-sounds", WEIGHTS / "cnn10-fsdd"
    encoders = {"cnn10-sounds": {"weights": str(new)}, "cnn10-fsdd": {"weights": str(old)}}
    for name, folder in (each.split("=") for each in given.encoder):
        encoders[name] = {"weights": str(pathlib.Path(folder).resolve())}
    encoders |= {"random": {"encoder": str(new), "weights": "random"}, "log-mel": None}
    print(f"| task | rows, labels, groups, commonest | {' | '.join(encoders)} | cnn10-sounds − cnn10-fsdd |")
    print(f"|{'---|' * (len(encoders) + 3)}")
    means = []
    for task in given.tasks.split(","):
        start, rows = time.perf_counter(), list(TASKS[task](given))
        y, groups = numpy.array([row[1] for row in rows]), numpy.array([row[2] for row in rows])
        found = {}
        for name, encoder in encoders.items():
            x = embeddings(given.braid, name, rows, encoder) if encoder else numpy.stack([log_mel(row[0]) for row in rows])
            found[name] = accuracies(x, y, groups)
        lead = found["cnn10-sounds"] - found["cnn10-fsdd"]
        counts = numpy.unique(y, return_counts=True)[1]
        size = f"{len(rows)}, {len(counts)}, {len(set(groups))}, {100 * counts.max() / len(rows):.1f} %"
        figures = " | ".join(f"{values.mean():.1f} ± {interval(values):.1f}" for values in found.values())
        print(f"| {task} | {size} | {figures} | {lead.mean():+.1f} ± {interval(lead):.1f} |", flush=True)
        print(f"# {task}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
        means += [] if task in HEARD else [[values.mean() for values in found.values()]]
    means = numpy.array(means)
    lead = means[:, 0] - means[:, 1]
    figures = " | ".join(f"{mean:.1f}" for mean in means.mean(0))
    print(f"| mean of the unheard | | {figures} | {lead.mean():+.1f} ± {interval(lead):.1f} |")


if __name__ == "__main__":
    main()
