"""Holds docs/run-folder.md to the code: files and fields of runs that the page does not name, and what it names that no run has.

A row of a table whose text says "Only with" need not be in the runs at hand.

Usage: python3 scripts/run_folder.py RUN... Ends with 1 where page and runs differ.
"""

import json
import pathlib
import re
import sys

PAGE = pathlib.Path(__file__).resolve().parents[1] / "docs" / "run-folder.md"
ROW = re.compile(r"^\| `([^`]+)` \| (.*) \|$", re.M)


def section(text, title):
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    return [(name, "Only with" in meaning) for name, meaning in ROW.findall(found[1])]


def pattern(name, separator):
    """`*` stands for one part or a piece of it, `**` for everything below."""
    parts = re.split(r"(\*\*|\*)", name)
    one = "[^/]*" if separator == "/" else "[^\0]*"
    return re.compile("".join({"**": ".*", "*": one}.get(part, re.escape(part.replace(".", separator) if separator == "\0" else part))
                              for part in parts) + r"\Z", re.S)


def fields(value, path=()):
    """The paths of all leaves; of empty lists and objects none, for nobody knows what would be in them."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from fields(each, path + (key,))
    elif isinstance(value, list):
        for each in value:
            yield from fields(each, path[:-1] + ((path[-1] if path else "") + "[]",))
    else:
        yield "\0".join(path)


def compare(what, named, found, separator, faults):
    patterns = [(name, optional, pattern(name, separator)) for name, optional in named]
    for item in sorted(found):
        if not any(each.match(item) for _, _, each in patterns):
            faults.append(f"{what}: {item.replace(chr(0), '.')} is not in {PAGE.name}")
    for name, optional, each in patterns:
        if not optional and not any(each.match(item) for item in found):
            faults.append(f"{what}: {name} is in {PAGE.name}, and no run has it")
    return sum(any(each.match(item) for item in found) for _, _, each in patterns), len(patterns)


def main():
    runs = [pathlib.Path(argument) for argument in sys.argv[1:]] or sys.exit(__doc__)
    text = PAGE.read_text(encoding="utf-8")
    faults, counts = [], []
    files, model, record, metrics, description = set(), set(), set(), set(), set()
    for run in runs:
        below = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
        files |= below
        model |= {name.removeprefix("model/") for name in below if name.startswith("model/")}
        record |= set(fields(json.loads((run / "run.json").read_text())))
        description |= set(fields(json.loads((run / "model/model.json").read_text())))
        for line in (run / "metrics.jsonl").read_text().splitlines():
            metrics |= set(fields(json.loads(line)))
    for what, title, found, separator in [
        ("files", "Files", files, "/"), ("model folder", "The model folder", model, "/"), ("run.json", "`run.json`", record, "\0"),
        ("metrics.jsonl", "`metrics.jsonl`", metrics, "\0"), ("model.json", "`model.json`", description, "\0"),
    ]:
        seen, named = compare(what, section(text, title), found, separator, faults)
        counts.append(f"{what} {seen} of {named}")
    print("\n".join(faults) if faults else f"{PAGE.name} and {len(runs)} runs agree; seen: {', '.join(counts)}")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
