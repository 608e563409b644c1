"""Measures encoders and training steps on a GPU: Braid against PyTorch eager, torch.compile with CUDA graphs, and ONNX Runtime's CUDA provider.

Inputs are prepared and lie in main memory; embeddings end there too. Libraries take turns, RUNS times after a round that is not counted. A step
trains every weight of the encoders and of a linear head, as training_step.py's. With --device cpu the script can be tried without a GPU.

Usage: benchmarks/gpu.py path/to/BraidBench [--runs 5] [--models resnet18,…] [--precisions fp32,bf16] [--modes encoder,step] [--device cuda]
Needs torch with CUDA, onnxruntime-gpu, timm and transformers, and a Braid that was built against libtorch with CUDA.
"""

import argparse
import pathlib
import statistics
import sys

import workloads
import torch
import training_step
from encoding import Worker, in_turn, prepared
from workloads import MODELS

BATCH = {"image": 64, "text": 128, "audio": 16}
LIBRARIES = {"fp32": ["eager", "compile", "onnxruntime"], "bf16": ["eager", "compile"]}


def onnx_session(name, device):
    import onnxruntime
    import peer

    provider = "CUDAExecutionProvider" if device == "cuda" else "CPUExecutionProvider"
    if provider not in onnxruntime.get_available_providers():
        sys.exit(f"this onnxruntime has no {provider}")
    session = onnxruntime.InferenceSession(peer.exported(name), providers=[provider])
    names = [given.name for given in session.get_inputs()]
    return lambda inputs: session.run(None, dict(zip(names, (tensor.numpy() for tensor in inputs))))[0]


def network(library, name, precision, device):
    """A function from a batch in main memory to embeddings there."""
    from peer import Embedder

    if library == "onnxruntime":
        return onnx_session(name, device)
    modality = MODELS[name][0]
    model = Embedder(name).eval().to(device)
    if modality != "text":
        model = model.to(memory_format=torch.channels_last)
    if library == "compile":
        model = torch.compile(model, mode="reduce-overhead" if device == "cuda" else None)

    def run(inputs):
        inputs = [tensor.to(device, non_blocking=True) for tensor in inputs]
        if modality == "image":
            inputs[0] = inputs[0].contiguous(memory_format=torch.channels_last)
        with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
            return model(*inputs).float().cpu().numpy()

    return run


def serve(library, name, precision, device):
    """A peer: encodes all inputs once a line of stdin."""
    from safetensors.torch import load_file

    inputs = load_file(prepared(name))["inputs"]
    mask = (torch.ones_like(inputs),) if MODELS[name][0] == "text" else ()
    size = BATCH[MODELS[name][0]]
    batches = [
        tuple(tensor[start : start + size].contiguous() for tensor in (inputs, *mask)) for start in range(0, len(inputs), size)]
    if device == "cuda":
        batches = [tuple(tensor.pin_memory() for tensor in batch) for batch in batches]
    run = network(library, name, precision, device)

    def all_of_them():
        for batch in batches:
            run(batch)

    training_step.answer(all_of_them)


def commands(options, name, precision, mode):
    """Braid's command and its peers', by library."""
    here = [sys.executable, pathlib.Path(__file__).resolve(), "--peer"]
    if mode == "encoder":
        config = workloads.configuration(name, precision)
        ours = [options.bench, "encode", MODELS[name][0], config, prepared(name), options.device]
        return {"braid": ours} | {
            library: [*here, library, name, precision, options.device] for library in LIBRARIES[precision]}
    _, place = training_step.inputs(name, precision)
    ours = [options.bench, "step", place.with_suffix(".yaml"), place.with_suffix(".safetensors"), options.device]
    return {"braid": ours, "eager": [*here, "step", name, precision, options.device]}


def measure(options, name, precision, mode):
    started = {library: Worker(command) for library, command in commands(options, name, precision, mode).items()}
    figures = {library: [run["seconds"] for run in runs] for library, runs in in_turn(started, options.runs).items()}
    ratios = {
        library: statistics.median(b / a for a, b in zip(figures["braid"], seconds))
        for library, seconds in figures.items() if library != "braid"}
    best = min(ratios, key=ratios.get)
    peers = ", ".join(f"{library} {ratio:.2f}" for library, ratio in ratios.items())
    print(f"| {name} | {precision} | {mode} | {statistics.median(figures['braid']):.4f} | {peers} | {ratios[best]:.2f} ({best}) |", flush=True)


def main():
    if sys.argv[1:2] == ["--peer"]:
        library, name, precision, device = sys.argv[2:]
        return training_step.peer(name, precision, device) if library == "step" else serve(library, name, precision, device)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--precisions", default="fp32,bf16")
    parser.add_argument("--modes", default="encoder,step")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        sys.exit("torch sees no CUDA device; try the script with --device cpu")
    workloads.WORK.mkdir(parents=True, exist_ok=True)
    print("| model | precision | mode | Braid, s | peers' time in Braid's | of the fastest peer |\n|---|---|---|---|---|---|", flush=True)
    for mode in options.modes.split(","):
        for name in options.models.split(","):
            for precision in options.precisions.split(","):
                measure(options, name, precision, mode)


if __name__ == "__main__":
    main()
