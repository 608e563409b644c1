"""A PNG encoder for what Pillow cannot write: every colour type and bit depth, Adam7, every row filter. Imported, not run.

PNG specification, third edition: https://www.w3.org/TR/png-3/
"""

import struct
import zlib

import numpy as np

COLOUR_TYPES = {"grey": 0, "rgb": 2, "palette": 3, "grey-alpha": 4, "rgba": 6}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed_row(row, depth):
    """The bytes of one row of samples [W, C]."""
    samples = row.reshape(-1).astype(np.uint16)
    if depth == 16:
        return np.frombuffer(samples.astype(">u2").tobytes(), np.uint8)
    bits = np.unpackbits(samples.astype(np.uint8)[:, None], axis=1)[:, 8 - depth :]
    return np.packbits(bits.reshape(-1))


def filtered(row, above, step, kind):
    """One row after filter 0 None, 1 Sub, 2 Up, 3 Average or 4 Paeth."""
    row, above = row.astype(int), above.astype(int)
    left, corner = (np.concatenate((np.zeros(step, int), line))[: len(line)] for line in (row, above))
    estimate = left + above - corner
    distances = np.abs(estimate - np.stack((left, above, corner)))
    paeth = np.choose(distances.argmin(0), (left, above, corner))
    prediction = (0 * row, left, above, (left + above) // 2, paeth)[kind]
    return bytes([kind]) + ((row - prediction) % 256).astype(np.uint8).tobytes()


def filtered_rows(samples, depth):
    """All rows of one (sub)image, the five filters in turn."""
    step = max(1, samples.shape[2] * depth // 8)
    rows = [packed_row(row, depth) for row in samples]
    above = [np.zeros_like(rows[0])] + rows[:-1]
    return b"".join(filtered(row, up, step, y % 5) for y, (row, up) in enumerate(zip(rows, above)))


def write_png(path, samples, colour, depth, palette=None, transparency=None, interlaced=False):
    """Writes integer samples [H, W, C]. `palette` is uint8 [N, 3]; `transparency` the bytes of the tRNS chunk."""
    height, width, _ = samples.shape
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    parts = [samples[y::dy, x::dx] for x, y, dx, dy in passes]
    data = b"".join(filtered_rows(part, depth) for part in parts if part.size)
    header = struct.pack(">IIBBBBB", width, height, depth, COLOUR_TYPES[colour], 0, 0, int(interlaced))
    chunks = [chunk(b"IHDR", header)]
    chunks += [chunk(b"PLTE", palette.tobytes())] if palette is not None else []
    chunks += [chunk(b"tRNS", transparency)] if transparency is not None else []
    chunks += [chunk(b"IDAT", zlib.compress(data, 9)), chunk(b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
