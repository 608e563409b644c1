"""Makes fixtures/models/format2-*: small models as Braid wrote them at commit 616f16c, and what that Braid predicted with them.

Command: python3 scripts/references/format2_models.py BRAID, where BRAID is the command built at that commit.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures"
IMAGES = ["grey8.png", "rgb8.png", "palette8.png", "grey.jpg", "baseline-444.jpg", "rgb16.png", "grey16.png"]
AUDIO = [
    "pcm16-8k.wav", "flac-22k.flac", "float32-48k.wav", "vorbis-16k.ogg", "pcm8-11k.wav", "opus-48k.opus", "mp3-44k-stereo.mp3",
]
COMMON = "modalities: {{image: {{weights: {0}/resnet}}, audio: {{weights: {0}/cnn10}}}}\ntraining: {{epochs: 2, batch_size: 4, learning_rate: 0.01, monitor: false}}\n"
RECIPES = {
    "gated": (
        ["label"],
        "fusion: {type: gated, dim: 16}\nhead: {task: binary, positive: a, hidden: [4], class_weights: balanced}\n",
    ),
    "heads": (
        ["tags", "size"],
        "fusion: {type: bottleneck, dim: 16, heads: 2, bottlenecks: 2, layers: 1}\nheads:\n"
        "  tags: {task: multilabel, hidden: [4], loss: focal, focal_gamma: 1.5}\n"
        "  size: {task: regression, hidden: [], loss: huber, weight: 0.5}\n",
    ),
}
LABELS = {"label": lambda i: "ab"[i % 2], "tags": lambda i: "x|y" if i % 2 else "x", "size": lambda i: str(1.5 * i)}


def main():
    braid = sys.argv[1]
    for name, (columns, recipe) in RECIPES.items():
        folder = pathlib.Path(tempfile.mkdtemp())
        rows = [",".join(["id", "split", "image", "audio"] + columns)]
        for i, (image, audio) in enumerate(zip(IMAGES, AUDIO)):
            split = "train" if i < 4 else "val" if i < 5 else "test"
            media = [f"{FIXTURES}/images/{image}", f"{FIXTURES}/audio/{audio}"]
            rows.append(",".join([str(i), split] + media + [LABELS[column](i) for column in columns]))
        (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
        (folder / "config.yaml").write_text(COMMON.format(FIXTURES) + recipe)
        subprocess.run([braid, "train", folder / "config.yaml", "--out", folder / "run", "--quiet"], check=True, stdout=subprocess.DEVNULL)
        said = subprocess.run(
            [braid, "predict", folder / "run", "--manifest", folder / "manifest.csv", "--json", "--no-cache", "--quiet"],
            check=True, capture_output=True, text=True,
        ).stdout
        target = FIXTURES / "models" / f"format2-{name}"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(folder / "run/model", target)
        samples = [
            {"image": image, "audio": audio, "prediction": json.loads(line)}
            for image, audio, line in zip(IMAGES, AUDIO, said.splitlines())
        ]
        (target / "predictions.json").write_text(json.dumps(samples, indent=1) + "\n")


if __name__ == "__main__":
    main()
