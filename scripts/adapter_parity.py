"""Adapters there and back through the real peft, from file to embedding: BERT, GPT-2 and ResNet of Transformers, LoRA and IA3.

For each, a small encoder with random weights is saved by Transformers. There: `braid train` learns an adapter on it, peft puts the
adapter of the model folder on top of the same encoder, and both embed the same texts or pictures. So does what `braid merge`
writes. Back: peft draws another adapter, and `braid embed` takes it by modalities.….adapter. Files go to .build/adapters. Exits with 1
where a difference is beyond 1e-5 of the largest value (or of 1).

Usage: python3 scripts/adapter_parity.py path/to/braid
Needs: torch 2.13.0 (CPU), transformers, tokenizers, peft 0.21.2, pillow, safetensors.
"""

import csv
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts" / "references")]
try:
    import reference_imports  # noqa: F401 (first: transformers imports torchvision)
    import torch
    import transformers
    from peft import IA3Config, LoraConfig, PeftModel, get_peft_model
    from PIL import Image
    from safetensors.torch import load_file
    from tokenizers import Tokenizer, models, pre_tokenizers
except ImportError as missing:
    sys.exit(f"adapter_parity: {missing}; install: torch==2.13.0 transformers tokenizers peft pillow safetensors")

WORK = ROOT / ".build" / "adapters"
BOUND = 1e-5
WORDS = ["[PAD]", "[UNK]", "bright", "dark", "picture", "of", "a", "cat", "dog", "noise", "very", "old"]
# No dropout: peft's model and ours are compared in use, and learn nothing together.
ENCODERS = {
    "bert": transformers.BertConfig(
        vocab_size=40, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, max_position_embeddings=40
    ),
    "gpt2": transformers.GPT2Config(vocab_size=40, n_embd=32, n_layer=2, n_head=4, n_positions=40, bos_token_id=0, eos_token_id=0),
    "resnet": transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 12, 16, 24], depths=[1, 1, 1, 1], layer_type="basic", downsample_in_first_stage=False
    ),
}
# What Braid is told, and what peft is; peft knows no layers of ResNet by itself.
METHODS = {
    "lora": ("lora:4", [], lambda **more: LoraConfig(r=3, lora_alpha=6, **more)),
    "rslora, dora": (
        "lora:4",
        ["lora_alpha=6", "rslora=true", "dora=true"],
        lambda **more: LoraConfig(r=3, use_dora=True, use_rslora=True, **more),
    ),
    "ia3": ("ia3", [], IA3Config),
}


def save_base(name, folder):
    """A small encoder as Transformers saves it, with what prepares its inputs."""
    model = transformers.AutoModel.from_config(ENCODERS[name])
    with torch.no_grad():
        for key, value in model.state_dict().items():
            if key.endswith(("running_mean", "normalization.bias")):
                value.normal_(0, 0.1)
    model.save_pretrained(folder)
    if name == "resnet":
        size = {"shortest_edge": 32}
        transformers.ConvNextImageProcessor(size=size, crop_pct=1.0, do_rescale=True).save_pretrained(folder)
    else:
        tokenizer = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        tokenizer.save(str(folder / "tokenizer.json"))
    return model.eval()


def write_manifest(name, folder, count=24):
    """Texts or pictures of two classes; gives what the reference takes."""
    torch.manual_seed(1)
    rows, inputs = [["id", "split", "image" if name == "resnet" else "text", "label"]], []
    for index in range(count):
        bright = index % 2 == 0
        split = "train" if index < count // 2 else "val" if index < count * 3 // 4 else "test"
        if name == "resnet":
            pixels = torch.randint(120 if bright else 0, 256 if bright else 130, (32, 32, 3), dtype=torch.uint8)
            Image.fromarray(pixels.numpy()).save(folder / f"{index}.png")
            value = f"{index}.png"
            inputs.append(pixels)
        else:
            words = torch.randint(4, len(WORDS), (1 + index % 5,)).tolist() + [2 if bright else 3]
            value = " ".join(WORDS[word] for word in words)
            inputs.append(words)
        rows.append([index, split, value, "bright" if bright else "dark"])
    with open(folder / "manifest.csv", "w", newline="") as file:
        csv.writer(file).writerows(rows)
    return inputs


@torch.inference_mode()
def reference(name, model, inputs, folder):
    """What the model makes of each input by itself, so that nothing is padded."""
    out = []
    processor = transformers.AutoImageProcessor.from_pretrained(folder) if name == "resnet" else None
    for value in inputs:
        if name == "resnet":
            pixels = processor(Image.fromarray(value.numpy()), return_tensors="pt")["pixel_values"]
            out.append(model(pixels).last_hidden_state.mean((2, 3))[0])
        else:
            states = model(input_ids=torch.tensor([value])).last_hidden_state[0]
            out.append(states[-1] if name == "gpt2" else states.mean(0))
    return torch.stack(out)


def run(braid, *arguments):
    subprocess.run([braid, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def embed(braid, source, folder, modality):
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    run(braid, "embed", source, "--manifest", folder / "manifest.csv", "--out", out, "--quiet")
    return load_file(out / "part-00000.safetensors")[modality]


def compare(braid, name, method):
    folder = WORK / f"{name}-{method.replace(', ', '-')}"
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    base = folder / "base"
    save_base(name, base)
    inputs = write_manifest(name, folder)
    modality = "image" if name == "resnet" else "text"
    train, keys, config = METHODS[method]
    settings = folder / "config.yaml"
    text = f"manifest: manifest.csv\nembedding_cache: false\nmodalities:\n  {modality}:\n    weights: base\n"
    settings.write_text(text)
    options = [f"modalities.{modality}.{key}" for key in [f"train={train}", "learning_rate=0.05", *keys]]
    sets = [part for option in [*options, "training.epochs=3", "training.batch_size=6", "fusion.type=concat"] for part in ("--set", option)]
    run(braid, "train", settings, "--out", folder / "run", "--quiet", *sets)

    plain = reference(name, transformers.AutoModel.from_pretrained(base).eval(), inputs, base)
    adapter = folder / "run" / "model" / modality / "adapter"
    theirs = PeftModel.from_pretrained(transformers.AutoModel.from_pretrained(base), str(adapter)).eval()
    expected = reference(name, theirs, inputs, base)
    scale = max(1.0, expected.abs().max().item())
    there = (embed(braid, folder / "run", folder, modality) - expected).abs().max().item() / scale
    run(braid, "merge", folder / "run", "--out", folder / "merged")
    merged = (embed(braid, folder / "merged", folder, modality) - expected).abs().max().item() / scale

    model = transformers.AutoModel.from_pretrained(base)
    more = {"target_modules": ["convolution"]} if name == "resnet" else {}
    if more and method == "ia3":
        more = {"target_modules": ["convolution", "shortcut.convolution"], "feedforward_modules": ["shortcut.convolution"]}
    model = get_peft_model(model, config(**more)).eval()
    with torch.no_grad():
        for key, value in model.named_parameters():
            if value.requires_grad:
                value.add_(torch.randn_like(value) * 0.1)
    model.save_pretrained(folder / "theirs")
    settings.write_text(text + "    adapter: theirs\n")
    other = reference(name, model, inputs, base)
    back = (embed(braid, settings, folder, modality) - other).abs().max().item() / max(1.0, other.abs().max().item())
    acts = min((expected - plain).abs().max().item(), (other - plain).abs().max().item())
    print(f"| {name} | {method} | {there:.1e} | {merged:.1e} | {back:.1e} | {acts:.2f} |", flush=True)
    return max(there, merged, back) <= BOUND and acts > 1e-3


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    shutil.rmtree(WORK, ignore_errors=True)
    print("| encoder | method | Braid's in peft | merged | peft's in Braid | what adapters change |\n|---|---|---|---|---|---|")
    failed = [f"{name} {method}" for name in ENCODERS for method in METHODS if not compare(sys.argv[1], name, method)]
    if failed:
        sys.exit(f"adapter_parity: beyond {BOUND:g}: {', '.join(failed)}")


if __name__ == "__main__":
    main()
