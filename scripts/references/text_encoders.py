"""Text encoders of transformers in small configurations, and what sentence-transformers makes of their tokens.

Writes, for every NAME of ENCODERS and for hf-bert-gamma, fixtures/architectures/NAME.json and NAME.safetensors
(seeded_weights.py says what the first holds; its entries are the tensors that save_pretrained writes, ties left out):

    ids             [3, 17] int64, three texts of 17, 9 and 1 tokens, padded on the right
    mask            [3, 17] uint8, 1 where a token is real
    tokens          [3, 17, 48], the last hidden state; zero where the mask is
    alone_ids       [1, 17], the longest text by itself, and alone_tokens [1, 17, 48]
    pooled_mean, pooled_cls, pooled_max, pooled_last, pooled_mean_sqrt_len, pooled_weightedmean, pooled_mean_normalized
                    [3, 48], from sentence-transformers' own Pooling and Normalize
    left_ids, left_mask, left_tokens    GPT-2 only: the same texts padded on the left
    distances, buckets                  MPNet only: [601] int64, the bucket of each distance (key's place minus query's)

Requirements: torch 2.13.0 (CPU), transformers 5.23.0, sentence-transformers 6.2.0 (--no-deps), scikit-learn, scipy, tqdm.
Command: python scripts/references/text_encoders.py
"""

import json
import pathlib
import tempfile

import reference_imports  # noqa: F401 (first: transformers imports torchvision)
import torch
import transformers
from safetensors.torch import load_file, save_file
from sentence_transformers.base.modules import Normalize
from sentence_transformers.sentence_transformer.modules import Pooling

from seeded_weights import save_architecture, seed_model, seeded

LENGTHS = (17, 9, 1)
POOLINGS = {
    "mean": "mean",
    "cls": "cls",
    "max": "max",
    "last": "lasttoken",
    "mean_sqrt_len": "mean_sqrt_len_tokens",
    "weightedmean": "weightedmean",
}

BERT = dict(
    vocab_size=200,
    hidden_size=48,
    num_hidden_layers=3,
    num_attention_heads=4,
    intermediate_size=96,
    max_position_embeddings=40,
)
# As the published configurations have them: two more positions than a text may have tokens, one token type.
ROBERTA = BERT | dict(max_position_embeddings=42, type_vocab_size=1, layer_norm_eps=1e-5)
MPNET = BERT | dict(max_position_embeddings=42, layer_norm_eps=1e-5)
DISTILBERT = dict(vocab_size=200, dim=48, n_layers=3, n_heads=4, hidden_dim=96, max_position_embeddings=40)
GPT2 = dict(vocab_size=200, n_embd=48, n_layer=3, n_head=4, n_positions=40, bos_token_id=199, eos_token_id=199)

# Name: class, configuration, id of the padding (GPT-2 has no padding token; its end of text is the usual stand-in).
ENCODERS = {
    "hf-bert": ("BertModel", BERT, 0),
    "hf-bert-mlm": ("BertForMaskedLM", BERT, 0),
    "hf-bert-relu": ("BertModel", BERT | dict(hidden_act="relu"), 0),
    "hf-bert-gelu_new": ("BertModel", BERT | dict(hidden_act="gelu_new"), 0),
    "hf-bert-one-type": ("BertModel", BERT | dict(type_vocab_size=1), 0),
    "hf-distilbert": ("DistilBertModel", DISTILBERT, 0),
    "hf-distilbert-mlm": ("DistilBertForMaskedLM", DISTILBERT, 0),
    "hf-mpnet": ("MPNetModel", MPNET, 1),
    "hf-mpnet-mlm": ("MPNetForMaskedLM", MPNET, 1),
    "hf-roberta": ("RobertaModel", ROBERTA, 1),
    "hf-roberta-mlm": ("RobertaForMaskedLM", ROBERTA, 1),
    "hf-xlm-roberta": ("XLMRobertaModel", ROBERTA, 1),
    "hf-camembert": ("CamembertModel", ROBERTA, 1),
    "hf-camembert-mlm": ("CamembertForMaskedLM", ROBERTA, 1),
    "hf-gpt2": ("GPT2Model", GPT2 | dict(n_inner=96), 199),
    "hf-gpt2-lm": ("GPT2LMHeadModel", GPT2, 199),
    "hf-gpt2-scaled": ("GPT2Model", GPT2 | dict(scale_attn_by_inverse_layer_idx=True), 199),
}


def texts(padding):
    """Ids [3, 17] and mask: none of the ids of a text is the padding's; MPNet's and RoBERTa's begin with 0, end with 2."""
    generator = torch.Generator().manual_seed(7)
    ids = torch.full((len(LENGTHS), max(LENGTHS)), padding)
    for row, length in enumerate(LENGTHS):
        ids[row, :length] = torch.randint(5, 195, (length,), generator=generator)
        if padding == 1:
            ids[row, length - 1] = 2
            ids[row, 0] = 0
    mask = (torch.arange(max(LENGTHS))[None] < torch.tensor(LENGTHS)[:, None]).long()
    return ids, mask


def saved_entries(model, folder):
    """Writes `model` to `folder` as transformers does, and gives the entries of the tensors that it wrote."""
    every = seed_model(model)
    model.save_pretrained(folder)
    saved = set(load_file(folder / "model.safetensors"))
    entries = [entry for entry in every if entry[0] in saved]
    assert len(entries) == len(saved) and all(kind != "fixed" for _, _, kind in entries)
    return entries


def base_model(folder, entries):
    """The encoder that AutoModel finds in `folder` when its weights are the seeded `entries`, and nothing else."""
    weights = {name: seeded(name, shape, kind) for name, shape, kind in entries}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    model, report = transformers.AutoModel.from_pretrained(folder, output_loading_info=True)
    missing = {name for name in report["missing_keys"] if not name.startswith("pooler.")}  # no part of the tokens
    assert not missing and not report["mismatched_keys"], report
    return model.eval()


def hidden(model, ids, mask=None):
    return model(input_ids=ids, attention_mask=mask).last_hidden_state


def pooled(tokens, mask):
    results = {}
    for name, mode in POOLINGS.items():
        features = {"token_embeddings": tokens, "attention_mask": mask}
        results[f"pooled_{name}"] = Pooling(tokens.shape[-1], mode)(features)["sentence_embedding"]
    normalized = Normalize()({"sentence_embedding": results["pooled_mean"].clone()})
    results["pooled_mean_normalized"] = normalized["sentence_embedding"]
    return results


def expectations(model, padding):
    ids, mask = texts(padding)
    every = hidden(model, ids, mask)
    expected = {"ids": ids, "mask": mask.to(torch.uint8), "tokens": every * mask[..., None]}
    expected["alone_ids"] = ids[:1]
    expected["alone_tokens"] = hidden(model, ids[:1])
    for row, length in enumerate(LENGTHS):  # padding changes nothing
        alone = hidden(model, ids[row : row + 1, :length])[0]
        torch.testing.assert_close(alone, every[row, :length], rtol=1e-4, atol=1e-5)
    expected |= pooled(every, mask)
    if model.config.model_type == "gpt2":
        order = [torch.arange(max(LENGTHS)).roll(max(LENGTHS) - length) for length in LENGTHS]
        left, left_mask = (torch.stack([row[o] for row, o in zip(x, order)]) for x in (ids, mask))
        tokens = hidden(model, left, left_mask)
        expected |= {"left_ids": left, "left_mask": left_mask.to(torch.uint8)}
        expected["left_tokens"] = tokens * left_mask[..., None]
    if model.config.model_type == "mpnet":
        distances = torch.arange(-300, 301)
        expected |= {"distances": distances, "buckets": model.encoder.relative_position_bucket(distances)}
    return expected


def encoder(name, kind, settings, padding, rename=lambda name: name):
    """`rename` gives what the file calls a tensor of the model; the name in the file is the one that seeds it."""
    model_class = getattr(transformers, kind)
    model = model_class(model_class.config_class(**settings)).eval()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        entries = [[rename(name), shape, kind] for name, shape, kind in saved_entries(model, folder)]
        config = json.loads((folder / "config.json").read_text())
        loaded = base_model(folder, entries)
    save_architecture(name, entries, config, expectations(loaded, padding))


def old_name(name):
    """As the checkpoints converted from TensorFlow call the scales and shifts of their layer norms."""
    return name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    with torch.inference_mode():
        for name, (kind, settings, padding) in ENCODERS.items():
            encoder(name, kind, settings, padding)
        encoder("hf-bert-gamma", "BertModel", BERT, 0, rename=old_name)
