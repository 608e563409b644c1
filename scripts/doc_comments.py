"""Checks that every public declaration under Sources/ has a `///` doc comment whose first paragraph is a sentence.

Counts declarations marked `public` or `open`, the requirements of public protocols, and the cases of public enumerations;
one comment serves a line `case a, b`. Where a comment describes parameters, it has to describe all of them, by the names
within, as DocC wants it. Attributes may stand between a comment and what it documents. Members are told from deeper code by
their indentation, which `make format` sets. Prints a line for each fault, then the share that is documented; exits with 1
where there is a fault.

Command: python3 scripts/doc_comments.py
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
INDENTATION = 4
KINDS = r"(?:func|init|var|let|subscript|struct|class|actor|enum|protocol|typealias|associatedtype|macro)\b"
ATTRIBUTE = r"@\w+(?:\((?:[^()]|\([^()]*\))*\))?"
ATTRIBUTES = rf"\s*(?:{ATTRIBUTE}\s+)*"
MODIFIERS = r"(?:(?!import\b|extension\b)\w+(?:\(\w+\))?\s+)*?"
PUBLIC = re.compile(rf"{ATTRIBUTES}{MODIFIERS}(?:public|open)\s+{MODIFIERS}({KINDS})")
MEMBER = {
    "protocol": re.compile(ATTRIBUTES + MODIFIERS + KINDS),
    "enum": re.compile(ATTRIBUTES + r"(?:indirect\s+)?case\b"),
}
LITERAL = re.compile(r'(#*)""".*?"""\1|#+"[^\n]*?"#+|"(?:\\.|[^"\\\n])*"|/\*.*?\*/|//[^\n]*', re.DOTALL)


def without_literals(text):
    """`text` with its strings and comments blanked, doc comments excepted; lines keep their numbers."""
    return LITERAL.sub(lambda m: m[0] if m[0].startswith("///") else re.sub(r"[^\n]", " ", m[0]), text)


def declarations(text):
    """The line number of each public declaration, and the lines of the comment above it."""
    comment, attribute_depth, types = [], 0, []
    raw = text.split("\n")
    for number, line in enumerate(without_literals(text).split("\n"), 1):
        code = line.strip()
        if code.startswith("///"):
            comment.append(code[3:].strip())
            continue
        if not code and raw[number - 1].strip().startswith("//"):
            continue
        opens = code.startswith("@") and code.count("(") > code.count(")") and not PUBLIC.match(line)
        if attribute_depth or opens or re.fullmatch(rf"(?:{ATTRIBUTE}\s*)+", code):
            attribute_depth += code.count("(") - code.count(")")
            continue
        indentation = len(line) - len(line.lstrip())
        while code and types and indentation <= types[-1][1]:
            types.pop()
        public = PUBLIC.match(line)
        member = types and indentation == types[-1][1] + INDENTATION and MEMBER[types[-1][0]].match(line)
        if public or member:
            yield number, comment
        if public and public[1] in MEMBER and "}" not in code:
            types.append((public[1], indentation))
        comment = []


def fault(comment):
    """What is wrong with a comment, or None."""
    paragraph = []
    for line in comment:
        if not line or paragraph and line.startswith(("- ", "```")):
            break
        paragraph.append(line)
    if not paragraph:
        return "no doc comment"
    if paragraph[0][0].islower():
        return "the doc comment begins with a lower-case letter"
    if paragraph[-1][-1] not in ".:?)":
        return "the doc comment's first paragraph does not end as a sentence"
    return None


def documented_parameters(comment):
    """The parameters that a comment describes: a line `- Parameter x: …`, or the lines under `- Parameters:`."""
    names, in_list = [], False
    for line in comment:
        single = re.match(r"- Parameter (\w+):", line)
        if single or re.match(r"- (Parameters|Throws|Returns|Note|Complexity):", line):
            in_list = line.startswith("- Parameters:")
            names += [single[1]] if single else []
        elif in_list and (item := re.match(r"- `?(\w+)`?:", line)):
            names.append(item[1])
    return names


def signature_parameters(code):
    """The names that parameters have within what `code` begins with, a function or an initialiser."""
    start = re.match(rf"{ATTRIBUTES}{MODIFIERS}(?:func\s+[^\s(<]+|init[?!]?|subscript)\s*(?:<[^()]*?>)?\(", code)
    if not start:
        return None
    depth, part, parts = 0, "", []
    for character in code[start.end() :]:
        if character == ")" and depth == 0:
            break
        depth += (character in "([{<") - (character in ")]}") - (character == ">" and not part.endswith("-"))
        if character == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += character
    names = [re.match(r"\s*(?:@\w+\s+)*(?:\w+\s+)?(\w+)\s*:", each) for each in [*parts, part] if each.strip()]
    return [name[1] for name in names if name]


def parameter_fault(comment, code):
    """DocC wants all parameters described, by the names within, or none."""
    documented = documented_parameters(comment)
    declared = signature_parameters(code)
    if not documented or declared is None or sorted(documented) == sorted(declared):
        return None
    missing = [name for name in declared if name not in documented] + [name for name in documented if name not in declared]
    return f"the doc comment's parameters are not the declaration's: {', '.join(missing)}"


def main():
    found, documented, faults = 0, 0, 0
    for path in sorted((ROOT / "Sources").rglob("*.swift")):
        text = path.read_text()
        code = without_literals(text).split("\n")
        for number, comment in declarations(text):
            message = fault(comment) or parameter_fault(comment, "\n".join(code[number - 1 : number + 24]))
            found += 1
            documented += any(comment)
            if message:
                faults += 1
                print(f"{path.relative_to(ROOT)}:{number}: {message}")
    print(f"doc comments: {documented} of {found} public declarations")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
