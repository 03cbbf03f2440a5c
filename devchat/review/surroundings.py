"""A little real context of a hunk: lines near it, and the definition that it is in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, takewhile

from devchat.changes import Hunk, Line
from devchat.sanitize.tokens import without_keys

_NEAR = 3
"""Lines before the first change and after the last, as `git diff` shows them by itself."""
_FAR = 200
"""Lines that are looked through for the definition."""
_OUTER = 2
_LONGEST = 200

Numbers = Sequence[int]


def surroundings(
    hunk: Hunk, lines: Sequence[str] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return numbered lines to show before and after a hunk, from the file's `lines` at head.

    None where the file is out of reach, or is not the one that the hunk was made from.
    """
    first, text = _numbered(hunk.lines)
    last, _ = _numbered(hunk.lines[::-1])
    if not lines or not first or not _agrees(lines, first, text):
        return (), ()
    near = range(max(1, first - _NEAR + _leading(hunk, 1)), first)
    after = range(last + 1, min(len(lines), last + _NEAR - _leading(hunk, -1)) + 1)
    outer = [number for number in _enclosing(lines, first) if number not in near]
    gap = outer and outer[-1] + 1 != (near[0] if near else first)
    before = (*_shown(lines, outer), *(("...",) if gap else ()), *_shown(lines, near))
    return before, _shown(lines, [number for number in after if lines[number - 1]])


def _numbered(lines: Sequence[Line]) -> tuple[int, str]:
    """Return the first line that is at head, with its number; 0 where none is."""
    return next(((line.new, line.text) for line in lines if line.new is not None), (0, ""))


def _agrees(lines: Sequence[str], number: int, text: str) -> bool:
    return number <= len(lines) and lines[number - 1] == text


def _leading(hunk: Hunk, step: int) -> int:
    """Count the unchanged lines that a hunk begins with, or ends with."""
    unchanged = takewhile(lambda line: line.kind == " ", hunk.lines[::step])
    return len(tuple(islice(unchanged, _NEAR)))


def _enclosing(lines: Sequence[str], first: int) -> list[int]:
    """Find the lines above that the hunk is indented under, the outermost first."""
    return sorted(_outer(lines, first))


def _outer(lines: Sequence[str], first: int) -> Iterator[int]:
    depth = next((_depth(text) for text in lines[first - 1 : first + _NEAR] if text.strip()), 0)
    found = 0
    for number in range(first - 1, max(0, first - _FAR), -1):
        text = lines[number - 1]
        if depth == 0 or found == _OUTER:
            return
        if text.strip() and _depth(text) < depth:
            depth = _depth(text)
            if text.strip()[0] not in "#/*)}]":
                found += 1
                yield number


def _depth(text: str) -> int:
    return len(text) - len(text.lstrip())


def _shown(lines: Sequence[str], numbers: Numbers) -> tuple[str, ...]:
    text = without_keys("\n".join(lines[number - 1][:_LONGEST].rstrip() for number in numbers))
    shown = zip(numbers, text.split("\n"), strict=False)
    return tuple(f" {number}|{line}" for number, line in shown)
