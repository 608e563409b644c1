"""Makes the manual page of the command, in roff, from what it says of itself (`--experimental-dump-help`).

Usage: python3 scripts/man_page.py .build/release/braid > braid.1
"""

import json
import re
import subprocess
import sys

ENVIRONMENT = [
    ("BRAID_CACHE", "The folder of cached embeddings. Default: XDG_CACHE_HOME/braid, else ~/.cache/braid."),
    ("BRAID_CACHE_GB", "The most gigabytes that the cache takes. Default: 20."),
    ("BRAID_LIMITS", "Limits on what files may ask for: NAME=NUMBER, with commas between. docs/limits.md lists them."),
    ("BRAID_WEIGHTS", "A folder of encoders that configurations name as bundled:NAME, looked into first."),
    ("BRAID_CONVOLUTION", "direct or winograd: how convolutions are computed. Default: what is faster here."),
    ("HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE", "As for Hugging Face's own client."),
    ("OMP_NUM_THREADS", "The number of threads where --threads does not say it."),
]
CODES = [(0, "Done."), (1, "braid drift: the data have moved."), (64, "The arguments are wrong."), (65, "What is in an input is wrong."),
         (66, "An input is not there."), (69, "Something outside cannot be used now."), (70, "A fault of Braid itself."),
         (73, "A file or folder cannot be written."), (78, "The configuration or the environment is wrong."),
         (130, "Ended by SIGINT."), (141, "The reader of the output has gone."), (143, "Ended by SIGTERM.")]


def roff(text):
    """Text in which nothing acts: backslashes, dashes as they are typed, and ASCII alone, and no line that begins with a dot."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    text = "".join(sign if ord(sign) < 128 else f"\\[u{ord(sign):04X}]" for sign in text)
    return re.sub(r"^\.", r"\\&.", text, flags=re.M)


def flag(argument):
    names = [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument["names"]]
    shown = ", ".join(f"\\fB{roff(name)}\\fR" for name in sorted(names, key=len))
    return shown + (f" \\fI{roff(argument['valueName'])}\\fR" if argument["kind"] == "option" else "")


def arguments(command, lines):
    for argument in command.get("arguments", []):
        if not argument.get("shouldDisplay", True):
            continue
        if any(name["name"] in ("help", "version") for name in argument.get("names", [])):
            continue
        title = f"\\fI{roff(argument['valueName'])}\\fR" if argument["kind"] == "positional" else flag(argument)
        meaning = argument.get("abstract", "")
        if argument.get("allValues"):
            meaning += f" One of {', '.join(argument['allValues'])}."
        if argument.get("defaultValue"):
            meaning += f" Default: {argument['defaultValue']}."
        lines += [".TP", title, roff(meaning.strip())]


def commands(command, path, lines):
    for each in command.get("subcommands", []):
        if each["commandName"] == "help" or not each.get("shouldDisplay", True):
            continue
        name = f"{path} {each['commandName']}"
        lines += [f".SS {roff(name)}", roff(each.get("abstract", ""))]
        if each.get("discussion"):
            lines += [".PP", roff(each["discussion"])]
        arguments(each, lines)
        commands(each, name, lines)


def page(root, version):
    lines = [
        f'.TH BRAID 1 "" "Braid {roff(version)}" "User Commands"', ".SH NAME", f"braid \\- {roff(root['abstract'].rstrip('.').lower())}",
        ".SH SYNOPSIS", ".B braid", "\\fIcommand\\fR [\\fIarguments\\fR]", ".SH DESCRIPTION"]
    for line in root.get("discussion", "").splitlines():
        lines += [".nf", roff(line.strip()), ".fi"] if line.startswith("  ") else [".PP", roff(line)]
    lines += [".PP", roff("--help and --version act everywhere."), ".SH COMMANDS"]
    commands(root, "braid", lines)
    lines.append(".SH ENVIRONMENT")
    for name, meaning in ENVIRONMENT:
        lines += [".TP", f"\\fB{roff(name)}\\fR", roff(meaning)]
    lines.append(".SH EXIT STATUS")
    for code, meaning in CODES:
        lines += [".TP", f"\\fB{code}\\fR", roff(meaning)]
    return "\n".join(lines) + "\n"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    ask = lambda option: subprocess.run([sys.argv[1], option], check=True, capture_output=True, text=True).stdout
    sys.stdout.write(page(json.loads(ask("--experimental-dump-help"))["command"], ask("--version").strip()))


if __name__ == "__main__":
    main()
