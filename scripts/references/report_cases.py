"""What people reported of manifests, each as a small file with the right answer (issue 13).

Writes fixtures/reports/manifests/: a folder for each group of cases, and cases.json, a list of cases:

    name, kind      the case; the number of its kind in the issue, or "weak"
    report          what people met, in a sentence
    folder          where it happens: the folder beside cases.json, of which a copy is worked on
    before          optional: commands that run first and must end with 0
    arguments       the command; {fixtures} stands for the fixtures' folder
    exit            how it ends
    says, never     what stdout and stderr together must hold, and must not
    files           optional: what files that it writes must hold

What a case comes to was written from the issue; the words and exit codes are the command's own, where they say that.

Requirements: none but Python's own library; reads fixtures/audio/mp3-44k-stereo.mp3.
Command: python3 scripts/references/report_cases.py
"""

import shlex
import shutil

from fixture_files import FIXTURES, save_rows
from report_cases_by_kind import faults, labels, layouts, media, models, sound

MODULES = (sound, faults, labels, layouts, media, models)
PLACE = "reports/manifests"


def folders():
    """Every file by its path below `PLACE`."""
    files = {}
    for module in MODULES:
        for folder, contents in module.FOLDERS.items():
            contents = {f"{folder}/{name}": content for name, content in contents.items()}
            assert not files.keys() & contents.keys(), "two files have one name"
            files |= contents
    return files


def write_files():
    shutil.rmtree(FIXTURES / PLACE, ignore_errors=True)
    for name, content in folders().items():
        path = FIXTURES / PLACE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def row(case):
    """A case as cases.json has it: commands as lists."""
    case = {**case, "arguments": shlex.split(case["arguments"])}
    if "before" in case:
        case["before"] = [shlex.split(command) for command in case["before"]]
    return case


def main():
    cases = [row(case) for module in MODULES for case in module.CASES]
    assert len({case["name"] for case in cases}) == len(cases), "two cases have one name"
    write_files()
    save_rows(f"{PLACE}/cases.json", cases)


if __name__ == "__main__":
    main()
