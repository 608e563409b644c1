"""Writes fixtures/pillow-resize.json: what Pillow's Image.resize makes of pictures that a formula gives.

Each row: `from` and `to` are [width, height], `filter` is Pillow's number, `sha256` is of the result's bytes, RGB [height, width, 3];
small results lie beside as `bytes`. A picture's byte at column x, row y and channel c is the low byte of
(37 x + 91 y + 53 c) xor (x y), all in whole numbers.

Requirements: pillow 13.0.0 (earlier ones always resize the width first, which gives others of the tall pictures), numpy 2.4.6.
Command: python scripts/references/pillow_resize.py
"""

import hashlib

import numpy
from PIL import Image

from fixture_files import save_rows

FILTERS = range(6)  # nearest, Lanczos, bilinear, bicubic, box and Hamming
SIZES = [
    ((6, 5), (3, 2)),  # narrower than a register
    ((3, 2), (6, 5)),
    ((1, 1), (4, 3)),
    ((40, 30), (1, 1)),
    ((53, 37), (24, 24)),
    ((24, 24), (53, 37)),
    ((53, 37), (31, 37)),  # one side only
    ((53, 37), (53, 90)),
    ((53, 37), (53, 37)),  # neither
    ((80, 30), (20, 60)),
    ((30, 80), (45, 20)),  # height first: it loses more than twice what the width does
    ((50, 200), (20, 40)),
    ((50, 100), (20, 40)),  # width first: just twice
    ((32, 32), (224, 224)),
    ((500, 375), (341, 256)),
    ((375, 500), (256, 341)),
    ((1200, 700), (384, 224)),
]
FEW_BYTES = 100


def picture(width, height):
    y, x, c = numpy.mgrid[:height, :width, :3]
    return Image.fromarray((((37 * x + 91 * y + 53 * c) ^ (x * y)) & 255).astype(numpy.uint8))


def row(size, new_size, kind):
    data = picture(*size).resize(new_size, kind).tobytes()
    values = {"from": size, "to": new_size, "filter": kind, "sha256": hashlib.sha256(data).hexdigest()}
    return values | ({"bytes": list(data)} if len(data) <= FEW_BYTES else {})


def main():
    save_rows("pillow-resize.json", [row(*sizes, kind) for sizes in SIZES for kind in FILTERS])


if __name__ == "__main__":
    main()
