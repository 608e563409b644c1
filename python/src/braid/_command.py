"""The process: where the command is, what it is given, and how it ended."""

import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile


class BraidError(RuntimeError):
    """The command ended with an error. `message` is its own, `code` its exit code (docs/exit-codes.md), `arguments` what ran."""

    def __init__(self, message, code, arguments):
        super().__init__(message)
        self.message, self.code, self.arguments = message, code, arguments

    def __reduce__(self):
        return type(self), (self.message, self.code, self.arguments)


@dataclasses.dataclass(frozen=True)
class Completed:
    """How a command ended: its exit code, and what it wrote to stdout and to stderr."""

    code: int
    out: str
    err: str


def find():
    """The path of the command: `$BRAID` where that is set, else `braid` on the PATH.

    Raises `BraidError` with code 69 where there is none.
    """
    given = os.environ.get("BRAID")
    found = shutil.which(given or "braid")
    if found is None:
        where = f"BRAID is {given}, which is no program" if given else "braid is not on the PATH, and BRAID is not set"
        raise BraidError(
            f"{where}: build it with `make install PREFIX=~/.local`, or set BRAID to the path of the braid program", 69, [])
    return found


def options_of(options):
    """Keyword arguments as the command's options. None and False leave an option out."""
    arguments = []
    for name, value in options.items():
        option = "--" + name.strip("_").replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            arguments.append(option)
        elif isinstance(value, dict):
            arguments += [f"{option}={key}={_text(each)}" for key, each in value.items()]
        elif isinstance(value, (list, tuple)) and name in _REPEATED:
            arguments += [f"{option}={_text(each)}" for each in value]
        elif isinstance(value, (list, tuple)):
            arguments.append(f"{option}={','.join(_text(each) for each in value)}")
        else:
            arguments.append(f"{option}={_text(value)}")
    return arguments


# Options that are given once for each value; in the others a list is joined with commas.
_REPEATED = {"set", "input", "try", "try_", "template"}


def _text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_text(each) for each in value) + "]"
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)


def command(name, *arguments, accept=(0,), **options):
    """Runs `braid NAME ARGUMENTS --OPTIONS` and waits for it. Progress goes to `sys.stderr` as it comes; `quiet=True` is for none.

    `accept` holds the exit codes that are no error: `braid drift` ends with 1 where data have moved.
    An interrupt (Ctrl-C, or a notebook's stop button) is passed on once, so that a training writes its checkpoint before it ends.

    Raises `BraidError` where the command ends with another code.
    """
    line = [find(), name, *(_text(argument) for argument in arguments), *options_of(options)]
    # A group of its own: the terminal would send Ctrl-C to it as well, and a second one ends a training at once.
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, start_new_session=True)
        told = []
        try:
            _follow(process.stderr, told)
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            _follow(process.stderr, told)
            process.wait()
            raise
        finally:
            code = process.wait()
            process.stderr.close()
        out.seek(0)
        said = out.read().decode(errors="replace")
    err = "".join(told)
    code = 128 - code if code < 0 else code
    if code not in accept:
        raise BraidError(_message(err, code), code, line[1:])
    return Completed(code, said, err)


def _follow(stream, told):
    is_error = False
    for raw in stream:
        text = raw.decode(errors="replace")
        told.append(text)
        # The error, which is the last that is said, is raised, and need not be said twice.
        is_error = is_error or text.lower().startswith("error: ")
        if not is_error:
            print(text, end="", file=sys.stderr, flush=True)


def _message(err, code):
    lines = err.splitlines()
    for index in range(len(lines) - 1, -1, -1):
        if lines[index].lower().startswith("error: "):
            return "\n".join([lines[index][len("error: "):], *lines[index + 1:]])
    return err.strip() or f"braid ended with {code} and said nothing"


def is_configuration(path):
    """Whether a path is a configuration, by its ending."""
    return pathlib.PurePath(path).suffix.lower() in (".yaml", ".yml")
