"""Tokenizers of one component each, whose ids spell out what it does to a text. Imported by other scripts, not run.

Their model has no token but the 256 bytes, and writes a "|" after each word: so ids differ wherever a normalizer writes
another byte, or a pre-tokenizer cuts elsewhere.
"""

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

BEHAVIORS = ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous")
CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
HEAD = r"[^\r\n\p{L}\p{N}]?"
PATTERNS = {
    "gpt2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "llama3": CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|" + REST,
    "qwen2": CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|" + REST,
    "gpt4o": f"{HEAD}{UPPER}*{LOWER}+{CONTRACTIONS}?|{HEAD}{UPPER}+{LOWER}*{CONTRACTIONS}?"
    + r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "clip": r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
}


def tokenizer(normalizer=None, pre_tokenizer=None, added=()):
    vocab = {"<unk>": 0} | {f"<0x{byte:02X}>": byte + 1 for byte in range(256)}
    built = Tokenizer(models.BPE(vocab, [], unk_token="<unk>", byte_fallback=True, end_of_word_suffix="|"))
    if normalizer is not None:
        built.normalizer = normalizer
    if pre_tokenizer is not None:
        built.pre_tokenizer = pre_tokenizer
    built.add_tokens([*added])
    return built


def normalizer_components():
    n = normalizers
    for name in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel", "Strip"):
        yield name, getattr(n, name)()
    yield "bert", n.BertNormalizer()
    yield "bert-cased", n.BertNormalizer(lowercase=False)
    yield "bert-accents", n.BertNormalizer(True, True, True, False)
    yield "bert-lower", n.BertNormalizer(False, False, False, True)
    yield "prepend", n.Prepend("▁")
    yield "replace", n.Sequence([n.Replace("a", "é"), n.Replace(Regex(r"\s+"), " "), n.Replace(Regex(" {2,}"), "_")])
    yield "deberta", n.Sequence([n.Replace(Regex(r"\s{2,}|[\n\r\t]"), " "), n.NFC(), n.Strip(left=False, right=True)])
    yield "albert", n.Sequence([n.Replace("``", '"'), n.NFKD(), n.StripAccents(), n.Lowercase(), n.Strip(True, False)])


def pre_tokenizer_components():
    p = pre_tokenizers
    yield "BertPreTokenizer", p.BertPreTokenizer()
    yield "Whitespace", p.Whitespace()
    yield "WhitespaceSplit", p.WhitespaceSplit()
    yield "Digits", p.Digits()
    yield "Digits-individual", p.Digits(individual_digits=True)
    yield "CharDelimiterSplit", p.CharDelimiterSplit("b")
    yield "ByteLevel", p.ByteLevel()
    yield "ByteLevel-plain", p.ByteLevel(add_prefix_space=False, use_regex=False)
    yield "Sequence", p.Sequence([p.WhitespaceSplit(), p.Metaspace(prepend_scheme="first"), p.Punctuation("merged_with_next")])
    for scheme in ("always", "first", "never"):
        yield f"Metaspace-{scheme}", p.Metaspace(prepend_scheme=scheme)
    yield "Metaspace-whole", p.Metaspace(prepend_scheme="first", split=False)
    for behavior in BEHAVIORS:
        yield f"Punctuation-{behavior}", p.Punctuation(behavior)
        yield f"Split-{behavior}", p.Split("b ", behavior)
        yield f"Split-{behavior}-inverted", p.Split(Regex(PATTERNS["clip"]), behavior, invert=True)
    for name, pattern in PATTERNS.items():
        yield f"pattern-{name}", p.Split(Regex(pattern), "isolated")


def added_components():
    """Added tokens of every kind, in texts that normalizers change."""
    kinds = [AddedToken(f"<{kind}>", lstrip="l" in kind, rstrip="r" in kind, single_word="w" in kind, normalized="n" in kind)
             for kind in ("x", "l", "r", "w", "n", "lr", "lw", "rw", "ln", "rn", "wn", "lrwn", "lrw")]
    words = [AddedToken("Der", normalized=True), AddedToken("der", normalized=False), AddedToken("dera", normalized=False),
             AddedToken("É", normalized=True), AddedToken("ing", single_word=True, normalized=False), AddedToken("  ")]
    yield "added", None, None, kinds + words
    yield "added-bert", normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer(), kinds + words[1:5]
    yield "added-metaspace", normalizers.NFKC(), pre_tokenizers.Metaspace(prepend_scheme="first"), kinds + words


def components():
    """Every component's name and tokenizer."""
    for name, normalizer in normalizer_components():
        yield f"normalizer-{name}", tokenizer(normalizer)
    for name, pre_tokenizer in pre_tokenizer_components():
        yield f"pre-{name}", tokenizer(None, pre_tokenizer)
    for name, normalizer, pre_tokenizer, added in added_components():
        yield name, tokenizer(normalizer, pre_tokenizer, added)
