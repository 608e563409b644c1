"""What audio encoders of the published architectures give, with weights that follow from their names.

Writes, for each row of ENCODERS, fixtures/architectures/NAME.json and NAME.safetensors (see seeded_weights.py):

    panns-*, timm-*-logmel   `logmel` [2, T, mels], what enters the network; `pooled` [2, D]; `tokens` [2, T', C], the map
                             averaged over pitch; and what the first `cut_frames` frames of the second recording give
                             alone: `cut_pooled` [1, D], `cut_tokens` [1, T'', C]
    panns-cnn14-narrow, timm-resnet18-logmel   also `waveform` [1, N] and `waveform_logmel` [1, T, mels]: what the front
                             end makes of it
    vggish                   `waveform` [N], `examples` [n, 96, 64], `embedding` [n, 128], `pooled` [1, 128]
    yamnet                   `waveform` [N], `patches` [n, 96, 64], `embedding` [n, 1024], `pooled` [1, 1024], and
                             `gained_embedding` [n, 1024]: of GAIN (`gain` [1]) times the patches

Weights drawn so halve what comes in at each ReLU. 27 layers of MobileNetV1 would leave a ten-thousandth of it beside the
biases, where a wrong layer would not show: panns-mobilenetv1's `logmel` is multiplied by its `gain` already, and
`gained_embedding` is there for the same reason. The others' outputs differ by 1 % or more from recording to recording.

All have the published widths but panns-cnn14-narrow. Each PANNs model's own front end (torchlibrosa) makes its log-mel,
in dB; timm-resnet18-logmel's is the same with other settings, normalised. The models are in panns_reference.py,
vggish_reference.py and yamnet_reference.py, and are compared here with published packages where these are importable:
panns-inference 0.1.1, torchvggish 0.2 (with resampy), torch-vggish-yamnet 0.2.1.

Requirements: torchlibrosa 0.1.0, timm 1.0.31, librosa 0.11.0, torch 2.13.0 (CPU), numpy 2.4.6.
Command: python scripts/references/audio_encoders.py [NAME ...]
"""

import sys

import numpy as np
import reference_imports  # noqa: F401 (first: it makes timm importable)
import timm
import torch

from panns_reference import FRONT_END, PannsCnn, PannsMobileNetV1, panns_front_end, verify_panns
from seeded_weights import save_architecture, seed_model
from vggish_reference import VGGish, examples, verify_vggish
from yamnet_reference import YAMNet, patches, verify_yamnet

FIXED = ("spectrogram_extractor.", "logmel_extractor.")  # a model computes these for itself
NARROW = [8, 12, 16, 20, 24, 28]
RESNET_FRONT_END = {"sample_rate": 16000, "window_size": 512, "hop_size": 160, "mel_bins": 64, "fmin": 50, "fmax": 8000}
MEAN, DEVIATION = -20.0, 15.0
PANNS_MOBILE_GAIN, YAMNET_GAIN = 1024.0, 256.0


def sound(rate, count, seed):
    """Steady and rising tones with noise, louder and softer in turn, float32 [count]."""
    random = np.random.default_rng(seed)
    time = np.arange(count) / rate
    steady, start, slope, beat = random.uniform((150, 300, 500, 2), (900, 1500, 3000, 5))
    wave = np.sin(2 * np.pi * steady * time) + np.sin(2 * np.pi * (start + slope * time) * time)
    wave *= 0.2 + 0.1 * np.sin(2 * np.pi * beat * time)
    return (wave + 0.03 * random.standard_normal(count)).astype(np.float32)


def sounds(rate, count, seed):
    return torch.from_numpy(np.stack([sound(rate, count, seed), sound(rate, count, seed + 1)]))


def cut(model, logmel, frames):
    """What the network gives for the second recording's first frames, without a batch around them."""
    pooled, tokens = model(logmel[1:, :frames])
    return {"cut_frames": torch.tensor([frames]), "cut_pooled": pooled, "cut_tokens": tokens}


def panns(name, make, config, short=False, gain=1.0):
    model = make().eval()
    entries = seed_model(model, FIXED)
    waveform = sounds(32000, 42300, seed=20)
    logmel = model.log_mel(waveform) * gain
    pooled, tokens = model(logmel)
    expected = {"logmel": logmel, "pooled": pooled, "tokens": tokens} | cut(model, logmel, 93)
    if short:
        brief = sounds(32000, 9700, seed=30)[:1]
        expected |= {"waveform": brief, "waveform_logmel": model.log_mel(brief)}
    if gain != 1:
        expected["gain"] = torch.tensor([gain])
    if name == "panns-cnn14":
        verify_panns(model, waveform)
    save_architecture(name, entries, config, expected)


class LogMelResNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.model = timm.create_model("resnet18", in_chans=1, num_classes=0)

    def forward(self, logmel):
        x = self.model.forward_features(logmel[:, None])
        return self.model.forward_head(x), x.mean(3).transpose(1, 2)


def resnet(name):
    model = LogMelResNet().eval()
    entries = seed_model(model.model)
    spectrogram, logmel_layer = panns_front_end(**RESNET_FRONT_END)

    def front_end(waveform):
        return (logmel_layer(spectrogram(waveform))[:, 0] - MEAN) / DEVIATION

    logmel = front_end(sounds(16000, 16100, seed=40))
    pooled, tokens = model(logmel)
    brief = sounds(16000, 5000, seed=50)[:1]
    expected = {"logmel": logmel, "pooled": pooled, "tokens": tokens} | cut(model, logmel, 67)
    expected |= {"waveform": brief, "waveform_logmel": front_end(brief)}
    settings = RESNET_FRONT_END | {"mean": MEAN, "std": DEVIATION}
    save_architecture(name, entries, {"architecture": "resnet18", "in_chans": 1, "front_end": settings}, expected)


def vggish(name):
    model = VGGish().eval()
    entries = seed_model(model)
    waveform = sound(16000, 31500, seed=60)  # 195 frames: two examples, three frames left over
    inputs = torch.from_numpy(examples(waveform))
    embedding = model(inputs)
    verify_vggish(model, waveform, embedding)
    expected = {"waveform": torch.from_numpy(waveform), "examples": inputs, "embedding": embedding}
    save_architecture(name, entries, {"architecture": "vggish"}, expected | {"pooled": embedding.mean(0, keepdim=True)})


def yamnet(name):
    model = YAMNet().eval()
    entries = seed_model(model)
    waveform = sound(16000, 20000, seed=70)  # padded to 23280: two patches
    inputs = torch.from_numpy(patches(waveform))
    embedding = model(inputs)
    verify_yamnet(model, inputs, embedding)
    expected = {"waveform": torch.from_numpy(waveform), "patches": inputs, "embedding": embedding}
    expected |= {"gain": torch.tensor([YAMNET_GAIN]), "gained_embedding": model(inputs * YAMNET_GAIN)}
    save_architecture(name, entries, {"architecture": "yamnet"}, expected | {"pooled": embedding.mean(0, keepdim=True)})


def cnn(architecture, widths=None):
    config = {"architecture": architecture} | ({"model_args": {"channels": widths}} if widths else {})
    return lambda name: panns(name, lambda: PannsCnn(architecture, widths), config, short=bool(widths))


def mobile(name):
    panns(name, PannsMobileNetV1, {"architecture": "mobilenetv1"}, gain=PANNS_MOBILE_GAIN)


ENCODERS = {
    "panns-cnn6": cnn("cnn6"),
    "panns-cnn10": cnn("cnn10"),
    "panns-cnn14": cnn("cnn14"),
    "panns-cnn14-narrow": cnn("cnn14", NARROW),
    "panns-mobilenetv1": mobile,
    "timm-resnet18-logmel": resnet,
    "vggish": vggish,
    "yamnet": yamnet,
}


if __name__ == "__main__":
    torch.set_num_threads(1)
    with torch.inference_mode():
        for name in sys.argv[1:] or ENCODERS:
            ENCODERS[name](name)
