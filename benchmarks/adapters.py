"""Times a fine-tuning step and takes its peak memory, LoRA's and that of all weights: Braid against the same loop in PyTorch and peft.

A step is forward, backward, clipping to a norm of 1, and AdamW, in fp32 and in training mode, with a linear head over the pooled
embeddings; batches are prepared before, and the same on both sides, as weights and adapted layers are. Texts are the paragraphs of this
repository's LICENSE, cut to so many tokens, padded to the longest; pictures lie channels last. The two sides are processes that take
turns, a step each; ratios are medians of those of the pairs, of seconds by the clock and of the processors' seconds. On a machine that is
busy otherwise the latter say more, best with --threads 1. The peak is the process's largest resident memory, with its libraries.

Usage: benchmarks/adapters.py path/to/BraidBench [--runs 7] [--cases minilm-64,…] [--methods lora:8,all] [--threads 2]
Needs torch, transformers, timm, peft, safetensors.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import time

import workloads
import torch
from encoding import Worker
from workloads import MINILM, ROOT, WORK

# Modality, weights, batch, and the size of an input: tokens, or pixels.
CASES = {
    "minilm-64": ("text", "minilm", 32, 64),
    "minilm-128": ("text", "minilm", 32, 128),
    "efficientnet-lite0": ("image", "efficientnet-lite0", 16, 224),
    "resnet18": ("image", "resnet18", 16, 224),
}


def lite():
    """EfficientNet-Lite0 with random weights: the folder that Braid reads, and the network."""
    import timm
    from safetensors.torch import save_file

    torch.manual_seed(1)
    model, folder = timm.create_model("tf_efficientnet_lite0", num_classes=0), WORK / "weights" / "efficientnet-lite0"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "config.json").exists():
        save_file({key: value.contiguous() for key, value in model.state_dict().items()}, folder / "model.safetensors")
        (folder / "config.json").write_text(json.dumps({"architecture": "tf_efficientnet_lite0", "pretrained_cfg": {"input_size": [3, 224, 224]}}))
    return folder, model


def texts(count, longest):
    """Token ids of the licence's longest paragraphs, each at most `longest`."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(MINILM / "tokenizer.json"))
    tokenizer.enable_truncation(longest)
    tokenizer.no_padding()
    paragraphs = [" ".join(part.split()) for part in (ROOT / "LICENSE").read_text().split("\n\n")]
    paragraphs = sorted((part for part in paragraphs if part), key=len, reverse=True)[:count]
    return [encoding.ids for encoding in tokenizer.encode_batch(paragraphs)]


def inputs(case, method):
    """The batch, written for Braid beside a configuration."""
    from safetensors.torch import save_file

    modality, name, size, extent = CASES[case]
    random = torch.Generator().manual_seed(4)
    tensors = {"labels": torch.randint(0, 10, (size,), generator=random)}
    if modality == "text":
        ids = texts(size, extent)
        tensors["lengths"] = torch.tensor([len(row) for row in ids])
        tensors["text"] = torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in ids], batch_first=True)
    else:
        tensors["image"] = torch.randn((size, 3, extent, extent), generator=random)
    save_file(tensors, WORK / f"adapters-{case}.safetensors")
    weights = lite()[0] if name == "efficientnet-lite0" else workloads.weights(name)
    config = WORK / f"adapters-{case}-{method.replace(':', '')}.yaml"
    config.write_text(f"modalities:\n  {modality}: {{weights: {weights}, train: {method!r}}}\n")
    return tensors, config


def network(case, method):
    """The reference network as it is trained."""
    modality, name, _, _ = CASES[case]
    model = lite()[1] if name == "efficientnet-lite0" else workloads.module(name)
    if modality == "text":
        model.pooler = None
    if modality == "image":
        model.to(memory_format=torch.channels_last)
    model.train()
    if method == "all":
        return model
    from peft import LoraConfig, get_peft_model

    adapted = ["query", "value"] if modality == "text" else [
        path for path, layer in model.named_modules() if isinstance(layer, torch.nn.Linear) or isinstance(layer, torch.nn.Conv2d) and layer.groups == 1]
    rank = int(method.split(":")[1])
    model = get_peft_model(model, LoraConfig(r=rank, lora_alpha=rank, target_modules=adapted)).train()
    for layer in model.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.eval()
    return model


def peak_memory():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))


def peer(case, method):
    """Serves PyTorch's steps, one a line of stdin."""
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    tensors, _ = inputs(case, method)
    model = network(case, method)
    isText = CASES[case][0] == "text"
    if isText:
        mask = (torch.arange(tensors["text"].shape[1]) < tensors["lengths"][:, None]).long()
    else:
        tensors["image"] = tensors["image"].contiguous(memory_format=torch.channels_last)

    def pooled():
        if not isText:
            return model(tensors["image"])
        tokens = model(input_ids=tensors["text"], attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(tokens.dtype)
        return (tokens * weights).sum(1) / weights.sum(1)

    width = 384 if isText else model.num_features if method == "all" else model.base_model.model.num_features
    head = torch.nn.Linear(width, 10)
    trained = [value for value in [*model.parameters(), *head.parameters()] if value.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-5)
    count = sum(value.numel() for value in trained)
    print("ready", flush=True)
    for _ in sys.stdin:
        start, spent = time.perf_counter(), time.process_time()
        loss = torch.nn.functional.cross_entropy(head(pooled()), tensors["labels"])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        seconds, processor = time.perf_counter() - start, time.process_time() - spent
        print(json.dumps({"seconds": seconds, "processor": processor, "peak": peak_memory(), "trained": count}), flush=True)


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "--peer":
        return peer(sys.argv[2], sys.argv[3])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--methods", default="lora:8,all")
    parser.add_argument("--threads", default=str(os.cpu_count()))
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = options.threads
    WORK.mkdir(parents=True, exist_ok=True)
    print("| model | trained | values | Braid, s a step | PyTorch | time | least and largest | processors' time | least and largest | Braid, peak MB | PyTorch | memory |")
    print("|---" * 12 + "|", flush=True)
    for case in options.cases.split(","):
        for method in options.methods.split(","):
            _, config = inputs(case, method)
            ours = Worker([options.bench, "step", config, WORK / f"adapters-{case}.safetensors"])
            theirs = Worker([sys.executable, __file__, "--peer", case, method])
            pairs = [(ours.run(), theirs.run()) for _ in range(options.runs + 2)][2:]
            ours.close()
            theirs.close()
            if (counts := [side["trained"] for side in pairs[-1]])[0] != counts[1]:
                raise SystemExit(f"{case}, {method}: Braid trains {counts[0]} values, PyTorch {counts[1]}")
            a, b = (statistics.median(side["seconds"] for side in column) for column in zip(*pairs))
            said = []
            for key in ("seconds", "processor"):
                ratios = sorted(ours[key] / theirs[key] for ours, theirs in pairs)
                said.append(f"{statistics.median(ratios):.2f} | {ratios[0]:.2f} … {ratios[-1]:.2f}")
            peaks = [side["peak"] / 1e6 for side in pairs[-1]]
            print(
                f"| {case} | {method} | {counts[0]:,} | {a:.3f} | {b:.3f} | {' | '.join(said)} "
                f"| {peaks[0]:.0f} | {peaks[1]:.0f} | {peaks[0] / peaks[1]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
