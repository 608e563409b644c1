"""Rows behind stray quotes, and many faults at once: kinds 2 and 8."""

from .parts import case, csv, rows

SPLITS = ("train", "train", "train", "val", "test")


def split(index):
    return SPLITS[index % len(SPLITS)]


def good(first, last):
    return [f"{index},text {index},{'ab'[index % 2]}" for index in range(first, last)]


HEADER = "id,text,label"
INCHES = [f'{index},{index + 5}" pipe of sort {index},{"ab"[index % 2]}' for index in range(10)]
# A cell of 60 lines is a long text, one of 150 most likely a quote that nobody meant.
POEM = '"' + "\n".join(f"verse {index}" for index in range(60)) + '"'

QUOTES = {
    "closes-later.csv": csv(HEADER, good(0, 4) + ['4,"5 inch pipe,a', "5,short,b", '6,6" pipe,a'] + good(7, 12)),
    "whole-rows.csv": csv(HEADER, good(0, 4) + ['4,"5 inch pipe,a', "5,short,b", '6,6",b'] + good(7, 20)),
    "behind.csv": csv(HEADER, good(0, 4) + ['4,"bold"ly said,a'] + good(5, 12)),
    "inches.csv": csv(HEADER, INCHES),
    "poem.csv": csv(HEADER, good(0, 9) + [f"9,{POEM},b"]),
    "long.csv": csv(HEADER, good(0, 2) + ['2,"5 inch pipe,a'] + good(3, 160) + ['160,"a pipe",b', "161,,a"]),
    "open.csv": csv(HEADER, good(0, 4) + ['4,"5 inch pipe,a'] + good(5, 12)),
    "fields.csv": csv(HEADER, good(0, 4) + ["4,wide, and long,a"] + good(5, 12)),
}

MANY = {
    "weights.csv": csv("id,text,label,weight", rows(60, lambda i: f"{i},text {i},{'ab'[i % 2]},{'heavy' if i < 40 else 1}")),
    "two-kinds.csv": csv(
        "id,image,label,weight", rows(60, lambda i: f"{i},gone/{i}.png,{'ab'[i % 2]},{'heavy' if i % 3 == 0 else 1}")
    ),
    "mixed.csv": csv(
        "id,image,label,weight",
        ["0,0.png,a,1", "1,gone.png,b,1", "2,page.jpg,a,1", "3,3.png,,1", "4,4.png,a,heavy", "5,5.png,b,1"],
    ),
    "torn-1.png": "torn",
    "torn-2.png": "torn",
    "torn.csv": csv(
        "id,image,label", [f"{i},{i}.png,{'ab'[i % 2]}" for i in range(8)] + ["8,torn-1.png,a", "9,torn-2.png,b"]
    ),
    "empty-row.csv": csv(
        "id,image,label,split", rows(10, lambda i: f"{i},{'' if i == 4 else f'{i}.png'},{'ab'[i % 2]},{split(i)}")
    ),
    "empty-row.yaml": """manifest: empty-row.csv
modalities: {image: {weights: "bundled:resnet10-cifar-mnist", train: none}}
fusion: {type: concat, dim: 8}
training: {epochs: 1}
""",
    "skip.yaml": """manifest: empty-row.csv
modalities: {image: {weights: "bundled:resnet10-cifar-mnist", train: none}}
fusion: {type: concat, dim: 8}
training: {epochs: 1}
on_bad_sample: skip
""",
}

FOLDERS = {"quotes": QUOTES, "pictures": MANY}
SWALLOWED = "an opening quote that closes in a later line swallows the rows between, and check finds no faults"
ONE_EACH = "20,000 rows with one mistake print 20,000 lines"
NO_MEDIUM = "one row without any medium ends check, train and predict, whatever --on-bad-sample says"
MODEL = "{fixtures}/models/format2-gated"
NOTE = "empty-row.csv: 1 of 10 rows have no medium and are left out, the first in line 6"

CASES = [
    case(
        "quote closes lines later", 2, "quotes", "check closes-later.csv", 65,
        ["closes-later.csv:6: a quoted field that starts in this row ends in line 8 before other text", "1 error,"],
        SWALLOWED, ["No faults found", "closes-later.csv:9"],
    ),
    case(
        "init and a quote that closes lines later", 2, "quotes", "init closes-later.csv", 65, ["closes-later.csv:6: "], SWALLOWED,
    ),
    case(
        "quote closes lines later, where a cell ends", 2, "quotes", "check whole-rows.csv", 0, ["line 6"], SWALLOWED,
        ["No faults found"],
    ),
    case(
        "text behind a closing quote", 2, "quotes", "check behind.csv", 65,
        ["behind.csv:6: a quoted field that starts in this row ends before other text", "write a quote within a field twice"],
        "text behind a closing quote is taken as part of the cell", ["No faults found"],
    ),
    case(
        "quotes within a field that is not quoted", 2, "quotes", "check inches.csv", 0, ["train: ", "No faults found"],
        "5\" pipe is written so by most exports, and is no fault",
    ),
    case(
        "a cell of 60 lines", 2, "quotes", "check poem.csv", 0, ["text: 10 of 10 samples can be used", "No faults found"],
        "a long text in quotes is a text",
    ),
    case(
        "a cell of more than 100 lines", 2, "quotes", "check long.csv", 65,
        ["long.csv:4: a quoted field that starts in this row takes more than 100 lines", "long.csv:163: has no "],
        "a stray quote swallows all rows up to the next quote, hundreds of lines on", ["No faults found"],
    ),
    case(
        "a quote that is never closed", 2, "quotes", "check open.csv", 65,
        ["open.csv:6: a quoted field that starts in this row is never closed"], "the rest of the file vanishes behind a quote",
    ),
    case(
        "a comma that nobody quoted", 2, "quotes", "check fields.csv", 65, ["fields.csv:6: has 4 fields where the header has 3"],
        "a comma within a text shifts the label",
    ),
    case(
        "faults of a kind together", 8, "pictures", "check weights.csv", 65,
        ["weights.csv:2: weight: \"heavy\"", "weights.csv:6: weight", "and 35 more like these", "40 errors"], ONE_EACH,
        ["weights.csv:7:", "weights.csv:41:"],
    ),
    case(
        "two kinds of faults, each together", 8, "pictures", "check two-kinds.csv", 65,
        ["two-kinds.csv:2: weight: \"heavy\"", "and 15 more like these", "no such file", "more like these"], ONE_EACH,
        ["two-kinds.csv:40:"],
    ),
    case(
        "every fault as JSON", 8, "pictures", "check weights.csv --json", 65, ["weights.csv:2: weight", "weights.csv:41: weight"],
        "a summary hides the rows that a program has to mend", ["more like these"],
    ),
    case(
        "every fault in a file", 8, "pictures", "check weights.csv --faults faults.txt", 65, ["and 35 more like these"],
        "a summary hides the rows that a person has to mend", ["weights.csv:41:"],
        files={"faults.txt": ["error: weights.csv:2: weight", "error: weights.csv:41: weight"]},
    ),
    case(
        "train names faults of a kind together", 8, "pictures", "train weights.yaml --out run", 65,
        ["weights.csv:2: weight: \"heavy\"", "and 35 more like these"], ONE_EACH, ["weights.csv:41:"],
    ),
    case(
        "faults of rows and of media in one go", 8, "pictures", "check mixed.csv", 65,
        ["mixed.csv:3: image: ", "no such file", "mixed.csv:4: image: ", "HTML", "mixed.csv:5: label: is empty",
         "mixed.csv:6: weight: \"heavy\""],
        "each run of check shows the next kind of fault only when the one before is mended",
    ),
    case(
        "two broken files are not the same sample", 8, "pictures", "check torn.csv", 65,
        ["torn.csv:10: image: ", "torn.csv:11: image: ", "2 errors"], "two broken files are said to be the same sample",
        ["the same sample", "leakage"],
    ),
    case(
        "a row without any medium is named", 8, "pictures", "check empty-row.csv", 65, ["empty-row.csv:6: has no image, text or audio"],
        NO_MEDIUM,
    ),
    case(
        "train ends at a row without any medium", 8, "pictures", "train empty-row.yaml --out run", 65,
        ["empty-row.csv:6: has no image, text or audio"], NO_MEDIUM,
    ),
    case(
        "train skips a row without any medium", 8, "pictures", "train empty-row.yaml --out run --on-bad-sample skip", 0,
        [NOTE, "Run: "], NO_MEDIUM,
    ),
    case(
        "check with on_bad_sample: skip", 8, "pictures", "check skip.yaml", 0, ["1 of 10 rows have no medium"], NO_MEDIUM,
    ),
    case(
        "predict skips a row without any medium", 8, "pictures",
        f"predict {MODEL} --manifest empty-row.csv --on-bad-sample skip --no-cache", 0, [NOTE, "\n3,b,", "\n5,b,"], NO_MEDIUM,
        ["\n4,"],
    ),
    case(
        "evaluate skips a row without any medium", 8, "pictures",
        f"evaluate {MODEL} --manifest empty-row.csv --split all --on-bad-sample skip --no-cache --out out", 0, [NOTE, "Files: "],
        NO_MEDIUM,
    ),
    case(
        "embed skips a row without any medium", 8, "pictures",
        f"embed {MODEL} --manifest empty-row.csv --on-bad-sample skip --no-cache --out out", 0,
        ["1 of 10 rows have no medium"], NO_MEDIUM, files={"out/part-00000.ids.txt": ["0\n1\n2\n3\n5\n"]},
    ),
    case(
        "predict ends at a row without any medium", 8, "pictures", f"predict {MODEL} --manifest empty-row.csv --no-cache", 65,
        ["empty-row.csv:6: has no image, text or audio"], NO_MEDIUM,
    ),
]

MANY["weights.yaml"] = MANY["empty-row.yaml"].replace("empty-row.csv", "weights.csv").replace("image:", "text:").replace(
    "resnet10-cifar-mnist", "all-MiniLM-L6-v2"
)
