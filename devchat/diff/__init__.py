"""Text to `Diff`: every form that git and `diff -u` print. Pure: no files, no processes."""

from __future__ import annotations

from devchat.changes import Diff


def parse(text: str) -> Diff:
    """Read a diff; the text is UTF-8 decoded with `surrogateescape`, so nothing is lost.

    Raises `InputError` for what is no diff, is cut off inside a hunk, or is a combined or a
    word diff, with the line and a hint.
    """
    raise NotImplementedError
