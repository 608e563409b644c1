"""Recordings that were cut, or whose header is wrong: kind 1, at the command. Every container: DamagedSoundTests."""

import pathlib
import struct

from .parts import case, csv

WHOLE = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "audio" / "mp3-44k-stereo.mp3"
SAMPLES = b"".join(struct.pack("<h", (i * 997) % 16001 - 8000) for i in range(800))


def wav(data, declared=None, form=1, bits=16):
    """A recording of 8 kHz; `declared` is what its header says of the length of `data`."""
    declared = len(data) if declared is None else declared
    layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, form, 1, 8000, 8000 * bits // 8, bits // 8, bits)
    return b"RIFF" + struct.pack("<I", 36 + declared) + b"WAVE" + layout + struct.pack("<4sI", b"data", declared) + data


FLOATS = struct.pack("<4f", 0.1, 1e29, -0.2, 0.3) * 200
FILES = {
    "whole.wav": wav(SAMPLES),
    "cut.wav": wav(SAMPLES)[:700],
    "killed.wav": wav(SAMPLES, declared=0),
    "killed-late.wav": wav(SAMPLES, declared=0xFFFFFFFF - 36),
    "loud.wav": wav(FLOATS, form=3, bits=32),
    "cut.mp3": WHOLE.read_bytes()[:2128],
    "damaged.csv": csv("id,audio,label", ["0,whole.wav,a", "1,cut.wav,b", "2,loud.wav,a", "3,cut.mp3,b"]),
    "killed.csv": csv("id,audio,label,split", ["0,whole.wav,a,train", "1,killed.wav,b,train", "2,killed-late.wav,b,val"]),
}

FOLDERS = {"sound": FILES}
REST = "a recording that was cut is embedded as if it were whole"
MODEL = "{fixtures}/models/format2-gated"

CASES = [
    case(
        "recordings that were cut", 1, "sound", "check damaged.csv", 65,
        ["damaged.csv:3: audio: ", "cut.wav: ", "damaged.csv:4: audio: ", "loud.wav: ", "damaged.csv:5: audio: ", "cut.mp3: "], REST,
        ["damaged.csv:2: ", "mpg123", "the same sample"],
    ),
    case("a recording that was cut is not embedded", 1, "sound", f"embed {MODEL} --manifest damaged.csv --out out --no-cache", 65,
         ["damaged.csv:3: audio: ", "cut.wav: "], REST, ["mpg123"]),
    case("a recording that was cut is not used", 1, "sound", f"predict {MODEL} --audio cut.wav", 65, ["cut.wav: "], REST),
    case("damaged recordings are skipped", 1, "sound",
         f"embed {MODEL} --manifest damaged.csv --out out --no-cache --on-bad-sample skip", 0, ["3 of 4 samples skipped"], REST,
         files={"out/part-00000.ids.txt": ["0\n"]}),
    case("a recorder that was stopped hard", 1, "sound", "check killed.csv", 0, ["audio: 3 of 3 samples can be used", "0 errors"],
         "a data size of 0 with samples behind it is a recording of no length"),
]
