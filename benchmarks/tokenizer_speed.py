"""How fast Braid encodes natural sentences beside the `tokenizers` package, on one thread each. Prints a Markdown table.

The package's time is the better of one `encode_batch_fast` call and a loop of `encode`; Braid's that of a loop over the texts.
Neither includes reading the texts or the tokenizer. Runs alternate; the table has the medians.

Requirements: those of scripts/tokenizer_parity.py.
Command: python benchmarks/tokenizer_speed.py [--runs 7] [--only minilm,gpt2,xlmr] [--time "COMMAND {file}"]
    COMMAND reads JSON Lines of texts and prints the seconds it spent encoding first.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scripts" / "references"))

from tokenizers import Tokenizer  # noqa: E402

from published_tokenizers import published  # noqa: E402
from sentences import LANGUAGES, TEMPLATES  # noqa: E402


def natural_texts(count, english):
    """Sentences of 10 to 40 words; words come back as often as those of a small corpus do."""
    chance = random.Random(11)
    words = " ".join(TEMPLATES + LANGUAGES[:3] if english else LANGUAGES).split()
    return [" ".join(chance.choices(words, k=chance.randint(10, 40))) for _ in range(count)]


def package_seconds(tokenizer, texts):
    start = time.perf_counter()
    tokenizer.encode_batch_fast(texts)
    middle = time.perf_counter()
    for text in texts:
        tokenizer.encode(text)
    return min(middle - start, time.perf_counter() - middle)


def braid_seconds(command, path, lines):
    words = [word.replace("{file}", str(path)) for word in command.split()]
    return float(subprocess.run(words, input=lines, capture_output=True, text=True, check=True).stdout.split()[0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--only", default="minilm,gpt2,roberta,qwen,clip,xlmr,t5,mistral")
    parser.add_argument("--time", default=".build/release/tokdump --time {file}")
    options = parser.parse_args()
    print("| tokenizer | texts | MB | tokenizers, MB/s | Braid, MB/s | times as fast |")
    print("|---|---|---|---|---|---|")
    for name in options.only.split(","):
        path = published(name)
        tokenizer = Tokenizer.from_file(str(path))
        for kind, english in (("English", True), ("47 languages", False)):
            texts = natural_texts(20_000, english)
            lines = "".join(json.dumps(text) + "\n" for text in texts)
            size = sum(len(text.encode()) for text in texts) / 1e6
            theirs, ours = [], []
            for _ in range(options.runs):
                theirs.append(package_seconds(tokenizer, texts))
                ours.append(braid_seconds(options.time, path, lines))
            package, braid = statistics.median(theirs), statistics.median(ours)
            speeds = f"{size / package:.1f} | {size / braid:.1f} | {package / braid:.1f}"
            print(f"| {name} | {kind} | {size:.1f} | {speeds} |", flush=True)
