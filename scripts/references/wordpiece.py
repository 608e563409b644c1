"""Token ids of all-MiniLM-L6-v2's WordPiece tokenizer, and how it treats every code point, from `tokenizers`.

Writes fixtures/wordpiece.json, [{"text", "ids"}], truncated to 256 ids and not padded, and
fixtures/wordpiece-codepoints.json, {"ranges": [[first, last, class]]} over every Unicode scalar value c. The class says
what the normalizer and the pre-tokenizer make of "a" + c + "b":
    removed   what they make of "ab"           space   what they make of "a b"
    isolated  "a", something, "b"              joined  one word that is not "ab"
    other     anything else

Requirements: tokenizers 0.23.3; the weights in .deps/weights (scripts/fetch.py weights).
Command: python scripts/references/wordpiece.py
"""

import itertools
import random
import sys
import unicodedata

from tokenizers import Tokenizer

from fixture_files import MINILM, save_json, save_rows
from sentences import LANGUAGES, ODDITIES, TEMPLATES

RANDOM = random.Random(3)
SCALARS = [c for c in range(sys.maxunicode + 1) if not 0xD800 <= c <= 0xDFFF]


def code_point_texts():
    """Characters of every kind inside and between words."""
    by_category = {}
    for code in SCALARS:
        by_category.setdefault(unicodedata.category(chr(code)), []).append(chr(code))
    for category, characters in sorted(by_category.items()):
        for _ in range(12):
            some = RANDOM.sample(characters, min(4, len(characters)))
            yield "word" + some[0] + "piece " + " ".join(some[1:]) + some[-1]
    for category in ("Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"):
        for start in range(0, min(len(by_category[category]), 120), 12):
            yield "x".join(by_category[category][start : start + 12])
    digits = by_category["Nd"]
    for start in range(0, len(digits), 20):
        yield "".join(digits[start : start + 10]) + " " + " ".join(digits[start + 10 : start + 20])


def random_texts():
    """Code points of one plane, of one block of 256, and of all planes."""
    planes = [SCALARS[start : start + 0x10000] for start in range(0, len(SCALARS), 0x10000)]
    for plane in planes:
        for _ in range(6):
            yield "".join(chr(code) for code in RANDOM.choices(plane, k=RANDOM.randint(1, 24)))
    for _ in range(220):
        block = RANDOM.randrange(0x0, 0x3200, 0x100)
        codes = [RANDOM.randrange(block, block + 0x100) for _ in range(RANDOM.randint(3, 20))]
        yield "".join(chr(code) + RANDOM.choice(("", "", " ")) for code in codes)
    for _ in range(100):
        yield "".join(chr(code) for code in RANDOM.choices(SCALARS, k=RANDOM.randint(1, 30)))
    for _ in range(60):
        yield "".join(RANDOM.choice("abcxyz ABC.,!?'\"-_0123456789\t\n") for _ in range(RANDOM.randint(1, 80)))


def sentence_texts():
    yield from itertools.chain(LANGUAGES, ODDITIES, TEMPLATES)
    for sentence in LANGUAGES:
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            changed = unicodedata.normalize(form, sentence)
            if changed != sentence:
                yield changed
        yield sentence.upper()
        yield sentence.replace(" ", "")
    words = " ".join(LANGUAGES).split()
    for _ in range(120):
        yield " ".join(RANDOM.choices(words, k=RANDOM.randint(1, 30)))
    for length in (98, 99, 100, 101, 102, 150, 300):
        yield "a" * length
        yield "un" + "b" * length + " known"
        yield "é" * length
        yield "中" * length
        yield "word " * length


def vocabulary_texts(tokenizer):
    """Pieces of the vocabulary run together, in any case, some with accents or characters that are to be dropped."""
    pieces = [piece.removeprefix("##") for piece, _ in sorted(tokenizer.get_vocab().items()) if piece[0] != "["]
    for _ in range(300):
        words = []
        for _ in range(RANDOM.randint(1, 15)):
            word = "".join(RANDOM.choices(pieces, k=RANDOM.choice((1, 1, 2, 3))))
            word = RANDOM.choice((str, str.upper, str.title))(word)
            at = RANDOM.randint(0, len(word))
            words.append(word[:at] + RANDOM.choice(("",) * 6 + ("\u0301", "\u00ad", "\ufeff", "\u0000")) + word[at:])
        yield RANDOM.choice((" ", " ", "-", "")).join(words)


def class_of(tokenizer, character):
    def words(text):
        return [word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text))]

    found = words("a" + character + "b")
    if found == words("ab"):
        return "removed"
    if found == words("a b"):
        return "space"
    if len(found) == 3 and found[0] == "a" and found[2] == "b":
        return "isolated"
    return "joined" if len(found) == 1 else "other"


def code_point_ranges(tokenizer):
    ranges = []
    for code in SCALARS:
        name = class_of(tokenizer, chr(code))
        if ranges and ranges[-1][1] == code - 1 and ranges[-1][2] == name:
            ranges[-1][1] = code
        else:
            ranges.append([code, code, name])
    return ranges


if __name__ == "__main__":
    tokenizer = Tokenizer.from_file(str(MINILM / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    sources = sentence_texts(), vocabulary_texts(tokenizer), code_point_texts(), random_texts()
    texts = dict.fromkeys(itertools.chain(*sources))  # each text once
    save_rows("wordpiece.json", [{"text": text, "ids": tokenizer.encode(text).ids} for text in texts])
    save_json("wordpiece-codepoints.json", {"ranges": code_point_ranges(tokenizer)})
