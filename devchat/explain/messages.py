"""The messages of compilers, linters, type checkers and pytest, with the places they name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from devchat.explain.place import Place
from devchat.explain.sample import clipped, counted, lines_of, matches

_MOST = 500
_MOST_SHOWN = 12
_MOST_WITH_SOURCE = 5
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Message:
    """What a tool says of a place; `code` is its name for such messages."""

    path: str
    line: int
    severity: str
    text: str
    code: str = ""
    source: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """Write it, with its source below."""
        code = f" [{self.code}]" if self.code else ""
        where = f"{self.path}:{self.line}" if self.line else self.path
        head = f"{where}: {self.severity}: {self.text}{code}"
        return (head, *(f"    {line}" for line in self.source))


@dataclass(frozen=True, slots=True)
class Messages:
    """All messages in the order of the text; the first is often the cause of the others."""

    messages: tuple[Message, ...]
    summary: str = ""

    def text(self) -> tuple[str, ...]:
        """Write how many of each severity and code, then the first ones."""
        severities = Counter(message.severity for message in self.messages)
        codes = Counter(message.code for message in self.messages if message.code)
        total = ", ".join(f"{count} {name}" for name, count in severities.most_common())
        often = ", ".join(f"{name} {count}x" for name, count in codes.most_common(5))
        files = len({message.path for message in self.messages})
        head = [f"{total or 'no messages'} in {counted(files, 'file')}"]
        head += [f"codes: {often}"] if often else []
        head += [f"summary: {self.summary}"] if self.summary else []
        shown = self.messages[:_MOST_SHOWN]
        return (*head, *(line for message in shown for line in message.lines()))


_PLACED = (
    # gcc, clang, mypy: a.c:3:5: error: expected ';' [-Wx]; javac has no column
    re.compile(
        r"(?P<path>[^\s:][^:]*):(?P<line>\d{1,9}):(?:\d+:)? "
        r"(?P<severity>fatal error|error|warning|note): (?P<text>.*?)"
        r"(?: +\[(?P<code>[\w=+/-]+)\])?$"
    ),
    # tsc: src/a.ts(3,5): error TS2322: ...
    re.compile(
        r"(?P<path>[^\s(][^(]*)\((?P<line>\d{1,9}),\d+\): (?P<severity>error|warning) "
        r"(?P<code>[A-Z]+\d+): (?P<text>.*)"
    ),
    # ruff, flake8: a.py:1:8: F401 ...
    re.compile(
        r"(?P<path>[^\s:][^:]*):(?P<line>\d{1,9}):\d+: (?P<code>[A-Z]{1,4}\d{2,5}) (?P<text>.*)"
    ),
    # go build, go vet: ./main.go:5:2: undefined: x
    re.compile(r"(?P<path>[^\s:][^:]*\.go):(?P<line>\d{1,9}):\d+: (?P<text>.*)"),
)
# rustc and ruff's long form: a heading, then an arrow to the place.
_HEADING = re.compile(
    r"(?P<severity>error|warning)(?:\[(?P<code>[A-Z]+\d+)\])?: (?P<text>.*)"
    r"|(?P<rule>[A-Z]{1,4}\d{3,5}) (?:\[\*\] )?(?P<rest>.*)"
)
_ARROW = re.compile(r"\s+--> (?P<path>\S[^:]*):(?P<line>\d{1,9}):\d+")
# eslint: the file on a line, its messages below.
_ESLINT = re.compile(
    r"\s+(?P<line>\d{1,9}):\d+\s+(?P<severity>error|warning)\s+(?P<text>.*?)(?:\s{2,}(?P<code>\S+))?$"
)
_FAILED = re.compile(
    r"(?P<severity>FAILED|ERROR) (?P<path>[^\s:]+)(?:::(?P<test>\S+))?(?: - (?P<text>.*))?$"
)
_ASSERTED = re.compile(
    r"(?P<path>[^\s:]+\.py):(?P<line>\d{1,9}): (?P<text>\w+(?:Error|Exception)?)$"
)
_REASON = re.compile(r"E {3,}(?P<text>\S.*)")
_SUMMARY = re.compile(r"=* ?(?P<text>\d+ (?:passed|failed|error).* in [\d.]+s.*?) ?=*$")


def read_messages(kind: str, text: str, place: Place) -> Messages:
    """Read the messages of one kind: `pytest`, or what compilers and linters print."""
    lines = lines_of(text)
    if kind == "pytest":
        found, summary = list(_of_pytest(lines)), _summary(lines)
    else:
        found, summary = list(_of_tools(lines)), ""
    return Messages(_with_source(found[:_MOST], place), summary)


def _of_tools(lines: Sequence[str]) -> Iterator[Message]:
    heading: re.Match[str] | None = None
    file = ""
    for line in (line[:400] for line in lines):
        if placed := _placed(line):
            yield placed
        elif heading and (arrow := _ARROW.match(line)):
            yield _headed(heading, arrow)
            heading = None
        elif found := _HEADING.match(line):
            heading = found
        elif file and (under := _ESLINT.match(line)):
            yield _message(under, file)
        elif line[:1].strip() and " " not in line.strip():
            file = line.strip()


def _placed(line: str) -> Message | None:
    found = next((found for form in _PLACED if (found := form.match(line))), None)
    return _message(found, found["path"]) if found else None


def _message(found: re.Match[str], path: str) -> Message:
    groups = found.groupdict()
    return Message(
        path=clipped(path.removeprefix("./"), _LONGEST),
        line=int(found["line"]),
        severity=groups.get("severity") or "error",
        text=clipped(found["text"].strip(), _LONGEST),
        code=groups.get("code") or "",
    )


def _headed(heading: re.Match[str], arrow: re.Match[str]) -> Message:
    return Message(
        path=clipped(arrow["path"], _LONGEST),
        line=int(arrow["line"]),
        severity=heading["severity"] or "error",
        text=clipped((heading["text"] or heading["rest"] or "").strip(), _LONGEST),
        code=heading["code"] or heading["rule"] or "",
    )


def _of_pytest(lines: Sequence[str]) -> Iterator[Message]:
    """Yield the places where tests failed, each with its reason, then the tests by name."""
    reason = ""
    for line in (line[:400] for line in lines):
        if found := _REASON.match(line):
            reason = reason or found["text"]
        elif found := _ASSERTED.match(line):
            text = clipped(reason or found["text"], _LONGEST)
            yield Message(found["path"], int(found["line"]), "failure", text, found["text"])
            reason = ""
        elif found := _FAILED.match(line):
            text = " - ".join(part for part in (found["test"], found["text"]) if part)
            yield Message(found["path"], 0, found["severity"].lower(), clipped(text, _LONGEST))


def _summary(lines: Sequence[str]) -> str:
    found = [match["text"] for _, match in matches(lines, _SUMMARY)]
    return clipped(found[-1], _LONGEST) if found else ""


def _with_source(found: Sequence[Message], place: Place) -> tuple[Message, ...]:
    """Read the source of the first messages whose file is the user's own."""
    read = 0
    whole = []
    for message in found:
        source = place.source_lines(message.path, message.line) if read < _MOST_WITH_SOURCE else ()
        read += bool(source)
        whole.append(replace(message, source=source))
    return tuple(whole)
