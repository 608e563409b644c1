"""Measures how many embeddings a second Braid makes, against its peers, interleaved in one run.

For every model and precision, all libraries take turns: RUNS runs each after a first one that is not counted. `files` goes from
files to a file of embeddings, `encoder` from prepared inputs. Embeddings are compared too. Peers: peer.py says what they are. Of
`encoder` the share of the machine's multiply-adds is given as well: the network's operations as PyTorch counts them, over what
fma_peak.c does in the same minute.

Usage: benchmarks/encoding.py path/to/BraidBench [--runs 5] [--models resnet18,…] [--precisions fp32,bf16] [--modes files,encoder]
       [--kind cifar]
Run with the Python that benchmarks/peers.sh prints.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

import workloads
import numpy as np
import torch
from workloads import MODELS, WORK

HERE = pathlib.Path(__file__).resolve().parent
# ONNX Runtime's CPU kernels have no bf16.
LIBRARIES = {
    "fp32": ["script", "compile", "onnxruntime", "openvino"],
    "bf16": ["script", "compile", "openvino"],
}


class Worker:
    """A process that works once a line."""

    def __init__(self, command):
        self.log = open(WORK / "peers.log", "a")
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)
        while (line := self.process.stdout.readline()) != "ready\n":
            if not line:
                raise RuntimeError(f"{command}: ended early, see {self.log.name}")

    def run(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def prepared(name):
    """Inputs of one size, without media: [N, …]; of encoders of windows the manifest of the recordings they are made of."""
    from safetensors.torch import save_file

    modality, _, count = MODELS[name]
    if name in workloads.WINDOWED:
        return workloads.manifest(modality, workloads.media(modality, count), f"{name}-alone")
    random = torch.Generator().manual_seed(3)
    shape = {"image": (count, 3, 224, 224), "audio": (count, 501, 64)}.get(modality)
    inputs = torch.randn(shape, generator=random) if shape else torch.randint(1000, 20000, (count, 32), generator=random)
    save_file({"inputs": inputs}, WORK / f"{name}-inputs.safetensors")
    return WORK / f"{name}-inputs.safetensors"


def workers(bench, name, precision, mode, kind):
    modality, count, _ = MODELS[name]
    config = workloads.configuration(name, precision)
    if mode == "files":
        listing = workloads.manifest(modality, workloads.media(modality, count, kind), f"{name}{kind}")
        ours = [bench, "embed", config, listing, WORK / "out"]
    else:
        ours = [bench, "encode", modality, config, prepared(name)]
    commands = {"braid": ours}
    for library in LIBRARIES[precision]:
        if mode == "files" or library not in ("script",):
            commands[library] = [sys.executable, HERE / "peer.py", library, name, precision, mode, *([kind] if kind else [])]
    started = {}
    for library, command in commands.items():
        try:
            started[library] = Worker(command)
        except RuntimeError as error:
            print(f"{name} {precision} {mode}: left out: {error}", file=sys.stderr)
    return started


def peak(precision):
    """GFLOP/s of the vector units alone, the best of three."""
    tool = WORK / "fma_peak"
    if not tool.exists():
        subprocess.run(["cc", "-O2", "-march=native", "-pthread", HERE / "fma_peak.c", "-o", tool], check=True)
    return max(json.loads(subprocess.run([tool], check=True, capture_output=True).stdout)[precision] for _ in range(3))


def operations(name):
    """GFLOP of one of `prepared`'s inputs."""
    from peer import Embedder
    from safetensors.torch import load_file
    from torch.utils.flop_counter import FlopCounterMode

    inputs = load_file(prepared(name))["inputs"][:1]
    mask = (torch.ones_like(inputs),) if MODELS[name][0] == "text" else ()
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        Embedder(name)(inputs, *mask)
    return counter.get_total_flops() / 1e9


def cosines(one, other):
    """Between the embeddings of each row."""
    return (one * other).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)


def difference(name, precision, library):
    """Between Braid's embeddings and a peer's: the largest of all values, and the least cosine."""
    ours = np.load(WORK / "out" / f"part-00000.{MODELS[name][0]}.npy")
    theirs = np.load(WORK / f"{library}-{name}-{precision}.npy")
    return np.abs(ours - theirs).max(), cosines(ours, theirs).min()


def in_turn(started, runs):
    """What each worker measures in `runs` rounds after one that is not counted; the workers are closed."""
    figures = {key: [] for key in started}
    for number in range(runs + 1):
        for key, worker in started.items():
            figure = worker.run()
            if number:
                figures[key].append(figure)
    for worker in started.values():
        worker.close()
    return figures


def measure(bench, name, precision, mode, kind, runs):
    started = workers(bench, name, precision, mode, kind)
    count = MODELS[name][1 if mode == "files" else 2]
    figures = in_turn(started, runs)
    rate = {library: count / statistics.median(f["seconds"] for f in each) for library, each in figures.items()}
    ratios = {
        library: statistics.median(b["seconds"] / a["seconds"] for a, b in zip(figures["braid"], each))
        for library, each in figures.items() if library != "braid"
    }
    fast = {library: ratio for library, ratio in ratios.items() if library != "script"}
    best = min(fast, key=fast.get)
    row = {
        "model": name + (f", {kind}" if kind else ""), "precision": precision, "mode": mode, "rates": rate, "ratios": ratios, "best": best,
        "peak_mb": {library: max(f["peak"] for f in each) / 1e6 for library, each in figures.items()},
    }
    if mode == "encoder":
        row["share"] = operations(name) * rate["braid"] / peak(precision)
    if mode == "files":
        reference = "script" if precision == "fp32" else best
        row["difference"] = [float(value) for value in difference(name, precision, reference)]
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--models", default=",".join(workloads.CONVOLUTIONAL_AND_BERT))
    parser.add_argument("--precisions", default="fp32,bf16")
    parser.add_argument("--modes", default="files,encoder")
    parser.add_argument("--kind", default="")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    print("| model | precision | mode | Braid, 1/s | peers, 1/s | ratio to the fastest | ratio to the script, or share of the FMA peak | largest difference, least cosine |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    with open(WORK / "encoding.jsonl", "a") as log:
        for mode in options.modes.split(","):
            for name in options.models.split(","):
                for precision in options.precisions.split(","):
                    row = measure(options.bench, name, precision, mode, options.kind, options.runs)
                    print(json.dumps(row), file=log, flush=True)
                    peers = ", ".join(f"{library} {rate:.1f}" for library, rate in row["rates"].items() if library != "braid")
                    script = f"{row['ratios']['script']:.2f}" if "script" in row["ratios"] else ""
                    script = script or f"{row['share']:.0%} of peak"
                    apart = "{:.1e}, {:.6f}".format(*row["difference"]) if "difference" in row else ""
                    print(
                        f"| {row['model']} | {precision} | {mode} | {row['rates']['braid']:.1f} | {peers} | "
                        f"{row['ratios'][row['best']]:.2f} ({row['best']}) | {script} | {apart} |", flush=True)


if __name__ == "__main__":
    main()
