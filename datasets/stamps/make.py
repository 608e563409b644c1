"""Makes a manifest of drawings, what is written about them and what is said: Debian's tuxpaint-stamps-default.

Each PNG drawing of the package has a description beside it (`NAME.txt`: English first, then `xx.utf8=` lines), and most have it spoken
(`NAME_desc_LANG.ogg`). The label is the folder it lies in, `kind` that and the next one. Nothing is drawn at random.

Usage: datasets/stamps/make.py OUT [--speech fr] [--test-speech es] [--deb FILE]
The package is fetched with apt-get unless a file is given (161 MB); nothing is installed. Needs Python alone.
"""

import argparse
import collections
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


def things(drawn):
    """The name of each drawing's thing, which must not be divided between splits: drawings whose description or whose file name (less a
    number at its end) is the same show one thing, and so do those that a third one joins."""
    parent = {}

    def root(key):
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    keys = []
    for image, _ in drawn:
        words = re.sub(r"[^a-z0-9]+", " ", description(image.with_suffix(".txt")).lower()).strip()
        base = re.sub(r"[-_]?[0-9]+$", "", image.stem.lower()) or image.stem
        keys.append(("text", words) if words else ("name", base))
        first, second = sorted((root(keys[-1]), root(("name", base))), reverse=True)
        parent[second] = first
    return [root(key)[1] for key in keys]


def is_test(group):
    """A fifth of the things, whatever their order: for the transfer variant, whose test speech is another language."""
    return hashlib.sha256(group.encode()).digest()[0] < 51


def rows(stamps, out, speech, test_speech):
    drawn = list(drawings(stamps))
    for (image, folders), group in zip(drawn, things(drawn)):
        text = description(image.with_suffix(".txt"))
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


def tell(kept, out):
    """What the README states: things, what is missing, languages, and how often a description gives the label away."""
    heard = collections.Counter()
    for row in kept:
        image = out / row["image"]
        heard.update(sound.stem[-2:] for sound in image.parent.glob(f"{image.stem}_desc_??.ogg"))
    spoken, written = sum(bool(row["audio"]) for row in kept), sum(bool(row["text"]) for row in kept)
    named = {key: sum(any(part.rstrip("s") in row["text"].lower() for part in row[key].split("/")) for row in kept) for key in ("label", "kind")}
    print(f"{len(kept)} drawings of {len({row['group'] for row in kept})} things, {written} described, {spoken} with speech")
    print("speech there is: " + ", ".join(f"{language} {count}" for language, count in heard.most_common()))
    print(f"{named['label']} descriptions hold the label's own word, {named['kind']} one of the kind's")


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
    tell(kept, out)
    print(f"wrote {out / name}")


if __name__ == "__main__":
    main()
