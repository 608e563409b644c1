"""Measures what it costs to run two commands at once on two processors: two trainings, embeddings or evaluations, against one after the other.

For each case: the time until both of two at once are done, by the time of the same two one after the other, and the processor time (user
and system) of both by the same. Where threads spin, it is the processor time that grows: it says so on a machine that others use too, where the
wall clock says little. The data are datasets/digits, embeddings of the trainings cached.

Usage: python3 benchmarks/two_at_once.py path/to/braid [--runs N] [--cases train,compare,…] [-- arguments for every command]
"""

import argparse
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
WORK = ROOT / ".build" / "bench" / "two"
CONFIG = ROOT / "datasets" / "digits" / "config.yaml"
MANIFEST = ROOT / "datasets" / "digits" / "manifest.csv"


def commands(braid):
    """By case: the arguments of the command that writes to folder number `side`."""
    run = WORK / "model"
    return {
        "train": lambda side: [braid, "train", CONFIG, "--out", WORK / f"train-{side}", "--quiet"],
        "train, encoder": lambda side: [
            braid, "train", CONFIG, "--out", WORK / f"tuned-{side}", "--quiet", "--set", "modalities.image.train=all",
            "--set", "training.epochs=2", "--set", "training.activation_cache.limit=0"],
        "compare": lambda side: [
            braid, "compare", CONFIG, "--seeds", "1", "--out", WORK / f"compare-{side}", "--quiet", "--set", "training.epochs=5"],
        "embed": lambda side: [
            braid, "embed", CONFIG, "--manifest", MANIFEST, "--out", WORK / f"embed-{side}", "--no-cache", "--quiet"],
        "evaluate": lambda side: [braid, "evaluate", run, "--manifest", MANIFEST, "--quiet", "--no-cache"],
    }


def timed(lists, environment, at_once):
    """Seconds on the wall, and of the processor, of commands at once or one after the other."""
    used = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    start, before = time.perf_counter(), used()
    open_ = lambda arguments: subprocess.Popen([str(part) for part in arguments], stdout=subprocess.DEVNULL, env=environment)
    if at_once:
        processes = [open_(arguments) for arguments in lists]
        codes = [process.wait() for process in processes]
    else:
        codes = [open_(arguments).wait() for arguments in lists]
    if any(codes):
        raise SystemExit(f"a command failed: {codes}")
    return time.perf_counter() - start, used() - before


def measure(command, further, environment, at_once):
    lists = [list(command(side)) + further for side in (1, 2)]
    for arguments in lists:
        if "--out" in arguments:
            shutil.rmtree(arguments[arguments.index("--out") + 1], ignore_errors=True)
    return timed(lists, environment, at_once)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--cases", default="train,embed,evaluate")
    parser.add_argument("further", nargs="*")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"BRAID_CACHE": str(WORK / "cache")}
    shutil.rmtree(WORK / "model", ignore_errors=True)
    # Fills the cache, and leaves a model to evaluate.
    subprocess.run([options.braid, "train", CONFIG, "--out", WORK / "model", "--quiet"], check=True, stdout=subprocess.DEVNULL, env=environment)
    print("| case | one after the other, s | at once, s | ratio | processor time, s | at once, s | ratio |\n|---|---|---|---|---|---|---|")
    for case in options.cases.split(","):
        command = commands(options.braid)[case.replace("train-encoder", "train, encoder")]
        pairs = [[measure(command, options.further, environment, at_once) for at_once in (False, True)] for _ in range(options.runs)]
        cells = [case]
        for place in (0, 1):
            cells += [f"{statistics.median(pair[side][place] for pair in pairs):.1f}" for side in (0, 1)]
            ratios = sorted(pair[1][place] / pair[0][place] for pair in pairs)
            cells.append(f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} … {ratios[-1]:.2f})")
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
