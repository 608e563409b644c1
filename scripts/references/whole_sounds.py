"""Writes fixtures/reports/sound/: one recording in every container, whole, which tests then cut and damage. Needs numpy, soundfile.

    python3 scripts/references/whole_sounds.py fixtures/reports/sound
"""

import pathlib
import sys

import numpy
import soundfile
from stable_containers import fix_ogg_serial

RATE = 16000
FORMATS = {
    "wav": ("WAV", "PCM_16"),
    "rf64": ("RF64", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
    "au": ("AU", "PCM_16"),
    "w64": ("W64", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    time = numpy.arange(2 * RATE) / RATE
    sound = 0.4 * numpy.sin(2 * numpy.pi * (200 + 300 * time) * time) * (0.6 + 0.4 * numpy.sin(2 * numpy.pi * 3 * time))
    sound += 0.02 * numpy.random.default_rng(0).normal(size=len(time))
    for name, (container, coding) in FORMATS.items():
        soundfile.write(folder / f"whole.{name}", sound.astype(numpy.float32), RATE, format=container, subtype=coding)
        if container == "OGG":
            fix_ogg_serial(folder / f"whole.{name}")


if __name__ == "__main__":
    main()
