"""The pictures and recordings that parity's cases are asked with, drawn anew into a folder each time."""

import numpy as np
from PIL import Image

import audio_encoders
import soundfile


def pictures(folder, side, count=6, larger=True):
    """PNG files that the transform makes smaller, or of the very size that it makes."""
    width, height = (int(1.7 * side), int(1.3 * side)) if larger else (side, side)
    random = np.random.default_rng(side)
    files = []
    for index in range(count):
        coarse = random.integers(0, 256, (9, 9, 3), dtype=np.uint8)
        picture = np.asarray(Image.fromarray(coarse).resize((width, height), Image.BICUBIC), dtype=np.float32)
        noisy = (picture + random.normal(0, 12, picture.shape)).clip(0, 255).astype(np.uint8)
        files.append(folder / f"{index}.png")
        Image.fromarray(noisy).save(files[-1])
    return files


def recordings(folder, rate, shortest):
    """Six WAV files of `shortest` to four seconds."""
    files = []
    for index, seconds in enumerate(np.linspace(shortest, 4, 6)):
        files.append(folder / f"{index}.wav")
        soundfile.write(files[-1], audio_encoders.sound(rate, int(rate * seconds), seed=index), rate, subtype="FLOAT")
    return files
