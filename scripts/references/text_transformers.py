"""Text encoders of transformers that Braid builds of its TransformerBlock, in small configurations.

Writes, for every NAME of ENCODERS, fixtures/architectures/NAME.json and NAME.safetensors, with the tensors that text_encoders.py
describes; hf-deberta-v3 has `distances` and `buckets`, int64 [1023], besides, of 256 buckets and 512 places.

Requirements: torch 2.13.0 (CPU), transformers 5.24.0, sentence-transformers 6.2.0 (--no-deps), scikit-learn, scipy, tqdm.
Command: python scripts/references/text_transformers.py [NAME ...]
"""

import json
import pathlib
import sys
import tempfile

import reference_imports  # noqa: F401 (first: transformers imports torchvision)
import torch
import transformers
from safetensors.torch import load_file
from transformers.models.deberta_v2 import modeling_deberta_v2

from seeded_weights import save_architecture
from text_encoders import BERT, base_model, expectations

ELECTRA = BERT | dict(embedding_size=16)
ALBERT = BERT | dict(embedding_size=16, num_hidden_layers=4)
MODERNBERT = dict(
    vocab_size=200, hidden_size=48, num_hidden_layers=4, num_attention_heads=4, intermediate_size=40, max_position_embeddings=40,
    local_attention=6, pad_token_id=0, bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2,
)
BIASES = dict(norm_bias=True, attention_bias=True, mlp_bias=True)
QWEN3 = dict(
    vocab_size=200, hidden_size=48, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, head_dim=16,
    intermediate_size=80, max_position_embeddings=40, rope_parameters=dict(rope_type="default", rope_theta=1_000_000.0),
)
SLIDING = dict(use_sliding_window=True, sliding_window=5, max_window_layers=1, attention_bias=True)
DEBERTA = BERT | dict(type_vocab_size=0, relative_attention=True, layer_norm_eps=1e-7)
DEBERTA_V3 = DEBERTA | dict(
    position_buckets=8, norm_rel_ebd="layer_norm", share_att_key=True, pos_att_type=["p2c", "c2p"], position_biased_input=False)
DEBERTA_V2 = DEBERTA | dict(type_vocab_size=2, embedding_size=16, pos_att_type="c2p|p2c", max_relative_positions=12)
NOMIC = BERT | dict(rope_parameters=dict(rope_type="default", rope_theta=1000.0))


def old_modernbert(config):
    """As the configurations were written before transformers 5."""
    for key in ("rope_parameters", "layer_types"):
        config.pop(key)
    return config | dict(global_rope_theta=5000.0, local_rope_theta=50.0, global_attn_every_n_layers=2)


def old_qwen3(config):
    config.pop("rope_parameters")
    config.pop("layer_types")
    return config | dict(rope_theta=1_000_000, rope_scaling=None)


# Name: class, configuration, id of the padding, what is done to the configuration that was saved.
ENCODERS = {
    "hf-electra": ("ElectraModel", ELECTRA, 0, None),
    "hf-electra-discriminator": ("ElectraForPreTraining", BERT | dict(embedding_size=48), 0, None),
    "hf-albert": ("AlbertModel", ALBERT, 0, None),
    "hf-albert-mlm": ("AlbertForMaskedLM", ALBERT | dict(hidden_act="gelu"), 0, None),
    "hf-albert-groups": ("AlbertModel", ALBERT | dict(num_hidden_layers=5, num_hidden_groups=2, inner_group_num=2), 0, None),
    "hf-modernbert": ("ModernBertModel", MODERNBERT, 0, None),
    "hf-modernbert-mlm": ("ModernBertForMaskedLM", MODERNBERT | BIASES, 0, None),
    "hf-modernbert-old": ("ModernBertModel", MODERNBERT, 0, old_modernbert),
    "hf-qwen3": ("Qwen3Model", QWEN3, 0, None),
    "hf-qwen3-lm": ("Qwen3ForCausalLM", QWEN3 | dict(tie_word_embeddings=True), 0, old_qwen3),
    "hf-qwen3-sliding": ("Qwen3Model", QWEN3 | SLIDING, 0, None),
    "hf-deberta-v3": ("DebertaV2Model", DEBERTA_V3, 0, None),
    "hf-deberta-v3-mlm": ("DebertaV2ForMaskedLM", DEBERTA_V3 | dict(pos_att_type=["p2c"]), 0, None),
    "hf-deberta-v2": ("DebertaV2Model", DEBERTA_V2, 0, None),
    "hf-nomic_bert": ("NomicBertModel", NOMIC, 0, None),
    "hf-nomic_bert-mlm": ("NomicBertForMaskedLM", NOMIC, 0, None),
}


def kind_of(name, tensor):
    """What seeds a tensor, by its name in the file, which is not always the one that it has in the model."""
    if tensor.dim() > 1:
        return "matrix"
    is_scale = name.endswith("weight") and any(part in name.lower() for part in ("norm", "emb_ln"))
    return "scale" if is_scale else "small"


def encoder(name, kind, settings, padding, change):
    model_class = getattr(transformers, kind)
    model = model_class(model_class.config_class(**settings)).eval()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        model.save_pretrained(folder)
        saved = load_file(folder / "model.safetensors")
        entries = [[name, list(tensor.shape), kind_of(name, tensor)] for name, tensor in saved.items()]
        config = json.loads((folder / "config.json").read_text())
        if change is not None:
            config = change(config)
            (folder / "config.json").write_text(json.dumps(config))
        loaded = base_model(folder, entries)
        expected = expectations(loaded, padding)
    if name == "hf-deberta-v3":
        distances = torch.arange(-511, 512)
        buckets = modeling_deberta_v2.make_log_bucket_position(distances, 256, 512).long()
        expected |= {"distances": distances, "buckets": buckets}
    save_architecture(name, entries, config, expected)


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    with torch.inference_mode():
        for name, arguments in ENCODERS.items():
            if not sys.argv[1:] or name in sys.argv[1:]:
                encoder(name, *arguments)
