"""Damages the files of runs and exports, one at a time and in every way there is, and gives the folder to each command that reads it.

A file is taken away, emptied, cut in half, filled with noise, changed by one bit, replaced by a folder and by a pipe that nobody writes to; values in JSON and YAML
become null, a negative number, 1e308, a text, a list and an object; tensors are left out, called by another type, and hold NaN. A command
has to end in time, without a signal and without an internal error (70). Where it fails, it has to name the file; where it does not, to print
what it prints of the folder without damage, or to warn.

    python benchmarks/hostile_folders.py BRAID [--values 60] [--seed 0] [--only TEXT] [--seconds 5]

Prints a line for whatever is not as it should be, and a table; exits with 1 where something is.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

import hostile_files as files
import kill_resume

# A command's name, the folder that is damaged, and what it does with it.
COMMANDS = [
    ("evaluate", "run", ["evaluate", "run", "--manifest", "m.csv", "--split", "all", "--json"]),
    ("predict", "run", ["predict", "run", "--text", "a good a", "--json"]),
    ("ablate", "run", ["ablate", "run", "--manifest", "m.csv", "--split", "all", "--json"]),
    ("drift", "run", ["drift", "run", "--manifest", "m.csv", "--split", "all", "--json", "--out", "out"]),
    ("embed", "run", ["embed", "run", "--manifest", "m.csv", "--out", "out"]),
    ("merge", "run", ["merge", "run", "--out", "out"]),
    ("train --init-from", "run", ["train", "c.yaml", "--init-from", "run", "--out", "out", "--json", "--set", "training.epochs=1"]),
    ("train --resume", "half", ["train", "half", "--resume", "--json"]),
    ("embed --resume", "export", ["embed", "c.yaml", "--manifest", "m.csv", "--out", "export", "--part-size", "16", "--resume"]),
]
# What no command reads, or what a person keeps there: figures of runs, pages, logs.
UNREAD = (".html", ".txt", ".csv", ".md", ".png", ".svg")
VALUES = [None, -1, 1e308, "x", [], {}, True]


# --- what is damaged ----------------------------------------------------------------------------------------------------------


def prepare(braid, folder, environment):
    """A run of texts, pictures and columns, a training that was stopped, and an export that was."""
    kill_resume.data(folder, 48)
    files.text_model(folder)
    rows = (folder / "m.csv").read_text().strip().split("\n")
    kinds = [f"{row},{'a good a' if index % 2 else 'bad b'},{index % 7},{'xy'[index % 2]}" for index, row in enumerate(rows[1:])]
    (folder / "m.csv").write_text("\n".join([rows[0] + ",text,size,colour", *kinds]) + "\n")
    (folder / "c.yaml").write_text(
        "manifest: m.csv\nmodalities:\n  text: {weights: encoder, train: \"lora:2\"}\n  image: {weights: \"bundled:resnet10-cifar-mnist\"}\n"
        "  tabular: {numbers: [size], categories: [colour]}\nfusion: {type: concat, dim: 16}\n"
        "training: {epochs: 3, batch_size: 16, checkpoint: {steps: 1}}\n")

    def run(*arguments, **more):
        subprocess.run([braid, *arguments, "--quiet"], cwd=folder, env=environment | more, check=not more, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    library = folder / "kill_at.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, pathlib.Path(__file__).parent / "kill_at.c", "-ldl"], check=True)
    run("train", "c.yaml", "--out", "run")
    stopped = {"LD_PRELOAD": str(library), "SOAK_AT": "400"}
    run("train", "c.yaml", "--out", "half", **stopped)
    run("embed", "c.yaml", "--manifest", "m.csv", "--out", "export", "--part-size", "16", **(stopped | {"SOAK_AT": "60"}))
    for name in ("run", "half", "export"):
        (folder / name).rename(folder / f"{name}.whole")


def replaced(path, content):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    if content is not None:
        path.write_bytes(content)


def leaves(value, place=()):
    """The places of values in a document, those of objects and lists among them."""
    yield place
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from leaves(each, (*place, key))


def changed(document, place, value):
    if not place:
        return value
    copy = json.loads(json.dumps(document))
    parent = copy
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = value
    return copy


def of_document(path, draw, count):
    """Values that become others: drawn, for there are many."""
    document = json.loads(path.read_text())
    places = list(leaves(document))
    for _ in range(min(count, len(VALUES) * len(places))):
        place, value = draw.choice(places), draw.choice(VALUES)
        before = document
        for key in place:
            before = before[key]
        # Another text or number may mean something: what it means is not known here.
        is_sound = type(before) is type(value) or {type(before), type(value)} <= {int, float}
        content = json.dumps(changed(document, place, value)).encode()
        yield f"{'.'.join(map(str, place)) or 'all'} = {json.dumps(value)}", lambda path, content=content: replaced(path, content), is_sound
    keys = [place for place in places if place and isinstance(place[-1], str)]
    for place in draw.sample(keys, min(len(keys), count // 4)):
        parent = document
        for key in place[:-1]:
            parent = parent[key]
        fewer = changed(document, place[:-1], {key: each for key, each in parent.items() if key != place[-1]})
        yield f"without {'.'.join(map(str, place))}", lambda path, content=json.dumps(fewer).encode(): replaced(path, content), True


def of_tensors(path, draw):
    entries = files.entries(path)
    if not entries:
        return
    at = draw.randrange(len(entries))
    name, kind, shape, data = entries[at]

    def written(changed):
        return lambda path: files.safetensors(path, entries[:at] + changed + entries[at + 1 :])

    yield f"without {name}", written([]), False
    yield f"{name} called otherwise", written([(name + "x", kind, shape, data)]), False
    if kind == "F32" and data:
        yield f"{name} with NaN", written([(name, kind, shape, b"\0\0\xc0\x7f" + data[4:])]), False
        yield f"{name} as integers", written([(name, "I32", shape, data)]), False
        yield f"{name} in another shape", written([(name, kind, [1, *shape], data)]), False
        yield f"{name} with half of its values", written([(name, kind, [len(data) // 8], data[: len(data) // 8 * 4])]), False


def ways(path, draw, count):
    """Each way to damage a file: what it is called, what does it, and whether what is left may be sound."""
    content = path.read_bytes()
    bit = draw.randrange(max(1, len(content)))
    yield "gone", lambda path: replaced(path, None), False
    yield "empty", lambda path: replaced(path, b""), False
    yield "half", lambda path: replaced(path, content[: len(content) // 2]), False
    yield "noise", lambda path: replaced(path, bytes(draw.randrange(256) for _ in range(min(len(content), 5000)))), False
    yield "a folder", lambda path: (replaced(path, None), path.mkdir()), False
    yield "a pipe", lambda path: (replaced(path, None), os.mkfifo(path)), False
    if content and path.suffix != ".safetensors":
        yield f"bit at {bit}", lambda path: replaced(path, content[:bit] + bytes([content[bit] ^ 4]) + content[bit + 1 :]), True
    if path.suffix == ".json":
        yield from of_document(path, draw, count)
    if path.suffix == ".safetensors":
        yield from of_tensors(path, draw)


# --- what is found ------------------------------------------------------------------------------------------------------------


def run(braid, arguments, folder, environment):
    """The exit code (None where it does not end), what it wrote, and the seconds that processors worked for it."""
    for name in ("out", "cache/embeddings"):
        shutil.rmtree(folder / name, ignore_errors=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen([braid, *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, error = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        out, error = process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    code = None if process.returncode == -signal.SIGKILL else process.returncode
    return code, out.decode(errors="replace"), error.decode(errors="replace"), seconds


def steady(text):
    """What is printed, without what tells times and places."""
    return [line for line in text.split("\n") if not any(word in line for word in ("seconds", "milliseconds", " in 0.", "/s)", "sha256"))]


def judge(code, out, error, seconds, most, place, whole, may_differ):
    if code is None:
        return "does not end"
    if seconds > most:
        return f"takes {seconds:.1f} s"
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    if code == 70 or "internal error" in error:
        return "an internal error"
    expected_code, expected = whole
    if code != expected_code:
        if "error:" not in error and code not in (0, 1):
            return f"ended with {code} and says no error"
        # Two files that contradict each other are named by one of them.
        is_named = any(word in error for word in (place.name, f"/{place.parent}/", "the weights do not fit the model"))
        if not is_named and code not in (0, 1):
            return f"ended with {code} and does not name {place.name}"
    if code == expected_code and not may_differ and steady(out) != steady(expected) and not any(word in error for word in ("warning", place.name)):
        return "another result, without a word"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid")
    parser.add_argument("--values", type=int, default=60, help="values that are changed, a document")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="part of a command's or a file's name")
    parser.add_argument("--seconds", type=float, default=5, help="of the processor, at most")
    options = parser.parse_args()
    braid, draw = os.path.abspath(options.braid), random.Random(options.seed)
    counts = collections.defaultdict(collections.Counter)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        environment = os.environ | {"BRAID_CACHE": str(folder / "cache"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        prepare(braid, folder, environment)
        for command, root, arguments in COMMANDS:
            restore = lambda root=root: (shutil.rmtree(folder / root, ignore_errors=True), shutil.copytree(folder / f"{root}.whole", folder / root))  # noqa: E731
            restore()
            code, out, error, _ = run(braid, arguments, folder, environment)
            if code not in (0, 1):
                sys.exit(f"{command} fails without damage ({code}): {error[-500:]}")
            whole = (code, out)
            for path in sorted((folder / f"{root}.whole").rglob("*")):
                name = path.relative_to(folder / f"{root}.whole")
                if not path.is_file() or path.suffix in UNREAD or "tfevents" in path.name or options.only not in f"{command} {name}":
                    continue
                for way, damage, may_differ in ways(path, draw, options.values):
                    restore()
                    damage(folder / root / name)
                    code, out, error, seconds = run(braid, arguments, folder, environment)
                    found = judge(code, out, error, seconds, options.seconds, name, whole, may_differ)
                    counts[command]["tried"] += 1
                    counts[command]["refused"] += code not in (0, 1)
                    if found:
                        counts[command]["found"] += 1
                        said = next((line for line in error.split("\n") if "error:" in line), "")
                        print(f"{command}: {name}: {way}: {found}: {said[:200]}", flush=True)
    print("\n| command | damages | refused | not as it should be |\n|---|---|---|---|")
    for command, count in counts.items():
        print(f"| {command} | {count['tried']} | {count['refused']} | {count['found']} |")
    sys.exit(any(count["found"] for count in counts.values()))


if __name__ == "__main__":
    main()
