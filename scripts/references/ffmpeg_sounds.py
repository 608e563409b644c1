"""Writes fixtures/reports/sound-containers/: small recordings that FFmpeg reads, and what PyAV decodes of each. Needs numpy and av 18.1.0.

`expected.json` holds, by file name, `rate`, `channels`, `frames`, `places` (frames, evenly spaced) and `samples` (there, averaged over the
channels). Only codings whose length every version of FFmpeg takes alike.

    python3 scripts/references/ffmpeg_sounds.py fixtures/reports/sound-containers
"""

import fractions
import json
import pathlib
import sys

import av
import numpy

PLACES = 64
BITEXACT = {"fflags": "+bitexact"}  # no clock, no random identifiers, no version
# The container, the coding, its sample format, rate, channels, seconds, bits a second, the picture's coding.
RECORDINGS = {
    "aac.m4a": ("ipod", "aac", "fltp", 44100, 2, 1.0, 48000, None),
    "aac.aac": ("adts", "aac", "fltp", 16000, 1, 1.0, 32000, None),
    "picture.mp4": ("mp4", "aac", "fltp", 44100, 2, 0.8, 48000, "mpeg4"),
    "opus.webm": ("webm", "libopus", "flt", 48000, 2, 1.0, 40000, None),
    "flac.mkv": ("matroska", "flac", "s16", 8000, 1, 0.8, None, None),
    "pcm.mov": ("mov", "pcm_s16le", "s16", 8000, 1, 0.6, None, None),
    "wma.wma": ("asf", "wmav2", "fltp", 44100, 1, 1.0, 48000, None),
    "narrow.amr": ("amr", "libopencore_amrnb", "s16", 8000, 1, 1.0, 12200, None),
    # No sound: to be refused.
    "silent.mp4": ("mp4", None, None, None, None, 0.4, None, "mpeg4"),
}


def sound(rate, channels, seconds):
    """A chirp that swells, of another pitch in each channel, with some noise; as 16-bit numbers."""
    time = numpy.arange(int(rate * seconds)) / rate
    noise = numpy.random.default_rng(0)
    waves = []
    for channel in range(channels):
        wave = 0.4 * numpy.sin(2 * numpy.pi * (200 + 150 * channel + 300 * time) * time)
        waves.append(wave * (0.6 + 0.4 * numpy.sin(2 * numpy.pi * 3 * time)) + 0.01 * noise.normal(size=len(time)))
    return numpy.round(numpy.stack(waves) * 32767).astype(numpy.int16)


def pictures(seconds):
    for index in range(int(10 * seconds)):
        picture = av.VideoFrame.from_ndarray(numpy.full((32, 48, 3), index * 20 % 256, numpy.uint8), format="rgb24")
        picture.pts = index
        yield picture


def pieces(stream, samples):
    """The samples in frames of the length that the encoder takes."""
    whole = av.AudioFrame.from_ndarray(samples, format="s16p", layout=stream.layout.name)
    whole.sample_rate, whole.pts, whole.time_base = stream.rate, 0, fractions.Fraction(1, stream.rate)
    queue = av.AudioFifo()
    for frame in av.AudioResampler(format=stream.format.name, layout=stream.layout.name, rate=stream.rate).resample(whole):
        queue.write(frame)
    size = stream.codec_context.frame_size or 1024
    while queue.samples:
        yield queue.read(min(size, queue.samples))


def encode(output, stream, frames):
    for frame in frames:
        output.mux(stream.encode(frame))
    output.mux(stream.encode())


def write(path, container, coding, kind, rate, channels, seconds, bits, picture):
    with av.open(str(path), "w", format=container, options=BITEXACT) as output:
        video = output.add_stream(picture, rate=10) if picture else None
        audio = output.add_stream(coding, rate=rate) if coding else None
        if video:
            video.width, video.height, video.pix_fmt = 48, 32, "yuv420p"
            video.codec_context.flags |= av.codec.context.Flags.bitexact
        if audio:
            audio.layout, audio.format = "stereo" if channels == 2 else "mono", kind
            audio.codec_context.flags |= av.codec.context.Flags.bitexact
            if bits:
                audio.bit_rate = bits
        output.start_encoding()
        if video:
            encode(output, video, pictures(seconds))
        if audio:
            encode(output, audio, pieces(audio, sound(rate, channels, seconds)))


def decode(path):
    """The rate, and the samples, [channels, frames]."""
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        blocks = []
        for frame in file.decode(stream):
            values = frame.to_ndarray()
            if not frame.format.is_planar:
                values = values.reshape(-1, frame.layout.nb_channels).T
            scale = 1 << 8 * values.dtype.itemsize - 1 if values.dtype.kind == "i" else 1
            blocks.append(values.astype(numpy.float64) / scale)
        return stream.rate, numpy.concatenate(blocks, 1)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    expected = {}
    for name, recipe in RECORDINGS.items():
        write(folder / name, *recipe)
        if not recipe[1]:
            continue
        rate, samples = decode(folder / name)
        places = numpy.linspace(0, samples.shape[1] - 1, PLACES).astype(int)
        expected[name] = {
            "rate": rate,
            "channels": samples.shape[0],
            "frames": samples.shape[1],
            "places": places.tolist(),
            "samples": [round(float(value), 7) for value in samples[:, places].mean(0)],
        }
    rows = [f"{json.dumps(name)}:{json.dumps(row, separators=(',', ':'))}" for name, row in expected.items()]
    (folder / "expected.json").write_text("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main()
