"""One small picture in every format that Braid reads, in the kinds that each has, and what Pillow makes of them.

Writes
    fixtures/reports/pictures-formats/                       PNG, JPEG, WebP, GIF, TIFF, BMP, HEIC and AVIF files
    fixtures/reports/pictures-formats/expected.safetensors   FILE uint8 [H, W, 3]: upright, over white, rounded to nearest

The same bytes each time, but for the hour that animated.avif holds.

Requirements: pillow 13.0.0 (with libavif), pillow-heif 1.8.1, tifffile 2026.3.3, numpy 2.4.6, safetensors.
Command: python scripts/references/picture_formats.py
"""

import struct

import numpy as np
import pillow_heif
import tifffile
from PIL import Image, ImageOps
from safetensors.numpy import save_file

from fixture_files import FIXTURES, ROOT
from png_writer import write_png

FOLDER = FIXTURES / "reports" / "pictures-formats"
WIDTH, HEIGHT = 23, 17


def scene(depth=8, shift=0):
    """Slopes and stripes [H, W, 4] over the whole range of `depth` bits, with an alpha that reaches 0 and the top."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    red, green, blue = x / (WIDTH - 1), y / (HEIGHT - 1), (x + 2 * y + shift) % 32 / 31
    alpha = np.clip((x + y) / 20 - 0.3, 0, 1)
    samples = np.stack([(red + shift / 40) % 1, green, blue, alpha], 2) * (2**depth - 1)
    return np.rint(samples).astype(np.uint8 if depth == 8 else np.uint16)


RGBA = Image.fromarray(scene())
RGB, OTHER = RGBA.convert("RGB"), Image.fromarray(scene(shift=13)).convert("RGB")
GREY, PALETTE, BILEVEL = RGB.convert("L"), RGB.quantize(64), RGB.convert("1")
CMYK = Image.fromarray(np.dstack([scene()[..., :3], scene(shift=7)[..., 2] // 2]), "CMYK")


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def write_png_files():
    wide, straight = scene(16).astype(int), scene().astype(int)
    indices = np.asarray(RGB.quantize(16))[..., None].astype(int)
    colours = np.array(RGB.quantize(16).getpalette()[:48], np.uint8).reshape(16, 3)
    write_png(FOLDER / "rgb8.png", straight[..., :3], "rgb", 8)
    write_png(FOLDER / "rgb16.png", wide[..., :3], "rgb", 16)
    write_png(FOLDER / "grey16.png", wide[..., 2:3], "grey", 16)
    write_png(FOLDER / "bilevel.png", np.asarray(BILEVEL)[..., None].astype(int), "grey", 1)
    write_png(FOLDER / "rgba8-interlaced.png", straight, "rgba", 8, interlaced=True)
    write_png(FOLDER / "rgba16.png", wide, "rgba", 16)
    write_png(FOLDER / "palette4.png", indices, "palette", 4, colours)
    write_png(FOLDER / "palette4-alpha.png", indices, "palette", 4, colours, bytes(range(0, 256, 32)))


def write_jpeg_files():
    RGB.save(FOLDER / "rgb.jpg", quality=85)
    RGB.save(FOLDER / "progressive.jpg", quality=85, progressive=True, subsampling=0)
    GREY.save(FOLDER / "grey.jpg", quality=85)
    CMYK.save(FOLDER / "cmyk.jpg", quality=85)
    RGB.save(FOLDER / "turned6.jpg", quality=85, exif=turned(6))


def write_webp_and_gif_files():
    RGB.save(FOLDER / "lossy.webp", quality=80)
    RGBA.save(FOLDER / "lossless-alpha.webp", lossless=True, exact=True)
    RGB.save(FOLDER / "turned8.webp", lossless=True, exif=turned(8))
    RGB.save(FOLDER / "animated.webp", save_all=True, append_images=[OTHER], lossless=True, duration=100)
    PALETTE.save(FOLDER / "plain.gif", interlace=0)
    PALETTE.save(FOLDER / "interlaced-transparent.gif", interlace=1, transparency=3)
    PALETTE.save(FOLDER / "animated.gif", save_all=True, append_images=[OTHER.quantize(64)], duration=100)


def write_tiff_files():
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        RGB.save(FOLDER / f"rgb8-{compression.removeprefix('tiff_')}.tif", compression=compression)
    RGB.save(FOLDER / "jpeg.tif", compression="jpeg", quality=85)
    GREY.save(FOLDER / "grey8-strips.tif", compression="tiff_lzw", strip_size=WIDTH * 5)
    RGBA.save(FOLDER / "rgba8.tif", compression="tiff_lzw")
    Image.merge("LA", [GREY, RGBA.getchannel("A")]).save(FOLDER / "grey8-alpha.tif")
    PALETTE.save(FOLDER / "palette8.tif", compression="tiff_lzw")
    BILEVEL.save(FOLDER / "bilevel.tif", compression="raw")
    BILEVEL.save(FOLDER / "bilevel-white-is-0.tif", compression="raw", tiffinfo={262: 0})
    BILEVEL.save(FOLDER / "bilevel-fax4.tif", compression="group4")
    BILEVEL.save(FOLDER / "bilevel-fax3.tif", compression="group3")
    CMYK.save(FOLDER / "cmyk.tif", compression="tiff_lzw")
    CMYK.save(FOLDER / "cmyk-jpeg.tif", compression="jpeg", quality=85)
    for orientation in range(2, 9):
        GREY.save(FOLDER / f"turned{orientation}.tif", compression="tiff_adobe_deflate", tiffinfo={274: orientation})
    RGB.save(FOLDER / "two-pages.tif", save_all=True, append_images=[OTHER], compression="tiff_lzw")

    write = lambda name, samples, **options: tifffile.imwrite(  # noqa: E731
        FOLDER / f"{name}.tif", samples, **{"photometric": "rgb", "metadata": None, "compression": "zlib"} | options)
    wide, alpha = scene(16), scene()
    top = scene(16)[..., 3:].astype(np.uint32)
    multiplied = np.dstack([(scene(16)[..., :3] * top // 65535).astype(np.uint16), scene(16)[..., 3]])
    write("grey16", wide[..., 2], photometric="minisblack")
    write("grey16-big-endian", wide[..., 2], photometric="minisblack", byteorder=">")
    write("grey16-tiled", wide[..., 2], photometric="minisblack", tile=(16, 16))
    write("grey8-white-is-0", alpha[..., 2], photometric="miniswhite")
    write("rgb16", wide[..., :3], planarconfig="contig")
    write("rgb16-big-endian-raw", wide[..., :3], planarconfig="contig", byteorder=">", compression=None)
    write("rgba16", wide, planarconfig="contig", extrasamples=["unassalpha"])
    write("rgba16-premultiplied", multiplied, planarconfig="contig", extrasamples=["assocalpha"])
    write("rgba8-premultiplied", (multiplied >> 8).astype(np.uint8), planarconfig="contig", extrasamples=["assocalpha"])
    write("rgb8-and-unspecified", alpha, planarconfig="contig", extrasamples=["unspecified"])
    write("rgb8-planes", np.moveaxis(alpha[..., :3], 2, 0), planarconfig="separate", compression=None)
    write("grey8-tiled-raw", alpha[..., 0], photometric="minisblack", tile=(16, 16), compression=None)
    write("rgb8-tiled", alpha[..., :3], planarconfig="contig", tile=(16, 16))
    write("rgba8-tiled-big", alpha, planarconfig="contig", tile=(16, 16), extrasamples=["unassalpha"], bigtiff=True)
    write("rgb8-predictor", alpha[..., :3], planarconfig="contig", predictor=True)


def padded(rows):
    """The rows' bytes, each filled up to a multiple of four."""
    return b"".join(data + bytes(-len(data) % 4) for data in (row.tobytes() for row in rows))


def packed4(indices):
    """Rows of indices [H, W] below 16, two in a byte."""
    even = np.pad(indices, ((0, 0), (0, indices.shape[1] % 2))).astype(np.uint8)
    return padded(even[:, ::2] << 4 | even[:, 1::2])


def run_lengths(samples, bits):
    """RLE8 or RLE4: what repeats as runs, the rest as absolute pieces of three or more, which are padded to two bytes."""
    data = bytearray()
    for row in samples.tolist():
        place = 0
        while place < len(row):
            run = next((i for i in range(place, len(row)) if row[i] != row[place]), len(row)) - place
            piece = row[place : place + 5]
            if run == 1 and len(piece) >= 3:
                data += bytes([0, len(piece)])
                if bits == 4:
                    piece = [high << 4 | low for high, low in zip(piece[::2], (piece + [0])[1::2])]
                data += bytes(piece) + bytes(len(piece) % 2)
                place += min(5, len(row) - place)
            else:
                data += bytes([run, row[place] * (17 if bits == 4 else 1)])
                place += run
        data += bytes([0, 0])  # end of row
    return bytes(data) + bytes([0, 1])


def write_bmp(name, bits, pixels, palette=b"", compression=0, masks=(), header=40, top_down=False):
    """The headers before `pixels`, which are in the file's order. 12 bytes of header are OS/2's, 124 Windows 5's."""
    if header == 12:
        fields = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, bits)
    else:
        height = -HEIGHT if top_down else HEIGHT
        colours = len(palette) // 4
        fields = struct.pack("<IiiHHIIiiII", header, WIDTH, height, 1, bits, compression, len(pixels), 2835, 2835, colours, 0)
        fields += struct.pack(f"<{len(masks)}I", *masks)
        fields += bytes(max(0, header - len(fields)))
    start = 14 + len(fields) + len(palette)
    (FOLDER / f"{name}.bmp").write_bytes(
        struct.pack("<2sIHHI", b"BM", start + len(pixels), 0, 0, start) + fields + palette + pixels)


def write_bmp_files():
    RGB.save(FOLDER / "rgb24.bmp")
    GREY.save(FOLDER / "grey8.bmp")
    BILEVEL.save(FOLDER / "bilevel.bmp")
    few, indices = RGB.quantize(16), np.asarray(RGB.quantize(16))
    colours = np.array(few.getpalette()[:48], np.uint8).reshape(16, 3)[:, ::-1]
    four = np.dstack([colours[None], np.zeros((1, 16, 1), np.uint8)]).tobytes()
    upwards = indices[::-1]
    write_bmp("palette4", 4, packed4(upwards), four)
    write_bmp("palette4-top-down", 4, packed4(indices), four, top_down=True)
    write_bmp("palette4-os2", 4, packed4(upwards), colours.tobytes(), header=12)
    write_bmp("palette8-rle", 8, run_lengths(upwards, 8), four, compression=1)
    write_bmp("palette4-rle", 4, run_lengths(upwards, 4), four, compression=2)
    bgra = scene()[::-1][..., [2, 1, 0, 3]]
    write_bmp("rgb24-os2", 24, padded(bgra[..., :3]), header=12)
    write_bmp("rgb32", 32, bgra.tobytes())
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    write_bmp("rgb32-fields", 32, bgra.tobytes(), compression=3, masks=masks[:3])
    write_bmp("rgba32", 32, bgra.tobytes(), compression=3, masks=masks, header=124)
    blue, green, red = (bgra[..., channel].astype(np.uint16) for channel in range(3))
    write_bmp("rgb16", 16, padded((red >> 3 << 10 | green >> 3 << 5 | blue >> 3).astype("<u2")))
    fields = padded((red >> 3 << 11 | green >> 2 << 5 | blue >> 3).astype("<u2"))
    write_bmp("rgb16-fields", 16, fields, compression=3, masks=(0xF800, 0x7E0, 0x1F))


def write_heic_and_avif_files():
    RGB.save(FOLDER / "lossy.heic", quality=80)
    RGB.save(FOLDER / "lossless.heic", quality=-1, chroma=444, matrix_coefficients=0)
    GREY.save(FOLDER / "grey.heic", quality=80)
    RGBA.save(FOLDER / "alpha.heic", quality=90)
    RGB.save(FOLDER / "turned6.heic", quality=80, exif=turned(6))
    RGB.save(FOLDER / "turned5.heic", quality=80, exif=turned(5))
    wide = pillow_heif.from_bytes("RGB;16", (WIDTH, HEIGHT), np.ascontiguousarray(scene(16)[..., :3]).tobytes())
    wide.save(FOLDER / "rgb10.heic", quality=90, chroma=444)
    RGB.save(FOLDER / "lossy.avif", quality=75)
    RGB.save(FOLDER / "lossless.avif", quality=100, subsampling="4:4:4")
    GREY.save(FOLDER / "grey.avif", quality=75)
    RGBA.save(FOLDER / "alpha.avif", quality=90)
    RGBA.save(FOLDER / "premultiplied.avif", quality=90, alpha_premultiplied=True)
    for orientation in (3, 6, 7):
        RGB.save(FOLDER / f"turned{orientation}.avif", quality=75, exif=turned(orientation))
    RGB.save(FOLDER / "animated.avif", save_all=True, append_images=[OTHER], quality=75, duration=100)


def expected(path):
    """What Braid shall decode. 16-bit grey keeps its high byte, where Pillow clips I;16 at 255."""
    picture = ImageOps.exif_transpose(Image.open(path))
    if picture.mode.startswith("I"):
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    rgba = np.asarray(picture.convert("RGBA")).astype(int)
    colours, alpha = rgba[..., :3], rgba[..., 3:]
    return ((colours * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


if __name__ == "__main__":
    pillow_heif.register_heif_opener()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    write_png_files()
    write_jpeg_files()
    write_webp_and_gif_files()
    write_tiff_files()
    write_bmp_files()
    write_heic_and_avif_files()
    pictures = {path.name: expected(path) for path in sorted(FOLDER.iterdir())}
    save_file(pictures, FOLDER / "expected.safetensors")
    size = sum(path.stat().st_size for path in FOLDER.iterdir())
    print(f"{FOLDER.relative_to(ROOT)}: {len(pictures)} pictures, {size:,} bytes")
