"""The messages of compilers, linters and type checkers, with the places they name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from devchat.explain.message import LONGEST, Message
from devchat.explain.place import Place
from devchat.explain.runners import RUNNERS
from devchat.explain.sample import clipped, counted, lines_of

_MOST = 500
_MOST_SHOWN = 12
_MOST_WITH_SOURCE = 5
# The worst first.
_SEVERITIES = ("fatal error", "error", "failed", "warning", "note")


@dataclass(frozen=True, slots=True)
class Messages:
    """All messages in the order of the text; the first is often the cause of the others."""

    messages: tuple[Message, ...]
    summary: str = ""

    def text(self) -> tuple[str, ...]:
        """Write how many of each severity and code, then the first ones."""
        severities = Counter(message.severity for message in self.messages)
        codes = Counter(message.code for message in self.messages if message.code)
        named = [(severities[name], name) for name in _SEVERITIES if severities[name]]
        total = ", ".join(
            f"{count:,} {name}" if name == "failed" else counted(count, name)
            for count, name in named
        )
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
    # tsc: src/a.ts(3,5): error TS2322: ... and for people src/a.ts:3:5 - error TS2322: ...
    re.compile(
        r"(?P<path>[^\s(][^(]*)\((?P<line>\d{1,9}),\d+\): (?P<severity>error|warning) "
        r"(?P<code>[A-Z]+\d+): (?P<text>.*)"
    ),
    re.compile(
        r"(?P<path>[^\s:][^:]*):(?P<line>\d{1,9}):\d+ - (?P<severity>error|warning) "
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


def read_messages(kind: str, text: str, place: Place) -> Messages:
    """Read the messages of one kind: a runner of tests, or what compilers and linters print."""
    lines = lines_of(text)
    reader = RUNNERS.get(kind)
    found, summary = reader(lines) if reader else (list(_of_tools(lines)), "")
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
        path=clipped(path.removeprefix("./"), LONGEST),
        line=int(found["line"]),
        severity=groups.get("severity") or "error",
        text=clipped(found["text"].strip(), LONGEST),
        code=groups.get("code") or "",
    )


def _headed(heading: re.Match[str], arrow: re.Match[str]) -> Message:
    return Message(
        path=clipped(arrow["path"], LONGEST),
        line=int(arrow["line"]),
        severity=heading["severity"] or "error",
        text=clipped((heading["text"] or heading["rest"] or "").strip(), LONGEST),
        code=heading["code"] or heading["rule"] or "",
    )


def _with_source(found: Sequence[Message], place: Place) -> tuple[Message, ...]:
    """Read the source of the first messages whose file is the user's own."""
    read = 0
    whole = []
    for message in found:
        source = place.source_lines(message.path, message.line) if read < _MOST_WITH_SOURCE else ()
        read += bool(source)
        whole.append(replace(message, source=source))
    return tuple(whole)
