"""Keeps out of Sources/ what ends a process, or writes past the one place that writes to streams. Part of `make lint`.

No `fatalError`, `preconditionFailure`, `precondition`, `try!`, `as!`, forced unwrapping or implicitly unwrapped optional: what can go wrong is thrown. No
floating-point number made an integer without bounds on the same line, since one that is too large, or not a number, traps. No product of a file's sizes by
`reduce(1, *)` in the readers of weights, since it overflows. No durations by the clock of the day, which may be set meanwhile. Comments and strings are left
out, and what is interpolated into a string is looked at. `ALLOWED` names what is right where it stands, and why.

Command: python3 scripts/hazards.py [--self-test]. Prints a line for each fault, and exits with 1 where there is one.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
STREAMS = "Sources/BraidCLI/StandardStreams.swift"
WEIGHTS = ("Sources/Torch/Safetensors/", "Sources/Torch/Pickle/")
# By file and rule.
ALLOWED = {
    ("Sources/BraidTokenizers/Models/WordCache.swift", "unsafe"): "a word that is not empty has a first byte",
    ("Sources/BraidSupport/ReplacedFolder.swift", "unsafe"): "a function of the C library by its name, with its type",
    ("Sources/Braid/Augment/Image/Image+Affine.swift", "float"): "places in a picture at hand, by finite factors, pixel by pixel",
    ("Sources/Braid/Augment/Image/Image+Colour.swift", "float"): "a hue, pixel by pixel",
    ("Sources/BraidHub/RetryPolicy.swift", "clock"): "a server says by the clock of the day when to come again",
}
# Of a number that is bounded by these nothing is too large.
BOUNDED = r"\b(?:bounded|min|max|exactly|clamping|isFinite|floor[A-Z]\w*)\b"
RULES = [
    ("ends the process", "trap", re.compile(r"\b(?:fatalError|preconditionFailure|precondition|assertionFailure|assert|abort)\s*\(")),
    ("ends the process where it fails", "try", re.compile(r"\btry!")),
    ("ends the process where it fails", "cast", re.compile(r"\bas!")),
    ("ends the process where there is nothing", "unwrap", re.compile(r"(?<=[\w)\]}>?])(?<!\btry)(?<!\bas)!(?![=!])")),
    ("is not checked", "unsafe", re.compile(r"\b(?:unsafelyUnwrapped|unsafeBitCast|unsafeDowncast)\b|\bunowned\(unsafe\)")),
    ("writes past StandardStreams", "streams", re.compile(
        r"\bFileHandle\.standard(?:Output|Error)\b|(?<![.\w])(?:print|debugPrint|dump|NSLog|fputs|puts|perror)\s*\(")),
    ("takes the clock of the day for a duration", "clock", re.compile(r"\btimeIntervalSince\s*\(")),
    ("traps where the number is too large or none", "float", re.compile(
        r"\bU?Int(?:8|16|32|64)?\((?=[^()]*(?:\([^()]*\)[^()]*)*(?:\bDouble\(|\bFloat\(|\.rounded\(|\blog\w*\(|\bpow\(|\.squareRoot\())")),
    ("overflows: multiply with multipliedReportingOverflow", "product", re.compile(r"\breduce\(1, \*\)")),
]


def code(text):
    """`text` without comments and strings, blanked so that lines keep their numbers; what is interpolated stays."""
    out, place, ends = [], 0, []

    def blank(count):
        nonlocal place
        out.append(re.sub(r"[^\n]", " ", text[place : place + count]))
        place += count

    def literal(hashes, quotes):
        """Blanks a string behind its opening, down to its end; gives way to code in between."""
        nonlocal place
        close, inner = quotes + hashes, "\\" + hashes + "("
        while place < len(text):
            if text.startswith(close, place):
                return blank(len(close))
            if text.startswith(inner, place):
                blank(len(inner))
                return ends.append((hashes, quotes, 0))
            blank(2 if text[place] == "\\" and not hashes else 1)

    while place < len(text):
        if text.startswith("//", place):
            end = text.find("\n", place)
            blank((len(text) if end < 0 else end) - place)
        elif text.startswith("/*", place):
            end = text.find("*/", place)
            blank((len(text) if end < 0 else end + 2) - place)
        elif opening := re.compile(r'(#*)("""|")').match(text, place):
            blank(len(opening[0]))
            literal(opening[1], opening[2])
        elif ends and text[place] in "()":
            hashes, quotes, depth = ends.pop()
            if text[place] == ")" and depth == 0:
                blank(1)
                literal(hashes, quotes)
                continue
            ends.append((hashes, quotes, depth + (1 if text[place] == "(" else -1)))
            out.append(text[place])
            place += 1
        else:
            out.append(text[place])
            place += 1
    return "".join(out)


def faults(path, text):
    """The line, what stands there, and what is wrong with it."""
    lines = text.split("\n")
    for number, line in enumerate(code(text).split("\n"), 1):
        for message, rule, pattern in RULES:
            if (path, rule) in ALLOWED or rule == "streams" and path == STREAMS:
                continue
            if rule == "product" and not path.startswith(WEIGHTS):
                continue
            if rule == "float" and re.search(BOUNDED, line):
                continue
            if pattern.search(line):
                yield number, lines[number - 1].strip()[:100], message


PLANTED = [
    'fatalError("never")', "precondition(count > 0)", "let x = try! read()", "let y = value as! String", "let z = names.first!", "use(table[3]!.count)",
    "var view: Window!", 'let text = "of \\(names.first!)"', 'let raw = #"a \\#(names[0]!)"#', "FileHandle.standardError.write(data)", 'print("x")',
    "let pointer = base.unsafelyUnwrapped", "let s = Date().timeIntervalSince(start)", "let n = Int(Double(count) * share)", "let n = Int(x.rounded())",
    "let n = shape.reduce(1, *)",
]
HARMLESS = [
    "if !isEmpty && a != b { return }", '"an error! \\(count) of them!"', "// names.first!", "/// `try!` ends it.", "guard x != nil else { return }",
    "let n = Int(min(max(0, x * Double(rate)), Double(limit)))", "printer.print(page)", "let n = Int(text)", "blueprint(1)", 'let s = """\n  fatalError("x")\n  """',
    "struct Footprint { func printed() {} }", "return !(a && b)",
]


def self_test():
    path = "Sources/Torch/Pickle/Planted.swift"
    for line in PLANTED:
        if not list(faults(path, f"func f() {{\n    {line}\n}}\n")):
            sys.exit(f"hazards: a planted fault was not found: {line}")
    for line in HARMLESS:
        if found := list(faults(path, line + "\n")):
            sys.exit(f"hazards: taken for a fault: {line}: {found}")
    print(f"hazards: {len(PLANTED)} planted faults found")


def main():
    if "--self-test" in sys.argv[1:]:
        return self_test()
    count = 0
    for file in sorted((ROOT / "Sources").rglob("*.swift")):
        path = str(file.relative_to(ROOT))
        for number, line, message in faults(path, file.read_text()):
            count += 1
            print(f"{path}:{number}: {message}: {line}")
    print(f"hazards: {count or 'none'}")
    sys.exit(1 if count else 0)


if __name__ == "__main__":
    main()
