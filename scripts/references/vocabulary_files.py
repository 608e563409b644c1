"""Token ids that Transformers gives with a vocab.txt and a tokenizer_config.json, without a tokenizer.json.

Writes fixtures/vocabulary_files.json, a row a case: the `vocabulary`, lines of a vocab.txt or the name of a file of
fixtures/tokenizers whose WordPiece vocabulary is taken in the order of its ids; `settings`, the tokenizer_config.json or null;
`texts` and their `ids`. With all-MiniLM-L6-v2's vocab.txt it checks that the ids are those of fixtures/wordpiece.json.

Requirements: transformers 5.23.0, tokenizers 0.23.3; the weights in .deps/weights (scripts/fetch.py weights).
Command: python scripts/references/vocabulary_files.py
"""

import json
import pathlib
import shutil
import tempfile

import transformers

from fixture_files import FIXTURES, MINILM, save_rows
from sentences import LANGUAGES, ODDITIES

TEXTS = LANGUAGES[:14] + LANGUAGES[-8:] + [text for text in ODDITIES if len(text) < 200]
SMALL = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nfox\n\nfox\n##y\n\u00c9t\ne\u0301t\net\nx\r\n[NEW]\n\u4e2d\nq\"\\\t"
SMALL_TEXTS = ["The fox foxy", "\u00c9T et \u00c9t e\u0301t", "a\u4e2dx [NEW]", "[MASK] [CLS] x  [NEW] x", "q\"\\\t <x> fox", ""]
NEW = {"content": "[NEW]", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False, "special": True}
CASES = [
    ("bert-uncased", None, TEXTS),
    ("bert-cased", {"tokenizer_class": "BertTokenizer", "do_lower_case": False}, TEXTS),
    ("bert-uncased", {"do_lower_case": True, "strip_accents": False, "tokenize_chinese_chars": False}, TEXTS),
    ("bert-cased", {"do_lower_case": False, "strip_accents": True}, TEXTS),
    (SMALL, {}, SMALL_TEXTS),
    (SMALL, {"do_lower_case": False, "never_split": ["fox"]}, SMALL_TEXTS),
    (SMALL, {"strip_accents": False}, SMALL_TEXTS),
    (SMALL, {"tokenize_chinese_chars": False}, SMALL_TEXTS),
    (SMALL, {"added_tokens_decoder": {"14": NEW}}, SMALL_TEXTS),
    (SMALL, {"additional_special_tokens": ["[NEW]", "<x>"]}, SMALL_TEXTS),
    (SMALL, {"cls_token": "the", "sep_token": NEW | {"__type": "AddedToken", "content": "fox"}}, SMALL_TEXTS),
    (SMALL, {"unk_token": "[NEW]"}, SMALL_TEXTS),
]


def tokenizer_of(vocabulary, settings):
    """Reads a folder that has these files and a BERT's config.json."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        (folder / "config.json").write_text('{"model_type": "bert"}')
        (folder / "vocab.txt").write_bytes(vocabulary.encode())
        if settings is not None:
            (folder / "tokenizer_config.json").write_text(json.dumps(settings))
        return transformers.AutoTokenizer.from_pretrained(folder)


def lines_of(name):
    vocabulary = json.loads((FIXTURES / "tokenizers" / f"{name}.json").read_text())["model"]["vocab"]
    ordered = sorted(vocabulary, key=vocabulary.get)
    assert [vocabulary[token] for token in ordered] == list(range(len(ordered)))
    return "\n".join(ordered) + "\n"


def row(vocabulary, settings, texts):
    tokenizer = tokenizer_of(vocabulary if "\n" in vocabulary else lines_of(vocabulary), settings)
    ids = [tokenizer(text)["input_ids"] for text in texts]
    return {"vocabulary": vocabulary, "settings": settings, "texts": texts, "ids": ids}


def check_minilm():
    with tempfile.TemporaryDirectory() as temporary:
        for name in ("config.json", "vocab.txt", "tokenizer_config.json"):
            shutil.copy(MINILM / name, temporary)
        tokenizer = transformers.AutoTokenizer.from_pretrained(temporary)
    rows = json.loads((FIXTURES / "wordpiece.json").read_text())
    wrong = [row["text"] for row in rows if tokenizer(row["text"], truncation=True, max_length=256)["input_ids"] != row["ids"]]
    print(f"all-MiniLM-L6-v2's vocab.txt: {len(rows) - len(wrong)} of {len(rows)} as in wordpiece.json")
    assert not wrong, wrong[:3]


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    check_minilm()
    save_rows("vocabulary_files.json", [row(*case) for case in CASES])
