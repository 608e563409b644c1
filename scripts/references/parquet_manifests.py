"""Writes fixtures/reports/parquet/: manifests in Parquet, and the rows that pyarrow reads from each. Needs pyarrow 26.0.1.

    python3 scripts/references/parquet_manifests.py fixtures/reports/parquet

    paths.parquet      paths and columns of every type that a manifest has, in Snappy, dictionaries and two row groups
    embedded.parquet   pictures and sounds in the file as `datasets` stores them, with names of classes, in Zstandard
    types.parquet      the other types: small and large numbers, decimals, dates, bytes, lists, and such as are not read
    FILE.json          "columns": name and type of cparquet.h, "features": the text of the metadata, "rows": bytes in base64
"""

import base64
import datetime
import decimal
import io
import json
import pathlib
import struct
import sys
import wave
import zlib

import pyarrow
from pyarrow import parquet

MEDIA = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])


def picture(number):
    """A PNG of 4 x 4 pixels in one colour."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = (b"\0" + bytes([40 * number, 255 - 40 * number, 128]) * 4) * 4
    head = struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def sound(number):
    """A WAV of 160 samples."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16000)
        writer.writeframes(struct.pack("<160h", *((number + 1) * 1000 * (index % 8 - 4) for index in range(160))))
    return file.getvalue()


def paths():
    return pyarrow.table({
        "image": ["images/1.png", "images/2.png", None, "images/größe 4.png", "images/5.png", "images/6.png"],
        "text": ["a cat", 'said "no", left', "zwei\nZeilen", "", None, "a text that is longer than twelve bytes: 日本語"],
        "label": pyarrow.array(["cat", "dog", "cat", "cat", "dog", "cat"]).dictionary_encode(),
        "tags": [["red", "small"], [], None, ["red"], ["a, b", 'c"d'], ["a tag that is longer than twelve bytes", None]],
        "score": pyarrow.array([0.1, 0.5, None, -3.25, 1e-7, 1e20], pyarrow.float32()),
        "count": [1, 2, 3, None, 5, 2**62],
        "is_real": [True, False, None, True, False, True],
        "split": ["train", "train", "train", "validation", "test", "test"],
    })


def embedded():
    features = {
        "image": {"_type": "Image"}, "audio": {"_type": "Audio", "sampling_rate": 16000},
        "text": {"dtype": "string", "_type": "Value"}, "label": {"names": ["no", "yes", "größer"], "_type": "ClassLabel"},
    }
    table = pyarrow.table({
        "image": pyarrow.array(
            [{"bytes": picture(0), "path": "0.png"}, {"bytes": picture(1), "path": None}, {"bytes": None, "path": "2.png"}, None], MEDIA),
        "audio": pyarrow.array(
            [{"bytes": sound(0), "path": "0.wav"}, None, {"bytes": sound(2), "path": "2.wav"}, {"bytes": sound(3), "path": None}], MEDIA),
        "text": ["first", "second", None, "fourth"],
        "label": pyarrow.array([0, 2, 1, None], pyarrow.int64()),
    })
    return table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}}, ensure_ascii=False)})


def types():
    day, time = datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 3, 4, 5)
    return pyarrow.table({
        "int8": pyarrow.array([-128, 127, None], pyarrow.int8()),
        "uint32": pyarrow.array([2**32 - 1, 0, None], pyarrow.uint32()),
        "uint64": pyarrow.array([2**64 - 1, 0, None], pyarrow.uint64()),
        "double": [0.1, -1.5, None],
        "decimal": pyarrow.array([decimal.Decimal("1.25"), decimal.Decimal("-3.50"), None], pyarrow.decimal128(10, 2)),
        "date": pyarrow.array([day, day, None]),
        "time": pyarrow.array([time, time, None], pyarrow.timestamp("us")),
        "binary": [b"\0\xff", b"", None],
        "numbers": [[1, 2], [], None],
        'a "quoted"; name': [1, 2, 3],
        "map": pyarrow.array([[("a", 1)], [], None], pyarrow.map_(pyarrow.string(), pyarrow.int64())),
        "box": [{"x": 1, "y": 2}, None, {"x": 3, "y": 4}],
    })


def type_of(type):
    kinds = pyarrow.types
    if kinds.is_dictionary(type):
        return type_of(type.value_type)
    if kinds.is_uint64(type):
        return "text"
    for name, checks in {
        "integer": [kinds.is_integer], "float": [kinds.is_floating, kinds.is_decimal], "boolean": [kinds.is_boolean],
        "binary": [kinds.is_binary], "list": [kinds.is_list], "other": [kinds.is_map],
    }.items():
        if any(check(type) for check in checks):
            return name
    if kinds.is_struct(type):
        return "media" if type == MEDIA else "other"
    return "text"


def expected(value, kind, type):
    """The value as JSON: what cparquet.h says of a cell under that type."""
    if value is None or kind == "other":
        return None
    if kind == "binary":
        return base64.b64encode(value).decode()
    if kind == "media":
        return {"bytes": expected(value["bytes"], "binary", None), "path": value["path"]}
    if kind == "list":
        return [None if item is None else str(item) for item in value]
    if kind == "float":
        # The double that has the shortest text of the 32-bit value.
        return float(f"{value:.7g}") if type == pyarrow.float32() else float(value)
    return str(value) if kind == "text" else value


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, table, options in [
        ("paths", paths(), {"compression": "snappy", "row_group_size": 4}),
        ("embedded", embedded(), {"compression": "zstd", "row_group_size": 2}),
        ("types", types(), {"compression": "gzip"}),
    ]:
        file = folder / f"{name}.parquet"
        parquet.write_table(table, file, **options)
        read = parquet.read_table(file)
        kinds = {field.name: type_of(field.type) for field in read.schema}
        rows = [
            {key: expected(value, kinds[key], read.schema.field(key).type) for key, value in row.items()} for row in read.to_pylist()
        ]
        features = (read.schema.metadata or {}).get(b"huggingface")
        result = {"columns": kinds, "features": features.decode() if features else None, "rows": rows}
        file.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
        print(f"{file}: {len(rows)} rows, {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
