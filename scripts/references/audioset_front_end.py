"""The front end of VGGish and YAMNet, by the formulas of TensorFlow's code, in float64. Imported, not run.

Hershey et al. 2017 (arXiv:1609.09430); https://github.com/tensorflow/models, research/audioset.
"""

import numpy as np

RATE, WINDOW, HOP, FFT = 16000, 400, 160, 512
MELS, LOW, HIGH = 64, 125.0, 7500.0
PATCH = 96  # frames


def mel(hertz):
    return 1127 * np.log(1 + hertz / 700)


def mel_filters():
    """[257, 64]: triangles on the mel scale, not in Hz; the constant part of the sound is left out."""
    place = mel(np.linspace(0, RATE / 2, FFT // 2 + 1))[:, None]
    edges = np.linspace(mel(LOW), mel(HIGH), MELS + 2)
    rising = (place - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - place) / (edges[2:] - edges[1:-1])
    filters = np.maximum(0, np.minimum(rising, falling))
    filters[0] = 0
    return filters


def frames(array, size, hop):
    """Every whole stretch of `size` along the first axis, `hop` apart: [count, size, ...]."""
    count = 1 + (len(array) - size) // hop
    return np.stack([array[k * hop : k * hop + size] for k in range(count)])


def log_mel(waveform, offset):
    """[N] to [1 + (N - 400) // 160, 64]: frames start at multiples of the hop, nothing is reflected."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)  # periodic
    magnitude = np.abs(np.fft.rfft(frames(waveform, WINDOW, HOP) * window, FFT))
    return np.log(magnitude @ mel_filters() + offset)


def padded(waveform, patch_hop):
    """Silence at the end so that every sample that a patch could cover is covered by a whole one (YAMNet's rule)."""
    least = WINDOW + (PATCH - 1) * HOP
    step = patch_hop * HOP
    extra = max(0, len(waveform) - least)
    wanted = least + -(-extra // step) * step
    return np.pad(waveform, (0, wanted - len(waveform)))
