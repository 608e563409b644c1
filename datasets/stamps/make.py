"""Makes a manifest of drawings, what is written about them and what is said: Debian's tuxpaint-stamps-default.

Each PNG drawing of the package has a description beside it (`NAME.txt`: English first, then `xx.utf8=` lines), and most have it spoken
(`NAME_desc_LANG.ogg`). The label is the folder it lies in. Nothing is drawn at random.

Usage: datasets/stamps/make.py OUT [--speech fr] [--test-speech es] [--deb FILE]
The package is fetched with apt-get unless a file is given (161 MB); nothing is installed. Needs Python alone.
"""

import argparse
import csv
import hashlib
import pathlib
import re
import subprocess
import sys

PACKAGE = "tuxpaint-stamps-default"
INSIDE = "usr/share/tuxpaint/stamps"
# Letters are drawings of nothing but themselves; variants are the same drawing turned over.
LEFT_OUT = ("symbols/alphabets",)
VARIANT = re.compile(r"_(mirror|flip)(_|$)")


def unpack(out, deb):
    """The folder of the stamps, below `out`."""
    if not (out / "package" / INSIDE).exists():
        if deb is None:
            print(f"fetching {PACKAGE} (161 MB)", flush=True)
            subprocess.run(["apt-get", "download", PACKAGE], cwd=out, check=True, capture_output=True)
            deb = next(out.glob(f"{PACKAGE}_*.deb"))
        subprocess.run(["dpkg-deb", "-x", deb, out / "package"], check=True)
    return out / "package" / INSIDE


def description(file):
    """The English line, whatever encoding the others have."""
    first = file.read_bytes().split(b"\n", 1)[0] if file.exists() else b""
    return first.decode("utf-8", "replace").strip()


def drawings(stamps):
    for image in sorted(stamps.rglob("*.png")):
        place = image.relative_to(stamps).as_posix()
        if not place.startswith(LEFT_OUT) and not VARIANT.search(image.stem):
            yield image, place.split("/")[:-1]


def item(text, stem):
    """What must not be divided between splits: all drawings of one thing."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip() or stem


def is_test(group):
    """A fifth of the things, whatever their order: for the transfer variant, whose test speech is another language."""
    return hashlib.sha256(group.encode()).digest()[0] < 51


def rows(stamps, out, speech, test_speech):
    for image, folders in drawings(stamps):
        text = description(image.with_suffix(".txt"))
        group = item(text, image.stem)
        in_test = is_test(group)
        language = test_speech if test_speech and in_test else speech
        sound = image.with_name(f"{image.stem}_desc_{language}.ogg")
        row = {
            "id": "/".join(folders + [image.stem]), "group": group, "image": image.relative_to(out).as_posix(), "text": text,
            "audio": sound.relative_to(out).as_posix() if sound.exists() else "", "label": folders[0], "kind": "/".join(folders[:2]),
        }  # fmt: skip
        if test_speech:
            row["split"] = "test" if in_test else "val" if hashlib.sha256(group.encode()).digest()[1] < 51 else "train"
        yield row


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--speech", default="fr", help="the language spoken (default: fr, which most drawings have)")
    parser.add_argument("--test-speech", help="another language in the test split: then the manifest has a split column")
    parser.add_argument("--deb", type=pathlib.Path, help="the package's file, if it is at hand")
    parser.add_argument("--few", type=int, default=10, help="labels with fewer drawings are left out (default: 10)")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    out = given.out.resolve()
    found = list(rows(unpack(out, given.deb and given.deb.resolve()), out, given.speech, given.test_speech))
    counts = {label: sum(row["label"] == label for row in found) for label in {row["label"] for row in found}}
    kept = [row for row in found if counts[row["label"]] >= given.few]
    if not kept:
        sys.exit(f"{out}: the package holds no drawing")
    name = f"manifest-{given.speech}-{given.test_speech}.csv" if given.test_speech else f"manifest-{given.speech}.csv"
    with open(out / name, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, kept[0].keys())
        writer.writeheader()
        writer.writerows(kept)
    for label, count in sorted(counts.items(), key=lambda pair: -pair[1]):
        print(f"{count:5} {label}{'' if count >= given.few else ' (left out)'}")
    spoken, written = sum(bool(row["audio"]) for row in kept), sum(bool(row["text"]) for row in kept)
    said = sum(row["label"].rstrip("s") in row["text"].lower() for row in kept)
    print(f"{len(kept)} drawings of {len({row['group'] for row in kept})} things, {written} described, {spoken} spoken in {given.speech}")
    print(f"{said} descriptions hold the label's own word\nwrote {out / name}")


if __name__ == "__main__":
    main()
