#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets to corpus/: small inputs of every form that a reader knows, made here or among the fixtures.

Run it in this folder after a change; the corpus is committed, and stays below 100 kB.
"""
import json
import pathlib
import shutil
import struct
import wave

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures"
CORPUS = HERE / "corpus"


def put(target, name, content):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def copy(target, *paths):
    for path in paths:
        put(target, path.name, path.read_bytes())


def safetensors():
    def file(header, data=0):
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + bytes(data)

    one = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    put("safetensors", "one", file({"a": one}, 8))
    put("safetensors", "two", file({"__metadata__": {"format": "pt"}, "a": one,
                                    "b\u00e9": {"dtype": "I64", "shape": [], "data_offsets": [8, 16]}}, 16))
    put("safetensors", "empty", file({}))


def pickles():
    checkpoints = FIXTURES / "checkpoints"
    copy("pickle", *(checkpoints / name for name in ["nested.pth", "legacy.pth", "legacy-protocol4.pth", "torchscript.pt"]))


def jsons():
    index = {"metadata": {"total_size": 8}, "weight_map": {"a": "model-00001-of-00002.safetensors", "b": "b.bin"}}
    put("shards", "index", json.dumps(index))
    put("json", "config", json.dumps({"model_type": "bert", "hidden_size": 8, "depths": [1, 2], "x": {"y": None, "z": [True, 1.5e3]}}))


def tokenizers():
    model = {"type": "WordLevel", "vocab": {"a": 0, "ab": 1, "[UNK]": 2}, "unk_token": "[UNK]"}
    piece = {"type": "WordPiece", "vocab": {"a": 0, "##b": 1, "[UNK]": 2}, "unk_token": "[UNK]",
             "continuing_subword_prefix": "##", "max_input_chars_per_word": 100}
    pairs = {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "<0x61>": 3}, "merges": ["a b"], "unk_token": None,
             "byte_fallback": True}
    unigram = {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["\u2581a", -1.5], ["b", -2.25]]}
    token = {"id": 3, "content": "<s>", "single_word": True, "lstrip": True, "rstrip": True, "normalized": True, "special": True}

    def sequence(name, parts):
        return {"type": "Sequence", name: parts}

    normalizers = [{"type": kind} for kind in ["NFC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel"]] + [
        {"type": "Replace", "pattern": {"String": "a"}, "content": "bb"}, {"type": "Prepend", "prepend": "_"},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
        {"type": "Strip", "strip_left": True, "strip_right": True},
        {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}]
    words = [{"type": "Whitespace"}, {"type": "Digits", "individual_digits": True}, {"type": "BertPreTokenizer"},
             {"type": "Punctuation", "behavior": "Contiguous"}, {"type": "CharDelimiterSplit", "delimiter": "|"},
             {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": True},
             {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
             {"type": "Split", "pattern": {"Regex": "\\s+"}, "behavior": "MergedWithNext", "invert": True}]
    template = {"type": "TemplateProcessing", "pair": [], "single": [
        {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [3], "tokens": ["<s>"]}}}
    put("tokenizer", "words", json.dumps({"model": model, "added_tokens": [token], "normalizer": sequence("normalizers", normalizers)}))
    put("tokenizer", "pieces", json.dumps({"model": piece, "pre_tokenizer": sequence("pretokenizers", words)}))
    put("tokenizer", "pairs", json.dumps({"model": pairs, "post_processor": template, "truncation": {
        "direction": "Left", "max_length": 8, "strategy": "LongestFirst", "stride": 0}}))
    put("tokenizer", "unigram", json.dumps({"model": unigram, "padding": {
        "strategy": "BatchLongest", "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "<unk>"}}))
    put("vocabulary", "bert", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n\u00e9\r\n")

    def field(number, content):
        return bytes([number << 3 | 2, len(content)]) + content

    def piece_of(text, score, kind=1):
        return field(1, field(1, text.encode()) + bytes([2 << 3 | 5]) + struct.pack("<f", score) + bytes([3 << 3, kind]))

    pieces = piece_of("<unk>", 0, 2) + piece_of("<s>", 0, 3) + piece_of("</s>", 0, 3) + piece_of("\u2581a", -1) + piece_of("b", -2)
    put("sentencepiece", "unigram", pieces + field(2, bytes([3 << 3, 1])) + field(3, bytes([3 << 3, 1, 4 << 3, 1])))
    put("sentencepiece", "pairs", pieces + piece_of("\u2581ab", -3) + field(2, bytes([3 << 3, 2])))
    rules = struct.pack("<I4I", 16, 0, 0x61, 1 << 10, 0) + b"b\0"
    put("sentencepiece", "rules", pieces + field(2, bytes([3 << 3, 1])) + field(3, field(2, rules)))


def rows():
    put("manifest", "csv", "\0id,text,label,split\n1,\"a, \"\"b\"\"\",x,train\n2,,y,test\n")
    put("manifest", "tsv", "\1id\ttext\tlabel\n1\tone\tx\n2\ttwo\ty\n")
    put("manifest", "jsonl", "\2{\"id\": \"1\", \"text\": \"a\", \"label\": \"x\"}\n{\"id\": 2, \"text\": null, \"label\": [\"y\"]}\n")
    put("configuration", "plain", "manifest: rows.csv\nmodalities:\n  text:\n    encoder: bert\n    weights: random\n"
        "fusion:\n  kind: concat\nhead:\n  hidden: [8]\ntraining:\n  epochs: 2\n  rate: 1e-3\n")
    put("configuration", "anchors", "a: &a {x: 1}\nmodalities: {image: *a, text: {<<: *a}}\n")


def media():
    copy("picture", *sorted(path for path in (FIXTURES / "images").iterdir() if path.stat().st_size < 1600))
    names = ["opus-48k.opus", "pcm8-11k.wav"]
    copy("sound", *(FIXTURES / "audio" / name for name in names if (FIXTURES / "audio" / name).exists()))
    (CORPUS / "sound").mkdir(parents=True, exist_ok=True)
    with wave.open(str(CORPUS / "sound" / "pcm16.wav"), "wb") as file:
        file.setparams((2, 2, 8000, 64, "NONE", ""))
        file.writeframes(bytes(range(256)))
    for container in ["flac", "ogg", "mp3", "aiff", "au", "caf", "w64"]:
        whole = (FIXTURES / "reports" / "sound" / f"whole.{container}").read_bytes()
        put("sound", f"cut.{container}", whole[:3000])


if __name__ == "__main__":
    shutil.rmtree(CORPUS, ignore_errors=True)
    for make in [safetensors, pickles, jsons, tokenizers, rows, media]:
        make()
    sizes = [path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()]
    print(f"{len(sizes)} seeds, {sum(sizes)} bytes")
