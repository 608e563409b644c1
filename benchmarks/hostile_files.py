"""Weights, tokenizers and configurations that ask for too much, are damaged, or are none, each with the command's arguments that meet it. Imported by hostile.py.

Each function writes into the folder it is given. Networks are as small as they can be: a BERT of one layer and 8 values, and the bundled ResNet-10.
"""

import json
import os
import pathlib
import struct
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[1]
RESNET = ROOT / "Sources" / "Braid" / "Resources" / "weights" / "resnet10-cifar-mnist"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "##a", "##b", "good", "bad"]
SHAPE = {
    "model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16, "vocab_size": len(WORDS),
    "max_position_embeddings": 32, "type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": 1e-12, "architectures": ["BertModel"],
}


# --- containers -----------------------------------------------------------------------------------------------------------


def safetensors(path, entries):
    """Writes (name, dtype, shape, bytes) a tensor."""
    header, offset = {}, 0
    for name, dtype, shape, data in entries:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data for *_, data in entries))


def entries(path):
    """What `safetensors` wrote."""
    content = path.read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + size])
    body = content[8 + size :]
    return [
        (name, each["dtype"], each["shape"], body[slice(*each["data_offsets"])])
        for name, each in header.items() if name != "__metadata__"
    ]


def png(path, side=8):
    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))  # noqa: E731
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + bytes((31 * row + 7 * column) % 256 for column in range(side)) for row in range(side))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


# --- a small encoder of texts -----------------------------------------------------------------------------------------------


def floats(*shape, value=0.1):
    count = 1
    for size in shape:
        count *= size
    return list(shape), struct.pack("<f", value) * count


def bert_entries():
    hidden, inner = SHAPE["hidden_size"], SHAPE["intermediate_size"]
    shapes = {
        "embeddings.word_embeddings.weight": (len(WORDS), hidden), "embeddings.position_embeddings.weight": (32, hidden),
        "embeddings.token_type_embeddings.weight": (2, hidden),
    }
    layer = "encoder.layer.0"
    for name, outputs, inputs in [
        *((f"attention.self.{part}", hidden, hidden) for part in ("query", "key", "value")), ("attention.output.dense", hidden, hidden),
        ("intermediate.dense", inner, hidden), ("output.dense", hidden, inner),
    ]:
        shapes |= {f"{layer}.{name}.weight": (outputs, inputs), f"{layer}.{name}.bias": (outputs,)}
    for name in ("embeddings.LayerNorm", f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"):
        shapes |= {f"{name}.weight": (hidden,), f"{name}.bias": (hidden,)}
    return [(name, "F32", *floats(*shape)) for name, shape in shapes.items()]


def tokenizer(**changes):
    vocabulary = {word: index for index, word in enumerate(WORDS)}
    special = [
        {"id": index, "content": word, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        for index, word in enumerate(WORDS[:5])
    ]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special, "normalizer": None,
        "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": None, "decoder": None,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocabulary},
    } | changes


def text_model(folder, tokens=None, weights=None, **shape):
    """A folder `encoder`, a manifest of two texts, and the arguments that embed them."""
    place = folder / "encoder"
    place.mkdir()
    (place / "config.json").write_text(json.dumps(SHAPE | shape))
    (place / "tokenizer.json").write_text(tokens if isinstance(tokens, str) else json.dumps(tokens or tokenizer()))
    if weights is None:
        safetensors(place / "model.safetensors", bert_entries())
    else:
        weights(place / "model.safetensors")
    (folder / "manifest.csv").write_text("text\na good a\nbad b\n")
    (folder / "config.yaml").write_text("modalities: {text: {weights: encoder}}\n")
    return ["embed", "config.yaml", "--manifest", "manifest.csv", "--out", "out"]


def growing_tokenizer(folder):
    step = {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 1000}
    return text_model(folder, tokenizer(normalizer={"type": "Sequence", "normalizers": [step] * 3}))


def distant_token(folder):
    tokens = tokenizer()
    tokens["added_tokens"][2]["id"] = 10**9
    tokens["post_processor"] = {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 10**9]}
    return text_model(folder, tokens)


def nested_tokenizer(folder): return text_model(folder, "[" * 100_000 + "]" * 100_000)


# --- weights ----------------------------------------------------------------------------------------------------------------


def weights_header(folder, tensors=0, integers=0):
    def write(path):
        if tensors:
            each = b",".join(b'"t%07d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}' % index for index in range(tensors))
            text = b"{" + each + b"}"
        else:
            text = b'{"a":{"dtype":"F32","shape":[' + b"1000," * integers + b'1],"data_offsets":[0,4]}}'
        path.write_bytes(struct.pack("<Q", len(text)) + text + b"\0\0\0\0")

    return text_model(folder, weights=write)


def picture_model(folder, change):
    """The bundled ResNet-10 with weights that `change` makes of the real ones."""
    place = folder / "encoder"
    place.mkdir()
    (place / "config.json").write_bytes((RESNET / "config.json").read_bytes())
    safetensors(place / "model.safetensors", [change(*entry) for entry in entries(RESNET / "model.safetensors")])
    png(folder / "a.png")
    (folder / "manifest.csv").write_text("image\na.png\n")
    (folder / "config.yaml").write_text("modalities: {image: {weights: encoder}}\n")
    return ["embed", "config.yaml", "--manifest", "manifest.csv", "--out", "out"]


def damaged_weights(folder, value, part="weight"):
    code = {"F32": struct.pack("<f", value), "F16": struct.pack("<e", value), "BF16": struct.pack("<f", value)[2:]}
    changed = []

    def change(name, dtype, shape, data):
        if not changed and name.endswith(part) and dtype in code:
            changed.append(name)
            data = code[dtype] + data[len(code[dtype]) :]
        return name, dtype, shape, data

    arguments = picture_model(folder, change)
    assert changed
    return arguments


def relabelled_weights(folder):
    labels = {"F32": "I32", "F16": "I16", "BF16": "I16"}
    return picture_model(folder, lambda name, dtype, shape, data: (name, labels.get(dtype, dtype), shape, data))


def named_weights(folder):
    extra = ("\x1b]0;owned\x07" + "n" * 5_000_000, "F32", *floats(1))
    return text_model(folder, weights=lambda path: safetensors(path, [*bert_entries()[1:], extra]))


# --- configurations -----------------------------------------------------------------------------------------------------------


def training(folder, *overrides):
    rows = "".join(f"a {row % 2},c{row % 2},{split}\n" for row, split in enumerate(["train", "val", "test"] * 8))
    (folder / "manifest.csv").write_text("text,label,split\n" + rows)
    (folder / "config.yaml").write_text(
        'manifest: manifest.csv\nmodalities: {text: {weights: "bundled:all-MiniLM-L6-v2", train: none}}\n'
        "head: {task: multiclass}\ntraining: {epochs: 1}\n")
    return ["train", "config.yaml", "--out", "run", *(part for override in overrides for part in ("--set", override))]


def hidden(folder, sizes, fusion=256):
    """A head with hidden layers of these sizes."""
    arguments = training(folder)
    with open(folder / "config.yaml", "a") as file:
        file.write(f"fusion: {{dim: {fusion}}}\n")
    text = (folder / "config.yaml").read_text().replace("{task: multiclass}", f"{{task: multiclass, hidden: [{', '.join(map(str, sizes))}]}}")
    (folder / "config.yaml").write_text(text)
    return arguments


def nested_aliases(folder):
    lines = ["a0: &a0 {x: 1, y: 2}"]
    lines += [f"a{level}: &a{level} {{{', '.join(f'k{key}: *a{level - 1}' for key in range(10))}}}" for level in range(1, 10)]
    (folder / "config.yaml").write_text("\n".join(lines) + "\n")
    return ["train", "config.yaml", "--out", "run"]


def merged_keys(folder):
    lines = ["a0: &a0 {" + ", ".join(f"k{key}: {key}" for key in range(100)) + "}"]
    lines += [f"a{level}: &a{level} {{{', '.join(f'm{key}: {{<<: *a{level - 1}, own: {key}}}' for key in range(20))}}}" for level in range(1, 7)]
    (folder / "config.yaml").write_text("\n".join(lines) + "\n")
    return ["train", "config.yaml", "--out", "run"]


def piped_configuration(folder):
    os.mkfifo(folder / "config.yaml")
    return ["train", "config.yaml", "--out", "run"]


def piped_weights(folder):
    arguments = picture_model(folder, lambda *entry: entry)
    (folder / "encoder" / "model.safetensors").unlink()
    os.mkfifo(folder / "encoder" / "model.safetensors")
    return arguments


def adapters_in_a_circle(folder):
    for name, base in [("one", "two"), ("two", "one")]:
        (folder / name).mkdir()
        (folder / name / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 4, "lora_alpha": 4, "base_model_name_or_path": base}))
    (folder / "config.yaml").write_text("modalities: {text: {weights: one}}\n")
    (folder / "manifest.csv").write_text("text\na\nb\n")
    return ["embed", "config.yaml", "--manifest", "manifest.csv", "--out", "out"]
