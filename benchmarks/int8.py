"""Measures texts in int8: Braid against its own fp32 and bf16, ONNX Runtime's dynamic int8 and OpenVINO's int8 by NNCF.

From texts in files to a file of embeddings, all libraries in turn, RUNS runs each after a first one that is not counted. Rates are texts a second
of processor time, which says less of a busy machine's other work than the clock does; `wall` is by the clock. Cosines are to an eager
PyTorch script in fp32, the mean and the least.

Usage: benchmarks/int8.py path/to/BraidBench [--runs 5] [--models minilm,bert-base]
Run with the Python that benchmarks/peers.sh prints, on one core (BENCH_THREADS=1 OMP_NUM_THREADS=1 taskset -c 0), or on all.
"""

import argparse
import json
import pathlib
import statistics
import sys

import workloads
import numpy as np
from encoding import Worker, in_turn
from workloads import MODELS, WORK

HERE = pathlib.Path(__file__).resolve().parent


def workers(bench, name):
    texts = workloads.media("text", MODELS[name][1])
    listing = workloads.manifest("text", texts, name)
    commands = {
        f"Braid {precision}": [bench, "embed", workloads.configuration(name, precision), listing, WORK / f"out-{precision}"]
        for precision in ("int8", "bf16", "fp32")
    }
    for library, precision in (("onnxruntime", "int8"), ("openvino", "int8"), ("script", "fp32")):
        commands[f"{library} {precision}"] = [sys.executable, HERE / "peer.py", library, name, precision, "files"]
    return {label: Worker(command) for label, command in commands.items()}


def embeddings(label, name):
    library, precision = label.split()
    file = f"out-{precision}/part-00000.text.npy" if library == "Braid" else f"{library}-{name}-{precision}.npy"
    values = np.load(WORK / file)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def measure(bench, name, runs):
    figures = in_turn(workers(bench, name), runs)
    exact = embeddings("script fp32", name)
    for label, each in figures.items():
        cosine = (embeddings(label, name) * exact).sum(1)
        rate, wall = (MODELS[name][1] / statistics.median(f[key] for f in each) for key in ("processor", "seconds"))
        ratio = statistics.median(b["processor"] / a["processor"] for a, b in zip(figures["Braid int8"], each))
        least, most = (f([b["processor"] / a["processor"] for a, b in zip(figures["Braid int8"], each)]) for f in (min, max))
        yield {
            "model": name, "library": label, "rate": rate, "wall": wall, "ratio": ratio, "least": least, "most": most,
            "mean_cosine": float(cosine.mean()), "least_cosine": float(cosine.min()), "peak_mb": max(f["peak"] for f in each) / 1e6,
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--models", default="minilm,bert-base")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    print("| model | library | texts/s of processor time | by the clock | Braid int8 is faster by | mean cosine to fp32 | least | peak MB |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    with open(WORK / "int8.jsonl", "a") as log:
        for name in options.models.split(","):
            for row in measure(options.bench, name, options.runs):
                print(json.dumps(row), file=log, flush=True)
                print(
                    "| {model} | {library} | {rate:.0f} | {wall:.0f} | {ratio:.2f} ({least:.2f} … {most:.2f}) | {mean_cosine:.6f} | "
                    "{least_cosine:.6f} | {peak_mb:.0f} |".format(**row), flush=True)


if __name__ == "__main__":
    main()
