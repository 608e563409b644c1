"""Times one full fine-tuning step (forward, backward, clipping, AdamW) of Braid against PyTorch eager with channels last, interleaved.

Every weight of the encoders and of a linear head over their embeddings is trained, on one batch that is already prepared; in bf16 both sides
by torch.autocast's rules. Weights and batches are the same on both sides. `trimodal` is ResNet-18, MiniLM-L6 and Cnn10 together.

Usage: benchmarks/training_step.py path/to/BraidBench [RUNS] [--precisions fp32,bf16] [--cases resnet18,…]
Run with the Python that benchmarks/peers.sh prints.
"""

import argparse
import json
import statistics
import sys
import time

import workloads
import torch
from encoding import Worker
from workloads import MODELS, WORK

# Batch sizes: what fits a step of about a second on two cores.
CASES = {
    "resnet18": (["resnet18"], 16), "resnet50": (["resnet50"], 8), "minilm": (["minilm"], 32), "bert-base": (["bert-base"], 8),
    "cnn10": (["cnn10"], 4), "cnn14": (["cnn14"], 2), "trimodal": (["resnet18", "minilm", "cnn10"], 8),
}


def inputs(case, precision):
    """Writes the batch and the configuration for Braid; gives the tensors, and where both lie but for their endings."""
    from safetensors.torch import save_file

    names, size = CASES[case]
    random = torch.Generator().manual_seed(4)
    tensors = {"labels": torch.randint(0, 10, (size,), generator=random)}
    for name in names:
        modality = MODELS[name][0]
        if modality == "text":
            tensors["text"] = torch.randint(1000, 20000, (size, 32), generator=random)
        else:
            shape = (size, 3, 224, 224) if modality == "image" else (size, 501, 64)
            tensors[modality] = torch.randn(shape, generator=random)
    place = WORK / f"step-{case}-{precision}"
    save_file(tensors, place.with_suffix(".safetensors"))
    lines = [f"  {MODELS[name][0]}: {{weights: {workloads.weights(name)}, train: all}}" for name in names]
    place.with_suffix(".yaml").write_text(
        "modalities:\n" + "\n".join(lines) + f"\ntraining: {{precision: {precision}}}\n")
    return tensors, place


def peer(case, precision, device="cpu"):
    """Serves PyTorch's steps, one a line of stdin."""
    from peer import Embedder

    names, _ = CASES[case]
    torch.set_num_threads(2)
    tensors = {key: tensor.to(device) for key, tensor in inputs(case, precision)[0].items()}
    encoders = torch.nn.ModuleList(Embedder(name).train() for name in names).to(device)
    for name, encoder in zip(names, encoders):
        if MODELS[name][0] != "text":
            encoder.to(memory_format=torch.channels_last)
    if "image" in tensors:
        tensors["image"] = tensors["image"].contiguous(memory_format=torch.channels_last)

    def pooled():
        for name, encoder in zip(names, encoders):
            modality = MODELS[name][0]
            mask = (torch.ones_like(tensors["text"]),) if modality == "text" else ()
            yield encoder(tensors[modality], *mask)

    with torch.no_grad():
        width = sum(values.shape[1] for values in pooled())
    head = torch.nn.Linear(width, 10).to(device)
    optimizer = torch.optim.AdamW([*encoders.parameters(), *head.parameters()], lr=1e-5)

    def step():
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
            loss = torch.nn.functional.cross_entropy(head(torch.cat(list(pooled()), 1)), tensors["labels"])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*encoders.parameters(), *head.parameters()], 1.0)
        optimizer.step()
        if device == "cuda":
            torch.cuda.synchronize()

    answer(step)


def answer(run):
    """Does `run` once, and then once for each line of stdin, with the seconds it took on stdout."""
    run()
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        run()
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


def compare(bench, case, precision, runs):
    _, place = inputs(case, precision)
    ours = Worker([bench, "step", place.with_suffix(".yaml"), place.with_suffix(".safetensors")])
    theirs = Worker([sys.executable, __file__, "--peer", case, precision])
    pairs = [(ours.run()["seconds"], theirs.run()["seconds"]) for _ in range(runs + 2)][2:]
    ours.close()
    theirs.close()
    ratios = sorted(b / a for a, b in pairs)
    a, b = (statistics.median(column) for column in zip(*pairs))
    size = CASES[case][1]
    print(
        f"| {case} | {precision} | {size} | {a:.3f} | {b:.3f} | {statistics.median(ratios):.2f} | {ratios[0]:.2f} … {ratios[-1]:.2f} |",
        flush=True)


def main():
    if sys.argv[1:2] == ["--peer"]:
        return peer(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("runs", nargs="?", type=int, default=7)
    parser.add_argument("--precisions", default="fp32,bf16")
    parser.add_argument("--cases", default=",".join(CASES))
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    print("| model | precision | batch | Braid, s a step | PyTorch eager, channels last | ratio | least and largest |\n|---|---|---|---|---|---|---|", flush=True)
    for case in options.cases.split(","):
        for precision in options.precisions.split(","):
            compare(options.bench, case, precision, options.runs)


if __name__ == "__main__":
    main()
