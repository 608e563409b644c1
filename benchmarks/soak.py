"""Kills commands in the middle of every kind of write, goes on, and looks whether anything was lost.

Each scenario is run once alone, which counts the calls that change a file or a folder (kill_at.c); then again and again, killed by SIGKILL at one of
these calls, evenly spread over all of them: in writes, of which half is written, before syncs, renames, deletions. After each death every
file that bears its final name must be whole. Then the command goes on, by --resume where there is one: it must end well, leave what the run alone left, byte
for byte, and no temporary file, lock or half-written folder.

    python benchmarks/soak.py BRAID [--kills 200] [--only SCENARIO]

Prints a line for each loss and a table; exits with 1 where something was lost.
"""

import argparse
import csv
import hashlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time

import kill_resume

HERE = pathlib.Path(__file__).resolve().parent


class Scenario:
    """One command: what it writes, how it goes on, and what must be the same at the end."""

    def __init__(self, name, arguments, out, resume=None, varies=(), config="c.yaml"):
        self.name, self.arguments, self.out, self.resume, self.varies, self.config = name, arguments, out, resume, varies, config


# What tells times.
TIMES = ("events.out", "run.json", "metrics.jsonl", "state.json", "report.html", "search.jsonl", "search.csv", "search.txt")
SCENARIOS = [
    Scenario("train: checkpoints, model, report", ["train", "c.yaml", "--out", "out"], "out", "config.yaml", TIMES),
    Scenario("train: encoder", ["train", "c.yaml", "--out", "out", "--set", "modalities.image.train=last:1", "--set", "training.epochs=2"],
             "out", "config.yaml", TIMES),
    Scenario("embed: parts, index, cache", ["embed", "c.yaml", "--manifest", "m.csv", "--out", "out", "--part-size", "32"], "out", "plan.json"),
    Scenario("evaluate: report", ["evaluate", "model", "--manifest", "m.csv", "--split", "all", "--out", "out"], "out", None, ("report.html",)),
    Scenario("search: log", ["search", "s.yaml", "--out", "out", "--jobs", "1"], "out", "search.jsonl", TIMES),
]


def run(braid, scenario, folder, environment, resume=False):
    command = [braid, *scenario.arguments, "--quiet"] + ["--resume"] * resume
    return subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.exists() else []


def is_temporary(path, root):
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def damage(path):
    """Why a file with its final name is not whole, or None."""
    data = path.read_bytes()
    try:
        if path.suffix == ".json":
            json.loads(data)
        elif path.suffix == ".safetensors":
            (size,) = struct.unpack("<Q", data[:8])
            header = json.loads(data[8 : 8 + size])
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
            if len(data) != 8 + size + max(ends, default=0):
                return f"{len(data)} bytes, by its header {8 + size + max(ends, default=0)}"
        elif path.suffix == ".html" and not data.rstrip().endswith(b"</html>"):
            return "the page has no end"
        elif path.suffix == ".csv":
            rows = list(csv.reader(data.decode().splitlines()))
            if not data.endswith(b"\n") or len({len(row) for row in rows}) > 1:
                return "rows are cut"
        elif path.name == "metrics.jsonl":
            for line in data.decode().splitlines():
                json.loads(line)
    except (ValueError, struct.error) as error:
        return str(error)
    return None


def sums(folder, varies):
    found = {}
    for path in files(folder):
        name = str(path.relative_to(folder))
        if any(part in name for part in varies):
            found[name.split(".braid.")[0].rstrip("0123456789")] = None
        else:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def clear(folder, scenario):
    # What was measured of the machine stays, as it does for a user.
    for name in (scenario.out, "cache/embeddings", "cache/activations"):
        shutil.rmtree(folder / name, ignore_errors=True)


def losses(braid, scenario, folder, environment, expected):
    """What was lost by one death, and the command that went on: a list of sentences."""
    found = []
    out = folder / scenario.out
    for root in (out, folder / "cache"):
        for path in files(root):
            reason = None if is_temporary(path, root) else damage(path)
            if reason:
                found.append(f"{path.relative_to(folder)}: {reason}")
    resume = scenario.resume is not None and (out / scenario.resume).exists() and not (out / "index.json").exists()
    ended = run(braid, scenario, folder, environment, resume)
    if ended.returncode == 73 and (out / "index.json").exists():
        pass  # It was killed behind its last write: all is there.
    elif ended.returncode:
        return found + [f"going on ended with {ended.returncode}: {ended.stderr.decode()[-300:].strip()}"]
    now = sums(out, scenario.varies)
    found += [f"{name} differs" for name in expected if name in now and now[name] != expected[name]]
    found += [f"{name} is missing" for name in expected if name not in now]
    found += [f"{name} is left" for name in now if name not in expected]
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("braid")
    parser.add_argument("--kills", type=int, default=200, help="over all scenarios together")
    parser.add_argument("--only", help="part of a scenario's name")
    options = parser.parse_args()
    braid = os.path.abspath(options.braid)
    chosen = [scenario for scenario in SCENARIOS if options.only is None or options.only in scenario.name]
    table, failed = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        library = folder / "kill_at.so"
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, HERE / "kill_at.c", "-ldl"], check=True)
        plain = {**os.environ, "BRAID_CACHE": str(folder / "cache"), "HF_HUB_OFFLINE": "1"}
        kill_resume.data(folder, 96)
        text = (folder / "c.yaml").read_text()
        (folder / "s.yaml").write_text(text + "search: {trials: 4}\n")
        subprocess.run([braid, "train", "c.yaml", "--out", "model", "--quiet"], cwd=folder, env=plain, check=True, stdout=subprocess.DEVNULL)
        for scenario in chosen:
            clear(folder, scenario)
            count = folder / "count"
            started = time.time()
            ended = run(braid, scenario, folder, {**plain, "LD_PRELOAD": str(library), "SOAK_COUNT": str(count)})
            if ended.returncode:
                sys.exit(f"{scenario.name} failed by itself ({ended.returncode}): {ended.stderr.decode()[-500:]}")
            seconds, calls = time.time() - started, int(count.read_text())
            expected = sums(folder / scenario.out, scenario.varies)
            kills, whole = max(1, options.kills // len(chosen)), 0
            for index in range(kills):
                at = 1 + (2 * index + 1) * calls // (2 * kills)
                clear(folder, scenario)
                ended = run(braid, scenario, folder, {**plain, "LD_PRELOAD": str(library), "SOAK_AT": str(at)})
                if ended.returncode != -9:
                    # Another number of calls than before, for threads write to the cache: it was done by then.
                    print(f"{scenario.name}: call {at} of {calls} did not come", flush=True)
                found = losses(braid, scenario, folder, plain, expected)
                whole += not found
                for sentence in found:
                    print(f"{scenario.name}, killed at call {at} of {calls}: {sentence}", flush=True)
            table.append((scenario.name, calls, kills, whole, seconds))
            failed += kills - whole
    print("\n| what is killed | calls that write | killed at | nothing lost | seconds alone |\n|---|---|---|---|---|")
    for name, calls, kills, whole, seconds in table:
        print(f"| {name} | {calls} | {kills} | {whole} | {seconds:.1f} |")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
