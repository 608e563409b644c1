"""Shifts made by hand for benchmarks/adaptation.py: known pictures and recordings, changed. The rule of the choice was developed on such.

BASE-KIND, with BASE mnist, cifar (bundled:resnet10-cifar-mnist) or fsdd (bundled:cnn10-fsdd), and -skew behind it where the commonest class of the target is
to be ten times as common as the rarest. No file is in both domains.
"""

import random
import zlib

from adaptation_data import unpacked

IMAGES = ("none", "invert", "blur", "rotate", "noise", "contrast")
SOUNDS = ("none", "noise", "pitch", "slow", "phone", "reverb")
# How much is changed, by base: what leaves the source's own model something to gain.
BLUR, NOISE = {"mnist": 2, "cifar": 1}, {"mnist": 80, "cifar": 30}
SHARE_OF_RAREST = 0.1


def names():
    all_ = [f"{base}-{kind}" for base in BLUR for kind in IMAGES] + [f"fsdd-{kind}" for kind in SOUNDS]
    return {name + skew: name.split("-")[0] for name in all_ for skew in ("", "-skew")}


def picture(base, kind, image, draw):
    import numpy as np
    from PIL import Image, ImageFilter, ImageOps

    if kind == "invert":
        return ImageOps.invert(image)
    if kind == "blur":
        return image.filter(ImageFilter.GaussianBlur(BLUR[base]))
    if kind == "rotate":
        return image.rotate(25, Image.BICUBIC)
    values = np.asarray(image).astype(float)
    if kind == "noise":
        values = values + draw.normal(0, NOISE[base], values.shape)
    if kind == "contrast":
        values = (values - values.mean()) * 0.35 + values.mean()
    return Image.fromarray(np.clip(values, 0, 255).astype("uint8"))


def sound(kind, rate, x, draw):
    import numpy as np
    from scipy import signal

    if kind == "noise":
        return x + draw.normal(0, np.sqrt((x**2).mean()) * 10**0.5, x.shape)
    if kind == "pitch":
        return signal.resample_poly(x, 100, 190)
    if kind == "slow":
        return signal.resample_poly(x, 190, 100)
    if kind == "phone":
        return signal.sosfilt(signal.butter(4, [900, 1500], "band", fs=rate, output="sos"), x)
    if kind == "reverb":
        echo = draw.normal(0, 1, rate) * np.exp(-np.arange(rate) / (0.25 * rate))
        echo[0] = 1
        return np.convolve(x, echo)
    return x


def change(base, kind, file, to):
    import numpy as np

    draw = np.random.default_rng(zlib.crc32(f"{kind}/{file.name}".encode()))
    if base != "fsdd":
        from PIL import Image

        picture(base, kind, Image.open(file).convert("L" if base == "mnist" else "RGB"), draw).save(to)
        return
    from scipy.io import wavfile

    rate, x = wavfile.read(file)
    x = sound(kind, rate, (x if x.ndim == 1 else x[:, 0]).astype(float), draw)
    wavfile.write(to, rate, (x / max(np.abs(x).max(), 1) * 20000).astype("int16"))


def changed(name, data, out):
    """(group, file, label) of both domains: half of the files as they are, 1800 pictures or 800 recordings of the other half changed."""
    base, kind, *skew = name.split("-")
    archive = {"mnist": "mnist-png", "cifar": "cifar10-jpg", "fsdd": "fsdd-wav"}[base]
    folder = unpacked(data / f"{archive}.tar.gz", out / base)
    files = sorted((folder / "recordings").glob("*.wav")) if base == "fsdd" else sorted((folder / "test").glob("*/*"))
    label = (lambda file: file.name[0]) if base == "fsdd" else (lambda file: file.parent.name)
    modality = "audio" if base == "fsdd" else "image"
    draw = random.Random(7)
    draw.shuffle(files)
    half = len(files) // 2
    others = files[half : half + (800 if base == "fsdd" else 1800)]
    if skew:
        classes = sorted({label(file) for file in files})
        draw.shuffle(classes)
        share = {one: SHARE_OF_RAREST ** (place / (len(classes) - 1)) for place, one in enumerate(classes)}
        others = [file for file in others if draw.random() < share[label(file)]]
    folder = out / f"{base}-{kind}"
    folder.mkdir(exist_ok=True)
    target = []
    for file in others:
        to = folder / f"{label(file)}-{file.stem}{'.wav' if base == 'fsdd' else '.png'}"
        if not to.exists():
            change(base, kind, file, to)
        target.append(("", {modality: to}, label(file)))
    return [("", {modality: file}, label(file)) for file in files[:half]], target
