"""Measures how long one sample takes from its file to its embedding through a loaded encoder, on all cores: Braid against its peers.

Libraries take turns: each encodes ITEMS samples one after another, RUNS times after a first round that is not counted, and before each round
half a second passes and one sample that is not counted. A sentence begins in memory. Peers read with Pillow and timm, Hugging Face's tokenizers, soundfile, soxr and torchaudio, as peer.py does, without a loader.

Usage: benchmarks/latency.py path/to/BraidBench [--runs 5] [--items 24] [--models resnet18,minilm,cnn10]
Run with the Python that benchmarks/peers.sh prints.
"""

import argparse
import json
import pathlib
import sys
import time

import workloads
import numpy as np
import torch
from encoding import LIBRARIES, Worker, in_turn
from workloads import MODELS

# Seconds; as BraidBench waits too.
SETTLING = 0.5


def preparation(modality, items):
    """A function from a place in `items` to a batch of one."""
    import peer

    if modality == "text":
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(workloads.MINILM / "tokenizer.json"))
        tokenizer.enable_truncation(256)
        tokenizer.no_padding()

        def sentence(place):
            ids = torch.tensor([tokenizer.encode(items[place]).ids])
            return ids, torch.ones_like(ids)

        return sentence
    data = (peer.Pictures if modality == "image" else peer.Recordings)(items)
    return lambda place: (data[place].unsqueeze(0),)


def serve(library, name, count):
    """A peer: encodes all items once a line of stdin, each by itself."""
    import peer

    modality, count = MODELS[name][0], int(count)
    torch.set_num_threads(2)
    encode = peer.encoder(library, name, "fp32")
    prepare = preparation(modality, workloads.media(modality, count))

    def run():
        taken = []
        for place in range(count):
            start = time.perf_counter()
            encode(prepare(place))
            taken.append(time.perf_counter() - start)
        return taken

    run()
    print("ready", flush=True)
    for _ in sys.stdin:
        # Threads of whoever was before may still turn.
        time.sleep(SETTLING)
        encode(prepare(0))
        print(json.dumps({"each": run()}), flush=True)


def measure(bench, name, options):
    modality = MODELS[name][0]
    listing = workloads.manifest(modality, workloads.media(modality, options.items), f"{name}-latency")
    commands = {"braid": [bench, "latency", modality, workloads.configuration(name), listing]}
    for library in LIBRARIES["fp32"]:
        commands[library] = [sys.executable, pathlib.Path(__file__).resolve(), "--peer", library, name, options.items]
    started = {}
    for library, command in commands.items():
        try:
            started[library] = Worker(command)
        except RuntimeError as error:
            print(f"{name}: left out: {error}", file=sys.stderr)
    figures = in_turn(started, options.runs)
    # By item: recordings are of different lengths, and runs are what noise is seen in.
    each = {library: np.array([run["each"] for run in runs]) for library, runs in figures.items()}
    middle = {library: 1000 * float(np.median(taken)) for library, taken in each.items()}
    best = min((library for library in middle if library != "braid"), key=middle.get)
    ratios = np.sort(np.median(each["braid"], axis=1) / np.median(each[best], axis=1))
    late = 1000 * float(np.quantile(each["braid"], 0.95))
    peers = ", ".join(f"{library} {value:.2f}" for library, value in middle.items() if library != "braid")
    print(
        f"| {name} | {middle['braid']:.2f} | {late:.2f} | {peers} | {np.median(ratios):.2f} ({best}) | {ratios[0]:.2f} … {ratios[-1]:.2f} |",
        flush=True)


def main():
    if sys.argv[1:2] == ["--peer"]:
        return serve(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--items", type=int, default=24)
    parser.add_argument("--models", default="resnet18,minilm,cnn10")
    options = parser.parse_args()
    workloads.WORK.mkdir(parents=True, exist_ok=True)
    print("| model | Braid, ms, median | 95 of 100 within | peers, ms | share of the fastest peer's time | least and largest |")
    print("|---|---|---|---|---|---|", flush=True)
    for name in options.models.split(","):
        measure(options.bench, name, options)


if __name__ == "__main__":
    main()
