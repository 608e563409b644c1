"""What cases are made of: a case, rows of a CSV file, small pictures. Imported, not run."""

import struct
import zlib


def case(name, kind, folder, arguments, exit, says, report, never=(), **more):
    """A case of cases.json; `arguments` and `before` as one would type them behind `braid`."""
    case = {"name": name, "kind": kind, "report": report, "folder": folder, "arguments": arguments, "exit": exit}
    return {**case, "says": list(says), "never": list(never), **more}


def csv(header, rows, separator=","):
    """A file of lines that are given as they stand, under a header."""
    return "".join(f"{line}\n" for line in [header.replace(",", separator), *rows])


def rows(count, row):
    return [row(index) for index in range(count)]


def png(seed=0, width=4, height=4):
    """A grey picture, another for each seed."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    lines = b"".join(b"\0" + bytes((40 * seed + 31 * x + 17 * y) % 256 for x in range(width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def pictures(count, place=""):
    """`count` pictures as files 0.png, 1.png, …"""
    return {f"{place}{index}.png": png(index) for index in range(count)}


def gzip(data):
    """Compressed, the same on every day."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()
