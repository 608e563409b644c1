"""Counts the parameters of whole encoders as timm and Transformers build them, without heads and poolers that no embedding comes from, nor
Whisper's places, which are computed.

Writes fixtures/parameter_counts.json: what `braid models list` counts in its own. No weights are drawn or loaded.
"""

import json
import pathlib

import reference_imports  # noqa: F401
import timm
import torch
import transformers

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures"
TIMM = (
    "resnet18 resnet50 mobilenetv3_large_100 efficientnet_b0 tf_efficientnet_lite0 convnext_tiny convnextv2_tiny vit_tiny_patch16_224 "
    "vit_base_patch16_224 deit_base_distilled_patch16_224 deit3_base_patch16_224 vit_base_patch14_reg4_dinov2 vit_base_patch32_clip_224 "
    "vit_base_patch16_siglip_224 swin_tiny_patch4_window7_224"
).split()
# What differs from the class's own defaults, and parts that are left out of what counts.
TRANSFORMERS = {
    "text bert": ("BertModel", {}, ["pooler"]),
    "text distilbert": ("DistilBertModel", {}, []),
    "text mpnet": ("MPNetModel", {"max_position_embeddings": 514}, ["pooler"]),
    "text roberta": ("RobertaModel", {"vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1}, ["pooler"]),
    "text electra": ("ElectraModel", {"hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072, "embedding_size": 768}, []),
    "text gpt2": ("GPT2Model", {}, []),
    "text albert": ("AlbertModel", {"hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072}, ["pooler"]),
    "text modernbert": ("ModernBertModel", {}, []),
    "text deberta-v2": (
        "DebertaV2Model",
        {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072, "relative_attention": True,
         "position_buckets": 256, "norm_rel_ebd": "layer_norm", "share_att_key": True, "pos_att_type": ["p2c", "c2p"],
         "position_biased_input": False, "type_vocab_size": 0},
        []),
    "text qwen3": (
        "Qwen3Model",
        {"vocab_size": 151669, "hidden_size": 1024, "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8,
         "head_dim": 128, "intermediate_size": 3072},
        []),
    "text clip": ("CLIPTextModelWithProjection", {}, []),
    "image clip": ("CLIPVisionModelWithProjection", {}, []),
    "image siglip": ("SiglipVisionModel", {}, []),
    "text siglip": ("SiglipTextModel", {}, []),
    "image vit": ("ViTModel", {}, ["pooler"]),
    "image swin": ("SwinModel", {}, []),
    "image convnextv2": ("ConvNextV2Model", {}, []),
    "audio whisper": (
        "WhisperModel", {"d_model": 512, "encoder_layers": 6, "encoder_attention_heads": 8, "encoder_ffn_dim": 2048, "decoder_attention_heads": 8}, ["decoder", "encoder.embed_positions"]),
    "audio audio-spectrogram-transformer": ("ASTModel", {}, []),
    "audio wav2vec2": ("Wav2Vec2Model", {}, ["masked_spec_embed"]),
    "audio wavlm": ("WavLMModel", {}, ["masked_spec_embed"]),
}


def count(model, left_out=()):
    return sum(p.numel() for name, p in model.named_parameters() if not name.startswith(tuple(left_out)))


def main():
    counts = {}
    with torch.device("meta"):
        for name in TIMM:
            counts[f"image {name}"] = count(timm.create_model(name, num_classes=0))
        for name, (kind, changes, left_out) in TRANSFORMERS.items():
            model = getattr(transformers, kind)
            counts[name] = count(model(model.config_class(**changes)), left_out)
    (FIXTURES / "parameter_counts.json").write_text(json.dumps(counts, indent=1) + "\n")


if __name__ == "__main__":
    main()
