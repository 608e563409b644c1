"""What BEATs gives of recordings, by speechbrain's copy of the authors' code, with weights that follow from their names.

Writes fixtures/architectures/beats.* and beats-plain.* as audio_transformers.py does; their config.json is the `cfg` that checkpoints hold.

Requirements: speechbrain 1.1.2, hyperpyyaml, ruamel.yaml, torchaudio 2.11.0, torch 2.13.0 (CPU).
Command: python scripts/references/beats.py
"""

import reference_imports  # noqa: F401 (first: it makes torchaudio importable)
import torch
from speechbrain.lobes.models import beats

from audio_transformers import RATE, save
from seeded_weights import seed_model, seeded

# What all published checkpoints state beyond their sizes.
PUBLISHED = {
    "deep_norm": True, "relative_position_embedding": True, "gru_rel_pos": True, "num_buckets": 320, "max_distance": 800, "embed_dim": 512,
    "encoder_layers": 12, "encoder_embed_dim": 768, "encoder_ffn_embed_dim": 3072, "encoder_attention_heads": 12, "conv_pos": 128,
    "conv_pos_groups": 16}
SMALL = {
    "encoder_layers": 3, "encoder_embed_dim": 32, "encoder_ffn_embed_dim": 64, "encoder_attention_heads": 4, "embed_dim": 24, "conv_pos": 16,
    "conv_pos_groups": 4, "num_buckets": 16, "max_distance": 24}
PLAIN = {"deep_norm": False, "embed_dim": 32, "conv_bias": True, "finetuned_model": True, "predictor_class": 5}


def model_of(cfg):
    """The model, and the entries of its file: those of the first layer's table stand for all."""

    class Settings(beats_config):
        def __init__(self, _=None):
            super().__init__(cfg)

    beats.BEATsConfig = Settings
    model = beats.BEATs().eval()
    entries = seed_model(model)
    table = "encoder.layers.0.self_attn.relative_attention_bias.weight"
    for entry in entries:
        if entry[0].endswith("relative_attention_bias.weight") and entry[0] != table:
            entry[2] = "fixed"
    weight = model.encoder.layers[0].self_attn.relative_attention_bias.weight
    with torch.no_grad():
        weight.copy_(seeded(table, list(weight.shape), "matrix"))
    return model, entries


beats_config = beats.BEATsConfig


def encode_with(model):
    def encode(waveform):
        wave = torch.from_numpy(waveform)[None]
        tokens = model.extract_features(wave, torch.ones(1))[0]
        return model.preprocess(wave), tokens, tokens.mean(1)

    return encode


class Settings:
    """What `save` asks of a configuration, and of a feature extractor."""

    def __init__(self, fields):
        self.fields = fields

    def to_dict(self):
        return self.fields


@torch.inference_mode()
def write(name, more):
    cfg = PUBLISHED | SMALL | more
    model, entries = model_of(cfg)
    save(name, entries, Settings({"model_type": "beats"} | cfg), Settings({}), encode_with(model), count=25600, short=6500, size=RATE)


if __name__ == "__main__":
    torch.set_num_threads(1)
    write("beats", {})
    write("beats-plain", PLAIN)
