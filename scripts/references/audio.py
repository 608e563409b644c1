"""Sound files of every kind Braid decodes, log-mel front ends, and a narrow PANNs Cnn10.

Writes
    fixtures/audio/                  WAV, FLAC, Ogg and MP3 files, from soundfile (libsndfile)
    fixtures/audio.safetensors       FILE/mono [samples]: soundfile's float32, averaged over the channels
    fixtures/logmel.safetensors      `waveform` [1, 8000] at 16 kHz; `htk`, `slaney`, `panns` [64, frames], in dB
    fixtures/cnn10/                  config.json, model.safetensors and expected.safetensors: `waveform` [2, 16000],
                                     `logmel` [2, frames, 64], `pooled` [2, 12], `tokens` [2, T, 12]

The checkpoint has the published key layout, without the fixed matrices spectrogram_extractor.stft.conv_real.weight,
spectrogram_extractor.stft.conv_imag.weight and logmel_extractor.melW: they are large and follow from the front end.
PANNs: Kong et al. 2020, https://github.com/qiuqiangkong/audioset_tagging_cnn, pytorch/models.py.

Requirements: soundfile 0.14.0 (libsndfile 1.2.2), torchaudio 2.11.0, librosa 0.11.0, torch 2.13.0 (CPU), numpy 2.4.6.
Command: python scripts/references/audio.py
"""

import librosa
import numpy as np
import reference_imports  # noqa: F401 (first: it makes torchaudio importable)
import soundfile
import torch
import torch.nn.functional as F
import torchaudio
from torch import nn

from fixture_files import FIXTURES, save_json, save_tensors
from stable_containers import fix_ogg_serial, fix_wav_peak_time

RANDOM = np.random.default_rng(7)
AUDIO = FIXTURES / "audio"
FILES = [  # name, sample rate, channels, seconds, soundfile's format and subtype
    ("pcm16-8k.wav", 8000, 1, 0.3, "WAV", "PCM_16"),
    ("pcm24-44k-stereo.wav", 44100, 2, 0.1, "WAV", "PCM_24"),
    ("float32-48k.wav", 48000, 1, 0.1, "WAV", "FLOAT"),
    ("pcm8-11k.wav", 11025, 1, 0.2, "WAV", "PCM_U8"),
    ("flac-22k.flac", 22050, 1, 0.2, "FLAC", "PCM_16"),
    ("vorbis-16k.ogg", 16000, 1, 0.3, "OGG", "VORBIS"),
    ("opus-48k.opus", 48000, 1, 0.2, "OGG", "OPUS"),
    ("mp3-44k-stereo.mp3", 44100, 2, 0.2, "MP3", "MPEG_LAYER_III"),
]
FRONT_END = {"sample_rate": 16000, "window_size": 512, "hop_size": 160, "mel_bins": 64, "fmin": 50, "fmax": 8000}
CHANNELS = [6, 8, 10, 12]


def sound(rate, seconds, channels=1):
    """A rising tone, a steady one and noise, float32 [samples, channels]; the channels differ."""
    time = np.arange(round(rate * seconds)) / rate
    tracks = []
    for _ in range(channels):
        steady, start, slope = RANDOM.uniform(150, 900), RANDOM.uniform(300, 1500), RANDOM.uniform(500, 3000)
        track = 0.3 * np.sin(2 * np.pi * steady * time) + 0.3 * np.sin(2 * np.pi * (start + slope * time) * time)
        tracks.append(track + 0.05 * RANDOM.standard_normal(len(time)))
    return np.stack(tracks, axis=1).astype(np.float32)


def write_files():
    AUDIO.mkdir(parents=True, exist_ok=True)
    expected = {}
    for name, rate, channels, seconds, container, subtype in FILES:
        path = AUDIO / name
        soundfile.write(path, sound(rate, seconds, channels), rate, format=container, subtype=subtype)
        if container == "OGG":
            fix_ogg_serial(path)
        if subtype == "FLOAT":
            fix_wav_peak_time(path)
        decoded, _ = soundfile.read(path, dtype="float32", always_2d=True)
        expected[f"{name}/mono"] = torch.from_numpy(decoded.mean(axis=1))
    save_tensors("audio.safetensors", expected)


def decibels(power):
    return 10 * torch.log10(power.clamp(min=1e-10))


def panns_logmel(waveform):
    """The PANNs front end, torchlibrosa's Spectrogram and LogmelFilterBank: [B, samples] to [B, frames, mels]."""
    size, hop = FRONT_END["window_size"], FRONT_END["hop_size"]
    window = torch.hann_window(size)
    spectrum = torch.stft(waveform, size, hop, size, window, center=True, pad_mode="reflect", return_complex=True)
    matrix = librosa.filters.mel(
        sr=FRONT_END["sample_rate"], n_fft=size, n_mels=FRONT_END["mel_bins"], fmin=FRONT_END["fmin"], fmax=FRONT_END["fmax"]
    )
    power = spectrum.real**2 + spectrum.imag**2
    return decibels(torch.einsum("bft,mf->btm", power, torch.from_numpy(matrix)))


def write_logmel():
    waveform = torch.from_numpy(sound(16000, 0.5).T)
    common = {"sample_rate": 16000, "win_length": 400, "hop_length": 160, "f_max": 8000.0, "n_mels": 64, "power": 2.0}
    htk = torchaudio.transforms.MelSpectrogram(n_fft=400, f_min=0.0, norm=None, mel_scale="htk", **common)
    slaney = torchaudio.transforms.MelSpectrogram(n_fft=512, f_min=50.0, norm="slaney", mel_scale="slaney", **common)
    expected = {"htk": decibels(htk(waveform))[0], "slaney": decibels(slaney(waveform))[0]}
    save_tensors("logmel.safetensors", {"waveform": waveform, "panns": panns_logmel(waveform)[0].T} | expected)


class ConvBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.bn2 = nn.BatchNorm2d(outputs)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return F.avg_pool2d(F.relu(self.bn2(self.conv2(x))), 2)


class Cnn10(nn.Module):
    """The published Cnn10 in eval mode (no dropout, no augmentation), with the widths and the class count as arguments."""

    def __init__(self, channels, classes):
        super().__init__()
        self.bn0 = nn.BatchNorm2d(FRONT_END["mel_bins"])
        for k, (inputs, outputs) in enumerate(zip([1] + channels, channels)):
            self.add_module(f"conv_block{k + 1}", ConvBlock(inputs, outputs))
        self.fc1 = nn.Linear(channels[-1], channels[-1])
        self.fc_audioset = nn.Linear(channels[-1], classes)

    def forward(self, logmel):
        """[B, frames, mels] to the embedding [B, D] and the time-major map [B, T, D]."""
        x = self.bn0(logmel[:, None].transpose(1, 3)).transpose(1, 3)
        x = self.conv_block4(self.conv_block3(self.conv_block2(self.conv_block1(x))))
        x = x.mean(3)
        return F.relu(self.fc1(x.amax(2) + x.mean(2))), x.transpose(1, 2)


def narrow_cnn10():
    model = Cnn10(CHANNELS, 5).eval()
    generator = torch.Generator().manual_seed(8)
    for name, tensor in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            tensor.fill_(100)
        elif name == "bn0.running_mean":  # log-mel values lie around -20 dB
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * 5 - 20)
        elif name == "bn0.running_var":
            tensor.copy_(torch.rand(tensor.shape, generator=generator) * 200 + 200)
        elif name == "fc1.bias":  # high enough that the ReLU after it passes most values
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + 1.5)
        elif name.endswith("running_var") or ("bn" in name and name.endswith("weight")):
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
        else:
            scale = (2 / tensor[0].numel()) ** 0.5 if tensor.dim() > 1 else 0.2
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * scale)
    return model


def write_cnn10():
    model = narrow_cnn10()
    config = {"architecture": "cnn10", "model_args": {"channels": CHANNELS}, "front_end": FRONT_END}
    save_json("cnn10/config.json", config, indent=2)
    save_tensors("cnn10/model.safetensors", model.state_dict())

    waveform = torch.from_numpy(np.stack([sound(16000, 1.0)[:, 0], sound(16000, 1.0)[:, 0]]))
    waveform[1, 8000:] = 0
    logmel = panns_logmel(waveform)
    pooled, tokens = model(logmel)
    expected = {"waveform": waveform, "logmel": logmel, "pooled": pooled, "tokens": tokens}
    save_tensors("cnn10/expected.safetensors", expected)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with torch.inference_mode():
        write_files()
        write_logmel()
        write_cnn10()
