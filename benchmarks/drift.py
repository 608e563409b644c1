"""How often `braid drift` is right: alarms where nothing moved, and the modality named where exactly one did.

Two sets. `digits`: MNIST's pictures with the Free Spoken Digit Dataset's recordings; what moves is the picture (to the optical digits of
scikit-learn), the recording (to espeak-ng's voices), or both. `stamps`: drawings, sentences and French speech (datasets/stamps); what moves is the speech, to Russian.
Each of the trainings takes other rows; each draw then takes new rows that no training had, of the same domain (`none`) and of the others.

Writes a line a draw to OUT/results.jsonl, takes what lies there as done, and prints the tables in Markdown.

Usage: python3 benchmarks/drift.py path/to/braid ARCHIVES OUT [--sets digits,stamps] [--trainings 5] [--draws 4] [--deb FILE]
ARCHIVES holds mnist-png.tar.gz and fsdd-wav.tar.gz. Needs numpy, pillow, scikit-learn, soundfile, scipy; espeak-ng; apt-get unless --deb names the stamps' package.
"""

import argparse
import csv
import io
import json
import pathlib
import random
import subprocess
import sys
import tarfile

import numpy as np
import soundfile
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[1]
WORDS = "zero one two three four five six seven eight nine".split()
VOICES = [f"{accent}+{kind}" for accent in ("en-gb", "en-us", "en-gb-scotland", "en-029") for kind in ("m1", "m3", "m7", "f1", "f3", "f5", "croak", "klatt")]
NEW = 150
CONFIG = {
    "digits": 'modalities:\n  image: {weights: "bundled:resnet10-cifar-mnist"}\n  audio: {weights: "bundled:cnn10-fsdd"}\n',
    "stamps": 'modalities:\n  image: {weights: "bundled:resnet10-cifar-mnist"}\n  text: {weights: "bundled:all-MiniLM-L6-v2"}\n'
    '  audio: {weights: "bundled:cnn10-fsdd"}\n',
}


def members(archive, chosen):
    """{name: bytes} of an archive's files that `chosen` holds for."""
    with tarfile.open(archive) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar if m.isfile() and chosen(m.name)}


def write_once(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(data() if callable(data) else data)
    return str(path)


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()


def spoken(word, voice, folder):
    path = folder / f"{voice}-{word}.wav"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["espeak-ng", "-v", voice, "-w", path, word], check=True)
        samples, rate = soundfile.read(path)
        from scipy.signal import resample_poly

        soundfile.write(path, resample_poly(samples, 8000, rate), 8000, subtype="PCM_16")
    return str(path)


def digit_pools(archives, out):
    """By modality and domain: the files of each digit."""
    from sklearn.datasets import load_digits

    pools = {("image", "home"): {}, ("image", "away"): {}, ("audio", "home"): {}, ("audio", "away"): {}}

    def add(key, digit, path):
        pools[key].setdefault(int(digit), []).append(path)

    for name, data in sorted(members(archives / "mnist-png.tar.gz", lambda n: n.startswith("test/") and n.endswith(".png")).items()):
        add(("image", "home"), name.split("/")[-2], write_once(out / "mnist" / name.split("/")[-1], data))
    for name, data in sorted(members(archives / "fsdd-wav.tar.gz", lambda n: n.endswith(".wav")).items()):
        add(("audio", "home"), pathlib.Path(name).name[0], write_once(out / "fsdd" / pathlib.Path(name).name, data))
    optical = load_digits()
    for number, (pixels, digit) in enumerate(zip(optical.images, optical.target)):
        large = np.kron(pixels / 16 * 255, np.ones((2, 2))).round().astype(np.uint8)
        canvas = np.zeros((28, 28), np.uint8)
        canvas[6:22, 6:22] = large
        add(("image", "away"), digit, write_once(out / "optical" / f"{number}.png", png(canvas)))
    for voice in VOICES:
        for digit, word in enumerate(WORDS):
            add(("audio", "away"), digit, spoken(word, voice, out / "espeak"))
    return pools


def digit_rows(pools, number, draws):
    """The rows of a training, and of its draws by what moved."""
    rng = random.Random(number)
    home = {modality: {d: rng.sample(files, len(files)) for d, files in pools[modality, "home"].items()} for modality in ("image", "audio")}

    def row(name, digit, image, audio):
        return {"id": name, "image": image, "audio": audio, "label": WORDS[digit]}

    train = []
    for split, count in (("train", 60), ("val", 20), ("test", 20)):
        for digit in range(10):
            for _ in range(count):
                train.append(row(f"t{len(train)}", digit, home["image"][digit].pop(), home["audio"][digit].pop()) | {"split": split})

    def drawn(name, image, audio):
        left = {}  # no file twice in a draw, where there are enough
        rows = []
        for place in range(NEW):
            digit = rng.randrange(10)
            files = []
            for modality, domain in (("image", image), ("audio", audio)):
                source = home[modality][digit] if domain == "home" else pools[modality, "away"][digit]
                if not left.get((modality, digit)):
                    left[modality, digit] = rng.sample(source, len(source))
                files.append(left[modality, digit].pop())
            rows.append(row(f"{name}{place}", digit, *files))
        return rows

    moves = {"none": ("home", "home"), "image": ("away", "home"), "audio": ("home", "away"), "image + audio": ("away", "away")}
    return train, [{moved: drawn(f"n{draw}", *domains) for moved, domains in moves.items()} for draw in range(draws)]


def stamp_pools(out, deb):
    pools = {}
    for language in ("fr", "ru"):
        place = out / language
        if not (place / f"manifest-{language}.csv").exists():
            place.mkdir(parents=True, exist_ok=True)
            command = [sys.executable, ROOT / "datasets" / "stamps" / "make.py", place, "--speech", language]
            subprocess.run(command + (["--deb", deb] if deb else []), check=True)
        with open(place / f"manifest-{language}.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            for column in ("image", "audio"):
                row[column] = str(place / row[column]) if row[column] else ""
        pools[language] = {row["id"]: {key: row[key] for key in ("id", "image", "text", "audio", "label", "group")} for row in rows}
    return pools


def stamp_rows(pools, number, draws):
    """By things, which the splits do not divide: half of them to train on, the rest for draws."""
    rng = random.Random(number)
    things = sorted({row["group"] for row in pools["fr"].values()})
    rng.shuffle(things)
    kept = set(things[: len(things) // 2])
    train = [row for row in pools["fr"].values() if row["group"] in kept]
    rest = [name for name, row in pools["fr"].items() if row["group"] not in kept and row["audio"] and pools["ru"].get(name, {}).get("audio")]
    found = []
    for _ in range(draws):
        names = rng.sample(rest, min(NEW, len(rest)))
        found.append({"none": [pools["fr"][name] for name in names], "audio": [pools["ru"][name] for name in names]})
    return train, found


def write_manifest(path, rows):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, sorted({key for row in rows for key in row}))
        writer.writeheader()
        writer.writerows(rows)


def measured(braid, out, name, number, train, draws, done, log):
    folder = out / name / str(number)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [(draw, moved) for draw, new in enumerate(draws) for moved in new if (name, number, draw, moved) not in done]
    if not wanted:
        return
    run = folder / "run"
    if not (run / "run.json").exists():
        subprocess.run(["rm", "-rf", run], check=True)
        write_manifest(folder / "manifest.csv", train)
        (folder / "config.yaml").write_text(f"manifest: manifest.csv\n{CONFIG[name]}fusion: {{type: stacked}}\ntraining: {{seed: {number}}}\n")
        subprocess.run([braid, "train", folder / "config.yaml", "--out", run, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    for draw, moved in wanted:
        manifest = folder / f"new-{draw}.csv"
        write_manifest(manifest, [{key: value for key, value in row.items() if key != "label"} for row in draws[draw][moved]])
        command = [braid, "drift", run, "--manifest", manifest, "--json", "--quiet", "--seed", str(draw), "--out", folder / "drift"]
        ended = subprocess.run(command, capture_output=True, text=True)
        if ended.returncode not in (0, 1):
            raise SystemExit(ended.stderr)
        found = json.loads(ended.stdout)
        row = dict(
            set=name, training=number, draw=draw, moved=moved, alarm=ended.returncode == 1, named=found["moved_modalities"],
            accuracies={one["name"]: one.get("classifier_accuracy") for one in found["embeddings"]},
            states={one["name"]: one["state"] for one in found["embeddings"] + found["missing"]} | {f"classes of {one['name']}": one["state"] for one in found["classes"]},
            p={one["name"]: [one.get("mmd_p"), one.get("classifier_p")] for one in found["embeddings"]})  # fmt: skip
        done[name, number, draw, moved] = row
        with open(log, "a") as file:
            file.write(json.dumps(row) + "\n")
        print(f"{name}, training {number}, draw {draw}, moved {moved}: {'alarm' if row['alarm'] else 'none'}, {row['named']}", flush=True)


def tables(done, sets):
    print("\n| set | what moved | draws | alarms | exactly this named | told apart, mean |\n|---|---|---|---|---|---|")
    for name in sets:
        rows = [row for key, row in done.items() if key[0] == name]
        for moved in dict.fromkeys(row["moved"] for row in rows):
            some = [row for row in rows if row["moved"] == moved]
            truth = set() if moved == "none" else set(moved.split(" + "))
            right = sum(set(row["named"]) == truth for row in some)
            parts = ", ".join(f"{part} {100 * np.mean([row['accuracies'][part] for row in some if row['accuracies'].get(part)]):.0f} %" for part in some[0]["accuracies"])
            print(f"| {name} | {moved} | {len(some)} | {sum(row['alarm'] for row in some)} | {right} | {parts} |")
        null = [row for row in rows if row["moved"] == "none"]
        values = [value for row in null for pair in row["p"].values() for value in pair if value is not None]
        if values:
            print(f"\n{name}, nothing moved: {np.mean(np.array(values) < 0.05):.3f} of {len(values)} single tests have p < 0.05 before the correction.\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid", type=pathlib.Path)
    parser.add_argument("archives", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--sets", default="digits,stamps")
    parser.add_argument("--trainings", type=int, default=5)
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--deb")
    options = parser.parse_args()
    braid, out, sets = options.braid.resolve(), options.out.resolve(), options.sets.split(",")
    out.mkdir(parents=True, exist_ok=True)
    log, done = out / "results.jsonl", {}
    for line in log.read_text().splitlines() if log.exists() else []:
        row = json.loads(line)
        done[row["set"], row["training"], row["draw"], row["moved"]] = row
    pools = {"digits": lambda: digit_pools(options.archives, out / "media"), "stamps": lambda: stamp_pools(out / "stamps-media", options.deb)}
    rows = {"digits": digit_rows, "stamps": stamp_rows}
    for name in sets:
        pool = pools[name]()
        for number in range(options.trainings):
            measured(braid, out, name, number, *rows[name](pool, number, options.draws), done, log)
    tables(done, sets)


if __name__ == "__main__":
    main()
