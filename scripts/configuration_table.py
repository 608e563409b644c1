"""Rewrites the table of keys in docs/configuration.md from docs/config.schema.json.

Command: python3 scripts/configuration_table.py, after braid init --schema > docs/config.schema.json
With --check nothing is written, and the exit code says whether the page is as it should be.
"""

import json
import pathlib
import sys

DOCS = pathlib.Path(__file__).resolve().parents[1] / "docs"
SECTIONS = ["manifest", "init_from", "columns", "splits", "on_bad_sample", "device", "embedding_cache", "modalities", "fusion", "head", "heads", "training", "evaluation", "search"]


def rows(schema, path=()):
    for name, child in sorted(schema["properties"].items()):
        if isinstance(child.get("type"), list):
            yield ".".join(path + (name,)), child
        if "properties" in child or "additionalProperties" in child:
            if isinstance(child.get("additionalProperties"), dict):
                yield from rows(child["additionalProperties"], path + (name, "NAME"))
            else:
                yield from rows(child, path + (name,))
        else:
            yield ".".join(path + (name,)), child


def values(key, schema):
    if key.endswith(".train") or ".train." in key:
        return "none \\| last:N \\| first:N \\| all \\| bitfit \\| norm \\| lora:R \\| ia3"
    if key.endswith(".augment"):
        return "none \\| light \\| strong, or a section"
    if key.endswith(".wise_ft"):
        return "auto \\| 0 to 1"
    return " \\| ".join(schema["enum"]) if "enum" in schema else schema["type"]


def main():
    schema = json.loads((DOCS / "config.schema.json").read_text())
    keys = sorted(rows(schema), key=lambda row: SECTIONS.index(row[0].split(".")[0]))
    lines = ["| key | values | default | meaning |", "|---|---|---|---|"]
    for key, child in keys:
        default = json.dumps(child["default"]) if "default" in child else ""
        lines.append(f"| `{key}` | {values(key, child)} | {default} | {child['description']} |")
    page = DOCS / "configuration.md"
    text = page.read_text().split("\n")
    first = next(i for i, line in enumerate(text) if line.startswith("| key |"))
    last = first + next(i for i, line in enumerate(text[first:] + [""]) if not line.startswith("|"))
    made = text[:first] + lines + text[last:]
    if "--check" in sys.argv:
        if made != text:
            sys.exit("docs/configuration.md differs from docs/config.schema.json: run python3 scripts/configuration_table.py")
        return
    page.write_text("\n".join(made))


if __name__ == "__main__":
    main()
