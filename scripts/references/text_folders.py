"""What sentence-transformers makes of texts with whole folders of newer text encoders, with their tokenizers' pipelines.

Writes, for every NAME of FOLDERS, fixtures/text_folders/NAME.json, in the form of sentence_folders.py's; each case has `options`
besides, what `SentenceTransformer` and `encode` were asked: `prompt`, the name of one, and `truncate_dim`.

Requirements: torch 2.13.0 (CPU), transformers 5.24.0, sentence-transformers 6.2.0 (--no-deps), tokenizers 0.23.3, scikit-learn, scipy, tqdm.
Command: python scripts/references/text_folders.py [NAME ...]
"""

import json
import pathlib
import sys
import tempfile

import reference_imports  # noqa: F401 (first: transformers imports torchvision)
import torch
import transformers
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

import sentence_folders
from fixture_files import FIXTURES, save_json
from sentence_folders import P, S, TOP, flags, modules
from sentences import LANGUAGES, TEMPLATES
from text_encoders import base_model
from text_transformers import kind_of
from tokenizer_components import PATTERNS

TEXTS = [
    "the fox", "The quick  brown FOX jumps\n\tover the lazy dog's back, 2026!", "a", "Größe: ``caf\u00e9'' — ½ ﬁn\u00e0l", "",
    "    indented(x)  ||| 中文 don't   stop <mask>[MASK]", LANGUAGES[3],
]
SIZES = dict(hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=24)


def wrapped(tokenizer, **tokens):
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **tokens)


def pieces(specials, count=300):
    """A Unigram vocabulary: `specials`, then pieces that SentencePiece trained for fixtures/tokenizers/xlmr.json; and its Precompiled."""
    settings = json.loads((FIXTURES / "tokenizers" / "xlmr.json").read_text())
    kept = [(piece, score) for piece, score in settings["model"]["vocab"][4:-1]][:count]
    return [(token, 0.0) for token in specials] + kept, settings["normalizer"]["normalizers"][0]


def with_normalizer(tokenizer, steps):
    """`steps`: normalizers as a tokenizer.json writes them, or of the package."""
    settings = json.loads(tokenizer.to_str())
    rows = []
    for step in steps:
        if not isinstance(step, dict):
            tokenizer.normalizer = step
            step = json.loads(tokenizer.to_str())["normalizer"]
        rows.append(step)
    settings["normalizer"] = {"type": "Sequence", "normalizers": rows}
    return Tokenizer.from_str(json.dumps(settings))


def unigram(specials, steps, metaspace, template, kinds):
    vocab, precompiled = pieces(specials)
    unknown = next(place for place, token in enumerate(specials) if "unk" in token.lower())
    tokenizer = Tokenizer(models.Unigram(vocab, unk_id=unknown, byte_fallback=False))
    tokenizer = with_normalizer(tokenizer, [precompiled if step == "precompiled" else step for step in steps])
    tokenizer.pre_tokenizer = metaspace
    tokenizer.post_processor = template(tokenizer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False, lstrip=token == "[MASK]") for token in specials])
    return wrapped(tokenizer, **kinds)


def around(first, last):
    def template(tokenizer):
        ids = [(token, tokenizer.token_to_id(token)) for token in (first, last)]
        return processors.TemplateProcessing(single=f"{first} $A {last}", pair=f"{first} $A {last} $B:1 {last}:1", special_tokens=ids)

    return template


def albert_tokenizer():
    """As transformers converts ALBERT's SentencePiece model."""
    n = normalizers
    steps = [n.Replace("``", '"'), n.Replace("''", '"'), n.NFKD(), n.StripAccents(), n.Lowercase(), "precompiled", n.Replace(Regex(" {2,}"), " ")]
    metaspace = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")])
    kinds = dict(pad_token="<pad>", unk_token="<unk>", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]")
    return unigram(["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"], steps, metaspace, around("[CLS]", "[SEP]"), kinds)


DEBERTA = dict(pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]", unk_token="[UNK]", mask_token="[MASK]")


def deberta_tokenizer():
    """As transformers 5 makes it of DeBERTa-v3's SentencePiece model."""
    n = normalizers
    steps = [n.Replace(Regex(r"\s{2,}|[\n\r\t]"), " "), n.NFC(), n.Strip(left=False, right=True)]
    metaspace = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(prepend_scheme="always")])
    return unigram(["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"], steps, metaspace, around("[CLS]", "[SEP]"), DEBERTA)


def old_deberta_tokenizer():
    """As transformers 4 converted it."""
    steps = [normalizers.Strip(), "precompiled", normalizers.Replace(Regex(" {2,}"), " ")]
    metaspace = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(prepend_scheme="always")])
    return unigram(["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"], steps, metaspace, around("[CLS]", "[SEP]"), DEBERTA)


def byte_level(pre_tokenizer, specials):
    tokenizer = Tokenizer(models.BPE(fuse_unk=False))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizer
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=420, show_progress=False, initial_alphabet=alphabet, special_tokens=specials)
    tokenizer.train_from_iterator(LANGUAGES + TEMPLATES[:60], trainer)
    return tokenizer


def modernbert_tokenizer():
    """OLMo's byte-level BPE, with runs of spaces and other texts among the added tokens."""
    tokenizer = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False), ["[UNK]", "[CLS]", "[SEP]", "[PAD]"])
    tokenizer.add_tokens([AddedToken("|||IP_ADDRESS|||"), AddedToken("    "), AddedToken("  "), AddedToken("[unused0]")])
    tokenizer.add_special_tokens([AddedToken("[MASK]", lstrip=True, special=True, normalized=False)])
    tokenizer.post_processor = around("[CLS]", "[SEP]")(tokenizer)
    return wrapped(tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]")


def qwen3_tokenizer():
    """Qwen2's pipeline, and behind every text the token that Qwen3-Embedding pools."""
    split = pre_tokenizers.Split(Regex(PATTERNS["qwen2"]), "isolated")
    plain = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer = byte_level(pre_tokenizers.Sequence([split, plain]), ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    template = processors.TemplateProcessing(
        single="$A <|endoftext|>", pair="$A <|endoftext|> $B:1 <|endoftext|>:1", special_tokens=[("<|endoftext|>", 0)])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(add_prefix_space=False, trim_offsets=False), template])
    return wrapped(tokenizer, pad_token="<|endoftext|>", eos_token="<|im_end|>", padding_side="left")


def prompts(default, **more):
    return {"prompts": {"query": "Instruct: find\nQuery:", "document": ""}, "default_prompt_name": default} | more


LAST = {"modules.json": modules("Transformer", "Pooling", "Normalize"), P: flags("lasttoken", include_prompt=True)}
LAST["modules.json"][0]["path"] = ""
MEAN = {"modules.json": TOP, P: flags("mean_tokens")}
CLS = {"modules.json": TOP, P: flags("cls_token")}

QWEN3 = SIZES | dict(num_key_value_heads=1, head_dim=8, max_position_embeddings=64, pad_token_id=0, rope_parameters=dict(rope_type="default", rope_theta=1e6))
DEBERTA_V3 = SIZES | dict(
    max_position_embeddings=64, type_vocab_size=0, relative_attention=True, position_buckets=8, norm_rel_ebd="layer_norm", share_att_key=True,
    pos_att_type=["p2c", "c2p"], position_biased_input=False)
ROPE = dict(rope_parameters=dict(rope_type="default", rope_theta=1000.0))

# Name: class of the model, configuration without the vocabulary, tokenizer, cases: name, files, options.
FOLDERS = {
    "albert": ("AlbertModel", SIZES | dict(embedding_size=8, max_position_embeddings=64), albert_tokenizer, [
        ("mean", MEAN, {}), ("cls, cut", CLS | {"sentence_albert_config.json": {"max_seq_length": 9}}, {}),
    ]),
    "modernbert": ("ModernBertModel", SIZES | dict(local_attention=6, max_position_embeddings=64, pad_token_id=3, cls_token_id=1, sep_token_id=2), modernbert_tokenizer, [
        ("mean", MEAN, {}), ("cls", CLS, {"truncate_dim": 5}),
    ]),
    "qwen3": ("Qwen3Model", QWEN3, qwen3_tokenizer, [
        ("no prompt by default", LAST | {S: prompts(None)}, {}),
        ("the prompt of queries", LAST | {S: prompts(None)}, {"prompt": "query"}),
        ("the prompt of documents, in the place of the default one", LAST | {S: prompts("query")}, {"prompt": "document"}),
        ("cut, and not normalised again", LAST | {S: prompts("query")}, {"truncate_dim": 7}),
        ("cut shorter than the folder says", LAST | {S: prompts("query", truncate_dim=9)}, {"truncate_dim": 7, "prompt": "query"}),
        ("cut less than the folder says", LAST | {S: prompts(None, truncate_dim=9)}, {"truncate_dim": 12}),
        ("the prompt is not pooled", {"modules.json": TOP, P: sentence_folders.modes("mean"), S: prompts(None)}, {"prompt": "query"}),
    ]),
    "deberta": ("DebertaV2Model", DEBERTA_V3, deberta_tokenizer, [("mean", MEAN, {}), ("cls", CLS, {})]),
    "deberta-old-tokenizer": ("DebertaV2Model", DEBERTA_V3, old_deberta_tokenizer, [("mean", MEAN, {})]),
    "nomic_bert": ("NomicBertModel", SIZES | ROPE | dict(max_position_embeddings=64), sentence_folders.make_tokenizer, [
        ("mean", MEAN | {S: {"prompts": {"search_query": "query: "}, "default_prompt_name": None}}, {"prompt": "search_query", "truncate_dim": 8}),
    ]),
}


def case(name, files, options, model, tokenizer):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(json.dumps(content))
        loaded = SentenceTransformer(str(folder), truncate_dim=options.get("truncate_dim"))
        prompt = loaded._resolve_prompt(None, options.get("prompt"))
        ids = [loaded.preprocess([text], prompt=prompt)["input_ids"][0].tolist() for text in TEXTS]
        embeddings = loaded.encode(TEXTS, prompt_name=options.get("prompt")).tolist()
    rows = [[float(f"{value:.9g}") for value in row] for row in embeddings]
    return {"name": name, "part": "", "files": files, "options": options, "ids": ids, "embeddings": rows}


def fixture(name, kind, settings, make_tokenizer, cases):
    tokenizer = make_tokenizer()
    model_class = getattr(transformers, kind)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        model_class(model_class.config_class(vocab_size=len(tokenizer), **settings)).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        saved = load_file(folder / "model.safetensors")
        entries = [[name, list(tensor.shape), kind_of(name, tensor)] for name, tensor in saved.items()]
        shared = {
            "config": json.loads((folder / "config.json").read_text()),
            "tokenizer": (folder / "tokenizer.json").read_text(),
            "entries": entries,
            "texts": TEXTS,
        }
        model = base_model(folder, entries)
    save_json(f"text_folders/{name}.json", shared | {"cases": [case(*row, model, tokenizer) for row in cases]})


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    with torch.inference_mode():
        for name, arguments in FOLDERS.items():
            if not sys.argv[1:] or name in sys.argv[1:]:
                fixture(name, *arguments)
