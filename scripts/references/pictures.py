"""Writes fixtures/reports/pictures/: WebP and GIF files, and what Pillow makes of each, as RGB over white. Needs numpy, pillow, safetensors.

    python3 scripts/references/pictures.py fixtures/reports/pictures
"""

import pathlib
import sys

import numpy
from PIL import Image, ImageOps
from safetensors.numpy import save_file


def scene(height, width, shift=0):
    y, x = numpy.mgrid[:height, :width]
    red, green = (x * 255 // (width - 1) + shift) % 256, y * 255 // (height - 1)
    return numpy.stack([red, green, (x + y + shift) * 3 % 256], 2).astype(numpy.uint8)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    colours, other = Image.fromarray(scene(37, 53)), Image.fromarray(scene(37, 53, 90))
    clear = colours.convert("RGBA")
    clear.putalpha(Image.fromarray((scene(37, 53)[:, :, 0] // 2 + 60).astype(numpy.uint8)))
    turned = colours.getexif()
    turned[0x0112] = 6
    colours.save(folder / "lossless.webp", lossless=True)
    colours.save(folder / "lossy.webp", quality=80)
    clear.save(folder / "alpha.webp", lossless=True, exact=True)
    colours.save(folder / "turned.webp", lossless=True, exif=turned)
    colours.save(folder / "animated.webp", save_all=True, append_images=[other], lossless=True, duration=100)
    colours.quantize(64).save(folder / "plain.gif", interlace=0)
    colours.quantize(64).save(folder / "interlaced.gif", interlace=1)
    colours.quantize(64).save(folder / "animated.gif", save_all=True, append_images=[other.quantize(64)], duration=100)
    holes = colours.quantize(32)
    holes.save(folder / "transparent.gif", transparency=3)
    expected = {}
    for file in sorted(folder.iterdir()):
        if file.suffix in (".webp", ".gif"):
            picture = ImageOps.exif_transpose(Image.open(file)).convert("RGBA")
            white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
            expected[file.name] = numpy.asarray(Image.alpha_composite(white, picture).convert("RGB")).copy()
    save_file(expected, folder / "expected.safetensors")


if __name__ == "__main__":
    main()
