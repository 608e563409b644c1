"""Trains, evaluates and embeds in one process, round after round, and says whether memory, descriptors or threads grow.

Two processes after one another, on datasets/digits: `frozen` trains on embeddings at hand, `trained` trains the last block of the picture's encoder too. A
figure grows where the last third of the rounds has more than the middle one: descriptors and threads by one; what malloc has given out after
each round by 1 % and 1 MB; resident memory, which goes up and down with what malloc keeps for later, by 5 % and 10 MB. In the first third caches fill.
Ends with 1 where one does, or where a round's accuracy is another than the first's: all rounds have one seed.

Usage: benchmarks/endurance.py path/to/BraidBench [--minutes 120] [--chart FILE.svg]
"""

import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
DATA = ROOT / "datasets" / "digits"
WORK = {
    "frozen": ["training.epochs=4"],
    "trained": ["training.epochs=2", "modalities.image.train=last:1"],
}
FIGURES = {"allocated": "in use", "resident": "resident", "descriptors": "descriptors", "threads": "threads"}
MARGINS = {"allocated": (0.01, 1e6), "resident": (0.05, 10e6)}


def endure(bench, name, minutes):
    """What the process held after each round."""
    with tempfile.TemporaryDirectory() as folder:
        command = [bench, "endure", DATA / "config.yaml", DATA / "manifest.csv", str(60 * minutes), folder, *WORK[name]]
        library, heap = pathlib.Path(folder) / "heap.so", pathlib.Path(folder) / "heap"
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, ROOT / "benchmarks" / "heap.c", "-ldl"], check=True)
        environment = os.environ | {"BRAID_CACHE": f"{folder}/cache", "LD_PRELOAD": str(library), "HEAP": str(heap)}
        rounds = []
        with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True, env=environment) as process:
            for line in process.stdout:
                rounds.append(json.loads(line))
        if process.returncode != 0:
            sys.exit(f"{name}: ended with {process.returncode}")
        # A line of each round's, written in its moment.
        in_use = map(int, heap.read_text().split())
        return [each | {"allocated": bytes_in_use} for each, bytes_in_use in zip(rounds, in_use, strict=True)]


def grown(rounds, figure):
    """Medians of the middle and the last third, and whether the last is more."""
    values, third = [each[figure] for each in rounds], len(rounds) // 3
    middle, last = statistics.median(values[third : 2 * third]), statistics.median(values[2 * third :])
    share, least = MARGINS.get(figure, (0, 1))
    return middle, last, last - middle >= max(share * middle, least)


def chart(file, measured):
    """Memory over time, a line a process."""
    width, height, margin = 720, 260, 56
    end = max(each["seconds"] for rounds in measured.values() for each in rounds)
    # A line every hundred megabytes.
    lines = math.ceil(max(each["resident"] for rounds in measured.values() for each in rounds) / 1e8)
    top = lines * 1e8
    x = lambda seconds: margin + (width - margin - 90) * seconds / end  # noqa: E731
    y = lambda value: height - 36 - (height - 56) * value / top  # noqa: E731
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
             f'<rect width="{width}" height="{height}" fill="white"/>']
    for line in range(lines + 1):
        value = line * 1e8
        parts.append(f'<line x1="{margin}" x2="{width - 90}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{margin - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value / 1e6:.0f}</text>')
    for step in range(5):
        parts.append(f'<text x="{x(end * step / 4):.1f}" y="{height - 18}" text-anchor="middle">{end * step / 4 / 60:.0f}</text>')
    for (name, rounds), colour in zip(measured.items(), ("#1f5fbf", "#b5500b")):
        points = " ".join(f"{x(each['seconds']):.1f},{y(each['resident']):.1f}" for each in rounds)
        last = rounds[-1]
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{points}"/>')
        parts.append(f'<text x="{x(last["seconds"]) + 6:.1f}" y="{y(last["resident"]) + 4:.1f}" fill="{colour}">{name}</text>')
    parts.append(f'<text x="{margin}" y="{height - 3}">minutes; resident memory in MB</text></svg>')
    pathlib.Path(file).write_text("\n".join(parts) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--chart")
    options = parser.parse_args()
    measured, failed = {}, False
    print("| work | rounds | figure | middle third | last third | grows |\n|---|---|---|---|---|---|", flush=True)
    for name in WORK:
        rounds = measured[name] = endure(options.bench, name, options.minutes / len(WORK))
        if len(rounds) < 6:
            sys.exit(f"{name}: {len(rounds)} rounds say nothing; give it more minutes")
        for figure, word in FIGURES.items():
            first, second, grows = grown(rounds, figure)
            unit = (lambda value: f"{value / 1e6:.1f} MB") if figure in MARGINS else (lambda value: f"{value:.0f}")
            print(f"| {name} | {len(rounds)} | {word} | {unit(first)} | {unit(second)} | {'yes' if grows else 'no'} |", flush=True)
            failed = failed or grows
        accuracies = {each["accuracy"] for each in rounds}
        print(f"| {name} | {len(rounds)} | accuracy | {', '.join(str(each) for each in sorted(accuracies))} | | {'yes' if len(accuracies) > 1 else 'no'} |")
        failed = failed or len(accuracies) > 1
    if options.chart:
        chart(options.chart, measured)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
