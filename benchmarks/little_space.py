"""Runs commands on a disk that is too small for them, then on one that may only be read, and looks whether anything was lost.

Each scenario of soak.py is run once alone, which tells how much it writes; then on a disk (a tmpfs) that has room for less, from nearly nothing to nearly
all of that, for the run folder and the cache together. It has to end with 73 and name what could not be written, and leave no temporary file; or to end well,
where the cache alone had no room. Then the disk is made larger: the command that goes on has to leave what the run alone left, byte for byte. At last the
disk is made read-only: the command has to say so.

    python benchmarks/little_space.py BRAID [--steps 10] [--only SCENARIO]

Takes user and mount namespaces (unshare), not root. Prints a line for each loss and a table; exits with 1 where something was lost.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import kill_resume
import soak

ROOMY = 2 << 30


def remount(disk, options):
    subprocess.run(["mount", "-o", f"remount,{options}", disk], check=True)


def used(disk):
    figures = os.statvfs(disk)
    return (figures.f_blocks - figures.f_bfree) * figures.f_frsize


def leftovers(scenario, disk):
    """Temporary files and folders that an ended command left."""
    return [f"{path.relative_to(disk)} is left" for root in (disk / scenario.out, disk / "cache") for path in soak.files(root) if soak.is_temporary(path, disk)]


def refusal(ended, word=None):
    """What is wrong with how a command that had too little room ended: a list of sentences."""
    text = ended.stderr.decode()
    if ended.returncode != 73:
        return [f"ended with {ended.returncode}, not 73: {text[-300:].strip()}"]
    missing = [part for part in ("error: ", word) if part and part not in text]
    return [f"says nothing of {part!r}: {text[-300:].strip()}" for part in missing]


def with_room(braid, scenario, disk, environment, room, expected):
    """Whether the command was refused for want of room, and what was wrong: a list of sentences."""
    soak.clear(disk, scenario)
    remount(disk, f"size={used(disk) + room}")
    ended = soak.run(braid, scenario, disk, environment)
    found = leftovers(scenario, disk) + (refusal(ended) if ended.returncode else [])
    remount(disk, f"size={ROOMY}")
    if ended.returncode or not (disk / scenario.out).exists():
        return True, found + soak.losses(braid, scenario, disk, environment, expected)
    now = soak.sums(disk / scenario.out, scenario.varies)
    return False, found + [f"{name} differs or is missing" for name, value in expected.items() if now.get(name, "") != value]


def read_only(braid, scenario, disk, environment):
    """What was wrong on a disk that may only be read: a list of sentences."""
    soak.clear(disk, scenario)
    remount(disk, "ro")
    ended = soak.run(braid, scenario, disk, environment)
    remount(disk, "rw")
    return refusal(ended, "Read-only")


def measure(braid, chosen, steps, disk):
    """A row a scenario: its name, the bytes it writes, the disks tried, those too small, those on which nothing was lost."""
    environment = {**os.environ, "BRAID_CACHE": str(disk / "cache"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    kill_resume.data(disk, 96)
    (disk / "s.yaml").write_text((disk / "c.yaml").read_text() + "search: {trials: 4}\n")
    subprocess.run([braid, "train", "c.yaml", "--out", "model", "--quiet"], cwd=disk, env=environment, check=True, stdout=subprocess.DEVNULL)
    table = []
    for scenario in chosen:
        soak.clear(disk, scenario)
        before = used(disk)
        ended = soak.run(braid, scenario, disk, environment)
        if ended.returncode:
            sys.exit(f"{scenario.name} failed by itself ({ended.returncode}): {ended.stderr.decode()[-500:]}")
        written, expected = used(disk) - before, soak.sums(disk / scenario.out, scenario.varies)
        refused = whole = 0
        for step in range(steps):
            room = int(written * (0.02 + 0.96 * step / max(1, steps - 1)))
            was_refused, found = with_room(braid, scenario, disk, environment, room, expected)
            refused, whole = refused + was_refused, whole + (not found)
            for sentence in found:
                print(f"{scenario.name}, room for {room / 1e6:.2f} of {written / 1e6:.2f} MB: {sentence}", flush=True)
        found = read_only(braid, scenario, disk, environment)
        for sentence in found:
            print(f"{scenario.name}, read-only: {sentence}", flush=True)
        table.append((scenario.name, written, steps + 1, refused + 1, whole + (not found)))
        shutil.rmtree(disk / scenario.out, ignore_errors=True)
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid")
    parser.add_argument("--steps", type=int, default=10, help="sizes of disks tried a scenario")
    parser.add_argument("--only", help="part of a scenario's name")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        own = ["unshare", "--map-root-user", "--mount"]
        if subprocess.run([*own, "true"], stderr=subprocess.DEVNULL).returncode:
            return print("little space: not tried, for it needs namespaces of users and mounts (unshare)", flush=True)
        sys.exit(subprocess.run([*own, sys.executable, *sys.argv, "--inside"]).returncode)
    chosen = [scenario for scenario in soak.SCENARIOS if options.only is None or options.only in scenario.name]
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOMY}", "braid", scratch], check=True)
        try:
            table = measure(os.path.abspath(options.braid), chosen, options.steps, pathlib.Path(scratch))
        finally:
            subprocess.run(["umount", scratch], check=True)
    print("\n| what runs | MB written | disks tried | too small or read-only | nothing lost |\n|---|---|---|---|---|")
    for name, written, tried, refused, whole in table:
        print(f"| {name} | {written / 1e6:.2f} | {tried} | {refused} | {whole} |")
    sys.exit(any(whole < tried for _, _, tried, _, whole in table))


if __name__ == "__main__":
    main()
