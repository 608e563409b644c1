"""Models that meet files with further columns, and adapters: kinds 4 and 5."""

from .parts import case, csv, rows


def label(index):
    return "ab"[index % 2]


APPLIED = {
    "more.csv": csv(
        "id,image,label,price,colour", rows(6, lambda i: f'{i},{i}.png,{label(i)},"{i},50",{("red", "blue")[i % 2]}')
    ),
    "more.jsonl": "".join(
        f'{{"image": "{i}.png"' + (f', "note": "picture {i}"' if i > 2 else "") + "}\n" for i in range(6)
    ),
    "renamed.csv": csv("photo,kind,price", rows(6, lambda i: f"{i}.png,{label(i)},{i}.5")),
}
ADAPTER = {
    "adapter/adapter_config.json": '{"peft_type": "LORA", "base_model_name_or_path": "bert-base-uncased", "r": 8}\n',
    "adapter/adapter_model.safetensors": (2).to_bytes(8, "little") + b"{}",
}

FOLDERS = {"pictures": APPLIED, "adapter": ADAPTER}
MODEL = "{fixtures}/models/format2-gated"
REFUSED = "a trained run rejects a manifest with one more column, and its advice cannot be followed"
OWN_NAMES = "a file whose columns have other names cannot be given to a trained run"


def applied(name, command, says, *never, report=REFUSED, exit=0, **more):
    return case(name, 5, "pictures", f"{command} --no-cache", exit, says, report, ["unknown column", *never], **more)


CASES = [
    applied("predict and further columns", f"predict {MODEL} --manifest more.csv",
            ["id,label,prediction,probability,p_b,p_a\n", "\n5,b,"]),
    applied("predict keeps columns", f"predict {MODEL} --manifest more.csv --keep-columns",
            [",price,colour\n", ",\"0,50\",red\n", ",\"5,50\",blue\n"]),
    applied("predict and further keys of JSON Lines", f"predict {MODEL} --manifest more.jsonl", ["\n6,"]),
    applied("evaluate and further columns", f"evaluate {MODEL} --manifest more.csv --split all --out out", ["Files: "]),
    applied("embed and further columns", f"embed {MODEL} --manifest more.csv --out out", ["Embeddings: "],
            files={"out/part-00000.ids.txt": ["0\n1\n2\n3\n4\n5\n"]}),
    applied("ablate and further columns", f"ablate {MODEL} --manifest more.csv --split all", ["modalities "]),
    applied("a file without any medium's column", f"predict {MODEL} --manifest renamed.csv", ["has none of the columns image, "],
            report=OWN_NAMES, exit=65),
    *(
        applied(f"{command} and columns of other names", f"{command} {MODEL} --manifest renamed.csv {more}",
                says, "Unknown option", report=OWN_NAMES)
        for command, more, says in [
            ("predict", "--set columns.image=photo", ["\n6,"]),
            ("evaluate", "--set columns.image=photo --set columns.label=kind --split all --out out", ["Files: "]),
            ("embed", "--set columns.image=photo --out out", ["Embeddings: "]),
            ("ablate", "--set columns.image=photo --set columns.label=kind --split all", ["modalities "]),
        ]
    ),
    case(
        "training names a column that it does not know", 5, "pictures", "check more.csv", 65,
        ["more.csv:1: price: unknown column", "columns.ignore"], REFUSED,
    ),
    case("an adapter of LoRA", 4, "adapter", "models info adapter", 66, ["the base of this adapter", "bert-base-uncased: there is no such file or folder"],
         "a LoRA folder lacks a hundred keys"),
]
