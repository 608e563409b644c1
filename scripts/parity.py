"""Compares Braid's encoders at full size, from file to embedding, with timm, torchvision, Transformers, PANNs' definition and
efficientnet-lite-pytorch.

Writes weights with seeded random values as each project saves them, lets `braid embed` and the reference embed the same
files, and prints a table in Markdown. Weights and inputs go to .build/parity. Exits with 1 where a difference is beyond 1e-4.

Usage: python3 scripts/parity.py path/to/braid [PART OF A NAME ...]
Needs: torch 2.13.0 (CPU), timm, open_clip_torch, speechbrain, hyperpyyaml, ruamel.yaml, efficientnet-lite-pytorch, torchvision, transformers, torchaudio, torchlibrosa, librosa, soundfile, pillow, safetensors.
"""

import csv
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts" / "references")]
try:
    import reference_imports  # noqa: F401 (first: timm imports torchvision)
    import torch
    from safetensors.torch import load_file

    import parity_models
except ImportError as missing:
    sys.exit(f"parity: {missing}; install: torch==2.13.0 timm open_clip_torch speechbrain hyperpyyaml ruamel.yaml efficientnet-lite-pytorch torchvision transformers torchaudio torchlibrosa librosa soundfile pillow safetensors piexif")

WORK = ROOT / ".build" / "parity"
BOUND = 1e-4


def embed(braid, folder, modality, settings, rows):
    """What braid makes of `rows`, in their order."""
    manifest = folder / "manifest.csv"
    with open(manifest, "w", newline="") as file:
        csv.writer(file).writerows([[modality], *[[row] for row in rows]])
    fields = ", ".join(f"{key}: '{value}'" for key, value in settings.items())
    config = folder / "braid.yaml"
    config.write_text(f"manifest: {manifest.name}\nmodalities: {{{modality}: {{{fields}}}}}\n")
    out = folder / "out"
    subprocess.run([braid, "embed", config, "--manifest", manifest, "--out", out, "--no-cache", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return load_file(out / "part-00000.safetensors")[modality]


@torch.inference_mode()
def compare(braid, name, case):
    folder = WORK / "case"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    modality, settings, rows, expected = case(folder)
    found = embed(braid, folder, modality, settings, rows)
    difference = (expected - found).abs().max().item()
    largest = expected.abs().max().item()
    cosine = torch.nn.functional.cosine_similarity(expected.double(), found.double()).min().item()
    print(f"| {name} | {len(rows)} | {difference:.1e} | {largest:.2f} | {cosine:.9f} |", flush=True)
    return difference <= BOUND


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    braid, parts = sys.argv[1], sys.argv[2:]
    cases = parity_models.cases(ROOT / "fixtures" / "tokenizers")
    chosen = {name: case for name, case in cases.items() if not parts or any(part in name for part in parts)}
    print("| encoder | inputs | max abs difference | largest value | least cosine |\n|---|---|---|---|---|")
    failed = [name for name, case in chosen.items() if not compare(braid, name, case)]
    shutil.rmtree(WORK / "case", ignore_errors=True)
    if failed:
        sys.exit(f"parity: beyond {BOUND:g}: {', '.join(failed)}")


if __name__ == "__main__":
    main()
