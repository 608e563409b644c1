"""Where the fixtures lie, and how the scripts of this folder write them. Imported by them, not run."""

import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
LITE0 = ROOT / "scripts" / "weights" / "efficientnet-lite0"  # what fetch.py puts beside the weights
MINILM = ROOT / ".deps" / "weights" / "all-MiniLM-L6-v2"  # brought by scripts/fetch.py
LITE0_WEIGHTS = ROOT / ".deps" / "weights" / "efficientnet-lite0"  # likewise


def save_tensors(name, tensors):
    """Writes fixtures/NAME, a safetensors file."""
    from safetensors.torch import save

    path = FIXTURES / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(save({key: tensor.detach().contiguous().clone() for key, tensor in tensors.items()}))
    print(f"{path.relative_to(ROOT)}: {len(tensors)} tensors, {path.stat().st_size:,} bytes")


def save_json(name, value, indent=None):
    """Writes fixtures/NAME: ASCII only, so that no editor or checkout changes a control character in it."""
    path = FIXTURES / name
    path.parent.mkdir(parents=True, exist_ok=True)
    separators = (",", ":") if indent is None else None
    path.write_text(json.dumps(value, ensure_ascii=True, indent=indent, separators=separators) + "\n")
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


def save_rows(name, rows):
    """Writes fixtures/NAME: a JSON list with one element a line, so that a diff shows which one changed."""
    path = FIXTURES / name
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row, ensure_ascii=True, separators=(",", ":")) for row in rows]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(f"{path.relative_to(ROOT)}: {len(lines)} rows, {path.stat().st_size:,} bytes")
