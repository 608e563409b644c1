"""What Transformers' audio encoders give of recordings, with weights that follow from their names.

Writes, for each row of ENCODERS, fixtures/architectures/NAME.json and NAME.safetensors (see seeded_weights.py):

    waveform     [N], at 16 kHz; a window of the encoder is shorter
    short        [1], S: how many of its samples the first recording has
    features     [1, ...], what the feature extractor makes of these
    tokens       [1, T, D], the last hidden state of them, what is padding or silence left out
    pooled       [1, D], their embedding
    long_pooled  [1, D], that of the whole waveform: the mean over its windows, of which the last ends with it
    layerN_pooled  [1, D], of wav2vec 2.0 and its relatives: the mean over hidden state N of the short recording

Requirements: transformers 5.24.0, torchaudio 2.11.0, torch 2.13.0 (CPU), numpy 2.4.6.
Command: python scripts/references/audio_transformers.py [NAME ...]
"""

import sys

import reference_imports  # noqa: F401 (first: it makes timm importable)
import torch
import transformers

from audio_encoders import sound
from seeded_weights import save_architecture, seed_model, seeded

RATE = 16000


def settings(extractor):
    """What save_pretrained writes as preprocessor_config.json."""
    return {"preprocessor_config.json": {key: value for key, value in extractor.to_dict().items() if key != "mel_filters"}}


def windows(waveform, size, hop):
    """Windows of `size` samples, `hop` apart; the last ends with the recording."""
    starts = list(range(0, len(waveform) - size + 1, hop)) or [0]
    if starts[-1] + size < len(waveform):
        starts.append(len(waveform) - size)
    return [waveform[start : start + size] for start in starts]


def save(name, entries, config, extractor, encode, count, short, size, hop=None, more=None):
    """`encode` gives features, tokens and embedding of a waveform of at most `size` samples."""
    waveform = sound(RATE, count, seed=80)
    features, tokens, pooled = encode(waveform[:short])
    long_pooled = torch.stack([encode(window)[2] for window in windows(waveform, size, hop or size)]).mean(0)
    expected = {"waveform": torch.from_numpy(waveform), "short": torch.tensor([short]), "features": features}
    expected |= {"tokens": tokens, "pooled": pooled, "long_pooled": long_pooled} | (more(waveform[:short]) if more else {})
    save_architecture(name, entries, config.to_dict(), expected, extra=settings(extractor))


def whisper_encode(encoder, extractor):
    def encode(waveform):
        made = extractor(waveform, sampling_rate=RATE, return_tensors="pt", return_attention_mask=True)
        hidden = encoder(made["input_features"]).last_hidden_state
        tokens = hidden[:, made["attention_mask"][0, ::2].bool()]
        return made["input_features"].transpose(1, 2), tokens, tokens.mean(1)

    return encode


def whisper(make, melBins):
    """Windows of one second: 50 tokens."""

    def build(name):
        config = transformers.WhisperConfig(
            vocab_size=60, num_mel_bins=melBins, d_model=32, encoder_layers=2, encoder_attention_heads=4, encoder_ffn_dim=64,
            decoder_layers=1, decoder_attention_heads=4, decoder_ffn_dim=48, max_source_positions=50, max_target_positions=12,
            decoder_start_token_id=1, pad_token_id=0, bos_token_id=1, eos_token_id=2, begin_suppress_tokens=None)
        model = make(config).eval()
        extractor = transformers.WhisperFeatureExtractor(feature_size=melBins, chunk_length=1)
        encoder = model.encoder if hasattr(model, "encoder") else model.model.encoder
        save(name, seed_model(model), config, extractor, whisper_encode(encoder, extractor), count=25600, short=6500, size=RATE)

    return build


def ast_encode(model, extractor):
    def encode(waveform):
        features = extractor(waveform, sampling_rate=RATE, return_tensors="pt")["input_values"]
        out = model(features)
        return features, out.last_hidden_state, out.pooler_output

    return encode


# What the published files call a layer's parts, from the names that Transformers 5 has in memory.
OLD_AST = [("layers.", "encoder.layer."), ("attention.q_proj", "attention.attention.query"), ("attention.k_proj", "attention.attention.key"),
           ("attention.v_proj", "attention.attention.value"), ("attention.o_proj", "attention.output.dense"), ("mlp.fc1", "intermediate.dense"),
           ("mlp.fc2", "output.dense")]


def renamed(model, entries, pairs):
    """Entries under other names, from which their values then follow."""
    tensors = model.state_dict()
    found = []
    for name, shape, kind in entries:
        old = name
        for new, before in pairs:
            old = old.replace(new, before)
        tensors[name].copy_(seeded(old, shape, kind))
        found.append([old, shape, kind])
    return found


def ast(make, isOld, frames=64):
    """Windows of 64 frames: 12 × 5 patches."""

    def build(name):
        config = transformers.ASTConfig(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, max_length=frames)
        model = make(config).eval()
        entries = seed_model(model)
        if isOld:
            entries = renamed(model, entries, OLD_AST)
        extractor = transformers.ASTFeatureExtractor(max_length=frames)
        encode = ast_encode(getattr(model, "audio_spectrogram_transformer", model), extractor)
        size, hop = (frames - 1) * 160 + 400, frames * 160
        save(name, entries, config, extractor, encode, count=25600, short=6500, size=size, hop=hop)

    return build


def wave_encode(model, extractor):
    def encode(waveform):
        values = extractor(waveform, sampling_rate=RATE, return_tensors="pt")["input_values"]
        hidden = model(values).last_hidden_state
        return values, hidden, hidden.mean(1)

    return encode


def check_masks(model, extractor, waveform, short):
    """A model that takes attention masks gives a padded recording what it gives it alone."""
    made = extractor([waveform[:short], waveform], sampling_rate=RATE, return_tensors="pt", padding=True, return_attention_mask=True)
    alone = wave_encode(model, extractor)(waveform[:short])[1]
    padded = model(made["input_values"], attention_mask=made["attention_mask"]).last_hidden_state[:1, : alone.shape[1]]
    assert (padded - alone).abs().max() < 1e-5


# How Transformers stored weight norms up to version 4.
OLD_NORM = [("parametrizations.weight.original0", "weight_g"), ("parametrizations.weight.original1", "weight_v")]


def wave(prefix, make, Config, isLarge, isOld=False, normalize=True, **more):
    """`isLarge`: with layer norms in the convolutions and in front of attention, as the large models; else as the base ones."""

    def build(name):
        sizes = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64, "conv_dim": [16] * 7}
        sizes |= {"num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4, "vocab_size": 10, "classifier_proj_size": 12}
        form = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True} if isLarge else {}
        config = Config(**sizes, **form, **more)
        model = make(config).eval()
        entries = seed_model(model)
        if isOld:
            entries = renamed(model, entries, OLD_NORM)
        extractor = transformers.Wav2Vec2FeatureExtractor(do_normalize=normalize, return_attention_mask=isLarge)
        inner = getattr(model, prefix, model)
        if isLarge:
            check_masks(inner, extractor, sound(RATE, 10000, seed=80), 6500)

        def states(waveform):
            values = extractor(waveform, sampling_rate=RATE, return_tensors="pt")["input_values"]
            hidden = inner(values, output_hidden_states=True).hidden_states
            return {f"layer{layer}_pooled": hidden[layer].mean(1) for layer in (0, 2, 3)}

        save(name, entries, config, extractor, wave_encode(inner, extractor), count=25600, short=6500, size=RATE, more=states)

    return build


def clap_encode(model, extractor, project):
    """`project`: of the embedding, what stands behind."""

    def encode(waveform):
        features = extractor(waveform, sampling_rate=extractor.sampling_rate, return_tensors="pt")["input_features"].float()
        out = model(features)
        return features[:, 0], out.last_hidden_state.flatten(2).transpose(1, 2), project(out.pooler_output)

    return encode


CLAP_AUDIO = {"num_mel_bins": 16, "spec_size": 64, "patch_embeds_hidden_size": 16, "hidden_size": 32, "depths": [2, 2],
              "num_attention_heads": [2, 4], "num_hidden_layers": 2, "projection_dim": 24}


def clap(make, padding, **more):
    """Windows of one second: 101 frames, resampled to 256. The second stage is one window, and so is not shifted."""

    def build(name):
        config = transformers.ClapAudioConfig(**CLAP_AUDIO | more)
        model = make(config).eval()
        config.architectures = [make.__name__]
        extractor = transformers.ClapFeatureExtractor(
            feature_size=16, sampling_rate=RATE, hop_length=160, fft_window_size=512, max_length_s=1, frequency_min=50, frequency_max=8000,
            truncation="rand_trunc", padding=padding)
        entries = seed_model(model)
        inner = getattr(model, "audio_model", model)
        encode = clap_encode(inner, extractor, getattr(model, "audio_projection", lambda pooled: pooled))
        save(name, entries, config, extractor, encode, count=25600, short=6500, size=RATE)

    return build


W, H, L = (getattr(transformers, f"{name}Config") for name in ("Wav2Vec2", "Hubert", "WavLM"))
NEAR = {"num_buckets": 32, "max_bucket_distance": 24}

ENCODERS = {
    "wav2vec2-base": wave("wav2vec2", transformers.Wav2Vec2ForCTC, W, isLarge=False),
    "wav2vec2-large": wave("wav2vec2", transformers.Wav2Vec2Model, W, isLarge=True, isOld=True),
    "hubert-base": wave("hubert", transformers.HubertModel, H, isLarge=False, isOld=True),
    "hubert-large": wave("hubert", transformers.HubertForSequenceClassification, H, isLarge=True, feat_proj_layer_norm=False),
    "wavlm-base": wave("wavlm", transformers.WavLMModel, L, isLarge=False, normalize=False, **NEAR),
    "wavlm-large": wave("wavlm", transformers.WavLMForSequenceClassification, L, isLarge=True, isOld=True, **NEAR),
    "ast": ast(transformers.ASTForAudioClassification, isOld=False),
    "ast-bare": ast(transformers.ASTModel, isOld=False),
    "ast-published": ast(transformers.ASTForAudioClassification, isOld=True),
    "clap-audio": clap(transformers.ClapAudioModelWithProjection, "repeatpad", projection_hidden_act="gelu"),
    "clap-audio-bare": clap(transformers.ClapAudioModel, "pad", patch_size=6, spec_size=128, depths=[2, 2, 1], num_attention_heads=[2, 4, 4], hidden_size=64),
    "clap-audio-repeat": clap(transformers.ClapAudioModel, "repeat"),
    "whisper": whisper(transformers.WhisperForConditionalGeneration, 80),
    "whisper-bare": whisper(transformers.WhisperForAudioClassification, 128),
}


if __name__ == "__main__":
    torch.set_num_threads(1)
    with torch.inference_mode():
        for name in sys.argv[1:] or ENCODERS:
            ENCODERS[name](name)
