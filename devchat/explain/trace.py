"""The frames of a traceback, in the order of the text, and what went wrong at the end of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from devchat.explain.place import Place
from devchat.explain.sample import clipped, counted, lines_of, matches

_MOST_WITH_SOURCE = 6
_MOST_SHOWN = 12
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Frame:
    """A call in a traceback; `source` are its lines where the file is the user's own."""

    path: str
    line: int
    function: str = ""
    source: tuple[str, ...] = ()

    def text(self) -> tuple[str, ...]:
        """Write it, with its source below."""
        function = f" in {self.function}" if self.function else ""
        return (f"{self.path}:{self.line}{function}", *(f"    {line}" for line in self.source))


@dataclass(frozen=True, slots=True)
class Trace:
    """A traceback: its errors in the order of the text, and the frames of all of them.

    `origin` is the frame where the last error arose, of the user's own code if there is one.
    """

    title: str
    errors: tuple[str, ...]
    frames: tuple[Frame, ...]
    origin: Frame | None

    def text(self) -> tuple[str, ...]:
        """Write it for people and models: errors, origin, then the frames nearest to it."""
        errors = [f"error: {error}" for error in self.errors[-3:]]
        own = sum(1 for frame in self.frames if frame.source)
        total = f"{counted(len(self.frames), 'frame')}, {own} with source in this repository"
        where = [f"it arose at: {line}" for line in self.origin.text()[:1]] if self.origin else []
        shown = self.frames[-_MOST_SHOWN:] if self._innermost_last() else self.frames[:_MOST_SHOWN]
        return (*errors, total, *where, *(line for frame in shown for line in frame.text()))

    def _innermost_last(self) -> bool:
        return self.title == "python-traceback"


_FRAMES: Mapping[str, re.Pattern[str]] = {
    "python-traceback": re.compile(
        r"[\s|+-]*File \"(?P<path>[^\"]+)\", line (?P<line>\d{1,9})(?:, in (?P<function>.+))?"
    ),
    "node-traceback": re.compile(
        r"\s+at (?:async )?(?:(?P<function>[^()]+?) \()?(?:file://)?(?P<path>[^()]+?)"
        r":(?P<line>\d{1,9}):\d+\)?\s*$"
    ),
    "java-traceback": re.compile(
        r"\s+at (?:[\w.@-]+/+)?(?P<function>[\w$.<>-]+)\((?P<path>[\w$-]+\.\w+):(?P<line>\d{1,9})\)"
    ),
    "go-panic": re.compile(r"\s+(?P<path>\S+\.(?:go|s)):(?P<line>\d{1,9})(?: |$)"),
    "rust-panic": re.compile(r"\s+at (?P<path>\S+\.rs):(?P<line>\d{1,9})"),
}
_ERRORS: Mapping[str, re.Pattern[str]] = {
    "python-traceback": re.compile(r"(?P<error>[A-Za-z_][\w.]*(?:: .*)?)$"),
    "node-traceback": re.compile(
        r"\s*(?:Uncaught )?(?:\[cause\]: )?(?P<error>(?:[A-Z]\w*)?(?:Error|Exception)\b.*)"
    ),
    "java-traceback": re.compile(
        r"(?:Exception in thread \"[^\"]*\" |Caused by: )?(?P<error>[\w$]+(?:\.[\w$]+)+(?:: .*)?)$"
    ),
    "go-panic": re.compile(r"(?:panic: |fatal error: )(?P<error>.*)"),
    "rust-panic": re.compile(r"thread '[^']*'(?: \(\d+\))? panicked at (?P<error>.*)"),
}
_PYTHON_HEADER = re.compile(r"([ |+-]*)(?:Exception Group )?Traceback \(most recent call last\):")
_OLD_RUST = re.compile(r"'(?P<message>.*)', (?P<path>\S+\.rs):(?P<line>\d{1,9}):\d+")
_NEW_RUST = re.compile(r"(?P<path>\S+\.rs):(?P<line>\d{1,9}):\d+:")
_GO_FUNCTION = re.compile(r"(?:created by )?([\w./*()\[\]-]+?)\(.*\)$|created by (\S+)")


def read_trace(kind: str, text: str, place: Place) -> Trace:
    """Read a traceback of one of the kinds that end in `traceback` or `panic`."""
    lines = lines_of(text)
    if kind == "rust-panic":
        errors, frames = _rust(lines)
    else:
        frames = [_frame(kind, lines, number, found) for number, found in _found(kind, lines)]
        errors = _python_errors(lines) if kind == "python-traceback" else _errors(kind, lines)
    return _with_source(kind, errors, frames, place)


def _found(kind: str, lines: Sequence[str]) -> list[tuple[int, re.Match[str]]]:
    return list(matches(lines, _FRAMES[kind]))


def _frame(kind: str, lines: Sequence[str], number: int, found: re.Match[str]) -> Frame:
    path, function = found["path"], _group(found, "function")
    if kind == "java-traceback":
        package = function.rpartition(".")[0].rpartition(".")[0]
        path = "/".join((*package.split("."), path)) if package else path
    elif kind == "go-panic" and number > 1:
        named = _GO_FUNCTION.match(lines[number - 2][:_LONGEST])
        function = (named[1] or named[2]) if named else ""
    return Frame(clipped(path, _LONGEST), int(found["line"]), clipped(function, 80))


def _group(found: re.Match[str], name: str) -> str:
    return found.groupdict().get(name) or ""


def _errors(kind: str, lines: Sequence[str]) -> list[str]:
    return [clipped(found["error"].strip(), _LONGEST) for _, found in matches(lines, _ERRORS[kind])]


def _python_errors(lines: Sequence[str]) -> list[str]:
    """Return, of each traceback, the first line at its own margin after its frames.

    In an exception group the margin is made of spaces, `|` and `+`.
    """
    errors: list[str] = []
    margin: int | None = None
    for line in (line[:_LONGEST] for line in lines):
        if header := _PYTHON_HEADER.match(line):
            margin = len(header[1])
        elif margin is not None and not line[:margin].strip(" |+-"):
            found = _ERRORS["python-traceback"].match(line[margin:])
            errors += [found["error"]] if found else []
            margin = None if found else margin
    return errors


def _rust(lines: Sequence[str]) -> tuple[list[str], list[Frame]]:
    """Read both forms of a panic: the message on the same line, or below its place."""
    errors, frames = [], []
    for number, found in matches(lines, _ERRORS["rust-panic"]):
        rest = found["error"]
        if old := _OLD_RUST.match(rest):
            errors.append(old["message"])
            frames.append(Frame(old["path"], int(old["line"])))
        elif new := _NEW_RUST.match(rest):
            errors.append(clipped(lines[number].strip(), _LONGEST) if number < len(lines) else "")
            frames.append(Frame(new["path"], int(new["line"])))
    frames += [Frame(found["path"], int(found["line"])) for _, found in _found("rust-panic", lines)]
    return errors, frames


def _with_source(kind: str, errors: Sequence[str], frames: Sequence[Frame], place: Place) -> Trace:
    """Read the source of the frames nearest to the error; the nearest own one is its origin."""
    nearest = range(len(frames))[::-1] if kind == "python-traceback" else range(len(frames))
    read: dict[int, Frame] = {}
    for index in nearest:
        frame = frames[index]
        source = place.source_lines(frame.path, frame.line)
        if source:
            read[index] = replace(frame, source=source)
        if len(read) == _MOST_WITH_SOURCE:
            break
    whole = tuple(read.get(index, frame) for index, frame in enumerate(frames))
    own = next((read[index] for index in nearest if index in read), None)
    first = whole[nearest[0]] if whole else None
    return Trace(kind, tuple(errors), whole, own or first)
