"""The Unicode tables of the `tokenizers` package, asked of it scalar by scalar, as Swift sources.

The package mixes tables of several ages: general categories of about Unicode 8, decompositions of 13, its regular
expressions' and Rust's own of 16 and later. Ids are its ids only with its tables, whatever Unicode the Swift runtime knows.
Only the scalars that may bind to the cluster before them come from the `regex` package: they are more than need be.

Writes UnicodeTables+Classes.swift, UnicodeTables+Case.swift, UnicodeTables+Canonical.swift and
UnicodeTables+Compatible.swift into the folder that is given.

Requirements: tokenizers 0.23.3, sentencepiece 0.2.3, transformers, regex 2026.11.15.
Command: python scripts/references/unicode_tables.py Sources/Braid/Tokenize/Unicode
"""

import io
import pathlib
import sys
import tempfile
import unicodedata

import regex
from sentencepiece import SentencePieceTrainer
from tokenizers import Regex, normalizers, pre_tokenizers
from transformers.utils.sentencepiece_model_pb2_new import ModelProto

SCALARS = [c for c in range(sys.maxunicode + 1) if not 0xD800 <= c <= 0xDFFF]
HANGUL = range(0xAC00, 0xD7A4)  # composed and decomposed by rule


def removed_by(pre_tokenizer):
    """The scalars that a pre-tokenizer drops from a text of all of them."""
    kept = set()
    for piece, _ in pre_tokenizer.pre_tokenize_str("".join(map(chr, SCALARS))):
        kept.update(map(ord, piece))
    return set(SCALARS) - kept


def matching(pattern):
    return removed_by(pre_tokenizers.Split(Regex(pattern), "removed"))


def mapped(normalizer):
    return {c: normalizer.normalize_str(chr(c)) for c in SCALARS}


def classes():
    clean = mapped(normalizers.BertNormalizer(True, False, False, False))
    accents = mapped(normalizers.Sequence([normalizers.NFD(), normalizers.BertNormalizer(False, False, True, False)]))
    space = removed_by(pre_tokenizers.WhitespaceSplit())
    assert space == matching(r"\s")
    words = removed_by(pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Split(Regex(r"(?!)"), "removed")]))
    assert words == space
    yield "space", space
    yield "removedByBert", {c for c, text in clean.items() if not text}
    yield "nonspacingMark", {c for c, text in accents.items() if not text}
    yield "combiningMark", {c for c, text in mapped(normalizers.StripAccents()).items() if not text}
    yield "punctuation", removed_by(pre_tokenizers.Punctuation("removed"))
    number = pre_tokenizers.Digits(individual_digits=True)
    yield "numeric", {c for c in SCALARS if len(number.pre_tokenize_str("a" + chr(c) + "b")) == 3}
    word = pre_tokenizers.Whitespace()
    yield "word", {c for c in SCALARS if len(word.pre_tokenize_str("a" + chr(c) + "b")) == 1}
    yield "letter", matching(r"\p{L}")
    yield "number", matching(r"\p{N}")
    yield "mark", matching(r"\p{M}")
    yield "upper", matching(r"\p{Lu}|\p{Lt}")
    yield "lower", matching(r"\p{Ll}")
    yield from clusters()


def clusters():
    def these(pattern):
        return {c for c in SCALARS if regex.match(pattern, chr(c))}

    # With a rule for "a", the whole of a short cluster that begins with "a" becomes "b".
    normalizer = normalizers.Precompiled(compiled_map("a", "b"))
    extenders = {c for c in SCALARS if normalizer.normalize_str("a" + chr(c)) == "b"}
    yield "extender", extenders
    yield "prepender", {c for c in SCALARS if normalizer.normalize_str(chr(c) + "a\u0301").endswith("b\u0301")}
    yield "breaker", these(r"[\p{GCB=Control}\p{GCB=CR}\p{GCB=LF}]")
    # Superset of those that a joiner or a virama before them can bind: pictographs, Indic consonants, Hangul, flags.
    indic = set(range(0x900, 0xE00)) | set(range(0x1000, 0x10A0)) | set(range(0x1780, 0x1800)) | set(range(0x1A20, 0x1C50))
    indic |= set(range(0xA8E0, 0xA900)) | set(range(0xA980, 0xAA00)) | set(range(0xAA60, 0xAA80)) | set(range(0xABC0, 0xAC00))
    indic |= set(range(0x10A00, 0x12000)) | set(range(0x16D40, 0x16D80))
    bound = these(r"[\p{ExtPict}\p{GCB=L}\p{GCB=V}\p{GCB=T}\p{GCB=RI}]") | indic
    yield "bindable", bound - extenders - these(r"[\p{GCB=Prepend}\p{GCB=Control}]")


def compiled_map(old, new):
    """A charsmap of one rule, as SentencePiece compiles it."""
    with tempfile.TemporaryDirectory() as folder:
        rules = pathlib.Path(folder) / "rules.tsv"
        rules.write_text(f"{ord(old):X}\t{ord(new):X}\n")
        writer = io.BytesIO()
        SentencePieceTrainer.train(
            sentence_iterator=iter(["some words to train on"]), model_writer=writer, model_type="char", vocab_size=18,
            normalization_rule_tsv=str(rules), hard_vocab_limit=False, minloglevel=2)
    model = ModelProto()
    model.ParseFromString(writer.getvalue())
    return model.normalizer_spec.precompiled_charsmap


def gaps(scalars):
    """Hexadecimal lengths: so many scalars outside the set, so many in it, and so on."""
    lengths, previous, inside = [], 0, False
    for c in range(sys.maxunicode + 2):
        if (c in scalars) != inside:
            lengths.append(c - previous)
            previous, inside = c, not inside
    return " ".join(f"{length:x}" for length in lengths)


def lower_case():
    """Runs of "gap count stride delta", each gap counted from the end of the run before."""
    pairs = [(c, ord(text[0])) for c, text in mapped(normalizers.Lowercase()).items() if text != chr(c)]
    runs = []
    for code, lower in pairs:
        if runs:
            first, count, stride, delta = runs[-1]
            step = code - (first + (count - 1) * stride)
            if lower - code == delta and (count == 1 and step <= 2 or step == stride):
                runs[-1] = [first, count + 1, step, delta]
                continue
        runs.append([code, 1, 1, lower - code])
    previous, words = 0, []
    for first, count, stride, delta in runs:
        words.append(f"{first - previous:x} {count:x} {stride:x} {'-' if delta < 0 else ''}{abs(delta):x}")
        previous = first
    return " ".join(words)


def decompositions(pairs):
    """Entries "gap,scalar,scalar…", each gap counted from the entry before."""
    words, previous = [], 0
    for code, text in pairs:
        words.append(",".join(f"{value:x}" for value in [code - previous, *map(ord, text)]))
        previous = code
    return " ".join(words)


def combining_classes():
    """"gap count class" of every run of scalars that the reference sorts by that class."""
    normalizer = normalizers.NFD()
    iota = "\u0345"  # the only mark of the last class, 240; marks that the reference takes for none do not move before it
    known = {unicodedata.combining(chr(c)): chr(c) for c in reversed(SCALARS)
             if unicodedata.combining(chr(c)) and normalizer.normalize_str(iota + chr(c)) == chr(c) + iota}
    known[240] = iota
    ranks = sorted(known)
    found = {}
    for c in SCALARS:
        if normalizer.normalize_str(chr(c)) != chr(c):
            continue
        # A mark moves before those of higher classes and stays behind those of its own.
        if normalizer.normalize_str(known[ranks[-1]] + chr(c)) == chr(c) + known[ranks[-1]]:
            found[c] = next(rank for rank in ranks if normalizer.normalize_str(known[rank] + chr(c)) == known[rank] + chr(c)
                            and normalizer.normalize_str(chr(c) + known[rank]) == chr(c) + known[rank])
        elif normalizer.normalize_str(chr(c) + known[ranks[0]]) == known[ranks[0]] + chr(c):
            found[c] = ranks[-1]
    runs, previous = [], 0
    for c, rank in found.items():
        if runs and runs[-1][0] + runs[-1][1] == c and runs[-1][2] == rank:
            runs[-1][1] += 1
        else:
            runs.append([c, 1, rank])
    words = []
    for first, count, rank in runs:
        words.append(f"{first - previous:x} {count:x} {rank:x}")
        previous = first
    return " ".join(words)


def wrapped(text, width=112):
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line]


def write(folder, name, title, entries):
    lines = [f"// Written by scripts/references/unicode_tables.py; {title}", "", "extension UnicodeTables {"]
    for index, (entry, comment, text) in enumerate(entries):
        lines += [""] if index else []
        lines += [f"    /// {comment}", f'    static let {entry} = """']
        lines += [f"        {line} \\" for line in wrapped(text)[:-1]] + [f"        {wrapped(text)[-1]}", '        """']
    path = pathlib.Path(folder) / f"UnicodeTables+{name}.swift"
    path.write_text("\n".join([*lines, "}", ""]))
    print(f"{path}: {len(lines) + 1} lines")


if __name__ == "__main__":
    folder = sys.argv[1]
    entries = [(f"{name}Gaps", f"{len(scalars):,} scalars.", gaps(scalars)) for name, scalars in classes()]
    write(folder, "Classes", "lengths of the gaps and runs of each class.", entries)
    write(folder, "Case", "lower case and combining classes.", [
        ("lowerCaseRuns", "Gap, count, stride and difference of each run.", lower_case()),
        ("combiningRuns", "Gap, count and canonical combining class of each run.", combining_classes())])
    canonical = {c: text for c, text in mapped(normalizers.NFD()).items() if text != chr(c) and c not in HANGUL}
    compatible = {c: text for c, text in mapped(normalizers.NFKD()).items()
                  if text != chr(c) and c not in HANGUL and canonical.get(c) != text}
    composed = mapped(normalizers.NFC())
    excluded = {c for c in canonical if composed[c] != chr(c)}
    write(folder, "Canonical", "full canonical decompositions.", [
        ("canonical", "Gap and scalars of each entry.", decompositions(canonical.items())),
        ("compositionExclusionGaps", f"{len(excluded):,} scalars that composition never gives.", gaps(excluded))])
    write(folder, "Compatible", "full compatibility decompositions that are not the canonical ones.", [
        ("compatible", "Gap and scalars of each entry.", decompositions(compatible.items()))])
