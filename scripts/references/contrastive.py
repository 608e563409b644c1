"""CLIP, SigLIP and CLAP of transformers in small configurations: the embeddings of both towers, and what zero-shot classification gives.

Writes, for clip, siglip and clap,
    fixtures/zero_shot/NAME.json         `config`, `extra` (tokenizer.json, tokenizer_config.json, preprocessor_config.json) and the `entries` of the
                                         weights (seeded_weights.py), the `media` (files of fixtures/) and the `prompts`, a list a label
    fixtures/zero_shot/NAME.safetensors  `ids` [N, T] of all prompts in order, padded; `text` [N, D] and `media` [M, D], embeddings as the towers
                                         give them, behind the projection; `logits` [M, labels], of a label the point that is the mean of its prompts' embeddings of
                                         length 1, brought to length 1; `plain` [M, N], transformers' own logits of all prompts

Requirements: torch 2.13.0 (CPU), transformers 5.24.0, tokenizers, pillow, soundfile.
Command: python scripts/references/contrastive.py
"""

import json
import pathlib
import tempfile

import reference_imports  # noqa: F401 (first: transformers imports torchvision)
import soundfile
import torch
import transformers
from PIL import Image
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from audio_transformers import CLAP_AUDIO
from fixture_files import FIXTURES, save_json, save_tensors
from seeded_weights import seed_model

LABELS = {"cat": ["a photo of a cat", "a cat's picture"], "dog": ["a photo of a dog", "the dog, 2 of them!"], "train": ["a train"]}
PICTURES = ["images/rgb8.png", "images/baseline-444.jpg"]
SOUNDS = ["audio/float32-48k.wav", "audio/opus-48k.opus"]
TOWER = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4)
VISION = TOWER | dict(image_size=32, patch_size=8)


def clip_tokenizer():
    """Bytes and a few merges, as CLIP's published file has them."""
    letters = list(pre_tokenizers.ByteLevel.alphabet())
    words = [("a", "t</w>"), ("c", "at</w>"), ("o", "f</w>"), ("d", "o"), ("do", "g</w>"), ("t", "h"), ("th", "e</w>")]
    vocabulary = sorted(letters) + sorted(letter + "</w>" for letter in letters) + [left + right for left, right in words]
    vocabulary += ["<|startoftext|>", "<|endoftext|>"]
    numbers = {token: number for number, token in enumerate(vocabulary)}
    tokenizer = transformers.CLIPTokenizer(vocab=numbers, merges=words, model_max_length=16)
    return tokenizer, len(vocabulary)


def siglip_tokenizer():
    """A unigram model that ends texts with </s> and pads with it, as SigLIP's published file has it."""
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -20.0)]
    pieces += [(f"▁{word}", -3.0) for word in ("a", "photo", "of", "cat", "dog", "the", "train", "picture", "them")]
    pieces += [(letter, -6.0) for letter in "▁abcdefghijklmnopqrstuvwxyz0123456789'"]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    wrapped = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="</s>", pad_token="</s>", unk_token="<unk>", model_max_length=16)
    return wrapped, len(pieces)


def clap_tokenizer():
    """Bytes and a few merges between <s> and </s>, as RoBERTa's published file has them."""
    merges = [("a", "t"), ("c", "at"), ("o", "f"), ("d", "o"), ("do", "g"), ("t", "h"), ("th", "e"), ("\u0120", "a")]
    vocabulary = ["<s>", "<pad>", "</s>", "<unk>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    vocabulary += [left + right for left, right in merges] + ["<mask>"]
    numbers = {token: number for number, token in enumerate(vocabulary)}
    return transformers.RobertaTokenizer(vocab=numbers, merges=merges, model_max_length=32), len(vocabulary)


def see(model, processor):
    pictures = [Image.open(FIXTURES / picture).convert("RGB") for picture in PICTURES]
    pixels = {"pixel_values": processor(pictures, return_tensors="pt")["pixel_values"]}
    return PICTURES, pixels, model.get_image_features(**pixels).pooler_output


def hear(model, extractor):
    waves = [soundfile.read(FIXTURES / sound, dtype="float32") for sound in SOUNDS]
    assert {rate for _, rate in waves} == {extractor.sampling_rate}
    features = extractor([wave for wave, _ in waves], sampling_rate=extractor.sampling_rate, return_tensors="pt")["input_features"].float()
    pooled = model.audio_model(features).pooler_output
    return SOUNDS, {"input_features": features}, model.audio_projection(pooled)


def clip():
    tokenizer, words = clip_tokenizer()
    text = TOWER | dict(vocab_size=words, max_position_embeddings=16, eos_token_id=words - 1, bos_token_id=words - 2, pad_token_id=words - 1)
    model = transformers.CLIPModel(transformers.CLIPConfig(text_config=text, vision_config=VISION, projection_dim=24))
    processor = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    return model, tokenizer, processor, see


def siglip():
    tokenizer, words = siglip_tokenizer()
    text = TOWER | dict(vocab_size=words, max_position_embeddings=16, projection_size=32, eos_token_id=1, pad_token_id=1)
    model = transformers.SiglipModel(transformers.SiglipConfig(text_config=text, vision_config=VISION))
    processor = SiglipImageProcessorPil(size={"height": 32, "width": 32})
    return model, tokenizer, processor, see


def clap():
    tokenizer, words = clap_tokenizer()
    text = TOWER | dict(vocab_size=words, max_position_embeddings=40)
    model = transformers.ClapModel(transformers.ClapConfig(text_config=text, audio_config=CLAP_AUDIO, projection_dim=24))
    extractor = transformers.ClapFeatureExtractor(
        feature_size=16, max_length_s=1, frequency_min=50, truncation="rand_trunc", padding="repeatpad")
    return model, tokenizer, extractor, hear


def points_of(text):
    """Of each label the mean of its prompts' embeddings of length 1, brought to length 1."""
    unit, points, start = torch.nn.functional.normalize(text), [], 0
    for some in LABELS.values():
        points.append(torch.nn.functional.normalize(unit[start : start + len(some)].mean(0), dim=0))
        start += len(some)
    return torch.stack(points)


@torch.inference_mode()
def save(name, model, tokenizer, processor, perceive):
    entries = seed_model(model.eval())
    prompts = [prompt for some in LABELS.values() for prompt in some]
    tokens = tokenizer(prompts, padding="max_length" if name == "siglip" else "longest", return_tensors="pt")
    files, inputs, media = perceive(model, processor)
    inputs |= {"input_ids": tokens["input_ids"]} | ({} if name == "siglip" else {"attention_mask": tokens["attention_mask"]})
    out = model(**inputs)
    plain = out.logits_per_audio if name == "clap" else out.logits_per_image
    if name == "clap":
        text = model.text_projection(out.text_model_output.pooler_output)
    else:
        text = model.get_text_features(**{key: value for key, value in inputs.items() if key != "pixel_values"}).pooler_output
    scale = model.logit_scale_a if name == "clap" else model.logit_scale
    logits = torch.nn.functional.normalize(media) @ points_of(text).T * scale.exp()
    logits = logits + (model.logit_bias if name == "siglip" else 0)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        model.config.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        processor.save_pretrained(folder)
        files_written = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}
    config = files_written.pop("config.json")
    save_json(f"zero_shot/{name}.json", {"config": config, "extra": files_written, "entries": entries, "labels": LABELS, "media": files})
    save_tensors(f"zero_shot/{name}.safetensors", {
        "ids": tokens["input_ids"], "text": text, "media": media, "logits": logits, "plain": plain})


if __name__ == "__main__":
    (FIXTURES / "zero_shot").mkdir(exist_ok=True)
    for name, build in (("clip", clip), ("siglip", siglip), ("clap", clap)):
        save(name, *build())
