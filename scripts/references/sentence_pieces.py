"""Token ids that the package sentencepiece gives, moved as Transformers' slow tokenizers move them; with small models that it trains here.

Writes fixtures/sentence_pieces/: NAME.model, and ids.json, a row a case: `model`, the `family` (plain, or a model_type), the `settings` of
tokenizer_config.json, and `ids` of the texts; `texts` once, at the end.

The slow tokenizers are those of Transformers 4: AlbertTokenizer, CamembertTokenizer, DebertaV2Tokenizer, XLMRobertaTokenizer; what ALBERT's does in front of the
model is as the converter has it.

Requirements: sentencepiece 0.2.3, tokenizers 0.23.3.
Command: python scripts/references/sentence_pieces.py [COUNT FILE]: with these, COUNT texts and their ids go to FILE, and no fixture is written
"""

import io
import json
import pathlib
import sys

import sentencepiece
from tokenizers import normalizers

from fixture_files import FIXTURES, save_json
from sentences import LANGUAGES, ODDITIES, TEMPLATES
from tokenizer_texts import texts

FOLDER = FIXTURES / "sentence_pieces"
CONTROL = {"control_symbols": ["[CLS]", "[SEP]", "[MASK]"], "character_coverage": 0.98}
MODELS = {
    "unigram": {"vocab_size": 600, "normalization_rule_name": "nmt_nfkc", **CONTROL},
    "unigram-bytes": {
        "vocab_size": 500, "normalization_rule_name": "identity", "byte_fallback": True, "remove_extra_whitespaces": False,
        "user_defined_symbols": ["<sep>", "the ", "\u00e9\u00e9"], "split_by_whitespace": False, "character_coverage": 0.98},
    "bpe": {"model_type": "bpe", "vocab_size": 600, "normalization_rule_name": "identity", "byte_fallback": True, "character_coverage": 0.98},
    "bpe-bare": {
        "model_type": "bpe", "vocab_size": 400, "normalization_rule_name": "identity", "add_dummy_prefix": False,
        "split_digits": True, "character_coverage": 0.98},
}
CASES = [(name, "plain", {}) for name in MODELS]
CASES += [("unigram", family, {}) for family in ("xlm-roberta", "camembert", "albert", "deberta-v2")]
CASES += [("unigram", "albert", {"do_lower_case": False, "keep_accents": True}), ("unigram", "deberta-v2", {"do_lower_case": True})]


def train():
    FOLDER.mkdir(exist_ok=True)
    corpus = LANGUAGES[:14] + TEMPLATES
    for name, settings in MODELS.items():
        file = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(corpus), model_writer=file, hard_vocab_limit=False, minloglevel=2, num_threads=1, **settings)
        (FOLDER / f"{name}.model").write_bytes(file.getvalue())


def albert_text(text, settings):
    """What the converted tokenizer does in front of the model's own rules."""
    steps = [normalizers.Replace("``", '"'), normalizers.Replace("''", '"')]
    steps += [] if settings.get("keep_accents") else [normalizers.NFKD(), normalizers.StripAccents()]
    steps += [normalizers.Lowercase()] if settings.get("do_lower_case", True) else []
    return normalizers.Sequence(steps).normalize_str(text)


def albert_pieces(model, text):
    """Pieces that end in a digit and a comma are taken apart."""
    for piece in model.encode(text, out_type=str):
        if len(piece) > 1 and piece[-1] == "," and piece[-2].isdigit():
            parts = model.encode(piece[:-1].replace("\u2581", ""), out_type=str)
            if piece[0] != "\u2581" and parts[0][0] == "\u2581":
                parts = parts[1:] if len(parts[0]) == 1 else [parts[0][1:], *parts[1:]]
            yield from [*parts, piece[-1]]
        else:
            yield piece


def encode(model, family, settings, text):
    if family == "plain":
        return model.encode(text)
    if family == "xlm-roberta":
        return [0, *({0: 3, 1: 0, 2: 2}.get(id, id + 1) for id in model.encode(text)), 2]
    if family == "camembert":
        return [model.piece_to_id("<s>") + 4, *(3 if id == 0 else id + 4 for id in model.encode(text)), model.piece_to_id("</s>") + 4]
    if family == "albert":
        ids = [model.piece_to_id(piece) for piece in albert_pieces(model, albert_text(text, settings))]
    else:
        ids = model.encode(text.lower() if settings.get("do_lower_case") else text)
    return [model.piece_to_id("[CLS]"), *ids, model.piece_to_id("[SEP]")]


def rows(some):
    models = {name: sentencepiece.SentencePieceProcessor(model_file=str(FOLDER / f"{name}.model")) for name in MODELS}
    for name, family, settings in CASES:
        ids = [encode(models[name], family, settings, text) for text in some]
        yield {"model": name, "family": family, "settings": settings, "ids": ids}


def plain(text):
    """Special tokens that stand in a text are found by Transformers, and not by sentencepiece."""
    return not any(mark in text for mark in ("<s>", "</s>", "<unk>", "<pad>", "<mask>", "[CLS]", "[SEP]", "[MASK]", "NOTUSED", "<0x", "\0"))


if __name__ == "__main__":
    if sys.argv[1:]:
        some = [text for text in texts(int(sys.argv[1])) if plain(text)]
        pathlib.Path(sys.argv[2]).write_text(json.dumps({"rows": [*rows(some)], "texts": some}))
    else:
        train()
        some = [text for text in LANGUAGES + ODDITIES + TEMPLATES[:10] if plain(text) and len(text) < 200]
        save_json("sentence_pieces/ids.json", {"rows": [*rows(some)], "texts": some})
