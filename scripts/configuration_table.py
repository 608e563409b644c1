"""Rewrites the table of keys in docs/configuration.md from docs/config.schema.json.

Command: python3 scripts/configuration_table.py, after braid init --schema > docs/config.schema.json
With --check nothing is written, and the exit code says whether the page is as it should be.
"""

import json
import pathlib
import sys

DOCS = pathlib.Path(__file__).resolve().parents[1] / "docs"
SECTIONS = ["manifest", "init_from", "columns", "splits", "on_bad_sample", "device", "embedding_cache", "modalities", "fusion", "head", "heads", "training", "evaluation", "tracking", "search"]


def rows(schema, path=()):
    for name, child in sorted(schema.get("properties", {}).items()):
        place, others = path + (name,), child.get("additionalProperties")
        if isinstance(child.get("type"), list) or "additionalProperties" not in child and "properties" not in child:
            yield ".".join(place), child
        yield from rows(child, place)
        if isinstance(others, dict) and "type" in others and "properties" not in others and "additionalProperties" not in others:
            yield ".".join(place + ("NAME",)), others
        elif isinstance(others, dict):
            yield from rows(others, place + ("NAME",))


def is_shown(key):
    """Whether the table has the key: of a modality that is not called after its kind, only what it has beyond that kind."""
    parts = key.split(".")
    return parts[:2] != ["modalities", "NAME"] or parts[2] in ("kind", "column")


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
    keys = sorted((row for row in rows(schema) if is_shown(row[0])), key=lambda row: SECTIONS.index(row[0].split(".")[0]))
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
