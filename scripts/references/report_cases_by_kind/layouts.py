"""What people bring to `init`: kind 6."""

from .parts import case, csv, pictures, png, rows


def table(header, row):
    return csv(header, rows(8, row))


def label(index):
    return ("cat", "dog")[index % 2]


def tree(*places):
    """One picture of each class in each place."""
    files = [f"{place}{name}/{index}.png" for place in places for name in ("cat", "dog") for index in range(2 if place == "" else 1)]
    return {name: png(seed) for seed, name in enumerate(files)}


SOUND = (".wav", ".flac")
TABLES = {
    "metadata.csv": table("file_name,label", lambda i: f"{i}.png,{label(i)}"),
    "metadata.jsonl": "".join(
        f'{{"file_name": "{i}.png", "text": "picture {i}", "category": "{label(i)}"}}\n' for i in range(8)
    ),
    "filepath.csv": table("filepath,class", lambda i: f"{i}.png,{label(i)}"),
    "filename.csv": table("filename,label", lambda i: f"{i}.png,{label(i)}"),
    "path.csv": table("path,target", lambda i: f"./{i}.png,{label(i)}"),
    "wav.csv": table("wav,sentence,label", lambda i: f"clips/{i}.wav,sentence {i},{label(i)}"),
    "filename-sound.csv": table("filename,label", lambda i: f"clips/{i}{SOUND[i % 2]},{label(i)}"),
    "common-voice.tsv": csv(
        "client_id,path,sentence,gender", rows(8, lambda i: f"c{i}\tclips/{i}.mp3\tsentence {i}\t{'fm'[i % 2]}"), "\t"
    ),
    "caption.csv": table("image,caption,label", lambda i: f"{i}.png,picture {i},{label(i)}"),
    "values.csv": table("where_it_lies,label", lambda i: f"{i}.png,{label(i)}"),
    "two-texts.csv": table("image,title,description,label", lambda i: f"{i}.png,title {i},long {i},{label(i)}"),
    "price.csv": table("image,price,label", lambda i: f"{i}.png,{i}.5,{label(i)}"),
    "no-label.csv": table("image,caption", lambda i: f"{i}.png,picture {i}"),
    "two-labels.csv": table("image,colour,shape", lambda i: f"{i}.png,{'rb'[i % 2]},{'xy'[i // 4]}"),
    "index.csv": table(",image,label", lambda i: f"{i},{i}.png,{label(i)}"),
    "nothing.csv": table("id,label", lambda i: f"{i},{label(i)}"),
}
DESCRIBED = {**pictures(2), "metadata.csv": "file_name,label\n0.png,cat\n1.png,dog\n"}
TREES = {
    **{f"pets/{name}": data for name, data in tree("").items()},
    "pets/notes.md": "Cats and dogs.\n",
    "pets/loose.png": png(9),
    **{f"divided/{name}": data for name, data in tree("train/", "validation/", "Test/").items()},
    **{f"partly/{name}": data for name, data in tree("train/", "").items()},
    **pictures(1, "hub/"),
    "hub/metadata.csv": TABLES["metadata.csv"],
    "flat/0.png": png(0),
    **{f"described/{split}/{name}": data for split in ("train", "test") for name, data in DESCRIBED.items()},
    **{f"splits/{split}/0.png": png(seed) for seed, split in enumerate(("train", "test"))},
}

FOLDERS = {"pictures": TABLES, "trees": TREES}
UNKNOWN = "init knows only its own names for columns, and drops what others call theirs"
SILENT = "columns that are left out are left out without a word"
TREE = "a folder for each class had to be written down as a manifest by hand"


def proposal(name, file, says, report=UNKNOWN, **more):
    """`init` of a file whose media need not be there."""
    return case(name, 6, "pictures", f"init {file}", 0, says, report, **more)


def read_back(name, file, says, report=UNKNOWN):
    """What `init` wrote is read without a fault."""
    return case(
        name, 6, "pictures", "check made.yaml", 0, [*says, "No faults found"], report, ["unknown column"],
        before=[f"init {file} --out made.yaml"],
    )


CASES = [
    proposal("metadata.csv of the hub", "metadata.csv", ["image: \"file_name\"", "task: binary"]),
    proposal("metadata.jsonl of the hub", "metadata.jsonl", ["image: \"file_name\"", "label: \"category\"", "text: {weights:"]),
    proposal("a column filepath", "filepath.csv", ["image: \"filepath\"", "label: \"class\""]),
    proposal("a column filename", "filename.csv", ["image: \"filename\""]),
    proposal("a column path", "path.csv", ["image: \"path\"", "label: \"target\""]),
    proposal("columns wav and sentence", "wav.csv", ["audio: \"wav\"", "text: \"sentence\""]),
    proposal("a column filename of recordings", "filename-sound.csv", ["audio: \"filename\"", "audio: {weights:"]),
    proposal(
        "Common Voice", "common-voice.tsv", ["audio: \"path\"", "text: \"sentence\"", "label: \"gender\"", "ignore: [\"client_id\"]"]
    ),
    proposal("a column caption", "caption.csv", ["text: \"caption\"", "image: {weights:"]),
    proposal("a column known by its values", "values.csv", ["image: \"where_it_lies\""]),
    proposal("one of two texts is left out, and said", "two-texts.csv", ["# Left out", "ignore: [\"title\"]"], SILENT),
    proposal("a number is taken as a column, and said", "price.csv", ["# Numbers and categories", "numbers: [\"price\"]"], SILENT,
             never=["# Left out"]),
    read_back("what init makes of metadata.csv is read", "metadata.csv", ["image: 8 of 8 samples can be used"]),
    read_back("what init makes of two texts is read", "two-texts.csv", ["text: 8 of 8 samples can be used"], SILENT),
    read_back("what init makes of a number is read", "price.csv", ["image: 8 of 8 samples can be used"], SILENT),
    read_back("an index of pandas, whose column has no name", "index.csv", ["image: 8 of 8 samples can be used"]),
    case(
        "what init takes is said where it writes a file", 6, "pictures", "init price.csv --out made.yaml", 0, [], SILENT,
        files={"made.yaml": ["numbers: [\"price\"]"]},
    ),
    case("no column is a label", 6, "pictures", "init no-label.csv", 65, ["no column looks like a label among image, caption"], UNKNOWN),
    case(
        "two columns could be the label", 6, "pictures", "init two-labels.csv", 65,
        ["colour, shape may be the label", "--label COLUMN"], "init guesses one of two columns",
    ),
    case(
        "no column is a medium", 6, "pictures", "init nothing.csv", 65,
        ["none of the columns id, label looks like an image, a text, a recording, a number or a category"], UNKNOWN,
    ),
    case("the metadata of a folder", 6, "trees", "init hub", 0, ["manifest: \"hub/metadata.csv\"", "image: \"file_name\""], TREE),
    case(
        "a folder for each class", 6, "trees", "init pets --out pets.yaml", 0,
        ["left out, for they are neither pictures nor recordings: 1 file", "left out, for they lie in no folder of a class: 1 file",
         "pets.csv"],
        TREE, files={"pets.csv": ["cat/0.png,pets/cat/0.png,cat\n"], "pets.yaml": ["manifest: \"pets.csv\"", "task: binary"]},
    ),
    case(
        "what init makes of a folder for each class is read", 6, "trees", "check pets.yaml", 0,
        ["image: 4 of 4 samples can be used", "0 errors"], TREE, before=["init pets --out pets.yaml"],
    ),
    case(
        "folders train, validation and Test", 6, "trees", "check divided.yaml", 0,
        ["train: 2 samples: cat 1, dog 1", "val: 2 samples: cat 1, dog 1", "test: 2 samples: cat 1, dog 1"], TREE,
        before=["init divided --out divided.yaml"],
    ),
    case(
        "classes under train and beside it", 6, "trees", "init partly --out partly.yaml", 65,
        ["some classes lie under train, val or test, and some beside them"], TREE,
    ),
    case(
        "a metadata.csv under train and one under test", 6, "trees", "init described --out made.yaml", 0,
        ["joined described/test/metadata.csv and described/train/metadata.csv"],
        "a folder as the hub has it became a classifier of train against test",
        files={"described.csv": ["test,described/test/", "train,described/train/"]},
    ),
    case(
        "train and test without classes", 6, "trees", "init splits --out made.yaml", 65, ["expected CLASS/FILE or SPLIT/CLASS/FILE"],
        "train and test became classes", ["wrote "],
    ),
    case(
        "a folder without classes", 6, "trees", "init flat --out flat.yaml", 65,
        ["no picture and no recording lies in a folder named after its class", "expected CLASS/FILE"], TREE,
    ),
]
