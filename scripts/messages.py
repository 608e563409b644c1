"""Holds docs/troubleshooting.md to the code: every message that a heading quotes stands in the sources, piece by piece between its `…`.

Usage: python3 scripts/messages.py [--self-test]. Ends with 1 where a message is nowhere.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "troubleshooting.md"


def sources():
    places = [*ROOT.glob("Sources/**/*.swift"), ROOT / "Package.swift", *ROOT.glob("scripts/*.sh")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in places)
    return text.replace('\\"', '"').replace("$1 is not on PATH", "swift is not on PATH")


def missing(messages, text):
    for message in messages:
        pieces = [piece.strip() for piece in message.split("…") if piece.strip()]
        lost = [piece for piece in pieces if piece not in text]
        if lost and message not in text:
            yield message, lost


def main():
    text = sources()
    if "--self-test" in sys.argv:
        planted = "no program says this … and nothing else either"
        sys.exit(0 if list(missing([planted], text)) else "messages: a planted message was not missed")
    headings = re.findall(r"^### (.*)$", PAGE.read_text(encoding="utf-8"), re.M)
    messages = [message for heading in headings for message in re.findall(r"`([^`]+)`", heading)]
    faults = [f"{PAGE.name}: {message}: not in the sources: {', '.join(lost)}" for message, lost in missing(messages, text)]
    print("\n".join(faults) if faults else f"messages: {len(messages)} of {PAGE.name} stand in the sources")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
