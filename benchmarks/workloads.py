"""Inputs and weights that Braid and its peers are measured on, made under .build/bench from seeds. Imported, not run.

Pictures: JPEGs of 500x375 at quality 90, and CIFAR-10's own where ../shared/data has them. Sentences: 3 to 128 words, most of
them short. Recordings: 1 to 10 s at 16, 32 and 44.1 kHz, every other one FLAC. Weights are drawn once and read by both sides.
"""

import json
import pathlib
import shutil
import sys
import tarfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts" / "references"))
import numpy as np
import reference_imports  # noqa: F401 (before timm and torchaudio)
import torch

WORK = ROOT / ".build" / "bench"
MINILM = ROOT / ".deps" / "weights" / "all-MiniLM-L6-v2"
CIFAR = ROOT.parent / "shared" / "data" / "cifar10-jpg.tar.gz"
# Name, modality, how many media a run takes, and how many an encoder-alone run takes.
CONVOLUTIONAL_AND_BERT = {
    "resnet18": ("image", 128, 64),
    "resnet50": ("image", 64, 32),
    "minilm": ("text", 1024, 256),
    "bert-base": ("text", 128, 64),
    "cnn10": ("audio", 40, 16),
    "cnn14": ("audio", 24, 16),
}
TRANSFORMERS = {
    "vit-b16": ("image", 48, 16),
    "clip-b32": ("image", 96, 48),
    "modernbert-base": ("text", 256, 128),
    "ast": ("audio", 8, 8),
    "whisper-base": ("audio", 8, 8),
}
MODELS = CONVOLUTIONAL_AND_BERT | TRANSFORMERS
TIMM = {"vit-b16": "vit_base_patch16_224", "clip-b32": "vit_base_patch32_clip_quickgelu_224"}
# Encoders of one window of sound, whose inputs Transformers' own feature extractors make.
WINDOWED = ("ast", "whisper-base")


def pictures(count, width=500, height=375):
    from PIL import Image

    folder = WORK / f"jpeg-{width}x{height}"
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(width)
    for index in range(count):
        file = folder / f"{index:04}.jpg"
        coarse = random.integers(0, 256, (9, 12, 3), dtype=np.uint8)
        noise = random.normal(0, 8, (height, width, 3))
        if not file.exists():
            smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.BICUBIC), dtype=np.float32)
            Image.fromarray((smooth + noise).clip(0, 255).astype(np.uint8)).save(file, quality=90)
    return sorted(folder.glob("*.jpg"))[:count]


def cifar(count):
    """CIFAR-10's test pictures; none where the archive is not there."""
    folder = WORK / "cifar"
    if not folder.exists() and CIFAR.exists():
        with tarfile.open(CIFAR) as archive:
            names = [name for name in archive.getnames() if name.startswith("test/") and name.endswith(".jpg")][:2000]
            for name in names:
                target = folder / name.replace("/", "-")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.extractfile(name).read())
    return sorted(folder.glob("*.jpg"))[:count]


def sentences(count):
    words = "the of a machine quiet green river train late engine sings under cold light and slowly turns every small wheel".split()
    random = np.random.default_rng(5)
    lengths = np.clip(random.lognormal(2.7, 0.6, count), 3, 128).astype(int)
    return [" ".join(random.choice(words, length)) for length in lengths]


def recordings(count):
    import soundfile

    folder = WORK / "recordings-1-10"
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(9)
    files = []
    for index in range(count):
        rate = (16000, 32000, 44100)[index % 3]
        seconds = random.uniform(1, 10)
        noise = (random.standard_normal(int(rate * seconds)) * 0.1).astype(np.float32)
        file = folder / f"{index:03}.{('wav', 'flac')[index % 2]}"
        if not file.exists():
            soundfile.write(file, noise, rate)
        files.append(file)
    return files


def media(modality, count, kind=""):
    if modality == "image":
        return cifar(count) if kind == "cifar" else pictures(count)
    return sentences(count) if modality == "text" else recordings(count)


def manifest(modality, items, name):
    """A JSON Lines manifest of `items`."""
    file = WORK / f"{name}.jsonl"
    with open(file, "w") as out:
        for index, item in enumerate(items):
            print(json.dumps({"id": str(index), modality: item if modality == "text" else str(item)}), file=out)
    return file


def extractor(name):
    """What makes a network's input of a window of sound."""
    import transformers

    return transformers.ASTFeatureExtractor() if name == "ast" else transformers.WhisperFeatureExtractor()


def transformer(name):
    import transformers

    if name == "modernbert-base":
        return transformers.ModernBertModel(transformers.ModernBertConfig())
    if name == "ast":
        return transformers.ASTModel(transformers.ASTConfig())
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    return WhisperEncoder(
        transformers.WhisperConfig(d_model=512, encoder_layers=6, encoder_attention_heads=8, encoder_ffn_dim=2048))


def module(name):
    """The reference network, drawn from a seed, in evaluation mode."""
    torch.manual_seed(1)
    if name.startswith("resnet") or name in TIMM:
        import timm

        return timm.create_model(TIMM.get(name, name), num_classes=0).eval()
    if name in TRANSFORMERS:
        return transformer(name).eval()
    if name in ("minilm", "bert-base"):
        from transformers import AutoModel, BertConfig, BertModel

        if name == "minilm":
            return AutoModel.from_pretrained(MINILM).eval()
        return BertModel(BertConfig(), add_pooling_layer=False).eval()
    from panns_reference import PannsCnn

    return PannsCnn(name).eval()


def weights(name):
    """The folder that Braid reads `name` from."""
    from safetensors.torch import save_file

    if name == "minilm":
        return MINILM
    folder = WORK / "weights" / name
    if (folder / "config.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    network = module(name)
    tensors = {key: value.contiguous() for key, value in network.state_dict().items()}
    save_file(tensors, folder / "model.safetensors")
    config = {"architecture": TIMM.get(name, name)}
    if name.startswith("resnet") or name in TIMM:
        config["pretrained_cfg"] = {
            "input_size": [3, 224, 224], "crop_pct": 0.875, "interpolation": "bicubic",
            "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
        }
    if name in WINDOWED:
        extractor(name).save_pretrained(folder)
        config = network.config.to_dict()
    if name in ("bert-base", "modernbert-base"):
        for file in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(MINILM / file, folder / file)
        config = network.config.to_dict()
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def configuration(name, precision="fp32", train="none"):
    modality = MODELS[name][0]
    file = WORK / f"{name}-{precision}-{train}.yaml"
    half = f", precision: {precision}" if train == "none" else ""
    file.write_text(f"modalities:\n  {modality}: {{weights: {weights(name)}, train: {train}{half}}}\n")
    return file
