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

and fixtures/pooling.json: folders of sentence-transformers, each with its `files` by path, the entries of its `weights` by
path (seeded under their names in the file), the `modes` of its pooling, and the `embedding` [3, dimension] that it gives for
the seeded `tokens` of three texts of `lengths`, or the `error` with which sentence-transformers refuses it.

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
from sentence_transformers.util import import_module_class, truncate_embeddings

from fixture_files import save_rows
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


# ---- Folders of sentence-transformers

POOL_DIM = 8
POOL_LENGTHS = (5, 3, 1)
POOL_TOKENS = ("pooling.tokens", [3, max(POOL_LENGTHS), POOL_DIM], "small")
FLAGS = ("cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken")
OLD, NEW = "sentence_transformers.models.", "sentence_transformers."
NEW_TYPES = {
    "Transformer": NEW + "base.modules.transformer.Transformer",
    "Pooling": NEW + "sentence_transformer.modules.pooling.Pooling",
    "Dense": NEW + "base.modules.dense.Dense",
    "Normalize": NEW + "base.modules.normalize.Normalize",
}


def modules(*kinds, new=False):
    """A modules.json, as version 2 wrote it, or as 6.2 does."""
    rows = []
    for index, kind in enumerate(("Transformer",) + kinds):
        path = "" if index == 0 else f"{index}_{kind}"
        rows.append({"idx": index, "name": str(index), "path": path, "type": NEW_TYPES[kind] if new else OLD + kind})
    return rows


def flags(*true, absent=("weightedmean_tokens", "lasttoken"), **more):
    """A config.json of the old form. Before version 2.3 it did not have the last two flags."""
    config = {"word_embedding_dimension": POOL_DIM}
    config |= {f"pooling_mode_{flag}": flag in true for flag in FLAGS if flag in true or flag not in absent}
    return config | more


def mode(*modes, **more):
    """A config.json as 6.2 writes it: one mode is a string, several are a list."""
    written = modes[0] if len(modes) == 1 else list(modes)
    return {"embedding_dimension": POOL_DIM, "pooling_mode": written, "include_prompt": True} | more


def dense(inputs, outputs, bias=True, activation="torch.nn.modules.activation.Tanh", **more):
    config = {"in_features": inputs, "out_features": outputs, "bias": bias}
    return config | ({"activation_function": activation} if activation else {}) | more


IDENTITY = "torch.nn.modules.linear.Identity"
SENTENCE = {"module_input_name": "sentence_embedding", "module_output_name": "sentence_embedding"}
P, D, N = "1_Pooling/config.json", "2_Dense/config.json", "2_Normalize/config.json"

# Name, modules.json (None: no such file), the other files.
FOLDERS = [
    ("old mean", modules("Pooling"), {P: flags("mean_tokens")}),
    ("old mean, six flags", modules("Pooling"), {P: flags("mean_tokens", absent=())}),
    ("old cls", modules("Pooling"), {P: flags("cls_token")}),
    ("old max", modules("Pooling"), {P: flags("max_tokens")}),
    ("old mean sqrt len", modules("Pooling"), {P: flags("mean_sqrt_len_tokens")}),
    ("old weightedmean", modules("Pooling"), {P: flags("weightedmean_tokens")}),
    ("old lasttoken", modules("Pooling"), {P: flags("lasttoken", include_prompt=True)}),
    ("old, no flag is true", modules("Pooling"), {P: flags()}),
    ("old, two of them", modules("Pooling"), {P: flags("mean_tokens", "cls_token")}),
    ("old, all of them, whatever their order", modules("Pooling"), {P: dict(reversed(flags(*FLAGS).items()))}),
    ("old mean, normalized", modules("Pooling", "Normalize"), {P: flags("mean_tokens")}),
    ("old cls, dense, normalized", modules("Pooling", "Dense", "Normalize"), {P: flags("cls_token"), D: dense(8, 6)}),
    (
        "old mean, dense without bias and activation, normalized",
        modules("Pooling", "Dense", "Normalize"),
        {P: flags("mean_tokens"), D: dense(8, 12, bias=False, activation=IDENTITY)},
    ),
    (
        "old mean, dense whose activation is not said",
        modules("Pooling", "Dense"),
        {P: flags("mean_tokens"), D: dense(8, 4, activation=None)},
    ),
    ("old two modes, dense", modules("Pooling", "Dense"), {P: flags("mean_tokens", "max_tokens"), D: dense(16, 5)}),
    (
        "old mean, an activation that is not torch's is taken for tanh",
        modules("Pooling", "Dense"),
        {P: flags("mean_tokens"), D: dense(8, 4, activation="mine.Swish")},
    ),
    ("new mean", modules("Pooling", new=True), {P: mode("mean")}),
    ("new cls", modules("Pooling", new=True), {P: mode("cls")}),
    ("new lasttoken", modules("Pooling", new=True), {P: mode("lasttoken")}),
    ("new, several in the order of the list", modules("Pooling", new=True), {P: mode("weightedmean", "max", "cls")}),
    ("new, a list of one", modules("Pooling", new=True), {P: mode() | {"pooling_mode": ["max"]}}),
    ("new, only the dimension", modules("Pooling", new=True), {P: {"embedding_dimension": POOL_DIM}}),
    ("new and old at once: the new one holds", modules("Pooling"), {P: flags("cls_token", pooling_mode="max")}),
    ("new mean, normalized", modules("Pooling", "Normalize", new=True), {P: mode("mean"), N: SENTENCE}),
    (
        "new mean, two dense layers, normalized",
        modules("Pooling", "Dense", "Dense", "Normalize", new=True),
        {
            P: mode("mean"),
            D: dense(8, 16, bias=False, activation=IDENTITY, **SENTENCE),
            "3_Dense/config.json": dense(16, 8, bias=False, activation="torch.nn.modules.activation.ReLU", **SENTENCE),
            "4_Normalize/config.json": SENTENCE,
        },
    ),
    (
        "new mean, dense with GELU",
        modules("Pooling", "Dense", new=True),
        {P: mode("mean"), D: dense(8, 6, activation="torch.nn.modules.activation.GELU", **SENTENCE)},
    ),
    (
        "new mean, dense with a residual",
        modules("Pooling", "Dense", new=True),
        {P: mode("mean"), D: dense(8, 8, use_residual=True, **SENTENCE)},
    ),
    (
        "new mean, dense with a projected residual",
        modules("Pooling", "Dense", new=True),
        {P: mode("mean"), D: dense(8, 6, use_residual=True, **SENTENCE)},
    ),
    (
        "normalized, then cut, and not normalized again",
        modules("Pooling", "Normalize"),
        {P: flags("mean_tokens"), "config_sentence_transformers.json": {"truncate_dim": 4}},
    ),
    ("no modules.json: the mean", None, {}),
    ("a mode that there is not", modules("Pooling", new=True), {P: mode("median")}),
    ("a setting that there is not", modules("Pooling"), {P: flags("mean_tokens", temperature=2)}),
    ("no configuration of the pooling", modules("Pooling"), {}),
    (
        "a module of the repository's own",
        modules() + [{"idx": 1, "name": "1", "path": "", "type": "modeling_my.Custom"}],
        {},
    ),
    (
        "a dense layer whose width is not the embedding's",
        modules("Pooling", "Dense"),
        {P: flags("mean_tokens"), D: dense(9, 6)},
    ),
    ("no pooling at all", modules(), {}),
]


def module_weights(config):
    entries = [["linear.weight", [config["out_features"], config["in_features"]], "matrix"]]
    if config.get("bias", True):
        entries.append(["linear.bias", [config["out_features"]], "small"])
    if config.get("use_residual") and config["in_features"] != config["out_features"]:
        entries.append(["residual.weight", [config["out_features"], config["in_features"]], "matrix"])
    return entries


def sentence_embedding(folder, described, tokens, mask):
    """Runs the modules that modules.json names after the transformer, as SentenceTransformer loads and runs them."""
    features = {"token_embeddings": tokens, "attention_mask": mask}
    if described is None:  # SentenceTransformer's default for a model of transformers
        return Pooling(tokens.shape[-1], "mean")(features)["sentence_embedding"], ["mean"]
    modes = None
    for row in described:
        module_class = import_module_class(row["type"], str(folder))
        if module_class.__name__ == "Transformer":
            continue
        module = module_class.load(str(folder), subfolder=row["path"], local_files_only=True)
        if isinstance(module, Pooling):
            modes = [module.pooling_mode] if isinstance(module.pooling_mode, str) else list(module.pooling_mode)
        features = module(features)
    return features["sentence_embedding"], modes


def folder_case(name, described, files):
    tokens = seeded(*POOL_TOKENS)
    mask = (torch.arange(max(POOL_LENGTHS))[None] < torch.tensor(POOL_LENGTHS)[:, None]).long()
    files = ({"modules.json": described} if described is not None else {}) | files
    weights = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for path, content in files.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(json.dumps(content))
            if "in_features" in content:
                entries = module_weights(content)
                weights[path.replace("config.json", "model.safetensors")] = entries
                save_file({entry[0]: seeded(*entry) for entry in entries}, (folder / path).parent / "model.safetensors")
        case = {"name": name, "tokens": POOL_TOKENS, "lengths": POOL_LENGTHS, "files": files, "weights": weights}
        try:
            embedding, modes = sentence_embedding(folder, described, tokens, mask)
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            message = str(error).splitlines()[0].replace(str(folder), "FOLDER")
            return case | {"error": f"{type(error).__name__}: {message}"}
    embedding = truncate_embeddings(embedding, files.get("config_sentence_transformers.json", {}).get("truncate_dim"))
    rows = [[float(f"{value:.9g}") for value in row] for row in embedding.tolist()]  # enough digits for a float32
    return case | {"modes": modes, "dimension": embedding.shape[1], "embedding": rows}


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    with torch.inference_mode():
        for name, (kind, settings, padding) in ENCODERS.items():
            encoder(name, kind, settings, padding)
        encoder("hf-bert-gamma", "BertModel", BERT, 0, rename=old_name)
        save_rows("pooling.json", [folder_case(*case) for case in FOLDERS])
