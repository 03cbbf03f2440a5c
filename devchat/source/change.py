"""What is to be reviewed: a change's text, and the files around it."""

from __future__ import annotations

from dataclasses import dataclass

from devchat.changes import Source


@dataclass(frozen=True, slots=True)
class Change:
    """A diff's text as git printed it (UTF-8 with `surrogateescape`) and its source.

    `notes` are what the user should know: that untracked files are not in it, for one.
    """

    text: str
    source: Source
    notes: tuple[str, ...] = ()
