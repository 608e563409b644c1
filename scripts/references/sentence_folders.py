"""What sentence-transformers makes of texts with whole folders: where the modules lie, and what their settings do.

Writes fixtures/camembert_folder.json, a tiny CamemBERT's, in the form of the other, fixtures/sentence_folders.json: `config` and `tokenizer` (tokenizer.json) of a tiny cased BERT, the `entries` of its
weights (seeded_weights.py), `texts`, and `cases`. Of each case `name`, `part`, the folder that holds the three, `files`, all
others by path, and what the reference gives for the texts: their token `ids` and the `embeddings` [texts, D].

Requirements: torch 2.13.0 (CPU), transformers 5.23.0, sentence-transformers 6.2.0 (--no-deps), scikit-learn, scipy, tqdm.
Command: python scripts/references/sentence_folders.py
"""

import json
import pathlib
import tempfile

import torch
import transformers
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from fixture_files import save_json
from seeded_weights import seed_model

LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "fox", "query", ":", ".", "The"]
WORDS += LETTERS + [f"##{letter}" for letter in LETTERS]
TEXTS = ["the fox", "The quick brown FOX jumps over the lazy dog.", "a", "", "[SEP] the [MASK] FOX"]
OLD = "sentence_transformers.models."


def modules(*kinds):
    """A modules.json with each module in a folder of its own, the Transformer's among them, as version 0.3 to 1 wrote it."""
    return [{"idx": i, "name": str(i), "path": f"{i}_{kind}", "type": OLD + kind} for i, kind in enumerate(kinds)]


def named(*rows):
    """Modules in folders of other names."""
    return [{"idx": i, "name": str(i), "path": path, "type": OLD + kind} for i, (path, kind) in enumerate(rows)]


def flags(*true, **more):
    names = ("cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken")
    return {"word_embedding_dimension": 16} | {f"pooling_mode_{name}": name in true for name in names} | more


def modes(*modes):
    """As version 6.2 writes it, without the prompt's tokens."""
    return {"embedding_dimension": 16, "pooling_mode": list(modes), "include_prompt": False}


def prompts(name):
    return {"prompts": {"query": "query: ", "long": "The the fox "}, "default_prompt_name": name}


MODES = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")
T, P, S = "0_Transformer/sentence_bert_config.json", "1_Pooling/config.json", "config_sentence_transformers.json"
TOP = named(("", "Transformer"), ("1_Pooling", "Pooling"))
CASES = [
    (
        "old layout: pooling by cls, normalized",
        "0_Transformer",
        {"modules.json": modules("Transformer", "Pooling", "Normalize"), T: {"max_seq_length": 7}, P: flags("cls_token")},
    ),
    (
        "old layout: two modes, lower case, named after RoBERTa",
        "0_Transformer",
        {
            "modules.json": modules("Transformer", "Pooling"),
            T.replace("bert", "roberta"): {"max_seq_length": 20, "do_lower_case": True},
            P: flags("mean_tokens", "max_tokens"),
        },
    ),
    (
        "folders of other names, deeper",
        "parts/encoder",
        {
            "modules.json": named(("parts/encoder", "Transformer"), ("parts/pool", "Pooling")),
            "parts/encoder/sentence_bert_config.json": {"max_seq_length": 5, "do_lower_case": False},
            "sentence_bert_config.json": {"max_seq_length": 3},
            "parts/pool/config.json": flags("lasttoken"),
        },
    ),
    (
        "at the top: lower case",
        "",
        {"modules.json": TOP, "sentence_bert_config.json": {"do_lower_case": True}, P: flags("mean_tokens")},
    ),
    ("a default prompt", "", {"modules.json": TOP, P: flags("mean_tokens"), S: prompts("query")}),
    ("prompts, but none by default", "", {"modules.json": TOP, P: flags("mean_tokens"), S: prompts(None)}),
    ("a default prompt that is empty by default", "", {"modules.json": TOP, P: flags("mean_tokens"), S: prompts("document")}),
    ("no modules, and so no prompt", "", {S: prompts("query")}),
    ("the prompt is not pooled, whatever the mode", "", {"modules.json": TOP, P: modes(*MODES), S: prompts("query")}),
    ("the prompt would not be pooled, but there is none", "", {"modules.json": TOP, P: modes(*MODES), S: prompts(None)}),
    (
        "the prompt is cut, and the text with it",
        "0_Transformer",
        {
            "modules.json": modules("Transformer", "Pooling", "Normalize"),
            T: {"max_seq_length": 4, "do_lower_case": True},
            P: modes("mean", "cls"),
            S: prompts("long"),
        },
    ),
]


FRENCH = ["\u2581le", "\u2581chat", "\u2581", "'", ".", "\u00e9", "\u00e0"] + LETTERS
CAMEMBERT = ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED"] + FRENCH + ["<mask>"]
FRENCH_TEXTS = ["le chat", "Le chat  n'est pas l\u00e0: \u00e9t\u00e9.", "chats <mask> le", "", "e\u0301t\u00e9 le lechat"]


def make_tokenizer():
    tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.add_special_tokens(WORDS[:5])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]"
    )


def case(name, part, files, model, tokenizer, texts):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        model.save_pretrained(folder / part)
        tokenizer.save_pretrained(folder / part)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(json.dumps(content))
        loaded = SentenceTransformer(str(folder))
        prompt = loaded.prompts.get(loaded.default_prompt_name) if loaded.default_prompt_name else None
        ids = [loaded.preprocess([text], prompt=prompt)["input_ids"][0].tolist() for text in texts]
        embeddings = loaded.encode(texts).tolist()
    rows = [[float(f"{value:.9g}") for value in row] for row in embeddings]
    return {"name": name, "part": part, "files": files, "ids": ids, "embeddings": rows}


def fixture(file, model, tokenizer, texts, cases):
    every = seed_model(model.eval())
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        saved = set(load_file(folder / "model.safetensors"))
        shared = {
            "config": json.loads((folder / "config.json").read_text()),
            "tokenizer": (folder / "tokenizer.json").read_text(),
            "entries": [entry for entry in every if entry[0] in saved],
            "texts": texts,
        }
    save_json(file, shared | {"cases": [case(*row, model, tokenizer, texts) for row in cases]})


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    sizes = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24)
    bert = transformers.BertConfig(vocab_size=len(WORDS), max_position_embeddings=40, **sizes)
    fixture("sentence_folders.json", transformers.BertModel(bert), make_tokenizer(), TEXTS, CASES)
    # <s> and </s> get ids behind the vocabulary's.
    tokenizer = transformers.CamembertTokenizer(vocab=[(word, -float(i)) for i, word in enumerate(CAMEMBERT)])
    camembert = transformers.CamembertConfig(vocab_size=len(tokenizer), max_position_embeddings=42, type_vocab_size=1, **sizes)
    cases = [
        ("a folder of Transformers", "", {}),
        ("pooled by cls", "", {"modules.json": TOP, P: flags("cls_token"), "sentence_camembert_config.json": {"max_seq_length": 9}}),
    ]
    fixture("camembert_folder.json", transformers.CamembertModel(camembert), tokenizer, FRENCH_TEXTS, cases)
