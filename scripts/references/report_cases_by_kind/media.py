"""Encodings and forms of manifests, addresses, and files that are not what they are called: what was weak."""

from .parts import case, csv, gzip, pictures, png, rows


def label(index):
    return "ab"[index % 2]


PLAIN = csv("id,text,label", rows(12, lambda i: f"{i},text {i},{label(i)}"))
LINES = "".join(f'{{"text": "text {i}", "label": "{label(i)}"}}\n' for i in range(12))
TEXT = 'modalities: {text: {weights: "bundled:all-MiniLM-L6-v2", train: none}}\n'
FORMS = {
    "wide.csv": PLAIN.encode("utf-16"),
    "wide-big.csv": b"\xfe\xff" + PLAIN.encode("utf-16-be"),
    "wide-bare.csv": PLAIN.encode("utf-16-le"),
    "wide.jsonl": LINES.encode("utf-16"),
    "mark.csv": b"\xef\xbb\xbf" + PLAIN.encode(),
    "latin.csv": PLAIN.replace("text 3", "größer").encode("latin-1"),
    "semicolons.csv": csv("id;text;label", rows(12, lambda i: f'{i};"one, two; {i}";{label(i)}')),
    "tabs.tsv": PLAIN.replace(",", "\t"),
    "sheet.csv": PLAIN.replace(",", "\t"),
    "returns.csv": PLAIN.replace("\n", "\r\n").encode(),
    "nan.jsonl": LINES.replace('"a"', "NaN", 1),
    "list.json": "[\n" + LINES.replace("}\n", "},\n", 11) + "]\n",
    "packed.csv.gz": gzip(PLAIN.encode()),
    "packed.jsonl.gz": gzip(LINES.encode()),
    "cut.csv.gz": gzip(PLAIN.encode())[:-12],
    "sheet.xlsx": b"PK\x03\x04" + bytes(20),
    "huge.csv": csv("id,text,label", rows(12, lambda i: f"{i},text {i},{'1e308' if i == 5 else i}")),
    "huge.yaml": "manifest: huge.csv\n" + TEXT + "head: {task: regression}\n",
    "not-a-number.csv": csv("id,text,label", rows(12, lambda i: f"{i},text {i},{'nan' if i == 5 else i}")),
    "not-a-number.yaml": "manifest: not-a-number.csv\n" + TEXT + "head: {task: regression}\n",
    "weightless.csv": csv("id,text,label,weight", rows(12, lambda i: f"{i},text {i},{label(i)},0")),
}
PLACES = ["https://pictures.example/1.png", "s3://bucket/2.png", "file:///nowhere/a%20b.png", r"C:\photos\4.png", r"\\share\5.png",
          "gs://bucket/6.png", "http://pictures.example/7.png"]
FILES = {
    **pictures(10),
    "places.csv": csv("id,image,label", [f"{i},{place},{label(i)}" for i, place in enumerate(PLACES)]),
    "page.jpg": "<!DOCTYPE html>\n<html><body>404</body></html>\n",
    "pointer.jpg": "version https://git-lfs.github.com/spec/v1\noid sha256:" + 64 * "0" + "\nsize 12345\n",
    "empty.jpg": b"",
    "drawing.jpg": '<svg xmlns="http://www.w3.org/2000/svg"/>\n',
    "document.png": b"%PDF-1.7\n",
    "layers.jpg": b"8BPS\0\1" + bytes(20),
    "zeros.png": bytes(64),
    "page.wav": "<html><body>404</body></html>\n",
    "behind.csv": csv(
        "id,image,label",
        ["0,0.png,a", "1,page.jpg,b", "2,pointer.jpg,a", "3,empty.jpg,b", "4,drawing.jpg,a", "5,document.png,b", "6,layers.jpg,a",
         "7,zeros.png,b"],
    ),
    "sound.csv": csv("id,audio,label", ["0,page.wav,a", "1,pointer.jpg,b", "2,empty.jpg,a"]),
    "narrow.png": png(1, 4000, 2),
    "narrow.csv": csv("id,image,label", rows(8, lambda i: f"{i},{'narrow' if i == 3 else i}.png,{label(i)}")),
    "narrow.yaml": 'manifest: narrow.csv\nmodalities: {image: {weights: "bundled:resnet10-cifar-mnist", train: none}}\n',
    "some.csv": csv("id,image,label", rows(8, lambda i: f"{i},{'empty.jpg' if i in (2, 5, 6) else f'{i}.png'},{label(i)}")),
    "embed.yaml": 'manifest: some.csv\nmodalities: {image: {weights: "bundled:resnet10-cifar-mnist", train: none}}\n',
}

FOLDERS = {"forms": FORMS, "pictures": FILES}
WIDE = "a file of UTF-16, as spreadsheets save it, ends in a fault for every row"
BEHIND = "a page, a pointer or nothing behind a .jpg is a damaged picture"
MODEL = "{fixtures}/models/format2-gated"
ALL = "text: 12 of 12 samples can be used"
DASH = "--text \"-5 degrees\" is taken for an option"


def form(name, command, exit, says, report, *never):
    return case(name, "weak", "forms", command, exit, says, report, never)


def file(name, command, exit, says, report, *never, **more):
    return case(name, "weak", "pictures", command, exit, says, report, never, **more)


CASES = [
    form("UTF-16", "check wide.csv", 65, ["wide.csv: is UTF-16", "save the file as UTF-8"], WIDE, "wide.csv:3"),
    form("UTF-16, the other way round", "check wide-big.csv", 65, ["wide-big.csv: is UTF-16"], WIDE, "wide-big.csv:3"),
    form("UTF-16 without a mark", "check wide-bare.csv", 65, ["wide-bare.csv: is UTF-16"], WIDE, "wide-bare.csv:3"),
    form("JSON Lines in UTF-16", "check wide.jsonl", 65, ["wide.jsonl: is UTF-16"], WIDE, "wide.jsonl:3"),
    form("init and UTF-16", "init wide.csv", 65, ["wide.csv: is UTF-16"], WIDE),
    form("UTF-8 with a mark", "check mark.csv", 0, [ALL, "No faults found"], "a byte order mark is part of the first column's name"),
    form("Latin-1", "check latin.csv", 65, ["latin.csv:5: field 2 is not UTF-8"], "letters of other encodings become others"),
    form("semicolons", "check semicolons.csv", 0, [ALL, "No faults found"], "files with semicolons have one column"),
    form("tabs", "check tabs.tsv", 0, [ALL, "No faults found"], "files with tabs have one column"),
    form("tabs in a .csv", "check sheet.csv", 0, [ALL, "No faults found"], "files with tabs, called .csv, have one column"),
    form("lines that end with CR LF", "check returns.csv", 0, [ALL, "No faults found"], "labels end with a CR"),
    form("NaN in JSON Lines", "check nan.jsonl", 65, ["nan.jsonl:1: holds NaN or Infinity, which JSON does not have; write null"],
         "NaN, as pandas writes it, makes a line no JSON, without a word why", "is not a JSON object"),
    form("a JSON list", "check list.json", 65, ["a manifest is .csv, .tsv, .jsonl or .ndjson"], "JSON is not JSON Lines"),
    form("a spreadsheet", "check sheet.xlsx", 65, ["a manifest is .csv, .tsv, .jsonl or .ndjson", ".xlsx"], "a spreadsheet is no manifest"),
    form("CSV in gzip", "check packed.csv.gz", 0, [ALL, "No faults found"], ".csv.gz is not read"),
    form("JSON Lines in gzip", "check packed.jsonl.gz", 0, [ALL, "No faults found"], ".jsonl.gz is not read"),
    form("init and CSV in gzip", "init packed.csv.gz", 0, ["manifest: \"packed.csv.gz\"", "task: binary"], ".csv.gz is not read"),
    form("gzip that was cut", "check cut.csv.gz", 66, ["cut.csv.gz: the manifest cannot be read: its compression is damaged"],
         "rows behind the cut vanish"),
    form("a label of 1e308", "check huge.yaml", 65, ["huge.csv:7: ", "1e308"], "a label of 1e308 ends as an internal error", "internal"),
    form("a label that is no number", "check not-a-number.yaml", 65, ["not-a-number.csv:7: ", "nan"], "-nan(0x…) is printed", "-nan(0x"),
    form("weights that are all 0", "check weightless.csv", 65, ["every sample of the train split has weight 0"],
         "weights that are all 0 train on nothing"),
    file("addresses and foreign paths", "check places.csv", 65,
         ["places.csv:2: image: https://pictures.example/1.png: is an address, whose file is not in the cache",
          "places.csv:3: image: s3://bucket/2.png: lies in an object store (s3://)", "places.csv:5: image: C:\\photos\\4.png: is a path of Windows",
          "places.csv:6: image: \\\\share\\5.png: is a path of Windows", "places.csv:7: image: gs://bucket/6.png: lies in an object store (gs://)"],
         "an address is a file that is not there"),
    file("an address of a file", "check places.csv --json", 65, ["places.csv:4: image: /nowhere/a b.png: no such file"],
         "file:// is taken for a folder's name", "is an address (file://)"),
    file("what stands behind a .jpg", "check behind.csv", 65,
         ["behind.csv:3: image: ", "page.jpg: is an HTML page", "behind.csv:4: image: ", "pointer.jpg: is a pointer of Git LFS",
          "behind.csv:5: image: ", "empty.jpg: is empty", "drawing.jpg: is XML (SVG?)", "document.png: is PDF", "layers.jpg: is Photoshop's PSD",
          "zeros.png: begins with nothing but zeros", "7 errors"], BEHIND, "behind.csv:2", "the same sample"),
    file("what stands behind a recording", "check sound.csv", 65, ["page.wav: is an HTML page", "pointer.jpg: is a pointer of Git LFS",
         "empty.jpg: is empty"], BEHIND),
    file("predict and a page behind a .jpg", f"predict {MODEL} --image page.jpg", 65, ["page.jpg: is an HTML page"], BEHIND),
    file("a picture of 4000 by 2 pixels", "check narrow.yaml", 0, ["image: 8 of 8 samples can be used"],
         "a picture of 4000 by 2 pixels passes check and ends training"),
    file("a picture of 4000 by 2 pixels is embedded", "embed narrow.yaml --manifest narrow.csv --out out --no-cache", 0,
         ["embedding media: 8 in"], "a picture of 4000 by 2 pixels passes check and ends training"),
    file("counts leave out what was skipped", "embed embed.yaml --manifest some.csv --on-bad-sample skip --out out --no-cache", 0,
         ["embedding media: 5 in", "3 "], "embedding: 67 is said where 17 of the 67 were skipped", "embedding media: 8 in",
         files={"out/part-00000.ids.txt": ["0\n1\n3\n4\n7\n"]}),
    file("a text that begins with a dash", f"predict {MODEL} --image 0.png --text '-5 degrees'", 64,
         ["text is given, but the model takes only image, audio"], DASH, "Unknown option", "Missing value"),
    file("a text that is empty", f"predict {MODEL} --text ''", 64, ["--text is empty"], "an empty text is a text"),
]
