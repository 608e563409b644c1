"""Gives the command files that ask for too much, that are damaged, or that are no files at all, and measures how it answers.

Each case is a folder of its own under a temporary one, a command, and what is expected: `refused` (an exit code of sysexits(3) and an error), or
`done` (exit code 0). Prints a line a case: the exit code, the seconds, the peak of resident memory and its error line. Ends with 1 where a case ended by a
signal, took more than --seconds, or more than --megabytes, or was not as expected. Cases that are work and not refusals have a bound of their own.

Usage: benchmarks/hostile.py path/to/braid [--only WORD] [--seconds 2] [--megabytes 512]
"""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import hostile_files as files
import hostile_manifests as manifests

PATIENCE = 60  # seconds after which a command is ended


class Case:
    """What is tried: `make` writes files into the folder it is given, and gives the command's arguments."""

    def __init__(self, name, make, expected="refused", seconds=None, megabytes=None):
        self.name, self.make, self.expected, self.seconds, self.megabytes = name, make, expected, seconds, megabytes


def run(braid, arguments, folder):
    """The exit code, seconds, peak in MB and the error."""
    environment = os.environ | {"BRAID_CACHE": str(folder / "cache"), "HF_HUB_OFFLINE": "1"}
    start = time.perf_counter()
    with open(folder / ".err", "wb") as error:
        process = subprocess.Popen(
            [braid, *map(str, arguments)], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=error, stderr=error)
        status, usage = wait(process, start)
    lines = (folder / ".err").read_bytes()[:20_000].decode(errors="replace").strip().split("\n")
    said = next((line for line in lines if "error:" in line), lines[-1])
    return status, time.perf_counter() - start, usage.ru_maxrss / 1024, said


def wait(process, start):
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage
        if time.perf_counter() - start > PATIENCE:
            os.kill(process.pid, signal.SIGKILL)
        time.sleep(0.005)


def made(case, folder):
    """The arguments of a case whose files were made by another process: a command begins with the peak of whoever starts it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, json.dumps(case.make(folder)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        arguments = json.load(pipe)
    os.waitpid(child, 0)
    return arguments


def judge(case, status, seconds, peak, options):
    faults = []
    if status < 0:
        faults.append(f"ended by {signal.Signals(-status).name}")
    elif (status == 0) != (case.expected == "done"):
        faults.append(f"expected to be {case.expected}")
    elif status == 70:
        faults.append("an internal error")
    if seconds > (case.seconds or options.seconds):
        faults.append(f"over {case.seconds or options.seconds} s")
    if peak > (case.megabytes or options.megabytes):
        faults.append(f"over {case.megabytes or options.megabytes} MB")
    return ", ".join(faults)


CASES = [
    Case("tokenizer: three replacements by 1,000 letters", files.growing_tokenizer),
    Case("tokenizer: a special token with id 10⁹", files.distant_token),
    Case("tokenizer: 100,000 brackets", files.nested_tokenizer),
    Case("safetensors: header of 81 MB with 1.4 million tensors", lambda folder: files.weights_header(folder, tensors=1_400_000)),
    Case("safetensors: header of 98 MB of integers", lambda folder: files.weights_header(folder, integers=19_500_000)),
    Case("safetensors: NaN", lambda folder: files.damaged_weights(folder, float("nan"))),
    Case("safetensors: infinity", lambda folder: files.damaged_weights(folder, float("inf"))),
    Case("safetensors: a negative variance", lambda folder: files.damaged_weights(folder, -1.0, "running_var")),
    Case("safetensors: floats relabelled as integers", files.relabelled_weights),
    Case("safetensors: a tensor's name with ESC, of 5 MB", files.named_weights),
    Case("encoder: hidden_size 65536", lambda folder: files.text_model(folder, hidden_size=65536, num_attention_heads=64)),
    Case("encoder: 100,000 layers", lambda folder: files.text_model(folder, num_hidden_layers=100_000)),
    Case("config.yaml: nested aliases", files.nested_aliases),
    Case("config.yaml: merge keys", files.merged_keys),
    Case("config.yaml: 100,000 hidden layers", lambda folder: files.hidden(folder, [8] * 100_000)),
    Case("config.yaml: fusion.dim 65536 in hidden layers of 65536", lambda folder: files.hidden(folder, [65536, 65536], 65536)),
    Case("manifest: 100,000 columns", manifests.columns),
    Case("manifest: 100,000 keys in JSON Lines", manifests.keys),
    Case("manifest: 200,000 classes", manifests.classes),
    Case("manifest: a row of 5 MB", lambda folder: manifests.long_row(folder, 5_000_000)),
    Case("manifest: a row of 50 MB", lambda folder: manifests.long_row(folder, 50_000_000)),
    Case("manifest: a label of 1e308", manifests.enormous_labels),
    Case("manifest: labels of 3.9 MB", manifests.long_labels),
    Case("manifest: 9,000 sentences as labels", manifests.sentences),
    Case("manifest: class names with ESC", manifests.escapes, "done", seconds=20, megabytes=2000),
    Case("check: 1,000,000 rows of CSV", lambda folder: manifests.many_rows(folder, "csv"), "done", seconds=10, megabytes=150),
    Case("check: 1,000,000 rows of JSON Lines", lambda folder: manifests.many_rows(folder, "jsonl"), "done", seconds=10, megabytes=150),
    Case("check: 200,000 missing files", manifests.missing_files, seconds=5),
    Case("text_path: a sparse file of 3 GB", manifests.sparse_text),
    Case("text_path: /proc/kmsg, which says that it is empty", lambda folder: manifests.text_at(folder, "/proc/kmsg", "embed")),
    Case("text_path: /dev/zero", lambda folder: manifests.text_at(folder, "/dev/zero")),
    Case("text_path: a folder", lambda folder: manifests.text_at(folder, ".")),
    Case("text_path: a pipe that nobody writes to", manifests.pipe),
    Case("picture: front end of 4096 × 4096, four rows", lambda folder: manifests.large_front_end(folder, 4096)),
    # One map of the network's first layer, 24 × 2048 × 2048, takes 0.4 GB, and its block holds three.
    Case("picture: front end of 2048 × 2048, four rows", lambda folder: manifests.large_front_end(folder, 2048), "done", seconds=60, megabytes=2000),
    Case("weights: a pipe that nobody writes to", files.piped_weights),
    Case("adapters that name each other as their base", files.adapters_in_a_circle),
    Case("config.yaml: a pipe that nobody writes to", files.piped_configuration),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("braid")
    parser.add_argument("--only", default="")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--megabytes", type=float, default=512)
    options = parser.parse_args()
    braid = str(pathlib.Path(options.braid).resolve())
    failed = 0
    print("| input | exit code | s | MB | not as it should be | what is said |\n|---|---|---|---|---|---|", flush=True)
    for case in CASES:
        if options.only not in case.name:
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            arguments = made(case, folder)
            status, seconds, peak, said = run(braid, arguments, folder)
        fault = judge(case, status, seconds, peak, options)
        failed += bool(fault)
        said = said.replace("|", "\\|").replace(name, "…")
        print(f"| {case.name} | {status} | {seconds:.2f} | {peak:.0f} | {fault} | {said[:160]} |", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
