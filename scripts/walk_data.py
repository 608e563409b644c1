"""Makes the small set that pages of the documentation stand on, in the folder it is run in: photos/, sounds/, and manifest.csv with texts.

The rows are some of datasets/digits under other names, with gaps: every tenth row lacks its text, its recording or its picture.

Usage: python3 scripts/walk_data.py [--rows N] [--classes A B …] [--names X Y …]
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
    options = parser.parse_args()
    names = dict(zip(options.classes, options.names or options.classes))
    with open(DIGITS / "manifest.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["label"] in names][:options.rows]
    for folder in ("photos", "sounds"):
        pathlib.Path(folder).mkdir(exist_ok=True)
    with open("manifest.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["id", "image", "text", "audio", "label"])
        for number, row in enumerate(rows, 1):
            photo = f"photos/{number}{pathlib.PurePath(row['image']).suffix}"
            sound = f"sounds/{number}{pathlib.PurePath(row['audio']).suffix}"
            shutil.copyfile(DIGITS / row["image"], photo)
            shutil.copyfile(DIGITS / row["audio"], sound)
            gap = number % 10
            table.writerow([
                number, "" if gap == 3 else photo, "" if gap == 2 else row["text"], "" if gap == 5 else sound, names[row["label"]]])


if __name__ == "__main__":
    main()
