"""Compares Braid's token ids with those of the `tokenizers` package: 20,000 texts and more for each published tokenizer.

Texts are sentences of many languages, code, emoji, combining marks, control, private-use and random characters, added tokens,
every scalar below U+3000 between two letters, and some of 100 kB. With --components each normalizer, pre-tokenizer and kind of
added token is compared by itself, on every Unicode scalar. Prints a line a tokenizer; exits with 1 where ids differ.

Requirements: tokenizers 0.23.3, transformers; pip downloads the vocabularies' packages into .build/parity.
Command: python scripts/tokenizer_parity.py [--count 20000] [--only gpt2,xlmr] [--components] [--dump "COMMAND {file}"]
    COMMAND reads JSON Lines of texts and writes a line of ids for each.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "references"))

from tokenizers import Tokenizer  # noqa: E402

from published_tokenizers import BUILDERS, FOLDER, published  # noqa: E402
from tokenizer_components import components  # noqa: E402
from tokenizer_texts import long_texts, scalar_texts, texts  # noqa: E402


def braid_ids(command, path, lines):
    words = [word.replace("{file}", str(path)) for word in command.split()]
    done = subprocess.run(words, input=lines, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr.strip()}")
    return [[int(number) for number in line.split()] for line in done.stdout.split("\n")[:-1]]


def component_files(only):
    for name, tokenizer in components():
        if not any(name.startswith(start) for start in only):
            continue
        path = FOLDER / "components" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        tokenizer.save(str(path))
        yield name, path


def compare(name, path, command, every):
    tokenizer = Tokenizer.from_file(str(path))
    lines = "".join(json.dumps(text) + "\n" for text in every)
    found = braid_ids(command, path, lines)
    expected = [encoding.ids for encoding in tokenizer.encode_batch_fast(every)]
    wrong = [index for index in range(len(every)) if index >= len(found) or found[index] != expected[index]]
    print(f"{name:28} {len(every):,} texts, {sum(map(len, expected)):,} ids, {len(wrong):,} texts differ", flush=True)
    for index in wrong[:5]:
        print(f"    {json.dumps(every[index])[:150]}\n    expected {expected[index][:24]}\n    found    {found[index][:24]}")
    return not wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--only", default="", help="names of tokenizers, beginnings of the names of components")
    parser.add_argument("--components", action="store_true")
    parser.add_argument("--dump", default=".build/release/tokdump {file}")
    options = parser.parse_args()
    if options.components:
        every = texts(3000, options.seed) + [*scalar_texts()]
        files = component_files(options.only.split(","))
    else:
        every = texts(options.count, options.seed) + [*long_texts(random.Random(options.seed))]
        files = ((name, published(name)) for name in (options.only.split(",") if options.only else BUILDERS))
    same = [compare(name, path, options.dump, every) for name, path in files]
    sys.exit(0 if all(same) else 1)
