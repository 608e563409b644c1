"""What the published EfficientNet-Lite0 makes of the test pictures, by the definition its weights were published with.

Writes
    fixtures/efficientnet-lite0/whole.jpg, tiny.jpg    341x256, of which the transform only crops, and 32x32, which it enlarges
                                                       eightfold: with both, Pillow and libtorch agree to the last bit
    fixtures/efficientnet-lite0/expected.safetensors   by the name of a file there, or of one of fixtures/images, which other
                                                       factors enlarge, the embedding [1280]: the mean of `extract_features`,
                                                       after timm's transform of the weights folder's `pretrained_cfg`

Requirements: torch 2.13.0 (CPU), timm 1.0.31, torchvision 0.29.2, pillow 13.0.0, efficientnet-lite-pytorch 0.1.0; the weights
in .deps/weights (scripts/fetch.py weights). They are read by torch's reader of tensors alone, `weights_only=True`.
Command: python scripts/references/efficientnet_lite0.py
"""

import json

import numpy as np
import reference_imports  # noqa: F401 (first: timm imports torchvision)
import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from timm.data import create_transform, resolve_data_config

from fixture_files import FIXTURES, LITE0_WEIGHTS, save_tensors
from images import IMAGES, upright_rgb

FOLDER = FIXTURES / "efficientnet-lite0"
OTHERS = ["baseline-420.jpg", "baseline-444.jpg", "exif6.jpg", "progressive.jpg", "rgb8.png"]


def draw(path, size, seed):
    """Soft spots of colour, as a JPEG."""
    spots = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    Image.fromarray(spots).resize(size, Image.BICUBIC).save(path, quality=90)


def published():
    """The network and the transform that its weights folder states."""
    model = EfficientNet.from_name("efficientnet-lite0")
    model.load_state_dict(torch.load(next(LITE0_WEIGHTS.glob("*.pth")), map_location="cpu", weights_only=True))
    settings = json.loads((LITE0_WEIGHTS / "config.json").read_text())["pretrained_cfg"]
    return model.eval(), create_transform(**resolve_data_config(pretrained_cfg=settings), is_training=False)


@torch.inference_mode()
def embedding(model, transform, path):
    return model.extract_features(transform(upright_rgb(path))[None]).mean((2, 3))[0]


if __name__ == "__main__":
    torch.set_num_threads(1)
    model, transform = published()
    FOLDER.mkdir(exist_ok=True)
    draw(FOLDER / "whole.jpg", (341, 256), 1)
    draw(FOLDER / "tiny.jpg", (32, 32), 2)
    paths = [FOLDER / "whole.jpg", FOLDER / "tiny.jpg"] + [IMAGES / name for name in OTHERS]
    expected = {path.name: embedding(model, transform, path) for path in paths}
    save_tensors("efficientnet-lite0/expected.safetensors", expected)
