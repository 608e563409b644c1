"""The full-size encoders that scripts/parity.py compares, each with seeded weights, its inputs, and what it makes of them.

A case is called with a folder of its own. It writes there a weights folder or file as such models are published, and gives
the modality, what the configuration says of the weights, the inputs (files, or texts), and the expected embeddings.
"""

import json

import numpy as np
import torch
import transformers
from PIL import Image
from safetensors.torch import save_file

import audio_encoders
import efficientnet_lite0
import image_encoders
import image_front_ends
import panns_reference
import parity_beats
import parity_open_clip
import parity_transformers
import reference_imports  # noqa: F401
import soundfile
import timm
import torchaudio  # noqa: F401
import torchvision
from fixture_files import LITE0_WEIGHTS, MINILM
from parity_media import pictures, recordings
from seeded_weights import seed_model
from vggish_reference import VGGish, examples
from yamnet_reference import YAMNet, patches

# torchvision's evaluation transforms for files without a configuration: resize, crop, and the filter.
BILINEAR, BICUBIC = torchvision.transforms.InterpolationMode.BILINEAR, torchvision.transforms.InterpolationMode.BICUBIC
TORCHVISION = {
    "resnet50": (256, 224, BILINEAR, "resnet50"),
    "mobilenet_v2": (256, 224, BILINEAR, "mobilenetv2_100"),
    "mobilenet_v3_large": (256, 224, BILINEAR, "mobilenetv3_large_100"),
    "efficientnet_b0": (256, 224, BICUBIC, "efficientnet_b0"),
    "convnext_tiny": (236, 224, BILINEAR, "convnext_tiny"),
    "vit_b_16": (256, 224, BILINEAR, "vit_base_patch16_224"),
}
TIMM = ["resnet18", "resnet34", "resnet50", "resnet101", "mobilenetv3_small_100", "mobilenetv3_large_100"]
TIMM += [f"efficientnet_b{n}" for n in range(4)] + ["tf_efficientnet_b0"]
TIMM += ["mobilenetv2_100", "mobilenetv2_120d", "efficientnet_lite0", "tf_efficientnet_lite0", "tf_efficientnet_lite4"]
TIMM += ["vit_base_patch16_224", "deit_tiny_distilled_patch16_224", "vit_small_patch14_reg4_dinov2"]
TIMM += ["vit_base_patch32_clip_224", "vit_base_patch16_siglip_224", "swin_tiny_patch4_window7_224"]
TIMM += [f"convnext_{size}" for size in ("atto", "femto", "pico", "nano", "tiny")] + ["convnextv2_tiny"]


def seed(name, model):
    entries = seed_model(model)
    if "efficientnet" in name or "mobilenet" in name:
        image_encoders.lift_biases(model, entries)


def embeddings(encode, transform, files):
    return torch.cat([encode(transform(Image.open(file))[None])[0].flatten(1) for file in files])


def from_timm(architecture):
    def case(folder):
        model, config, _, encode = image_encoders.timm_model(architecture)
        seed(architecture, model)
        (folder / "config.json").write_text(json.dumps(config))
        save_file(model.state_dict(), folder / "model.safetensors")
        cfg = timm.data.resolve_data_config(model.pretrained_cfg)
        files = pictures(folder, int(cfg["input_size"][1] / cfg["crop_pct"]))
        transform = timm.data.create_transform(**cfg, is_training=False)
        return "image", {"weights": folder}, files, embeddings(encode, transform, files)

    return case


def from_torchvision(architecture):
    """A bare .pth, as torchvision publishes them."""

    def case(folder):
        model, _, _, encode = image_encoders.torchvision_model(architecture)
        seed(architecture, model)
        resize, crop, filter, name = TORCHVISION[architecture]
        torch.save(model.state_dict(), folder / "model.pth")
        files = pictures(folder, resize)
        transform = torchvision.transforms.Compose([
            torchvision.transforms.Resize(resize, filter),
            torchvision.transforms.CenterCrop(crop),
            torchvision.transforms.ToTensor(),
            torchvision.transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ])
        return "image", {"weights": folder / "model.pth", "encoder": name}, files, embeddings(encode, transform, files)

    return case


def from_transformers(name, side):
    """Saved by save_pretrained, in several files."""

    def case(folder):
        model, _, extra, encode = image_encoders.transformers_model(name)
        seed(name, model)
        model.save_pretrained(folder, max_shard_size="20MB")
        settings = extra["preprocessor_config.json"]
        (folder / "preprocessor_config.json").write_text(json.dumps(settings))
        processor = image_front_ends.processor_class(settings)(**settings)
        files = pictures(folder, side)

        def transform(image):
            return processor(image, return_tensors="pt")["pixel_values"][0].float()

        return "image", {"weights": folder}, files, embeddings(encode, transform, files)

    return case


DEBERTA_V3 = transformers.DebertaV2Config(
    hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072, type_vocab_size=0, relative_attention=True,
    position_buckets=256, norm_rel_ebd="layer_norm", share_att_key=True, pos_att_type=["p2c", "c2p"], position_biased_input=False)
# Of Qwen3-Embedding-0.6B's sizes, as published.
QWEN3 = transformers.Qwen3Config(
    vocab_size=151669, hidden_size=1024, intermediate_size=3072, num_hidden_layers=28, num_attention_heads=16, num_key_value_heads=8,
    rope_parameters={"rope_type": "default", "rope_theta": 1_000_000.0}, tie_word_embeddings=True)
TEXT = parity_transformers.TEXT


def text(config, tokenizer, pooling, pickled=False, more=()):
    """`tokenizer`: a tokenizer.json. The weights are of the full size; the vocabulary in use may be smaller. `more`: texts besides."""

    def case(folder):
        torch.manual_seed(0)
        model = transformers.AutoModel.from_config(config).eval()
        (folder / "tokenizer.json").write_bytes(tokenizer.read_bytes())
        (folder / "config.json").write_text(config.to_json_string(use_diff=False))
        if pickled:
            torch.save(model.state_dict(), folder / "pytorch_model.bin")
        else:
            model.save_pretrained(folder, max_shard_size="200MB")
        fast = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
        expected = []
        texts = [*TEXT, *more]
        for sentence in texts:
            hidden = model(input_ids=torch.tensor([fast(sentence, truncation=True, max_length=256)["input_ids"]])).last_hidden_state
            expected.append(hidden[:, -1] if pooling == "lasttoken" else hidden[:, 0] if pooling == "cls" else hidden.mean(1))
        return "text", {"weights": folder, "pooling": pooling}, texts, torch.cat(expected)

    return case


def minilm(folder):
    """The real weights, with the pooling that their folder states."""
    fast = transformers.AutoTokenizer.from_pretrained(MINILM)
    model = transformers.AutoModel.from_pretrained(MINILM, dtype=torch.float32).eval()
    expected = [model(**fast(sentence, return_tensors="pt")).last_hidden_state.mean(1) for sentence in TEXT]
    return "text", {"weights": MINILM}, TEXT, torch.nn.functional.normalize(torch.cat(expected))


def lite0(folder):
    """The real weights, of drawn PNG and JPEG files that have to be made smaller, and of a tiny JPEG."""
    model, transform = efficientnet_lite0.published()
    files = pictures(folder, 256, 3)
    for index, size in enumerate([(500, 375), (320, 480), (32, 32)]):
        files.append(folder / f"{index}.jpg")
        efficientnet_lite0.draw(files[-1], size, index)
    expected = torch.stack([efficientnet_lite0.embedding(model, transform, file) for file in files])
    return "image", {"weights": LITE0_WEIGHTS}, files, expected


def lite(scale, side):
    """A bare .pth in the package's layout: nothing but the keys says how pictures are padded and prepared."""

    def case(folder):
        from efficientnet_lite_pytorch import EfficientNet

        model = EfficientNet.from_name(f"efficientnet-{scale}").eval()
        seed("efficientnet", model)
        torch.save(model.state_dict(), folder / "model.pth")
        files = pictures(folder, side + 32, larger=False)
        transform = torchvision.transforms.Compose([
            torchvision.transforms.CenterCrop(side), lambda image: (torch.from_numpy(np.array(image)).permute(2, 0, 1).float() - 127) / 128,
        ])
        expected = torch.cat([model.extract_features(transform(Image.open(file))[None]).mean((2, 3)) for file in files])
        return "image", {"weights": folder / "model.pth", "encoder": f"tf_efficientnet_{scale}"}, files, expected

    return case


def panns(architecture, make):
    """As published: a pickled dictionary with the weights under `model`."""

    def case(folder):
        model = make().eval()
        seed_model(model, audio_encoders.FIXED)
        torch.save({"iteration": 1, "model": model.state_dict()}, folder / "model.pth")
        files = recordings(folder, 32000, 0.5)
        waves = [torch.from_numpy(soundfile.read(file, dtype="float32")[0])[None] for file in files]
        expected = torch.cat([model(model.log_mel(wave))[0] for wave in waves])
        return "audio", {"weights": folder / "model.pth", "encoder": architecture}, files, expected

    return case


def patched(architecture, make, prepare):
    def case(folder):
        model = make().eval()
        seed_model(model)
        torch.save(model.state_dict(), folder / "model.pth")
        files = recordings(folder, 16000, 1.2)
        waves = [soundfile.read(file, dtype="float32")[0] for file in files]
        expected = torch.stack([model(torch.from_numpy(prepare(wave))).mean(0) for wave in waves])
        return "audio", {"weights": folder / "model.pth", "encoder": architecture}, files, expected

    return case


def cases(tokenizers):
    """Name by name. `tokenizers`: the folder of the small tokenizers among the fixtures."""
    wordpiece = MINILM / "tokenizer.json"
    found = {f"{name} (timm)": from_timm(name) for name in TIMM}
    found |= {f"{name} (torchvision, .pth)": from_torchvision(name) for name in TORCHVISION}
    sides = {"resnet50": 256, "mobilenet_v2": 192, "convnext_tiny": 256, "convnextv2_tiny": 256, "efficientnet_b0": 224, "efficientnet_b2": 260}
    found |= {f"{name} (Transformers, sharded)": from_transformers(name, side) for name, side in sides.items()}
    found |= parity_transformers.pictures_seen()
    small = {"vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1, "layer_norm_eps": 1e-5, "pad_token_id": 1}
    for scale, side in (("lite0", 224), ("lite1", 240), ("lite2", 260), ("lite3", 280), ("lite4", 300)):
        found[f"efficientnet_{scale} (efficientnet-lite-pytorch, .pth)"] = lite(scale, side)
    found |= {
        "efficientnet-lite0 (the published weights)": lite0,
        "all-MiniLM-L6-v2 (the published weights)": minilm,
        "BERT-base (Transformers, .bin)": text(transformers.BertConfig(), wordpiece, "cls", pickled=True),
        "DistilBERT-base (Transformers)": text(transformers.DistilBertConfig(), wordpiece, "mean"),
        "MPNet-base (Transformers)": text(
            transformers.MPNetConfig(vocab_size=30527, max_position_embeddings=514, layer_norm_eps=1e-5), wordpiece, "mean"),
        "RoBERTa-base (Transformers)": text(transformers.RobertaConfig(**small), tokenizers / "roberta.json", "mean"),
        "XLM-R-base (Transformers, sharded)": text(
            transformers.XLMRobertaConfig(**small | {"vocab_size": 250002}), tokenizers / "xlmr.json", "cls"),
        "ELECTRA-base (Transformers)": text(
            transformers.ElectraConfig(embedding_size=768, hidden_size=768, num_attention_heads=12, intermediate_size=3072), wordpiece, "cls"),
        "ELECTRA-small (Transformers)": text(transformers.ElectraConfig(), wordpiece, "mean"),
        "ALBERT-base (Transformers)": text(
            transformers.AlbertConfig(hidden_size=768, num_attention_heads=12, intermediate_size=3072), tokenizers / "xlmr.json", "mean"),
        "DeBERTa-v3-base (Transformers)": text(DEBERTA_V3, tokenizers / "xlmr.json", "mean", more=[6 * TEXT[0]]),
        "ModernBERT-base (Transformers)": text(
            transformers.ModernBertConfig(), tokenizers / "gpt2.json", "mean", more=[6 * TEXT[0]]),  # longer than its windows
        "Qwen3-Embedding-0.6B (Transformers, sharded)": text(QWEN3, tokenizers / "qwen2.json", "lasttoken"),
        "nomic-bert (Transformers)": text(transformers.NomicBertConfig(), wordpiece, "mean"),
        "GPT-2 (Transformers)": text(transformers.GPT2Config(), tokenizers / "gpt2.json", "lasttoken"),
    }
    for name in ("cnn6", "cnn10", "cnn14"):
        found[f"{name.capitalize()} (PANNs, .pth)"] = panns(name, lambda name=name: panns_reference.PannsCnn(name))
    found["MobileNetV1 (PANNs, .pth)"] = panns("mobilenetv1", panns_reference.PannsMobileNetV1)
    found["VGGish (.pth)"] = patched("vggish", VGGish, examples)
    found["YAMNet (.pth)"] = patched("yamnet", YAMNet, patches)
    return found | parity_transformers.sounds_heard() | parity_transformers.texts_read(tokenizers) | parity_open_clip.cases(tokenizers) | parity_beats.cases()
