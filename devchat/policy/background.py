"""Read what a repository tells its contributors, as background for a reviewer."""

from __future__ import annotations

from dataclasses import dataclass

from devchat.changes import Side, Source
from devchat.sanitize import visible

LONGEST = 4_000
"""Characters of one file: more context makes reviews worse."""
# Of each kind the first that is there; GitHub looks for CONTRIBUTING.md in these places.
FILES = (
    ("AGENTS.md",),
    (".github/CONTRIBUTING.md", "CONTRIBUTING.md", "docs/CONTRIBUTING.md"),
)


@dataclass(frozen=True, slots=True)
class Background:
    """The beginning of a file; `cut` tells whether there was more."""

    path: str
    text: str
    cut: bool


def read_background(source: Source, *, trust_worktree: bool = False) -> tuple[Background, ...]:
    """Read AGENTS.md and CONTRIBUTING.md at the base, or at head where that is trusted."""
    side: Side = "RIGHT" if trust_worktree else "LEFT"
    found = (_first(source, side, places) for places in FILES)
    return tuple(one for one in found if one is not None)


def _first(source: Source, side: Side, places: tuple[str, ...]) -> Background | None:
    for path in places:
        data = source.read(side, path)
        text = visible((data or b"")[: LONGEST * 8].decode("utf-8", "replace")).strip()
        if data is not None and text:
            return _shorten(path, text, len(data) > LONGEST * 8)
    return None


def _shorten(path: str, text: str, cut: bool) -> Background:
    """Cut at the end of a paragraph, else of a line, else where it must be."""
    if len(text) <= LONGEST:
        return Background(path, text, cut)
    start = text[:LONGEST]
    end = max(start.rfind("\n\n"), 0) or max(start.rfind("\n"), 0) or LONGEST
    return Background(path, text[:end].rstrip(), cut=True)
