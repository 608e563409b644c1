"""Texts that tokenizers are compared on, the same at every run. Imported by other scripts, not run."""

import random
import sys
import unicodedata

from sentences import LANGUAGES, ODDITIES, TEMPLATES

SCALARS = [c for c in range(sys.maxunicode + 1) if not 0xD800 <= c <= 0xDFFF]
CODE = [line for line in open(__file__, encoding="utf-8")]
MARKS = [chr(c) for c in SCALARS if unicodedata.combining(chr(c))]
SPECIALS = ["<s>", "</s>", "<mask>", "<unk>", "[MASK]", "[CLS]", "<|endoftext|>", "<|im_start|>", "<|startoftext|>", "<EOT>"]
JOINED = ["👨‍👩‍👧‍👦", "🏳️‍🌈", "🇫🇷🇩🇪", "1️⃣", "🧑🏿‍🚀", "❤️", "क्‍ष", "한각", "e\u0301\u0323", "\r\n", "\u0600a", "ﷺ", "½\u0301"]


def sentences(chance):
    """A sentence as it is, in another form, or some words of several."""
    sentence = chance.choice(LANGUAGES + ODDITIES + TEMPLATES)
    change = chance.randrange(8)
    if change < 4:
        return unicodedata.normalize(("NFC", "NFD", "NFKC", "NFKD")[change], sentence)
    if change == 4:
        return chance.choice((str.upper, str.lower, str.title, str.swapcase))(sentence)
    words = " ".join(chance.choices(LANGUAGES + TEMPLATES, k=4)).split()
    return chance.choice((" ", " ", "  ", "\n", "\t", "")).join(chance.choices(words, k=chance.randint(1, 30)))


def mixtures(chance):
    """Pieces of all kinds run together."""
    def piece():
        kind = chance.randrange(9)
        if kind == 0:
            return chance.choice(SPECIALS)
        if kind == 1:
            return chance.choice(JOINED)
        if kind == 2:
            return chance.choice(" \t\n\r\u00a0\u3000\u2028\u0085") * chance.randint(1, 4)
        if kind == 3:
            return chr(chance.choice(SCALARS))
        if kind == 4:
            return chance.choice("aeo가か中ก½Ä") + "".join(chance.choices(MARKS, k=chance.randint(1, 4)))
        if kind == 5:
            return chance.choice(CODE).strip(chance.choice((" ", "\n", "x")))[: chance.randint(1, 60)]
        if kind == 6:
            return chance.choice(("'s", "'LL", "'ſ", "'Re", "don't", "123456", "3.14", "x_y", "!!", "--", "…"))
        return chance.choice(chance.choice(LANGUAGES).split())
    return "".join(piece() + chance.choice(("", "", " ")) for _ in range(chance.randint(1, 12)))


def noise(chance):
    """Scalars of one block, or of all."""
    if chance.random() < 0.6:
        block = chance.randrange(0, 0x3200 if chance.random() < 0.7 else 0x20000, 0x80)
        codes = [block + chance.randrange(0x80) for _ in range(chance.randint(1, 24))]
    else:
        codes = chance.choices(SCALARS, k=chance.randint(1, 24))
    return "".join(chr(c) + chance.choice(("", "", " ")) for c in codes if not 0xD800 <= c <= 0xDFFF)


def long_texts(chance):
    """About 100 kB each: natural, without a space, of one character, of nothing but spaces."""
    natural = " ".join(chance.choices(LANGUAGES + TEMPLATES, k=1200))
    yield from (natural, natural.replace(" ", ""), "a" * 100_000, " " * 100_000, "中" * 33_000, "ab" * 50_000, "\u0301" * 50_000)
    yield "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=100_000))
    yield "".join(chr(c) for c in chance.choices(SCALARS, k=30_000))


def scalar_texts():
    """Every scalar by itself, between letters, doubled, and after a mark, 64 to a text."""
    for start in range(0, len(SCALARS), 64):
        some = [chr(c) for c in SCALARS[start : start + 64]]
        yield " ".join(f"a{c}b" for c in some)
        yield " ".join(some)
        yield "".join(f"{c}{c}\u0301\u0323." for c in some)


def texts(count, seed=5):
    """`count` different texts, the fixed ones first."""
    chance = random.Random(seed)
    found = dict.fromkeys(LANGUAGES + ODDITIES + TEMPLATES + JOINED + SPECIALS)
    found.update(dict.fromkeys(f"a{chr(c)}b" for c in SCALARS[: 0x3000 if count > 15000 else 0]))
    makers = (sentences, mixtures, mixtures, noise)
    while len(found) < count:
        found[chance.choice(makers)(chance)] = None
    return [*found]
