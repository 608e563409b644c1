"""Image files of every kind Braid decodes, what Pillow and timm make of them, and a narrow timm ResNet over them.

Writes
    fixtures/images/                 PNG and JPEG files
    fixtures/images.safetensors      FILE/pixels uint8 [H, W, 3], FILE/tensor float32 [3, 24, 24] (timm's eval transform)
    fixtures/bad/                    files that must be refused
    fixtures/resnet/                 config.json, model.safetensors and expected.safetensors: `input` [2, 3, 24, 24] with
                                     `pooled` [2, 24] and `tokens` [2, 1, 24]; `wide/...` the same of an input [1, 3, 64, 96],
                                     whose map is 2 x 3; and FILE [24], the pooled embedding of FILE/tensor

Requirements: pillow 13.0.0, timm 1.0.31, torchvision 0.29.2, torch 2.13.0 (CPU), numpy 2.4.6.
Command: python scripts/references/images.py
"""

import struct
import wave

import numpy as np
import reference_imports  # noqa: F401 (first: timm imports torchvision)
import timm
import torch
from PIL import Image, ImageOps
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD, create_transform

from fixture_files import FIXTURES, save_json, save_tensors
from png_writer import write_png

RANDOM = np.random.default_rng(5)
IMAGES = FIXTURES / "images"
CHANNELS = [8, 12, 16, 24]
PREPROCESSING = {
    "input_size": [3, 24, 24],
    "interpolation": "bicubic",
    "crop_pct": 0.875,
    "mean": list(IMAGENET_DEFAULT_MEAN),
    "std": list(IMAGENET_DEFAULT_STD),
}


def photo(width, height, channels):
    """Gradients, waves, an edge and some noise in 0...1, float [H, W, C]."""
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for _ in range(channels):
        slope, frequency, phase = RANDOM.uniform(-1, 1, 2), RANDOM.uniform(0.1, 0.6, 2), RANDOM.uniform(0, 6, 2)
        plane = slope[0] * x / width + slope[1] * y / height
        plane += 0.3 * np.sin(frequency[0] * x + phase[0]) * np.cos(frequency[1] * y + phase[1])
        plane += 0.4 * (x * 2 + y * 3 > width + height) + 0.05 * RANDOM.standard_normal((height, width))
        planes.append((plane - plane.min()) / np.ptp(plane))
    return np.stack(planes, axis=2)


def samples(width, height, channels, depth):
    return np.rint(photo(width, height, channels) * (2**depth - 1)).astype(int)


def write_png_files():
    for depth in (1, 2, 4, 8, 16):
        size = (50, 9) if depth == 8 else (31, 23)
        write_png(IMAGES / f"grey{depth}.png", samples(*size, 1, depth), "grey", depth)
    for depth in (1, 2, 4, 8):
        palette = RANDOM.integers(0, 256, (2**depth, 3), dtype=np.uint8)
        write_png(IMAGES / f"palette{depth}.png", samples(31, 23, 1, depth), "palette", depth, palette)
    alphas = bytes(RANDOM.integers(0, 256, 200, dtype=np.uint8))  # fewer than colours: the rest is opaque
    write_png(IMAGES / "palette8-trns.png", samples(31, 23, 1, 8), "palette", 8, palette, alphas)
    for depth in (8, 16):
        write_png(IMAGES / f"rgb{depth}.png", samples(*((54, 44) if depth == 8 else (31, 23)), 3, depth), "rgb", depth)
        write_png(IMAGES / f"grey-alpha{depth}.png", samples(31, 23, 2, depth), "grey-alpha", depth)
        write_png(IMAGES / f"rgba{depth}.png", samples(31, 23, 4, depth), "rgba", depth)
    write_png(IMAGES / "grey8-adam7.png", samples(31, 23, 1, 8), "grey", 8, interlaced=True)
    write_png(IMAGES / "rgba8-adam7.png", samples(31, 23, 4, 8), "rgba", 8, interlaced=True)
    keyed = samples(31, 23, 3, 8)
    keyed[5:15, 8:20] = (200, 30, 90)
    write_png(IMAGES / "rgb8-key.png", keyed, "rgb", 8, transparency=struct.pack(">3H", 200, 30, 90))


def picture(mode, width=31, height=23):
    array = samples(width, height, len(mode), 8).astype(np.uint8)
    return Image.fromarray(array[..., 0] if mode == "L" else array, mode)


def write_ycck(path, inks):
    """An Adobe YCCK file: no encoder of Python writes one. The planes are stored as CMYK, the marker is then changed.

    Adobe's files keep CMYK inverted, and the YCC part is the RGB that libjpeg inverts once more: so RGB is the ink.
    """
    ycc = np.asarray(Image.fromarray(inks[..., :3]).convert("YCbCr"))
    stored = np.concatenate((ycc, 255 - inks[..., 3:]), axis=2)
    Image.fromarray(255 - stored, "CMYK").save(path, quality=90)  # Pillow inverts CMYK as it writes
    data = bytearray(path.read_bytes())
    transform = data.index(b"Adobe") + 11
    assert data[transform] == 0
    data[transform] = 2
    path.write_bytes(data)


def write_jpeg_files():
    rgb = picture("RGB")
    rgb.save(IMAGES / "baseline-444.jpg", quality=90, subsampling=0)
    rgb.save(IMAGES / "baseline-420.jpg", quality=90, subsampling=2)
    rgb.save(IMAGES / "progressive.jpg", quality=90, progressive=True)
    rgb.save(IMAGES / "restart.jpg", quality=90, subsampling=0, restart_marker_blocks=2)
    picture("L").save(IMAGES / "grey.jpg", quality=90)
    inks = samples(31, 23, 4, 8).astype(np.uint8)
    Image.fromarray(inks, "CMYK").save(IMAGES / "cmyk.jpg", quality=90)  # with the Adobe marker, inverted
    write_ycck(IMAGES / "ycck.jpg", inks)
    small = picture("RGB", 21, 14)
    for orientation in range(2, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        small.save(IMAGES / f"exif{orientation}.jpg", quality=90, exif=exif)


def upright_rgb(path):
    """What Braid shall decode: Pillow's pixels, upright, in RGB. Where this departs from convert("RGB"):

    16-bit grey keeps its high byte, where Pillow clips I;16 at 255 (16-bit colour it reduces to the high byte itself);
    transparency of every kind is composited on white, where Pillow drops it.
    """
    image = ImageOps.exif_transpose(Image.open(path))
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image.convert("RGB")


def write_bad_files():
    bad = FIXTURES / "bad"
    bad.mkdir(parents=True, exist_ok=True)
    for source, name in (("baseline-420.jpg", "truncated.jpg"), ("rgb16.png", "truncated.png")):
        data = (IMAGES / source).read_bytes()
        (bad / name).write_bytes(data[: len(data) * 3 // 4])
    (bad / "text.png").write_text("This is not a picture.\n")
    (bad / "empty.wav").write_bytes(b"")
    with wave.open(str(bad / "header-only.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", "not compressed"))


def narrow_resnet():
    """timm's ResNet-18 with random weights and statistics. `channels` leaves the stem 64 wide."""
    model = timm.create_model("resnet18", channels=CHANNELS, num_classes=0).eval()
    generator = torch.Generator().manual_seed(5)
    for name, tensor in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            tensor.fill_(100)
        elif name.endswith("running_var") or ("weight" in name and tensor.dim() == 1):
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
        else:
            scale = (0.5 / tensor[0].numel()) ** 0.5 if tensor.dim() > 1 else 0.2
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * scale)
    return model


@torch.inference_mode()
def write_resnet(image_tensors):
    model = narrow_resnet()
    config = {"architecture": "resnet18", "num_classes": 0, "num_features": CHANNELS[-1]}
    config |= {"global_pool": "avg", "model_args": {"channels": CHANNELS}}
    config["pretrained_cfg"] = PREPROCESSING | {"crop_mode": "center", "first_conv": "conv1", "classifier": "fc"}
    save_json("resnet/config.json", config, indent=2)
    save_tensors("resnet/model.safetensors", model.state_dict())

    generator = torch.Generator().manual_seed(6)
    expected = {}
    for prefix, shape in (("", (2, 3, 24, 24)), ("wide/", (1, 3, 64, 96))):
        batch = torch.randn(shape, generator=generator)
        tokens = model.forward_features(batch).flatten(2).transpose(1, 2)
        expected |= {prefix + "input": batch, prefix + "pooled": model(batch), prefix + "tokens": tokens}
    expected |= {name: model(tensor[None])[0] for name, tensor in image_tensors.items()}
    save_tensors("resnet/expected.safetensors", expected)


if __name__ == "__main__":
    torch.set_num_threads(1)
    IMAGES.mkdir(parents=True, exist_ok=True)
    write_png_files()
    write_jpeg_files()
    write_bad_files()
    pictures = {path.name: upright_rgb(path) for path in sorted(IMAGES.iterdir())}
    transform = create_transform(**PREPROCESSING, is_training=False)
    tensors = {name: transform(image) for name, image in pictures.items()}
    expected = {f"{name}/pixels": torch.from_numpy(np.array(image)) for name, image in pictures.items()}
    save_tensors("images.safetensors", expected | {f"{name}/tensor": tensor for name, tensor in tensors.items()})
    write_resnet(tensors)
