"""Makes the small set that pages of the documentation stand on, in the folder it is run in: photos/, sounds/, and manifest.csv with texts.

The rows are some of datasets/digits under other names, with gaps: every tenth row lacks its text, its recording or its picture. With `--notes`
there is no manifest, but what people have before they make one: notes.csv, with id, text and label.

Usage: python3 scripts/walk_data.py [--rows N] [--classes A B …] [--names X Y …] [--notes] [--labelled N]
"""

import argparse
import csv
import pathlib
import shutil

DIGITS = pathlib.Path(__file__).resolve().parents[1] / "datasets" / "digits"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=120)
    parser.add_argument("--classes", nargs="*", default=["one", "two", "six"], help="labels to take")
    parser.add_argument("--names", nargs="*", help="what they are called instead")
    parser.add_argument("--labelled", type=int, help="how many have a label; the rest have none yet")
    parser.add_argument("--notes", action="store_true", help="write notes.csv, and no manifest")
    options = parser.parse_args()
    names = dict(zip(options.classes, options.names or options.classes))
    with open(DIGITS / "manifest.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["label"] in names][:options.rows]
    for folder in ("photos", "sounds"):
        pathlib.Path(folder).mkdir(exist_ok=True)
    columns = ["id", "text", "label"] if options.notes else ["id", "image", "text", "audio", "label"]
    with open("notes.csv" if options.notes else "manifest.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns, extrasaction="ignore")
        table.writeheader()
        for number, row in enumerate(rows, 1):
            gap = number % 10
            cells = {"id": number, "text": "" if gap == 2 else row["text"], "label": names[row["label"]]}
            if options.labelled is not None and number > options.labelled:
                cells["label"] = ""
            for column, folder, missing in (("image", "photos", 3), ("audio", "sounds", 5)):
                place = f"{folder}/{number}{pathlib.PurePath(row[column]).suffix}"
                if gap != missing:
                    shutil.copyfile(DIGITS / row[column], place)
                cells[column] = "" if gap == missing else place
            table.writerow(cells)


if __name__ == "__main__":
    main()
