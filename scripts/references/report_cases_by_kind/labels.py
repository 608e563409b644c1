"""Labels as people write them, names of splits, and manifests without val: kinds 3 and 7."""

from .parts import case, csv, rows

COLOURS = (["red", "blue"], ["blue"], ["red"], ["red", "green"], ["green"])


def cells(write):
    """Twenty texts, the class names of each written as `write` does."""
    return csv("id,text,label", rows(20, lambda i: f"{i},text {i},{write(COLOURS[i % 5])}"))


def quoted(cell):
    return '"' + cell.replace('"', '""') + '"'


def json_list(names):
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


TEXT = 'modalities: {text: {weights: "bundled:all-MiniLM-L6-v2", train: none}}\n'
LISTS = {
    "json.csv": cells(lambda names: quoted(json_list(names))),
    "python.csv": cells(lambda names: quoted(str(names))),
    "bars.csv": cells("|".join),
    "commas.csv": cells(lambda names: quoted(",".join(names))),
    "commas.yaml": 'manifest: commas.csv\n' + TEXT + 'head: {task: multilabel, separator: ","}\n',
    "semicolons.yaml": 'manifest: semicolons.csv\n' + TEXT + 'head: {task: multilabel, separator: ";"}\n',
    "semicolons.csv": cells("; ".join),
    "lists.jsonl": "".join(
        f'{{"text": "text {i}", "label": {json_list(COLOURS[i % 5]) if i != 7 else "[]"}}}\n' for i in range(20)
    ),
    "one-hot.csv": csv("id,text,sunny,beach", rows(20, lambda i: f"{i},text {i},{i % 2},{1 if i % 3 == 0 else 0}")),
    "one-hot.yaml": "manifest: one-hot.csv\ncolumns: {one_hot: [sunny, beach]}\n" + TEXT + "head: {task: multilabel}\n",
    "dummies.csv": csv("id,text,sunny,beach", rows(20, lambda i: f"{i},text {i},{i % 2 == 1},{i % 3 == 0}")),
    "two.csv": csv("id,text,sunny,beach", rows(20, lambda i: f"{i},text {i},{2 if i == 3 else i % 2},{i % 3 // 2}")),
    "two.yaml": "manifest: two.csv\ncolumns: {one_hot: [sunny, beach]}\n" + TEXT + "head: {task: multilabel}\n",
}
LIKE = ("cat", "cat ", " cat", "Cat", "dog", "Dog", "1", "1.0", "New York", "NewYork")
NAMES = ("Train", "TRAINING", "train", "train ", "validation", "valid", "dev", "val", "Test", "testing")
PLAIN = {
    "numbers.jsonl": "".join(f'{{"text": "text {i}", "label": [{i % 3}, {3 + i % 2}]}}\n' for i in range(20)),
    "nested.jsonl": "".join(f'{{"text": "text {i}", "label": {{"a": {i}}}}}\n' for i in range(8)),
    "truths.jsonl": "".join(f'{{"text": "text {i}", "label": {"true" if i % 2 else "false"}}}\n' for i in range(20)),
    "alike.csv": csv("id,text,label", rows(40, lambda i: f"{i},text {i},{LIKE[i % 10]}")),
    "splits.csv": csv("id,text,label,split", rows(20, lambda i: f"{i},text {i},{'ab'[i // 10]},{NAMES[i % 10]}")),
    "holdout.csv": csv("id,text,label,split", ["0,x,a,train", "1,y,b,train", "2,z,a,holdout", "3,w,b,val"]),
}

IMAGE = 'modalities: {image: {weights: "bundled:resnet10-cifar-mnist", train: none}}\n'


def picture_rows(split):
    return csv("image,label" + (",split" if split(0) else ""), rows(10, lambda i: f"{i}.png,{'ab'[i % 2]}{split(i)}"))


SMALL = {
    "ten.csv": picture_rows(lambda i: ""),
    "ten.yaml": "manifest: ten.csv\n" + IMAGE + "training: {epochs: 2}\n",
    "train-test.csv": picture_rows(lambda i: ",train" if i < 8 else ",test"),
    "train-test.yaml": "manifest: train-test.csv\n" + IMAGE + "training: {epochs: 2}\n",
    "rare.csv": csv(
        "id,text,label,split", rows(30, lambda i: f"{i},text {i},{'rare' if i == 11 else 'common'},{'train' if i < 24 else 'test'}")
    ),
    "one-split.csv": csv("id,text,label,split", rows(6, lambda i: f"{i},text {i},{'ab'[i % 2]},test")),
    "longer.yaml": "manifest: train-test.csv\n" + IMAGE + "fusion: {type: concat, dim: 8}\ntraining: {epochs: 1}\n",
}

FOLDERS = {"lists": LISTS, "labels": PLAIN, "pictures": SMALL}
AS_NAMES = "a list of class names became a class of its own, and init proposed multiclass"
THREE = ["blue ", "green ", "red "]
NO_VAL = "without a val split nothing trains"
GROWN = "a run could not be gone on with for more epochs"

CASES = [
    case("init sees JSON lists", 3, "lists", "init json.csv", 0, ["head: {task: multilabel}"], AS_NAMES),
    case("init sees Python lists", 3, "lists", "init python.csv", 0, ["head: {task: multilabel}"], AS_NAMES),
    case("init sees names with bars", 3, "lists", "init bars.csv", 0, ["head: {task: multilabel}"], AS_NAMES),
    case("init sees lists of JSON Lines", 3, "lists", "init lists.jsonl", 0, ["head: {task: multilabel}"], AS_NAMES),
    case(
        "init sees names with commas", 3, "lists", "init commas.csv", 0, ["task: multilabel", "separator: \",\""], AS_NAMES,
        ["multiclass"],
    ),
    case("check reads JSON lists", 3, "lists", "check json.csv", 0, THREE, AS_NAMES, ["[", "(4 classes)"]),
    case("check reads Python lists", 3, "lists", "check python.csv", 0, THREE, AS_NAMES, ["[", "'red'"]),
    case("check reads lists of JSON Lines", 3, "lists", "check lists.jsonl", 0, THREE, AS_NAMES, ["["]),
    case("names with commas, as the configuration says", 3, "lists", "check commas.yaml", 0, THREE, AS_NAMES, ["red,blue"]),
    case("names with semicolons", 3, "lists", "check semicolons.yaml", 0, THREE, AS_NAMES, ["red;", "; blue"]),
    case(
        "init sees columns of 0 and 1", 3, "lists", "init one-hot.csv", 0,
        ["one_hot: [\"sunny\", \"beach\"]", "head: {task: multilabel}"], "a column of 0 and 1 for each class could not be a label",
    ),
    case(
        "init sees columns of True and False", 3, "lists", "init dummies.csv", 0,
        ["one_hot: [\"sunny\", \"beach\"]", "head: {task: multilabel}"], "what get_dummies of pandas makes could not be a label",
    ),
    case(
        "check reads columns of 0 and 1", 3, "lists", "check one-hot.yaml", 0, ["beach ", "sunny "],
        "a column of 0 and 1 for each class could not be a label", ["unknown column"],
    ),
    case(
        "what init makes of columns of 0 and 1 is read", 3, "lists", "check made.yaml", 0, ["beach ", "sunny "],
        "a column of 0 and 1 for each class could not be a label", before=["init one-hot.csv --out made.yaml"],
    ),
    case(
        "a 2 among columns of 0 and 1", 3, "lists", "check two.yaml", 65, ["two.csv:5: sunny: \"2\" is neither 1 nor 0"],
        "a count in a column of 0 and 1 is taken for a class",
    ),
    case(
        "true and false of JSON are labels", 3, "labels", "check truths.jsonl", 0, ["false ", "true ", "No faults found"],
        "a label true of JSON ends in two faults, one of them wrong", ["must be a string"],
    ),
    case("lists of numbers in JSON Lines", 3, "labels", "check numbers.jsonl", 0, ["No faults found"], AS_NAMES, ["must be a string"]),
    case(
        "a label that is an object is one fault a row", 3, "labels", "check nested.jsonl", 65, ["nested.jsonl:1: label: must be "],
        "a label that JSON has no name for ends in two faults, one of them wrong", ["is not given"],
    ),
    case("init sees true and false", 3, "labels", "init truths.jsonl", 0, ["head: {task: binary}"],
         "a label true of JSON ends in two faults, one of them wrong"),
    case(
        "labels that differ by blanks, case or .0", 3, "labels", "check alike.csv", 0,
        ["\"Cat\" (4 rows) and \"cat\" (12 rows)", "\"Dog\" (4 rows) and \"dog\" (4 rows)", "\"1\" (4 rows) and \"1.0\" (4 rows)",
         "\"New York\" (4 rows) and \"NewYork\" (4 rows)"],
        "cat, Cat and \"cat \" are three classes, without a word",
    ),
    case(
        "splits as people name them", 3, "labels", "check splits.csv", 0,
        ["train: 8 samples", "val: 8 samples", "test: 4 samples", "No faults found"], "validation, dev and Train are refused as splits",
    ),
    case(
        "a split of no known name", 3, "labels", "check holdout.csv", 65, ["holdout.csv:4: split: \"holdout\" is none of train, val"],
        "a split of another name is dropped",
    ),
    case(
        "ten rows, all at their defaults", 7, "pictures", "check ten.csv", 0, ["train: ", "val: ", "test: ", "image: 10 of 10"],
        "ten rows with defaults leave val empty, and training ends", ["has no samples"],
    ),
    case(
        "ten rows train", 7, "pictures", "train ten.yaml --out run", 0, ["Run: ", "Test split"],
        "ten rows with defaults leave val empty, and training ends",
    ),
    case(
        "train and test alone", 7, "pictures", "check train-test.csv", 0,
        ["no row is in val: ", "of the 8 train rows stand in for it", "test: 2 samples"], NO_VAL, ["split val has no samples"],
    ),
    case(
        "train and test alone are trained on", 7, "pictures", "train train-test.yaml --out run", 0,
        ["no row is in val: ", "of the 8 train rows stand in for it", "Run: "], NO_VAL,
    ),
    case(
        "a class of one row stays in train", 7, "pictures", "check rare.csv", 0, ["no row is in val: ", "rare 1", "0 errors"], NO_VAL,
    ),
    case("test alone", 7, "pictures", "check one-split.csv", 65, ["split train has no samples"], NO_VAL),
    case(
        "a run goes on for more epochs", 7, "pictures", "train longer.yaml --out run --resume --set training.epochs=3", 0,
        ["epoch 3/3"], GROWN, ["epoch 1/3"], before=["train longer.yaml --out run"],
    ),
    case(
        "a run that is to go on otherwise", 7, "pictures",
        "train longer.yaml --out run --resume --set training.learning_rate=0.5 --set training.epochs=3", 78,
        ["training.learning_rate", "differs"], "a resume that differs does not say in what", ["epoch 2/3"],
        before=["train longer.yaml --out run"],
    ),
]
