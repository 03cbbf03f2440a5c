"""Keep secrets from the model, and so from what it says: those found, and what looks like one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from devchat.changes import FileDiff, Finding, Hunk, Line, Side
from devchat.review.anchor import number_of
from devchat.sanitize.tokens import without_keys

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
    """Return a file's change with the lines masked that hold secrets, or what looks like them."""
    found = any(path == file.path for path, _, _ in masks)
    hunks = tuple(_hunk(file.path, hunk, masks if found else {}) for hunk in file.hunks)
    same = all(one is other for one, other in zip(hunks, file.hunks, strict=True))
    return file if same else replace(file, hunks=hunks)


def hidden_lines(path: str, lines: Sequence[str] | None, masks: Masks) -> Sequence[str] | None:
    """Return a file's lines at head with those masked that hold secrets."""
    here = (path, "RIGHT")
    found = {at: text for (name, side, at), text in masks.items() if (name, side) == here}
    if lines is None or not found:
        return lines
    return tuple(found.get(at, line) for at, line in enumerate(lines, 1))


def _hunk(path: str, hunk: Hunk, masks: Masks) -> Hunk:
    before = "\n".join((hunk.header, *(line.text for line in hunk.lines)))
    after = without_keys(before)
    if after == before and not masks:
        return hunk
    header, *texts = after.split("\n")
    lines = (
        line if line.text == text else replace(line, text=text)
        for line, text in zip(hunk.lines, texts, strict=True)
    )
    return replace(hunk, header=header, lines=tuple(_line(path, line, masks) for line in lines))


def _line(path: str, line: Line, masks: Masks) -> Line:
    sides: tuple[Side, Side] = ("LEFT", "RIGHT")
    texts = (masks.get((path, side, number_of(line, side))) for side in sides)
    text = next((text for text in texts if text is not None), None)
    return line if text is None else replace(line, text=text)
