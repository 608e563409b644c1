"""Checks what stands on what (docs/architecture.md): imports between targets, names used between the folders of Sources/Braid.

A folder may use what its own and lower folders declare at the top level. Names are told once per file; members are not seen.

Command: python3 scripts/layering.py [--root DIR] [--self-test]. Exits with 1 where something is not as it should be.
"""

import argparse
import pathlib
import re
import shutil
import sys
import tempfile

FORBIDDEN = {
    "BraidSupport": "Braid BraidTokenizers BraidHub BraidCLI Torch CTorch CFFmpeg CImageCodecs CParquet CSound CZlib CZstd ArgumentParser Yams",
    "Torch": "Braid BraidTokenizers BraidHub BraidCLI CFFmpeg CImageCodecs CParquet CSound CZlib CZstd ArgumentParser Yams Crypto",
    "BraidTokenizers": "Braid BraidHub BraidCLI Torch CTorch CFFmpeg CImageCodecs CParquet CSound CZlib CZstd ArgumentParser Yams Crypto",
    "BraidHub": "Braid BraidTokenizers BraidCLI Torch CTorch CFFmpeg CImageCodecs CParquet CSound CZlib CZstd ArgumentParser Yams",
    "Braid": "BraidCLI BraidMain CTorch ArgumentParser",
    "BraidCLI": "Torch CTorch CFFmpeg CImageCodecs CParquet CSound CZlib CZstd Yams Crypto",
}
UNKNOWN_TO_CTORCH = re.compile(r"\b(image|audio|spectrogram|manifest)\b", re.I)
# Of Sources/Braid, lowest first.
FOLDERS = "Configuration Media Decode Augment Preprocess Modality Manifest Score Encode Head Fit Fuse Embed Model Evaluate Drift Train Report Run".split()
KINDS = "struct|class|enum|protocol|actor|typealias|associatedtype|func|let|var"
IMPORT = re.compile(rf"^ *(?:[@\w()]+ +)*import +(?:(?:{KINDS}) +)?(\w+)", re.M)
OPENING = re.compile(r'//[^\n]*\n?|/\*.*?\*/|#*"(?:"")?|[()]|\Z', re.S)
DECLARATION = re.compile(rf"[{{}}]|(\b(?:file)?private +[^\n{{}}]*?)?\b(?:{KINDS})\s+(\w+)(?:<([^>]+))?")
NAME = re.compile(r"(?<!\w)(?<!(?<!\.)\.)[A-Za-z_]\w*")  # not after a single dot, where it is a member


def code_of(text):
    """`text` without comments and string literals; line ends and interpolated code stay."""
    kept, opened, at = [], [], 0  # opened: what closes each parenthesis and literal around `at`
    while at < len(text):
        literal = opened[-1] if opened and opened[-1] != ")" else ""
        token = (re.compile(rf"(?s:\\{'#' * literal.count('#')}.)|{literal}|\Z") if literal else OPENING).search(text, at)
        before, found, at = text[at : token.start()], token.group(), token.end()
        kept.append("\n" * before.count("\n") if literal else before)
        kept.append(found if found in ("(", ")") else " " + "\n" * found.count("\n"))
        if found.endswith("("):
            opened.append(")")
        elif found and found in (")", literal):
            del opened[-1:]
        elif found.endswith('"') and not literal:
            opened.append(found[::-1])
    return "".join(kept)


class SwiftFile:
    """A source file: its code, the names it declares to others, and its own names: parameters, private, nested or local ones."""

    def __init__(self, path, root):
        self.path, self.code = path.relative_to(root).as_posix(), code_of(path.read_text())
        self.folder = self.path.split("/")[2] if self.path.count("/") > 2 else ""
        self.declared, self.own, depth = set(), set(re.findall(r"\b([a-z]\w*)\s*:", self.code)), 0
        for found in DECLARATION.finditer(self.code):
            depth += {"{": 1, "}": -1}.get(found.group(), 0)
            private, name, generics = found.groups()
            self.own.update(re.findall(r"(?:^|,)\s*(?:each\s+)?(\w+)", generics or ""))
            (self.own if depth or private else self.declared).update([name] if name else [])

    def at(self, place):
        return f"layering: {self.path}:{self.code.count(chr(10), 0, place) + 1}"

    def uses(self):
        """The names of others in the code, each with its first place."""
        places = {found.group(): found.start() for found in reversed([*NAME.finditer(self.code)])}
        return sorted((place, name) for name, place in places.items() if name not in self.own | self.declared)


def swift_files(root, target):
    return [SwiftFile(path, root) for path in sorted((root / "Sources" / target).rglob("*.swift"))]


def target_findings(root):
    for target, names in FORBIDDEN.items():
        for file in swift_files(root, target):
            for found in IMPORT.finditer(file.code):
                if found.group(1) in names.split():
                    yield f"{file.at(found.start(1))}: must not import {found.group(1)}"
    for path in sorted(path for path in (root / "Sources").glob("CTorch*/**/*") if path.is_file()):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if UNKNOWN_TO_CTORCH.search(line):
                yield f"layering: {path.relative_to(root)}:{number}: CTorch knows nothing of media or manifests"


def folder_findings(root):
    files, references = [file for file in swift_files(root, "Braid") if file.folder != "Resources"], set()
    folders = {name: file.folder for file in files for name in file.declared}
    for file in files:
        if file.folder not in FOLDERS:
            yield f"layering: {file.path}: in no folder that scripts/layering.py knows: add the folder to FOLDERS there"
            continue
        for place, name in file.uses():
            if (there := folders.get(name)) in FOLDERS:
                references.add((file.folder, there))
                if FOLDERS.index(there) > FOLDERS.index(file.folder):
                    yield f"{file.at(place)}: uses {name} ({there}/), which stands above {file.folder}/"
    yield from (f"layering: circle: {', '.join(circle)}" for circle in circles(references))


def circles(references):
    """The groups of folders that reach one another."""
    reached = {folder: {folder} | {there for here, there in references if here == folder} for folder in FOLDERS}
    for through in FOLDERS:
        for folders in reached.values():
            folders |= reached[through] if through in folders else set()
    groups = [tuple(there for there in FOLDERS if there in reached[here] and here in reached[there]) for here in FOLDERS]
    return [group for group in dict.fromkeys(groups) if len(group) > 1]


def findings(root):
    return [*target_findings(root), *folder_findings(root)]


def self_test(root):
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder)
        shutil.copytree(root / "Sources", copy / "Sources", ignore=shutil.ignore_patterns("Resources"))
        name = min(name for file in swift_files(copy, "Braid") if file.folder == "Run" for name in file.declared)
        use = f'/* {name} */ let first = "{name}" // {name}\nlet second = "{name}: \\({name}.self)"\n'
        for path, text, finding in (
            (swift_files(copy, "Torch")[0].path, "\nimport ArgumentParser\n", "must not import ArgumentParser"),
            (swift_files(copy, "BraidTokenizers")[0].path, "\nimport Braid\n", "must not import Braid"),
            ("Sources/Braid/Decode/Planted.swift", use, f":2: uses {name} (Run/), which stands above Decode/"),
        ):
            before = findings(copy)
            with open(copy / path, "a") as file:
                file.write(text)
            if not any(path in line and finding in line for line in set(findings(copy)) - set(before)):
                sys.exit(f"layering: planted in {path}, but not found: {finding}")
    print("layering: planted imports are found")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[1], help="the checkout; if not given, this one")
    parser.add_argument("--self-test", action="store_true", help="plant imports in a copy of the sources and see them found")
    options = parser.parse_args()
    if options.self_test:
        return self_test(options.root)
    found = findings(options.root)
    print("\n".join(found) or "layering: as it should be")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
