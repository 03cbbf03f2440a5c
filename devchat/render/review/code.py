"""The code that a finding is about, with a little of what stands before it in the change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from devchat.changes import Diff, FileDiff, Finding, Hunk
from devchat.render.review.secrets import CATEGORY

_BEFORE = 2


class CodeLine(NamedTuple):
    """A numbered line; `meant` where the finding is about it, and not only near it."""

    number: int
    text: str
    meant: bool


def code_of(diff: Diff, finding: Finding) -> list[CodeLine]:
    """Return the lines of a finding after those before them; none where it has no line.

    Of a secret only what is quoted: a private key fills the lines around it.
    """
    first, last = finding.start_line, finding.line
    if first is None or last is None:
        return []
    if finding.category == CATEGORY:
        return _quoted(finding, first)
    for hunk in _hunks(diff, finding):
        lines = list(_side(hunk, finding))
        if any(line.number == last for line in lines):
            return [line for line in lines if first - _BEFORE <= line.number <= last]
    return _quoted(finding, first)


def _quoted(finding: Finding, first: int) -> list[CodeLine]:
    lines = finding.quote.split("\n")
    return [CodeLine(number, text, True) for number, text in enumerate(lines, first)]


def _hunks(diff: Diff, finding: Finding) -> Iterator[Hunk]:
    """Yield the hunks of a finding's file; of a series, the latest first."""
    for file in reversed(diff.files):
        if finding.path == _name(file, finding):
            yield from file.hunks


def _name(file: FileDiff, finding: Finding) -> str:
    renamed = finding.side == "LEFT" and finding.path != file.path
    return file.old_path if renamed else file.path


def _side(hunk: Hunk, finding: Finding) -> Iterator[CodeLine]:
    for line in hunk.lines:
        number = line.new if finding.side == "RIGHT" else line.old
        if number is not None:
            assert finding.start_line is not None and finding.line is not None
            text = line.text.removesuffix("\r")
            yield CodeLine(number, text, finding.start_line <= number <= finding.line)
