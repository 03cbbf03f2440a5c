"""Which lines of a diff GitHub lets one comment: those of one hunk, on one side."""

from __future__ import annotations

from collections.abc import Iterator

from devchat.changes import Diff, FileDiff, Finding, Hunk


def place_of(diff: Diff, finding: Finding) -> str:
    """Return the path to comment a finding at, "" where its lines are in no hunk.

    That is the file's name at head, also for a removed line of a renamed file.
    """
    for file in diff.files:
        if finding.path in _names(file, finding) and any(
            _holds(one, finding) for one in file.hunks
        ):
            return file.path
    return ""


def _names(file: FileDiff, finding: Finding) -> tuple[str, ...]:
    return (file.path, file.old_path) if finding.side == "LEFT" else (file.path,)


def _holds(hunk: Hunk, finding: Finding) -> bool:
    return {finding.start_line, finding.line} <= set(_numbers(hunk, finding))


def _numbers(hunk: Hunk, finding: Finding) -> Iterator[int]:
    for line in hunk.lines:
        number = line.new if finding.side == "RIGHT" else line.old
        if number is not None:
            yield number
