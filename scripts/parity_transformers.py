"""The full-size image and audio Transformers, and the text towers beside them, that scripts/parity.py compares, as Transformers saves them: cases as in parity_models.py."""

import json

import torch
import transformers
from PIL import Image

import audio_encoders
import audio_transformers
import image_encoders
import image_front_ends
import soundfile
from parity_media import pictures, recordings
from seeded_weights import seed_model
from sentences import LANGUAGES, TEMPLATES

TEXT = [sentence for sentence in LANGUAGES + TEMPLATES if sentence][:60]


def vision(kind, config, processor, side, pooled):
    """A Vision Transformer of Transformers, as save_pretrained writes it. `pooled`: of the model and pixels, the embedding."""

    def case(folder):
        model = getattr(transformers, kind)(config).eval()
        seed_model(model)
        model.save_pretrained(folder, max_shard_size="100MB")
        (folder / "preprocessor_config.json").write_text(json.dumps(processor))
        prepare = image_front_ends.processor_class(processor)(**processor)
        files = pictures(folder, side)
        pixels = [prepare(Image.open(file), return_tensors="pt")["pixel_values"].float() for file in files]
        return "image", {"weights": folder}, files, torch.cat([pooled(model, picture) for picture in pixels])

    return case


def pictures_seen():
    """Vision Transformers at the size of their base models."""
    square = {"image_processor_type": "ViTImageProcessor", **image_encoders.HALF}
    dinov2 = {"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 256}, **image_encoders.IMAGENET}
    small = {"hidden_size": 384, "num_attention_heads": 6, "image_size": 518, "patch_size": 14}
    clip = transformers.CLIPConfig()
    siglip = {"image_processor_type": "SiglipImageProcessor", "size": {"height": 224, "width": 224}}
    return {
        "Swin-T (Transformers, sharded)": vision(
            "SwinForImageClassification", transformers.SwinConfig(), square, 300, lambda model, x: model.swin(x).pooler_output),
        "ViT-B/16 (Transformers, sharded)": vision(
            "ViTForImageClassification", transformers.ViTConfig(), square, 300, lambda model, x: model.vit(x).last_hidden_state[:, 0]),
        "DeiT-B/16 distilled (Transformers, sharded)": vision(
            "DeiTForImageClassificationWithTeacher", transformers.DeiTConfig(), {"image_processor_type": "DeiTImageProcessor"}, 300,
            lambda model, x: model.deit(x).last_hidden_state[:, :2].mean(1)),
        "DINOv2-S/14 (Transformers)": vision(
            "Dinov2Model", transformers.Dinov2Config(**small), dinov2, 300, lambda model, x: model(x).pooler_output),
        "DINOv2-S/14 with registers (Transformers)": vision(
            "Dinov2WithRegistersModel", transformers.Dinov2WithRegistersConfig(**small), dinov2, 300,
            lambda model, x: model(x).pooler_output),
        "DINOv3-S/16 (Transformers)": vision(
            "DINOv3ViTModel", transformers.DINOv3ViTConfig(num_register_tokens=4), {"image_processor_type": "DINOv3ViTImageProcessorFast"}, 300,
            lambda model, x: model(x).pooler_output),
        "CLIP-B/32, pictures (Transformers, sharded)": vision(
            "CLIPModel", clip, {"image_processor_type": "CLIPImageProcessor"}, 300,
            lambda model, x: model.get_image_features(x).pooler_output),
        "SigLIP-B/16, pictures (Transformers, sharded)": vision(
            "SiglipModel", transformers.SiglipConfig(), siglip, 300, lambda model, x: model.get_image_features(x).pooler_output),
    }


def read(kind, config, tokenizer, embed):
    """A model with a text tower, as save_pretrained writes it. `tokenizer`: a tokenizer.json; `embed`: of the model and ids, the embedding."""

    def case(folder):
        model = getattr(transformers, kind)(config).eval()
        seed_model(model)
        model.save_pretrained(folder, max_shard_size="200MB")
        (folder / "tokenizer.json").write_bytes(tokenizer.read_bytes())
        fast = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
        ids = [fast(text, truncation=True, max_length=64)["input_ids"] for text in TEXT]
        (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 64}))
        return "text", {"weights": folder}, TEXT, torch.cat([embed(model, torch.tensor([some])) for some in ids])

    return case


def texts_read(tokenizers):
    """Text towers that share a space with another tower. `tokenizers`: the folder of the small tokenizers among the fixtures."""
    return {
        "CLAP, texts (Transformers, sharded)": read(
            "ClapModel", transformers.ClapConfig(), tokenizers / "roberta.json",
            lambda model, ids: model.text_projection(model.text_model(ids).pooler_output)),
        "CLIP-B/32, texts (Transformers, sharded)": read(
            "CLIPModel", transformers.CLIPConfig(text_config={"eos_token_id": 49407}), tokenizers / "clip.json",
            lambda model, ids: model.text_projection(model.text_model(ids).last_hidden_state[:, -1])),
    }


def heard(model, extractor, encode, size, hop=None):
    """A model of Transformers on recordings of up to four seconds, and on one of several windows, each of `size` samples."""

    def case(folder):
        reference = model()
        seed_model(reference)
        reference.save_pretrained(folder, max_shard_size="200MB")
        extractor.save_pretrained(folder)
        rate = extractor.sampling_rate
        files = recordings(folder, rate, 0.5) + [folder / "long.wav"]
        wave = audio_encoders.sound(rate, int(2.3 * size), seed=9)
        soundfile.write(files[-1], wave, rate, subtype="FLOAT")
        embed = encode(reference, extractor)
        expected = []
        for file in files:
            parts = audio_transformers.windows(soundfile.read(file, dtype="float32")[0], size, hop or size)
            expected.append(torch.cat([embed(part)[2] for part in parts]).mean(0))
        settings = {"weights": folder} | ({"window": size // 16000} if encode is audio_transformers.wave_encode else {})
        return "audio", settings, files, torch.stack(expected)

    return case


def sounds_heard():
    """Encoders of sound, each at the size of its base model."""
    whisper = transformers.WhisperConfig(
        vocab_size=1000, d_model=512, encoder_layers=6, encoder_attention_heads=8, encoder_ffn_dim=2048, decoder_layers=1, decoder_attention_heads=8,
        decoder_start_token_id=1, pad_token_id=0, bos_token_id=1, eos_token_id=2, begin_suppress_tokens=None)
    waves = transformers.Wav2Vec2FeatureExtractor(do_normalize=True)
    # Of laion/clap-htsat-unfused's sizes, as published.
    clap = transformers.ClapFeatureExtractor(frequency_min=50, truncation="rand_trunc", padding="repeatpad")
    found = {
        "CLAP HTS-AT, unfused (Transformers)": heard(
            lambda: transformers.ClapModel(transformers.ClapConfig()).eval(), clap,
            lambda model, extractor: audio_transformers.clap_encode(model.audio_model, extractor, model.audio_projection), 480000),
        "Whisper-base (Transformers)": heard(
            lambda: transformers.WhisperForConditionalGeneration(whisper).eval(), transformers.WhisperFeatureExtractor(),
            lambda model, extractor: audio_transformers.whisper_encode(model.model.encoder, extractor), 480000),
        "AST-base (Transformers)": heard(
            lambda: transformers.ASTModel(transformers.ASTConfig()).eval(), transformers.ASTFeatureExtractor(),
            audio_transformers.ast_encode, 1023 * 160 + 400, 1024 * 160),
    }
    for name in ("Wav2Vec2", "Hubert", "WavLM"):
        config, make = getattr(transformers, f"{name}Config")(), getattr(transformers, f"{name}Model")
        found[f"{name}-base (Transformers)"] = heard(
            lambda config=config, make=make: make(config).eval(), waves, audio_transformers.wave_encode, 80000)
    return found
