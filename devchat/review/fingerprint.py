"""Give findings fingerprints: of the code that they are anchored to, never of their words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from devchat.changes import Diff, FileDiff, Finding, Side
from devchat.review.anchor import number_of
from devchat.review.files import Files

_FAR = 20
"""Blank lines that are passed over to a neighbour."""


def fingerprinted(findings: Sequence[Finding], diff: Diff, files: Files) -> tuple[Finding, ...]:
    """Give each finding a fingerprint that survives moved code; their order stays.

    It is made of the path, the anchored lines and the nearest line before and after, all without
    regard to white space, and a number where the same stand in a file twice.
    """
    by_path = {file.path: file for file in diff.files}
    seen: Counter[tuple[str, ...]] = Counter()
    prints: dict[int, str] = {}
    for place in sorted(range(len(findings)), key=lambda place: _order(findings[place])):
        finding = findings[place]
        key = (finding.path, finding.side, *_code(finding, by_path.get(finding.path), files))
        prints[place] = _digest((*key, str(seen[key])))
        seen[key] += 1
    return tuple(replace(one, fingerprint=prints[place]) for place, one in enumerate(findings))


def _order(finding: Finding) -> tuple[str, str, int, bool, str, str, str]:
    """Order analyzers before models, so that what these add changes no number of theirs."""
    said = finding.source == "model"
    place = finding.path, finding.side, finding.line or 0
    return *place, said, finding.source, finding.rule, finding.category


def _digest(parts: Sequence[str]) -> str:
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _code(finding: Finding, file: FileDiff | None, files: Files) -> tuple[str, ...]:
    first, last = finding.start_line, finding.line
    if first is None or last is None or file is None:
        return ()
    path = file.old_path if finding.side == "LEFT" else file.path
    lines = files.lines(finding.side, path)
    if lines is None or last > len(lines):
        return _of_hunk(file, finding.side, first, last)
    anchored = " ".join(map(_normal, lines[first - 1 : last]))
    return (
        _nearest(lines[max(0, first - 1 - _FAR) : first - 1][::-1]),
        anchored,
        _nearest(lines[last : last + _FAR]),
    )


def _of_hunk(file: FileDiff, side: Side, first: int, last: int) -> tuple[str, ...]:
    """Do the same with the lines of the hunk, where the file is out of reach."""
    for hunk in file.hunks:
        lines = [(number, line.text) for line in hunk.lines if (number := number_of(line, side))]
        if lines and lines[0][0] <= first and last <= lines[-1][0]:
            before = [text for number, text in lines if number < first]
            anchored = [_normal(text) for number, text in lines if first <= number <= last]
            after = [text for number, text in lines if number > last]
            return _nearest(before[::-1]), " ".join(anchored), _nearest(after)
    return ()


def _nearest(lines: Sequence[str]) -> str:
    return next((text for line in lines if (text := _normal(line))), "")


def _normal(line: str) -> str:
    return " ".join(line.split())
