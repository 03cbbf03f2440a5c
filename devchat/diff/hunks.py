"""Hunks, read by the counts in their headers: whatever a line says, it can't end one early."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from devchat.changes import Hunk, Line
from devchat.diff.refusals import cut_off, damaged, word_diff

_HEADER = re.compile(
    r"@@ -(\d{1,10})(?:,(\d{1,10}))? \+(\d{1,10})(?:,(\d{1,10}))? @@", flags=re.ASCII
)
_Numbers = tuple[int, int, int, int]
"""A hunk's start and count at base, and at head."""


def read_hunks(lines: Sequence[str], at: int) -> tuple[tuple[Hunk, ...], int]:
    """Read the hunks that stand at an index of the diff's lines; return them and what follows."""
    hunks: list[Hunk] = []
    while at < len(lines) and (found := _HEADER.match(lines[at])):
        numbers = _numbers(found, at)
        if hunks and not _follows(numbers, hunks[-1]):
            raise damaged(at, "the header of a hunk that does not come after the one before")
        read, after = _read_lines(lines, at + 1, numbers)
        if numbers[1] + numbers[3] == 2 * len(read):  # context alone, as git never prints it
            _refuse_words(lines, at + 1, after + 8)
        hunks.append(Hunk(lines[at], *numbers, tuple(read)))
        at = after
    return tuple(hunks), at


def _follows(numbers: _Numbers, last: Hunk) -> bool:
    """Tell whether a hunk shares no line with the last one; with a count of 0 it is after one."""
    old, olds, new, news = numbers
    old_end = last.old_start + (last.old_count or 1)
    new_end = last.new_start + (last.new_count or 1)
    return old + (not olds) >= old_end and new + (not news) >= new_end


def _numbers(found: re.Match[str], at: int) -> _Numbers:
    old, olds, new, news = (int(one) for one in found.groups("1"))
    if not (olds or news) or (olds and not old) or (news and not new):
        raise damaged(at, "a hunk's header with impossible numbers")
    return old, olds, new, news


def _read_lines(lines: Sequence[str], at: int, numbers: _Numbers) -> tuple[list[Line], int]:
    read: list[Line] = []
    try:
        after = _fill(read, lines, at, numbers)
    except IndexError:
        raise cut_off(len(lines)) from None
    return read, _end(read, lines, at, after)


def _fill(read: list[Line], lines: Sequence[str], first: int, numbers: _Numbers) -> int:
    """Read as many lines as the hunk has, in the one loop that each line of a diff goes through."""
    at, (old, olds, new, news) = first, numbers
    old_end, new_end = old + olds, new + news
    while old < old_end or new < new_end:
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
            old += 1
            new += 1
        else:
            _end_last(read, lines, first, at)
        at += 1
    if old > old_end or new > new_end:
        raise _out_of_step(lines, first, at - 1)
    return at


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
    _refuse_words(lines, first, at + 100)
    return damaged(at, "a hunk that is not as long as its header says")


def _refuse_words(lines: Sequence[str], first: int, end: int) -> None:
    """Tell a word diff by its marks, in a hunk that can't be right or soon after it."""
    for line in lines[first:end]:
        if line == "~" or ("[-" in line and "-]" in line) or ("{+" in line and "+}" in line):
            raise word_diff()
