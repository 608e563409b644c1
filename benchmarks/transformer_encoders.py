"""Measures how many embeddings a second Braid makes with Transformers, beside eager PyTorch, torch.compile, ONNX Runtime and OpenVINO, in turn.

ViT-B/16 and CLIP-B/32's picture tower as timm has them, ModernBERT-base, AST-base and Whisper-base's encoder as Transformers has them, with weights
drawn from a seed. `files` goes from files to a file of embeddings, the peers behind two loader processes; `encoder` from prepared inputs: pictures of
224 x 224, 32 tokens, windows of sound. Each figure is a median over RUNS after a run that is not counted; ratios are medians of what a peer took over
what Braid took in the same round. The difference is the largest between Braid's embeddings and eager PyTorch's, as a share of the largest value, and the
least cosine; of Whisper none is given, for the peers' embedding here is the mean over silence too.

Usage: benchmarks/transformer_encoders.py path/to/BraidBench [--runs 5] [--models vit-b16,…] [--modes files,encoder] [--precision fp32]
       [--libraries eager,compile,onnxruntime,openvino]
Run with the Python that benchmarks/peers.sh prints.
"""

import argparse
import json
import statistics
import sys

import encoding
import numpy as np
import workloads
from workloads import MODELS, WORK

AIMS = {"files": 1.15, "encoder": 1.0}


def workers(bench, name, mode, precision, libraries):
    modality, count, _ = MODELS[name]
    config = workloads.configuration(name, precision)
    if mode == "files":
        listing = workloads.manifest(modality, workloads.media(modality, count), name)
        ours = [bench, "embed", config, listing, WORK / "out"]
    else:
        ours = [bench, "encode", modality, config, encoding.prepared(name)]
    started = {"braid": encoding.Worker(ours)}
    for library in libraries:
        try:
            started[library] = encoding.Worker([sys.executable, encoding.HERE / "peer.py", library, name, precision, mode])
        except RuntimeError as error:
            print(f"{name} {mode}: left out: {error}", file=sys.stderr)
    return started


def difference(name, precision):
    ours = np.load(WORK / "out" / f"part-00000.{MODELS[name][0]}.npy")
    theirs = np.load(WORK / f"eager-{name}-{precision}.npy")
    return f"{np.abs(ours - theirs).max() / np.abs(theirs).max():.1e}, {encoding.cosines(ours, theirs).min():.6f}"


def measure(bench, name, mode, options):
    figures = encoding.in_turn(workers(bench, name, mode, options.precision, options.libraries.split(",")), options.runs)
    count = MODELS[name][1 if mode == "files" else 2]
    rates = {library: count / statistics.median(f["seconds"] for f in each) for library, each in figures.items()}
    ratios = {
        library: statistics.median(b["seconds"] / a["seconds"] for a, b in zip(figures["braid"], each))
        for library, each in figures.items() if library != "braid"
    }
    is_compared = mode == "files" and "eager" in figures and name != "whisper-base"
    return {
        "model": name, "mode": mode, "precision": options.precision, "rates": rates, "ratios": ratios, "best": min(ratios, key=ratios.get),
        "peak_mb": {library: max(f["peak"] for f in each) / 1e6 for library, each in figures.items()},
        "difference": difference(name, options.precision) if is_compared else "",
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--models", default=",".join(workloads.TRANSFORMERS))
    parser.add_argument("--modes", default="files,encoder")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--libraries", default="eager,compile,onnxruntime,openvino")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    print("| model | from | Braid, 1/s | peers, 1/s | ratio to the fastest | aim | difference, least cosine | MB, Braid and peers |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    with open(WORK / "transformers.jsonl", "a") as log:
        for name in options.models.split(","):
            for mode in options.modes.split(","):
                row = measure(options.bench, name, mode, options)
                print(json.dumps(row), file=log, flush=True)
                peers = ", ".join(f"{library} {rate:.2f}" for library, rate in row["rates"].items() if library != "braid")
                print(
                    f"| {name} | {mode} | {row['rates']['braid']:.2f} | {peers} | {row['ratios'][row['best']]:.2f} ({row['best']}) | "
                    f"{AIMS[mode]:.2f} | {row['difference']} | {', '.join(f'{peak:.0f}' for peak in row['peak_mb'].values())} |", flush=True)


if __name__ == "__main__":
    main()
