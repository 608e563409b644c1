"""SetFit's table with all-MiniLM-L6-v2: eight labels a class, ten draws, `braid train` beside the setfit package on the same draws.

Three sets. `cr` and `movies-5` are the human-rated sentences that VADER was judged by (Hutto and Gilbert 2014), which the source
distribution of the PyPI package vaderSentiment 3.2.1 carries: customer reviews (those of Hu and Liu 2004, SetFit's CR), positive or negative,
mean ratings between -0.5 and 0.5 left out; and movie reviews in five classes, their ratings cut as SST-5's. `topics` are quotations of
six files of Debian's package fortunes: what they are about. Of each set so many test texts of every class are set aside once; each draw
takes eight other texts of every class.

Every system learns from these alone, as in the paper: ITERATIONS pairs of each kind a text, one pass, batches of 16, peak rate 2e-5. Braid's val rows,
without which it does not train, are the train rows again (training.refit: false, so that nothing is learnt from them).
Writes a line a draw and system to OUT/results.jsonl, takes what lies there as done, and prints the table in Markdown.

Usage: python3 benchmarks/few_labels.py path/to/braid OUT [--sets cr,movies-5,topics] [--draws 10] [--only setfit|braid]
Needs: torch 2.13.0 (CPU), setfit 1.2.0, scikit-learn, numpy, safetensors; pip and apt-get to fetch the texts; .deps/weights/all-MiniLM-L6-v2.
"""

import argparse
import csv
import json
import pathlib
import random
import subprocess
import sys
import tarfile
import time

import numpy as np
from safetensors.numpy import load_file
from sklearn.linear_model import LogisticRegression

ROOT = pathlib.Path(__file__).resolve().parents[1]
MINILM = ROOT / ".deps" / "weights" / "all-MiniLM-L6-v2"
SHOTS, BATCH, RATE = 8, 16, 2e-5
TOPICS = ["computers", "food", "law", "love", "politics", "sports"]
# Pairs of each kind a text; the paper has 20, two busy cores time for fewer.
ITERATIONS = {"cr": 10, "movies-5": 5, "topics": 5}
TEST = {"cr": 400, "movies-5": 160, "topics": 60}
CROSSED = "braid's encoder, setfit's head"
BRAID = {"braid, stacked": "{type: stacked}", "braid, linear": "{type: stacked, landmarks: 0}", "braid, concat": "{type: concat}"}


def fetched(out, name, command):
    """The file that a command leaves in `out`, fetched once."""
    found = sorted(out.glob(name))
    if not found:
        subprocess.run(command, cwd=out, check=True, capture_output=True)
        found = sorted(out.glob(name))
    return found[0]


def rated(out, file):
    """(mean rating, text)."""
    packed = fetched(
        out, "vaderSentiment-3.2.1.tar.gz",
        [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "vadersentiment==3.2.1"])
    with tarfile.open(packed) as outer:
        inner = outer.extractfile("vaderSentiment-3.2.1/additional_resources/hutto_ICWSM_2014.tar.gz")
        with tarfile.open(fileobj=inner) as texts:
            lines = texts.extractfile(f"hutto_ICWSM_2014/{file}_GroundTruth.txt").read().decode("utf-8", "replace").splitlines()
    return [(float(cells[1]), cells[2].strip()) for cells in (line.split("\t") for line in lines)]


def customer_reviews(out):
    for rating, text in rated(out, "amazonReviewSnippets"):
        if abs(rating) >= 0.5:
            yield text, "positive" if rating > 0 else "negative"


def movie_reviews(out):
    names = ["very negative", "negative", "neutral", "positive", "very positive"]
    for rating, text in rated(out, "movieReviewSnippets"):
        # Ratings go from -4 to 4, SST's from 0 to 1, cut at 0.2, 0.4, 0.6 and 0.8.
        yield text, names[min(4, max(0, int((rating + 4) / 8 * 5)))]


def topics(out):
    package = fetched(out, "fortunes_*.deb", ["apt-get", "download", "fortunes"])
    subprocess.run(["dpkg-deb", "-x", package, out / "fortunes"], check=True)
    for topic in TOPICS:
        text = (out / "fortunes" / "usr" / "share" / "games" / "fortunes" / topic).read_text(errors="replace")
        for quotation in text.split("\n%\n"):
            quotation = " ".join(quotation.split())
            if 20 <= len(quotation) <= 300:
                yield quotation, topic


SETS = {"cr": customer_reviews, "movies-5": movie_reviews, "topics": topics}


def divided(name, out):
    """Test rows, and what draws take from, by class; each text once."""
    classes, seen = {}, set()
    for text, label in SETS[name](out):
        if text.lower() not in seen:
            seen.add(text.lower())
            classes.setdefault(label, []).append((text, label))
    for label in sorted(classes):
        random.Random(f"{name} {label}").shuffle(classes[label])
    test = [row for label in sorted(classes) for row in classes[label][: TEST[name]]]
    return test, {label: rows[TEST[name]:] for label, rows in sorted(classes.items())}


def drawn(pool, draw):
    return [row for label, rows in pool.items() for row in random.Random(f"{draw} {label}").sample(rows, SHOTS)]


def accuracy(said, test):
    return float(np.mean([answer == label for answer, (_, label) in zip(said, test, strict=True)]))


def logistic(train, test, vectors):
    """SetFit's head on embeddings of train and then test."""
    head = LogisticRegression().fit(vectors[: len(train)], [label for _, label in train])
    return accuracy(head.predict(vectors[len(train):]), test)


def run_setfit(_, iterations, train, test, draw, out):
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    texts = [text for text, _ in train + test]
    model = SetFitModel.from_pretrained(str(MINILM), labels=sorted({label for _, label in train}))
    yield "probe", logistic(train, test, model.model_body.encode(texts)), 0
    started = time.perf_counter()
    arguments = TrainingArguments(
        output_dir=str(out / "setfit"), num_iterations=iterations, num_epochs=1, batch_size=BATCH, body_learning_rate=RATE, seed=draw,
        report_to="none", save_strategy="no", show_progress_bar=False)
    dataset = Dataset.from_dict({"text": [text for text, _ in train], "label": [label for _, label in train]})
    Trainer(model=model, args=arguments, train_dataset=dataset).train()
    said = model.predict([text for text, _ in test])
    yield "setfit", accuracy([str(answer) for answer in said], test), time.perf_counter() - started


def run_braid(braid, iterations, train, test, draw, out):
    manifest = out / "manifest.csv"
    with open(manifest, "w", newline="") as file:
        write = csv.writer(file).writerow
        write(["id", "split", "text", "label"])
        for split, rows in (("train", train), ("val", train), ("test", test)):
            for number, (text, label) in enumerate(rows):
                write([f"{split}-{number}", split, text, label])
    tuned = None
    for name, fusion in BRAID.items():
        run = out / "run" / name.split()[-1]
        subprocess.run(["rm", "-rf", run], check=True)
        # Encoders are tuned once: what differs between the heads is what comes after.
        encoder = f"{{weights: '{tuned or MINILM}'{'' if tuned else ', train: all'}}}"
        pairs = "" if tuned else f", contrastive: {{epochs: 1, iterations: {iterations}, batch_size: {BATCH}}}"
        more = "" if "concat" in name else ", refit: false"
        config = out / "config.yaml"
        config.write_text(
            f"manifest: manifest.csv\nembedding_cache: false\nmodalities: {{text: {encoder}}}\nfusion: {fusion}\n"
            f"training: {{seed: {draw}{more}{pairs}}}\n")
        started = time.perf_counter()
        subprocess.run([braid, "train", config, "--out", run, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        yield name, json.loads((run / "run.json").read_text())["test"]["accuracy"], time.perf_counter() - started
        tuned = tuned or run / "model" / "text"
    config.write_text(f"manifest: manifest.csv\nembedding_cache: false\nmodalities: {{text: {{weights: '{tuned}'}}}}\n")
    embedded = out / "embedded"
    subprocess.run(["rm", "-rf", embedded], check=True)
    subprocess.run(
        [braid, "embed", config, "--manifest", manifest, "--out", embedded, "--no-cache", "--quiet"], check=True,
        stdout=subprocess.DEVNULL)
    vectors = np.concatenate([load_file(part)["text"] for part in sorted(embedded.glob("part-*.safetensors"))])
    vectors = np.concatenate([vectors[: len(train)], vectors[2 * len(train):]])
    yield CROSSED, logistic(train, test, vectors), 0


def error(values):
    return np.std(values, ddof=1) / len(values) ** 0.5


def table(results, sets):
    systems = ["probe", "setfit", *BRAID, CROSSED]
    print("\n| set | system | accuracy, mean of the draws | less setfit's | s a draw |\n|---|---|---|---|---|")
    for name in sets:
        draws = sorted({draw for (which, draw, system) in results if which == name and system == systems[-1]})
        draws = [draw for draw in draws if (name, draw, "setfit") in results]
        if len(draws) < 2:
            continue
        theirs = np.array([results[name, draw, "setfit"]["accuracy"] for draw in draws])
        for system in systems:
            rows = [results[name, draw, system] for draw in draws]
            ours = np.array([row["accuracy"] for row in rows])
            less = "" if system == "setfit" else f"{100 * np.mean(ours - theirs):+.2f} ± {100 * error(ours - theirs):.2f}"
            seconds = np.median([row["seconds"] for row in rows])
            print(
                f"| {name} | {system} | {100 * ours.mean():.2f} ± {100 * error(ours):.2f} | {less} | "
                f"{f'{seconds:.0f}' if seconds else ''} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--sets", default="cr,movies-5,topics")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--only", choices=["setfit", "braid"])
    options = parser.parse_args()
    braid, out, sets = options.braid.resolve(), options.out.resolve(), options.sets.split(",")
    out.mkdir(parents=True, exist_ok=True)
    log, results = out / "results.jsonl", {}
    for line in log.read_text().splitlines() if log.exists() else []:
        row = json.loads(line)
        results[row["set"], row["draw"], row["system"]] = row
    for draw in range(options.draws):
        for name in sets:
            test, pool = divided(name, out)
            train = drawn(pool, draw)
            for last, work in (("setfit", run_setfit), (CROSSED, run_braid)):
                if (name, draw, last) in results or options.only not in (None, work.__name__[4:]):
                    continue
                for system, value, seconds in work(braid, ITERATIONS[name], train, test, draw, out):
                    row = dict(set=name, draw=draw, system=system, accuracy=value, seconds=seconds)
                    results[name, draw, system] = row
                    with open(log, "a") as file:
                        file.write(json.dumps(row) + "\n")
                    print(f"{name}, draw {draw}: {system} {100 * value:.2f} % ({seconds:.0f} s)", flush=True)
    table(results, sets)


if __name__ == "__main__":
    main()
