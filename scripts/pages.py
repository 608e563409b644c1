"""Checks the pages of the documentation, every Markdown file that is tracked, without running anything:

- links: the file is there, and the heading that an anchor names;
- blocks marked `sh` stand on pages that scripts/examples.sh runs;
- commands: each option of a `braid` command in a block exists, by what the command says of itself (with --braid); with --run each is run too, in an
  empty folder: for want of its files it may fail, but not because of its arguments;
- figures: no measured figure stands on two pages;
- translations: the same headings, blocks, tables and links as the original.

Usage: python3 scripts/pages.py [--braid .build/debug/braid [--run]] [--self-test]. Ends with 1 where something is wrong.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
TRANSLATIONS = {"README.zh-CN.md": "README.md"}
# What a page may say again: history, and what models that are no part of Braid say of themselves.
HISTORY = {"CHANGELOG.md"}
FENCE = re.compile(r"^(```+)([^\n]*)\n(.*?)^\1$", re.M | re.S)
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\]|`[^`]*`)*\]\(([^()\s]+(?:\([^()]*\)[^()\s]*)?)\)")
HEADING = re.compile(r"^(#{1,6}) +(.+?) *#*$", re.M)


def without_code(text):
    text = FENCE.sub("", text)
    return re.sub(r"`[^`\n]*`", "", text)


def slug(heading):
    """As GitHub names a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(text):
    counts, found = collections.Counter(), set()
    for _, heading in HEADING.findall(FENCE.sub("", text)):
        name = slug(heading)
        found.add(f"{name}-{counts[name]}" if counts[name] else name)
        counts[name] += 1
    return found | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))


def broken_links(pages):
    for path, text in pages.items():
        for target in LINK.findall(without_code(text)):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            place = (ROOT / path).parent / name if name else ROOT / path
            if not place.exists():
                yield f"{path}: {target}: no such file"
            elif anchor and place.suffix == ".md":
                known = pages.get(str(place.resolve().relative_to(ROOT)))
                if anchor not in anchors(known if known is not None else place.read_text(encoding="utf-8")):
                    yield f"{path}: {target}: no such heading"


def never_run(pages):
    """Pages with blocks marked `sh` that no walk goes through."""
    walks = (ROOT / "scripts" / "examples.sh").read_text(encoding="utf-8")
    for path, text in pages.items():
        if re.search(r"^```sh$", text, re.M) and not re.search(rf"[\s:]{re.escape(path)}\b", walks):
            yield f"{path}: has blocks marked sh, and scripts/examples.sh does not run them"


def blocks(text, kinds=("", "sh", "bash")):
    """Lines of code: of fences, and indented ones behind an empty line."""
    for found in FENCE.finditer(text):
        if found[2].strip() in kinds:
            yield from found[3].splitlines()
    yield from re.findall(r"^    (.+)$", FENCE.sub("", text), re.M)


def options(command, path=()):
    """By path of subcommands, the names of options, and which of them take no value."""
    names = {("-" if len(name["name"]) == 1 else "--") + name["name"]: each["kind"] == "flag"
             for each in command.get("arguments", []) for name in each.get("names", [])}
    yield path, names
    for each in command.get("subcommands", []):
        yield from options(each, path + (each["commandName"],))


def commands(pages, kinds=("", "sh", "bash")):
    """(page, the words behind `braid`) of each command that a block of these kinds shows."""
    for path, text in pages.items():
        if path in HISTORY:
            continue
        for line in re.sub(r"\\\n\s*", " ", "\n".join(blocks(text, kinds))).splitlines():
            for part in re.split(r"[|;&]+|\$\(", line.removeprefix("$ ")):
                try:
                    words = shlex.split(part, comments=True)
                except ValueError:
                    words = part.split("#")[0].split()
                while words and re.match(r"\w+=|time$|nice$|-n$|\d+$|do$|then$", words[0]):
                    words = words[1:]
                if len(words) > 1 and words[0] in ("braid", ".build/release/braid", ".build/debug/braid"):
                    end = next((at for at, word in enumerate(words) if word in (">", ">>", "2>&1")), len(words))
                    yield path, words[1:end]


def wrong_commands(pages, braid):
    dump = subprocess.run([braid, "--experimental-dump-help"], check=True, capture_output=True, text=True).stdout
    known = dict(options(json.loads(dump)["command"]))
    for path, given in commands(pages):
        place, words = (), given
        while words and place + (words[0],) in known:
            place, words = place + (words[0],), words[1:]
        if not place and words and re.fullmatch(r"[a-z\-]+", words[0]) and not words[0].startswith("-"):
            yield f"{path}: braid {' '.join(given)}: there is no subcommand {words[0]}"
        for word in words:
            name = word.split("=")[0].rstrip("],.")
            if re.fullmatch(r"--?[a-z][a-z\-]*", name) and name not in known[place] and name not in known[()] \
                    and not name.startswith(("--generate-completion", "--experimental")):
                yield f"{path}: braid {' '.join(given)}: braid {' '.join(place)} has no {name}"


def refused_commands(pages, braid):
    """What argument parsing refuses, or ends with a fault of Braid itself."""
    tried = {}
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "BRAID_CACHE": f"{folder}/cache", "HOME": folder, "HF_HUB_OFFLINE": "1", "BRAID_WEIGHTS": folder}
        # Blocks marked sh are run as they stand by scripts/walkthrough.py.
        for path, words in commands(pages, ("",)):
            if "…" in " ".join(words) or tuple(words) in tried:
                continue
            try:
                done = subprocess.run(
                    [os.path.abspath(braid), *words], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                    timeout=10)
                tried[tuple(words)] = done.returncode
                if done.returncode in (64, 70):
                    yield f"{path}: braid {' '.join(words)}: ends with {done.returncode}: {done.stderr.strip().splitlines()[:1]}"
            except subprocess.TimeoutExpired:
                tried[tuple(words)] = 0
    print(f"pages: {len(tried)} commands tried")


# With an interval, as a percentage, or with four digits that count and more.
FIGURE = re.compile(
    r"(?<![\w.])[+\-−]?\d+(?:\.\d+)? ± \d+(?:\.\d+)?|(?<![\w.])\d{2}\.\d{2} %|(?<![\w.@/:\-])(?:\d\.\d*[1-9]\d{3}|\d{2,}\.\d{2,})(?![\w.])")
# Different things that came to the same number.
COINCIDENCES = {"10.24"}
RESULTS = "docs/results/"


def repeated_figures(pages):
    """Figures in text and tables: what a command prints, shown as code, is a sample of its form."""
    places = collections.defaultdict(set)
    for path, text in pages.items():
        if path in HISTORY or path in TRANSLATIONS:
            continue
        prose = re.sub(r"^    .+$", "", without_code(text), flags=re.M)
        for figure in FIGURE.findall(prose):
            places[figure.lstrip("+")].add(path)
    for figure, where in sorted(places.items()):
        # Tables of results count the same few hundred rows, so that shares of them meet by chance.
        is_claimed = any(not path.startswith(RESULTS) for path in where) or "±" in figure
        if len(where) > 1 and is_claimed and figure not in COINCIDENCES:
            yield f"{figure} stands in {', '.join(sorted(where))}"


def shape(text):
    """What a translation has as the original has it."""
    plain = FENCE.sub("", text)
    return {
        "headings": [level for level, _ in HEADING.findall(plain)], "blocks": [found[3] for found in FENCE.finditer(text)],
        "commands": re.findall(r"^    (.+)$", plain, re.M) and len(re.findall(r"^    (.+)$", plain, re.M)),
        "rows of tables": len(re.findall(r"^\|.*\|$", plain, re.M)),
        "links": sorted(set(target.split("#")[0] for target in LINK.findall(without_code(text)))),
    }


def unlike_translations(pages):
    for translation, original in TRANSLATIONS.items():
        if translation not in pages:
            yield f"{translation}: is not there"
            continue
        other = {name: value for name, value in shape(pages[original]).items()}
        for name, value in shape(pages[translation]).items():
            if name == "links":
                # Each names the other.
                value, wanted = set(value) - {original, translation}, set(other[name]) - {original, translation}
                if value != wanted:
                    yield f"{translation}: links differ from {original}: {', '.join(sorted(value ^ wanted))}"
            elif value != other[name]:
                yield f"{translation}: {name} differ from {original}: {value} there, {other[name]} here" if name != "blocks" else \
                    f"{translation}: {name} differ from {original}: {[(a, b) for a, b in zip(value, other[name]) if a != b][:1] or 'their number'}"


def tracked():
    # Of a checkout without git, all there are.
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        listed = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*.md") 
                  if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)]
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in sorted(listed) if (ROOT / name).is_file()}


def self_test():
    pages = {
        "README.md": "# A b\n\n[x](#a-b) [y](#c) [z](nowhere.md)\n\n    braid train c.yaml --outt r\n\n81.37 ± 2.10\n",
        "docs/choosing.md": "# T\n\n81.37 ± 2.10 and 0.8137\n"}
    assert list(broken_links(pages)) == ["README.md: #c: no such heading", "README.md: nowhere.md: no such file"], list(broken_links(pages))
    assert list(repeated_figures(pages)) == ["81.37 ± 2.10 stands in README.md, docs/choosing.md"]
    translated = {"README.md": "# A\n\n```sh\nx\n```\n", "README.zh-CN.md": "# A\n\n## B\n"}
    assert [fault.split(":")[1].split()[0] for fault in unlike_translations(translated)] == ["headings", "blocks"]
    print("pages: planted faults found")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--braid", help="the command, to hold options to")
    parser.add_argument("--run", action="store_true", help="run each command, too, in an empty folder")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    pages = tracked()
    faults = [*broken_links(pages), *never_run(pages), *repeated_figures(pages), *unlike_translations(pages)]
    if arguments.braid:
        faults += wrong_commands(pages, arguments.braid)
        if arguments.run:
            faults += refused_commands(pages, arguments.braid)
    print("\n".join(faults) or f"pages: {len(pages)} are as they should be")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
