"""Text to `Diff`: every form that git and `diff -u` print. Pure: no files, no processes."""

from __future__ import annotations

from devchat.changes import Diff, FileDiff
from devchat.diff.files import read_files


def parse(text: str) -> Diff:
    """Read a diff; the text is UTF-8 decoded with `surrogateescape`, so nothing is lost.

    What stands around the files (a mail, a log, statistics) is passed over, as `git apply` does.
    Names come out relative, without `..` and NUL, so that none leads outside; else a stranger may
    have put anything into them. An empty text is an empty diff, as git prints it.

    Raises `InputError` for what is no diff, is cut off inside a hunk, is too long, has a name that
    leads outside, or is a combined, a word or a coloured diff, with the line and a hint.
    """
    return Diff(tuple(read_files(text)))


def counts(file: FileDiff) -> tuple[int, int]:
    """Count a file's lines that are (added, removed)."""
    kinds = [line.kind for hunk in file.hunks for line in hunk.lines]
    return kinds.count("+"), kinds.count("-")
