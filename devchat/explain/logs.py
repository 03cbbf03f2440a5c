"""What a log repeats, and the first line that is out of line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from devchat.explain.sample import LONGEST_LINE, clipped, counted, lines_of

_FOLDED = re.compile(
    r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"  # timestamps
    r"|\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?: [+-]\d{4})?|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
    r"|\b\d\d:\d\d:\d\d(?:[.,]\d+)?"
    r"|\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"
    r"|\b0x[0-9a-fA-F]+\b|\b(?=[a-f]*\d)[0-9a-f]{7,64}\b"
    r"|\d+(?:[.,:]\d+)*"
)
_LEVEL = re.compile(
    r"\b(?:(?P<fatal>FATAL|CRITICAL|CRIT|crit|EMERG|emerg|PANIC|panic|fatal)"
    r"|(?P<error>ERROR|Error|error|ERR)"
    r"|(?P<warning>WARN(?:ING)?|Warning|warning|warn)|(?P<info>INFO|info|NOTICE)"
    r"|(?P<debug>DEBUG|debug|TRACE))\b"
)
_SEVERE = ("fatal", "error")
# Where no line has a level: what goes wrong in so many words.
_WRONG = re.compile(
    r"\b(?:[Ff]ailed|FAILED|[Ff]ailure|\w*Exception|Traceback|[Rr]efused|[Dd]enied|not found"
    r"|No such|[Kk]illed|[Aa]borted|panicked|fault|can't|cannot|[Uu]nable to|timed out|\w+Error)\b"
)
_MOST_REPEATED = 5
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a log and its number."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """Lines that differ in numbers, times and hashes only; `shape` has `#` for those."""

    shape: str
    count: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class LogDigest:
    """What a log holds: `odd` is the first line unlike any other after repetition began."""

    lines: int
    levels: tuple[tuple[str, int], ...]
    repeated: tuple[Repeated, ...]
    first_error: Line | None
    odd: Line | None

    def text(self) -> tuple[str, ...]:
        """Write it for people and models."""
        levels = ", ".join(f"{name} {count}" for name, count in self.levels)
        head = counted(self.lines, "line") + (f" ({levels})" if levels else "")
        often = (
            f"{one.count}x, lines {one.first} to {one.last}: {one.shape}" for one in self.repeated
        )
        marked = (("first error", self.first_error), ("first odd line", self.odd))
        single = (f"{what}, line {one.number}: {one.text}" for what, one in marked if one)
        return (head, *often, *single)


@dataclass(slots=True)
class _Shape:
    first: int
    count: int = 0
    last: int = 0


@dataclass(slots=True)
class _Tally:
    shapes: dict[str, _Shape] = field(default_factory=dict)
    levels: dict[str, int] = field(default_factory=dict)
    first_error: Line | None = None
    first_wrong: Line | None = None

    def see(self, number: int, line: str) -> None:
        shape = self.shapes.setdefault(fold(line), _Shape(number))
        shape.count += 1
        shape.last = number
        found = _LEVEL.search(line)
        level = found.lastgroup if found else None
        if level:
            self.levels[level] = self.levels.get(level, 0) + 1
        if level in _SEVERE and self.first_error is None:
            self.first_error = Line(number, clipped(line.strip(), _LONGEST))
        if self.first_wrong is None and _WRONG.search(line):
            self.first_wrong = Line(number, clipped(line.strip(), _LONGEST))


def fold(line: str) -> str:
    """Write `#` for what changes from one repetition to the next: times, numbers, hashes."""
    return _FOLDED.sub("#", line).strip()


def read_log(text: str) -> LogDigest:
    """Count the shapes and levels of a log's lines, each cut to 400 characters."""
    lines = [line[:LONGEST_LINE] for line in lines_of(text)]
    tally = _Tally()
    for number, line in enumerate(lines, 1):
        if line.strip():
            tally.see(number, line)
    often = sorted(
        (
            Repeated(clipped(shape, _LONGEST), seen.count, seen.first, seen.last)
            for shape, seen in tally.shapes.items()
            if seen.count > 1
        ),
        key=lambda one: (-one.count, one.first),
    )
    return LogDigest(
        lines=len(lines),
        levels=tuple(tally.levels.items()),
        repeated=tuple(often[:_MOST_REPEATED]),
        first_error=tally.first_error or tally.first_wrong,
        odd=_odd(lines, tally, min((one.first for one in often), default=0)),
    )


def _odd(lines: Sequence[str], tally: _Tally, begun: int) -> Line | None:
    """Find the first single line after `begun`, where repetition began (0: it never did)."""
    if not begun:
        return None
    firsts = (seen.first for seen in tally.shapes.values() if seen.count == 1)
    number = min((first for first in firsts if first > begun), default=0)
    return Line(number, clipped(lines[number - 1].strip(), _LONGEST)) if number else None
