"""Makes a manifest of pets that look for a home: columns of numbers and categories, what is written of each, and a small picture.

Made by rule and drawn by seed, after the shape of PetFinder's adoption data and holding none of it. How soon a pet is adopted (`soon`, `later`,
`never`, a third each) is a sum of what the columns say (age, not in a straight line; breed; fee by kind; photographs), of what the text says of its
temper, of what the picture shows of its coat and light, of what they say only together (a striped coat counts for cats, a shy temper for the
young), and of noise. Some numbers and categories are missing, and some pets have no text or no picture.

Usage: datasets/pets/make.py OUT [--rows 3000] [--seed 0]
Writes OUT/manifest.csv and OUT/pictures/. Needs numpy.
"""

import argparse
import csv
import pathlib
import struct
import zlib

import numpy

SIDE = 32
BREEDS = {
    "dog": ["Mixed", "Labrador", "Poodle", "Terrier", "Shih Tzu", "Beagle", "Spitz", "Husky", "Rottweiler", "Collie", "Chihuahua", "Pug"],
    "cat": ["Domestic Short Hair", "Domestic Long Hair", "Tabby", "Siamese", "Persian", "Calico", "Bengal", "Tuxedo", "Ragdoll", "Oriental"],
}
COATS = ["plain", "striped", "spotted"]
COLOURS = {"black": (40, 40, 45), "brown": (130, 85, 50), "golden": (210, 165, 80), "grey": (130, 130, 135), "white": (225, 225, 220)}
TEMPERS = {
    "friendly": (0.9, ["loves everyone and greets every guest", "is friendly with children and other pets", "follows you around and wants to be petted"]),
    "calm": (0.5, ["is calm and sleeps most of the day", "is quiet, gentle and easy to keep", "likes to sit by the window"]),
    "lively": (0.0, ["is full of energy and wants to run", "plays from morning till night", "needs a garden and long walks"]),
    "shy": (-0.4, ["is shy and hides when strangers come", "needs time before it trusts anyone", "is timid but sweet once it knows you"]),
    "difficult": (-1.2, ["has bitten before and needs an experienced owner", "does not get on with other animals", "must not live with small children"]),
}
FOUND = ["was found behind a shop", "was given up when its family moved", "was born in our shelter", "was rescued from the street", "came to us last month"]


def columns(rng):
    """What the manifest's columns hold, by name."""
    kind = rng.choice(["dog", "cat"], p=[0.55, 0.45])
    weights = 1 / numpy.arange(1, len(BREEDS[kind]) + 1)
    return {
        "kind": kind,
        "breed": rng.choice(BREEDS[kind], p=weights / weights.sum()),
        "age_months": int(min(240, 1 + rng.gamma(1.1, 18))),
        "gender": rng.choice(["female", "male", "group"], p=[0.48, 0.4, 0.12]),
        "vaccinated": rng.choice(["yes", "no", "unsure"], p=[0.45, 0.42, 0.13]),
        "fee": int(0 if rng.random() < 0.7 else rng.choice([50, 100, 150, 200, 300, 500])),
        "photographs": int(rng.poisson(3.5)),
        "district": rng.choice([f"district {number}" for number in range(1, 15)], p=numpy.arange(14, 0, -1) / 105),
    }


def from_columns(pet):
    """What the columns alone say."""
    age = pet["age_months"]
    score = 1.3 * numpy.exp(-((age - 3) ** 2) / 30) - 0.55 * numpy.log1p(age / 12) + 0.3 * min(pet["photographs"], 6) ** 0.7
    score += 0.45 * (BREEDS[pet["kind"]].index(pet["breed"]) % 4 - 1.5) * (1 if pet["kind"] == "dog" else 0.7)
    score -= (0.006 if pet["kind"] == "cat" else 0.002) * pet["fee"]
    score += {"yes": -0.1, "no": 0.25, "unsure": -0.4}[pet["vaccinated"]] + {"female": 0.2, "male": 0, "group": -0.5}[pet["gender"]]
    return score + (0.3 if pet["district"] in ("district 2", "district 5", "district 6") else 0)


def picture(rng, colour, coat, light):
    """Bytes `[SIDE, SIDE, 3]`: a body of that coat before a wall, in that light (0 to 1)."""
    rows, places = numpy.mgrid[0:SIDE, 0:SIDE]
    canvas = numpy.full((SIDE, SIDE, 3), rng.uniform(90, 190, 3))
    centre, size = rng.uniform(13, 19, 2), rng.uniform(8, 12, 2)
    body = ((rows - centre[0]) / size[0]) ** 2 + ((places - centre[1]) / size[1]) ** 2 < 1
    base = numpy.array(COLOURS[colour], float)
    other = base * 0.45 if base.mean() > 100 else base + 110
    turned = rows * numpy.cos(turn := rng.uniform(0, numpy.pi)) + places * numpy.sin(turn)
    mark = {
        "plain": numpy.zeros_like(body),
        "striped": numpy.sin(turned * rng.uniform(1.1, 1.5)) > 0.2,
        "spotted": (numpy.sin(rows * 0.9 + rng.uniform(0, 6)) * numpy.sin(places * 0.9 + rng.uniform(0, 6))) > 0.35,
    }[coat]
    canvas[body], canvas[body & mark] = base, other
    canvas = canvas * (0.35 + 0.75 * light) + rng.normal(0, 9, canvas.shape)
    return numpy.clip(canvas, 0, 255).astype(numpy.uint8)


def write_png(path, pixels):
    """8-bit RGB."""
    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    height, width, _ = pixels.shape
    raw = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw, 6)) + chunk(b"IEND", b""))


def make(number, seed):
    """A pet: its cells, its text, its picture, and how soon it is adopted as a number. Each draws from numbers of its own."""
    rng = numpy.random.default_rng([seed, number])
    pet = columns(rng)
    temper = rng.choice(list(TEMPERS), p=[0.25, 0.2, 0.2, 0.2, 0.15])
    worth, sentences = TEMPERS[temper]
    colour, coat, light = rng.choice(list(COLOURS)), rng.choice(COATS, p=[0.5, 0.28, 0.22]), rng.uniform()
    sentence = rng.choice(sentences)
    text = f"This {pet['kind']} {rng.choice(FOUND)}. {'It ' + sentence}."
    score = from_columns(pet) + 1.0 * worth + 2.4 * (light - 0.5) + {"black": -0.6, "golden": 0.6}.get(colour, 0)
    score += 1.0 * (coat == "striped") * (1 if pet["kind"] == "cat" else -0.3)
    score += 0.8 * (temper == "shy") * (pet["age_months"] < 6)
    return pet, text, picture(rng, colour, coat, light), score + rng.normal(0, 0.55), rng


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    (arguments.out / "pictures").mkdir(parents=True, exist_ok=True)
    pets = [make(number, arguments.seed) for number in range(arguments.rows)]
    low, high = numpy.quantile([pet[3] for pet in pets], [1 / 3, 2 / 3])
    names = list(pets[0][0])
    with open(arguments.out / "manifest.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["pet_id", "split", *names, "description", "picture", "label"])
        for number, (pet, text, pixels, score, rng) in enumerate(pets):
            cells = {name: "" if name in ("age_months", "breed") and rng.random() < 0.05 else pet[name] for name in names}
            place = f"pictures/{number:05}.png"
            hidden = rng.random()
            if hidden > 0.08:
                write_png(arguments.out / place, pixels)
            label = "soon" if score > high else "later" if score > low else "never"
            split = "test" if number % 4 == 3 else "val" if number % 8 == 2 else "train"
            table.writerow(
                [f"pet{number:05}", split, *cells.values(), "" if 0.04 < hidden < 0.1 else text, place if hidden > 0.08 else "", label])
    print(f"{arguments.out / 'manifest.csv'}: {len(pets)} pets")


if __name__ == "__main__":
    main()
