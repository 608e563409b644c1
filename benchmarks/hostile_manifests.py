"""Manifests, and files that manifests name, that ask for too much or are none, each with the command's arguments that meet it. Imported by hostile.py.

Each function writes into the folder it is given, beside a small encoder of hostile_files.py.
"""

import json
import os

from hostile_files import RESNET, picture_model, text_model, training

# --- manifests ----------------------------------------------------------------------------------------------------------------


def columns(folder):
    header = ",".join(f"c{index}" for index in range(100_000))
    (folder / "manifest.csv").write_text(f"text,label,{header}\n" + "".join(f"a,b{row}{',1' * 100_000}\n" for row in range(3)))
    return ["check", "manifest.csv"]


def keys(folder):
    row = json.dumps({"text": "a", "label": "b"} | {f"c{index}": 1 for index in range(100_000)})
    (folder / "manifest.jsonl").write_text(f"{row}\n" * 3)
    return ["check", "manifest.jsonl"]


def classes(folder):
    arguments = training(folder)
    rows = "".join(f"a,c{row},{'val' if row % 10 == 0 else 'train'}\n" for row in range(200_000))
    (folder / "manifest.csv").write_text("text,label,split\n" + rows)
    return arguments


def long_row(folder, size):
    (folder / "manifest.jsonl").write_text(json.dumps({"text": "a " * (size // 2), "label": "b"}) + "\n")
    return ["check", "manifest.jsonl"]


def enormous_labels(folder):
    arguments = training(folder, "head.task=regression")
    rows = "".join(f"a,{'1e308' if row % 2 else '-1e308'},{split}\n" for row, split in enumerate(["train", "val", "test"] * 8))
    (folder / "manifest.csv").write_text("text,label,split\n" + rows)
    return arguments


def long_labels(folder):
    (folder / "manifest.csv").write_text("text,label\n" + "".join(f"a,{chr(97 + row % 7) * 3_900_000}\n" for row in range(8)))
    return ["check", "manifest.csv"]


def sentences(folder):
    sentence = "of many words, " * 250
    (folder / "manifest.csv").write_text("text,label\n" + "".join(f'a,"{row} {sentence}{row}"\n' for row in range(9000)))
    return ["check", "manifest.csv"]


def escapes(folder):
    arguments = training(folder)
    text = (folder / "manifest.csv").read_text().replace(",c0,", ",\x1b[31mred\x1b]0;owned\x07,")
    (folder / "manifest.csv").write_text(text)
    return arguments


def many_rows(folder, form):
    row = '{{"id": "{0}", "text": "a sentence with the number {0}", "label": "c{1}", "split": "train"}}\n'
    with open(folder / f"manifest.{form}", "w") as file:
        if form == "csv":
            file.write("id,text,label,split\n")
            file.writelines(f"{row},a sentence with the number {row},c{row % 10},train\n" for row in range(1_000_000))
        else:
            file.writelines(row.format(index, index % 10) for index in range(1_000_000))
    return ["check", f"manifest.{form}"]


def missing_files(folder):
    (folder / "manifest.csv").write_text("image,label\n" + "".join(f"pictures/{row}.png,c{row % 10}\n" for row in range(200_000)))
    return ["check", "manifest.csv"]


# --- media ----------------------------------------------------------------------------------------------------------------------


def text_at(folder, path, command="check"):
    arguments = text_model(folder)
    (folder / "manifest.csv").write_text(f"text_path,label\n{path},a\n{path},b\n")
    return arguments if command == "embed" else ["check", "manifest.csv"]


def sparse_text(folder):
    with open(folder / "large.txt", "wb") as file:
        file.truncate(3_000_000_000)
    return text_at(folder, "large.txt")


def pipe(folder):
    os.mkfifo(folder / "pipe.txt")
    return text_at(folder, "pipe.txt")


def large_front_end(folder, side):
    arguments = picture_model(folder, lambda *entry: entry)
    (folder / "manifest.csv").write_text("image\n" + "a.png\n" * 4)
    shape = json.loads((RESNET / "config.json").read_text())
    shape.setdefault("pretrained_cfg", {})["input_size"] = [3, side, side]
    (folder / "encoder" / "config.json").write_text(json.dumps(shape))
    return arguments
