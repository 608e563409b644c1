"""Folders of sentence-transformers, and what it makes of a Transformer's tokens in them.

Writes fixtures/pooling.json: folders of sentence-transformers, each with its `files` by path, the entries of its `weights` by
path (seeded under their names in the file), the `modes` of its pooling, and the `embedding` [3, dimension] that it gives for
the seeded `tokens` of three texts of `lengths`, or the `error` with which sentence-transformers refuses it.

Requirements: those of text_encoders.py. Command: python scripts/references/sentence_modules.py
"""

import json
import pathlib
import tempfile

import reference_imports  # noqa: F401 (first: transformers imports torchvision)
import torch
from safetensors.torch import save_file
from sentence_transformers.sentence_transformer.modules import Pooling
from sentence_transformers.util import import_module_class, truncate_embeddings

from fixture_files import save_rows
from seeded_weights import seeded

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
    with torch.inference_mode():
        save_rows("pooling.json", [folder_case(*case) for case in FOLDERS])
