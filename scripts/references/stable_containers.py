"""Takes the clock out of files that libsndfile writes, so that a second run gives the same bytes. Imported, not run."""

import struct

SERIAL = 7


def fix_wav_peak_time(path):
    """The PEAK chunk of a float WAV carries the time of writing: version, then seconds since 1970."""
    data = bytearray(path.read_bytes())
    time = data.index(b"PEAK") + 12
    data[time : time + 4] = bytes(4)
    path.write_bytes(data)


def ogg_checksum(page):
    """CRC-32 of an Ogg page: polynomial 0x04c11db7, not reflected, zero at the start and no final inversion."""
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x104C11DB7 if crc & 0x80000000 else 0)
    return crc


def fix_ogg_serial(path):
    """libsndfile numbers an Ogg stream at random. Page layout: RFC 3533, section 6."""
    data = bytearray(path.read_bytes())
    start = 0
    while start < len(data):
        segments = data[start + 26]
        end = start + 27 + segments + sum(data[start + 27 : start + 27 + segments])
        data[start + 14 : start + 18] = struct.pack("<I", SERIAL)
        data[start + 22 : start + 26] = bytes(4)
        data[start + 22 : start + 26] = struct.pack("<I", ogg_checksum(data[start:end]))
        start = end
    path.write_bytes(data)
