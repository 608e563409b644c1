"""Runs commands in a control group whose memory is too little for them, goes on without a limit, and looks whether anything was lost.

Each scenario of soak.py that can go on is run once alone in a group, which tells the most that it takes; then in groups with less and less. Where the
kernel ends it, every file with its final name must be whole, and the command that goes on has to leave what the run alone left, byte for byte. Needs root,
and control groups (v1 or v2) that may be made.

    sudo python benchmarks/little_memory.py BRAID [--steps 12]

Prints a line for each loss and a table; exits with 1 where something was lost.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import kill_resume
import soak

ROOTS = (pathlib.Path("/sys/fs/cgroup/memory"), pathlib.Path("/sys/fs/cgroup"))


class Group:
    """A control group for memory, which is there within `with`."""

    def __init__(self, limit=None):
        root = next((root for root in ROOTS if (root / "cgroup.procs").exists()), None)
        if root is None or os.geteuid() != 0:
            print("little memory: not tried, for it needs root and control groups for memory", flush=True)
            sys.exit(0)
        self.place = root / f"braid-{os.getpid()}"
        self.is_first = (root / "memory.limit_in_bytes").exists()
        self.limit = limit

    def __enter__(self):
        self.place.mkdir()
        if self.limit:
            (self.place / ("memory.limit_in_bytes" if self.is_first else "memory.max")).write_text(str(self.limit))
        return self

    def join(self):
        (self.place / "cgroup.procs").write_text(str(os.getpid()))

    def peak(self):
        return int((self.place / ("memory.max_usage_in_bytes" if self.is_first else "memory.peak")).read_text())

    def __exit__(self, *_):
        for _ in range(100):
            try:
                return self.place.rmdir()
            except OSError:
                time.sleep(0.05)


def run(braid, scenario, folder, environment, limit=None):
    """How the command ended in a group, and the most that it took."""
    with Group(limit) as group:
        ended = subprocess.run([braid, *scenario.arguments, "--quiet", "--threads", "1"], cwd=folder, env=environment, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, preexec_fn=group.join)
        return ended, group.peak()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("braid")
    parser.add_argument("--steps", type=int, default=12, help="limits tried a scenario, down to half of what it takes")
    options = parser.parse_args()
    braid = os.path.abspath(options.braid)
    table, failed = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        plain = {**os.environ, "BRAID_CACHE": str(folder / "cache"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        kill_resume.data(folder, 96)
        for scenario in (each for each in soak.SCENARIOS if each.resume in ("config.yaml", "plan.json")):
            soak.clear(folder, scenario)
            ended, peak = run(braid, scenario, folder, plain)
            if ended.returncode:
                sys.exit(f"{scenario.name} failed by itself ({ended.returncode}): {ended.stderr.decode()[-500:]}")
            expected = soak.sums(folder / scenario.out, scenario.varies)
            killed = whole = 0
            for step in range(options.steps):
                limit = int(peak * (0.98 - 0.48 * step / max(1, options.steps - 1)))
                soak.clear(folder, scenario)
                ended, _ = run(braid, scenario, folder, plain, limit)
                killed += ended.returncode != 0
                if not (folder / scenario.out).exists():
                    whole += 1
                    continue
                found = soak.losses(braid, scenario, folder, plain, expected)
                whole += not found
                for sentence in found:
                    print(f"{scenario.name}, {limit / 1e6:.0f} MB, ended with {ended.returncode}: {sentence}", flush=True)
            table.append((scenario.name, peak, options.steps, killed, whole))
            failed += options.steps - whole
            shutil.rmtree(folder / scenario.out, ignore_errors=True)
    print("\n| what runs | MB alone | limits tried | ended by the kernel | nothing lost |\n|---|---|---|---|---|")
    for name, peak, steps, killed, whole in table:
        print(f"| {name} | {peak / 1e6:.0f} | {steps} | {killed} | {whole} |")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
