"""Hunks, read by the counts in their headers: whatever a line says, it can't end one early."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from devchat.changes import Hunk, Line
from devchat.diff.refusals import cut_off, damaged, word_diff

_HEADER = re.compile(
    r"@@ -(\d{1,10})(?:,(\d{1,10}))? \+(\d{1,10})(?:,(\d{1,10}))? @@", flags=re.ASCII
)


@dataclass(frozen=True, slots=True)
class _Span:
    """What a hunk's header says."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int


def read_hunks(lines: Sequence[str], at: int) -> tuple[tuple[Hunk, ...], int]:
    """Read the hunks that stand at an index of the diff's lines; return them and what follows."""
    hunks = []
    while at < len(lines) and (found := _HEADER.match(lines[at])):
        span = _span(found, at)
        read, after = _read_lines(lines, at + 1, span)
        if span.old_count + span.new_count == 2 * len(read):  # context alone: git prints no such
            _refuse_words(lines, at + 1, after)
        hunks.append(
            Hunk(
                lines[at],
                span.old_start,
                span.old_count,
                span.new_start,
                span.new_count,
                tuple(read),
            )
        )
        at = after
    return tuple(hunks), at


def _span(found: re.Match[str], at: int) -> _Span:
    old_start, old_count, new_start, new_count = (int(one or 1) for one in found.groups())
    empty = not (old_count or new_count)
    if empty or (old_count and not old_start) or (new_count and not new_start):
        raise damaged(at, "a hunk's header with impossible numbers")
    return _Span(old_start, old_count, new_start, new_count)


def _read_lines(lines: Sequence[str], at: int, span: _Span) -> tuple[list[Line], int]:
    first, (old, new) = at, (span.old_start, span.new_start)
    old_end, new_end = old + span.old_count, new + span.new_count
    read: list[Line] = []
    while old < old_end or new < new_end:
        if at == len(lines):
            raise cut_off(at)
        text = lines[at]
        mark = text[:1]
        if mark == "+":
            read.append(Line("+", text[1:], None, new))
            new += 1
        elif mark == "-":
            read.append(Line("-", text[1:], old, None))
            old += 1
        elif mark == " " or not text:  # mail and GNU diff leave an empty line of context empty
            read.append(Line(" ", text[1:], old, new))
            old, new = old + 1, new + 1
        else:
            _end_last(read, lines, first, at)
        at += 1
    if old > old_end or new > new_end:
        raise _out_of_step(lines, first, at - 1)
    return read, _end(read, lines, first, at)


def _end(read: list[Line], lines: Sequence[str], first: int, at: int) -> int:
    """Take what may still stand after a hunk's last line, and refuse one line more."""
    if at < len(lines) and lines[at].startswith("\\"):
        _end_last(read, lines, first, at)
        at += 1
    if at < len(lines) and lines[at].startswith("+"):
        raise _out_of_step(lines, first, at)
    return at


def _end_last(read: list[Line], lines: Sequence[str], first: int, at: int) -> None:
    r"""Take `\ No newline at end of file`, in whatever language, for the line before it."""
    if not (read and read[-1].newline and lines[at].startswith("\\")):
        raise _out_of_step(lines, first, at)
    read[-1] = replace(read[-1], newline=False)


def _out_of_step(lines: Sequence[str], first: int, at: int) -> Exception:
    _refuse_words(lines, first, at)
    return damaged(at, "a hunk that is not as long as its header says")


def _refuse_words(lines: Sequence[str], first: int, end: int) -> None:
    """Tell a word diff by its marks, in a hunk that can't be right or soon after it."""
    for line in lines[first : end + 100]:
        if line == "~" or ("[-" in line and "-]" in line) or ("{+" in line and "+}" in line):
            raise word_diff()
