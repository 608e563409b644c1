"""Times frozen convolutional encoders by direct and by Winograd's convolution (BRAID_CONVOLUTION), beside their peers, in turn.

Each is measured as `benchmarks/encoding.py` does, whose peers and inputs it takes: `files` goes from files to a file of embeddings,
`encoder` from prepared inputs. Ratios are medians over the runs of what direct, or a peer, took over what Winograd took in the same
round. The largest difference, as a share of
the largest value, and the least cosine are between Braid's own two ways, over the files' embeddings.

Usage: benchmarks/convolution.py path/to/BraidBench [--runs 5] [--models resnet18,cnn10,…] [--modes files,encoder]
       [--peers openvino,onnxruntime]
Run with the Python that benchmarks/peers.sh prints.
"""

import argparse
import os
import statistics
import sys

import encoding
import numpy as np
import workloads
from workloads import MODELS, WORK

WAYS = ("winograd", "direct")


def ours(bench, name, mode, way):
    """A worker that computes in one of the ways. The variable is read when the process starts."""
    modality, count, _ = MODELS[name]
    config = workloads.configuration(name, "fp32")
    os.environ["BRAID_CONVOLUTION"] = way
    if mode == "files":
        listing = workloads.manifest(modality, workloads.media(modality, count, ""), name)
        return encoding.Worker([bench, "embed", config, listing, WORK / f"out-{way}"])
    return encoding.Worker([bench, "encode", modality, config, encoding.prepared(name)])


def differences(name):
    """Of the embeddings of files: the largest of all values as a share of the largest value, and the least cosine."""
    one, other = (np.load(WORK / f"out-{way}" / f"part-00000.{MODELS[name][0]}.npy") for way in WAYS)
    return f"{np.abs(one - other).max() / np.abs(other).max():.1e}, {encoding.cosines(one, other).min():.7f}"


def measure(bench, name, mode, peers, runs):
    workers = {way: ours(bench, name, mode, way) for way in WAYS}
    for library in peers:
        workers[library] = encoding.Worker([sys.executable, encoding.HERE / "peer.py", library, name, "fp32", mode])
    figures = encoding.in_turn(workers, runs)
    count = MODELS[name][1 if mode == "files" else 2]
    rates = {key: count / statistics.median(f["seconds"] for f in each) for key, each in figures.items()}
    ratios = {
        key: statistics.median(b["seconds"] / a["seconds"] for a, b in zip(figures["winograd"], each))
        for key, each in figures.items() if key != "winograd"
    }
    peaks = {key: max(f["peak"] for f in each) / 1e6 for key, each in figures.items()}
    return rates, ratios, peaks


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bench")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--models", default="resnet18,resnet50,cnn10,cnn14")
    parser.add_argument("--modes", default="files,encoder")
    parser.add_argument("--peers", default="openvino,onnxruntime")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    peers = options.peers.split(",") if options.peers else []
    print(f"| model | mode | Winograd, direct, 1/s | {', '.join(peers)}, 1/s | over direct | over the fastest peer | difference | MB |")
    print("|---|---|---|---|---|---|---|---|")
    for mode in options.modes.split(","):
        for name in options.models.split(","):
            rates, ratios, peaks = measure(options.bench, name, mode, peers, options.runs)
            best = min((library for library in peers), key=ratios.get, default=None)
            print(
                f"| {name} | {mode} | {rates['winograd']:.1f}, {rates['direct']:.1f} | {', '.join(f'{rates[p]:.1f}' for p in peers)} "
                f"| {ratios['direct']:.2f} | {f'{ratios[best]:.2f} ({best})' if best else ''} "
                f"| {differences(name) if mode == 'files' else ''} "
                f"| {', '.join(f'{key} {value:.0f}' for key, value in peaks.items())} |", flush=True)


if __name__ == "__main__":
    main()
