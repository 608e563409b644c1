"""PANNs' Cnn6, Cnn10, Cnn14 and MobileNetV1, in evaluation mode, in the published key layout. Imported, not run.

Written from Kong et al. 2020 (arXiv:1912.10211) and from what the published checkpoints hold. Augmentation and dropout,
which act in training only, are left out. `verify_panns` compares a model with the one of the PyPI package
panns-inference 0.1.1, which holds Cnn14 (its __init__ fetches files: put only its models.py and pytorch_utils.py, in a
package of that name, on PYTHONPATH).
"""

import torch
import torch.nn.functional as F
from torch import nn
from torchlibrosa.stft import LogmelFilterBank, Spectrogram

FRONT_END = {"sample_rate": 32000, "window_size": 1024, "hop_size": 320, "mel_bins": 64, "fmin": 50, "fmax": 14000}
CLASSES = 527


def panns_front_end(sample_rate, window_size, hop_size, mel_bins, fmin, fmax):
    """The two layers that the published models hold: waveforms [B, N] to dB of [B, 1, T, mels]."""
    spectrogram = Spectrogram(
        n_fft=window_size, hop_length=hop_size, win_length=window_size, window="hann", center=True, pad_mode="reflect"
    )
    logmel = LogmelFilterBank(
        sr=sample_rate, n_fft=window_size, n_mels=mel_bins, fmin=fmin, fmax=fmax, ref=1.0, amin=1e-10, top_db=None
    )
    return spectrogram, logmel


class ConvBlock(nn.Module):
    """Convolutions of the given sizes, each with batch norm and ReLU, and an average pool."""

    def __init__(self, inputs, outputs, kernels, pool):
        super().__init__()
        self.count, self.pool = len(kernels), pool
        for k, size in enumerate(kernels, 1):
            first = inputs if k == 1 else outputs
            self.add_module(f"conv{k}", nn.Conv2d(first, outputs, size, padding=size // 2, bias=False))
        for k in range(1, self.count + 1):
            self.add_module(f"bn{k}", nn.BatchNorm2d(outputs))

    def forward(self, x):
        for k in range(1, self.count + 1):
            x = F.relu(self.get_submodule(f"bn{k}")(self.get_submodule(f"conv{k}")(x)))
        return F.avg_pool2d(x, self.pool)


def mobile_layer(inputs, outputs, stride):
    """A first, full convolution where there is one input channel, else one of each channel alone and then a 1x1 one."""
    separable = inputs > 1
    middle = inputs if separable else outputs
    layers = [
        nn.Conv2d(inputs, middle, 3, padding=1, groups=inputs if separable else 1, bias=False),
        nn.AvgPool2d(stride),
        nn.BatchNorm2d(middle),
        nn.ReLU(),
    ]
    if separable:
        layers += [nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


class Panns(nn.Module):
    """What the models share: the front end, a batch norm over mel bins, and the layers after the map."""

    def __init__(self, width, front_end):
        super().__init__()
        self.spectrogram_extractor, self.logmel_extractor = panns_front_end(**front_end)
        self.bn0 = nn.BatchNorm2d(front_end["mel_bins"])
        self.add_map()
        self.fc1 = nn.Linear(width, width)
        self.fc_audioset = nn.Linear(width, CLASSES)

    def log_mel(self, waveform):
        """[B, N] to [B, T, mels]."""
        return self.logmel_extractor(self.spectrogram_extractor(waveform))[:, 0]

    def forward(self, logmel):
        """[B, T, mels] to the embedding [B, D] and the time-major map [B, T', D]."""
        x = self.bn0(logmel[:, None].transpose(1, 3)).transpose(1, 3)
        x = self.map(x).mean(3)
        return F.relu(self.fc1(x.amax(2) + x.mean(2))), x.transpose(1, 2)


class PannsCnn(Panns):
    KERNELS = {"cnn6": [5], "cnn10": [3, 3], "cnn14": [3, 3]}
    WIDTHS = {name: [64, 128, 256, 512] for name in ("cnn6", "cnn10")} | {"cnn14": [64, 128, 256, 512, 1024, 2048]}

    def __init__(self, name, widths=None, front_end=FRONT_END):
        self.name, self.widths = name, widths or self.WIDTHS[name]
        super().__init__(self.widths[-1], front_end)

    def add_map(self):
        for k, (inputs, outputs) in enumerate(zip([1, *self.widths], self.widths), 1):
            pool = 1 if self.name == "cnn14" and k == len(self.widths) else 2  # Cnn14's last block keeps its size
            self.add_module(f"conv_block{k}", ConvBlock(inputs, outputs, self.KERNELS[self.name], pool))

    def map(self, x):
        for k in range(1, len(self.widths) + 1):
            x = self.get_submodule(f"conv_block{k}")(x)
        return x


class PannsMobileNetV1(Panns):
    LAYERS = [(32, 2), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]  # outputs, stride
    LAYERS += [(512, 1)] * 5 + [(1024, 2), (1024, 1)]

    def __init__(self, front_end=FRONT_END):
        super().__init__(1024, front_end)

    def add_map(self):
        widths = [1] + [outputs for outputs, _ in self.LAYERS]
        layers = [mobile_layer(inputs, *layer) for inputs, layer in zip(widths, self.LAYERS)]
        self.features = nn.Sequential(*layers)

    def map(self, x):
        return self.features(x)


def verify_panns(model, waveform):
    """Prints how far Cnn14 is from panns-inference's, where that is importable."""
    try:
        from panns_inference.models import Cnn14
    except ImportError:
        print("panns-inference is not importable: Cnn14 not compared")
        return
    published = Cnn14(**FRONT_END, classes_num=CLASSES).eval()
    published.load_state_dict(model.state_dict())
    difference = published(waveform)["embedding"] - model(model.log_mel(waveform))[0]
    print(f"Cnn14: keys as published; embedding within {difference.abs().max():.1e} of panns-inference's")
    assert list(published.state_dict()) == list(model.state_dict())
    assert difference.abs().max() == 0
