"""Keep secrets that were found in a change from the model, and so from what it says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from devchat.changes import FileDiff, Finding, Hunk, Line, Side
from devchat.review.anchor import number_of

SECRET = "secret"
"""The category whose findings quote their lines with the secret already masked."""

Masks = Mapping[tuple[str, Side, int], str]
"""What to show instead of a line, by path, side and number."""


def masks(findings: Iterable[Finding]) -> Masks:
    """Return the lines that hold secrets, as they may be shown."""
    return {
        (one.path, one.side, one.start_line + place): text
        for one in findings
        if one.category == SECRET and one.start_line is not None
        for place, text in enumerate(one.quote.split("\n"))
    }


def masked(file: FileDiff, masks: Masks) -> FileDiff:
    """Return a file's change with the lines masked that hold secrets."""
    if not any(path == file.path for path, _, _ in masks):
        return file
    return replace(file, hunks=tuple(_hunk(file.path, hunk, masks) for hunk in file.hunks))


def _hunk(path: str, hunk: Hunk, masks: Masks) -> Hunk:
    return replace(hunk, lines=tuple(_line(path, line, masks) for line in hunk.lines))


def _line(path: str, line: Line, masks: Masks) -> Line:
    sides: tuple[Side, Side] = ("LEFT", "RIGHT")
    texts = (masks.get((path, side, number_of(line, side))) for side in sides)
    text = next((text for text in texts if text is not None), None)
    return line if text is None else replace(line, text=text)
