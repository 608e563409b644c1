"""Reference values of augmentations: torchvision's and torchaudio's functions, on a small picture, spectrogram and recording.

Writes fixtures/augmentations.json (the cases) and fixtures/augmentations.safetensors (inputs and outcomes).

Command: python scripts/references/augmentations.py   (needs torch, torchvision, torchaudio, pillow, numpy and safetensors)
"""

import itertools

import numpy
import reference_imports  # noqa: F401
import torch
import torchaudio.functional as audio
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from fixture_files import save_json, save_tensors

HEIGHT, WIDTH = 20, 23
# What PictureOperation calls torchvision's operations.
OPERATIONS = {
    "identity": "Identity", "shearX": "ShearX", "shearY": "ShearY", "translateX": "TranslateX", "translateY": "TranslateY",
    "rotate": "Rotate", "brightness": "Brightness", "saturation": "Color", "contrast": "Contrast", "sharpness": "Sharpness",
    "posterize": "Posterize", "solarize": "Solarize", "autoContrast": "AutoContrast", "equalize": "Equalize",
}  # fmt: skip


def picture():
    """Smooth colours with noise on them, no channel reaching over all values."""
    y, x = numpy.mgrid[:HEIGHT, :WIDTH]
    smooth = numpy.stack([20 + 9 * x, 15 + 8 * y, 60 + 3 * (x + y)], 2)
    noise = numpy.random.default_rng(7).integers(-14, 15, (HEIGHT, WIDTH, 3))
    return numpy.clip(smooth + noise, 3, 250).astype(numpy.uint8)


def colours(tensor):
    """`(name, factor, outcome)` of what colour jitter is made of."""
    for factor in (0.0, 0.6, 1.0, 1.37, 2.0):
        yield "brightness", factor, F.adjust_brightness(tensor, factor)
        yield "contrast", factor, F.adjust_contrast(tensor, factor)
        yield "saturation", factor, F.adjust_saturation(tensor, factor)
    for turn in (-0.5, -0.1, 0.07, 0.31):
        yield "hue", turn, F.adjust_hue(tensor, turn)


def operations(tensor):
    """`(name, magnitude, isNegative, outcome)` of what RandAugment is made of."""
    transform = v2.RandAugment()
    for (ours, theirs), level, negative in itertools.product(OPERATIONS.items(), (9, 30), (False, True)):
        make, signed = transform._AUGMENTATION_SPACE[theirs]
        if negative and not signed:
            continue
        magnitudes = make(31, HEIGHT, WIDTH)
        magnitude = 0.0 if magnitudes is None else float(magnitudes[level])
        changed = transform._apply_image_or_video_transform(
            tensor, theirs, -magnitude if negative else magnitude, interpolation=InterpolationMode.NEAREST, fill={}
        )
        yield ours, level, negative, changed


def masks():
    """`(size, longest, draws, start, end)` of torchaudio's masks, and the numbers they were drawn by."""
    for seed, (size, longest) in enumerate([(50, 10), (64, 20), (7, 6), (1, 1), (128, 100), (301, 30)] * 4):
        torch.manual_seed(seed)
        draws = [torch.rand(1).item(), torch.rand(1).item()]
        torch.manual_seed(seed)
        masked = audio.mask_along_axis(torch.ones(1, 2, size), longest, 0.0, 2)[0, 0]
        hidden = (masked == 0).nonzero().flatten().tolist()
        start = hidden[0] if hidden else None
        yield {"size": size, "longest": longest, "draws": draws, "start": start, "count": len(hidden)}


def main():
    pixels = picture()
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)
    rows = lambda changed: changed.permute(1, 2, 0)  # noqa: E731
    tensors, cases = {"picture": torch.from_numpy(pixels)}, {"colours": [], "operations": [], "crops": [], "noise": []}
    for name, factor, changed in colours(tensor):
        tensors[f"{name} {factor}"] = rows(changed)
        cases["colours"].append({"name": name, "factor": factor, "tensor": f"{name} {factor}"})
    for name, level, negative, changed in operations(tensor):
        key = f"{name} {level}{' negative' if negative else ''}"
        tensors[f"operation {key}"] = rows(changed)
        cases["operations"].append({"name": name, "magnitude": level, "isNegative": negative, "tensor": f"operation {key}"})
    for top, left, height, width in [(0, 0, 20, 23), (3, 5, 11, 9), (19, 22, 1, 1), (2, 0, 18, 7)]:
        cut = F.resized_crop(Image.fromarray(pixels), top, left, height, width, [12, 14], InterpolationMode.BICUBIC)
        tensors[f"crop {top} {left}"] = torch.from_numpy(numpy.array(cut))
        cases["crops"].append({"region": [top, left, height, width], "size": [12, 14], "tensor": f"crop {top} {left}"})
    tensors["mirrored"] = rows(F.horizontal_flip(tensor))
    generator = torch.Generator().manual_seed(3)
    tensors["signal"], tensors["noise"] = (torch.randn(200, generator=generator) for _ in range(2))
    for ratio in (-5.0, 0.0, 12.5):
        tensors[f"noise {ratio}"] = audio.add_noise(tensors["signal"], tensors["noise"], torch.tensor(ratio))
        cases["noise"].append({"ratio": ratio, "tensor": f"noise {ratio}"})
    cases["masks"] = list(masks())
    save_json("augmentations.json", cases)
    save_tensors("augmentations.safetensors", tensors)


if __name__ == "__main__":
    main()
