"""Compares full-size encoders, from file to embedding, with timm, Transformers and the published PANNs definition.

    python3 scripts/parity.py .build/release/braid        (make parity)

Needs torch 2.13, timm, transformers, torchaudio, librosa, soundfile, pillow and safetensors. Weights are seeded (ResNet-18,
Cnn10) or the real ones (all-MiniLM-L6-v2); both sides read the same files. Prints a Markdown table; ends with 1 where a
difference is above its bound.
"""

import csv
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts" / "references"))
try:
    import audio
    import images
    import minilm
    import numpy as np
    import soundfile
    import timm.data
    import torch
    from safetensors.torch import load_file, save_file
    from transformers import AutoModel, AutoTokenizer
except ImportError as missing:
    sys.exit(f"parity: {missing}; install torch==2.13.0 timm transformers torchaudio librosa soundfile pillow safetensors piexif")

WORK = ROOT / ".build" / "parity"
FULL = [64, 128, 256, 512]


def embed(braid, modality, weights, rows):
    """What braid makes of `rows`, in their order."""
    manifest = WORK / f"{modality}.csv"
    with open(manifest, "w", newline="") as file:
        csv.writer(file).writerows([[modality], *[[row] for row in rows]])
    config = WORK / f"{modality}.yaml"
    config.write_text(f"manifest: {manifest.name}\nmodalities: {{{modality}: {{weights: '{weights}'}}}}\n")
    out = WORK / f"{modality}-out"
    subprocess.run([braid, "embed", config, "--manifest", manifest, "--out", out, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return load_file(out / "part-00000.safetensors")[modality]


def save_weights(name, config, model):
    folder = WORK / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    save_file({key: value.contiguous() for key, value in model.state_dict().items()}, folder / "model.safetensors")
    return folder


@torch.inference_mode()
def resnet18(braid):
    images.CHANNELS = FULL
    model = images.narrow_resnet()
    cfg = {"input_size": [3, 224, 224], "interpolation": "bicubic", "crop_pct": 0.95, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
    weights = save_weights("resnet18", {"architecture": "resnet18", "pretrained_cfg": cfg}, model)
    transform = timm.data.create_transform(**cfg, is_training=False)
    files = sorted(images.IMAGES.iterdir())
    expected = torch.stack([model(transform(images.upright_rgb(path))[None])[0] for path in files])
    return len(files), expected, embed(braid, "image", weights, files)


@torch.inference_mode()
def cnn10(braid):
    audio.CHANNELS = FULL
    model = audio.narrow_cnn10()
    weights = save_weights("cnn10", {"architecture": "cnn10", "front_end": audio.FRONT_END}, model)
    files, expected = [], []
    for index, seconds in enumerate(np.linspace(0.5, 6, 20)):
        path = WORK / f"{index}.wav"
        soundfile.write(path, audio.sound(16000, float(seconds)), 16000, subtype="FLOAT")
        samples = torch.from_numpy(soundfile.read(path, dtype="float32")[0])[None]
        files.append(path)
        expected.append(model(audio.panns_logmel(samples))[0][0])
    return len(files), torch.stack(expected), embed(braid, "audio", weights, files)


@torch.inference_mode()
def minilm_l6(braid):
    tokenizer = AutoTokenizer.from_pretrained(minilm.MINILM)
    model = AutoModel.from_pretrained(minilm.MINILM, dtype=torch.float32).eval()
    # An empty cell means a missing text, and CSV holds no NUL: those two are covered by the test suite.
    sentences = [text for text in minilm.texts() if text and "\0" not in text]
    expected = torch.cat([minilm.embedding(text, tokenizer, model) for text in sentences])
    return len(sentences), expected, embed(braid, "text", minilm.MINILM, sentences)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    WORK.mkdir(parents=True, exist_ok=True)
    failed = False
    print("| encoder | inputs | max abs difference | largest value | cosine, least | bound |\n|---|---|---|---|---|---|")
    # From a file the bound on images is 1e-3 of the largest value: two builds of libjpeg round differently.
    for name, compare, bound in (("ResNet-18 (timm)", resnet18, 1e-3), ("all-MiniLM-L6-v2 (Transformers)", minilm_l6, 1e-4), ("Cnn10 (PANNs)", cnn10, 1e-3)):
        count, expected, found = compare(sys.argv[1])
        difference = (expected - found).abs().max().item()
        largest = expected.abs().max().item()
        cosine = torch.nn.functional.cosine_similarity(expected, found).min().item()
        failed |= not difference <= bound * max(1.0, largest)
        print(f"| {name} | {count} | {difference:.2e} | {largest:.2f} | {cosine:.8f} | {bound:g} |")
    sys.exit(failed)


if __name__ == "__main__":
    main()
