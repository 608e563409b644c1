"""Makes the digits data set: manifest.csv, images/ and audio/ beside this file.

Needs espeak-ng on the PATH and, in Python 3.11 or later, numpy, scipy, scikit-learn, pillow and soundfile:

    pip install numpy scipy scikit-learn pillow soundfile
    python make.py            # writes into its own folder; --out DIR writes elsewhere

Every draw comes from SEED, so one set of library versions always gives the same bytes. README.md describes the result.
"""

import argparse
import csv
import io
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image
from scipy.ndimage import affine_transform, gaussian_filter, zoom
from scipy.signal import resample_poly
from sklearn.datasets import load_digits

import clues

SEED = 20
LABELS = clues.SPELLING
PER_CLASS = {"train": 70, "val": 20, "test": 30}

# A voice is an accent with an espeak-ng variant, which sets the timbre. A variant belongs to one split only.
ACCENTS = ["en-gb", "en-us", "en-gb-scotland", "en-029", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-us-nyc"]
VARIANTS = {
    "train": "m1 m2 m4 m5 m7 m8 f1 f2 f4 Alex Andrea Annie Denis Gene Lee Mario Michael anika antonio benjamin boris "
             "croak david grandpa gustave iven klatt linda marcelo norbert pablo quincy robosoft steph travis".split(),
    "val": "m3 f3 Andy Henrique belinda iven3 john paul".split(),
    "test": "m6 f5 Hugo Jacky Nguyen adam aunty edward grandma Diogo max rob sandro victor".split(),
}

# How many samples have which modality ruined, as fractions of a class in a split. Drawn jointly, not independently:
# independent draws would ruin both image and audio in about 6 % of the samples, and no classifier could save those.
RUINED = {"image": 0.225, "audio": 0.26, "both": 0.01}
NO_HELP_CLUES = 0.04

SIDE = 28  # pixels
BABBLE = [
    "the train to the coast leaves later than we thought", "please put the bread and the apples on the table",
    "nobody had seen the old lighthouse since winter", "my sister plays the piano in the evening",
]


@dataclass
class Row:
    """One sample before it is rendered. Severities run from 0, as found, to 1, ruined."""

    split: str
    digit: int
    source: int  # index into load_digits()
    voice: str
    image_severity: float
    audio_severity: float
    text: str


def plan(rng: np.random.Generator, targets: np.ndarray) -> list[Row]:
    """Decides everything about each row that must hold over the whole set: balance, voices, sources, severities."""
    voices = {s: [f"{a}+{v}" for i, v in enumerate(VARIANTS[s]) for a in np.roll(ACCENTS, i)[::2]]
              for s in PER_CLASS}
    rows = []
    for digit in range(10):
        sources = iter(rng.permutation(np.flatnonzero(targets == digit)))
        for split, count in PER_CLASS.items():
            for ruined in ruin_plan(rng, count):
                rows.append(Row(
                    split, digit, int(next(sources)), str(rng.choice(voices[split])),
                    severity(rng, ruined in ("image", "both")), severity(rng, ruined in ("audio", "both")),
                    written_clue(rng, digit, split)))
    return [rows[i] for i in rng.permutation(len(rows))]


def ruin_plan(rng: np.random.Generator, count: int) -> list[str]:
    """One entry a sample: which of its modalities is ruined. Fractions of a sample are rounded by lot."""
    plan = []
    for name, fraction in RUINED.items():
        exact = fraction * count
        plan += [name] * int(exact + rng.random())
    return list(rng.permutation(plan + ["neither"] * (count - len(plan))))


def severity(rng: np.random.Generator, ruined: bool) -> float:
    return float(rng.uniform(0.75, 1.0) if ruined else rng.uniform(0.0, 0.35))


def written_clue(rng: np.random.Generator, digit: int, split: str) -> str:
    """A sentence that is true of the digit, in words and a frame that only this split uses."""
    if rng.random() < NO_HELP_CLUES:
        clue = clues.NO_HELP
    else:
        fitting = [c for c in clues.CLUES if c.holds(digit)]
        clue = fitting[rng.integers(len(fitting))]
    assert clue.holds(digit), (clue.name, digit)
    text = str(rng.choice(clues.FRAMES[split])).format(rng.choice(getattr(clue, split)))
    return text[0].upper() + text[1:]


def draw_image(rng: np.random.Generator, pixels: np.ndarray, severity: float) -> np.ndarray:
    """An 8x8 digit (0...16) as a degraded 28x28 grey image (0...255), white on black."""
    digit = np.clip(zoom(np.pad(pixels / 16, 1), 2.2, order=3), 0, 1)  # 10x10 -> 22x22
    digit = 1 / (1 + np.exp(-9 * (digit - 0.45)))  # the strokes get edges again
    canvas = np.pad(digit, (SIDE - len(digit)) // 2)
    angle = np.deg2rad(rng.normal(0, 2 + 7 * severity))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / rng.uniform(0.95, 1.05)
    centre = np.full(2, (SIDE - 1) / 2)
    canvas = affine_transform(canvas, turn, centre - turn @ centre + rng.uniform(-1, 1, 2), order=1)
    canvas = occlude(rng, np.clip(canvas, 0, 1), severity)
    canvas = gaussian_filter(canvas, rng.uniform(0, 0.3 + 0.8 * severity))
    contrast = rng.uniform(0.75, 1.0) * (1 - 0.4 * severity)
    noisy = canvas * contrast + rng.uniform(0, 0.08) + rng.normal(0, 0.02 + 0.13 * severity ** 2, canvas.shape)
    return np.clip(noisy * 255, 0, 255).round().astype(np.uint8)


def occlude(rng: np.random.Generator, canvas: np.ndarray, severity: float) -> np.ndarray:
    """Hides parts of the digit behind blocks, and crosses it with strokes as bright as its own."""
    if severity < 0.5:
        blocks, size, strokes = int(rng.random() < severity), 4, 0
    else:
        blocks, size, strokes = int(rng.integers(2, 4)), 10, int(rng.integers(1, 3))
    ys, xs = np.mgrid[:SIDE, :SIDE]
    for _ in range(strokes):
        angle, offset = rng.uniform(0, np.pi), rng.uniform(-6, 6)
        distance = np.abs((xs - SIDE / 2) * np.cos(angle) + (ys - SIDE / 2) * np.sin(angle) - offset)
        canvas = np.maximum(canvas, np.clip(2 - distance, 0, 1) * rng.uniform(0.7, 1))
    for _ in range(blocks):
        height, width = rng.integers(size - 2, size + 2, 2)
        top, left = rng.integers(4, SIDE - 4 - height), rng.integers(4, SIDE - 4 - width)
        canvas[top:top + height, left:left + width] = rng.choice([0.0, 0.0, rng.uniform(0.2, 0.6)])
    return canvas


def save_image(rng: np.random.Generator, grey: np.ndarray, stem: Path) -> Path:
    """Mostly 8-bit grey PNG; a few in the other kinds that turn up in real folders."""
    kind = rng.choice(["grey", "jpeg", "rgb", "palette"], p=[0.92, 0.04, 0.02, 0.02])
    image = Image.fromarray(grey)
    path = stem.with_suffix(".jpg" if kind == "jpeg" else ".png")
    if kind == "rgb":
        image = image.convert("RGB")
    elif kind == "palette":
        image = image.quantize(32)
    image.save(path, **({"quality": 88} if kind == "jpeg" else {"optimize": True}))
    return path


def speak(text: str, voice: str, speed: int, pitch: int, rate: int) -> np.ndarray:
    """What espeak-ng says, mono at `rate`, silence trimmed, at unit RMS."""
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", text]
    wav = subprocess.run(command, check=True, capture_output=True).stdout
    sound, native = soundfile.read(io.BytesIO(wav))
    common = np.gcd(rate, native)
    sound = resample_poly(sound, rate // common, native // common)
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
    sound = sound[loud[0]:loud[-1] + 1]
    return sound / np.sqrt(np.mean(sound ** 2))


def noise(rng: np.random.Generator, count: int, rate: int, split: str) -> np.ndarray:
    """White, pink or babble noise at unit RMS. The babble is spoken by voices of the same split."""
    kind = rng.choice(["white", "pink", "babble"])
    if kind == "babble":
        sound = np.zeros(count)
        for _ in range(4):
            voice = f"{rng.choice(ACCENTS)}+{rng.choice(VARIANTS[split])}"
            talk = speak(str(rng.choice(BABBLE)), voice, 170, int(rng.integers(30, 70)), rate)
            start = rng.integers(len(talk) - count)
            sound += talk[start:start + count]
    else:
        spectrum = np.fft.rfft(rng.normal(size=count))
        if kind == "pink":
            spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
        sound = np.fft.irfft(spectrum, count)
    return sound / np.sqrt(np.mean(sound ** 2))


def record(rng: np.random.Generator, row: Row, rate: int) -> np.ndarray:
    """The spoken digit as a degraded mono clip of at most one second."""
    speed, pitch = int(rng.integers(140, 186)), int(rng.integers(35, 66))
    word = speak(LABELS[row.digit], row.voice, speed, pitch, rate)
    before, after = (int(rng.uniform(*span) * rate) for span in ((0.02, 0.25), (0.02, 0.12)))
    clip = np.pad(word, (before, after))[:rate]
    if row.audio_severity < 0.5:
        decibels = 32 - 34 * row.audio_severity  # 32 dB down to 20 dB
    else:
        decibels = -2 - 10 * (row.audio_severity - 0.75) / 0.25  # -2 dB down to -12 dB
    clip = clip + noise(rng, len(clip), rate, row.split) * 10 ** (-decibels / 20)
    return clip / np.abs(clip).max() * rng.uniform(0.15, 0.95)


def save_audio(rng: np.random.Generator, row: Row, stem: Path) -> Path:
    """Mostly OGG Vorbis; some WAV and FLAC, some stereo; 8 or 16 kHz."""
    kind = str(rng.choice(["ogg", "flac", "wav"], p=[0.93, 0.04, 0.03]))
    rate = int(rng.choice([8000, 16000], p=[0.65, 0.35])) if kind == "ogg" else 8000
    clip = record(rng, row, rate)
    if rng.random() < 0.05:
        clip = np.stack([clip, clip * rng.uniform(0.5, 1)], axis=1)
    path = stem.with_suffix("." + kind)
    if kind == "ogg":
        soundfile.write(path, clip, rate, format="OGG", subtype="VORBIS", compression_level=0.75)
        path.write_bytes(with_serial_one(path.read_bytes()))
    else:
        soundfile.write(path, clip, rate, subtype="PCM_16")
    return path


CRC_TABLE = []
for value in range(256):
    value <<= 24
    for _ in range(8):
        value = (value << 1 ^ (0x04C11DB7 if value >> 31 else 0)) & 0xFFFFFFFF
    CRC_TABLE.append(value)


def with_serial_one(ogg: bytes) -> bytes:
    """The same Ogg stream with serial number 1: libsndfile draws a new one each run."""
    pages, start = bytearray(ogg), 0
    while start < len(pages):
        segments = pages[start + 26]
        end = start + 27 + segments + sum(pages[start + 27:start + 27 + segments])
        pages[start + 14:start + 18] = (1).to_bytes(4, "little")
        pages[start + 22:start + 26] = bytes(4)  # the checksum counts itself as zero (RFC 3533, section 6)
        crc = 0
        for byte in pages[start:end]:
            crc = (crc << 8 & 0xFFFFFFFF) ^ CRC_TABLE[crc >> 24 ^ byte]
        pages[start + 22:start + 26] = crc.to_bytes(4, "little")
        start = end
    return bytes(pages)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write into")
    out = parser.parse_args().out
    clues.check()
    names = [v for split in VARIANTS.values() for v in split]
    assert len(names) == len(set(names)), "a voice variant stands in two splits"
    for folder in ("images", "audio"):
        (out / folder).mkdir(parents=True, exist_ok=True)
        for old in (out / folder).glob("d[0-9][0-9][0-9][0-9].*"):
            old.unlink()
    digits = load_digits()
    rows = plan(np.random.default_rng(SEED), digits.target)
    with open(out / "manifest.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["id", "split", "group", "image", "text", "audio", "label"])
        for index, row in enumerate(rows):
            rng = np.random.default_rng([SEED, index])
            name = f"d{index:04d}"
            grey = draw_image(rng, digits.images[row.source], row.image_severity)
            image = save_image(rng, grey, out / "images" / name)
            audio = save_audio(rng, row, out / "audio" / name)
            table.writerow([name, row.split, row.voice, image.relative_to(out).as_posix(), row.text,
                            audio.relative_to(out).as_posix(), LABELS[row.digit]])


if __name__ == "__main__":
    main()
