"""Adaptation to a target domain without labels, on three shifts and five draws: every method, every scorer's pick, and what `auto` keeps.

digits: MNIST to scikit-learn's optical digits (8x8, upscaled), bundled:resnet10-cifar-mnist. speech: the Free Spoken Digit Dataset to espeak-ng's voices,
bundled:cnn10-fsdd; voices to adapt to and voices that judge differ. stamps: drawings, their sentences, and these spoken in French and Spanish to Romanian and
Russian (datasets/stamps, its encoders); stamps-speech: their speech alone; and the shifts of adaptation_changed.py. No thing is in both domains. Encoders are frozen.

A draw trains on the source with `training.adaptation.method: auto`, once with fusion.type concat (all methods) and once with stacked without kernels (those
that change data). `braid train` itself trains every candidate and says what each comes to on the target's test rows, whose labels it reads last. The upper bound is
trained on the labelled rows that the others adapt to without labels. Writes a line a draw and fusion to OUT/results.jsonl, takes what lies there as done,
and prints the tables in Markdown: means of the draws, 95 % intervals by Student's t.

Usage: OMP_NUM_THREADS=1 nice -n 10 python3 benchmarks/adaptation.py path/to/braid DATA STAMPS OUT [--shifts digits,speech,stamps,stamps-speech] [--fusions concat,stacked] [--draws 5] [--first 0]
DATA holds mnist-png.tar.gz and fsdd-wav.tar.gz; STAMPS is the unpacked package that datasets/stamps/make.py leaves.
Needs: espeak-ng, scikit-learn, Pillow, numpy, scipy; for stamps the weights that make setup brings (BRAID_WEIGHTS=.deps/weights where they lie nowhere else).
"""

import argparse
import json
import math
import pathlib
import random
import shutil
import statistics
import subprocess
import sys

from adaptation_changed import changed, names
from adaptation_data import mnist, split, spoken, stamps, write

SOUND = {"audio": "bundled:cnn10-fsdd"}
SHIFTS = {
    "digits": {"image": "bundled:resnet10-cifar-mnist"}, "speech": SOUND,
    "stamps": {"image": "bundled:efficientnet-lite0", "text": "bundled:all-MiniLM-L6-v2", **SOUND}, "stamps-speech": SOUND,
}  # fmt: skip
CHANGED = names()
MAIN = ",".join(SHIFTS)
SHIFTS.update({name: SOUND if base == "fsdd" else SHIFTS["digits"] for name, base in CHANGED.items()})
SOURCE = {"digits": (800, 200, 500), "speech": (800, 200, 500), "stamps": (0.65, 0.15, None), "stamps-speech": (0.65, 0.15, None)}
FUSIONS = {"concat": "{type: concat}", "stacked": "{type: stacked, landmarks: 0}"}


def draw(shift, domains, folder, seed):
    """Writes source.csv, target.csv, and supervised.csv: the target's rows to adapt to, with labels, a fifth of them for val."""
    folder.mkdir(parents=True, exist_ok=True)
    source, target = domains
    random_ = random.Random(seed)
    source = list(source)
    random_.shuffle(source)
    train, val, test = SOURCE.get(shift, (800, 200, 500))
    modalities = list(SHIFTS[shift])
    write(folder / "source.csv", split(source, [("train", train), ("val", val), ("test", test)], seed), modalities)
    halves = split(list(target), [("train", 0.5), ("test", None)], seed)
    write(folder / "target.csv", halves, modalities)
    adapted = [row[1:] for row in halves if row[0] == "train"]
    labelled = split(adapted, [("val", 0.2), ("train", None)], seed) + [row for row in halves if row[0] == "test"]
    write(folder / "supervised.csv", labelled, modalities)


def config(folder, name, manifest, shift, fusion, adaptation=""):
    encoders = "".join(f'  {modality}: {{weights: "{weights}"}}\n' for modality, weights in SHIFTS[shift].items())
    seeded = f"training: {{seed: 0{adaptation}}}"
    path = folder / f"{name}.yaml"
    path.write_text(f"manifest: {manifest}\nmodalities:\n{encoders}fusion: {FUSIONS[fusion]}\n{seeded}\n")
    return path


def train(braid, config, out):
    shutil.rmtree(out, ignore_errors=True)
    subprocess.run([braid, "train", config, "--out", out, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return json.loads((out / "run.json").read_text())


def measure(braid, domains, folder, shift, seed, fusion):
    draw(shift, domains, folder, seed)
    asked = ", adaptation: {target: target.csv, method: auto}"
    run = train(braid, config(folder, f"auto-{fusion}", "source.csv", shift, fusion, asked), folder / f"run-{fusion}")
    upper = train(braid, config(folder, f"upper-{fusion}", "supervised.csv", shift, fusion), folder / f"upper-{fusion}")
    record = run["adaptation"]
    return {
        "shift": shift, "draw": seed, "fusion": fusion, "adapted": record["adapted"], "judged": record["judged"],
        "supervised": upper["test"]["accuracy"], "kept": record["method"], "auto": record["target"]["accuracy"],
        "picks": record["picks"], "trials": record["trials"],
        "seconds": sum(trial["seconds"] for trial in record["trials"]),
    }  # fmt: skip


def interval(values):
    from scipy.stats import t

    mean = statistics.fmean(values)
    if len(values) < 2:
        return mean, None
    return mean, t.ppf(0.975, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))


def text(mean, half, sign=""):
    return f"{mean:{sign}.1f}" + ("" if half is None else f" ± {half:.1f}")


def tell(results, shift, fusion):
    rows = sorted((r for r in results if r["shift"] == shift and r["fusion"] == fusion), key=lambda r: r["draw"])
    if not rows:
        return
    accuracy = [{trial["method"]: trial["target"]["accuracy"] for trial in row["trials"]} for row in rows]
    distance = [{trial["method"]: trial["distance"] for trial in row["trials"]} for row in rows]
    source, upper = [a["source"] for a in accuracy], [row["supervised"] for row in rows]
    print(f"\n### {shift}, {fusion} ({len(rows)} {'draw' if len(rows) == 1 else 'draws'}, {rows[0]['adapted']} rows to adapt to, {rows[0]['judged']} judge)\n")
    print("| | target accuracy, % | less source-only | lowest draw | gap recovered, % | A-distance |\n|---|---|---|---|---|---|")

    def line(name, values, distances=None):
        mean, half = interval([100 * v for v in values])
        gain, spread = interval([100 * (v - s) for v, s in zip(values, source)])
        lowest = min(100 * (v - s) for v, s in zip(values, source))
        gap = statistics.fmean(upper) - statistics.fmean(source)
        share = f"{100 * (statistics.fmean(values) - statistics.fmean(source)) / gap:.0f}" if gap > 0.005 else "–"
        far = f"{statistics.fmean(distances):.2f}" if distances else ""
        print(f"| {name} | {text(mean, half)} | {text(gain, spread, '+')} | {lowest:+.1f} | {share} | {far} |")

    methods = list(accuracy[0])
    for method in methods:
        line("source only" if method == "source" else method, [a[method] for a in accuracy], [d[method] for d in distance])
    for scorer in rows[0]["picks"]:
        line(f"picked by {scorer}", [a[row["picks"][scorer]] for a, row in zip(accuracy, rows)])
    line("**auto**: " + ", ".join(row["kept"] for row in rows), [row["auto"] for row in rows])
    line("best in hindsight", [max(a.values()) for a in accuracy])
    line("target supervised", upper)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("braid", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("stamps", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--shifts", default=MAIN)
    parser.add_argument("--fusions", default=",".join(FUSIONS))
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="the first draw's seed")
    given = parser.parse_args()
    out = given.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    log = out / "results.jsonl"
    results = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    done = {(r["shift"], r["draw"], r["fusion"]) for r in results}
    make = {
        "digits": lambda: mnist(given.data, out), "speech": lambda: spoken(given.data, out),
        "stamps": lambda: stamps(given.stamps.resolve(), out), "stamps-speech": lambda: stamps(given.stamps.resolve(), out),
    }  # fmt: skip
    domains = {}
    for fusion in given.fusions.split(","):
        for seed in range(given.first, given.first + given.draws):
            for shift in given.shifts.split(","):
                if (shift, seed, fusion) in done:
                    continue
                if shift not in domains:
                    domains[shift] = changed(shift, given.data, out) if shift in CHANGED else make[shift]()
                found = measure(given.braid.resolve(), domains[shift], out / shift / str(seed), shift, seed, fusion)
                results.append(found)
                with open(log, "a") as file:
                    file.write(json.dumps(found) + "\n")
                print(f"{shift} {seed} {fusion}: {found['kept']} {found['auto']:.4f}, {found['seconds']:.0f} s", file=sys.stderr, flush=True)
    for shift in given.shifts.split(","):
        for fusion in given.fusions.split(","):
            tell(results, shift, fusion)


if __name__ == "__main__":
    main()
