"""Small tokenizers of every published pipeline with the ids of some texts, and what each component does to a text.

The vocabularies are trained here, on the texts of sentences.py; the pipelines are those that transformers gives the models.
Writes into fixtures/tokenizers, for each pipeline NAME, NAME.json, a tokenizer.json, and NAME-ids.json, [{"text", "ids"}];
and components.json, {"texts", "components": [{"name", "normalizer", "pre_tokenizer", "added_tokens", "spelled"}]}, where
`spelled` is what the ids of tokenizer_components.py's tokenizers spell for each text, and `ids` stand where tokens were added.
Training breaks ties by chance: another run writes other files, which are as good.

Requirements: tokenizers 0.23.3, sentencepiece 0.2.3.
Command: python scripts/references/tokenizer_fixtures.py
"""

import io
import json
import pathlib
import random
import tempfile

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers.utils import sentencepiece_model_pb2_new as sentencepiece_model

from fixture_files import FIXTURES, save_json, save_rows
from sentences import LANGUAGES, ODDITIES, TEMPLATES
from tokenizer_components import PATTERNS, components
from tokenizer_texts import JOINED, SPECIALS, mixtures, noise, sentences

CORPUS = LANGUAGES + TEMPLATES[:60]
# A few of nmt_nfkc's rules, as the whole map has 300 kB.
RULES = {"½": "1⁄2", "ﬁ": "fi", "Ａ": "A", "Ｂ": "B", "\t": " ", "\u3000": " ", "\u00a0": " ", "\u00ad": "", "\u200b": " ",
         "\ufeff": "", "…": "...", "㎏": "kg", "ﷺ": "صلى الله عليه وسلم", "e\u0301": "é", "ä": "a\u0308",
         "\u212b": "\u00c5", "が": "か\u3099"}


def specials(tokenizer, *tokens, **options):
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False, **options) for token in tokens])


def train(tokenizer, trainer, size=900, **options):
    tokenizer.train_from_iterator(CORPUS, trainer(vocab_size=size, show_progress=False, **options))
    return tokenizer


def bert(lowercase):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    train(tokenizer, trainers.WordPieceTrainer, 1500, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]", length=128)
    tokenizer.enable_truncation(128)
    return tokenizer


def byte_level(normalizer, pre_tokenizer, tokens, **options):
    tokenizer = Tokenizer(models.BPE(**options))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    suffix = {"end_of_word_suffix": "</w>"} if "end_of_word_suffix" in options else {}
    train(tokenizer, trainers.BpeTrainer, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=tokens, **suffix)
    specials(tokenizer, *tokens)
    return tokenizer


def gpt2():
    tokenizer = byte_level(None, pre_tokenizers.ByteLevel(add_prefix_space=False), ["<|endoftext|>"])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def roberta():
    tokenizer = byte_level(None, pre_tokenizers.ByteLevel(add_prefix_space=False), ["<s>", "<pad>", "</s>", "<unk>"])
    specials(tokenizer, "<mask>", lstrip=True)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    tokenizer.enable_padding(pad_id=1, pad_token="<pad>", direction="left", pad_to_multiple_of=8)
    return tokenizer


def split(pattern):
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(PATTERNS[pattern]), "isolated"), byte_level])


def qwen2():
    tokenizer = byte_level(normalizers.NFC(), split("qwen2"), ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def llama3():
    tokenizer = byte_level(None, split("llama3"), ["<|begin_of_text|>", "<|end_of_text|>"], ignore_merges=True)
    template = processors.TemplateProcessing(single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", 0)])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])
    tokenizer.enable_truncation(64, direction="left")
    return tokenizer


def clip():
    pieces = pre_tokenizers.Split(Regex(PATTERNS["clip"]), "removed", invert=True)
    steps = [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    tokenizer = byte_level(
        normalizers.Sequence(steps), pre_tokenizers.Sequence([pieces, pre_tokenizers.ByteLevel(add_prefix_space=False)]),
        ["<|startoftext|>", "<|endoftext|>"], unk_token="<|endoftext|>", end_of_word_suffix="</w>")
    tokenizer.post_processor = processors.RobertaProcessing(("<|endoftext|>", 1), ("<|startoftext|>", 0), False, False)
    return tokenizer


def trained_pieces(kind, **options):
    """A SentencePiece model of the corpus, with the rules above."""
    with tempfile.TemporaryDirectory() as folder:
        rules = pathlib.Path(folder) / "rules.tsv"
        codes = [(" ".join(f"{ord(c):X}" for c in side) for side in rule) for rule in RULES.items()]
        rules.write_text("".join("\t".join(sides) + "\n" for sides in codes))
        writer = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(CORPUS), model_writer=writer, model_type=kind, normalization_rule_tsv=str(rules),
            minloglevel=2, hard_vocab_limit=False, character_coverage=0.98, **options)
    model = sentencepiece_model.ModelProto()
    model.ParseFromString(writer.getvalue())
    return model


def xlmr():
    model = trained_pieces("unigram", vocab_size=1000)
    vocab = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    vocab += [(piece.piece, piece.score) for piece in model.pieces[3:]] + [("<mask>", 0.0)]
    tokenizer = Tokenizer(models.Unigram(vocab, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap), normalizers.Strip(left=False, right=True),
        normalizers.Replace(Regex(" {2,}"), "▁")])
    specials(tokenizer, "<s>", "<pad>", "</s>", "<unk>")
    specials(tokenizer, "<mask>", lstrip=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return tokenizer


def t5():
    model = trained_pieces("unigram", vocab_size=1300, byte_fallback=True)
    vocab = [(piece.piece, piece.score) for piece in model.pieces]
    tokenizer = Tokenizer(models.Unigram(vocab, unk_id=0, byte_fallback=True))
    tokenizer.normalizer = normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap)
    specials(tokenizer, "</s>", "<extra_id_0>")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="first")])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 2)])
    return tokenizer


def llama():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    byte_tokens = [f"<0x{byte:02X}>" for byte in range(256)]
    train(tokenizer, trainers.BpeTrainer, 1200, special_tokens=["<unk>", "<s>", "</s>", *byte_tokens], limit_alphabet=200)
    settings = json.loads(tokenizer.to_str())
    settings["added_tokens"] = settings["added_tokens"][:3]
    return Tokenizer.from_str(json.dumps(settings))


def word_level():
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(True)])
    train(tokenizer, trainers.WordLevelTrainer, 400, special_tokens=["[UNK]", "[CLS]", "[SEP]"])
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    return tokenizer


PIPELINES = {"bert-uncased": lambda: bert(True), "bert-cased": lambda: bert(False), "gpt2": gpt2, "roberta": roberta,
             "qwen2": qwen2, "llama3": llama3, "clip": clip, "xlmr": xlmr, "t5": t5, "llama": llama, "word-level": word_level}


def fixture_texts(count, chance):
    found = dict.fromkeys(LANGUAGES[:24] + ODDITIES + JOINED + SPECIALS)
    makers = (sentences, mixtures, mixtures, noise)
    while len(found) < count:
        found[chance.choice(makers)(chance)[:80]] = None
    return [*found]


def save_components():
    texts = fixture_texts(145, random.Random(2))[95:]
    rows = []
    for name, tokenizer in components():
        settings = json.loads(tokenizer.to_str())
        spelled = [bytes(index - 1 for index in tokenizer.encode(text).ids if index <= 256).decode() if not settings["added_tokens"]
                   else [*tokenizer.encode(text).ids] for text in texts]
        rows.append({"name": name, **{key: settings[key] for key in ("normalizer", "pre_tokenizer", "added_tokens")},
                     "spelled" if not settings["added_tokens"] else "ids": spelled})
    save_json("tokenizers/components.json", {"texts": texts, "components": rows})


if __name__ == "__main__":
    for name, build in PIPELINES.items():
        tokenizer = build()
        path = FIXTURES / "tokenizers" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        settings = json.loads(tokenizer.to_str())
        if name == "llama":  # as older files have them
            settings["model"]["merges"] = [" ".join(pair) for pair in settings["model"]["merges"]]
        path.write_text(json.dumps(settings, ensure_ascii=True, separators=(",", ":")) + "\n")
        tokenizer.no_truncation()
        tokenizer.no_padding()
        rows = [{"text": text, "ids": tokenizer.encode(text).ids} for text in fixture_texts(220, random.Random(7))]
        save_rows(f"tokenizers/{name}-ids.json", rows)
    save_components()
