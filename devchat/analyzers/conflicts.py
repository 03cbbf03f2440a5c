"""Merge conflicts that were committed: the three markers, one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from devchat import languages
from devchat.analyzers import Analyzer
from devchat.analyzers.introduced import introduced
from devchat.analyzers.pairs import pairs, text_lines
from devchat.analyzers.problem import Problem
from devchat.changes import Diff, Finding, Source

_BEGIN = re.compile(r"<{7}(?: |\r?$)")
_MIDDLE = re.compile(r"={7}\r?$")
_END = re.compile(r">{7}(?: |\r?$)")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Looks at the text of every file; needs no tool."""

    name: str = "conflicts"
    version: str = ""
    absent: str = ""

    def analyse(self, diff: Diff, source: Source) -> Iterable[Finding]:
        """Yield each conflict once, at its first marker."""
        for pair in pairs(diff, source):
            if "\n=======" in pair.head:
                prose = languages.of(pair.path) == "markdown"
                base, head = _conflicts(pair.base, prose), _conflicts(pair.head, prose)
                yield from introduced(self.name, pair, base, head)


def open_analyzer() -> Analyzer:
    """Return the analyzer."""
    return Conflicts()


def _conflicts(text: str, fenced: bool) -> Iterator[Problem]:
    """Yield what begins, parts and ends in this order; not what a document shows in a fence."""
    begin = middle = 0
    inside = False
    for number, line in enumerate(text_lines(text), 1):
        inside ^= fenced and bool(_FENCE.match(line))
        if inside:
            begin = middle = 0
        elif _BEGIN.match(line):
            begin, middle = number, 0
        elif begin and not middle and _MIDDLE.match(line):
            middle = number
        elif middle and _END.match(line):
            yield _problem(begin, number)
            begin = middle = 0


def _problem(begin: int, end: int) -> Problem:
    return Problem(
        begin,
        begin,
        "conflict-marker",
        "error",
        "syntax",
        "A merge conflict was committed",
        f"Lines {begin} to {end} still hold both sides of a conflict, with its markers. "
        "Keep what is right, and delete the lines that begin with `<<<<<<<`, `=======` and "
        "`>>>>>>>`.",
    )
