"""Makes recordings to pretrain a sound encoder, cnn10-sounds, on: instruments, drums, synthetic and human speech, noises.

    apt-get install fluidsynth fluid-soundfont-gm espeak-ng
    python3 datasets/stamps/make.py .build/stamps
    python3 datasets/pretraining/sounds.py ARCHIVES .build/stamps .build/pretraining/sounds      (needs numpy, scipy, soundfile)
    braid train datasets/pretraining/sounds/config.yaml --out .build/pretraining/run-sounds

ARCHIVES holds fsdd-wav.tar.gz. Each row has what it is in `sound`, except invented words, and what else is known of it.
Every draw is seeded. What the encoder is then judged on stays out: French and Spanish, a quarter of the General MIDI programs,
takes 0 to 4 of the Free Spoken Digit Dataset, the voices of datasets/digits and English digits spoken by espeak-ng.
"""

import collections
import csv
import io
import pathlib
import random
import struct
import subprocess
import sys
import tarfile
import tempfile

import numpy
import soundfile
from scipy.signal import fftconvolve, lfilter, resample, resample_poly

SEED = 0
RATE = 16000
LONGEST = RATE
SOUNDFONT = pathlib.Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
NOISES = ("white", "pink", "brown", "hum", "clicks")
HEADS = ("sound", "phonemes", "language", "speaker", "family", "pitch", "noise")
COUNTS = {"notes": 40, "drum": 32, "word": 60, "invented": 9000, "stamps": 500, "noise": 120, "mixture": 2000}

HELD_OUT = [program for program in range(128) if program % 8 in (2, 5)]
FAMILIES = "piano chromatic organ guitar bass strings ensemble brass reed pipe lead pad effects ethnic percussive other".split()
KITS = (0, 8, 16, 24, 25, 32, 40, 48)
SLOT = 2.0  # seconds from one note to the next

STAMPS = "ru ro ca bg be el da lt nl".split()  # not fr, not es
LATIN = "en-gb de it pt pt-br nl sv da nb fi pl cs hu tr ro lv et sw id hr eu cy".split()
WORDS = {
    "en-gb": "yes no up down left right on off stop go water bread mother father house tree light music green open",
    "de": "ja nein oben unten links rechts wasser brot mutter vater haus baum licht musik grün öffnen hund katze straße morgen",
    "it": "acqua pane madre padre casa albero luce musica verde forno cane gatto via giallo scuola amico libro",
    "pl": "woda chleb matka ojciec dom drzewo muzyka zielony pies kot ulica jutro okno szkoła książka czas ręka głowa morze góra",
    "sv": "vatten bröd moder fader hus träd ljus musik grön öppna hund katt gata morgon fönster skola bok tid hand huvud",
}
# The variants of espeak-ng 1.51 that datasets/digits does not use.
VARIANTS = (
    "Alicia AnxiousAndy Demonic Gene2 Marco Mike RicishayMax RicishayMax2 RicishayMax3 Storm Tweaky UniRobot anikaRobot "
    "announcer caleb ed edward2 fast iven2 iven4 kaukovalta klatt2 klatt3 klatt4 klatt5 klatt6 michel miguel pedro robert "
    "robosoft2 robosoft3 robosoft4 robosoft5 robosoft6 robosoft7 robosoft8 shelby steph2 steph3 whisper whisperf zac"
).split()
ONSETS = "b d f g h k l m n p r s t v z bl br dr fl fr gl gr kl kr pl pr sk sl sm sn sp st str tr".split() + [""] * 4
VOWELS = "a e i o u a e i o u ai au ei ie".split()
CODAS = "l m n r s t k p ns nt lk rt st".split() + [""] * 13


def unit(sound):
    return sound / max(1e-9, numpy.sqrt(numpy.mean(sound**2)))


def at_rate(sound, rate):
    """Mono at 16 kHz, silence at both ends cut off."""
    if sound.ndim > 1:
        sound = sound.mean(1)
    common = numpy.gcd(RATE, rate)
    sound = resample_poly(sound, RATE // common, rate // common)
    loud = numpy.flatnonzero(numpy.abs(sound) > 0.02 * numpy.abs(sound).max())
    return sound[loud[0] : loud[-1] + 1] if len(loud) else sound


def noise(rng, kind, count):
    """Noise of a kind at unit RMS."""
    if kind == "hum":
        time, base = numpy.arange(count) / RATE, rng.uniform(45, 180)
        tones = ((rng.uniform(0, 1) / order, base * order * time + rng.random()) for order in range(1, 12))
        sound = sum(height * numpy.sin(2 * numpy.pi * phase) for height, phase in tones)
    elif kind == "clicks":
        places = numpy.where(rng.random(count) < rng.uniform(5, 60) / RATE, rng.normal(size=count), 0)
        sound = lfilter([1], [1, -rng.uniform(0, 0.9)], places) + 1e-4 * rng.normal(size=count)
    else:
        spectrum = numpy.fft.rfft(rng.normal(size=count))
        slope = {"white": 0, "pink": 0.5, "brown": 1}[kind]
        sound = numpy.fft.irfft(spectrum / numpy.maximum(numpy.arange(len(spectrum)), 1) ** slope, count)
    return unit(sound)


def worn(rng, sound, speed=True):
    """A clean sound as a bad recording has it, of a second at most, and the label of its noise."""
    if speed and rng.random() < 0.6:
        sound = resample(sound, max(2000, int(len(sound) / rng.uniform(0.85, 1.18))))
    if rng.random() < 0.5:
        sound = lfilter([1, rng.uniform(-0.8, 0.8)], [1, rng.uniform(-0.3, 0.3)], sound)
    if rng.random() < 0.25:
        tail = rng.normal(size=int(rng.uniform(0.05, 0.35) * RATE))
        tail *= numpy.exp(-6 * numpy.arange(len(tail)) / len(tail))
        sound = unit(sound) + rng.uniform(0.2, 0.9) * unit(fftconvolve(sound, tail)[: len(sound)])
    sound, label = numpy.pad(unit(sound), [int(rng.uniform(0, most) * RATE) for most in (0.2, 0.1)])[:LONGEST], "none"
    if rng.random() < 0.6:
        kind, decibels = rng.choice(NOISES), rng.uniform(-4, 36)
        sound = sound + noise(rng, kind, len(sound)) * 10 ** (-decibels / 20)
        label = kind if decibels < 14 else ""
    return sound, label


class Folder:
    """Writes clips and remembers their rows."""

    def __init__(self, out):
        self.out, self.rows = out, []
        for split in ("train", "val", "test"):
            (out / split).mkdir(parents=True, exist_ok=True)

    def add(self, rng, split, name, clip, rate=None, **labels):
        """A clip at `rate`, else at 16 kHz or, for two in five, at 8 kHz, at a loudness drawn."""
        if rate is None:
            rate = 8000 if rng.random() < 0.4 else RATE
            clip = resample_poly(clip, 1, RATE // rate)
            clip = clip / max(1e-9, numpy.abs(clip).max()) * rng.uniform(0.1, 0.95)
        path = f"{split}/{name}.wav"
        soundfile.write(self.out / path, clip, rate, subtype="PCM_16")
        self.rows.append({"split": split, "audio": path} | labels)


def drawn_split(rng):
    return str(rng.choice(["train", "val", "test"], p=[0.92, 0.05, 0.03]))


# ---- instruments ---------------------------------------------------------------------------------------------------------------


def midi(program, events, channel):
    """A MIDI file whose tick is a millisecond. Events are (millisecond, on, key, velocity)."""
    track, now = bytes([0, 0xC0 | channel, program]), 0
    for time, on, key, velocity in sorted(events):
        delta, now = time - now, time
        track += bytes([delta >> 14 | 128, delta >> 7 & 127 | 128, delta & 127, 0x80 | on << 4 | channel, key, velocity])
    track += b"\x00\xff\x2f\x00"  # the end
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, 500) + b"MTrk" + struct.pack(">I", len(track)) + track


def rendered(program, slots, channel=0, soundfont=SOUNDFONT):
    """What fluidsynth plays of each slot, a list of (start, end, key, velocity) in seconds."""
    events = []
    for number, notes in enumerate(slots):
        for start, end, key, velocity in notes:
            events += [(int(1000 * (number * SLOT + time)), on, key, on * velocity) for time, on in ((start, 1), (end, 0))]
    with tempfile.TemporaryDirectory() as folder:
        score, wav = pathlib.Path(folder) / "a.mid", pathlib.Path(folder) / "a.wav"
        score.write_bytes(midi(program, events, channel))
        options = ["-ni", "-q", "-R", "0", "-C", "0", "-g", "1", "-r", str(RATE), "-T", "wav", "-F", wav]
        subprocess.run(["fluidsynth", *options, soundfont, score], check=True, capture_output=True)
        sound, _ = soundfile.read(wav)
    sound = numpy.pad(sound.mean(1), (0, int(SLOT * RATE * (len(slots) + 1))))
    return [sound[int(i * SLOT * RATE) : int(i * SLOT * RATE) + LONGEST] for i in range(len(slots))]


def instruments(folder, pool):
    for program in sorted(set(range(128)) - set(HELD_OUT)):
        rng = numpy.random.default_rng([SEED, 1, program])
        slots = []
        for _ in range(COUNTS["notes"]):
            key, velocity, length = int(rng.integers(36, 85)), int(rng.integers(50, 128)), rng.uniform(0.25, 1.1)
            several = rng.choice(["note", "chord", "tune"], p=[0.7, 0.15, 0.15])
            keys = [key] if several == "note" else [key, key + int(rng.integers(3, 6)), key + int(rng.integers(6, 13))]
            gap = 0.3 if several == "tune" else 0
            slots.append([(gap * i, gap * i + length * (0.4 if gap else 1), each, velocity) for i, each in enumerate(keys)])
        for index, (notes, sound) in enumerate(zip(slots, rendered(program, slots))):
            if numpy.abs(sound).max() < 0.003:
                continue
            pitch = f"p{notes[0][2] % 12:02}" if len(notes) == 1 else ""
            labels = {"sound": f"program {program:03}", "family": FAMILIES[program // 8], "pitch": pitch}
            split = drawn_split(rng)
            pool += [sound] if split == "train" else []
            heard, label = worn(rng, sound, speed=False)
            folder.add(rng, split, f"gm{program:03}-{index}", heard, noise=label, **labels)


def drums(folder):
    for number, kit in enumerate(KITS):
        rng = numpy.random.default_rng([SEED, 2, kit])
        keys = [key for key in range(35, 82) for _ in range(COUNTS["drum"] // len(KITS))]
        slots = [[(0, 0.5, key, int(rng.integers(60, 128)))] for key in keys]
        for index, (key, sound) in enumerate(zip(keys, rendered(kit, slots, channel=9))):
            heard, label = worn(rng, at_rate(sound, RATE))
            folder.add(rng, drawn_split(rng), f"drum{kit:02}-{index}", heard, noise=label, sound=f"drum {key}")


# ---- speech --------------------------------------------------------------------------------------------------------------------


def said(rng, text, language):
    """What a voice of espeak-ng says at a speed and pitch drawn, the voice's variant, and the phonemes."""
    variant = str(rng.choice(VARIANTS))
    with tempfile.TemporaryDirectory() as folder:
        wav = f"{folder}/a.wav"
        voice = ["-v", f"{language}+{variant}", "-s", str(rng.integers(140, 200)), "-p", str(rng.integers(30, 71))]
        command = ["espeak-ng", *voice, "--ipa", "--sep=_", "-w", wav, text]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        sound, rate = soundfile.read(wav)
    phonemes = {part.strip("ˈˌː") for part in "_".join(done.stdout.split()).split("_")}
    return at_rate(sound, rate), variant, {p for p in phonemes if p.isalpha()}


def synthetic(folder, pool):
    texts = [(word, language, word) for language, words in WORDS.items() for word in words.split() for _ in range(COUNTS["word"])]
    for index in range(COUNTS["invented"]):
        rng = random.Random(f"{SEED} {index}")
        syllables = (rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS) for _ in range(rng.choice((1, 2, 2, 3))))
        texts.append(("".join(syllables), rng.choice(LATIN), ""))
    for index, (text, language, word) in enumerate(texts):
        rng = numpy.random.default_rng([SEED, 3, index])
        sound, variant, phonemes = said(rng, text, language)
        labels = {"language": language, "sound": word and f"{language} {word}", "speaker": variant, "phonemes": phonemes}
        split = drawn_split(rng)
        pool += [(sound, labels)] if split == "train" else []
        heard, label = worn(rng, sound)
        folder.add(rng, split, f"espeak-{index}", heard, noise=label, **labels)


def digits(folder, archive):
    with tarfile.open(archive) as tar:
        for name in sorted(m.name for m in tar.getmembers() if m.name.endswith(".wav")):
            digit, speaker, take = pathlib.Path(name).stem.split("_")
            split = "test" if int(take) < 5 else "val" if int(take) < 10 else "train"
            sound, rate = soundfile.read(io.BytesIO(tar.extractfile(name).read()))
            labels = {"language": "en-gb", "sound": f"digit {digit}", "speaker": speaker}
            rng = numpy.random.default_rng([SEED, 4, int(digit), int(take), *speaker.encode()])
            folder.add(rng, split, f"fsdd-{digit}-{speaker}-{take}-0", sound, rate, **labels)
            if split == "train":
                heard, label = worn(rng, at_rate(sound, rate))
                folder.add(rng, split, f"fsdd-{digit}-{speaker}-{take}-1", heard, noise=label, **labels)


def recorded(folder, stamps):
    """A stretch of a second of descriptions that people speak: of these only the language is told."""
    for number, language in enumerate(STAMPS):
        rng = numpy.random.default_rng([SEED, 5, number])
        files = sorted((stamps / "package").rglob(f"*_desc_{language}.ogg"))
        for index in sorted(rng.permutation(len(files))[: COUNTS["stamps"]]):
            sound = at_rate(*soundfile.read(files[index]))
            heard, label = worn(rng, sound[rng.integers(max(1, len(sound) - LONGEST)) :][:LONGEST])
            known = {"noise": label, "language": language, "sound": f"talk {language}"}
            folder.add(rng, drawn_split(rng), f"stamps-{language}-{index}", heard, **known)


def noises(folder):
    for number, kind in enumerate(NOISES):
        rng = numpy.random.default_rng([SEED, 6, number])
        for index in range(COUNTS["noise"]):
            sound = noise(rng, kind, int(rng.uniform(0.4, 1.2) * RATE))
            folder.add(rng, drawn_split(rng), f"noise-{kind}-{index}", sound, noise=kind, sound=f"noise {kind}")


def mixtures(folder, notes, words):
    """A note under a word, with the word's labels."""
    rng = numpy.random.default_rng([SEED, 7])
    for index in range(COUNTS["mixture"]):
        note, (word, spoken) = notes[rng.integers(len(notes))], words[rng.integers(len(words))]
        count = min(LONGEST, max(len(word), int(0.8 * RATE)))
        parts = [numpy.pad(unit(part)[:count], (0, max(0, count - len(part)))) for part in (note, word)]
        mixed = parts[0] * 10 ** (rng.uniform(-15, 3) / 20) + parts[1]
        folder.add(rng, "train", f"mixture-{index}", mixed, noise="none", **spoken)


def write_manifest(folder):
    """Rows with phonemes that at least a hundred rows have."""
    known = collections.Counter(p for row in folder.rows for p in row.get("phonemes", ()))
    for row in folder.rows:
        row["phonemes"] = "|".join(sorted(p for p in row.get("phonemes", ()) if known[p] >= 100))
    with open(folder.out / "manifest.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ("split", "audio", *HEADS), lineterminator="\n")
        writer.writeheader()
        writer.writerows(folder.rows)
    for name in ("split", *HEADS):
        found = collections.Counter(part for row in folder.rows for part in row.get(name, "").split("|") if part)
        print(f"{name}: {sum(bool(row.get(name)) for row in folder.rows)} rows, {len(found)} kinds")


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    archives, stamps, out = map(pathlib.Path, sys.argv[1:])
    folder, notes, words = Folder(out), [], []
    instruments(folder, notes)
    drums(folder)
    synthetic(folder, words)
    digits(folder, archives / "fsdd-wav.tar.gz")
    recorded(folder, stamps)
    noises(folder)
    mixtures(folder, notes, words)
    write_manifest(folder)


if __name__ == "__main__":
    main()
