"""Times one full fine-tuning step (forward, backward, clipping, AdamW) of Braid against PyTorch eager with channels last, interleaved.

Every weight of the encoders and of a linear head over their embeddings is trained, in fp32, on one batch that is already prepared.
Weights and batches are the same on both sides. `trimodal` is ResNet-18, MiniLM-L6 and Cnn10 together.

Usage: benchmarks/training_step.py path/to/BraidBench [RUNS]
Run with the Python that benchmarks/peers.sh prints.
"""

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


def inputs(case):
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
    save_file(tensors, WORK / f"step-{case}.safetensors")
    lines = [f"  {MODELS[name][0]}: {{weights: {workloads.weights(name)}, train: all}}" for name in names]
    (WORK / f"step-{case}.yaml").write_text("modalities:\n" + "\n".join(lines) + "\n")
    return tensors


def peer(case):
    """Serves PyTorch's steps, one a line of stdin."""
    from peer import Embedder

    names, _ = CASES[case]
    torch.set_num_threads(2)
    tensors = inputs(case)
    encoders = torch.nn.ModuleList(Embedder(name).train() for name in names)
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
    head = torch.nn.Linear(width, 10)
    optimizer = torch.optim.AdamW([*encoders.parameters(), *head.parameters()], lr=1e-5)

    def step():
        loss = torch.nn.functional.cross_entropy(head(torch.cat(list(pooled()), 1)), tensors["labels"])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*encoders.parameters(), *head.parameters()], 1.0)
        optimizer.step()

    step()
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        step()
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--peer":
        return peer(sys.argv[2])
    bench, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 7
    WORK.mkdir(parents=True, exist_ok=True)
    print("| model | batch | Braid, s a step | PyTorch eager, channels last | ratio | least and largest |\n|---|---|---|---|---|---|", flush=True)
    for case, (_, size) in CASES.items():
        inputs(case)
        ours = Worker([bench, "step", WORK / f"step-{case}.yaml", WORK / f"step-{case}.safetensors"])
        theirs = Worker([sys.executable, __file__, "--peer", case])
        pairs = [(ours.run()["seconds"], theirs.run()["seconds"]) for _ in range(runs + 2)][2:]
        ours.close()
        theirs.close()
        ratios = sorted(b / a for a, b in pairs)
        a, b = (statistics.median(column) for column in zip(*pairs))
        print(f"| {case} | {size} | {a:.3f} | {b:.3f} | {statistics.median(ratios):.2f} | {ratios[0]:.2f} … {ratios[-1]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
